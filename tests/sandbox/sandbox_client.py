"""A client for the sandbox's tests: the sandbox must be right where the product's client is wrong."""

from __future__ import annotations

import base64
import http.client
import json
import socket
from typing import Any
from urllib.parse import urlencode

from nexmo_nb.sandbox import Sandbox

TO = "447700900123"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def connect(sandbox: Sandbox) -> socket.socket:
    host, port = sandbox.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def exchange(sandbox: Sandbox, sent: bytes) -> tuple[int, bytes]:
    """Send bytes as they are, say that nothing follows, and read the answer."""
    with connect(sandbox) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(wire)
        try:
            answer.begin()
            return answer.status, answer.read()
        finally:
            answer.close()


class Client:
    """A client of http.client alone, so that no test depends on the product's client."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        host = sandbox.url.removeprefix("http://")
        self.connection = http.client.HTTPConnection(host, timeout=60)  # a report of a year takes seconds
        pair = f"{sandbox.api_key}:{sandbox.api_secret}".encode()
        self.basic = {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def request(
        self, method: str, path: str, body: Any = None, *, form: dict[str, Any] | None = None, **headers: str
    ) -> tuple[int, Any]:
        sent = {**self.basic, **{name.replace("_", "-"): value for name, value in headers.items()}}
        sent = {name: value for name, value in sent.items() if value}
        if form is not None:
            body, sent["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
        elif body is not None and not isinstance(body, (str, bytes)):
            body, sent["Content-Type"] = json.dumps(body), sent.get("Content-Type", "application/json")
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        content = answer.read()
        self.headers = answer.headers
        return answer.status, json.loads(content) if content.startswith((b"{", b"[")) else content

    def sms(self, **fields: Any) -> dict[str, Any]:
        form = {"from": "Demo", "to": TO, "text": "Hello", **{k.replace("_", "-"): v for k, v in fields.items()}}
        status, body = self.request("POST", "/sms/json", form={k: v for k, v in form.items() if v is not None})
        assert status == 200
        return dict(body)
