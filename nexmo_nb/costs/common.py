"""What the functions of costs share: the columns that they need, and the names that frames have for the same thing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from nexmo_nb import checks

__all__ = ["TIMES", "grouped", "named", "when"]

TIMES = ("received", "started", "created")
"""Columns that say when something happened; the first that a frame has counts."""


def named(table: Any, by: str | Iterable[str], *needed: str) -> list[str]:
    """Give the names to group by, once the frame has them and what is needed besides.

    Raises
    ------
    InvalidRequestError
        If it is no frame, or lacks a column.
    """
    if not isinstance(table, pd.DataFrame):
        raise checks.refused("frame", table, "a DataFrame")
    names = [by] if isinstance(by, str) else list(by)
    missing = [name for name in dict.fromkeys([*names, *needed]) if name not in table.columns]
    if missing:
        raise checks.refused("frame", ", ".join(map(str, table.columns)), f"a frame with {', '.join(missing)}")
    return [name for name in dict.fromkeys(names) if name != "currency"]


def when(table: pd.DataFrame) -> Any:
    """Give the column that says when each row happened; None where there is none."""
    return next((table[name] for name in TIMES if name in table), None)


def grouped(table: pd.DataFrame, names: list[str], **sums: tuple[str, str]) -> pd.DataFrame:
    """Sum up by some columns and by currency; what lacks a value to group by is a group of its own."""
    groups = table.groupby([*names, "currency"], dropna=False, sort=True, observed=True)
    return groups.agg(**sums).reset_index()
