"""The SQL of schedules, in the ledger: when the messages of a batch may leave, and how it is sent when they are due.

A row of ``schedules`` has the schedule of a batch as a text, and as another one its ``settings`` where it is sent by
whoever looks for what is due; ``is_over`` is 1 after the batch was discarded, and then it counts for retries only. Of a
send, ``zone`` is the time zone of its recipient where the plan named it, and ``is_due`` is 1 where the row waits for
whoever looks for what is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nexmo_nb.state.batches_sql import move_refusals
from nexmo_nb.state.database import Connection, read_rows

TABLES = (
    "CREATE TABLE schedules (batch TEXT PRIMARY KEY, schedule TEXT NOT NULL, settings TEXT,"
    " is_over BIGINT NOT NULL DEFAULT 0)",
    "ALTER TABLE sends ADD COLUMN zone TEXT",
    "ALTER TABLE sends ADD COLUMN is_due BIGINT",
)
_IS_DUE = "state = 'planned' AND is_due = 1"


def read_schedule(
    connection: Connection, names: Iterable[str], *, with_over: bool = False
) -> tuple[str, str, str | None] | None:
    """Read name, schedule and settings of a batch, by all its names; None where it has no schedule."""
    statement = "SELECT batch, schedule, settings FROM schedules WHERE batch = ? AND is_over <= ?"
    found = [row for name in names for row in connection.execute(statement, (name, int(with_over))).fetchall()]
    return found[0] if found else None


def write_schedule(connection: Connection, batch: str, schedule: str, settings: str | None) -> None:
    connection.execute(
        "INSERT INTO schedules (batch, schedule, settings) VALUES (?, ?, ?)"
        " ON CONFLICT (batch) DO UPDATE SET schedule = excluded.schedule, settings = excluded.settings, is_over = 0",
        (batch, schedule, settings),
    )


def end_schedules(connection: Connection, names: Iterable[str]) -> None:
    """Let a batch that is discarded have no hours; what a retry may still send of it keeps them."""
    statement = "UPDATE schedules SET is_over = 1, settings = NULL WHERE batch = ?"
    connection.executemany(statement, [(name,) for name in names])


def delete_forgotten(connection: Connection) -> None:
    """Delete the schedules of batches of which nobody is known any more."""
    connection.execute(
        "DELETE FROM schedules WHERE NOT EXISTS"
        " (SELECT 1 FROM sends WHERE sends.batch = schedules.batch AND recipient IS NOT NULL)"
    )


def change_ids(connection: Connection, ids: Iterable[tuple[str, str]]) -> None:
    """Give planned rows new ids, each the new and the old one."""
    changed = list(ids)
    connection.executemany("UPDATE sends SET id = ? WHERE id = ? AND state = 'planned'", changed)
    move_refusals(connection, changed)


def write_zones(connection: Connection, rows: Sequence[tuple[str, str]]) -> None:
    """Write the zone of planned rows, each a zone and an id."""
    connection.executemany("UPDATE sends SET zone = ? WHERE id = ? AND state = 'planned'", rows)


def write_due(connection: Connection, ids: Iterable[str]) -> None:
    """Write that planned rows wait for whoever looks for what is due."""
    statement = "UPDATE sends SET is_due = 1 WHERE id = ? AND state = 'planned'"
    connection.executemany(statement, [(send_id,) for send_id in ids])


def list_scheduled(connection: Connection) -> list[tuple[str, str]]:
    """List name and settings of the batches in which something waits for whoever looks for what is due."""
    return connection.execute(
        "SELECT batch, settings FROM schedules WHERE settings IS NOT NULL AND EXISTS"
        f" (SELECT 1 FROM sends WHERE sends.batch = schedules.batch AND {_IS_DUE}) ORDER BY batch"
    ).fetchall()


def read_due(connection: Connection, batch: str) -> list[dict[str, Any]]:
    """Read what waits in a batch, in the order of its plan."""
    return read_rows(
        connection,
        "SELECT id, kind, digest, recipient, sender, body, estimate, currency, zone FROM sends"
        f" WHERE batch = ? AND {_IS_DUE} ORDER BY created, place",
        (batch,),
    )
