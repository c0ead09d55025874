"""Responses with balances and prices as rows. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from nexmo_nb.errors import UnreachableError
from nexmo_nb.frames import Column, parse_number, to_text
from nexmo_nb.session import get_field

COLUMNS = (
    *map(Column, ("country", "country_name", "prefix", "network_code", "network_name", "network_type", "mcc", "mnc")),
    Column("price", "float64"),
    Column("currency"),
)


def parse_balance(body: Any) -> float:
    value = parse_number(get_field(body, "value"))
    if math.isnan(value):
        raise UnreachableError("Could not read the balance: the answer holds none. Try again.")
    return value


def parse_prices(body: Any, country: str | None, currency: str) -> list[dict[str, Any]]:
    """Turn the prices of one country, or with None of all countries, into rows of `COLUMNS`."""
    if country is None:
        countries = _check_objects(get_field(body, "countries"), "countries")
        return [row for each in countries for row in _parse_networks(each, currency)]
    if not body:
        return []
    # The answer for one country need not name it.
    if not isinstance(body, dict) or (body.get("countryCode") or country) != country:
        raise UnreachableError(f"Could not read the prices of {country}: the answer is not of this country. Try again.")
    return _parse_networks({**body, "countryCode": country}, currency)


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
    shared = {
        "country": to_text(country.get("countryCode")),
        "country_name": to_text(country.get("countryDisplayName") or country.get("countryName")),
        "prefix": country.get("dialingPrefix"),
        "currency": to_text(country.get("currency") or currency),
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
        }
        for network in _check_objects(country.get("networks") or [], "networks")
    ]
    if not rows and country.get("defaultPrice") is not None:
        return [{**shared, "price": country["defaultPrice"]}]
    return rows


def _check_objects(value: Any, what: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UnreachableError(f"Could not read the price list: the answer holds no list of {what}. Try again.")
    return value
