"""SMS: one message to one recipient, and what each part of it became."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import checks
from nexmo_nb.errors import (
    AuthenticationError,
    NexmoError,
    PartialSendWarning,
    RateLimitedError,
    RejectedError,
)
from nexmo_nb.frames import Column, frame
from nexmo_nb.gsm import outside_gsm
from nexmo_nb.phone import sender_id, to_e164
from nexmo_nb.session import Ask, Session, current, no_answer, tidy

__all__ = ["STATUSES", "send_sms"]

COLUMNS = (
    Column("part", "int64"),
    Column("parts", "int64"),
    Column("to"),
    Column("message_id"),
    Column("status"),
    Column("meaning"),
    Column("error_text"),
    Column("price", "float64"),
    Column("balance", "float64"),
    Column("currency"),
    Column("network"),
    Column("client_ref"),
)

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
_CONTENT = ("text", "udh", "body", "title", "url", "validity", "vcal", "vcard")


class Meaning(NamedTuple):
    """What a status means, what to do, and which error a message refused with it raises."""

    words: str
    advice: str
    error: type[NexmoError] = RejectedError


_REFUSED_KEYS = "Check the credentials with show_connection()."
STATUSES: Mapping[str, Meaning] = {
    "0": Meaning("accepted", "Delivery is reported later."),
    "1": Meaning("throttled", "Too many messages in a second; send it again.", RateLimitedError),
    "2": Meaning("missing parameter", "The request lacked what the text below names."),
    "3": Meaning("invalid parameter", "Correct the value that the text below names."),
    "4": Meaning("bad credentials", _REFUSED_KEYS, AuthenticationError),
    "5": Meaning("internal error at Nexmo", "It was not sent; try again later."),
    "6": Meaning(
        "cannot be routed", "Check the number: its prefix leads to no network, or the message cannot go there."
    ),
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


def send_sms(
    to: str | int,
    text: str | None = None,
    *,
    sender: str | int,
    type: str = "auto",
    status_report_req: bool | None = None,
    client_ref: str | None = None,
    vcard: str | None = None,
    vcal: str | None = None,
    ttl: int | None = None,
    callback: str | None = None,
    message_class: int | None = None,
    udh: str | bytes | None = None,
    protocol_id: int | None = None,
    body: str | bytes | None = None,
    title: str | None = None,
    url: str | None = None,
    validity: int | None = None,
    account_ref: str | None = None,
    entity_id: str | None = None,
    content_id: str | None = None,
    trusted_number: bool | None = None,
    session: Session | None = None,
) -> pd.DataFrame:
    """Send one SMS; it leaves once, whatever happens.

    Parameters
    ----------
    to : str or int
        Recipient's number with country code, in any usual spelling.
    text : str, optional
        Types text and unicode: 1 to 3,200 characters. `nexmo_nb.segments` tells how many parts they take.
    sender : str or int
        A number of yours, or a name of at most 11 letters and digits; some countries replace or refuse names.
    type : {"auto", "text", "unicode", "binary", "wappush", "vcal", "vcard"}
        Default: text where every character is in GSM-7, else unicode, where a part holds less than half as much.
    status_report_req : bool, optional
        Whether a delivery receipt is wanted. Default: the API's own, which is yes.
    client_ref : str, optional
        Your reference, at most 100 characters; it comes back in the answer, receipts and reports.
    vcard, vcal : str, optional
        Business card or calendar entry, for the types of the same name.
    ttl : int, optional
        Milliseconds for which delivery is tried, 20,000 to 604,800,000. Default: the API's 72 hours.
    callback : str, optional
        URL of at most 100 characters for the delivery receipt. Default: the account's.
    message_class : int, optional
        0 (shown at once and not kept), 1 (phone), 2 (SIM) or 3 (other device). Default: none.
    udh, body : str or bytes, optional
        Type binary: header and content, as bytes or hexadecimal; 140 octets together at most.
    protocol_id : int, optional
        0 to 255. Default: none.
    title, url, validity : str, str, int, optional
        Type wappush: what is shown, where it leads, and for how many milliseconds (default: the API's 48 hours).
    account_ref : str, optional
        Your own tag for billing, if Nexmo enabled it.
    entity_id, content_id : str, optional
        Registrations that some countries require, such as India's DLT.
    trusted_number : bool, optional
        True: send past the Fraud Defender. Default: the API's own, which is no.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a part: ``part, parts`` (int), ``to, message_id, status, meaning, error_text`` (text), ``price,
        balance`` (float, in ``currency``; estimates, as Nexmo says), ``network`` (MCC and MNC), ``client_ref``.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong; nothing is sent.
    RejectedError
        If Nexmo refused the whole message; ``.code``, ``.meaning`` and ``.parts`` say why.
    AuthenticationError
        If it refused the credentials.
    RateLimitedError
        If it was still throttled after three tries.
    UnreachableError
        If no connection was made: nothing was sent.
    UnknownOutcomeError
        If the request left and no answer came: it may have been sent, and may have cost money.

    Warns
    -----
    PartialSendWarning
        If some parts were accepted and others refused; the frame shows which.

    Notes
    -----
    ``POST /sms/json``, https://developer.vonage.com/en/api/sms. Accepted is not delivered. Types wappush, vcal and
    vcard are no longer in Nexmo's documentation, and may be refused.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> parts[["part", "parts", "to", "meaning"]].values.tolist()
    [[1, 1, '447700900000', 'accepted']]
    """
    session = session or current()
    content = {
        "text": text,
        "udh": udh,
        "body": body,
        "title": title,
        "url": url,
        "validity": validity,
        "vcal": vcal,
        "vcard": vcard,
    }
    kind = _kind(type, content)
    form = {
        "from": sender_id(sender),
        "to": to_e164(to),
        "type": kind,
        **_content(kind, content),
        **_options(
            status_report_req=status_report_req,
            client_ref=client_ref,
            ttl=ttl,
            callback=callback,
            message_class=message_class,
            protocol_id=protocol_id,
            account_ref=account_ref,
            entity_id=entity_id,
            content_id=content_id,
            trusted_number=trusted_number,
        ),
    }
    return _outcome(form, session)


def _kind(given: Any, content: Mapping[str, Any]) -> str:
    """Settle the type, and check that the content is the one that it carries."""
    kind = checks.choice("type", given, TYPES)
    if kind == "auto":
        others = [name for name in _CONTENT if name != "text" and content[name] is not None]
        if others:
            raise checks.refused(
                others[0], content[others[0]], f"only with its type; type is {kind!r}", _belongs(others[0])
            )
        kind = "unicode" if isinstance(content["text"], str) and outside_gsm(content["text"]) else "text"
    for name in _CONTENT:
        if content[name] is None and name in _NEEDS[kind]:
            raise checks.refused(name, None, f"a value: type {kind!r} needs {' and '.join(_NEEDS[kind])}")
        if content[name] is not None and name not in _NEEDS[kind] + _MAY.get(kind, ()):
            raise checks.refused(name, content[name], f"nothing: type {kind!r} carries no {name}", _belongs(name))
    return kind


def _belongs(name: str) -> str:
    kinds = [kind for kind in _NEEDS if name in _NEEDS[kind] + _MAY.get(kind, ())]
    return f"{name} goes with type={' or '.join(repr(kind) for kind in kinds)}."


def _content(kind: str, content: Mapping[str, Any]) -> dict[str, str]:
    """Check the content of one type and write it as the wire wants it."""
    if kind in ("text", "unicode"):
        return {"text": _text(kind, content["text"])}
    if kind == "binary":
        udh, body = checks.hex_octets("udh", content["udh"]), checks.hex_octets("body", content["body"])
        octets = (len(udh) + len(body)) // 2
        if octets > MOST_OCTETS:
            raise checks.refused(
                "body", content["body"], f"{MOST_OCTETS} octets together with udh", f"It makes {octets}."
            )
        return {"udh": udh, "body": body}
    if kind == "wappush":
        fields = {
            "title": checks.text("title", content["title"], longest=LONGEST_TEXT),
            "url": checks.url("url", content["url"]),
        }
        if content["validity"] is not None:
            fields["validity"] = str(checks.whole("validity", content["validity"], 1, 604_800_000))
        return fields
    return {kind: checks.text(kind, content[kind], longest=LONGEST_TEXT, lines=True)}


def _text(kind: str, text: Any) -> str:
    if not isinstance(text, str) or not 1 <= len(text) <= LONGEST_TEXT:
        advice = f"It has {len(text):,}." if isinstance(text, str) else ""
        raise checks.refused("text", text, f"text of 1 to {LONGEST_TEXT:,} characters", advice)
    if re.search("[\ud800-\udfff]", text):
        raise checks.refused("text", text, "text without half of a surrogate pair", "Remove the damaged character.")
    strangers = outside_gsm(text) if kind == "text" else []
    if strangers:
        shown = " ".join(repr(c) for c in strangers[:20]) + (" …" if len(strangers) > 20 else "")
        raise checks.refused(
            "text",
            text,
            "only characters of GSM-7 with type='text'",
            f"These are outside it and would arrive damaged: {shown}. Replace them, or use type='unicode' or 'auto'.",
        )
    return text


def _options(**options: Any) -> dict[str, str]:
    """Check what every type may carry, and write it as the wire wants it."""
    fields: dict[str, str] = {}
    for name, value in checks.given(options).items():
        wire = name.replace("_", "-")
        if name == "status_report_req":
            fields[wire] = "1" if checks.flag(name, value) else "0"
        elif name == "trusted_number":
            fields[wire] = "true" if checks.flag(name, value) else "false"
        elif name == "callback":
            fields[wire] = checks.url(name, value, longest=100)
        elif name in _RANGES:
            fields[wire] = str(checks.whole(name, value, *_RANGES[name]))
        else:
            fields[wire] = checks.text(name, value, longest=100)
    return fields


_RANGES = {"ttl": (20_000, 604_800_000), "message_class": (0, 3), "protocol_id": (0, 255)}


def _outcome(form: Mapping[str, str], session: Session) -> pd.DataFrame:
    """Send, and turn the answer into the frame of parts, a warning or an error."""
    currency = session.account.currency

    def refusal(ask: Ask, body: Any) -> NexmoError | None:
        rows = _rows(body, currency)
        if not rows:
            return no_answer(ask, "the answer tells of no message", status=200)
        return None if any(row["status"] == "0" for row in rows) else _refused(ask.what, rows)

    ask = Ask(f"send an SMS to {form['to']}", "POST", "/sms/json", family="sms", form=form, auth="sms", refusal=refusal)
    rows = _rows(session.call(ask), currency)
    bad = [row for row in rows if row["status"] != "0"]
    if bad:
        numbers = ", ".join(str(row["part"]) for row in bad)
        warnings.warn(
            f"Nexmo accepted {len(rows) - len(bad)} of {len(rows)} parts to {form['to']} and refused part {numbers}: "
            f"{bad[0]['meaning']} ({bad[0]['status']}). Sending the whole again would double the accepted parts.",
            PartialSendWarning,
            stacklevel=3,
        )
    return frame(rows, COLUMNS)


def _rows(body: Any, currency: str) -> list[dict[str, Any]]:
    """Flatten the parts of an answer."""
    parts = body.get("messages") if isinstance(body, dict) else None
    parts = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return [
        {
            "part": number,
            "parts": len(parts),
            "to": _field(part, "to"),
            "message_id": _field(part, "message-id"),
            "status": _field(part, "status"),
            "meaning": STATUSES.get(str(_field(part, "status")), _UNKNOWN).words,
            "error_text": _field(part, "error-text"),
            "price": _field(part, "message-price"),
            "balance": _field(part, "remaining-balance"),
            "currency": currency,
            "network": _field(part, "network"),
            "client_ref": _field(part, "client-ref"),
        }
        for number, part in enumerate(parts, 1)
    ]


def _field(part: Mapping[str, Any], name: str) -> str | None:
    """Take a field by its hyphenated name, or by the same with underscores."""
    value = part.get(name, part.get(name.replace("-", "_")))
    return None if value is None else str(value)


def _refused(what: str, rows: list[dict[str, Any]]) -> NexmoError:
    """Make the error for a message of which no part was accepted."""
    code, said = rows[0]["status"] or "none", tidy(rows[0]["error_text"] or "")
    # Only if every part was throttled did the server surely do nothing that waiting would mend.
    throttled = all(row["status"] == "1" for row in rows)
    meaning = STATUSES.get(code, _UNKNOWN)
    kind = RejectedError if meaning.error is RateLimitedError and not throttled else meaning.error
    wait = re.search(r"\[\s*(\d{1,7})\s*\]", said) if throttled and "wait" in said else None
    return kind(
        f"Could not {what}: {meaning.words} (status {code}{': ' + said if said else ''}). {meaning.advice} Nothing was "
        "sent.",
        status=200,
        code=code,
        meaning=meaning.words,
        retry_after=int(wait[1]) / 1000 if wait else None,
        parts=frame(rows, COLUMNS),
    )
