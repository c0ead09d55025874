"""Requests of the Application API: flat arguments are checked and put into nested objects. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, get_args

from nexmo_nb import validation
from nexmo_nb.applications.response import TYPES, WEBHOOK_FIELDS, find_missing_application, find_unexpected_body
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.session import Request

ApplicationType = Literal["voice", "messages", "voice,messages"]

PATH = "/v2/applications"
FAMILY = "applications"
REQUIRED_URLS = {"voice": ("answer_url", "event_url"), "messages": ("inbound_url", "status_url")}
DEFAULT_METHODS = {"answer_url": "GET", "event_url": "POST", "inbound_url": "POST", "status_url": "POST"}

_make_request = partial(Request, host="api", family=FAMILY)
LIST_REQUEST = _make_request("list applications", "GET", PATH)


class Changes(NamedTuple):
    """What an update changes, checked; what is None or empty keeps its value."""

    name: str | None
    types: list[str] | None
    public_key: str | None
    webhooks: dict[str, str]


def check_application(name: Any, *, type: Any = "voice", public_key: Any = None, **webhooks: Any) -> dict[str, Any]:
    """Check the arguments of `create_application`, and return the body of its request."""
    types, checked = _check_types(type), _check_webhooks(webhooks)
    if "voice" not in types:
        # The methods have defaults; they do not belong into an application without voice.
        checked = {key: value for key, value in checked.items() if not key.endswith("_method")}
    return _apply_changes({}, Changes(_check_name(name), types, _check_public_key(public_key), checked))


def check_changes(*, name: Any, type: Any, public_key: Any, **webhooks: str | None) -> Changes:
    """Check the arguments of `update_application`, of which at least one must change something."""
    types = None if type is None else _check_types(type)
    name = None if name is None else _check_name(name)
    changes = Changes(name, types, _check_public_key(public_key), _check_webhooks(webhooks))
    if not any(changes):
        raise validation.invalid_argument("update_application", None, "at least one setting to change")
    return changes


def build_get_request(application_id: str) -> Request:
    what, path = f"get application {application_id}", f"{PATH}/{application_id}"
    return _make_request(what, "GET", path, echo={"id": application_id}, find_refusal=find_missing_application)


def build_create_request(body: Mapping[str, Any]) -> Request:
    return _build_write_request(f"create application {body['name']!r}", "POST", PATH, body, {"name": body["name"]})


def build_update_request(application_id: str, current: Mapping[str, Any], changes: Changes) -> Request:
    """Build the update of an application: what it is now, and the changes."""
    kept = copy.deepcopy({key: value for key, value in current.items() if key not in ("id", "_links")})
    body = _apply_changes(kept, changes)
    what, path = f"update application {application_id}", f"{PATH}/{application_id}"
    return _build_write_request(what, "PUT", path, body, {"id": application_id, "name": body["name"]})


def build_delete_request(application_id: str) -> Request:
    """Build the deletion of an application, which also unlinks its numbers."""
    what, path = f"delete application {application_id}", f"{PATH}/{application_id}"
    return _make_request(what, "DELETE", path, invalidates=(FAMILY, "owned"), find_refusal=find_unexpected_body)


def _build_write_request(
    what: str, method: str, path: str, body: Mapping[str, Any], echo: Mapping[str, str]
) -> Request:
    invalidates, find_refusal = (FAMILY,), find_missing_application
    return _make_request(what, method, path, json=body, invalidates=invalidates, echo=echo, find_refusal=find_refusal)


def _check_name(value: Any) -> str:
    return validation.check_text("name", value, longest=255)


def _check_types(value: Any) -> list[str]:
    names = value.split(",") if isinstance(value, str) else value
    *others, last = map(repr, get_args(ApplicationType))
    allowed = f"{', '.join(others)} or {last}"
    if not isinstance(names, (list, tuple, set)) or not names:
        raise validation.invalid_argument("type", value, allowed)
    try:
        return sorted({validation.check_choice("type", name, TYPES) for name in names}, key=TYPES.index)
    except InvalidRequestError:
        raise validation.invalid_argument("type", value, allowed) from None


def _check_public_key(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or "PUBLIC KEY-----" not in value or "PRIVATE" in value:
        # The message does not show the value: it may be the private key.
        allowed = "PEM text that begins with '-----BEGIN PUBLIC KEY-----'"
        raise validation.invalid_argument("public_key", "<hidden>", allowed)
    return validation.check_text("public_key", value, longest=8192, lines=True)


def _check_webhooks(webhooks: Mapping[str, Any]) -> dict[str, str]:
    """Check URLs and methods, and drop those that are None."""
    return {
        name: validation.check_choice(name, value, get_args(validation.HttpMethod))
        if name.endswith("_method")
        else validation.check_url(name, value)
        for name, value in webhooks.items()
        if value is not None
    }


def _apply_changes(body: dict[str, Any], changes: Changes) -> dict[str, Any]:
    if changes.name:
        body["name"] = changes.name
    if changes.public_key:
        body["keys"] = {"public_key": changes.public_key}
    capabilities = body["capabilities"] = body.get("capabilities") or {}
    if changes.types is not None:
        for type_ in TYPES:
            if type_ in changes.types:
                capabilities.setdefault(type_, {})
            else:
                capabilities.pop(type_, None)
    for name, value in changes.webhooks.items():
        _set_webhook(capabilities, name, value)
    for type_ in changes.types or ():
        _require_urls(type_, capabilities[type_])
    return body


def _set_webhook(capabilities: dict[str, Any], name: str, value: str) -> None:
    type_, webhook_name, key = WEBHOOK_FIELDS[name]
    if type_ not in capabilities:
        raise validation.invalid_argument(name, value, f"{name} only for an application of type {type_!r}")
    webhook = capabilities[type_].setdefault("webhooks", {}).setdefault(webhook_name, {})
    webhook[key] = value
    webhook.setdefault("http_method", DEFAULT_METHODS[webhook_name])


def _require_urls(type_: str, capability: Mapping[str, Any]) -> None:
    webhooks = capability.get("webhooks") or {}
    for name in REQUIRED_URLS[type_]:
        if not (webhooks.get(name) or {}).get("address"):
            allowed = f"an absolute URL: an application of type {type_!r} needs it"
            raise validation.invalid_argument(name, None, allowed)
