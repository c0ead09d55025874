"""The SQL of the do-not-send list, in the ledger: who said stop, or start again, to which number of the account.

A row of ``suppressions`` is a person and a number of the account, `own`: when the person last said stop to it, and last
said start. What was noted by hand is for all numbers, and its `own` is empty. A person is a keyed hash of their number,
by the one row of ``suppression_key``; `recipient` is the number itself, until it is forgotten. Of a send,
``even_if_suppressed`` is why it left although its recipient was on the list. See `suppression`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nexmo_nb.state.database import Connection

TABLES = (
    """CREATE TABLE suppressions (
        person TEXT NOT NULL, own TEXT NOT NULL, recipient TEXT, stopped DOUBLE PRECISION, started DOUBLE PRECISION,
        reason TEXT, source TEXT NOT NULL, created DOUBLE PRECISION NOT NULL, PRIMARY KEY (person, own))""",
    "CREATE TABLE suppression_key (key TEXT NOT NULL)",
    "ALTER TABLE sends ADD COLUMN even_if_suppressed TEXT",
)
_CHUNK = 500  # people at once: a statement of SQLite takes a limited number of values


class Said(NamedTuple):
    """A row of ``suppressions``; times are Unix seconds, and missing where nothing of the kind was said."""

    person: str
    own: str
    recipient: str | None
    stopped: float | None
    started: float | None
    reason: str | None
    source: str
    created: float


_COLUMNS = ", ".join(Said._fields)


def read_key(connection: Connection) -> bytes | None:
    """Read the key of the hashes; None where nobody was ever on the list."""
    found = connection.execute("SELECT key FROM suppression_key").fetchall()
    return bytes.fromhex(found[0][0]) if found else None


def write_key(connection: Connection, key: bytes) -> None:
    connection.execute("INSERT INTO suppression_key (key) VALUES (?)", (key.hex(),))


def read_all(connection: Connection) -> list[Said]:
    return [Said(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM suppressions").fetchall()]


def read_people(connection: Connection, people: Sequence[str]) -> list[Said]:
    """Read what some people said, to whatever number."""
    found: list[Said] = []
    for start in range(0, len(people), _CHUNK):
        some = people[start : start + _CHUNK]
        marks = ", ".join("?" * len(some))
        statement = f"SELECT {_COLUMNS} FROM suppressions WHERE person IN ({marks})"
        found += [Said(*row) for row in connection.execute(statement, some).fetchall()]
    return found


def write_rows(connection: Connection, rows: Sequence[Said]) -> None:
    """Write rows over those of the same people and numbers."""
    connection.executemany(
        f"INSERT INTO suppressions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (person, own) DO UPDATE SET recipient = excluded.recipient, stopped = excluded.stopped,"
        " started = excluded.started, reason = excluded.reason, source = excluded.source, created = excluded.created",
        rows,
    )


def delete_people(connection: Connection, people: Iterable[str]) -> None:
    connection.executemany("DELETE FROM suppressions WHERE person = ?", [(person,) for person in people])


def count_under_way(connection: Connection) -> dict[str, int]:
    """Count what left, or is about to leave, and has no answer yet, by its recipients."""
    statement = "SELECT recipient, COUNT(*) FROM sends WHERE state = 'sending' GROUP BY recipient"
    return {to: int(count) for to, count in connection.execute(statement).fetchall()}


def read_recipients(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Read the recipients of sends by their ids; a send that there is not any more has none."""
    statement = "SELECT recipient FROM sends WHERE id = ?"
    found = {send_id: connection.execute(statement, (send_id,)).fetchall() for send_id in ids}
    return {send_id: rows[0][0] for send_id, rows in found.items() if rows}


def refuse_planned(connection: Connection, send_id: str, digest: str, error: str, at: float) -> bool:
    """Refuse a planned row; False where another process claimed it, or gave it another content.

    A row that was looked up, not found and planned again has left perhaps: it is not found again.
    """
    changed = connection.execute(
        "UPDATE sends SET state = CASE WHEN finished IS NULL THEN 'rejected' ELSE 'not_found' END, finished = ?,"
        " code = 'suppressed', error = ?, even_if_suppressed = NULL WHERE id = ? AND digest = ? AND state = 'planned'",
        (at, error, send_id, digest),
    )
    return changed.rowcount == 1


def write_exception(connection: Connection, send_id: str, reason: str | None) -> None:
    """Write why a send leaves although its recipient is on the list."""
    connection.execute("UPDATE sends SET even_if_suppressed = ? WHERE id = ?", (reason, send_id))


def forget_people(connection: Connection, before: float) -> None:
    """Erase the numbers, and the reasons, which may name people, of what was noted before a time."""
    connection.execute("UPDATE suppressions SET recipient = NULL, reason = NULL WHERE created < ?", (before,))
