"""A batch as text and as HTML: how far it is, its money, its last run, and its counts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb.campaigns.progress import Progress
from nexmo_nb.masking import mask_numbers

# Colours that can be told apart on white and on black, and by those who do not see red and green apart.
_BAR = {
    "accepted": "#2e9e5b",
    "refused": "#d1495b",
    "unknown": "#e0a030",
    "not_found": "#e0a030",
    "elsewhere": "#4a90d9",
}
_CARD = "border:1px solid rgba(128,128,128,.4);border-radius:6px;padding:.6rem .9rem;max-width:52rem;margin:.3rem 0"
_TRACK = "display:flex;height:.5rem;border-radius:4px;overflow:hidden;background:rgba(128,128,128,.3);margin:.4rem 0"
_TABLE = "border-collapse:collapse;margin:.4rem 0 0;font-size:inherit"
_CELL = "padding:.15rem .7rem .15rem 0;border-bottom:1px solid rgba(128,128,128,.25);background:transparent"


class Facts(NamedTuple):
    """What there is to say of a batch beside its counts."""

    name: str
    progress: Progress
    money_left: float | None
    began: pd.Timestamp | None
    last_ran: pd.Timestamp | None
    is_running: bool
    last_error: str | None


def card_text(facts: Facts, counts: pd.DataFrame) -> str:
    lines = [f"Batch {facts.name!r}: {facts.progress.describe()}", *_list_lines(facts)]
    return f"{mask_numbers(chr(10).join(lines))}\n{counts.to_string(index=False, na_rep='')}"


def card_html(facts: Facts, counts: pd.DataFrame) -> str:
    title = f"<b>{_show(f'Batch {facts.name}')}</b> · {escape(facts.progress.describe())}"
    lines = "".join(f"<div>{_show(line)}</div>" for line in _list_lines(facts))
    return f'<div style="{_CARD}"><div>{title}</div>{_bar_html(facts.progress)}{lines}{_table_html(counts)}</div>'


def _list_lines(facts: Facts) -> list[str]:
    """List money, times and the reason of a stop in words."""
    progress = facts.progress
    money = f"cost {progress.currency} {progress.cost:,.4f}"
    if progress.cap is not None:
        money += f" of at most {progress.cap:,.2f}"
    if facts.money_left is not None:
        money += f", {facts.money_left:,.4f} may still be spent"
    ran = "never ran" if facts.last_ran is None else f"last ran {_show_time(facts.last_ran)}"
    times = f"began {_show_time(facts.began)}, {ran}{', is running now' if facts.is_running else ''}"
    return [money, times, *([f"stopped: {facts.last_error}"] if facts.last_error else [])]


def _bar_html(progress: Progress) -> str:
    """Show the counts as a bar; in words they stand beside it."""
    parts = "".join(
        f'<span style="width:{100 * count / progress.total:.4g}%;background:{colour}"></span>'
        for kind, colour in _BAR.items()
        if (count := getattr(progress, kind))
    )
    return f'<div style="{_TRACK}" role="img" aria-label="{escape(progress.describe())}">{parts}</div>'


def _table_html(counts: pd.DataFrame) -> str:
    counts = counts.dropna(axis="columns", how="all")  # which leaves room where there is little
    head = "".join(_cell_html("th", str(name), is_number=name in ("messages", "cost")) for name in counts.columns)
    rows = "".join(f"<tr>{_row_html(row)}</tr>" for row in counts.itertuples(index=False, name=None))
    table = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div style="overflow-x:auto"><table style="{_TABLE}">{table}</table></div>'


def _row_html(row: Sequence[Any]) -> str:
    return "".join(
        _cell_html("td", "" if pd.isna(cell) else _write(cell), is_number=not isinstance(cell, str)) for cell in row
    )


def _cell_html(tag: str, text: str, *, is_number: bool) -> str:
    side = "right" if is_number else "left"
    scope = ' scope="col"' if tag == "th" else ""
    return f'<{tag}{scope} style="{_CELL};text-align:{side}">{escape(text)}</{tag}>'


def _write(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell:,.4f}" if isinstance(cell, float) else f"{cell:,}"


def _show(text: str) -> str:
    return escape(mask_numbers(text))


def _show_time(time: pd.Timestamp | None) -> str:
    return "" if time is None else f"{time:%Y-%m-%d %H:%M} UTC"
