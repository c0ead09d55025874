"""The sandbox by itself, with nothing of the client: it must be right where the client is wrong."""

from __future__ import annotations

import base64
import csv
import http.client
import io
import json
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from nexmo_nb.sandbox import KINDS, Sandbox
from nexmo_nb.sandbox.segments import split_gsm, split_ucs2

TO = "447700900123"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


class Client:
    """A few lines of http.client, so that nothing of the product is in the way."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        host = sandbox.url.removeprefix("http://")
        self.wire = http.client.HTTPConnection(host, timeout=5)
        pair = f"{sandbox.api_key}:{sandbox.api_secret}".encode()
        self.basic = {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def ask(
        self, method: str, path: str, body: Any = None, *, form: dict[str, Any] | None = None, **headers: str
    ) -> tuple[int, Any]:
        sent = {**self.basic, **{name.replace("_", "-"): value for name, value in headers.items()}}
        sent = {name: value for name, value in sent.items() if value}
        if form is not None:
            body, sent["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
        elif body is not None and not isinstance(body, (str, bytes)):
            body, sent["Content-Type"] = json.dumps(body), sent.get("Content-Type", "application/json")
        self.wire.request(method, path, body, sent)
        answer = self.wire.getresponse()
        content = answer.read()
        self.headers = answer.headers
        return answer.status, json.loads(content) if content.startswith((b"{", b"[")) else content

    def sms(self, **fields: Any) -> dict[str, Any]:
        form = {"from": "Demo", "to": TO, "text": "Hello", **{k.replace("_", "-"): v for k, v in fields.items()}}
        status, body = self.ask("POST", "/sms/json", form={k: v for k, v in form.items() if v is not None})
        assert status == 200
        return dict(body)


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    client = Client(sandbox)
    yield client
    client.wire.close()


# --- SMS -------------------------------------------------------------------------------------------------------------


def test_an_accepted_message_has_text_fields_only(client: Client, sandbox: Sandbox) -> None:
    body = client.sms(client_ref="r1", account_ref="a1")
    (entry,) = body["messages"]
    assert body["message-count"] == "1"
    assert all(isinstance(value, str) for value in entry.values())
    assert list(entry) == [
        "to",
        "message-id",
        "status",
        "remaining-balance",
        "message-price",
        "network",
        "client-ref",
        "account-ref",
    ]
    assert float(entry["remaining-balance"]) == pytest.approx(25 - float(entry["message-price"]))


def test_optional_fields_are_absent_rather_than_null(client: Client) -> None:
    assert "client-ref" not in client.sms()["messages"][0]


@pytest.mark.parametrize(
    ("cut", "text", "parts"),
    [
        (split_gsm, "a" * 160, 1),
        (split_gsm, "a" * 161, 2),
        (split_gsm, "a" * 152 + "€" + "a" * 152, 3),
        (split_gsm, "€" * 153, 3),
        (split_ucs2, "ы" * 66 + "😀" + "ы" * 66, 3),
        (split_ucs2, "😀" * 67, 3),
        (split_ucs2, "ы" * 70, 1),
    ],
)
def test_parts_are_cut_by_the_standard(cut: Any, text: str, parts: int) -> None:
    pieces = cut(text)
    assert (len(pieces), "".join(pieces)) == (parts, text)


def test_each_part_has_an_id_and_is_paid_for(client: Client, sandbox: Sandbox) -> None:
    entries = client.sms(text="a" * 400)["messages"]
    assert len({entry["message-id"] for entry in entries}) == 3
    assert sandbox.balance == pytest.approx(25 - sum(float(entry["message-price"]) for entry in entries))
    assert len(sandbox.messages[0]["parts"]) == 3


def test_characters_outside_gsm_arrive_damaged_as_text(client: Client, sandbox: Sandbox) -> None:
    client.sms(text="Olá ç")
    assert sandbox.messages[0]["text"] == "Ol? ?"


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"from": None}, "2", "Missing from param"),
        ({"to": None}, "2", "Missing to param"),
        ({"text": None}, "2", "Missing Message Text"),
        ({"text": ""}, "2", "Missing Message Text"),
        ({"to": "+447700900123"}, "3", "to address is not numeric"),
        ({"to": "9991234567"}, "6", "Unroutable message - rejected"),
        ({"from": "TwelveLetter"}, "15", "Illegal Sender Address - rejected"),
        ({"to": "14155550100"}, "15", "Illegal Sender Address - rejected"),
        ({"type": "fax"}, "3", "invalid type"),
        ({"ttl": "5"}, "16", "Invalid ttl"),
        ({"message_class": "7"}, "20", "Invalid message-class"),
        ({"protocol_id": "256"}, "3", "Invalid protocol-id"),
        ({"client_ref": "x" * 101}, "3", "client-ref is too long"),
        ({"callback": "example.org"}, "23", "Bad callback :: Missing Protocol"),
        ({"text": "a" * 3201}, "12", "Message too long"),
        ({"type": "binary", "text": None}, "2", "Missing udh"),
        ({"type": "binary", "udh": "00", "body": "0g"}, "3", "invalid hex"),
        ({"type": "binary", "udh": "00", "body": "00" * 140}, "12", "Message too long"),
        ({"type": "wappush"}, "2", "Missing title"),
        ({"to": "447700900907"}, "7", "Number barred."),
        ({"to": "447700900929"}, "29", "Non White-listed Destination - rejected"),
        ({"status_report_req": "maybe"}, "3", "invalid status-report-req"),
    ],
)
def test_refusals_come_with_http_200(
    client: Client, sandbox: Sandbox, fields: dict[str, Any], status: str, text: str
) -> None:
    body = client.sms(**fields)
    assert (body["message-count"], body["messages"][0]["status"], body["messages"][0]["error-text"]) == (
        "1",
        status,
        text,
    )
    assert sandbox.messages == []
    assert sandbox.balance == 25


def test_without_credit_nothing_is_sent() -> None:
    with Sandbox(balance=0.05) as poor:
        client = Client(poor)
        assert client.sms()["messages"][0]["status"] == "0"
        assert client.sms(text="a" * 200)["messages"][0]["status"] == "9"
        client.wire.close()


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ({}, "2"),
        ({"api_key": "KEY"}, "2"),
        ({"api_key": "KEY", "api_secret": "wrong"}, "4"),
        ({"api_key": "KEY", "api_secret": "SECRET"}, "0"),
        ({"api_key": "KEY", "api_secret": "SECRET", "sig": "x", "timestamp": "1"}, "32"),
        ({"api_key": "KEY", "sig": "x", "timestamp": "1"}, "14"),
    ],
)
def test_who_may_send(client: Client, sandbox: Sandbox, keys: dict[str, str], status: str) -> None:
    known = {"KEY": sandbox.api_key, "SECRET": sandbox.api_secret}
    form = {"from": "Demo", "to": TO, "text": "Hello", **{k: known.get(v, v) for k, v in keys.items()}}
    assert client.ask("POST", "/sms/json", form=form, Authorization="")[1]["messages"][0]["status"] == status


def test_a_signature_beside_a_header_is_refused(client: Client) -> None:
    assert client.sms(sig="x", timestamp="1")["messages"][0]["status"] == "32"


def test_json_and_query_are_understood_too(client: Client) -> None:
    fields = {"from": "Demo", "to": TO, "text": "Hello"}
    assert client.ask("POST", "/sms/json", fields)[1]["messages"][0]["status"] == "0"
    assert client.ask("GET", "/sms/json?" + urlencode(fields))[1]["messages"][0]["status"] == "0"


def test_the_price_of_a_message_is_that_of_the_price_list(client: Client) -> None:
    entry = client.sms()["messages"][0]
    listed = client.ask("GET", "/account/get-pricing/outbound/sms?country=GB")[1]
    prices = {network["networkCode"]: network["price"] for network in listed["networks"]}
    assert prices[entry["network"]] == entry["message-price"]


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_the_market_is_large_and_the_same_for_everyone(client: Client) -> None:
    listed = client.ask("GET", "/account/get-full-pricing/outbound/sms")[1]
    counts = [
        client.ask("GET", f"/number/search?country={country['countryCode']}")[1]["count"]
        for country in listed["countries"]
    ]
    assert len(counts) >= 30
    assert sum(counts) >= 3000


def test_pages_count_from_one_and_hold_at_most_100(client: Client) -> None:
    first = client.ask("GET", "/number/search?country=US&size=500")[1]
    third = client.ask("GET", "/number/search?country=US&size=100&index=3")[1]
    assert (len(first["numbers"]), first["count"]) == (100, third["count"])
    assert not {n["msisdn"] for n in first["numbers"]} & {n["msisdn"] for n in third["numbers"]}
    assert client.ask("GET", "/number/search?country=US&index=99")[1] == {}


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("country=GB&features=VOICE,SMS", 420), ("country=GB&type=x", 420), ("country=QQ", 200)],
)
def test_searches_that_are_wrong_or_find_nothing(client: Client, query: str, status: int) -> None:
    found, body = client.ask("GET", f"/number/search?{query}")
    assert found == status
    if status == 400:
        assert body["invalid_parameters"] == {"country": "Is required."}
    assert status != 200 or body == {}


def test_a_number_is_bought_paid_for_changed_and_given_back(client: Client, sandbox: Sandbox) -> None:
    number = client.ask("GET", "/number/search?country=PT&size=1")[1]["numbers"][0]
    named = {"country": "PT", "msisdn": number["msisdn"]}
    done = (200, {"error-code": "200", "error-code-label": "success"})
    assert client.ask("POST", "/number/buy", form=named) == done
    assert sandbox.balance == pytest.approx(25 - float(number["cost"]) - float(number["initialPrice"]))
    assert client.ask("POST", "/number/buy", form=named)[0] == 420
    assert client.ask("POST", "/number/update", form={**named, "moHttpUrl": "https://x.org"}) == done
    assert client.ask("POST", "/number/update", form={**named, "voiceCallbackType": "tel"})[0] == 420
    owned = client.ask("GET", f"/account/numbers?pattern={number['msisdn']}")[1]["numbers"][0]
    assert owned["moHttpUrl"] == "https://x.org"
    assert "cost" not in owned
    assert client.ask("POST", "/number/cancel", form=named) == done
    assert client.ask("POST", "/number/cancel", form=named)[0] == 420


def test_a_json_body_is_not_read_where_a_form_is_wanted(client: Client) -> None:
    assert client.ask("POST", "/number/buy", {"country": "PT", "msisdn": "1"})[0] == 400


def test_money_that_is_not_there_buys_nothing() -> None:
    with Sandbox(balance=0.1) as poor:
        client = Client(poor)
        number = client.ask("GET", "/number/search?country=PT&size=1")[1]["numbers"][0]
        named = {"country": "PT", "msisdn": number["msisdn"]}
        assert client.ask("POST", "/number/buy", form=named)[0] == 401
        client.wire.close()


# --- applications ----------------------------------------------------------------------------------------------------


def test_applications_take_basic_only(client: Client, sandbox: Sandbox) -> None:
    keys = urlencode({"api_key": sandbox.api_key, "api_secret": sandbox.api_secret})
    status, body = client.ask("GET", f"/v2/applications?{keys}", Authorization="")
    assert (status, body["type"].split("#")[1]) == (401, "unauthorized")


def test_a_put_replaces_everything(client: Client, sandbox: Sandbox) -> None:
    path = f"/v2/applications/{sandbox.application_id}"
    assert client.ask("GET", path)[1]["capabilities"]
    assert client.ask("PUT", path, {"name": "Bare"})[1]["capabilities"] == {}


def test_the_private_key_comes_once_and_only_without_a_public_one(client: Client) -> None:
    status, made = client.ask("POST", "/v2/applications", {"name": "x"})
    assert status == 201
    assert "PRIVATE KEY" in made["keys"]["private_key"]
    public = made["keys"]["public_key"]
    assert "private_key" not in client.ask("GET", f"/v2/applications/{made['id']}")[1]["keys"]
    other = client.ask("POST", "/v2/applications", {"name": "y", "keys": {"public_key": public}})[1]
    assert other["keys"] == {"public_key": public}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "name"),
        ({"name": "x", "keys": {"public_key": "ssh-rsa"}}, "keys.public_key"),
        ({"name": "x", "capabilities": {"fax": {}}}, "capabilities.fax"),
        (
            {
                "name": "x",
                "capabilities": {
                    "voice": {"webhooks": {"answer_url": {"address": "https://x.org", "http_method": "PUT"}}}
                },
            },
            "capabilities.voice.webhooks.answer_url.http_method",
        ),
    ],
)
def test_wrong_applications_are_told_where(client: Client, body: dict[str, Any], name: str) -> None:
    status, answer = client.ask("POST", "/v2/applications", body)
    assert (status, answer["invalid_parameters"][0]["name"]) == (400, name)


def test_applications_take_json_only(client: Client) -> None:
    assert client.ask("POST", "/v2/applications", form={"name": "x"})[0] == 415


def test_pages_of_applications_have_links(client: Client) -> None:
    body = client.ask("GET", "/v2/applications?page_size=2&page=1")[1]
    assert (body["total_items"], body["total_pages"], set(body["_links"])) == (3, 2, {"self", "first", "last", "next"})
    assert client.ask("GET", "/v2/applications?page_size=101")[0] == 400


# --- voice -----------------------------------------------------------------------------------------------------------


def token(sandbox: Sandbox, **claims: Any) -> str:
    now = int(time.time())
    whole = {"application_id": sandbox.application_id, "iat": now, "exp": now + 60, "jti": str(now), **claims}
    return jwt.encode({k: v for k, v in whole.items() if v is not None}, sandbox.private_key, algorithm="RS256")


CALL = {"to": [{"type": "phone", "number": TO}], "random_from_number": True, "ncco": [{"action": "talk", "text": "Hi"}]}


def test_a_call_needs_a_token_that_is_used_once(client: Client, sandbox: Sandbox) -> None:
    bearer = f"Bearer {token(sandbox)}"
    assert client.ask("POST", "/v1/calls", CALL)[0] == 401
    status, body = client.ask("POST", "/v1/calls", CALL, Authorization=bearer)
    assert (status, body["status"], body["direction"]) == (201, "started", "outbound")
    assert client.ask("POST", "/v1/calls", CALL, Authorization=bearer)[0] == 401
    assert len(sandbox.calls) == 1


@pytest.mark.parametrize("claims", [{"application_id": UNKNOWN}, {"iat": None}, {"jti": None}, {"exp": 1}])
def test_other_tokens_are_refused(client: Client, sandbox: Sandbox, claims: dict[str, Any]) -> None:
    status, body = client.ask("POST", "/v1/calls", CALL, Authorization=f"Bearer {token(sandbox, **claims)}")
    assert (status, body["type"]) == (401, "UNAUTHORIZED")


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
    bearer = f"Bearer {token(sandbox)}"
    status, body = client.ask("POST", "/v1/calls", {**CALL, **change}, Authorization=bearer)
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
    code, body = client.ask("POST", "/tts/json", form=form, Authorization="")
    assert (code, body["status"], body["error_text"]) == (200, status, text)
    assert [call["machine_timeout"] for call in sandbox.calls] == (["10000"] if status == "0" else [])


# --- the server ------------------------------------------------------------------------------------------------------


def test_the_same_seed_and_calls_give_the_same_answers() -> None:
    answers = []
    for seed in (1, 1, 2):
        with Sandbox(seed=seed) as sandbox:
            client = Client(sandbox)
            answers.append(
                (client.sms(), client.ask("GET", "/account/numbers"), client.ask("GET", "/v2/applications")[0])
            )
            client.wire.close()
    assert answers[0] == answers[1] != answers[2]


@pytest.mark.parametrize(
    ("path", "allowed", "refused"),
    [
        ("/number/search?country=GB", 3, 429),
        ("/account/numbers", 1, 429),
        ("/account/get-pricing/outbound/sms?country=GB", 1, 429),
    ],
)
def test_published_limits_are_enforced(path: str, allowed: int, refused: int) -> None:
    now = [100.0]
    with Sandbox(clock=lambda: now[0]) as strict:
        client = Client(strict)
        assert [client.ask("GET", path)[0] for _ in range(allowed + 1)] == [200] * allowed + [refused]
        assert client.headers["Retry-After"] == "1"
        now[0] += 1.001
        assert client.ask("GET", path)[0] == 200
        assert [request["throttled"] for request in strict.requests][-2:] == [True, False]
        client.wire.close()


def test_thirty_messages_a_second_and_no_more() -> None:
    now = [100.0]
    with Sandbox(clock=lambda: now[0]) as strict:
        client = Client(strict)
        statuses = [client.sms()["messages"][0] for _ in range(31)]
        assert [entry["status"] for entry in statuses] == ["0"] * 30 + ["1"]
        assert statuses[-1]["error-text"] == "Throughput Rate Exceeded - please wait [ 1000 ] and retry"
        client.wire.close()


def test_a_browser_page_of_another_site_is_refused(client: Client, sandbox: Sandbox) -> None:
    assert client.ask("GET", "/_sandbox/account", Host="attacker.example")[0] == 403
    assert client.ask("GET", "/_sandbox/account", Origin="http://attacker.example")[0] == 403
    assert client.ask("GET", "/_sandbox/account", Origin=sandbox.url)[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PATCH", "/v2/applications", 405), ("GET", "/number/buy", 405)],
)
def test_unknown_paths_and_methods(client: Client, method: str, path: str, status: int) -> None:
    assert client.ask(method, path)[0] == status


def test_what_cannot_be_read_is_a_400(client: Client) -> None:
    assert client.ask("POST", "/v2/applications", "{", Content_Type="application/json")[0] == 400
    assert client.ask("POST", "/sms/json", b"\xff", Content_Type="application/x-www-form-urlencoded")[0] == 400


def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    assert client.ask("POST", "/sms/json", b"x", Content_Length="2000000")[0] == 413


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


def test_a_large_body_is_asked_for_before_it_is_sent(client: Client, sandbox: Sandbox) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    head = f"POST /sms/json HTTP/1.1\r\nHost: {host}:{port}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        wire.sendall(head.encode())
        assert wire.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        wire.sendall(b"to=1")
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_the_log_shows_how_it_was_asked_and_never_with_what(client: Client, sandbox: Sandbox) -> None:
    client.sms()
    client.ask(
        "POST", "/tts/json", form={"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}, Authorization=""
    )
    assert [request["auth"] for request in sandbox.requests] == ["basic", "body"]
    shown = json.dumps(client.ask("GET", "/_sandbox/requests")[1]) + repr(sandbox)
    assert sandbox.api_secret not in shown
    assert client.basic["Authorization"] not in shown
    assert len(sandbox.requests) == 2


def test_other_processes_can_look_and_reset(client: Client, sandbox: Sandbox) -> None:
    client.sms()
    assert len(client.ask("GET", "/_sandbox/messages")[1]) == 1
    assert client.ask("POST", "/_sandbox/fail", {"kind": "500"})[0] == 200
    assert client.ask("GET", "/account/get-balance")[0] == 500
    assert client.ask("POST", "/_sandbox/fail", {"kind": "earthquake"})[0] == 400
    assert client.ask("POST", "/_sandbox/reset", {})[0] == 200
    assert client.ask("GET", "/account/get-balance")[1] == {"value": 25.0, "autoReload": False}
    assert sandbox.messages == []


def test_unknown_accidents_are_refused_with_the_list(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match=", ".join(KINDS)):
        sandbox.fail_next("earthquake")


def test_an_accident_can_wait_for_a_path(client: Client, sandbox: Sandbox) -> None:
    sandbox.fail_next("500", path="/sms")
    assert client.ask("GET", "/account/get-balance")[0] == 200
    assert client.ask("POST", "/sms/json", form={})[0] == 500


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "text/html"), ("/inbox.css", "text/css"), ("/inbox.js", "text/javascript")]
)
def test_the_page_comes_from_here_alone(client: Client, path: str, kind: str) -> None:
    client.sms(text="<script>alert(1)</script>")
    status, content = client.ask("GET", path)
    assert status == 200
    assert client.headers["Content-Type"].startswith(kind)
    assert "default-src 'none'" in client.headers["Content-Security-Policy"]
    assert "unsafe" not in client.headers["Content-Security-Policy"]
    assert b"alert" not in content
    assert b"http" not in content
    assert b"innerHTML" not in content


def test_the_page_is_told_when_there_is_something_new(client: Client, sandbox: Sandbox) -> None:
    first = client.ask("GET", "/_sandbox/state")[1]
    assert client.ask("GET", "/_sandbox/state")[1] == first
    client.sms()
    second = client.ask("GET", "/_sandbox/state")[1]
    assert second["version"] != first["version"]
    assert second["balance"] == sandbox.balance
    client.sms()
    assert len(client.ask("GET", "/_sandbox/messages?last=1")[1]) == 1


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
    client.wire.close()


def test_many_at_once_lose_no_cent_and_no_message(sandbox: Sandbox) -> None:
    def work() -> None:
        client = Client(sandbox)
        for _ in range(40):
            client.sms()
        client.wire.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    prices = [float(part["price"]) for message in sandbox.messages for part in message["parts"]]
    ids = {part["message_id"] for message in sandbox.messages for part in message["parts"]}
    assert len(prices) == len(ids) == 320
    assert sandbox.balance == pytest.approx(25 - sum(prices), abs=1e-9)


# --- reports ---------------------------------------------------------------------------------------------------------


def report(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return {"product": "SMS", "account_id": sandbox.api_key, "direction": "outbound", **more}


def test_a_report_is_made_waited_for_and_read(client: Client, sandbox: Sandbox) -> None:
    entries = client.sms(text="a" * 200, client_ref="r1")["messages"]
    client.sms(client_ref="r2")
    made = client.ask("POST", "/v2/reports", report(sandbox, client_ref="r1"))
    assert (made[0], made[1]["request_status"]) == (200, "PENDING")
    path = f"/v2/reports/{made[1]['request_id']}"
    looks = [client.ask("GET", path)[1] for _ in range(2)]
    assert [look["request_status"] for look in looks] == ["PROCESSING", "SUCCESS"]
    link = looks[1]["_links"]["download_report"]["href"]
    assert link.startswith("https://api.nexmo.com/v3/media/")
    packed = client.ask("GET", link.removeprefix("https://api.nexmo.com"))[1]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read(archive.namelist()[0]).decode())))
    assert [row["message_id"] for row in rows] == [entry["message-id"] for entry in entries]
    assert {row["client_ref"] for row in rows} == {"r1"}
    assert {row["total_price"] for row in rows} == {entries[0]["message-price"]}
    assert client.ask("DELETE", path)[0] == 409


def test_records_come_at_once_by_id_or_time(client: Client, sandbox: Sandbox) -> None:
    code = client.sms()["messages"][0]["message-id"]
    query = urlencode(report(sandbox, id=f"{code},{UNKNOWN}"))
    status, body = client.ask("GET", f"/v2/reports/records?{query}")
    assert (status, body["items_count"], body["ids_not_found"]) == (200, 1, UNKNOWN)
    later = urlencode(report(sandbox, date_end=(datetime.now(timezone.utc) + timedelta(minutes=1)).isoformat()))
    assert client.ask("GET", f"/v2/reports/records?{later}")[1]["records"][0]["message_id"] == code


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"product": None}, 422),
        ({"product": "FAX"}, 422),
        ({"direction": None}, 422),
        ({"account_id": "other123"}, 403),
        ({"date_start": "yesterday"}, 422),
        ({"date_start": "2020-01-01T00:00:00Z"}, 422),
    ],
)
def test_wrong_reports_are_refused(client: Client, sandbox: Sandbox, change: dict[str, Any], status: int) -> None:
    body = {name: value for name, value in report(sandbox, **change).items() if value is not None}
    assert client.ask("POST", "/v2/reports", body)[0] == status


def test_unknown_reports_and_files_are_not_found(client: Client) -> None:
    assert client.ask("GET", f"/v2/reports/{UNKNOWN}")[0] == 404
    assert client.ask("GET", f"/v3/media/{UNKNOWN}")[0] == 404
    assert client.ask("POST", "/v2/reports", {}, Authorization="")[0] == 401


def test_a_request_that_waits_while_everything_is_reset_is_not_acted_on(client: Client, sandbox: Sandbox) -> None:
    sandbox.fail_next("slow", seconds=0.3)

    def wait() -> None:
        with pytest.raises((http.client.HTTPException, OSError)):
            client.sms()

    thread = threading.Thread(target=wait)
    thread.start()
    while not sandbox.requests:
        time.sleep(0.001)
    sandbox.reset()
    thread.join()
    assert sandbox.messages == []
