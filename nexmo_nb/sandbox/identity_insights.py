"""``/identity-insights/v1/requests``: what is known of a phone number, each insight with a status of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox.data import Country, Network, find_country, find_network
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.magic_numbers import PREFIX, find_magic
from nexmo_nb.sandbox.refusals import DENIED_AS_PROBLEM, PROBLEM, Check, Refusal, build_problem, list_invalid
from nexmo_nb.sandbox.shapes import ANYTHING, Shape, allow_number, allow_text, allow_whole, allow_words, check_shape
from nexmo_nb.sandbox.tokens import check_token
from nexmo_nb.sandbox.world import World

PRICE = Decimal("0.0090")
"""EUR for each insight that is answered with OK. Invented: the real prices are not published."""
PURPOSE = "FraudPreventionAndDetection"
LANDLINE, PHONE_OFF = f"{PREFIX}208", f"{PREFIX}205"
_PERIOD = Shape({"period": allow_whole(1, 2400)})
_CENTRE = Shape({"latitude": allow_number(-90, 90), "longitude": allow_number(-180, 180)})
_AREA = Shape({"type": allow_words("CIRCLE"), "radius": allow_whole(2_000, 200_000), "center": _CENTRE})
_INSIGHTS = {
    "format": ANYTHING,
    "original_carrier": ANYTHING,
    "current_carrier": ANYTHING,
    "sim_swap": _PERIOD,
    "device_swap": _PERIOD,
    "roaming": ANYTHING,
    "reachability": ANYTHING,
    "location_verification": Shape({"location": _AREA}),
    "subscriber_match": ANYTHING,
}
_BODY = Shape({"phone_number": allow_text(), "purpose": allow_text(), "insights": Shape(_INSIGHTS)}, ("phone_number",))
_OF_REGISTRY = ("sim_swap", "device_swap", "roaming", "reachability")
_MESSAGES = {
    "OK": "Success",
    "INVALID_NUMBER_FORMAT": "The phone number format is not valid.",
    "UNSUPPORTED_NETWORK_TYPE": "The network type is not supported for this Insight.",
    "NO_COVERAGE": "The country or mobile network is not supported.",
    "UNAUTHORIZED": "The request could not be authorized.",
    "INVALID_PURPOSE": "The purpose used is not valid for this Insight.",
}


class _Failure(Exception):
    """Ends the work on one insight with a status; the others are answered all the same."""


def look_up_number(world: World, request: Request, _: Accident) -> Answer:
    _check_credentials(world, request)
    if request.content_type != "application/json":
        return _refuse(415, "#content-type-header", "Invalid Content-Type header", "It must be application/json.")
    if not isinstance(request.json, dict):
        return _refuse(400, "#invalid-json", "Invalid JSON", "The request body did not contain valid JSON.")
    invalid = list_invalid(_check_body(request.json))
    if invalid:
        detail = "The request body has invalid values."
        return _refuse(422, "#validation", "Validation Error", detail, invalid_parameters=invalid)
    number = re.sub("[^0-9]", "", request.json["phone_number"])
    purpose = request.json.get("purpose")
    with world.lock:
        found = {name: _answer_insight(name, number, purpose, world) for name in request.json["insights"]}
        world.charge(PRICE * sum(each["status"]["code"] == "OK" for each in found.values()))
        return Answer(200, {"request_id": world.new_id(), "insights": found})


def _refuse(status: int, kind: str, title: str, detail: str, **members: Any) -> Answer:
    return build_problem(status, kind, title, detail, **members)._replace(headers=PROBLEM)


def _check_credentials(world: World, request: Request) -> None:
    try:
        check_token(world, request)
    except Refusal:
        raise Refusal(DENIED_AS_PROBLEM._replace(headers=PROBLEM)) from None


def _check_body(body: Mapping[str, Any]) -> Iterator[Check]:
    yield from check_shape("", body, _BODY)
    insights = body.get("insights")
    if not isinstance(insights, dict) or not insights:
        yield False, "insights", "must have at least one insight"
        return
    for name, value in insights.items():
        yield name in _INSIGHTS, f"insights.{name}", "is no insight"
        yield isinstance(value, dict), f"insights.{name}", "must be an object"
    yield insights.get("subscriber_match") != {}, "insights.subscriber_match", "must have at least one member"


def _answer_insight(name: str, number: str, purpose: str | None, world: World) -> dict[str, Any]:
    try:
        fields, code = _find_fields(name, number, purpose, world), "OK"
    except _Failure as failure:
        fields, code = {}, str(failure)
    return {**fields, "status": {"code": code, "message": _MESSAGES[code]}}


def _find_fields(name: str, number: str, purpose: str | None, world: World) -> dict[str, Any]:
    if not re.fullmatch("[1-9][0-9]{6,14}", number):
        raise _Failure("INVALID_NUMBER_FORMAT")
    if name in _OF_REGISTRY and purpose != PURPOSE:
        raise _Failure("INVALID_PURPOSE")
    country = find_country(number)
    if country is None:
        raise _Failure("NO_COVERAGE")
    if name == "format":
        return _describe_format(number, country)
    kind = _find_kind(number, country)
    if name == "original_carrier":
        return _describe_carrier(country, find_network(country, number), kind)
    if kind != "MOBILE":
        raise _Failure("UNSUPPORTED_NETWORK_TYPE")
    if name == "current_carrier":
        return _describe_carrier(country, _find_current_network(country, number), kind)
    at = {"latest_status_at": world.format_now().replace("+00:00", "Z")}
    if name == "roaming":
        return {**at, "is_roaming": False, "country_codes": []}
    if name == "reachability":
        return (
            {**at, "is_reachable": False}
            if number == PHONE_OFF
            else {
                **at,
                "is_reachable": True,
                "connectivity": ["DATA", "SMS"],
            }
        )
    raise _Failure("UNAUTHORIZED")


def _find_kind(number: str, country: Country) -> str:
    if number == LANDLINE:
        return "LANDLINE"
    for kind, name in (("landline", "LANDLINE"), ("landline-toll-free", "TOLLFREE")):
        pattern = country.plan.get(kind)
        if pattern and number.startswith(country.prefix + pattern.rstrip("x")):
            return name
    return "MOBILE"


def _find_current_network(country: Country, number: str) -> Network:
    """Find the network that has the number now, which for a ported one is another than the one that issued it."""
    place = country.networks.index(find_network(country, number))
    return country.networks[(place + find_magic(number).is_ported) % len(country.networks)]


def _describe_carrier(country: Country, network: Network, kind: str) -> dict[str, str]:
    if kind != "MOBILE":
        return {"network_type": kind, "country_code": country.code}  # names are those of mobile operators alone
    return {
        "name": network.name,
        "network_type": kind,
        "country_code": country.code,
        "network_code": network.code,
    }


def _describe_format(number: str, country: Country) -> dict[str, Any]:
    return {
        "country_code": country.code,
        "country_name": country.name,
        "country_prefix": country.prefix,
        "time_zones": ["unknown"],
        "number_international": f"+{number}",
        "number_national": f"0{number.removeprefix(country.prefix)}",
        "is_format_valid": True,
    }
