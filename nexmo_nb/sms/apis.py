"""The two APIs by which an SMS travels: what each makes of the same fields, and of the answer. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from nexmo_nb import validation
from nexmo_nb.messages import request as messages
from nexmo_nb.messages.response import find_id
from nexmo_nb.session import Request, Session
from nexmo_nb.sms import request as sms
from nexmo_nb.sms.parts import count_parts
from nexmo_nb.sms.response import meaning_of_status, parse_parts

ApiName = Literal["sms", "messages"]
Fields = Mapping[str, str]
"""What `sms.request.build_fields` gives: checked, and by the names of the SMS API."""


class SmsApi(NamedTuple):
    """An API that sends SMS; its `name` is the kind of its sends in the ledger, by which `settle` looks for them.

    `build_request` takes the fields of a message and the account's currency, and `parse_answer` the answer as well.
    """

    name: ApiName
    build_request: Callable[[Fields, str], Request]
    parse_answer: Callable[[Any, Fields, str], list[dict[str, Any]]]
    names_price: bool  # whether its answers say what a message costs
    refused: tuple[str, ...] = ()  # fields that it does not have


def find_api(name: Any, session: Session) -> SmsApi:
    """Find an API by its name; None: that of the connection."""
    return APIS[validation.check_choice("api", session.account.sms_api if name is None else name, tuple(APIS))]


def check_fields(api: SmsApi, fields: Fields) -> None:
    """Refuse fields that an API does not have, by the names that a caller knows them by."""
    for field in api.refused:
        if field in fields:
            allowed = f"nothing with api={api.name!r}, which has no such setting"
            raise validation.invalid_argument(field.replace("-", "_"), fields[field], allowed)
    if api.name == "messages" and fields.get("type", "text") not in ("text", "unicode"):
        allowed = "'auto', 'text' or 'unicode' with api='messages', which carries nothing else"
        raise validation.invalid_argument("type", fields["type"], allowed)
    if api.name == "messages" and int(fields.get("ttl", "0")) % 1000:
        allowed = "whole seconds with api='messages': milliseconds that 1,000 divides"
        raise validation.invalid_argument("ttl", int(fields["ttl"]), allowed)


def _build_message(fields: Fields, _: str) -> Request:
    """Build the request of the Messages API, which writes the same things in other ways: a ttl in seconds, for one."""
    check_fields(MESSAGES, fields)
    settings = {"encoding_type": fields["type"], "entity_id": fields.get("entity-id")}
    body = {
        "channel": "sms",
        "message_type": "text",
        "to": fields["to"],
        "from": fields["from"],
        "text": fields["text"],
        "client_ref": fields.get("client-ref"),
        "ttl": int(fields["ttl"]) // 1000 if "ttl" in fields else None,
        "webhook_url": fields.get("callback"),
        "trusted_recipient": fields["trusted-number"] == "true" if "trusted-number" in fields else None,
        "sms": validation.drop_none({**settings, "content_id": fields.get("content-id")}),
    }
    what, sender = f"send an SMS to {fields['to']}", sms.find_paced_sender(fields)
    return messages.build_request(what, validation.drop_none(body), family="sms", sender=sender)


def _parse_message(body: Any, fields: Fields, currency: str) -> list[dict[str, Any]]:
    """Parse an answer into one row, for it names the whole message; parts are counted here, and no price is told."""
    unknown = dict.fromkeys(("error_text", "price", "balance", "network", "account_ref"))
    return [
        {
            "part": 1,
            "parts": count_parts(fields),
            "to": fields["to"],
            "message_id": find_id(body),
            "status": "0",
            "meaning": meaning_of_status("0"),
            "currency": currency,
            "client_ref": fields.get("client-ref"),
            **unknown,
        }
    ]


SMS = SmsApi("sms", sms.build_request, lambda body, _, currency: parse_parts(body, currency), names_price=True)
MESSAGES = SmsApi(
    "messages",
    _build_message,
    _parse_message,
    names_price=False,
    refused=("status-report-req", "message-class", "protocol-id", "account-ref"),
)
APIS: Mapping[str, SmsApi] = {api.name: api for api in (SMS, MESSAGES)}
