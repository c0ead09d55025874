"""The request and the answer of an application: nested on the wire, flat in a frame. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError

__all__ = ["check_application", "checked", "flat", "kinds_of", "name_of", "public_key_of", "put", "sound"]

_TYPES = ("voice", "messages")
_METHODS = ("GET", "POST")
# Where a flat field stands in the wire's nested object: capability, webhook, name in the webhook.
_PLACES = {
    "answer_url": ("voice", "answer_url", "address"),
    "answer_method": ("voice", "answer_url", "http_method"),
    "event_url": ("voice", "event_url", "address"),
    "event_method": ("voice", "event_url", "http_method"),
    "inbound_url": ("messages", "inbound_url", "address"),
    "status_url": ("messages", "status_url", "address"),
}
_NEEDS = {"voice": ("answer_url", "event_url"), "messages": ("inbound_url", "status_url")}


def check_application(
    name: Any,
    *,
    type: Any = "voice",
    answer_url: Any = None,
    event_url: Any = None,
    answer_method: Any = "GET",
    event_method: Any = "POST",
    inbound_url: Any = None,
    status_url: Any = None,
    public_key: Any = None,
) -> dict[str, Any]:
    """Check the parameters of `create_application` and write its request."""
    fields = checked(
        answer_url=answer_url,
        answer_method=answer_method,
        event_url=event_url,
        event_method=event_method,
        inbound_url=inbound_url,
        status_url=status_url,
    )
    kinds = kinds_of(type)
    body: dict[str, Any] = {"name": name_of(name), "capabilities": {}}
    if public_key is not None:
        body["keys"] = {"public_key": public_key_of(public_key)}
    put(body, kinds, {k: v for k, v in fields.items() if _PLACES[k][0] in kinds or not k.endswith("_method")})
    return body


def name_of(value: Any) -> str:
    """Check a name."""
    return validation.check_text("name", value, longest=255)


def kinds_of(value: Any) -> list[str]:
    """Check what an application is for."""
    names = value.split(",") if isinstance(value, str) else value
    allowed = "'voice', 'messages' or 'voice,messages'"
    if not isinstance(names, (list, tuple, set)) or not names:
        raise validation.invalid_argument("type", value, allowed)
    try:
        return sorted({validation.check_choice("type", name, _TYPES) for name in names}, key=_TYPES.index)
    except InvalidRequestError:
        raise validation.invalid_argument("type", value, allowed) from None


def public_key_of(value: Any) -> str:
    """Check the public half of a key pair."""
    if not isinstance(value, str) or "PUBLIC KEY-----" not in value or "PRIVATE" in value:
        # What was given is not shown: it may be the private half.
        raise validation.invalid_argument(
            "public_key", "<hidden>", "PEM text that begins with '-----BEGIN PUBLIC KEY-----'"
        )
    return validation.check_text("public_key", value, longest=8192, lines=True)


def checked(**fields: str | None) -> dict[str, str]:
    """Check the webhook fields that were given."""
    return {
        name: validation.check_choice(name, value, _METHODS)
        if name.endswith("_method")
        else validation.check_url(name, value)
        for name, value in fields.items()
        if value is not None
    }


def put(body: dict[str, Any], kinds: list[str] | None, fields: Mapping[str, str]) -> None:
    """Set fields at their places in the nested object, and check that each use has what it needs."""
    capabilities = body.get("capabilities") if isinstance(body.get("capabilities"), dict) else {}
    body["capabilities"] = capabilities
    assert isinstance(capabilities, dict)
    for kind in _TYPES:
        if kinds is not None and kind not in kinds:
            capabilities.pop(kind, None)
        elif kinds is not None:
            capabilities.setdefault(kind, {})
    for name, value in fields.items():
        kind, hook, key = _PLACES[name]
        if kind not in capabilities:
            raise validation.invalid_argument(name, value, f"{name} only for an application of type {kind!r}")
        webhook = capabilities[kind].setdefault("webhooks", {}).setdefault(hook, {})
        webhook[key] = value
        webhook.setdefault("http_method", "GET" if hook == "answer_url" else "POST")
    for kind in kinds or ():
        hooks = capabilities[kind].get("webhooks") or {}
        for name in _NEEDS[kind]:
            if not (hooks.get(name) or {}).get("address"):
                raise validation.invalid_argument(
                    name, None, f"an absolute URL: an application of type {kind!r} needs it"
                )


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten an application; what it lacks is left out."""
    capabilities = _inside(row, "capabilities") or {}
    uses = [kind for kind in _TYPES if kind in capabilities]
    uses += sorted(capabilities.keys() - set(_TYPES))
    flat: dict[str, Any] = {"id": row.get("id"), "name": row.get("name"), "type": ",".join(uses)}
    for name, (kind, hook, key) in _PLACES.items():
        flat[name] = (_inside(capabilities, kind, "webhooks", hook) or {}).get(key)
    flat["public_key"] = (_inside(row, "keys") or {}).get("public_key")
    return flat


def sound(row: Mapping[str, Any]) -> bool:
    """Tell whether an application can be sent back whole: what it lacks there would be taken away."""
    places = {("capabilities", kind, *rest) for kind, hook, _ in _PLACES.values() for rest in ((), ("webhooks", hook))}
    return (
        isinstance(row.get("name"), str)
        and isinstance(row.get("capabilities"), dict)
        and all(_inside(row, *place) is not None for place in places)
    )


def _inside(row: Any, *names: str) -> dict[str, Any] | None:
    """Give the object at a place, an empty one if nothing is there, and None if something else is."""
    for name in names:
        row = row.get(name) if isinstance(row, dict) else row
        row = {} if row is None else row
    return row if isinstance(row, dict) else None
