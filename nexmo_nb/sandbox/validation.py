"""Checks of parameters that arrive as text."""

from __future__ import annotations

from typing import Any


def is_int_between(text: str, low: int, high: int = 10**9) -> bool:
    """Tell whether a text is a whole number, in ASCII digits alone, within bounds."""
    # `isdigit` alone accepts superscripts, and `int` raises for thousands of digits.
    return text.isascii() and text.isdigit() and len(text) <= 12 and low <= int(text) <= high


def is_url(value: Any) -> bool:
    """Tell whether a value is the address of a web page."""
    return isinstance(value, str) and value.startswith(("http://", "https://"))
