"""The reports that were requested and not read yet, so that the next call reads them without a second charge."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from nexmo_nb.state import notes_sql as sql
from nexmo_nb.state.notes_file import NotesFile
from nexmo_nb.state.sqlite import Connection

LIFETIME = 72 * 3600.0
"""Seconds for which Nexmo keeps a report's file, https://developer.vonage.com/en/reports/overview."""


class ReportRequests:
    """The requested reports of one account on this machine, shared by its processes.

    A file that cannot be used costs a warning; then no report is found, and none is recorded.

    Parameters
    ----------
    path : Path
        The database file.
    clock : callable, optional
        Unix time; for tests.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.file = NotesFile(path)
        self.clock = clock

    def find(self, digest: str) -> str | None:
        """Return the id of a report that was requested and not read yet, as long as Nexmo keeps it."""
        values = {"digest": digest, "expired": self.clock() - LIFETIME}
        row = self.file.read(lambda connection: connection.execute(sql.SELECT_REPORT, values).fetchone(), None)
        return None if row is None else str(row[0])

    def record(self, digest: str, report_id: str) -> None:
        """Record that a report was requested, in place of an earlier one with the same digest."""
        now = self.clock()
        values = {"digest": digest, "report": report_id, "now": now, "expired": now - LIFETIME}

        def work(connection: Connection) -> None:
            connection.execute(sql.DELETE_REPORT_AND_EXPIRED, values)
            connection.execute(sql.INSERT_REPORT, values)

        self.file.transact(work)

    def delete(self, digests: Iterable[str]) -> None:
        """Delete reports that were read, or are of no use."""
        rows = [{"digest": digest} for digest in digests]
        self.file.transact(lambda connection: connection.executemany(sql.DELETE_REPORT, rows))

    def close(self) -> None:
        """Close the file."""
        self.file.close()
