"""What becomes of a send, decided by plain data."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.state.sends import (
    BatchRow,
    Entry,
    compute_digest,
    match_entries,
    open_states_of,
    state_after_error,
    state_of_parts,
    sum_prices,
    summarize_delivery,
)


def left(problem: BaseException, value: bool) -> BaseException:
    problem.left = value  # type: ignore[attr-defined]
    return problem


@pytest.mark.parametrize(
    ("problem", "state"),
    [
        (nx.UnknownOutcomeError("no answer"), "unknown"),
        (nx.RejectedError("no credit"), "rejected"),
        (nx.AuthenticationError("bad secret"), "rejected"),
        (nx.InvalidRequestError("bad number"), "rejected"),
        (nx.NotFoundError("no such path"), "rejected"),
        (nx.RateLimitedError("too fast"), None),
        (nx.UnreachableError("no connection"), None),
        (KeyboardInterrupt(), "unknown"),
        (ValueError("of our own"), "unknown"),
        (left(KeyboardInterrupt(), True), "unknown"),
        (left(KeyboardInterrupt(), False), None),
        (left(ValueError("of our own"), False), None),
        (left(nx.UnknownOutcomeError("no answer"), True), "unknown"),
    ],
)
def test_an_error_makes_a_send_unknown_unless_surely_nothing_left(problem: BaseException, state: str | None) -> None:
    assert state_after_error(problem) == state


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["0"], "accepted"),
        (["started"], "accepted"),
        (["0", "0"], "accepted"),
        (["0", "1"], "partial"),
        (["1", "0"], "partial"),
        (["0", None], "partial"),
        ([], "accepted"),
    ],
)
def test_a_send_is_accepted_where_every_part_is(statuses: list[str | None], state: str) -> None:
    assert state_of_parts([{"status": status} for status in statuses]) == state


@pytest.mark.parametrize(
    ("prices", "total"),
    [
        ([], None),
        ([None], None),
        (["nonsense"], None),
        (["0.05"], 0.05),
        (["0.1", "0.2"], 0.3),
        (["0.05", None], 0.05),
        ([0.0], 0.0),
        (["0.123456789", "1"], 1.12345679),
    ],
)
def test_prices_add_up_as_far_as_they_can_be_read(prices: list[Any], total: float | None) -> None:
    assert sum_prices([{"price": price} for price in prices]) == total


@pytest.mark.parametrize(
    ("parts", "ids", "delivery", "price"),
    [
        ([], None, None, None),
        ([(None, None, None)], None, None, None),
        ([("a", "delivered", 0.1), ("b", "delivered", 0.2)], "a b", "delivered", 0.3),
        ([("a", "delivered", 0.123456789)], "a", "delivered", 0.12345679),
        ([("a", "delivered", 0.1), ("b", "failed", None)], "a b", "delivered, failed", None),
        ([("a", None, None), ("b", "delivered", 0.1)], "a b", "delivered", None),
    ],
)
def test_a_final_price_is_given_where_every_part_has_one(
    parts: list[Any], ids: str | None, delivery: str | None, price: float | None
) -> None:
    assert summarize_delivery(parts) == {"message_ids": ids, "delivery": delivery, "final_price": price}


@pytest.mark.parametrize(("resend", "states"), [(False, ("planned",)), (True, ("planned", "not_found"))])
def test_what_is_sent_when_a_batch_is_run_again(resend: bool, states: tuple[str, ...]) -> None:
    assert open_states_of(resend) == states


@pytest.mark.parametrize(
    ("known", "wanted", "found", "changed"),
    [
        # Each as recipient and content; known ones in small letters are open, others were sent.
        ([], ["A1"], [None], []),
        (["A1"], ["A1"], ["A1"], []),
        (["a1"], ["A1"], ["a1"], []),
        (["a1"], ["A2"], ["a1"], []),
        (["A1"], ["A2"], [None], ["A2"]),
        (["A1"], ["A1", "A2"], ["A1", None], []),
        (["A1"], ["A2", "A3"], [None, None], ["A2", "A3"]),
        (["A1", "a2"], ["A3"], [None], ["A3"]),
        (["A1", "a2"], ["A1", "A3"], ["A1", "a2"], []),
        (["A1", "A2"], ["A1", "A3"], ["A1", None], ["A3"]),
        (["a1", "a2"], ["A3", "A4", "A5"], ["a1", "a2", None], []),
        (["a1"], ["B1"], [None], []),
        (["A1"], ["B1"], [None], []),
        (["a1"], ["A1", "A2"], ["a1", None], []),
    ],
)
def test_which_row_an_entry_is(
    known: list[str], wanted: list[str], found: list[str | None], changed: list[str]
) -> None:
    rows = [BatchRow(n, n[0].upper(), "planned" if n.islower() else "accepted", n[1]) for n in known]
    entries = [Entry("new", n, "sms", n[1], n[0], None, None) for n in wanted]
    matches, others = match_entries(entries, rows, ("planned",))
    assert [match and match.id for match in matches] == found
    assert [entry.what for entry in others] == changed


def test_a_digest_stands_for_the_content_whatever_the_order() -> None:
    assert compute_digest({"a": 1, "b": None}) == compute_digest({"b": None, "a": 1})
    assert len(compute_digest({})) == 64
    different = [{"a": 1}, {"a": "1"}, {"a": None}, {"b": 1}, {"a": 1, "b": None}, {"a": date(2026, 1, 1)}, {}]
    assert len({compute_digest(each) for each in different}) == len(different)


def test_a_digest_is_the_one_of_earlier_versions() -> None:
    """It is in the ledgers of people: another one would make every key theirs no more."""
    expected = "d04643c9cb34d3a8031ec5a144f78fec"
    assert compute_digest({"to": "1", "text": "\u00e9", "ttl": 5}).startswith(expected)
