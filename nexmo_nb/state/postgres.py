"""PostgreSQL in place of files: one schema for each account, opened, migrated, read and changed.

A transaction that changes something holds a lock of its part of the state, as one of SQLite does: what it has read
stays true until its end, on whatever machines the others are. The server ends the connection of whoever is stopped in
the middle of one for `BUSY` seconds.
"""

from __future__ import annotations

import hashlib
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.state import postgres_sql as sql
from nexmo_nb.state.database import Dialect, Layout, Schema, StateError, apply_layouts
from nexmo_nb.state.forks import renew_lock_in_forks
from nexmo_nb.state.postgres_connection import LONG_SILENCE, SHORT_SILENCE, Access, Address, PostgresConnection

T = TypeVar("T")

BUSY = 30
"""Seconds to wait for the transaction of another process, and for the next statement of one."""
_LONGEST_NAME = 40  # with what is put before and after it, a name of PostgreSQL has at most 63 bytes
_SETTINGS = {
    "synchronous_commit": "on",
    "lock_timeout": f"{BUSY}s",
    "idle_in_transaction_session_timeout": f"{BUSY}s",
    # The server notices when a machine is gone, and frees its locks.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_SHARED_CONNECTION = (
    "it is a pool that gives each transaction another connection, as PgBouncer does with pool_mode=transaction. Name "
    "the database itself, or a pool with pool_mode=session: the locks of a connection tell which process lives"
)


class PostgresStore:
    """The schema of an account in a PostgreSQL; `str` names it for a person."""

    def __init__(self, address: Address, schema: str) -> None:
        self._address, self._schema = address, schema

    def __str__(self) -> str:
        return f"{self._address} (schema {self._schema})"

    @property
    def url(self) -> str:
        """Where it is, without a password."""
        return self._address.to_url()

    def open(self, schema: Schema) -> PostgresDatabase:
        silence = LONG_SILENCE if schema.is_large else SHORT_SILENCE
        return PostgresDatabase(self._address, self._schema, schema.name, schema.postgres, silence=silence)

    @property
    def access(self) -> Access | None:
        """How the connection was let in that was made last, and whether it is encrypted."""
        return self._address.access


def name_schema(account: str) -> str:
    """Name the schema of an account, by the name of its folder: readable, and another one for every other account."""
    digest = hashlib.blake2b(account.encode(), digest_size=6).hexdigest()
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in account.lower())
    return f"nexmo_nb_{plain[:_LONGEST_NAME]}_{digest}"


class PostgresDatabase:
    """A part of an account's state in one schema, by one connection that threads share under a lock.

    `name` is that of the part; `layouts` has the statements of each layout, oldest first: tables of an earlier layout
    get those that they lack, those of a newer one are refused.

    A connection that was lost is made anew when it is next used. What was under way then is undone, or was committed
    without a word: whoever gets a `StateError` of `transact` must take both for possible.
    """

    dialect: Dialect = "postgres"

    def __init__(
        self, address: Address, schema: str, name: str, layouts: Sequence[Layout], *, silence: float = SHORT_SILENCE
    ) -> None:
        self._address, self._schema, self._part, self._silence = address, schema, name, silence
        self.name = f"{name}-{hashlib.blake2b(f'{address} {schema}'.encode(), digest_size=6).hexdigest()}"
        self._pid = os.getpid()
        self._lock = threading.RLock()
        renew_lock_in_forks(self)
        self._is_closed = self._is_transacting = False
        self._connection: PostgresConnection | None = None
        self._disconnect: Callable[[], object] = lambda: None
        self.connections = 0
        """How many were made: a lock that was taken on an earlier one is gone."""
        try:
            self._refuse_shared_connection()
            self.transact(lambda connection: self._migrate(connection, layouts))
        except BaseException:
            self._disconnect()
            raise

    def read(self, work: Callable[[PostgresConnection], T]) -> T:
        with self._lock:
            self._check_usable()
            if self._is_transacting and self._connection is not None:
                return work(self._connection)  # what was lost in a transaction is not made anew in it
            try:
                return work(self._open())
            except StateError:
                if self._connection is not None and self._connection.is_open:
                    raise
            return work(self._open())

    def transact(self, work: Callable[[PostgresConnection], T]) -> T:
        with self._lock:
            self._check_usable()
            connection = self._begin()
            try:
                self._is_transacting = True
                result = work(connection)
                connection.execute(sql.COMMIT)
                return result
            finally:
                self._is_transacting = False
                _undo(connection)

    def refuse_damage(self) -> None:
        """Do nothing: the server looks after its pages by itself."""

    def compact(self) -> None:
        """Do nothing: the server removes by itself what was deleted; its archives and backups keep it."""

    def make_locks(self) -> PostgresLocks:
        return PostgresLocks(self)

    def has_connection(self, number: int) -> bool:
        """Tell whether the connection that was made as the `number`-th is there, as far as is known."""
        is_open = self._connection is not None and self._connection.is_open
        return self._pid == os.getpid() and is_open and number == self.connections

    def is_connected(self, number: int) -> bool:
        """Ask the server whether that connection is there."""
        with self._lock:
            if self._connection is not None and self.has_connection(number):
                with suppress(StateError):
                    sql.probe(self._connection)
            return self.has_connection(number)

    def rest(self) -> None:
        # In a fork, a lock that a thread of the parent had would never be free.
        if self._pid != os.getpid() or not self._lock.acquire(blocking=False):
            return
        try:
            if self._connection is not None and not self._connection.in_transaction:
                self._disconnect()
        finally:
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            self._disconnect()

    def _open(self) -> PostgresConnection:
        """Give the connection, with no transaction; make it where there is none, or it was lost."""
        if self._connection is not None and self._connection.is_open:
            _undo(self._connection)  # an interrupt in `_undo` can leave a transaction open
        if self._connection is None or not self._connection.is_open:
            self._disconnect()
            connection = PostgresConnection(self._address, self._silence)
            self._disconnect = weakref.finalize(self, _close_connection, connection, self._pid)
            sql.write_settings(connection, {**_SETTINGS, "search_path": f'"{self._schema}"'})
            self._process = sql.read_process(connection)
            self._connection = connection
            self.connections += 1
        return self._connection

    def _begin(self) -> PostgresConnection:
        """Begin a transaction that has the lock. Nothing is done yet, so a connection that was lost is made anew."""
        connection = self._open()
        try:
            self._lock_transaction(connection)
        except StateError:
            if connection.is_open:
                raise
            connection = self._open()
            self._lock_transaction(connection)
        return connection

    def _lock_transaction(self, connection: PostgresConnection) -> None:
        try:
            connection.execute(sql.BEGIN)
            found = sql.lock_transaction(connection, hash_to_key(f"{self._schema}.{self._part}"))
            if found != (self._process, f'"{self._schema}"'):
                raise StateError(_SHARED_CONNECTION)
        except BaseException:
            _undo(connection)
            raise

    def _refuse_shared_connection(self) -> None:
        """Refuse a pool that gives a connection to others between two transactions."""
        if self._open().process == self._process:
            return  # the server itself greeted
        other = PostgresConnection(self._address)
        try:
            other.execute(sql.BEGIN)
            if sql.read_process(other) == self._process:
                raise StateError(_SHARED_CONNECTION)
        except StateError as problem:  # it may be one that gives each statement another connection
            raise StateError(_SHARED_CONNECTION if other.is_open else f"{problem}; {_SHARED_CONNECTION}") from None
        finally:
            other.close()

    def _migrate(self, connection: PostgresConnection, layouts: Sequence[Layout]) -> None:
        """Bring the tables to the newest layout."""
        sql.lock_transaction(connection, hash_to_key(self._schema))  # of two parts that are opened at once
        self._prepare_schema(connection)
        found, newest = sql.read_layout(connection, self._part), len(layouts)
        apply_layouts(connection, layouts, found, "use another database")
        if found < newest:
            sql.write_layout(connection, self._part, newest)

    def _prepare_schema(self, connection: PostgresConnection) -> None:
        """Create the schema and its table of layouts, unless they are there; refuse one that the role may not use."""
        (role, database, may_create), found = sql.read_role(connection), sql.find_owner(connection, self._schema)
        if found is None and not may_create:
            raise StateError(
                f"the role {role} may not make the schema of this account",
                f'An administrator of the database {database} runs: CREATE SCHEMA "{self._schema}" AUTHORIZATION {role}'
                f"; or, for all accounts of the role: GRANT CREATE ON DATABASE {database} TO {role};",
            )
        if found is not None and not found[1]:
            raise StateError(
                f"the role {role} may not use the schema of this account, which is of the role {found[0]}",
                f"Connect as {found[0]} on all machines; or an administrator runs: GRANT {found[0]} TO {role}; and "
                f"options=-c%20role%3D{found[0]} is put behind the '?' of the URL.",
            )
        if found is None:
            sql.create_schema(connection, self._schema)
        sql.create_layouts(connection)

    def _check_usable(self) -> None:
        if self._pid != os.getpid():
            raise InvalidRequestError(
                "session: it was connected in another process, and was carried here by a fork; allowed: a session of "
                "this process. Call connect() in each process; they share the limit by themselves."
            )
        if self._is_closed:
            raise StateError("it is closed: connect() again")


class PostgresLocks:
    """Locks that tell which sessions live: the server frees them when their connection ends, however it ends."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def take(self, name: str) -> LockHandle:
        """Take the lock of a new name, for as long as the connection lasts; see `LockHandle`."""
        self._database.read(lambda connection: sql.lock(connection, hash_to_key(name)))
        return LockHandle(self._database, name)

    def find_living(self, names: Iterable[str]) -> set[str]:
        """Find those of some names whose locks are held."""
        wanted = {name for name in names if name}  # a row whose owner is not known has none that lives
        if not wanted:
            return set()
        held = self._database.read(sql.read_locks)
        return {name for name in wanted if hash_to_key(name) in held}

    def delete(self, names: Iterable[str]) -> None:
        """Do nothing: nothing is left of a lock that is free."""

    def delete_old(self, now: float) -> None:
        """Do nothing: nothing is left of a lock that is free."""


class LockHandle:
    """Frees a lock when it is called; `alive` as long as its connection lasts, by the server, and it was not freed."""

    def __init__(self, database: PostgresDatabase, name: str) -> None:
        self._database, self._name = database, name
        self._number = database.connections
        self._is_freed = False

    @property
    def alive(self) -> bool:
        return not self._is_freed and self._database.is_connected(self._number)

    def __call__(self) -> None:
        if not self._is_freed and self._database.has_connection(self._number):
            with suppress(StateError, InvalidRequestError):
                self._database.read(lambda connection: sql.unlock(connection, hash_to_key(self._name)))
        self._is_freed = True


def hash_to_key(name: str) -> int:
    """Make the key of an advisory lock, a whole number of 64 bits, from a name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)


def _undo(connection: PostgresConnection) -> None:
    """Undo what is not committed; what cannot be undone in order ends with its connection."""
    if connection.is_open and connection.in_transaction:
        try:
            connection.execute(sql.ROLLBACK)
        except StateError:
            connection.close()


def _close_connection(connection: PostgresConnection, pid: int) -> None:
    if pid == os.getpid():
        connection.close()
