"""What the functions of costs share: the columns that they need, and the names that frames have for the same thing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nexmo_nb import validation

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TIMES", "grouped", "named", "when"]

TIMES = ("received", "started", "created")
"""Columns that say when something happened; the first that a frame has counts."""


def named(table: Any, by: str | Iterable[str], *needed: str, text: Iterable[str] = ()) -> list[str]:
    """Give the names to group by, once the frame has them and what is needed besides: numbers, but for `text`.

    Raises
    ------
    InvalidRequestError
        If it is no frame, lacks a column, or a column holds something else.
    """
    names = validation.as_list("by", by, "names of columns")
    if not all(isinstance(name, str) for name in names):
        raise validation.invalid_argument("by", by, "names of columns")
    numbers = [name for name in (*needed, "final_price") if name not in ("currency", *text)]
    validation.check_frame(table, *names, *needed, *text, numbers=numbers, words=[*names, *text, "currency"])
    return [name for name in dict.fromkeys(names) if name != "currency"]


def when(table: pd.DataFrame) -> Any:
    """Give the column that says when each row happened; None where there is none."""
    return next((table[name] for name in TIMES if name in table), None)


def grouped(table: pd.DataFrame, names: list[str], **sums: tuple[str, str]) -> pd.DataFrame:
    """Sum up by some columns and by currency; what lacks a value to group by is a group of its own."""
    taken = [name for name in names if name in sums]
    if taken:
        raise validation.invalid_argument("by", taken[0], "a column whose name is none of the result's own")
    groups = table.groupby([*names, "currency"], dropna=False, sort=True, observed=True)
    try:
        return groups.agg(**sums).reset_index()
    except TypeError:
        raise validation.invalid_argument("by", ", ".join(names), "columns of texts, numbers or times") from None
