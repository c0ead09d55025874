"""What the functions of costs share: checks of their frames, sums by group, and rounded amounts. Pure.

Amounts are added exactly: each is split into whole units and two fractions of `DIGITS` binary digits, which are whole
numbers, so that sums are the same however the rows were cut into pieces.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from nexmo_nb import validation

TIME_COLUMNS = ("received", "started", "created", "queued", "day")
"""Columns that say when something happened; the first that a frame has counts."""
DECIMALS = 8
"""Decimal places of amounts: sums of binary fractions are not exact beyond."""
LARGEST = 2**62
LIMB = "\0"
"""With it begin the names of parts of amounts; no column of a user has such a name."""
DIGITS = 28
"""So many binary digits of thirty million rows add up to a whole number that a float still holds exactly."""


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
    name = find_time(table.columns)
    return None if name is None else table[name]


def find_time(columns: Collection[str]) -> str | None:
    """Find the name of the column that says when the rows happened."""
    return next((name for name in TIME_COLUMNS if name in columns), None)


def refuse_columns(columns: Iterable[str], allowed: str, advice: str = "") -> Exception:
    return validation.invalid_argument("frame", ", ".join(map(str, columns)), allowed, advice)


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
        raise _unfit_columns(names) from None


def _unfit_columns(names: list[str]) -> Exception:
    return validation.invalid_argument("by", ", ".join(names), "columns of texts, numbers or times")


def number_groups(table: pd.DataFrame, names: Iterable[str]) -> tuple[Any, Any]:
    """Return the group of each row, by what stands in some columns, and the place of each group's first row."""
    groups: Any = np.zeros(len(table), dtype="int64")
    most = 1
    for name in names:
        try:
            codes, values = find_codes(table[name])
        except TypeError:
            raise _unfit_columns([name]) from None
        if most * (len(values) + 1) > LARGEST:
            groups, most = pd.factorize(groups)[0], len(groups)
        groups, most = groups * (len(values) + 1) + codes, most * (len(values) + 1)
    groups, _ = pd.factorize(groups)
    return groups, np.flatnonzero(~pd.Series(groups).duplicated())


def find_codes(column: pd.Series[Any], *, sort: bool = False) -> tuple[Any, Any]:
    """Return the values of a column and which of them each cell has; -1 where it is missing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories
    return pd.factorize(column, sort=sort)


def sum_groups(groups: Any, count: int, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.bincount(groups, weights=each, minlength=count) for name, each in values.items()}


def sort_groups(keys: pd.DataFrame) -> Any:
    """Return the order of groups by their values, as pandas sorts them; a missing value comes last."""
    columns = []
    for name in keys:
        codes, values = find_codes(keys[name], sort=True)
        columns.append(np.where(codes < 0, len(values), codes))
    return np.lexsort(columns[::-1])


def split_amounts(name: str, amounts: Any) -> dict[str, Any]:
    """Split amounts into whole numbers, which `join_amounts` puts together again; a missing amount is 0."""
    amounts = np.where(np.isnan(amounts), 0.0, amounts)
    whole = np.floor(amounts)
    # Of an infinite amount, nothing is left.
    rest = np.ldexp(np.subtract(amounts, whole, out=np.zeros(len(amounts)), where=np.isfinite(amounts)), DIGITS)
    upper = np.floor(rest)
    return dict(zip(_name_limbs(name), (whole, upper, np.rint(np.ldexp(rest - upper, DIGITS))), strict=True))


def join_amounts(name: str, sums: Mapping[str, Any]) -> Any:
    """Put amounts together that were split and added up; each sum gives the same, whatever numbers it came of."""
    whole, upper, lower = (sums[limb] for limb in _name_limbs(name))
    upper = upper + np.floor(np.ldexp(lower, -DIGITS))
    whole = whole + np.floor(np.ldexp(upper, -DIGITS))
    return whole + (np.ldexp(upper % 2**DIGITS, -DIGITS) + np.ldexp(lower % 2**DIGITS, -2 * DIGITS))


def _name_limbs(name: str) -> list[str]:
    return [f"{LIMB}{name}{place}" for place in range(3)]


def round_amounts(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    return table.assign(**{name: table[name].astype("float64").round(DECIMALS) for name in names})
