"""The account: balance, settings, top-up and price lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from nexmo_nb.sandbox.data import COUNTRIES, Country, hash_to_int
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import FAILED, NOT_FOUND, Refusal, build_bad_request, build_problem, check_required
from nexmo_nb.sandbox.validation import is_int_between, is_url
from nexmo_nb.sandbox.world import World, list_changes

# Price lists have a refusal of their own.
DENIED_PRICES = Answer(401, {"currency": "EUR", "code": "401", "error-code-label": "authentication failed"})

CALLBACKS = ("moCallBackUrl", "drCallBackUrl")
FORWARD_METHODS = ("GET_QUERY_PARAMS", "POST_QUERY_PARAMS", "POST_JSON")
SUBACCOUNTS = ("Shop", "Support")
"""The names of the account's two subaccounts, in the order of their keys."""


def derive_subaccount_keys(seed: int) -> tuple[str, ...]:
    """Derive the API keys of the subaccounts from the sandbox's seed, as the world derives that of the account."""
    return tuple(f"{hash_to_int(seed, 'subaccount', name):032x}"[:8] for name in SUBACCOUNTS)


def show_balance(world: World, _request: Request, _: Accident) -> Answer:
    return Answer(200, {"value": float(round(world.balance, 8)), "autoReload": False})


def change_settings(world: World, request: Request, _: Accident) -> Answer:
    """Change the settings that are given, and show all: an empty URL removes one. That a URL answers is not tried."""
    # An official client writes the names of the URLs without their second capital.
    names = {name.lower(): name for name in world.settings}
    given = {names[name.lower()]: value for name, value in request.pairs.items() if name.lower() in names}
    method = given.get("httpForwardMethod", FORWARD_METHODS[0])
    if method not in FORWARD_METHODS or not all(is_url(given[name]) for name in CALLBACKS if given.get(name)):
        return FAILED
    with world.lock:
        changes = list_changes(world.settings, {**world.settings, **given})
        world.settings |= given
        if changes:
            world.note_activity("Settings changed", "Account", changes)
        inbound, receipts = (world.settings[name] for name in CALLBACKS)
    limits = {"max-outbound-request": 30, "max-inbound-request": 30, "max-calls-per-second": 30}
    return Answer(200, {"mo-callback-url": inbound, "dr-callback-url": receipts, **limits})


def top_up_balance(_world: World, request: Request, _: Accident) -> Answer:
    """Refuse a top-up: the account has no earlier payment to repeat."""
    check_required(trx=request.pairs.get("trx"))
    return Answer(401, {"error-code": "401", "error-code-label": "not auto-reload enabled"})


def list_prices(world: World, request: Request, _: Accident) -> Answer:
    """List the prices of one country, of a calling code, or of all countries."""
    name, product = request.path.split("/")[2::2]
    if product not in ("sms", "sms-transit", "voice"):
        return NOT_FOUND
    if name == "get-pricing":
        country = COUNTRIES.get(_read_parameter(request, "country").upper())
        return NOT_FOUND if country is None else Answer(200, _format_prices(world, country, product))
    countries: Iterable[Country] = COUNTRIES.values()
    if name == "get-prefix-pricing":
        prefix = _read_parameter(request, "prefix")
        countries = [country for country in countries if country.prefix == prefix]
    prices = [_format_prices(world, country, product) for country in countries]
    return Answer(200, {"count": len(prices), "countries": prices})


def list_country_prices(world: World, request: Request, _: Accident) -> Answer:
    """List prices by country, as the second version of the price list does: texts, a page at a time, without codes."""
    product = request.path.rsplit("/", 1)[1]
    if product not in ("sms-outbound", "voice-outbound"):
        return build_problem(404, "#not-found", "Not Found", "There is no such product.")
    size, page = request.query.get("page_size", "100"), request.query.get("page", "1")
    if not (is_int_between(size, 1, 100) and is_int_between(page, 1)):
        return build_problem(400, "#invalid-request", "Bad Request", "page and page_size must be whole numbers.")
    wanted = request.query.get("country", "").upper()
    countries = [country for country in COUNTRIES.values() if wanted in ("", country.code)]
    if not countries:
        return build_problem(404, "#not-found", "Not Found", "There are no prices for this country.")
    first = (int(page) - 1) * int(size)
    shown = [_format_country_price(world, country, product) for country in countries[first : first + int(size)]]
    pages, path = -(-len(countries) // int(size)), f"{request.origin}{request.path}"
    chosen = {"country": wanted} if wanted else {}
    links = {"self": int(page), "first": 1, "last": pages, "next": int(page) + 1, "prev": int(page) - 1}
    return Answer(
        200,
        {
            **{"page_size": size, "page": page, "total_items": str(len(countries)), "total_pages": str(pages)},
            "_embedded": {"countries": shown},
            "_links": {
                name: {"href": f"{path}?{urlencode({**chosen, 'page': number, 'page_size': size})}"}
                for name, number in links.items()
                if 1 <= number <= pages
            },
        },
    )


def _format_country_price(world: World, country: Country, product: str) -> dict[str, str]:
    prices = [network.voice if product == "voice-outbound" else network.sms for network in country.networks]
    return {
        "country_name": country.name,
        "dialing_prefix": country.prefix,
        "dest_network_type": "ALL",
        "group_internal_start": "1",
        "rate_increment": "60" if product == "voice-outbound" else "1",
        "currency": "EUR",
        "price": world.current_price(country.code, prices[0]),
    }


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
