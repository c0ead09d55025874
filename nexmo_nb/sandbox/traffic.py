"""The traffic of the made-up year 2025, and how reports look into it."""

from __future__ import annotations

import heapq
import itertools
import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import itemgetter

from nexmo_nb.sandbox.record_fields import FIELDS, Record, find_key
from nexmo_nb.sandbox.subaccount_traffic import list_subaccounts
from nexmo_nb.sandbox.traffic_draw import find_month_start, format_time
from nexmo_nb.sandbox.traffic_months import MonthBuilder
from nexmo_nb.sandbox.traffic_products import ProductBuilder
from nexmo_nb.sandbox.world import World

TIMES = ("date_received", "date_start", "start_time")
IDS = ("message_id", "call_id", "request_id", "id")


def find_time_place(key: str) -> int:
    """Find which field of a record says when it happened."""
    return next(FIELDS[key].index(name) for name in TIMES if name in FIELDS[key])


def iterate_records(
    world: World, product: str, direction: str | None, start: float, end: float, accounts: Sequence[str] = ()
) -> Iterator[Record]:
    """Give the records of a product from `start` and before `end` (Unix seconds), oldest first.

    They are those of the main account, unless `accounts` are given.
    """
    key = find_key(product, direction)
    names = FIELDS.get(key)
    if names is None:
        return
    place = find_time_place(key)
    # Records have whole seconds, and all of them are of one year.
    first, last = (min(max(math.ceil(at), find_month_start(1)), find_month_start(13)) for at in (start, end))
    for month in range(1, 13):
        if find_month_start(month) < last and find_month_start(month + 1) > first:
            found = [_load_records(world, account, month, key) for account in accounts or (world.api_key,)]
            for record in heapq.merge(*(_cut(each, place, first, last) for each in found), key=itemgetter(place)):
                if direction is None or "direction" not in names or record[names.index("direction")] == direction:
                    yield record


def find_records(world: World, key: str, ids: Sequence[str], accounts: Sequence[str] = ()) -> list[Record]:
    """Find the records with some ids, in the order of the ids; an id begins with its month."""
    names = FIELDS.get(key, ())
    places = [names.index(name) for name in IDS if name in names]
    found: dict[str, list[Record]] = {code: [] for code in ids}
    months = [month for month in range(1, 13) if any(code.startswith(f"{month:02d}") for code in ids)]
    for month, account in itertools.product(months if places else (), accounts or (world.api_key,)):
        for record in _load_records(world, account, month, key):
            for code in found.keys() & {record[place] for place in places}:
                found[code].append(record)
    return list(dict.fromkeys(itertools.chain.from_iterable(found.values())))


def _cut(records: list[Record], place: int, first: float, last: float) -> list[Record]:
    begin, stop = (bisect_left(records, format_time(at), key=itemgetter(place)) for at in (first, last))
    return records[begin:stop]


# Months of a few MB each.
@lru_cache(maxsize=4)
def _build_month(
    seed: object, api_key: str, numbers: tuple[str, ...], month: int, share: float
) -> dict[str, list[Record]]:
    return MonthBuilder(seed, api_key, numbers, month, share).build()


# Of each month all but the SMS that were sent: little, and a bill asks for one product after the other.
@lru_cache(maxsize=40)
def _build_products(
    seed: object, api_key: str, numbers: tuple[str, ...], month: int, share: float
) -> dict[str, list[Record]]:
    found = dict(_build_month(seed, api_key, numbers, month, share))
    sms = found.pop("SMS")
    return found | ProductBuilder(seed, api_key, numbers, month, share).build(sms)


def _load_records(world: World, account: str, month: int, key: str) -> list[Record]:
    shares = {each.api_key: each.share for each in list_subaccounts(world.seed)}
    seed: object = world.seed if account == world.api_key else f"{world.seed} {account}"
    build = _build_month if key == "SMS" else _build_products
    return build(seed, account, world.numbers_at_start, month, shares.get(account, 1.0))[key]
