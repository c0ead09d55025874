"""What the sandbox answers about itself: the inbox at ``/``, and ``/_sandbox/...`` for it and for other processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from nexmo_nb.sandbox.accidents import schedule_accident
from nexmo_nb.sandbox.exchange import Answer, Request
from nexmo_nb.sandbox.inbound import receive_sms
from nexmo_nb.sandbox.inbox_feed import build_feed
from nexmo_nb.sandbox.magic_numbers import list_numbers
from nexmo_nb.sandbox.validation import show
from nexmo_nb.sandbox.world import World
from nexmo_nb.sandbox.world_state import restore_snapshot, take_snapshot

PREFIX = "/_sandbox/"
_SCRIPTS = ("inbox.js", "conversations.js", "exports.js", "feed.js", "nodes.js", "tables.js", "tabs.js")
INBOX_FILES = {
    "/": ("inbox.html", "text/html; charset=utf-8"),
    "/inbox.css": ("inbox.css", "text/css; charset=utf-8"),
    **{f"/{name}": (name, "text/javascript; charset=utf-8") for name in _SCRIPTS},
}
INBOX_HEADERS = {
    # Nothing from elsewhere, and no script or style within the page: what anybody sent cannot become code.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def answer_control(world: World, request: Request) -> Answer | None:
    """Answer a request for the inbox or to the sandbox itself; None for all others."""
    if request.path in INBOX_FILES and request.method in ("GET", "HEAD"):
        name, content_type = INBOX_FILES[request.path]
        content = (files("nexmo_nb.sandbox") / "inbox" / name).read_bytes()
        return Answer(200, content, {"Content-Type": content_type, **INBOX_HEADERS})
    if not request.path.startswith(PREFIX):
        return None
    control = CONTROLS.get((request.method, request.path.removeprefix(PREFIX)))
    if control is None:
        return Answer(404, {"error": "no such page"})
    if request.problem:
        return Answer(400, {"error": request.problem})
    try:
        result = control(world, request)
    except ValueError as error:
        return Answer(400, {"error": str(error)})
    return Answer(200, {"done": True} if result is None else result)


def _list_entries(world: World, request: Request) -> list[dict[str, Any]]:
    return world.copy_entries(request.path.removeprefix(PREFIX))


def _show_account(world: World, _: Request) -> Mapping[str, Any]:
    return {
        "api_key": world.api_key,
        "api_secret": world.api_secret,
        "application_id": world.application_id,
        "private_key": world.get_key_pair()[0],
        "instance": world.instance,
        # Not named as the client's argument is: a client that is given this secret signs every message.
        "signature": world.signature_secret,
    }


def _reprice(world: World, request: Request) -> None:
    fields = _read_fields(request)
    world.reprice(fields.get("country", ""), fields.get("factor", 1))


def _receive(world: World, request: Request) -> Mapping[str, Any]:
    fields = _read_fields(request)
    return receive_sms(world, *(fields.get(name) for name in ("sender", "to", "text")))


def _schedule_accident(world: World, request: Request) -> None:
    schedule_accident(world, **{"kind": "", **_read_fields(request)})


def _show_clock(world: World, _: Request) -> Mapping[str, Any]:
    moved = round(world.time.moved.total_seconds(), 3)
    return {"now": world.format_now(), "moved": moved, "frozen": world.time.is_frozen}


def _set_clock(world: World, request: Request) -> Mapping[str, Any]:
    """Freeze the clock or let it run, and move it; the fields say which."""
    fields = _read_fields(request)
    if not fields.keys() & {"freeze", "move"}:
        raise ValueError("allowed: move, such as '72h', and freeze, true or false.")
    if "freeze" in fields:
        if str(fields["freeze"]).lower() not in ("true", "false"):
            raise ValueError(f"freeze: got {show(fields['freeze'])}; allowed: true, false.")
        (world.time.freeze if str(fields["freeze"]).lower() == "true" else world.time.run)()
    if "move" in fields:
        world.time.move(fields["move"])
    return _show_clock(world, request)


def _take_snapshot(world: World, _: Request) -> Mapping[str, str]:
    return {"snapshot": take_snapshot(world)}


def _restore_snapshot(world: World, request: Request) -> None:
    restore_snapshot(world, _read_fields(request).get("snapshot", ""))


def _read_fields(request: Request) -> Mapping[str, Any]:
    return request.json if isinstance(request.json, dict) else request.form


CONTROLS: Mapping[tuple[str, str], Callable[[World, Request], Any]] = {
    ("GET", "messages"): _list_entries,
    ("GET", "received"): _list_entries,
    ("GET", "webhooks"): _list_entries,
    ("GET", "calls"): _list_entries,
    ("GET", "requests"): _list_entries,
    ("GET", "inbox"): lambda world, request: build_feed(world, request.query),
    ("GET", "account"): _show_account,
    ("GET", "numbers"): lambda _world, _request: list_numbers(),
    ("GET", "clock"): _show_clock,
    ("POST", "receive"): _receive,
    ("POST", "clock"): _set_clock,
    ("POST", "snapshot"): _take_snapshot,
    ("POST", "restore"): _restore_snapshot,
    ("POST", "reset"): lambda world, _: world.reset(),
    ("POST", "reprice"): _reprice,
    ("POST", "fail"): _schedule_accident,
}
