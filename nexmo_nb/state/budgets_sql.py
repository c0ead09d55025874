"""The SQL of budgets, in the file of the ledger: its table ``budgets``, and the costs of its sends."""

from __future__ import annotations

from nexmo_nb.state.database import Connection


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


def sum_costs(connection: Connection, since: float) -> list[tuple[str | None, float]]:
    """Add up the costs of what left at or after a time, by currency; None is that of sends without an answer yet."""
    return connection.execute(
        "SELECT currency, SUM(cost) FROM sends WHERE started >= ? AND cost IS NOT NULL GROUP BY currency", (since,)
    ).fetchall()


def count_unpriced(connection: Connection, since: float) -> int:
    """Count what left at or after a time and may have cost something that nobody knows."""
    found = connection.execute(
        "SELECT COUNT(*) FROM sends WHERE started >= ? AND cost IS NULL"
        " AND state IN ('accepted', 'partial', 'sending', 'unknown')",
        (since,),
    )
    return int(found.fetchone()[0])


def read_estimate(connection: Connection, send_id: str) -> float | None:
    found: tuple[float | None] | None = connection.execute(
        "SELECT estimate FROM sends WHERE id = ?", (send_id,)
    ).fetchone()
    return None if found is None else found[0]
