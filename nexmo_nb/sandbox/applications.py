"""``/v2/applications``: Basic only, JSON only, RFC 7807 errors, and a PUT that replaces everything."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from nexmo_nb.sandbox.auth import authorised
from nexmo_nb.sandbox.world import Answer, Request, World, generate_key

__all__ = ["collection", "denied", "problem", "single"]

ERRORS = "https://developer.nexmo.com/api-errors"
PATH = "/v2/applications"
CAPABILITIES = ("voice", "messages", "rtc", "verify", "vbc", "network_apis", "video", "meetings")
HOOKS: dict[str, dict[str, tuple[str, ...]]] = {
    "voice": {"answer_url": ("GET", "POST"), "fallback_answer_url": ("GET", "POST"), "event_url": ("GET", "POST")},
    "messages": {"inbound_url": ("POST",), "status_url": ("POST",)},
    "rtc": {"event_url": ("GET", "POST")},
    "verify": {"status_url": ("POST",)},
}


def problem(status: int, kind: str, title: str, detail: str, **more: Any) -> Answer:
    """Make an answer in the words of RFC 7807, though not of its content type: that came with later APIs."""
    return Answer(status, {"type": f"{ERRORS}{kind}", "title": title, "detail": detail, "instance": "sandbox", **more})


def collection(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """List, or create."""
    if not authorised(world, request):
        return denied()
    return _create(world, request) if request.method == "POST" else _list(world, request)


def single(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Get, replace or delete one."""
    if not authorised(world, request):
        return denied()
    code = request.path.removeprefix(f"{PATH}/")
    with world.lock:
        app = world.applications.get(code)
        if app is None:
            return problem(404, "#not-found", "Not Found", f"ID '{code}' does not exist, or you do not have access")
        if request.method == "DELETE":
            del world.applications[code]
            for number in world.owned.values():
                if number.get("app_id") == code:
                    del number["app_id"]
            return Answer(204)
        if request.method == "PUT":
            bad = _checked(request)
            if bad is not None:
                return bad
            keys = {**app["keys"], **(request.json.get("keys") or {})}
            world.applications[code] = app = _stored(code, request.json, keys)
        return Answer(200, _shown(world, app))


def denied() -> Answer:
    """Refuse credentials in the words of RFC 7807."""
    return problem(401, "#unauthorized", "Invalid credentials supplied", "You did not provide correct credentials.")


def _list(world: World, request: Request) -> Answer:
    numbers: dict[str, int] = {}
    for name, default in (("page_size", "10"), ("page", "1")):
        given = request.query.get(name, default)
        if not given.isdigit() or int(given) < 1 or (name == "page_size" and int(given) > 100):
            reason = "must be between 1 and 100" if name == "page_size" else "must be at least 1"
            return _invalid("list-validation", [(name, reason)])
        numbers[name] = int(given)
    size, page = numbers["page_size"], numbers["page"]
    with world.lock:
        found = [_shown(world, app) for app in world.applications.values()]
    pages = -(-len(found) // size)
    links = {"self": page, "first": 1, "last": pages, "prev": page - 1, "next": page + 1}
    shown = {
        name: {"href": f"{PATH}?page_size={size}&page={number}"}
        for name, number in links.items()
        if name in ("self", "first", "last") or 1 <= number <= pages
    }
    body = {"page_size": size, "page": page, "total_items": len(found), "total_pages": pages}
    return Answer(200, {**body, "_embedded": {"applications": found[(page - 1) * size : page * size]}, "_links": shown})


def _create(world: World, request: Request) -> Answer:
    bad = _checked(request)
    if bad is not None:
        return bad
    given = (request.json.get("keys") or {}).get("public_key")
    private, public = ("", given) if given else generate_key()
    with world.lock:
        code = world.new_id()
        world.applications[code] = app = _stored(code, request.json, {"public_key": public})
        shown = _shown(world, app)
    if private:
        shown["keys"]["private_key"] = private
    return Answer(201, shown)


def _stored(code: str, body: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    kept = {name: copy.deepcopy(body[name]) for name in ("name", "privacy") if name in body}
    capabilities = copy.deepcopy(body.get("capabilities") or {})
    for kind, hooks in HOOKS.items():
        for name, hook in ((capabilities.get(kind) or {}).get("webhooks") or {}).items():
            hook.setdefault("http_method", hooks[name][0] if name != "event_url" else "POST")
    return {
        "id": code,
        **kept,
        "keys": {"public_key": keys["public_key"]} if keys else {},
        "capabilities": capabilities,
    }


def _shown(world: World, app: Mapping[str, Any]) -> dict[str, Any]:
    shown = copy.deepcopy({name: value for name, value in app.items() if name != "keys"})
    shown["keys"] = {"public_key": world.public_key(app)}
    shown["_links"] = {"self": {"href": f"{PATH}/{app['id']}"}}
    return shown


def _checked(request: Request) -> Answer | None:
    """Check the body of a create or an update; None where it is fine."""
    if request.headers.get("Content-Type", "").partition(";")[0] != "application/json":
        return problem(415, "#content-type-header", "Invalid Content-Type header", "Only application/json is taken.")
    if not isinstance(request.json, dict):
        return problem(400, "#invalid-json", "Bad Request", "The body is no JSON object.")
    wrong = list(_wrong(request.json))
    return _invalid("payload-validation", wrong) if wrong else None


def _invalid(kind: str, wrong: list[tuple[str, str]]) -> Answer:
    listed = [{"name": name, "reason": reason} for name, reason in wrong]
    detail = "The request failed due to validation errors"
    return problem(400, f"/application#{kind}", "Bad Request", detail, invalid_parameters=listed)


def _wrong(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    wrong = []
    if not isinstance(body.get("name"), str) or not body["name"].strip():
        wrong.append(("name", "is required"))
    key = (body.get("keys") or {}).get("public_key")
    if key is not None and not (isinstance(key, str) and "-----BEGIN PUBLIC KEY-----" in key):
        wrong.append(("keys.public_key", "must be a PEM public key"))
    capabilities = body.get("capabilities", {})
    if not isinstance(capabilities, dict):
        return [*wrong, ("capabilities", "must be an object")]
    for kind, use in capabilities.items():
        if kind not in CAPABILITIES or not isinstance(use, dict):
            wrong.append((f"capabilities.{kind}", "is not allowed"))
            continue
        for name, hook in (use.get("webhooks") or {}).items():
            wrong += _wrong_hook(f"capabilities.{kind}.webhooks.{name}", HOOKS.get(kind, {}).get(name), hook)
    return wrong


def _wrong_hook(place: str, methods: tuple[str, ...] | None, hook: Any) -> list[tuple[str, str]]:
    if methods is None or not isinstance(hook, dict):
        return [(place, "is not allowed")]
    wrong = []
    address = hook.get("address")
    if not isinstance(address, str) or not address.startswith(("http://", "https://")):
        wrong.append((f"{place}.address", "must be a valid URL"))
    if hook.get("http_method") not in (None, *methods):
        wrong.append((f"{place}.http_method", f"must be one of: {', '.join(methods)}"))
    return wrong
