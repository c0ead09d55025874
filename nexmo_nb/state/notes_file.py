"""The file ``notes.sqlite``: what is useful to keep between calls, while no call depends on it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from nexmo_nb.state.notes_sql import SCHEMA
from nexmo_nb.state.sqlite import Connection, Database, StateError, advice_for

T = TypeVar("T")

BUSY = 0.9
"""Seconds to wait for another process: a call should not wait long for what it can do without."""


class NotesFile:
    """A file that opens at its first use; trouble with it costs a warning, never the call."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database: Database | None = None

    def read(self, work: Callable[[Connection], T], default: T) -> T:
        """Run `work`, which only reads, and return its result, or `default` if the file cannot be used."""
        return self._run(lambda database: database.read(work), default)

    def transact(self, work: Callable[[Connection], object]) -> None:
        """Run `work` in a transaction; nothing is written if the file cannot be used."""
        self._run(lambda database: database.transact(work), None)

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()

    def _run(self, work: Callable[[Database], T], default: T) -> T:
        try:
            if self._database is None:
                self._database = Database(self.path, SCHEMA, busy=BUSY, durable=True)
            return work(self._database)
        except StateError as problem:
            trouble = problem
        warnings.warn(
            f"The notes {self.path} cannot be used ({trouble}): price changes and ordered reports are not remembered. "
            f"{advice_for(trouble)}".rstrip(),
            stacklevel=4,  # the caller of PriceHistory or ReportRequests
        )
        return default
