"""The sandbox's own books: what its records cost, added up without any report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import NamedTuple

from nexmo_nb.sandbox.record_fields import FIELDS, find_amount_field
from nexmo_nb.sandbox.record_tables import list_between
from nexmo_nb.sandbox.subaccount_traffic import list_subaccounts
from nexmo_nb.sandbox.traffic import find_time_place
from nexmo_nb.sandbox.traffic_draw import YEAR
from nexmo_nb.sandbox.world import World


class Entry(NamedTuple):
    """A line of the books; country and network are empty where the product's records do not tell them."""

    product: str
    direction: str
    country: str
    account: str
    month: str
    """Such as ``2025-03``."""
    records: int
    amount: Decimal
    """EUR; it is exact."""


def add_up_books(
    world: World, start: datetime | None = None, end: datetime | None = None, accounts: Sequence[str] | None = None
) -> list[Entry]:
    """Add up what records cost by product, direction, country, account and month; by default the made-up year's.

    `accounts` are by default the main one and its subaccounts. Products that cost nothing are there, with 0.
    """
    start = start or datetime(YEAR, 1, 1, tzinfo=timezone.utc)
    end = end or datetime(YEAR + 1, 1, 1, tzinfo=timezone.utc)
    if accounts is None:
        accounts = (world.api_key, *(each.api_key for each in list_subaccounts(world.seed)))
    sums: dict[tuple[str, str, str, str, str], tuple[int, Decimal]] = {}
    for key in FIELDS:
        product, _, direction = key.partition(" ")
        if product in ("SMS", "MESSAGES"):
            direction = direction or "outbound"
        names, amount = FIELDS[key], find_amount_field(key)
        time_place = find_time_place(key)
        for record in list_between(world, product, direction or None, start, end, accounts):
            fields = dict(zip(names, record, strict=True))
            told = fields.get("direction", ""), fields.get("country", "")
            group = (product, *told, fields["account_id"], record[time_place][:7])
            count, total = sums.get(group, (0, Decimal(0)))
            sums[group] = (count + 1, total + (Decimal(fields[amount]) if amount else 0))
    return [Entry(*group, count, total) for group, (count, total) in sorted(sums.items())]
