"""The columns of a list, whatever it came in, as Python's own values, some thousand rows at a time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from nexmo_nb import validation
from nexmo_nb.arrow_frames import to_pandas
from nexmo_nb.contacts.cells import MOST_DIGITS, RoundedNumber, is_rounded
from nexmo_nb.contacts.fictional import is_fictional

AT_ONCE = 100_000
"""Rows whose plain cells are read together, by columns."""
ROWS_AT_ONCE = 20_000
"""Rows that are read one by one; Python's own values of all at once would take several times their memory."""
Reader = Callable[[Any], Sequence[Any]]
"""A function that reads cells of a column by their places: a slice, or an array of whole numbers."""
_RECIPIENTS = "a DataFrame, a Series, or a list of numbers or of rows"
_EXACT_FLOAT_BYTES = 8
_ROUNDED_SHARE = 0.1
"""Numbers that end in 000 by chance are one of a thousand; where so many do, the column was rounded."""


def read_columns(contacts: Any, to: str) -> dict[str, Any]:
    """Take columns, as Series or lists, by name, out of whatever was given; `to` is one of them."""
    if not isinstance(to, str):
        raise validation.invalid_argument("to", to, "the name of the column of numbers")
    columns: dict[str, Any]
    contacts = to_pandas(contacts)
    if isinstance(contacts, pd.DataFrame):
        validation.check_frame(contacts)
        columns = {str(name): _make_dense(contacts[name]) for name in contacts.columns}
        if len(columns) < contacts.shape[1]:
            names = ", ".join(map(str, contacts.columns))
            raise validation.invalid_argument("frame", names, "a frame whose columns have names of their own")
    elif isinstance(contacts, pd.Series):
        columns = {to: _make_dense(contacts)}
    elif isinstance(contacts, str):
        raise validation.invalid_argument("recipients", contacts, _RECIPIENTS)
    else:
        columns = _read_list(validation.as_list("recipients", contacts, _RECIPIENTS), to)
    if to not in columns and any(map(len, columns.values())):
        raise validation.invalid_argument(
            "to", to, f"the name of the column of numbers; there are {', '.join(columns) or 'none'}"
        )
    return {to: [], **columns}


def read_index(contacts: Any, rows: int) -> pd.Index[Any]:
    """Give the index of what was given: that of a frame or series, else one that counts from 0."""
    return contacts.index if isinstance(contacts, (pd.DataFrame, pd.Series)) else pd.RangeIndex(rows)


def list_pieces(rows: int, size: int | None = None) -> list[slice]:
    """List the pieces of so many rows that are read together, of a size, or of the size for columns."""
    size = size or AT_ONCE
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def read_texts(column: Any, places: Any) -> pa.Array:
    """Read cells of a column by their places, for Arrow: texts and whole numbers; missing is what is anything else."""
    if not isinstance(column, pd.Series):
        values: Any = column[places] if isinstance(places, slice) else [column[place] for place in places]
    else:
        cells = column.iloc[places]
        if pd.api.types.is_integer_dtype(cells.dtype):
            return _to_arrow(cells)
        if pd.api.types.is_float_dtype(cells.dtype):
            return pa.nulls(len(cells), pa.string())
        if isinstance(cells.dtype, pd.StringDtype):
            with suppress(UnicodeEncodeError):  # half of a surrogate pair
                return _to_arrow(cells)
        values = cells.tolist()
    if not set(map(type, values)) <= {str, NoneType}:
        values = [value if type(value) is str else None for value in values]
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None or _is_damaged(value) else value for value in values], pa.string())


def make_reader(column: Any) -> Reader:
    """Make a function that reads cells of a column by their places, as Python's own values.

    Whole numbers that pandas keeps as floats become whole again.
    """
    if not isinstance(column, pd.Series):
        return lambda places: column[places] if isinstance(places, slice) else [column[place] for place in places]
    if pd.api.types.is_float_dtype(column.dtype):
        # By numpy: Arrow has no remainder.
        values = column.dropna().to_numpy(dtype="float64")
        whole = bool((np.isfinite(values) & (np.floor(values) == values)).all())
        return lambda places: [None if pd.isna(v) else int(v) if whole else v for v in column.iloc[places].tolist()]
    return lambda places: _drop_missing(column.iloc[places].tolist())


def make_number_reader(column: Any) -> Reader:
    """Make a function that reads phone numbers of a column; what floats may have rounded is a `RoundedNumber`."""
    if isinstance(column, pd.Series) and pd.api.types.is_float_dtype(column.dtype):
        find = _make_rounded_finder(column)
        return lambda places: [None if pd.isna(v) else find(v) for v in column.iloc[places].tolist()]
    return make_reader(column)


def list_others(piece: slice, found: Sequence[Any]) -> Any:
    """List the places of a piece that are in none of some arrays of places."""
    is_other = np.ones(piece.stop - piece.start, dtype=bool)
    for places in found:
        is_other[places - piece.start] = False
    return np.flatnonzero(is_other) + piece.start


def _to_arrow(cells: pd.Series[Any]) -> pa.Array:
    found = pa.array(cells)
    whole = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    return whole.cast(pa.string())


def _is_damaged(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _make_dense(column: Any) -> Any:
    return column.sparse.to_dense() if isinstance(column.dtype, pd.SparseDtype) else column


def _read_list(rows: list[Any], to: str) -> dict[str, list[Any]]:
    """Take columns out of a list of rows, or of numbers."""
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return {to: rows}
    names = dict.fromkeys(name for row in rows for name in row)
    return {str(name): [row.get(name) for row in rows] for name in names}


def _drop_missing(values: list[Any]) -> list[Any]:
    """Give values with None for what is missing; texts and whole numbers never are."""
    if set(map(type, values)) <= {str, int}:
        return values
    return [None if validation.is_missing(value) else value for value in values]


def _make_rounded_finder(column: pd.Series[Any]) -> Callable[[float], Any]:
    """Make a function that gives the whole number of a float, or a `RoundedNumber` where digits are lost."""
    values = column.dropna().to_numpy(dtype="float64")
    whole = values[(values % 1 == 0) & (np.abs(values) < MOST_DIGITS)].astype("int64")
    share = float((whole % 1000 == 0).mean()) if len(whole) else 0.0
    zeros = 10**3 if share > _ROUNDED_SHARE else 10**5
    dtype: Any = getattr(column.dtype, "numpy_dtype", column.dtype)
    is_exact = dtype.itemsize >= _EXACT_FLOAT_BYTES

    def find(value: float) -> Any:
        if not np.isfinite(value) or value % 1 or abs(value) >= MOST_DIGITS:
            return value
        number = int(value)
        # A small whole number is exact in every float; it is too short for a phone number and is refused as that.
        is_doubtful = not is_exact or number % zeros == 0 or is_rounded(value)
        return RoundedNumber(value) if number >= 10**6 and is_doubtful and not is_fictional(str(number)) else number

    return find
