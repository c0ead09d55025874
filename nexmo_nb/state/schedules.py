"""When the messages of a batch may leave, kept with it in the ledger: whoever goes on with it finds and keeps it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.state import schedules_sql as sql
from nexmo_nb.state.batches_sql import list_planned
from nexmo_nb.state.database import Connection
from nexmo_nb.state.sends import BatchRow
from nexmo_nb.state.spellings import Spellings

Read = Callable[[Callable[[Connection], Any]], Any]


class BatchSchedule(NamedTuple):
    """The schedule of a batch, as texts, and what it takes the place of."""

    schedule: str | None  # None: it has none
    before: str | None = None  # the schedule that was kept when this one was decided on
    settings: str | None = None  # how to send it when it is due; None: as its caller says
    zones: Sequence[str] | None = None  # of the entries; empty where the plan names none


class Schedules:
    """The schedules of one ledger; every method raises `UnreachableError` if its file cannot be used."""

    def __init__(self, read: Read, spellings: Spellings) -> None:
        self._read, self._spellings = read, spellings

    def read(self, batch: str, *, with_over: bool = False) -> str | None:
        """Read the schedule of a batch; None where it has none. `with_over`: also that of one that was discarded."""
        names = self._spellings.list_same("batch", batch)
        found = self._read(lambda connection: sql.read_schedule(connection, names, with_over=with_over))
        return None if found is None else found[1]

    def list_scheduled(self) -> list[tuple[str, str]]:
        """List name and settings of the batches in which something waits for its time."""
        return self._read(sql.list_scheduled)  # type: ignore[no-any-return]

    def read_due(self, batch: str) -> list[dict[str, Any]]:
        return self._read(lambda connection: sql.read_due(connection, batch))  # type: ignore[no-any-return]


def keep_schedule(
    connection: Connection, batch: str, names: Sequence[str], new: BatchSchedule, make_id: Callable[[], str]
) -> None:
    """Keep the schedule of a batch, in a transaction; `names` are all names of the batch.

    Where it changes, planned rows get new ids: a run that goes by the one before cannot claim them any more.
    """
    kept = sql.read_schedule(connection, names)
    name, schedule, settings = kept or (batch, None, None)
    if schedule not in (new.before, new.schedule):
        raise InvalidRequestError(
            f"window: got hours for the batch {batch!r}, which another run gave others meanwhile; allowed: one run "
            "that changes them. Nothing was sent. Run the same call again."
        )
    settings = settings if new.settings is None else new.settings
    if new.schedule is None or (schedule, settings) == (new.schedule, kept[2] if kept else None):
        return
    if schedule != new.schedule:
        sql.change_ids(connection, [(make_id(), send_id) for send_id, _, _ in list_planned(connection, names)])
    sql.write_schedule(connection, name, new.schedule, settings)


def keep_zones(connection: Connection, rows: Sequence[BatchRow], new: BatchSchedule | None) -> None:
    """Keep the zones of rows of a batch, and whether they wait for whoever looks for what is due, in a transaction."""
    if new is None or new.zones is None:
        return
    is_due = new.settings is not None
    zones = [(zone, row.id) for zone, row in zip(new.zones, rows, strict=True) if zone or is_due]
    sql.write_zones(connection, zones)
    if is_due:
        sql.write_due(connection, [row.id for row in rows])
