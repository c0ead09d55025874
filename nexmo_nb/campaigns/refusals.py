"""Refusals of a run: the same one many times in a row, and one message that is throttled while others are not. Pure."""

from __future__ import annotations

from typing import NamedTuple

from nexmo_nb.campaigns.decisions import Action
from nexmo_nb.errors import NexmoError, RateLimitedError, RejectedError

MOST_ALIKE = 20  # in a row; then the run stops, so that a person looks at it
MOST_TRIES = 5  # of a message that is throttled while others come through
THROTTLED = "1"
"""The status of an SMS that was throttled."""


class Row(NamedTuple):
    """The newest refusals in a row, in the order of the answers, that have the same code."""

    code: str | None = None
    length: int = 0


class Tries(NamedTuple):
    """How often a message was throttled, and how many others had come through when it was for the first time."""

    times: int
    others: int


def follow(row: Row, action: Action, problem: BaseException | None) -> Row:
    """Follow the answers: a message that was accepted, or refused with another code, begins a row anew.

    What was not sent, or has no answer, tells nothing of refusals.
    """
    if action is Action.COUNT:
        return Row()
    if action is not Action.SKIP:
        return row
    code = getattr(problem, "code", None)
    return Row(code, row.length + 1 if row.length and row.code == code else 1)


def must_stop(row: Row, waiting: int) -> bool:
    """Tell whether a run stops, of which so many messages wait: they would be refused as well, it seems."""
    return waiting > 0 and row.length >= MOST_ALIKE


def alike_error(row: Row, problem: NexmoError) -> RejectedError:
    """Make the error for a run that stops, by the newest of its refusals."""
    return RejectedError(
        f"{row.length} messages in a row were refused in the same way, so the others were not sent. The last one: "
        f"{problem}",
        status=problem.status,
        code=problem.code,
        meaning=problem.meaning,
    )


def count_try(tries: Tries | None, others: int) -> Tries:
    """Count that a message was throttled, after so many others came through in this run; None: for the first time."""
    return Tries(1, others) if tries is None else tries._replace(times=tries.times + 1)


def must_set_aside(tries: Tries, others: int) -> bool:
    """Tell whether a message is what is throttled, and not the account: it is again and again, and others are not."""
    return tries.times >= MOST_TRIES and others > tries.others


def set_aside_error(tries: Tries, problem: RateLimitedError) -> RejectedError:
    """Make the refusal that stands for a message that is set aside."""
    return RejectedError(
        f"Set aside, because it was throttled {tries.times} times while other messages came through: {problem}",
        status=problem.status,
        code=problem.code or THROTTLED,
        meaning="throttled",
    )
