"""The parts of the wire by themselves: the time for an answer, what keeps a request back, and what doubts an answer."""

from __future__ import annotations

import io
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import urllib3

from nexmo_nb.session import transport
from nexmo_nb.session.transport import Attempt, UnfitError, download_body, failure_reason, read_body


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(transport, "time", SimpleNamespace(monotonic=clock))
    return clock


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """This side of a connection, and the server's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(7.0)
        yield ours, theirs


# --- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "left"), [(0.0, 2.0), (1.5, 0.5)])
def test_a_byte_is_waited_for_as_long_as_there_is_time(clock: Clock, after: float, left: float) -> None:
    deadline = transport._Deadline(2.0)
    clock.now += after
    assert deadline.find_seconds_left() == left
    assert deadline.fault == ""


@pytest.mark.parametrize(
    ("has_begun", "fault"), [(False, "no answer came in time: 2 s"), (True, "its answer was not whole after 2 s")]
)
@pytest.mark.parametrize("after", [2.0, 9.0])
def test_when_time_is_over_nothing_more_is_read(clock: Clock, after: float, has_begun: bool, fault: str) -> None:
    deadline = transport._Deadline(2.0)
    if has_begun:
        deadline.note_input()
    clock.now += after
    for work in (deadline.find_seconds_left, deadline.find_seconds_left, deadline.note_input):
        with pytest.raises(UnfitError) as caught:
            work()
        assert str(caught.value) == deadline.fault == fault
    deadline.allow(50.0)  # a fault stays
    with pytest.raises(UnfitError, match=fault):
        deadline.find_seconds_left()


def test_more_time_for_all_is_not_more_for_one_byte(clock: Clock) -> None:
    deadline = transport._Deadline(2.0)
    deadline.allow(3600.0)
    clock.now += 3000.0
    assert deadline.find_seconds_left() == 2.0
    clock.now += 599.0
    assert deadline.find_seconds_left() == 1.0
    clock.now += 1.0
    with pytest.raises(UnfitError, match=r"no answer came in time: 3600 s"):
        deadline.find_seconds_left()


@pytest.mark.parametrize(("seconds", "left"), [(0.25, 0.25), (0.5, 0.5), (1.0, 0.5), (5.0, 0.5)])
def test_an_end_is_brought_forward_and_never_put_off(clock: Clock, seconds: float, left: float) -> None:
    deadline = transport._Deadline(2.0)
    clock.now += 1.5
    deadline.bring_forward(seconds)
    assert deadline.find_seconds_left() == left


def test_the_time_of_an_answer_runs_from_the_connection(clock: Clock, pair: tuple[Any, Any]) -> None:
    attempt = Attempt(2.0)
    clock.now += 1.5
    attempt.take_connection(pair[0])
    assert attempt._deadline.find_seconds_left() == 2.0


@pytest.mark.parametrize(("waited", "problem"), [(2.0, UnfitError), (1.0, TimeoutError)])
def test_a_silence_is_told_as_such_when_the_time_is_over(clock: Clock, waited: float, problem: type[OSError]) -> None:
    def wait(_: Any) -> int:
        clock.now += waited
        raise TimeoutError

    timeouts: list[float] = []
    raw = SimpleNamespace(readinto=wait, close=lambda: timeouts.append(-1.0))
    deadline = transport._Deadline(2.0)
    wire = transport._Wire(deadline, SimpleNamespace(makefile=lambda *_, **__: raw, settimeout=timeouts.append))
    with pytest.raises(problem) as caught:
        wire.readinto(bytearray(1))
    assert type(caught.value) is problem
    assert deadline.fault == ("no answer came in time: 2 s" if problem is UnfitError else "")
    wire.close()
    assert timeouts == [2.0, -1.0]


@pytest.mark.parametrize("count", [5, 0])
def test_what_comes_after_this_side_hung_up_is_not_read(clock: Clock, count: int) -> None:
    deadline = transport._Deadline(2.0)

    def read(_: Any) -> int:
        deadline.fault = "it was broken off"  # by another thread, meanwhile
        return count

    raw = SimpleNamespace(readinto=read, close=lambda: None)
    wire = transport._Wire(deadline, SimpleNamespace(makefile=lambda *_, **__: raw, settimeout=lambda _: None))
    with pytest.raises(UnfitError, match="it was broken off"):
        wire.readinto(bytearray(9))


# --- what keeps a request back ---------------------------------------------------------------------------------------

EARLY = "the server answered, or hung up, before it was asked"


@pytest.mark.parametrize(("early", "leaves"), [("nothing", True), ("an answer", False), ("the end", False)])
def test_a_request_leaves_only_if_the_server_is_silent(pair: tuple[Any, Any], early: str, leaves: bool) -> None:
    ours, theirs = pair
    attempt = Attempt(2.0)
    attempt.take_connection(ours)
    if early == "an answer":
        theirs.send(b"H")
    elif early == "the end":
        theirs.close()
    if leaves:
        attempt.check_before_leaving()
    else:
        for _ in range(2):
            with pytest.raises(UnfitError, match=EARLY):
                attempt.check_before_leaving()
    assert attempt.left is leaves
    assert attempt.fault == ("" if leaves else EARLY)
    assert ours.gettimeout() == 7.0


def test_the_rest_of_a_request_leaves_whatever_the_server_says_meanwhile(pair: tuple[Any, Any]) -> None:
    ours, theirs = pair
    asked: list[bool] = []
    attempt = Attempt(2.0)
    attempt.before_leaving = lambda: asked.append(attempt.left)
    attempt.take_connection(ours)
    attempt.check_before_leaving()
    theirs.send(b"HTTP")
    attempt.check_before_leaving()
    assert asked == [False]  # looked at once, before any of it left
    assert ours.recv(9) == b"HTTP"


def test_a_request_whose_slot_is_too_old_does_not_leave(pair: tuple[Any, Any]) -> None:
    def stop() -> None:
        raise RuntimeError("too old")

    attempt = Attempt(2.0)
    attempt.before_leaving = stop
    attempt.take_connection(pair[0])
    with pytest.raises(RuntimeError, match="too old"):
        attempt.check_before_leaving()
    assert attempt.left is False


def test_what_is_connected_after_an_attempt_is_not_of_it() -> None:
    closed: list[int] = []
    with Attempt(2.0) as attempt:
        assert transport._current.get() is attempt
        attempt._wire = SimpleNamespace(close=lambda: closed.append(1))  # type: ignore[assignment]
    assert transport._current.get() is None
    assert closed == [1]


@pytest.mark.parametrize("has_left", [False, True])
def test_an_attempt_that_was_broken_off_sends_nothing_more(pair: tuple[Any, Any], has_left: bool) -> None:
    ours, theirs = pair
    attempt = Attempt(2.0)
    attempt.take_connection(ours)
    if has_left:
        attempt.check_before_leaving()
    attempt.break_off()
    with pytest.raises(UnfitError, match="it was broken off"):
        attempt.check_before_leaving()
    assert attempt.left is has_left
    assert theirs.recv(9) == b""  # both sides see the end
    with pytest.raises(OSError, match=r".+"):
        ours.send(b"x")


def test_breaking_off_keeps_the_reason_that_there_was_and_needs_no_connection(clock: Clock) -> None:
    attempt = Attempt(2.0)
    clock.now += 3.0
    with pytest.raises(UnfitError):
        attempt._deadline.find_seconds_left()
    attempt.break_off()
    assert attempt.fault == "no answer came in time: 2 s"
    other = Attempt(2.0)
    other.break_off()
    assert other.fault == "it was broken off"
    clock.now += 9.0
    with pytest.raises(UnfitError, match="it was broken off"):
        other._deadline.find_seconds_left()


def test_a_connection_within_an_encrypted_one_is_broken_off_as_well(pair: tuple[Any, Any]) -> None:
    attempt = Attempt(2.0)
    attempt.take_connection(SimpleNamespace(socket=pair[0]))
    attempt.break_off()
    assert pair[1].recv(9) == b""


def test_nothing_is_sent_again_below_the_session() -> None:
    retries = transport.Adapter().max_retries
    assert (retries.total, retries.read) == (0, False)


# --- what doubts an answer -------------------------------------------------------------------------------------------


class Broken(io.BytesIO):
    def read(self, *_: Any) -> bytes:
        raise ConnectionResetError


class Silent(io.BytesIO):
    def read(self, *_: Any) -> None:  # type: ignore[override]
        return None


@pytest.mark.parametrize(
    ("statuses", "rest", "doubt"),
    [
        ([200], io.BytesIO(), ""),
        ([200], None, ""),
        ([200], Broken(), ""),
        ([200], Silent(), ""),
        ([199, 200], io.BytesIO(), "an interim answer came before it"),
        ([100, 200], io.BytesIO(), "an interim answer came before it"),
        ([404], io.BytesIO(), ""),
        ([200], io.BytesIO(b"H"), "more than one answer came"),
        ([103, 200], io.BytesIO(b"H"), "more than one answer came"),
    ],
)
def test_an_answer_is_in_doubt_if_it_did_not_come_alone(statuses: list[int], rest: Any, doubt: str) -> None:
    attempt = Attempt(2.0)
    for status in statuses:
        attempt.note_status(status)
    attempt._reader = rest
    assert attempt.find_doubt() == doubt


@pytest.mark.parametrize("interim", [[], [100], [102], [103], [100, 100], [103, 100, 199]])
def test_an_interim_answer_is_passed_over_and_remembered(pair: tuple[Any, Any], interim: list[int]) -> None:
    ours, theirs = pair
    attempt = Attempt(20.0)
    with attempt:
        attempt.take_connection(ours)
        answer = transport._Answer(attempt, ours, method="POST")
        words = [f"HTTP/1.1 {status} -\r\nX-Of: {status}\r\n\r\n" for status in interim]
        theirs.sendall("".join([*words, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"]).encode())
        theirs.shutdown(socket.SHUT_WR)
        answer.begin()
        assert (answer.status, answer.getheader("X-Of"), answer.will_close) == (201, None, True)
        assert answer.read() == b"ok"
        assert attempt.find_doubt() == ("an interim answer came before it" if interim else "")


def test_more_is_waited_for_no_longer_than_a_moment(clock: Clock) -> None:
    attempt = Attempt(20.0)
    attempt.find_doubt()
    assert attempt._deadline.find_seconds_left() == transport.LAST_WAIT


# --- bodies ----------------------------------------------------------------------------------------------------------


class Body(requests.Response):
    """A response whose body comes in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__()
        self.asked: list[Any] = []
        rest = iter([*pieces, b""])
        self.raw = SimpleNamespace(
            read1=lambda size, **how: self.asked.append((size, how)) or next(rest), close=self.end
        )
        self.closed = False

    def end(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("sizes", "fits"), [([], True), ([10], True), ([4, 6], True), ([11], False), ([4, 6, 1], False)]
)
@pytest.mark.parametrize("to_file", [False, True])
def test_a_body_is_read_up_to_its_bound(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sizes: list[int], fits: bool, to_file: bool
) -> None:
    monkeypatch.setattr(transport, "LARGEST_FILE" if to_file else "LARGEST", 10)
    response = Body(*(b"x" * size for size in sizes))
    path = tmp_path / "body"
    path.write_bytes(b"what was there before")
    read = (lambda: download_body(response, path)) if to_file else (lambda: read_body(response))
    if fits:
        found = read()
        assert (path.read_bytes() if to_file else found) == b"x" * sum(sizes)
    else:
        with pytest.raises(UnfitError, match="its answer is larger than 0 MB"):
            read()
    assert response.closed
    assert {size for size, _ in response.asked} == {65536}
    assert all(how == {"decode_content": True} for _, how in response.asked)


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    download_body(Body(b"x"), tmp_path / "body")
    assert stat.S_IMODE((tmp_path / "body").stat().st_mode) == 0o600


def test_the_bounds_are_those_that_are_told() -> None:
    assert (transport.LARGEST, transport.LARGEST_FILE, transport.SLOWEST_FILE) == (64_000_000, 20_000_000_000, 3600.0)


# --- what is said ----------------------------------------------------------------------------------------------------

NOT_IN_TIME = "the connection was not made in time"
NO_ANSWER = "no answer came in time"
NO_PROXY = "the proxy could not be used"
NO_TRUST = "the server's certificate could not be trusted, or the encrypted connection broke"


@pytest.mark.parametrize(
    ("problem", "before", "after"),
    [
        (requests.ConnectTimeout("x"), NOT_IN_TIME, NOT_IN_TIME),
        (requests.ReadTimeout("x"), NO_ANSWER, NO_ANSWER),
        (requests.Timeout("x"), NO_ANSWER, NO_ANSWER),
        (urllib3.exceptions.ReadTimeoutError(None, "", "x"), NO_ANSWER, NO_ANSWER),  # type: ignore[arg-type]
        (requests.exceptions.ProxyError("x"), NO_PROXY, NO_PROXY),
        (requests.exceptions.SSLError("x"), NO_TRUST, NO_TRUST),
        (requests.ConnectionError("secret"), "no connection could be made", "the connection broke (ConnectionError)"),
        (OSError(28, "No space left"), "no connection could be made", "its file cannot be written (No space left)"),
        (OSError("secret"), "no connection could be made", "the connection broke (OSError)"),
        (UnfitError("too large"), "no connection could be made", "too large"),
        (ValueError("secret"), "no connection could be made", "the connection broke (ValueError)"),
    ],
)
def test_what_went_wrong_is_told_by_its_kind(problem: Exception, before: str, after: str) -> None:
    attempt = Attempt(2.0)
    assert failure_reason(problem, attempt) == before
    attempt.left = True
    assert failure_reason(problem, attempt) == after
    attempt.break_off()
    assert failure_reason(problem, attempt) == "it was broken off"
