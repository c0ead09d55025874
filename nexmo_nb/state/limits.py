"""The limits of an account: Nexmo's published ones, and those that its sessions were given, of which the lowest holds.

They are of all calls, of a family of endpoints, or of the messages from a number.

Each session enters its limits into the record of the throttle, and keeps a lock of its own as long as it lives, so that
the limits of a process that died hold for nobody.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nexmo_nb.state import throttle_sql as sql
from nexmo_nb.state.database import Connection, Database, Lock, Locks

ACCOUNT = ""
"""Stands in place of a family's name for the limit of all calls of the account."""


class Limit(NamedTuple):
    """At most `calls` in any `seconds`.

    A call counts from its answer: that never lets too many through, and is slower by the network's delay. Without
    `from_answer` it counts from its request: then `seconds` should be a little longer than the server's period, for the
    network's jitter.
    """

    calls: int
    seconds: float
    from_answer: bool = True

    def __str__(self) -> str:
        return f"{self.calls} calls in {self.seconds:g} s"


# Nexmo's published limits (https://api.support.vonage.com, articles 203993598, 207100288, 5667853760284 and
# 4407771966868). Thirty SMS a second are not possible when each waits for an answer, so SMS count from the request;
# the server refuses one that comes too early as "throttled", and it is sent again. So do searches of numbers, with more
# room for jitter, because a list that needs many of them is lost if one is refused three times.
FAMILY_LIMITS: Mapping[str, Limit] = {
    "sms": Limit(30, 1.03, from_answer=False),
    "calls": Limit(3, 1.0),
    "numbers": Limit(3, 1.1, from_answer=False),
    "owned": Limit(1, 1.0),
    "pricing": Limit(1, 1.0),
    "reports": Limit(10, 1.03, from_answer=False),
}


# A long number of the United States or Canada. Others of the plan +1 have the same form, and are not rented out.
_LONG_NUMBER = re.compile("1[2-9][0-9]{2}[2-9][0-9]{6}")
_TOLL_FREE = ("1800", "1833", "1844", "1855", "1866", "1877", "1888")
# Article 203993598 as well: one message a second from such a number, which a registration of it (10DLC) may change.
_OF_LONG_NUMBER = Limit(1, 1.0)


def find_sender_limit(sender: str) -> Limit | None:
    """Find the limit that messages from a number have where nobody gave another; None: that of the account alone."""
    is_paced = _LONG_NUMBER.fullmatch(sender) is not None and not sender.startswith(_TOLL_FREE)
    return _OF_LONG_NUMBER if is_paced else None


def choose_sender_limits(sender: str, given: Mapping[str, Limit], others: Sequence[tuple[str, Limit]]) -> list[Limit]:
    """Choose the limits for messages from a number: those that sessions were given for it, or else that of its kind."""
    limits = [given[sender]] if sender in given else []
    limits += [limit for name, limit in others if name == sender]
    default = find_sender_limit(sender)
    return limits or ([] if default is None else [default])


class SharedLimits:
    """The limits of one session, by family or sender, entered for the other sessions of its account, and theirs.

    `locks` tell who lives. Every method raises `StateError` if the record or they cannot be used.
    """

    def __init__(self, database: Database, locks: Locks, limits: Mapping[str, Limit]) -> None:
        self._database, self._locks, self._limits = database, locks, dict(limits)
        self._guard = threading.Lock()
        self._lock: Lock | None = None
        self.enter()

    def enter(self) -> None:
        """Let the limits hold for others, unless they do; see `withdraw`."""
        with self._guard:
            if self._lock is not None and self._lock.alive:
                return
            self._owner = secrets.token_hex(16)
            self._lock = self._locks.take(self._owner)
            try:
                self._database.transact(self._write)
            except BaseException:
                self._lock()
                raise

    def read_others(self, connection: Connection, family: str) -> list[tuple[str, Limit]]:
        """Read the limits of the account, of a family and of senders that other sessions have, and this one has not."""
        found = connection.execute(sql.SELECT_LIMITS, {"account": ACCOUNT, "family": family}).fetchall()
        limits = ((owner, name, Limit(calls, seconds, bool(kind))) for owner, name, calls, seconds, kind in found)
        others = [(owner, name, limit) for owner, name, limit in limits if limit != self._limits.get(name)]
        living = self._locks.find_living({owner for owner, _, _ in others})
        return sorted({(name, limit) for owner, name, limit in others if owner in living})

    def withdraw(self) -> None:
        """Let the limits hold for others no longer; the next session takes them out of the record."""
        if self._lock is not None:
            self._lock()

    def _write(self, connection: Connection) -> None:
        """Write the limits, and take out those of sessions that ended without doing so."""
        owners = {owner for (owner,) in connection.execute(sql.SELECT_LIMIT_OWNERS).fetchall()}
        dead = owners - self._locks.find_living(owners)
        connection.executemany(sql.DELETE_LIMITS, [{"owner": owner} for owner in dead])
        self._locks.delete(dead)
        rows = [{"owner": self._owner, "family": name, **limit._asdict()} for name, limit in self._limits.items()]
        connection.executemany(sql.INSERT_LIMIT, rows)
