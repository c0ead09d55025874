"""Numbers: ``/number/search``, ``/account/numbers``, ``/number/{buy,cancel,update}``."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox.data import TYPES
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import DENIED, Refusal, check_required
from nexmo_nb.sandbox.validation import is_int_between
from nexmo_nb.sandbox.world import World, list_changes

FAILED = Answer(420, {"error-code": "420", "error-code-label": "method failed"})
DONE = Answer(200, {"error-code": "200", "error-code-label": "success"})
FEATURES = ("SMS", "VOICE", "MMS", "SMS,VOICE", "SMS,MMS", "VOICE,MMS", "SMS,MMS,VOICE")
SETTINGS = (
    "app_id", "moHttpUrl", "moSmppSysType", "voiceCallbackType", "voiceCallbackValue", "voiceStatusCallback",
    "messagesCallbackType", "messagesCallbackValue",
)  # fmt: skip
# What a number has, but the list of owned numbers does not show.
HIDDEN = ("cost", "initialPrice", "moSmppSysType")
LARGEST_PAGE = 100


def search_numbers(world: World, request: Request, _: Accident) -> Answer:
    query = request.query
    check_required(country=query.get("country"))
    if query.get("features", "SMS") not in FEATURES or query.get("type", TYPES[0]) not in TYPES:
        return FAILED
    features = set(query["features"].split(",")) if "features" in query else set()
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
    query = request.query
    linked = query.get("has_application")
    with world.lock:
        matches = [
            {name: value for name, value in number.items() if name not in HIDDEN}
            for number in world.owned.values()
            if query.get("country", number["country"]) == number["country"]
            and query.get("application_id", number.get("app_id")) == number.get("app_id")
            and (linked is None or (linked == "true") == ("app_id" in number))
            and _has_pattern(number, query)
        ]
        return _build_page(matches, query)


def buy_number(world: World, request: Request, accident: Accident) -> Answer:
    _check_change(request, accident)
    with world.lock:
        number = _find_number(world.rent, request.form)
        price = Decimal(number["cost"]) + Decimal(number["initialPrice"])
        if not world.spend(price):
            return DENIED
        details = {"country": number["country"], "type": number["type"], "features": ", ".join(number["features"])}
        world.note_activity("Number rented", f"+{number['msisdn']}", details, f"{price:.8f}")
        world.owned[number["msisdn"]] = dict(world.rent.pop(number["msisdn"]))
        return DONE


def cancel_number(world: World, request: Request, accident: Accident) -> Answer:
    """Give a number back: it is for rent again, without its settings."""
    _check_change(request, accident)
    with world.lock:
        number = _find_number(world.owned, request.form)
        del world.owned[number["msisdn"]]
        world.note_activity("Number given back", f"+{number['msisdn']}", {"country": number["country"]})
        bare = {name: value for name, value in number.items() if name not in SETTINGS}
        world.rent[number["msisdn"]] = {"cost": "1.00", "initialPrice": "0.00", **bare}
        return DONE


def update_number(world: World, request: Request, accident: Accident) -> Answer:
    """Change settings of a number: an empty one is removed, one that is not given stays, but for the inbound URL."""
    _check_change(request, accident)
    form = request.form
    with world.lock:
        number = _find_number(world.owned, form)
        if ("voiceCallbackType" in form) != ("voiceCallbackValue" in form):
            return FAILED
        if form.get("app_id") and form["app_id"] not in world.applications:
            return FAILED
        before = dict(number)
        for name in SETTINGS:
            if form.get(name):
                number[name] = form[name]
            elif name in form or name == "moHttpUrl":  # which an update clears where it leaves it out
                number.pop(name, None)
        changes = list_changes(before, number)
        world.note_activity("Number changed", f"+{number['msisdn']}", changes)
        return DONE


def _check_change(request: Request, accident: Accident) -> None:
    if accident.get("kind") == "no-credit":
        raise Refusal(DENIED)
    check_required(country=request.form.get("country"), msisdn=request.form.get("msisdn"))


def _find_number(numbers: Mapping[str, dict[str, Any]], form: Mapping[str, str]) -> dict[str, Any]:
    number = numbers.get(form["msisdn"])
    if number is None or number["country"] != form["country"]:
        raise Refusal(FAILED)
    return number


def _has_pattern(number: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    test = {"1": str.__contains__, "2": str.endswith}.get(query.get("search_pattern", "0"), str.startswith)
    return test(number["msisdn"], query.get("pattern", ""))


def _build_page(numbers: list[dict[str, Any]], query: Mapping[str, str]) -> Answer:
    size, index = query.get("size", "10"), query.get("index", "1")
    if not (is_int_between(size, 1) and is_int_between(index, 1)):
        return FAILED
    length = min(int(size), LARGEST_PAGE)
    page = numbers[(int(index) - 1) * length : int(index) * length]
    return Answer(200, {"count": len(numbers), "numbers": page} if page else {})
