"""Numbers: ``/number/search``, ``/account/numbers``, ``/number/{buy,cancel,update}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox.auth import authorised
from nexmo_nb.sandbox.world import Answer, Request, World

__all__ = ["DENIED", "FAILED", "change", "owned", "required", "search"]

DENIED = Answer(401, {"error-code": "401", "error-code-label": "authentication failed"})
FAILED = Answer(420, {"error-code": "420", "error-code-label": "method failed"})
DONE = Answer(200, {"error-code": "200", "error-code-label": "success"})
FEATURES = ("SMS", "VOICE", "MMS", "SMS,VOICE", "SMS,MMS", "VOICE,MMS", "SMS,MMS,VOICE")
TYPES = ("landline", "mobile-lvn", "landline-toll-free")
SETTINGS = ("app_id", "moHttpUrl", "moSmppSysType", "voiceCallbackType", "voiceCallbackValue", "voiceStatusCallback")
HIDDEN = ("cost", "initialPrice", "limitations", "moSmppSysType", "voiceStatusCallback")


def required(**names: str | None) -> Answer | None:
    """Complain of what is missing, as the gateway does; None where nothing is."""
    missing = {name: "Is required." for name, value in names.items() if not value}
    body = {"type": "BAD_REQUEST", "error_title": "Bad Request", "invalid_parameters": missing}
    return Answer(400, body) if missing else None


def search(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Search numbers for rent."""
    if not authorised(world, request, by_query=True):
        return DENIED
    query = request.query
    bad = required(country=query.get("country"))
    if bad is not None:
        return bad
    if query.get("features", "SMS") not in FEATURES or query.get("type", TYPES[0]) not in TYPES:
        return FAILED
    wanted = set(query["features"].split(",")) if "features" in query else set()
    with world.lock:
        found = [
            number
            for number in world.rent.values()
            if number["country"] == query["country"]
            and query.get("type", number["type"]) == number["type"]
            and wanted <= set(number["features"])
        ]
        return _page(_matching(found, query), query)


def owned(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """List owned numbers."""
    if not authorised(world, request, by_query=True):
        return DENIED
    query = request.query
    linked = query.get("has_application")
    with world.lock:
        found = [
            {name: value for name, value in number.items() if name not in HIDDEN}
            for number in world.owned.values()
            if query.get("country", number["country"]) == number["country"]
            and query.get("application_id", number.get("app_id")) == number.get("app_id")
            and (linked is None or (linked == "true") == ("app_id" in number))
        ]
        return _page(_matching(found, query), query)


def change(world: World, request: Request, failure: Mapping[str, Any] | None) -> Answer:
    """Rent, give back or change a number."""
    if not authorised(world, request, by_query=True) or (failure or {}).get("kind") == "no-credit":
        return DENIED
    form = request.form
    bad = required(country=form.get("country"), msisdn=form.get("msisdn"))
    if bad is not None:
        return bad
    action = {"buy": _buy, "cancel": _cancel, "update": _update}[request.path.rsplit("/", 1)[1]]
    with world.lock:
        return action(world, form)


def _buy(world: World, form: Mapping[str, str]) -> Answer:
    number = world.rent.get(form["msisdn"])
    if number is None or number["country"] != form["country"]:
        return FAILED
    if not world.spend(Decimal(number["cost"]) + Decimal(number["initialPrice"])):
        return DENIED
    world.owned[form["msisdn"]] = world.rent.pop(form["msisdn"])
    return DONE


def _cancel(world: World, form: Mapping[str, str]) -> Answer:
    number = world.owned.get(form["msisdn"])
    if number is None or number["country"] != form["country"]:
        return FAILED
    world.rent[form["msisdn"]] = {"cost": "1.00", "initialPrice": "0.00"} | {
        name: value for name, value in world.owned.pop(form["msisdn"]).items() if name not in SETTINGS
    }
    return DONE


def _update(world: World, form: Mapping[str, str]) -> Answer:
    number = world.owned.get(form["msisdn"])
    pair = [name in form for name in ("voiceCallbackType", "voiceCallbackValue")]
    if number is None or number["country"] != form["country"] or any(pair) != all(pair):
        return FAILED
    if form.get("app_id") and form["app_id"] not in world.applications:
        return FAILED
    for name in SETTINGS:
        if form.get(name):
            number[name] = form[name]
        elif name in form:
            number.pop(name, None)
    return DONE


def _matching(numbers: Iterable[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    pattern = query.get("pattern")
    if not pattern:
        return list(numbers)
    test = {"1": str.__contains__, "2": str.endswith}.get(query.get("search_pattern", "0"), str.startswith)
    return [number for number in numbers if test(number["msisdn"], pattern)]


def _page(found: list[dict[str, Any]], query: Mapping[str, str]) -> Answer:
    size, index = (query.get(name, default) for name, default in (("size", "10"), ("index", "1")))
    if not (size.isdigit() and index.isdigit() and int(size) and int(index)):
        return FAILED
    length, start = min(int(size), 100), (int(index) - 1) * min(int(size), 100)
    page = found[start : start + length]
    return Answer(200, {"count": len(found), "numbers": page} if page else {})
