"""The one place that builds DataFrames: rows in, exact columns and dtypes out, the same when empty. Pure.

Ids and phone numbers are text, money is float with a ``currency`` column beside it, times are UTC. What a row lacks is
a missing value, never the text ``"None"``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import IO, Any, NamedTuple

import numpy as np
import pandas as pd

__all__ = [
    "SPAN",
    "TIME",
    "Column",
    "apply_dtypes",
    "concat_frames",
    "frame",
    "frame_from_columns",
    "parse_number",
    "read_text_csv",
    "text_frame",
    "to_text",
]

TIME = "datetime64[ns, UTC]"
SPAN = (pd.Timestamp("1700-01-01", tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC"))
"""Times that nanoseconds can count, and that a record can have."""


_STRING = pd.StringDtype()
FEW = 1000


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
    return frame_from_columns(
        {column.name: [row.get(column.name) for row in rows] for column in columns}, columns, attrs
    )


def frame_from_columns(
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
    rows = len(values[columns[0].name])
    texts = [column.name for column in columns if column.dtype == "string"]
    built = {column.name: _array(values[column.name], column.dtype) for column in columns if column.dtype != "string"}
    if rows * len(texts) <= FEW:
        # Pandas takes longer to begin with an array than to fill it: one for all texts, of which each has its piece.
        whole = _array([value for name in texts for value in values[name]], "string")
        built |= {name: whole[n * rows : (n + 1) * rows] for n, name in enumerate(texts)}
    else:
        built |= {name: _array(values[name], "string") for name in texts}
    # Nobody else has these arrays: they need no copy.
    arrays = {n: built[column.name] for n, column in enumerate(columns)}
    table = pd.DataFrame(arrays, index=pd.RangeIndex(rows), copy=False)
    # The names are an array of text, too, made once and copied: what one does with his columns is his own.
    table.columns = _names(tuple(column.name for column in columns)).copy(deep=True)
    table.attrs.update(attrs or {})
    return table


@lru_cache
def _names(names: tuple[str, ...]) -> pd.Index:
    return pd.Index(names)


def _array(values: Sequence[Any], dtype: str) -> Any:
    if dtype == "string":
        plain = set(map(type, values)) <= {str, type(None)}
        # One spelling of "missing" (pandas.NA) on every supported pandas; pandas 3 alone would infer another.
        return pd.array(values if plain else [to_text(value) for value in values], dtype=_STRING)
    if dtype == "float64":
        return _floats(values) if bool not in set(map(type, values)) else np.array([parse_number(v) for v in values])
    if dtype in ("int64", "bool"):
        return np.array(values, dtype=dtype)
    if dtype == TIME:
        # Binary seconds hold no nanoseconds of today: rounded, a time is the one that was written down.
        return (
            pd.to_datetime(pd.Series(values, dtype="float64"), unit="s", utc=True).dt.round("us").dt.as_unit("ns").array
        )
    raise ValueError(f"no such column dtype: {dtype!r}")


def parse_number(value: Any) -> float:
    """Read a number that the wire may give as text; what is no finite number is a missing value, not an error."""
    try:
        found = float("nan") if value is None or value == "" or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
    return found if math.isfinite(found) else float("nan")


def text_frame(rows: Iterable[Mapping[str, Any]], names: Sequence[str] = ()) -> pd.DataFrame:
    """Put rows as the wire gave them into a frame of text, for `apply_dtypes`; `names` are there in any case."""
    rows = list(rows)
    named = list(dict.fromkeys([*names, *(name for row in rows for name in row)]))
    built = {name: _array([row.get(name) for row in rows], "string") for name in named}
    return pd.DataFrame(built, index=pd.RangeIndex(len(rows)))


def read_text_csv(file: IO[Any], chunk: int) -> Iterator[pd.DataFrame]:
    """Read a CSV as frames of text of at most `chunk` rows, for `apply_dtypes`; the country "NA" stays what it is."""
    with pd.read_csv(file, dtype="string", keep_default_na=False, na_values=[""], chunksize=chunk) as chunks:
        for text in chunks:
            if not isinstance(text.index, pd.RangeIndex):
                # pandas takes the cells beyond the header for an index, and so moves every cell to another column.
                raise ValueError("a row has more cells than the header")
            yield text


def apply_dtypes(text: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Give a frame of text its names and dtypes.

    Parameters
    ----------
    text : DataFrame
        Of `text_frame` or `read_text_csv`.
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


def concat_frames(frames: Iterable[pd.DataFrame], empty: pd.DataFrame) -> pd.DataFrame:
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
        times = pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce")
        return times.where(times.between(*SPAN)).dt.as_unit("ns").array
    if dtype in ("int64", "Int64"):
        return values.astype("Int64").astype(dtype).array  # type: ignore[call-overload]
    if dtype in ("bool", "boolean"):
        return values.str.lower().eq("true").astype("boolean").astype(dtype).array  # type: ignore[call-overload]
    return values.array


def _floats(texts: Any) -> Any:
    """Read numbers exactly; pandas' own reader of numbers was a last digit off before its version 3."""
    try:
        found = np.fromiter(texts, dtype=object, count=len(texts)).astype("float64")
    except (TypeError, ValueError, OverflowError):
        found = np.array([parse_number(text) for text in texts], dtype="float64")
    found[abs(found) == math.inf] = math.nan  # no price and no duration is infinite
    return found


def to_text(value: Any) -> str | None:
    """Read a field as text; an object or a list, which no field should be, as its JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, (bool, dict, list)) else str(value)
