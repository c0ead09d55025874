"""``/tts/json`` and ``/v1/calls`` of the sandbox."""

from __future__ import annotations

import time
from typing import Any

import pytest
from call_client import CALL, build_token
from sandbox_client import TO, UNKNOWN, Client

from nexmo_nb.sandbox import Sandbox

ODD: list[dict[str, Any]] = [
    {"exp": float("inf")}, {"iat": "x"}, {"iat": float("nan")}, {"application_id": ["x"]}, {"nbf": float("inf")},
]  # fmt: skip


def test_a_call_needs_a_token_and_a_token_may_be_used_again(client: Client, sandbox: Sandbox) -> None:
    bearer = f"Bearer {build_token(sandbox)}"
    assert client.request("POST", "/v1/calls", CALL)[0] == 401
    for _ in range(2):
        status, body = client.request("POST", "/v1/calls", CALL, Authorization=bearer)
        assert (status, body["status"], body["direction"]) == (201, "started", "outbound")
    assert len(sandbox.calls) == 2


DAY, MINUTE = 24 * 3600, 60


@pytest.mark.parametrize(
    ("issued", "lifetime", "status"),
    [
        (0, DAY, 201),
        (0, DAY + 1, 401),
        (-DAY + MINUTE, DAY, 201),
        (-DAY - MINUTE, DAY, 401),
        (-DAY - MINUTE, 2 * DAY, 401),
        (MINUTE, 300, 401),
        (-14 * MINUTE, None, 201),
        (-16 * MINUTE, None, 401),
        (-2 * MINUTE, MINUTE, 401),
    ],
)
def test_a_token_is_good_for_a_quarter_of_an_hour_or_as_long_as_it_says_and_a_day_at_most(
    client: Client, sandbox: Sandbox, issued: int, lifetime: int | None, status: int
) -> None:
    at = int(time.time()) + issued
    token = build_token(sandbox, iat=at, exp=None if lifetime is None else at + lifetime)
    assert client.request("POST", "/v1/calls", CALL, Authorization=f"Bearer {token}")[0] == status


@pytest.mark.parametrize(
    "claims", [{"application_id": UNKNOWN}, {"iat": None}, {"jti": None}, {"jti": ""}, {"exp": 1}, *ODD]
)
def test_other_tokens_are_refused(client: Client, sandbox: Sandbox, claims: dict[str, Any]) -> None:
    status, body = client.request("POST", "/v1/calls", CALL, Authorization=f"Bearer {build_token(sandbox, **claims)}")
    assert (status, body["type"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("odd", [{"id": "1"}, {"id": [], "api": {}, "time": 1}, {"status": [1], "text": None}])
def test_odd_members_of_a_call_do_not_replace_what_the_sandbox_notes(
    client: Client, sandbox: Sandbox, odd: dict[str, Any]
) -> None:
    bearer = f"Bearer {build_token(sandbox)}"
    body = client.request("POST", "/v1/calls", {**CALL, **odd}, Authorization=bearer)[1]
    (call,) = sandbox.calls
    assert (call["id"], call["api"], call["status"], call["text"]) == (body["uuid"], "calls", "started", "Hi")
    keys = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}
    form = {**keys, "to": TO, "text": "Hi", **dict.fromkeys(("id", "api", "time"), "x")}
    body = client.request("POST", "/tts/json", form=form, Authorization="")[1]
    assert (sandbox.calls[1]["id"], sandbox.calls[1]["api"]) == (body["call_id"], "tts")


PHONE = {"type": "phone", "number": TO}
SOCKET = {"type": "websocket", "uri": "wss://x.org", "content-type": "audio/l16;rate=16000"}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"to": []}, "to"),
        ({"to": [PHONE, PHONE]}, "to"),
        ({"to": TO}, "to"),
        ({"to": [{"type": "phone", "number": "12"}]}, "to[0].number"),
        ({"to": [{"type": "phone", "number": int(TO)}]}, "to[0].number"),
        ({"to": [{"number": TO}]}, "to[0].type"),
        ({"to": [{"type": "fax", "number": TO}]}, "to[0].type"),
        ({"to": [{"type": "sip"}]}, "to[0].uri"),
        ({"to": [{"type": "sip", "uri": "sip:" + "a" * 47}]}, "to[0].uri"),
        (
            {"to": [{"type": "sip", "uri": "sip:a@x.org", "standard_headers": {"User-to-User": 7}}]},
            "to[0].standard_headers.User-to-User",
        ),
        ({"to": [{**SOCKET, "content-type": "audio/l16;rate=44100"}]}, "to[0].content-type"),
        ({"to": [{**SOCKET, "authorization": {"type": "custom"}}]}, "to[0].authorization.value"),
        ({"to": [{"type": "vbc"}]}, "to[0].extension"),
        ({"to": [{"type": "app", "user": 7}]}, "to[0].user"),
        ({"random_from_number": False}, "from"),
        ({"random_from_number": "true"}, "random_from_number"),
        ({"from": PHONE}, "from"),
        ({"random_from_number": None, "from": TO}, "from"),
        ({"random_from_number": None, "from": {"type": "phone"}}, "from.number"),
        ({"random_from_number": None, "from": {"number": TO}}, "from.type"),
        ({"random_from_number": None, "from": {"type": "phone", "number": "Shop"}}, "from.number"),
        ({"answer_url": ["https://x.org"]}, "ncco"),
        ({"ncco": None}, "ncco"),
        ({"event_url": "https://x.org"}, "event_url"),
        ({"event_url": ["https://x.org", "https://x.org"]}, "event_url"),
        ({"event_method": "PUT"}, "event_method"),
        ({"machine_detection": "true"}, "machine_detection"),
        ({"advanced_machine_detection": "hangup"}, "advanced_machine_detection"),
        ({"advanced_machine_detection": {"behavior": "stop"}}, "advanced_machine_detection.behavior"),
        ({"advanced_machine_detection": {"mode": "beep"}}, "advanced_machine_detection.mode"),
        ({"advanced_machine_detection": {"beep_timeout": 29}}, "advanced_machine_detection.beep_timeout"),
        ({"advanced_machine_detection": {"beep_timeout": 121}}, "advanced_machine_detection.beep_timeout"),
        ({"length_timer": 0}, "length_timer"),
        ({"length_timer": 86_401}, "length_timer"),
        ({"length_timer": "60"}, "length_timer"),
        ({"length_timer": True}, "length_timer"),
        ({"ringing_timer": 0}, "ringing_timer"),
        ({"ringing_timer": 121}, "ringing_timer"),
    ],
)
def test_wrong_calls_are_told_where(client: Client, sandbox: Sandbox, change: dict[str, Any], name: str) -> None:
    bearer = f"Bearer {build_token(sandbox)}"
    status, body = client.request("POST", "/v1/calls", {**CALL, **change}, Authorization=bearer)
    assert (status, body["type"]) == (400, 400)
    assert name in [wrong["name"] for wrong in body["invalid_parameters"]]
    assert sandbox.calls == []


@pytest.mark.parametrize(
    "change",
    [
        {"random_from_number": None, "from": {"type": "phone", "number": "447700900001"}},
        {"random_from_number": False, "from": {"type": "phone", "number": "sip:me@x.org"}},
        {"ncco": None, "answer_url": ["https://x.org"], "answer_method": "POST"},
        {"length_timer": 86_400, "ringing_timer": 120, "event_url": ["https://x.org"], "event_method": "GET"},
        {"length_timer": 1, "ringing_timer": 1, "machine_detection": "continue"},
        {"advanced_machine_detection": {"behavior": "hangup", "mode": "detect_beep", "beep_timeout": 30}},
        {"to": [{**PHONE, "dtmfAnswer": "p*123#", "shaken": "x"}]},
        {
            "to": [
                {"type": "sip", "uri": "sip:a@x.org", "headers": {"a": "b"}, "standard_headers": {"User-to-User": "x"}}
            ]
        },
        {"to": [{"type": "sip", "uri": "sip:a@x.org", "standard_headers": {}}]},
        {"to": [{**SOCKET, "headers": {"a": 1}, "authorization": {"type": "custom", "value": "Bearer x"}}]},
        {"to": [{"type": "vbc", "extension": "1234"}]},
        {"to": [{"type": "app", "user": "jamie"}]},
    ],
)
def test_all_that_is_documented_is_accepted(client: Client, sandbox: Sandbox, change: dict[str, Any]) -> None:
    bearer = f"Bearer {build_token(sandbox)}"
    assert client.request("POST", "/v1/calls", {**CALL, **change}, Authorization=bearer)[0] == 201


def test_a_call_needs_somewhere_to_tell_of_it(client: Client, sandbox: Sandbox) -> None:
    hook = {"answer_url": {"address": "https://x.org", "http_method": "GET"}}
    app = {"name": "Silent", "capabilities": {"voice": {"webhooks": hook}}}
    created = client.request("POST", "/v2/applications", app)[1]
    token = build_token(sandbox, created["keys"]["private_key"], application_id=created["id"])
    call = {**CALL, "random_from_number": None, "from": {"type": "phone", "number": TO}}
    status, body = client.request("POST", "/v1/calls", call, Authorization=f"Bearer {token}")
    assert (status, body["invalid_parameters"][0]["name"]) == (400, "event_url")
    call["event_url"] = ["https://x.org/events"]
    assert client.request("POST", "/v1/calls", call, Authorization=f"Bearer {token}")[0] == 201


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({}, "0", "Success"),
        ({"text": ""}, "2", "Missing parameter"),
        ({"repeat": "11"}, "3", "Invalid parameter"),
        ({"voice": "robot"}, "3", "Invalid parameter"),
        ({"api_secret": "wrong"}, "4", "Bad Credentials"),
        ({"to": "9991234567"}, "6", "Unroutable"),
    ],
)
def test_the_legacy_voice_endpoint(
    client: Client, sandbox: Sandbox, change: dict[str, str], status: str, text: str
) -> None:
    keys = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}
    form = {**keys, "to": TO, "text": "Hello", "machine_timeout": "5", **change}
    code, body = client.request("POST", "/tts/json", form=form, Authorization="")
    assert (code, body["status"], body["error_text"]) == (200, status, text)
    assert [call["machine_timeout"] for call in sandbox.calls] == (["10000"] if status == "0" else [])
