"""What becomes of a send, decided by plain data."""

from __future__ import annotations

from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.state.sends import state_after_error, state_of_parts, sum_prices, summarize_delivery


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
        ([("a", "delivered", 0.1), ("b", "failed", None)], "a b", "delivered, failed", None),
        ([("a", None, None), ("b", "delivered", 0.1)], "a b", "delivered", None),
    ],
)
def test_a_final_price_is_given_where_every_part_has_one(
    parts: list[Any], ids: str | None, delivery: str | None, price: float | None
) -> None:
    assert summarize_delivery(parts) == {"message_ids": ids, "delivery": delivery, "final_price": price}
