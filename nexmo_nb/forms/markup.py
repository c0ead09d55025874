"""The HTML that forms show. Every text that a person or a server wrote is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NewType

import pandas as pd

from nexmo_nb.forms.outcome import Group, Level, Outcome
from nexmo_nb.forms.words import Words
from nexmo_nb.masking import mask_numbers
from nexmo_nb.session import Session, badge

# HTML that is safe to show. Only this module makes it, so that passing on unescaped text is a type error.
Markup = NewType("Markup", str)

LONGEST_LINE = 40
"""Characters of a cell that stand on one line; longer texts are broken, so that they can be read in full."""
AMOUNTS = ("price", "cost", "balance", "monthly_cost", "setup_cost", "message_price")
"""Columns of amounts, which are shown as money where the frame has a currency."""
_COLOURS = {Level.GOOD: "var(--nexmo-good)", Level.DOUBTFUL: "var(--nexmo-doubt)", Level.BAD: "var(--nexmo-bad)"}


def text_html(text: str) -> Markup:
    """Escape a text, and hide the phone numbers in it where `set_options(mask=True)` is in force."""
    return Markup(escape(mask_numbers(text)))


def style_html() -> Markup:
    return Markup(f"<style>{Path(__file__).with_name('forms.css').read_text(encoding='utf-8')}</style>")


def heading_html(title: str, level: int = 4) -> Markup:
    return Markup(f"<h{level}>{text_html(title)}</h{level}>")


def badge_html(session: Session, words: Words) -> Markup:
    """Format where a session is: sandbox or live, whose account, what is left of money and calls."""
    return Markup(session.describe().to_html(words.list_texts("badge", badge.WORDS)))


def message_html(text: str, *, level: Level | None = None) -> Markup:
    """Format a message, with an edge in the colour of a level."""
    if not text:
        return Markup("")
    style = "" if level is None else _level_style(level)
    kind = "nexmo-nb-told" if level is None else "nexmo-nb-told nexmo-nb-outcome"
    return Markup(f'<div class="{kind}"{style}>{text_html(text)}</div>')


def outcome_html(outcome: Outcome) -> Markup:
    """Format what became of a send, coloured by the worst of it."""
    return message_html(outcome.text, level=outcome.level)


def problem_html(text: str, name: str) -> Markup:
    """Format what is wrong with a field; `name` is the id by which the field refers to it."""
    return Markup(f'<div class="nexmo-nb-problem" id="{escape(name)}">{text_html(text)}</div>')


def problems_html(title: str, problems: Mapping[str, str]) -> Markup:
    """Format what is wrong with several fields, by their labels."""
    lines = [f"<li><b>{text_html(label)}</b>: {text_html(why)}</li>" for label, why in problems.items()]
    edge = _level_style(Level.BAD)
    return Markup(f'<div class="nexmo-nb-card"{edge}><b>{text_html(title)}</b><ul>{"".join(lines)}</ul></div>')


def card_html(title: str, content: Markup, level: Level | None = None) -> Markup:
    """Format a title and what belongs to it, with an edge in the colour of a level."""
    edge = "" if level is None else _level_style(level)
    return Markup(f'<div class="nexmo-nb-card"{edge}><b>{text_html(title)}</b><div>{content}</div></div>')


def doubt_html(doubt: str | None, words: Words) -> list[Markup]:
    """Format a doubt about the recipient as a card; nothing where there is none."""
    return [card_html(words.say("careful"), text_html(doubt), Level.DOUBTFUL)] if doubt else []


def bubble_html(text: str, caption: str) -> Markup:
    """Format a message as a phone shows it."""
    return Markup(f'<div><div class="nexmo-nb-bubble">{text_html(text)}</div>{text_html(caption)}</div>')


def preview_html(figure: str, caption: str, *beside: Markup) -> Markup:
    """Format what something costs as the largest figure, and what belongs beside it where there is room."""
    largest = f'<div class="nexmo-nb-figure"><b>{text_html(figure)}</b>{text_html(caption)}</div>'
    return Markup(f'<div class="nexmo-nb-preview">{largest}{"".join(beside)}</div>')


def table_html(frame: pd.DataFrame, caption: str, words: Words) -> Markup:
    """Format a frame as a table, without the columns that are empty; amounts as money."""
    texts = _show_money(frame, words).dropna(axis="columns", how="all").apply(_format_column, words=words)
    headings = [words.say_heading(str(name)) for name in texts.columns]
    return rows_html(caption, headings, texts.itertuples(index=False, name=None))


def rows_html(caption: str, names: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Markup:
    """Format rows as a table that scrolls, by keys as well; `names` are those of its columns."""
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in names)
    body = "".join(f"<tr>{''.join(_cell_html(cell) for cell in row)}</tr>" for row in rows)
    table = f"<caption>{text_html(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    # The last one: else a notebook takes the arrow keys for a move between its cells.
    label = f'role="region" tabindex="0" aria-label="{text_html(caption)}" data-lm-suppress-shortcuts="true"'
    return Markup(f'<div class="nexmo-nb-scroll" {label}><table>{table}</table></div>')


def groups_html(title: str, groups: Sequence[Group], level: Level, advice: str = "") -> list[Markup]:
    """Format groups of rows as a card with each group's reason in full, and an advice below; nothing without one."""
    if not groups:
        return []
    lines = [
        f"<li><b>{text_html(group.what)}</b> ({text_html(group.which)})<br>{text_html(group.why)}</li>"
        for group in groups
    ]
    end = f"<div>{text_html(advice)}</div>" if advice else ""
    return [card_html(title, Markup(f"<ul>{''.join(lines)}</ul>{end}"), level)]


def diff_table_html(changes: Sequence[tuple[str, str, Any]], caption: str, words: Words) -> Markup:
    """Format changes: the name, the value before and the value after of each."""
    return rows_html(caption, [words.say(f"diff_{name}") for name in ("field", "before", "after")], changes)


def code_html(call: str, words: Words) -> Markup:
    """Format the call that does the same, for those who ask for it; nothing in a form for people who never do."""
    if not words.shows_calls:
        return Markup("")
    return Markup(
        f"<details><summary>{text_html(words.say('same_call'))}</summary><pre>{text_html(call)}</pre></details>"
    )


def result_html(title: str, frame: pd.DataFrame, call: str, words: Words) -> list[Markup]:
    return [table_html(frame, title, words), code_html(call, words)]


def write_call(function: str, /, *arguments: str, **options: Any) -> str:
    """Write a call of a public function; `arguments` are Python source such as ``repr(to)``, `options` are values."""
    keywords = (f"{name}={value!r}" for name, value in options.items())
    return f"nx.{function}({', '.join([*arguments, *keywords])})"


def _level_style(level: Level) -> str:
    return f' style="--nexmo-level:{_COLOURS[level]}"'


def _cell_html(cell: Any) -> str:
    """Format a cell; a count is no phone number, however long it is."""
    text = text_html(cell) if isinstance(cell, str) else escape(str(cell))
    long = ' class="long"' if len(text) > LONGEST_LINE else ""
    return f"<td{long}>{text}</td>"


def _show_money(frame: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Put amounts and their currency into one text."""
    if "currency" not in frame:
        return frame
    amounts = [name for name in AMOUNTS if name in frame]
    shown: dict[str, Any] = {
        name: [
            None if pd.isna(amount) or pd.isna(currency) else words.say_price(amount, amount, currency)
            for amount, currency in zip(frame[name], frame.currency, strict=True)
        ]
        for name in amounts
    }
    return frame.assign(**shown).drop(columns="currency")


def _format_column(column: pd.Series[Any], words: Words) -> pd.Series[Any]:
    """Format flags as yes and no, numbers with the same number of decimals, and missing values as nothing."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.map({True: words.say("yes"), False: words.say("no")}).astype(object)
    if pd.api.types.is_float_dtype(column.dtype):
        decimals = max([2, *(len(f"{value:.6f}".rstrip("0").partition(".")[2]) for value in column.dropna())])
        return column.map(lambda value: "" if pd.isna(value) else f"{value:.{decimals}f}").astype(object)
    return column.astype(object).where(column.notna(), "")
