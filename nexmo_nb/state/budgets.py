"""What may be spent: budgets of an account, in a day and in a month, and caps of batches, over all processes.

What was spent stands in `totals`. It is looked at, and charged, in the very transaction in which a send is recorded
before it leaves. Such transactions exclude each other, so no two processes can both spend what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.state import budgets_sql as sql
from nexmo_nb.state.database import Connection
from nexmo_nb.state.sends import Entry
from nexmo_nb.state.spellings import Spellings
from nexmo_nb.state.totals import name_periods

PERIODS = ("day", "month")
BATCH = "batch"
"""What stands in place of the period of a cap."""
TOLERANCE = 1e-9  # of an amount: sums of floats differ by their rounding
Run = Callable[[Callable[[Connection], Any]], Any]
"""Runs some work on the ledger's file: `Ledger` has one that writes, and one that only reads."""


class Budget(NamedTuple):
    period: str
    amount: float
    currency: str  # empty for a cap, which is in that of its plan


class Room(NamedTuple):
    """A budget, and what was spent of it in the period that is now; or a cap, and what its batch cost."""

    budget: Budget
    spent: float
    since: float  # Unix seconds

    @property
    def left(self) -> float:
        return self.budget.amount - self.spent

    def describe(self) -> str:
        since = datetime.fromtimestamp(self.since, timezone.utc)
        amount, currency = self.budget.amount, self.budget.currency
        return (
            f"{max(0.0, self.left):.4f} {currency} of the budget of {amount:g} {currency} a {self.budget.period}: "
            f"{self.spent:.4f} were spent since {since:%Y-%m-%d} 00:00 UTC"
        )


class Bounds(NamedTuple):
    """What a run of a batch is bound by, beside the account's budgets."""

    batch: str
    max_cost: float | None = None  # at most so much for all runs of the batch together
    assumed: float = 0.0  # what was spent of that, beside what the ledger knows
    price_factor: float = 1.0  # how many times their estimates messages cost, as far as this run knows
    in_flight: float = 0.0  # the estimates of what this run has under way


class Claim(NamedTuple):
    """The rows of a batch that leave now, by their ids; those that are kept back, and what keeps them back.

    Those that were refused, because their recipients said stop, are among neither.
    """

    ids: set[str]
    over_budget: list[str]
    kept_by: Room | None = None
    suppressed: Collection[str] = ()


class Budgets:
    """The budgets of one ledger; every method raises `UnreachableError` if its file cannot be used."""

    def __init__(self, transact: Run, read: Run, clock: Callable[[], float], spellings: Spellings) -> None:
        self._transact, self._read, self._clock, self._spellings = transact, read, clock, spellings

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

    def read_batch(self, batch: str) -> tuple[float, list[str]]:
        """Read what a batch cost so far, and the sends of it that may have cost something that nobody knows."""
        names, periods = self._spellings.list_same("batch", batch), name_periods(self._clock())

        def work(connection: Connection) -> tuple[float, list[str]]:
            unpriced = sql.read_unpriced(connection, names)  # first: what is told meanwhile counts twice, not never
            return sum(sql.read_totals(connection, *periods, names)[BATCH].values()), unpriced

        return self._read(work)  # type: ignore[no-any-return]

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


def find_tightest(
    connection: Connection, at: float, names: Sequence[str] = (), bounds: Bounds | None = None
) -> Room | None:
    """Find what leaves least at a time, in a transaction; None where nothing is limited.

    `names` are those of the batch of `bounds`.
    """
    limits = _read_budgets(connection)
    if bounds is not None and bounds.max_cost is not None:
        limits.append(Budget(BATCH, bounds.max_cost, ""))
    if not limits:
        return None
    totals = sql.read_totals(connection, *name_periods(at), names)
    rooms = [_measure(limit, totals[limit.period], at) for limit in limits]
    if bounds is not None and bounds.max_cost is not None:
        rooms[-1] = rooms[-1]._replace(spent=rooms[-1].spent + bounds.assumed)
    return min(rooms, key=lambda room: room.left)


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


def choose_affordable(
    connection: Connection, ids: Sequence[str], at: float, names: Sequence[str], bounds: Bounds | None
) -> tuple[list[str], Room | None]:
    """Choose the first rows of a batch, in their order, that may leave, and give what keeps back the others."""
    room = find_tightest(connection, at, names, bounds)
    if room is None:
        return list(ids), None
    factor, in_flight = (1.0, 0.0) if bounds is None else (bounds.price_factor, bounds.in_flight)
    # What is under way was charged with its estimate, and may turn out dearer, too.
    left = room.left - (factor - 1) * in_flight
    estimates = sql.read_estimates(connection, ids)
    for count, send_id in enumerate(ids):
        estimate = estimates.get(send_id)
        if estimate is None or estimate * factor > left + TOLERANCE:
            return list(ids[:count]), room
        left -= estimate * factor
    return list(ids), None


def _read_budgets(connection: Connection) -> list[Budget]:
    return [Budget(*row) for row in sql.read_budgets(connection)]


def _measure(limit: Budget, spent: Mapping[str, float], at: float) -> Room:
    """Measure what is left of a budget or a cap; `spent` is by currency, empty for what has no answer yet."""
    if limit.period == BATCH:
        return Room(limit, sum(spent.values()), at)
    others = sorted({currency for currency, cost in spent.items() if cost and currency not in ("", limit.currency)})
    if others:
        raise InvalidRequestError(
            f"budget: got sends of this {limit.period} in {', '.join(others)}; allowed: sends in {limit.currency}, "
            "as the budget is. Amounts of several currencies cannot be added, so it cannot be kept. Nothing was sent. "
            f"connect(currency={limit.currency!r}), or budget({limit.period}='none')."
        )
    return Room(limit, sum(spent.values()), find_span(limit.period, at)[0])


def _describe_period(
    connection: Connection, period: str, budget: Budget | None, currency: str, at: float
) -> dict[str, Any]:
    since, until = find_span(period, at)
    shown = currency if budget is None else budget.currency
    totals = sql.read_totals(connection, *name_periods(at))[period]
    spent = sum(cost for found, cost in totals.items() if found in ("", shown))
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
