"""The file ``notes.sqlite``: what is useful to keep between calls, while no call depends on it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from nexmo_nb.state.database import Connection, Parameters, StateError, read_rows
from nexmo_nb.state.notes_sql import MIGRATIONS, SCHEMA
from nexmo_nb.state.sqlite import Database

T = TypeVar("T")

BUSY = 0.9
"""Seconds to wait for another process: a call should not wait long for what it can do without."""


class NotesFile:
    """The notes of one account on this machine, shared by its processes.

    The file opens at its first use. Trouble with it costs a warning, never the call: nothing is read or written then.
    `clock` gives Unix time.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path, self.clock = path, clock
        self._database: Database | None = None

    def read_rows(self, statement: str, values: Parameters = ()) -> list[dict[str, Any]]:
        return self._run(lambda database: database.read(lambda c: read_rows(c, statement, values)), [])

    def transact(self, work: Callable[[Connection], object]) -> None:
        self._run(lambda database: database.transact(work), None)

    def compact(self) -> None:
        """Overwrite what was deleted, also where the file's log has it."""
        self._run(lambda database: database.compact(), None)

    def rest(self) -> None:
        if self._database is not None:
            self._database.rest()

    def close(self) -> None:
        if self._database is not None:
            self._database.close()

    def _run(self, work: Callable[[Database], T], default: T) -> T:
        try:
            if self._database is None:
                self._database = Database(self.path, SCHEMA, migrations=MIGRATIONS, busy=BUSY, durable=True)
            return work(self._database)
        except StateError as problem:
            warnings.warn(
                f"The notes {self.path} cannot be used ({problem}): price changes, ordered reports and lookups "
                f"are not remembered. {problem.advice}".rstrip(),
                stacklevel=4,  # the caller of PriceHistory, ReportRequests or Insights
            )
        return default
