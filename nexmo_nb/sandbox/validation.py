"""Checks of parameters that arrive as text."""

from __future__ import annotations

from typing import Any


def is_int_between(text: str, low: int, high: int = 10**9) -> bool:
    # `isdigit` alone accepts superscripts, and `int` raises for thousands of digits.
    return text.isascii() and text.isdigit() and len(text) <= 12 and low <= int(text) <= high


def is_url(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))
