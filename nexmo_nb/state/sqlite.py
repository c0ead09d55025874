"""The state database: opens SQLite files, private to the user, and runs transactions. Nothing else opens one."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from nexmo_nb.errors import InvalidRequestError

__all__ = [
    "Connection",
    "Database",
    "StateError",
    "advice_for",
    "damaged_error",
    "is_damaged",
    "is_locked",
    "lock_file",
    "make_private_folder",
]

T = TypeVar("T")

Connection = sqlite3.Connection

StateError = sqlite3.Error
"""What a damaged, locked, read-only or full database raises."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_MOVE = (
    "It is damaged: move it away, together with the files beside it whose names begin with its own, and connect() "
    "again."
)
_REMEDIES = {
    **dict.fromkeys(_DAMAGED, _MOVE),
    sqlite3.SQLITE_BUSY: "Another program holds it: wait until that is done, or end it, and call again.",
    sqlite3.SQLITE_FULL: "Make room on its disk, and call again.",
    sqlite3.SQLITE_IOERR: "Its disk does not do what it should: see whether it is full or failing, and call again.",
    sqlite3.SQLITE_READONLY: "Make the file and its folder writable, or pass another state_dir to connect().",
    sqlite3.SQLITE_CANTOPEN: "Make the file and its folder writable, or pass another state_dir to connect().",
}


def advice_for(problem: Exception) -> str:
    """Say what a person can do about a `StateError`; empty where its own words say it."""
    return _REMEDIES.get(_kind(problem), "")


def damaged_error(words: str) -> StateError:
    """Make the error for a file whose content cannot be right."""
    problem = sqlite3.DatabaseError(words)
    problem.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return problem


def is_damaged(problem: Exception) -> bool:
    """Tell whether a `StateError` says that the file's content is at fault."""
    return _kind(problem) in _DAMAGED


def _kind(problem: Exception) -> int:
    return int(getattr(problem, "sqlite_errorcode", 0)) & 0xFF


def make_private_folder(path: Path) -> Path:
    """Make a folder that only its owner may enter (mode 700), and its parents.

    Raises
    ------
    InvalidRequestError
        If it cannot be made or written to.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(f"no permission to write in {path}")
    except OSError as problem:
        raise InvalidRequestError(
            f"state_dir: {path} cannot be used ({problem.strerror or problem}); allowed: a folder that can be written. "
            "Pass connect(state_dir=…) or set NEXMO_NB_STATE_DIR."
        ) from None
    return path


class Database:
    """One SQLite file: write-ahead log, mode 600, one connection that threads share under a lock.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    schema : sequence of str
        Statements that create the tables, in their first layout, where they are not there yet.
    changes : sequence of sequences of str, optional
        Statements for every later layout, oldest first. A file of an earlier layout gets those that it lacks; one of a
        layout that is not known yet is refused.
    busy : float
        Seconds to wait for another process's transaction.
    durable : bool
        True: a commit is on the disk when it returns, and the file is examined when it is opened. False: the last
        commits may be lost in a power cut.

    Raises
    ------
    StateError
        If the file is damaged, locked, read-only, gone or of a newer layout, or the disk is full; also by every method.
    """

    def __init__(
        self,
        path: Path,
        schema: Sequence[str],
        *,
        changes: Sequence[Sequence[str]] = (),
        busy: float = 30.0,
        durable: bool = False,
    ) -> None:
        self.path = path
        self._pid = os.getpid()
        self._lock = threading.RLock()
        _make(path)
        self._file = _identity(path)
        self._connection = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
        try:
            _use_wal(self._connection, busy)
            self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._connection.execute("PRAGMA secure_delete=ON")
            if durable:
                self._examine()
            self._lay_out((schema, *changes))
        except BaseException:
            self._connection.close()
            raise
        weakref.finalize(self, _close, self._connection, self._pid)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which only reads: it waits for no other process, and none waits for it."""
        with self._lock:
            self._check()
            return work(self._connection)

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction that no other process's may overlap; undone as a whole if anything raises."""
        with self._lock:
            self._check()
            try:
                if self._connection.in_transaction:  # left by an interrupt that struck inside the `finally` below
                    self._connection.rollback()
                self._connection.execute("BEGIN IMMEDIATE")
                result = work(self._connection)
                self._connection.execute("COMMIT")
                return result
            finally:
                if self._connection.in_transaction:
                    self._connection.rollback()

    def compact(self) -> None:
        """Take what was removed out of the files as well."""
        with self._lock:
            self._check()
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file; further use raises `StateError`."""
        with self._lock:
            _close(self._connection, self._pid)

    def _examine(self) -> None:
        """Refuse a file of which pages are damaged or missing: SQLite may read them as if they were empty."""
        found = self.read(lambda connection: connection.execute("PRAGMA quick_check(1)").fetchall())
        if found != [("ok",)]:
            raise damaged_error(str(found[0][0]).splitlines()[-1])

    def _lay_out(self, layouts: Sequence[Sequence[str]]) -> None:
        """Bring the file to the newest layout. The file tells its own; 0 is a new file, or one of the first layout."""
        newest = len(layouts)
        if self.read(_layout) == newest:
            return

        def work(connection: Connection) -> None:
            found = _layout(connection)  # another process may have done it meanwhile
            if found > newest:
                raise sqlite3.DatabaseError(
                    f"a newer version of nexmo_nb wrote it, in layout {found}, and this one knows {newest}: update "
                    "nexmo_nb, or pass another state_dir to connect()"
                )
            for statement in (statement for layout in layouts[found:] for statement in layout):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={newest}")

        self.transact(work)

    def _check(self) -> None:
        """Refuse a connection that was made by another process, or whose file is gone."""
        # A SQLite connection carried over a fork can corrupt the file.
        if self._pid != os.getpid():
            raise InvalidRequestError(
                "session: it was connected in another process, and was carried here by a fork; allowed: a session of "
                "this process. Call connect() in each process; they share the limit by themselves."
            )
        # What is written to a file that was removed is lost to everyone else, and SQLite does not mind.
        if _identity(self.path) != self._file:
            raise sqlite3.OperationalError("it was removed or replaced while it was in use: connect() again")


def lock_file(path: Path) -> int:
    """Make a file and lock it for as long as this process lives; the descriptor must be kept."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as problem:
        raise sqlite3.OperationalError(f"{path}: {problem.strerror}") from None
    if not _lock_now(descriptor):
        os.close(descriptor)
        raise sqlite3.OperationalError(f"{path} is locked")
    return descriptor


def is_locked(path: Path) -> bool:
    """Tell whether the process that made a file with `hold` lives; if in doubt, it does."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        return not _lock_now(descriptor)
    finally:
        os.close(descriptor)


def _lock_now(descriptor: int) -> bool:
    """Lock without waiting; the system frees the lock when the process ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _make(path: Path) -> None:
    """Make the file if it is not there: SQLite would make it readable by everyone.

    One that is there must not be opened and closed, not even to try: the system would take all locks from it that
    other connections of this process hold, and another process could remove the log that they write to.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if not os.access(path, os.R_OK | os.W_OK):
            problem = sqlite3.OperationalError("it cannot be written")
            problem.sqlite_errorcode = sqlite3.SQLITE_READONLY
            raise problem from None
    except OSError as trouble:
        problem = sqlite3.OperationalError(f"{path}: {trouble.strerror}")
        problem.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise problem from None


def _identity(path: Path) -> tuple[int, int] | None:
    """Tell a file from another one of the same name; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _layout(connection: Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _use_wal(connection: Connection, busy: float) -> None:
    """Switch the write-ahead log on; SQLite does not wait by itself where several processes do it at once."""
    end = time.monotonic() + busy
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(0.005)


def _close(connection: Connection, pid: int) -> None:
    if pid == os.getpid():
        connection.close()
