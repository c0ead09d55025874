"""Responses of the Application API, nested objects, as flat rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError, NexmoError
from nexmo_nb.frames import Column
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
COLUMNS = tuple(map(Column, ("id", "name", "type", *WEBHOOK_FIELDS, "public_key")))
CREATED_COLUMNS = (*COLUMNS, Column("private_key_path"))


def parse_row(body: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten an application into a row of `COLUMNS`."""
    capabilities = _get_object(body, "capabilities") or {}
    types = [name for name in TYPES if name in capabilities] + sorted(capabilities.keys() - set(TYPES))
    row = {"id": body.get("id"), "name": body.get("name"), "type": ",".join(types)}
    for column, (type_, webhook, name) in WEBHOOK_FIELDS.items():
        row[column] = (_get_object(capabilities, type_, "webhooks", webhook) or {}).get(name)
    return {**row, "public_key": (_get_object(body, "keys") or {}).get("public_key")}


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
    keys = body.get("keys")
    key = keys.pop("private_key", None) if isinstance(keys, dict) else None
    return key if isinstance(key, str) and key else None


def find_missing_application(request: Request, body: Any) -> NexmoError | None:
    """Find the error in an answer that should be an application, which has an id."""
    try:
        validation.check_application_id(get_field(body, "id"))
    except InvalidRequestError:
        return unanswered_error(request, "the answer holds no application", status=200)
    return None


def find_unexpected_body(request: Request, body: Any) -> NexmoError | None:
    """Find the error in an answer to a deletion, which has no content."""
    return unanswered_error(request, "the answer is not the one to a deletion", status=200) if body else None


def _get_object(body: Any, *names: str) -> dict[str, Any] | None:
    """Return the object at a place: an empty one if there is nothing, None if there is something else."""
    for name in names:
        body = body.get(name) if isinstance(body, dict) else body
        body = {} if body is None else body
    return body if isinstance(body, dict) else None
