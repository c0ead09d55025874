"""The SQL of budgets, in the ledger: its tables ``budgets`` and ``totals``, and the costs of its sends.

A row of ``totals`` has what the sends of a day, a month or a batch cost together, in one currency (empty: that of sends
without an answer yet), in billionths: whole numbers, which add up and are taken away again without a rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from nexmo_nb.state.database import Connection, Dialect

MOST = 1e6
"""What one send counts at most; more is no price, and its billionths may be no number for the database."""
_CHUNK = 500  # ids at once: a statement of SQLite takes a limited number of values
_MAY_HAVE_COST = "cost IS NULL AND state IN ('accepted', 'partial', 'sending', 'unknown')"


class Total(NamedTuple):
    """Which row of ``totals``: a day such as ``2026-11-28``, a month such as ``2026-11``, or a batch."""

    kind: str
    name: str
    currency: str


def to_billionths(cost: float) -> int:
    """Convert a cost, as `make_totals` does: a thousandth of one more, for what a float is too low."""
    return int(max(-MOST, min(MOST, cost)) * 1e9 + 0.001)


def make_totals(dialect: Dialect) -> tuple[str, ...]:
    """Make the table of totals, and fill it from the sends that are there."""
    if dialect == "sqlite":
        number, cost = "INTEGER", f"CAST(MAX(-{MOST}, MIN({MOST}, cost)) * 1e9 + 0.001 AS INTEGER)"
        second = "CAST(started AS INTEGER), 'unixepoch'"
        names = {"day": f"strftime('%Y-%m-%d', {second})", "month": f"strftime('%Y-%m', {second})", "batch": "batch"}
    else:
        number = "NUMERIC"
        cost = f"trunc(GREATEST(-{MOST}, LEAST({MOST}, cost)) * 1e9::float8 + 0.001::float8)::bigint"
        second = "to_timestamp(floor(started)) AT TIME ZONE 'UTC'"
        names = {"day": f"to_char({second}, 'YYYY-MM-DD')", "month": f"to_char({second}, 'YYYY-MM')", "batch": "batch"}
    return (
        "CREATE TABLE totals (kind TEXT NOT NULL, name TEXT NOT NULL, currency TEXT NOT NULL,"
        f" billionths {number} NOT NULL, PRIMARY KEY (kind, name, currency))",
        *(
            "INSERT INTO totals (kind, name, currency, billionths)"
            f" SELECT '{kind}', {name}, COALESCE(currency, ''), SUM({cost}) FROM sends"
            f" WHERE cost IS NOT NULL AND {name} IS NOT NULL GROUP BY {name}, COALESCE(currency, '')"
            for kind, name in names.items()
        ),
        "DROP INDEX sends_costs",
    )


def read_budgets(connection: Connection) -> list[tuple[str, float, str]]:
    """Read period, amount and currency of the budgets that are set."""
    return connection.execute(
        "SELECT period, amount, currency FROM budgets WHERE period IN ('day', 'month')"
    ).fetchall()


def delete_budget(connection: Connection, period: str) -> None:
    connection.execute("DELETE FROM budgets WHERE period = ?", (period,))


def write_budget(connection: Connection, period: str, amount: float, currency: str) -> None:
    connection.execute(
        "INSERT INTO budgets (period, amount, currency) VALUES (?, ?, ?)"
        " ON CONFLICT (period) DO UPDATE SET amount = excluded.amount, currency = excluded.currency",
        (period, amount, currency),
    )


def read_costs(connection: Connection, ids: Sequence[str]) -> list[tuple[str | None, str | None, float | None, float]]:
    """Read batch, currency, time of leaving and cost of those of some sends that cost something."""
    return [
        row
        for some in _split(ids)
        for row in connection.execute(
            "SELECT batch, currency, started, cost FROM sends WHERE cost IS NOT NULL"
            f" AND id IN ({', '.join('?' * len(some))})",
            some,
        ).fetchall()
    ]


def add_to_totals(connection: Connection, amounts: Mapping[Total, int]) -> None:
    """Add billionths to totals."""
    connection.executemany(
        "INSERT INTO totals (kind, name, currency, billionths) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (kind, name, currency) DO UPDATE SET billionths = totals.billionths + excluded.billionths",
        [(*total, amount) for total, amount in amounts.items()],
    )


def read_totals(
    connection: Connection, day: str, month: str, batches: Sequence[str] = ()
) -> dict[str, dict[str, float]]:
    """Read what was spent, by kind and currency: in a day and later, in a month and later, and in a batch's names.

    Later ones are there where a clock was set back.
    """
    found: dict[str, dict[str, float]] = {"day": {}, "month": {}, "batch": {}}
    places = ", ".join("?" * len(batches)) or "NULL"
    rows = connection.execute(
        "SELECT kind, currency, SUM(billionths) FROM totals WHERE (kind = 'day' AND name >= ?)"
        f" OR (kind = 'month' AND name >= ?) OR (kind = 'batch' AND name IN ({places})) GROUP BY kind, currency",
        (day, month, *batches),
    ).fetchall()
    for kind, currency, amount in rows:
        found[kind][currency] = int(amount) / 1e9
    return found


def count_unpriced(connection: Connection, since: float) -> int:
    """Count what left at or after a time and may have cost something that nobody knows."""
    found = connection.execute(f"SELECT COUNT(*) FROM sends WHERE started >= ? AND {_MAY_HAVE_COST}", (since,))
    return int(found.fetchone()[0])


def read_unpriced(connection: Connection, batches: Iterable[str]) -> list[str]:
    """Read the ids of what left of a batch, by its names, and may have cost something that nobody knows."""
    statement = f"SELECT id FROM sends WHERE batch = ? AND {_MAY_HAVE_COST}"
    return [send_id for batch in batches for (send_id,) in connection.execute(statement, (batch,)).fetchall()]


def read_estimates(connection: Connection, ids: Sequence[str]) -> dict[str, float]:
    """Read the estimates of those of some sends that have one."""
    return {
        send_id: estimate
        for some in _split(ids)
        for send_id, estimate in connection.execute(
            f"SELECT id, estimate FROM sends WHERE estimate IS NOT NULL AND id IN ({', '.join('?' * len(some))})", some
        ).fetchall()
    }


def _split(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[n : n + _CHUNK] for n in range(0, len(ids), _CHUNK))
