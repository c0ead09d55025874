"""The one place that builds DataFrames: rows in, exact columns and dtypes out, the same when empty. Pure.

Ids and phone numbers are text, money is float with a ``currency`` column beside it, times are UTC. What a row lacks is
a missing value, never the text ``"None"``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

__all__ = ["TIME", "Column", "frame", "number"]

TIME = "datetime64[ns, UTC]"


class Column(NamedTuple):
    """A column's name, its dtype and where its value stands in a row.

    `dtype` is ``"string"``, ``"float64"``, ``"int64"``, ``"bool"`` or `TIME`, whose values are Unix seconds.
    """

    name: str
    dtype: str = "string"


def frame(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], attrs: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Build a DataFrame from flat rows.

    Parameters
    ----------
    rows : iterable of mappings
        One a row, by column name; a key that is absent or None is a missing value.
    columns : sequence of Column
        What the frame holds, in order.
    attrs : mapping, optional
        Facts about the whole frame, for ``frame.attrs``.

    Returns
    -------
    pandas.DataFrame
        With exactly `columns`, also when there are no rows, and an index from 0.
    """
    rows = list(rows)
    built = {column.name: _array([row.get(column.name) for row in rows], column.dtype) for column in columns}
    table = pd.DataFrame(built, index=pd.RangeIndex(len(rows)))
    table.attrs.update(attrs or {})
    return table


def _array(values: list[Any], dtype: str) -> Any:
    if dtype == "string":
        # One spelling of "missing" (pandas.NA) on every supported pandas; pandas 3 alone would infer another.
        return pd.array([None if value is None else str(value) for value in values], dtype="string")
    if dtype == "float64":
        return pd.Series([number(value) for value in values], dtype="float64").array
    if dtype == "int64":
        return pd.Series([int(value) for value in values], dtype="int64").array
    if dtype == "bool":
        return pd.Series([bool(value) for value in values], dtype="bool").array
    if dtype == TIME:
        return pd.to_datetime(pd.Series(values, dtype="float64"), unit="s", utc=True).dt.as_unit("ns").array
    raise ValueError(f"no such column dtype: {dtype!r}")


def number(value: Any) -> float:
    """Read a number that the wire may give as text; what is no number is a missing value, not an error."""
    try:
        return float("nan") if value is None or value == "" else float(value)
    except (TypeError, ValueError):
        return float("nan")
