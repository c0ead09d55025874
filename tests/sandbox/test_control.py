"""``/_sandbox/...`` and the inbox."""

from __future__ import annotations

import pytest
from sandbox_client import Client

from nexmo_nb.sandbox import Sandbox


def test_other_processes_can_look_and_reset(client: Client, sandbox: Sandbox) -> None:
    client.sms()
    assert len(client.request("GET", "/_sandbox/messages")[1]) == 1
    assert client.request("POST", "/_sandbox/fail", {"kind": "500"})[0] == 200
    assert client.request("GET", "/account/get-balance")[0] == 500
    assert client.request("POST", "/_sandbox/fail", {"kind": "earthquake"})[0] == 400
    assert client.request("POST", "/_sandbox/reset", {})[0] == 200
    assert client.request("GET", "/account/get-balance")[1] == {"value": 25.0, "autoReload": False}
    assert sandbox.messages == []


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "text/html"), ("/inbox.css", "text/css"), ("/inbox.js", "text/javascript")]
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


def test_the_page_is_told_when_there_is_something_new(client: Client, sandbox: Sandbox) -> None:
    first = client.request("GET", "/_sandbox/state")[1]
    assert client.request("GET", "/_sandbox/state")[1] == first
    client.sms()
    second = client.request("GET", "/_sandbox/state")[1]
    assert second["version"] != first["version"]
    assert second["balance"] == sandbox.balance
    client.sms()
    assert len(client.request("GET", "/_sandbox/messages?last=1")[1]) == 1
