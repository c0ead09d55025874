"""The columns of a list, whatever it came in, as Python's own values, some thousand rows at a time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.cells import MOST_DIGITS, RoundedNumber, is_rounded
from nexmo_nb.contacts.fictional import is_fictional

AT_ONCE = 20_000
"""Rows that are read together; Python's own values of all rows at once would take several times their memory."""
_RECIPIENTS = "a DataFrame, a Series, or a list of numbers or of rows"
_EXACT_FLOAT_BYTES = 8
_ROUNDED_SHARE = 0.1
"""Numbers that end in 000 by chance are one of a thousand; where so many do, the column was rounded."""


def read_columns(contacts: Any, to: str) -> dict[str, Any]:
    """Take columns, as Series or lists, by name, out of whatever was given; `to` is one of them."""
    if not isinstance(to, str):
        raise validation.invalid_argument("to", to, "the name of the column of numbers")
    columns: dict[str, Any]
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


def read_pieces(columns: Mapping[str, Any], rows: int) -> Iterator[tuple[slice, dict[str, list[Any]]]]:
    """Read some thousand rows of the columns at a time: which, and their values as lists of Python's own."""
    readers = {name: _make_reader(column) for name, column in columns.items()}
    for start in range(0, rows, AT_ONCE):
        piece = slice(start, min(start + AT_ONCE, rows))
        yield piece, {name: read(piece) for name, read in readers.items()}


def read_number_pieces(column: Any) -> Iterator[list[Any]]:
    """Read a column of phone numbers; what a float column may have rounded is a `RoundedNumber`."""
    if isinstance(column, pd.Series) and pd.api.types.is_float_dtype(column.dtype):
        find = _make_rounded_finder(column)
        for start in range(0, len(column), AT_ONCE):
            yield [None if pd.isna(v) else find(v) for v in column.iloc[start : start + AT_ONCE].tolist()]
        return
    for _, piece in read_pieces({"": column}, len(column)):
        yield piece[""]


def _make_dense(column: Any) -> Any:
    return column.sparse.to_dense() if isinstance(column.dtype, pd.SparseDtype) else column


def _read_list(rows: list[Any], to: str) -> dict[str, list[Any]]:
    """Take columns out of a list of rows, or of numbers."""
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return {to: rows}
    names = dict.fromkeys(name for row in rows for name in row)
    return {str(name): [row.get(name) for row in rows] for name in names}


def _make_reader(column: Any) -> Callable[[slice], list[Any]]:
    """Make a function that reads rows of a column; whole numbers that pandas keeps as floats become whole again."""
    if not isinstance(column, pd.Series):
        return lambda rows: list(column[rows])
    if pd.api.types.is_float_dtype(column.dtype):
        # By numpy: Arrow has no remainder.
        values = column.dropna().to_numpy(dtype="float64")
        whole = bool((np.isfinite(values) & (np.floor(values) == values)).all())
        return lambda rows: [None if pd.isna(v) else int(v) if whole else v for v in column.iloc[rows].tolist()]
    return lambda rows: _drop_missing(column.iloc[rows].tolist())


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
