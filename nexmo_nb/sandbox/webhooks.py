"""What webhooks say, and whom they go to: receipts of messages, messages that came in, and events of calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox.message_codes import find_error_code, translate_status
from nexmo_nb.sandbox.receipts import find_receipt_time
from nexmo_nb.sandbox.refusals import PROBLEM_TYPES
from nexmo_nb.sandbox.webhook_queue import add_webhook
from nexmo_nb.sandbox.world import World

# How the account wants webhooks of its SMS: their method, and where the fields stand.
STYLES = {
    "GET_QUERY_PARAMS": {"method": "GET", "format": "query"},
    "POST_QUERY_PARAMS": {"method": "POST", "format": "form"},
    "POST_JSON": {"method": "POST", "format": "json"},
}
APPLICATION_STYLE = {"method": "POST", "format": "json", "signature": "jwt"}
# What the end of a call tells of it.
RESULTS = ("start_time", "end_time", "duration", "rate", "price", "network")


def queue_receipts(world: World, message: Mapping[str, Any]) -> None:
    """Queue what becomes of a message that was accepted, for whoever wants to know.

    A `callback` of its own goes before the application that its sender is linked to, and that before the account's URL.
    """
    if str(message.get("status_report_req", "1")).lower() in ("0", "false"):
        return
    at = find_receipt_time(message)
    url, application = message.get("callback", ""), None
    if not url:
        url, application = _find_hook(world, message["sender"], "status_url")
    if application:
        _queue_for_application(world, "status", url, application, _describe_status(message, at), at)
        return
    url = url or world.settings["drCallBackUrl"]
    parts = [_describe_receipt(world, message, part, at) for part in message["parts"]]
    _queue_for_account(world, "receipt", url, parts, at)


def queue_message_status(world: World, message: Mapping[str, Any]) -> None:
    """Queue what becomes of a message that came by the Messages API.

    A `webhook_url` of its own goes before that of the application that sent it, and that before the account's URL.
    """
    at = find_receipt_time(message)
    application = message["application_id"]
    url = message["webhook_url"]
    url = url or _get_hook(world.applications.get(application or "", {}), "messages", "status_url").get("address", "")
    url = url or world.settings["drCallBackUrl"]
    if url:
        _queue_for_application(world, "status", url, application, _describe_status(message, at), at)


def queue_received(world: World, received: Mapping[str, Any]) -> None:
    """Queue a message that came in: for the number's own URL, else its application's, else the account's.

    An application is told of the whole text, and a URL of an SMS of each part of it.
    """
    now, number = world.now(), world.owned[received["to"]]
    url, application = number.get("moHttpUrl", ""), None
    if not url:
        url, application = _find_hook(world, received["to"], "inbound_url")
    if application:
        _queue_for_application(world, "inbound", url, application, _describe_inbound_message(received, now), now)
        return
    url = url or world.settings["moCallBackUrl"]
    parts = [_describe_part(world, received, n, now) for n in range(len(received["parts"]))]
    _queue_for_account(world, "inbound", url, parts, now)


def queue_call_event(world: World, call: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    """Queue an event of a call of the Voice API: that it has a `status` since a `time`, with what else the change says.

    The call's own `event_url` goes before its application's.
    """
    if "application_id" not in call:
        return
    url, method = (call.get("event_url") or [""])[0], call.get("event_method")
    if not url:
        application = world.applications.get(call["application_id"], {})
        hook = _get_hook(application, "voice", "event_url")
        url, method = hook.get("address", ""), hook.get("http_method")
    if not url:
        return
    style = {"method": "GET", "format": "query"} if method == "GET" else {"method": "POST", "format": "json"}
    at = datetime.fromisoformat(change["time"])
    fields = _describe_event(call, change, at)
    add_webhook(
        world,
        {
            "kind": "call",
            "url": url,
            **style,
            "signature": "jwt",
            "fields": fields,
            "application_id": call["application_id"],
        },
        at,
    )


def _queue_for_application(
    world: World, kind: str, url: str, application: str | None, fields: Mapping[str, Any], at: datetime
) -> None:
    webhook = {"kind": kind, "url": url, **APPLICATION_STYLE, "fields": fields, "application_id": application}
    add_webhook(world, webhook, at)


def _queue_for_account(world: World, kind: str, url: str, parts: Iterable[Mapping[str, Any]], at: datetime) -> None:
    """Queue a webhook for each part, in the style of the account's settings; nothing where no URL wants it."""
    style = {**STYLES[world.settings["httpForwardMethod"]], "signature": "sig"}
    for fields in parts if url else ():
        add_webhook(world, {"kind": kind, "url": url, **style, "fields": fields}, at)


def _find_hook(world: World, number: str, name: str) -> tuple[str, str | None]:
    """Find the URL and the id of the application that one of the account's numbers is linked to; empty for none."""
    settings = world.owned.get(number.lstrip("+"), {})
    linked = settings.get("messagesCallbackValue") if settings.get("messagesCallbackType") == "app" else None
    code = settings.get("app_id") or linked
    url = _get_hook(world.applications.get(code or "", {}), "messages", name).get("address", "")
    return (url, code) if url else ("", None)


def _get_hook(application: Mapping[str, Any], capability: str, name: str) -> Mapping[str, Any]:
    hooks = (application.get("capabilities", {}).get(capability) or {}).get("webhooks") or {}
    return hooks.get(name) or {}


def _describe_receipt(
    world: World, message: Mapping[str, Any], part: Mapping[str, str], at: datetime
) -> dict[str, str]:
    reference = {"client-ref": message["client_ref"]} if message["client_ref"] else {}
    return {
        "msisdn": message["to"],
        "to": message["sender"],
        "network-code": message["network"],
        "messageId": part["message_id"],
        "price": part["price"],
        "status": message["course"]["status"],
        "scts": f"{at.astimezone(timezone.utc):%y%m%d%H%M}",
        "err-code": str(message["course"]["error"]),
        "api-key": world.api_key,
        "message-timestamp": _format_time(at),
        **reference,
    }


def _describe_status(message: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Describe what became of a whole message, as the Messages API does."""
    status, time = translate_status(message["course"]["status"]), _format_instant(at)
    code = find_error_code(message) if message.get("api") == "messages" else str(message["course"]["error"] or "")
    error = {"error_code": code} if code else {}
    price = sum((Decimal(part["price"]) for part in message["parts"]), Decimal(0))
    return {
        "message_uuid": message["parts"][0]["message_id"],
        "to": message["to"],
        "from": message["sender"],
        "channel": "sms",
        "timestamp": time,
        "status": status,
        **({"client_ref": message["client_ref"]} if message["client_ref"] else {}),
        "usage": {"currency": "EUR", "price": f"{price:.4f}"},
        "destination": {"network_code": message["network"]},
        **({"error": _describe_error(code, message)} if code and message.get("api") == "messages" else {}),
        "sms": {
            "count_total": str(len(message["parts"])),
            "segments": [{"timestamp": time, "status": status, **error} for _ in message["parts"]],
        },
    }


def _describe_error(code: str, message: Mapping[str, Any]) -> dict[str, str]:
    link = f"{PROBLEM_TYPES}/messages#{code}"
    return {"type": link, "title": code, "detail": "The message failed.", "instance": message["parts"][0]["message_id"]}


def _describe_part(world: World, received: Mapping[str, Any], place: int, at: datetime) -> dict[str, str]:
    part, count = received["parts"][place], len(received["parts"])
    place_of_part = {
        "concat": "true",
        "concat-ref": str(int(received["parts"][0]["message_id"][:2], 16)),
        "concat-total": str(count),
        "concat-part": str(place + 1),
    }
    return {
        "api-key": world.api_key,
        "msisdn": received["sender"],
        "to": received["to"],
        "messageId": part["message_id"],
        "text": part["text"],
        "type": received["type"],
        "keyword": _find_keyword(part["text"]),
        "message-timestamp": _format_time(at),
        **(place_of_part if count > 1 else {}),
    }


def _describe_inbound_message(received: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "channel": "sms",
        "message_uuid": received["parts"][0]["message_id"],
        "to": received["to"],
        "from": received["sender"],
        "timestamp": _format_instant(at),
        "text": received["text"],
        "sms": {"num_messages": str(len(received["parts"])), "keyword": _find_keyword(received["text"])},
        "origin": {"network_code": received["network"]},
    }


def _describe_event(call: Mapping[str, Any], change: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    caller, status = call.get("from") or {}, change["status"]
    named = "call_uuid" if status in ("human", "machine") else "uuid"
    fields = {
        "status": status,
        named: call["id"],
        "conversation_uuid": call.get("conversation_uuid", ""),
        "from": caller.get("number", "") if isinstance(caller, Mapping) else str(caller),
        "to": call["to"],
        "direction": "outbound",
        "timestamp": _format_instant(at),
        **{name: change[name] for name in ("detail", "sub_state") if name in change},
    }
    if status == "answered":
        fields |= {"start_time": call.get("start_time") or change["time"], "rate": "", "network": ""}
    if status == "completed":
        fields |= {name: call.get(name, "") for name in RESULTS}
    times = {name: fields[name] for name in ("start_time", "end_time") if fields.get(name)}
    return fields | {name: _format_instant(datetime.fromisoformat(time)) for name, time in times.items()}


def _find_keyword(text: str) -> str:
    return next(iter(text.split()), "").upper()


def _format_time(at: datetime) -> str:
    return f"{at.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}"


def _format_instant(at: datetime) -> str:
    return at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
