"""The do-not-send list of an account: who said stop, and is left alone until they say start, or somebody says so.

It is looked at in the very transaction in which a send is recorded before it leaves, and every change of it is such a
transaction as well. They exclude each other: what is claimed after a person was put on the list, is not sent to them.

The order in time decides, not the order in which things are noted, so that the same records may be read again. A stop
to one number of the account is one to all of them. A start takes back what was said to the number that it was said to;
what was noted by hand, only a hand takes back, and it takes back everything.

A person is known by a keyed hash of their number, which stays when `forget` erases the number. The key is kept beside
it, in the ledger: were it lost with another file, a message would go to whoever said stop.
"""

from __future__ import annotations

import base64
import hmac
import math
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.state import suppression_sql as sql
from nexmo_nb.state.database import Connection
from nexmo_nb.state.sends import Entry
from nexmo_nb.state.suppression_sql import Said

Run = Callable[[Callable[[Connection], Any]], Any]
BY_HAND = ""
"""What stands in place of a number of the account for what was noted by hand: it is for all of them."""
CODE = "suppressed"
"""The code of a send, and of a row of a plan, that is refused because its recipient is on the list."""
MOMENT = 1e-6  # seconds; a float of Unix time can tell them apart
_LETTERS = 12


class Event(NamedTuple):
    """Something that puts a person on the list, or takes them off it."""

    recipient: str
    own: str  # the number of the account that it was said to
    is_stop: bool
    at: float
    source: str
    reason: str | None = None


class Noted(NamedTuple):
    """What became of a person by some events: whether they are on the list, and whether that is new."""

    recipient: str
    is_suppressed: bool
    is_changed: bool
    under_way: int = 0  # messages and calls to them that may still arrive


class Suppressions:
    """The list of one ledger; every method raises `UnreachableError` if its file cannot be used."""

    def __init__(self, transact: Run, read: Run, clock: Callable[[], float]) -> None:
        self._transact, self._read, self._clock = transact, read, clock

    def suppress(self, numbers: Sequence[str], reason: str | None) -> list[Noted]:
        """Put people on the list by hand."""
        return self.note([Event(number, BY_HAND, True, self._clock(), "hand", reason) for number in numbers])

    def unsuppress(self, numbers: Sequence[str]) -> list[Noted]:
        """Take people off the list, whoever put them on it."""
        return self.note([Event(number, BY_HAND, False, self._clock(), "hand") for number in numbers])

    def note(self, events: Sequence[Event]) -> list[Noted]:
        """Note events, all or none, in whatever order; give what became of each person, in the order of the events."""
        if not events:
            return []
        return self._transact(lambda connection: _note(connection, events, self._clock()))  # type: ignore[no-any-return]

    def check(self, entry: Entry) -> None:
        """Look again, after its intent was recorded, whether a single send may leave; see `check_suppressed`."""
        self._read(lambda connection: check_suppressed(connection, entry))

    def list_in_force(self) -> list[Said]:
        """List what keeps anybody from being written to, oldest first."""
        rows = self._read(sql.read_all)
        return sorted(find_in_force(rows), key=lambda row: (row.stopped, name_person(row), row.own))

    def find(self, numbers: Collection[str]) -> dict[str, Said]:
        """Find those of many numbers that are on the list, each with what put it there."""

        def work(connection: Connection) -> dict[str, Said]:
            key = sql.read_key(connection)
            rows = [] if key is None else _keep_oldest(find_in_force(sql.read_all(connection)))
            known = {row.recipient: row for row in rows if row.recipient is not None}
            found = {number: known[number] for number in numbers if number in known}
            forgotten = {row.person: row for row in rows if row.recipient is None}
            if key is not None and forgotten:  # else nobody needs a hash, which for a million numbers takes a second
                people = {number: _hash_number(key, number) for number in numbers if number not in known}
                found |= {number: forgotten[person] for number, person in people.items() if person in forgotten}
            return found

        return self._read(work)  # type: ignore[no-any-return]


def find_in_force(rows: Collection[Said]) -> list[Said]:
    """Find what was not taken back; of a stop and a start of one moment, the stop counts."""
    lifted = {row.person: row.started for row in rows if row.own == BY_HAND and row.started is not None}

    def is_in_force(row: Said) -> bool:
        end = max(lifted.get(row.person, -math.inf), -math.inf if row.started is None else row.started)
        return row.stopped is not None and row.stopped >= end

    return [row for row in rows if is_in_force(row)]


def describe(number: str, row: Said) -> str:
    """Say that a number is on the list, since when, and why."""
    since = datetime.fromtimestamp(row.stopped or 0.0, timezone.utc)
    said = {"stop": f", by a message to {row.own}", "code 9": ", by a delivery record"}.get(row.source, "")
    reason = f" ({row.reason})" if row.reason else ""
    return f"+{number} is on the do-not-send list since {since:%Y-%m-%d}{said}{reason}"


def name_person(row: Said) -> str:
    """Give the number of a person, or a name in its place where it was forgotten."""
    letters = base64.b32encode(bytes.fromhex(row.person)).decode()[:_LETTERS].lower()
    return f"forgotten_{letters}" if row.recipient is None else row.recipient


def check_suppressed(connection: Connection, entry: Entry) -> str | None:
    """Refuse a single send to a person who is on the list, in the transaction in which it is recorded.

    Gives why it leaves all the same, if so.
    """
    row = _find_all(connection, [entry.recipient]).get(entry.recipient)
    if row is None:
        return None
    if entry.even_if_suppressed is None:
        raise suppressed_error(entry.recipient, row)
    return entry.even_if_suppressed


def suppressed_error(number: str, row: Said) -> InvalidRequestError:
    allowed = "a number that is not on the do-not-send list"
    return InvalidRequestError(
        f"to: got {number!r}; allowed: {allowed}. {describe(number, row)}. Nothing was sent. If it must be sent all "
        "the same, pass even_if_suppressed='the reason', which is recorded; if the person agreed to be written to "
        "again, unsuppress() takes the number off the list.",
        code=CODE,
        parameter="to",
        allowed=allowed,
    )


def find_suppressed_sends(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Find the sends whose recipients are on the list, in a transaction: their ids, each with a sentence why."""
    if sql.read_key(connection) is None:
        return {}
    return find_suppressed(connection, sql.read_recipients(connection, ids))


def find_suppressed(connection: Connection, recipients: Mapping[str, str]) -> dict[str, str]:
    """Do the same for sends whose recipients are known, by their ids."""
    found = _find_all(connection, set(recipients.values()))
    return {send_id: f"{describe(to, found[to])}." for send_id, to in recipients.items() if to in found}


def forget_people(connection: Connection, before: float) -> None:
    """Forget numbers that were noted before a time; who is not on the list any more is forgotten whole."""
    rows = sql.read_all(connection)
    kept = {row.person for row in find_in_force(rows)} | {row.person for row in rows if row.created >= before}
    sql.delete_people(connection, {row.person for row in rows} - kept)
    sql.forget_people(connection, before)


def _find_all(connection: Connection, numbers: Iterable[str]) -> dict[str, Said]:
    key = sql.read_key(connection)
    if key is None:
        return {}
    people = {_hash_number(key, number): number for number in numbers}
    rows = _keep_oldest(find_in_force(sql.read_people(connection, list(people))))
    return {people[row.person]: row for row in rows}


def _keep_oldest(rows: Iterable[Said]) -> list[Said]:
    """Keep one row a person: what put them on the list first."""
    newest_first = sorted(rows, key=lambda row: (row.stopped or 0.0, row.own), reverse=True)
    return list({row.person: row for row in newest_first}.values())


def _hash_number(key: bytes, number: str) -> str:
    return hmac.digest(key, number.encode(), "sha256").hex()


def _note(connection: Connection, events: Sequence[Event], now: float) -> list[Noted]:
    key = sql.read_key(connection)
    if key is None:
        key = secrets.token_bytes(32)
        sql.write_key(connection, key)
    people = {event.recipient: _hash_number(key, event.recipient) for event in events}
    before = sql.read_people(connection, list(people.values()))
    rows: dict[str, dict[str, Said]] = {person: {} for person in people.values()}
    for row in before:
        rows[row.person][row.own] = row
    for event in events:
        _apply(rows[people[event.recipient]], people[event.recipient], event, now)
    after = [row for said in rows.values() for row in said.values()]
    known = set(before)
    sql.write_rows(connection, [row for row in after if row not in known])
    was, is_now = ({row.person for row in find_in_force(each)} for each in (before, after))
    under_way = sql.count_under_way(connection)
    return [
        Noted(number, person in is_now, (person in was) != (person in is_now), under_way.get(number, 0))
        for number, person in people.items()
    ]


def _apply(said: dict[str, Said], person: str, event: Event, now: float) -> None:
    """Add an event to what a person said before, by the numbers that it was said to; what is older changes nothing."""
    row = said.get(event.own) or Said(person, event.own, None, None, None, None, event.source, now)
    noted = row._replace(recipient=event.recipient, created=now)
    if event.own == BY_HAND and event.is_stop and find_in_force([row]):
        # It is on the list by hand already, since then.
        said[event.own] = (noted if row.recipient is None else row)._replace(reason=event.reason or row.reason)
        return
    if event.own == BY_HAND and not event.is_stop and not said:
        return  # nobody knows the person, and there is nothing to take back
    at = _find_moment(said, event, now) if event.own == BY_HAND else min(event.at, now)
    last = row.stopped if event.is_stop else row.started
    if last is not None and at <= last:
        return
    said[event.own] = (
        noted._replace(stopped=at, source=event.source, reason=event.reason)
        if event.is_stop
        else noted._replace(started=at)
    )


def _find_moment(said: Mapping[str, Said], event: Event, now: float) -> float:
    """Find the moment of what is done by hand: after all that it is to overrule, whatever the clock says."""
    if event.is_stop:
        times = [row.started for row in said.values() if row.own == BY_HAND]
    else:
        times = [row.stopped for row in said.values()]
    return max([min(event.at, now), *(time + MOMENT for time in times if time is not None)])
