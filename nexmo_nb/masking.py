"""Phone numbers in what is displayed, masked while `nexmo_nb.set_options(mask=True)` is in force; values stay."""

from __future__ import annotations

import re
import sys
from numbers import Integral
from typing import Any

import pandas as pd

VISIBLE_DIGITS = 3
"""Digits at the end of a masked number that stay visible."""
SMALLEST_NUMBER = 10**9
"""From here on, a whole number in a frame is taken for a phone number."""
_state = {"is_on": False}
# The formatters of IPython that ours replace, by MIME type and class; None where there was none.
_replaced_formatters: dict[tuple[str, type[Any]], Any] = {}
# A phone number: 7 to 15 digits after an optional plus, with or without spaces and hyphens between them. Digits inside
# a word, a decimal, a date or an id are none.
_NUMBER = re.compile(r"(?<![\w+-])(?<!\d\.)(?:\+\d(?:[ \u00a0-]?\d){6,14}|\d{7,15})(?!\w|-\w|\.\d)")


def is_masking() -> bool:
    return bool(_state["is_on"])


def mask_numbers(text: str) -> str:
    """Mask the phone numbers in a text if `set_options(mask=True)` is in force."""
    return _NUMBER.sub(_mask_match, text) if _state["is_on"] else text


def _mask_match(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return "•" * (len(digits) - VISIBLE_DIGITS) + digits[-VISIBLE_DIGITS:]


def set_masking(mask: bool) -> None:
    """Mask from now on, or no more; IPython, if it runs, displays masked copies of frames and series or not."""
    _state["is_on"] = mask
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    for mime, ours in (("text/html", _format_html), ("text/plain", _format_plain)):
        formatter = shell.display_formatter.formatters[mime]
        for kind in (pd.DataFrame, pd.Series):
            if mask and (mime, kind) not in _replaced_formatters:
                _replaced_formatters[mime, kind] = formatter.for_type(kind, ours)
            elif not mask and (mime, kind) in _replaced_formatters:
                replaced = _replaced_formatters.pop((mime, kind))
                formatter.pop(kind, None)
                if replaced is not None:
                    formatter.for_type(kind, replaced)


def _format_html(value: Any) -> str | None:
    masked = _mask_copy(value)
    return masked._repr_html_() if hasattr(masked, "_repr_html_") else None


def _format_plain(value: Any, printer: Any, cycle: bool) -> None:  # noqa: ARG001 - the signature that IPython calls
    printer.text(repr(_mask_copy(value)))


def _mask_copy(value: pd.DataFrame | pd.Series[Any]) -> Any:
    """Copy a frame or series, and mask the phone numbers in its cells and labels."""
    copy: Any = value.copy()
    if isinstance(value, pd.DataFrame):
        for position in range(copy.shape[1]):  # by position, because two columns may have one name
            copy.isetitem(position, _mask_column(copy.iloc[:, position]))
        copy.columns = _mask_index(copy.columns)
    else:
        copy = _mask_column(copy)
        copy.name = _mask_value(copy.name)
    copy.index = _mask_index(copy.index)
    return copy


def _mask_index(index: Any) -> Any:
    return index.map(_mask_value).set_names([_mask_value(name) for name in index.names])


def _mask_column(column: Any) -> Any:
    dtype = column.dtype
    if pd.api.types.is_integer_dtype(dtype):
        # A CSV file that is read without dtypes gives phone numbers as integers.
        has_numbers = (column.abs() >= SMALLEST_NUMBER).any()
        return column.astype(object).map(_mask_value) if has_numbers else column
    if pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        return column
    masked = column.astype(object).map(_mask_value)
    return masked.astype(dtype) if isinstance(dtype, pd.StringDtype) else masked


def _mask_value(value: Any) -> Any:
    """Mask the phone numbers in a cell or label; a value without any comes back as it is."""
    if isinstance(value, str):
        return mask_numbers(value)
    if isinstance(value, tuple):
        return tuple(_mask_value(inner) for inner in value)
    if isinstance(value, (list, dict, set)):
        text = str(value)
        masked = mask_numbers(text)
        return value if masked == text else masked
    if isinstance(value, Integral) and not isinstance(value, bool) and abs(int(value)) >= SMALLEST_NUMBER:
        return mask_numbers(str(value))
    return value
