"""One run of a batch: what its loop does with the queue, the budget, the ledger and the throttle."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from campaign_helpers import count_received, make_plan, people, send_batch
from helpers import connected, digests_of, hold_answers, join_workers

import nexmo_nb as nx
from nexmo_nb.campaigns import runner as runner_module
from nexmo_nb.campaigns.batch import Settings, run_batch
from nexmo_nb.campaigns.decisions import Backoff, Estimate, Prices
from nexmo_nb.campaigns.progress import Progress
from nexmo_nb.campaigns.run_state import Message
from nexmo_nb.campaigns.runner import Runner
from nexmo_nb.campaigns.workers import Result
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.budgets import Bounds, Budget, Claim, Room

PEOPLE = people(6)


@pytest.fixture
def runner(session: nx.Session) -> Runner:
    """A run whose first three messages are in flight, under a cap, after a price was learnt."""
    messages = {to: Message({}, "d", Estimate(0.5, 1.0)) for to in PEOPLE}
    runner = Runner(session, "b", messages, bounds=Bounds("b", 10.0))
    runner.state.prices = Prices(True, 1.0, True)
    runner.state.waiting.take(PEOPLE[:3])
    runner.state.in_flight = set(PEOPLE[:3])
    return runner


def accepted(price: float | None) -> list[dict[str, Any]]:
    return [{"status": "0", "price": price}]


def handle(runner: Runner, rows: list[dict[str, Any]] | None, problem: BaseException | None = None) -> None:
    runner.state.in_flight.discard(PEOPLE[0])
    runner._handle_result(Result(PEOPLE[0], "slot", rows, problem))


def test_an_accepted_message_is_counted_and_paid(runner: Runner) -> None:
    handle(runner, accepted(0.75))
    state = runner.state
    assert (state.sent, state.cost, state.prices) == (1, 0.75, Prices(True, 1.0, True))
    assert state.waiting.list_ids() == PEOPLE[3:]
    assert runner.read_progress() == Progress(6, accepted=1, cost=0.75)


def test_accepted_messages_add_up(runner: Runner) -> None:
    for to, prices in ((PEOPLE[0], [0.5, 0.25]), (PEOPLE[1], [0.5])):
        runner.state.in_flight.discard(to)
        runner._handle_result(Result(to, "slot", [part for price in prices for part in accepted(price)], None))
    state = runner.state
    assert (state.sent, state.cost) == (2, 1.25)


def test_a_message_without_a_price_teaches_none_and_is_shown_without_cost(runner: Runner) -> None:
    runner.state.prices = Prices(is_limited=True)
    handle(runner, accepted(None))
    assert (runner.state.cost, runner.state.prices) == (0.0, Prices(is_limited=True))


def test_a_message_that_is_dearer_than_its_estimate_makes_the_next_ones_dearer(runner: Runner) -> None:
    assert runner._find_bounds() == Bounds("b", 10.0, price_factor=1.0, in_flight=3.0)
    handle(runner, accepted(1.5))
    assert runner._find_bounds() == Bounds("b", 10.0, price_factor=3.0, in_flight=2.0)


def test_a_message_whose_slot_was_too_old_waits_again_and_says_nothing_of_the_server(runner: Runner) -> None:
    before = runner.state.backoff = Backoff(failures=3, pauses=2)
    handle(runner, None, nx.session.LateError("too late"))
    assert runner.state.waiting.list_ids() == [*PEOPLE[3:], PEOPLE[0]]
    assert (runner.state.backoff, runner.state.error) == (before, None)


def test_an_unknown_outcome_teaches_no_price(runner: Runner) -> None:
    runner.state.prices = Prices(is_limited=True)
    handle(runner, None, nx.UnknownOutcomeError("no answer"))
    assert (runner.state.sent, runner.state.prices) == (0, Prices(is_limited=True))
    assert runner.state.waiting.list_ids() == PEOPLE[3:]
    assert runner._count_allowed(8) == 0  # two others are in flight, and no price is known
    runner.state.in_flight.clear()
    assert runner._count_allowed(8) == 1


@pytest.mark.parametrize("problem", [nx.RateLimitedError("too fast"), nx.UnreachableError("no connection")])
def test_a_message_that_was_not_sent_goes_to_the_end_of_the_queue(runner: Runner, problem: nx.NexmoError) -> None:
    handle(runner, None, problem)
    state = runner.state
    assert state.waiting.list_ids() == [*PEOPLE[3:], PEOPLE[0]]
    assert (state.backoff.failures, state.backoff.is_due) == (1, True)
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
    assert runner.state.waiting.list_ids()[-1] == PEOPLE[0]
    assert runner.state.error is problem
    runner.state.in_flight.clear()
    assert runner._count_allowed(8) == 0


def test_after_another_refusal_the_rest_goes_on(runner: Runner) -> None:
    handle(runner, None, nx.RejectedError("barred number", code="7"))
    assert (runner.state.error, runner.state.waiting.list_ids()) == (None, PEOPLE[3:])
    assert runner._count_allowed(8) == 3


def test_the_first_cause_of_a_stop_is_kept(runner: Runner) -> None:
    first, second = nx.RejectedError("no credit", code="9"), nx.AuthenticationError("bad key")
    handle(runner, None, first)
    handle(runner, None, second)
    assert runner.state.error is first


def test_a_fault_of_our_own_is_kept_to_be_raised(runner: Runner) -> None:
    fault = MemoryError()
    handle(runner, None, fault)
    assert (runner.state.fault, runner.state.error) == (fault, None)
    runner.state.in_flight.clear()
    assert runner._count_allowed(8) == 0


def test_what_the_ledger_refuses_returns_to_the_queue_and_stops_the_run(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise nx.UnreachableError("the disk is full")

    monkeypatch.setattr(runner.session.ledger, "record_and_claim", refuse)
    ready = runner.state.waiting.choose(2)
    runner.state.waiting.take(ready)
    assert runner._record_and_claim(ready) == []
    assert runner.state.waiting.list_ids() == PEOPLE[3:]
    assert isinstance(runner.state.error, nx.UnreachableError)


def test_what_was_not_recorded_because_of_a_fault_is_recorded_later(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[Any] = []

    def record(outcomes: Any, leaving: Any, *rest: Any) -> Claim:
        recorded.append([outcome.id for outcome in outcomes])
        if len(recorded) == 1:
            raise RuntimeError("a fault")
        return Claim(set(), [])

    monkeypatch.setattr(runner.session.ledger, "record_and_claim", record)
    runner.state.results = [Result(PEOPLE[0], "slot", accepted(0.5), None)]
    with pytest.raises(RuntimeError):
        runner._record_and_claim([])
    runner._record_and_claim([])
    runner._record_and_claim([])
    assert recorded == [[PEOPLE[0]]] * 2


def test_with_a_cap_the_first_message_travels_alone(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = nx.plan_sms(PEOPLE, "Hello", sender="Demo")
    real, claims = session.ledger.record_and_claim, []

    def record(outcomes: Any, leaving: Any, *rest: Any) -> Claim:
        claims.append(len(leaving))
        return real(outcomes, leaving, *rest)

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
    session.ledger.record_and_claim(
        [], digests_of(session.ledger, ids[:5])
    )  # as another run of the batch does, just before it sends
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

    def record(outcomes: Any, leaving: Any, *rest: Any) -> Claim:
        change = "UPDATE sends SET state = 'accepted' WHERE id = ? AND state = 'planned'"
        session.ledger._database.transact(lambda c: c.executemany(change, [(code,) for code in list(leaving)[1:]]))
        return real(outcomes, leaving, *rest)

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


def test_while_messages_fail_one_goes_at_a_time_after_longer_and_longer_pauses(
    session: nx.Session, sandbox: Sandbox
) -> None:
    table = make_plan(30)
    waited: list[float] = []
    flying: list[int] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        flying.append(sum(request["status"] is None for request in sandbox.requests))
        assert set(nx.sent("b", planned=True).state) <= {"planned", "accepted"}

    session.pause = pause
    sandbox.fail_next("503", times=0, path="/sms")
    sandbox.fail_next("429", times=12, path="/sms")
    assert set(send_batch(table, workers=8).state) == {"accepted"}
    assert count_received(sandbox) == Counter(people(30))
    # Eight at once, and the other four one by one: 0.5 + 1 + 2 + 4 + 8 s, in steps that a stop can break off.
    assert sum(waited) == pytest.approx(15.5)
    assert max(waited) <= 0.25
    assert set(flying) == {0}


def test_a_pause_is_as_long_as_the_server_asks_and_a_very_long_one_is_a_persons_decision(
    session: nx.Session, sandbox: Sandbox
) -> None:
    table, waited = make_plan(5), []
    session.pause = waited.append
    sandbox.fail_next("429", path="/sms", retry_after=7)
    assert set(send_batch(table, workers=1).state) == {"accepted"}
    assert sum(waited) == pytest.approx(7)
    sandbox.fail_next("429", path="/sms", retry_after=600)
    with pytest.raises(nx.RateLimitedError, match="5 left") as caught:
        send_batch(table, batch="c", workers=1)
    assert caught.value.retry_after == 600
    assert sum(waited) == pytest.approx(7)


def test_twenty_failures_in_a_row_stop_the_batch(session: nx.Session, sandbox: Sandbox) -> None:
    table = make_plan(40)
    session.pause = lambda _: None
    sandbox.fail_next("429", times=1000, path="/sms")
    with pytest.raises(nx.RateLimitedError, match="40 left"):
        send_batch(table)
    assert sum(request["path"] == "/sms/json" for request in sandbox.requests) == 20
    assert set(nx.sent("b", planned=True).state) == {"planned"}


@pytest.mark.parametrize("accident", ["429", "drop-after"])
def test_the_trouble_of_a_moment_stops_no_batch_however_many_are_in_flight(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, accident: str
) -> None:
    meeting, real, calls = threading.Barrier(40, timeout=60), session.call_with_slot, itertools.count()

    def call_with_slot(*arguments: Any) -> Any:
        if next(calls) < 40:
            meeting.wait()
        return real(*arguments)

    monkeypatch.setattr(session, "call_with_slot", call_with_slot)
    session.pause = lambda _: None
    sandbox.fail_next(accident, times=40, path="/sms")
    found = send_batch(make_plan(60, prices=False), workers=40)
    assert Counter(found.state) == ({"accepted": 60} if accident == "429" else {"unknown": 40, "accepted": 20})
    assert max(count_received(sandbox).values()) == 1


def test_where_nexmo_cannot_be_reached_the_batch_waits_for_a_person(sandbox: Sandbox) -> None:
    with Sandbox(limits=False) as gone:
        session = connected(gone, sleep=lambda _: None)
        table = make_plan(30, prices=False)
    with session, pytest.raises(nx.UnreachableError, match="30 left"):
        send_batch(table)


def test_a_full_disk_stops_a_batch_before_the_wire(session: nx.Session, sandbox: Sandbox) -> None:
    session.ledger._database._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(nx.UnreachableError, match=r"readonly.*Nothing was sent"):
        send_batch(make_plan(5))
    assert sandbox.messages == []


def test_a_disk_that_fills_up_in_the_middle_stops_the_batch(session: nx.Session, sandbox: Sandbox) -> None:
    table = make_plan(400, "a" * 400)
    connection = session.ledger._database._connection
    real = session.ledger.record_and_claim
    left = 0

    def advance(outcomes: Any, leaving: Any, *rest: Any) -> Claim:
        nonlocal left
        left += len(leaving)
        if left >= 50:
            connection.execute("PRAGMA query_only = ON")
        return real(outcomes, leaving, *rest)

    session.ledger.record_and_claim = advance  # type: ignore[method-assign]
    with (
        pytest.warns(UserWarning, match="could not record"),
        pytest.raises(nx.UnreachableError, match=r"readonly.*left"),
    ):
        send_batch(table)
    connection.execute("PRAGMA query_only = OFF")
    assert max(count_received(sandbox).values()) == 1
    assert len(sandbox.messages) < 60


def test_an_accident_of_our_own_in_the_middle_is_recorded_and_raised(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make_plan(40)
    real, numbers = session.call_with_slot, itertools.count()

    def deliver(*arguments: Any) -> Any:
        number, found = next(numbers), real(*arguments)
        if number == 10:
            raise MemoryError
        return found

    monkeypatch.setattr(session, "call_with_slot", deliver)
    with pytest.raises(MemoryError):
        send_batch(table, workers=2)
    monkeypatch.undo()
    counts = Counter(nx.sent("b", planned=True).state)
    assert counts["unknown"] == 1
    assert counts["accepted"] == len(sandbox.messages) - 1
    send_batch(table)
    assert count_received(sandbox) == Counter(people(40))


@pytest.mark.parametrize("name", ["_count_allowed", "_acquire_slots", "_receive_results", "_handle_result"])
def test_a_fault_of_the_driver_loses_no_answer(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from nexmo_nb.campaigns.runner import Runner

    table = make_plan(60)
    real, count = getattr(Runner, name), 0

    def faulty(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == 4:
            raise RuntimeError("a fault")
        return real(*arguments)

    monkeypatch.setattr(Runner, name, faulty)
    with pytest.raises(RuntimeError, match="a fault"):
        send_batch(table, workers=4)
    monkeypatch.undo()
    assert len(sandbox.messages) < 60
    session.ledger.mark_abandoned_unknown()
    states = nx.sent("b").set_index("to").state
    assert {states[to] for to in count_received(sandbox)} == {"accepted"}
    send_batch(table)
    assert max(count_received(sandbox).values()) == 1


def test_a_batch_ends_even_if_its_record_fails_twice(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, real, count = make_plan(30), session.ledger.record_and_claim, 0

    def advance(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count > 2:
            raise RuntimeError("a fault")
        return real(*arguments)

    monkeypatch.setattr(session.ledger, "record_and_claim", advance)
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="a fault"):
        send_batch(table, workers=4)
    monkeypatch.undo()
    assert threading.active_count() <= before + 4  # the sandbox's, one a connection; none of the batch's
    assert max(count_received(sandbox).values()) == 1


def test_slots_that_nothing_left_under_are_given_back(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes every second row, and Nexmo asks for pauses: no slot is kept for later."""
    table, real = make_plan(40), session.ledger.record_and_claim
    session.pause = lambda _: None

    def advance(outcomes: Any, leaving: Any, *rest: Any) -> Any:
        codes = [(code,) for code in list(leaving)[::2]]
        change = "UPDATE sends SET state = 'accepted' WHERE id = ? AND state = 'planned'"
        session.ledger._database.transact(lambda c: c.executemany(change, codes))
        return real(outcomes, leaving, *rest)

    monkeypatch.setattr(session.ledger, "record_and_claim", advance)
    before = session.throttle.status().used
    sandbox.fail_next("429", times=3, path="/sms")
    send_batch(table)
    asked = sum(request["path"] == "/sms/json" for request in sandbox.requests)
    assert session.throttle.status().used - before == asked >= 5


def test_the_record_of_the_limit_vanishes_in_the_middle_and_what_came_back_is_kept(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make_plan(60)
    real, count = session.throttle.try_acquire_from, 0

    def take(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == 4:
            for path in session.throttle.path.parent.glob("throttle.sqlite*"):
                path.unlink()
        return real(*arguments)

    monkeypatch.setattr(session.throttle, "try_acquire_from", take)
    with pytest.raises(nx.UnreachableError, match=r"throttle\.sqlite cannot .*left"):
        send_batch(table, workers=4)
    counts = Counter(nx.sent("b", planned=True).state)
    assert set(counts) == {"accepted", "planned"}
    assert counts["accepted"] == len(sandbox.messages) > 0


def test_a_message_of_a_batch_takes_one_slot_and_its_tries_are_counted(session: nx.Session, sandbox: Sandbox) -> None:
    table = make_plan(25)
    session.pause = lambda _: None
    before = session.throttle.status().used
    sandbox.fail_next("429", times=3, path="/sms")
    send_batch(table)
    assert session.throttle.status().used - before == 28
    held = "SELECT COUNT(*) FROM slots WHERE at > ?"
    at = session.throttle._clock()
    assert session.throttle._database.read(lambda c: c.execute(held, (at,)).fetchone()[0]) == 0


@pytest.mark.slow
def test_an_interactive_call_does_not_wait_behind_a_batch(sandbox: Sandbox) -> None:
    with connected(sandbox, calls=100, period=2.0) as session:
        table = make_plan(150, prices=False)
        thread = threading.Thread(target=lambda: send_batch(table))
        thread.start()
        while len(sandbox.messages) < 98:  # what the batch may take of the window
            time.sleep(0.001)
        assert session.throttle.status().wait == 0.0
        thread.join()
    assert len(sandbox.messages) == 150


def test_the_progress_bar_counts_over_all_runs_and_shows_money(
    session: nx.Session, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    table = make_plan(10)
    sandbox.fail_next("status", code=7, times=2, path="/sms")
    nx.send_many(table.head(6), batch="b", progress=False)
    cost = sum(float(message["price"]) for message in sandbox.messages)
    runner = Watched()
    run_batch(table, {}, Settings("b", max_cost=40), session, runner.watch)
    assert runner.seen[0] == Progress(10, accepted=4, refused=2, cost=pytest.approx(cost), currency="EUR", cap=40)
    nx.send_many(table, batch="c", progress=True)
    shown = capsys.readouterr().err
    cost = float(nx.sent("c").price.sum())
    assert "10/10" in shown
    assert f"10 accepted, 0 refused, 0 unknown, 0 left · EUR {cost:.2f}, waiting 0 s" in shown


class Watched:
    """Keeps what a run says of its progress, and the run itself."""

    def __init__(self) -> None:
        self.seen: list[Progress] = []

    @contextmanager
    def watch(self, runner: Runner) -> Iterator[Callable[[], None]]:
        self.runner = runner
        self.seen.append(runner.read_progress())
        yield lambda: self.seen.append(runner.read_progress())


def test_whoever_watches_a_run_can_stop_it_as_an_interrupt_does(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "latency", 0.001)
    released = hold_answers(sandbox, monkeypatch, after=4)
    table, runner = make_plan(30), Watched()

    def stop() -> None:
        while len(sandbox.messages) < 4:
            time.sleep(0.001)
        runner.runner.stop()
        released.set()

    thread = threading.Thread(target=stop)
    thread.start()
    run = run_batch(table, {}, Settings("b", workers=2), session, runner.watch)
    thread.join()
    counts = Counter(run.result.state)
    assert set(counts) == {"accepted", "planned"}
    assert counts["accepted"] == len(sandbox.messages) < 30
    assert (runner.seen[-1].accepted, runner.seen[-1].left) == (counts["accepted"], counts["planned"])
    monkeypatch.setattr(sandbox, "latency", 0.0)
    assert set(send_batch(table).state) == {"accepted"}
    assert count_received(sandbox) == Counter(people(30))


def test_a_run_that_is_stopped_in_a_hurry_breaks_off_what_has_no_answer(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "LAST_SECONDS", 0.05)
    table, runner = make_plan(30), Watched()
    monkeypatch.setattr(sandbox, "latency", 0.001)
    released = hold_answers(sandbox, monkeypatch)

    def stop() -> None:
        while sum(request["path"] == "/sms/json" for request in sandbox.requests) < 2:
            time.sleep(0.001)
        runner.runner.stop()
        runner.runner.stop(hurry=True)

    thread = threading.Thread(target=stop)
    thread.start()
    run = run_batch(table, {}, Settings("b", workers=2), session, runner.watch)
    thread.join()
    assert Counter(run.result.state) == {"unknown": 2, "planned": 28}
    released.set()
    join_workers()


def test_what_another_run_takes_is_not_left(session: nx.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session.ledger, "record_and_claim", lambda *_: Claim({PEOPLE[0]}, []))
    messages = {to: Message({}, "d", Estimate(0.5, 1.0)) for to in PEOPLE}
    runner = Runner(session, "b", messages)
    assert runner._record_and_claim(PEOPLE[:3]) == PEOPLE[:1]
    assert (runner.read_progress().elsewhere, runner.read_progress().left) == (2, 4)


def test_what_a_budget_keeps_back_is_left(session: nx.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(Budget("day", 1.0, "EUR"), 0.9, 0.0)
    monkeypatch.setattr(session.ledger, "record_and_claim", lambda *_: Claim({PEOPLE[0]}, PEOPLE[2:3], room))
    runner = Runner(session, "b", {to: Message({}, "d", Estimate(0.5, 1.0)) for to in PEOPLE})
    runner.state.waiting.take(PEOPLE)
    assert runner._record_and_claim(PEOPLE[:3]) == PEOPLE[:1]
    assert (runner.read_progress().elsewhere, runner.read_progress().left) == (1, 5)
    assert runner.state.waiting.list_ids() == PEOPLE[2:3]
    assert runner.state.kept_by == room
