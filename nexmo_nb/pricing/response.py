"""Responses with balances and prices as rows. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from nexmo_nb.contacts.countries import find_country
from nexmo_nb.errors import UnreachableError
from nexmo_nb.frames import Column, parse_number, to_text
from nexmo_nb.session import Listing, get_field

COLUMNS = (
    *map(Column, ("country", "country_name", "prefix", "network_code", "network_name", "network_type", "mcc", "mnc")),
    Column("price", "float64"),
    Column("currency"),
    Column("detail"),
    Column("rate_increment", "float64"),
    Column("default_price", "float64"),
    Column("aliases"),
    Column("ranges"),
)
NETWORK, COUNTRY = "network", "country"
"""How fine a price is."""
COUNTRY_LISTING = Listing(page="page", size="page_size", rows=("_embedded", "countries"), total="total_items")
"""How the second version of the price list pages."""


def parse_balance(body: Any) -> float:
    value = parse_number(get_field(body, "value"))
    if math.isnan(value):
        raise UnreachableError("Could not read the balance: the answer holds none. Try again.")
    return value


def parse_prices(body: Any, country: str | None, currency: str) -> list[dict[str, Any]]:
    """Turn the prices of one country, or with None of all countries, into rows of `COLUMNS`."""
    if country is None:
        countries = _check_objects(get_field(body, "countries"), "countries")
        rows = [row for each in countries for row in _parse_networks(each, currency)]
        if rows and all(row["country"] is None for row in rows):
            raise UnreachableError(
                "Could not read the price list: it does not say of which countries it is. Try again."
            )
        return rows
    if not body:
        return []
    # The answer for one country need not name it.
    if not isinstance(body, dict) or (body.get("countryCode") or country) != country:
        raise UnreachableError(f"Could not read the prices of {country}: the answer is not of this country. Try again.")
    return _parse_networks({**body, "countryCode": country}, currency)


def parse_country_prices(rows: Iterable[Mapping[str, Any]], country: str | None, currency: str) -> list[dict[str, Any]]:
    """Turn rows of the second version of the price list into rows of `COLUMNS`; it names countries, without codes."""
    return [
        {
            "country": country or find_country(row.get("country_name"), row.get("dialing_prefix")),
            "country_name": to_text(row.get("country_name")),
            "prefix": to_text(row.get("dialing_prefix")),
            "network_type": to_text(row.get("dest_network_type")),
            "price": row.get("price"),
            "currency": to_text(row.get("currency") or currency),
            "detail": COUNTRY,
            "rate_increment": row.get("rate_increment"),
        }
        for row in rows
    ]


def build_history_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turn rows of `COLUMNS` into those that the price history keeps: of a country, with a number or None as price."""
    missing = dict.fromkeys(("network_code", "country_name", "network_name", "currency"))
    history = []
    for row in rows:
        price = parse_number(row.get("price"))
        if row.get("country"):
            history.append({**missing, **row, "price": None if math.isnan(price) else price})
    return history


def _parse_networks(country: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    """Turn a country into one row a network, or into one row with its default price if it has no networks."""
    name = country.get("countryDisplayName") or country.get("countryName")
    shared = {
        # The whole list is documented without codes.
        "country": to_text(country.get("countryCode")) or find_country(name, country.get("dialingPrefix")),
        "country_name": to_text(name),
        "prefix": country.get("dialingPrefix"),
        "currency": to_text(country.get("currency") or currency),
        "default_price": country.get("defaultPrice"),
    }
    rows = [
        {
            **shared,
            "network_code": to_text(network.get("networkCode")),
            "network_name": to_text(network.get("networkName")),
            "network_type": network.get("type"),
            "mcc": network.get("mcc"),
            "mnc": network.get("mnc"),
            "price": network.get("price"),
            "currency": to_text(network.get("currency") or shared["currency"]),
            "detail": NETWORK,
            "aliases": _join_values(network.get("aliases")),
            "ranges": _join_values(network.get("ranges")),
        }
        for network in _check_objects(country.get("networks") or [], "networks")
    ]
    if not rows and country.get("defaultPrice") is not None:
        return [{**shared, "price": country["defaultPrice"], "detail": COUNTRY}]
    return rows


def _join_values(values: Any) -> str | None:
    """Write a list of codes or prefixes as one text; anything else as it is."""
    return ", ".join(str(to_text(each)) for each in values) or None if isinstance(values, list) else to_text(values)


def _check_objects(value: Any, what: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UnreachableError(f"Could not read the price list: the answer holds no list of {what}. Try again.")
    return value
