"""Checks of parameters that arrive as text."""

from __future__ import annotations

import re
from typing import Any


def is_int_between(text: str, low: int, high: int = 10**9) -> bool:
    # `isdigit` accepts superscripts, and `int` digits of every script; it raises for thousands of digits.
    return re.fullmatch("[0-9]{1,13}", text) is not None and low <= int(text) <= high


def read_whole(name: str, value: Any, low: int, high: int) -> int:
    """Read a whole number, also as text; ValueError for anything else."""
    if isinstance(value, str) and is_int_between(value, low, high):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise ValueError(f"{name}: got {show(value)}; allowed: a whole number from {low:,} to {high:,}.")


def read_amount(name: str, value: Any, high: float) -> float:
    """Read a number from 0 to `high`, also as text; ValueError for anything else."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", value):
        value = float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= high:
        return float(value)
    raise ValueError(f"{name}: got {show(value)}; allowed: a number from 0 to {high:,}.")


def show(value: Any) -> str:
    """Show a value in a message, shortened. An integer of thousands of digits has no repr."""
    try:
        return repr(value)[:80]
    except ValueError:
        return f"a {type(value).__name__}"


def read_flag(value: Any) -> bool:
    """Read a boolean of JSON, or one that a query or form spells in any case, or as 1 or 0; else ValueError."""
    flag = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if flag is None:
        raise ValueError(f"got {show(value)}; allowed: true, false, 1, 0.")
    return flag


def is_flag(value: Any) -> bool:
    return str(value).lower() in ("true", "1", "false", "0")


def is_url(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))
