"""The ledger: every send is on the disk before its request leaves, and its outcome after it.

================  =====================================================================================================
state             meaning
================  =====================================================================================================
``planned``       a row of a batch that was not sent yet; the only state that is ever sent
``sending``       the intent is recorded: the request may have left; a process owns the row
``accepted``      Nexmo accepted every part
``partial``       Nexmo accepted some parts
``rejected``      Nexmo refused the send; a key that was rejected may be used again
``unknown``       a request left and no answer was recorded; never sent again, until `settle` looks it up
``not_found``     it was looked up, and Nexmo has no record of it
================  =====================================================================================================

``planned`` becomes ``sending`` (claim, or intent of a single send), ``sending`` becomes ``accepted``, ``partial``,
``rejected`` or ``unknown`` (outcome), or ``planned`` again where surely nothing was sent (a single send is deleted
then). ``unknown`` becomes ``accepted`` or ``not_found`` when it is settled. What a process that died had in ``sending``
becomes ``unknown``.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from nexmo_nb.errors import InvalidRequestError, UnknownOutcomeError, UnreachableError
from nexmo_nb.state import ledger_sql as sql
from nexmo_nb.state.files import is_locked, lock_file, make_private_folder
from nexmo_nb.state.sends import (
    BatchRow,
    Entry,
    Outcome,
    match_entries,
    open_states_of,
    state_after_error,
    state_of_parts,
)
from nexmo_nb.state.sqlite import Connection, Database, StateError, advice_for, damaged_error, is_damaged

T = TypeVar("T")
_WHY_NOT_AGAIN = {
    "sending": "it is being sent right now, by this or another process; wait, then call again",
    "unknown": "nobody knows whether it was sent; settle() looks it up",
    "not_found": "it was looked up and not found; use another key to send it anew",
}


class Ledger:
    """The sends of one account on this machine, shared by its processes.

    The folder ``owners`` beside the file tells which processes live. `clock` gives Unix time. Every method raises
    `UnreachableError` if the file cannot be used: then nothing may be sent.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path, self.clock = path, clock
        self._database = self._run(lambda: Database(path, sql.SCHEMA, migrations=sql.MIGRATIONS, durable=True))
        # A process lives as long as the system holds its lock on a file of its own. Neither a process number that is
        # used again nor a restart of the machine can be mistaken for it.
        self._owner = secrets.token_hex(16)
        self._in_flight: dict[str, int | None] = {}  # by id: the thread of a single send, None for a row of a batch
        make_private_folder(path.parent / "owners")
        self._lock: int | None = self._run(lambda: lock_file(self._owner_file(self._owner)))
        self.mark_abandoned_unknown()
        self._delete_old_owner_files()

    @staticmethod
    def new_id() -> str:
        """Make the id of a send, 40 hexadecimal characters, which is its `client_ref` where the caller gives none."""
        return secrets.token_hex(20)

    def open_send(self, entry: Entry) -> SingleSend:
        return SingleSend(self, entry)

    def record_intent(self, entry: Entry) -> list[dict[str, Any]] | None:
        """Record that a single send leaves now, in ``sending``; or give the parts that were recorded under its key.

        It raises `UnknownOutcomeError` if the key is in flight or nobody knows what became of it, and
        `InvalidRequestError` if the key was used for something else.
        """

        def work(connection: Connection) -> list[dict[str, Any]] | None:
            known = None if entry.key is None else _find_by_key(connection, entry)
            if known is None:
                sql.insert_single(connection, entry, self._owner, self.clock())
            return known

        if entry.key is not None:
            self.mark_abandoned_unknown()
        self._in_flight[entry.id] = threading.get_ident()
        return self._transact(work)

    def read_batch(self, batch: str) -> list[BatchRow]:
        return self._read(lambda connection: sql.read_batch(connection, batch))

    def add_batch(self, batch: str, entries: Sequence[Entry], *, resend_not_found: bool = False) -> list[BatchRow]:
        """Add the rows of a batch that are not in it yet, in ``planned``, and give the row of each entry, in order.

        A recipient may have several rows, each of another content. A planned row whose content is changed gets a new
        id: a process that still has the old content in its queue cannot claim it any more.

        It raises `InvalidRequestError` if rows that were sent, or may have been, have another content now, or if people
        of the batch were erased.
        """
        self.mark_abandoned_unknown()

        def work(connection: Connection) -> list[BatchRow]:
            if sql.has_erased(connection, batch):
                raise InvalidRequestError(
                    f"batch: got {batch!r}; allowed: a batch that was not forgotten. Its recipients are no longer "
                    "known, so it cannot be told who has been sent to; use another name."
                )
            open_states = open_states_of(resend_not_found)
            found, changed = match_entries(entries, sql.read_batch(connection, batch), open_states)
            if changed:
                raise InvalidRequestError(
                    f"batch: got {batch!r}, in which {len({entry.recipient for entry in changed})} recipients were "
                    f"already sent another text, or one from another sender (the first: {changed[0].what}); allowed: "
                    "the same plan again, or another batch name for another message. Nothing was sent."
                )
            at = self.clock()
            return [
                _write_entry(connection, entry, row, batch=batch, place=place, open_states=open_states, at=at)
                for place, (entry, row) in enumerate(zip(entries, found, strict=True))
            ]

        return self._transact(work)

    def record_and_claim(self, outcomes: Sequence[Outcome], ids: Sequence[str]) -> set[str]:
        """Record outcomes, and claim planned rows that leave now, in one transaction; give the ids that were claimed.

        A row that is not among them was claimed by another process. Without rows to claim, a file that cannot be used
        costs a warning; with some, it is an `UnreachableError`, and none may leave.
        """
        if not ids:
            self.record_outcomes(outcomes)
            return set()

        def work(connection: Connection) -> set[str]:
            self._write_outcomes(connection, outcomes)
            at = self.clock()
            return {send_id for send_id in ids if sql.claim_send(connection, send_id, self._owner, at)}

        self._in_flight.update(dict.fromkeys(ids))
        claimed: set[str] = set()
        try:
            claimed = self._transact(work)
        except UnreachableError:
            self.record_outcomes(outcomes)  # alone; if that fails as well, it warns
            raise
        finally:
            self.close_sends({*ids, *(outcome.id for outcome in outcomes)} - claimed)
        return claimed

    def record_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Record outcomes. If the disk does not take them, a warning says so, and the answers still count."""
        try:
            self._database.transact(lambda connection: self._write_outcomes(connection, outcomes))
        except StateError as problem:
            warnings.warn(
                f"The ledger {self.path} could not record what became of a send ({problem}); it will be shown as "
                "unknown, and never sent again by itself.",
                stacklevel=2,
            )
        finally:
            self.close_sends(outcome.id for outcome in outcomes)

    def record_settled(self, changes: Iterable[tuple[str, str, list[dict[str, Any]]]]) -> None:
        """Give rows in ``unknown`` their state and parts: (id, ``accepted`` or ``not_found``, parts)."""

        def work(connection: Connection) -> None:
            for send_id, state, rows in changes:
                if sql.read_state(connection, send_id) == "unknown":
                    sql.write_outcome(connection, send_id, state, rows, at=self.clock())

        self._transact(work)

    def record_deliveries(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Record what became of messages of this ledger, by Nexmo's records; the last record counts."""
        self._transact(lambda connection: sql.write_deliveries(connection, rows))

    def mark_abandoned_unknown(self) -> None:
        """Set to ``unknown`` what was left in ``sending`` by processes that died.

        And by this process, where an interrupt or a full disk kept an outcome from being recorded. A thread that is
        here is in no single send: one that it began and did not end was interrupted.
        """
        rows = self._read(sql.read_in_flight)
        owners = {owner for _, owner in rows} - {self._owner}
        dead = {owner for owner in owners if not is_locked(self._owner_file(owner))}
        in_flight = self._in_flight.copy()  # in one step: other threads begin and end sends meanwhile
        open_ids = {send_id for send_id, thread in in_flight.items() if thread != threading.get_ident()}
        mine = {send_id for send_id, owner in rows if owner == self._owner} - open_ids
        abandoned = [(send_id, owner) for send_id, owner in rows if owner in dead or send_id in mine]
        if abandoned:
            self._transact(lambda connection: sql.mark_unknown(connection, abandoned, self.clock()))
        for owner in dead:
            with suppress(OSError):
                self._owner_file(owner).unlink()

    def read_sends(
        self,
        *,
        batch: str | None = None,
        state: str | None = None,
        ids: Sequence[str] | None = None,
        since: float | None = None,
        until: float | None = None,
    ) -> list[dict[str, Any]]:
        """Read sends, oldest first, with their message ids, delivery and final price; all, or those that match."""
        wanted = {"batch = ?": batch, "state = ?": state, "created >= ?": since, "created < ?": until}
        return self._read(lambda connection: sql.read_sends(connection, wanted, ids))

    def read_batch_parts(self, batch: str) -> list[dict[str, Any]]:
        return self._read(lambda connection: sql.read_batch_parts(connection, batch))

    def forget(self, before: float) -> int:
        """Erase numbers, senders, texts, references and keys of finished sends that were created before a time."""
        count = self._transact(lambda connection: sql.erase_people(connection, before))
        self._run(self._database.compact)
        return count

    def close(self) -> None:
        if self._lock is not None:
            is_idle = False
            with suppress(UnreachableError):
                is_idle = all(owner != self._owner for _, owner in self._read(sql.read_in_flight))
            os.close(self._lock)
            self._lock = None
            # The file stays where rows are in flight: it tells the next process that their owner died.
            if is_idle:
                with suppress(OSError):
                    self._owner_file(self._owner).unlink()
        self._database.close()

    def _write_outcomes(self, connection: Connection, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            try:
                self._write_outcome(connection, outcome)
            except (ValueError, TypeError, OverflowError) as odd:
                # An answer that cannot be written must not keep the others from being written.
                sql.write_outcome(connection, outcome.id, "unknown", [], at=self.clock(), problem=odd)

    def _write_outcome(self, connection: Connection, outcome: Outcome) -> None:
        rows, problem = outcome.rows or [], outcome.problem
        state = state_of_parts(rows) if problem is None else state_after_error(problem)
        if state is None or outcome.is_unsent:
            sql.return_to_planned(connection, outcome.id, self._owner)
            return
        if (parts := getattr(problem, "parts", None)) is not None:
            rows = parts.astype(object).where(parts.notna(), None).to_dict("records")
        sql.write_outcome(connection, outcome.id, state, rows, at=self.clock(), problem=problem)

    def close_sends(self, ids: Iterable[str]) -> None:
        """Note that this process is done with some sends: a row that is still in ``sending`` then was abandoned."""
        for send_id in ids:
            self._in_flight.pop(send_id, None)

    def _owner_file(self, owner: str) -> Path:
        return self.path.parent / "owners" / f"{owner}.lock"

    def _delete_old_owner_files(self) -> None:
        """Delete lock files of processes that died idle; only those of a day ago, so that none is just being made."""
        for path in (self.path.parent / "owners").glob("*.lock"):
            with suppress(OSError):
                if self.clock() - path.stat().st_mtime > 86_400 and not is_locked(path):
                    path.unlink()

    def _transact(self, work: Callable[[Connection], T]) -> T:
        return self._run(lambda: self._database.transact(work))

    def _read(self, work: Callable[[Connection], T]) -> T:
        return self._run(lambda: self._database.read(work))

    def _run(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except StateError as problem:
            keep = " Keep what you move: it tells what was sent, and a new ledger could send that again."
            raise UnreachableError(
                f"The ledger {self.path} cannot be used ({problem}). Nothing was sent, because what is not recorded "
                f"could be sent twice. {advice_for(problem)}{keep if is_damaged(problem) else ''}".rstrip()
            ) from None


class SingleSend:
    """The record of a single send, as a context for `record_intent`, the request and `record_outcome`, in this order.

    An error or an interrupt that leaves the context after the intent is an outcome, too, and is recorded.
    """

    def __init__(self, ledger: Ledger, entry: Entry) -> None:
        self._ledger, self._entry = ledger, entry
        self._rows: list[dict[str, Any]] | None = None
        self._has_intent = self._is_recorded = False

    def __enter__(self) -> SingleSend:
        return self

    def record_intent(self) -> list[dict[str, Any]] | None:
        """Record the intent; a key that was sent before gives its parts instead. See `Ledger.record_intent`."""
        known = self._ledger.record_intent(self._entry)
        self._has_intent = known is None
        return known

    def record_outcome(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows
        self._ledger.record_outcomes([Outcome(self._entry.id, rows)])
        self._is_recorded = True

    def __exit__(self, kind: object, problem: BaseException | None, traceback: TracebackType | None) -> None:
        # An interrupt inside `record_intent` may have come after its commit; nothing left then.
        is_open = self._has_intent or (problem is not None and not isinstance(problem, Exception))
        if problem is not None and is_open and not self._is_recorded:
            if self._rows is None:
                outcome = Outcome(self._entry.id, None, problem, is_unsent=not self._has_intent)
            else:
                outcome = Outcome(self._entry.id, self._rows)
            retry_on_interrupt(lambda: self._ledger.record_outcomes([outcome]))
        self._ledger.close_sends([self._entry.id])


def retry_on_interrupt(work: Callable[[], None]) -> None:
    """Do what an interrupt must not break off: it is done again, and then the interrupt goes on.

    A second interrupt leaves the row in ``sending``: `Ledger.mark_abandoned_unknown` makes it unknown.
    """
    try:
        work()
    except KeyboardInterrupt:
        work()
        raise


def _write_entry(
    connection: Connection,
    entry: Entry,
    row: BatchRow | None,
    *,
    batch: str,
    place: int,
    open_states: Collection[str],
    at: float,
) -> BatchRow:
    """Write an entry of a batch as the row that it is, and give that row as it is now."""
    if row is not None and row.state not in open_states:
        return row
    if row is not None and row.digest == entry.digest:
        if row.state != "planned":
            sql.plan_again(connection, row.id)
        return row._replace(state="planned")
    if row is None:
        sql.insert_planned(connection, batch, place, entry, at)
    else:
        sql.replace_planned(connection, row.id, entry)
    return BatchRow(entry.id, entry.recipient, "planned", entry.digest)


def _find_by_key(connection: Connection, entry: Entry) -> list[dict[str, Any]] | None:
    """Give the parts that were recorded under a key; None where nothing was sent under it; or raise why not."""
    found = sql.read_key(connection, str(entry.key))
    if found is None:
        return None
    send_id, state, digest = found
    if state == "rejected":
        sql.delete_send(connection, send_id)
        return None
    if digest != entry.digest:
        raise InvalidRequestError(
            f"key: got {entry.key!r}, which was used for another message or call; allowed: the same content again, or "
            "another key. Nothing was sent."
        )
    if state in ("accepted", "partial"):
        return sql.read_parts(connection, send_id)
    if state not in _WHY_NOT_AGAIN:
        raise damaged_error(f"it has a send in the state {state!r}")
    raise UnknownOutcomeError(
        f"Did not {entry.what} again: the key {entry.key!r} was used before, and {_WHY_NOT_AGAIN[state]}."
    )
