"""The price lists that were read, as they changed over time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from nexmo_nb.state import notes_sql as sql
from nexmo_nb.state.notes_file import NotesFile
from nexmo_nb.state.sqlite import Connection

Price = Mapping[str, Any]
"""A price in a list: ``country, network_code, country_name, network_name, price, currency``."""


class PriceHistory:
    """The prices that one account saw on this machine, shared by its processes.

    A file that cannot be used costs a warning; then no price is found, and none is recorded.

    Parameters
    ----------
    path : Path
        The database file.
    clock : callable, optional
        Unix time; for tests.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.file = NotesFile(path)
        self.clock = clock

    def record_prices(self, product: str, countries: Iterable[str], rows: Iterable[Price]) -> None:
        """Record what changed in a price list that was read completely for some countries.

        Parameters
        ----------
        product : str
            The product that the list is of.
        countries : iterable of str
            The countries that the list covers. A network of theirs that is not listed any more gets the price None.
        rows : iterable of mappings
            Each has ``country, network_code, country_name, network_name, price, currency``.
        """
        listed, covered = list(rows), set(countries)

        def work(connection: Connection) -> None:
            known = _read_prices(connection, sql.SELECT_PRICES_OF_PRODUCT, {"product": product})
            values = {"product": product, "seen": self._choose_time(connection)}
            changed = find_changed_prices(known, listed, covered)
            connection.executemany(sql.INSERT_PRICE, [{**row, **values} for row in changed])

        self.file.transact(work)

    def read_prices(self) -> list[dict[str, Any]]:
        """Return every recorded price, oldest first, with ``product`` and ``seen`` (Unix seconds)."""
        none: list[dict[str, Any]] = []
        return self.file.read(lambda connection: _read_prices(connection, sql.SELECT_PRICES), none)

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def _choose_time(self, connection: Connection) -> float:
        """Return the time, but later than that of all prices: a clock that was set back must not change their order."""
        latest = connection.execute(sql.SELECT_LAST_SEEN).fetchone()[0]
        return self.clock() if latest is None else max(self.clock(), latest + 0.001)


def find_changed_prices(
    known: Iterable[Price], listed: Iterable[Price], countries: AbstractSet[str]
) -> list[dict[str, Any]]:
    """Find the prices that are new, those that differ, and those that are gone.

    Parameters
    ----------
    known : iterable of mappings
        Recorded prices, oldest first.
    listed : iterable of mappings
        The prices of a list.
    countries : set of str
        The countries that the list covers.

    Returns
    -------
    list of dict
        The prices to record; that of a network that is gone from a country in `countries` is None.
    """
    last = {(row["country"], row["network_code"]): row for row in known}
    current = {(row["country"], row["network_code"] or ""): row for row in listed}
    changed = [
        _build_price(place, row, row["price"])
        for place, row in current.items()
        if place not in last or not _is_same_price(last[place], row)
    ]
    gone = [
        _build_price(place, row, None)
        for place, row in last.items()
        if place[0] in countries and place not in current and row["price"] is not None
    ]
    return changed + gone


def _build_price(place: tuple[str, str], row: Price, price: float | None) -> dict[str, Any]:
    country, network_code = place
    names = {name: row[name] for name in ("country_name", "network_name", "currency")}
    return {"country": country, "network_code": network_code, "price": price, **names}


def _is_same_price(known: Price, listed: Price) -> bool:
    if known["currency"] != listed["currency"] or (known["price"] is None) != (listed["price"] is None):
        return False
    return known["price"] is None or math.isclose(known["price"], listed["price"], rel_tol=1e-9)


def _read_prices(
    connection: Connection, statement: str, values: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    rows = connection.execute(statement, values or {}).fetchall()
    return [dict(zip(sql.PRICE_COLUMNS, row, strict=True)) for row in rows]
