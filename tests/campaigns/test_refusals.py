"""Refusals of a run: equal ones in a row stop it, and a message that alone is throttled is set aside."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from typing import Any

import pytest
from campaign_helpers import count_received, make_plan, people, send_batch

import nexmo_nb as nx
from nexmo_nb.campaigns import refusals
from nexmo_nb.campaigns.decisions import Action
from nexmo_nb.campaigns.refusals import MOST_ALIKE, MOST_TRIES, Row, Tries
from nexmo_nb.sandbox import Sandbox

THROTTLED = "443069990200"


@pytest.mark.parametrize(
    ("answers", "row"),
    [
        ("7777", Row("7", 4)),
        ("776", Row("6", 1)),
        ("77a", Row()),
        ("77a7", Row("7", 1)),
        ("7u7r7q7", Row("7", 4)),
        ("", Row()),
    ],
)
def test_refusals_in_a_row_are_counted_until_another_answer_comes(answers: str, row: Row) -> None:
    actions = {"a": Action.COUNT, "u": Action.ASSUME_PAID, "r": Action.RETRY, "q": Action.REQUEUE}
    found = Row()
    for answer in answers:
        problem = None if answer == "a" else nx.RejectedError("no", code=answer)
        found = refusals.follow(found, actions.get(answer, Action.SKIP), problem)
    assert found == row


def test_refusals_without_a_code_are_equal_as_well() -> None:
    row = Row()
    for _ in range(3):
        row = refusals.follow(row, Action.SKIP, nx.RejectedError("no"))
    assert row == Row(None, 3)


def test_twenty_stop_a_run_that_has_something_left_to_send() -> None:
    assert not refusals.must_stop(Row("7", MOST_ALIKE - 1), 5)
    assert refusals.must_stop(Row("7", MOST_ALIKE), 5)
    assert not refusals.must_stop(Row("7", MOST_ALIKE), 0)


@pytest.mark.parametrize(
    ("times", "before", "after", "is_set_aside"),
    [(MOST_TRIES, 3, 4, True), (MOST_TRIES - 1, 3, 99, False), (MOST_TRIES + 9, 3, 3, False)],
)
def test_a_message_is_set_aside_after_five_tries_if_others_came_through_since_the_first(
    times: int, before: int, after: int, is_set_aside: bool
) -> None:
    tries = None
    for _ in range(times):
        tries = refusals.count_try(tries, before)
    assert tries == Tries(times, before)
    assert refusals.must_set_aside(tries, after) is is_set_aside


def test_twenty_equal_refusals_in_a_row_stop_the_batch_and_say_why_and_how_to_go_on(
    session: nx.Session, sandbox: Sandbox
) -> None:
    sandbox.fail_next("status", times=1000, path="/sms", code=15)
    with pytest.raises(nx.RejectedError) as caught:
        send_batch(make_plan(40), workers=1)
    error = caught.value
    assert (error.code, error.meaning) == ("15", "illegal sender")
    said = str(error)
    assert said.startswith("20 messages in a row were refused in the same way, so the others were not sent. The last ")
    assert "illegal sender (status 15" in said
    assert "Batch 'b': 20 done (0 accepted, 20 refused), 20 left. Run the same call again to continue" in said
    assert "retry('b')" in said
    assert Counter(error.parts.state) == {"rejected": 20, "planned": 20}
    # Whoever has looked at it goes on with those that are left; the others were refused, and are not tried by that.
    sandbox.world.failures.clear()
    found = send_batch(make_plan(40))
    assert Counter(found.state) == {"rejected": 20, "accepted": 20}
    assert count_received(sandbox) == Counter(people(20, start=20))


def test_the_last_messages_of_a_batch_may_all_be_refused(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("status", times=1000, path="/sms", code=15)
    assert set(send_batch(make_plan(20), workers=1).state) == {"rejected"}


@pytest.mark.parametrize("kinds", [[7] * 19 + [None], [7] * 19 + [6], [7, 6] * 10], ids=["accepted", "other", "mixed"])
def test_refusals_among_other_answers_stop_nothing(
    session: nx.Session, sandbox: Sandbox, kinds: list[int | None]
) -> None:
    answers = iter([*kinds, *([7] * 19)])
    real = session.call_with_slot

    def answer(*arguments: Any) -> Any:
        if (code := next(answers, None)) is not None:
            sandbox.fail_next("status", path="/sms", code=code)
        return real(*arguments)

    session.call_with_slot = answer  # type: ignore[method-assign]
    found = send_batch(make_plan(50), workers=1)
    assert set(found.state) == {"rejected", "accepted"}


def test_a_number_that_is_always_throttled_is_set_aside_and_all_others_get_their_message(
    session: nx.Session, sandbox: Sandbox
) -> None:
    waited: list[float] = []
    session.pause = waited.append
    plan = nx.plan_sms([*people(10), THROTTLED, *people(30, start=10)], "Hello", sender="Demo")
    found = send_batch(plan, max_cost=10)
    assert Counter(found.state) == {"accepted": 40, "rejected": 1}
    assert count_received(sandbox) == Counter(people(40))
    row = found.iloc[10]
    assert (row.state, row.code, row.meaning) == ("rejected", "1", "throttled")
    assert row.error.startswith(f"Set aside, because it was throttled {MOST_TRIES} times while other messages came")
    asked = [request["form"]["to"] for request in sandbox.requests if request["path"] == "/sms/json"]
    assert asked.count(THROTTLED) == MOST_TRIES
    # Once in the middle, and then alone: after 0.5, 1, 2 and 4 s.
    assert sum(waited) <= 8.5
    assert nx.budget().spent.tolist() == pytest.approx([found.price.sum()] * 2)  # it costs nothing


def test_a_message_that_is_throttled_alone_shows_nothing_of_others(session: nx.Session, sandbox: Sandbox) -> None:
    session.pause = lambda _: None
    with pytest.raises(nx.RateLimitedError, match="1 left"):
        send_batch(nx.plan_sms([THROTTLED], "Hello", sender="Demo"))
    assert nx.sent("b", planned=True).state.tolist() == ["planned"]


def test_an_interrupt_counts_what_was_still_under_way_and_all_runs(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten were sent by an earlier run; the interrupt comes when eight more are under way, three of them refused."""
    send_batch(make_plan(10))
    real, meeting, stopped = session.call_with_slot, threading.Barrier(8, timeout=60), threading.Event()
    monkeypatch.setattr("nexmo_nb.campaigns.workers.Workers.wake", lambda _: stopped.set())

    def call(*arguments: Any) -> Any:
        if meeting.wait() == 0:
            signal.raise_signal(signal.SIGINT)
        assert stopped.wait(60)
        return real(*arguments)

    refused = [f"4430699900{code}" for code in ("06", "07", "15")]
    plan = nx.plan_sms([*people(10), *refused, *people(40, start=10)], "Hello", sender="Demo")
    session.call_with_slot = call  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        send_batch(plan, workers=8)
    states = Counter(nx.sent("b", planned=True).state)
    done = states["accepted"] + states["rejected"]
    assert capsys.readouterr().out == (
        f"Batch 'b': {done} done ({states['accepted']} accepted, 3 refused), {53 - done} left. Run the same call again "
        "to continue; nobody gets the message twice.\n"
    )
    assert done == 18
