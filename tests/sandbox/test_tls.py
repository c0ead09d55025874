"""The sandbox where it speaks https as well."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sandbox_client import connect

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox


@pytest.fixture(scope="module")
def secure() -> Iterator[Sandbox]:
    with Sandbox(tls=True, limits=False) as sandbox:
        yield sandbox


def trust(sandbox: Sandbox) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=sandbox.certificate)
    # The default of newer Pythons.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def read(sandbox: Sandbox, path: str, name: str = "127.0.0.1", **options: Any) -> tuple[int, bytes]:
    options.setdefault("context", trust(sandbox))
    connection = HTTPSConnection(name, urlsplit(sandbox.url).port, timeout=60, **options)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_one_port_speaks_http_and_https_of_the_same_world(
    secure: Sandbox, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secure.reset()
    with nx.connect(secure.url, state_dir=tmp_path / "plain") as session:
        nx.send_sms("447700900123", "By http", sender="Demo", session=session)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", secure.certificate)
    address = f"https://{name}:{urlsplit(secure.url).port}"
    login = {"api_key": secure.api_key, "api_secret": secure.api_secret}
    with nx.connect(address, state_dir=tmp_path / "secure", **login) as session:
        nx.send_sms("447700900123", "By https", sender="Demo", session=session)
    status, content = read(secure, "/_sandbox/messages", name)
    assert (status, [message["text"] for message in json.loads(content)]) == (200, ["By http", "By https"])


def test_nobody_takes_its_certificate_for_anything_else(secure: Sandbox) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        read(secure, "/", context=ssl.create_default_context())
    with Sandbox(tls=True) as other, pytest.raises(ssl.SSLCertVerificationError):
        read(secure, "/", context=trust(other))
    assert read(secure, "/")[0] == 200


def test_the_file_of_the_certificate_has_no_key_and_goes_with_the_sandbox() -> None:
    with Sandbox(tls=True) as sandbox:
        file = Path(sandbox.certificate)
        assert re.findall("BEGIN (.*)-----", file.read_text()) == ["CERTIFICATE"]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        if (child := os.fork()) == 0:
            sandbox.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert file.exists()
    assert not file.exists()


def test_a_sandbox_that_does_not_begin_leaves_no_file(secure: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr("tempfile.mkstemp", lambda **options: made.append(options))
    with pytest.raises(OSError, match="in use"):
        Sandbox(urlsplit(secure.url).port or 0, tls=True)
    assert made == []


def test_a_page_of_the_inbox_may_be_read_by_https(secure: Sandbox) -> None:
    host = urlsplit(secure.url).netloc
    for origin, status in ((f"https://{host}", 200), (f"http://{host}", 200), ("https://attacker.example", 403)):
        with trust(secure).wrap_socket(connect(secure), server_hostname="127.0.0.1") as wire:
            wire.sendall(f"GET /_sandbox/inbox HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\n\r\n".encode())
            assert wire.recv(12) == b"HTTP/1.1 %d" % status


def test_links_lead_where_the_client_came_from(secure: Sandbox) -> None:
    login = base64.b64encode(f"{secure.api_key}:{secure.api_secret}".encode()).decode()
    port = urlsplit(secure.url).port
    for scheme, connection in (
        ("http", HTTPConnection("localhost", port)),
        ("https", HTTPSConnection("localhost", port, context=trust(secure))),
    ):
        connection.request("GET", "/v2/account/pricing/sms-outbound", headers={"Authorization": f"Basic {login}"})
        links = json.loads(connection.getresponse().read())["_links"]
        connection.close()
        assert links["self"]["href"].startswith(f"{scheme}://localhost:{port}/v2/account/pricing/sms-outbound")


@pytest.mark.parametrize(
    ("kind", "arrives"),
    [
        ("503", (503, b"")),
        ("drop-before", ConnectionError),
        ("drop-after", ConnectionError),
        ("reset", OSError),
        ("truncated", (HTTPException, OSError)),
        ("garbage", (200, b"<html>")),
        ("short-length", (200, b"")),
    ],
)
def test_accidents_happen_to_encrypted_answers_too(secure: Sandbox, kind: str, arrives: Any) -> None:
    secure.reset()
    secure.fail_next(kind, path="/account/get-balance")
    path = f"/account/get-balance?api_key={secure.api_key}&api_secret={secure.api_secret}"
    if isinstance(arrives, tuple) and isinstance(arrives[0], int):
        status, content = read(secure, path)
        assert (status, content[: len(arrives[1])]) == arrives
    else:
        with pytest.raises(arrives):
            read(secure, path)
    assert read(secure, path) == (200, b'{"value": 25.0, "autoReload": false}')


def test_what_is_no_handshake_ends_its_own_connection_only(secure: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    with connect(secure) as silent, connect(secure) as broken, connect(secure) as leaving:
        broken.sendall(b"\x16\x03\x01\x00\x05hello" + b"?" * 100)
        assert b"HTTP" not in read_all(broken)
        leaving.sendall(b"\x16")
        leaving.shutdown(socket.SHUT_WR)
        assert b"HTTP" not in read_all(leaving)
        assert read(secure, "/")[0] == 200
        silent.sendall(b"GET / HTTP/1.0\r\nHost: " + urlsplit(secure.url).netloc.encode() + b"\r\n\r\n")
        assert read_all(silent).startswith(b"HTTP/1.1 200")
    assert caplog.records == []


def test_a_connection_that_begins_with_silence_is_closed_in_time() -> None:
    with Sandbox(tls=True, idle=0.05) as sandbox, connect(sandbox) as silent, connect(sandbox) as begun:
        begun.sendall(b"\x16\x03")
        assert (read_all(silent), read_all(begun)) == (b"", b"")


def test_the_end_of_a_sandbox_ends_its_encrypted_connections(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), Sandbox(tls=True, idle=600) as sandbox:
        context = trust(sandbox)
        with context.wrap_socket(connect(sandbox), server_hostname="127.0.0.1") as wire:
            host = urlsplit(sandbox.url).netloc
            wire.sendall(f"GET /_sandbox/calls HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert wire.recv(12) == b"HTTP/1.1 200"
            sandbox.close()
            while wire.recv(1000):
                pass
    assert caplog.records == []


def test_without_tls_a_handshake_is_refused(sandbox: Sandbox) -> None:
    assert sandbox.certificate is None
    with pytest.raises(OSError, match="SSL|TLS"):
        read(sandbox, "/", context=ssl.create_default_context())


@pytest.mark.slow
def test_the_command_says_where_its_certificate_is() -> None:
    command = [sys.executable, "-m", "nexmo_nb.cli", "sandbox", "--tls", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split()[1].replace("http://", "https://")
        file = Path(server.stdout.readline().split()[-1])
        connection = HTTPSConnection(urlsplit(address).netloc, context=ssl.create_default_context(cafile=file))
        connection.request("GET", "/_sandbox/account")
        assert connection.getresponse().status == 200
        connection.close()
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0
    assert not file.exists()


def read_all(wire: socket.socket) -> bytes:
    pieces = []
    while piece := wire.recv(1000):
        pieces.append(piece)
    return b"".join(pieces)
