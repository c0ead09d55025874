"""Options of this process: `set_options`."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Literal, get_args

from nexmo_nb import masking, validation

Language = Literal["en", "pt"]
_language = "en"
_has_progress = os.environ.get("NEXMO_NB_PROGRESS") != "0"
_is_hidden: ContextVar[bool] = ContextVar("_is_hidden", default=False)
_report_budget: float | None = None
_report_price: float | None = None
_report_spending: dict[str, float] = {}


def set_options(
    *,
    mask: bool | None = None,
    language: Language | None = None,
    progress: bool | None = None,
    report_budget: float | None = None,
    report_price: float | None = None,
) -> dict[str, Any]:
    """Set the options of this process: of display, and of what reading records may cost.

    Parameters
    ----------
    mask : bool, optional
        True: what a cell displays, plots and forms show only the last three digits of phone numbers, so that a saved
        notebook is no phone list. False: they show every digit. Default: no change.
    language : {"en", "pt"}, optional
        The language of forms that are made from now on: English or Portuguese. Default: no change.
    progress : bool, optional
        False: lists of numbers that take long to read, such as those of twenty countries, show no bar, which a saved
        notebook would keep. Default: no change; at first they show one, unless the variable NEXMO_NB_PROGRESS is
        ``0``. `send_many`, `records` and `bill` have an argument of this name.
    report_budget : float, optional
        What `records` and the functions that use it may pay from now on, in the currency of reports: what could be more
        is refused before it is paid. ``float("inf")``: any amount, as at the start. Default: no change.
    report_price : float, optional
        What a record costs, by your contract. 0: what Nexmo says of earlier reports (product ``"REPORTS-USAGE"``), or
        else 0.0004 EUR, its list of 2020, as at the start. Default: no change.

    Returns
    -------
    dict
        The options in force.

    Raises
    ------
    InvalidRequestError
        If `mask` or `progress` is neither True nor False, `language` is not one of those named, or an amount is no
        number from 0.

    Notes
    -----
    The frames themselves do not change: what is computed, sent or written to a file has every digit. Masked is what
    IPython displays: frames, ``frame.style``, ``HTML(frame.to_html())``, values and lists taken out of a frame. Not
    masked are ``print(frame)``, files that ``frame.to_html("file")`` and the like write, HTML with a script in it, what
    a form of another library shows, and what is typed into a form's fields. To hand a frame on, use `mask`, which
    changes the frame. Every run of 7 to 15 digits that stands alone is taken for a phone number.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> nx.set_options(mask=True)
    {'mask': True, 'language': 'en', 'progress': True, 'report_budget': None, 'report_price': None}
    >>> nx.set_options(mask=False)["mask"]
    False
    """
    global _language, _has_progress, _report_budget, _report_price  # noqa: PLW0603 - options of the process
    budget = None if report_budget is None else _check_amount("report_budget", report_budget)
    price = None if report_price is None else _check_amount("report_price", report_price)
    if language is not None:
        language = validation.check_choice("language", language, get_args(Language))
    if mask is not None:
        masking.set_masking(validation.check_bool("mask", mask))
    if progress is not None:
        _has_progress = validation.check_bool("progress", progress)
    _language = language or _language
    if budget is not None:
        _report_budget = None if math.isinf(budget) else budget
        _report_spending.clear()
    if price is not None:
        _report_price = price or None
    amounts = {"report_budget": _report_budget, "report_price": _report_price}
    return {"mask": masking.is_masking(), "language": _language, "progress": _has_progress, **amounts}


def get_language() -> str:
    return _language


def has_progress() -> bool:
    """Tell whether lists that take long show a bar."""
    return _has_progress and not _is_hidden.get()


@contextmanager
def hide_progress() -> Iterator[None]:
    """Show no bar of lists in this thread, whatever the option says."""
    before = _is_hidden.set(True)
    try:
        yield
    finally:
        _is_hidden.reset(before)


def get_report_budget(currency: str) -> float | None:
    """Return what is left of the budget for reports; None where there is none."""
    return None if _report_budget is None else _report_budget - _report_spending.get(currency, 0.0)


def add_report_spending(currency: str, amount: float) -> None:
    _report_spending[currency] = _report_spending.get(currency, 0.0) + amount


def get_report_price() -> float | None:
    return _report_price


def _check_amount(name: str, value: Any) -> float:
    amount = math.nan
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        with suppress(OverflowError):  # of an integer that no float can be
            amount = float(value)
    if math.isnan(amount) or amount < 0 or (name == "report_price" and math.isinf(amount)):
        raise validation.invalid_argument(name, value, "a number from 0")
    return amount
