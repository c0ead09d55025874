"""``/_sandbox/...`` and the inbox."""

from __future__ import annotations

import contextlib
import http.client
from typing import Any

import pytest
from sandbox_client import Client, connect

from nexmo_nb.sandbox import KINDS, Sandbox
from nexmo_nb.sandbox.control import INBOX_FILES


def test_other_processes_can_look_and_reset(client: Client, sandbox: Sandbox) -> None:
    client.sms()
    assert len(client.request("GET", "/_sandbox/messages")[1]) == 1
    assert client.request("POST", "/_sandbox/fail", {"kind": "500"})[0] == 200
    assert client.request("GET", "/account/get-balance")[0] == 500
    assert client.request("POST", "/_sandbox/fail", {"kind": "earthquake"})[0] == 400
    assert client.request("POST", "/_sandbox/reset", {})[0] == 200
    assert client.request("GET", "/account/get-balance")[1] == {"value": 25.0, "autoReload": False}
    assert sandbox.messages == []


WRONG = [
    {},
    {"kind": ["500"]},
    {"kind": "500", "times": "many"},
    {"kind": "500", "times": -1},
    {"kind": "500", "times": True},
    {"kind": "500", "times": "\u0661"},
    {"kind": "500", "times": "9" * 5000},
    {"kind": "500", "path": 7},
    {"kind": "500", "method": "BREW"},
    {"kind": "500", "world": 1},
    {"kind": "500", "detail": 1},
    {"kind": "http", "code": "x"},
    {"kind": "http", "code": 99},
    {"kind": "http", "code": None},
    {"kind": "status", "code": "\xb2"},
    {"kind": "429", "retry_after": "soon"},
    {"kind": "429", "retry_after": -1},
    {"kind": "slow", "seconds": "x"},
    {"kind": "drip", "seconds": 1e9},
    {"kind": "bomb", "size": [1]},
    {"kind": "bomb", "size": 10**12},
    {"kind": "redirect", "location": "/\r\nX: 1"},
    {"kind": "redirect", "location": "/\u20ac"},
    {"kind": "redirect", "location": 1},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_an_accident_that_cannot_happen_is_refused_and_the_next_requests_are_answered(
    client: Client, sandbox: Sandbox, wrong: dict[str, Any]
) -> None:
    status, body = client.request("POST", "/_sandbox/fail", wrong)
    assert status == 400
    assert "allowed" in body["error"]
    assert sandbox.world.failures == []
    assert client.sms()["messages"][0]["status"] == "0"


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_accepted_happens_once_and_is_over(client: Client, sandbox: Sandbox, kind: str) -> None:
    accident = {"kind": kind, "times": "1", "seconds": "0.001", "code": "404", "size": "9", "retry_after": "1"}
    assert client.request("POST", "/_sandbox/fail", form={**accident, "location": "/"})[0] == 200
    with contextlib.suppress(http.client.HTTPException, OSError, ValueError):
        client.request("GET", "/account/get-balance")
    client.connection.close()
    assert client.request("GET", "/account/get-balance")[0] == 200


@pytest.mark.parametrize("code", [204, 304])
def test_an_answer_that_may_have_no_body_has_none(sandbox: Sandbox, code: int) -> None:
    sandbox.fail_next("http", code=code)
    with connect(sandbox) as wire:
        wire.sendall(f"GET /number/search HTTP/1.1\r\nHost: {sandbox.url[7:]}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: wire.recv(1000), b""))
    assert answer.startswith(f"HTTP/1.1 {code} ".encode())
    assert answer.partition(b"\r\n\r\n")[2] == b""


@pytest.mark.parametrize("factor", ["x", -1, True, None, [1], "nan", 1e300, 10**400, "9" * 5000])
def test_a_price_change_that_cannot_be_is_refused(client: Client, sandbox: Sandbox, factor: Any) -> None:
    assert client.request("POST", "/_sandbox/reprice", {"country": "GB", "factor": factor})[0] == 400
    assert sandbox.world.factors == {}


def test_prices_grow_only_so_far(client: Client, sandbox: Sandbox) -> None:
    found = [client.request("POST", "/_sandbox/reprice", {"country": "GB", "factor": 1000})[0] for _ in range(3)]
    assert found == [200, 200, 400]
    assert client.request("GET", "/account/get-pricing/outbound/sms?country=GB")[1]["defaultPrice"] > "33000"
    with pytest.raises(ValueError, match="country"):
        sandbox.reprice("Nowhere", 1)


KINDS_OF_FILES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


@pytest.mark.parametrize(
    ("path", "kind"), [(path, KINDS_OF_FILES[name.rsplit(".")[-1]]) for path, (name, _) in INBOX_FILES.items()]
)
def test_the_page_comes_from_here_alone(client: Client, path: str, kind: str) -> None:
    client.sms(text="<script>alert(1)</script>")
    status, content = client.request("GET", path)
    assert status == 200
    assert client.headers["Content-Type"].startswith(kind)
    assert "default-src 'none'" in client.headers["Content-Security-Policy"]
    assert "unsafe" not in client.headers["Content-Security-Policy"]
    assert b"alert" not in content
    assert b"http" not in content
    assert b"innerHTML" not in content
