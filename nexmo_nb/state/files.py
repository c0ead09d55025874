"""Private folders, and files whose locks tell whether a process lives."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import platformdirs

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.state.database import StateError
from nexmo_nb.state.forks import close_in_forks

OLD = 86_400
"""Seconds after which a lock file that nobody holds is deleted: a younger one may be just being made."""


def find_state_dir() -> str:
    """Find the folder in which the state of accounts is kept, unless `connect` is told another one."""
    return os.environ.get("NEXMO_NB_STATE_DIR") or platformdirs.user_data_dir("nexmo_nb", appauthor=False)


def make_private_folder(path: Path) -> Path:
    """Create a folder that only its owner may enter (mode 700), and its parents; refuse one that cannot be used."""
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


def lock_file(path: Path) -> int:
    """Create a file and lock it for as long as this process lives; the caller must keep the descriptor open.

    It raises a `StateError` if the file cannot be created, or another process holds its lock.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as problem:
        raise StateError(f"{path}: {problem.strerror}") from None
    if not _try_lock(descriptor):
        os.close(descriptor)
        raise StateError(f"{path} is locked")
    close_in_forks(descriptor)
    return descriptor


class FileLock:
    """A lock on a file, as long as this object and this process live, or until it is called; `alive` until then."""

    def __init__(self, path: Path) -> None:
        self._free = weakref.finalize(self, free_lock, lock_file(path), path, os.getpid())

    @property
    def alive(self) -> bool:
        return self._free.alive

    def __call__(self) -> None:
        self._free()


class LockFiles:
    """Files in a folder whose locks tell which sessions live: the system frees them, however a process ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, name: str) -> FileLock:
        """Take the lock of a new name; it raises a `StateError` if it cannot be taken."""
        return FileLock(make_private_folder(self._folder) / f"{name}.lock")

    def find_living(self, names: Iterable[str]) -> set[str]:
        """Find those of some names whose locks are held."""
        return {name for name in names if is_locked(self._path(name))}

    def delete(self, names: Iterable[str]) -> None:
        """Delete the files of names whose locks are free."""
        for name in names:
            with suppress(OSError):
                self._path(name).unlink()

    def delete_old(self, now: float) -> None:
        """Delete the files that nobody holds and that are not young."""
        for path in self._folder.glob("*.lock"):
            with suppress(OSError):
                if now - path.stat().st_mtime > OLD and not is_locked(path):
                    path.unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


def free_lock(descriptor: int, path: Path, pid: int) -> None:
    """Free a lock that process `pid` took, and delete its file: one that is gone says the same as one not locked."""
    if pid == os.getpid():  # a fork has a copy of the descriptor, and the lock is its parent's
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()


def is_locked(path: Path) -> bool:
    """Tell whether the process that called `lock_file` for this path lives; if in doubt, it does."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    """Lock a file without waiting; the system frees the lock when the process ends, however it ends."""
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
