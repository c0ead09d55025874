"""Numbers: ``/number/search``, ``/account/numbers``, ``/number/{buy,cancel,update}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox.account import derive_subaccount_keys
from nexmo_nb.sandbox.data import TYPES
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import DENIED, DONE, FAILED, Refusal, check_required
from nexmo_nb.sandbox.subaccounts import spend_for
from nexmo_nb.sandbox.validation import is_int_between, is_url, read_flag
from nexmo_nb.sandbox.world import World, list_changes

FEATURES = {"SMS", "VOICE", "MMS"}
MATCHES = {"0": str.startswith, "1": str.__contains__, "2": str.endswith}
SETTINGS = (
    "app_id", "moHttpUrl", "moSmppSysType", "voiceCallbackType", "voiceCallbackValue", "voiceStatusCallback",
    "messagesCallbackType", "messagesCallbackValue",
)  # fmt: skip
URLS = ("moHttpUrl", "voiceStatusCallback")
# Settings that come together, and the types that the first of them may be.
CALLBACKS = {"voiceCallback": ("sip", "tel", "app"), "messagesCallback": ("app",)}
# What a number has, but the list of owned numbers does not show. `owner` is the subaccount that it was bought for.
HIDDEN = ("cost", "initialPrice", "moSmppSysType", "owner")
LARGEST_PAGE = 100


def search_numbers(world: World, request: Request, _: Accident) -> Answer:
    query = _read_filters(request)
    check_required(country=query.get("country"))
    features = set(query.get("features", "").upper().split(",")) - {""}
    if not features <= FEATURES or query.get("type", TYPES[0]) not in TYPES:
        return FAILED
    with world.lock:
        matches = [
            number
            for number in world.rent.values()
            if number["country"] == query["country"]
            and query.get("type", number["type"]) == number["type"]
            and features <= set(number["features"])
            and _has_pattern(number, query)
        ]
        return _build_page(matches, query)


def list_owned_numbers(world: World, request: Request, _: Accident) -> Answer:
    query = _read_filters(request)
    try:
        linked = read_flag(query["has_application"]) if "has_application" in query else None
    except ValueError:
        return FAILED
    with world.lock:
        matches = [
            {name: value for name, value in number.items() if name not in HIDDEN}
            for number in world.owned.values()
            if "owner" not in number
            and query.get("country", number["country"]) == number["country"]
            and query.get("application_id", number.get("app_id")) == number.get("app_id")
            and linked in (None, "app_id" in number)
            and _has_pattern(number, query)
        ]
        return _build_page(matches, query)


def buy_number(world: World, request: Request, accident: Accident) -> Answer:
    """Rent a number, for a subaccount where one is named: it is that one's then, and not in the account's list."""
    _check_change(request, accident)
    with world.lock:
        number, owner = _find_number(world.rent, request), _read_owner(world, request)
        price = Decimal(number["cost"]) + Decimal(number["initialPrice"])
        if not spend_for(world, owner.get("owner"), price):
            return DENIED
        details = {"country": number["country"], "type": number["type"], "features": ", ".join(number["features"])}
        world.note_activity("Number rented", f"+{number['msisdn']}", {**details, **owner}, f"{price:.8f}")
        world.owned[number["msisdn"]] = {**world.rent.pop(number["msisdn"]), **owner}
        return DONE


def cancel_number(world: World, request: Request, accident: Accident) -> Answer:
    """Give a number back: it is for rent again, without its settings."""
    _check_change(request, accident)
    with world.lock:
        number = _find_number(world.owned, request, _read_owner(world, request))
        del world.owned[number["msisdn"]]
        world.note_activity("Number given back", f"+{number['msisdn']}", {"country": number["country"]})
        bare = {name: value for name, value in number.items() if name not in (*SETTINGS, "owner")}
        world.rent[number["msisdn"]] = {"cost": "1.00", "initialPrice": "0.00", **bare}
        return DONE


def update_number(world: World, request: Request, accident: Accident) -> Answer:
    """Change settings of a number: an empty one is removed, one that is not given stays, but for the inbound URL."""
    _check_change(request, accident)
    form = request.pairs
    with world.lock:
        number = _find_number(world.owned, request)
        if not _are_settings_valid(world, form):
            return FAILED
        before = dict(number)
        for name in SETTINGS:
            if form.get(name):
                number[name] = form[name].lower() if name.endswith("Type") else form[name]
            elif name in form or name == "moHttpUrl":  # which an update clears where it leaves it out
                number.pop(name, None)
        changes = list_changes(before, number)
        world.note_activity("Number changed", f"+{number['msisdn']}", changes)
        return DONE


def _read_filters(request: Request) -> dict[str, str]:
    """Read the query, where a parameter that is empty counts as not given, and codes are in the case of the list."""
    query = {name: value for name, value in request.query.items() if value}
    if query.get("search_pattern", "0") not in MATCHES:
        raise Refusal(FAILED)
    cases = {"country": str.upper, "type": str.lower}
    return {name: cases.get(name, str)(value) for name, value in query.items()}


def _check_change(request: Request, accident: Accident) -> None:
    if accident.get("kind") == "no-credit":
        raise Refusal(DENIED)
    check_required(country=request.pairs.get("country"), msisdn=request.pairs.get("msisdn"))


def _read_owner(world: World, request: Request) -> dict[str, str]:
    """Read which subaccount a change is for; empty for the account itself."""
    key = request.pairs.get("target_api_key") or world.api_key
    if key != world.api_key and key not in derive_subaccount_keys(world.seed):
        raise Refusal(FAILED)
    return {} if key == world.api_key else {"owner": key}


def _find_number(
    numbers: Mapping[str, dict[str, Any]], request: Request, owner: Mapping[str, str] = {}
) -> dict[str, Any]:
    number = numbers.get(request.pairs["msisdn"])
    is_found = number is not None and number["country"] == request.pairs["country"].upper()
    if number is None or not is_found or number.get("owner") != owner.get("owner"):
        raise Refusal(FAILED)
    return number


def _are_settings_valid(world: World, form: Mapping[str, str]) -> bool:
    if not all(is_url(form[name]) for name in URLS if form.get(name)):
        return False
    if form.get("app_id") and form["app_id"] not in world.applications:
        return False
    for name, kinds in CALLBACKS.items():
        kind, value = form.get(f"{name}Type"), form.get(f"{name}Value")
        if (kind is None) != (value is None) or bool(kind) != bool(value):
            return False
        if kind and value and not _is_callback(world, kind.lower(), value, kinds):
            return False
    return True


def _is_callback(world: World, kind: str, value: str, kinds: tuple[str, ...]) -> bool:
    if kind == "app":
        return value in world.applications
    return kind in kinds and (kind != "tel" or re.fullmatch("[+]?[0-9]{7,15}", value) is not None)


def _has_pattern(number: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    return MATCHES[query.get("search_pattern", "0")](number["msisdn"], query.get("pattern", ""))


def _build_page(numbers: list[dict[str, Any]], query: Mapping[str, str]) -> Answer:
    size, index = query.get("size", "10"), query.get("index", "1")
    if not (is_int_between(size, 1) and is_int_between(index, 1)):
        return FAILED
    length = min(int(size), LARGEST_PAGE)
    page = numbers[(int(index) - 1) * length : int(index) * length]
    return Answer(200, {"count": len(numbers), "numbers": page} if page else {})
