"""How the values of a column are written into texts: all of them in one format. Pure."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from numbers import Integral
from types import NoneType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api import types

from nexmo_nb.validation import is_missing

MOST_DECIMALS = 10
MOST_DIGITS = 400
"""A decimal number has as many digits as its exponent says: they could fill the memory. No float has as many."""
_CONTAINERS = (bytes, bytearray, list, tuple, dict, set, frozenset, np.ndarray)


class Format(NamedTuple):
    """How the numbers and the times of a column are written."""

    decimals: int = 0
    has_time: bool = False

    def join(self, other: Format) -> Format:
        """Give the format of two parts of a column together."""
        return Format(max(self.decimals, other.decimals), self.has_time or other.has_time)


def make_writer(column: Any, form: Format | None = None) -> Callable[[Any], str]:
    """Make a function that writes the values of a column, each in the format of all.

    Dates without a time are written as 2026-11-24, and with one as 2026-11-24 09:30. Numbers have as many decimals as
    the one that needs most, at most 10; whole numbers have none, and no separators. All else is written as it is.

    Parameters
    ----------
    column : Series or list
        All values of the column, missing ones included.
    form : Format, optional
        That of a column of which these are a part. Default: that of these values.

    Examples
    --------
    >>> write = make_writer([3, 12.25])
    >>> write(3), write(12.25)
    ('3.00', '12.25')
    """
    decimals, has_time = find_format(column) if form is None else form

    def write(value: Any) -> str:
        if isinstance(value, str):
            return value
        if type(value) is int and not decimals:
            return str(value)
        if _is_number(value):
            return _write_number(value, decimals)
        if _is_day(value):
            return _write_time(value, has_time)
        return write_plain(value)

    return write


def find_format(column: Any) -> Format:
    """Find the format in which all values of a column can be written."""
    decimals, has_time = 0, False
    for value in _read_values(column):
        # What cannot be written, such as a value of a foreign class, is a problem of its own row, and decides nothing.
        with suppress(Exception):
            if _is_number(value):
                decimals = max(decimals, _count_decimals(value)) if decimals < MOST_DECIMALS else decimals
            elif _is_day(value):
                has_time = has_time or _has_time(value)
    return Format(decimals, has_time)


def write_plain(value: Any) -> str:
    """Write a value as it is; one that holds others would be written as Python writes it."""
    if isinstance(value, _CONTAINERS):
        raise TypeError(f"a {type(value).__name__} is no text")
    return str(value)


def _read_values(column: Any) -> Any:
    """Read the values of a column that decide its format, each once where that is quick."""
    if not isinstance(column, pd.Series):
        return column
    dtype: Any = column.dtype
    if types.is_object_dtype(dtype):
        return () if set(map(type, column)) <= {str, int, bool, NoneType} else column
    values: pd.Series[Any] = column.dropna()
    if types.is_float_dtype(dtype):
        # A narrow float is written as short as it was given only while it is one.
        return iter(values.drop_duplicates().to_numpy(dtype=getattr(dtype, "numpy_dtype", dtype)))
    if types.is_datetime64_any_dtype(dtype):
        return values.drop_duplicates()
    has_one_form = types.is_bool_dtype(dtype) or types.is_integer_dtype(dtype) or types.is_string_dtype(dtype)
    return () if has_one_form else values


def _is_number(value: Any) -> bool:
    return isinstance(value, (Integral, float, np.floating, Decimal)) and not isinstance(value, bool)


def _is_day(value: Any) -> bool:
    return isinstance(value, (date, np.datetime64))


def _count_decimals(value: Any) -> int:
    """Count the decimals that a number needs, in its shortest form."""
    if isinstance(value, Integral):
        return 0
    shortest = value if isinstance(value, Decimal) else Decimal(str(value))
    if not shortest.is_finite() or shortest.adjusted() > MOST_DIGITS:
        return 0
    # What floats add up to may differ from the sum that is meant, far behind the point.
    return len(f"{shortest:.{MOST_DECIMALS}f}".rstrip("0").partition(".")[2])


def check_digits(value: Decimal) -> None:
    """Refuse a number that would be too long to write."""
    if value.is_finite() and max(value.adjusted(), -int(value.as_tuple().exponent)) > MOST_DIGITS:
        raise ValueError("the number has too many digits")


def _write_number(value: Any, decimals: int) -> str:
    if isinstance(value, Integral):
        whole = int(value)
        return f"{Decimal(whole):.{decimals}f}" if decimals else str(whole)
    if isinstance(value, Decimal):
        check_digits(value)
    return f"{value:z.{decimals}f}"  # z: zero has no sign


def _has_time(value: Any) -> bool:
    """Tell whether a time is not midnight."""
    value = _as_timestamp(value)
    return not is_missing(value) and isinstance(value, datetime) and value.time() != time()


def _write_time(value: Any, has_time: bool) -> str:
    value = _as_timestamp(value)
    day = value.isoformat()[:10]
    return f"{day} {value:%H:%M}" if has_time else day


def _as_timestamp(value: Any) -> Any:
    return pd.Timestamp(value) if isinstance(value, np.datetime64) else value
