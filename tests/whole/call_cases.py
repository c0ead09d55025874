"""More cases of test_conformance: calls that are listed, shown, and changed as they go on. The client asks for none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock

import requests
from conformance import API, TO, UNKNOWN, Case, Desk, build_token_auth

CALLS, SHOW, CHANGE = "GET /v1/calls", "GET /v1/calls/{uuid}", "PUT /v1/calls/{uuid}"
TALK, SILENCE = "PUT /v1/calls/{uuid}/talk", "DELETE /v1/calls/{uuid}/talk"
STREAM, STOP = "PUT /v1/calls/{uuid}/stream", "DELETE /v1/calls/{uuid}/stream"
KEYS = "PUT /v1/calls/{uuid}/dtmf"


def list_call_cases() -> Iterable[Case]:
    """List what the client never asks: for calls, and for changes of one that goes on."""
    every = "?status=completed&date_start=2020-01-01T00:00:00Z&date_end=2100-01-01T00:00:00Z&page_size=1&record_index=1"
    yield Case(CALLS, 200, "none", lambda d: _ask(d, "GET"))
    yield Case(
        CALLS,
        200,
        "every parameter",
        lambda d: [_place(d, 60) for _ in range(3)] and _ask(d, "GET", f"?{every}&order=desc"),
    )
    yield Case(SHOW, 200, "rings", lambda d: _ask(d, "GET", _place(d, 1)))
    yield Case(SHOW, 200, "ended", lambda d: _ask(d, "GET", _place(d, 60)))
    for kind in ("sip", "websocket", "vbc", "app"):
        yield Case(SHOW, 200, kind, lambda d, kind=kind: _ask(d, "GET", _place(d, 60, [ENDPOINTS[kind]])))
    for action in ("mute", "unmute", "earmuff", "unearmuff", "hangup"):
        yield Case(CHANGE, 204, action, lambda d, a=action: _ask(d, "PUT", _place(d, 6), {"action": a}))
    for name, value in (("url", ["https://example.org/n"]), ("ncco", [{"action": "talk", "text": "Hi"}])):
        body = {"action": "transfer", "destination": {"type": "ncco", name: value}}
        yield Case(CHANGE, 204, f"transfer to {name}", lambda d, b=body: _ask(d, "PUT", _place(d, 6), b))
    yield Case(CHANGE, 400, "too early", lambda d: _ask(d, "PUT", _place(d, 0), {"action": "mute"}))
    yield Case(CHANGE, 404, "ended", lambda d: _ask(d, "PUT", _place(d, 60), {"action": "mute"}))
    yield Case(CHANGE, 401, "no token", lambda d: d.send("PUT", f"{API}/v1/calls/{UNKNOWN}", json={"action": "mute"}))
    starts = {TALK: {"text": "Hi"}, STREAM: {"stream_url": ["https://example.org/a.mp3"]}, KEYS: {"digits": "1#"}}
    for endpoint in (TALK, SILENCE, STREAM, STOP, KEYS):
        method, end = endpoint.split()[0], endpoint.rsplit("/", 1)[1]
        body = starts.get(endpoint)
        yield Case(endpoint, 200, "minimal", lambda d, m=method, e=end, b=body: _ask(d, m, f"{_place(d, 6)}/{e}", b))


ENDPOINTS: Mapping[str, Mapping[str, Any]] = {
    "phone": {"type": "phone", "number": TO},
    "sip": {"type": "sip", "uri": "sip:a@example.org"},
    "websocket": {"type": "websocket", "uri": "wss://example.org", "content-type": "audio/l16;rate=8000"},
    "vbc": {"type": "vbc", "extension": "1234"},
    "app": {"type": "app", "user": "jamie"},
}


def _ask(desk: Desk, method: str, path: str = "", body: Any = None) -> requests.Response:
    return desk.send(method, f"{API}/v1/calls{path}", json=body, auth=build_token_auth(desk))


def _place(desk: Desk, seconds: float, to: Any = (ENDPOINTS["phone"],)) -> str:
    """Place a call of half a minute, some seconds ago, and return its path."""
    now, world = datetime.now(timezone.utc), desk.sandbox.world
    actions = [{"action": "wait", "timeout": 30}]
    with mock.patch.object(world, "now", return_value=now - timedelta(seconds=seconds)):
        placed = _ask(desk, "POST", "", {"to": list(to), "random_from_number": True, "ncco": actions})
    return f"/{placed.json()['uuid']}"


CALL_CASES = list(list_call_cases())
