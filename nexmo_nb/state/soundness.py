"""Whether a file of state is sound, without reading all of it each time: what was noted of it when it was last closed.

A full check reads the whole file, which takes seconds where there are many sends. So it is made when the file is
opened only where something speaks against it: `must_check` says what. What the file system did not see, such as a disk
that gives back other bytes than were written, is found by the check in the background, once a day (see
`background_check`), or as soon as SQLite meets a page that cannot be right. Until then it is not found. Nor is what
another program writes into the very file while a process has it open.

The note is a file beside the database. Every process that has the database open holds a shared lock on it, so that one
that comes later knows that the log beside the database is in use, and not left behind. A note that is torn, lost or not
written costs a check, and never more.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from nexmo_nb.state.background_check import BackgroundCheck, Check
from nexmo_nb.state.forks import close_in_forks

DAY = 86_400.0
"""Seconds after which a full check is due."""
MOST_DAYS = 7
"""Days after which the file is checked when it is opened: no check in the background came to its end."""
LONGEST_NOTE = 200
_LOGS = ("-wal", "-journal")  # SQLite deletes them when the last process closes the file


class FileState(NamedTuple):
    """What the file system tells of a file: it changes with every change of the file, and no program can set it back.

    The header of the database would tell less, and must not be read here: to open and close the file by other means
    than SQLite's would release the locks of this process.
    """

    inode: int
    size: int
    modified: int  # nanoseconds; so is `changed`, the time of the last change of content, name or mode
    changed: int


class Note(NamedTuple):
    """What was noted: the file as it was sound, and when it was last found so by a full check, in Unix seconds."""

    file: FileState
    checked: float


def must_check(note: Note | None, file: FileState | None, *, has_log: bool, is_in_use: bool, now: float) -> bool:
    """Decide whether a file must be checked before it is used. Pure.

    `has_log` tells whether SQLite left a log beside it, `is_in_use` whether a living process has it open, and found it
    sound. A log that nobody uses was left by an end that was not clean. A file that is in use changes all the time; it
    must be the one that was found sound, though, and not another that was put in its place.
    """
    if note is None or file is None or now - note.checked > MOST_DAYS * DAY:
        return True
    if is_in_use:
        return file.inode != note.file.inode
    return has_log or file != note.file


def is_due(checked: float, now: float) -> bool:
    """Tell whether the daily check is due; it is, too, where the clock was set back."""
    return not 0 <= now - checked < DAY


def parse_note(text: bytes) -> Note | None:
    """Parse what stands in the file of a note; None where that is no whole note."""
    if len(text) > LONGEST_NOTE:
        return None
    try:
        *file, checked = text.decode("ascii").removesuffix("\n").split(" ")
        return Note(FileState(*map(int, file)), float(checked)) if text.endswith(b"\n") else None
    except (ValueError, TypeError):
        return None


def _format(note: Note) -> bytes:
    return f"{' '.join(map(str, note.file))} {note.checked!r}\n".encode("ascii")


def read_file_state(path: Path) -> FileState | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return FileState(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def has_log(path: Path) -> bool:
    return any(os.path.exists(f"{path}{ending}") for ending in _LOGS)


class Watch:
    """The note of one database, for as long as this process has it open: begin before SQLite opens it, end after.

    `must_check` tells whether the file must be checked before it is used; `note_check` notes that it was, and found
    sound. No trouble with the note raises an error.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock
        self._file = read_file_state(path)
        self._descriptor: int | None = None
        with suppress(OSError):
            self._descriptor = os.open(f"{path}-checked", os.O_CREAT | os.O_RDWR, 0o600)
            close_in_forks(self._descriptor)
        self._check: BackgroundCheck | None = None
        self.finding = ""
        # Alone: nobody has the file open, and whoever comes now does not take this process for one that found it sound.
        is_in_use = not self._lock(alone=True) and self._lock(alone=False)
        note = self._read()
        self.must_check = must_check(note, self._file, has_log=has_log(path), is_in_use=is_in_use, now=self._clock())
        self._checked = 0.0 if note is None or self.must_check else note.checked
        if not self.must_check:
            self._lock(alone=False)

    def start_check(self, check: Check) -> None:
        """Start the daily check in the background, if it is due."""
        if is_due(self._checked, self._clock()):
            self._check = BackgroundCheck(self._path, check, self._tell)
            with suppress(RuntimeError):  # the system gives no more threads: a later opening tries again
                self._check.start()

    def stop_check(self) -> None:
        if self._check is not None:
            self._check.stop()

    def note_check(self) -> None:
        """Note that the file was found sound by a full check; processes that open it from now on may rely on it."""
        self._checked = self._clock()
        file = self._read_own_state()
        if file is not None:
            self._write(_format(Note(file, self._checked)))
            self._lock(alone=False)

    def _tell(self, finding: str) -> None:
        """Take what the check in the background found; after damage, whoever opens the file next must check it."""
        if not finding:
            self.note_check()
            return
        self.finding = finding
        self._write(b"")

    def end(self) -> None:
        """Note the file as it is now, if it was closed cleanly, and found sound before, and let the lock go."""
        if self._descriptor is None:
            return
        with suppress(OSError):
            self._note_end()
        with suppress(OSError):
            os.close(self._descriptor)
        self._descriptor = None

    def _note_end(self) -> None:
        note, file = self._read(), self._read_own_state()
        # Without a note, another process found damage meanwhile, or the disk was full.
        if note is None or file is None or not self._checked or has_log(self._path):
            return
        checked = max(note.checked, self._checked)
        if note == Note(file, checked):
            return
        # A change in the same tick of the file system's clock would not show: a time between two ticks tells it.
        now = time.time_ns()
        os.utime(self._path, ns=(now, now))
        if (file := self._read_own_state()) is not None:
            self._write(_format(Note(file, checked)))

    def _read_own_state(self) -> FileState | None:
        """Read the state of the file; None where it is gone, or another one has its name now."""
        file = read_file_state(self._path)
        return file if file is not None and self._file is not None and file.inode == self._file.inode else None

    def _read(self) -> Note | None:
        if self._descriptor is None:
            return None
        with suppress(OSError):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            return parse_note(os.read(self._descriptor, LONGEST_NOTE + 1))
        return None

    def _write(self, text: bytes) -> None:
        """Write over the note; what breaks off in the middle of it leaves none that can be read."""
        if self._descriptor is None:
            return
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, text)

    def _lock(self, *, alone: bool) -> bool:
        """Lock the note without waiting, for this process alone or beside others; False where that cannot be done."""
        if self._descriptor is None or sys.platform == "win32":
            return False
        import fcntl

        try:
            fcntl.flock(self._descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
