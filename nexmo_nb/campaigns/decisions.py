"""The decisions of a batch: what may leave now, what an answer calls for, how long to pause, what was spent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from nexmo_nb.errors import AuthenticationError, NexmoError, RateLimitedError, RejectedError, UnreachableError
from nexmo_nb.session import LONGEST_RETRY_AFTER
from nexmo_nb.state.sends import sum_prices
from nexmo_nb.validation import invalid_argument

# Refusals that every other recipient would get as well: no credit left.
FATAL_CODES = ("9", "low-balance")
MOST_FAILURES = 20
"""Failures in a row after which the batch stops, so that a person looks at it."""
FIRST_PAUSE = 0.5
"""Seconds before a failed message is tried again; doubled after each further failure."""
LONGEST_PAUSE = 8.0
"""Seconds of a pause at most, unless the server asks for a longer one."""
TOLERANCE = 1e-9
"""Of an amount: sums of floats differ by their rounding."""
MOST_MONEY = 1e15
PAID_STATES = ("accepted", "partial", "sending", "unknown")
"""States of the ledger in which a message may have cost something."""


class Estimate(NamedTuple):
    """The price of a message over the networks of its country, lowest and highest; 0.0 where it is not known."""

    low: float = 0.0
    high: float = 0.0


class Budget(NamedTuple):
    """What may still be spent, and what the prices so far say about the estimates.

    Attributes
    ----------
    left : float, optional
        None: there is no cap.
    price_factor : float
        How many times its estimate a message cost, at most.
    has_price : bool
        Whether the real price of a message is known yet.
    """

    left: float | None = None
    price_factor: float = 1.0
    has_price: bool = False


class Backoff(NamedTuple):
    """Failures and pauses since a message last came through.

    Attributes
    ----------
    failures, pauses : int
        How many there were in a row.
    is_due : bool
        Whether a pause must come before the next message.
    retry_after : float, optional
        Seconds of that pause, where the server named them.
    """

    failures: int = 0
    pauses: int = 0
    is_due: bool = False
    retry_after: float | None = None


class Action(Enum):
    """What an answer calls for."""

    COUNT = "accepted: count its price"
    SKIP = "refused: go on with the next"
    RETRY = "surely not sent: back into the queue, and pause"
    STOP = "refused as every other would be: back into the queue, and stop"
    ASSUME_PAID = "nobody knows: it counts as paid at its estimate"
    RAISE = "a fault of our own: it counts as paid, and the run stops and raises it"

    @property
    def returns_to_queue(self) -> bool:
        """Whether the message is planned again, in the queue and in the ledger."""
        return self in (Action.RETRY, Action.STOP)


def choose_action(problem: BaseException | None) -> Action:
    """Choose what to do about the answer to one message; None is an accepted message."""
    if problem is None:
        return Action.COUNT
    if isinstance(problem, (RateLimitedError, UnreachableError)):
        return Action.RETRY
    if isinstance(problem, AuthenticationError):
        return Action.STOP
    if isinstance(problem, RejectedError):
        return Action.STOP if problem.code in FATAL_CODES else Action.SKIP
    return Action.ASSUME_PAID if isinstance(problem, NexmoError) else Action.RAISE


def count_allowed(
    workers: int, waiting: Sequence[float], in_flight: Sequence[float], budget: Budget, backoff: Backoff
) -> int:
    """Count how many of the waiting messages may leave now.

    Parameters
    ----------
    workers : int
        Messages in flight at once, at most.
    waiting, in_flight : sequence of float
        The high estimates of the next messages, in order, and of those in flight.
    budget, backoff : Budget, Backoff
        What may be spent, and what failed.
    """
    if backoff.is_due:
        return 0
    # After a failure one message at a time, until one comes through.
    at_once = 1 if backoff.failures else workers
    if budget.left is not None and not budget.has_price:
        at_once = 1
    free = max(0, at_once - len(in_flight))
    return _count_affordable(waiting[:free], sum(in_flight), budget)


def _count_affordable(waiting: Sequence[float], committed: float, budget: Budget) -> int:
    """Count how many of the next messages the cap allows beside what is in flight."""
    if budget.left is None:
        return len(waiting)
    for count, estimate in enumerate(waiting):
        committed += estimate
        if committed * budget.price_factor > budget.left + TOLERANCE:
            return count
    return len(waiting)


def find_price(rows: Iterable[Mapping[str, Any]], estimate: Estimate) -> tuple[float, bool]:
    """Find what an accepted message counts, and whether that is its real price.

    Where an accepted part came without its price, the message counts as its estimate, or as what is known if that is
    more.
    """
    rows = list(rows)
    price = sum_prices(rows) or 0.0
    is_known = all(row["price"] is not None for row in rows if row["status"] == "0")
    return (price if is_known else max(price, estimate.high)), is_known


def spend(budget: Budget, price: float, estimate: Estimate, *, is_known: bool) -> Budget:
    """Take a price from what may be spent; a known one tells how good the estimates are."""
    if budget.left is None:
        return budget
    factor = budget.price_factor
    if 0 < estimate.high < price:
        # The network of a number is not known: for another one the estimate may be wrong by as much more.
        factor = max(factor, price / (estimate.low or estimate.high))
    return Budget(budget.left - price, factor, budget.has_price or is_known)


def record_failure(backoff: Backoff, retry_after: float | None) -> Backoff:
    """Count a message that was surely not sent; a pause is due."""
    return Backoff(backoff.failures + 1, backoff.pauses, True, retry_after)


def record_progress(backoff: Backoff) -> Backoff:
    """Start counting anew, because the server dealt with a message; a pause that is due stays due."""
    return backoff._replace(failures=0, pauses=0)


def record_pause(backoff: Backoff) -> Backoff:
    """Count a pause that was made."""
    return backoff._replace(pauses=backoff.pauses + 1, is_due=False)


def find_pause(backoff: Backoff) -> float:
    """Find the seconds to wait before the next try: what the server asks, else longer each time."""
    if backoff.retry_after is not None:
        return backoff.retry_after
    return float(min(FIRST_PAUSE * 2**backoff.pauses, LONGEST_PAUSE))


def must_stop(action: Action, backoff: Backoff) -> bool:
    """Tell whether an answer ends the run: an error for all, many failures in a row, or a very long pause asked for."""
    if action is Action.RETRY:
        return backoff.failures >= MOST_FAILURES or (backoff.retry_after or 0) > LONGEST_RETRY_AFTER
    return action in (Action.STOP, Action.RAISE)


def sum_spent(sends: Iterable[Mapping[str, Any]], estimates: Mapping[str, Estimate]) -> float:
    """Add up what a batch cost; a message that may have been paid for, at an unknown price, counts as its estimate."""
    total = 0.0
    for send in sends:
        if send["price"] is not None:
            total += send["price"]
        elif send["state"] in PAID_STATES:
            total += estimates.get(str(send["recipient"]), Estimate()).high
    return total


def check_cap(max_cost: Any, *, spent: float, high: float, messages: int, unpriced: int, currencies: int) -> float:
    """Give what is left of a cap, or refuse one that cannot be kept.

    Parameters
    ----------
    max_cost : float
        The cap, for the whole batch.
    spent : float
        What the batch cost so far.
    high : float
        The high estimate of all messages that are not sent yet.
    messages, unpriced, currencies : int
        How many messages those are, how many of them have no price, and in how many currencies.

    Raises
    ------
    InvalidRequestError
        If the cap is no amount, a price is missing, the currencies differ, or the high estimate passes the cap.
    """
    if isinstance(max_cost, bool) or not isinstance(max_cost, (int, float)) or not 0 <= max_cost < MOST_MONEY:
        raise invalid_argument("max_cost", max_cost, "an amount of the account's currency, 0 or more")
    if unpriced:
        raise invalid_argument(
            "max_cost", max_cost, "a plan with prices", f"{unpriced} rows have none: no cap can be kept."
        )
    if currencies > 1:
        raise invalid_argument("max_cost", max_cost, "a plan in one currency", "Amounts of several cannot be added.")
    if spent + high > max_cost + TOLERANCE:
        raise invalid_argument(
            "max_cost",
            max_cost,
            f"at least {spent + high:.4f}: {spent:.4f} spent so far and up to {high:.4f} for {messages} messages",
            "Nothing was sent. Raise the cap or plan fewer recipients.",
        )
    return float(max_cost) - spent
