"""Budgets of an account: at most so much in a day and in a month, over all sends of its ledger and all processes.

What counts as spent is the column ``cost`` of a send: its estimate while it is under way or unknown, then what its
answer says. It counts in the day and the month, in UTC, in which the send left. A budget is looked at in the very
transaction in which a send is recorded before it leaves, so that no two processes can both spend what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.state import budgets_sql as sql
from nexmo_nb.state.database import Connection
from nexmo_nb.state.sends import Entry

PERIODS = ("day", "month")
TOLERANCE = 1e-9  # of an amount: sums of floats differ by their rounding
Run = Callable[[Callable[[Connection], Any]], Any]
"""Runs some work on the ledger's file: `Ledger` has one that writes, and one that only reads."""


class Budget(NamedTuple):
    period: str
    amount: float
    currency: str


class Room(NamedTuple):
    """A budget, and what was spent of it in the period that is now."""

    budget: Budget
    spent: float
    since: float  # Unix seconds

    @property
    def left(self) -> float:
        return max(0.0, self.budget.amount - self.spent)

    def describe(self) -> str:
        since = datetime.fromtimestamp(self.since, timezone.utc)
        amount, currency = self.budget.amount, self.budget.currency
        return (
            f"{self.left:.4f} {currency} of the budget of {amount:g} {currency} a {self.budget.period}: "
            f"{self.spent:.4f} were spent since {since:%Y-%m-%d} 00:00 UTC"
        )


class Budgets:
    """The budgets of one ledger; every method raises `UnreachableError` if its file cannot be used."""

    def __init__(self, transact: Run, read: Run, clock: Callable[[], float]) -> None:
        self._transact, self._read, self._clock = transact, read, clock

    def read(self) -> list[Budget]:
        return [Budget(*row) for row in self._read(sql.read_budgets)]

    def write(self, amounts: dict[str, float | None], currency: str) -> None:
        """Set budgets, by their periods; None: no limit."""

        def work(connection: Connection) -> None:
            for period, amount in amounts.items():
                if amount is None:
                    sql.delete_budget(connection, period)
                else:
                    sql.write_budget(connection, period, amount, currency)

        self._transact(work)

    def find_tightest(self) -> Room | None:
        """Find the budget that leaves least now; None where there is none."""
        return self._read(lambda connection: find_tightest(connection, self._clock()))  # type: ignore[no-any-return]

    def describe(self, currency: str) -> list[dict[str, Any]]:
        """Tell of each period, with a budget or without, what was spent in it; amounts in `currency` without one."""

        def work(connection: Connection) -> list[dict[str, Any]]:
            budgets = {budget.period: budget for budget in _read_budgets(connection)}
            return [
                _describe_period(connection, period, budgets.get(period), currency, self._clock()) for period in PERIODS
            ]

        return self._read(work)  # type: ignore[no-any-return]


def find_span(period: str, at: float) -> tuple[float, float]:
    """Find the beginning and the end of the day or month, in UTC, in which a time is."""
    day = datetime.fromtimestamp(at, timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return day.timestamp(), (day + timedelta(days=1)).timestamp()
    first = day.replace(day=1)
    return first.timestamp(), (first + timedelta(days=31)).replace(day=1).timestamp()


def find_tightest(connection: Connection, at: float) -> Room | None:
    """Find the budget that leaves least at a time, in a transaction; None where there is none."""
    rooms = [_measure(connection, budget, at) for budget in _read_budgets(connection)]
    return min(rooms, key=lambda room: room.left, default=None)


def check_single(connection: Connection, entry: Entry, at: float) -> None:
    """Refuse a single send that could pass a budget."""
    room = find_tightest(connection, at)
    if room is None:
        return
    if entry.estimate is None:
        raise InvalidRequestError(
            f"budget: got {entry.what}, whose price is not known; allowed: messages and calls with a price, as long as "
            "a budget is set. Nothing was sent. See prices(), or budget(day='none', month='none')."
        )
    if entry.estimate > room.left + TOLERANCE:
        raise InvalidRequestError(
            f"budget: got {entry.what}, for up to {entry.estimate:.4f}; allowed: {room.describe()}. Nothing was sent. "
            f"Wait until the {room.budget.period} ends, or raise it with budget({room.budget.period}=…)."
        )


def choose_affordable(connection: Connection, ids: Sequence[str], at: float) -> list[str]:
    """Choose the first rows of a batch, in their order, that no budget keeps back."""
    room = find_tightest(connection, at)
    if room is None:
        return list(ids)
    left = room.left
    for count, send_id in enumerate(ids):
        estimate = sql.read_estimate(connection, send_id)
        if estimate is None or estimate > left + TOLERANCE:
            return list(ids[:count])
        left -= estimate
    return list(ids)


def _read_budgets(connection: Connection) -> list[Budget]:
    return [Budget(*row) for row in sql.read_budgets(connection)]


def _measure(connection: Connection, budget: Budget, at: float) -> Room:
    since, _ = find_span(budget.period, at)
    costs = sql.sum_costs(connection, since)
    others = sorted({str(currency) for currency, cost in costs if cost and currency not in (None, budget.currency)})
    if others:
        raise InvalidRequestError(
            f"budget: got sends of this {budget.period} in {', '.join(others)}; allowed: sends in {budget.currency}, "
            "as the budget is. Amounts of several currencies cannot be added, so it cannot be kept. Nothing was sent. "
            f"connect(currency={budget.currency!r}), or budget({budget.period}='none')."
        )
    return Room(budget, sum(cost for _, cost in costs), since)


def _describe_period(
    connection: Connection, period: str, budget: Budget | None, currency: str, at: float
) -> dict[str, Any]:
    since, until = find_span(period, at)
    shown = currency if budget is None else budget.currency
    spent = sum(cost for found, cost in sql.sum_costs(connection, since) if found in (None, shown))
    return {
        "budget": period,
        "amount": None if budget is None else budget.amount,
        "spent": spent,
        "left": None if budget is None else max(0.0, budget.amount - spent),
        "currency": shown,
        "unpriced": sql.count_unpriced(connection, since),
        "since": since,
        "until": until,
    }
