"""Voice: the legacy ``/tts/json``, and ``/v1/calls`` of the Voice API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from nexmo_nb.sandbox.auth import read_basic, read_keys, split_authorization
from nexmo_nb.sandbox.data import find_country, find_network, hash_to_int
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import NOT_FOUND, Check, Refusal, list_invalid
from nexmo_nb.sandbox.validation import is_int_between, is_url
from nexmo_nb.sandbox.webhooks import queue_call_event
from nexmo_nb.sandbox.world import World

UNAUTHORIZED = Answer(401, {"type": "UNAUTHORIZED", "error_title": "Unauthorized"})
LOW_BALANCE_TYPE = "https://developer.vonage.com/api-errors#low-balance"
LOW_BALANCE = Answer(
    402, {"type": LOW_BALANCE_TYPE, "title": "Low balance", "detail": "The account has too little credit."}
)
WRONG_CONTENT_TYPE = Answer(415, {"type": "UNSUPPORTED_MEDIA_TYPE", "error_title": "Unsupported Media Type"})
NO_OBJECT = Answer(400, {"type": "BAD_REQUEST", "error_title": "Bad Request"})
# Seconds by which the clocks of client and server may differ.
LEEWAY = 5
# Of a token that does not say when it ends.
TOKEN_LIFETIME = 900
LATEST = 10**12
LONGEST_TEXT = 1500


def place_tts_call(world: World, request: Request, accident: Accident) -> Answer:
    """Call by the legacy endpoint: keys as parameters, HTTP 200 always, and a status in the body."""
    fields = request.fields
    with world.lock:
        status, text = _check_tts_call(world, request, accident)
        body = {"to": fields.get("to", ""), "status": status, "error_text": text}
        if status == "0":
            body = {"call_id": f"{hash_to_int(world.seed, 'tts', len(world.calls)):032x}", **body}
            timeout = fields.get("machine_timeout", "")
            world.calls.append(
                {
                    **{name: value for name, value in fields.items() if name not in ("api_key", "api_secret")},
                    "api": "tts",
                    "id": body["call_id"],
                    "machine_timeout": timeout if is_int_between(timeout, 400, 10_000) else "10000",
                    "time": world.format_now(),
                }
            )
            said = {"text": fields["text"], "language": fields.get("lg", "en-us"), "voice": fields.get("voice")}
            _note_call(world, fields["to"], {**said, "state": "started", "api": "legacy text-to-speech"})
    return Answer(200, body)


def _check_tts_call(world: World, request: Request, accident: Accident) -> tuple[str, str]:
    """Return status and error text."""
    fields = request.fields
    if read_basic(request) is not None or read_keys(fields) != (world.api_key, world.api_secret):
        return "4", "Bad Credentials"
    if accident.get("kind") == "no-credit":
        return "9", "Quota Exceeded"
    if not fields.get("to") or not fields.get("text"):
        return "2", "Missing parameter"
    checks = (
        _is_phone_number(fields["to"]),
        len(fields["text"]) <= LONGEST_TEXT,
        re.fullmatch("[a-z]{2,3}-[a-z]{2}", fields.get("lg", "en-us")),
        fields.get("voice", "female") in ("female", "male"),
        is_int_between(fields.get("repeat", "1"), 1, 10),
        fields.get("machine_detection", "true") in ("true", "hangup"),
        fields.get("callback_method", "GET") in ("GET", "POST"),
    )
    if not all(checks):
        return "3", "Invalid parameter"
    return ("0", "Success") if find_country(fields["to"]) else ("6", "Unroutable")


def place_call(world: World, request: Request, accident: Accident) -> Answer:
    """Call by the Voice API: an application's token, JSON both ways, HTTP 201."""
    application = _check_token(world, request)
    if accident.get("kind") == "no-credit":
        return LOW_BALANCE
    if request.content_type != "application/json":
        return WRONG_CONTENT_TYPE
    if not isinstance(request.json, dict):
        return NO_OBJECT
    invalid = list_invalid(_check_body(request.json))
    if invalid:
        return Answer(400, {"type": 400, "title": "Bad Request", "invalid_parameters": invalid})
    with world.lock:
        code, conversation = world.new_id(), f"CON-{world.new_id()}"
        record = _build_record(world, code, application, request.json)
        world.calls.append(record)
        queue_call_event(world, {**record, "conversation_uuid": conversation}, record)
        spoken = [action for action in record.get("ncco", []) if action["action"] == "talk"]
        languages = dict.fromkeys(str(action.get("language", "en-US")) for action in spoken)
        said = {
            "text": record["text"],
            "language": ", ".join(languages),
            "answer_url": record.get("answer_url", [""])[0],
        }
        _note_call(world, record["to"], {**said, "state": record["status"], "api": "Voice API", "id": code})
    answer = {"uuid": code, "status": "started", "direction": "outbound", "conversation_uuid": conversation}
    return Answer(201, answer)


def show_call(world: World, request: Request, _: Accident) -> Answer:
    _check_token(world, request)
    code = request.path.rsplit("/", 1)[1]
    with world.lock:
        call = next((call for call in world.calls if call["id"] == code), None)
    if call is None:
        return NOT_FOUND
    to = {"type": "phone", "number": call["to"]}
    # A call of the legacy endpoint has no status here.
    return Answer(200, {"uuid": code, "status": call.get("status", "started"), "direction": "outbound", "to": to})


def _check_token(world: World, request: Request) -> str:
    """Check a token, once only, with the public key of the application that it names, and return that one's id."""
    import jwt

    scheme, token = split_authorization(request)
    if scheme != "bearer":
        raise Refusal(UNAUTHORIZED)
    try:
        code = str(jwt.decode(token, options={"verify_signature": False}).get("application_id"))
        claims = jwt.decode(
            token,
            world.get_public_key(world.applications[code]),
            algorithms=["RS256"],
            # Its times are looked at by the sandbox's clock, which PyJWT does not know.
            options={
                "require": ["iat", "jti", "application_id"],
                **{"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            },
        )
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, OverflowError):
        raise Refusal(UNAUTHORIZED) from None
    if not _is_current(claims, world.now().timestamp()):
        raise Refusal(UNAUTHORIZED)
    token_id = str(claims["jti"])
    with world.lock:
        if token_id in world.tokens:
            raise Refusal(UNAUTHORIZED)
        world.tokens.add(token_id)
    return code


def _is_current(claims: Mapping[str, Any], now: float) -> bool:
    """Tell whether a token is good at a time; without an end, it is for a quarter of an hour."""
    begin, not_before, end = claims["iat"], claims.get("nbf", 0), claims.get("exp", 0)
    if not all(isinstance(at, (int, float)) and 0 <= at < LATEST for at in (begin, not_before, end)):
        return False
    return bool(max(begin, not_before) - LEEWAY <= now <= (end or begin + TOKEN_LIFETIME) + LEEWAY)


def _build_record(world: World, code: str, application: str, body: Mapping[str, Any]) -> dict[str, Any]:
    texts = [action.get("text", "") for action in body.get("ncco", []) if action.get("action") == "talk"]
    return {
        **body,
        "api": "calls",
        "id": code,
        "application_id": application,
        "to": body["to"][0]["number"],
        "text": " ".join(texts),
        "status": "started",
        "time": world.format_now(),
    }


def _note_call(world: World, to: str, details: Mapping[str, Any]) -> None:
    """Note a call for the inbox, with the price of a minute. It costs nothing here, since it never ends."""
    country = find_country(to)
    price = world.current_price(country.code, find_network(country, to).voice) if country else ""
    world.note_activity("Call placed", f"+{to}", details, price, "minute")


def _check_body(body: Mapping[str, Any]) -> Iterator[Check]:
    to = body.get("to")
    number = to[0].get("number") if isinstance(to, list) and len(to) == 1 and isinstance(to[0], dict) else None
    yield _is_phone_number(number), "to", "must be one endpoint whose number has 7 to 15 digits"
    has_one_sender = ("from" in body) != bool(body.get("random_from_number"))
    yield has_one_sender, "from", "exactly one of from and random_from_number is needed"
    is_choice = body.get("machine_detection") in (None, "continue", "hangup")
    yield is_choice, "machine_detection", "must be one of: continue, hangup"
    for name in ("answer_method", "event_method"):
        yield body.get(name) in (None, "GET", "POST"), name, "must be one of: GET, POST"
    for name in ("answer_url", "event_url"):
        yield name not in body or _is_url_list(body[name]), name, "must be an array of one URL"
    yield ("ncco" in body) != ("answer_url" in body), "ncco", "exactly one of ncco and answer_url is needed"
    if "ncco" in body:
        is_filled_list = isinstance(body["ncco"], list) and body["ncco"]
        for n, action in enumerate(body["ncco"] if is_filled_list else [None]):
            yield from _check_action(f"ncco[{n}]", action)


def _check_action(name: str, action: Any) -> Iterator[Check]:
    kind = action.get("action") if isinstance(action, dict) else None
    if kind not in ("talk", "stream"):
        yield False, name, "must be an action"
        return
    yield _is_whole(action.get("loop", 1)), f"{name}.loop", "must be a whole number"
    if kind == "stream":
        yield _is_url_list(action.get("streamUrl")), f"{name}.streamUrl", "must be an array of one URL"
        return
    text = action.get("text")
    spoken = re.sub("<[^>]*>", "", text) if isinstance(text, str) else ""
    yield 1 <= len(spoken) <= LONGEST_TEXT, f"{name}.text", "must have 1 to 1500 characters"
    language = re.fullmatch("[a-z]{2,3}-[A-Z]{2,4}", str(action.get("language", "en-US")))
    yield language is not None, f"{name}.language", "must be a language tag"
    yield _is_whole(action.get("style", 0)), f"{name}.style", "must be a whole number"


def _is_phone_number(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{7,15}", value, re.ASCII) is not None


def _is_url_list(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and is_url(value[0])


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and value >= 0
