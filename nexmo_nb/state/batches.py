"""The batches of a ledger as things: their counts and runs, and what is planned again after it was refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.state import batches_sql as sql
from nexmo_nb.state import ledger_sql
from nexmo_nb.state.budgets import Run
from nexmo_nb.state.claims import refuse_suppressed
from nexmo_nb.state.database import Connection
from nexmo_nb.state.entries import plan_refused, refuse_erased
from nexmo_nb.state.owner import Owner
from nexmo_nb.state.sends import BatchRow, Entry
from nexmo_nb.state.spellings import Spellings


class Batches:
    """The batches of one ledger; every method raises `UnreachableError` if it cannot be used."""

    def __init__(
        self,
        transact: Run,
        read: Run,
        clock: Callable[[], float],
        spellings: Spellings,
        *,
        owner: Owner,
        check_newest: Callable[[Connection], object],
    ) -> None:
        self._transact, self._read, self._clock = transact, read, clock
        self._spellings, self._owner, self._check_newest = spellings, owner, check_newest

    def count_rows(self, batch: str) -> list[dict[str, Any]]:
        """Count the rows of a batch by kind, state, code and currency; nothing where there is no such batch."""
        names = self._spellings.list_same("batch", batch)
        return self._read(lambda connection: sql.count_rows(connection, names))  # type: ignore[no-any-return]

    def count_tries(self, batch: str) -> dict[str, int]:
        """Count how often rows of a batch were refused and planned again, by their ids."""
        names = self._spellings.list_same("batch", batch)
        return self._read(lambda connection: sql.count_tries(connection, names))  # type: ignore[no-any-return]

    def count_all(self) -> list[dict[str, Any]]:
        """Count the rows of all batches by state and currency."""
        return self._read(sql.list_batches)  # type: ignore[no-any-return]

    def read_last_runs(self) -> dict[str, dict[str, Any]]:
        return self._read(sql.read_last_runs)  # type: ignore[no-any-return]

    def find_running(self) -> set[str]:
        """Find the names of the batches that are under way, here or elsewhere."""
        runs = self._read(sql.read_running)
        abandoned = {run for run, _ in self._owner.find_abandoned([(run, owner) for run, owner, _ in runs])}
        return {batch for run, _, batch in runs if run not in abandoned}

    def write_begin(self, batch: str, max_cost: float | None) -> None:
        self._transact(lambda connection: sql.write_begin(connection, batch, self._clock(), max_cost))

    def write_end(self, batch: str, error: str | None) -> None:
        self._transact(lambda connection: sql.write_end(connection, batch, self._clock(), error))

    def refuse_suppressed(self, batch: str) -> None:
        """Refuse what is planned to people on the do-not-send list: a plan that knows of it leaves it out."""
        names = self._spellings.list_same("batch", batch)
        self._transact(lambda connection: refuse_suppressed(connection, names, self._clock()))

    def read_refused(self, batch: str, *, not_found: bool = False) -> list[dict[str, Any]]:
        """Read the rows of a batch that were refused and did not leave since; with `not_found`, those as well."""
        names = self._spellings.list_same("batch", batch)

        def work(connection: Connection) -> list[dict[str, Any]]:
            refuse_erased(connection, batch, names)
            return sql.read_refused(connection, names, not_found=not_found)

        return self._read(work)  # type: ignore[no-any-return]

    def replan(self, batch: str, entries: Sequence[tuple[str, Entry]], *, not_found: bool = False) -> list[BatchRow]:
        """Plan rows of a batch that were refused, each an id with the entry that it becomes; give them as they are now.

        A row that left meanwhile, or that another process gave another content, is given in its state, and stays.
        """
        names = self._spellings.list_same("batch", batch)

        def work(connection: Connection) -> list[BatchRow]:
            refuse_erased(connection, batch, names)
            self._check_newest(connection)
            rows = [row for row in ledger_sql.read_batch(connection, names) if not row.is_earlier]
            return plan_refused(connection, names, entries, rows, not_found=not_found)

        return self._transact(work)  # type: ignore[no-any-return]

    def discard(self, batch: str) -> int:
        """Delete the rows of a batch that never left, and give how many; InvalidRequestError: it is under way.

        What was refused before is as it was then.
        """
        names = self._spellings.list_same("batch", batch)

        def work(connection: Connection) -> int:
            runs = ledger_sql.read_runs(connection, names)
            if set(runs) - set(self._owner.find_abandoned(runs)):
                raise InvalidRequestError(
                    f"batch: got {batch!r}; allowed: a batch that is not being sent right now. Nothing was discarded: "
                    "wait until its run has ended, or interrupt it."
                )
            sql.return_to_rejected(connection, names)
            return ledger_sql.delete_planned(connection, names)

        return self._transact(work)  # type: ignore[no-any-return]
