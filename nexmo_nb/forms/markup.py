"""The HTML that forms show. Every text that a person or a server wrote is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, NewType

import pandas as pd

from nexmo_nb.forms.outcome import Group, Level, Outcome
from nexmo_nb.forms.words import say, say_heading
from nexmo_nb.masking import mask_numbers
from nexmo_nb.session import Session

# HTML that is safe to show. Only this module makes it, so that passing on unescaped text is a type error.
Markup = NewType("Markup", str)

_CARD_STYLE = (
    "border:1px solid var(--jp-border-color2,#8886);border-radius:6px;padding:.5rem .8rem;"
    "margin:.3rem 0;max-width:52rem"
)
_BUBBLE_STYLE = (
    "background:var(--jp-layout-color2,#eee);color:var(--jp-ui-font-color1,inherit);margin:.4rem 0;"
    "border-radius:14px 14px 14px 3px;display:inline-block;max-width:22rem;padding:.5rem .8rem;"
    "white-space:pre-wrap;overflow-wrap:anywhere"
)
_CAPTION_STYLE = "font-size:.9em;opacity:.85;margin-bottom:.4rem"
_CELL_STYLE = "padding:.15rem .7rem .15rem 0!important;text-align:left!important;white-space:nowrap"
_LONG_CELL_STYLE = "white-space:normal!important;min-width:18rem;overflow-wrap:anywhere"
_TABLE_STYLE = (
    f"<style>.nexmo-nb td,.nexmo-nb th{{{_CELL_STYLE};vertical-align:top}}"
    f".nexmo-nb td.long{{{_LONG_CELL_STYLE}}}</style>"
)
_GROUPS_STYLE = "overflow:auto;max-height:22rem;overflow-wrap:anywhere"
# A width of 0 that grows to the room there is: else the widest row would make everything around it as wide.
_SCROLL_STYLE = "overflow:auto;max-height:22rem;width:0;min-width:100%"
LONGEST_LINE = 40
"""Characters of a cell that stand on one line; longer texts are broken, so that they can be read in full."""
_COLOURS = {
    Level.GOOD: "var(--jp-success-color1,#2e7d32)",
    Level.DOUBTFUL: "var(--jp-warn-color1,#e65100)",
    Level.BAD: "var(--jp-error-color1,#b00020)",
}
_CODE_STYLE = "background:var(--jp-layout-color2,#eee);padding:.4rem .6rem;white-space:pre-wrap;overflow-wrap:anywhere"


def text_html(text: str) -> Markup:
    """Escape a text, and hide the phone numbers in it where `set_options(mask=True)` is in force."""
    return Markup(escape(mask_numbers(text)))


def badge_html(session: Session) -> Markup:
    """Format where a session is: sandbox or live, whose account, what is left of money and calls."""
    return Markup(session.describe().to_html())


def message_html(text: str, *, error: bool) -> Markup:
    """Format a message that screen readers announce, in red if it is an error."""
    colour = "var(--jp-error-color1,#b00020)" if error else "inherit"
    return Markup(f'<div role="status" style="color:{colour};white-space:pre-wrap">{text_html(text)}</div>')


def outcome_html(outcome: Outcome) -> Markup:
    """Format what became of a send, coloured by the worst of it; screen readers announce it."""
    style = f"border-left:5px solid {_COLOURS[outcome.level]};padding:.2rem .6rem;font-size:1.15em;white-space:pre-wrap"
    return Markup(f'<div role="status" style="{style}"><b>{text_html(outcome.text)}</b></div>')


def card_html(title: str, content: Markup, level: Level | None = None) -> Markup:
    """Format a title and what belongs to it, with an edge in the colour of a level."""
    edge = "" if level is None else f";border-left:5px solid {_COLOURS[level]}"
    return Markup(f'<div style="{_CARD_STYLE}{edge}"><b>{text_html(title)}</b><div>{content}</div></div>')


def doubt_html(doubt: str | None) -> list[Markup]:
    """Format a doubt about the recipient as a card; nothing where there is none."""
    return [card_html(say("careful"), text_html(doubt), Level.DOUBTFUL)] if doubt else []


def bubble_html(text: str, caption: str) -> Markup:
    """Format a message as a phone shows it."""
    return Markup(
        f'<div style="{_BUBBLE_STYLE}">{text_html(text)}</div><div style="{_CAPTION_STYLE}">{text_html(caption)}</div>'
    )


def table_html(frame: pd.DataFrame) -> Markup:
    """Format a frame as a table, without the columns that are empty."""
    texts = frame.dropna(axis="columns", how="all").apply(_format_column)
    return rows_html([say_heading(str(name)) for name in texts.columns], texts.itertuples(index=False, name=None))


def rows_html(names: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Markup:
    """Format rows as a table that scrolls; `names` are those of its columns."""
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in names)
    body = "".join(f"<tr>{''.join(_cell_html(str(cell)) for cell in row)}</tr>" for row in rows)
    table = f'<table class="nexmo-nb"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return Markup(f'{_TABLE_STYLE}<div style="{_SCROLL_STYLE}">{table}</div>')


def groups_html(title: str, groups: Sequence[Group], level: Level, advice: str = "") -> list[Markup]:
    """Format groups of rows as a card with each group's reason in full, and an advice below; nothing without one."""
    if not groups:
        return []
    lines = [
        f'<div style="margin:.4rem 0"><b>{text_html(group.what)}</b> ({text_html(group.which)})<br>'
        f"{text_html(group.why)}</div>"
        for group in groups
    ]
    end = f"<div>{text_html(advice)}</div>" if advice else ""
    return [card_html(title, Markup(f'<div style="{_GROUPS_STYLE}">{"".join(lines)}{end}</div>'), level)]


def diff_table_html(changes: Sequence[tuple[str, str, Any]]) -> Markup:
    """Format changes: the name, the value before and the value after of each."""
    rows = [
        f"<tr><td>{text_html(name)}</td><td><s>{text_html(before)}</s></td><td><b>{text_html(str(after))}</b></td></tr>"
        for name, before, after in changes
    ]
    return Markup(f'<table class="nexmo-nb">{"".join(rows)}</table>')


def code_html(call: str) -> Markup:
    return Markup(f'<div>{text_html(say("same_call"))}</div><pre style="{_CODE_STYLE}">{text_html(call)}</pre>')


def result_html(title: str, frame: pd.DataFrame, call: str) -> list[Markup]:
    return [card_html(title, table_html(frame)), code_html(call)]


def write_call(function: str, /, *arguments: str, **options: Any) -> str:
    """Write a call of a public function; `arguments` are Python source such as ``repr(to)``, `options` are values."""
    keywords = (f"{name}={value!r}" for name, value in options.items())
    return f"nx.{function}({', '.join([*arguments, *keywords])})"


def _cell_html(text: str) -> str:
    long = ' class="long"' if len(text) > LONGEST_LINE else ""
    return f"<td{long}>{escape(text)}</td>"


def _format_column(column: pd.Series[Any]) -> pd.Series[Any]:
    """Format flags as yes and no, amounts with the same number of decimals, and missing values as nothing."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.map({True: say("yes"), False: say("no")}).astype(object)
    if pd.api.types.is_float_dtype(column.dtype):
        decimals = max([2, *(len(f"{value:.6f}".rstrip("0").partition(".")[2]) for value in column.dropna())])
        return column.map(lambda value: "" if pd.isna(value) else f"{value:.{decimals}f}").astype(object)
    cells = column.astype(object).where(column.notna(), "")
    return cells.map(lambda cell: mask_numbers(cell) if isinstance(cell, str) else cell)
