"""From the answer to an SMS to its rows: HTTP 200, a status for each part, and what each status means. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from nexmo_nb.errors import AuthenticationError, NexmoError, RateLimitedError, RejectedError
from nexmo_nb.frames import Column, frame, parse_number, to_text
from nexmo_nb.session import Request, get_field, one_line, parse_status, unanswered_error

COLUMNS = (
    Column("part", "int64"), Column("parts", "int64"), Column("to"), Column("message_id"), Column("status"),
    Column("meaning"), Column("error_text"), Column("price", "float64"), Column("balance", "float64"),
    Column("currency"), Column("network"), Column("client_ref"), Column("account_ref"),
)  # fmt: skip


class Meaning(NamedTuple):
    """What a status means, what to do, and which error a message refused with it raises."""

    words: str
    advice: str
    error: type[NexmoError] = RejectedError


STATUSES: Mapping[str, Meaning] = {
    "0": Meaning("accepted", "Delivery is reported later."),
    "1": Meaning("throttled", "Too many messages in a second; send it again.", RateLimitedError),
    "2": Meaning("missing parameter", "The request lacked what the text below names."),
    "3": Meaning("invalid parameter", "Correct the value that the text below names."),
    "4": Meaning("bad credentials", "Check the credentials with show_connection().", AuthenticationError),
    "5": Meaning("internal error at Nexmo", "It was not sent; try again later."),
    "6": Meaning("cannot be routed", "Check the number: no network has its prefix, or the message cannot go there."),
    "7": Meaning("number barred", "The recipient is on a block list; ask Nexmo's support to lift it."),
    "8": Meaning("account barred", "The account is suspended; ask Nexmo's support.", AuthenticationError),
    "9": Meaning("no credit", "Top up the account: the balance does not cover the message."),
    "10": Meaning("too many connections", "Close other connections of the account, then send again."),
    "11": Meaning("account not allowed", "The account may not send SMS over HTTP.", AuthenticationError),
    "12": Meaning("message too long", "Shorten it; binary messages hold 140 octets with their header."),
    "13": Meaning("communication failed", "It was not sent; try again later."),
    "14": Meaning("bad signature", "Check signature_secret, signature_method and the clock.", AuthenticationError),
    "15": Meaning("illegal sender", "Use a number of yours, or a sender name that the country allows."),
    "16": Meaning("invalid ttl", "Give 20,000 to 604,800,000 ms."),
    "17": Meaning("blocked by the provider", "Nexmo or the operator blocked the recipient or the content."),
    "19": Meaning("facility not allowed", "The account may not use this kind of message."),
    "20": Meaning("invalid message class", "Give 0 to 3."),
    "22": Meaning("invalid network code", "The number's network is not known."),
    "23": Meaning("invalid callback URL", "Give a full URL of at most 100 characters."),
    "29": Meaning(
        "not on the allowed list", "A demo account sends only to numbers that its dashboard lists as allowed."
    ),
    "32": Meaning("signature and secret together", "Send either of them.", AuthenticationError),
    "33": Meaning("number deactivated", "The recipient's number is no longer in use."),
    "34": Meaning("invalid number", "Check the recipient's number."),
    "101": Meaning("account not set up for the campaign", "US short codes need a campaign."),
    "102": Meaning("recipient opted out of the campaign", "US short codes: the recipient sent STOP."),
    "103": Meaning("campaign without a short code", "US short codes need one."),
}
_UNKNOWN = Meaning("a status that is not documented", "See the text below.")


def meaning_of_status(status: str | None) -> str:
    """Say what a status means, in a few words."""
    return STATUSES.get(str(status), _UNKNOWN).words


def parse_parts(body: Any, currency: str) -> list[dict[str, Any]]:
    """Parse an answer into a row a part, with prices in `currency`; no rows where it tells of no message."""
    parts = get_field(body, "messages")
    parts = parts if isinstance(parts, list) else []
    return [
        {
            "part": number,
            "parts": len(parts),
            "to": to_text(get_field(part, "to")),
            "message_id": to_text(get_field(part, "message-id")),
            "status": parse_status(get_field(part, "status")),
            "meaning": meaning_of_status(parse_status(get_field(part, "status"))),
            "error_text": to_text(get_field(part, "error-text")),
            "price": _parse_amount(get_field(part, "message-price")),
            "balance": _parse_amount(get_field(part, "remaining-balance")),
            "currency": currency,
            "network": to_text(get_field(part, "network")),
            "client_ref": to_text(get_field(part, "client-ref")),
            "account_ref": to_text(get_field(part, "account-ref")),
        }
        for number, part in enumerate(parts, 1)
    ]


def find_refusal(request: Request, body: Any, *, currency: str) -> NexmoError | None:
    """Find the error that an answer stands for; None where at least one part was accepted."""
    rows = parse_parts(body, currency)
    if not rows:
        return unanswered_error(request, "the answer tells of no message", status=200)
    announced = to_text(get_field(body, "message-count")) or ""
    lacks_parts = re.fullmatch("[0-9]{1,9}", announced) is not None and int(announced) > len(rows)
    if lacks_parts or any(row["status"] is None for row in rows):
        reason = "the answer does not tell what became of every part"
        return unanswered_error(request, reason, status=200, parts=frame(rows, COLUMNS))
    return None if any(row["status"] == "0" for row in rows) else _refusal_error(request.what, rows)


def _parse_amount(value: Any) -> float | None:
    amount = parse_number(value)
    return None if math.isnan(amount) else amount


def _refusal_error(what: str, rows: list[dict[str, Any]]) -> NexmoError:
    """Make the error for a message of which no part was accepted."""
    code, said = rows[0]["status"], one_line(rows[0]["error_text"] or "")
    meaning = STATUSES.get(code, _UNKNOWN)
    # Only where every part was throttled did the server surely do nothing, and may be asked again. Such an answer names
    # no message; one that may be another's is no refusal, for its outcome is unknown.
    is_throttled = all(row["status"] == "1" for row in rows)
    error = RejectedError if meaning.error is RateLimitedError and not is_throttled else meaning.error
    wait = re.search(r"\[\s*(\d{1,7})\s*\]", said) if is_throttled and "wait" in said else None
    details = f"status {code}: {said}" if said else f"status {code}"
    return error(
        f"Could not {what}: {meaning.words} ({details}). {meaning.advice} Nothing was sent.",
        status=200,
        code=code,
        meaning=meaning.words,
        retry_after=int(wait[1]) / 1000 if wait else None,
        parts=frame(rows, COLUMNS),
    )
