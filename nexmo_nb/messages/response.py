"""From the answer of the Messages API to the id of a message, and what its error codes mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexmo_nb.errors import NexmoError
from nexmo_nb.session import Request, unanswered_error

# https://developer.vonage.com/en/api-errors/messages. Codes of a message that was accepted, in records and webhooks.
# A refusal has numbers of its own for some of these; its title says what it means.
CODES: Mapping[str, str] = {
    "1000": "throttled",
    "1010": "missing parameter",
    "1020": "invalid parameter",
    "1030": "internal error at Nexmo",
    "1040": "cannot be routed: no network has the number's prefix",
    "1050": "number barred",
    "1060": "account barred",
    "1070": "no credit, or the quota is used up",
    "1080": "the account is not enabled for it",
    "1090": "message too long",
    "1100": "it could not be handed over",
    "1120": "illegal sender",
    "1130": "invalid ttl",
    "1140": "the account may not use a facility that the message asks for",
    "1150": "invalid message class",
    "1160": "not on the allowed list",
    "1170": "invalid or missing recipient",
    "1180": "absent for the moment: the phone is off or without network",
    "1190": "absent for good: the number is no longer in use",
    "1200": "the number moved to another network, which could not be found",
    "1210": "blocked by the operator as spam",
    "1220": "the phone was busy",
    "1230": "network error",
    "1240": "illegal number, or the recipient opted out",
    "1241": "too many messages to this number",
    "1242": "no such pool of numbers",
    "1250": "no network could be found for the number",
    "1251": "no network could be found for the number",
    "1260": "the network could not be reached, or the number takes no SMS",
    "1270": "the recipient is too young for it",
    "1280": "blocked by the operator",
    "1282": "blocked by the provider",
    "1290": "the recipient has no credit",
    "1320": "sent before",
    "1330": "general error at the operator",
    "1331": "general error at the operator",
    "1360": "expired before it could be delivered",
    "1431": "several recipients",
    "1460": "the campaign's daily limit is used up",
    "1470": "blocked by a traffic rule of the Fraud Defender",
    "1472": "blocked by the burst protection of the Fraud Defender",
    "1473": "blocked by the Fraud Defender as artificial traffic",
    "1474": "blocked by a country rule of the Fraud Defender",
    "1475": "blocked by a network rule of the Fraud Defender",
    "1476": "the sender is on a list of numbers that send nothing",
    "1480": "India: the entity is not registered",
    "1481": "India: the header is not registered",
    "1482": "India: the text fits no registered template",
    "1483": "India: the recipient did not consent",
    "1484": "blocked by a regulation",
    "1490": "it is not known whether all parts were delivered",
}

# What the fragment of an error's address says of a message that was refused: the error list and the examples differ.
_REFUSALS: Mapping[str, str] = {
    "low-balance": "no credit",
    "invalid-json": "invalid parameter",
    "not-found": "not found",
    "1060": "invalid client_ref",
    **dict.fromkeys(("1100", "1400"), "unsupported channel"),
    **dict.fromkeys(("1110", "1410"), "invalid channel settings"),
    **dict.fromkeys(("1120", "1420"), "illegal sender"),
    **dict.fromkeys(("110", "1430"), "invalid recipient"),
    **dict.fromkeys(("1140", "1440"), "invalid message type"),
    **dict.fromkeys(("1150", "1450"), "invalid parameter"),
}


def meaning_of_code(code: str | None) -> str:
    """Say what the code of a refusal means, in a few words."""
    return _REFUSALS.get(str(code)) or CODES.get(str(code), "refused; see the error")


def find_refusal(request: Request, body: Any) -> NexmoError | None:
    """Find the error that an answer with a good status stands for; None where it names a message."""
    return None if find_id(body) else unanswered_error(request, "the answer names no message", status=202)


def find_id(body: Any) -> str | None:
    """Find the id of the message that an answer names."""
    code = body.get("message_uuid") if isinstance(body, dict) else None
    return code if isinstance(code, str) and code.strip() and len(code) <= 100 else None
