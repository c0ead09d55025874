"""One run of a batch: what its loop does with the queue, the budget, the ledger and the throttle."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.campaigns.decisions import Budget, Estimate
from nexmo_nb.campaigns.runner import Message, Runner, return_to_front
from nexmo_nb.campaigns.workers import Result
from nexmo_nb.sandbox import Sandbox

PEOPLE = [f"35191{n:07d}" for n in range(6)]


@pytest.fixture
def runner(session: nx.Session) -> Runner:
    """A run whose first three messages are in flight, under a cap, after a price was learnt."""
    messages = {to: Message(f"id-{to}", {}, Estimate(0.5, 1.0)) for to in PEOPLE}
    runner = Runner(session, "b", messages, left=10.0)
    runner.state.budget = Budget(10.0, 1.0, True)
    runner.state.in_flight = {runner.state.queue.popleft() for _ in range(3)}
    return runner


def accepted(price: float | None) -> list[dict[str, Any]]:
    return [{"status": "0", "price": price}]


def handle(runner: Runner, rows: list[dict[str, Any]] | None, problem: BaseException | None = None) -> None:
    runner.state.in_flight.discard(PEOPLE[0])
    runner._handle_result(Result(PEOPLE[0], "slot", rows, problem))


def test_recipients_return_to_the_front_in_their_order() -> None:
    queue = deque(["c", "d"])
    return_to_front(queue, ["a", "b"])
    assert list(queue) == ["a", "b", "c", "d"]


def test_an_accepted_message_is_counted_and_paid(runner: Runner) -> None:
    handle(runner, accepted(0.75))
    state = runner.state
    assert (state.sent, state.parts, state.cost, state.budget.left) == (1, 1, 0.75, 9.25)
    assert list(state.queue) == PEOPLE[3:]
    assert runner.count_done() == 1


def test_a_message_without_a_price_is_paid_at_its_estimate_and_shown_without_cost(runner: Runner) -> None:
    runner.state.budget = Budget(10.0)
    handle(runner, accepted(None))
    assert (runner.state.cost, runner.state.budget) == (0.0, Budget(9.0))


def test_an_unknown_outcome_is_paid_at_its_estimate_and_teaches_no_price(runner: Runner) -> None:
    runner.state.budget = Budget(10.0)
    handle(runner, None, nx.UnknownOutcomeError("no answer"))
    assert (runner.state.sent, runner.state.budget) == (0, Budget(9.0))
    assert list(runner.state.queue) == PEOPLE[3:]
    assert runner._count_allowed(8) == 0  # two others are in flight, and no price is known
    runner.state.in_flight.clear()
    assert runner._count_allowed(8) == 1


@pytest.mark.parametrize("problem", [nx.RateLimitedError("too fast"), nx.UnreachableError("no connection")])
def test_a_message_that_was_not_sent_goes_to_the_end_of_the_queue(runner: Runner, problem: nx.NexmoError) -> None:
    handle(runner, None, problem)
    state = runner.state
    assert list(state.queue) == [*PEOPLE[3:], PEOPLE[0]]
    assert (state.backoff.failures, state.backoff.is_due, state.budget.left) == (1, True, 10.0)
    assert (state.error, runner._count_allowed(8)) == (None, 0)


@pytest.mark.parametrize(
    "problem",
    [
        nx.AuthenticationError("bad key", code="4"),
        nx.RejectedError("no credit", code="9"),
        nx.RejectedError("no credit", code="low-balance"),
    ],
)
def test_a_refusal_of_all_stops_the_run_and_the_message_stays_planned(runner: Runner, problem: nx.NexmoError) -> None:
    handle(runner, None, problem)
    assert runner.state.queue[-1] == PEOPLE[0]
    assert (runner.state.error, runner.state.budget.left) == (problem, 10.0)
    runner.state.in_flight.clear()
    assert runner._count_allowed(8) == 0


def test_another_refusal_costs_nothing_and_the_rest_goes_on(runner: Runner) -> None:
    handle(runner, None, nx.RejectedError("barred number", code="7"))
    assert (runner.state.error, runner.state.budget.left, list(runner.state.queue)) == (None, 10.0, PEOPLE[3:])
    assert runner._count_allowed(8) == 3


def test_the_first_cause_of_a_stop_is_kept(runner: Runner) -> None:
    first, second = nx.RejectedError("no credit", code="9"), nx.AuthenticationError("bad key")
    handle(runner, None, first)
    handle(runner, None, second)
    assert runner.state.error is first


def test_a_fault_of_our_own_is_paid_and_kept_to_be_raised(runner: Runner) -> None:
    fault = MemoryError()
    handle(runner, None, fault)
    assert (runner.state.fault, runner.state.error, runner.state.budget.left) == (fault, None, 9.0)
    runner.state.in_flight.clear()
    assert runner._count_allowed(8) == 0


def test_what_the_ledger_refuses_returns_to_the_queue_and_stops_the_run(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise nx.UnreachableError("the disk is full")

    monkeypatch.setattr(runner.session.ledger, "record_and_claim", refuse)
    ready = [runner.state.queue.popleft() for _ in range(2)]
    assert runner._record_and_claim(ready) == []
    assert list(runner.state.queue) == PEOPLE[3:]
    assert isinstance(runner.state.error, nx.UnreachableError)


def test_what_was_not_recorded_because_of_a_fault_is_recorded_later(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[Any] = []

    def record(outcomes: Any, leaving: Any) -> set[str]:
        recorded.append([outcome.id for outcome in outcomes])
        if len(recorded) == 1:
            raise RuntimeError("a fault")
        return set()

    monkeypatch.setattr(runner.session.ledger, "record_and_claim", record)
    runner.state.results = [Result(PEOPLE[0], "slot", accepted(0.5), None)]
    with pytest.raises(RuntimeError):
        runner._record_and_claim([])
    runner._record_and_claim([])
    runner._record_and_claim([])
    assert recorded == [[f"id-{PEOPLE[0]}"]] * 2


def test_with_a_cap_the_first_message_travels_alone(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = nx.plan_sms(PEOPLE, "Hello", sender="Demo")
    real, claims = session.ledger.record_and_claim, []

    def record(outcomes: Any, leaving: Any) -> set[str]:
        claims.append(len(leaving))
        return real(outcomes, leaving)

    monkeypatch.setattr(session.ledger, "record_and_claim", record)
    nx.send_many(plan, batch="b", max_cost=100, progress=False)
    assert claims[:2] == [1, 5]


def test_an_unknown_outcome_counts_against_the_cap(session: nx.Session, sandbox: Sandbox) -> None:
    plan = nx.plan_sms(PEOPLE, "Hello", sender="Demo")
    # Every message costs twice its estimate; the first one's price is never known.
    price = float(plan.price_high[0])
    plan[["price_low", "price_high"]] /= 2
    sandbox.fail_next("drop-after", path="/sms")
    with pytest.warns(UserWarning, match="Stopped before max_cost"):
        found = nx.send_many(plan, batch="b", max_cost=3 * price, progress=False)
    assert found.state.tolist()[0] == "unknown"
    assert sum(float(message["price"]) for message in sandbox.messages) <= 3 * price + 1e-9
    assert (found.state == "accepted").sum() == 2


def test_messages_that_another_kernel_is_sending_count_against_the_cap(session: nx.Session, sandbox: Sandbox) -> None:
    plan = nx.plan_sms(PEOPLE, "Hello", sender="Demo")
    high = float(plan.price_high.sum())
    sandbox.fail_next("no-credit", times=1, path="/sms")
    with pytest.raises(nx.RejectedError):
        nx.send_many(plan, batch="b", workers=1, progress=False)
    ids = [row["id"] for row in session.ledger.read_sends(batch="b")]
    session.ledger.record_and_claim([], ids[:5])  # as another run of the batch does, just before it sends
    with pytest.raises(nx.InvalidRequestError, match="spent so far"):
        nx.send_many(plan, batch="b", max_cost=high * 0.9, progress=False)
    assert sandbox.messages == []


def test_no_slot_is_held_during_a_pause(session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process takes a row, so that its slot is left over, and then Nexmo asks for a pause."""
    real, held = session.ledger.record_and_claim, []
    before = session.throttle.status().used

    def pause(_: float) -> None:
        asked = sum(request["path"] == "/sms/json" for request in sandbox.requests)
        held.append(session.throttle.status().used - before - asked)

    def record(outcomes: Any, leaving: Any) -> set[str]:
        change = "UPDATE sends SET state = 'accepted' WHERE id = ? AND state = 'planned'"
        session.ledger._database.transact(lambda c: c.executemany(change, [(code,) for code in leaving[1:]]))
        return real(outcomes, leaving)

    plan = nx.plan_sms(PEOPLE, "Hello", sender="Demo", prices=False)
    monkeypatch.setattr(session, "pause", pause)
    monkeypatch.setattr(session.ledger, "record_and_claim", record)
    sandbox.fail_next("429", times=1, path="/sms")
    nx.send_many(plan, batch="b", progress=False)
    assert held
    assert set(held) == {0}


def test_slots_are_given_back_after_a_fault(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("a fault")

    plan = nx.plan_sms(PEOPLE, "Hello", sender="Demo", prices=False)
    before = session.throttle.status().used
    monkeypatch.setattr(session.ledger, "record_and_claim", fail)
    with pytest.raises(RuntimeError, match="a fault"):
        nx.send_many(plan, batch="b", progress=False)
    assert session.throttle.status().used == before
    assert sandbox.messages == []


def test_each_message_travels_in_the_encoding_that_was_planned(session: nx.Session, sandbox: Sandbox) -> None:
    plan = nx.plan_sms([{"to": PEOPLE[0], "text": "Hello"}, {"to": PEOPLE[1], "text": "Ol\u00e1"}], sender="Demo")
    nx.send_many(plan, batch="b", progress=False)
    forms = {request["form"]["to"]: request["form"] for request in sandbox.requests if request["form"]}
    assert [forms[to]["type"] for to in PEOPLE[:2]] == ["text", "unicode"]
