"""The account: balance, settings, top-up and price lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nexmo_nb.sandbox.data import COUNTRIES, Country, hash_to_int
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import NOT_FOUND, Refusal, build_bad_request, check_required
from nexmo_nb.sandbox.world import World

# Price lists have a refusal of their own.
DENIED_PRICES = Answer(401, {"currency": "EUR", "code": "401", "error-code-label": "authentication failed"})

SUBACCOUNTS = ("Shop", "Support")
"""The names of the account's two subaccounts, in the order of their keys."""


def derive_subaccount_keys(seed: int) -> tuple[str, ...]:
    """Derive the API keys of the subaccounts from the sandbox's seed, as the world derives that of the account."""
    return tuple(f"{hash_to_int(seed, 'subaccount', name):032x}"[:8] for name in SUBACCOUNTS)


def show_balance(world: World, _request: Request, _: Accident) -> Answer:
    return Answer(200, {"value": float(round(world.balance, 8)), "autoReload": False})


def show_settings(_world: World, _request: Request, _: Accident) -> Answer:
    """Show the account's settings. The sandbox does not change them."""
    limits = {"max-outbound-request": 30, "max-inbound-request": 30, "max-calls-per-second": 30}
    return Answer(200, {"mo-callback-url": "", "dr-callback-url": "", **limits})


def top_up_balance(_world: World, request: Request, _: Accident) -> Answer:
    """Refuse a top-up: the account has no earlier payment to repeat."""
    check_required(trx=request.form.get("trx"))
    return Answer(401, {"error-code": "401", "error-code-label": "not auto-reload enabled"})


def list_prices(world: World, request: Request, _: Accident) -> Answer:
    """List the prices of one country, of a calling code, or of all countries."""
    name, product = request.path.split("/")[2::2]
    if product not in ("sms", "sms-transit", "voice"):
        return NOT_FOUND
    if name == "get-pricing":
        country = COUNTRIES.get(_read_parameter(request, "country"))
        return NOT_FOUND if country is None else Answer(200, _format_prices(world, country, product))
    countries: Iterable[Country] = COUNTRIES.values()
    if name == "get-prefix-pricing":
        prefix = _read_parameter(request, "prefix")
        countries = [country for country in countries if country.prefix == prefix]
    prices = [_format_prices(world, country, product) for country in countries]
    return Answer(200, {"count": len(prices), "countries": prices})


def _read_parameter(request: Request, name: str) -> str:
    if not request.query.get(name):
        raise Refusal(build_bad_request({"parameter": name, "message": "Is required"}))
    return request.query[name]


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
