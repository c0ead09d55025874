"""What several test modules share: a connection without limits, answers that wait, a call tried to its end."""

from __future__ import annotations

import signal
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import Entry


def connected(
    sandbox: Sandbox, sleep: Callable[[float], None] | None = None, where: str | None = None, **options: Any
) -> nx.Session:
    """Connect to a sandbox with so much room that nothing waits, unless told otherwise."""
    free = dict.fromkeys(("sms", "calls", "numbers", "owned", "pricing", "reports"), (1_000_000, 1.0))
    session = nx.connect(where or sandbox.url, **{"calls": 1_000_000, "limits": free, **options})
    session.throttle.notify = lambda _: None
    if sleep is not None:
        session.pause = sleep
    return session


def owned(sandbox: Sandbox) -> tuple[str, str]:
    """Name a number that the sandbox's account has."""
    number = next(iter(sandbox.world.owned.values()))
    return number["country"], number["msisdn"]


def rented(sandbox: Sandbox) -> tuple[str, str]:
    """Name a number for rent that the balance covers."""
    number = next(number for number in sandbox.world.rent.values() if number["country"] == "GB")
    return number["country"], number["msisdn"]


def digests_of(ledger: Ledger, ids: Iterable[str]) -> dict[str, str]:
    """Give rows of the ledger, by their ids, as `record_and_claim` claims them: with what they hold now."""
    statement = "SELECT digest FROM sends WHERE id = ?"
    return {each: ledger._read(lambda c, each=each: c.execute(statement, (each,)).fetchone())[0] for each in ids}


def send_once(ledger: Ledger, entry: Entry, work: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Send by `work` under the record of the ledger, as `send_sms` does."""
    with ledger.open_send(entry) as send:
        rows = send.record_intent()
        if rows is None:
            rows = work()
            send.record_outcome(rows)
    return rows


def join_workers() -> None:
    """Wait for the threads of a batch or a list that was broken off, which it does not wait for."""
    for thread in threading.enumerate():
        if thread.name.startswith("nexmo_nb-"):
            thread.join(60)
            assert not thread.is_alive()


def hold_answers(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, *, after: int = 0) -> threading.Event:
    """Let a sandbox's late answers wait for an event, for a busy machine may let any time pass too early.

    Late are those that are to be slow, and all where the sandbox has a latency; the first messages, `after` of them,
    do not wait for the event.
    """
    released, really_wait = threading.Event(), sandbox._server.closing.wait

    def wait(seconds: float) -> bool:
        if len(sandbox.messages) >= after:
            released.wait(600)
        return really_wait(seconds)

    monkeypatch.setattr(sandbox._server.closing, "wait", wait)
    return released


@contextmanager
def ending(seconds: float = 60.0) -> Iterator[None]:
    """Fail where something takes so long that it would not have ended on any machine."""

    def fail(*_: object) -> None:
        raise AssertionError(f"not ended after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Answered(Exception):  # noqa: N818 - no error: how a result leaves `pytest.raises`
    pass


def tried(call: Callable[[], Any], said: str) -> Any:
    """Give what a call returns, or the typed error that it raises; anything else fails. `said` may be warned."""
    with warnings.catch_warnings():
        # What the toolkit says itself; a library's warning stays an error.
        warnings.filterwarnings("ignore", category=UserWarning, message=said)
        warnings.filterwarnings("ignore", category=nx.DoubtfulNumberWarning)
        warnings.filterwarnings("ignore", category=nx.DoubtfulSenderWarning)
        warnings.filterwarnings("ignore", category=DeprecationWarning, message="The legacy text-to-speech")
        with pytest.raises((nx.NexmoError, Answered)) as caught:
            raise Answered(call())
    return caught.value.args[0] if isinstance(caught.value, Answered) else caught.value
