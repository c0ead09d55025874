"""The note of a batch's last run in the ledger: when it began and ended, and why it stopped; nobody is named in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from nexmo_nb.errors import (
    AuthenticationError,
    NexmoError,
    RateLimitedError,
    UnknownOutcomeError,
    UnreachableError,
)
from nexmo_nb.state.ledger import Ledger

_REASONS: dict[type[BaseException], str] = {
    AuthenticationError: "the account was refused",
    RateLimitedError: "messages were refused for speed",
    UnreachableError: "Nexmo, or the state of the account, could not be reached",
    UnknownOutcomeError: "messages got no answer",
    KeyboardInterrupt: "interrupted",
}


@contextmanager
def note_run(ledger: Ledger, batch: str, max_cost: float | None) -> Iterator[Callable[[str], None]]:
    """Note that a run goes on in the block, and how it ends; a run without an end was killed.

    It gives a function that notes a reason that is no error.
    """
    reasons: list[str] = []
    ledger.batches.write_begin(batch, max_cost)
    try:
        yield reasons.append
    except BaseException as problem:
        reasons.append(describe_stop(problem))
        raise
    finally:
        with suppress(UnreachableError):  # the run itself tells that the ledger cannot be used
            ledger.batches.write_end(batch, reasons[-1] if reasons else None)


def describe_stop(problem: BaseException) -> str:
    """Say why a run stopped; the message of an error may name a recipient, who may be forgotten later."""
    words = next((words for kind, words in _REASONS.items() if isinstance(problem, kind)), type(problem).__name__)
    if not isinstance(problem, NexmoError) or problem.meaning is None:
        return words
    return problem.meaning if problem.code is None else f"{problem.meaning} (status {problem.code})"
