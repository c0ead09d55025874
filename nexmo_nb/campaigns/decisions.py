"""The decisions of a batch: what may leave now, what an answer calls for, how long to pause, what prices tell. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from nexmo_nb.errors import AuthenticationError, NexmoError, RateLimitedError, RejectedError, UnreachableError
from nexmo_nb.session import LONGEST_RETRY_AFTER, LateError
from nexmo_nb.state.sends import sum_prices

FATAL_CODES = ("9", "low-balance")  # no credit left: every other recipient would be refused as well
PAYMENT_REQUIRED = 402  # the same, as an HTTP status
MOST_FAILURES = 20  # in a row; then the batch stops, so that a person looks at it
FIRST_PAUSE = 0.5  # seconds before a failed message is tried again; doubled after each further failure
LONGEST_PAUSE = 8.0  # seconds, unless the server asks for a longer one
FIRST_WORKERS, MOST_WORKERS = 8, 64  # before the first answer came; where the answers are slow
MARGIN = 1.5  # workers for each that the mean latency needs: some answers take longer
WEIGHT = 1 / 8  # of the newest message in the time that a message takes
TOLERANCE = 1e-9  # of an amount: sums of floats differ by their rounding


class Estimate(NamedTuple):
    """The price of a message over the networks of its country, lowest and highest; 0.0 where it is not known."""

    low: float = 0.0
    high: float = 0.0


class Prices(NamedTuple):
    """What the prices so far say about the estimates, in a run whose cost is limited."""

    is_limited: bool = False
    factor: float = 1.0  # how many times its estimate a message cost, at most
    has_any: bool = False  # whether the real price of a message is known yet


class Backoff(NamedTuple):
    """Failures and pauses in a row since a message last came through."""

    failures: int = 0
    pauses: int = 0
    is_due: bool = False  # whether a pause must come before the next message
    retry_after: float | None = None  # seconds of that pause, where the server named them


class Action(Enum):
    """What an answer calls for."""

    COUNT = "accepted: count its price"
    SKIP = "refused: go on with the next"
    RETRY = "surely not sent: back into the queue, and pause"
    REQUEUE = "its slot was too old to be sent under: back into the queue, for another"
    STOP = "refused as every other would be: back into the queue, and stop"
    ASSUME_PAID = "nobody knows: it counts as paid at its estimate"
    RAISE = "a fault of our own: it counts as paid, and the run stops and raises it"

    @property
    def returns_to_queue(self) -> bool:
        """Whether the message is planned again."""
        return self in (Action.RETRY, Action.REQUEUE, Action.STOP)


def choose_action(problem: BaseException | None) -> Action:
    """Choose what to do about the answer to one message; None: it was accepted."""
    if problem is None:
        return Action.COUNT
    if isinstance(problem, LateError):
        return Action.REQUEUE
    if isinstance(problem, (RateLimitedError, UnreachableError)):
        return Action.RETRY
    if isinstance(problem, AuthenticationError):
        return Action.STOP
    if isinstance(problem, RejectedError):
        is_fatal = problem.code in FATAL_CODES or problem.status == PAYMENT_REQUIRED
        return Action.STOP if is_fatal else Action.SKIP
    return Action.ASSUME_PAID if isinstance(problem, NexmoError) else Action.RAISE


def average_seconds(average: float | None, seconds: float) -> float:
    """Average the time that messages take, the newest ones before all; None: this is the first."""
    return seconds if average is None else average + WEIGHT * (seconds - average)


def count_workers(pace: float, seconds: float | None) -> int:
    """Count the workers that keep a pace, in messages a second, where a message takes some time (None: not known yet).

    By Little's law, as many messages are in flight as leave in the time that one of them takes.
    """
    if seconds is None:
        return FIRST_WORKERS
    return min(MOST_WORKERS, 1 + math.ceil(pace * seconds * MARGIN))


def count_allowed(workers: int, waiting: int, in_flight: int, prices: Prices, backoff: Backoff) -> int:
    """Count how many messages may leave now, as far as it does not cost too much: that the ledger decides."""
    if backoff.is_due:
        return 0
    # One at a time after a failure, until one comes through, and under a cap until a price is known.
    is_careful = backoff.failures > 0 or (prices.is_limited and not prices.has_any)
    return min(waiting, max(0, (1 if is_careful else workers) - in_flight))


def find_price(rows: Sequence[Mapping[str, Any]], estimate: Estimate) -> tuple[float, bool]:
    """Find what an accepted message counts, and whether that is its real price."""
    price = sum_prices(rows) or 0.0
    is_known = all(row["price"] is not None for row in rows if row["status"] == "0")
    # Where an accepted part came without its price, the estimate counts, or what is known if that is more.
    return (price if is_known else max(price, estimate.high)), is_known


def learn_price(prices: Prices, price: float, estimate: Estimate, *, is_known: bool) -> Prices:
    """Learn from what a message cost how good the estimates are."""
    if not prices.is_limited:
        return prices
    factor = prices.factor
    if 0 < estimate.high < price:
        # The network of a number is not known: for another one the estimate may be wrong by as much more.
        factor = max(factor, price / (estimate.low or estimate.high))
    return Prices(True, factor, prices.has_any or is_known)


def record_failure(backoff: Backoff, retry_after: float | None, *, was_alone: bool) -> Backoff:
    """Count a message that was surely not sent; a pause is due. Whether it left alone, see `_count_failures`."""
    return Backoff(_count_failures(backoff.failures, was_alone), backoff.pauses, True, retry_after)


def record_doubt(backoff: Backoff, *, was_alone: bool) -> Backoff:
    """Count a message of which nobody knows what became; it is not tried again, so no pause is due for it."""
    return backoff._replace(failures=_count_failures(backoff.failures, was_alone))


def _count_failures(failures: int, was_alone: bool) -> int:
    """Count one more failure, but of those that left together not so many that they would stop the batch.

    The trouble of a moment meets all messages in flight, however many these are.
    """
    return failures + 1 if was_alone or failures < FIRST_WORKERS else failures


def record_progress(backoff: Backoff) -> Backoff:
    """Start counting anew after the server dealt with a message; a pause that is due stays due."""
    return backoff._replace(failures=0, pauses=0)


def record_pause(backoff: Backoff) -> Backoff:
    return backoff._replace(pauses=backoff.pauses + 1, is_due=False)


def find_pause(backoff: Backoff) -> float:
    """Find the seconds to wait before the next try."""
    if backoff.retry_after is not None:
        return backoff.retry_after
    return float(min(FIRST_PAUSE * 2**backoff.pauses, LONGEST_PAUSE))


def must_stop(action: Action, backoff: Backoff) -> bool:
    """Tell whether an answer ends the run: an error for all, many failures in a row, or a very long pause asked for."""
    if action is Action.RETRY and (backoff.retry_after or 0) > LONGEST_RETRY_AFTER:
        return True
    if action in (Action.RETRY, Action.ASSUME_PAID):
        return backoff.failures >= MOST_FAILURES
    return action in (Action.STOP, Action.RAISE)
