"""``/sms/json``: answers HTTP 200 always, with one entry for each part, whose values are all text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from nexmo_nb.sandbox.auth import read_basic, read_keys
from nexmo_nb.sandbox.codes import STATUS_TEXTS
from nexmo_nb.sandbox.data import Country, Network, find_country, find_network
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.magic_numbers import find_course, find_magic, read_code
from nexmo_nb.sandbox.segments import is_gsm_character, split_gsm, split_ucs2
from nexmo_nb.sandbox.senders import acquire_sender_slot, find_shown_sender, is_refused
from nexmo_nb.sandbox.signatures import is_signature_valid
from nexmo_nb.sandbox.validation import is_flag, is_int_between, is_url
from nexmo_nb.sandbox.webhooks import queue_receipts
from nexmo_nb.sandbox.world import World

# Refusals that name the recipient.
NAMING_RECIPIENT = (1, 6, 9, 15, 29)
TYPES = ("text", "unicode", "binary", "wappush", "vcal", "vcard")
FLAGS = ("status-report-req", "trusted-number")
# Field, bounds, and the status for a value outside of them.
RANGES = (("ttl", 20_000, 604_800_000, 16), ("message-class", 0, 3, 20), ("protocol-id", 0, 255, 3))
# Fields that the content of these types is made of.
PAGES = {"wappush": ("title", "url"), "vcal": ("vcal",), "vcard": ("vcard",)}
SIGNATURE_LIFETIME = 900
NOT_STORED = ("api_key", "api_secret", "sig", "timestamp", "to", "from", "type", "client-ref", "text")


class MessageRefusal(Exception):
    """Ends the work on a message: unlike a `Refusal`, it is answered with HTTP 200 and this status in the body."""

    def __init__(self, status: int, text: str | None = None) -> None:
        super().__init__(status)
        self.status, self.text = status, text or STATUS_TEXTS.get(status, "Rejected")


class Message(NamedTuple):
    """A message that passed all checks, the price of a part, and how many parts are accepted."""

    to: str
    fields: Mapping[str, str]
    country: Country
    network: Network
    texts: list[str]
    price: Decimal
    accepted: int


def send_sms(world: World, request: Request, accident: Accident) -> Answer:
    fields = request.fields
    try:
        with world.lock:
            _check_credentials(world, request, fields)
            message, record = accept_message(world, fields, accident)
            queue_receipts(world, record)
            entries = _build_entries(world, message, record["parts"])
    except MessageRefusal as refused:
        recipient = {"to": fields["to"]} if refused.status in NAMING_RECIPIENT and fields.get("to") else {}
        entries = [{**recipient, "status": str(refused.status), "error-text": refused.text}]
    return Answer(200, {"message-count": str(len(entries)), "messages": entries})


def _check_credentials(world: World, request: Request, fields: Mapping[str, str]) -> None:
    """Check in the API's order: whether credentials, then from, to and text are there; then the credentials."""
    key, secret = read_basic(request) or read_keys(fields)
    if not key:
        raise MessageRefusal(2, "Missing api_key")
    if not secret and "sig" not in fields:
        raise MessageRefusal(2, "Missing api_secret")
    _check_required(fields)
    if "sig" in fields:
        if secret:
            raise MessageRefusal(32)
        if key != world.api_key or not _is_signed(world, fields):
            raise MessageRefusal(14)
    elif not world.is_secret(key, secret):
        raise MessageRefusal(4)


def _check_required(fields: Mapping[str, str]) -> None:
    for name in ("from", "to"):
        if not fields.get(name, "").strip():
            raise MessageRefusal(2, f"Missing {name} param")
    if fields.get("type", "text") in ("text", "unicode") and not fields.get("text"):
        raise MessageRefusal(2, "Missing Message Text")


def _is_signed(world: World, fields: Mapping[str, str]) -> bool:
    timestamp, now = fields.get("timestamp", ""), int(world.now().timestamp())
    if not is_int_between(timestamp, now - SIGNATURE_LIFETIME, now + SIGNATURE_LIFETIME):
        return False
    return is_signature_valid(fields, world.signature_secret)


def accept_message(world: World, fields: Mapping[str, str], accident: Accident) -> tuple[Message, dict[str, Any]]:
    """Check, charge and store a message, whichever API it came by; give it, and what is kept of it."""
    to = fields["to"].strip()
    if not re.fullmatch("[0-9]{7,15}", to):
        raise MessageRefusal(3, "to address is not numeric")
    wait = world.acquire_slot("sms") or acquire_sender_slot(world, fields["from"].strip())
    if wait:
        raise MessageRefusal(1, f"Throughput Rate Exceeded - please wait [ {max(1, int(wait * 1000))} ] and retry")
    _refuse_by_accident(accident)
    country = _find_destination(to)
    _check_sender(fields["from"].strip(), country)
    _check_options(fields)
    texts = _split_content(fields)
    is_partial = accident.get("kind") == "partial"
    if is_partial and len(texts) == 1:
        raise MessageRefusal(1)
    network = find_network(country, fields["to"])
    price = Decimal(world.current_price(country.code, network.sms))
    message = Message(to, fields, country, network, texts, price, 1 if is_partial else len(texts))
    if not world.spend(price * message.accepted):
        raise MessageRefusal(9)
    record = _build_record(world, message)
    world.messages.append(record)
    return message, record


def _refuse_by_accident(accident: Accident) -> None:
    kind = accident.get("kind")
    if kind == "throttled":
        raise MessageRefusal(1, "Throughput Rate Exceeded - please wait [ 702 ] and retry")
    if kind == "no-credit":
        raise MessageRefusal(9)
    if kind == "status":
        raise MessageRefusal(int(accident.get("code", 5)))


def _find_destination(to: str) -> Country:
    if find_magic(to).is_refused:
        raise MessageRefusal(read_code(to))
    country = find_country(to)
    if country is None:
        raise MessageRefusal(6)
    return country


def _check_sender(sender: str, country: Country) -> None:
    is_name = re.fullmatch("[A-Za-z0-9]{1,11}", sender.replace(" ", "")) is not None
    is_number = re.fullmatch("[+]?[0-9]+", sender) is not None and len(sender) <= 15
    if not (is_name or is_number) or is_refused(sender, country):
        raise MessageRefusal(15)


def _check_options(fields: Mapping[str, str]) -> None:
    callback = fields.get("callback", "http://")
    checks = [
        (fields.get("type", "text") in TYPES, 3, "invalid type"),
        *((is_flag(fields.get(name, "true")), 3, f"invalid {name}") for name in FLAGS),
        *(
            (is_int_between(fields.get(name, str(low)), low, high), status, f"Invalid {name}")
            for name, low, high, status in RANGES
        ),
        (len(fields.get("client-ref", "")) <= 100, 3, "client-ref is too long"),
        (len(callback) <= 100, 23, STATUS_TEXTS[23]),
        (is_url(callback), 23, "Bad callback :: Missing Protocol"),
        (len(fields.get("text", "")) <= 3200, 12, STATUS_TEXTS[12]),
    ]
    for is_valid, status, text in checks:
        if not is_valid:
            raise MessageRefusal(status, text)


def _split_content(fields: Mapping[str, str]) -> list[str]:
    """Return what each part carries."""
    kind = fields.get("type", "text")
    if kind == "text":
        return split_gsm("".join(c if is_gsm_character(c) else "?" for c in fields["text"]))
    if kind == "unicode":
        return split_ucs2(fields["text"])
    if kind == "binary":
        return [_read_binary(fields)]
    for name in PAGES[kind]:
        if not fields.get(name):
            raise MessageRefusal(2, f"Missing {name}")
    content = "\n".join(fields[name] for name in PAGES[kind])
    return [content[n : n + 130] for n in range(0, len(content), 130)]


def _read_binary(fields: Mapping[str, str]) -> str:
    header, body = fields.get("udh", ""), fields.get("body", "")
    if not header or not body:
        raise MessageRefusal(2, "Missing udh" if not header else "Missing body")
    if not re.fullmatch("([0-9a-fA-F]{2})+", header) or not re.fullmatch("([0-9a-fA-F]{2})+", body):
        raise MessageRefusal(3, "invalid hex")
    if len(header + body) // 2 > 140:
        raise MessageRefusal(12)
    return body


def _build_record(world: World, message: Message) -> dict[str, Any]:
    fields, kind, price = message.fields, message.fields.get("type", "text"), f"{message.price:.8f}"
    return {
        **{name.replace("-", "_"): value for name, value in fields.items() if name not in NOT_STORED},
        "to": message.to,
        "sender": fields["from"].strip(),
        "shown_sender": find_shown_sender(fields["from"].strip(), message.country),
        "type": kind,
        "encoding": {"text": "gsm7", "unicode": "ucs2"}.get(kind, "binary"),
        "text": "".join(message.texts) if kind in ("text", "unicode") else None,
        "parts": [
            {"message_id": world.new_id(), "price": price, "text": text} for text in message.texts[: message.accepted]
        ],
        "refused_parts": len(message.texts) - message.accepted,
        "client_ref": fields.get("client-ref"),
        "network": _find_last_network(message).code,
        "country": message.country.code,
        "course": find_course(message.to, fields.get("ttl", ""))._asdict(),
        "price": f"{message.price * message.accepted:.8f}",
        "time": world.format_now(),
    }


def _find_last_network(message: Message) -> Network:
    """Find the network that has the number now, which for a ported one is not that of the answer."""
    networks = message.country.networks
    is_ported = find_magic(message.to).is_ported
    return networks[(networks.index(message.network) + is_ported) % len(networks)]


def _build_entries(world: World, message: Message, parts: list[dict[str, str]]) -> list[dict[str, str]]:
    accepted = {
        "status": "0",
        "remaining-balance": f"{world.balance:.8f}",
        "message-price": f"{message.price:.8f}",
        "network": message.network.code,
        **{name: message.fields[name] for name in ("client-ref", "account-ref") if name in message.fields},
    }
    refused = {"to": message.to, "status": "1", "error-text": STATUS_TEXTS[1]}
    entries = [{"to": message.to, "message-id": part["message_id"], **accepted} for part in parts]
    return entries + [refused] * (len(message.texts) - len(parts))
