"""How calls go on by the sandbox's clock.

When a call is placed, its changes are planned; each happens when its time has come. Nothing runs in between: whoever
looks at the calls, or at what they cost, lets happen what is due first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox.ncco import measure_seconds
from nexmo_nb.sandbox.world import World

Call = dict[str, Any]
Change = dict[str, str]
"""A ``status`` and a ``time``; some have a ``detail`` or ``sub_state``, as the vendor's events do, or a ``cause``."""
# Seconds after which a phone rings, and for which it does until this comes of it.
RING_AFTER = 1
WAITS: Mapping[str, float] = {
    "completed": 4, "machine": 4, "busy": 2, "rejected": 2, "unanswered": 30, "timeout": math.inf,
}  # fmt: skip
DETAILS = {"failed": "cannot_route", "rejected": "declined", "unanswered": "unavailable"}
DETECT_AFTER, BEEP_AFTER = 2, 5
ANSWERED = ("answered", "machine")
ENDED = ("completed", "busy", "cancelled", "failed", "rejected", "timeout", "unanswered")
DEFAULT_RINGING, DEFAULT_LENGTH = 60, 7200


def format_instant(at: datetime) -> str:
    """Format a time so that texts are ordered as the times are."""
    return at.astimezone(timezone.utc).isoformat(timespec="milliseconds")


def plan_call(call: Call, outcome: str) -> None:
    """Plan what becomes of a call that was just placed, by whom it reaches and by its own settings."""
    placed = datetime.fromisoformat(call["history"][0]["time"])
    if outcome == "failed":
        _plan(call, placed, RING_AFTER, "failed")
        return
    _plan(call, placed, RING_AFTER, "ringing")
    longest, wait = call.get("ringing_timer") or DEFAULT_RINGING, WAITS[outcome]
    if wait > longest:
        outcome, wait = "timeout", longest
    if outcome not in ("completed", "machine"):
        _plan(call, placed, RING_AFTER + wait, outcome)
        return
    _plan(call, placed, RING_AFTER + wait, "answered")
    answered = placed + timedelta(seconds=RING_AFTER + wait)
    _plan_detection(call, answered, is_machine=outcome == "machine")
    plan_end(call, answered, call.get("ncco"))


def plan_end(call: Call, start: datetime, actions: Sequence[Mapping[str, Any]] | None) -> None:
    """Plan when a call ends that begins to follow some actions, in place of what was planned."""
    answered = next(each["time"] for each in (*call["history"], *call["planned"]) if each["status"] == "answered")
    latest = datetime.fromisoformat(answered) + timedelta(seconds=call.get("length_timer") or DEFAULT_LENGTH)
    seconds = measure_seconds(actions)
    end = latest if seconds is None else min(latest, start + timedelta(seconds=seconds))
    ends = [each for each in call["planned"] if each["status"] == "completed" and "cause" in each]
    first = min([*ends, {"status": "completed", "time": format_instant(end)}], key=lambda each: each["time"])
    kept = [each for each in call["planned"] if each["status"] != "completed" and each["time"] <= first["time"]]
    call["planned"] = [*kept, first]


def advance_calls(world: World) -> None:
    """Let happen what has become due, in order of time, and tell `World.call_listeners` of each change."""
    with world.lock:
        now = format_instant(world.now())
        due = [
            (change["time"], n, change)
            for n, call in enumerate(world.calls)
            for change in call.get("planned", ())
            if change["time"] <= now
        ]
        for _, n, change in sorted(due, key=lambda each: each[:2]):
            call = world.calls[n]
            if change in call["planned"]:  # one that was told of another change may have ended the call
                call["planned"].remove(change)
                make_change(world, call, change)


def go_on(world: World) -> float | None:
    """Let happen what has become due, and find when the next change is, as Unix seconds; None where none is planned."""
    with world.lock:
        advance_calls(world)
        times = [each["time"] for call in world.calls for each in call.get("planned", ())]
        return datetime.fromisoformat(min(times)).timestamp() if times else None


def make_change(world: World, call: Call, change: Change) -> None:
    """Change a call's state. One that has ended is booked, and changes no more."""
    status = change["status"]
    call["history"].append(change)
    if status != "human":  # said in events, and no state of a call
        call["status"] = status
    if status == "answered":
        call["start_time"] = change["time"]
    if status in ENDED:
        call |= {"planned": [], "end_time": change["time"]}
        _book(world, call)
    for tell in tuple(world.call_listeners):
        tell(call, change)


def hang_up(world: World, call: Call) -> None:
    """End a call now, as its caller asks."""
    status = "completed" if call["start_time"] else "cancelled"
    make_change(world, call, {"status": status, "time": format_instant(world.now())})


def _plan(call: Call, start: datetime, seconds: float, status: str, **more: str) -> None:
    detail = {"detail": DETAILS[status]} if status in DETAILS else {}
    change = {"status": status, "time": format_instant(start + timedelta(seconds=seconds)), **detail, **more}
    call["planned"].append(change)


def _plan_detection(call: Call, answered: datetime, *, is_machine: bool) -> None:
    """Plan what is found out about who answers, where the call asks for that."""
    advanced = call.get("advanced_machine_detection") or {}
    behavior = advanced.get("behavior") or call.get("machine_detection") or ("continue" if advanced else None)
    mode = advanced.get("mode") or "detect"
    if behavior is None:
        return
    if not is_machine:
        _plan(call, answered, DETECT_AFTER, "human")
        return
    if mode != "detect_beep":
        _plan(call, answered, DETECT_AFTER, "machine")
    if behavior == "hangup":
        _plan(call, answered, DETECT_AFTER, "completed", cause="machine")
    elif mode != "detect":
        _plan(call, answered, BEEP_AFTER, "machine", sub_state="beep_start")


def _book(world: World, call: Call) -> None:
    """Book what a call cost: by the second, at the price of a minute when it was placed."""
    seconds = 0
    if call["status"] == "completed":
        # Between whole seconds, as both times are told.
        start, end = (datetime.fromisoformat(call[name]).timestamp() for name in ("start_time", "end_time"))
        seconds = max(1, math.floor(end) - math.floor(start))
    price = f"{Decimal(call['rate']) * seconds / 60:.8f}"
    call |= {"duration": str(seconds), "price": price}
    world.charge(Decimal(price))
    details = {"state": call["status"], "seconds": seconds, "api": "Voice API", "id": call["id"]}
    world.note_activity("Call ended", call["subject"], details, price)
