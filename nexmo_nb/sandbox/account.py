"""The account: balance, settings, top-up and the price list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nexmo_nb.sandbox.auth import authorised
from nexmo_nb.sandbox.data import COUNTRIES, Country
from nexmo_nb.sandbox.numbers import DENIED, required
from nexmo_nb.sandbox.world import Answer, Request, World

__all__ = ["balance", "pricing", "settings", "top_up"]

# The price list has errors of its own shape.
NO_PRICES = Answer(401, {"currency": "EUR", "code": "401", "error-code-label": "authentication failed"})
NOT_FOUND = Answer(404, {"type": "NOT_FOUND", "error_title": "Not Found"})


def balance(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Tell the balance, as a number."""
    if not authorised(world, request, by_query=True):
        return DENIED
    return Answer(200, {"value": float(round(world.balance, 8)), "autoReload": False})


def settings(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Show the account's settings; the sandbox takes no new ones."""
    if not authorised(world, request, by_query=True):
        return DENIED
    limits = {"max-outbound-request": 30, "max-inbound-request": 30, "max-calls-per-second": 30}
    return Answer(200, {"mo-callback-url": "", "dr-callback-url": "", **limits})


def top_up(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Refuse a top-up: no payment was ever made here."""
    if not authorised(world, request, by_query=True):
        return DENIED
    body = {"error-code": "401", "error-code-label": "not auto-reload enabled"}
    return required(trx=request.form.get("trx")) or Answer(401, body)


def pricing(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Tell the price list of one country, of a calling code, or of all countries."""
    if not authorised(world, request, by_query=True):
        return NO_PRICES
    which, product = request.path.split("/")[2::2]
    if product not in ("sms", "sms-transit", "voice"):
        return NOT_FOUND
    if which == "get-pricing":
        country = COUNTRIES.get(request.query.get("country", ""))
        if not request.query.get("country"):
            return _missing("country")
        return Answer(200, _shown(world, country, product)) if country else NOT_FOUND
    found: Iterable[Country] = COUNTRIES.values()
    if which == "get-prefix-pricing":
        if not request.query.get("prefix"):
            return _missing("prefix")
        found = [country for country in found if country.prefix == request.query["prefix"]]
    listed = [_shown(world, country, product) for country in found]
    return Answer(200, {"count": len(listed), "countries": listed})


def _missing(name: str) -> Answer:
    wrong = {"parameter": name, "message": "Is required"}
    return Answer(400, {"type": "BAD_REQUEST", "error_title": "Bad Request", "invalid_parameters": wrong})


def _shown(world: World, country: Country, product: str) -> dict[str, Any]:
    networks = [
        {
            "type": "mobile",
            "price": world.price(country.code, network.voice if product == "voice" else network.sms),
            "currency": "EUR",
            "mcc": network.code[:3],
            "mnc": network.code[3:],
            "networkCode": network.code,
            "networkName": network.name,
        }
        for network in country.networks
    ]
    return {
        "countryCode": country.code,
        "countryName": country.name,
        "countryDisplayName": country.name,
        "currency": "EUR",
        "defaultPrice": networks[0]["price"],
        "dialingPrefix": country.prefix,
        "networks": networks,
    }
