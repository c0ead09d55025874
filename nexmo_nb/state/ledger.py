"""The ledger: every send is on the disk before its request leaves, and its outcome after it.

================  =====================================================================================================
state             meaning
================  =====================================================================================================
``planned``       a row of a batch that was not sent yet; the only state that is ever sent
``sending``       the intent is recorded: the request may have left; a process owns the row
``accepted``      Nexmo accepted every part
``partial``       Nexmo accepted some parts
``rejected``      Nexmo refused the send; a key that was rejected may be used again, and a row of a batch planned again
``unknown``       a request left and no answer was recorded; never sent again, until `settle` looks it up
``not_found``     it was looked up, and Nexmo has no record of it
================  =====================================================================================================

``planned`` becomes ``sending`` (claim, or intent of a single send), ``sending`` becomes ``accepted``, ``partial``,
``rejected`` or ``unknown`` (outcome), or ``planned`` again where surely nothing was sent (a single send is deleted
then). ``rejected`` becomes ``planned`` by a retry, or by a plan with another content for the same person; what it was
is kept as a refusal. ``unknown`` becomes ``accepted`` or ``not_found`` when it is settled. What a process that died had
in ``sending`` becomes ``unknown``.

An answer that is late is recorded, whatever was made of its row meanwhile; only another answer is not written over.

Where the ledger is an older copy, by the number in ``ledger.generation`` beside it, nothing leaves: see `generation`.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nexmo_nb.errors import UnreachableError
from nexmo_nb.state import generation, sent_sql
from nexmo_nb.state import ledger_sql as sql
from nexmo_nb.state.batches import Batches
from nexmo_nb.state.budgets import Bounds, Budgets, Claim, check_single
from nexmo_nb.state.claims import claim_rows
from nexmo_nb.state.database import Connection, StateError
from nexmo_nb.state.deliveries_sql import read_kinds, write_deliveries
from nexmo_nb.state.entries import add_entries, find_by_key, free_key
from nexmo_nb.state.outcomes import write_outcomes
from nexmo_nb.state.owner import Owner
from nexmo_nb.state.schedules import BatchSchedule, Schedules, keep_schedule, keep_zones
from nexmo_nb.state.sends import BatchRow, Entry, Outcome, make_send_id, open_states_of
from nexmo_nb.state.single_send import SingleSend, retry_on_interrupt
from nexmo_nb.state.spellings import Spellings
from nexmo_nb.state.store import FileStore, Store
from nexmo_nb.state.suppression import Suppressions, check_suppressed, forget_people
from nexmo_nb.state.totals import keep_totals

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")


class Ledger:
    """The sends of one account, shared by all its processes: the file at `path`, or what `store` opens.

    `clock` gives Unix time. Every method raises `UnreachableError` if it cannot be used: then nothing may be sent.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time, store: Store | None = None) -> None:
        self.path, self.clock, self._store = path, clock, store or FileStore(path)
        self._database = self._run(lambda: self._store.open(sql.SCHEMA))
        self._spellings = Spellings(
            lambda column: self._read(lambda c: sql.read_odd_names(c, self._database.dialect, column))
        )
        self.schedules = Schedules(self._read, self._spellings)
        self._owner = Owner(self._database.make_locks())
        access = (self._transact, self._read, lambda: self.clock(), self._spellings)  # noqa: PLW0108 - tests replace it
        self.budgets = Budgets(*access)
        self.suppressions = Suppressions(*access[:3])
        self.batches = Batches(*access, owner=self._owner, check_newest=self._check_generation)
        self._generation_file = path.with_name(f"{self._database.name}.generation")
        self._run(self._begin_generation)
        self.mark_abandoned_unknown()
        self._owner.delete_old_locks(self.clock())

    new_id = staticmethod(make_send_id)

    def open_send(self, entry: Entry) -> SingleSend:
        return SingleSend(self, entry)

    def record_intent(self, entry: Entry) -> list[dict[str, Any]] | None:
        """Record that a single send leaves now, in ``sending``; or give the parts that were recorded under its key.

        It raises `UnknownOutcomeError` if the key is in flight or nobody knows what became of it, and
        `InvalidRequestError` if the key was used for something else, the recipient said stop, or a budget does not
        allow the send.
        """
        keys = self._spellings.list_same("key", entry.key)

        def work(connection: Connection) -> list[dict[str, Any]] | None:
            known, at = find_by_key(connection, entry, keys), self.clock()
            if known is None:
                exception = check_suppressed(connection, entry)
                check_single(connection, entry, at)
                self._count_generation(connection)
                free_key(connection, keys)
                with keep_totals(connection, [entry.id]):
                    sql.insert_single(connection, entry._replace(even_if_suppressed=exception), owner, at)
            return known

        if entry.key is not None:
            self.mark_abandoned_unknown()
        owner = self._run(lambda: self._owner.begin([entry.id], in_this_thread=True))
        known = self._transact(work)
        self._note_generation()
        return known

    @contextmanager
    def open_run(self, batch: str) -> Iterator[str]:
        """Keep `forget` away from a batch, by all its names, while it is under way; give the id of the run."""
        runs = {self.new_id(): name for name in self._spellings.list_same("batch", batch)}
        try:
            owner = self._run(lambda: self._owner.begin(runs, in_this_thread=True))
            self._transact(lambda connection: sql.insert_runs(connection, runs, owner))
            yield next(iter(runs))
        finally:
            self._owner.end(runs)
            with suppress(UnreachableError):  # it is over all the same: this process does not have it any more
                retry_on_interrupt(lambda: self._transact(lambda connection: sql.delete_runs(connection, runs)))

    def has_run(self, run: str) -> bool:
        """Tell whether a run is under way in this ledger; the same id stands in no other one."""
        return run in dict(self._read(sql.read_runs))

    def discard(self, batch: str) -> int:
        """Delete the rows of a batch that never left, and give how many; see `Batches.discard`."""
        count = self.batches.discard(batch)
        self._run(self._database.compact)
        return count

    def read_batch(self, batch: str) -> list[BatchRow]:
        names = self._spellings.list_same("batch", batch)
        return self._read(lambda connection: sql.read_batch(connection, names))

    def add_batch(
        self,
        batch: str,
        entries: Sequence[Entry],
        *,
        resend_not_found: bool = False,
        schedule: BatchSchedule | None = None,
    ) -> list[BatchRow]:
        """Add the rows of a batch that are not in it yet, in ``planned``, and give the row of each entry, in order.

        A recipient may have several rows, each of another content. A planned row whose content is changed gets a new
        id: a process that still has the old content in its queue cannot claim it any more.

        It raises `InvalidRequestError` if rows that were sent, or may have been, have another content now, or if people
        of the batch were erased.
        """
        self.mark_abandoned_unknown()
        names = self._spellings.list_same("batch", batch)

        def work(connection: Connection) -> list[BatchRow]:
            self._check_generation(connection)
            if schedule is not None:
                keep_schedule(connection, batch, names, schedule, self.new_id)
            open_states, at = open_states_of(resend_not_found), self.clock()
            rows = add_entries(connection, batch, names, entries, open_states=open_states, at=at)
            keep_zones(connection, rows, schedule)
            return rows

        return self._transact(work)

    def record_and_claim(
        self,
        outcomes: Sequence[Outcome],
        digests: Mapping[str, str],
        bounds: Bounds | None = None,
        kind: str = "",
        even_if_suppressed: str | None = None,
    ) -> Claim:
        """Record outcomes, and claim and charge planned rows that leave now, in one transaction.

        `digests` has what leaves, in order, by the ids of the rows. A row that was not claimed, and is not over a
        budget, was refused because its recipient said stop, claimed by another process, or given another content.
        Without rows to claim, a file that cannot be used costs a warning; with some, it is an `UnreachableError`, and
        none may leave.
        """
        if not digests:
            self.record_outcomes(outcomes)
            return Claim(set(), [])
        names = [] if bounds is None else self._spellings.list_same("batch", bounds.batch)

        def work(connection: Connection) -> Claim:
            self._count_generation(connection)
            self._write_outcomes(connection, outcomes)
            why, at = even_if_suppressed, self.clock()
            return claim_rows(connection, digests, names, bounds, kind=kind, even_if_suppressed=why, owner=owner, at=at)

        claim = Claim(set(), [])
        try:
            owner = self._run(lambda: self._owner.begin(digests, in_this_thread=False))
            claim = self._transact(work)
            self._note_generation()
        except UnreachableError:
            self.record_outcomes(outcomes)  # alone; if that fails as well, it warns
            raise
        finally:
            self._owner.end({*digests, *(outcome.id for outcome in outcomes)} - claim.ids)
        return claim

    def record_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Record outcomes. If the disk does not take them, a warning says so, and the answers still count."""
        try:
            self._database.transact(lambda connection: self._write_outcomes(connection, outcomes))
        except StateError as problem:
            warnings.warn(
                f"The ledger {self._store} could not record what became of a send ({problem}); it will be shown as "
                "unknown, and never sent again by itself.",
                stacklevel=2,
            )
        finally:
            self._owner.end(outcome.id for outcome in outcomes)

    def find_recorded(self, entry: Entry) -> list[dict[str, Any]] | None:
        """Give the parts that were recorded under the key of a send, as `record_intent` would, and record nothing."""
        if entry.key is None:
            return None
        keys = self._spellings.list_same("key", entry.key)
        self.mark_abandoned_unknown()
        return self._read(lambda connection: find_by_key(connection, entry, keys))

    def record_settled(self, changes: Iterable[tuple[str, str, list[dict[str, Any]]]]) -> None:
        """Give rows in ``unknown`` their state and parts: (id, ``accepted`` or ``not_found``, parts)."""
        settled = list(changes)

        def work(connection: Connection) -> None:
            with keep_totals(connection, [send_id for send_id, _, _ in settled]):
                for send_id, state, rows in settled:
                    sql.write_outcome(connection, send_id, state, rows, at=self.clock(), over=("unknown",))

        self._transact(work)

    def record_deliveries(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Record what became of messages of this ledger, by Nexmo's records; the last record counts."""
        self._transact(lambda connection: write_deliveries(connection, list(rows)))

    def read_kinds(self, ids: Sequence[str]) -> dict[str, str]:
        """Read the kinds of the sends that message ids belong to."""
        return self._read(lambda connection: read_kinds(connection, ids))

    def mark_abandoned_unknown(self) -> None:
        """Set to ``unknown`` what was left in ``sending``: by processes that died, and by this one."""
        rows = self._read(sql.read_in_flight)
        abandoned = self._owner.find_abandoned(rows)
        if abandoned:
            self._transact(lambda connection: sql.mark_unknown(connection, abandoned, self.clock()))
            self._owner.delete_locks(owner for _, owner in abandoned)

    def read_sends(
        self,
        *,
        batch: str | None = None,
        state: str | None = None,
        ids: Sequence[str] | None = None,
        since: float | None = None,
        until: float | None = None,
        other_than: str | None = None,
    ) -> list[dict[str, Any]]:
        """Read sends that match, in no state `other_than`, oldest first, with message ids, delivery and final price."""
        wanted = {"state = ?": state, "state <> ?": other_than, "created >= ?": since, "created < ?": until}
        names = self._spellings.list_same("batch", batch)
        return self._read(lambda connection: sent_sql.read_sends(connection, wanted, batches=names, ids=ids))

    def read_sent(
        self,
        *,
        batch: str | None = None,
        since: float | None = None,
        until: float | None = None,
        other_than: str | None = None,
        with_digests: bool = False,
    ) -> pa.Table | None:
        """Read the columns of what `read_sends` reads by rows; None where that can be read by rows only."""
        from nexmo_nb.state.sent_table import NotTyped, read_sent  # pyarrow, which a send does without

        wanted = {"state <> ?": other_than, "created >= ?": since, "created < ?": until}
        names = self._spellings.list_same("batch", batch)
        try:
            return self._read(lambda connection: read_sent(connection, wanted, names, with_digests=with_digests))
        except NotTyped:
            return None

    def read_recipients(self, sender: str) -> list[tuple[str, float]]:
        return self._read(lambda connection: sent_sql.read_recipients(connection, sender))

    def read_batch_parts(self, batch: str) -> list[dict[str, Any]]:
        names = self._spellings.list_same("batch", batch)
        return self._read(lambda connection: sql.read_batch_parts(connection, names))

    def forget(self, before: float) -> tuple[int, int]:
        """Erase numbers, senders, texts, references and keys of finished sends that were created before a time.

        Gives how many, and how many were left alone because their batch is under way.
        """

        def work(connection: Connection) -> tuple[int, int]:
            abandoned = self._owner.find_abandoned(sql.read_runs(connection))
            sql.delete_runs(connection, [run for run, _ in abandoned])
            forget_people(connection, before)
            return sql.erase_people(connection, self._database.dialect, before)

        counts = self._transact(work)
        self._run(self._database.compact)
        return counts

    def check_newest(self) -> None:
        """Refuse a ledger that is an older copy."""
        # In a transaction: else another process may send between the look at the ledger and that at the file.
        self._transact(self._check_generation)

    def accept_older(self) -> bool:
        """Let this ledger count as the newest, and tell whether it was an older copy."""

        def work(connection: Connection) -> int | None:
            number, noted = sql.read_generation(connection), generation.read_noted(self._generation_file)
            if not generation.is_older(number, noted):
                return None
            newest = max(number, noted or 0) + 1
            sql.write_generation(connection, newest)
            return newest

        number = self._transact(work)
        if number is not None:
            self._run(lambda: generation.create(self._generation_file, number))
        return number is not None

    def rest(self) -> None:
        """Hold no lock and no descriptor, as far as nothing is under way, until it is used again."""
        self._owner.rest()
        self._database.rest()

    def close(self) -> None:
        self._owner.close()
        self._database.close()

    def close_sends(self, ids: Iterable[str]) -> None:
        """Note that this process is done with some sends: a row that is still in ``sending`` then was abandoned."""
        self._owner.end(ids)

    def _begin_generation(self) -> None:
        """Create the file of a new ledger, and write into that of an older one what a crash kept from it."""
        number = self._database.read(sql.read_generation)
        # A machine that is new to a database has no file yet; beside a file of SQLite, it would be a copy.
        is_shared = self._database.dialect == "postgres"
        if (number == 0 or is_shared) and not self._generation_file.exists():
            if is_shared and self.path.exists():
                warnings.warn(
                    f"What this machine sent until now is recorded in {self.path}, and {self._store} does not know it: "
                    "use other keys and batch names than there, or it is sent again. This is said once.",
                    stacklevel=2,
                )
            generation.create(self._generation_file, number)
        generation.note(self._generation_file, number)

    def _check_generation(self, connection: Connection) -> int:
        """Give the ledger's number, in a transaction; refuse an older copy."""
        number = sql.read_generation(connection)
        generation.check_newest(number, self._generation_file, self.path)
        return number

    def _count_generation(self, connection: Connection) -> None:
        sql.write_generation(connection, self._check_generation(connection) + 1)

    def _note_generation(self) -> None:
        """Write into the file what is on the disk in the ledger now."""
        with suppress(UnreachableError):  # it was sent all the same, and a later one catches up
            generation.note(self._generation_file, self._read(sql.read_generation))

    def _write_outcomes(self, connection: Connection, outcomes: Sequence[Outcome]) -> None:
        with keep_totals(connection, [outcome.id for outcome in outcomes]):
            write_outcomes(connection, outcomes, self._owner.name, self.clock())

    def _transact(self, work: Callable[[Connection], T]) -> T:
        self._run(self._database.refuse_damage)
        return self._run(lambda: self._database.transact(work))

    def _read(self, work: Callable[[Connection], T]) -> T:
        return self._run(lambda: self._database.read(work))

    def _run(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (StateError, OSError) as problem:
            is_damaged = isinstance(problem, StateError) and problem.is_damaged
            keep = " Keep what you move: it tells what was sent, and a new ledger could send that again."
            raise UnreachableError(
                f"The ledger {self._store} cannot be used ({problem}). Nothing was sent, because what is not recorded "
                f"could be sent twice. {getattr(problem, 'advice', '')}{keep if is_damaged else ''}".rstrip()
            ) from None
