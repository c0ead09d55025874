"""The sliding windows that keep calls under the limit, over all threads and processes of one account.

A call reserves a slot before its request leaves and stamps it when the answer came; the account's window counts from
the stamp. So a request that the network delays cannot fall into a window that is already full at the server: whenever
it arrived, it was between the two. A slot whose process died frees itself once the request can no longer be under way.

Two lanes share the window. ``"bulk"`` leaves a share of it free and spreads over it, so that an ``"interactive"`` call
does not wait behind a batch.
"""

from __future__ import annotations

import math
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from nexmo_nb.errors import UnreachableError
from nexmo_nb.state.sqlite import Connection, Database, StateError, advice_for

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


def print_wait(message: str) -> None:
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
        notify: Callable[[str], None] = print_wait,
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
        self._run(lambda: self._database.transact(self._carry_over_boot))

    def acquire(self, slot: str, family: str, lane: str = INTERACTIVE) -> None:
        """Wait for a free slot and take it under the name `slot`, which the caller makes up and stamps afterwards."""
        told: int | None = None
        wait = 0.0
        while True:
            if wait <= 0:
                taken, wait = self.try_acquire([slot], family, lane)
                if taken:
                    return
            left = math.ceil(wait)
            if wait > 1 and lane == INTERACTIVE and (told is None or (self.countdown and left != told)):
                told = left
                self.notify(
                    f"Waiting about {left} s: the limit of {self.limit.calls} calls in "
                    f"{self.limit.seconds:g} s is reached (interrupt to stop)."
                )
            self._sleep(self.poll_interval(wait))
            wait = self.seconds_until_free(family, lane)

    def try_acquire(self, wanted: Sequence[str], family: str, lane: str, done: Sequence[str] = ()) -> tuple[int, float]:
        """Take as many slots as are free now, without waiting, and stamp those that are `done`.

        Gives how many of `wanted`, from its beginning, were taken, and the seconds until the next may be.
        """

        def work(connection: Connection) -> tuple[int, float]:
            self._stamp(connection, done)
            at = self._clock()
            free = min(self._free(connection, at, *window) for window in self._windows(family, lane))
            taken = max(0, min(len(wanted), free))
            connection.executemany(
                "INSERT INTO slots (id, boot, family, lane, reserved, at) VALUES (?, ?, ?, ?, ?, ?)",
                [(slot, self._boot, family, lane, at, at + self._hold) for slot in wanted[:taken]],
            )
            connection.execute("DELETE FROM slots WHERE at < ?", (at - KEPT,))
            # By rounding, a slot may seem to be both in its window and just out of it.
            return taken, 0.0 if taken == len(wanted) else max(0.001, self._wait(connection, at, family, lane))

        return self._run(lambda: self._database.transact(work))

    def seconds_until_free(self, family: str, lane: str) -> float:
        """Seconds until a slot is free; looked at without a lock: many that wait must not hinder one that stamps."""
        return self._run(lambda: self._database.read(lambda c: self._wait(c, self._clock(), family, lane)))

    def poll_interval(self, wait: float) -> float:
        """Seconds to sleep before looking again: a slot under way may be stamped, and so be free, earlier."""
        return min(wait, 0.25, max(self.limit.seconds / 40, 0.005))

    def confirm(self, slot: str) -> None:
        """Count `slot` from now: its answer came, or it will never leave. A name that holds no slot is fine."""
        self._run(lambda: self._database.transact(lambda connection: self._stamp(connection, [slot])))

    def give_back(self, slots: Sequence[str]) -> None:
        """Free slots under which nothing left, and nothing will."""
        rows = [(slot,) for slot in slots]
        self._run(lambda: self._database.transact(lambda c: c.executemany("DELETE FROM slots WHERE id = ?", rows)))

    def status(self) -> Status:
        """Tell how many calls the window holds, how many it allows, and the seconds to the next free slot."""
        return self._run(lambda: self._database.read(self._status))

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _run(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except StateError as problem:
            trouble = problem
        raise UnreachableError(
            f"The record of the limit {self.path} cannot be used ({trouble}). Nothing was sent, because too many calls "
            f"could leave without it. {advice_for(trouble)}".rstrip()
        )

    def _stamp(self, connection: Connection, slots: Sequence[str]) -> None:
        at = self._clock()
        connection.executemany("UPDATE slots SET at = ? WHERE id = ?", [(at, slot) for slot in slots])

    def _status(self, connection: Connection) -> Status:
        at = self._clock()
        start = at - self.limit.seconds
        used = connection.execute("SELECT COUNT(*) FROM slots WHERE at > ?", (start,)).fetchone()[0]
        return Status(used, self.limit.calls, max(0.0, self._wait(connection, at, "", INTERACTIVE)))

    def _windows(self, family: str, lane: str) -> list[tuple[Limit, str, str]]:
        """Name every window that must have room: its limit, and the column and value of the slots that count in it."""
        calls = self.limit.calls - (self._share if lane == BULK else 0)
        windows = [(Limit(calls, self.limit.seconds), "", "")]
        if lane == BULK:
            windows.append((self._pace, "lane", BULK))
        if family in self.families:
            windows.append((self.families[family], "family", family))
        return windows

    def _wait(self, connection: Connection, at: float, family: str, lane: str) -> float:
        """Seconds until every window has room."""
        return max(self._until(connection, at, *window) for window in self._windows(family, lane))

    @staticmethod
    def _free(connection: Connection, at: float, limit: Limit, column: str, value: str) -> int:
        """How many more slots the window holds."""
        rows, values = _inside(at, limit, column, value)
        return limit.calls - int(connection.execute(f"SELECT COUNT(*) {rows}", values).fetchone()[0])

    @staticmethod
    def _until(connection: Connection, at: float, limit: Limit, column: str, value: str) -> float:
        """Seconds until the newest `limit.calls` of the matching slots are no longer all in the window."""
        rows, values = _inside(at, limit, column, value)
        moment = "at" if limit.from_answer else "reserved"
        statement = f"SELECT {moment} {rows} ORDER BY {moment} DESC LIMIT 1 OFFSET ?"
        row = connection.execute(statement, (*values, limit.calls - 1)).fetchone()
        return 0.0 if row is None else float(row[0]) + limit.seconds - at

    def _carry_over_boot(self, connection: Connection) -> None:
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


def _inside(at: float, limit: Limit, column: str, value: str) -> tuple[str, list[float | str]]:
    """Write which slots are in a window."""
    start = at - limit.seconds
    # `at` is never before `reserved`, so that its index serves both.
    moment, values = ("", [start]) if limit.from_answer else (" AND reserved > ?", [start, start])
    return (
        f"FROM slots WHERE at > ?{moment}{f' AND {column} = ?' if column else ''}",
        [*values, value] if column else [*values],
    )


def new_slot() -> str:
    """Make up the name of a slot; later names sort behind, so that the database writes them side by side."""
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"
