"""The steps of a run, each by itself: its slots, its pauses, its end in a hurry, and what it shows meanwhile."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from campaign_helpers import make_plan, people, send_batch
from helpers import connected, ending

import nexmo_nb as nx
from nexmo_nb.campaigns import runner as module
from nexmo_nb.campaigns.decisions import Backoff, Estimate
from nexmo_nb.campaigns.progress import Progress
from nexmo_nb.campaigns.progress_bar import hide_progress, show_progress
from nexmo_nb.campaigns.run_state import Message
from nexmo_nb.campaigns.runner import Runner
from nexmo_nb.campaigns.slots import FAMILY
from nexmo_nb.campaigns.workers import Result
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.throttle import Grant
from nexmo_nb.state.windows import BULK

PEOPLE = people(4)


@pytest.fixture
def runner(session: nx.Session) -> Runner:
    """A run of which nothing was sent yet."""
    return Runner(session, "b", {to: Message({"to": to}, "d", Estimate(0.5, 1.0)) for to in PEOPLE})


class Throttle:
    """A throttle that says what it is told to, and keeps what it was asked."""

    def __init__(self, peeks: float = 0.0, takes: int = 9, seconds: float = 0.0) -> None:
        self.peeks, self.takes, self.seconds = peeks, takes, seconds
        self.asked: list[Any] = []

    def seconds_until_free(self, family: str, lane: str) -> float:
        self.asked.append(("peek", family, lane))
        return self.peeks

    def try_acquire_from(self, wanted: dict[str, str], family: str, lane: str, done: list[str]) -> Grant:
        assert len({*wanted, *done}) == len(wanted) + len(done)
        self.asked.append((len(wanted), family, lane, done))
        return Grant(list(wanted)[: self.takes], self.seconds)

    def give_back(self, slots: list[str]) -> None:
        self.asked.append(("give back", *slots))

    def stand_in(self, runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("seconds_until_free", "try_acquire_from", "give_back"):
            monkeypatch.setattr(runner.session.throttle, name, getattr(self, name))


@pytest.mark.parametrize(
    ("allowed", "held", "done", "waited", "answers", "asked", "slots", "seconds"),
    [
        # Nothing is wanted and nothing is to be confirmed: nobody is asked.
        (0, 0, [], 0.0, {}, [], 0, 0.0),
        (2, 2, [], 5.0, {}, [], 2, 0.0),
        # What is missing is taken, as far as it is free; what came back is confirmed, even if nothing is wanted.
        (3, 0, [], 0.0, {}, [(3, FAMILY, BULK, [])], 3, 0.0),
        (3, 1, [], 0.0, {"takes": 1, "seconds": 4.0}, [(2, FAMILY, BULK, [])], 2, 4.0),
        (0, 0, ["a"], 0.0, {}, [(0, FAMILY, BULK, ["a"])], 0, 0.0),
        (1, 0, ["a"], 5.0, {"peeks": 5.0}, [(1, FAMILY, BULK, ["a"])], 1, 0.0),
        # Whoever waits looks before he asks.
        (1, 0, [], 5.0, {"peeks": 3.0}, [("peek", FAMILY, BULK)], 0, 3.0),
        (1, 0, [], 5.0, {}, [("peek", FAMILY, BULK), (1, FAMILY, BULK, [])], 1, 0.0),
        (1, 0, [], 0.1, {"peeks": 0.1}, [("peek", FAMILY, BULK)], 0, 0.1),
    ],
)
def test_a_run_asks_for_the_slots_that_it_lacks(
    runner: Runner,
    monkeypatch: pytest.MonkeyPatch,
    allowed: int,
    held: int,
    done: list[str],
    waited: float,
    answers: dict[str, Any],
    asked: list[Any],
    slots: int,
    seconds: float,
) -> None:
    throttle = Throttle(**answers)
    throttle.stand_in(runner, monkeypatch)
    runner.slots.held = {to: f"held {to}" for to in PEOPLE[:held]}
    runner.state.waiting.take(PEOPLE[:held])
    runner.state.results = [Result(PEOPLE[0], slot, [], None) for slot in done]
    assert runner._acquire_slots(allowed, waited) == seconds
    assert (throttle.asked, len(runner.slots.held)) == (asked, slots)


@pytest.mark.parametrize("name", ["seconds_until_free", "try_acquire_from"])
def test_a_run_stops_where_the_limit_cannot_be_kept(runner: Runner, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    problem = nx.UnreachableError("the disk is full")

    def fail(*_: Any) -> Any:
        raise problem

    Throttle().stand_in(runner, monkeypatch)
    monkeypatch.setattr(runner.session.throttle, name, fail)
    assert runner._acquire_slots(2, 1.0) == 0.0
    assert (runner.state.error, runner.slots.held, runner._stop.is_set()) == (problem, {}, True)


def test_slots_are_given_back_once_and_a_failure_of_that_harms_nothing(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle = Throttle()
    throttle.stand_in(runner, monkeypatch)
    runner.slots.held = {PEOPLE[0]: "a", PEOPLE[1]: "b"}
    runner.slots.give_back()
    runner.slots.give_back()
    assert throttle.asked == [("give back", "a", "b")]

    def fail(*_: Any) -> Any:
        raise nx.UnreachableError("the disk is full")

    monkeypatch.setattr(runner.session.throttle, "give_back", fail)
    runner.slots.held = {PEOPLE[0]: "c"}
    runner.slots.give_back()
    assert (runner.slots.held, runner.state.error) == ({}, None)


def test_each_message_leaves_under_a_slot_of_its_own_which_is_confirmed_once_its_answer_came(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    confirmed: list[str] = []
    used: list[str] = []
    acquire, call = session.throttle.try_acquire_from, session.call_with_slot

    def try_acquire(wanted: dict[str, str], family: str, lane: str, done: list[str]) -> Grant:
        grant = acquire(wanted, family, lane, done)
        taken.extend(grant.taken)
        confirmed.extend(done)
        return grant

    def call_with_slot(request: Any, slot: str, attempt: Any) -> Any:
        used.append(slot)
        return call(request, slot, attempt)

    monkeypatch.setattr(session.throttle, "try_acquire_from", try_acquire)
    monkeypatch.setattr(session, "call_with_slot", call_with_slot)
    send_batch(make_plan(20, prices=False), workers=4)
    assert len(set(used)) == 20
    assert sorted(taken) == sorted(used) == sorted(confirmed)


def test_a_run_that_gets_no_slot_waits_as_long_as_the_throttle_says_and_goes_on(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire, refusals = session.throttle.try_acquire_from, [0.5, 0.4]
    asked: list[Any] = []

    def look(family: str, lane: str) -> float:
        asked.append("look")
        return 0.0

    def try_acquire(wanted: dict[str, str], family: str, lane: str, done: list[str]) -> Grant:
        return Grant([], refusals.pop(0)) if wanted and refusals else acquire(wanted, family, lane, done)

    def find_interval(seconds: float) -> float:
        asked.append(seconds)
        return 0.0

    monkeypatch.setattr(session.throttle, "seconds_until_free", look)
    monkeypatch.setattr(session.throttle, "try_acquire_from", try_acquire)
    monkeypatch.setattr(session.throttle, "poll_interval", find_interval)
    assert send_batch(make_plan(3, prices=False), workers=1).state.tolist() == ["accepted"] * 3
    assert asked == [0.5, "look", 0.4, "look"]


@pytest.mark.parametrize(
    ("asked", "waits", "notice"),
    [
        (0.6, [0.25, 0.25, 0.1], []),
        (1.0, [0.25] * 4, []),
        (1.5, [0.25] * 6, ["Waiting 2 s to go on with batch 'b'."]),
        (0.0, [], []),
    ],
)
def test_a_pause_has_steps_after_which_a_stop_is_seen_and_a_long_one_is_told(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, asked: float, waits: list[float], notice: list[str]
) -> None:
    said: list[str] = []
    waited: list[float] = []
    monkeypatch.setattr(runner.session.throttle, "notify", said.append)
    monkeypatch.setattr(runner.session, "pause", waited.append)
    runner.state.backoff = Backoff(failures=1, is_due=True, retry_after=asked)
    runner._pause()
    assert (waited, said) == (pytest.approx(waits), notice)
    assert (runner.state.backoff.is_due, runner.state.backoff.pauses, runner.state.backoff.failures) == (False, 1, 1)


def test_a_stop_ends_a_pause(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        runner._stop.set()

    monkeypatch.setattr(runner.session, "pause", pause)
    runner.state.backoff = Backoff(failures=1, is_due=True)
    runner._pause()
    assert waited == [0.25]


def test_a_message_has_the_id_of_its_row_as_its_reference_by_which_it_is_settled(
    session: nx.Session, sandbox: Sandbox
) -> None:
    messages = {"row": Message({"to": PEOPLE[0], "text": "Hello"}, "d", Estimate())}
    found = Runner(session, "b", messages)._build_request("row")
    assert found.data == {"to": PEOPLE[0], "text": "Hello", "client-ref": "row"}
    send_batch(make_plan(2))
    references = {
        request["form"]["to"]: request["form"]["client-ref"] for request in sandbox.requests if request["form"]
    }
    assert nx.sent("b").set_index("to").client_ref.to_dict() == references


class Attempt:
    def __init__(self) -> None:
        self.is_broken_off = False

    def break_off(self) -> None:
        self.is_broken_off = True


def fly(runner: Runner, *ids: str) -> list[Attempt]:
    """Let messages be in flight, each in an attempt of its own."""
    for send_id in ids:
        runner.state.waiting.take([send_id])
        runner.state.in_flight[send_id] = Attempt()  # type: ignore[assignment]
    return list(runner.state.in_flight.values())  # type: ignore[arg-type]


def test_in_a_hurry_what_does_not_end_by_itself_is_unknown(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LAST_SECONDS", 0.0)
    attempts = fly(runner, *PEOPLE[:2])
    runner._hurry.set()
    runner._end_in_flight()
    assert [attempt.is_broken_off for attempt in attempts] == [True, True]
    assert runner.state.in_flight == {}
    assert [(result.id, result.slot, result.rows) for result in runner.state.results] == [
        (to, "", None) for to in PEOPLE[:2]
    ]
    for to, result in zip(PEOPLE, runner.state.results, strict=False):
        assert isinstance(result.problem, nx.UnknownOutcomeError)
        assert f"send an SMS to {to}. The request went out, but it was broken off" in str(result.problem)


def test_in_a_hurry_what_still_ends_by_itself_is_known(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LAST_SECONDS", 3600.0)
    fly(runner, *PEOPLE[:2])
    results = [Result(to, "slot", [], None) for to in PEOPLE[:2]]
    for result in results:
        runner._workers._results.put(result)
    runner._hurry.set()
    runner._end_in_flight()
    assert (runner.state.results, runner.state.in_flight) == (results, {})


def test_in_a_hurry_the_last_second_is_shared_by_all(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    fly(runner, *PEOPLE[:2])
    clock, came = iter([100.0, 100.25, 100.75, 101.0]), [[], [Result(PEOPLE[0], "slot", [], None)]]
    waited: list[float | None] = []

    def receive(timeout: float | None) -> list[Result]:
        waited.append(timeout)
        return came.pop(0)

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(runner._workers, "receive", receive)
    runner._hurry.set()
    runner._end_in_flight()
    assert waited == [0.75, 0.25]
    assert [result.problem is None for result in runner.state.results] == [True, False]


def test_without_hurry_all_that_is_in_flight_is_waited_for_and_broken_off_is_none(runner: Runner) -> None:
    attempts = fly(runner, *PEOPLE[:2])
    results = [Result(to, "slot", [], None) for to in PEOPLE[:2]]
    for result in results:
        runner._workers._results.put(result)
    runner._end_in_flight()
    assert (runner.state.results, runner.state.in_flight) == (results, {})
    assert [attempt.is_broken_off for attempt in attempts] == [False, False]


def test_results_are_kept_until_they_are_recorded_and_are_in_flight_no_longer(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fly(runner, *PEOPLE[:2])
    asked: list[Any] = []
    earlier, result = Result("earlier", "slot", [], None), Result(PEOPLE[0], "slot", [], None)

    def receive(timeout: float | None) -> list[Result]:
        asked.append(timeout)
        return [result, Result("not in flight", "slot", [], None)]

    monkeypatch.setattr(runner._workers, "receive", receive)
    runner.state.results = [earlier]
    assert runner._receive_results(1.5)[0] is result
    assert asked == [1.5]
    assert [each.id for each in runner.state.results] == ["earlier", PEOPLE[0], "not in flight"]
    assert list(runner.state.in_flight) == PEOPLE[1:2]


def test_a_run_says_what_is_left_and_how_to_go_on(runner: Runner) -> None:
    fly(runner, PEOPLE[0])
    runner.state.waiting.take([PEOPLE[1]])
    runner.state.sent = 1
    assert runner.read_progress() == Progress(4, accepted=1)
    assert runner.status_message() == (
        "Batch 'b': 1 done (1 accepted, 0 refused), 3 left. Run the same call again to continue; nobody gets the "
        "message twice."
    )


def test_nothing_to_send_takes_no_thread(session: nx.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ThreadPoolExecutor", None)
    Runner(session, "b", {}).run(8, show_progress)


def test_as_many_messages_are_in_flight_at_once_as_there_are_workers(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting, real = threading.Barrier(32, timeout=60), session.call_with_slot

    def call_with_slot(*arguments: Any) -> Any:
        meeting.wait()
        return real(*arguments)

    monkeypatch.setattr(session, "call_with_slot", call_with_slot)
    assert send_batch(make_plan(32, prices=False), workers=32).state.tolist() == ["accepted"] * 32


class Flight:
    """Counts the messages in flight, and lets each take so many seconds of a clock that nobody waits for."""

    def __init__(self, session: nx.Session, monkeypatch: pytest.MonkeyPatch, seconds: float, meeting: int = 0) -> None:
        self.counts: list[int] = []
        self._now, self._lock, self._flying = 0.0, threading.Lock(), 0
        self._seconds, self._meeting = seconds, threading.Barrier(meeting, timeout=60) if meeting else None
        self._real, self._alone = session.call_with_slot, 8
        monkeypatch.setattr(session, "call_with_slot", self.call)
        monkeypatch.setattr("nexmo_nb.campaigns.workers.time", SimpleNamespace(monotonic=self.read_clock))
        self._clock = threading.local()

    def read_clock(self) -> float:
        return getattr(self._clock, "now", 0.0)

    def call(self, *arguments: Any) -> Any:
        with self._lock:
            self._flying += 1
            self.counts.append(self._flying)
            meets = self._meeting is not None and len(self.counts) > self._alone
        if meets:
            self._meeting.wait()
        found = self._real(*arguments)
        self._clock.now = self.read_clock() + self._seconds
        with self._lock:
            self._flying -= 1
        return found


def test_workers_follow_the_time_that_a_message_takes_and_are_no_more_than_the_limit_needs(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        session.throttle, "find_pace", lambda family, lane: 30.0 if (family, lane) == (FAMILY, BULK) else 1
    )
    # Eight leave at first. Of the others, 24 must be in flight at once: 30 a second, for half a second, and half more.
    flight = Flight(session, monkeypatch, 0.5, meeting=24)
    with ending():
        assert set(send_batch(make_plan(8 + 24 * 3, prices=False)).state) == {"accepted"}
    assert max(flight.counts[:8]) <= 8
    assert max(flight.counts) == 24


@pytest.mark.parametrize(("workers", "seconds", "most"), [(2, 9.0, 2), (None, 0.0, 8)])
def test_a_given_number_of_workers_stays_and_fast_answers_need_few(
    session: nx.Session,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    workers: int | None,
    seconds: float,
    most: int,
) -> None:
    monkeypatch.setattr(session.throttle, "find_pace", lambda *_: 30.0)
    flight = Flight(session, monkeypatch, seconds)
    assert set(send_batch(make_plan(40, prices=False), workers=workers).state) == {"accepted"}
    assert max(flight.counts) <= most
    assert workers or set(flight.counts[16:]) == {1}  # at 0 seconds a message, one at a time


def test_where_the_record_of_the_limit_is_gone_the_next_slot_tells_it(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> float:
        raise nx.UnreachableError("gone")

    assert runner._count_workers() == 8
    monkeypatch.setattr(runner.session.throttle, "find_pace", fail)
    runner.state.seconds = 1.0
    assert runner._count_workers() == 1


@pytest.mark.parametrize(
    ("problem", "seconds"),
    [
        (None, 2.0),
        (nx.RejectedError("barred", code="7"), 2.0),
        (nx.UnknownOutcomeError("no answer"), 2.0),
        (nx.UnreachableError("no connection"), None),  # it did not leave
        (nx.RateLimitedError("too fast"), None),
    ],
)
def test_the_latency_is_that_of_messages_that_left(
    runner: Runner, problem: nx.NexmoError | None, seconds: float | None
) -> None:
    fly(runner, PEOPLE[0])
    runner._handle_result(Result(PEOPLE[0], "slot", None if problem else [], problem, 2.0))
    assert runner.state.seconds == seconds


def test_the_main_thread_looks_several_times_a_second_whether_the_bar_is_to_move(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, timeouts = module.wait, []

    def wait(drivers: Any, timeout: float | None = None) -> Any:
        timeouts.append(timeout)
        return real(drivers, timeout)

    monkeypatch.setattr(module, "wait", wait)
    send_batch(make_plan(1, prices=False))
    *looks, end = timeouts
    assert (set(looks), end) == ({0.2}, None)


class Bar:
    """A bar that keeps what it is told."""

    def __init__(self, **options: Any) -> None:
        self.options, self.n, self.shown = options, 0, []

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.shown.append("closed")

    def set_postfix_str(self, text: str, *, refresh: bool) -> None:
        assert not refresh
        self.shown.append(text)

    def update(self, count: int) -> None:
        self.n += count


def test_the_bar_shows_what_is_done_and_what_it_cost(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    bars: list[Bar] = []

    def make(**options: Any) -> Bar:
        bars.append(Bar(**options))
        return bars[0]

    def fail() -> Any:
        raise nx.UnreachableError("the disk is full")

    monkeypatch.setattr("tqdm.auto.tqdm", make)
    runner._begun = Progress(6, accepted=1, refused=1, cost=1.5, currency="EUR", cap=40)
    with show_progress(runner) as refresh:
        (bar,) = bars
        assert bar.options == {"total": 6, "initial": 2, "desc": "b", "unit": "SMS"}
        bar.n = 2
        refresh()
        runner.state.sent, runner.state.cost = 2, 0.126
        refresh()
        assert bar.n == 4
        runner.state.unknown = 1
        monkeypatch.setattr(runner.session.throttle, "status", fail)
        refresh()
        assert bar.n == 5
    assert bar.shown == [
        "1 accepted, 1 refused, 0 unknown, 4 left · EUR 1.50 of at most 40.00, waiting 0 s",
        "3 accepted, 1 refused, 0 unknown, 2 left · EUR 1.63 of at most 40.00, waiting 0 s",
        "3 accepted, 1 refused, 1 unknown, 1 left · EUR 1.63 of at most 40.00, waiting ?",
        "closed",
    ]
    with hide_progress(runner) as refresh:
        refresh()
    assert len(bars) == 1


def test_the_currency_and_the_balance_of_a_batch_are_those_of_its_session(sandbox: Sandbox) -> None:
    with connected(sandbox, currency="GBP") as session:
        assert send_batch(make_plan(1)).currency.tolist() == ["GBP"]
        assert session.last_balance == pytest.approx(sandbox.balance)


class Pool:
    def __init__(self) -> None:
        self.waits: list[bool] = []

    def shutdown(self, *, wait: bool) -> None:
        self.waits.append(wait)


@pytest.mark.parametrize("interrupts", [0, 1, 2])
def test_at_the_end_a_run_begins_nothing_new_and_an_interrupt_breaks_off_what_is_in_flight(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, interrupts: int
) -> None:
    waited: list[Any] = []
    driver: list[Any] = [object()]

    def wait(drivers: Any) -> None:
        assert runner._stop.is_set()
        assert runner._hurry.is_set() == bool(waited)
        assert runner._workers.receive(0) == []  # it was woken
        assert runner._workers._results.empty()
        waited.append(drivers)
        if len(waited) <= interrupts:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "wait", wait)
    pool = Pool()
    if interrupts:
        with pytest.raises(KeyboardInterrupt):
            runner._wait_for_end(pool, driver)  # type: ignore[arg-type]
    else:
        runner._wait_for_end(pool, driver)  # type: ignore[arg-type]
    assert waited == [driver] * (interrupts + 1)
    assert pool.waits == [not interrupts]
