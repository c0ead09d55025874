"""The traffic of the made-up year 2025, and how reports look into it."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import itemgetter

from nexmo_nb.sandbox.traffic_months import FIELDS, MonthBuilder, Record, find_month_start, format_time
from nexmo_nb.sandbox.world import World

TIMES = ("date_received", "date_start", "start_time")
IDS = ("message_id", "call_id", "id")


def find_key(product: str, direction: str | None) -> str:
    """Find the key of `FIELDS` for a product and a direction; the product itself where it has none."""
    key = f"{product} {direction}"
    return key if key in FIELDS else product


def iterate_records(world: World, product: str, direction: str | None, start: float, end: float) -> Iterator[Record]:
    """Give the records of a product from `start` and before `end` (Unix seconds), oldest first."""
    key = find_key(product, direction)
    names = FIELDS.get(key)
    if names is None:
        return
    place = next(names.index(name) for name in TIMES if name in names)
    # Records have whole seconds, and all of them are of one year.
    first, last = (min(max(math.ceil(at), find_month_start(1)), find_month_start(13)) for at in (start, end))
    for month in range(1, 13):
        if find_month_start(month) < last and find_month_start(month + 1) > first:
            records = _load_month(world, month)[key]
            begin, stop = (bisect_left(records, format_time(at), key=itemgetter(place)) for at in (first, last))
            for record in records[begin:stop]:
                if direction is None or "direction" not in names or record[names.index("direction")] == direction:
                    yield record


def find_records(world: World, key: str, ids: Sequence[str]) -> list[Record]:
    """Find the records with some ids, in the order of the ids; an id begins with its month."""
    names = FIELDS.get(key, ())
    places = [names.index(name) for name in IDS if name in names]
    found: dict[str, list[Record]] = {code: [] for code in ids}
    for month in range(1, 13):
        if places and any(code.startswith(f"{month:02d}") for code in ids):
            for record in _load_month(world, month)[key]:
                for code in found.keys() & {record[place] for place in places}:
                    found[code].append(record)
    return list(dict.fromkeys(itertools.chain.from_iterable(found.values())))


# Months of a few MB each.
@lru_cache(maxsize=4)
def _build_month(seed: int, api_key: str, numbers: tuple[str, ...], month: int) -> dict[str, list[Record]]:
    return MonthBuilder(seed, api_key, numbers, month).build()


def _load_month(world: World, month: int) -> dict[str, list[Record]]:
    return _build_month(world.seed, world.api_key, world.numbers_at_start, month)
