"""From arguments to the request of an SMS: what each type needs and forbids, and how the wire writes it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, get_args

from nexmo_nb import validation
from nexmo_nb.contacts.numbers import check_sender, to_e164
from nexmo_nb.session import Request
from nexmo_nb.sms.response import find_refusal
from nexmo_nb.text.cells import TextProblem
from nexmo_nb.text.content import clean_text, normalize_text
from nexmo_nb.text.gsm import outside_gsm

LONGEST_TEXT = 3200
MOST_OCTETS = 140
_BODY = f"text of 1 to {LONGEST_TEXT:,} characters, without control characters other than line ends"
SmsType = Literal["auto", "text", "unicode", "binary", "wappush", "vcal", "vcard"]
TYPES: tuple[str, ...] = get_args(SmsType)
# What each type carries, and must have, except `validity`; it must not carry what belongs to another type.
_CONTENT_OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "auto": ("text",),
    "text": ("text",),
    "unicode": ("text",),
    "binary": ("udh", "body"),
    "wappush": ("title", "url", "validity"),
    "vcal": ("vcal",),
    "vcard": ("vcard",),
}
CONTENT = ("text", "udh", "body", "title", "url", "validity", "vcal", "vcard")
_check_short_text = partial(validation.check_text, longest=100)
OPTIONS: Mapping[str, Callable[[str, Any], str]] = {
    "status_report_req": lambda name, value: "1" if validation.check_bool(name, value) else "0",
    "client_ref": _check_short_text,
    "ttl": lambda name, value: str(validation.check_int(name, value, 20_000, 604_800_000)),
    "callback": partial(validation.check_url, longest=100),
    "message_class": lambda name, value: str(validation.check_int(name, value, 0, 3)),
    "protocol_id": lambda name, value: str(validation.check_int(name, value, 0, 255)),
    "account_ref": _check_short_text,
    "entity_id": _check_short_text,
    "content_id": _check_short_text,
    "trusted_number": lambda name, value: "true" if validation.check_bool(name, value) else "false",
}
"""What every type may carry, and the check that gives its value as the wire has it."""


def build_fields(to: Any, sender: Any, kind: Any, region: Any = None, **parameters: Any) -> dict[str, str]:
    """Check everything, and build the form fields of one SMS.

    `parameters` are those of `nexmo_nb.send_sms` that `CONTENT` and `OPTIONS` name; None is the same as not given.
    """
    content = {name: parameters.get(name) for name in CONTENT}
    sms_type = _choose_type(kind, content)
    return {
        "from": check_sender(sender),
        "to": to_e164(to, region),
        "type": sms_type,
        **_build_content(sms_type, content),
        **{
            name.replace("_", "-"): check(name, parameters[name])
            for name, check in OPTIONS.items()
            if parameters.get(name) is not None
        },
    }


def build_request(fields: Mapping[str, str], currency: str) -> Request:
    """Build the request that sends form fields; `currency` is that of the prices in the answer."""
    return Request(
        f"send an SMS to {fields['to']}",
        "POST",
        "/sms/json",
        family="sms",
        sender=find_paced_sender(fields),
        data=fields,
        auth="sms",
        echo={name: fields[name] for name in ("client-ref", "to") if name in fields},
        echo_rows="messages",
        find_refusal=partial(find_refusal, currency=currency),
    )


def find_paced_sender(fields: Mapping[str, str]) -> str:
    """Find the number that form fields are sent from; empty for a name, which has no pace of its own."""
    sender = fields.get("from", "")
    return sender if sender.isdecimal() else ""


def _choose_type(given: Any, content: Mapping[str, Any]) -> str:
    """Check that the content is what the type carries, and choose the type where it is auto."""
    kind = validation.check_choice("type", given, TYPES)
    carried = _CONTENT_OF_TYPE[kind]
    for name in CONTENT:
        if content[name] is not None and name not in carried:
            owners = " or ".join(repr(owner) for owner, names in _CONTENT_OF_TYPE.items() if name in names)
            raise validation.invalid_argument(
                name, content[name], f"nothing: type {kind!r} carries no {name}", f"{name} goes with type={owners}."
            )
    needed = [name for name in carried if name != "validity"]
    for name in needed:
        if content[name] is None:
            raise validation.invalid_argument(name, None, f"a value: type {kind!r} needs {' and '.join(needed)}")
    if kind == "auto":
        text = content["text"]
        return "unicode" if isinstance(text, str) and outside_gsm(normalize_text(text)) else "text"
    return kind


def _build_content(kind: str, content: Mapping[str, Any]) -> dict[str, str]:
    if kind in ("text", "unicode"):
        return {"text": _check_body(kind, content["text"])}
    if kind == "binary":
        udh, body = validation.check_hex("udh", content["udh"]), validation.check_hex("body", content["body"])
        octets = (len(udh) + len(body)) // 2
        if octets > MOST_OCTETS:
            raise validation.invalid_argument(
                "body", content["body"], f"{MOST_OCTETS} octets together with udh", f"It makes {octets}."
            )
        return {"udh": udh, "body": body}
    if kind == "wappush":
        fields = {
            "title": validation.check_text("title", content["title"], longest=LONGEST_TEXT),
            "url": validation.check_url("url", content["url"]),
        }
        if content["validity"] is not None:
            fields["validity"] = str(validation.check_int("validity", content["validity"], 1, 604_800_000))
        return fields
    return {kind: validation.check_text(kind, content[kind], longest=LONGEST_TEXT, lines=True)}


def _check_body(kind: str, text: Any) -> str:
    try:
        written = clean_text(text) if isinstance(text, str) else ""
    except TextProblem as problem:
        raise validation.invalid_argument("text", text, _BODY, problem.reason) from None
    if not 1 <= len(written) <= LONGEST_TEXT:
        raise validation.invalid_argument(
            "text", text, _BODY, f"It has {len(written):,}." if isinstance(text, str) else ""
        )
    outsiders = outside_gsm(written) if kind == "text" else []
    if outsiders:
        shown = " ".join(map(repr, outsiders[:20])) + (" …" if len(outsiders) > 20 else "")
        raise validation.invalid_argument(
            "text",
            text,
            "only characters of GSM-7 with type='text'",
            f"These are outside it and would arrive damaged: {shown}. Replace them, or use type='unicode' or 'auto'.",
        )
    return written
