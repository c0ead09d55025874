"""The SQL of a PostgreSQL as such: settings, transactions, schema, layouts and locks. Tables stand elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nexmo_nb.state.postgres_connection import PostgresConnection

# A stricter isolation, which a role or a database can have by default, would read after the wait for a lock what was
# there before it.
BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
COMMIT, ROLLBACK = "COMMIT", "ROLLBACK"
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


def lock_transaction(connection: PostgresConnection, key: int) -> tuple[int, str]:
    """Wait for a lock, and hold it until the end of the transaction; give the server's process and the search path."""
    statement = "SELECT pg_advisory_xact_lock(?), pg_backend_pid(), current_setting('search_path')"
    _, process, path = connection.execute(statement, (key,)).fetchall()[0]
    return int(process), str(path)


def lock(connection: PostgresConnection, key: int) -> None:
    """Take a lock that nobody has, and hold it as long as the connection lasts."""
    connection.execute("SELECT pg_advisory_lock(?)", (key,))


def unlock(connection: PostgresConnection, key: int) -> None:
    connection.execute("SELECT pg_advisory_unlock(?)", (key,))


def probe(connection: PostgresConnection) -> None:
    """Ask the server for nothing: it raises a `StateError` if the connection is lost."""
    connection.execute("SELECT 1")


def read_locks(connection: PostgresConnection) -> set[int]:
    """Read the keys of all locks that are held."""
    return {key for (key,) in connection.execute(_SELECT_LOCKS).fetchall()}


def find_owner(connection: PostgresConnection, schema: str) -> tuple[str, bool] | None:
    """Find whose the tables of a schema are, or the schema where it has none, and whether the role may use it as such.

    None: there is no such schema.
    """
    found = connection.execute(
        "SELECT quote_ident(pg_get_userbyid(coalesce(relowner, nspowner))), CASE WHEN relowner IS NULL"
        " THEN has_schema_privilege(pg_namespace.oid, 'USAGE') AND has_schema_privilege(pg_namespace.oid, 'CREATE')"
        " ELSE pg_has_role(relowner, 'USAGE') END FROM pg_namespace LEFT JOIN pg_class"
        " ON relnamespace = pg_namespace.oid AND relname = 'layouts' WHERE nspname = ?",
        (schema,),
    ).fetchall()
    return (str(found[0][0]), bool(found[0][1])) if found else None


def read_role(connection: PostgresConnection) -> tuple[str, str, bool]:
    """Read the names of the role and of the database, and whether the role may make schemas in it."""
    return connection.execute(  # type: ignore[no-any-return]
        "SELECT quote_ident(current_user), quote_ident(current_database()),"
        " has_database_privilege(current_database(), 'CREATE')"
    ).fetchall()[0]


def create_schema(connection: PostgresConnection, schema: str) -> None:
    connection.execute(f'CREATE SCHEMA "{schema}"')


def create_layouts(connection: PostgresConnection) -> None:
    """Create the table of layouts, in the search path, unless it is there."""
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
