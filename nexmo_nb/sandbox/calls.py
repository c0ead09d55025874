"""``/v1/calls``: new calls, and what is told of each and of all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode

from nexmo_nb.sandbox.call_checks import check_call, read_body, refuse_invalid
from nexmo_nb.sandbox.call_course import ENDED, Call, format_instant, plan_call
from nexmo_nb.sandbox.call_endpoints import ADDRESSES, TOLD
from nexmo_nb.sandbox.data import find_country, find_network, hash_to_int
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.magic_numbers import find_magic
from nexmo_nb.sandbox.refusals import NOT_FOUND, Check, Refusal
from nexmo_nb.sandbox.tokens import check_token
from nexmo_nb.sandbox.validation import is_int_between
from nexmo_nb.sandbox.world import World

LOW_BALANCE_TYPE = "https://developer.vonage.com/api-errors#low-balance"
LOW_BALANCE = Answer(
    402, {"type": LOW_BALANCE_TYPE, "title": "Low balance", "detail": "The account has too little credit."}
)
STATUSES = ("started", "ringing", "answered", "machine", *ENDED)
PARAMETERS = (
    "ncco", "answer_url", "answer_method", "event_url", "event_method", "machine_detection",
    "advanced_machine_detection", "length_timer", "ringing_timer", "random_from_number",
)  # fmt: skip
FREE = "0.00000000"
# Told of a call that was completed, and of no other.
RESULTS = ("rate", "price", "duration", "network")


def place_call(world: World, request: Request, accident: Accident) -> Answer:
    """Call by the Voice API: an application's token, JSON both ways, HTTP 201."""
    application = check_token(world, request)
    if accident.get("kind") == "no-credit":
        return LOW_BALANCE
    body = read_body(request, check_call)
    with world.lock:
        refuse_invalid(_check_event_url(world, application, body))
        if world.balance <= 0:
            return LOW_BALANCE
        call = _build_call(world, application, body)
        world.calls.append(call)
        spoken = [action for action in call.get("ncco", []) if action["action"] == "talk"]
        languages = dict.fromkeys(action.get("language") or "en-US" for action in spoken)
        said = {"text": call["text"], "language": ", ".join(languages), "answer_url": call.get("answer_url", [""])[0]}
        world.note_call(call["to"], {**said, "state": call["status"], "api": "Voice API", "id": call["id"]})
        for tell in tuple(world.call_listeners):
            tell(call, call["history"][0])
    answer = {"uuid": call["id"], "status": "started", "direction": "outbound"}
    return Answer(201, {**answer, "conversation_uuid": call["conversation_uuid"]})


def show_call(world: World, request: Request, _: Accident) -> Answer:
    check_token(world, request)
    with world.lock:
        return Answer(200, _build_object(request, find_call(world, request)))


def list_calls(world: World, request: Request, _: Accident) -> Answer:
    """List calls by pages. `record_index` is the place of the first, not the number of a page."""
    check_token(world, request)
    query = request.query
    refuse_invalid(_check_query(query))
    size, index = int(query.get("page_size", 10)), int(query.get("record_index", 0))
    with world.lock:
        found = [call for call in world.calls if call["api"] == "calls" and _is_asked_for(call, query)]
        if query.get("order") == "desc":
            found.reverse()
        page = [_build_object(request, call) for call in found[index : index + size]]
    last = (len(found) - 1) // size * size if found else 0
    places = {"self": index, "first": 0, "last": last}
    if index > 0:
        places["prev"] = max(0, index - size)
    if index + size < len(found):
        places["next"] = index + size
    links = {
        name: {"href": _build_url(request, {**query, "page_size": size, "record_index": place})}
        for name, place in places.items()
    }
    paging = {"count": len(found), "page_size": size, "record_index": index}
    return Answer(200, {**paging, "_links": links, "_embedded": {"calls": page}})


def find_call(world: World, request: Request) -> Call:
    """Find the call that a path names, by the part after ``/v1/calls/``, or refuse."""
    code = request.path.split("/")[3]
    call = next((call for call in world.calls if call["id"] == code and call["api"] == "calls"), None)
    if call is None:
        raise Refusal(NOT_FOUND)
    return call


def _check_event_url(world: World, application: str, body: Mapping[str, Any]) -> Iterator[Check]:
    voice = world.applications[application].get("capabilities", {}).get("voice") or {}
    has_own = bool(voice.get("webhooks", {}).get("event_url"))
    yield has_own or body.get("event_url") is not None, "event_url", "is needed where the application has none"


def _build_call(world: World, application: str, body: Mapping[str, Any]) -> Call:
    code, endpoint = world.new_id(), body["to"][0]
    texts = [action["text"] for action in body.get("ncco") or () if action["action"] == "talk"]
    started = {"status": "started", "time": format_instant(world.now())}
    call = {
        **{name: body[name] for name in PARAMETERS if body.get(name) is not None},
        "api": "calls",
        "id": code,
        "conversation_uuid": f"CON-{world.new_id()}",
        "application_id": application,
        "endpoint": {name: endpoint[name] for name in TOLD if name in endpoint},
        "to": endpoint[ADDRESSES[endpoint["type"]]],
        "from": body.get("from") or {"type": "phone", "number": _pick_caller(world, application)},
        "text": " ".join(texts),
        "status": "started",
        "time": world.format_now(),
        "rate": FREE,
        "country": "",
        "network": "",
        "start_time": "",
        "end_time": "",
        "duration": "",
        "price": "",
        "history": [started],
        "planned": [],
    }
    call["subject"] = f"+{call['to']}" if endpoint["type"] == "phone" else call["to"]
    outcome = "completed"
    if endpoint["type"] == "phone":
        country = find_country(call["to"])
        outcome = find_magic(call["to"]).call if country else "failed"
        if country:
            network = find_network(country, call["to"])
            rate = world.current_price(country.code, network.voice)
            call |= {"country": country.code, "network": network.code, "rate": rate}
    plan_call(call, outcome)
    return call


def _pick_caller(world: World, application: str) -> str:
    """Pick one of the application's numbers; where it has none, the one who is called sees none."""
    numbers = [msisdn for msisdn, number in world.owned.items() if number.get("app_id") == application]
    return numbers[hash_to_int(world.seed, "caller", world.counter) % len(numbers)] if numbers else "unknown"


def _build_object(request: Request, call: Call) -> dict[str, Any]:
    shown = {
        "_links": {"self": {"href": _build_url(request, {}, f"/{call['id']}")}},
        "uuid": call["id"],
        "conversation_uuid": call["conversation_uuid"],
        "to": call["endpoint"],
        "from": call["from"],
        "status": call["status"],
        "direction": "outbound",
    }
    if call["status"] != "completed":
        return shown
    times = {name: call[name][:19].replace("T", " ") for name in ("start_time", "end_time")}
    return {**shown, **{name: call[name] for name in RESULTS if call[name]}, **times}


def _build_url(request: Request, query: Mapping[str, Any], rest: str = "") -> str:
    """Build an address at this server, so that whoever follows it carries no credentials elsewhere."""
    address = f"{request.origin}/v1/calls{rest}"
    return f"{address}?{urlencode(query)}" if query else address


def _check_query(query: Mapping[str, str]) -> Iterator[Check]:
    yield query.get("status", "started") in STATUSES, "status", f"must be one of: {', '.join(STATUSES)}"
    yield query.get("order", "asc") in ("asc", "desc"), "order", "must be one of: asc, desc"
    is_size = is_int_between(query.get("page_size", "10"), 1, 100)
    yield is_size, "page_size", "must be a whole number from 1 to 100"
    yield is_int_between(query.get("record_index", "0"), 0), "record_index", "must be a whole number from 0"
    for name in ("date_start", "date_end"):
        yield name not in query or _read_time(query[name]) is not None, name, "must be a time, as 2025-03-04T05:06:07Z"


def _is_asked_for(call: Call, query: Mapping[str, str]) -> bool:
    for member, name in (("status", "status"), ("conversation_uuid", "conversation_uuid")):
        if name in query and call[member] != query[name]:
            return False
    at = datetime.fromisoformat(call["history"][0]["time"])
    start, end = (_read_time(query[name]) if name in query else None for name in ("date_start", "date_end"))
    return (start is None or at >= start) and (end is None or at <= end)


def _read_time(text: str) -> datetime | None:
    """Read a time, of UTC where it says no other; None for what is none. A plus in a query arrives as a space."""
    for each in (text, text.replace(" ", "+")):
        with contextlib.suppress(ValueError):
            at = datetime.fromisoformat(each)
            return at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    return None
