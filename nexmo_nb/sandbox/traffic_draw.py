"""How the sandbox draws a month of its made-up year: times, places, outcomes, numbers and ids.

Each drawing depends on the words that it was begun with alone.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, NamedTuple

from nexmo_nb.sandbox.data import COUNTRIES, Country, Network, hash_to_int
from nexmo_nb.sandbox.record_fields import Record

YEAR = 2025
# How often each country is written to and called.
_WEIGHTS = {
    "GB": 30, "US": 14, "DE": 12, "PT": 10, "FR": 8, "ES": 6, "NA": 5, "IE": 4, "NL": 3, "PL": 3, "ZA": 3, "BR": 2,
}  # fmt: skip
# Networks whose price changed during the year: the month of the change, and the factor on today's price before it.
_CHANGES = {
    "23410": (4, "0.92"), "23430": (10, "1.05"), "26202": (7, "0.88"),
    "310260": (3, "1.15"), "64901": (9, "0.80"), "26803": (6, "1.08"),
}  # fmt: skip
# Networks that deliver less.
_POOR = ("64903", "21403")
# Status, its share on a good network and on a poor one, and its possible error codes.
_OUTCOMES = (
    ("delivered", 0.935, 0.70, ("0",)),
    ("failed", 0.028, 0.14, ("2", "8", "12")),
    ("expired", 0.018, 0.10, ("2", "7")),
    ("rejected", 0.010, 0.03, ("9", "4", "10")),
    ("unknown", 0.009, 0.03, ("1",)),
)
# Weights of the hours of a day.
_HOURS = (1, 1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 10, 9, 10, 10, 9, 9, 9, 8, 7, 5, 4, 2, 1)
_WEEKEND = 0.55


class Place(NamedTuple):
    country: Country
    network: Network

    @property
    def fields(self) -> Record:
        return self.network.code, self.network.name, self.country.code, self.country.name


def find_month_start(month: int) -> float:
    """Find when a month begins, as Unix seconds; month 13 is the next January."""
    return datetime(YEAR + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=timezone.utc).timestamp()


def format_time(at: float, timespec: str = "seconds") -> str:
    """Format Unix seconds as the Reports API does."""
    return datetime.fromtimestamp(at, tz=timezone.utc).isoformat(timespec=timespec)


class MonthDraw:
    """Draws of one month, by a random generator of its own, whose stream numpy does not change between versions."""

    def __init__(self, owned: Sequence[str], month: int, *words: Any) -> None:
        import numpy

        self._np, self.month = numpy, month
        self.random = numpy.random.RandomState(hash_to_int(*words) % 2**32)
        # Two numbers are not used from October on, and two never.
        self.owned = (owned[:-2] if month < 10 else owned[:-4]) or ("447400000000",)
        self.places = [Place(COUNTRIES[code], network) for code in _WEIGHTS for network in COUNTRIES[code].networks]

    def draw_weighted(self, weights: Sequence[float], count: int) -> Any:
        """Draw positions in `weights`, as an array of numpy."""
        shares = self._np.array(weights, dtype=float)
        return self.random.choice(len(weights), count, p=shares / shares.sum())

    def draw_times(self, count: int) -> list[float]:
        """Draw times in order, fewer at weekends and at night."""
        first_weekday, length = monthrange(YEAR, self.month)
        weights = [_WEEKEND if (first_weekday + day) % 7 >= 5 else 1.0 for day in range(length)]
        days, hours = self.draw_weighted(weights, count), self.draw_weighted(_HOURS, count)
        seconds = days * 86_400 + hours * 3600 + self.random.randint(0, 3600, count)
        start = find_month_start(self.month)
        return [start + second for second in sorted(seconds.tolist())]

    def draw_places(self, count: int) -> list[Place]:
        weights = [_WEIGHTS[place.country.code] / len(place.country.networks) for place in self.places]
        return [self.places[n] for n in self.draw_weighted(weights, count).tolist()]

    def draw_outcomes(self, places: Sequence[Place]) -> list[tuple[str, str, int]]:
        """Draw status, error code and latency in milliseconds."""
        count = len(places)
        dice, picks = self.random.random_sample((2, count)).tolist()
        latencies = self._np.clip(self.random.lognormal(8.0, 0.8, count), 250, 600_000).astype(int).tolist()
        outcomes = []
        for place, die, pick, latency in zip(places, dice, picks, latencies, strict=True):
            status, errors = _find_outcome(die, place.network.code)
            # A message expires after a day.
            late = 86_400_000 if status == "expired" else 0
            outcomes.append((status, errors[int(pick * len(errors))], late + latency))
        return outcomes

    def draw_tails(self, count: int) -> list[int]:
        return [*self.random.randint(0, 10**9, count).tolist()]

    def draw_own_numbers(self, count: int) -> list[str]:
        return [self.owned[n] for n in self.random.choice(len(self.owned), count).tolist()]

    def draw_ids(self, count: int) -> list[str]:
        """Draw UUIDs that begin with the month."""
        drawn = self.random.bytes(16 * count).hex()
        parts = (drawn[32 * n : 32 * n + 32] for n in range(count))
        return [f"{self.month:02d}{p[2:8]}-{p[8:12]}-4{p[13:16]}-8{p[17:20]}-{p[20:]}" for p in parts]

    def find_price(self, network: Network) -> str:
        month, factor = _CHANGES.get(network.code, (1, "1"))
        return network.sms if self.month >= month else f"{Decimal(network.sms) * Decimal(factor):.8f}"


def _find_outcome(dice: float, network: str) -> tuple[str, Sequence[str]]:
    for status, good, poor, errors in _OUTCOMES:
        dice -= poor if network in _POOR else good
        if dice < 0:
            return status, errors
    return "unknown", ("1",)
