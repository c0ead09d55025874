"""Which messages of a run may leave by the clock: now, later, or not any more in this run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from heapq import heappop, heappush

from nexmo_nb.campaigns.openings import ALWAYS, Opening, show_moment, show_wait


class Timetable:
    """The openings of messages, by their ids; those without one may leave at any time.

    `clock` gives the time of day in Unix seconds. It may be set, and the machine may sleep: so each look at it counts
    anew, and a message that was let in is looked at again before it leaves.
    """

    def __init__(self, openings: Mapping[str, Opening], clock: Callable[[], float]) -> None:
        self.missed: list[str] = []  # their opening ended before they could leave
        self._openings, self._clock = openings, clock
        self._later: list[tuple[float, int, str]] = []  # by the begin of their openings, then in order
        self._count = 0
        self._next_end = math.inf  # of the openings of those that were let in

    def __len__(self) -> int:
        """Count those that wait for their opening."""
        return len(self._later)

    @property
    def begin(self) -> float:
        """When the next opening of those that wait begins."""
        return self._later[0][0] if self._later else math.inf

    def let_in(self, ids: Iterable[str]) -> list[str]:
        """Give those of some messages that may leave now, in order; the others wait, or have missed their opening."""
        now = self._clock()
        return [send_id for send_id in ids if self._is_open(send_id, now)]

    def let_in_waiting(self) -> list[str]:
        """Give those of the messages that wait whose opening has begun."""
        now, found = self._clock(), []
        while self._later and self._later[0][0] <= now:
            send_id = heappop(self._later)[2]
            if self._is_open(send_id, now):
                found.append(send_id)
        return found

    def has_ended(self) -> bool:
        """Tell whether an opening of those that were let in has ended, so that all of them must be looked at."""
        if self._clock() < self._next_end:
            return False
        self._next_end = math.inf
        return True

    def seconds_until_begin(self) -> float:
        return max(0.0, self.begin - self._clock())

    def describe(self) -> str:
        begin, wait = show_moment(self.begin), show_wait(self.seconds_until_begin())
        return f"{len(self)} messages wait. The first may leave at {begin}, in {wait}."

    def _is_open(self, send_id: str, now: float) -> bool:
        """Tell whether a message may leave, and note when it may, if it may not."""
        opening = self._openings.get(send_id, ALWAYS)
        if opening.has(now):
            self._next_end = min(self._next_end, opening.end)
            return True
        if now < opening.begin:
            self._count += 1
            heappush(self._later, (opening.begin, self._count, send_id))
        else:
            self.missed.append(send_id)
        return False
