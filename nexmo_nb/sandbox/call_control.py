"""What a caller may do with a call that goes on: end, mute or transfer it, and speak, play and press keys in it.

A call that has ended is not found, and one that was not answered yet is refused as a bad request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from nexmo_nb.sandbox.call_checks import BAD_REQUEST, KEYS, LISTENER, STREAM, TALK, check_change, read_body
from nexmo_nb.sandbox.call_course import ANSWERED, ENDED, Call, hang_up, plan_end
from nexmo_nb.sandbox.calls import find_call
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import NOT_FOUND, Check, Refusal
from nexmo_nb.sandbox.shapes import check_shape
from nexmo_nb.sandbox.tokens import check_token
from nexmo_nb.sandbox.world import World

# What is noted of a call for each change of its sound.
_SOUNDS = {
    "mute": ("muted", True),
    "unmute": ("muted", False),
    "earmuff": ("earmuffed", True),
    "unearmuff": ("earmuffed", False),
}


def change_call(world: World, request: Request, _: Accident) -> Answer:
    with world.lock:
        body, call = _read_change(world, request, check_change)
        action = body["action"]
        if action == "hangup":
            if call["status"] == "started":
                raise Refusal(BAD_REQUEST)
            hang_up(world, call)
            return Answer(204)
        _insist_on_answered(call)
        if action == "transfer":
            call.pop("ncco", None)
            call |= {name: body["destination"][name] for name in ("ncco",) if body["destination"].get(name)}
            plan_end(call, world.now(), call.get("ncco"))
        else:
            member, value = _SOUNDS[action]
            call[member] = value
    return Answer(204)


def start_talk(world: World, request: Request, _: Accident) -> Answer:
    return _start(world, request, TALK, "talk", "Talk started")


def start_stream(world: World, request: Request, _: Accident) -> Answer:
    return _start(world, request, STREAM, "stream", "Stream started")


def send_keys(world: World, request: Request, _: Accident) -> Answer:
    return _start(world, request, KEYS, "dtmf", "DTMF sent")


def stop_talk(world: World, request: Request, _: Accident) -> Answer:
    return _stop(world, request, "talk", "Talk stopped")


def stop_stream(world: World, request: Request, _: Accident) -> Answer:
    return _stop(world, request, "stream", "Stream stopped")


def subscribe_keys(world: World, request: Request, _: Accident) -> Answer:
    """Note where each key that is pressed is to be told of."""
    _start(world, request, LISTENER, "listener", "")
    return Answer(200, {})


def unsubscribe_keys(world: World, request: Request, _: Accident) -> Answer:
    _stop(world, request, "listener", "")
    return Answer(200, {})


def _start(world: World, request: Request, shape: Any, member: str, message: str) -> Answer:
    check: Callable[[Mapping[str, Any]], Iterator[Check]] = partial(check_shape, "", shape=shape)
    with world.lock:
        body, call = _read_change(world, request, check)
        _insist_on_answered(call)
        call[member] = dict(body)
        return Answer(200, {"message": message, "uuid": call["id"]})


def _stop(world: World, request: Request, member: str, message: str) -> Answer:
    check_token(world, request)
    with world.lock:
        call = _find_live(world, request)
        _insist_on_answered(call)
        call[member] = None
        return Answer(200, {"message": message, "uuid": call["id"]})


def _read_change(
    world: World, request: Request, check: Callable[[Mapping[str, Any]], Iterator[Check]]
) -> tuple[dict[str, Any], Call]:
    check_token(world, request)
    body = read_body(request, check)
    return body, _find_live(world, request)


def _find_live(world: World, request: Request) -> Call:
    call = find_call(world, request)
    if call["status"] in ENDED:
        raise Refusal(NOT_FOUND)
    return call


def _insist_on_answered(call: Call) -> None:
    if call["status"] not in ANSWERED:
        raise Refusal(BAD_REQUEST)
