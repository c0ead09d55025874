"""The account: balance, settings, top-up and price lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nexmo_nb.sandbox.auth import is_authorised
from nexmo_nb.sandbox.data import COUNTRIES, Country
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import DENIED, NOT_FOUND, build_bad_request, find_missing
from nexmo_nb.sandbox.world import World

# Price lists have a refusal of their own.
NO_PRICES = Answer(401, {"currency": "EUR", "code": "401", "error-code-label": "authentication failed"})


def show_balance(world: World, request: Request, _: Accident) -> Answer:
    """Show the balance, as a number."""
    if not is_authorised(world, request, by_query=True):
        return DENIED
    return Answer(200, {"value": float(round(world.balance, 8)), "autoReload": False})


def show_settings(world: World, request: Request, _: Accident) -> Answer:
    """Show the account's settings. The sandbox does not change them."""
    if not is_authorised(world, request, by_query=True):
        return DENIED
    limits = {"max-outbound-request": 30, "max-inbound-request": 30, "max-calls-per-second": 30}
    return Answer(200, {"mo-callback-url": "", "dr-callback-url": "", **limits})


def top_up_balance(world: World, request: Request, _: Accident) -> Answer:
    """Refuse a top-up: the account has no earlier payment to repeat."""
    if not is_authorised(world, request, by_query=True):
        return DENIED
    body = {"error-code": "401", "error-code-label": "not auto-reload enabled"}
    return find_missing(trx=request.form.get("trx")) or Answer(401, body)


def list_prices(world: World, request: Request, _: Accident) -> Answer:
    """List the prices of one country, of a calling code, or of all countries."""
    if not is_authorised(world, request, by_query=True):
        return NO_PRICES
    name, product = request.path.split("/")[2::2]
    if product not in ("sms", "sms-transit", "voice"):
        return NOT_FOUND
    if name == "get-pricing":
        return _show_country(world, request.query.get("country", ""), product)
    countries: Iterable[Country] = COUNTRIES.values()
    if name == "get-prefix-pricing":
        if not request.query.get("prefix"):
            return _refuse_missing("prefix")
        countries = [country for country in countries if country.prefix == request.query["prefix"]]
    prices = [_format_prices(world, country, product) for country in countries]
    return Answer(200, {"count": len(prices), "countries": prices})


def _show_country(world: World, code: str, product: str) -> Answer:
    if not code:
        return _refuse_missing("country")
    country = COUNTRIES.get(code)
    return NOT_FOUND if country is None else Answer(200, _format_prices(world, country, product))


def _refuse_missing(name: str) -> Answer:
    return build_bad_request({"parameter": name, "message": "Is required"})


def _format_prices(world: World, country: Country, product: str) -> dict[str, Any]:
    networks = [
        {
            "type": "mobile",
            "price": world.current_price(country.code, network.voice if product == "voice" else network.sms),
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
