"""The state of the sandbox as text: for snapshots, and for the file that keeps it from one run to the next."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox.data import build_numbers_for_rent
from nexmo_nb.sandbox.validation import show
from nexmo_nb.sandbox.world import World

FORMAT = 1
MOST_SNAPSHOTS = 100
"""The oldest one goes when there are more."""
# What is of this process or chosen by whoever starts it, and what is written in a way of its own.
_LEFT_OUT = {
    *("seed", "owned_at_start", "balance_at_start", "limits", "api_key", "api_secret", "signature_secret"),
    *("lock", "snapshots", "windows", "rent", "time", "on_webhook", "call_listeners"),
}
# How what JSON does not know is written: an object whose one member says what it is.
_WRITERS: Mapping[type, tuple[str, Callable[[Any], Any]]] = {
    Decimal: ("$decimal", str),
    datetime: ("$time", datetime.isoformat),
    bytes: ("$bytes", lambda value: base64.b64encode(value).decode()),
    tuple: ("$tuple", lambda value: [_encode(each) for each in value]),
    set: ("$set", lambda value: [_encode(each) for each in sorted(value)]),
}
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "$decimal": Decimal,
    "$time": datetime.fromisoformat,
    "$bytes": base64.b64decode,
    "$tuple": lambda value: tuple(map(_decode, value)),
    "$set": lambda value: set(map(_decode, value)),
    "$object": lambda value: {name: _decode(each) for name, each in value.items()},
}


def take_snapshot(world: World) -> str:
    """Keep the state as it is, and return the name by which `restore_snapshot` finds it."""
    with world.lock:
        name = str(int(next(reversed(world.snapshots), "0")) + 1)
        world.snapshots[name] = dump_world(world)
        while len(world.snapshots) > MOST_SNAPSHOTS:
            del world.snapshots[next(iter(world.snapshots))]
    return name


def restore_snapshot(world: World, name: str) -> None:
    """Return to a snapshot, as often as one likes; ValueError where there is none of this name."""
    with world.lock:
        if not isinstance(name, str) or name not in world.snapshots:
            raise ValueError(f"snapshot: got {show(name)}; allowed: {', '.join(world.snapshots) or 'none was taken'}.")
        load_world(world, world.snapshots[name])
        # Whoever knows the state from which this led back, such as the inbox's page, knows another one.
        world.instance = uuid.uuid4().hex[:12]


def dump_world(world: World) -> str:
    """Write the state as JSON. Numbers for rent are those of the seed but for what was bought and given back."""
    with world.lock:
        offers = {number["msisdn"]: number for number in build_numbers_for_rent(world.seed)}
        rent = {
            "gone": [code for code in offers if code not in world.rent],
            "given_back": [number for code, number in world.rent.items() if number is not offers.get(code)],
        }
        values = {name: value for name, value in vars(world).items() if name not in _LEFT_OUT}
        state = {"format": FORMAT, "seed": world.seed, "clock": world.time.get_state(), "rent": rent, "world": values}
        return json.dumps(_encode(state), ensure_ascii=False)


def load_world(world: World, text: str) -> None:
    """Replace the state by what `dump_world` wrote; ValueError for anything else."""
    try:
        state = _decode(json.loads(text))
        _check_origin(world, state)
        with world.lock:
            world.reset()
            _set_values(world, state["world"])
            _set_rent(world, state["rent"])
            world.time.set_state(state["clock"])
    except (KeyError, TypeError, AttributeError, RecursionError, ArithmeticError, json.JSONDecodeError):
        raise ValueError("it is no state of a sandbox") from None


def _check_origin(world: World, state: Mapping[str, Any]) -> None:
    if state["format"] != FORMAT:
        raise ValueError(f"it is of another version: its format is {show(state['format'])}, this one's is {FORMAT}")
    if state["seed"] != world.seed:
        raise ValueError(f"it is of a sandbox with the seed {show(state['seed'])}, and this one has {world.seed}")


def _set_values(world: World, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        # A key pair that was made since is good as well.
        if name in vars(world) and value is not None:
            own = getattr(world, name)
            if own is not None and not isinstance(value, type(own)):
                raise TypeError(name)
            setattr(world, name, value)


def _set_rent(world: World, rent: Mapping[str, Any]) -> None:
    for code in rent["gone"]:
        del world.rent[code]
    for number in rent["given_back"]:
        world.rent.pop(number["msisdn"], None)  # it comes last, as when it was given back
        world.rent[number["msisdn"]] = number


def _encode(value: Any) -> Any:
    if isinstance(value, dict):
        encoded = {name: _encode(each) for name, each in value.items()}
        return {"$object": encoded} if len(encoded) == 1 and next(iter(encoded)) in _READERS else encoded
    if isinstance(value, list):
        return [_encode(each) for each in value]
    if type(value) in _WRITERS:
        kind, write = _WRITERS[type(value)]
        return {kind: write(value)}
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"the state of a sandbox has no {type(value).__name__}")


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(kind, content)] = value.items()
        if kind in _READERS:
            return _READERS[kind](content)
    return {name: _decode(each) for name, each in value.items()}
