"""The reports that were requested and not read yet, so that the next call reads them without a second charge."""

from __future__ import annotations

from collections.abc import Iterable

from nexmo_nb.state import notes_sql as sql
from nexmo_nb.state.database import Connection
from nexmo_nb.state.notes_file import NotesFile

LIFETIME = 72 * 3600.0
"""Seconds for which Nexmo keeps a report's file, https://developer.vonage.com/en/reports/overview."""


class ReportRequests(NotesFile):
    """The requested reports; `digest` is the fingerprint of a request."""

    def find(self, digest: str) -> str | None:
        """Return the id of a report that was requested and not read yet, as long as Nexmo keeps it."""
        rows = self.read_rows(sql.SELECT_REPORT, {"digest": digest, "expired": self.clock() - LIFETIME})
        return str(rows[0]["report"]) if rows else None

    def record(self, digest: str, report_id: str) -> None:
        """Record that a report was requested, in place of an earlier one with the same digest."""
        now = self.clock()
        values = {"digest": digest, "report": report_id, "now": now, "expired": now - LIFETIME}

        def work(connection: Connection) -> None:
            connection.execute(sql.DELETE_REPORT_AND_EXPIRED, values)
            connection.execute(sql.INSERT_REPORT, values)

        self.transact(work)

    def delete(self, digests: Iterable[str]) -> None:
        """Delete reports that were read, or are of no use."""
        rows = [{"digest": digest} for digest in digests]
        self.transact(lambda connection: connection.executemany(sql.DELETE_REPORT, rows))
