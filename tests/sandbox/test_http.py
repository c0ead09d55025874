"""The HTTP server of the sandbox."""

from __future__ import annotations

import http.client
import json
import threading
import time

import pytest
from sandbox_client import Client, connect, exchange

from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.exchange import Accident, Answer, Request


def test_a_browser_page_of_another_site_is_refused(client: Client, sandbox: Sandbox) -> None:
    assert client.request("GET", "/_sandbox/account", Host="attacker.example")[0] == 403
    assert client.request("GET", "/_sandbox/account", Origin="http://attacker.example")[0] == 403
    assert client.request("GET", "/_sandbox/account", Origin=sandbox.url)[0] == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none, cross-site", ""])
def test_a_page_of_another_site_cannot_read_either(client: Client, sandbox: Sandbox, site: str) -> None:
    for path in ("/_sandbox/account", "/sms/json?to=1", "/", "/inbox.js"):
        host = sandbox.url.removeprefix("http://")
        head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: {site}\r\n\r\n"
        assert exchange(sandbox, head.encode())[0] == 403
    assert sandbox.requests == []
    for own in ("none", "same-origin"):
        assert client.request("GET", "/_sandbox/account", Sec_Fetch_Site=own)[0] == 200


def test_a_link_leads_to_the_inbox_and_to_nothing_else(client: Client) -> None:
    followed = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert client.request("GET", "/", **followed)[0] == 200
    assert client.request("GET", "/sms/json?to=1", **followed)[0] == 403
    assert client.request("GET", "/", **{**followed, "Sec_Fetch_Dest": "iframe"})[0] == 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PATCH", "/v2/applications", 405), ("GET", "/number/buy", 405)],
)
def test_unknown_paths_and_methods(client: Client, method: str, path: str, status: int) -> None:
    assert client.request(method, path)[0] == status


def test_what_cannot_be_read_is_a_400(client: Client) -> None:
    assert client.request("POST", "/v2/applications", "{", Content_Type="application/json")[0] == 400
    assert client.request("POST", "/sms/json", b"\xff", Content_Type="application/x-www-form-urlencoded")[0] == 400
    assert client.request("GET", "/number/search?country=%ff")[0] == 400
    assert client.request("GET", "/v2/applications?page=%zz")[0] == 400
    assert client.request("POST", "/_sandbox/reset", "{", Content_Type="application/json")[0] == 400


def test_a_form_that_is_said_to_be_json_is_read_as_the_form_that_it_is(client: Client, sandbox: Sandbox) -> None:
    message = "from=Demo&to=447700900123&text=1+%2B+1"
    assert client.request("POST", "/sms/json", message, Content_Type="application/json")[0] == 200
    assert [each["text"] for each in sandbox.messages] == ["1 + 1"]
    assert client.request("POST", "/v2/applications", "name=New", Content_Type="application/json")[0] == 400


@pytest.mark.parametrize("size", [2_000_000, 50_000_000])
def test_a_body_that_is_too_large_is_refused_and_the_client_learns_it(client: Client, size: int) -> None:
    assert client.request("POST", "/sms/json", b"x" * size)[0] == 413


@pytest.mark.parametrize("coding", ["chunked", "gzip, chunked", "identity", "\xb2"])
def test_a_body_of_unknown_length_is_refused_in_words(client: Client, sandbox: Sandbox, coding: str) -> None:
    head = f"POST /sms/json HTTP/1.1\r\nHost: {sandbox.url[7:]}\r\nTransfer-Encoding: {coding}\r\n\r\n"
    status, answer = exchange(sandbox, head.encode("latin-1") + b"4\r\nto=1\r\n0\r\n\r\n")
    assert status == 411
    assert b"with its Content-Length" in answer


def test_a_head_that_ends_early_is_not_acted_on(client: Client, sandbox: Sandbox) -> None:
    basic = client.basic["Authorization"]
    head = f"GET /account/get-balance HTTP/1.1\r\nHost: {sandbox.url[7:]}\r\nAuthorization: {basic}"
    for cut in (head[:10], head[:30], head, f"{head}\r\n", f"{head}\r\nX: 1"):
        assert exchange(sandbox, cut.encode())[0] == 400
    assert sandbox.requests == []
    assert exchange(sandbox, f"{head}\r\n\r\n".encode())[0] == 200


@pytest.mark.parametrize("path", ["/sms/json", "/number/buy", "/v2/applications", "/_sandbox/reset"])
def test_a_body_that_ends_early_is_not_acted_on(sandbox: Sandbox, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: {sandbox.url[7:]}\r\nContent-Length: 9\r\n\r\nto=1"
    before = sandbox.world.instance
    status, answer = exchange(sandbox, head.encode())
    assert status == 400
    assert b"shorter than its Content-Length" in answer
    assert sandbox.requests == []
    assert sandbox.world.instance == before


@pytest.mark.parametrize(
    "sent", ["", "GET / HTTP/1.1\r\nHo", "POST /sms/json HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\r\nt"]
)
def test_a_connection_that_says_nothing_is_closed(sent: str) -> None:
    with Sandbox(idle=0.05) as sandbox, connect(sandbox) as wire:
        wire.sendall(sent.replace("{host}", sandbox.url[7:]).encode())
        answer = b""
        while received := wire.recv(1000):
            answer += received
        assert answer[:13] in (b"", b"HTTP/1.1 400 ")


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
        ("GET /" + "b" * 70_000 + " HTTP/1.1\r\nHost: {host}\r\n\r\n", 414),
        ("\r\nGET / HTTP/1.1\r\nHost: {host}\r\n\r\n", 400),
        ("GET / HTTP/-1.1\r\nHost: {host}\r\n\r\n", 400),
        ("GET / HTTP/1.\xb2\r\nHost: {host}\r\n\r\n", 400),
        ("GET / HTTP/" + "9" * 5000 + ".1\r\nHost: {host}\r\n\r\n", 400),
        ("BREW /sms/json HTTP/1.1\r\nHost: {host}\r\n\r\n", 501),
    ],
)
def test_heads_of_requests_are_read_as_the_standard_says(
    client: Client, sandbox: Sandbox, head: str, status: int
) -> None:
    said = head.replace("{host}", sandbox.url[7:]).replace("{basic}", client.basic["Authorization"])
    found, content = exchange(sandbox, said.encode("latin-1"))
    assert found == status
    assert isinstance(json.loads(content), dict)


def test_a_length_that_is_no_number_is_refused(client: Client) -> None:
    for length in ("-1", "1.5", "1_0", "0x1", "+1", "1, 1", "\xb2", "9" * 5000):
        assert client.request("POST", "/sms/json", b"x", Content_Length=length)[0] == 400
        client.connection.close()


def test_json_that_is_nested_too_deeply_is_a_400(client: Client) -> None:
    for levels in (100_000, 900, 200):
        webhooks = '{"a":' * levels + "1" + "}" * levels
        body = f'{{"name": "A", "capabilities": {{"voice": {webhooks}}}}}'
        for path in ("/v2/applications", "/v2/reports", "/sms/json", "/_sandbox/fail"):
            assert client.request("POST", path, body, Content_Type="application/json")[0] == 400


def test_a_fault_of_the_sandbox_is_an_answer(
    client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Request) -> tuple[Answer, Accident]:
        raise RuntimeError("a mistake")

    for answer in (fail, lambda _: (Answer(200, {"a": object()}), {})):
        caplog.clear()
        monkeypatch.setattr(sandbox, "answer", answer)
        assert client.request("GET", "/account/get-balance")[0] == 500
        assert "The sandbox failed at GET /account/get-balance" in caplog.text


def test_a_large_body_is_asked_for_before_it_is_sent(client: Client, sandbox: Sandbox) -> None:
    head = f"POST /sms/json HTTP/1.1\r\nHost: {sandbox.url[7:]}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    with connect(sandbox) as wire:
        wire.sendall(head.replace("Length: 4", "Length: 2000000").encode())
        assert wire.recv(1000).startswith(b"HTTP/1.1 413 ")
    with connect(sandbox) as wire:
        wire.sendall(head.encode())
        assert wire.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        wire.sendall(b"to=1")
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_it_closes_with_connections_open_and_answers_under_way() -> None:
    sandbox = Sandbox()
    client = Client(sandbox)
    client.sms()
    sandbox.fail_next("slow", seconds=600)
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
    assert failed.wait(60)
    thread.join()
    client.connection.close()
