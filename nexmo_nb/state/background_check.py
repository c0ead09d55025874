"""A full check of a database in the background, while it is used."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from nexmo_nb.state.forks import renew_lock_in_forks

LONGEST = 20.0
"""Seconds after which a check is broken off: as long as it reads, the log cannot be emptied."""
LAST_SECONDS = 1.0
"""Seconds for which its end is waited for when it was told to stop: it may be reading from a slow disk."""

Check = Callable[[sqlite3.Connection], str]
"""Checks a database, and gives what is wrong with it; empty where it is sound."""


class BackgroundCheck:
    """One full check, in a thread and by a connection of its own that only reads.

    `tell` gets what was found, empty where the file is sound, unless the check was stopped or broken off before; then
    it says nothing. It delays neither a call nor the end of the process.
    """

    def __init__(self, path: Path, check: Check, tell: Callable[[str], None]) -> None:
        self._path, self._check, self._tell = path, check, tell
        self._lock = threading.RLock()
        renew_lock_in_forks(self)
        self._is_stopped = False
        self._connection: sqlite3.Connection | None = None
        self._thread = threading.Thread(target=self._run, name="nexmo_nb check", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the check now, if it still goes on; nothing is told any more."""
        with self._lock:
            self._is_stopped = True
        end = time.monotonic() + LAST_SECONDS
        while self._thread.is_alive() and time.monotonic() < end:
            self._interrupt()  # again and again: an interrupt just before a statement begins would be lost
            self._thread.join(0.01)

    def _run(self) -> None:
        limit = threading.Timer(LONGEST, self.stop)
        limit.daemon = True
        limit.start()
        try:
            found = self._read()
        finally:
            limit.cancel()
        with self._lock:
            if found is not None and not self._is_stopped:
                self._tell(found)

    def _read(self) -> str | None:
        """Check the file; None where that came to no end."""
        try:
            address = f"{self._path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, check_same_thread=False)) as connection:
                self._connection = connection
                return None if self._is_stopped else self._check(connection)
        except sqlite3.Error:
            return None
        finally:
            self._connection = None

    def _interrupt(self) -> None:
        connection = self._connection
        if connection is not None:
            with suppress(sqlite3.Error):  # it is closed by now
                connection.interrupt()
