"""From arguments to the request of an SMS: what each type needs and forbids, and how the wire writes it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from nexmo_nb import validation
from nexmo_nb.contacts.numbers import check_sender, to_e164
from nexmo_nb.session import Request
from nexmo_nb.sms.response import find_refusal
from nexmo_nb.text.gsm import outside_gsm

TYPES = ("auto", "text", "unicode", "binary", "wappush", "vcal", "vcard")
LONGEST_TEXT = 3200
MOST_OCTETS = 140
# What each type carries; it must not carry what belongs to another type.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "text": ("text",),
    "unicode": ("text",),
    "binary": ("udh", "body"),
    "wappush": ("title", "url"),
    "vcal": ("vcal",),
    "vcard": ("vcard",),
}
_MAY: Mapping[str, tuple[str, ...]] = {"wappush": ("validity",)}
_RANGES = {"ttl": (20_000, 604_800_000), "message_class": (0, 3), "protocol_id": (0, 255)}
CONTENT = ("text", "udh", "body", "title", "url", "validity", "vcal", "vcard")


def build_fields(
    to: Any, sender: Any, kind: Any, content: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, str]:
    """Check everything, and build the form fields of one SMS.

    Parameters
    ----------
    to, sender, kind : str
        Recipient, sender and type, as `nexmo_nb.send_sms` takes them.
    content, options : mapping
        The parameters that carry the message (`CONTENT`), and all others; None is not given.

    Raises
    ------
    InvalidRequestError
        If any of them is wrong.
    """
    sms_type = _choose_type(kind, content)
    return {
        "from": check_sender(sender),
        "to": to_e164(to),
        "type": sms_type,
        **_build_content(sms_type, content),
        **_build_options(options),
    }


def build_request(fields: Mapping[str, str], currency: str) -> Request:
    """Build the request that sends form fields; `currency` is that of the prices in the answer."""
    return Request(
        f"send an SMS to {fields['to']}",
        "POST",
        "/sms/json",
        family="sms",
        data=fields,
        auth="sms",
        find_refusal=partial(find_refusal, currency=currency),
    )


def _choose_type(given: Any, content: Mapping[str, Any]) -> str:
    """Choose the type where it is auto, and check that the content is what the type carries."""
    kind = validation.check_choice("type", given, TYPES)
    if kind == "auto":
        others = [name for name in CONTENT if name != "text" and content[name] is not None]
        if others:
            raise validation.invalid_argument(
                others[0], content[others[0]], f"only with its type; type is {kind!r}", _name_owners(others[0])
            )
        kind = "unicode" if isinstance(content["text"], str) and outside_gsm(content["text"]) else "text"
    for name in CONTENT:
        if content[name] is None and name in _NEEDS[kind]:
            raise validation.invalid_argument(name, None, f"a value: type {kind!r} needs {' and '.join(_NEEDS[kind])}")
        if content[name] is not None and name not in _NEEDS[kind] + _MAY.get(kind, ()):
            raise validation.invalid_argument(
                name, content[name], f"nothing: type {kind!r} carries no {name}", _name_owners(name)
            )
    return kind


def _name_owners(name: str) -> str:
    kinds = [kind for kind in _NEEDS if name in _NEEDS[kind] + _MAY.get(kind, ())]
    return f"{name} goes with type={' or '.join(repr(kind) for kind in kinds)}."


def _build_content(kind: str, content: Mapping[str, Any]) -> dict[str, str]:
    """Check the content of one type, and build its fields."""
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
    if not isinstance(text, str) or not 1 <= len(text) <= LONGEST_TEXT:
        advice = f"It has {len(text):,}." if isinstance(text, str) else ""
        raise validation.invalid_argument("text", text, f"text of 1 to {LONGEST_TEXT:,} characters", advice)
    if re.search("[\ud800-\udfff]", text):
        raise validation.invalid_argument(
            "text", text, "text without half of a surrogate pair", "Remove the damaged character."
        )
    outsiders = outside_gsm(text) if kind == "text" else []
    if outsiders:
        shown = " ".join(repr(c) for c in outsiders[:20]) + (" …" if len(outsiders) > 20 else "")
        raise validation.invalid_argument(
            "text",
            text,
            "only characters of GSM-7 with type='text'",
            f"These are outside it and would arrive damaged: {shown}. Replace them, or use type='unicode' or 'auto'.",
        )
    return text


def _build_options(options: Mapping[str, Any]) -> dict[str, str]:
    """Check what every type may carry, and build its fields."""
    fields: dict[str, str] = {}
    for name, value in validation.drop_none(dict(options)).items():
        wire = name.replace("_", "-")
        if name == "status_report_req":
            fields[wire] = "1" if validation.check_bool(name, value) else "0"
        elif name == "trusted_number":
            fields[wire] = "true" if validation.check_bool(name, value) else "false"
        elif name == "callback":
            fields[wire] = validation.check_url(name, value, longest=100)
        elif name in _RANGES:
            fields[wire] = str(validation.check_int(name, value, *_RANGES[name]))
        else:
            fields[wire] = validation.check_text(name, value, longest=100)
    return fields
