"""The SQL of the ledger: tables, and one function or statement for each thing that is read or written.

Table ``sends`` holds a row for each message or call, ``parts`` the parts of its answer, ``deliveries`` what became of
each message id by Nexmo's records, ``runs`` the batches that are under way, and ``generation`` one number. Tables
``budgets`` and ``totals`` stand in `budgets_sql`, ``refusals`` and ``batches`` in `batches_sql`, ``schedules`` in
`schedules_sql`, the do-not-send list in `suppression_sql`. Of a send, ``estimate`` is the most that it may cost, and
``cost`` what it counts as in a total: the estimate as soon as it leaves, then what its answer says. Whatever changes a
cost, or deletes a row that has one, is called inside `totals.keep_totals`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from nexmo_nb.state import batches_sql, schedules_sql, suppression_sql
from nexmo_nb.state.budgets_sql import make_totals
from nexmo_nb.state.database import Connection, Dialect, Schema, damaged_error, read_rows
from nexmo_nb.state.sends import BatchRow, Entry, Parts, count_parts, has_prices, sum_prices

_SENDS = (
    "id, kind, batch, place, key, digest, recipient, sender, body, client_ref, state, owner, created, started,"
    " finished, parts, price, currency, code, error"
)
_FIRST = (
    """CREATE TABLE IF NOT EXISTS sends (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, batch TEXT, place INTEGER, key TEXT UNIQUE, digest TEXT NOT NULL,
        recipient TEXT, sender TEXT, body TEXT, client_ref TEXT,
        state TEXT NOT NULL, owner TEXT, created REAL NOT NULL, started REAL, finished REAL,
        parts INTEGER, price REAL, currency TEXT, code TEXT, error TEXT,
        UNIQUE (batch, recipient))""",
    """CREATE TABLE IF NOT EXISTS parts (
        send TEXT NOT NULL, part INTEGER NOT NULL, message_id TEXT, status TEXT, error_text TEXT,
        price REAL, balance REAL, network TEXT, PRIMARY KEY (send, part))""",
    """CREATE TABLE IF NOT EXISTS deliveries (
        message_id TEXT PRIMARY KEY, delivery TEXT NOT NULL, code TEXT, price REAL, currency TEXT, finalized REAL)""",
    "CREATE INDEX IF NOT EXISTS sends_state ON sends (state, owner)",
    "CREATE INDEX IF NOT EXISTS parts_message ON parts (message_id)",
    "CREATE INDEX IF NOT EXISTS sends_created ON sends (created)",
)


def _is_odd(column: str, dialect: Dialect = "sqlite") -> str:
    """Find names with a blank at an end, or that are not plain ASCII."""
    if dialect == "postgres":
        return f"({column} ~ '[^ -~]|^ | $')"
    return f"({column} GLOB '*[^ -~]*' OR {column} GLOB ' *' OR {column} GLOB '* ')"


_MORE_OF_PARTS = tuple(f"ALTER TABLE parts ADD COLUMN {name} TEXT" for name in ("account_ref", "conversation_uuid"))
MIGRATIONS = (
    # The first layout had a state for rows that wait for their turn.
    ("UPDATE sends SET state = 'planned', owner = NULL WHERE state = 'claimed'",),
    # The second one had a recipient once a batch. A row is now a recipient and a content, which the digest stands for.
    # SQLite changes what is unique in a table only by making it anew.
    (
        """CREATE TABLE sends_by_content (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, batch TEXT, place INTEGER, key TEXT UNIQUE, digest TEXT NOT NULL,
        recipient TEXT, sender TEXT, body TEXT, client_ref TEXT,
        state TEXT NOT NULL, owner TEXT, created REAL NOT NULL, started REAL, finished REAL,
        parts INTEGER, price REAL, currency TEXT, code TEXT, error TEXT,
        UNIQUE (batch, recipient, digest))""",
        f"INSERT INTO sends_by_content ({_SENDS}) SELECT {_SENDS} FROM sends",
        "DROP TABLE sends",
        "ALTER TABLE sends_by_content RENAME TO sends",
        "CREATE INDEX sends_state ON sends (state, owner)",
        "CREATE INDEX sends_created ON sends (created)",
    ),
    # The third one had no generation, and did not know which batches are under way. Who is to be forgotten is found
    # among those who are not forgotten yet, and names that may be written in several ways among themselves.
    (
        "CREATE TABLE generation (number INTEGER NOT NULL)",
        "INSERT INTO generation (number) VALUES (0)",
        "CREATE TABLE runs (id TEXT PRIMARY KEY, batch TEXT NOT NULL, owner TEXT NOT NULL)",
        "CREATE INDEX sends_people ON sends (created) WHERE recipient IS NOT NULL",
        f"CREATE INDEX sends_odd_keys ON sends (key) WHERE {_is_odd('key')}",
        f"CREATE INDEX sends_odd_batches ON sends (batch) WHERE {_is_odd('batch')}",
    ),
    # The fourth one had no budgets. What was sent before counts as its price, where that is known.
    (
        "ALTER TABLE sends ADD COLUMN estimate REAL",
        "ALTER TABLE sends ADD COLUMN cost REAL",
        "UPDATE sends SET cost = price WHERE price IS NOT NULL",
        "CREATE TABLE budgets (period TEXT PRIMARY KEY, amount REAL NOT NULL, currency TEXT NOT NULL)",
        "CREATE INDEX sends_costs ON sends (started, currency, cost) WHERE cost IS NOT NULL",
    ),
    # The fifth one added up what was spent each time that it was asked for, and kept less of an answer.
    (*make_totals("sqlite"), *_MORE_OF_PARTS),
    # The sixth one had no schedules and no do-not-send list, forgot what was refused before, and when a batch ran.
    (*schedules_sql.TABLES, *batches_sql.TABLES, *suppression_sql.TABLES),
)

_POSTGRES = (
    (
        """CREATE TABLE sends (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, batch TEXT, place BIGINT, key TEXT UNIQUE, digest TEXT NOT NULL,
        recipient TEXT, sender TEXT, body TEXT, client_ref TEXT,
        state TEXT NOT NULL, owner TEXT, created DOUBLE PRECISION NOT NULL, started DOUBLE PRECISION,
        finished DOUBLE PRECISION, parts BIGINT, price DOUBLE PRECISION, currency TEXT, code TEXT, error TEXT,
        estimate DOUBLE PRECISION, cost DOUBLE PRECISION, UNIQUE (batch, recipient, digest))""",
        """CREATE TABLE parts (
        send TEXT NOT NULL, part BIGINT NOT NULL, message_id TEXT, status TEXT, error_text TEXT,
        price DOUBLE PRECISION, balance DOUBLE PRECISION, network TEXT, PRIMARY KEY (send, part))""",
        """CREATE TABLE deliveries (
        message_id TEXT PRIMARY KEY, delivery TEXT NOT NULL, code TEXT, price DOUBLE PRECISION, currency TEXT,
        finalized DOUBLE PRECISION)""",
        "CREATE TABLE generation (number BIGINT NOT NULL)",
        "INSERT INTO generation (number) VALUES (0)",
        "CREATE TABLE runs (id TEXT PRIMARY KEY, batch TEXT NOT NULL, owner TEXT NOT NULL)",
        "CREATE TABLE budgets (period TEXT PRIMARY KEY, amount DOUBLE PRECISION NOT NULL, currency TEXT NOT NULL)",
        "CREATE INDEX sends_state ON sends (state, owner)",
        "CREATE INDEX sends_created ON sends (created)",
        "CREATE INDEX sends_people ON sends (created) WHERE recipient IS NOT NULL",
        f"CREATE INDEX sends_odd_keys ON sends (key) WHERE {_is_odd('key', 'postgres')}",
        f"CREATE INDEX sends_odd_batches ON sends (batch) WHERE {_is_odd('batch', 'postgres')}",
        "CREATE INDEX sends_costs ON sends (started, currency, cost) WHERE cost IS NOT NULL",
        "CREATE INDEX parts_message ON parts (message_id)",
    ),
    (*make_totals("postgres"), *_MORE_OF_PARTS),
    (*schedules_sql.TABLES, *batches_sql.TABLES, *suppression_sql.TABLES),
)
SCHEMA = Schema("ledger", (_FIRST, *MIGRATIONS), _POSTGRES, is_durable=True, is_large=True)

PART_COLUMNS = (
    "message_id", "status", "error_text", "price", "balance", "network", "account_ref", "conversation_uuid",
)  # fmt: skip


def insert_single(connection: Connection, entry: Entry, owner: str, at: float) -> None:
    """Insert a single send, in ``sending``."""
    connection.execute(
        "INSERT INTO sends (id, kind, digest, recipient, sender, body, client_ref, key, state, owner, created, started,"
        " estimate, cost, even_if_suppressed) VALUES (:id, :kind, :digest, :recipient, :sender, :body, :client_ref,"
        " :key, 'sending', :owner, :at, :at, :estimate, :estimate, :even_if_suppressed)",
        {**entry._asdict(), "owner": owner, "at": at},
    )


def replace_planned(connection: Connection, send_id: str, entry: Entry) -> None:
    """Give a row of a batch that is not sent the id and content of an entry, in ``planned``."""
    connection.execute(
        "UPDATE sends SET id = :id, kind = :kind, digest = :digest, sender = :sender, body = :body, state = 'planned',"
        " estimate = :estimate WHERE id = :old",
        {**entry._asdict(), "old": send_id},
    )
    batches_sql.move_refusals(connection, [(entry.id, send_id)])


def plan_again(connection: Connection, send_id: str, estimate: float | None) -> None:
    """Plan a row of a batch that is not sent as it is, at today's price; the earlier one stays where that is not known.

    Else a plan without prices would have a row leave uncharged that another run caps.
    """
    if estimate is None:
        connection.execute("UPDATE sends SET state = 'planned' WHERE id = ? AND state <> 'planned'", (send_id,))
        return
    connection.execute(
        "UPDATE sends SET state = 'planned', estimate = ? WHERE id = ?"
        " AND (state <> 'planned' OR estimate IS NULL OR estimate <> ?)",
        (estimate, send_id, estimate),
    )


def delete_planned(connection: Connection, names: Iterable[str]) -> int:
    """Delete the rows of a batch, by all its names, that never left, and give how many.

    A row that was looked up, not found and planned again has left perhaps: it is not found again.
    """
    names = list(names)
    # Whoever plans the batch anew gives it the hours that it has then.
    schedules_sql.end_schedules(connection, names)
    is_planned = "batch = ? AND state = 'planned'"
    looked_up = f"UPDATE sends SET state = 'not_found' WHERE {is_planned} AND finished IS NOT NULL"
    deleted = 0
    for name in names:
        connection.execute(looked_up, (name,))
        deleted += connection.execute(f"DELETE FROM sends WHERE {is_planned}", (name,)).rowcount
    return deleted


def claim_send(connection: Connection, send_id: str, digest: str, owner: str, at: float, *, kind: str) -> bool:
    """Set a row from ``planned`` to ``sending``; False where another process claimed it or gave it another content.

    `kind` is the API by which it leaves now, which may be another one than was planned; empty: as planned.
    """
    changed = connection.execute(
        "UPDATE sends SET state = 'sending', kind = COALESCE(NULLIF(?, ''), kind), owner = ?, client_ref = id,"
        " code = NULL, error = NULL, started = ?, cost = estimate, even_if_suppressed = NULL"
        " WHERE id = ? AND digest = ? AND state = 'planned'",
        (kind, owner, at, send_id, digest),
    )
    return changed.rowcount == 1


def return_to_planned(connection: Connection, send_id: str, owner: str) -> None:
    """Undo a claim: nothing was sent. A row of a batch is planned again, a single send is deleted."""
    is_mine = "id = ? AND owner = ? AND state = 'sending'"
    connection.execute(f"DELETE FROM sends WHERE {is_mine} AND batch IS NULL", (send_id, owner))
    connection.execute(
        f"UPDATE sends SET state = 'planned', owner = NULL, cost = NULL WHERE {is_mine}", (send_id, owner)
    )


def mark_unknown(connection: Connection, abandoned: Sequence[tuple[str, str]], at: float) -> None:
    """Set abandoned rows, each an id and its owner, from ``sending`` to ``unknown``."""
    connection.executemany(
        "UPDATE sends SET state = 'unknown', owner = NULL, finished = ?,"
        " error = 'whoever sent it ended before an answer was recorded'"
        " WHERE id = ? AND owner = ? AND state = 'sending'",
        [(at, *row) for row in abandoned],
    )


def write_outcome(
    connection: Connection,
    send_id: str,
    state: str,
    rows: Parts,
    *,
    at: float,
    problem: BaseException | None = None,
    over: Sequence[str] = ("sending", "unknown", "not_found", "planned"),
) -> None:
    """Write a state and parts over those that are there, if its state is one of `over`.

    An answer may be late: then the row was taken for abandoned, or was even looked up and planned again. It is true
    all the same; only another answer is not written over.
    """
    error = None if problem is None else str(problem) or type(problem).__name__
    currency = next((row["currency"] for row in rows if row.get("currency")), None)
    code, price = getattr(problem, "code", None), sum_prices(rows)
    is_priced = state in ("rejected", "not_found") or (state != "unknown" and has_prices(rows))
    cost, values = _cost_after(price, is_priced=is_priced)
    changed = connection.execute(
        "UPDATE sends SET state = ?, owner = NULL, finished = ?, parts = ?, price = ?, currency = ?, code = ?,"
        f" error = ?, cost = {cost} WHERE id = ? AND state IN ({', '.join('?' * len(over))})",
        (state, at, count_parts(rows) or None, price, currency, code, error, *values, send_id, *over),
    )
    if not changed.rowcount:
        return
    connection.execute("DELETE FROM parts WHERE send = ?", (send_id,))
    connection.executemany(
        f"INSERT INTO parts (send, part, {', '.join(PART_COLUMNS)}) VALUES (?, ?{', ?' * len(PART_COLUMNS)})",
        [(send_id, part, *(row.get(name) for name in PART_COLUMNS)) for part, row in enumerate(rows, 1)],
    )


def _cost_after(price: float | None, *, is_priced: bool) -> tuple[str, tuple[float | None, ...]]:
    """Say what a send counts as in a budget after its answer, and the values for that.

    Where the answer does not tell every price, the estimate counts, or what is known if that is more.
    """
    if is_priced:
        return "?", (price,)
    if price is None:
        return "cost", ()
    return "CASE WHEN cost IS NULL OR cost < ? THEN ? ELSE cost END", (price, price)


@contextmanager
def undo_on_error(connection: Connection) -> Iterator[None]:
    """Undo, if an error leaves the block, what it wrote, and nothing else of its transaction."""
    connection.execute("SAVEPOINT before")
    try:
        yield
    except Exception:
        if connection.in_transaction:  # a full disk may have undone all of it
            connection.execute("ROLLBACK TO before")
            connection.execute("RELEASE before")
        raise
    connection.execute("RELEASE before")


def can_erase(dialect: Dialect) -> str:
    """Find who may be forgotten, before a time; ``TRUE`` or ``NOT TRUE`` after it: those whose batch is under way."""
    # The plus keeps the state out of SQLite's choice of an index: nearly all rows are in one of these states.
    state = "+state" if dialect == "sqlite" else "state"
    return (
        f"created < ? AND recipient IS NOT NULL AND {state} IN ('accepted', 'partial', 'rejected', 'not_found')"
        " AND (batch IN (SELECT batch FROM runs)) IS"
    )


def count_people_of_runs(dialect: Dialect) -> str:
    return f"SELECT COUNT(*) FROM sends WHERE {can_erase(dialect)} TRUE"


def erase_people_of_others(dialect: Dialect) -> str:
    return (
        "UPDATE sends SET recipient = NULL, sender = NULL, body = NULL, client_ref = NULL, error = NULL,"
        " zone = NULL, even_if_suppressed = NULL,"
        " key = CASE WHEN key IS NULL THEN NULL ELSE 'forgotten ' || id END"
        f" WHERE {can_erase(dialect)} NOT TRUE"
    )


def erase_people(connection: Connection, dialect: Dialect, before: float) -> tuple[int, int]:
    """Erase numbers, senders, texts, references and keys of finished sends that are older than a time.

    Gives how many, and how many were left alone because their batch is under way.
    """
    left = connection.execute(count_people_of_runs(dialect), (before,)).fetchone()[0]
    erased = connection.execute(erase_people_of_others(dialect), (before,)).rowcount
    schedules_sql.delete_forgotten(connection)
    batches_sql.erase_refused(connection)
    return erased, left


def insert_runs(connection: Connection, runs: Mapping[str, str], owner: str) -> None:
    """Insert runs, each an id and the name of its batch."""
    rows = [(run, batch, owner) for run, batch in runs.items()]
    connection.executemany("INSERT INTO runs (id, batch, owner) VALUES (?, ?, ?)", rows)


def delete_runs(connection: Connection, runs: Iterable[str]) -> None:
    connection.executemany("DELETE FROM runs WHERE id = ?", [(run,) for run in runs])


def read_runs(connection: Connection, names: Iterable[str] | None = None) -> list[tuple[str, str]]:
    """Read id and owner of the batches, all or by `names`, that are under way, or were when their process died."""
    if names is None:
        return connection.execute("SELECT id, owner FROM runs").fetchall()
    statement = "SELECT id, owner FROM runs WHERE batch = ?"
    return [run for name in names for run in connection.execute(statement, (name,)).fetchall()]


def read_generation(connection: Connection) -> int:
    found = connection.execute("SELECT number FROM generation").fetchall()
    if len(found) != 1:
        raise damaged_error(f"it has {len(found)} generations")
    return int(found[0][0])


def write_generation(connection: Connection, number: int) -> None:
    connection.execute("UPDATE generation SET number = ?", (number,))


def delete_send(connection: Connection, send_id: str) -> None:
    connection.execute("DELETE FROM parts WHERE send = ?", (send_id,))
    connection.execute("DELETE FROM sends WHERE id = ?", (send_id,))


def read_odd_names(connection: Connection, dialect: Dialect, column: Literal["key", "batch"]) -> list[str]:
    """Read the names with a blank at an end, or that are not plain ASCII: no others can be written in several ways."""
    statement = f"SELECT DISTINCT {column} FROM sends WHERE {_is_odd(column, dialect)}"
    return [name for (name,) in connection.execute(statement).fetchall()]


def read_keys(connection: Connection, keys: Iterable[str]) -> list[tuple[str, str, str]]:
    """Read id, state and digest of the sends that have one of some keys."""
    statement = "SELECT id, state, digest FROM sends WHERE key = ?"
    return [row for key in keys for row in connection.execute(statement, (key,)).fetchall()]


def read_parts(connection: Connection, send_id: str) -> list[dict[str, Any]]:
    """Read the parts of one send, as they were returned."""
    rows = read_rows(
        connection,
        'SELECT recipient AS "to", client_ref, currency, part, sends.parts AS parts, message_id, status, error_text,'
        " parts.price AS price, balance, network, account_ref, conversation_uuid"
        " FROM parts JOIN sends ON sends.id = parts.send WHERE send = ? ORDER BY part",
        (send_id,),
    )
    return [{**row, "parts": row["parts"] or len(rows)} for row in rows]


def read_batch(connection: Connection, names: Iterable[str]) -> list[BatchRow]:
    """Read the rows of a batch, by all its names; before them, what rows were that were refused and are another now."""
    listed = list(names)
    statement = "SELECT id, recipient, state, digest FROM sends WHERE batch = ?"
    now = [BatchRow(*row) for name in listed for row in connection.execute(statement, (name,)).fetchall()]
    return [*batches_sql.read_earlier(connection, listed), *now]


def read_batch_parts(connection: Connection, names: Iterable[str]) -> list[dict[str, Any]]:
    """Read the parts of a batch's SMS that Nexmo gave an id."""
    statement = (
        'SELECT batch, recipient AS "to", body, client_ref, message_id, parts.price AS price, currency, network'
        " FROM parts JOIN sends ON sends.id = parts.send WHERE batch = ? AND message_id IS NOT NULL"
        " AND kind IN ('sms', 'messages')"
        " ORDER BY created, place, part"
    )
    return [row for name in names for row in read_rows(connection, statement, (name,))]


def read_in_flight(connection: Connection) -> list[tuple[str, str]]:
    """Read id and owner of the sends in ``sending``."""
    return connection.execute("SELECT id, owner FROM sends WHERE state = 'sending'").fetchall()
