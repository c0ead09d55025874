"""What the functions of costs share: checks of their frames, sums by group, and rounded amounts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nexmo_nb import validation

if TYPE_CHECKING:
    import pandas as pd


TIME_COLUMNS = ("received", "started", "created")
"""Columns that say when something happened; the first that a frame has counts."""
DECIMALS = 8
"""Decimal places of amounts: sums of binary fractions are not exact beyond."""


def check_group_columns(table: Any, by: str | Iterable[str], *needed: str, text: Iterable[str] = ()) -> list[str]:
    """Check that a frame has the columns to group by and those needed, and return the names to group by.

    Parameters
    ----------
    table : DataFrame
        What a caller gave.
    by : str or iterable of str
        Columns to group by.
    *needed : str
        Further columns, of numbers, but for ``currency``.
    text : iterable of str
        Further columns, of text.

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


def find_time_column(table: pd.DataFrame) -> Any:
    """Return the column that says when each row happened; None where there is none."""
    return next((table[name] for name in TIME_COLUMNS if name in table), None)


def aggregate_groups(table: pd.DataFrame, names: list[str], **aggregates: tuple[str, str]) -> pd.DataFrame:
    """Aggregate by some columns and by currency; rows without a value to group by are a group of their own.

    Parameters
    ----------
    table : DataFrame
        With the columns `names`, ``currency`` and those of `aggregates`.
    names : list of str
        Columns to group by.
    **aggregates : (str, str)
        New columns: each the column that it comes from, and the pandas function that aggregates it.

    Raises
    ------
    InvalidRequestError
        If a name is one of the new columns, or its values cannot be grouped.
    """
    taken = [name for name in names if name in aggregates]
    if taken:
        raise validation.invalid_argument("by", taken[0], "a column whose name is none of the result's own")
    groups = table.groupby([*names, "currency"], dropna=False, sort=True, observed=True)
    try:
        return groups.agg(**aggregates).reset_index()
    except TypeError:
        raise validation.invalid_argument("by", ", ".join(names), "columns of texts, numbers or times") from None


def round_amounts(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return a frame with some columns of money rounded."""
    return table.assign(**{name: table[name].astype("float64").round(DECIMALS) for name in names})
