"""The one place that builds DataFrames: rows in, exact columns and dtypes out, the same when empty. Pure.

Ids and phone numbers are text, money is float with a ``currency`` column beside it, times are UTC. What a row lacks is
a missing value, never the text ``"None"``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

import numpy as np
import pandas as pd

__all__ = ["TIME", "Column", "columnar", "frame", "joined", "number", "raw", "raw_csv", "typed"]

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
    return columnar({column.name: [row.get(column.name) for row in rows] for column in columns}, columns, attrs)


def columnar(
    values: Mapping[str, Sequence[Any]], columns: Sequence[Column], attrs: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Build the same DataFrame as `frame` from the values of each column, which many rows are quicker by.

    Parameters
    ----------
    values : mapping of str to sequence
        The values of every one of `columns`, equally many; None is a missing value.
    columns, attrs
        As for `frame`.
    """
    built = {column.name: _array(values[column.name], column.dtype) for column in columns}
    table = pd.DataFrame(built, index=pd.RangeIndex(len(values[columns[0].name])))
    table.attrs.update(attrs or {})
    return table


def _array(values: Sequence[Any], dtype: str) -> Any:
    if dtype == "string":
        # One spelling of "missing" (pandas.NA) on every supported pandas; pandas 3 alone would infer another.
        return pd.array([None if value is None else str(value) for value in values], dtype="string")
    if dtype == "float64":
        return _floats(np.fromiter(values, dtype=object, count=len(values)))
    if dtype == "int64":
        return pd.Series([int(value) for value in values], dtype="int64").array
    if dtype == "bool":
        return pd.Series([bool(value) for value in values], dtype="bool").array
    if dtype == TIME:
        # Binary seconds hold no nanoseconds of today: rounded, a time is the one that was written down.
        return (
            pd.to_datetime(pd.Series(values, dtype="float64"), unit="s", utc=True).dt.round("us").dt.as_unit("ns").array
        )
    raise ValueError(f"no such column dtype: {dtype!r}")


def number(value: Any) -> float:
    """Read a number that the wire may give as text; what is no number is a missing value, not an error."""
    try:
        return float("nan") if value is None or value == "" else float(value)
    except (TypeError, ValueError):
        return float("nan")


def raw(rows: Iterable[Mapping[str, Any]], names: Sequence[str] = ()) -> pd.DataFrame:
    """Put rows as the wire gave them into a frame of text, for `typed`; `names` are there in any case."""
    rows = list(rows)
    named = list(dict.fromkeys([*names, *(name for row in rows for name in row)]))
    built = {name: _array([_scalar(row.get(name)) for row in rows], "string") for name in named}
    return pd.DataFrame(built, index=pd.RangeIndex(len(rows)))


def raw_csv(file: IO[Any], chunk: int) -> Iterator[pd.DataFrame]:
    """Read a CSV as frames of text of at most `chunk` rows, for `typed`; the country "NA" stays what it is."""
    with pd.read_csv(file, dtype="string", keep_default_na=False, na_values=[""], chunksize=chunk) as chunks:
        yield from chunks


def typed(text: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Give a frame of text its names and dtypes.

    Parameters
    ----------
    text : DataFrame
        Of `raw` or `raw_csv`.
    columns : mapping
        The columns to make, in order, each by the name that it has in `text`. What `text` lacks is missing; what it
        has besides is left out. Times are read in ISO 8601 form.

    Returns
    -------
    pandas.DataFrame
        With an index from 0.
    """
    built = {column.name: _parsed(text, name, column.dtype) for name, column in columns.items()}
    return pd.DataFrame(built, index=pd.RangeIndex(len(text)))


def joined(frames: Iterable[pd.DataFrame], empty: pd.DataFrame) -> pd.DataFrame:
    """Put frames of the same columns below each other; `empty` where there are none."""
    filled = [each for each in frames if len(each)]
    return pd.concat(filled, ignore_index=True) if len(filled) > 1 else filled[0] if filled else empty


def _parsed(text: pd.DataFrame, name: str, dtype: str) -> Any:
    if name not in text:
        return _array([None] * len(text), dtype)
    values = text[name].replace("", pd.NA)
    if dtype == "float64":
        return _floats(values.to_numpy(dtype=object, na_value="nan"))
    if dtype == TIME:
        return pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce").dt.as_unit("ns").array
    if dtype in ("int64", "Int64"):
        return values.astype("Int64").astype(dtype).array  # type: ignore[call-overload]
    if dtype in ("bool", "boolean"):
        return values.str.lower().eq("true").astype("boolean").astype(dtype).array  # type: ignore[call-overload]
    return values.array


def _floats(texts: Any) -> Any:
    """Read numbers exactly; pandas' own reader of numbers was a last digit off before its version 3."""
    try:
        return texts.astype("float64")
    except (TypeError, ValueError):
        return np.array([number(text) for text in texts], dtype="float64")


def _scalar(value: Any) -> str | None:
    """Read a field as text; an object or a list, which no field should be, as its JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
