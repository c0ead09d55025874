"""``/v2/applications``: accepts Basic and JSON alone, refuses as RFC 7807 says; a PUT replaces everything."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from nexmo_nb.sandbox.auth import is_authorised
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import build_problem, deny_as_problem
from nexmo_nb.sandbox.validation import is_int_between, is_url
from nexmo_nb.sandbox.world import World, generate_key

PATH = "/v2/applications"
CAPABILITIES = ("voice", "messages", "rtc", "verify", "vbc", "network_apis", "video", "meetings")
# The webhooks of each capability, and the methods that each allows.
HOOKS: dict[str, dict[str, tuple[str, ...]]] = {
    "voice": {"answer_url": ("GET", "POST"), "fallback_answer_url": ("GET", "POST"), "event_url": ("GET", "POST")},
    "messages": {"inbound_url": ("POST",), "status_url": ("POST",)},
    "rtc": {"event_url": ("GET", "POST")},
    "verify": {"status_url": ("POST",)},
}
Invalid = tuple[str, str]
"""The name of an invalid parameter, and the reason."""


def list_applications(world: World, request: Request, _: Accident) -> Answer:
    """List applications, in pages."""
    if not is_authorised(world, request):
        return deny_as_problem()
    size, page = request.query.get("page_size", "10"), request.query.get("page", "1")
    if not is_int_between(size, 1, 100):
        return _refuse_invalid("list-validation", [("page_size", "must be between 1 and 100")])
    if not is_int_between(page, 1):
        return _refuse_invalid("list-validation", [("page", "must be at least 1")])
    with world.lock:
        applications = [_format_application(world, app) for app in world.applications.values()]
    return Answer(200, _build_page(applications, int(size), int(page)))


def create_application(world: World, request: Request, _: Accident) -> Answer:
    """Create an application, with a new key pair unless a public key is given."""
    if not is_authorised(world, request):
        return deny_as_problem()
    refusal = _find_body_refusal(request)
    if refusal is not None:
        return refusal
    given = (request.json.get("keys") or {}).get("public_key")
    private, public = ("", given) if given else generate_key()
    with world.lock:
        code = world.new_id()
        world.applications[code] = app = _build_application(code, request.json, {"public_key": public})
        created = _format_application(world, app)
    if private:
        created["keys"]["private_key"] = private
    return Answer(201, created)


def show_application(world: World, request: Request, _: Accident) -> Answer:
    """Show one application."""
    if not is_authorised(world, request):
        return deny_as_problem()
    code = _read_id(request)
    with world.lock:
        if code not in world.applications:
            return _refuse_unknown(code)
        return Answer(200, _format_application(world, world.applications[code]))


def replace_application(world: World, request: Request, _: Accident) -> Answer:
    """Replace everything that an application has but its keys."""
    if not is_authorised(world, request):
        return deny_as_problem()
    code = _read_id(request)
    with world.lock:
        if code not in world.applications:
            return _refuse_unknown(code)
        refusal = _find_body_refusal(request)
        if refusal is not None:
            return refusal
        keys = {**world.applications[code]["keys"], **(request.json.get("keys") or {})}
        world.applications[code] = app = _build_application(code, request.json, keys)
        return Answer(200, _format_application(world, app))


def delete_application(world: World, request: Request, _: Accident) -> Answer:
    """Delete an application, and its links to numbers."""
    if not is_authorised(world, request):
        return deny_as_problem()
    code = _read_id(request)
    with world.lock:
        if code not in world.applications:
            return _refuse_unknown(code)
        del world.applications[code]
        for number in world.owned.values():
            if number.get("app_id") == code:
                del number["app_id"]
        return Answer(204)


def _read_id(request: Request) -> str:
    return request.path.removeprefix(f"{PATH}/")


def _refuse_unknown(code: str) -> Answer:
    return build_problem(404, "#not-found", "Not Found", f"ID '{code}' does not exist, or you do not have access")


def _refuse_invalid(kind: str, invalid: list[Invalid]) -> Answer:
    parameters = [{"name": name, "reason": reason} for name, reason in invalid]
    detail = "The request failed due to validation errors"
    return build_problem(400, f"/application#{kind}", "Bad Request", detail, invalid_parameters=parameters)


def _build_page(applications: list[dict[str, Any]], size: int, page: int) -> dict[str, Any]:
    pages = -(-len(applications) // size)
    links = {"self": page, "first": 1, "last": pages, "prev": page - 1, "next": page + 1}
    return {
        "page_size": size,
        "page": page,
        "total_items": len(applications),
        "total_pages": pages,
        "_embedded": {"applications": applications[(page - 1) * size : page * size]},
        "_links": {
            name: {"href": f"{PATH}?page_size={size}&page={number}"}
            for name, number in links.items()
            if name in ("self", "first", "last") or 1 <= number <= pages
        },
    }


def _build_application(code: str, body: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    capabilities = copy.deepcopy(body.get("capabilities") or {})
    for kind, hooks in HOOKS.items():
        for name, hook in ((capabilities.get(kind) or {}).get("webhooks") or {}).items():
            hook.setdefault("http_method", hooks[name][0] if name != "event_url" else "POST")
    return {
        "id": code,
        **{name: copy.deepcopy(body[name]) for name in ("name", "privacy") if name in body},
        "keys": {name: key for name, key in keys.items() if name == "public_key"},
        "capabilities": capabilities,
    }


def _format_application(world: World, app: Mapping[str, Any]) -> dict[str, Any]:
    members = copy.deepcopy({name: value for name, value in app.items() if name != "keys"})
    public_key = {"public_key": world.get_public_key(app)}
    return {**members, "keys": public_key, "_links": {"self": {"href": f"{PATH}/{app['id']}"}}}


def _find_body_refusal(request: Request) -> Answer | None:
    """Check the body of a create or a replace; None where it is valid."""
    if request.content_type != "application/json":
        detail = "Only application/json is taken."
        return build_problem(415, "#content-type-header", "Invalid Content-Type header", detail)
    if not isinstance(request.json, dict):
        return build_problem(400, "#invalid-json", "Bad Request", "The body is no JSON object.")
    invalid = [*_find_invalid_members(request.json), *_find_invalid_capabilities(request.json)]
    return _refuse_invalid("payload-validation", invalid) if invalid else None


def _find_invalid_members(body: Mapping[str, Any]) -> Iterator[Invalid]:
    if not isinstance(body.get("name"), str) or not body["name"].strip():
        yield "name", "is required"
    keys = body.get("keys") or {}
    if not isinstance(keys, dict):
        yield "keys", "must be an object"
        return
    key = keys.get("public_key")
    if key is not None and not (isinstance(key, str) and "-----BEGIN PUBLIC KEY-----" in key):
        yield "keys.public_key", "must be a PEM public key"


def _find_invalid_capabilities(body: Mapping[str, Any]) -> Iterator[Invalid]:
    capabilities = body.get("capabilities", {})
    if not isinstance(capabilities, dict):
        yield "capabilities", "must be an object"
        return
    for kind, capability in capabilities.items():
        hooks = (capability.get("webhooks") or {}) if isinstance(capability, dict) else None
        if kind not in CAPABILITIES or not isinstance(hooks, dict):
            yield f"capabilities.{kind}", "is not allowed"
            continue
        for name, hook in hooks.items():
            place = f"capabilities.{kind}.webhooks.{name}"
            yield from _find_invalid_hook(place, HOOKS.get(kind, {}).get(name), hook)


def _find_invalid_hook(place: str, methods: tuple[str, ...] | None, hook: Any) -> Iterator[Invalid]:
    if methods is None or not isinstance(hook, dict):
        yield place, "is not allowed"
        return
    if not is_url(hook.get("address")):
        yield f"{place}.address", "must be a valid URL"
    if hook.get("http_method") not in (None, *methods):
        yield f"{place}.http_method", f"must be one of: {', '.join(methods)}"
