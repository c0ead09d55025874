"""How things are shown: `set_options` hides phone numbers in displays. Values are never changed."""

from __future__ import annotations

import re
import sys
from numbers import Integral
from typing import Any

import pandas as pd

from nexmo_nb import validation

__all__ = ["masked", "set_options"]

SHOWN = 3
"""Digits at the end of a number that stay."""
_OPTIONS = {"mask": False}
_MIMES = ("text/html", "text/plain")
_before: dict[tuple[str, type[Any]], Any] = {}
# Seven to fifteen digits, alone or after a plus, in groups or not; no part of a word, a decimal, a date or an id.
_NUMBER = re.compile(r"(?<![\w+-])(?<!\d\.)(?:\+\d(?:[ \u00a0-]?\d){6,14}|\d{7,15})(?!\w|-\w|\.\d)")


def set_options(*, mask: bool | None = None) -> dict[str, bool]:
    """Set how things are shown, for this process.

    Parameters
    ----------
    mask : bool, optional
        True: frames as a notebook shows them, plots and forms show only the last three digits of phone numbers, so that
        a saved notebook is no phone list. False: as they are. Default: leave it.

    Returns
    -------
    dict
        The options in force.

    Raises
    ------
    InvalidRequestError
        If a value is neither True nor False.

    Notes
    -----
    The frames themselves are not changed: what is computed, sent or written to a file has every digit. Not masked are
    ``print(frame)``, values taken out of a frame, and what is typed into a form's fields. Every run of 7 to 15 digits
    that stands alone is taken for a phone number.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> nx.set_options(mask=True)
    {'mask': True}
    >>> nx.set_options(mask=False)
    {'mask': False}
    """
    if mask is not None:
        _OPTIONS["mask"] = validation.check_bool("mask", mask)
        _register(_OPTIONS["mask"])
    return dict(_OPTIONS)


def masked(text: str) -> str:
    """Hide the phone numbers in a text, where that is wanted."""
    return _NUMBER.sub(_hidden, text) if _OPTIONS["mask"] else text


def _hidden(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return "•" * (len(digits) - SHOWN) + digits[-SHOWN:]


def _register(wanted: bool) -> None:
    """Have IPython, where it runs, show masked copies of frames and series."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    for mime in _MIMES:
        formatter = shell.display_formatter.formatters[mime]
        for kind in (pd.DataFrame, pd.Series):
            key = (mime, kind)
            if wanted and key not in _before:
                _before[key] = formatter.for_type(kind, _html if mime == "text/html" else _plain)
            elif not wanted and key in _before:
                formatter.pop(kind, None)
                if _before[key] is not None:
                    formatter.for_type(kind, _before[key])
                del _before[key]


def _html(value: Any) -> str | None:
    shown = getattr(_copy(value), "_repr_html_", None)
    return None if shown is None else shown()


def _plain(value: Any, printer: Any, cycle: bool) -> None:  # noqa: ARG001 - IPython's form
    printer.text(repr(_copy(value)))


def _copy(value: Any) -> Any:
    """Copy a frame or series with its phone numbers hidden, in the labels as well."""
    copy: Any = value.copy() if isinstance(value, pd.DataFrame) else _cells(value).copy()
    if isinstance(value, pd.DataFrame):
        # By place, for two columns may have one name.
        for place in range(copy.shape[1]):
            copy.isetitem(place, _cells(copy.iloc[:, place]))
        copy.columns = _labels(copy.columns)
    else:
        copy.name = _label(copy.name)
    copy.index = _labels(copy.index)
    return copy


def _labels(labels: Any) -> Any:
    return labels.map(_label).set_names([_label(name) for name in labels.names])


def _cells(column: Any) -> Any:
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind):
        return column
    if pd.api.types.is_integer_dtype(kind):
        # A careless reading of a CSV makes whole numbers of phone numbers.
        return column.astype(object).map(_label) if (column.abs() >= 10**9).any() else column
    if pd.api.types.is_numeric_dtype(kind):
        return column
    hidden = column.astype(object).map(_label)
    return hidden.astype(kind) if isinstance(kind, pd.StringDtype) else hidden


def _label(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, tuple):
        return tuple(_label(inner) for inner in value)
    if isinstance(value, (list, dict, set)):
        text = masked(str(value))
        return value if text == str(value) else text
    if isinstance(value, Integral) and not isinstance(value, bool) and abs(int(value)) >= 10**9:
        return masked(str(value))
    return value
