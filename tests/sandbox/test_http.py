"""The HTTP server of the sandbox."""

from __future__ import annotations

import http.client
import socket
import threading
import time

import pytest
from sandbox_client import Client

from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.exchange import Accident, Answer, Request


def test_a_browser_page_of_another_site_is_refused(client: Client, sandbox: Sandbox) -> None:
    assert client.request("GET", "/_sandbox/account", Host="attacker.example")[0] == 403
    assert client.request("GET", "/_sandbox/account", Origin="http://attacker.example")[0] == 403
    assert client.request("GET", "/_sandbox/account", Origin=sandbox.url)[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PATCH", "/v2/applications", 405), ("GET", "/number/buy", 405)],
)
def test_unknown_paths_and_methods(client: Client, method: str, path: str, status: int) -> None:
    assert client.request(method, path)[0] == status


def test_what_cannot_be_read_is_a_400(client: Client) -> None:
    assert client.request("POST", "/v2/applications", "{", Content_Type="application/json")[0] == 400
    assert client.request("POST", "/sms/json", b"\xff", Content_Type="application/x-www-form-urlencoded")[0] == 400


def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    assert client.request("POST", "/sms/json", b"x", Content_Length="2000000")[0] == 413


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /account/get-balance HTTP/1.1\r\nHost: {host}\r\nauthorization: {basic}\r\n\r\n", 200),
        ("GET /account/get-balance HTTP/1.1\nHOST:{host}\nAUTHORIZATION:  {basic} \n\n", 200),
        ("GET /account/get-balance#x HTTP/1.0\r\nHost: {host}\r\nAuthorization: {basic}\r\n\r\n", 200),
        ("GET http://{host}/account/get-balance HTTP/1.1\r\nHost: {host}\r\nAuthorization: {basic}\r\n\r\n", 200),
        ("GET /account/get-balance HTTP/1.1\r\nHost: {host}\r\nAccept: a\r\nAccept: b\r\nX_Y: 1\r\n\r\n", 401),
        ("GET /account/get-balance\r\nHost: {host}\r\n\r\n", 400),
        ("GET /account/get-balance HTTP/2.0\r\nHost: {host}\r\n\r\n", 400),
        ("GET / now HTTP/1.1\r\nHost: {host}\r\n\r\n", 400),
        ("GET /account/get-balance HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n", 400),
        ("GET /account/get-balance HTTP/1.1\r\nHost: {host}\r\n continued\r\n\r\n", 400),
        ("GET /account/get-balance HTTP/1.1\r\nHost : {host}\r\n\r\n", 400),
        ("GET /account/get-balance HTTP/1.1\r\nnothing\r\n\r\n", 400),
        ("POST /sms/json HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: {host}\r\n" + "".join(f"A{n}: b\r\n" for n in range(150)) + "\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: {host}\r\nA: " + "b" * 70_000 + "\r\n\r\n", 400),
    ],
)
def test_heads_of_requests_are_read_as_the_standard_says(
    client: Client, sandbox: Sandbox, head: str, status: int
) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    said = head.replace("{host}", f"{host}:{port}").replace("{basic}", client.basic["Authorization"])
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        wire.sendall(said.encode())
        answer = http.client.HTTPResponse(wire)
        answer.begin()
        assert answer.status == status
        answer.close()


def test_a_length_that_is_no_number_is_refused(client: Client) -> None:
    for length in ("-1", "1.5", "\xb2", "9" * 5000):
        assert client.request("POST", "/sms/json", b"x", Content_Length=length)[0] == 400
        client.connection.close()


def test_json_that_is_nested_too_deeply_is_a_400(client: Client) -> None:
    assert client.request("POST", "/v2/applications", "[" * 100_000, Content_Type="application/json")[0] == 400


def test_a_fault_of_the_sandbox_is_an_answer(
    client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Request) -> tuple[Answer, Accident]:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(sandbox, "answer", fail)
    assert client.request("GET", "/account/get-balance")[0] == 500
    assert "The sandbox failed at GET /account/get-balance" in caplog.text


def test_a_large_body_is_asked_for_before_it_is_sent(client: Client, sandbox: Sandbox) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    head = f"POST /sms/json HTTP/1.1\r\nHost: {host}:{port}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        wire.sendall(head.encode())
        assert wire.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        wire.sendall(b"to=1")
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_it_closes_with_connections_open_and_answers_under_way() -> None:
    sandbox = Sandbox()
    client = Client(sandbox)
    client.sms()
    sandbox.fail_next("slow", seconds=60)
    failed = threading.Event()

    def wait() -> None:
        with pytest.raises((http.client.HTTPException, OSError)):
            client.sms()
        failed.set()

    thread = threading.Thread(target=wait)
    thread.start()
    while len(sandbox.requests) < 2:
        time.sleep(0.001)
    sandbox.close()
    sandbox.close()
    assert failed.wait(5)
    thread.join()
    client.connection.close()
