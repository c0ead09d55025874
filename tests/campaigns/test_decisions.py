"""The decisions of a batch, case by case: what may leave, what an answer calls for, what prices tell."""

from __future__ import annotations

from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb import validation
from nexmo_nb.campaigns.caps import Cap, check_cap
from nexmo_nb.campaigns.decisions import (
    Action,
    Backoff,
    Estimate,
    Prices,
    average_seconds,
    choose_action,
    count_allowed,
    count_workers,
    find_pause,
    find_price,
    learn_price,
    must_stop,
    record_doubt,
    record_failure,
    record_pause,
    record_progress,
)
from nexmo_nb.session import LateError

NO_CAP = Prices()
CALM = Backoff()


# --- what may leave now ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("workers", "waiting", "in_flight", "backoff", "allowed"),
    [
        (8, 8, 0, CALM, 8),
        (8, 3, 0, CALM, 3),
        (8, 8, 5, CALM, 3),
        (8, 8, 8, CALM, 0),
        (8, 0, 0, CALM, 0),
        # After a failure one message goes at a time.
        (8, 8, 0, Backoff(failures=1), 1),
        (8, 8, 1, Backoff(failures=1), 0),
        (8, 8, 5, Backoff(failures=3), 0),
        # Nothing leaves before a pause that is due, whatever came through meanwhile.
        (8, 8, 0, Backoff(failures=1, is_due=True), 0),
        (8, 8, 0, Backoff(is_due=True), 0),
        # Pauses that are over hold nothing up.
        (8, 8, 0, Backoff(pauses=3), 8),
    ],
)
def test_without_a_cap_workers_and_failures_decide(
    workers: int, waiting: int, in_flight: int, backoff: Backoff, allowed: int
) -> None:
    assert count_allowed(workers, waiting, in_flight, NO_CAP, backoff) == allowed


@pytest.mark.parametrize(
    ("waiting", "in_flight", "prices", "allowed"),
    [
        # Until a price is known, one message goes at a time.
        (8, 0, Prices(True), 1),
        (8, 1, Prices(True), 0),
        (0, 0, Prices(True), 0),
        (8, 0, Prices(True, has_any=True), 8),
        (8, 2, Prices(True, 2.0, True), 6),
    ],
)
def test_under_a_cap_one_goes_at_a_time_until_a_price_is_known(
    waiting: int, in_flight: int, prices: Prices, allowed: int
) -> None:
    assert count_allowed(8, waiting, in_flight, prices, CALM) == allowed


def test_a_cap_does_not_lift_the_other_bounds() -> None:
    rich = Prices(True, has_any=True)
    assert count_allowed(2, 8, 1, rich, CALM) == 1
    assert count_allowed(8, 8, 0, rich, Backoff(failures=2)) == 1
    assert count_allowed(8, 8, 0, rich, Backoff(failures=2, is_due=True)) == 0


# --- what an answer calls for ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "action"),
    [
        (None, Action.COUNT),
        (nx.RateLimitedError("too fast", code="1"), Action.RETRY),
        (nx.UnreachableError("no connection"), Action.RETRY),
        (LateError("its slot was too old"), Action.REQUEUE),
        (nx.AuthenticationError("bad key", code="4"), Action.STOP),
        (nx.AuthenticationError("barred"), Action.STOP),
        (nx.RejectedError("no credit", code="9"), Action.STOP),
        (nx.RejectedError("no credit", code="low-balance"), Action.STOP),
        (nx.RejectedError("barred number", code="7"), Action.SKIP),
        (nx.RejectedError("another code that begins so", code="99"), Action.SKIP),
        (nx.RejectedError("no code"), Action.SKIP),
        (nx.UnknownOutcomeError("no answer"), Action.ASSUME_PAID),
        (nx.UnknownOutcomeError("no answer", code="9"), Action.ASSUME_PAID),
        (nx.InvalidRequestError("HTTP 422"), Action.ASSUME_PAID),
        (nx.NotFoundError("HTTP 404"), Action.ASSUME_PAID),
        (MemoryError(), Action.RAISE),
        (KeyboardInterrupt(), Action.RAISE),
    ],
)
def test_each_answer_calls_for_one_action(problem: BaseException | None, action: Action) -> None:
    assert choose_action(problem) is action


def test_only_what_surely_was_not_sent_returns_to_the_queue() -> None:
    assert {action for action in Action if action.returns_to_queue} == {
        Action.RETRY,
        Action.REQUEUE,
        Action.STOP,
    }


@pytest.mark.parametrize(
    ("action", "backoff", "stops"),
    [
        (Action.COUNT, CALM, False),
        (Action.SKIP, CALM, False),
        (Action.ASSUME_PAID, Backoff(failures=19), False),
        (Action.ASSUME_PAID, Backoff(failures=20), True),
        (Action.ASSUME_PAID, Backoff(failures=1, retry_after=61), False),
        (Action.STOP, CALM, True),
        (Action.RAISE, CALM, True),
        (Action.REQUEUE, Backoff(failures=99), False),
        (Action.RETRY, Backoff(failures=19), False),
        (Action.RETRY, Backoff(failures=20), True),
        (Action.RETRY, Backoff(failures=1, retry_after=60), False),
        (Action.RETRY, Backoff(failures=1, retry_after=61), True),
        # What was asked for before does not stop a message that came through.
        (Action.COUNT, Backoff(retry_after=61), False),
    ],
)
def test_what_stops_a_run(action: Action, backoff: Backoff, stops: bool) -> None:
    assert must_stop(action, backoff) is stops


# --- pauses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pauses", "retry_after", "seconds"),
    [
        (0, None, 0.5),
        (1, None, 1.0),
        (2, None, 2.0),
        (3, None, 4.0),
        (4, None, 8.0),
        (5, None, 8.0),
        (19, None, 8.0),
        (0, 7.0, 7.0),
        (4, 0.0, 0.0),
        (0, 45.0, 45.0),
    ],
)
def test_pauses_double_up_to_eight_seconds_unless_the_server_names_one(
    pauses: int, retry_after: float | None, seconds: float
) -> None:
    assert find_pause(Backoff(1, pauses, True, retry_after)) == seconds


def test_failures_and_pauses_are_counted_until_a_message_comes_through() -> None:
    failed = record_failure(record_failure(CALM, None, was_alone=True), 3.0, was_alone=True)
    assert failed == Backoff(failures=2, pauses=0, is_due=True, retry_after=3.0)
    assert record_failure(failed, None, was_alone=True).retry_after is None
    paused = record_pause(failed)
    assert (paused.failures, paused.pauses, paused.is_due) == (2, 1, False)
    assert record_progress(paused)[:3] == (0, 0, False)
    # Another message in flight failed: its pause is still due.
    assert record_progress(failed)[:3] == (0, 0, True)


@pytest.mark.parametrize(
    ("failures", "was_alone", "after"),
    [
        (0, False, 1),
        (7, False, 8),
        # However many are in flight when the server falters, they do not stop the batch by themselves.
        (8, False, 8),
        (8, True, 9),
        (19, True, 20),
    ],
)
def test_of_those_that_failed_together_eight_count_at_most(failures: int, was_alone: bool, after: int) -> None:
    before = Backoff(failures, pauses=1)
    assert record_failure(before, None, was_alone=was_alone) == Backoff(after, 1, True, None)
    assert record_doubt(before, was_alone=was_alone) == Backoff(after, 1)


# --- workers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pace", "seconds", "workers"),
    [
        (0.0, None, 8),
        (1000.0, None, 8),
        # As many as leave meanwhile, half as many more, and one.
        (30.0, 0.5, 24),
        (30.0, 1.0, 46),
        (30.0, 0.01, 2),
        (1.6, 0.3, 2),
        (30.0, 0.0, 1),
        (30.0, 30.0, 64),
        (1_000_000.0, 0.5, 64),
    ],
)
def test_workers_are_as_many_as_messages_leave_in_the_time_of_one(
    pace: float, seconds: float | None, workers: int
) -> None:
    assert count_workers(pace, seconds) == workers


def test_the_time_of_a_message_is_an_average_that_forgets() -> None:
    assert average_seconds(None, 2.0) == 2.0
    assert average_seconds(2.0, 2.0) == 2.0
    assert average_seconds(2.0, 10.0) == 3.0
    average = 2.0
    for _ in range(40):
        average = average_seconds(average, 0.1)
    assert average == pytest.approx(0.1, abs=0.02)


# --- money -----------------------------------------------------------------------------------------------------------


def part(price: float | None, status: str = "0") -> dict[str, Any]:
    return {"price": price, "status": status}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([part(0.03)], (0.03, True)),
        ([part(0.03), part(0.03)], (0.06, True)),
        ([part(0.0)], (0.0, True)),
        # A refused part has no price, and needs none.
        ([part(0.03), part(None, "5")], (0.03, True)),
        # A part without a price counts at least as the estimate.
        ([part(None)], (0.05, False)),
        ([part(0.03), part(None)], (0.05, False)),
        ([part(0.09), part(None)], (0.09, False)),
    ],
)
def test_an_accepted_message_counts_its_price(rows: list[dict[str, Any]], found: tuple[float, bool]) -> None:
    assert find_price(rows, Estimate(0.02, 0.05)) == pytest.approx(found)


@pytest.mark.parametrize(
    ("prices", "price", "estimate", "is_known", "after"),
    [
        (Prices(True), 1.0, Estimate(1.0, 1.0), True, Prices(True, 1.0, True)),
        # An assumed price says nothing about the estimates.
        (Prices(True), 1.0, Estimate(1.0, 1.0), False, Prices(True, 1.0, False)),
        (Prices(True, 1.0, True), 1.0, Estimate(1.0, 1.0), False, Prices(True, 1.0, True)),
        # A dearer one raises the factor, by the lowest price where there is one.
        (Prices(True), 3.0, Estimate(1.0, 2.0), True, Prices(True, 3.0, True)),
        (Prices(True), 3.0, Estimate(0.0, 2.0), True, Prices(True, 1.5, True)),
        # So do prices below one, as those of messages are.
        (Prices(True), 0.06, Estimate(0.02, 0.03), True, Prices(True, 3.0, True)),
        # A cheaper one, or one that is dear within its estimate, does not.
        (Prices(True, 1.5, True), 0.5, Estimate(1.0, 2.0), True, Prices(True, 1.5, True)),
        (Prices(True), 2.0, Estimate(1.0, 2.0), True, Prices(True, 1.0, True)),
        # The factor never falls.
        (Prices(True, 4.0, True), 3.0, Estimate(1.0, 2.0), True, Prices(True, 4.0, True)),
        # Without an estimate there is nothing to compare with.
        (Prices(True), 3.0, Estimate(), True, Prices(True, 1.0, True)),
        (Prices(), 3.0, Estimate(1.0, 2.0), True, Prices()),
    ],
)
def test_prices_teach_how_good_the_estimates_are(
    prices: Prices, price: float, estimate: Estimate, is_known: bool, after: Prices
) -> None:
    assert learn_price(prices, price, estimate, is_known=is_known) == after


GOOD: dict[str, Any] = {"high": 2.0, "messages": 40, "currencies": {"EUR"}, "may_stop": False}


@pytest.mark.parametrize(("cap", "left"), [(3.0, 2.0), (3, 2.0), (10.0, 9.0), (3.0 - 1e-10, 2.0), (3.0 - 1e-9, 2.0)])
def test_a_cap_leaves_what_is_not_spent_yet(cap: float, left: float) -> None:
    assert check_cap(Cap(cap, 1.0), **GOOD) == pytest.approx(left)


@pytest.mark.parametrize(
    ("cap", "facts", "reason"),
    [
        (
            2.99,
            {},
            r"got 2\.99; allowed: at least 3\.0000: 1\.0000 spent so far and up to 2\.0000 for 40 messages\. "
            r"Nothing was sent\. Raise the cap, plan fewer recipients \(see fit_budget\), or pass on_cap='stop' to "
            r"send as many as it allows\.$",
        ),
        (5.0, {"currencies": {"EUR", "USD"}}, r"a plan in one currency\. Amounts of several cannot be added\.$"),
        (5.0, {"currencies": {"EUR", "USD"}, "may_stop": True}, "a plan in one currency"),
    ],
)
def test_a_cap_that_cannot_be_kept_is_refused(cap: Any, facts: dict[str, Any], reason: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^max_cost: .*{reason}"):
        check_cap(Cap(cap, 1.0), **{**GOOD, **facts})


def test_a_cap_at_which_the_run_may_stop_can_be_below_the_estimate_and_even_spent() -> None:
    facts = {**GOOD, "may_stop": True}
    assert check_cap(Cap(2.5, 1.0), **facts) == pytest.approx(1.5)
    assert check_cap(Cap(0.5, 1.0), **facts) == pytest.approx(-0.5)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), True, "5", None, 1e15])
def test_what_is_no_amount_is_refused(value: Any) -> None:
    with pytest.raises(nx.InvalidRequestError) as caught:
        validation.check_amount("amount", value)
    words = f"amount: got {value!r}; allowed: an amount of the account's currency, 0 or more."
    assert str(caught.value) == words


def test_nothing_left_to_send_fits_every_cap() -> None:
    facts = {"high": 0.0, "messages": 0, "currencies": set(), "may_stop": False}
    assert check_cap(Cap(0, 0.0), **facts) == 0.0
