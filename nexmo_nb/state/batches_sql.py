"""The SQL of batches as a whole, in the ledger: what of them was refused before, when they ran, and their counts.

Table ``refusals`` has what a row of a batch was, and why it was refused, each time that it was planned again;
``number`` counts them. Table ``batches`` has the last run of each: when it began and ended, what it might cost at most,
and why it stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nexmo_nb.state.database import Connection, read_rows
from nexmo_nb.state.sends import BatchRow, Entry

TABLES = (
    "CREATE TABLE refusals (send TEXT NOT NULL, number BIGINT NOT NULL, digest TEXT NOT NULL, sender TEXT, body TEXT,"
    " code TEXT, error TEXT, finished DOUBLE PRECISION, PRIMARY KEY (send, number))",
    "CREATE TABLE batches (name TEXT PRIMARY KEY, ran DOUBLE PRECISION NOT NULL, ended DOUBLE PRECISION,"
    " max_cost DOUBLE PRECISION, error TEXT)",
)
"""What both databases take; to SQLite, these types are REAL and INTEGER."""
# What left since, and was looked up and planned again, has an end, and may have been sent: it is no refusal.
_IS_REFUSED = "state = 'planned' AND finished IS NULL AND EXISTS (SELECT 1 FROM refusals WHERE send = sends.id)"
_TRIES = "(SELECT COUNT(*) FROM refusals WHERE send = sends.id)"
_LAST = "number = (SELECT MAX(number) FROM refusals AS others WHERE others.send = refusals.send)"
_MOVE = "UPDATE refusals SET send = ? WHERE send = ?"


def list_planned(connection: Connection, names: Iterable[str]) -> list[tuple[str, str, str]]:
    """List the planned rows of a batch, by all its names: id, digest and recipient."""
    statement = "SELECT id, digest, recipient FROM sends WHERE batch = ? AND state = 'planned'"
    return [row for name in names for row in connection.execute(statement, (name,)).fetchall()]


def read_earlier(connection: Connection, names: Iterable[str]) -> list[BatchRow]:
    """Read what rows of a batch, by all its names, were before, as far as that was refused and they are another now."""
    # The table of refusals comes first, which is small: CROSS JOIN keeps SQLite from reading the whole batch.
    statement = (
        "SELECT sends.id, recipient, state, refusals.digest FROM refusals CROSS JOIN sends"
        " WHERE sends.id = refusals.send AND batch = ? AND refusals.digest <> sends.digest"
    )
    rows = [row for name in names for row in connection.execute(statement, (name,)).fetchall()]
    return [BatchRow(*row)._replace(is_earlier=True) for row in rows]


def replan_refused(connection: Connection, send_id: str, entry: Entry) -> str:
    """Plan a row that was refused with the content of an entry, keep what it was, and give its id.

    With another content, the row gets the entry's id: whoever still has the old one in a queue cannot claim it.
    """
    connection.execute(
        "INSERT INTO refusals (send, number, digest, sender, body, code, error, finished)"
        f" SELECT id, 1 + {_TRIES}, digest, sender, body, code, error, finished FROM sends WHERE id = ?",
        (send_id,),
    )
    connection.execute("DELETE FROM parts WHERE send = ?", (send_id,))
    (digest,) = connection.execute("SELECT digest FROM sends WHERE id = ?", (send_id,)).fetchone()
    now = send_id if digest == entry.digest else entry.id
    connection.execute(
        "UPDATE sends SET id = ?, digest = ?, sender = ?, body = ?, state = 'planned', estimate = ?, cost = NULL,"
        " started = NULL, finished = NULL, parts = NULL, price = NULL, currency = NULL, code = NULL, error = NULL"
        " WHERE id = ?",
        (now, entry.digest, entry.sender, entry.body, entry.estimate, send_id),
    )
    move_refusals(connection, [(now, send_id)])
    return now


def move_refusals(connection: Connection, ids: Iterable[tuple[str, str]]) -> None:
    """Let refusals belong to rows that got another id, each the new and the old one."""
    connection.executemany(_MOVE, [(new, old) for new, old in ids if new != old])


def return_to_rejected(connection: Connection, names: Iterable[str]) -> int:
    """Let rows of a batch that were refused, planned again and never left since be refused as before; give how many."""
    columns = ("digest", "sender", "body", "code", "error", "finished")
    restored = ", ".join(
        f"{name} = (SELECT {name} FROM refusals WHERE send = sends.id AND {_LAST})" for name in columns
    )
    count = 0
    for name in names:
        ids = connection.execute(f"SELECT id FROM sends WHERE batch = ? AND {_IS_REFUSED}", (name,)).fetchall()
        connection.executemany(f"UPDATE sends SET state = 'rejected', {restored} WHERE id = ?", ids)
        connection.executemany(f"DELETE FROM refusals WHERE send = ? AND {_LAST}", ids)
        count += len(ids)
    return count


def erase_refused(connection: Connection) -> None:
    """Erase senders, texts and errors of what was refused before to people who are forgotten."""
    connection.execute(
        "UPDATE refusals SET sender = NULL, body = NULL, error = NULL WHERE (sender IS NOT NULL OR body IS NOT NULL)"
        " AND NOT EXISTS (SELECT 1 FROM sends WHERE id = send AND recipient IS NOT NULL)"
    )


def read_refused(connection: Connection, names: Iterable[str], *, not_found: bool) -> list[dict[str, Any]]:
    """Read the rows of a batch that were refused, and did not leave since; with `not_found`, those as well.

    The code of a row that is planned again is that of its last refusal.
    """
    last = f"(SELECT code FROM refusals WHERE send = sends.id AND {_LAST})"
    also = " OR state = 'not_found'" if not_found else ""
    statement = (
        'SELECT id, kind, recipient AS "to", sender, body AS text, digest, zone AS time_zone, state, COALESCE(code, '
        f"{last}) AS code, {_TRIES} AS refused_before FROM sends WHERE batch = ? AND (state = 'rejected'"
        f" OR ({_IS_REFUSED}){also})"
        " ORDER BY created, COALESCE(place, 0), id"
    )
    return [row for name in names for row in read_rows(connection, statement, (name,))]


def count_tries(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """Count the earlier refusals of the rows of a batch, by their ids; those without any are left out."""
    statement = "SELECT send, COUNT(*) FROM refusals CROSS JOIN sends WHERE sends.id = send AND batch = ? GROUP BY send"
    return {send: int(count) for name in names for send, count in connection.execute(statement, (name,)).fetchall()}


def count_rows(connection: Connection, names: Sequence[str]) -> list[dict[str, Any]]:
    """Count the rows of a batch by kind, state, code and currency, with their prices and times."""
    places = ", ".join("?" * len(names))
    return read_rows(
        connection,
        "SELECT kind, state, code, currency, COUNT(*) AS messages, SUM(price) AS price, MIN(created) AS created,"
        f" MAX(started) AS started FROM sends WHERE batch IN ({places}) GROUP BY kind, state, code, currency",
        names,
    )


def list_batches(connection: Connection) -> list[dict[str, Any]]:
    """Count the rows of all batches by state and currency, with the last run of each."""
    return read_rows(
        connection,
        "SELECT batch, state, sends.currency, COUNT(*) AS messages, SUM(price) AS price, MIN(created) AS created,"
        " MAX(started) AS started FROM sends WHERE batch IS NOT NULL GROUP BY batch, state, sends.currency",
    )


def write_begin(connection: Connection, name: str, at: float, max_cost: float | None) -> None:
    """Write that a run of a batch began."""
    connection.execute(
        "INSERT INTO batches (name, ran, max_cost) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " ran = excluded.ran, max_cost = excluded.max_cost, ended = NULL, error = NULL",
        (name, at, max_cost),
    )


def write_end(connection: Connection, name: str, at: float, error: str | None) -> None:
    """Write that a run of a batch ended, and why, if it was stopped."""
    connection.execute("UPDATE batches SET ended = ?, error = ? WHERE name = ?", (at, error, name))


def read_last_runs(connection: Connection) -> dict[str, dict[str, Any]]:
    """Read the last run of each batch, by its name."""
    rows = read_rows(connection, "SELECT name, ran, ended, max_cost, error FROM batches")
    return {row["name"]: row for row in rows}


def read_running(connection: Connection) -> list[tuple[str, str, str]]:
    """Read id, owner and batch of the runs that are under way, or were when their process died."""
    return connection.execute("SELECT id, owner, batch FROM runs").fetchall()


def has_text(
    connection: Connection, names: Iterable[str], send_id: str, recipient: str | None, text: str | None
) -> bool:
    """Tell whether another row of a batch, which was not refused, has a text for somebody, from whatever sender."""
    statement = (
        "SELECT EXISTS (SELECT 1 FROM sends WHERE batch = ? AND recipient = ? AND body = ? AND id <> ?"
        " AND state <> 'rejected')"
    )
    return any(connection.execute(statement, (name, recipient, text, send_id)).fetchone()[0] for name in names)


def has_erased(connection: Connection, names: Iterable[str]) -> bool:
    statement = "SELECT EXISTS (SELECT 1 FROM sends WHERE batch = ? AND recipient IS NULL)"
    return any(connection.execute(statement, (name,)).fetchone()[0] for name in names)
