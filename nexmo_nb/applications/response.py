"""Responses of the Application API, nested objects, as flat rows. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nexmo_nb.errors import NexmoError
from nexmo_nb.frames import Column, to_text
from nexmo_nb.session import Listing, Request, get_field, unanswered_error

LISTING = Listing(page="page", size="page_size", rows=("_embedded", "applications"), total="total_items")
TYPES = ("voice", "messages")
# Where each webhook column stands in the nested object: capability, webhook, field of the webhook.
WEBHOOK_FIELDS = {
    "answer_url": ("voice", "answer_url", "address"),
    "answer_method": ("voice", "answer_url", "http_method"),
    "event_url": ("voice", "event_url", "address"),
    "event_method": ("voice", "event_url", "http_method"),
    "inbound_url": ("messages", "inbound_url", "address"),
    "status_url": ("messages", "status_url", "address"),
}
COLUMNS = tuple(map(Column, ("id", "name", "type", *WEBHOOK_FIELDS, "public_key", "other_settings")))
# Places of an answer that other columns show, or nobody may: the private key.
_SHOWN = {
    *(("id",), ("name",), ("keys",), ("_links",)),
    *(("capabilities", type_, "webhooks", webhook, name) for type_, webhook, name in WEBHOOK_FIELDS.values()),
}
CREATED_COLUMNS = (*COLUMNS, Column("private_key_path"))


def parse_row(body: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten an application into a row of `COLUMNS`."""
    capabilities = _get_object(body, "capabilities") or {}
    types = [name for name in TYPES if name in capabilities] + sorted(capabilities.keys() - set(TYPES))
    row = {"id": body.get("id"), "name": body.get("name"), "type": ",".join(types)}
    for column, (type_, webhook, name) in WEBHOOK_FIELDS.items():
        row[column] = (_get_object(capabilities, type_, "webhooks", webhook) or {}).get(name)
    row["public_key"] = (_get_object(body, "keys") or {}).get("public_key")
    others = _find_others(body, ())
    return {**row, "other_settings": json.dumps(others, ensure_ascii=False) if others else None}


def is_complete(body: Mapping[str, Any]) -> bool:
    """Tell whether an application can be sent back whole; an update removes what it does not send."""
    places: list[tuple[str, ...]] = [("capabilities", type_) for type_ in TYPES]
    places += [("capabilities", type_, "webhooks", webhook) for type_, webhook, _ in WEBHOOK_FIELDS.values()]
    return (
        isinstance(body.get("name"), str)
        and isinstance(body.get("capabilities"), dict)
        and all(_get_object(body, *place) is not None for place in places)
    )


def take_private_key(body: Any) -> str | None:
    """Remove the private key from an answer and return it, so that nothing else holds it."""
    key = (_get_object(body, "keys") or {}).pop("private_key", None)
    return key if isinstance(key, str) and key else None


def find_missing_application(request: Request, body: Any) -> NexmoError | None:
    """Find the error in an answer that should be an application, which has an id of whatever kind.

    A new one without an id may have its private key, which comes once and must not be lost.
    """
    has_key = request.method == "POST" and bool((_get_object(body, "keys") or {}).get("private_key"))
    if has_key or read_id(body) is not None:
        return None
    return unanswered_error(request, "the answer holds no application", status=200)


def read_id(body: Any) -> str | None:
    """Read the id of an application, a UUID as far as it is documented; None where there is none."""
    value = get_field(body, "id")
    code = to_text(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    return code if code and code.strip() else None


def find_unexpected_body(request: Request, body: Any) -> NexmoError | None:
    """Find the error in an answer to a deletion, which has no content."""
    return unanswered_error(request, "the answer is not the one to a deletion", status=200) if body else None


def _find_others(value: Any, place: tuple[str, ...]) -> Any:
    """Find what no other column shows of a value that stands at a place; None where there is nothing."""
    if place in _SHOWN:
        return None
    if not isinstance(value, dict):
        return value
    inner = {name: _find_others(each, (*place, name)) for name, each in value.items()}
    return {name: each for name, each in inner.items() if each not in (None, {}, [])} or None


def _get_object(body: Any, *names: str) -> dict[str, Any] | None:
    """Return the object at a place: an empty one if there is nothing, None if there is something else."""
    for name in names:
        body = body.get(name) if isinstance(body, dict) else body
        body = {} if body is None else body
    return body if isinstance(body, dict) else None
