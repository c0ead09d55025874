"""``/v1/messages`` for SMS: HTTP 202 with the id of the whole message, and refusals by HTTP status."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from nexmo_nb.sandbox.auth import read_basic
from nexmo_nb.sandbox.codes import STATUS_TEXTS
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.magic_numbers import find_magic, read_code
from nexmo_nb.sandbox.message_codes import ASYNCHRONOUS
from nexmo_nb.sandbox.refusals import (
    DENIED_AS_PROBLEM,
    PROBLEM,
    Check,
    Refusal,
    build_problem,
    build_rate_refusal,
    list_invalid,
)
from nexmo_nb.sandbox.segments import is_gsm_character
from nexmo_nb.sandbox.shapes import FLAG, Rule, Shape, allow_text, allow_whole, allow_words, check_shape
from nexmo_nb.sandbox.sms import MessageRefusal, accept_message
from nexmo_nb.sandbox.tokens import check_token
from nexmo_nb.sandbox.validation import is_url
from nexmo_nb.sandbox.webhooks import queue_message_status
from nexmo_nb.sandbox.world import World

ERRORS = "/messages#{}"
LONGEST_TEXT = 3200
ANYBODY = "447700900000"
FREE = "0.00000000"
_RECIPIENT = Rule(
    lambda value: isinstance(value, str) and re.fullmatch("[1-9][0-9]{6,14}", value) is not None,
    "must have 7 to 15 digits, without a plus or 00",
)
_URL = Rule(is_url, "must be a URL")
_TEXT = Rule(
    lambda value: isinstance(value, str) and 1 <= len(value) <= LONGEST_TEXT,
    f"must have 1 to {LONGEST_TEXT} characters",
)
_REFERENCE = Rule(lambda value: isinstance(value, str) and len(value) <= 100, "must have at most 100 characters")
_SETTINGS = Shape(
    {
        "encoding_type": allow_words("text", "unicode", "auto"),
        "content_id": allow_text(),
        "entity_id": allow_text(),
        "pool_id": allow_text(),
    }
)
_BODY = Shape(
    {
        "channel": allow_words("sms"),
        "message_type": allow_words("text"),
        "to": _RECIPIENT,
        "from": allow_text(),
        "text": _TEXT,
        "client_ref": _REFERENCE,
        "ttl": allow_whole(20, 604_800),
        "webhook_url": _URL,
        "webhook_version": allow_words("v0.1", "v1"),
        "trusted_recipient": FLAG,
        "trusted_sender": FLAG,
        "sms": _SETTINGS,
    },
    ("channel", "message_type", "to", "from", "text"),
)
# The number of the error for a field that is wrong; of any other field it is that of parameters.
_NUMBERS = {"channel": "1100", "sms": "1110", "from": "1120", "to": "110", "message_type": "1140", "client_ref": "1060"}
_TITLES = {
    "1060": "Invalid client reference",
    "110": "Invalid recipient",
    "1100": "Unsupported channel",
    "1110": "Invalid channel parameters",
    "1120": "Invalid sender",
    "1140": "Invalid message type",
    "1150": "Invalid params",
}
# What the SMS API refuses with a status is refused here at once, or later by the status of the message.
_OF_SENDER, _NO_CREDIT, _THROTTLED = 15, 9, 1
_OF_ACCOUNT = (4, 8, 11, 14, 32)
_LOW_BALANCE = build_problem(402, "#low-balance", "Low balance", "The account has too little credit.")._replace(
    headers=PROBLEM
)


def send_message(world: World, request: Request, accident: Accident) -> Answer:
    application = _check_credentials(world, request)
    if request.content_type != "application/json" or not isinstance(request.json, dict):
        title = "The request body did not contain valid JSON"
        return build_problem(422, "#invalid-json", title, "It must be an object, as application/json.")
    body = {name: value for name, value in request.json.items() if value is not None}
    _refuse_invalid(check_shape("", body, _BODY))
    with world.lock:
        record = _accept(world, body, accident)
        record |= {"api": "messages", "application_id": application, "webhook_url": body.get("webhook_url", "")}
        queue_message_status(world, record)
    return Answer(202, {"message_uuid": record["parts"][0]["message_id"]})


def _check_credentials(world: World, request: Request) -> str | None:
    """Check key and secret, or an application's token; give the application's id, if it is one."""
    pair = read_basic(request)
    if pair is not None and world.is_secret(*pair):
        return None
    try:
        return check_token(world, request)
    except Refusal:
        raise Refusal(DENIED_AS_PROBLEM._replace(headers=PROBLEM)) from None


def _accept(world: World, body: Mapping[str, Any], accident: Accident) -> dict[str, Any]:
    """Accept a message as the SMS API would; what that refuses is an HTTP status here, or told later."""
    rejected = _find_later_refusal(body["to"])
    # Of a message that is answered as a whole, no part is refused alone.
    # A message that is rejected later is accepted first, as one to anybody else in that country.
    fields = _build_fields(body if rejected is None else {**body, "to": ANYBODY})
    try:
        _, record = accept_message(world, fields, {} if accident.get("kind") == "partial" else accident)
    except MessageRefusal as refused:
        raise Refusal(_build_refusal(refused)) from None
    if rejected is not None:
        world.charge(-Decimal(record["price"]))  # what is rejected costs nothing
        record |= {"to": body["to"], "price": FREE, "parts": [{**part, "price": FREE} for part in record["parts"]]}
        record["course"] |= {"status": "rejected", "code": rejected}
    return record


def _find_later_refusal(to: str) -> str | None:
    """Find the code with which a message to a number is rejected after it was accepted; None for most."""
    return ASYNCHRONOUS.get(read_code(to)) if find_magic(to).is_refused else None


def _build_fields(body: Mapping[str, Any]) -> dict[str, str]:
    """Write a body as the fields of the SMS API, so that parts, prices and refusals are the same by both."""
    settings = body.get("sms") or {}
    kind = settings.get("encoding_type", "auto")
    if kind == "auto":
        kind = "text" if all(is_gsm_character(c) for c in body["text"]) else "unicode"
    fields = {
        "to": body["to"],
        "from": body["from"],
        "type": kind,
        "text": body["text"],
        "client-ref": body.get("client_ref"),
        "ttl": str(body["ttl"] * 1000) if "ttl" in body else None,
        "entity-id": settings.get("entity_id"),
        "content-id": settings.get("content_id"),
        "trusted-number": str(body["trusted_recipient"]).lower() if "trusted_recipient" in body else None,
    }
    return {name: str(value) for name, value in fields.items() if value is not None}


def _refuse_invalid(checks: Iterator[Check]) -> None:
    invalid = list_invalid(checks)
    if invalid:
        raise Refusal(_build_invalid(_NUMBERS.get(invalid[0]["name"].partition(".")[0], "1150"), invalid))


def _build_invalid(number: str, invalid: list[dict[str, str]]) -> Answer:
    detail = "The value of one or more parameters is invalid."
    return build_problem(422, ERRORS.format(number), _TITLES[number], detail, invalid_parameters=invalid)


def _build_refusal(refused: MessageRefusal) -> Answer:
    if refused.status == _THROTTLED:
        return build_rate_refusal(None)
    if refused.status == _NO_CREDIT:
        return _LOW_BALANCE
    if refused.status in _OF_ACCOUNT:
        denied = build_problem(HTTPStatus.UNAUTHORIZED, "#unprovisioned", "Unauthorized", STATUS_TEXTS[refused.status])
        return denied._replace(headers=PROBLEM)
    number, name = ("1120", "from") if refused.status == _OF_SENDER else ("1150", "to")
    return _build_invalid(number, [{"name": name, "reason": refused.text}])
