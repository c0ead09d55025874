"""Texts with names in braces: which names they have, and what fills them."""

from __future__ import annotations

import contextlib
import pickle
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.text.cells import PROBLEMS, TextProblem
from nexmo_nb.text.template import Template, compile_template


class Hostile:
    """A value whose every way to be written raises an error."""

    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def __str__(self) -> str:
        raise self.error("no\ntext", self)

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        raise self.error


class Mute(str):
    """A text that cannot be formatted."""

    def __format__(self, spec: str) -> str:
        raise KeyError(spec)


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("Hello", ()),
        ("", ()),
        ("{{Hello}}", ()),
        ("Hello {name}", ("name",)),
        ("{a} {b} {a}", ("a", "b")),
        ("{days:d} {price:.2f} {name!r}", ("days", "price", "name")),
        ("{first name}", ("first name",)),
        ("{n:999}", ("n",)),
        ("{n:٩٩٩}", ("n",)),
        ("{1}", ("1",)),
    ],
)
def test_names_are_found_once_and_in_order(template: str, names: tuple[str, ...]) -> None:
    assert compile_template(template).names == names


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("Hi {", "write {{ for a brace"),
        ("Hi }", "write {{ for a brace"),
        ("Hi {}", "{} is none"),
        ("Hi {:>5}", "{:>5} is none"),
        ("Hi {name.first}", "{name.first} is none"),
        ("Hi {name[0]}", "{name[0]} is none"),
        ("Hi {name!x}", "{name!x} is none"),
        # As wide as the memory.
        ("Hi {name:10000}", "is none"),
        ("Hi {name:>٩٩٩٩٩٩٩٩٩}", "is none"),
        ("Hi {name:.９９９９}", "is none"),
        ("Hi {name:१२३४}", "is none"),
        ("Hi {name:{width}}", "is none"),
        (5, "allowed: text"),
        (None, "allowed: text"),
    ],
)
def test_what_is_no_template_is_refused(template: Any, reason: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^text: got") as caught:
        compile_template(template)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("Hello {name}", {"name": "Ana"}, "Hello Ana"),
        ("{{{name}}}", {"name": "Ana"}, "{Ana}"),
        ("{price:.2f}", {"price": 0.5}, "0.50"),
        ("{price:.2f}", {"price": Decimal("0.5")}, "0.50"),
        ("{day:%d.%m.%Y}", {"day": pd.Timestamp("2026-11-24")}, "24.11.2026"),
        ("{day:%d.%m.%Y}", {"day": date(2026, 11, 24)}, "24.11.2026"),
        ("{days:d}", {"days": np.int64(3)}, "3"),
        ("{name!r}", {"name": "Ana"}, "'Ana'"),
        ("{name!s:>5}", {"name": "Ana"}, "  Ana"),
        ("{n}", {"n": 0}, "0"),
        ("{n}", {"n": False}, "False"),
        ("{{ok}}", {}, "{ok}"),
        ("{1}", {"1": "x"}, "x"),
        (" {a} ", {"a": " b "}, "  b  "),
        # A value's own braces are text.
        ("{a}", {"a": "{b}"}, "{b}"),
    ],
)
def test_values_fill_a_template(template: str, values: dict[str, Any], text: str) -> None:
    assert compile_template(template).fill(values, {}) == text


def test_a_plain_name_is_written_by_the_writer_of_its_column_and_a_format_gets_the_value() -> None:
    template = compile_template("{n} {n:.1f} {n!s} {other}")
    assert template.fill({"n": 3, "other": 4}, {"n": lambda value: f"<{value}>"}) == "<3> 3.0 3 4"


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, pd.NaT, "", "  ", "\n", "\u00a0"])
@pytest.mark.parametrize("template", ["{a} and {b}", "{a} and {b:>5}", "{a} and {b!s}"])
def test_a_template_is_never_filled_by_half(template: str, value: Any) -> None:
    with pytest.raises(TextProblem, match=r"^text: The column 'b' is empty\.$") as caught:
        compile_template(template).fill({"a": "x", "b": value}, {})
    assert caught.value.code == "text_missing"


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(TextProblem, match=r"There is no column 'b'\.") as caught:
        compile_template("{a} {b}").fill({"a": "x"}, {})
    assert caught.value.code == "text_missing"


ERRORS = ["#N/A", "nan", "None", "NULL", "<NA>", "NaT", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"]
ERRORS += ["#NV", "#¡REF!", "inf"]


@pytest.mark.parametrize(
    "value",
    [
        *ERRORS,
        *map(str.swapcase, ERRORS),
        *(f" {word}\n" for word in ERRORS),
        "\u200b",
        " \u200b\ufeff",
        "\u200d\ufe0f",
        "\u2800",
        "\u3164",
        "\u00ad",
        float("inf"),
        -np.inf,
        np.float32("nan"),
        Decimal("nan"),
        Decimal("-Infinity"),
    ],
)
def test_what_stands_for_a_missing_value_is_no_value(value: Any) -> None:
    with pytest.raises(TextProblem, match="^text: The column 'name' holds ") as caught:
        compile_template("Hi {name}").fill({"name": value}, {})
    assert caught.value.code == "text_error_value"


@pytest.mark.parametrize("value", ["Nanette", "Nullmeier", "N/A", "#1", "-", "0", "👍🏽", "مرحبا", "a\u200b", "."])
def test_other_words_are_values(value: str) -> None:
    assert compile_template("{name}").fill({"name": value}, {}) == value


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{n:d}", 3.5),
        ("{n:%d.%m.%Y}", 5),
        ("{n!s:q}", "x"),
        pytest.param("{n}", 10**5000, id="many digits"),
        # They have as many digits as the memory.
        ("{n:f}", Decimal("1E+999999999")),
        ("{n:,.2f}", Decimal("-1E+999999999")),
        ("{n:f}", Decimal("1E-999999999")),
        pytest.param("{n:d}", 10**5000, id="many digits with a format"),
        ("{n!s:x}", Mute("x")),
        *(
            (template, Hostile(error))
            for template in ("{n}", "{n:>5}", "{n!r}", "{n!a}")
            for error in (KeyError, OSError)
        ),
        ("{n}", Hostile(ValueError)),
    ],
)
def test_what_cannot_be_written_in_its_format_is_a_problem_of_the_row(template: str, value: Any) -> None:
    with pytest.raises(TextProblem, match="^text: It cannot be filled with the column 'n' ") as caught:
        compile_template(template).fill({"n": value}, {})
    assert caught.value.code == "text_format"
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("template", ["{n:d}", "{n:.2f}", "{n:%d.%m.%Y}", "{n:q}"])
def test_text_that_should_be_a_number_or_a_date_is_a_problem_that_says_how_to_make_it_one(template: str) -> None:
    with pytest.raises(TextProblem, match=r"'n' holds text, .*pd\.to_numeric or pd\.to_datetime") as caught:
        compile_template(template).fill({"n": "3"}, {})
    assert caught.value.code == "text_format"


CELLS = st.one_of(
    st.text(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.binary(),
    st.none(),
    st.lists(st.integers()),
    st.sampled_from([pd.NA, pd.NaT, np.datetime64("NaT", "ns"), Hostile(RuntimeError), Mute("x"), object(), int, 1j]),
)


FORMATS = ["{a}", "{a!r}", "{a:>9}", "{a:.2f}", "{a:d}", "{a:%H:%M}", "{a:,}", "{a:z}", "x{a}{a:c}"]


def find_code(template: Template, values: dict[str, Any]) -> str | None:
    """Fill a template; give the code of the problem, if there is one."""
    try:
        text = template.fill(values, {})
    except TextProblem as problem:
        return problem.code
    return None if len(text) < 20_000 else "too long"


@given(st.sampled_from(FORMATS), CELLS)
def test_any_cell_fills_a_template_or_is_a_problem_with_a_known_code(template: str, cell: Any) -> None:
    assert find_code(compile_template(template), {"a": cell}) in (None, *PROBLEMS)


@given(st.text(st.sampled_from("{}[].!:ab9٩ %d<\u200b"), max_size=12), CELLS)
def test_any_text_is_a_template_or_is_refused(text: str, cell: Any) -> None:
    with contextlib.suppress(nx.InvalidRequestError):
        template = compile_template(text)
        assert find_code(template, dict.fromkeys(template.names, cell)) in (None, *PROBLEMS)


def test_a_problem_survives_a_pickle() -> None:
    problem = pickle.loads(pickle.dumps(TextProblem("text_missing", "The column 'a' is empty.")))
    assert (problem.code, problem.reason) == ("text_missing", "The column 'a' is empty.")
    assert str(problem) == "text: The column 'a' is empty."


@pytest.mark.parametrize(
    "value", [np.float32("nan"), np.float32("inf"), np.datetime64("NaT", "ns"), np.timedelta64("NaT", "ns")]
)
@pytest.mark.parametrize("template", ["{a}", "{a!s}", "{a:}", "{a:.2f}"])
def test_missing_values_of_numpy_are_never_written(template: str, value: Any) -> None:
    assert find_code(compile_template(template), {"a": value}) in ("text_missing", "text_error_value")
