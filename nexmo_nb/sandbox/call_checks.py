"""Which bodies ``/v1/calls`` accepts, for a new call and during one, and how it refuses the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nexmo_nb.sandbox.call_endpoints import CALLER, check_endpoints
from nexmo_nb.sandbox.exchange import Answer, Request
from nexmo_nb.sandbox.ncco import check_ncco
from nexmo_nb.sandbox.refusals import Check, Refusal, list_invalid
from nexmo_nb.sandbox.shapes import (
    ADVANCED_DETECTION,
    DETECTION,
    FLAG,
    LANGUAGE,
    LEVEL,
    LOOP,
    METHOD,
    SPEECH,
    STYLE,
    URLS,
    Rule,
    Shape,
    allow_text,
    allow_whole,
    allow_words,
    check_shape,
)

BAD_REQUEST = Answer(400, {"type": "BAD_REQUEST", "error_title": "Bad Request"})
_WRONG_CONTENT_TYPE = Answer(415, {"type": "UNSUPPORTED_MEDIA_TYPE", "error_title": "Unsupported Media Type"})
_CALL = Shape(
    {
        "from": CALLER,
        "random_from_number": FLAG,
        "answer_url": URLS,
        "answer_method": METHOD,
        "event_url": URLS,
        "event_method": METHOD,
        "machine_detection": DETECTION,
        "advanced_machine_detection": ADVANCED_DETECTION,
        "length_timer": allow_whole(1, 86_400),
        "ringing_timer": allow_whole(1, 120),
    }
)
_DESTINATION = Shape({"type": allow_words("ncco"), "url": URLS}, ("type",))
TALK = Shape(
    {
        "text": SPEECH,
        "language": LANGUAGE,
        "style": STYLE,
        "premium": FLAG,
        "voice_name": allow_text(),
        "loop": LOOP,
        "level": LEVEL,
    },
    ("text",),
)
STREAM = Shape({"stream_url": URLS, "loop": LOOP, "level": LEVEL}, ("stream_url",))
_DIGITS = Rule(lambda value: isinstance(value, str) and re.fullmatch("[0-9*#p]+", value) is not None, "must be digits")
KEYS = Shape({"digits": _DIGITS}, ("digits",))
LISTENER = Shape({"event_url": URLS}, ("event_url",))
CHANGES = ("hangup", "mute", "unmute", "earmuff", "unearmuff", "transfer")


def read_body(request: Request, check: Callable[[Mapping[str, Any]], Iterator[Check]]) -> dict[str, Any]:
    """Read a body that is checked, or refuse it."""
    if request.content_type != "application/json":
        raise Refusal(_WRONG_CONTENT_TYPE)
    if not isinstance(request.json, dict):
        raise Refusal(BAD_REQUEST)
    refuse_invalid(check(request.json))
    return request.json


def refuse_invalid(checks: Iterator[Check]) -> None:
    invalid = list_invalid(checks)
    if invalid:
        raise Refusal(Answer(400, {"type": 400, "title": "Bad Request", "invalid_parameters": invalid}))


def check_call(body: Mapping[str, Any]) -> Iterator[Check]:
    yield from check_endpoints("to", body.get("to"))
    yield from check_shape("", body, _CALL)
    has_one_caller = (body.get("from") is not None) != (body.get("random_from_number") is True)
    yield has_one_caller, "from", "exactly one of from and random_from_number is needed"
    has_one_source = (body.get("ncco") is not None) != (body.get("answer_url") is not None)
    yield has_one_source, "ncco", "exactly one of ncco and answer_url is needed"
    if body.get("ncco") is not None:
        yield from check_ncco("ncco", body["ncco"])


def check_change(body: Mapping[str, Any]) -> Iterator[Check]:
    """Check what is to become of a call that goes on."""
    action = body.get("action")
    yield action in CHANGES, "action", f"must be one of: {', '.join(CHANGES)}"
    if action != "transfer":
        return
    destination = body.get("destination")
    yield from check_shape("destination", destination, _DESTINATION)
    if isinstance(destination, dict):
        has_one = (destination.get("ncco") is not None) != (destination.get("url") is not None)
        yield has_one, "destination", "exactly one of ncco and url is needed"
        if destination.get("ncco") is not None:
            yield from check_ncco("destination.ncco", destination["ncco"])
