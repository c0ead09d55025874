"""Sessions of one account with different limits: all of them hold for each, as long as their processes live."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state import throttle_sql
from nexmo_nb.state.limits import Limit
from nexmo_nb.state.throttle import Status, Throttle
from nexmo_nb.state.windows import BULK, INTERACTIVE

pytestmark = pytest.mark.usefixtures("anywhere")


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def path(tmp_path: Path, time: Time, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(throttle_sql, "_read_clock", lambda _: time.now)
    return tmp_path / "throttle.sqlite"


@pytest.fixture
def time() -> Time:
    return Time()


def make(path: Path, time: Time, calls: int, said: list[str] | None = None, **options: Any) -> Throttle:
    notify = (lambda _: None) if said is None else said.append
    settings = {"limits": {}, "period": 10.0, "boot": "b1", "clock": time, "sleep": time.sleep, **options}
    return Throttle(path, calls=calls, notify=notify, **settings)


def count_free(throttle: Throttle, family: str = "", lane: str = INTERACTIVE) -> int:
    """Count the calls that may leave at once, without leaving a trace."""
    wanted = [f"{id(throttle)} {n}" for n in range(50)]
    taken = throttle.try_acquire(wanted, family, lane)[0]
    throttle.give_back(wanted[:taken])
    return taken


@pytest.mark.parametrize("order", [(5, 20), (20, 5)])
def test_the_lower_limit_holds_for_both_sessions_until_one_closes(
    path: Path, time: Time, order: tuple[int, int]
) -> None:
    one, two = (make(path, time, calls) for calls in order)
    assert (count_free(one), count_free(two)) == (5, 5)
    one.close()
    assert count_free(two) == order[1]
    two.close()


def test_calls_of_one_session_count_under_the_limit_of_the_other(path: Path, time: Time) -> None:
    low, high = make(path, time, 5), make(path, time, 20)
    assert high.try_acquire([str(n) for n in range(20)], "", INTERACTIVE)[0] == 5
    assert low.try_acquire(["x"], "", INTERACTIVE)[0] == 0
    assert high.status() == low.status() == Status(5, 5, pytest.approx(10.0))
    assert high.seconds_until_free("", INTERACTIVE) == pytest.approx(10.0)  # if they are answered at once
    low.close()
    assert high.status() == Status(5, 20, 0.0)
    assert high.seconds_until_free("", INTERACTIVE) == 0.0
    high.close()


def test_of_limits_over_different_periods_both_hold(path: Path, time: Time) -> None:
    one, two = make(path, time, 3, period=1.0), make(path, time, 10, period=100.0)
    for throttle in (one, two):
        assert count_free(throttle) == 3
    for n in range(10):
        one.acquire(str(n), "", INTERACTIVE)
        one.confirm(str(n))
    assert time.now == pytest.approx(1003.0, abs=0.5)
    assert one.try_acquire(["x"], "", INTERACTIVE)[1] == pytest.approx(97.0, abs=0.5)
    one.close()
    two.close()


def test_a_familys_lower_limit_holds_for_both_as_well(path: Path, time: Time) -> None:
    one = make(path, time, 30, limits={"sms": Limit(2, 1.0), "owned": Limit(9, 1.0)})
    two = make(path, time, 30, limits={"sms": Limit(20, 1.0), "owned": Limit(3, 1.0)})
    for throttle in (one, two):
        assert count_free(throttle, "sms") == 2
        assert count_free(throttle, "owned") == 3
        assert count_free(throttle) == 30
    one.close()
    two.close()


def test_the_lower_limit_holds_in_the_bulk_lane(path: Path, time: Time) -> None:
    low, high = make(path, time, 20), make(path, time, 400)
    assert count_free(high, lane=BULK) == count_free(low, lane=BULK) == 1
    low.close()
    assert count_free(high, lane=BULK) == 20
    high.close()


def test_both_are_told_once(path: Path, time: Time) -> None:
    said: dict[int, list[str]] = {5: [], 20: []}
    one, two = (make(path, time, calls, said[calls]) for calls in said)
    for _ in range(3):
        count_free(one)
        count_free(two)
    expected = (
        "Another session on this account has a limit of {} calls in 10 s, and this one of {} calls in 10 s: the lower "
        "one holds for both while both are connected."
    )
    assert said == {5: [expected.format(20, 5)], 20: [expected.format(5, 20)]}
    one.close()
    two.close()


def test_the_limit_of_a_family_is_told_when_the_family_is_called(path: Path, time: Time) -> None:
    said: list[str] = []
    one = make(path, time, 30, said, limits={"sms": Limit(2, 1.0)})
    two = make(path, time, 30, limits={"sms": Limit(20, 1.0), "owned": Limit(1, 1.0)})
    count_free(one)
    count_free(one, "owned")
    assert said == []  # one has no limit for "owned" of its own
    for _ in range(2):
        count_free(one, "sms")
    expected = "Another session on this account has a limit of 20 calls in 1 s of sms, and this one of 2 calls in 1 s: "
    assert [each[: len(expected)] for each in said] == [expected]
    one.close()
    two.close()


def test_a_session_that_ended_takes_no_other_limits_with_it(path: Path, time: Time) -> None:
    low, ended = make(path, time, 5), make(path, time, 7)
    ended.close()
    high = make(path, time, 20)
    assert count_free(high) == 5
    low.close()
    high.close()


def test_a_familys_limit_of_another_session_counts_as_that_session_counts_it(path: Path, time: Time) -> None:
    one = make(path, time, 30, limits={"sms": Limit(9, 5.0), "calls": Limit(9, 5.0)})
    limits = {"sms": Limit(1, 5.0, from_answer=False), "calls": Limit(1, 5.0, from_answer=True)}
    two = make(path, time, 30, limits=limits)
    for family, wait in (("sms", 3.0), ("calls", 5.0)):
        one.acquire(family, family, INTERACTIVE)
        time.now += 2
        one.confirm(family)
        assert one.seconds_until_free(family, INTERACTIVE) == pytest.approx(wait)
    one.close()
    two.close()


@pytest.mark.parametrize("order", [0, 1])
def test_a_wait_names_the_limit_that_lets_the_fewest_through_in_the_long_run(
    path: Path, time: Time, order: int
) -> None:
    said: list[str] = []
    sessions = [make(path, time, calls, said, period=period) for calls, period in ((3, 1.0), (10, 100.0))]
    for n in range(11):
        sessions[order].acquire(str(n), "", INTERACTIVE)
        sessions[order].confirm(str(n))
    waits = [each for each in said if "Waiting" in each]
    assert waits == ["Waiting about 97 s: the limit of 10 calls in 100 s is reached (interrupt to stop)."]
    for each in sessions:
        each.close()


@pytest.mark.in_files
def test_a_lock_file_that_somebody_deleted_is_not_missed(path: Path, time: Time) -> None:
    throttle = make(path, time, 5)
    for file in (path.parent / "owners").iterdir():
        file.unlink()
    throttle.close()
    assert count_free(make(path, time, 20)) == 20


def test_of_several_limits_the_status_tells_the_one_with_the_least_room(path: Path, time: Time) -> None:
    one, two = make(path, time, 3, period=1.0), make(path, time, 10, period=100.0)
    for n in range(9):
        one.acquire(str(n), "", INTERACTIVE)
        one.confirm(str(n))
    time.now += 2
    assert one.status() == two.status() == Status(9, 10, 0.0)
    one.close()
    two.close()


def test_a_wait_names_the_limit_that_it_comes_from(path: Path, time: Time) -> None:
    said: list[str] = []
    low, high = make(path, time, 2), make(path, time, 20, said)
    for n in range(3):
        high.acquire(str(n), "", INTERACTIVE)
        high.confirm(str(n))
    assert any("the limit of 2 calls in 10 s is reached" in each for each in said)
    low.close()
    high.close()


def test_sessions_with_the_same_limits_tell_nothing(path: Path, time: Time) -> None:
    said: list[str] = []
    one, two = make(path, time, 5, said), make(path, time, 5, said)
    assert count_free(one) == count_free(two) == 5
    assert said == []
    one.close()
    two.close()


CHILD = """
import sys
from pathlib import Path
from nexmo_nb.state.throttle import Throttle
throttle = Throttle(Path(sys.argv[1]), calls=5, period=10.0, limits={})
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.in_files
def test_the_limit_of_a_process_that_is_killed_no_longer_holds(path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        throttle = Throttle(path, calls=20, period=10.0, limits={}, notify=lambda _: None)
        assert count_free(throttle) == 5
    finally:
        child.kill()
        child.communicate(timeout=60)
    assert count_free(throttle) == 20
    throttle.close()


@pytest.mark.in_files
def test_what_a_process_that_was_killed_left_behind_is_taken_away(path: Path, time: Time) -> None:
    child = subprocess.run(
        [sys.executable, "-c", CHILD + "import os; os._exit(1)", str(path)], stdin=subprocess.DEVNULL
    )
    assert child.returncode == 1
    left = list((path.parent / "owners").iterdir())
    assert len(left) == 1
    throttle = make(path, time, 20)
    assert not left[0].exists()
    owners = throttle._database.read(lambda c: c.execute("SELECT DISTINCT owner FROM limits").fetchall())
    assert len(owners) == 1
    throttle.close()
    assert list((path.parent / "owners").iterdir()) == []


def test_a_session_that_is_dropped_holds_nobody_and_leaves_no_descriptor(path: Path, time: Time) -> None:
    throttle = make(path, time, 20)
    for _ in range(3):
        make(path, time, 5)
        gc.collect()
    assert count_free(throttle) == 20
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    for _ in range(20):
        make(path, time, 5)
    gc.collect()
    assert sys.platform != "linux" or len(os.listdir("/proc/self/fd")) == before
    throttle.close()


def test_a_fork_frees_nothing_of_its_parents(path: Path, time: Time) -> None:
    low, high = make(path, time, 5), make(path, time, 20)
    child = os.fork()
    if child == 0:
        low.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert count_free(high) == 5
    low.close()
    high.close()


def test_a_new_connection_takes_the_place_of_the_one_before_it(sandbox: Sandbox) -> None:
    """The one before may live on, in a variable or as the output of a cell, though nobody means its limit any more."""
    before = connected(sandbox, calls=5)
    with connected(sandbox, calls=20) as session:
        session.throttle.notify = pytest.fail
        assert count_free(session.throttle, "applications") == 20
        session.throttle.notify = before.throttle.notify = lambda _: None
        assert count_free(before.throttle, "applications") == 5
        assert count_free(session.throttle, "applications") == 5  # it is used again
    before.close()


@pytest.mark.in_files
def test_limits_that_cannot_be_entered_leave_no_lock(path: Path, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    throttle = make(path, time, 5)
    throttle.rest()

    def fail(_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(throttle._shared, "_write", fail)
    with pytest.raises(nx.UnreachableError, match="cannot be used"):
        throttle.acquire("one", "", INTERACTIVE)
    assert list((path.parent / "owners").iterdir()) == []
    throttle.close()


def test_the_limit_of_a_session_that_rests_holds_again_when_it_is_used(sandbox: Sandbox) -> None:
    before = connected(sandbox, calls=5)
    with Sandbox(limits=False) as other, connected(other):
        again = Throttle(before.throttle.path, calls=20, period=60.0, limits={}, notify=lambda _: None)
        assert count_free(again, "applications") == 20
        assert count_free(before.throttle, "applications") == 5
        assert count_free(again, "applications") == 5
        again.close()
    before.close()


WORKER = """
import sys
import nexmo_nb as nx
session = nx.connect(sys.argv[1], calls=int(sys.argv[2]), period=2.0, cache=False)
print("open", flush=True)
sys.stdin.readline()
for _ in range(8):
    nx.applications(limit=1)
print("done", flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_two_processes_with_different_limits_keep_the_lower_one_together(sandbox: Sandbox) -> None:
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    commands = [[sys.executable, "-c", WORKER, sandbox.url, calls] for calls in ("6", "100")]
    children = [subprocess.Popen(command, text=True, **pipes) for command in commands]
    for word in ("open", "done"):
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == f"{word}\n"
        for child in children:
            assert child.stdin is not None
            print("go", file=child.stdin, flush=True)
    said = [child.communicate(timeout=60)[1] for child in children]
    moments = sorted(request["at"] for request in sandbox.requests if request["path"] == "/v2/applications")
    assert len(moments) == 16
    assert max(sum(1 for other in moments if moment <= other < moment + 2.0) for moment in moments) <= 6
    assert [text.count("Another session on this account has a limit of") for text in said] == [1, 1]
