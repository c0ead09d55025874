"""What is written into plots: names cut to their place, amounts, counts and periods. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

import pandas as pd

from nexmo_nb.masking import mask_numbers

LINE_LENGTH = 34
"""Characters of a name on one line."""
_CUT = "…"


def escape(text: str) -> str:
    """Write a text so that matplotlib shows it literally, and with phone numbers masked if that is set."""
    # matplotlib leaves labels that begin with an underscore out of legends, and reads text in dollars as a formula.
    shown = mask_numbers(text)
    return (f" {shown}" if shown.startswith("_") else shown).replace("$", r"\$")


def cut_middle(text: str, length: int) -> str:
    """Cut a text in its middle: what tells names apart stands mostly at their ends."""
    if len(text) <= length:
        return text
    head = (length - len(_CUT) + 1) // 2
    return f"{text[:head]}{_CUT}{text[len(text) - (length - len(_CUT) - head) :]}"


def make_labels(names: Iterable[Any], length: int = LINE_LENGTH, lines: int = 1) -> list[str]:
    """Make a label of each name: wrapped to a number of lines, cut in the middle where that is not enough.

    Two names that are cut to the same get a number.
    """
    labels: list[str] = []
    for name in names:
        text = " ".join(mask_numbers(str(name)).split()) or "no name"
        wrapped = textwrap.wrap(text, length, break_on_hyphens=False)
        if len(wrapped) > lines:
            wrapped = textwrap.wrap(cut_middle(text, lines * length), length, break_on_hyphens=False)
        if len(wrapped) > lines:
            cut = cut_middle(text, lines * length)
            wrapped = [cut[start : start + length] for start in range(0, len(cut), length)]
        label = number = escape("\n".join(wrapped))
        count = 2
        while number in labels:
            number, count = f"{label} ({count})", count + 1
        labels.append(number)
    return labels


def format_amount(amount: float, _: Any = None) -> str:
    """Write a number of an axis: with commas, and no more decimals than it has.

    >>> [format_amount(amount) for amount in (1234567.0, 0.5, 0.00006, 0.30000000000000004)]
    ['1,234,567', '0.5', '0.00006', '0.3']
    """
    text = f"{amount:,.10f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def format_value(amount: float) -> str:
    """Write an amount beside its bar: cents, and of what is less than one the first four digits that count.

    >>> [format_value(amount) for amount in (277190.4, 12.5, 0.042291, 0.0)]
    ['277,190.40', '12.50', '0.04229', '0']
    """
    if abs(amount) >= 1:
        return f"{amount:,.2f}"
    decimals = 4 - int(f"{amount:e}".partition("e")[2]) - 1
    return format_amount(round(amount, min(10, decimals)))


def format_count(count: float, _: Any = None) -> str:
    return f"{count:,.0f}"


def find_step(periods: pd.DatetimeIndex) -> str:
    """Name the length of periods by their beginnings: ``h``, ``D``, ``W``, ``M``, ``Q`` or ``Y``."""
    gaps = periods.to_series().diff().dropna()
    if gaps.empty:
        return "D"
    days = gaps.min() / pd.Timedelta(days=1)
    limits = ((0.95, "h"), (6, "D"), (27, "W"), (80, "M"), (300, "Q"))
    return next((name for limit, name in limits if days < limit), "Y")


def name_periods(periods: pd.DatetimeIndex, step: str) -> list[tuple[str, str]]:
    """Name periods by what changes with each, and by what is the same for several: ``("Feb", "2026")``.

    How long a single one is, nobody can tell: it is named by its beginning.
    """
    if len(periods) == 1:
        is_day = periods[0] == periods[0].normalize()
        return [(periods[0].strftime("from %Y-%m-%d" if is_day else "from %Y-%m-%d %H:%M"), "")]
    names = {
        "h": ("%H:%M", "%Y-%m-%d"),
        "D": ("%d", "%b %Y"),
        "W": ("%d %b", "%Y"),
        "M": ("%b", "%Y"),
        "Y": ("%Y", ""),
    }
    if step == "Q":
        return [(f"Q{(at.month - 1) // 3 + 1}", str(at.year)) for at in periods]
    form, context = names[step]
    return [(at.strftime(form), at.strftime(context)) for at in periods]


def write_ticks(named: list[tuple[str, str]]) -> list[str]:
    """Write names of periods below each other: the second one only where it changes."""
    texts, before = [], ""
    for short, context in named:
        texts.append(f"{short}\n{context}" if context != before else short)
        before = context
    return texts
