"""What was looked up about phone numbers, and paid for: the next lookup does not pay for it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nexmo_nb.state import notes_sql as sql
from nexmo_nb.state.notes_file import NotesFile


class Insights(NotesFile):
    """The kept insights: what Nexmo said of a number under a name, as text, and when."""

    def find(self, numbers: Iterable[str], newest: Mapping[str, float]) -> dict[tuple[str, str], dict[str, Any]]:
        """Find what is known of numbers, by number and name; `newest` has the lifetime of each name, in seconds."""
        now = self.clock()
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for number in numbers:
            for row in self.read_rows(sql.SELECT_INSIGHTS, {"number": number}):
                # What comes from the future was kept before the clock was set back: its age is not known.
                if row["name"] in newest and 0 <= now - row["saved"] < newest[row["name"]]:
                    found[number, row["name"]] = row
        return found

    def record(self, number: str, bodies: Mapping[str, str], at: float) -> None:
        """Record insights of a number by their names, as of a time, over those that are there."""
        rows = [{"number": number, "name": name, "body": body, "saved": at} for name, body in bodies.items()]
        self.transact(lambda connection: connection.executemany(sql.INSERT_INSIGHT, rows))

    def forget(self, before: float) -> None:
        """Delete what was looked up before a time."""
        self.transact(lambda connection: connection.execute(sql.DELETE_INSIGHTS, {"before": before}))
        self.compact()
