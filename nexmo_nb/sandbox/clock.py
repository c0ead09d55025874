"""The sandbox's clock: it goes as the real one does, from a point that can be moved on, or stands still."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from nexmo_nb.sandbox.validation import show

LONGEST_MOVE = timedelta(days=3660)
"""By which all moves together may lead away from the real time."""
_UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_NUMBER = r"\d{1,12}(?:\.\d{1,6})?"
_SHORT = re.compile(rf"\s*({_NUMBER})\s*([dhms]?)\s*", re.ASCII)
_ISO = re.compile(
    rf"P(?:({_NUMBER})D)?(?:T(?=\d)(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?(?<![PT])", re.ASCII
)


def read_duration(value: Any) -> timedelta:
    """Read a duration: a timedelta, seconds, or text such as ``72h``, ``3d``, ``90s``, ``PT72H`` and ``P3D``."""
    seconds = _read_seconds(value)
    if seconds is None or not 0 <= seconds <= LONGEST_MOVE.total_seconds():
        raise ValueError(
            f"duration: got {show(value)}; allowed: a timedelta, seconds, or text such as '72h', '3d', '90s' or "
            f"'PT72H', from 0 to {LONGEST_MOVE.days:,} days."
        )
    return timedelta(seconds=seconds)


def _read_seconds(value: Any) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    found = _SHORT.fullmatch(value)
    if found:
        return float(found[1]) * _UNITS[found[2] or "s"]
    found = _ISO.fullmatch(value.strip())
    return (
        sum(float(number or 0) * unit for number, unit in zip(found.groups(), _UNITS.values(), strict=True))
        if found
        else None
    )


class Clock:
    """Tells the time of day, and the seconds that rate limits are counted by.

    The time of day is what everything in the sandbox goes by: dates, tokens, receipts, the course of a call. Rate
    limits count real seconds, which no move changes, unless the clock is frozen: then they too pass only by `move`.

    - `now`, `count_seconds`: the real time of day, and real seconds since any point.
    """

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        count_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now, self._count_seconds = now, count_seconds
        self._lock = threading.Lock()
        self.on_change: Callable[[], None] = lambda: None
        self._moved = timedelta(0)
        self._frozen: tuple[datetime, float] | None = None

    @property
    def is_frozen(self) -> bool:
        return self._frozen is not None

    @property
    def moved(self) -> timedelta:
        """How far the clock is from the real time."""
        frozen = self._frozen
        return frozen[0] - self._now() if frozen else self._moved

    def now(self) -> datetime:
        frozen = self._frozen
        return frozen[0] if frozen else self._now() + self._moved

    def count_seconds(self) -> float:
        frozen = self._frozen
        return frozen[1] if frozen else self._count_seconds()

    def move(self, duration: timedelta | float | str) -> datetime:
        """Move the clock on, by a timedelta, seconds or text such as ``72h``, ``3d`` or ``PT90S``; return its time.

        It goes on from there as before. It goes back only by `Sandbox.reset` and `Sandbox.restore`.
        """
        step = read_duration(duration)
        with self._lock:
            if self.moved + step > LONGEST_MOVE:
                raise ValueError(f"duration: the clock would be more than {LONGEST_MOVE.days:,} days ahead.")
            if self._frozen:
                self._frozen = self._frozen[0] + step, self._frozen[1] + step.total_seconds()
            else:
                self._moved += step
        self.on_change()
        return self.now()

    def freeze(self) -> None:
        """Stop the clock, so that its time passes by `move` alone; rate limits as well."""
        with self._lock:
            self._frozen = self._frozen or (self.now(), self.count_seconds())

    def run(self) -> None:
        """Let a frozen clock go on from where it stands."""
        with self._lock:
            if self._frozen:
                self._moved, self._frozen = self._frozen[0] - self._now(), None
        self.on_change()

    def reset(self) -> None:
        """Return to the real time."""
        self.set_state({"moved": 0.0, "frozen": None})

    def get_state(self) -> dict[str, Any]:
        """Describe the clock by what JSON knows: the seconds by which it was moved, and where it is frozen."""
        frozen = self._frozen[0].isoformat() if self._frozen else None
        return {"moved": self._moved.total_seconds(), "frozen": frozen}

    def set_state(self, state: dict[str, Any]) -> None:
        """Set the clock to what `get_state` described; a clock that was not frozen has gone on meanwhile."""
        frozen = state["frozen"]
        with self._lock:
            self._moved = timedelta(seconds=state["moved"])
            self._frozen = (datetime.fromisoformat(frozen), self._count_seconds()) if frozen else None
        self.on_change()
