"""``/_sandbox/...``: what other processes, and the inbox, ask of the sandbox itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nexmo_nb.sandbox.accidents import schedule_accident
from nexmo_nb.sandbox.exchange import Answer, Request
from nexmo_nb.sandbox.validation import is_int_between
from nexmo_nb.sandbox.world import World

PREFIX = "/_sandbox/"


def answer_control(world: World, request: Request) -> Answer:
    page = PAGES.get((request.method, request.path.removeprefix(PREFIX)))
    if page is None:
        return Answer(404, {"error": "no such page"})
    try:
        result = page(world, request)
    except (TypeError, ValueError) as error:
        return Answer(400, {"error": str(error)})
    return Answer(200, {"done": True} if result is None else result)


def _list_entries(world: World, request: Request) -> list[dict[str, Any]]:
    last = request.query.get("last", "0")
    return world.copy_entries(request.path.removeprefix(PREFIX), int(last) if is_int_between(last, 0) else 0)


def _show_state(world: World, _: Request) -> Mapping[str, Any]:
    # The version changes with every request, and with its answer.
    return {"version": f"{world.instance}-{world.changes}", "balance": float(world.balance)}


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


def _reset(world: World, _: Request) -> None:
    world.reset()


def _reprice(world: World, request: Request) -> None:
    body = request.json if isinstance(request.json, dict) else {}
    world.reprice(str(body.get("country")), float(body.get("factor", 1)))


def _schedule_accident(world: World, request: Request) -> None:
    schedule_accident(world, **(request.json if isinstance(request.json, dict) else request.form))


PAGES: Mapping[tuple[str, str], Callable[[World, Request], Any]] = {
    ("GET", "messages"): _list_entries,
    ("GET", "calls"): _list_entries,
    ("GET", "requests"): _list_entries,
    ("GET", "state"): _show_state,
    ("GET", "account"): _show_account,
    ("POST", "reset"): _reset,
    ("POST", "reprice"): _reprice,
    ("POST", "fail"): _schedule_accident,
}
