"""The SQL of a PostgreSQL as such: settings, transactions, schema, layouts and locks. Tables stand elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nexmo_nb.state.postgres_connection import PostgresConnection

BEGIN, COMMIT, ROLLBACK = "BEGIN", "COMMIT", "ROLLBACK"
# A lock of 64 bits is shown in two halves.
_SELECT_LOCKS = """SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def write_settings(connection: PostgresConnection, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        connection.execute("SELECT set_config(?, ?, false)", (name, value))


def read_process(connection: PostgresConnection) -> int:
    """Read the number of the server's process that serves a connection."""
    return int(connection.execute("SELECT pg_backend_pid()").fetchall()[0][0])


def lock_transaction(connection: PostgresConnection, key: int) -> None:
    """Wait for a lock, and hold it until the end of the transaction."""
    connection.execute("SELECT pg_advisory_xact_lock(?)", (key,))


def lock(connection: PostgresConnection, key: int) -> None:
    """Take a lock that nobody has, and hold it as long as the connection lasts."""
    connection.execute("SELECT pg_advisory_lock(?)", (key,))


def unlock(connection: PostgresConnection, key: int) -> None:
    connection.execute("SELECT pg_advisory_unlock(?)", (key,))


def read_locks(connection: PostgresConnection) -> set[int]:
    """Read the keys of all locks that are held."""
    return {key for (key,) in connection.execute(_SELECT_LOCKS).fetchall()}


def create_schema(connection: PostgresConnection, schema: str) -> None:
    """Create the schema of an account, which is the search path, and its table of layouts, unless they are there."""
    if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = ?", (schema,)).fetchall():
        connection.execute(f'CREATE SCHEMA "{schema}"')
    if connection.execute("SELECT to_regclass('layouts')").fetchall() == [(None,)]:
        connection.execute("CREATE TABLE layouts (name TEXT PRIMARY KEY, number BIGINT NOT NULL)")


def read_layout(connection: PostgresConnection, name: str) -> int:
    """Read the layout of a part of the state; 0: it has no tables yet."""
    found = connection.execute("SELECT number FROM layouts WHERE name = ?", (name,)).fetchall()
    return int(found[0][0]) if found else 0


def write_layout(connection: PostgresConnection, name: str, number: int) -> None:
    connection.execute(
        "INSERT INTO layouts (name, number) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET number = excluded.number",
        (name, number),
    )
