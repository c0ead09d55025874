"""What can be done with a call that goes on, and what each action may say."""

from __future__ import annotations

from typing import Any

import pytest
from call_client import CALL, Caller, build_token
from sandbox_client import TO, UNKNOWN

WAIT = {"action": "wait", "timeout": 100}
CHANGES = ("mute", "unmute", "earmuff", "unearmuff")
TRANSFER = {"action": "transfer", "destination": {"type": "ncco", "ncco": [{"action": "talk", "text": "a" * 30}]}}
TALK = {"text": "Hi", "level": "0.4", "loop": 0, "language": "pt-PT", "style": 3, "premium": True, "voice_name": "Amy"}
# Method, end of the path, body, and what is said.
CONTROLS: list[tuple[str, str, Any, str]] = [
    ("PUT", "/talk", TALK, "Talk started"),
    ("DELETE", "/talk", None, "Talk stopped"),
    ("PUT", "/stream", {"stream_url": ["https://x.org/a.mp3"], "level": -1, "loop": 2}, "Stream started"),
    ("DELETE", "/stream", None, "Stream stopped"),
    ("PUT", "/dtmf", {"digits": "0123456789*#p"}, "DTMF sent"),
    ("PUT", "/input/dtmf", {"event_url": ["https://x.org/keys"]}, ""),
    ("DELETE", "/input/dtmf", None, ""),
]  # fmt: skip


@pytest.fixture
def answered(caller: Caller) -> str:
    path = caller.place(ncco=[WAIT])
    caller.clock.move(5)
    return path


@pytest.mark.parametrize(("method", "end", "body", "message"), CONTROLS)
def test_a_call_that_was_answered_is_controlled_and_no_other(
    caller: Caller, method: str, end: str, body: Any, message: str
) -> None:
    path = caller.place(ncco=[WAIT])
    refused = (400, {"type": "BAD_REQUEST", "error_title": "Bad Request"})
    missing = (404, {"type": "NOT_FOUND", "error_title": "Not Found"})
    assert caller.ask(method, path + end, body) == refused
    caller.clock.move(1)
    assert caller.ask(method, path + end, body) == refused
    caller.clock.move(4)
    said = {"message": message, "uuid": path[1:]} if message else {}
    assert caller.ask(method, path + end, body) == (200, said)
    assert caller.request(method, f"/v1/calls{path}{end}", body)[0] == 401
    caller.clock.move(200)
    assert caller.ask(method, path + end, body) == missing
    assert caller.ask(method, f"/{UNKNOWN}{end}", body) == missing


def test_the_sound_of_a_call_is_changed(caller: Caller, answered: str) -> None:
    found = []
    for action in CHANGES:
        assert caller.ask("PUT", answered, {"action": action}) == (204, b"")
        (call,) = caller.sandbox.calls
        found.append((call.get("muted"), call.get("earmuffed")))
    assert found == [(True, None), (False, None), (False, True), (False, False)]


def test_a_hangup_ends_a_call_at_once_and_one_that_rings_is_cancelled(caller: Caller, answered: str) -> None:
    caller.clock.move(7)
    assert caller.ask("PUT", answered, {"action": "hangup"}) == (204, b"")
    call = caller.ask("GET", answered)[1]
    assert (call["status"], call["duration"]) == ("completed", "7")
    spent = 25 - caller.sandbox.balance
    assert spent == pytest.approx(float(call["price"]))
    assert caller.ask("PUT", answered, {"action": "hangup"})[0] == 404
    path = caller.place()
    assert caller.ask("PUT", path, {"action": "hangup"})[0] == 400
    caller.clock.move(1)
    assert caller.ask("PUT", path, {"action": "mute"})[0] == 400
    assert caller.ask("PUT", path, {"action": "hangup"})[0] == 204
    assert caller.follow(path, 0, 99) == ["cancelled", "cancelled"]
    assert 25 - caller.sandbox.balance == spent


def test_a_call_that_is_transferred_follows_its_new_actions(caller: Caller, answered: str) -> None:
    caller.clock.move(10)
    assert caller.ask("PUT", answered, TRANSFER) == (204, b"")
    assert caller.follow(answered, 1, 1) == ["answered", "completed"]
    assert caller.ask("GET", answered)[1]["duration"] == "12"
    path = caller.place(ncco=[WAIT], length_timer=20)
    caller.clock.move(5)
    url = {"action": "transfer", "destination": {"type": "ncco", "url": ["https://x.org"]}}
    assert caller.ask("PUT", path, url) == (204, b"")
    caller.clock.move(60)
    assert caller.ask("GET", path)[1]["duration"] == "20"


@pytest.mark.parametrize(
    ("end", "body", "name"),
    [
        ("", {}, "action"),
        ("", {"action": "explode"}, "action"),
        ("", {"action": "transfer"}, "destination"),
        ("", {"action": "transfer", "destination": {"type": "ncco"}}, "destination"),
        ("", {"action": "transfer", "destination": {"type": "fax", "url": ["https://x.org"]}}, "destination.type"),
        ("", {"action": "transfer", "destination": {"type": "ncco", "url": "https://x.org"}}, "destination.url"),
        ("", {"action": "transfer", "destination": {"type": "ncco", "ncco": [{}]}}, "destination.ncco[0].action"),
        ("/talk", {}, "text"),
        ("/talk", {"text": "a" * 1501}, "text"),
        ("/talk", {"text": "Hi", "level": "5"}, "level"),
        ("/talk", {"text": "Hi", "level": 1.1}, "level"),
        ("/talk", {"text": "Hi", "language": "tlh-KX"}, "language"),
        ("/talk", {"text": "Hi", "style": -1}, "style"),
        ("/talk", {"text": "Hi", "premium": "yes"}, "premium"),
        ("/talk", {"text": "Hi", "loop": -1}, "loop"),
        ("/stream", {"stream_url": "https://x.org"}, "stream_url"),
        ("/stream", {}, "stream_url"),
        ("/dtmf", {"digits": "12a"}, "digits"),
        ("/dtmf", {"digits": 12}, "digits"),
        ("/input/dtmf", {"event_url": []}, "event_url"),
    ],
)
def test_what_is_wrong_with_a_change_is_told(caller: Caller, answered: str, end: str, body: Any, name: str) -> None:
    status, told = caller.ask("PUT", answered + end, body)
    assert (status, [wrong["name"] for wrong in told["invalid_parameters"]]) == (400, [name])


def test_a_change_that_is_no_json_object_is_refused(caller: Caller, answered: str) -> None:
    assert caller.ask("PUT", answered, [1])[0] == 400
    bearer = f"Bearer {build_token(caller.sandbox)}"
    assert caller.request("PUT", f"/v1/calls{answered}", form={"action": "mute"}, Authorization=bearer)[0] == 415


PHONE = CALL["to"]
EVENTS = {"eventUrl": ["https://x.org/e"], "eventMethod": "GET"}
ALLOWED: list[dict[str, Any]] = [
    {"action": "talk", "text": "Hi", "language": "en-GB-WLS", "style": 0, "premium": False, "loop": 0, "level": -0.4},
    {"action": "talk", "text": "<speak>" + "a" * 1500 + "</speak>", "language": "ar", "voiceName": "Kimberly"},
    {"action": "stream", "streamUrl": ["https://x.org/a.mp3"], "level": 1, "bargeIn": False},
    {"action": "record", "format": "wav", "split": "conversation", "channels": 32, "endOnSilence": 3, "endOnKey": "#"},
    {
        "action": "record",
        "timeOut": 7200,
        "beepStart": True,
        "transcription": {"language": "en-US", **EVENTS},
        **EVENTS,
    },
    {"action": "conversation", "name": "x", "startOnEnter": False, "endOnExit": True, "record": True, "mute": True},
    {"action": "conversation", "name": "x", "canSpeak": [], "canHear": ["a"], "musicOnHoldUrl": ["https://x.org"]},
    {"action": "connect", "endpoint": PHONE, "from": TO, "timeout": 60, "limit": 7200, "machineDetection": "hangup"},
    {"action": "connect", "endpoint": [{"type": "sip", "uri": "sip:a@x.org"}], "randomFromNumber": True, **EVENTS},
    {"action": "connect", "endpoint": PHONE, "eventType": "synchronous", "ringbackTone": "https://x.org/r.wav"},
    {"action": "connect", "endpoint": PHONE, "advancedMachineDetection": {"mode": "default", "beep_timeout": 120}},
    {"action": "connect", "endpoint": [{**PHONE[0], "onAnswer": {"url": "https://x.org"}}]},  # type: ignore[dict-item]
    {"action": "input", "type": ["dtmf", "speech"], "dtmf": {"timeOut": 0, "maxDigits": 20, "submitOnHash": True}},
    {"action": "input", "type": ["speech"], "speech": {"endOnSilence": 0.4, "context": ["a"], "sensitivity": 50}},
    {"action": "input", "type": ["dtmf"], "mode": "asynchronous", **EVENTS},
    {"action": "notify", "payload": {"a": [1]}, **EVENTS},
    {"action": "wait", "timeout": 0.001},
    {"action": "transfer", "conversationId": "CON-1", "canHear": ["a"]},
]
WRONG: list[tuple[Any, str]] = [
    ({}, ".action"),
    ("talk", ".action"),
    ({"action": "sing"}, ".action"),
    ({"action": "talk"}, ".text"),
    ({"action": "talk", "text": ""}, ".text"),
    ({"action": "talk", "text": "a" * 1501}, ".text"),
    ({"action": "talk", "text": "Hi", "level": 5}, ".level"),
    ({"action": "talk", "text": "Hi", "language": "en-us"}, ".language"),
    ({"action": "talk", "text": "Hi", "style": 1.5}, ".style"),
    ({"action": "talk", "text": "Hi", "loop": True}, ".loop"),
    ({"action": "stream", "streamUrl": "https://x.org"}, ".streamUrl"),
    ({"action": "record", "format": "flac"}, ".format"),
    ({"action": "record", "channels": 2}, ".channels"),
    ({"action": "record", "split": "conversation", "channels": 33}, ".channels"),
    ({"action": "record", "endOnSilence": 2}, ".endOnSilence"),
    ({"action": "record", "endOnKey": "12"}, ".endOnKey"),
    ({"action": "record", "timeOut": 2}, ".timeOut"),
    ({"action": "record", "eventMethod": "PUT"}, ".eventMethod"),
    ({"action": "conversation"}, ".name"),
    ({"action": "conversation", "name": "x", "mute": True, "canSpeak": []}, ".mute"),
    ({"action": "connect"}, ".endpoint"),
    ({"action": "connect", "endpoint": [*PHONE, *PHONE]}, ".endpoint"),
    ({"action": "connect", "endpoint": [{"type": "phone", "number": "1"}]}, ".endpoint[0].number"),
    ({"action": "connect", "endpoint": PHONE, "from": TO, "randomFromNumber": True}, ".from"),
    ({"action": "connect", "endpoint": PHONE, "limit": 7201}, ".limit"),
    ({"action": "connect", "endpoint": PHONE, "machineDetection": "maybe"}, ".machineDetection"),
    ({"action": "input"}, ".type"),
    ({"action": "input", "type": ["fax"]}, ".type"),
    ({"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 21}}, ".dtmf.maxDigits"),
    ({"action": "input", "type": ["speech"], "speech": {"endOnSilence": 11}}, ".speech.endOnSilence"),
    ({"action": "input", "type": ["dtmf"], "mode": "asynchronous", "dtmf": {}}, ".dtmf"),
    ({"action": "notify", "payload": {}}, ".eventUrl"),
    ({"action": "notify", "payload": "x", "eventUrl": ["https://x.org"]}, ".payload"),
    ({"action": "wait", "timeout": "1"}, ".timeout"),
    ({"action": "transfer", "conversationId": "x"}, ".conversationId"),
]


def test_every_documented_action_is_accepted(caller: Caller) -> None:
    for action in ALLOWED:
        caller.place(ncco=[action])
    caller.place(ncco=[{"action": "talk", "text": "Hi", "bargeIn": True}, {"action": "input", "type": ["dtmf"]}])
    caller.clock.move(99_999)
    assert {call["status"] for call in caller.sandbox.calls} == {"completed"}


@pytest.mark.parametrize(("action", "name"), WRONG, ids=str)
def test_a_wrong_action_is_told_with_its_place(caller: Caller, action: Any, name: str) -> None:
    status, body = caller.ask("POST", "", {**CALL, "ncco": [WAIT, action]})
    assert (status, [wrong["name"] for wrong in body["invalid_parameters"]]) == (400, [f"ncco[1]{name}"])


@pytest.mark.parametrize("wrong", [[], {}, "talk", 7])
def test_actions_are_a_filled_array(caller: Caller, wrong: Any) -> None:
    status, body = caller.ask("POST", "", {**CALL, "ncco": wrong})
    assert (status, [each["name"] for each in body["invalid_parameters"]]) == (400, ["ncco"])


def test_what_may_be_interrupted_is_followed_by_input(caller: Caller) -> None:
    talk = {"action": "talk", "text": "Hi", "bargeIn": True}
    status, body = caller.ask("POST", "", {**CALL, "ncco": [talk, talk, WAIT, {"action": "input", "type": ["dtmf"]}]})
    assert status == 400
    assert [wrong["name"] for wrong in body["invalid_parameters"]] == ["ncco[0].bargeIn", "ncco[1].bargeIn"]
