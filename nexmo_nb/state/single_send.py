"""The record of a single send: its intent before the request, its outcome after it, whatever happens between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Protocol

from nexmo_nb.state.sends import Entry, Outcome


class Recorder(Protocol):
    """What a single send needs of the ledger."""

    def record_intent(self, entry: Entry) -> list[dict[str, Any]] | None: ...
    def record_outcomes(self, outcomes: Sequence[Outcome]) -> None: ...
    def close_sends(self, ids: Iterable[str]) -> None: ...


class SingleSend:
    """The record of a single send, as a context for `record_intent`, the request and `record_outcome`, in this order.

    An error or an interrupt that leaves the context after the intent is an outcome, too, and is recorded.
    """

    def __init__(self, ledger: Recorder, entry: Entry) -> None:
        self._ledger, self._entry = ledger, entry
        self._rows: list[dict[str, Any]] | None = None
        self._has_intent = False

    def __enter__(self) -> SingleSend:
        return self

    def record_intent(self) -> list[dict[str, Any]] | None:
        """Record the intent; a key that was sent before gives its parts instead. See `Ledger.record_intent`."""
        known = self._ledger.record_intent(self._entry)
        self._has_intent = known is None
        return known

    def record_outcome(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows
        self._ledger.record_outcomes([Outcome(self._entry.id, rows)])

    def __exit__(self, kind: object, problem: BaseException | None, traceback: TracebackType | None) -> None:
        # An interrupt inside `record_intent` may have come after its commit; nothing left then.
        is_open = self._has_intent or (problem is not None and not isinstance(problem, Exception))
        if problem is not None and is_open:
            if self._rows is None:
                outcome = Outcome(self._entry.id, None, problem, is_unsent=not self._has_intent)
            else:
                outcome = Outcome(self._entry.id, self._rows)
            retry_on_interrupt(lambda: self._ledger.record_outcomes([outcome]))
        self._ledger.close_sends([self._entry.id])


def retry_on_interrupt(work: Callable[[], None]) -> None:
    """Do what an interrupt must not break off: it is done again, and then the interrupt goes on.

    A second interrupt leaves the row in ``sending``: `Ledger.mark_abandoned_unknown` makes it unknown.
    """
    try:
        work()
    except KeyboardInterrupt:
        work()
        raise
