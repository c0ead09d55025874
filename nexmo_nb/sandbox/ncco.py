"""Call control objects: what each action may say, and how long a call that is controlled so takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from nexmo_nb.sandbox.call_endpoints import check_endpoints
from nexmo_nb.sandbox.refusals import Check
from nexmo_nb.sandbox.shapes import (
    ADVANCED_DETECTION,
    ANYTHING,
    DETECTION,
    FLAG,
    LANGUAGE,
    LEVEL,
    LOOP,
    METHOD,
    NUMBER,
    PHONE_NUMBER,
    SPEECH,
    STYLE,
    TEXTS,
    URL,
    URLS,
    Rule,
    Shape,
    allow_number,
    allow_text,
    allow_whole,
    allow_words,
    check_shape,
    count_spoken,
)

_EVENTS = {"eventUrl": URLS, "eventMethod": METHOD}
_SPEAKERS = {"mute": FLAG, "canSpeak": TEXTS, "canHear": TEXTS}
_SOUND = {"loop": LOOP, "level": LEVEL, "bargeIn": FLAG}
_KEYPAD = Shape({"timeOut": allow_number(0, 10), "maxDigits": allow_whole(1, 20), "submitOnHash": FLAG})
_LISTENING = Shape(
    {
        "uuid": TEXTS,
        "endOnSilence": allow_number(0.4, 10),
        "language": allow_text(),
        "context": TEXTS,
        "startTimeout": allow_number(1, 60),
        "maxDuration": allow_number(1, 60),
        "saveAudio": FLAG,
        "sensitivity": allow_number(0, 100),
    }
)
_INPUTS = Rule(
    lambda value: isinstance(value, list) and len(value) > 0 and all(each in ("dtmf", "speech") for each in value),
    "must be an array of dtmf, speech or both",
)
_CONVERSATION = Rule(lambda value: isinstance(value, str) and value.startswith("CON-"), "must begin with CON-")
ACTIONS: Mapping[str, Shape] = {
    "talk": Shape(
        {
            "text": SPEECH,
            "language": LANGUAGE,
            "style": STYLE,
            "premium": FLAG,
            "voiceName": allow_text(),
            **_SOUND,
        },
        ("text",),
    ),
    "stream": Shape({"streamUrl": URLS, **_SOUND}, ("streamUrl",)),
    "record": Shape(
        {
            "format": allow_words("mp3", "wav", "ogg"),
            "split": allow_words("conversation"),
            "channels": allow_whole(1, 32),
            "endOnSilence": allow_number(3, 10),
            "endOnKey": allow_words(*"0123456789*#"),
            "timeOut": allow_whole(3, 7200),
            "beepStart": FLAG,
            "transcription": Shape({"language": allow_text(), **_EVENTS}),
            **_EVENTS,
        }
    ),
    "conversation": Shape(
        {
            "name": allow_text(),
            "musicOnHoldUrl": URLS,
            "startOnEnter": FLAG,
            "endOnExit": FLAG,
            "record": FLAG,
            **_SPEAKERS,
            **_EVENTS,
        },
        ("name",),
    ),
    "connect": Shape(
        {
            "from": PHONE_NUMBER,
            "randomFromNumber": FLAG,
            "eventType": allow_words("synchronous"),
            "timeout": allow_whole(1, 7200),
            "limit": allow_whole(1, 7200),
            "machineDetection": DETECTION,
            # One of the vendor's libraries writes it with underscores.
            "advancedMachineDetection": ADVANCED_DETECTION,
            "advanced_machine_detection": ADVANCED_DETECTION,
            "ringbackTone": URL,
            **_EVENTS,
        },
    ),
    "input": Shape(
        {
            "type": _INPUTS,
            "mode": allow_words("synchronous", "asynchronous"),
            "dtmf": _KEYPAD,
            "speech": _LISTENING,
            **_EVENTS,
        },
        ("type",),
    ),
    "notify": Shape({"payload": ANYTHING, **_EVENTS}, ("payload", "eventUrl")),
    # A time beyond the limits is replaced by the nearest, not refused.
    "wait": Shape({"timeout": NUMBER}),
    "transfer": Shape({"conversationId": _CONVERSATION, **_SPEAKERS}, ("conversationId",)),
}
# Seconds of what nobody here knows: a recording, what another party says, a conversation, actions at some URL.
STREAM_SECONDS = 10
OTHERS_SECONDS = 30
UNKNOWN_SECONDS = 30
# Characters that are spoken in a second.
PACE = 15


def check_ncco(name: str, value: Any) -> Iterator[Check]:
    """Check a list of actions."""
    if not isinstance(value, list) or not value:
        yield False, name, "must be an array of actions"
        return
    for n, action in enumerate(value):
        kind = action.get("action") if isinstance(action, dict) else None
        if not isinstance(kind, str) or kind not in ACTIONS:
            yield False, f"{name}[{n}].action", f"must be one of: {', '.join(ACTIONS)}"
            return
        yield from check_shape(f"{name}[{n}]", action, ACTIONS[kind])
        yield from _check_together(f"{name}[{n}]", kind, action)
        if action.get("bargeIn") is True:
            following = (each.get("action") for each in value[n + 1 :] if isinstance(each, dict))
            after = next((each for each in following if each not in ("talk", "stream")), "input")
            yield after == "input", f"{name}[{n}].bargeIn", "must be followed by input"


def _check_together(name: str, kind: str, action: Mapping[str, Any]) -> Iterator[Check]:
    """Check members of which each is right, and not all of them together."""
    if kind == "connect":
        yield from check_endpoints(f"{name}.endpoint", action.get("endpoint"))
        is_one = not (action.get("from") and action.get("randomFromNumber"))
        yield is_one, f"{name}.from", "must not be there with randomFromNumber"
    elif kind == "record":
        is_split = "channels" not in action or action.get("split") is not None
        yield is_split, f"{name}.channels", "must not be there without split"
    elif kind in ("conversation", "transfer"):
        is_one = not action.get("mute") or action.get("canSpeak") is None
        yield is_one, f"{name}.mute", "must not be there with canSpeak"
    elif kind == "input":
        is_one = action.get("mode") != "asynchronous" or action.get("dtmf") is None
        yield is_one, f"{name}.dtmf", "must not be there with the mode asynchronous"


def measure_seconds(actions: Sequence[Mapping[str, Any]] | None) -> int | None:
    """Measure how long actions take, where nobody presses a key or hangs up; None for ever, and for no list a guess."""
    if actions is None:
        return UNKNOWN_SECONDS
    total = 0.0
    for action in actions:
        measure, loop = _LENGTHS.get(action["action"]), action.get("loop")
        if loop == 0:
            return None
        total += measure(action) * (loop or 1) if measure else 0
    return max(1, math.ceil(total))


def _measure_input(action: Mapping[str, Any]) -> float:
    if action.get("mode") == "asynchronous":
        return 0
    if "dtmf" in action["type"]:
        return _read(action, "dtmf", "timeOut", 3)
    return _read(action, "speech", "startTimeout", 10)


def _read(action: Mapping[str, Any], settings: str, name: str, default: float) -> float:
    given = (action.get(settings) or {}).get(name)
    return default if given is None else float(given)


def _measure_wait(action: Mapping[str, Any]) -> float:
    given = action.get("timeout")
    return min(max(10 if given is None else given, 0.1), 7200)


_LENGTHS: Mapping[str, Callable[[Mapping[str, Any]], float]] = {
    "talk": lambda action: math.ceil(count_spoken(action["text"]) / PACE),
    "stream": lambda _: STREAM_SECONDS,
    "conversation": lambda _: OTHERS_SECONDS,
    "connect": lambda action: min(action.get("limit") or OTHERS_SECONDS, OTHERS_SECONDS),
    "input": _measure_input,
    "wait": _measure_wait,
}
