"""Parameters that arrive as text."""

from __future__ import annotations

from typing import Any

import pytest

from nexmo_nb.sandbox.validation import is_int_between, is_url


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *(("1", True), ("10", True), ("010", True), ("0", False), ("11", False), ("", False), ("-1", False)),
        *(("1.5", False), (" 1", False), ("²", False), ("١", False), ("1" * 5000, False)),
    ],
)
def test_whole_numbers_are_ascii_digits_within_bounds(text: str, answer: bool) -> None:
    assert is_int_between(text, 1, 10) is answer


@pytest.mark.parametrize(
    ("value", "answer"),
    [("https://example.org", True), ("http://x", True), ("example.org", False), ("ftp://x", False), (None, False)],
)
def test_urls_are_those_of_the_web(value: Any, answer: bool) -> None:
    assert is_url(value) is answer
