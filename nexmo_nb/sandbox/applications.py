"""``/v2/applications``: accepts Basic and JSON alone, refuses as RFC 7807 says; a PUT replaces everything."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from types import NoneType
from typing import Any

from nexmo_nb.sandbox.capabilities import build_capabilities, check_capabilities, take_known
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.parsing import drop_nulls
from nexmo_nb.sandbox.refusals import Check, Refusal, build_problem, list_invalid
from nexmo_nb.sandbox.validation import is_int_between
from nexmo_nb.sandbox.world import World, generate_key, list_changes

PATH = "/v2/applications"


def list_applications(world: World, request: Request, _: Accident) -> Answer:
    size, page = request.query.get("page_size", "10"), request.query.get("page", "1")
    _refuse_invalid("list-validation", [(is_int_between(size, 1, 100), "page_size", "must be between 1 and 100")])
    _refuse_invalid("list-validation", [(is_int_between(page, 1), "page", "must be at least 1")])
    with world.lock:
        applications = [_format_application(world, app) for app in world.applications.values()]
    return Answer(200, _build_page(applications, int(size), int(page)))


def create_application(world: World, request: Request, _: Accident) -> Answer:
    """Create an application, with a new key pair unless a public key is given."""
    body = _read_body(request)
    given = body.get("keys", {}).get("public_key")
    private, public = ("", given) if given else generate_key()
    with world.lock:
        app = _build_application(world.new_id(), body, public)
        world.applications[app["id"]] = app
        world.note_activity("Application created", app["name"], _flatten(app))
        created = _format_application(world, app)
    if private:
        created["keys"]["private_key"] = private
    return Answer(201, created)


def show_application(world: World, request: Request, _: Accident) -> Answer:
    with world.lock:
        return Answer(200, _format_application(world, _find_application(world, request)))


def replace_application(world: World, request: Request, _: Accident) -> Answer:
    """Replace everything that an application has, but keep its key where none is given."""
    with world.lock:
        app = _find_application(world, request)
        body = _read_body(request)
        public = body.get("keys", {}).get("public_key") or app["public_key"]
        changed = _build_application(app["id"], body, public)
        changes = list_changes(_flatten(app), _flatten(changed))
        world.note_activity("Application changed", changed["name"], {"id": app["id"], **changes})
        world.applications[app["id"]] = app = changed
        return Answer(200, _format_application(world, app))


def delete_application(world: World, request: Request, _: Accident) -> Answer:
    """Delete an application, and its links to numbers."""
    with world.lock:
        app = _find_application(world, request)
        code = app["id"]
        del world.applications[code]
        world.note_activity("Application deleted", app["name"], {"id": code})
        for number in world.owned.values():
            if number.get("app_id") == code:
                del number["app_id"]
        return Answer(204)


def _find_application(world: World, request: Request) -> dict[str, Any]:
    code = request.path.removeprefix(f"{PATH}/")
    if code not in world.applications:
        detail = f"ID '{code}' does not exist, or you do not have access"
        raise Refusal(build_problem(404, "#not-found", "Not Found", detail))
    return world.applications[code]


def _refuse_invalid(kind: str, checks: Iterable[Check]) -> None:
    invalid = list_invalid(checks)
    if invalid:
        detail = "The request failed due to validation errors"
        kind = f"/application#{kind}"
        raise Refusal(build_problem(400, kind, "Bad Request", detail, invalid_parameters=invalid))


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


def _build_application(code: str, body: Mapping[str, Any], public_key: str | None) -> dict[str, Any]:
    return {
        "id": code,
        "name": body["name"],
        **({"privacy": take_known(body["privacy"], ("improve_ai",))} if "privacy" in body else {}),
        "public_key": public_key,
        "capabilities": build_capabilities(body.get("capabilities", {})),
    }


def _flatten(value: Any, name: str = "") -> dict[str, Any]:
    """Name each value of an application by its way through the JSON; without the key, which no person reads."""
    if not isinstance(value, dict):
        return {name: value}
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        if key != "public_key":
            flat |= _flatten(inner, name if key in ("capabilities", "webhooks") else f"{name} {key}".strip())
    return flat


def _format_application(world: World, app: Mapping[str, Any]) -> dict[str, Any]:
    members = copy.deepcopy({name: value for name, value in app.items() if name != "public_key"})
    public_key = {"public_key": world.get_public_key(app)}
    return {**members, "keys": public_key, "_links": {"self": {"href": f"{PATH}/{app['id']}"}}}


def _read_body(request: Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        detail = "Only application/json is taken."
        raise Refusal(build_problem(415, "#content-type-header", "Invalid Content-Type header", detail))
    if not isinstance(request.json, dict):
        raise Refusal(build_problem(400, "#invalid-json", "Bad Request", "The body is no JSON object."))
    body: dict[str, Any] = drop_nulls(request.json)
    _refuse_invalid("payload-validation", _check_members(body))
    return body


def _check_members(body: Mapping[str, Any]) -> Iterator[Check]:
    name = body.get("name")
    yield isinstance(name, str) and bool(name.strip()), "name", "is required"
    for member in ("keys", "capabilities", "privacy"):
        yield isinstance(body.get(member, {}), dict), member, "must be an object"
    key = _get_member(body, "keys", "public_key")
    is_key = key is None or (isinstance(key, str) and "-----BEGIN PUBLIC KEY-----" in key)
    yield is_key, "keys.public_key", "must be a PEM public key"
    is_flag = isinstance(_get_member(body, "privacy", "improve_ai"), (bool, NoneType))
    yield is_flag, "privacy.improve_ai", "must be a boolean"
    if isinstance(body.get("capabilities"), dict):
        yield from check_capabilities(body["capabilities"])


def _get_member(body: Mapping[str, Any], outer: str, inner: str) -> Any:
    return body[outer].get(inner) if isinstance(body.get(outer), dict) else None
