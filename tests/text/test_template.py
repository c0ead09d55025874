"""Texts with names in braces: which names they have, and what fills them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.text.template import fill_template, find_names, write_value


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("Hello", []),
        ("", []),
        ("{{Hello}}", []),
        ("Hello {name}", ["name"]),
        ("{a} {b} {a}", ["a", "b"]),
        ("{days:d} {price:.2f} {name!r}", ["days", "price", "name"]),
        ("{first name}", ["first name"]),
        ("{n:999}", ["n"]),
    ],
)
def test_names_are_found_once_and_in_order(template: str, names: list[str]) -> None:
    assert find_names(template) == names


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("Hi {", "write {{ for a brace"),
        ("Hi }", "write {{ for a brace"),
        ("Hi {}", "is none"),
        ("Hi {name.first}", "is none"),
        ("Hi {name[0]}", "is none"),
        # As wide as the memory.
        ("Hi {name:10000}", "is none"),
        ("Hi {name:{width}}", "is none"),
        (5, "allowed: text"),
    ],
)
def test_what_is_no_template_is_refused(template: Any, reason: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^text: got") as caught:
        find_names(template)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("Hello {name}", {"name": "Ana"}, "Hello Ana"),
        ("{{{name}}}", {"name": "Ana"}, "{Ana}"),
        ("{price:.2f}", {"price": 0.5}, "0.50"),
        ("{n}", {"n": 0}, "0"),
        ("{n}", {"n": False}, "False"),
        ("{{ok}}", {}, "{ok}"),
        # A value's own braces are text.
        ("{a}", {"a": "{b}"}, "{b}"),
    ],
)
def test_values_fill_a_template(template: str, values: dict[str, Any], text: str) -> None:
    assert fill_template(template, values) == text


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, pd.NaT, "", "  ", "\n"])
def test_a_template_is_never_filled_by_half(value: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^text: the column 'b' is empty$"):
        fill_template("{a} and {b}", {"a": "x", "b": value})
    with pytest.raises(nx.InvalidRequestError, match="^text: it is empty$"):
        write_value(value)


def test_a_value_that_its_format_does_not_take_is_named() -> None:
    with pytest.raises(nx.InvalidRequestError, match="^text: cannot be filled"):
        fill_template("{n:d}", {"n": "x"})


def test_a_number_too_long_to_write_is_refused() -> None:
    with pytest.raises(nx.InvalidRequestError, match="^text: cannot be written"):
        write_value(10**5000)
    with pytest.raises(nx.InvalidRequestError, match="^text: the column 'n' is empty"):
        fill_template("{n}", {"n": 10**5000})


@pytest.mark.parametrize(("value", "text"), [("Hi", "Hi"), (5, "5"), (0, "0"), (" a ", " a ")])
def test_a_value_is_written_as_it_is(value: Any, text: str) -> None:
    assert write_value(value) == text
