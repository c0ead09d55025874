"""The one place that builds DataFrames: rows in, exact columns and dtypes out, the same when empty. Pure.

Ids and phone numbers are text, money is float with a ``currency`` column beside it, times are UTC. A value that a row
does not have is a missing value, never the text ``"None"``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

TIME = "datetime64[ns, UTC]"
_HALF_PAIR = re.compile("[\ud800-\udfff]")
SPAN = (pd.Timestamp("1700-01-01", tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC"))
"""The first and last time that a record can have; nanoseconds can represent both."""


class Column(NamedTuple):
    """A column's name and dtype.

    `dtype` is ``"string"``, ``"float64"``, ``"int64"``, ``"bool"``, ``"boolean"`` (None is missing) or `TIME`, whose
    values are Unix seconds.
    """

    name: str
    dtype: str = "string"


def frame(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], attrs: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Build a DataFrame with exactly `columns`, also when there are no rows, and an index from 0.

    A key that a row does not have, or whose value is None, is a missing value. `attrs` are facts about the whole frame.
    """
    rows = list(rows)
    return frame_from_columns(
        {column.name: [row.get(column.name) for row in rows] for column in columns}, columns, attrs
    )


def frame_from_columns(
    values: Mapping[str, Sequence[Any]], columns: Sequence[Column], attrs: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Build the same DataFrame as `frame` from the values of each column; faster for many rows."""
    arrays = {column.name: _build_array(values[column.name], column.dtype) for column in columns}
    built = _build_frame(arrays, len(values[columns[0].name]))
    built.attrs.update(attrs or {})
    return built


def frame_from_tuples(rows: Sequence[tuple[Any, ...]], columns: Sequence[Column]) -> pd.DataFrame:
    """Build the same DataFrame from rows whose values stand in the order of `columns`."""
    # By zip(*rows), each row would get an iterator of its own.
    return frame_from_columns({column.name: [row[n] for row in rows] for n, column in enumerate(columns)}, columns)


def frame_from_table(table: Any, columns: Sequence[Column]) -> pd.DataFrame:
    """Build the same DataFrame as `frame` from an Arrow table of text and numbers."""
    arrays = {column.name: _convert_arrow(table[column.name], column.dtype) for column in columns}
    return _build_frame(arrays, len(table))


def _convert_arrow(values: Any, dtype: str) -> Any:
    if dtype == "string":
        return to_text_array(values)
    numbers = values.to_numpy()
    if dtype == TIME:
        return _build_times(numbers)
    return numbers if dtype == "int64" else np.where(np.isinf(numbers), math.nan, numbers)


def text_frame(rows: Iterable[Mapping[str, Any]], names: Sequence[str] = ()) -> pd.DataFrame:
    """Build a frame of text from rows as the API sent them, for `apply_dtypes`; it always has the columns `names`."""
    rows = list(rows)
    found = dict.fromkeys([*names, *(name for row in rows for name in row)])
    return _build_frame({name: _build_array([row.get(name) for row in rows], "string") for name in found}, len(rows))


def frame_from_arrow(table: Any) -> pd.DataFrame:
    """Build a frame of text from an Arrow table of text, for `apply_dtypes`."""
    return _build_frame({name: to_text_array(table[name]) for name in table.column_names}, len(table))


def apply_dtypes(text: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Give a frame of text its names and dtypes; `columns` are those to build, each by its name in `text`.

    A column that `text` does not have is all missing; other columns of `text` are left out. Times are read in ISO 8601
    form, and the index counts from 0.
    """
    arrays = {column.name: _parse_column(text, name, column.dtype) for name, column in columns.items()}
    return _build_frame(arrays, len(text))


def to_text_array(texts: Any) -> Any:
    """Make a column of text of an array of Arrow, whole or in chunks, or of an array of objects with None."""
    import pyarrow as pa

    dtype: Any = pd.StringDtype()
    return dtype.__from_arrow__(pa.array(texts, pa.string()) if isinstance(texts, np.ndarray) else texts)


def repeat_missing(rows: int) -> Any:
    """Make a column of text, for `frame_from_columns`, that is all missing."""
    return pd.array([None], dtype=pd.StringDtype()).repeat(rows)


def concat_frames(frames: Iterable[pd.DataFrame], empty: pd.DataFrame) -> pd.DataFrame:
    """Concatenate frames of the same columns; return `empty` if none has a row."""
    filled = [each for each in frames if len(each)]
    if not filled:
        return empty
    return filled[0] if len(filled) == 1 else pd.concat(filled, ignore_index=True)


def join_frames(parts: Sequence[tuple[Any, pd.DataFrame]]) -> pd.DataFrame:
    """Put frames of the same columns together, by the arrays of places that their rows have in the whole."""
    filled = [each for each in parts if len(each[0])] or parts[:1]
    joined = concat_frames([each for _, each in filled], filled[0][1])
    order = np.argsort(np.concatenate([places for places, _ in filled]), kind="stable")
    return joined if len(filled) == 1 else joined.take(order).reset_index(drop=True)


def parse_number(value: Any) -> float:
    """Parse a number that the API may send as text; anything but a finite number is a missing value, not an error."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def to_text(value: Any) -> str | None:
    """Convert a field to text; an object or a list, which no field should be, to its JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, (bool, dict, list)) else str(value)


def _build_frame(arrays: Mapping[str, Any], rows: int) -> pd.DataFrame:
    return pd.DataFrame(arrays, index=pd.RangeIndex(rows))


def _build_array(values: Sequence[Any], dtype: str) -> Any:
    if isinstance(values, ExtensionArray):
        return values
    if dtype == "string":
        # `StringDtype` has the same missing value, pandas.NA, in every supported pandas; what pandas infers differs.
        kinds = set(map(type, values))
        if kinds == {type(None)}:
            return repeat_missing(len(values))
        return _build_texts(values if kinds <= {str, type(None)} else [to_text(value) for value in values])
    if dtype == "float64":
        return _parse_floats(values)
    if dtype in ("int64", "bool", "boolean"):
        return pd.array(list(values), dtype="boolean") if dtype == "boolean" else np.array(values, dtype=dtype)
    if dtype == TIME:
        return _build_times(np.array(values, dtype="float64"))
    raise ValueError(f"no such column dtype: {dtype!r}")


def _build_texts(values: Sequence[str | None]) -> Any:
    try:
        return pd.array(values, dtype=pd.StringDtype())
    except UnicodeEncodeError:  # half of a surrogate pair, which Arrow cannot hold
        shown = [None if value is None else _HALF_PAIR.sub("\ufffd", value) for value in values]
        return pd.array(shown, dtype=pd.StringDtype())


def _build_times(seconds: Any) -> Any:
    """Build times from Unix seconds; what is missing or outside `SPAN` is a missing time.

    By integers: before pandas 3, `pandas.to_datetime` raised FloatingPointError at random where a float was missing.
    """
    is_time = (seconds >= SPAN[0].timestamp()) & (seconds <= SPAN[1].timestamp())
    whole = np.floor(seconds[is_time])
    # A float of Unix seconds is exact to the microsecond only: rounding gives the time as it was written.
    microseconds = np.rint((seconds[is_time] - whole) * 1e6)
    times = np.full(len(seconds), "NaT", dtype="datetime64[ns]")
    times[is_time] = (whole.astype("int64") * 1_000_000 + microseconds.astype("int64")).astype("datetime64[us]")
    return pd.DatetimeIndex(times).tz_localize("UTC").array


def _parse_column(text: pd.DataFrame, name: str, dtype: str) -> Any:
    if name not in text:
        return _build_array([None] * len(text), dtype)
    values = text[name]
    if values.eq("").any():
        values = values.replace("", pd.NA)
    if dtype == "float64":
        return _parse_float_texts(values)
    if dtype == TIME:
        return _parse_times(values)
    if dtype in ("int64", "Int64"):
        return values.astype("Int64").astype(dtype).array  # type: ignore[call-overload]
    if dtype in ("bool", "boolean"):
        return values.str.lower().eq("true").astype("boolean").astype(dtype).array  # type: ignore[call-overload]
    return values.array


def _parse_float_texts(values: pd.Series[Any]) -> Any:
    """Parse numbers exactly, and none but finite ones: by Arrow, or one by one where it refuses any."""
    import pyarrow as pa

    try:
        numbers = pa.array(values).cast("float64").to_numpy(zero_copy_only=False)
    except ValueError:
        return _parse_floats(values.to_numpy(dtype=object, na_value="nan"))
    return np.where(np.isfinite(numbers), numbers, math.nan)


def _parse_times(values: pd.Series[Any]) -> Any:
    """Parse times in ISO 8601 form: by Arrow, or by pandas, which takes more forms, where it refuses any.

    In nanoseconds, older Arrow would take a time that they cannot represent for another one.
    """
    import pyarrow as pa

    try:
        microseconds = pa.array(values).cast(pa.timestamp("us", "UTC")).to_numpy(zero_copy_only=False)
        times = pd.Series(microseconds).dt.tz_localize("UTC")
    except ValueError:
        times = pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce")
    return times.where(times.between(*SPAN)).dt.as_unit("ns").array


def _parse_floats(values: Any) -> Any:
    """Parse numbers exactly: `pandas.to_numeric` was wrong in the last digit before pandas 3."""
    try:
        # NumPy reads a column of sound numbers at once; one by one, a million records would take seconds.
        numbers = np.fromiter(values, dtype=object, count=len(values)).astype("float64")
    except (TypeError, ValueError, OverflowError):
        numbers = np.array([], dtype="float64")
    if len(numbers) != len(values) or bool in set(map(type, values)):
        numbers = np.array([parse_number(value) for value in values], dtype="float64")
    numbers[np.isinf(numbers)] = math.nan
    return numbers
