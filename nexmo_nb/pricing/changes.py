"""Which prices changed, from a history of the prices that were seen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nexmo_nb.frames import TIME, Column

COLUMNS = (
    *map(Column, ("product", "country", "country_name", "network_code", "network_name")),
    Column("price_before", "float64"),
    Column("price_after", "float64"),
    Column("change", "float64"),
    Column("currency"),
    Column("seen", TIME),
)


def find_changes(history: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turn a history, oldest first, into rows of `COLUMNS`; a country's first prices are no change."""
    first_seen: dict[tuple[str, str], float] = {}
    latest: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    changes = []
    for price in history:
        country = (price["product"], price["country"])
        network = (*country, price["network_code"])
        before = latest.get(network, {})
        latest[network] = price
        if price["seen"] > first_seen.setdefault(country, price["seen"]):
            old, new = before.get("price"), price["price"]
            is_comparable = old and new is not None and before.get("currency") == price["currency"]
            change = new / old - 1 if is_comparable else None
            changes.append({**price, "price_before": old, "price_after": new, "change": change})
    return changes
