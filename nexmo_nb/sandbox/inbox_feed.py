"""What the inbox shows: the books of the account, and of messages, activity and requests what is new to the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nexmo_nb.sandbox.receipts import find_receipt
from nexmo_nb.sandbox.validation import is_int_between
from nexmo_nb.sandbox.world import World

CURRENCY = "EUR"
# More than a person reads; what one sent is all there, among the messages.
MOST_REQUESTS = 500
SHOWN = ("to", "sender", "type", "encoding", "price", "time", "client_ref", "network", "country", "refused_parts")
# What messages without a text carry instead.
CONTENT = ("title", "url", "vcard", "vcal", "udh", "body")


def build_feed(world: World, query: Mapping[str, str]) -> dict[str, Any]:
    """Build what the page does not have yet.

    The query names the instance that the page knows, how many of its messages, sent and received, and of its activity,
    and the revision up to
    which it has the requests. A page that knows another instance gets all.
    """
    now = world.now()
    with world.lock:
        is_known = query.get("instance") == world.instance
        has = {name: int(value) for name, value in query.items() if is_known and is_int_between(value, 0)}
        revision = has.get("revision", 0)
        changed = [dict(request) for request in world.requests if request["revision"] > revision]
        return {
            "instance": world.instance,
            "revision": world.changes,
            "totals": _build_totals(world),
            "messages": [_format_message(message, now) for message in world.messages[has.get("messages", 0) :]],
            "received": [_format_received(each) for each in world.received[has.get("received", 0) :]],
            "activity": [{**entry, "currency": CURRENCY} for entry in world.activity[has.get("activity", 0) :]],
            "requests": changed[-MOST_REQUESTS:],
        }


def _build_totals(world: World) -> dict[str, Any]:
    return {
        "messages": len(world.messages),
        "parts": sum(len(message["parts"]) for message in world.messages),
        "calls": len(world.calls),
        "spent": f"{world.spent:.8f}",
        "balance": f"{world.balance:.8f}",
        "currency": CURRENCY,
    }


def _format_message(message: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Format a message with a receipt for each part, as the reports have it."""
    text = message["text"]
    if text is None:
        text = "\n".join(message[name] for name in CONTENT if message.get(name))
    found = find_receipt(message, now)
    receipt = {
        "status": found.status,
        "time": found.at.isoformat(timespec="milliseconds") if found.at else message["time"],
    }
    return {
        **{name: message[name] for name in SHOWN},
        "sender": message.get("shown_sender", message["sender"]),
        "currency": CURRENCY,
        "text": text,
        "receipts": [{"message_id": part["message_id"], **receipt} for part in message["parts"]],
    }


def _format_received(received: Mapping[str, Any]) -> dict[str, Any]:
    """Format a message that came in with the members of one that was sent; it costs nothing."""
    return {
        **{name: received[name] for name in ("to", "sender", "type", "encoding", "time", "network", "country", "text")},
        "direction": "inbound",
        "price": "0.00000000",
        "currency": CURRENCY,
        "client_ref": None,
        "refused_parts": 0,
        "receipts": [
            {"message_id": part["message_id"], "status": "received", "time": received["time"]}
            for part in received["parts"]
        ],
    }
