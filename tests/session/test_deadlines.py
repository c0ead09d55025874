"""Answers that never end: each call ends in its time, whatever the server drips, and an interrupt ends a batch."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
import urllib3
from helpers import connected, join_workers
from raw_server import RawServer

import nexmo_nb as nx
from nexmo_nb.campaigns import runner
from nexmo_nb.sandbox.tls import make_tls
from nexmo_nb.session import Request, transport
from nexmo_nb.session.response import MOST_VALUES, parse_response

LONG = 60.0
"""Seconds in which a call ends that does not hang, on the busiest machine; its own time is a fraction of one."""
CHUNKED = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n"


class Clock:
    """Stands in for `time` where the deadlines are kept, so that a test need not wait for one."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped

    def drip(self, start: bytes, piece: bytes) -> Iterator[bytes | None]:
        """Say something, and then a piece again and again; after the third the timeout is over."""
        yield start
        for n in range(1_000_000):
            yield None
            yield piece
            self.skipped += TIMEOUT if n == 2 else 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(transport, "time", clock)
    return clock


TIMEOUT = 500.0
ENDLESS: dict[str, tuple[bytes, bytes]] = {
    "a status line": (b"HTTP/1.1 200 ", b"O"),
    "a header": (b"HTTP/1.1 200 X\r\nA: ", b"b"),
    "many headers": (b"HTTP/1.1 200 X\r\n", b"A: b\r\n"),
    "a chunk's size": (CHUNKED, b"0"),
    "a chunk's extension": (CHUNKED + b"1;", b"a"),
    "a trailer": (CHUNKED + b"2\r\n{}\r\n0\r\nA: ", b"b"),
    "trailers": (CHUNKED + b"2\r\n{}\r\n0\r\n", b"A: b\r\n"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "other interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a body of a known length": (b"HTTP/1.1 200 X\r\nContent-Length: 9999999\r\n\r\n", b" "),
    "a body without end": (b"HTTP/1.1 200 X\r\n\r\n", b" "),
    "chunks": (CHUNKED, b"1\r\n \r\n"),
    "a packed body": (b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08" + bytes(7), b"\0\0\0\xff\xff"),
}
FLOODS = ["trailers", "interim answers", "other interim answers"]
"""Those that nothing else bounds: a body may have so many bytes, an answer a hundred headers."""


def connect_to(server: RawServer, timeout: float = TIMEOUT) -> nx.Session:
    keys = {"api_key": "abcd1234", "api_secret": "S3cretS3cret"}
    return connected(server, sleep=lambda _: None, cache=False, timeout=timeout, **keys)  # type: ignore[arg-type]


def check_ends(work: Callable[[], Any], error: type[nx.NexmoError], match: str | None = None) -> None:
    """Do the work in another thread, so that one that hangs fails."""
    found: list[BaseException] = []

    def catch() -> None:
        with pytest.raises(error, match=match) as caught:
            work()
        found.append(caught.value)

    thread = threading.Thread(target=catch, daemon=True)
    thread.start()
    thread.join(LONG)
    assert [type(problem) for problem in found] == [error]


def send() -> Any:
    return nx.send_sms("447700900123", "Hello", sender="Demo")


@pytest.mark.parametrize("name", ENDLESS)
def test_an_answer_that_is_dripped_for_ever_ends_with_its_time(name: str, clock: Clock) -> None:
    with RawServer(lambda _: clock.drip(*ENDLESS[name])) as server, connect_to(server):
        check_ends(nx.balance, nx.UnreachableError, "its answer was not whole after 500 s")
        check_ends(send, nx.UnknownOutcomeError, "its answer was not whole after 500 s")
        assert len(server.asked) == 1
        assert nx.sent().state.tolist() == ["unknown"]


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_with_its_time(name: str) -> None:
    start, piece = ENDLESS[name]
    with RawServer(lambda _: chain([start], repeat(piece * 100))) as server, connect_to(server, timeout=0.1):
        check_ends(nx.balance, nx.UnreachableError, "its answer was not whole after|in time")


def test_an_encrypted_answer_that_is_dripped_ends_with_its_time(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = make_tls(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with RawServer(lambda _: clock.drip(*ENDLESS["a trailer"]), tls=context) as server, connect_to(server):
        check_ends(nx.balance, nx.UnreachableError, "its answer was not whole after 500 s")


@pytest.mark.parametrize("name", ["a header", "trailers", "a body without end"])
def test_connecting_to_something_that_drips_ends_with_its_time(name: str, clock: Clock) -> None:
    with RawServer(lambda _: clock.drip(*ENDLESS[name])) as server:
        check_ends(lambda: nx.connect(server.url, timeout=TIMEOUT), nx.InvalidRequestError)


def test_silence_ends_with_its_time() -> None:
    with RawServer(lambda _: repeat(None, 10_000)) as server, connect_to(server, timeout=0.3):
        check_ends(nx.balance, nx.UnreachableError, "in time")


def test_a_proxy_that_drips_its_answer_ends_with_its_time(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(lambda _: clock.drip(*ENDLESS["a status line"])) as server:
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        monkeypatch.setenv("NO_PROXY", "")
        with nx.connect("live", api_key="abcd1234", api_secret="s", timeout=TIMEOUT) as session:
            session.pause = lambda _: None
            check_ends(send, nx.UnreachableError, "its answer was not whole after 5 s. Nothing was sent")


@pytest.mark.parametrize(
    ("skipped", "length", "match"), [(3000.0, 100, None), (4000.0, 10**9, "its answer was not whole after 3600 s")]
)
def test_the_headers_of_a_file_must_come_within_the_timeout_and_the_file_may_take_longer(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skipped: float, length: int, match: str | None
) -> None:
    request = Request("download", "GET", "/v3/media/1", host="api", download_to=tmp_path / "file")
    with RawServer(lambda _: clock.drip(*ENDLESS["a header"])) as server, connect_to(server) as session:
        check_ends(lambda: session.call(request), nx.UnreachableError, "its answer was not whole after 500 s")
    is_begun = threading.Event()
    real = transport.Attempt.allow

    def allow(attempt: transport.Attempt, seconds: float) -> None:
        real(attempt, seconds)
        if seconds == transport.SLOWEST_FILE:
            is_begun.set()

    def say(_: bytes) -> Iterator[bytes | None]:
        is_begun.clear()
        yield b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % length
        assert is_begun.wait(LONG)
        clock.skipped += skipped
        for _ in range(length):
            yield b"x"
            yield None

    monkeypatch.setattr(transport.Attempt, "allow", allow)
    with RawServer(say) as server, connect_to(server) as session:
        if match is None:
            session.call(request)
            assert (tmp_path / "file").read_bytes() == b"x" * length
        else:
            check_ends(lambda: session.call(request), nx.UnreachableError, match)


READ = Request("read it", "GET", "/x")


@pytest.mark.parametrize(
    "build",
    [
        lambda: b"[" + b"[]," * 20_000_000 + b"[]]",
        lambda: b"[" + b"{}," * 20_000_000 + b"{}]",
        lambda: b"[" + b"1," * 30_000_000 + b"1]",
        lambda: b"{" + b'"":0,' * 12_000_000 + b'"":0}',
        lambda: b"[" * 60_000_000,
        lambda: json.dumps([[]] * MOST_VALUES).encode("utf-16"),
    ],
    ids=["lists", "objects", "numbers", "fields", "depth", "UTF-16"],
)
def test_a_body_of_more_values_than_anybody_needs_is_not_parsed(
    build: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise AssertionError("it was parsed")

    body = build()
    monkeypatch.setattr(json, "loads", refuse)
    found = parse_response(READ, 200, {}, body)
    assert isinstance(found, nx.UnreachableError)
    assert "not JSON" in str(found)
    assert isinstance(parse_response(READ, 400, {}, body), nx.InvalidRequestError)


def test_the_largest_pages_that_there_are_are_parsed() -> None:
    rows = [{f"field_{n}": "a, b" for n in range(30)}] * 5000
    assert parse_response(READ, 200, {}, json.dumps({"records": rows}).encode()) == {"records": rows}


# --- an interrupt ----------------------------------------------------------------------------------------------------

NUMBERS = [f"3519{12_340_001 + n:08d}" for n in range(20)]
SILENT: dict[str, tuple[bytes, bytes]] = {
    "nothing": (b"", b""),
    **{name: ENDLESS[name] for name in ("a status line", "a trailer")},
}


@contextmanager
def interrupted_when(is_time: Callable[[], bool]) -> Iterator[None]:
    """Interrupt the block, once it is time, and once more if it still is then; it must end so."""
    is_over, is_struck = threading.Event(), threading.Semaphore(0)

    def strike(*_: object) -> None:
        is_struck.release()
        raise KeyboardInterrupt

    def press() -> None:
        for _ in range(2):
            while is_over.wait(0.1) or not is_time():
                if is_over.is_set():
                    return
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            is_struck.acquire(timeout=LONG)  # else a busy machine makes one of two

    thread, usual = threading.Thread(target=press, daemon=True), signal.signal(signal.SIGINT, strike)
    begun = time.monotonic()
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        is_over.set()
        thread.join(LONG)
        signal.signal(signal.SIGINT, usual)
    assert time.monotonic() - begun < LONG


@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize("name", SILENT)
def test_a_second_interrupt_ends_a_batch_whose_answers_do_not_come(
    name: str, is_secure: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = make_tls(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with RawServer(tls=context if is_secure else None) as server, connect_to(server):
        plan = nx.plan_sms(NUMBERS, "Hello", sender="Demo")
        start, piece = SILENT[name]
        server.manner = lambda _: chain([start], *repeat([None, piece], 100_000))
        with interrupted_when(lambda: len(server.asked) == 4):
            nx.send_many(plan, batch="b", workers=4, progress=False)
        found = nx.sent("b", planned=True)
        assert sorted(found.state) == ["planned"] * 16 + ["unknown"] * 4
        assert found.error.dropna().str.contains("it was broken off").tolist() == [True] * 4
        join_workers()
        server.manner = lambda answer: [answer]
        states = nx.send_many(plan, batch="b", progress=False).state
        assert sorted(states) == ["accepted"] * 16 + ["unknown"] * 4
        assert max(server.done.values()) == 1


def test_a_message_that_still_makes_its_connection_when_its_batch_is_broken_off_is_never_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "LAST_SECONDS", 0.05)
    is_waiting, go_on = threading.Event(), threading.Event()
    real = urllib3.util.connection.create_connection

    def create_connection(*args: Any, **options: Any) -> Any:
        is_waiting.set()
        assert go_on.wait(LONG)
        return real(*args, **options)

    with RawServer() as server, connect_to(server):
        plan = nx.plan_sms(NUMBERS[:1], "Hello", sender="Demo")
        monkeypatch.setattr(urllib3.util.connection, "create_connection", create_connection)
        with interrupted_when(is_waiting.is_set):
            nx.send_many(plan, batch="b", progress=False)
        assert nx.sent("b").state.tolist() == ["unknown"]
        go_on.set()
        join_workers()
        assert server.asked == []


def test_one_interrupt_waits_for_the_answers_in_flight() -> None:
    pressed = threading.Event()

    def is_time() -> bool:
        is_first = len(server.asked) == 4 and not pressed.is_set()
        if is_first:
            pressed.set()
        return is_first

    def wait_for_the_press(answer: bytes) -> Iterator[bytes | None]:
        assert pressed.wait(LONG)
        yield from [None] * 20
        yield answer

    with RawServer() as server, connect_to(server):
        plan = nx.plan_sms(NUMBERS, "Hello", sender="Demo")
        server.manner = wait_for_the_press
        with interrupted_when(is_time):
            nx.send_many(plan, batch="b", workers=4, progress=False)
        assert sorted(nx.sent("b", planned=True).state) == ["accepted"] * 4 + ["planned"] * 16
