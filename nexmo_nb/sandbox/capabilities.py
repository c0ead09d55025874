"""What an application can be capable of, and the values that each setting may have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from nexmo_nb.sandbox.refusals import Check
from nexmo_nb.sandbox.validation import is_url

REGIONS = ("na-east", "na-west", "eu-east", "eu-west", "apac-sng", "apac-australia")
Test = tuple[Callable[[Any], bool], str]
"""Tells whether a value is allowed, and what it must be."""
Methods = tuple[str, ...]
"""The HTTP methods of a webhook, the default first; none where it always has the same, and does not say so."""
EITHER, POSTED, UNSAID = ("GET", "POST"), ("POST",), ()
TIMES = ("connect_timeout", "connection_timeout", "socket_timeout")
"""Settings of a webhook of calls. The second is the name that the first had."""


def _between(low: int, high: int) -> Test:
    def is_between(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

    return is_between, f"must be between {low} and {high}"


FLAG: Test = (lambda value: isinstance(value, bool), "must be a boolean")
TEXT: Test = (lambda value: isinstance(value, str), "must be a string")
URL: Test = (is_url, "must be a valid URL")
CONNECTION = _between(300, 1000)


def _list_posted(names: str) -> dict[str, Methods]:
    return dict.fromkeys(names.split(), POSTED)


HOOKS: Mapping[str, Mapping[str, Methods]] = {
    "voice": {"answer_url": EITHER, "fallback_answer_url": EITHER, "event_url": EITHER[::-1]},
    "messages": _list_posted("inbound_url status_url"),
    "rtc": {"event_url": EITHER[::-1]},
    "verify": _list_posted("status_url"),
    "meetings": _list_posted("recording_changed room_changed session_changed"),
    "bulk": dict.fromkeys(("list_status_url", "run_status_url"), EITHER[::-1]),
    "video": dict.fromkeys(
        (
            "archive_status", "connection_created", "connection_destroyed", "session_created", "session_destroyed",
            "session_notification", "stream_created", "stream_destroyed", "render_status", "captions_status",
            "broadcast_status", "sip_call_created", "sip_call_updated", "sip_call_destroyed", "sip_call_mute_forced",
        ),
        UNSAID,
    ),
}  # fmt: skip
SETTINGS: Mapping[str, Mapping[str, Test]] = {
    "voice": {
        "signed_callbacks": FLAG,
        "conversations_ttl": _between(1, 9000),
        "leg_persistence_time": _between(1, 31),
        "region": (lambda value: value in REGIONS, f"must be one of: {', '.join(REGIONS)}"),
    },
    "messages": {"version": TEXT, "authenticate_inbound_media": FLAG},
    "rtc": {"signed_callbacks": FLAG},
    "verify": {"version": TEXT},
    "network_apis": {"network_application_id": TEXT, "redirect_uri": URL},
    "video": {},
    "meetings": {},
    "bulk": {},
    "vbc": {},
}
STORAGE = ("server_side_encryption", "end_to_end_encryption", "cloud_storage")


def build_capabilities(given: Mapping[str, Any]) -> dict[str, Any]:
    """Copy what is known of capabilities that are valid, with the default method of each webhook."""
    return {kind: _build_capability(kind, capability) for kind, capability in given.items()}


def _build_capability(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    built = take_known(given, (*SETTINGS[kind], "webhooks", *(("storage",) if kind == "video" else ())))
    if "storage" in built:
        built["storage"] = take_known(built["storage"], STORAGE)
    if "webhooks" in built:
        built["webhooks"] = {name: _build_hook(HOOKS[kind][name], hook) for name, hook in built["webhooks"].items()}
    return built


def _build_hook(methods: Methods, given: Mapping[str, Any]) -> dict[str, Any]:
    if not methods:
        return take_known(given, ("address", "active"))
    return {"http_method": methods[0], **take_known(given, ("address", "http_method", *TIMES))}


def take_known(given: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}


def check_capabilities(capabilities: Mapping[str, Any]) -> Iterator[Check]:
    for kind, capability in capabilities.items():
        place = f"capabilities.{kind}"
        if kind not in SETTINGS or not isinstance(capability, dict):
            yield False, place, "is not allowed" if kind not in SETTINGS else "must be an object"
            continue
        yield kind != "vbc" or not capability, place, "must be an empty object"
        for name, (is_allowed, rule) in SETTINGS[kind].items():
            yield name not in capability or is_allowed(capability[name]), f"{place}.{name}", rule
        storage = capability.get("storage", {})
        is_valid = isinstance(storage, dict) and all(isinstance(storage.get(name, False), bool) for name in STORAGE)
        yield kind != "video" or is_valid, f"{place}.storage", "must be an object of booleans"
        yield from _check_hooks(kind, capability.get("webhooks", {}))


def _check_hooks(kind: str, hooks: Any) -> Iterator[Check]:
    if not isinstance(hooks, dict):
        yield False, f"capabilities.{kind}.webhooks", "must be an object"
        return
    for name, hook in hooks.items():
        place, methods = f"capabilities.{kind}.webhooks.{name}", HOOKS.get(kind, {}).get(name)
        if methods is None or not isinstance(hook, dict):
            yield False, place, "is not allowed" if methods is None else "must be an object"
            continue
        yield is_url(hook.get("address")), f"{place}.address", URL[1]
        rules = f"must be one of: {', '.join(sorted(methods))}"
        yield not methods or hook.get("http_method", methods[0]) in methods, f"{place}.http_method", rules
        yield isinstance(hook.get("active", True), bool), f"{place}.active", FLAG[1]
        if kind == "voice":
            yield from _check_times(place, hook, 10_000 if name == "event_url" else 5_000)


def _check_times(place: str, hook: Mapping[str, Any], longest: int) -> Iterator[Check]:
    for name in TIMES:
        is_allowed, rule = _between(1000, longest) if name == "socket_timeout" else CONNECTION
        yield name not in hook or is_allowed(hook[name]), f"{place}.{name}", rule
