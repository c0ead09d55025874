"""An interrupt at any line of a call: the next call works, nothing is held, nothing is lost, nothing is sent twice."""

from __future__ import annotations

import http.client
import linecache
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import pandas as pd
import pytest
import requests
import requests_cache
import urllib3
from depth import is_quick
from helpers import connected, hold_answers, join_workers

import nexmo_nb as nx
from nexmo_nb.campaigns.workers import Workers
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.sqlite import Database

TO, OTHER = "447700900123", "447700900124"
OURS = (str(Path(nx.__file__).parent),)
LIBRARIES = (
    *(str(Path(module.__file__).parent) for module in (requests, requests_cache, urllib3)),
    http.client.__file__,
)


@pytest.fixture(scope="module")
def rich() -> Iterator[Sandbox]:
    """A sandbox that never runs out of credit."""
    with Sandbox(limits=False, balance=1e9) as sandbox:
        yield sandbox


@pytest.fixture
def session(rich: Sandbox) -> Iterator[nx.Session]:
    rich.reset()
    with connected(rich, sleep=lambda _: None) as session:
        yield session


class Strike:
    """Interrupts what runs at its n-th line, counting the lines of some files; without n, it only counts.

    Python looks for a signal after calls and before it jumps back: never at a bare ``try:``, nor between the body of a
    ``with`` and its end. A tracer could strike there, where nothing can guard; those lines are left out.
    """

    def __init__(self, files: tuple[str, ...], n: int | None = None) -> None:
        self.files, self.n, self.count = files, n, 0
        self.struck: list[str] = []
        self.line = ""

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        # A finalizer swallows an interrupt: urllib3's `closed`, and those of files of earlier tests, which Python may
        # run at any line.
        is_final = frame.f_code.co_name == "closed" or is_called_from(frame, weakref.__file__)
        if not name.startswith(self.files) or "/sandbox/" in name or is_final:
            return None
        last = 0

        def lines(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal last
            if event == "line":
                text = linecache.getline(name, frame.f_lineno).strip()
                bare = text == "try:" or (frame.f_lineno < last and text.startswith("with "))
                last = frame.f_lineno
                self.count += not bare
                if self.count == self.n and not bare:
                    self.struck, self.line = list(stack(frame)), text
                    raise KeyboardInterrupt
            return lines

        return lines


def is_called_from(frame: FrameType, file: str) -> bool:
    return frame.f_back is not None and frame.f_back.f_code.co_filename == file


def stack(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield f"{frame.f_code.co_qualname}:{frame.f_lineno}"
        frame = frame.f_back


def run(strike: Strike, work: Callable[[], Any]) -> bool:
    """Do the work under a tracer; tell whether it was interrupted."""
    sys.settrace(strike)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def points(files: tuple[str, ...], work: Callable[[], Any], step: int) -> Iterator[Strike]:
    """Give a strike for every `step`-th line of the work, as counted in a run without one."""
    counter = Strike(files)
    run(counter, work)
    assert counter.count > 100
    for n in range(1, counter.count + 1, step):
        yield Strike(files, n)


def databases(session: nx.Session) -> list[Database]:
    found = [session.throttle._database, session.ledger._database, session.cache.responses._database]
    found += [notes._database for notes in (session.price_history, session.report_requests)]
    return [database for database in found if database is not None]


class Watch:
    """Looks after a call whether anything of the session is still held."""

    def __init__(self, session: nx.Session) -> None:
        self.session = session
        self.known: set[tuple[str, float]] = set()
        self.check(Strike(()))

    def check(self, strike: Strike) -> None:
        """No transaction, no lock that another thread would wait for, no row of a send, no slot without its stamp."""
        session = self.session
        assert all(self.free()), strike.struck
        assert not any(database._connection.in_transaction for database in databases(session)), strike.struck
        if strike.struck and strike.struck[0].startswith(("SingleSend.__exit__", "retry_on_interrupt")):
            # An error is at work already, and nothing guards the lines that are to guard its record.
            session.ledger.mark_abandoned_unknown()
        statement = "SELECT id, state FROM sends WHERE state = 'sending'"
        assert session.ledger._read(lambda c: c.execute(statement).fetchall()) == [], strike.struck
        throttle, at = session.throttle, session.throttle._clock()
        held = throttle._database.read(lambda c: c.execute("SELECT id, at FROM slots WHERE at > ?", (at,)).fetchall())
        new = set(held) - self.known
        # The one window that is left is where the stamp itself is written; then the slot expires.
        stamping = strike.line in ("with suppress(UnreachableError):", "self.throttle.confirm(slot)")
        if not stamping and not any(where.startswith("Throttle.confirm:") for where in strike.struck):
            assert new == set(), strike.struck
        assert all(until <= at + throttle._hold for _, until in new)
        self.known |= new

    def free(self) -> list[bool]:
        found: list[bool] = []

        def ask() -> None:
            for lock in [self.session._lock, *(database._lock for database in databases(self.session))]:
                found.append(lock.acquire(blocking=False))
                if found[-1]:
                    lock.release()

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        return found


def truth(session: nx.Session, happened: bool, text: str, strike: Strike) -> str | None:
    """Compare the ledger's word on a send, whose key is its text, with whether the sandbox got it; its state."""
    statement = "SELECT state FROM sends WHERE key = ?"
    rows = session.ledger._read(lambda c: c.execute(statement, (text,)).fetchall())
    state: str | None = rows[0][0] if rows else None
    assert len(rows) <= 1
    if happened:
        assert state in ("accepted", "unknown"), strike.struck
    if state == "accepted":
        assert happened, strike.struck
    return state


def strike_sends(
    session: nx.Session, got: Callable[[], list[str]], send: Callable[[str], Any], files: tuple[str, ...], step: int
) -> Counter[str | None]:
    """Interrupt a keyed send at every `step`-th line, and make the same call again."""
    watch, states = Watch(session), Counter[str | None]()
    send("warm")
    for strike in points(files, lambda: send("count"), step):
        text = f"message {strike.n}"
        interrupted = run(strike, lambda text=text: send(text))  # type: ignore[misc]
        assert interrupted or not strike.struck
        watch.check(strike)
        state = truth(session, text in got(), text, strike)
        states[state] += 1
        if state == "unknown":
            with pytest.raises(nx.UnknownOutcomeError):
                send(text)
        else:
            assert send(text).status.isin(["0", "started"]).all()
        watch.check(Strike(()))
    assert set(Counter(got()).values()) == {1}
    assert min(states["unknown"], states[None]) > 0
    assert states["accepted"] > 0 or files != OURS
    return states


def sms(session: nx.Session, sandbox: Sandbox, files: tuple[str, ...], step: int) -> None:
    strike_sends(
        session,
        lambda: [str(message["text"]) for message in sandbox.messages],
        lambda text: nx.send_sms(TO, text, sender="Demo", key=text, session=session),
        files,
        step,
    )


def voice(session: nx.Session, sandbox: Sandbox, files: tuple[str, ...], step: int) -> None:
    strike_sends(
        session,
        lambda: [str(call["text"]) for call in sandbox.calls],
        lambda text: nx.send_voice(TO, text, key=text, session=session),
        files,
        step,
    )


def refused(session: nx.Session, sandbox: Sandbox, files: tuple[str, ...], step: int) -> None:
    """Interrupt a send that is refused: nothing of it may look as if it were still under way."""
    watch = Watch(session)

    def send(text: str) -> None:
        with pytest.raises(nx.RejectedError):
            nx.send_sms(TO, text, sender="Demo", key=text, session=session)

    sandbox.fail_next("no-credit", times=1_000_000)
    send("warm")
    for strike in points(files, lambda: send("count"), step):
        run(strike, lambda n=strike.n: send(f"message {n}"))  # type: ignore[misc]
        watch.check(strike)
        assert truth(session, False, f"message {strike.n}", strike) in (None, "rejected", "unknown")
    assert sandbox.messages == []


def read(
    session: nx.Session, work: Callable[[], pd.DataFrame], files: tuple[str, ...], step: int, keep: bool = False
) -> None:
    """Interrupt a read, of what is in the cache or not, and read again."""
    watch, expected = Watch(session), work()

    def anew() -> pd.DataFrame:
        if not keep:
            session.cache.clear()
        return work()

    for strike in points(files, anew, step):
        run(strike, anew)
        join_workers()
        watch.check(strike)
        assert work().equals(expected), strike.struck


def batches(session: nx.Session, sandbox: Sandbox, files: tuple[str, ...], step: int) -> None:
    """Interrupt a batch of two, and run it again."""
    watch, plan = Watch(session), nx.plan_sms([TO, OTHER], "Hello", sender="Demo")

    def send(batch: str) -> pd.DataFrame:
        return nx.send_many(plan, batch=batch, progress=False, session=session, account_ref=batch)

    send("warm")
    for strike in points(files, lambda: send("count"), step):
        batch, threads = f"batch {strike.n}", threading.active_count()
        run(strike, lambda batch=batch: send(batch))  # type: ignore[misc]
        watch.check(strike)
        join_workers()
        assert threading.active_count() <= threads + 1
        assert set(send(batch).state) == {"accepted"}, strike.struck


def search(session: nx.Session) -> pd.DataFrame:
    return nx.search_numbers("GB", limit=3, session=session)


def search_several(session: nx.Session) -> pd.DataFrame:
    return nx.search_numbers(["GB", "PT", "ES"], limit=3, session=session)


CALLS: dict[str, Callable[..., None]] = {
    "an SMS": sms,
    "a voice call": voice,
    "an SMS that is refused": refused,
    "a read from the cache": lambda session, _, *how: read(session, lambda: search(session), *how, keep=True),
    "a read of what is not in the cache": lambda session, _, *how: read(session, lambda: search(session), *how),
    "a read of pages": lambda session, _, *how: read(session, lambda: nx.owned_numbers(session=session), *how),
    "a read of several lists": lambda session, _, *how: read(session, lambda: search_several(session), *how),
    "a batch": batches,
}


def test_an_interrupt_while_the_workers_are_started_stops_the_batch(
    session: nx.Session, rich: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [f"4477009000{n:02}" for n in range(40)]
    plan = nx.plan_sms(numbers, "Hello", sender="Demo", session=session)
    submit, begun = ThreadPoolExecutor.submit, []

    def interrupted(self: ThreadPoolExecutor, *arguments: Any) -> Any:
        task = submit(self, *arguments)
        if not begun:
            begun.append(1)
            raise KeyboardInterrupt
        return task

    wake = Workers.wake
    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    monkeypatch.setattr(rich, "latency", 0.001)
    released = hold_answers(rich, monkeypatch, after=10)
    monkeypatch.setattr(Workers, "wake", lambda workers: (released.set(), wake(workers)))  # once the run is stopped
    with pytest.raises(KeyboardInterrupt):
        nx.send_many(plan, batch="b", workers=2, progress=False, session=session)
    monkeypatch.undo()
    assert len(rich.messages) < 40
    assert set(nx.sent("b", planned=True, session=session).state) <= {"accepted", "planned"}
    assert set(nx.send_many(plan, batch="b", progress=False, session=session).state) == {"accepted"}
    assert len(rich.messages) == 40


# The slow ones at every few lines only; 1 tries them all. A quick run tries few of each.
STEPS = {
    "a voice call": 11,
    "an SMS that is refused": 2,
    "a read from the cache": 2,
    "a read of what is not in the cache": 3,
    "a read of pages": 7,
    "a read of several lists": 5,
    "a batch": 7,
}


@pytest.mark.parametrize("what", CALLS)
def test_an_interrupt_at_any_line_of_the_package_harms_nothing(session: nx.Session, rich: Sandbox, what: str) -> None:
    CALLS[what](session, rich, OURS, 67 if is_quick() else STEPS.get(what, 1))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a socket that is left to Python
@pytest.mark.parametrize("what", [what for what in CALLS if what not in ("a batch", "a read of several lists")])
def test_an_interrupt_inside_the_libraries_harms_nothing(session: nx.Session, rich: Sandbox, what: str) -> None:
    """Those that are left out have their wire in other threads."""
    CALLS[what](session, rich, LIBRARIES, 31)
