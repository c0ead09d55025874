"""The pace of a number: so many messages a second from it, over all sessions, beside the limits of all calls."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from nexmo_nb.state import throttle as throttle_module
from nexmo_nb.state import throttle_sql
from nexmo_nb.state.limits import Limit, find_sender_limit
from nexmo_nb.state.throttle import Throttle
from nexmo_nb.state.windows import BULK, INTERACTIVE

ONE, TWO, FREE, CODE = "14155550100", "16045550101", "18005550100", "41555"


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def path(tmp_path: Path, time: Time, anywhere: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(throttle_sql, "_read_clock", lambda _: time.now)
    return tmp_path / "throttle.sqlite"


def make(path: Path, time: Time, said: list[str] | None = None, **options: Any) -> Throttle:
    notify = (lambda _: None) if said is None else said.append
    settings = {"calls": 50, "limits": {}, "period": 10.0, "boot": "b1", "clock": time, "sleep": time.sleep, **options}
    return Throttle(path, notify=notify, **settings)


names = (f"slot {n}" for n in itertools.count())


def send(throttle: Throttle, time: Time, sender: str, took: float = 0.0, lane: str = INTERACTIVE) -> float:
    """Send a message, and tell when its slot was given."""
    slot = next(names)
    throttle.acquire(slot, "sms", lane, sender)
    at = time.now
    time.now += took
    throttle.confirm(slot)
    return at


def count_free(throttle: Throttle, sender: str) -> int:
    """Count the messages that may leave from a number at once, without leaving a trace."""
    taken = throttle.try_acquire_from({next(names): sender for _ in range(20)}, "sms", INTERACTIVE).taken
    throttle.give_back(taken)
    return len(taken)


@pytest.mark.parametrize(
    ("sender", "is_paced"),
    [
        (ONE, True), (TWO, True), (FREE, False), ("18885550100", False), (CODE, False), ("", False), ("Acme", False),
        ("447700900001", False), ("351912345678", False), ("1415555010", False), ("141555501000", False),
        ("11155550100", False), ("14151550100", False),
    ],
)  # fmt: skip
def test_long_numbers_of_the_united_states_and_canada_have_a_pace(sender: str, is_paced: bool) -> None:
    assert find_sender_limit(sender) == (Limit(1, 1.0) if is_paced else None)


def test_a_long_number_sends_one_a_second_and_others_as_fast_as_the_account(path: Path, time: Time) -> None:
    said: list[str] = []
    throttle = make(path, time, said)
    assert [send(throttle, time, ONE) for _ in range(3)] == pytest.approx([1000.0, 1001.0, 1002.0], abs=0.01)
    begun = time.now
    assert [send(throttle, time, sender) for sender in (TWO, FREE, FREE, CODE, "", "")] == [begun] * 6
    assert send(throttle, time, TWO, took=2.0) == pytest.approx(begun + 1.0, abs=0.01)
    # It counts from the answer: the request may have arrived that late.
    begun = time.now
    assert send(throttle, time, TWO) == pytest.approx(begun + 1.0, abs=0.01)
    assert said == []  # a wait of a second is not told
    throttle.close()


def test_a_number_that_is_busy_does_not_hold_up_the_slots_after_its_own(path: Path, time: Time) -> None:
    throttle = make(path, time)
    wanted = {"a": ONE, "b": ONE, "c": TWO, "d": "", "e": ONE, "f": ""}
    grant = throttle.try_acquire_from(wanted, "sms", BULK)
    assert (grant.taken, grant.wait) == (["a", "c"], pytest.approx(0.4, abs=0.1))  # bursts of two, in the bulk lane
    grant = throttle.try_acquire_from(dict.fromkeys("gh", ""), "sms", INTERACTIVE)
    assert (grant.taken, grant.wait, grant.sender_waits) == (["g", "h"], 0.0, {})
    grant = throttle.try_acquire_from({"i": ONE, "j": ""}, "sms", INTERACTIVE)
    assert (grant.taken, grant.wait, grant.sender_waits) == (["j"], 0.0, {ONE: pytest.approx(1.0)})
    time.now += 0.5
    throttle.try_acquire_from({}, "sms", BULK, ["a"])
    assert throttle.seconds_until_free("sms", INTERACTIVE, ONE) == pytest.approx(1.0)
    assert throttle.seconds_until_free("sms", INTERACTIVE, FREE) == 0.0
    time.now += 0.9
    assert throttle.seconds_until_free("sms", INTERACTIVE, ONE) == pytest.approx(0.1)
    throttle.close()


def test_a_full_account_holds_up_all_and_says_for_how_long(path: Path, time: Time) -> None:
    throttle = make(path, time, calls=2)
    grant = throttle.try_acquire_from({"a": ONE, "b": TWO, "c": "", "d": FREE}, "sms", INTERACTIVE)
    assert (grant.taken, grant.wait) == (["a", "b"], pytest.approx(10.0))
    assert set(grant.sender_waits) == {ONE, TWO}
    throttle.close()


def test_a_call_by_hand_need_not_queue_behind_a_batch_from_its_number(path: Path, time: Time) -> None:
    """Both wait for the next slot of the number: it is free for the one by hand before it is for the batch."""
    throttle = make(path, time)
    send(throttle, time, ONE, lane=BULK)
    assert throttle.seconds_until_free("sms", INTERACTIVE, ONE) == pytest.approx(1.0)
    assert throttle.seconds_until_free("sms", BULK, ONE) == pytest.approx(1.05)
    throttle.close()


def test_all_sessions_share_the_pace_of_a_number(path: Path, time: Time) -> None:
    one, two = make(path, time), make(path, time)
    moments = [send(each, time, ONE, took=0.1) for each in (one, two, one, one, two)]
    assert all(later - earlier >= 1.1 for earlier, later in itertools.pairwise(moments))
    one.close()
    two.close()


def test_a_limit_that_a_session_was_given_for_a_number_replaces_the_default_for_all(path: Path, time: Time) -> None:
    said: list[str] = []
    other = make(path, time, said)
    assert count_free(other, ONE) == 1
    given = make(path, time, limits={ONE: Limit(5, 1.0), "447700900001": Limit(2, 1.0)})
    assert [count_free(each, ONE) for each in (given, other)] == [5, 5]
    assert [count_free(each, "447700900001") for each in (given, other)] == [2, 2]
    assert [each.split(":")[0] for each in said] == [
        f"Another session on this account has a limit of 5 calls in 1 s from {ONE}, and this one of 1 calls in 1 s"
    ]
    given.close()
    assert [count_free(other, sender) for sender in (ONE, "447700900001")] == [1, 20]
    other.close()


def test_a_long_wait_for_a_number_is_told_with_the_number(path: Path, time: Time) -> None:
    said: list[str] = []
    throttle = make(path, time, said, limits={ONE: Limit(1, 5.0)})
    send(throttle, time, ONE)
    send(throttle, time, ONE)
    assert said == [f"Waiting about 5 s: the limit of messages from {ONE} is reached (interrupt to stop)."]
    throttle.close()


def test_the_record_of_a_version_without_paces_is_taken_over(
    path: Path, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = throttle_sql.SCHEMA
    old = before._replace(sqlite=before.sqlite[:-1], postgres=before.postgres[:-1])
    insert = (
        "INSERT INTO slots (id, boot, family, lane, reserved, at) VALUES ('old', 'b1', 'sms', 'bulk', 1000.0, 1000.0)"
    )
    with monkeypatch.context() as patch:
        patch.setattr(throttle_module.sql, "SCHEMA", old)
        throttle = make(path, time)
        throttle._database.transact(lambda connection: connection.execute(insert))
        throttle.close()
    throttle = make(path, time)
    assert throttle.status().used == 1
    assert [send(throttle, time, ONE) for _ in range(2)] == pytest.approx([1000.0, 1001.0], abs=0.01)
    throttle.close()
