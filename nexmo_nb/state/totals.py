"""What the sends of a day, of a month and of a batch cost together: rows that are charged before a message leaves.

What a send costs is its column ``cost``: its estimate while it is under way or unknown, then what its answer says. It
counts in the day and the month, in UTC, in which the send left, and in its batch. Whatever changes the costs of sends
does so inside `keep_totals`, in its transaction, so that a row never differs from the sum of its sends.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from nexmo_nb.state import budgets_sql as sql
from nexmo_nb.state.budgets_sql import Total
from nexmo_nb.state.database import Connection


@contextmanager
def keep_totals(connection: Connection, ids: Iterable[str]) -> Iterator[None]:
    """Change totals as the block changes the costs of some sends, which may be new in it, or deleted."""
    changed = list(ids)
    before = _add_up(connection, changed)
    yield
    amounts = _add_up(connection, changed)
    amounts.subtract(before)
    if moved := {total: amount for total, amount in sorted(amounts.items()) if amount}:
        sql.add_to_totals(connection, moved)


def name_periods(at: float) -> tuple[str, str]:
    """Name the day and the month, in UTC, in which a time is."""
    moment = time.gmtime(at)
    return time.strftime("%Y-%m-%d", moment), time.strftime("%Y-%m", moment)


def list_totals(batch: str | None, currency: str | None, started: float | None) -> list[Total]:
    """List the totals in which a send counts."""
    found = [] if batch is None else [Total("batch", batch, currency or "")]
    if started is not None:
        day, month = name_periods(started)
        found += [Total("day", day, currency or ""), Total("month", month, currency or "")]
    return found


def _add_up(connection: Connection, ids: list[str]) -> Counter[Total]:
    amounts: Counter[Total] = Counter()
    for batch, currency, started, cost in sql.read_costs(connection, ids):
        for total in list_totals(batch, currency, started):
            amounts[total] += sql.to_billionths(cost)
    return amounts
