"""What the functions of costs share: checks of their frames, sums by group, and rounded amounts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from nexmo_nb import validation

TIME_COLUMNS = ("received", "started", "created", "queued", "day")
"""Columns that say when something happened; the first that a frame has counts."""
DECIMALS = 8
"""Decimal places of amounts: sums of binary fractions are not exact beyond."""


def check_group_columns(table: Any, by: str | Iterable[str], *amounts: str) -> list[str]:
    """Check that a frame has columns to group by, amounts, and ``currency``, and return the first but ``currency``."""
    names = validation.as_list("by", by, "names of columns")
    if not all(isinstance(name, str) for name in names):
        raise validation.invalid_argument("by", by, "names of columns")
    numbers, words = (*amounts, "final_price"), (*names, "currency")
    validation.check_frame(table, *names, *amounts, "currency", numbers=numbers, words=words)
    return [name for name in dict.fromkeys(names) if name != "currency"]


def find_times(table: pd.DataFrame) -> Any:
    """Return the column of times at which the rows happened; None where there is none."""
    validation.check_frame(table, times=TIME_COLUMNS)
    return next((table[name] for name in TIME_COLUMNS if name in table), None)


def read_floats(table: pd.DataFrame, name: str) -> Any:
    """Read a column of numbers, which a user's frame may hold as objects; all are missing where there is none."""
    if name not in table:
        return pd.Series(float("nan"), index=table.index)
    return pd.Series(table[name].to_numpy(dtype="float64", na_value=float("nan")), index=table.index)


def aggregate_groups(table: pd.DataFrame, names: list[str], *added: str, **aggregates: tuple[str, str]) -> pd.DataFrame:
    """Aggregate by some columns and by currency; rows without a value to group by are a group of their own.

    `aggregates` are new columns: each the column that it comes from, and the pandas function that aggregates it.
    `added` are the columns that the caller adds to the result.
    """
    taken = [name for name in names if name in (*added, *aggregates)]
    if taken:
        raise validation.invalid_argument("by", taken[0], "a column whose name is none of the result's own")
    groups = table.groupby([*names, "currency"], dropna=False, sort=True, observed=True)
    try:
        return groups.agg(**aggregates).reset_index()
    except TypeError:
        raise validation.invalid_argument("by", ", ".join(names), "columns of texts, numbers or times") from None


def round_amounts(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    return table.assign(**{name: table[name].astype("float64").round(DECIMALS) for name in names})
