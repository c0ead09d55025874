"""The limit: never one call too many, by the server's own clock, whatever dies, waits or steps."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from depth import count_examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nexmo_nb.errors import InvalidRequestError, UnreachableError
from nexmo_nb.state import throttle as throttle_module
from nexmo_nb.state import throttle_sql
from nexmo_nb.state.database import StateError
from nexmo_nb.state.limits import Limit
from nexmo_nb.state.throttle import CLEAR_EVERY, LEAVE_WITHIN, SLOT_LIFETIME, Grant, Throttle
from nexmo_nb.state.windows import BULK, INTERACTIVE


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def path(tmp_path: Path, time: Time, anywhere: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(throttle_sql, "_read_clock", lambda _: time.now)
    return tmp_path / "throttle.sqlite"


def make(path: Path, time: Time, calls: int = 5, period: float = 10.0, **options: object) -> Throttle:
    settings = {"limits": {}, "hold": 35.0, "boot": "b1", "notify": lambda _: None, **options}
    return Throttle(path, calls=calls, period=period, clock=time, sleep=time.sleep, **settings)  # type: ignore[arg-type]


@pytest.fixture
def throttle(path: Path, time: Time) -> Iterator[Throttle]:
    throttle = make(path, time)
    yield throttle
    throttle.close()


def call(
    throttle: Throttle, time: Time, name: str, took: float = 0.0, family: str = "", lane: str = INTERACTIVE
) -> float:
    """Make a call that takes some time, and tell when its slot was given."""
    throttle.acquire(name, family, lane)
    at = time.now
    time.now += took
    throttle.confirm(name)
    return at


def most_in_any_window(moments: list[float], period: float) -> int:
    moments = sorted(moments)
    return max(sum(1 for other in moments if moment <= other < moment + period) for moment in moments)


def test_the_window_lets_its_calls_through_at_once_and_the_next_one_later(throttle: Throttle, time: Time) -> None:
    given = [call(throttle, time, str(n)) for n in range(6)]
    assert given[:5] == [1000.0] * 5
    assert given[5] >= 1010.0


def test_the_window_counts_from_the_answer_so_that_a_delayed_request_cannot_fall_into_a_full_one(
    throttle: Throttle, time: Time
) -> None:
    call(throttle, time, "slow", took=8.0)
    for n in range(4):
        call(throttle, time, str(n))
    assert call(throttle, time, "next") >= 1018.0


@settings(max_examples=count_examples(30), deadline=None)
@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=30, max_size=60))
def test_no_jitter_makes_one_call_too_many(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[float, float]]
) -> None:
    time = Time()
    throttle = make(tmp_path_factory.mktemp("t") / "t.sqlite", time)
    arrivals = []
    for n, (took, pause) in enumerate(steps):
        at = call(throttle, time, str(n), took)
        arrivals += [at + took * part for part in (0.5,)]
        time.now += pause / 10
    throttle.close()
    assert most_in_any_window(arrivals, 10.0) <= 5


def test_a_slot_under_way_counts_until_it_is_confirmed(throttle: Throttle, time: Time) -> None:
    throttle.acquire("open", "", INTERACTIVE)
    time.now += 30
    for n in range(4):
        call(throttle, time, str(n))
    assert throttle.status().used == 5


def test_the_slot_of_a_process_that_died_frees_itself(throttle: Throttle, time: Time) -> None:
    for n in range(5):
        throttle.acquire(str(n), "", INTERACTIVE)
    assert call(throttle, time, "next") == pytest.approx(1000 + 35 + 10, abs=0.3)


def test_status_tells_used_limit_and_the_seconds_to_the_next_slot(throttle: Throttle, time: Time) -> None:
    assert throttle.status() == (0, 5, 0.0)
    for n in range(5):
        call(throttle, time, str(n))
        time.now += 1
    assert throttle.status() == (5, 5, pytest.approx(5.0))


def test_asking_for_the_status_takes_no_slot(throttle: Throttle) -> None:
    throttle.status()
    assert throttle.status().used == 0


@pytest.mark.parametrize("family", ["", "sms", "owned"])
@pytest.mark.parametrize("lane", [INTERACTIVE, BULK])
def test_the_seconds_to_the_next_slot_are_those_of_the_family_and_the_lane(
    path: Path, time: Time, family: str, lane: str
) -> None:
    """The slot counts for its family alone, and the burst of the bulk lane for that lane alone."""
    throttle = make(path, time, calls=20, limits={"sms": Limit(1, 3.0), "owned": Limit(1, 7.0)})
    throttle.try_acquire(["first"], "sms", BULK, ["nothing"])
    throttle.confirm("first")
    burst = 10 / 19 if lane == BULK else 0.0
    expected = max(burst, 3.0 if family == "sms" else 0.0)
    assert throttle.seconds_until_free(family, lane) == pytest.approx(expected)
    taken, wait = throttle.try_acquire(["next"], family, lane)
    assert (taken, wait) == ((0, pytest.approx(expected)) if expected else (1, 0.0))
    throttle.close()


@pytest.mark.in_files
@pytest.mark.parametrize(
    ("wait", "period", "seconds"),
    [
        (9.0, 60.0, 0.25),
        (9.0, 10.0, 0.25),
        (9.0, 8.0, 0.2),
        (9.0, 0.4, 0.01),
        (9.0, 0.2, 0.005),
        (9.0, 0.1, 0.005),
        (0.1, 60.0, 0.1),
        (0.001, 0.1, 0.001),
    ],
)
def test_a_wait_is_looked_at_again_in_short_steps(
    path: Path, time: Time, wait: float, period: float, seconds: float
) -> None:
    throttle = make(path, time, period=period)
    assert throttle.poll_interval(wait) == seconds
    throttle.close()


@pytest.mark.parametrize(
    ("calls", "sms", "family", "lane", "pace"),
    [
        (100, 30, "sms", BULK, 98 / 60),
        (6000, 30, "sms", BULK, 30.0),
        (6000, 30, "owned", BULK, 5880 / 60),
        (6000, 30, "owned", INTERACTIVE, 100.0),
    ],
)
def test_the_pace_is_that_of_the_lowest_limit(
    path: Path, time: Time, calls: int, sms: int, family: str, lane: str, pace: float
) -> None:
    throttle = make(path, time, calls=calls, period=60.0, limits={"sms": Limit(sms, 1.0)})
    assert throttle.find_pace(family, lane) == pytest.approx(pace)
    with contextlib.closing(make(path, time, calls=6, period=60.0)):  # another session of the account
        assert throttle.find_pace(family, INTERACTIVE) == pytest.approx(0.1)
    throttle.close()


@pytest.mark.parametrize("from_answer", [True, False])
@pytest.mark.parametrize(("age", "free"), [(9.75, 0), (10.0, 1), (10.25, 1)])
def test_a_slot_leaves_its_window_when_it_is_as_old_as_the_period(
    path: Path, time: Time, from_answer: bool, age: float, free: int
) -> None:
    throttle = make(path, time, calls=9, limits={"sms": Limit(1, 10.0, from_answer)})
    call(throttle, time, "one", took=0.0 if from_answer else 0.5, family="sms")
    throttle.acquire("of others", "")
    time.now = 1000.0 + age
    assert throttle.seconds_until_free("sms", INTERACTIVE) == max(0.0, 10.0 - age)
    assert throttle.try_acquire(["two"], "sms", INTERACTIVE) == (free, 0.25 if not free else 0.0)
    throttle.close()


def test_a_slot_is_kept_as_long_as_the_longest_period(path: Path, time: Time) -> None:
    """An hour from its answer, not from its request."""
    throttle = make(path, time, calls=1, period=SLOT_LIFETIME)
    call(throttle, time, "one", took=10.0)
    time.now = 1000.0 + SLOT_LIFETIME + 9.0
    for _ in range(2):  # the first try deletes what is old
        assert throttle.try_acquire(["two"], "", INTERACTIVE) == (0, pytest.approx(1.0))
    throttle.close()


@pytest.mark.in_files
def test_old_slots_are_deleted_once_a_minute_so_that_the_file_stays_small(path: Path, time: Time) -> None:
    throttle = make(path, time)
    deletions: list[float] = []

    def trace(statement: str) -> None:
        if statement.startswith("DELETE FROM slots WHERE at <"):
            deletions.append(time.now)

    throttle._database._connection.set_trace_callback(trace)
    most = 0
    for n in range(1200):  # two hours and twenty minutes
        call(throttle, time, str(n))
        time.now += 7.0
        found = throttle._database.read(lambda c: c.execute("SELECT COUNT(*) FROM slots").fetchone()[0])
        most = max(most, found)
    assert SLOT_LIFETIME / 7 < most <= (SLOT_LIFETIME + CLEAR_EVERY) / 7 + 2
    assert all(CLEAR_EVERY <= later - earlier < CLEAR_EVERY + 8 for earlier, later in pairwise(deletions))
    throttle.close()


@settings(deadline=None, max_examples=40)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.5, 3.0, 61.0, 2000.0]),
            st.sampled_from(["sms", "calls"]),
            st.sampled_from([INTERACTIVE, BULK]),
            st.integers(1, 4),
        ),
        max_size=40,
    )
)
def test_what_is_deleted_later_lets_as_many_through_as_what_is_deleted_at_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[float, str, str, int]]
) -> None:
    folder, found = tmp_path_factory.mktemp("slots"), []
    for every in (0.0, CLEAR_EVERY):
        time = Time()
        limits = {"sms": Limit(2, SLOT_LIFETIME), "calls": Limit(3, 2.0, from_answer=False)}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(throttle_module, "CLEAR_EVERY", every)
            throttle = make(folder / f"{every}.sqlite", time, calls=6, period=SLOT_LIFETIME, limits=limits)
            taken = []
            for n, (seconds, family, lane, wanted) in enumerate(steps):
                time.now += seconds
                names = [f"{n}-{each}" for each in range(wanted)]
                taken.append(throttle.try_acquire(names, family, lane, done=[f"{n - 2}-0"]))
            throttle.close()
        found.append(taken)
    assert found[0] == found[1]


def test_a_wait_of_more_than_a_second_tells_how_long_once(path: Path, time: Time) -> None:
    said: list[str] = []
    throttle = make(path, time, notify=said.append)
    for n in range(6):
        call(throttle, time, str(n))
    throttle.close()
    assert len(said) == 1
    assert "about 10 s" in said[0]
    assert "5 calls in 10 s" in said[0]


@pytest.mark.parametrize(
    ("period", "countdown", "said"),
    [
        (1.0, False, []),
        (1.2, False, []),
        (1.5, False, [2]),
        (3.0, False, [3]),
        (3.0, True, [3, 2]),
        (3.5, True, [4, 3, 2]),
    ],
)
def test_a_wait_is_told_from_a_second_on_and_again_where_it_is_counted_down(
    path: Path, time: Time, period: float, countdown: bool, said: list[int]
) -> None:
    told: list[str] = []
    throttle = make(path, time, calls=1, period=period, notify=told.append)
    throttle.countdown = countdown
    call(throttle, time, "first")
    call(throttle, time, "second")
    assert told == [
        f"Waiting about {left} s: the limit of 1 calls in {period:g} s is reached (interrupt to stop)." for left in said
    ]
    throttle.close()


@pytest.mark.parametrize(
    ("family", "lane", "calls"), [("", INTERACTIVE, 1), ("sms", INTERACTIVE, 20), ("", BULK, 4), ("sms", BULK, 20)]
)
def test_who_waits_takes_no_lock_before_a_slot_is_free(
    path: Path, time: Time, monkeypatch: pytest.MonkeyPatch, family: str, lane: str, calls: int
) -> None:
    throttle = make(path, time, calls=calls, period=8.0, limits={"sms": Limit(1, 8.0)})
    call(throttle, time, "first", family=family, lane=lane)
    real, tried = throttle.try_acquire_from, []

    def try_acquire(*arguments: Any) -> Grant:
        tried.append(time.now)
        return real(*arguments)

    monkeypatch.setattr(throttle, "try_acquire_from", try_acquire)
    throttle.acquire("second", family, lane)
    assert len(tried) == 2
    throttle.close()


def test_a_bulk_call_that_waits_says_nothing(path: Path, time: Time) -> None:
    throttle = make(path, time, calls=1, notify=pytest.fail)
    for n in range(3):
        call(throttle, time, str(n), lane=BULK)
    throttle.close()


def test_an_interrupt_while_waiting_leaves_no_slot(path: Path, time: Time) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    throttle = make(path, time)
    for n in range(5):
        call(throttle, time, str(n))
    throttle._sleep = interrupt
    with pytest.raises(KeyboardInterrupt):
        throttle.acquire("never", "", INTERACTIVE)
    assert throttle.status().used == 5
    throttle.close()


def test_two_connections_share_one_window(path: Path, time: Time) -> None:
    one, two = make(path, time), make(path, time)
    given = [call((one, two)[n % 2], time, f"{n}") for n in range(6)]
    assert given[:5] == [1000.0] * 5
    assert given[5] >= 1010
    one.close()
    two.close()


@settings(max_examples=count_examples(30), deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0, 6), st.booleans()), min_size=20, max_size=40))
@example([*[(1, 0.0, False)] * 10, (1, 3.0, False), *[(1, 6.0, False)] * 7, (1, 0.0, False), (1, 0.0, True)])
def test_several_slots_at_once_are_never_more_than_fit(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, float, bool]]
) -> None:
    time = Time()
    limits = {"sms": Limit(3, 4.0, from_answer=False)}
    throttle = make(tmp_path_factory.mktemp("t") / "t.sqlite", time, limits=limits)
    left: list[float] = []
    open_slots: list[str] = []
    for n, (count, pause, answer) in enumerate(steps):
        wanted = [f"{n} {place}" for place in range(count)]
        taken, wait = throttle.try_acquire(wanted, "sms", INTERACTIVE, open_slots if answer else [])
        open_slots = wanted[:taken] if answer else open_slots + wanted[:taken]
        left += [time.now] * taken
        assert (wait > 0) == (taken < count)
        assert throttle.status().used <= 5
        time.now += pause
    throttle.close()
    assert most_in_any_window(left, 4.0) <= 3
    assert most_in_any_window(left, 10.0) <= 5


def test_slots_that_are_done_are_confirmed_before_others_are_taken(throttle: Throttle, time: Time) -> None:
    names = [str(n) for n in range(5)]
    assert throttle.try_acquire(names, "", INTERACTIVE) == (5, 0.0)
    time.now += 20
    assert throttle.try_acquire(["next"], "", INTERACTIVE)[0] == 0
    taken, wait = throttle.try_acquire(["next"], "", INTERACTIVE, done=names)
    assert (taken, wait) == (0, pytest.approx(10.0))
    time.now += wait + 0.001
    assert throttle.try_acquire(["next", "last"], "", INTERACTIVE) == (2, 0.0)


@pytest.mark.parametrize("late", [35.001, 44.0, 45.001, 600.0])
def test_an_answer_that_outlives_its_slot_does_not_count_again(throttle: Throttle, time: Time, late: float) -> None:
    """A report that is downloaded for minutes, or a process that slept: others may have the place in the window."""
    throttle.acquire("slow", "", INTERACTIVE)
    time.now += late
    others = [f"{late} {n}" for n in range(5)]
    taken = throttle.try_acquire(others, "", INTERACTIVE)[0]
    assert taken == (5 if late > 45 else 4)
    throttle.confirm("slow")
    assert throttle.status().used == 5
    time.now = 1000.0 + max(late, 45.0) + 0.001
    assert throttle.status().used == taken


def test_an_answer_that_is_confirmed_again_counts_from_the_first_time(throttle: Throttle, time: Time) -> None:
    call(throttle, time, "one")
    time.now += 9
    throttle.confirm("one")
    time.now += 1.001
    assert throttle.status().used == 0


@pytest.mark.parametrize(("age", "expected"), [(0.0, False), (LEAVE_WITHIN, False), (LEAVE_WITHIN + 0.001, True)])
def test_a_slot_is_too_old_for_a_request_to_leave_after_some_seconds(
    throttle: Throttle, time: Time, age: float, expected: bool
) -> None:
    throttle.acquire("one", "", INTERACTIVE)
    time.now += age
    assert throttle.is_late("one") == expected


def test_nothing_leaves_under_a_slot_that_is_not_held(throttle: Throttle) -> None:
    for name in ("done", "together", "free"):
        throttle.acquire(name, "", INTERACTIVE)
        assert not throttle.is_late(name)
    throttle.confirm("done")
    throttle.try_acquire([], "", INTERACTIVE, ["together"])
    throttle.give_back(["free"])
    assert all(throttle.is_late(name) for name in ("done", "together", "free", "never taken"))


def test_a_slot_that_is_given_back_is_free_at_once(throttle: Throttle, time: Time) -> None:
    names = [str(n) for n in range(5)]
    throttle.try_acquire(names, "", INTERACTIVE)
    throttle.give_back(names[:2])
    assert throttle.status().used == 3
    assert throttle.try_acquire(["next", "last", "more"], "", INTERACTIVE)[0] == 2


def test_what_seems_full_by_a_hair_is_waited_for(path: Path, time: Time) -> None:
    """A slot of 0.3 is in a window of 0.1 that begins at 0.3 by one way to reckon, and out of it by another."""
    time.now = 0.3
    throttle = make(path, time, calls=1, period=0.1)
    throttle.acquire("one", "", INTERACTIVE)
    throttle.confirm("one")
    time.now = 0.4
    throttle.acquire("two", "", INTERACTIVE)
    assert 0.4 <= time.now < 0.5
    throttle.close()


def test_the_bulk_lane_leaves_a_share_of_the_window_free(path: Path, time: Time) -> None:
    throttle = make(path, time, calls=100, period=60.0)
    for n in range(200):
        call(throttle, time, f"b{n}", took=0.1, lane=BULK)
        used = throttle.status()
        assert used.used <= 98
        assert used.wait == 0.0
    before = time.now
    call(throttle, time, "i", lane=INTERACTIVE)
    assert time.now == before
    throttle.close()


def test_the_bulk_lane_spreads_its_calls_over_the_window(path: Path, time: Time) -> None:
    throttle = make(path, time, calls=100, period=60.0)
    given = [call(throttle, time, str(n), lane=BULK) for n in range(196)]
    throttle.close()
    assert most_in_any_window(given, 3.0) <= 5
    assert given[-1] - given[0] == pytest.approx(120, rel=0.05)


@pytest.mark.parametrize(("from_answer", "expected"), [(True, 1.5), (False, 1.0)])
def test_a_family_has_its_own_window(path: Path, time: Time, from_answer: bool, expected: float) -> None:
    throttle = make(path, time, calls=100, limits={"owned": Limit(1, 1.0, from_answer)})
    first = call(throttle, time, "1", took=0.5, family="owned")
    other = call(throttle, time, "2", family="sms")
    second = call(throttle, time, "3", family="owned")
    throttle.close()
    assert other == first + 0.5
    assert second - first == pytest.approx(expected, abs=0.3)


@pytest.mark.in_files
def test_after_a_reboot_the_last_window_counts_once_more_and_no_older_call_does(path: Path, time: Time) -> None:
    before = make(path, time)
    call(before, time, "old")
    time.now += 100
    for n in range(3):
        call(before, time, str(n))
    before.close()
    time.now = 3.0
    after = make(path, time, boot="b2")
    assert after.status().used == 3
    time.now += 10.5
    assert after.status().used == 0
    after.close()


@pytest.mark.in_files
def test_without_a_boot_name_slots_ahead_of_the_clock_are_of_an_earlier_boot(path: Path, time: Time) -> None:
    time.now = 1_000_000.0
    before = make(path, time, boot="")
    for n in range(5):
        call(before, time, str(n))
    before.close()
    time.now = 50.0
    after = make(path, time, boot="")
    assert call(after, time, "next") == pytest.approx(60, abs=0.3)
    after.close()


@pytest.mark.parametrize("boot", ["", "b1"])
def test_what_another_session_has_under_way_right_now_is_of_this_boot(path: Path, time: Time, boot: str) -> None:
    one = make(path, time, boot=boot)
    one.acquire("open", "", INTERACTIVE)
    two = make(path, time, boot=boot)  # at the same moment
    time.now += 44
    assert two.status().used == 1
    one.close()
    two.close()


@pytest.mark.in_files
def test_after_a_reboot_the_window_that_counts_once_more_is_the_longest_that_there_is(path: Path, time: Time) -> None:
    limits = {"sms": Limit(3, 100.0), "owned": Limit(3, 50.0)}
    before = make(path, time, limits=limits)
    for _ in range(4):  # at 1000, 1050, 1100 and 1150
        call(before, time, f"{time.now}", family="sms")
        time.now += 50
    before.close()
    time.now = 7.0
    after = make(path, time, limits=limits, boot="b2")
    # Those of the last 100 s before the last call; one that is just as old as that is out of its window.
    assert after._database.read(lambda c: c.execute("SELECT id, boot, reserved, at FROM slots").fetchall()) == [
        (name, "b2", 7.0, 7.0) for name in ("1100.0", "1150.0")
    ]
    after.close()


@pytest.mark.in_files
@pytest.mark.parametrize(
    ("slots", "kept"),
    [
        # Until the last request that is known, the last window counts.
        ([("b1", 985.0, 985.0), ("b1", 990.0, 990.0), ("b1", 990.1, 990.1), ("b1", 1000.0, 1000.0)], [2, 3]),
        # One that was under way then does not tell that the machine ran until it would have expired.
        ([("b1", 991.0, 991.0), ("b1", 1000.0, 1035.0)], [0, 1]),
        # What counts is the answer.
        ([("b1", 980.0, 991.0), ("b1", 1000.0, 1000.0)], [0, 1]),
        # The clock of this boot has nothing to do with that of the one before.
        ([("b2", 3.0, 3.0), ("b1", 1000.0, 1000.0)], [0, 1]),
        ([("b2", 3.0, 38.0), ("b1", 0.5, 0.5)], [0, 1]),
        ([("b2", 4.0, 4.0), ("b1", -19.0, -19.0), ("b1", -10.0, -10.0)], [0, 1, 2]),
        ([("b2", 3.0, 3.0), ("b2", 4.0, 4.0)], [0, 1]),
        ([("b1", 3.0, 3.0), ("b0", 90.0, 90.0), ("b1", 95.0, 95.0)], [1, 2]),
    ],
)
def test_which_slots_of_an_earlier_boot_count_once_more(
    path: Path, time: Time, slots: list[tuple[str, float, float]], kept: list[int]
) -> None:
    make(path, time).close()
    with sqlite3.connect(path) as connection:
        rows = [(str(n), *slot) for n, slot in enumerate(slots)]
        connection.executemany(
            "INSERT INTO slots (id, boot, reserved, at, family, lane) VALUES (?, ?, ?, ?, '', '')", rows
        )
    connection.close()
    time.now = 5.0
    throttle = make(path, time, boot="b2")
    found = throttle._database.read(lambda c: c.execute("SELECT id, boot, reserved, at FROM slots").fetchall())
    this_boot = [slot if slot[0] == "b2" else ("b2", 5.0, 5.0) for slot in slots]
    assert sorted(found) == [(str(n), *this_boot[n]) for n in kept]
    throttle.close()


def test_old_slots_are_deleted(throttle: Throttle, time: Time) -> None:
    call(throttle, time, "old")
    time.now += 4000
    call(throttle, time, "new")
    assert throttle._database.read(lambda c: c.execute("SELECT id FROM slots").fetchall()) == [("new",)]


@pytest.mark.in_files
def test_the_file_is_the_users_alone(throttle: Throttle, path: Path) -> None:
    throttle.acquire("1", "", INTERACTIVE)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("throttle.sqlite*")}
    assert modes == {0o600}


@pytest.mark.in_files
@pytest.mark.parametrize("problem", [StateError("odd"), StateError("odd", "Do this.")])
def test_a_record_that_cannot_be_used_says_that_nothing_was_sent(throttle: Throttle, problem: StateError) -> None:
    def fail() -> None:
        raise problem

    with pytest.raises(UnreachableError) as caught:
        throttle._run(fail)
    assert str(caught.value) == (
        f"The record of the limit {throttle.path} cannot be used (odd). Nothing was sent, because too many calls could "
        f"leave without it. {problem.advice}"
    ).rstrip(" ")


def test_confirming_what_holds_no_slot_is_fine(throttle: Throttle) -> None:
    throttle.confirm("nobody")
    assert throttle.status().used == 0


def test_a_forked_child_is_told_to_connect_again(throttle: Throttle) -> None:
    child = os.fork()
    if child == 0:
        try:
            throttle.acquire("child", "", INTERACTIVE)
        except InvalidRequestError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_slots_are_given_in_order(throttle: Throttle, time: Time) -> None:
    given = [call(throttle, time, str(n), took=0.3) for n in range(20)]
    assert all(a <= b for a, b in pairwise(given))
