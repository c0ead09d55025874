"""Markup: what people and servers wrote is shown as text, and calls can be copied."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.forms.markup import (
    Markup,
    bubble_html,
    card_html,
    code_html,
    diff_table_html,
    message_html,
    result_html,
    table_html,
    text_html,
    write_call,
)
from nexmo_nb.forms.words import Words

HOSTILE = "<img src=x onerror=alert(1)> & 447700900123"
WORDS = Words("en")
PARTS = {
    "text": text_html(HOSTILE),
    "message": message_html(HOSTILE),
    "card": card_html(HOSTILE, Markup("")),
    "bubble": bubble_html(HOSTILE, HOSTILE),
    "table": table_html(pd.DataFrame({"text": [HOSTILE], HOSTILE: ["x"]}), HOSTILE, WORDS),
    "diff": diff_table_html([(HOSTILE, HOSTILE, HOSTILE)], HOSTILE, WORDS),
    "code": code_html(HOSTILE, WORDS),
}


@pytest.mark.parametrize("name", PARTS)
def test_markup_in_a_text_is_escaped(name: str) -> None:
    assert "<img" not in PARTS[name]
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; 447700900123" in PARTS[name]


def test_numbers_are_masked_where_that_is_wanted() -> None:
    nx.set_options(mask=True)
    try:
        shown = text_html(HOSTILE) + table_html(pd.DataFrame({"to": ["447700900123"]}), "To", WORDS)
    finally:
        nx.set_options(mask=False)
    assert "447700900123" not in shown
    assert shown.count("•••••••••123") == 2


def test_tables_show_amounts_with_the_same_decimals_and_flags_in_words() -> None:
    rows = pd.DataFrame({"price": [0.8, 1.25, None], "sms": [True, False, True], "country": ["NA", None, "<b>"]})
    cells = re.findall("<td>(.*?)</td>", table_html(rows, "Prices", WORDS))
    assert cells == ["0.80", "yes", "NA", "1.25", "no", "", "", "yes", "&lt;b&gt;"]


def test_columns_without_a_value_are_left_out() -> None:
    assert re.findall(
        "<th scope[^>]*>(.*?)</th>", table_html(pd.DataFrame({"to": ["1"], "problem": [None]}), "Rows", WORDS)
    ) == ["To"]


@pytest.mark.parametrize(
    ("arguments", "options", "call"),
    [
        ((), {}, "nx.owned_numbers()"),
        (("'GB'", "plan"), {}, "nx.owned_numbers('GB', plan)"),
        ((), {"function": "x", "limit": 2}, "nx.owned_numbers(function='x', limit=2)"),
        (("'GB'",), {"sms": True}, "nx.owned_numbers('GB', sms=True)"),
    ],
)
def test_a_call_is_written_as_python(arguments: tuple[str, ...], options: dict[str, object], call: str) -> None:
    assert write_call("owned_numbers", *arguments, **options) == call


def test_a_result_is_a_table_with_the_call_below() -> None:
    table, code = result_html("Done", pd.DataFrame({"to": ["1"]}), "nx.f()", WORDS)
    assert "<caption>Done</caption>" in table
    assert "nx.f()" in code
