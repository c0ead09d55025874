"""The sliding windows that keep calls under the limit, over all threads and processes of one account.

A call takes a slot before its request leaves, and confirms it when the answer came. The account's window counts from
the confirmation. The request arrived at some moment between the two, so a delayed request cannot fall into a window
that is already full at the server. The slot of a process that died expires when its request can no longer be under
way.

Two lanes share the window. The ``"bulk"`` lane leaves a share of the window free and spreads its calls over the rest,
so that an ``"interactive"`` call does not wait behind a batch.

Messages from a number that has a limit of its own count in a window of that number as well.
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
from nexmo_nb.state import throttle_sql as sql
from nexmo_nb.state.database import Connection, StateError
from nexmo_nb.state.limits import ACCOUNT, FAMILY_LIMITS, Limit, SharedLimits, find_sender_limit
from nexmo_nb.state.store import FileStore, Store
from nexmo_nb.state.windows import (
    BULK,
    INTERACTIVE,
    Window,
    choose_slots,
    count_free,
    count_slots,
    list_paced,
    list_sender_windows,
    make_bulk_windows,
    make_family_windows,
    read_wait,
)

T = TypeVar("T")

SLOT_LIFETIME = 3600.0
"""Seconds for which slots are kept; no period may be longer."""
CLEAR_EVERY = 60.0
"""Seconds after which a process deletes older slots again: the file keeps those of `SLOT_LIFETIME` and this long."""
LEAVE_WITHIN = 30.0
"""Seconds after it took its slot within which a request must leave; one that was stopped for longer takes another.

The look-up of a host's name may take ten or twenty of them, each time, where a server that is asked first is down.
"""

UNTOLD_WAIT = 1.25
"""Seconds of a wait that a person is not told of: those of a limit for a second, with what is added for jitter."""


class Status(NamedTuple):
    """The calls in the account's window, those that it allows, and the seconds until an interactive call may leave."""

    used: int
    limit: int
    wait: float


class Grant(NamedTuple):
    """The slots that were taken, and the seconds until the next one may be free.

    `wait` is that for all messages, 0.0 where there was room for all. `sender_waits` are those of numbers that must
    wait for themselves.
    """

    taken: list[str]
    wait: float
    sender_waits: Mapping[str, float] = {}


def read_boot_clock() -> float:
    """Read the clock that all processes of one boot share and that nobody can set."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def read_boot_id() -> str:
    """Read the name of this boot of the machine; empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def make_slot_id() -> str:
    """Make a new slot id; later ids sort after earlier ones, so that the database writes them side by side."""
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"


def print_wait(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


class Throttle:
    """The windows of one account, in a record that all its processes share: the file at `path`, or what `store` opens.

    It lets at most `calls` through in any `period` seconds, and of a family, or from a number, those of its limit in
    `limits` as well, and keeps the limits of other living sessions of the account, too. `hold` is the seconds after
    which a request that left in time and has no answer cannot be under way any more. `notify` tells a person about a
    wait. Every method raises `UnreachableError` if the record cannot be used: then nothing may be sent.

    `clock` is that of the processes of one machine. Where machines share the record, the clock of its database counts.
    """

    def __init__(
        self,
        path: Path,
        *,
        calls: int,
        period: float,
        limits: Mapping[str, Limit] = FAMILY_LIMITS,
        hold: float = 35.0,
        clock: Callable[[], float] = read_boot_clock,
        sleep: Callable[[float], None] = time.sleep,
        notify: Callable[[str], None] = print_wait,
        boot: str | None = None,
        store: Store | None = None,
    ) -> None:
        self.path, self._store = path, store or FileStore(path)
        self.limit = Limit(calls, period)
        self.families = dict(limits)
        self.notify = notify
        self.countdown = False
        """True: `notify` is called each second of a wait, for a display where each message replaces the last."""
        self._hold, self._clock, self._sleep = hold, clock, sleep
        self._boot = read_boot_id() if boot is None else boot
        self._taken_at: dict[str, float] = {}  # by slot; those of this process that are not confirmed
        self._known_limits: set[tuple[str, Limit]] = set()  # of other sessions, which a person was told of
        self._lowest = self.limit
        self._cleared_at = -math.inf
        self._database = self._run(lambda: self._store.open(sql.SCHEMA))
        self._run(lambda: self._database.transact(self._carry_over))
        own = {ACCOUNT: self.limit, **self.families}
        self._shared = self._run(lambda: SharedLimits(self._database, self._database.make_locks(), own))

    def acquire(self, slot: str, family: str, lane: str = INTERACTIVE, sender: str = "") -> None:
        """Wait for a free slot and take it under the id `slot`, which the caller makes and confirms afterwards.

        `sender` is the number that a message is from.
        """
        shown: int | None = None
        wait = 0.0
        while True:
            if wait <= 0:
                grant = self.try_acquire_from({slot: sender}, family, lane)
                if grant.taken:
                    return
                wait = max(grant.wait, *grant.sender_waits.values(), 0.0)
            left = math.ceil(wait)
            if wait > UNTOLD_WAIT and lane == INTERACTIVE and (shown is None or (self.countdown and left != shown)):
                shown = left
                limit = f"{self._lowest} is" if grant.wait else f"messages from {sender} is"
                self.notify(f"Waiting about {left} s: the limit of {limit} reached (interrupt to stop).")
            pause = min(wait, self.poll_interval(wait), 1.0)
            self._sleep(pause)
            wait = wait - pause if self._is_remote else self.seconds_until_free(family, lane, sender)

    def try_acquire(self, wanted: Sequence[str], family: str, lane: str, done: Sequence[str] = ()) -> tuple[int, float]:
        """Confirm the slots in `done`, then take as many of the `wanted` slots as are free now, without waiting.

        Returns how many of `wanted`, from its beginning, were taken, and the seconds until the next slot may be free,
        0.0 if all were taken.
        """
        grant = self.try_acquire_from(dict.fromkeys(wanted, ""), family, lane, done)
        return len(grant.taken), grant.wait

    def try_acquire_from(self, wanted: Mapping[str, str], family: str, lane: str, done: Sequence[str] = ()) -> Grant:
        """Do the same for messages: `wanted` has the number that each slot's message is from, else an empty text.

        A number that must wait does not hold up the slots that are wanted after its own.
        """

        def work(connection: Connection) -> tuple[Grant, float, list[tuple[str, Limit]]]:
            taken_at, now = self._clock(), self._read_time(connection)
            self._confirm_slots(connection, done, now)
            others = self._shared.read_others(connection, family)
            windows = self._list_windows(others, family, lane)
            blocked = self._note_loss(connection, now, others)
            free = 0 if blocked else count_free(connection, windows, now)
            paced = list_paced(wanted.values(), self.families, others, lane)
            rooms = {sender: count_free(connection, found, now) for sender, found in paced.items()}
            taken = choose_slots(wanted, free, rooms)
            row = {"boot": self._boot, "family": family, "lane": lane, "now": now, "expires": now + self._hold}
            rows = [{"id": slot, "sender": wanted[slot], **row} for slot in taken]
            connection.executemany(sql.INSERT_SLOT, rows)
            self._delete_old_slots(connection, now)
            # By rounding, a slot can count in its window although the wait for it is over.
            is_full = len(taken) < len(wanted) and len(taken) >= free
            wait = max(0.001, blocked, read_wait(connection, windows, now)) if is_full else 0.0
            busy = {sender: found for sender, found in paced.items() if rooms[sender] <= 0}
            waits = {sender: max(0.001, read_wait(connection, found, now)) for sender, found in busy.items()}
            return Grant(taken, wait, waits), taken_at, others

        self._run(self._shared.enter)
        grant, taken_at, others = self._run(lambda: self._database.transact(work))
        self._taken_at.update(dict.fromkeys(grant.taken, taken_at))
        self._drop_slots(done)
        self._tell_limits(others)
        return grant

    def is_late(self, slot: str) -> bool:
        """Tell whether a request may no longer leave under a slot: it could arrive when the slot counts no more."""
        return self._clock() - self._taken_at.get(slot, -math.inf) > LEAVE_WITHIN

    def seconds_until_free(self, family: str, lane: str, sender: str = "") -> float:
        """Return the seconds until a slot is free, without a lock: those who wait do not hinder those who confirm."""

        def work(connection: Connection) -> float:
            others = self._shared.read_others(connection, family)
            windows = self._list_windows(others, family, lane)
            windows += list_sender_windows(sender, self.families, others, lane)
            now = self._read_time(connection)
            return max(self._read_blocked(connection, now, others), read_wait(connection, windows, now))

        return self._run(lambda: self._database.read(work))

    def find_pace(self, family: str, lane: str) -> float:
        """Find how many calls a second may leave in the long run, by the lowest limit that holds for them."""

        def work(connection: Connection) -> float:
            windows = self._list_windows(self._shared.read_others(connection, family), family, lane)
            return min(window.limit.calls / window.limit.seconds for window in windows)

        return self._run(lambda: self._database.read(work))

    def poll_interval(self, wait: float) -> float:
        """Return the seconds to sleep before the next try: a slot may be given back meanwhile.

        A database that machines share is not asked before the wait is over.
        """
        return wait if self._is_remote else min(wait, 0.25, max(self.limit.seconds / 40, 0.005))

    def confirm(self, slot: str) -> None:
        """Count `slot` from now: its answer came, or its request will never leave. An unknown id does nothing."""

        def work(connection: Connection) -> None:
            self._confirm_slots(connection, [slot], self._read_time(connection))

        self._run(lambda: self._database.transact(work))
        self._drop_slots([slot])

    def give_back(self, slots: Sequence[str]) -> None:
        """Free slots whose requests never left and never will."""
        rows = [{"id": slot} for slot in slots]
        self._run(lambda: self._database.transact(lambda c: c.executemany(sql.DELETE_SLOT, rows)))
        self._drop_slots(slots)

    def status(self) -> Status:
        def work(connection: Connection) -> Status:
            now = self._read_time(connection)
            others = self._shared.read_others(connection, ACCOUNT)
            windows = self._list_windows(others, ACCOUNT, INTERACTIVE)
            used = {window.limit: count_slots(connection, window, now) for window in windows}
            lowest = min(used, key=lambda limit: limit.calls - used[limit])
            wait = max(0.0, self._read_blocked(connection, now, others), read_wait(connection, windows, now))
            return Status(used[lowest], lowest.calls, wait)

        return self._run(lambda: self._database.read(work))

    def rest(self) -> None:
        """Hold no lock and no descriptor, and no other session to the limits of this one, until it is used again."""
        self._shared.withdraw()
        self._database.rest()

    def close(self) -> None:
        self._shared.withdraw()
        self._database.close()

    def _run(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except StateError as problem:
            raise UnreachableError(
                f"The record of the limit {self._store} cannot be used ({problem}). Nothing was sent, because too many "
                f"calls could leave without it. {problem.advice}".rstrip()
            ) from None

    def _list_windows(self, others: Sequence[tuple[str, Limit]], family: str, lane: str) -> list[Window]:
        """List the windows that must all have room for a call of a family in a lane, by the limits of all sessions."""
        limits = [self.limit, *(limit for name, limit in others if name == ACCOUNT)]
        self._lowest = min(limits, key=lambda limit: limit.calls / limit.seconds)
        windows = [
            window for limit in limits for window in (make_bulk_windows(limit) if lane == BULK else [Window(limit)])
        ]
        limits = [self.families[family]] if family in self.families else []
        limits += [limit for name, limit in others if name == family != ACCOUNT]
        return [*windows, *(window for limit in limits for window in make_family_windows(family, limit, lane))]

    def _tell_limits(self, others: Sequence[tuple[str, Limit]]) -> None:
        """Tell a person, once, of each limit of another session that is not this one's."""
        for name, limit in others:
            own = self.limit if name == ACCOUNT else self.families.get(name, find_sender_limit(name))
            if own is not None and (name, limit) not in self._known_limits:
                self._known_limits.add((name, limit))
                calls = f" {'from' if name.isdecimal() else 'of'} {name}" if name else ""
                self.notify(
                    f"Another session on this account has a limit of {limit}{calls}, and this one of {own}: the lower "
                    "one holds for both while both are connected."
                )

    def _drop_slots(self, slots: Sequence[str]) -> None:
        for slot in slots:
            self._taken_at.pop(slot, None)

    def _delete_old_slots(self, connection: Connection, now: float) -> None:
        """Delete slots that no window counts any more, now and then: to look for them takes as long as to take one."""
        if now - self._cleared_at >= CLEAR_EVERY:
            connection.execute(sql.DELETE_SLOTS_BEFORE, {"time": now - SLOT_LIFETIME})
            self._cleared_at = now

    def _confirm_slots(self, connection: Connection, slots: Sequence[str], now: float) -> None:
        connection.executemany(sql.CONFIRM_SLOT, [{"id": slot, "now": now} for slot in slots])

    @property
    def _is_remote(self) -> bool:
        return self._database.dialect == "postgres"

    def _read_time(self, connection: Connection) -> float:
        """Read the clock of the record; that of a server never runs backwards here, whatever is done to it."""
        return sql.read_server_time(connection) if self._is_remote else self._clock()

    def _read_blocked(self, connection: Connection, now: float, others: Sequence[tuple[str, Limit]]) -> float:
        """Tell for how many seconds nothing may leave, since the server lost its slots in a crash: one window.

        That is the longest of all sessions. Then also the last request that had a slot is no longer under way.
        """
        if not self._is_remote:
            return 0.0
        since = sql.read_kept_since(connection)
        limits = [self.limit, *self.families.values(), *(limit for _, limit in others)]
        longest = max(self._hold, *(limit.seconds for limit in limits))
        return max(0.0, (now if since is None else since) + longest - now)

    def _note_loss(self, connection: Connection, now: float, others: Sequence[tuple[str, Limit]]) -> float:
        """Do the same as `_read_blocked`, and note since when slots are kept, if they were lost."""
        blocked = self._read_blocked(connection, now, others)
        if blocked and sql.read_kept_since(connection) is None:
            connection.execute(sql.INSERT_KEPT_SINCE, {"time": now})
        return blocked

    def _carry_over(self, connection: Connection) -> None:
        """Move the slots of an earlier boot of this machine, whose clock started elsewhere, into this boot.

        The slots of its last window count as used just now: that costs a wait of at most one window and never lets one
        call too many through. A server's clock goes on.
        """
        if self._is_remote:
            return
        values = {"boot": self._boot, "now": self._clock()}
        last = connection.execute(sql.SELECT_LAST_RESERVATION_OF_EARLIER_BOOT, values).fetchone()[0]
        if last is None:
            return
        longest = max(limit.seconds for limit in (self.limit, *self.families.values()))
        connection.execute(sql.DELETE_OLD_SLOTS_OF_EARLIER_BOOT, {**values, "end": last - longest})
        connection.execute(sql.MOVE_SLOTS_TO_THIS_BOOT, values)
