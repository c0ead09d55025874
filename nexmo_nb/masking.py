"""Phone numbers in what a notebook shows, masked while `nexmo_nb.set_options(mask=True)` is in force; values stay.

How numbers are found in a frame is here as well, for `nexmo_nb.mask`, which puts pseudonyms in their place.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import date, timedelta
from numbers import Real
from typing import Any

import pandas as pd

VISIBLE_DIGITS = 3
"""Digits at the end of a masked number that stay visible."""
SMALLEST_NUMBER = 10**9
"""From here on, a whole number in a frame is taken for a phone number."""
Replace = Callable[[str], str]
"""Puts something in place of the phone numbers in a text."""
_state: dict[str, Any] = {"is_on": False, "formatter": None}
# A phone number: 7 to 15 digits after an optional plus, with or without spaces and hyphens between them. Digits inside
# a word, a decimal, a date or an id are none; but a phone number that became a float ends in zeros.
NUMBER = re.compile(
    r"(?<![\w+-])(?<!\d\.)"
    r"(?:(?:\+\d(?:[ \u00a0-]?\d){6,14}|\d{7,15})(?!\w|-\w|\.\d)|\d{10,15}(?=\.0+(?!\d)))"
)
# What stands between the tags of HTML. An attribute is not shown, and may be an id or a picture.
_BETWEEN_TAGS = re.compile(r"(?<=>)[^<>]+")


def is_masking() -> bool:
    return bool(_state["is_on"])


def mask_numbers(text: str) -> str:
    """Mask the phone numbers in a text if `set_options(mask=True)` is in force."""
    return _hide_numbers(text) if _state["is_on"] else text


def _hide_numbers(text: str) -> str:
    return NUMBER.sub(_mask_match, text)


def _mask_match(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return "•" * (len(digits) - VISIBLE_DIGITS) + digits[-VISIBLE_DIGITS:]


def set_masking(mask: bool) -> None:
    """Mask from now on, or no more, in whatever IPython displays, if it runs."""
    _state["is_on"] = mask
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    formatter = getattr(shell, "display_formatter", None)
    if mask and formatter is not None and _state["formatter"] is None:
        # All that a cell shows goes through this one method: frames, styled ones, HTML and values taken out of a frame.
        formatter.format = _build_format(formatter.format)
        _state["formatter"] = formatter
    elif not mask and _state["formatter"] is not None:
        del _state["formatter"].format  # the class's own is found again
        _state["formatter"] = None


def _build_format(format_object: Callable[..., Any]) -> Callable[..., Any]:
    """Build a method that formats an object for display as IPython's own does, with its phone numbers masked."""

    def format_masked(value: Any, *options: Any, **keywords: Any) -> Any:
        if isinstance(value, Real) and not _is_long(value):
            return format_object(value, *options, **keywords)  # a count of seven digits is no phone number
        if isinstance(value, (pd.DataFrame, pd.Series)):
            value = replace_numbers(value, _hide_numbers)
        data, metadata = format_object(value, *options, **keywords)
        return {mime: _mask_shown(mime, shown) for mime, shown in data.items()}, metadata

    return format_masked


def _mask_shown(mime: str, shown: Any) -> Any:
    if not isinstance(shown, str) or not mime.startswith("text/"):
        return shown
    if mime == "text/html":
        # Programs on a page are left alone: a number in them may be anything.
        return shown if "<script" in shown else _BETWEEN_TAGS.sub(lambda found: _hide_numbers(found[0]), shown)
    return _hide_numbers(shown)


def replace_numbers(value: pd.DataFrame | pd.Series[Any], replace: Replace) -> Any:
    """Copy a frame or series, in whose cells and labels stands what `replace` makes of the phone numbers."""
    copy: Any = value.copy()
    if isinstance(value, pd.DataFrame):
        for position in range(copy.shape[1]):  # by position, because two columns may have one name
            copy.isetitem(position, _replace_in_column(copy.iloc[:, position], replace))
        copy.columns = _replace_in_index(copy.columns, replace)
    else:
        copy = _replace_in_column(copy, replace)
        copy.name = replace_in_value(copy.name, replace)
    copy.index = _replace_in_index(copy.index, replace)
    return copy


def _replace_in_index(index: Any, replace: Replace) -> Any:
    names = [replace_in_value(name, replace) for name in index.names]
    return index.map(lambda label: replace_in_value(label, replace)).set_names(names)


def _replace_in_column(column: Any, replace: Replace) -> Any:
    dtype = column.dtype
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        return column
    if pd.api.types.is_numeric_dtype(dtype) and not (column.abs() >= SMALLEST_NUMBER).any():
        # A CSV file that is read without dtypes gives phone numbers as integers, or as floats where some are missing.
        return column
    # Made as objects: pandas 3 takes texts for its own kind of them, which cannot hold half of a surrogate pair.
    cells = [replace_in_value(cell, replace) for cell in column.astype(object)]
    masked = pd.Series(cells, index=column.index, name=column.name, dtype=object)
    return masked.astype(dtype) if isinstance(dtype, pd.StringDtype) else masked


def _is_long(number: Real) -> bool:
    return float(number).is_integer() and abs(float(number)) >= SMALLEST_NUMBER


def replace_in_value(value: Any, replace: Replace) -> Any:
    """Replace the phone numbers in a cell or label; a value without any comes back as it is."""
    if isinstance(value, str):
        return replace(value)
    if value is None or isinstance(value, (bool, date, timedelta, pd.Period)):
        return value
    if isinstance(value, tuple):
        return tuple(replace_in_value(inner, replace) for inner in value)
    if isinstance(value, Real) and not _is_long(value):
        return value
    text = str(int(value) if isinstance(value, float) else value)
    masked = replace(text)
    return value if masked == text else masked
