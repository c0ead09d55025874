"""The price lists that were read, as they changed over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from nexmo_nb.state import notes_sql as sql
from nexmo_nb.state.database import Connection, read_rows
from nexmo_nb.state.notes_file import NotesFile

Price = Mapping[str, Any]
"""A price in a list: ``country, network_code, country_name, network_name, price, currency``."""


class PriceHistory(NotesFile):
    def record_prices(self, product: str, countries: Iterable[str], listed: Iterable[Price]) -> None:
        """Record what changed in a product's price list, which was read completely for some countries."""

        def work(connection: Connection) -> None:
            known = read_rows(connection, sql.SELECT_PRICES_OF_PRODUCT, {"product": product})
            latest = connection.execute(sql.SELECT_LAST_SEEN).fetchone()[0]
            # Later than all prices: a clock that was set back must not change their order.
            seen = self.clock() if latest is None else max(self.clock(), latest + 0.001)
            changed = find_changed_prices(known, listed, countries)
            connection.executemany(sql.INSERT_PRICE, [{**row, "product": product, "seen": seen} for row in changed])

        self.transact(work)

    def read_prices(self) -> list[dict[str, Any]]:
        """Return every recorded price, oldest first, with ``product`` and ``seen`` (Unix seconds)."""
        return self.read_rows(sql.SELECT_PRICES)


def find_changed_prices(
    known: Iterable[Price], listed: Iterable[Price], countries: Iterable[str]
) -> list[dict[str, Any]]:
    """Find the prices of a list that are new or differ from the recorded ones, `known`, which are given oldest first.

    A network of a country that the list covers, and that is not listed any more, gets the price None.
    """
    covered = set(countries)
    last = {(row["country"], row["network_code"]): row for row in known}
    current = {(row["country"], row["network_code"] or ""): row for row in listed}
    changed = [
        {**row, "network_code": network[1]}
        for network, row in current.items()
        if network not in last or not _is_same_price(last[network], row)
    ]
    gone = [
        {**row, "price": None}
        for network, row in last.items()
        if network[0] in covered and network not in current and row["price"] is not None
    ]
    return changed + gone


def _is_same_price(known: Price, listed: Price) -> bool:
    if known["currency"] != listed["currency"] or (known["price"] is None) != (listed["price"] is None):
        return False
    return known["price"] is None or math.isclose(known["price"], listed["price"], rel_tol=1e-9)
