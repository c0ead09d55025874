"""Who is called: a phone, a SIP address, a websocket, an extension or a user of an application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nexmo_nb.sandbox.refusals import Check
from nexmo_nb.sandbox.shapes import ANYTHING, PHONE_NUMBER, URL, Rule, Shape, allow_text, allow_words, check_shape

_TEXT = allow_text()
_ANSWERED = Shape({"url": URL, "ringbackTone": URL, "ringback": URL}, ("url",))
# The one header is said to be required; but an official client sends an empty object with each call to a SIP address.
_SIP_HEADERS = Shape({"User-to-User": _TEXT})
_AUTHORIZATION = Shape({"type": allow_words("vonage", "custom"), "value": _TEXT})
_SOUNDS = allow_words(*(f"audio/l16;rate={rate}" for rate in (8000, 16000, 24000)))
# A call writes names with underscores where an action has capitals; `onAnswer` is an action's alone.
ENDPOINTS: Mapping[str, Shape] = {
    "phone": Shape({"number": PHONE_NUMBER, "dtmfAnswer": _TEXT, "shaken": _TEXT, "onAnswer": _ANSWERED}, ("number",)),
    "sip": Shape(
        {
            "uri": allow_text(1, 50),
            "headers": ANYTHING,
            "standard_headers": _SIP_HEADERS,
            "standardHeaders": _SIP_HEADERS,
        },
        ("uri",),
    ),
    "websocket": Shape(
        {"uri": _TEXT, "content-type": _SOUNDS, "headers": ANYTHING, "authorization": _AUTHORIZATION},
        ("uri", "content-type"),
    ),
    "vbc": Shape({"extension": _TEXT}, ("extension",)),
    "app": Shape({"user": _TEXT}, ("user",)),
}
# The member that says where a call goes.
ADDRESSES = {"phone": "number", "sip": "uri", "websocket": "uri", "vbc": "extension", "app": "user"}
# What of an endpoint is told of a call. The others may hold secrets.
TOLD = ("type", *dict.fromkeys(ADDRESSES.values()), "content-type", "headers")
CALLER = Shape(
    {
        "type": allow_words("phone"),
        "number": Rule(
            lambda value: PHONE_NUMBER.allows(value) or (isinstance(value, str) and value.startswith("sip:")),
            "must have 7 to 15 digits, or be a SIP address",
        ),
    },
    ("type", "number"),
)


def check_endpoints(name: str, value: Any) -> Iterator[Check]:
    """Check a list of one endpoint."""
    if not isinstance(value, list) or len(value) != 1:
        yield False, name, "must be an array of one endpoint"
        return
    (endpoint,), name = value, f"{name}[0]"
    kind = endpoint.get("type") if isinstance(endpoint, dict) else None
    if not isinstance(kind, str) or kind not in ENDPOINTS:
        yield False, f"{name}.type", f"must be one of: {', '.join(ENDPOINTS)}"
        return
    yield from check_shape(name, endpoint, ENDPOINTS[kind])
    authorization = endpoint.get("authorization")
    if kind == "websocket" and isinstance(authorization, dict) and authorization.get("type") == "custom":
        yield bool(authorization.get("value")), f"{name}.authorization.value", "is missing"
