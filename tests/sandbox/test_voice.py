"""``/tts/json`` and ``/v1/calls`` of the sandbox."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from sandbox_client import TO, UNKNOWN, Client

from nexmo_nb.sandbox import Sandbox


def build_token(sandbox: Sandbox, **claims: Any) -> str:
    now = int(time.time())
    whole = {"application_id": sandbox.application_id, "iat": now, "exp": now + 60, "jti": str(now), **claims}
    return jwt.encode({k: v for k, v in whole.items() if v is not None}, sandbox.private_key, algorithm="RS256")


ODD: list[dict[str, Any]] = [
    {"exp": float("inf")}, {"iat": "x"}, {"iat": float("nan")}, {"application_id": ["x"]}, {"nbf": float("inf")},
]  # fmt: skip
CALL = {"to": [{"type": "phone", "number": TO}], "random_from_number": True, "ncco": [{"action": "talk", "text": "Hi"}]}


def test_a_call_needs_a_token_that_is_used_once(client: Client, sandbox: Sandbox) -> None:
    bearer = f"Bearer {build_token(sandbox)}"
    assert client.request("POST", "/v1/calls", CALL)[0] == 401
    status, body = client.request("POST", "/v1/calls", CALL, Authorization=bearer)
    assert (status, body["status"], body["direction"]) == (201, "started", "outbound")
    assert client.request("POST", "/v1/calls", CALL, Authorization=bearer)[0] == 401
    assert len(sandbox.calls) == 1


@pytest.mark.parametrize("claims", [{"application_id": UNKNOWN}, {"iat": None}, {"jti": None}, {"exp": 1}, *ODD])
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


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"to": []}, "to"),
        ({"to": [{"type": "phone", "number": "12"}]}, "to"),
        ({"random_from_number": False}, "from"),
        ({"answer_url": ["https://x.org"]}, "ncco"),
        ({"ncco": []}, "ncco[0]"),
        ({"ncco": [{"action": "talk", "text": "a" * 1501}]}, "ncco[0].text"),
        ({"ncco": [{"action": "stream", "streamUrl": "https://x.org"}]}, "ncco[0].streamUrl"),
        ({"event_url": "https://x.org"}, "event_url"),
        ({"event_method": "PUT"}, "event_method"),
        ({"machine_detection": "true"}, "machine_detection"),
    ],
)
def test_wrong_calls_are_told_where(client: Client, sandbox: Sandbox, change: dict[str, Any], name: str) -> None:
    bearer = f"Bearer {build_token(sandbox)}"
    status, body = client.request("POST", "/v1/calls", {**CALL, **change}, Authorization=bearer)
    assert (status, body["type"]) == (400, 400)
    assert name in [wrong["name"] for wrong in body["invalid_parameters"]]


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
