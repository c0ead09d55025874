"""Voice: the legacy ``/tts/json`` and the Voice API's ``/v1/calls``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nexmo_nb.sandbox.auth import basic, keys
from nexmo_nb.sandbox.data import by_prefix, digest
from nexmo_nb.sandbox.world import Answer, Request, World

__all__ = ["call", "calls", "tts"]

UNAUTHORISED = Answer(401, {"type": "UNAUTHORIZED", "error_title": "Unauthorized"})


def tts(world: World, request: Request, failure: Mapping[str, Any] | None) -> Answer:
    """Answer the legacy endpoint: keys as parameters, a status in HTTP 200."""
    fields = request.fields
    with world.lock:
        status, text = _judge_tts(world, request, fields, failure)
        body: dict[str, str] = {"to": fields.get("to", ""), "status": status, "error_text": text}
        if status == "0":
            body = {"call_id": f"{digest(world.seed, 'tts', len(world.calls)):032x}", **body}
            timeout = fields.get("machine_timeout", "10000")
            kept = timeout if timeout.isdigit() and 400 <= int(timeout) <= 10_000 else "10000"
            said = {k: v for k, v in fields.items() if k not in ("api_key", "api_secret")}
            record = {"api": "tts", "id": body["call_id"], **said, "machine_timeout": kept}
            world.calls.append({**record, "time": world.now().isoformat(timespec="milliseconds")})
    return Answer(200, body)


def _judge_tts(
    world: World, request: Request, fields: Mapping[str, str], failure: Mapping[str, Any] | None
) -> tuple[str, str]:
    kind = (failure or {}).get("kind")
    if basic(request.headers) is not None or keys(fields) != (world.api_key, world.api_secret):
        return "4", "Bad Credentials"
    if kind == "no-credit":
        return "9", "Quota Exceeded"
    if not fields.get("to") or not fields.get("text"):
        return "2", "Missing parameter"
    repeat = fields.get("repeat", "1")
    sound = (
        re.fullmatch(r"\d{7,15}", fields["to"], re.ASCII),
        len(fields["text"]) <= 1500,
        re.fullmatch("[a-z]{2,3}-[a-z]{2}", fields.get("lg", "en-us")),
        fields.get("voice", "female") in ("female", "male"),
        repeat.isdigit() and 1 <= int(repeat) <= 10,
        fields.get("machine_detection", "true") in ("true", "hangup"),
        fields.get("callback_method", "GET") in ("GET", "POST"),
    )
    if not all(sound):
        return "3", "Invalid parameter"
    return ("0", "Success") if by_prefix(fields["to"]) else ("6", "Unroutable")


def call(world: World, request: Request, failure: Mapping[str, Any] | None) -> Answer:
    """Place a call by the Voice API: a token of an application, JSON both ways, 201."""
    application = _application(world, request)
    if application is None:
        return UNAUTHORISED
    if (failure or {}).get("kind") == "no-credit":
        kind = "https://developer.vonage.com/api-errors#low-balance"
        return Answer(402, {"type": kind, "title": "Low balance", "detail": "The account has too little credit."})
    if request.headers.get("Content-Type", "").partition(";")[0] != "application/json":
        return Answer(415, {"type": "UNSUPPORTED_MEDIA_TYPE", "error_title": "Unsupported Media Type"})
    body = request.json
    if not isinstance(body, dict):
        return Answer(400, {"type": "BAD_REQUEST", "error_title": "Bad Request"})
    wrong = _wrong(body)
    if wrong:
        pairs = [{"name": name, "reason": reason} for name, reason in wrong]
        return Answer(400, {"type": 400, "title": "Bad Request", "invalid_parameters": pairs})
    with world.lock:
        code, conversation = world.new_id(), f"CON-{world.new_id()}"
        record = {"api": "calls", "id": code, "application_id": application, "to": body["to"][0]["number"], **body}
        texts = [action.get("text", "") for action in body.get("ncco", []) if action.get("action") == "talk"]
        record |= {"to": body["to"][0]["number"], "text": " ".join(texts), "status": "started"}
        world.calls.append({**record, "time": world.now().isoformat(timespec="milliseconds")})
    answer = {"uuid": code, "status": "started", "direction": "outbound", "conversation_uuid": conversation}
    return Answer(201, answer)


def calls(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Show one call."""
    if _application(world, request) is None:
        return UNAUTHORISED
    code = request.path.rsplit("/", 1)[1]
    with world.lock:
        found = next((c for c in world.calls if c["id"] == code), None)
    if found is None:
        return Answer(404, {"type": "NOT_FOUND", "error_title": "Not Found"})
    shown = {"uuid": code, "status": found["status"], "direction": "outbound"}
    return Answer(200, {**shown, "to": {"type": "phone", "number": found["to"]}})


def _application(world: World, request: Request) -> str | None:
    """Check a token against the public key of the application that it names."""
    import jwt

    scheme, _, token = (request.headers.get("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        code = jwt.decode(token, options={"verify_signature": False}).get("application_id")
        application = world.applications.get(str(code))
        if application is None:
            return None
        claims = jwt.decode(
            token,
            world.public_key(application),
            algorithms=["RS256"],
            options={"require": ["iat", "jti", "application_id"]},
            leeway=5,
        )
    except (jwt.PyJWTError, ValueError):
        return None
    with world.lock:
        if claims["jti"] in world.tokens:
            return None
        world.tokens.add(claims["jti"])
    return str(code)


def _wrong(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List what is wrong in a request to call."""
    wrong = []
    to = body.get("to")
    number = to[0].get("number") if isinstance(to, list) and len(to) == 1 and isinstance(to[0], dict) else None
    if not isinstance(number, str) or not re.fullmatch(r"\d{7,15}", number, re.ASCII):
        wrong.append(("to", "must be one endpoint whose number has 7 to 15 digits"))
    if ("ncco" in body) == ("answer_url" in body):
        wrong.append(("ncco", "exactly one of ncco and answer_url is needed"))
    if ("from" in body) == bool(body.get("random_from_number")):
        wrong.append(("from", "exactly one of from and random_from_number is needed"))
    if body.get("machine_detection") not in (None, "continue", "hangup"):
        wrong.append(("machine_detection", "must be one of: continue, hangup"))
    for name in ("answer_method", "event_method"):
        if body.get(name) not in (None, "GET", "POST"):
            wrong.append((name, "must be one of: GET, POST"))
    for name in ("answer_url", "event_url"):
        if name in body and not _urls(body[name]):
            wrong.append((name, "must be an array of one URL"))
    actions = body.get("ncco", [])
    for n, action in enumerate(
        actions if isinstance(actions, list) and actions else ([] if "ncco" not in body else [None])
    ):
        wrong += _wrong_action(n, action)
    return wrong


def _urls(value: Any) -> bool:
    usable = isinstance(value, list) and len(value) == 1 and isinstance(value[0], str)
    return usable and bool(re.match("https?://", value[0]))


def _wrong_action(n: int, action: Any) -> list[tuple[str, str]]:
    name = f"ncco[{n}]"
    kind = action.get("action") if isinstance(action, dict) else None
    if kind not in ("talk", "stream"):
        return [(name, "must be an action")]
    loop = action.get("loop", 1)
    if not isinstance(loop, int) or loop < 0:
        return [(f"{name}.loop", "must be a whole number")]
    if kind == "stream":
        return [] if _urls(action.get("streamUrl")) else [(f"{name}.streamUrl", "must be an array of one URL")]
    text = action.get("text")
    bare = re.sub("<[^>]*>", "", text) if isinstance(text, str) else ""
    if not 1 <= len(bare) <= 1500:
        return [(f"{name}.text", "must have 1 to 1500 characters")]
    language, style = action.get("language", "en-US"), action.get("style", 0)
    if not re.fullmatch("[a-z]{2,3}-[A-Z]{2,4}", str(language)):
        return [(f"{name}.language", "must be a language tag")]
    return [] if isinstance(style, int) and style >= 0 else [(f"{name}.style", "must be a whole number")]
