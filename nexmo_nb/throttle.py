"""The sliding windows that keep calls under the limit, over all threads and processes of one account.

A call reserves a slot before its request leaves and stamps it when the answer came; the account's window counts from
the stamp. So a request that the network delays cannot fall into a window that is already full at the server: whenever
it arrived, it was between the two. A slot whose process died frees itself once the request can no longer be under way.

Two lanes share the window. ``"bulk"`` leaves a share of it free and spreads over it, so that an ``"interactive"`` call
does not wait behind a batch.
"""

from __future__ import annotations

import math
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from nexmo_nb.errors import StoppedError, UnreachableError
from nexmo_nb.store import Connection, Database, StoreError, remedy

__all__ = ["FAMILY_LIMITS", "Limit", "Status", "Throttle"]

T = TypeVar("T")

INTERACTIVE, BULK = "interactive", "bulk"
KEPT = 3600.0
"""Seconds for which slots are kept; no period may be longer."""

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS slots (
        id TEXT PRIMARY KEY, boot TEXT NOT NULL, family TEXT NOT NULL, lane TEXT NOT NULL,
        reserved REAL NOT NULL, at REAL NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS slots_at ON slots (at)",
)
# Every window looks at its last seconds only, which `slots_at` finds; a second index costs more than it saves.
_CHANGES = (("DROP INDEX IF EXISTS slots_family",),)


class Limit(NamedTuple):
    """At most `calls` in any `seconds`.

    `from_answer` says what is counted: True, from the answer (never too many, and slower by the network's delay);
    False, from the request, with a little more than `seconds` for the network's jitter.
    """

    calls: int
    seconds: float
    from_answer: bool = True


# Nexmo's published limits (https://api.support.vonage.com, articles 203993598, 207100288, 5667853760284 and
# 4407771966868). Thirty SMS a second cannot wait for answers: a refusal says "throttled", and is tried again.
FAMILY_LIMITS: Mapping[str, Limit] = {
    "sms": Limit(30, 1.03, from_answer=False),
    "calls": Limit(3, 1.0),
    "numbers": Limit(3, 1.0),
    "owned": Limit(1, 1.0),
    "pricing": Limit(1, 1.0),
    "reports": Limit(10, 1.03, from_answer=False),
}


class Status(NamedTuple):
    """How full the account's window is.

    Attributes
    ----------
    used : int
        Calls counted in the window now.
    limit : int
        Calls that it allows.
    wait : float
        Seconds until the next interactive call may leave; 0.0 is at once.
    """

    used: int
    limit: int
    wait: float


def now() -> float:
    """Read the clock that all processes of one boot share and that nobody can set."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def boot_id() -> str:
    """Name this boot of the machine; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def say(message: str) -> None:
    """Tell a person about a wait."""
    print(message, file=sys.stderr, flush=True)


class Throttle:
    """The windows of one account, kept in a database that all its processes share.

    Parameters
    ----------
    path : Path
        The database file.
    calls, period : int, float
        At most `calls` in any `period` seconds.
    limits : mapping of str to Limit
        Further limits by family of calls.
    hold : float
        Seconds after which a request that was never answered cannot be under way any more.
    clock, sleep, notify, boot : optional
        The time, waiting, telling a person, and the name of the boot; for tests.

    Raises
    ------
    UnreachableError
        If the file cannot be used; also by every method. Then nothing may leave.
    """

    def __init__(
        self,
        path: Path,
        *,
        calls: int = 100,
        period: float = 60.0,
        limits: Mapping[str, Limit] = FAMILY_LIMITS,
        hold: float = 35.0,
        clock: Callable[[], float] = now,
        sleep: Callable[[float], None] = time.sleep,
        notify: Callable[[str], None] = say,
        boot: str | None = None,
    ) -> None:
        self.path = path
        self.limit = Limit(calls, period)
        self.families = dict(limits)
        self.notify = notify
        self.countdown = False
        """True: a wait is told anew each second, for where the words replace each other."""
        self._hold, self._clock, self._sleep = hold, clock, sleep
        self._boot = boot_id() if boot is None else boot
        # Some of the window stays out of reach of the bulk lane, and the rest it takes in even steps.
        self._share = max(1, calls // 50) if calls > 1 else 0
        burst = max(1, calls // 20)
        self._pace = Limit(burst, burst * period / max(1, calls - self._share), from_answer=False)
        self._database = self._run(lambda: Database(path, _SCHEMA, changes=_CHANGES))
        self._run(lambda: self._database.transact(self._adopt))

    def acquire(
        self, slot: str, family: str, lane: str = INTERACTIVE, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Wait for a free slot and take it under the name `slot`, which the caller makes up and stamps afterwards.

        While it waits, it asks `stopped` whether to give up, with `StoppedError`.
        """
        told: int | None = None
        wait = 0.0
        while True:
            if wait <= 0:
                wait = self._run(lambda: self._database.transact(lambda c: self._reserve(c, slot, family, lane)))
            if wait <= 0:
                return
            if stopped():
                raise StoppedError("Called off while waiting for its turn; nothing was sent.")
            left = math.ceil(wait)
            if wait > 1 and lane == INTERACTIVE and (told is None or (self.countdown and left != told)):
                told = left
                self.notify(
                    f"Waiting about {left} s: the limit of {self.limit.calls} calls in "
                    f"{self.limit.seconds:g} s is reached (interrupt to stop)."
                )
            # A slot under way may be stamped, and so be free, earlier than it says.
            self._sleep(min(wait, 0.25, max(self.limit.seconds / 40, 0.005)))
            # Looked at without a lock: many processes that wait must not hinder one that stamps.
            wait = self._run(lambda: self._database.read(lambda c: self._wait(c, self._clock(), family, lane)))

    def stamp(self, slot: str) -> None:
        """Count `slot` from now: its answer came, or it will never leave. A name that holds no slot is fine."""
        values = (self._clock(), slot)
        statement = "UPDATE slots SET at = ? WHERE id = ?"
        self._run(lambda: self._database.transact(lambda connection: connection.execute(statement, values)))

    def status(self) -> Status:
        """Tell how many calls the window holds, how many it allows, and the seconds to the next free slot."""
        return self._run(lambda: self._database.read(self._status))

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _run(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except StoreError as problem:
            trouble = problem
        raise UnreachableError(
            f"The record of the limit {self.path} cannot be used ({trouble}). Nothing was sent, because too many calls "
            f"could leave without it. {remedy(trouble)}".rstrip()
        )

    def _status(self, connection: Connection) -> Status:
        at = self._clock()
        start = at - self.limit.seconds
        used = connection.execute("SELECT COUNT(*) FROM slots WHERE at > ?", (start,)).fetchone()[0]
        return Status(used, self.limit.calls, max(0.0, self._wait(connection, at, "", INTERACTIVE)))

    def _reserve(self, connection: Connection, slot: str, family: str, lane: str) -> float:
        at = self._clock()
        wait = self._wait(connection, at, family, lane)
        if wait <= 0:
            connection.execute(
                "INSERT INTO slots (id, boot, family, lane, reserved, at) VALUES (?, ?, ?, ?, ?, ?)",
                (slot, self._boot, family, lane, at, at + self._hold),
            )
            connection.execute("DELETE FROM slots WHERE at < ?", (at - KEPT,))
        return wait

    def _wait(self, connection: Connection, at: float, family: str, lane: str) -> float:
        """Seconds until every window has room."""
        calls = self.limit.calls - (self._share if lane == BULK else 0)
        waits = [self._until(connection, at, Limit(calls, self.limit.seconds), "", "")]
        if lane == BULK:
            waits.append(self._until(connection, at, self._pace, "lane", BULK))
        if family in self.families:
            waits.append(self._until(connection, at, self.families[family], "family", family))
        return max(waits)

    @staticmethod
    def _until(connection: Connection, at: float, limit: Limit, column: str, value: str) -> float:
        """Seconds until the newest `limit.calls` of the matching slots are no longer all in the window."""
        moment = "at" if limit.from_answer else "reserved"
        start = at - limit.seconds
        # `at` is never before `reserved`, so that its index serves both.
        statement = f"SELECT {moment} FROM slots WHERE at > ? AND {moment} > ?"
        values: list[float | str | int] = [start, start]
        if column:
            statement, values = f"{statement} AND {column} = ?", [*values, value]
        statement += f" ORDER BY {moment} DESC LIMIT 1 OFFSET ?"
        row = connection.execute(statement, (*values, limit.calls - 1)).fetchone()
        return 0.0 if row is None else float(row[0]) + limit.seconds - at

    def _adopt(self, connection: Connection) -> None:
        """Bring the slots of an earlier boot, whose clock said something else, into this one.

        Those of its last window count as if they had just been used: a wait of at most one window, never a call too
        many. Without the name of a boot, a slot that was reserved in the future is one of an earlier boot.
        """
        at, longest = self._clock(), max(self.limit.seconds, *(limit.seconds for limit in self.families.values()), 0.0)
        old, values = ("boot <> ?", (self._boot,)) if self._boot else ("reserved > ?", (at,))
        last = connection.execute(f"SELECT MAX(reserved) FROM slots WHERE {old}", values).fetchone()[0]
        if last is not None:
            connection.execute(f"DELETE FROM slots WHERE {old} AND at <= ?", (*values, last - longest))
            connection.execute(
                f"UPDATE slots SET boot = ?, reserved = ?, at = ? WHERE {old}", (self._boot, at, at, *values)
            )


def new_slot() -> str:
    """Make up the name of a slot."""
    return uuid.uuid4().hex
