"""The book of sends: entered before they leave, concluded after, read and forgotten."""

from __future__ import annotations

import os
import secrets
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from nexmo_nb.errors import UnreachableError
from nexmo_nb.state.files import is_locked, lock_file, make_private_folder
from nexmo_nb.state.ledger_sql import (
    CHANGES,
    FINAL,
    PART,
    SCHEMA,
    SEND,
    Enrolled,
    Entry,
    Outcome,
    bury,
    cost_of,
    delivered,
    enrolled,
    recorded,
    refuse_changed,
    refuse_forgotten,
    release,
    state_of,
    unwritable,
)
from nexmo_nb.state.sqlite import Connection, Database, StateError

__all__ = ["Ledger"]

T = TypeVar("T")
Work = Callable[[Callable[[], None]], list[dict[str, Any]]]
"""Sends, and returns the rows of the parts; it calls what it is given just before the request leaves."""
DAY = 86_400.0


class Ledger:
    """The sends of one account on this machine, shared by its processes.

    Parameters
    ----------
    path : Path
        The database file; beside it, the folder ``owners`` tells which processes live.
    clock, new_id : callable, optional
        Unix time; 40 hexadecimal characters that name a send. For tests.

    Raises
    ------
    StateError
        If the file cannot be used; later on, every method raises `UnreachableError` for that.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: secrets.token_hex(20),
    ) -> None:
        self.path, self.clock, self.new_id = path, clock, new_id
        self._database = Database(path, SCHEMA, migrations=CHANGES, durable=True)
        # A process is alive as long as the system holds its lock on a file of this name: neither a number that is
        # used again nor a reboot can be mistaken for it.
        self._owner = secrets.token_hex(16)
        self._open: set[str] = set()
        make_private_folder(path.parent / "owners")
        self._lock: int | None = lock_file(self._owner_file(self._owner))
        self.mark_abandoned_unknown()
        self._tidy()

    def once(self, entry: Entry, work: Work) -> list[dict[str, Any]]:
        """Record the intent, do `work`, and record the parts that it returns; a key that is known returns its own.

        Raises
        ------
        UnreachableError
            If the intent cannot be recorded; nothing is sent.
        UnknownOutcomeError
            If the key is in flight, or nobody knows what became of it.
        InvalidRequestError
            If the key was used for something else.
        """
        known = None if entry.key is None else self._known(entry)
        if known is not None:
            return known
        rows: list[dict[str, Any]] | None = None
        left = False

        def leaving() -> None:
            nonlocal left
            if left:
                self._leave(entry.id)
            else:
                self._enter(entry)
            left = True

        try:
            rows = work(leaving)
            self._record([Outcome(entry.id, rows)])
        except _KnownError as found:
            return found.rows
        except BaseException as problem:
            trouble = problem

            def record() -> None:
                if rows is not None:  # an interrupt struck while the answer was being recorded
                    self._record([Outcome(entry.id, rows)])
                elif left or not isinstance(trouble, Exception):
                    # An interrupt may strike between the entry and the next line, when nothing had left.
                    self._record([Outcome(entry.id, None, trouble, back=not left)])

            _insist(record)
            raise
        finally:
            self._open.discard(entry.id)
        return rows

    def add_batch(self, batch: str, entries: Sequence[Entry], *, resend_not_found: bool = False) -> dict[str, Enrolled]:
        """Enter the rows of a batch that are not in it yet, and tell the state of each, by recipient.

        Raises
        ------
        InvalidRequestError
            If rows that were sent, or may have been, have another content now; or the batch was forgotten.
        """
        self.mark_abandoned_unknown()
        open_states = ("planned", "not_found") if resend_not_found else ("planned",)
        now = self.clock()
        rows = [(e.id, e.kind, batch, n, e.digest, e.recipient, e.sender, e.body, now) for n, e in enumerate(entries)]

        def work(connection: Connection) -> dict[str, Enrolled]:
            refuse_forgotten(connection, batch)
            connection.executemany(
                "INSERT INTO sends (id, kind, batch, place, digest, recipient, sender, body, created, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned') ON CONFLICT (batch, recipient) DO NOTHING",
                rows,
            )
            known = enrolled(connection, batch)
            changed = [e for e in entries if known[e.recipient].digest != e.digest]
            refuse_changed(batch, [e for e in changed if known[e.recipient].state not in open_states])
            connection.executemany(
                "UPDATE sends SET digest = ?, sender = ?, body = ?, kind = ? WHERE batch = ? AND recipient = ?",
                [(e.digest, e.sender, e.body, e.kind, batch, e.recipient) for e in changed],
            )
            if resend_not_found:
                again = [(known[e.recipient].id,) for e in entries if known[e.recipient].state == "not_found"]
                connection.executemany("UPDATE sends SET state = 'planned' WHERE id = ?", again)
            return enrolled(connection, batch)

        return self._change(work)

    def record_and_claim(self, outcomes: Sequence[Outcome], leaving: Sequence[str]) -> set[str]:
        """Record in one transaction what became of sends, and that planned rows leave now; which ones do is returned.

        A row that is not among them was taken by another process.

        Raises
        ------
        UnreachableError
            If the file cannot be used, and rows were to leave: none may.
        """
        if not leaving:
            try:
                self._record(outcomes)
            finally:
                self._open.difference_update(outcome.id for outcome in outcomes)
            return set()
        statement = (
            "UPDATE sends SET state = 'sending', owner = ?, client_ref = id, code = NULL, error = NULL, started = ?"
            " WHERE id = ? AND state = 'planned'"
        )

        def work(connection: Connection) -> set[str]:
            self._conclude(connection, outcomes)
            at = self.clock()
            return {code for code in leaving if connection.execute(statement, (self._owner, at, code)).rowcount == 1}

        self._open.update(leaving)
        left: set[str] = set()
        try:
            left = self._change(work)
        except UnreachableError:
            self._record(outcomes)  # alone; if that fails as well, it warns
            raise
        finally:
            self._open.difference_update({*leaving, *(outcome.id for outcome in outcomes)} - left)
        return left

    def record_settled(self, changes: Iterable[tuple[str, str, list[dict[str, Any]]]]) -> None:
        """Give rows in ``unknown`` their state and parts: (id, ``accepted`` or ``not_found``, parts)."""

        def work(connection: Connection) -> None:
            for code, state, rows in changes:
                row = connection.execute("SELECT state FROM sends WHERE id = ?", (code,)).fetchone()
                if row is not None and row[0] == "unknown":
                    self._write(connection, code, state, rows, None)

        self._change(work)

    def read_sends(
        self,
        *,
        batch: str | None = None,
        state: str | None = None,
        ids: Sequence[str] | None = None,
        since: float | None = None,
        until: float | None = None,
    ) -> list[dict[str, Any]]:
        """Read sends, oldest first, with their messages' ids, delivery and final price; all, but for what is given."""
        wanted = {"batch = ?": batch, "state = ?": state, "created >= ?": since, "created < ?": until}
        conditions = {condition: [value] for condition, value in wanted.items() if value is not None}
        if ids is not None:
            conditions[f"id IN ({', '.join('?' * len(ids))})"] = list(ids)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        values = [value for given in conditions.values() for value in given]
        found = self._look(
            lambda c: c.execute(
                f"SELECT {', '.join(SEND)} FROM sends {where} ORDER BY created, COALESCE(place, 0), id", values
            ).fetchall()
        )
        messages: dict[str, list[tuple[str | None, str | None, float | None]]] = {}
        statement = (
            "SELECT send, parts.message_id, delivery, deliveries.price FROM parts"
            " LEFT JOIN deliveries ON deliveries.message_id = parts.message_id"
            f" WHERE send IN (SELECT id FROM sends {where}) ORDER BY send, part"
        )
        for send, *part in self._look(lambda c: c.execute(statement, values).fetchall()):
            messages.setdefault(send, []).append(tuple(part))
        sends = [dict(zip(SEND, row, strict=True)) for row in found]
        return [{**send, **delivered(messages.get(send["id"], []))} for send in sends]

    def read_batch_parts(self, batch: str) -> list[dict[str, Any]]:
        """Read the parts of a batch's SMS that Nexmo gave an id."""
        names = ("batch", "to", "client_ref", "message_id", "price", "currency")
        statement = (
            "SELECT batch, recipient, client_ref, message_id, parts.price, currency FROM parts"
            " JOIN sends ON sends.id = parts.send WHERE batch = ? AND message_id IS NOT NULL AND kind = 'sms'"
            " ORDER BY created, place, part"
        )
        found = self._look(lambda c: c.execute(statement, (batch,)).fetchall())
        return [dict(zip(names, row, strict=True)) for row in found]

    def record_deliveries(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Keep what became of messages of this ledger, by Nexmo's records; the last word counts."""
        names = ("message_id", "delivery", "delivery_code", "final_price", "currency", "finalized")
        values = [(*(row[name] for name in names), row["message_id"]) for row in rows if row["message_id"]]
        statement = (
            "INSERT INTO deliveries (message_id, delivery, code, price, currency, finalized)"
            " SELECT ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM parts WHERE message_id = ?)"
            " ON CONFLICT (message_id) DO UPDATE SET delivery = excluded.delivery, code = excluded.code,"
            " price = excluded.price, currency = excluded.currency, finalized = excluded.finalized"
        )
        self._change(lambda connection: connection.executemany(statement, values))

    def forget(self, before: float) -> int:
        """Remove numbers, senders, texts, references and keys of finished sends that were made before a time."""
        marks = ", ".join("?" for _ in FINAL)

        def work(connection: Connection) -> int:
            return connection.execute(
                "UPDATE sends SET recipient = NULL, sender = NULL, body = NULL, client_ref = NULL, error = NULL,"
                " key = CASE WHEN key IS NULL THEN NULL ELSE 'forgotten ' || id END"
                f" WHERE created < ? AND recipient IS NOT NULL AND state IN ({marks})",
                (before, *FINAL),
            ).rowcount

        done = self._change(work)
        self._run(self._database.compact)
        return done

    def mark_abandoned_unknown(self) -> None:
        """Turn what was left in ``sending`` into ``unknown``.

        By processes that died; and by this one, where a second interrupt or a full disk kept an outcome from the disk.
        """
        statement = "SELECT id, owner FROM sends WHERE state = 'sending'"
        rows = self._look(lambda c: c.execute(statement).fetchall())
        owners = {owner for _, owner in rows} - {self._owner}
        dead = {owner for owner in owners if not is_locked(self._owner_file(owner))}
        left = [row for row in rows if row[1] in dead or (row[1] == self._owner and row[0] not in self._open)]
        if left:
            self._change(lambda connection: bury(connection, left, self.clock()))
        for owner in dead:
            with suppress(OSError):
                self._owner_file(owner).unlink()

    def _tidy(self) -> None:
        """Remove lock files of processes that died idle; a day old, so that none is taken away while it is made."""
        for path in (self.path.parent / "owners").glob("*.lock"):
            with suppress(OSError):
                if self.clock() - path.stat().st_mtime > DAY and not is_locked(path):
                    path.unlink()

    def close(self) -> None:
        """Close the files."""
        statement = "SELECT COUNT(*) FROM sends WHERE state = 'sending' AND owner = ?"
        if self._lock is not None:
            left = 1
            with suppress(UnreachableError):
                left = self._look(lambda c: c.execute(statement, (self._owner,)).fetchone()[0])
            os.close(self._lock)
            self._lock = None
            if not left:
                with suppress(OSError):
                    self._owner_file(self._owner).unlink()
        self._database.close()

    def _owner_file(self, owner: str) -> Path:
        return self.path.parent / "owners" / f"{owner}.lock"

    def _known(self, entry: Entry) -> list[dict[str, Any]] | None:
        """Give what was recorded under a key; None where nothing was sent under it."""
        self.mark_abandoned_unknown()
        return self._change(lambda connection: recorded(connection, entry))

    def _enter(self, entry: Entry) -> None:
        """Write a single send down as it leaves, unless another took its key while this one waited for its turn."""
        at = self.clock()
        row = (*entry[:1], *entry[2:], "sending", self._owner, at, at)

        def work(connection: Connection) -> list[dict[str, Any]] | None:
            before = None if entry.key is None else recorded(connection, entry)
            if before is None:
                connection.execute(
                    "INSERT INTO sends (id, kind, digest, recipient, sender, body, client_ref, key, state, owner,"
                    " created, started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
            return before

        self._open.add(entry.id)
        known = self._change(work)
        if known is not None:
            raise _KnownError(known)

    def _leave(self, code: str) -> None:
        """Write down that a request leaves now: from here on it may have happened."""
        values = (self.clock(), code, self._owner)
        statement = "UPDATE sends SET state = 'sending', started = ? WHERE id = ? AND owner = ? AND state = 'sending'"
        if self._change(lambda c: c.execute(statement, values)).rowcount != 1:
            # Somebody removed the lock by which others see that this process lives, and they took the row from it.
            raise UnreachableError(
                f"The ledger {self.path} gave this send to another process, which took this one for dead. Nothing was "
                "sent by this one; connect() again."
            )

    def _record(self, outcomes: Sequence[Outcome]) -> None:
        """Commit outcomes; if the disk will not take them, the answers still count."""
        try:
            self._database.transact(lambda connection: self._conclude(connection, outcomes))
        except StateError as problem:
            trouble = problem
        else:
            return
        warnings.warn(
            f"The ledger {self.path} could not record what became of a send ({trouble}); it will be shown as unknown, "
            "and never sent again by itself.",
            stacklevel=2,
        )

    def _conclude(self, connection: Connection, outcomes: Sequence[Outcome]) -> None:
        """Write what became of sends; one that surely was not sent goes back."""
        for outcome in outcomes:
            try:
                self._conclude_one(connection, *outcome)
            except (ValueError, TypeError, OverflowError) as odd:
                # An answer that cannot be written must not keep the others from being so.
                self._write(connection, outcome.id, "unknown", [], odd)

    def _conclude_one(
        self,
        connection: Connection,
        code: str,
        rows: Sequence[Mapping[str, Any]] | None,
        problem: BaseException | None,
        back: bool,
    ) -> None:
        if problem is None:
            sound = all(row.get("status") in ("0", "started") for row in rows or [])
            self._write(connection, code, "accepted" if sound else "partial", rows or [], None)
            return
        state = None if back else state_of(problem)
        if state is None:
            release(connection, code, self._owner)
        else:
            parts = getattr(problem, "parts", None)
            kept = [] if parts is None else parts.astype(object).where(parts.notna(), None).to_dict("records")
            self._write(connection, code, state, kept, problem)

    def _change(self, work: Callable[[Connection], T]) -> T:
        return self._run(lambda: self._database.transact(work))

    def _look(self, work: Callable[[Connection], T]) -> T:
        return self._run(lambda: self._database.read(work))

    def _run(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except StateError as problem:
            trouble = problem
        raise unwritable(self.path, trouble)

    def _write(
        self,
        connection: Connection,
        code: str,
        state: str,
        rows: Sequence[Mapping[str, Any]],
        problem: BaseException | None,
    ) -> None:
        """Write a state and parts over what is there."""
        words = None if problem is None else str(problem) or type(problem).__name__
        connection.execute(
            "UPDATE sends SET state = ?, owner = NULL, finished = ?, parts = ?, price = ?, currency = ?, code = ?,"
            " error = ? WHERE id = ?",
            (
                state,
                self.clock(),
                len(rows) or None,
                cost_of(rows),
                next((row["currency"] for row in rows if row.get("currency")), None),
                getattr(problem, "code", None),
                words,
                code,
            ),
        )
        connection.execute("DELETE FROM parts WHERE send = ?", (code,))
        connection.executemany(
            "INSERT INTO parts (send, part, message_id, status, error_text, price, balance, network)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(code, n, *(row.get(name) for name in PART)) for n, row in enumerate(rows, 1)],
        )


class _KnownError(Exception):
    """Keeps a request back whose key was sent by another; not a failure."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        super().__init__("sent under this key by another")
        self.rows = rows


def _insist(act: Callable[[], None]) -> None:
    """Do what an interrupt must not break off: it is done again, and then the interrupt goes on.

    One that strikes before its first line, or a second one, leaves the row in ``sending``: `mark_abandoned_unknown` makes it unknown.
    """
    try:
        act()
    except KeyboardInterrupt:
        act()
        raise
