"""``/sms/json``: always HTTP 200, all fields text, one entry a part."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox.auth import basic, keys
from nexmo_nb.sandbox.data import Country, Network, by_prefix, digest
from nexmo_nb.sandbox.segments import in_gsm, split_gsm, split_ucs2
from nexmo_nb.sandbox.world import Answer, Request, World

__all__ = ["TEXTS", "send"]

TEXTS = {
    1: "Throttled",
    2: "Missing parameter",
    3: "Invalid parameter",
    4: "Bad Credentials",
    5: "Server Error",
    6: "Unroutable message - rejected",
    7: "Number barred.",
    8: "Partner account barred",
    9: "Quota Exceeded - rejected",
    10: "Too many existing binds",
    11: "Account not enabled for HTTP",
    12: "Message too long",
    14: "Invalid Signature",
    15: "Illegal Sender Address - rejected",
    17: "Message blocked by provider",
    22: "Invalid network code",
    23: "Invalid callback url",
    29: "Non White-listed Destination - rejected",
    32: "Signature And API Secret Disallowed",
    33: "Number De-activated",
}
TYPES = ("text", "unicode", "binary", "wappush", "vcal", "vcard")
FLAGS = ("1", "0", "true", "false")
# Where a name as sender is not let through.
NUMERIC_ONLY = ("US", "CA")
# Recipients that are always refused, each with the status that its last two digits name.
MAGIC = "4477009009"


class RefusedError(Exception):
    """The message is answered with this status."""

    def __init__(self, status: int, text: str | None = None) -> None:
        super().__init__(status)
        self.status, self.text = status, text or TEXTS.get(status, "Rejected")


def send(world: World, request: Request, failure: Mapping[str, Any] | None) -> Answer:
    """Answer one send, or the failure that was asked for."""
    fields = request.fields
    try:
        with world.lock:
            _authorised(world, request, fields)
            return Answer(200, _accept(world, fields, failure))
    except RefusedError as refused:
        entry = {"status": str(refused.status), "error-text": refused.text}
        if refused.status in (1, 6, 9, 15, 29) and fields.get("to"):
            entry = {"to": fields["to"], **entry}
        return Answer(200, {"message-count": "1", "messages": [entry]})


def _authorised(world: World, request: Request, fields: Mapping[str, str]) -> None:
    """Check in the order in which the API complains: who, from, to, text, then whether the credentials are right."""
    pair = basic(request.headers)
    key, secret = pair or keys(fields)
    if not key:
        raise RefusedError(2, "Missing api_key")
    if not secret and "sig" not in fields:
        raise RefusedError(2, "Missing api_secret")
    for name in ("from", "to"):
        if not fields.get(name, "").strip():
            raise RefusedError(2, f"Missing {name} param")
    kind = fields.get("type", "text")
    if kind in ("text", "unicode") and not fields.get("text"):
        raise RefusedError(2, "Missing Message Text")
    if "sig" in fields:
        if secret:
            raise RefusedError(32)
        if key != world.api_key or not _signed(world, fields):
            raise RefusedError(14)
    elif (key, secret) != (world.api_key, world.api_secret):
        raise RefusedError(4)


def _signed(world: World, fields: Mapping[str, str]) -> bool:
    stamp = fields.get("timestamp", "")
    if not stamp.isdigit() or abs(int(stamp) - world.now().timestamp()) > 900:
        return False
    ordered = sorted((k.encode(), v) for k, v in fields.items() if k != "sig")
    base = "".join(f"&{k.decode()}={re.sub('[&=]', '_', v)}" for k, v in ordered).encode()
    secret = world.signature_secret.encode()
    right = {hashlib.md5(base + secret, usedforsecurity=False).hexdigest()}
    right |= {hmac.new(secret, base, method).hexdigest() for method in ("md5", "sha1", "sha256", "sha512")}
    return fields["sig"].lower() in right


def _accept(world: World, fields: Mapping[str, str], failure: Mapping[str, Any] | None) -> dict[str, Any]:
    to = fields["to"].strip()
    if not (7 <= len(to) <= 15 and to.isascii() and to.isdigit()):
        raise RefusedError(3, "to address is not numeric")
    wait = world.throttled("sms")
    if wait:
        raise RefusedError(1, f"Throughput Rate Exceeded - please wait [ {max(1, int(wait * 1000))} ] and retry")
    _fail(failure)
    if to.startswith(MAGIC) and len(to) == len(MAGIC) + 2 and int(to[-2:]) in TEXTS:
        raise RefusedError(int(to[-2:]))
    country = by_prefix(to)
    if country is None:
        raise RefusedError(6)
    _check_values(fields, country)
    kind = fields.get("type", "text")
    pieces = _pieces(kind, fields)
    if (failure or {}).get("kind") == "partial" and len(pieces) == 1:
        raise RefusedError(1)
    return _record(world, fields, country, kind, pieces, (failure or {}).get("kind") == "partial")


def _fail(failure: Mapping[str, Any] | None) -> None:
    kind = (failure or {}).get("kind")
    if kind == "throttled":
        raise RefusedError(1, "Throughput Rate Exceeded - please wait [ 702 ] and retry")
    if kind == "no-credit":
        raise RefusedError(9)
    if kind == "status":
        raise RefusedError(int((failure or {}).get("code", 5)))


def _check_values(fields: Mapping[str, str], country: Country) -> None:
    sender = fields["from"].strip()
    numeric = sender.isascii() and sender.removeprefix("+").isdigit()
    if (numeric and len(sender) > 15) or (
        not numeric and not re.fullmatch("[A-Za-z0-9]{1,11}", sender.replace(" ", ""))
    ):
        raise RefusedError(15)
    if not numeric and country.code in NUMERIC_ONLY:
        raise RefusedError(15)
    if fields.get("type", "text") not in TYPES:
        raise RefusedError(3, "invalid type")
    if fields.get("status-report-req", "1").lower() not in FLAGS:
        raise RefusedError(3, "invalid status-report-req")
    for name, low, high, status in (
        ("ttl", 20_000, 604_800_000, 16),
        ("message-class", 0, 3, 20),
        ("protocol-id", 0, 255, 3),
    ):
        value = fields.get(name)
        if value is not None and not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise RefusedError(status, f"Invalid {name}")
    if len(fields.get("client-ref", "")) > 100:
        raise RefusedError(3, "client-ref is too long")
    callback = fields.get("callback")
    if callback is not None and (len(callback) > 100 or not re.match("https?://", callback)):
        raise RefusedError(23, "Bad callback :: Missing Protocol" if len(callback) <= 100 else None)
    if len(fields.get("text", "")) > 3200:
        raise RefusedError(12)


def _pieces(kind: str, fields: Mapping[str, str]) -> list[str]:
    """Cut the content into what each part carries."""
    if kind == "text":
        return split_gsm("".join(c if in_gsm(c) else "?" for c in fields["text"]))
    if kind == "unicode":
        return split_ucs2(fields["text"])
    if kind == "binary":
        header, body = fields.get("udh", ""), fields.get("body", "")
        if not header or not body:
            raise RefusedError(2, "Missing udh" if not header else "Missing body")
        if not re.fullmatch("([0-9a-fA-F]{2})+", header) or not re.fullmatch("([0-9a-fA-F]{2})+", body):
            raise RefusedError(3, "invalid hex")
        if len(header + body) // 2 > 140:
            raise RefusedError(12)
        return [body]
    needed = {"wappush": ("title", "url"), "vcal": ("vcal",), "vcard": ("vcard",)}[kind]
    for name in needed:
        if not fields.get(name):
            raise RefusedError(2, f"Missing {name}")
    whole = "\n".join(fields[name] for name in needed)
    return [whole[n : n + 130] for n in range(0, len(whole), 130)]


def _record(
    world: World, fields: Mapping[str, str], country: Country, kind: str, pieces: list[str], partly: bool
) -> dict[str, Any]:
    network: Network = country.networks[digest("network", fields["to"]) % len(country.networks)]
    price = Decimal(world.price(country.code, network.sms))
    paid = 1 if partly else len(pieces)
    if not world.spend(price * paid):
        raise RefusedError(9)
    echoed = {name: fields[name] for name in ("client-ref", "account-ref") if name in fields}
    entries: list[dict[str, str]] = []
    for _ in pieces[:paid]:
        entry = {"to": fields["to"].strip(), "message-id": world.new_id(), "status": "0"}
        money = {"remaining-balance": f"{world.balance:.8f}", "message-price": f"{price:.8f}", "network": network.code}
        entries.append({**entry, **money, **echoed})
    refused = {"to": fields["to"].strip(), "status": "1", "error-text": TEXTS[1]}
    parts = [{"message_id": e["message-id"], "price": e["message-price"]} for e in entries]
    hidden = ("api_key", "api_secret", "sig", "timestamp", "to", "from", "type", "client-ref")
    world.messages.append(
        {
            "to": fields["to"].strip(),
            "sender": fields["from"].strip(),
            "type": kind,
            "encoding": {"text": "gsm7", "unicode": "ucs2"}.get(kind, "binary"),
            "text": "".join(pieces) if kind in ("text", "unicode") else None,
            **{name.replace("-", "_"): value for name, value in fields.items() if name not in (*hidden, "text")},
            "parts": [{**part, "text": piece} for part, piece in zip(parts, pieces, strict=False)],
            "client_ref": fields.get("client-ref"),
            "network": network.code,
            "country": country.code,
            "price": f"{price * paid:.8f}",
            "time": world.now().isoformat(timespec="milliseconds"),
        }
    )
    messages = entries + [refused] * (len(pieces) - paid)
    return {"message-count": str(len(messages)), "messages": messages}
