"""What the two databases have in common: the files of SQLite, and a PostgreSQL that machines share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

T = TypeVar("T")

Parameters = Sequence[Any] | Mapping[str, Any]
Layout = Sequence[str]
"""The statements that lead to a layout from the one before."""
Dialect = Literal["sqlite", "postgres"]


class StateError(Exception):
    """What a database raises that is damaged, locked, full, read-only or gone, or cannot be reached.

    `advice` is what a person can do about it; empty where the message says it.
    """

    def __init__(self, message: str, advice: str = "", *, is_damaged: bool = False) -> None:
        super().__init__(message)
        self.advice, self.is_damaged = advice, is_damaged


def damaged_error(message: str) -> StateError:
    """Make the error for a database whose content cannot be right."""
    return StateError(message, is_damaged=True)


def read_rows(connection: Connection, statement: str, values: Parameters = ()) -> list[dict[str, Any]]:
    """Read what a statement selects; a row gives its values by the names of the columns."""
    cursor = connection.execute(statement, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def apply_layouts(connection: Connection, layouts: Sequence[Layout], found: int, otherwise: str) -> None:
    """Bring tables from the layout that was found to the newest; refuse one that a newer version wrote."""
    if found > len(layouts):
        raise StateError(
            f"a newer version of nexmo_nb wrote it, in layout {found}, and this one knows {len(layouts)}: update "
            f"nexmo_nb, or {otherwise}"
        )
    for layout in layouts[found:]:
        for statement in layout:
            connection.execute(statement)


class Cursor(Protocol):
    @property
    def description(self) -> Any: ...

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def fetchmany(self, size: int, /) -> list[Any]: ...


class Connection(Protocol):
    """A connection in a transaction, or for reading. Values take the place of ``?`` or ``:name`` in a statement."""

    @property
    def in_transaction(self) -> bool: ...

    def execute(self, statement: str, values: Parameters = ..., /) -> Cursor: ...

    def executemany(self, statement: str, rows: Any, /) -> object: ...


class Lock(Protocol):
    """Tells that whoever took it lives; calling it frees it."""

    @property
    def alive(self) -> bool: ...

    def __call__(self) -> None: ...


class Locks(Protocol):
    """The locks, by random names, that tell which sessions of an account live."""

    def take(self, name: str) -> Lock:
        """Take the lock of a new name; it raises a `StateError` if it cannot be taken."""

    def find_living(self, names: Iterable[str]) -> set[str]:
        """Find those of some names whose locks are held; if in doubt, they are."""

    def delete(self, names: Iterable[str]) -> None:
        """Delete what is left of locks that are free."""

    def delete_old(self, now: float) -> None:
        """Delete what is left of locks that are free and not young."""


class Schema(NamedTuple):
    """The tables of one part of the state: by the layouts of each database, oldest first."""

    name: str
    sqlite: Sequence[Layout]
    postgres: Sequence[Layout]
    is_durable: bool
    """Whether a commit is on the disk when it returns, and damage is looked for; else a crash may lose the last."""
    is_large: bool = False
    """Whether damage is looked for in the background, where nothing speaks for it; see `soundness`."""


class Database(Protocol):
    """One part of an account's state. Every method raises `StateError` if it cannot be used."""

    dialect: Dialect
    name: str
    """Another one for every other database, and fit for the name of a file."""

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which only reads. It does not wait for other processes, nor they for it."""

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that excludes those of other processes; any exception undoes it as a whole."""

    def refuse_damage(self) -> None:
        """Raise what was found in the background, if that was damage."""

    def compact(self) -> None:
        """Remove deleted content from the disk as well, as far as it can be."""

    def rest(self) -> None:
        """Keep nothing open until it is used again, unless it is in use right now."""

    def make_locks(self) -> Locks:
        """Make the locks that tell which sessions of the account live."""

    def close(self) -> None:
        """Close it; further use raises `StateError`."""
