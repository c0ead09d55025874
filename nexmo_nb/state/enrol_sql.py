"""The SQL that enters the rows of a batch into the ledger, of which there may be a million."""

from __future__ import annotations

from collections.abc import Iterable

from nexmo_nb.state.database import Connection
from nexmo_nb.state.sends import Entry

_PLANNED = "id, kind, digest, recipient, sender, body, batch, place, created, state, estimate"
_INSERT_PLANNED = f"INSERT INTO sends ({_PLANNED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_COPY_PLANNED = f"COPY sends ({_PLANNED}) FROM STDIN"


def insert_planned(connection: Connection, batch: str, entries: Iterable[tuple[int, Entry]], at: float) -> None:
    """Insert rows of a batch, each a place and an entry, in ``planned``."""
    rows = (
        (e.id, e.kind, e.digest, e.recipient, e.sender, e.body, batch, place, at, "planned", e.estimate)
        for place, e in entries
    )
    # Others wait meanwhile. Nobody else writes, so that there is no conflict to expect, which would undo all of it.
    if hasattr(connection, "copy_rows"):
        connection.copy_rows(_COPY_PLANNED, rows)  # PostgreSQL: in half of the time
    else:
        connection.executemany(_INSERT_PLANNED, rows)
