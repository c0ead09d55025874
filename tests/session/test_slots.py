"""A request leaves under a young slot of the throttle, however long this process was stopped before."""

from __future__ import annotations

import itertools
import threading
import traceback
from typing import Any

import pytest
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.session import transport
from nexmo_nb.state.throttle import LEAVE_WITHIN, read_boot_clock


class Lid:
    """Closes the lid of the machine once a request was prepared, for so many seconds, so many times."""

    def __init__(self, session: nx.Session, seconds: float, times: int = 1) -> None:
        self.session, self.seconds, self.times = session, seconds, times
        self.slept, self.prepared, self.lock = 0.0, 0, threading.Lock()
        self.real = session.prepare_request
        session.throttle._clock = lambda: read_boot_clock() + self.slept
        session.prepare_request = self.prepare  # type: ignore[method-assign]

    def prepare(self, request: Any) -> Any:
        prepared = self.real(request)
        with self.lock:
            self.prepared += 1
            self.slept += self.seconds if self.prepared <= self.times else 0
        return prepared

    def read_slots(self) -> list[tuple[float, float]]:
        """Read when each slot was taken, and until when it counts, in seconds before now."""
        throttle = self.session.throttle
        rows = throttle._database.read(lambda c: c.execute("SELECT reserved, at FROM slots").fetchall())
        return [(throttle._clock() - taken, throttle._clock() - at) for taken, at in rows]


@pytest.fixture
def strict(sandbox: Sandbox, waits: list[float]) -> nx.Session:
    return connected(sandbox, sleep=waits.append, calls=1000, cache=False)


@pytest.mark.parametrize("seconds", [LEAVE_WITHIN + 0.5, 60.0, 7200.0])
@pytest.mark.parametrize("name", ["a read", "an SMS", "a key"])
def test_a_call_that_was_stopped_before_it_left_takes_another_slot(
    strict: nx.Session, sandbox: Sandbox, seconds: float, name: str
) -> None:
    lid = Lid(strict, seconds)
    if name == "a read":
        nx.applications()
    else:
        key = "k" if name == "a key" else None
        assert nx.send_sms("447700900123", "Hello", sender="Demo", key=key).meaning.tolist() == ["accepted"]
        assert nx.sent().state.tolist() == ["accepted"]
    assert len(sandbox.requests) == 1
    assert lid.prepared == 2
    (slot,) = lid.read_slots()  # the one that nothing left under does not count
    assert slot[0] < LEAVE_WITHIN
    assert strict.throttle.status().used == 1


def test_a_call_that_was_stopped_while_it_connected_takes_another_slot(
    strict: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    lid, real, connects = Lid(strict, 0.0), transport._Connection.connect, itertools.count()

    def connect(self: Any) -> None:
        real(self)
        lid.slept += 60.0 if next(connects) == 0 else 0.0

    monkeypatch.setattr(transport._Connection, "connect", connect)
    assert nx.send_sms("447700900123", "Hello", sender="Demo", key="k").meaning.tolist() == ["accepted"]
    assert (lid.prepared, len(sandbox.messages), len(lid.read_slots())) == (2, 1, 1)


def test_a_slot_counts_as_long_as_a_request_that_left_in_time_can_be_under_way(sandbox: Sandbox) -> None:
    with connected(sandbox, timeout=20.0) as session:
        lid = Lid(session, 0.0)
        session.throttle.acquire("open", "sms")
        ((taken, expires),) = lid.read_slots()
    assert taken - expires == pytest.approx(LEAVE_WITHIN + 20.0)


def test_a_short_stop_costs_nothing(strict: nx.Session, sandbox: Sandbox) -> None:
    lid = Lid(strict, LEAVE_WITHIN / 10)
    nx.applications()
    assert lid.prepared == 1


def test_a_call_is_signed_anew_after_it_was_stopped(sandbox: Sandbox) -> None:
    keys = {"api_key": sandbox.api_key, "api_secret": "x", "signature_secret": sandbox.signature_secret}
    with connected(sandbox, sleep=lambda _: None, **keys) as session:
        assert Lid(session, 60.0).session is session
        assert nx.send_sms("447700900123", "Hello", sender="Demo").status.tolist() == ["0"]
    assert len(sandbox.requests) == 1


def test_a_call_that_never_gets_away_says_so_and_nothing_was_sent(strict: nx.Session, sandbox: Sandbox) -> None:
    lid = Lid(strict, 60.0, times=99)
    with pytest.raises(nx.UnreachableError, match="turn under the limit is over. Nothing was sent") as caught:
        nx.send_sms("447700900123", "Hello", sender="Demo", key="k")
    assert sandbox.requests == []
    assert len(nx.sent()) == 0
    assert lid.read_slots() == []
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "prepared" not in shown  # no frame that a request with its credentials is in


def test_a_call_in_a_batch_that_never_gets_away_shows_nothing_of_the_wire(strict: nx.Session) -> None:
    request = nx.session.Request("do it", "POST", "/v2/applications", json={"name": "x"})
    with pytest.raises(nx.session.LateError) as caught:
        strict.call_with_slot(request, "a slot that nobody took", strict.make_attempt())
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "prepared" not in shown


def test_a_batch_whose_machine_slept_takes_other_slots_and_goes_on(strict: nx.Session, sandbox: Sandbox) -> None:
    """All that was in flight was stopped at once: more than the failures in a row after which a batch stops."""
    plan = nx.plan_sms([f"4477009000{n:02d}" for n in range(60)], "Hello", sender="Demo")
    lid = Lid(strict, 60.0, times=40)
    before = len(lid.read_slots())
    result = nx.send_many(plan, batch="b", workers=32, progress=False)
    assert set(result.state) == {"accepted"}
    assert len(sandbox.messages) == 60
    assert lid.prepared >= 100
    assert len(lid.read_slots()) == before + 60


def test_a_message_that_was_stopped_is_planned_again(strict: nx.Session, sandbox: Sandbox) -> None:
    request = nx.session.Request("do it", "POST", "/v2/applications", json={"name": "x"})
    with pytest.raises(nx.session.LateError) as caught:
        strict.call_with_slot(request, "a slot that nobody took", strict.make_attempt())
    assert caught.value.retryable
    assert sandbox.requests == []


@pytest.mark.parametrize("name", ["a call", "a batch"])
def test_a_connection_that_is_always_made_slowly_is_no_stop(
    strict: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """As where the first servers that look up names are down: 10 s, each time."""
    lid, real, connections = Lid(strict, 0.0), transport.Attempt.take_connection, []

    def connect_slowly(attempt: transport.Attempt, connected: Any) -> None:
        connections.append(connected)
        lid.slept += 10 if len(connections) < 9 else 0  # so that a test that fails ends
        real(attempt, connected)

    plan = nx.plan_sms(["447700900123"], "Hello", sender="Demo", prices=False)
    monkeypatch.setattr(transport.Attempt, "take_connection", connect_slowly)
    if name == "a call":
        assert nx.send_sms("447700900123", "Hello", sender="Demo").meaning.tolist() == ["accepted"]
    else:
        assert nx.send_many(plan, batch="b", progress=False).state.tolist() == ["accepted"]
    assert len(connections) == len(sandbox.requests) == 1
