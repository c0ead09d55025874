"""The rows of a plan: what each sends, which wait, which are left out; and every refusal, word for word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.campaigns.caps import Cap
from nexmo_nb.campaigns.decisions import Estimate
from nexmo_nb.campaigns.rows import (
    NO_PRICE,
    Row,
    find_notable,
    find_waiting,
    read_rows,
    show_label,
    show_labels,
    skip_doubtful,
    skip_unpriced,
)
from nexmo_nb.state.sends import BatchRow, compute_digest

TO = "447700900001"
PLANNED: dict[str, Any] = {
    "to": TO, "sender": "Demo", "text": "Hello", "encoding": "gsm7", "parts": 1, "price_low": 0.01, "price_high": 0.02,
    "currency": "EUR", "problem": None, "warning": None, "warning_code": None,
}  # fmt: skip


def plan(*changes: dict[str, Any], index: Any = None) -> pd.DataFrame:
    return pd.DataFrame([{**PLANNED, **change} for change in changes], index=index)


def make_row(place: int = 0, **facts: Any) -> Row:
    fields = {"to": TO, "from": "Demo", "type": "text", "text": "Hello"}
    given = {"label": f"r{place}", "fields": fields, "digest": "d", "estimate": Estimate(0.01, 0.02)}
    return Row(place, **{**given, "currency": "EUR", "warning": None, "warning_code": None, **facts})


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_row_has_what_is_sent_and_what_it_may_cost() -> None:
    (row,) = read_rows(plan({"warning": "odd", "warning_code": "landline"}, index=["x"]), {})
    assert (row.place, row.label, row.estimate, row.currency) == (0, "x", Estimate(0.01, 0.02), "EUR")
    assert (row.warning, row.warning_code) == ("odd", "landline")
    content = {"to": TO, "from": "Demo", "type": "text", "text": "Hello"}
    assert {name: row.fields[name] for name in content} == content
    assert row.digest == compute_digest(content)


@pytest.mark.parametrize(
    ("low", "high", "estimate"),
    [
        (0.01, 0.02, Estimate(0.01, 0.02)), (None, 0.02, Estimate(0.0, 0.02)), (np.nan, 0.02, Estimate(0.0, 0.02)),
        (0.01, None, None), (0.01, np.nan, None), (0, 0, Estimate(0.0, 0.0)),
    ],
)  # fmt: skip
def test_a_row_without_a_high_price_has_no_estimate(low: Any, high: Any, estimate: Estimate | None) -> None:
    (row,) = read_rows(plan({"price_low": low, "price_high": high}), {})
    assert row.estimate == estimate


def test_rows_keep_their_places_and_labels_beside_those_with_a_problem() -> None:
    table = plan({"text": "a"}, {"problem": "to: no"}, {"text": "c"}, index=[5, 5, 7])
    assert [(row.place, row.label, row.fields["text"]) for row in read_rows(table, {})] == [(0, 5, "a"), (2, 7, "c")]


def test_a_plan_of_before_has_no_warnings() -> None:
    (row,) = read_rows(plan({}).drop(columns=["warning", "warning_code"]), {})
    assert (row.warning, row.warning_code) == (None, None)


def test_options_are_sent_and_make_no_other_message() -> None:
    (one,), (two,) = (
        read_rows(plan({}), {}),
        read_rows(plan({}), {"ttl": 30_000, "account_ref": "a", "message_class": None}),
    )
    assert (two.fields["ttl"], two.fields["account-ref"]) == ("30000", "a")
    assert "ttl" not in one.fields
    assert one.digest == two.digest


@pytest.mark.parametrize("change", [{"to": "447700900002"}, {"sender": "Other"}, {"text": "Bye"}, {"encoding": "ucs2"}])
def test_who_gets_what_from_whom_makes_another_message(change: dict[str, Any]) -> None:
    (one,), (two,) = read_rows(plan({}), {}), read_rows(plan(change), {})
    assert one.digest != two.digest


def test_a_text_of_other_characters_is_sent_as_such() -> None:
    (row,) = read_rows(plan({"encoding": "ucs2", "text": "ж"}), {})
    assert row.fields["type"] == "unicode"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": "a" * 161}, "plan: got '{a}…{b}' (163 characters); allowed: texts of as many parts as the column "
         "'parts' says. The text of row 'x' has more: make the plan again with it."),
        ({"parts": None}, "plan: got 'Hello'; allowed: texts of as many parts as the column 'parts' says. The text of "
         "row 'x' has more: make the plan again with it."),
        ({"to": "+44 7700 900001"}, "plan: got '+44 7700 900001'; allowed: numbers as plan_sms() writes them, here "
         "'447700900001'. It stands in row 'x'."),
    ],
)  # fmt: skip
def test_a_row_that_was_changed_by_hand_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(nx.InvalidRequestError) as caught:
        read_rows(plan(change, index=["x"]), {})
    assert str(caught.value) == words.format(a="a" * 49, b="a" * 25)


def test_a_row_that_cannot_be_sent_says_where_it_stands() -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^to: got .* It stands in row 'x' of the plan\.$"):
        read_rows(plan({"to": "nobody"}, index=["x"]), {})


@pytest.mark.parametrize(
    ("change", "is_read"),
    [
        ({"text": "a" * 160}, True), ({"text": "a" * 161, "parts": 2}, True), ({"text": "a" * 161, "parts": 3}, True),
        ({"text": "a" * 71, "encoding": "ucs2"}, False), ({"text": "a" * 70, "encoding": "ucs2"}, True),
        # Without a price there is no cap that could be passed.
        ({"text": "a" * 161, "price_high": None}, True),
    ],
)  # fmt: skip
def test_a_text_may_have_the_parts_that_it_was_priced_for(change: dict[str, Any], is_read: bool) -> None:
    if is_read:
        assert len(read_rows(plan(change), {})) == 1
    else:
        with pytest.raises(nx.InvalidRequestError, match="more: make the plan again"):
            read_rows(plan(change), {})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"client_ref": "r"}, "^options: got 'client_ref'; allowed: "),
        ({"tll": None}, "^options: got 'tll'; allowed: "),
        ({"ttl": 1}, "^ttl: got 1; allowed: "),
    ],
)
def test_wrong_options_are_refused_though_no_row_is_sent(options: dict[str, Any], words: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=words):
        read_rows(plan({"problem": "to: no"}), options)


def test_one_text_twice_for_one_number_is_refused() -> None:
    with pytest.raises(nx.InvalidRequestError) as caught:
        read_rows(plan({}, {"text": "Bye"}, {"sender": "Other"}, index=["x", "y", "z"]), {})
    assert str(caught.value) == (
        f"plan: got '{TO}'; allowed: each text once for each recipient. The rows 'x' and 'z' have the same number and "
        "the same text, and no problem."
    )
    assert len(read_rows(plan({}, {"text": "Bye"}, {"to": "447700900002"}, {"problem": "no"}), {})) == 3


def test_an_entry_names_its_row() -> None:
    entry = make_row(3, label=("x", 1)).to_entry("i1", "sms")
    assert (entry.id, entry.what, entry.kind, entry.digest) == ("i1", f"row ('x', 1), to {TO}", "sms", "d")
    assert (entry.recipient, entry.sender, entry.body) == (TO, "Demo", "Hello")
    assert (entry.client_ref, entry.key) == (None, None)


# --- what waits, and what is left out --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "again", "waits"),
    [
        ("planned", False, True), ("sending", False, False), ("accepted", False, False), ("partial", False, False),
        ("rejected", False, False), ("unknown", False, False), ("not_found", False, False), ("planned", True, True),
        ("not_found", True, True), ("accepted", True, False), ("unknown", True, False), ("sending", True, False),
        ("partial", True, False), ("rejected", True, False),
    ],
)  # fmt: skip
def test_only_what_was_never_sent_may_be_sent(state: str, again: bool, waits: bool) -> None:
    row = make_row()
    assert find_waiting([row], [BatchRow("i", TO, state, "d")], again) == ([row] if waits else [])
    # Another content, or another recipient, is another message.
    for other in (BatchRow("i", TO, state, "e"), BatchRow("i", "1", state, "d")):
        assert find_waiting([row], [other], again) == [row]


def test_rows_in_doubt_are_sent_left_out_or_refused_as_the_caller_says() -> None:
    rows = [make_row(0), make_row(1, warning="odd", warning_code="landline"), make_row(2, warning="very")]
    assert skip_doubtful(rows, "send") == {}
    assert skip_doubtful(rows, "skip") == {1: "odd", 2: "very"}
    assert skip_doubtful(rows[:1], "refuse") == {}
    with pytest.raises(nx.InvalidRequestError) as caught:
        skip_doubtful([*rows, make_row(3, warning="odd", warning_code="landline")], "refuse")
    assert str(caught.value) == (
        "plan: got 3 rows with a warning (landline: 2, other: 1), in rows 'r1', 'r2', 'r3'; allowed: rows without a "
        "warning. Nothing was sent. Look at the column 'warning': clean the list, or pass doubtful='send' to send them "
        "as they are, or doubtful='skip' to leave them out."
    )


def test_the_commonest_doubts_are_counted() -> None:
    codes = [code for n, code in enumerate("abcdefg", 1) for _ in range(n)]
    rows = [make_row(n, warning="odd", warning_code=code) for n, code in enumerate(codes)]
    with pytest.raises(
        nx.InvalidRequestError, match=r"got 28 rows with a warning \(g: 7, f: 6, e: 5, d: 4, c: 3\), the f"
    ):
        skip_doubtful(rows, "refuse")


CAP = Cap(5.0, 0.0)


def test_rows_without_a_price_are_left_out_or_refused_as_the_caller_says() -> None:
    rows = [make_row(0), make_row(1, estimate=None), make_row(2, estimate=None)]
    assert skip_unpriced(rows[:1], "refuse", CAP) == {}
    assert skip_unpriced(rows, "skip", CAP) == {1: NO_PRICE, 2: NO_PRICE}
    with pytest.raises(nx.InvalidRequestError) as caught:
        skip_unpriced(rows, "refuse", CAP)
    assert str(caught.value) == (
        "max_cost: got 5.0; allowed: a plan with prices. 2 rows have none, in rows 'r1', 'r2': no cap can be kept. "
        "Nothing was sent. Pass unpriced='skip' to leave them out."
    )


# --- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1, "in row 'r0'"),
        (2, "in rows 'r0', 'r1'"),
        (5, "in rows 'r0', 'r1', 'r2', 'r3', 'r4'"),
        (6, "the first in rows 'r0', 'r1', 'r2', 'r3', 'r4'"),
    ],
)
def test_the_first_labels_are_shown(count: int, shown: str) -> None:
    assert show_labels(find_notable([make_row(n) for n in range(count)]).labels) == shown


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        (5, "5"), ("x", "'x'"), (("x", 1), "('x', 1)"), (tuple("abcdefg"), "('a', 'b', 'c', 'd', 'e')"),
        ("a\nb", r"'a\nb'"), ("x" * 58, f"'{'x' * 58}'"), ("x" * 59, f"'{'x' * 58}…"), (None, "None"), (1.5, "1.5"),
    ],
)  # fmt: skip
def test_a_label_is_shown_on_one_short_line(label: Any, shown: str) -> None:
    assert show_label(label) == shown
