"""What reads leave behind that is worth keeping: price lists as they changed, and reports that were ordered.

Nothing depends on it: where its file cannot be used, a warning says so, and reads go on.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from nexmo_nb.state.sqlite import Connection, Database, StateError, advice_for

__all__ = ["Notes"]

T = TypeVar("T")

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS prices (
        product TEXT NOT NULL, country TEXT NOT NULL, network_code TEXT NOT NULL, seen REAL NOT NULL,
        country_name TEXT, network_name TEXT, price REAL, currency TEXT,
        PRIMARY KEY (product, country, network_code, seen))""",
    """CREATE TABLE IF NOT EXISTS reports (
        digest TEXT PRIMARY KEY, report TEXT NOT NULL, ordered REAL NOT NULL)""",
)
PRICE = ("product", "country", "network_code", "seen", "country_name", "network_name", "price", "currency")
BUSY = 0.9
KEPT = 72 * 3600.0
"""Seconds for which Nexmo keeps a report's file, https://developer.vonage.com/en/reports/overview."""


class Notes:
    """The notes of one account on this machine, shared by its processes.

    Parameters
    ----------
    path : Path
        The database file.
    clock : callable, optional
        Unix time; for tests.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path, self.clock = path, clock
        self._database: Database | None = None

    def see_prices(self, product: str, countries: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> None:
        """Note what is new in a price list that was read whole for some countries; a network that is gone costs None.

        Each row has ``country, network_code, country_name, network_name, price, currency``.
        """
        listed = {(row["country"], row["network_code"] or ""): row for row in rows}
        covered = set(countries)

        def work(connection: Connection) -> None:
            now = self._later(connection)
            known = {
                (row[1], row[2]): row
                for row in connection.execute(
                    f"SELECT {', '.join(PRICE)} FROM prices WHERE product = ? ORDER BY seen", (product,)
                )
            }
            fresh = [
                (product, *place, now, row["country_name"], row["network_name"], row["price"], row["currency"])
                for place, row in listed.items()
                if place not in known or not _same(known[place][6:], (row["price"], row["currency"]))
            ]
            gone = [
                (product, *place, now, *row[4:6], None, row[7])
                for place, row in known.items()
                if place[0] in covered and place not in listed and row[6] is not None
            ]
            connection.executemany(
                f"INSERT INTO prices ({', '.join(PRICE)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (product, country, network_code, seen) DO NOTHING",
                fresh + gone,
            )

        self._guard(lambda database: database.transact(work), None)

    def _later(self, connection: Connection) -> float:
        """Tell the time, later than of all prices so far: a clock that was set back must not mix up their order."""
        latest = connection.execute("SELECT MAX(seen) FROM prices").fetchone()[0]
        return self.clock() if latest is None else max(self.clock(), latest + 0.001)

    def prices(self) -> list[dict[str, Any]]:
        """Give every price that was new when it was seen, in that order."""
        statement = f"SELECT {', '.join(PRICE)} FROM prices ORDER BY seen, product, country, network_code"
        none: list[tuple[Any, ...]] = []
        found = self._guard(lambda database: database.read(lambda c: c.execute(statement).fetchall()), none)
        return [dict(zip(PRICE, row, strict=True)) for row in found]

    def report(self, digest: str) -> str | None:
        """Give the id of a report that was ordered and not read yet, as long as Nexmo keeps it."""
        values = (digest, self.clock() - KEPT)
        statement = "SELECT report FROM reports WHERE digest = ? AND ordered > ?"
        found = self._guard(lambda database: database.read(lambda c: c.execute(statement, values).fetchone()), None)
        return None if found is None else str(found[0])

    def keep_report(self, digest: str, report: str) -> None:
        """Note that a report was ordered."""
        now = self.clock()

        def work(connection: Connection) -> None:
            connection.execute("DELETE FROM reports WHERE digest = ? OR ordered <= ?", (digest, now - KEPT))
            connection.execute("INSERT INTO reports (digest, report, ordered) VALUES (?, ?, ?)", (digest, report, now))

        self._guard(lambda database: database.transact(work), None)

    def drop_reports(self, digests: Iterable[str]) -> None:
        """Forget reports that were read, or are of no use."""
        rows = [(digest,) for digest in digests]
        statement = "DELETE FROM reports WHERE digest = ?"
        self._guard(lambda database: database.transact(lambda c: c.executemany(statement, rows)), None)

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()

    def _guard(self, work: Callable[[Database], T], otherwise: T) -> T:
        try:
            if self._database is None:
                self._database = Database(self.path, _SCHEMA, busy=BUSY, durable=True)
            return work(self._database)
        except StateError as problem:
            trouble = problem
        warnings.warn(
            f"The notes {self.path} cannot be used ({trouble}): price changes and ordered reports are not remembered. "
            f"{advice_for(trouble)}".rstrip(),
            stacklevel=3,
        )
        return otherwise


def _same(known: tuple[Any, ...], new: tuple[Any, ...]) -> bool:
    if known[1] != new[1] or (known[0] is None) != (new[0] is None):
        return False
    return known[0] is None or math.isclose(known[0], new[0], rel_tol=1e-9)
