"""The messages of a run that wait, and which of them may be next. Pure.

They stand in lanes, each in its order: those from one number of the account make a lane, because that number has a pace
of its own, and all others make one. A lane whose number is busy does not hold up the others, and of those that are free
the one that was served longest ago is first, so that none starves.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping


class Waiting:
    """Messages that wait, by their ids: `lanes` are those of all messages of the run, in the order of the plan."""

    def __init__(self, lanes: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        self._lane_of, self._clock = dict(lanes), clock
        self._lanes: dict[str, deque[str]] = {}  # the one that was served last comes last
        self._busy_until: dict[str, float] = {}
        self._places = {send_id: place for place, send_id in enumerate(lanes)}
        for send_id in lanes:
            self.append(send_id)

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def list_ids(self) -> list[str]:
        """List those that wait, lane by lane."""
        return [send_id for lane in self._lanes.values() for send_id in lane]

    def find_first(self) -> str:
        """Find the first of the plan among those that are the next of their lanes."""
        return min((lane[0] for lane in self._lanes.values() if lane), key=self._places.__getitem__)

    def find_lane(self, send_id: str) -> str:
        return self._lane_of[send_id]

    def choose(self, count: int) -> list[str]:
        """Choose messages that may leave now, one lane after the other; they wait until they are taken."""
        now, chosen = self._clock(), list[str]()
        free = [lane for name, lane in self._lanes.items() if lane and self._busy_until.get(name, -math.inf) <= now]
        turn = 0
        while len(chosen) < count and free:
            chosen += [lane[turn] for lane in free[: count - len(chosen)]]
            turn += 1
            free = [lane for lane in free if len(lane) > turn]
        return chosen

    def take(self, chosen: Iterable[str]) -> None:
        """Take messages away that leave, or that somebody else sends; their lanes are served last from now."""
        for send_id in chosen:
            name = self._lane_of[send_id]
            lane = self._lanes.pop(name)
            lane.remove(send_id)
            self._lanes[name] = lane

    def remove(self, gone: Collection[str]) -> None:
        """Remove messages that may not leave now; it makes no difference to the turns of their lanes."""
        if gone:
            self._lanes = {name: deque(each for each in lane if each not in gone) for name, lane in self._lanes.items()}

    def put_back(self, taken: Iterable[str]) -> None:
        """Let messages wait again, in this order, before the others of their lanes."""
        for send_id in reversed(list(taken)):
            self._lanes[self._lane_of[send_id]].appendleft(send_id)

    def append(self, send_id: str) -> None:
        """Let a message wait after the others of its lane."""
        self._lanes.setdefault(self._lane_of[send_id], deque()).append(send_id)

    def delay(self, lane: str, seconds: float) -> None:
        """Let a lane wait for so long."""
        self._busy_until[lane] = self._clock() + seconds

    def seconds_until_free(self) -> float:
        """Return the seconds until a lane in which a message waits is free; 0.0 if one is, or none waits."""
        ends = [self._busy_until.get(name, -math.inf) for name, lane in self._lanes.items() if lane]
        return max(0.0, min(ends) - self._clock()) if ends else 0.0
