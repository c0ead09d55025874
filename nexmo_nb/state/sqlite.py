"""SQLite files that are private to the user: opening, migrating, reading and changing them. Nothing else opens one."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.state.database import Dialect, Layout, StateError, apply_layouts
from nexmo_nb.state.files import LockFiles
from nexmo_nb.state.forks import renew_lock_in_forks
from nexmo_nb.state.soundness import Watch

T = TypeVar("T")

Connection = sqlite3.Connection

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_MOVE_AWAY = (
    "It is damaged: move it away, together with the files beside it whose names begin with its own, "
    "and connect() again."
)
_MAKE_WRITABLE = "Make the file and its folder writable, or pass another state_dir to connect()."
_ADVICE = {
    **dict.fromkeys(_DAMAGED, _MOVE_AWAY),
    sqlite3.SQLITE_BUSY: "Another program holds it: wait until that is done, or end it, and call again.",
    sqlite3.SQLITE_FULL: "Make room on its disk, and call again.",
    sqlite3.SQLITE_IOERR: "Its disk does not do what it should: see whether it is full or failing, and call again.",
    sqlite3.SQLITE_READONLY: _MAKE_WRITABLE,
    sqlite3.SQLITE_CANTOPEN: _MAKE_WRITABLE,
}


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise a `StateError` in place of an error of SQLite, and say what to do about a file that is damaged."""
    try:
        yield
    except StateError as problem:
        if problem.is_damaged:
            problem.advice = _MOVE_AWAY
        raise
    except sqlite3.Error as problem:
        raise _make_error(str(problem), _read_error_code(problem)) from None


class Database:
    """One SQLite file: write-ahead log, mode 600, one connection that threads share under a lock.

    `schema` creates the tables of the first layout where they do not exist. `migrations` has the statements of each
    later layout, oldest first: a file of an earlier layout gets those that it lacks, one of a newer layout is refused.
    `busy` is the seconds to wait for another process's transaction. With `durable`, a commit is on the disk when it
    returns, and the file is checked for damage when it is opened; without, a power cut may lose the last commits. With
    `is_large`, it is checked then only where something speaks against it, and else once a day in the background: see
    `soundness`.

    Every method raises `StateError` if the file is damaged, locked, read-only, gone or of a newer layout, or the disk
    is full.
    """

    dialect: Dialect = "sqlite"
    _connection: Connection

    def __init__(
        self,
        path: Path,
        schema: Layout,
        *,
        migrations: Sequence[Layout] = (),
        busy: float = 30,
        durable: bool = False,
        is_large: bool = False,
    ) -> None:
        self.path, self.name = path, path.stem
        self._busy, self._is_durable, self._is_large = busy, durable, is_large
        self._pid = os.getpid()
        self._lock = threading.RLock()
        renew_lock_in_forks(self)
        self._is_resting = False
        _create_private_file(path)
        self._identity = _identify_file(path)
        with translate_errors():
            self._open()
        try:
            self._migrate((schema, *migrations))
        except BaseException:
            self._close()
            raise

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which only reads. It does not wait for other processes, nor they for it."""
        with self._lock, translate_errors():
            self._check_usable()
            return work(self._connection)

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that excludes those of other processes; any exception undoes it as a whole."""
        with self._lock, translate_errors():
            self._check_usable()
            try:
                if self._connection.in_transaction:  # an interrupt in the `finally` below can leave one open
                    self._connection.rollback()
                self._connection.execute("BEGIN IMMEDIATE")
                result = work(self._connection)
                self._connection.execute("COMMIT")
                return result
            finally:
                if self._connection.in_transaction:
                    self._connection.rollback()

    def refuse_damage(self) -> None:
        """Raise what the check in the background found, if it found damage."""
        if self._watch is not None and self._watch.finding:
            raise _make_error(f"the daily check of all of it found: {self._watch.finding}", sqlite3.SQLITE_CORRUPT)

    def compact(self) -> None:
        """Remove deleted content from the files on the disk as well."""
        if self._watch is not None:
            self._watch.stop_check()  # while it reads, the log cannot be emptied
        self.read(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def make_locks(self) -> LockFiles:
        """Make the locks of the folder ``owners`` beside the file."""
        return LockFiles(self.path.parent / "owners")

    def close(self) -> None:
        """Close the file; further use raises `StateError`."""
        with self._lock:
            self._is_resting = False
            self._close()

    def rest(self) -> None:
        """Close the file until it is used again, unless it is in use right now."""
        # In a fork, a lock that a thread of the parent had would never be free.
        if self._pid != os.getpid() or not self._lock.acquire(blocking=False):
            return
        try:
            if self._close.alive and not self._connection.in_transaction:
                self._close()
                self._is_resting = True
        finally:
            self._lock.release()

    def _open(self) -> None:
        # Before SQLite opens the file, which may make a log, and recover one that was left behind.
        self._watch = Watch(self.path) if self._is_large else None
        self._connection = sqlite3.connect(self.path, timeout=self._busy, isolation_level=None, check_same_thread=False)
        self._close = weakref.finalize(self, _close_connection, self._connection, self._pid, self._watch)
        try:
            _use_write_ahead_log(self._connection, self._busy)
            self._connection.execute(f"PRAGMA synchronous={'FULL' if self._is_durable else 'NORMAL'}")
            self._connection.execute("PRAGMA secure_delete=ON")
            if self._is_durable:
                _refuse_damaged(self._connection, self._watch)
        except BaseException:
            self._close()
            raise

    def _migrate(self, layouts: Sequence[Layout]) -> None:
        """Bring the file to the newest layout. ``user_version`` is 0 in a new file, or in one of before it was set."""
        newest = len(layouts)
        if self.read(_read_layout) == newest:
            return

        def work(connection: Connection) -> None:
            found = _read_layout(connection)  # read again: another process may have migrated the file meanwhile
            apply_layouts(connection, layouts, found, "pass another state_dir to connect()")
            connection.execute(f"PRAGMA user_version={newest}")

        self.transact(work)

    def _check_usable(self) -> None:
        """Refuse a connection that another process opened, or whose file is gone; open a file that rests."""
        # A SQLite connection that is used after a fork can corrupt the file.
        if self._pid != os.getpid():
            raise InvalidRequestError(
                "session: it was connected in another process, and was carried here by a fork; allowed: a session of "
                "this process. Call connect() in each process; they share the limit by themselves."
            )
        # SQLite writes to a removed file without an error, and no other process sees what it wrote.
        if _identify_file(self.path) != self._identity:
            raise StateError("it was removed or replaced while it was in use: connect() again")
        if self._is_resting:
            self._open()
            self._is_resting = False


def _read_error_code(problem: sqlite3.Error) -> int:
    return int(getattr(problem, "sqlite_errorcode", 0)) & 0xFF


def _make_error(message: str, code: int) -> StateError:
    return StateError(message, _ADVICE.get(code, ""), is_damaged=code in _DAMAGED)


def _create_private_file(path: Path) -> None:
    """Create the file if it does not exist: SQLite would create it readable by everyone.

    A file that exists must not be opened and closed here. Closing it would release all locks that other connections of
    this process hold on it, and another process could then remove the log that they write to.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if not os.access(path, os.R_OK | os.W_OK):
            raise _make_error("it cannot be written", sqlite3.SQLITE_READONLY) from None
    except OSError as problem:
        raise _make_error(f"{path}: {problem.strerror}", sqlite3.SQLITE_CANTOPEN) from None


def _identify_file(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one of the same name; None if there is no file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _read_layout(connection: Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _use_write_ahead_log(connection: Connection, busy: float) -> None:
    """Switch the write-ahead log on; SQLite does not wait by itself where several processes do this at once."""
    end = time.monotonic() + busy
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(0.005)


def _close_connection(connection: Connection, pid: int, watch: Watch | None) -> None:
    if pid != os.getpid():
        return
    if watch is None:
        connection.close()
        return
    watch.stop_check()  # its connection would keep this one from being the last, which takes the log away
    connection.close()
    watch.end()


def _refuse_damaged(connection: Connection, watch: Watch | None) -> None:
    """Refuse a file with damaged or missing pages, unless it is known to be sound."""
    if watch is not None and not watch.must_check:
        watch.start_check(_find_damage)
        return
    if finding := _find_damage(connection):
        raise _make_error(finding, sqlite3.SQLITE_CORRUPT)
    if watch is not None:
        watch.note_check()


def _find_damage(connection: Connection) -> str:
    """Read the whole file for damaged or missing pages, which SQLite may read as empty ones; empty: it is sound."""
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as problem:
        if _read_error_code(problem) in _DAMAGED:
            return str(problem)
        raise
    return "" if found == [("ok",)] else str(found[0][0]).splitlines()[-1]


def back_up(source: Path, target: Path) -> None:
    """Copy a database, which may be in use, to a file that does not exist yet and that only its owner can read.

    It raises `FileExistsError` or another `OSError` if the file cannot be made, and a `StateError` if the database
    cannot be read; then no file is left.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with (
            translate_errors(),
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as connection,
            closing(sqlite3.connect(target, isolation_level=None)) as copy,
        ):
            connection.backup(copy)
            # A copy is one file: without its log, which is easily left behind.
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA integrity_check(1)").fetchall()
            if found != [("ok",)]:
                raise _make_error(str(found[0][0]).splitlines()[-1], sqlite3.SQLITE_CORRUPT)
        _flush_file(target)
    except BaseException:
        target.unlink()
        raise


def _flush_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
