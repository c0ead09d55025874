"""Rows of a list that have the same number. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

Duplicates = Literal["first", "last", "all", "problem"]
DUPLICATES: tuple[str, ...] = get_args(Duplicates)
"""What is kept of several rows with one number: the first, the last, all that differ otherwise, or none."""


def mark_duplicates(table: pd.DataFrame, keep: str, identity: Sequence[str] = ("to",)) -> list[int]:
    """Mark the rows without a problem that repeat another one, and return their places.

    Rows are the same if their number is; with "all", if everything in `identity` is.
    """
    places = np.flatnonzero(table["problem"].isna())
    if _is_unique(table["to"].iloc[places]):
        return []
    rows = table[list(identity)].iloc[places].reset_index(drop=True)  # an index may be called "to" as well
    groups = rows.groupby(list(identity), sort=False, dropna=False).ngroup() if keep == "all" else rows["to"]
    by_number = pd.Series(places).groupby(pd.factorize(groups)[0])
    first, last = (by_number.transform(which).to_numpy() for which in ("first", "last"))
    kept = last if keep == "last" else first
    if keep == "problem":
        kept = np.where(places == first, last, first)
    marked = np.flatnonzero(kept != places)
    labels = table.index[kept[marked]].tolist()  # of Python's types, which read as they stand in the list
    cells = {
        "problem": [f"to: the same number stands in row {label!r}" for label in labels],
        "problem_code": ["duplicate"] * len(labels),
        "duplicate_of": [str(label) for label in labels],
    }
    for name, values in cells.items():
        write_cells(table, name, places[marked].tolist(), values)
    found: list[int] = places[marked].tolist()
    return found


def _is_unique(numbers: pd.Series[Any]) -> bool:
    """Tell whether no number stands there twice; as whole numbers, which takes less memory than text does."""
    ordered = np.sort(numbers.astype("int64").to_numpy())
    return not (ordered[1:] == ordered[:-1]).any()


def write_cells(table: pd.DataFrame, name: str, places: Sequence[int], values: Sequence[object]) -> None:
    """Write cells of a column by their places; labels need not be unique."""
    if places:
        column = table[name].copy()
        column.iloc[list(places)] = list(values)
        table[name] = column
