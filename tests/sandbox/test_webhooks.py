"""What the sandbox posts to whom, when, how signed, and again after a failure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from helpers import ending
from hook_server import Hook, HookServer, hooks_served
from sandbox_client import TO, Client

from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.magic_numbers import PREFIX
from nexmo_nb.sandbox.signatures import is_signature_valid, sign_fields
from nexmo_nb.sandbox.webhook_queue import find_problem
from nexmo_nb.sandbox.webhooks import queue_call_event

LONG = "Thank you, I shall be there at eight with all of my family. " * 4


@pytest.fixture
def server() -> Iterator[HookServer]:
    with hooks_served() as server:
        yield server


@pytest.fixture
def frozen(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox whose time passes by moves alone."""
    sandbox.clock.freeze()
    yield sandbox
    sandbox.reset()


def pass_time(sandbox: Sandbox, duration: str) -> None:
    sandbox.clock.move(duration)
    assert sandbox.wait_for_webhooks(60)


def find_own_number(sandbox: Sandbox, **settings: str) -> str:
    """Find a number of the account, and give it these settings alone."""
    number = next(number for number in sandbox.world.owned.values() if number["country"] == "GB")
    for name in ("app_id", "moHttpUrl", "messagesCallbackType", "messagesCallbackValue"):
        number.pop(name, None)
    number.update(settings)
    return str(number["msisdn"])


def link_application(sandbox: Sandbox, server: HookServer) -> str:
    """Give an application the server's URLs, and return its id."""
    urls = {name: {"address": f"{server.url}/{name}", "http_method": "POST"} for name in ("inbound_url", "status_url")}
    app = sandbox.world.applications[sandbox.application_id]
    app["capabilities"] = {
        "messages": {"webhooks": urls},
        "voice": {"webhooks": {"event_url": {"address": f"{server.url}/event", "http_method": "POST"}}},
    }
    return sandbox.application_id


def check_token(sandbox: Sandbox, hook: Hook) -> None:
    """Check the signature of an application's webhook as its documentation says."""
    token = hook.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, sandbox.signature_secret, algorithms=["HS256"], options={"verify_iat": False})
    assert claims["iss"] == "Vonage"
    assert claims["api_key"] == sandbox.api_key
    assert claims["application_id"] == sandbox.application_id
    assert claims["iat"] == int(sandbox.clock.now().timestamp())
    assert claims["jti"]
    assert hook.method == "GET" or claims["payload_hash"] == hashlib.sha256(hook.body).hexdigest()


def test_a_receipt_goes_to_the_callback_two_seconds_later_signed_and_with_its_fields(
    client: Client, frozen: Sandbox, server: HookServer
) -> None:
    answer = client.sms(text=LONG, callback=f"{server.url}/dlr?a=1", client_ref="row-17")["messages"]
    pass_time(frozen, "1.9s")
    assert server.hooks == []
    pass_time(frozen, "0.1s")
    assert [(hook.method, hook.path) for hook in server.hooks] == [("GET", "/dlr")] * 2
    now = frozen.clock.now()
    for hook, entry in zip(server.hooks, answer, strict=True):
        fields = hook.query
        assert fields.pop("a") == "1"
        assert is_signature_valid(fields, frozen.signature_secret)
        for name in ("sig", "nonce"):
            assert fields.pop(name)
        assert fields == {
            "msisdn": TO,
            "to": "Demo",
            "network-code": entry["network"],
            "messageId": entry["message-id"],
            "price": entry["message-price"],
            "status": "delivered",
            "scts": f"{now:%y%m%d%H%M}",
            "err-code": "0",
            "api-key": frozen.api_key,
            "client-ref": "row-17",
            "message-timestamp": f"{now:%Y-%m-%d %H:%M:%S}",
            "timestamp": str(int(now.timestamp())),
        }


@pytest.mark.parametrize(
    ("fields", "secret", "signature"),
    [
        (
            "message-timestamp=2013-11-21 15:27:30, messageId=020000001B0FE827, msisdn=14843472194, text=Test again,"
            " timestamp=1385047698, to=13239877404, type=text",
            "my_secret_key_for_testing",
            "d2e7b1dc968737c5998ad624e02f90b7",
        ),
        (
            "api_key=abcd1234, from=Demo, text=a&b=c, timestamp=1700000000, to=447700900000",
            "SigSecretExample",
            "44ecf9d84cef2793e106342c58aec43c",
        ),
    ],
)
def test_the_signature_is_the_documented_one(fields: str, secret: str, signature: str) -> None:
    assert sign_fields(dict(pair.split("=", 1) for pair in fields.split(", ")), secret) == signature


@pytest.mark.parametrize(
    ("setting", "method", "place"),
    [("GET_QUERY_PARAMS", "GET", "query"), ("POST_QUERY_PARAMS", "POST", "form"), ("POST_JSON", "POST", "json")],
)
def test_the_account_chooses_how_its_urls_are_told(
    client: Client, frozen: Sandbox, server: HookServer, setting: str, method: str, place: str
) -> None:
    frozen.world.settings |= {"drCallBackUrl": f"{server.url}/dlr", "moCallBackUrl": f"{server.url}/mo"}
    frozen.world.settings["httpForwardMethod"] = setting
    client.sms()
    frozen.receive(TO, find_own_number(frozen), "Olá & = ✓")
    pass_time(frozen, "2s")
    assert [(hook.method, hook.path) for hook in server.hooks] == [(method, "/mo"), (method, "/dlr")]
    inbound, receipt = (getattr(hook, place) for hook in server.hooks)
    assert (inbound["text"], receipt["status"]) == ("Olá & = ✓", "delivered")
    assert all(is_signature_valid(fields, frozen.signature_secret) for fields in (inbound, receipt))


@pytest.mark.parametrize(
    ("number", "moved", "status", "error"),
    [
        (f"{PREFIX}108", "2s", "failed", "8"),
        (f"{PREFIX}206", "2s", "rejected", "9"),
        (f"{PREFIX}205", "72h", "expired", "2"),
    ],
)
def test_a_receipt_is_what_the_number_dialled_makes_of_it(
    client: Client, frozen: Sandbox, server: HookServer, number: str, moved: str, status: str, error: str
) -> None:
    client.sms(to=number, callback=server.url)
    pass_time(frozen, moved)
    assert [(hook.query["status"], hook.query["err-code"]) for hook in server.hooks] == [(status, error)]


def test_nobody_is_told_who_did_not_ask_and_no_thread_waits_for_it(server: HookServer) -> None:
    with Sandbox(limits=False) as sandbox:
        client = Client(sandbox)
        client.sms()
        client.sms(callback=server.url, status_report_req="0")
        pass_time(sandbox, "72h")
        assert (server.hooks, sandbox.webhooks, sandbox._postman._thread) == ([], [], None)
        client.connection.close()


def test_an_application_is_told_the_status_of_the_whole_message(
    client: Client, frozen: Sandbox, server: HookServer
) -> None:
    sender = find_own_number(frozen, app_id=link_application(frozen, server))
    client.sms(**{"from": sender}, to=f"{PREFIX}112", text=LONG, client_ref="row-17")
    pass_time(frozen, "2s")
    (hook,) = server.hooks
    check_token(frozen, hook)
    (message,) = frozen.messages
    time = f"{frozen.clock.now():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    assert (hook.method, hook.path) == ("POST", "/status_url")
    segment = {"timestamp": time, "status": "undeliverable", "error_code": "12"}
    assert hook.json == {
        "message_uuid": message["parts"][0]["message_id"],
        "to": f"{PREFIX}112",
        "from": sender,
        "channel": "sms",
        "timestamp": time,
        "status": "undeliverable",
        "client_ref": "row-17",
        "usage": {"currency": "EUR", "price": f"{float(message['price']):.4f}"},
        "destination": {"network_code": message["network"]},
        "sms": {"count_total": "2", "segments": [segment] * 2},
    }


def test_a_long_text_that_comes_in_is_told_part_by_part(frozen: Sandbox, server: HookServer) -> None:
    number = find_own_number(frozen, moHttpUrl=f"{server.url}/mo")
    frozen.receive(f"+{TO}", number, LONG)
    assert frozen.wait_for_webhooks(60)
    parts = [hook.query for hook in server.hooks]
    assert "".join(part["text"] for part in parts) == LONG
    assert [(part["concat"], part["concat-total"], part["concat-part"]) for part in parts] == [
        ("true", "2", "1"), ("true", "2", "2"),
    ]  # fmt: skip
    assert len({part["concat-ref"] for part in parts}) == 1
    assert len({part["messageId"] for part in parts}) == 2
    first = parts[0]
    assert [first[name] for name in ("msisdn", "to", "type", "keyword", "api-key")] == [
        TO, number, "text", "THANK", frozen.api_key,
    ]  # fmt: skip
    assert all(is_signature_valid(part, frozen.signature_secret) for part in parts)


def test_a_short_text_has_no_concat_fields_and_another_alphabet_another_type(
    frozen: Sandbox, server: HookServer
) -> None:
    frozen.receive(TO, find_own_number(frozen, moHttpUrl=server.url), "Привет stop")
    assert frozen.wait_for_webhooks(60)
    (hook,) = server.hooks
    assert (hook.query["type"], hook.query["keyword"]) == ("unicode", "ПРИВЕТ")
    assert not [name for name in hook.query if name.startswith("concat")]


@pytest.mark.parametrize("link", ["app_id", "messagesCallbackValue"])
def test_an_application_is_told_the_whole_text(frozen: Sandbox, server: HookServer, link: str) -> None:
    settings = {link: link_application(frozen, server), "messagesCallbackType": "app"}
    number = find_own_number(frozen, **settings)
    frozen.world.settings["moCallBackUrl"] = f"{server.url}/account"
    frozen.receive(TO, number, LONG)
    assert frozen.wait_for_webhooks(60)
    (hook,) = server.hooks
    check_token(frozen, hook)
    assert hook.path == "/inbound_url"
    assert (hook.json["text"], hook.json["from"], hook.json["to"]) == (LONG, TO, number)
    assert hook.json["sms"] == {"num_messages": "2", "keyword": "THANK"}


def test_what_comes_in_is_in_the_records_and_the_inbox(client: Client, sandbox: Sandbox) -> None:
    number = find_own_number(sandbox)
    received = sandbox.receive(TO, number, LONG)
    sandbox.clock.move("1s")  # the end of a span is not part of it
    code = received["parts"][0]["message_id"]
    query = f"product=SMS&direction=inbound&account_id={sandbox.api_key}&include_message=true"
    (record,) = client.request("GET", f"/v2/reports/records?{query}&id={code}")[1]["records"]
    told = [record[name] for name in ("from", "to", "direction", "country", "message_body", "total_price")]
    assert told == [TO, number, "inbound", "GB", received["parts"][0]["text"], "0.00000000"]
    assert [each["message_id"] for each in client.request("GET", f"/v2/reports/records?{query}")[1]["records"]] == [
        part["message_id"] for part in received["parts"]
    ]
    feed = client.request("GET", "/_sandbox/inbox")[1]
    assert [(each["sender"], each["text"]) for each in feed["received"]] == [(TO, LONG)]
    feed = client.request("GET", f"/_sandbox/inbox?instance={feed['instance']}&received=1")[1]
    assert feed["received"] == []
    assert client.request("GET", "/_sandbox/received")[1] == sandbox.received


def test_other_processes_let_somebody_write(client: Client, sandbox: Sandbox) -> None:
    letter = {"sender": TO, "to": find_own_number(sandbox), "text": "Yes"}
    assert client.request("POST", "/_sandbox/receive", letter)[1]["parts"][0]["text"] == "Yes"
    for wrong in ({"to": TO}, {"to": None}, {"sender": "Demo"}, {"sender": 7}, {"text": ""}, {"text": "x" * 3201}):
        status, told = client.request("POST", "/_sandbox/receive", {**letter, **wrong})
        assert (status, " allowed: " in told["error"]) == (400, True)
    assert len(sandbox.received) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "http://localhost:1", "http://127.8.0.1", "http://[::1]:1/"])
def test_addresses_of_this_machine_are_called(url: str) -> None:
    assert find_problem(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/", "https://example.org", "http://10.0.0.1/", "http://localhost.example.org/", "http://"),
        *("http://[", "http://127.0.0.1:x/", "http://127.0.0.1@example.org/", "http://0.0.0.0/", "ftp://127.0.0.1/"),
        "https://127.0.0.1/",
    ],
)
def test_any_other_address_is_never_called_and_the_list_says_why(client: Client, frozen: Sandbox, url: str) -> None:
    frozen.world.settings["moCallBackUrl"] = url
    frozen.receive(TO, find_own_number(frozen), "Yes")
    pass_time(frozen, "1h")
    (told,) = client.request("GET", "/_sandbox/webhooks")[1]
    assert told["state"].startswith("not called: the sandbox calls ")
    assert (told["url"], told["tries"]) == (url, [])


def test_what_fails_is_posted_again_as_documented_until_it_is_answered(frozen: Sandbox, server: HookServer) -> None:
    server.statuses = [500, 404, 301, *[503] * 6]
    frozen.receive(TO, find_own_number(frozen, moHttpUrl=server.url), "Yes")
    assert frozen.wait_for_webhooks(60)
    pauses = (5, 10, 20, 40, 80, 160, 320, 640, 900)
    for n, pause in enumerate(pauses):
        pass_time(frozen, f"{pause - 0.1:.1f}s")
        assert len(server.hooks) == n + 1
        pass_time(frozen, "0.1s")
        assert len(server.hooks) == n + 2
    (told,) = frozen.webhooks
    assert told["state"] == "done"
    assert [each["answer"] for each in told["tries"]] == [500, 404, 301, *[503] * 6, 200]
    pass_time(frozen, "24h")
    assert len(server.hooks) == len(pauses) + 1
    assert len({hook.query["nonce"] for hook in server.hooks}) == len(server.hooks)  # signed anew each time


@pytest.mark.parametrize(("kind", "hours"), [("inbound", 24), ("receipt", 72)])
def test_what_is_never_answered_is_given_up(client: Client, frozen: Sandbox, kind: str, hours: int) -> None:
    gone = "http://127.0.0.1:1/"
    if kind == "inbound":
        frozen.receive(TO, find_own_number(frozen, moHttpUrl=gone), "Yes")
    else:
        client.sms(callback=gone)
        frozen.clock.move("2s")
    for n in range(hours):
        assert frozen.wait_for_webhooks(60)
        assert frozen.webhooks[0]["state"] == "waiting", n
        frozen.clock.move("1h")
    assert frozen.wait_for_webhooks(60)
    (told,) = frozen.webhooks
    assert told["state"] == "given up"
    assert {each["answer"][:10] for each in told["tries"]} == {"no answer:"}


def place_call(client: Client, **fields: Any) -> str:
    sandbox = client.sandbox
    claims = {"application_id": sandbox.application_id, "iat": int(sandbox.clock.now().timestamp()), "jti": "1"}
    bearer = jwt.encode(claims, sandbox.private_key, algorithm="RS256")
    body = {"to": [{"type": "phone", "number": TO}], "from": {"type": "phone", "number": "447700900001"}, **fields}
    body["ncco"] = [{"action": "talk", "text": "Hello"}]
    status, answer = client.request("POST", "/v1/calls", body, Authorization=f"Bearer {bearer}")
    assert status == 201
    return str(answer["uuid"])


@pytest.mark.parametrize(("own", "method"), [(False, "POST"), (True, "POST"), (True, "GET")])
def test_the_start_of_a_call_is_told_to_its_own_url_or_its_applications(
    client: Client, frozen: Sandbox, server: HookServer, own: bool, method: str
) -> None:
    link_application(frozen, server)
    code = place_call(client, **({"event_url": [f"{server.url}/own"], "event_method": method} if own else {}))
    assert frozen.wait_for_webhooks(60)
    hook = server.hooks[0]
    check_token(frozen, hook)
    assert (hook.method, hook.path) == (method, "/own" if own else "/event")
    told = hook.query if method == "GET" else hook.json
    assert [told[name] for name in ("status", "uuid", "from", "to", "direction")] == [
        "started", code, "447700900001", TO, "outbound",
    ]  # fmt: skip
    assert re.fullmatch("CON-.*", told["conversation_uuid"])


def test_a_calls_event_has_the_documented_fields_and_is_tried_twice(frozen: Sandbox, server: HookServer) -> None:
    now = frozen.clock.now().isoformat()
    result = {
        "start_time": now,
        "end_time": now,
        "duration": "65",
        "rate": "0.012",
        "price": "0.013",
        "network": "23410",
    }
    call = {
        "id": "aa", "conversation_uuid": "CON-1", "application_id": frozen.application_id, "to": TO,
        "from": {"type": "phone", "number": "447700900001"}, "event_url": [server.url], **result,
    }  # fmt: skip
    server.statuses = [500, 500, 500]
    queue_call_event(frozen.world, call, {"status": "completed", "time": now})
    for _ in range(3):
        assert frozen.wait_for_webhooks(60)
        frozen.clock.move("1h")
    instant = datetime.fromisoformat(now).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {**result, "start_time": instant, "end_time": instant, "timestamp": instant}
    assert all(told.items() <= hook.json.items() for hook in server.hooks)
    assert (len(server.hooks), frozen.webhooks[0]["state"]) == (2, "given up")
    queue_call_event(frozen.world, call, {"status": "machine", "sub_state": "beep_start", "time": now})
    queue_call_event(frozen.world, call, {"status": "unanswered", "detail": "timeout", "time": now})
    assert frozen.wait_for_webhooks(60)
    machine, unanswered = (webhook["fields"] for webhook in frozen.webhooks[1:])
    assert (machine["call_uuid"], machine["sub_state"], "uuid" in machine) == ("aa", "beep_start", False)
    assert (unanswered["detail"], "price" in unanswered) == ("timeout", False)


def test_a_running_clock_posts_by_itself(server: HookServer) -> None:
    with Sandbox(limits=False) as sandbox:
        client = Client(sandbox)
        client.sms(callback=server.url)
        sandbox.clock.move("1.95s")
        while not server.hooks:
            pass
        assert sandbox.clock.now() >= datetime.fromisoformat(sandbox.messages[0]["time"]) + timedelta(seconds=2)
        client.connection.close()


def test_a_server_that_never_answers_does_not_keep_the_sandbox_from_its_end(
    server: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexmo_nb.sandbox.postman.ANSWER_TIMEOUT", 600.0)
    server.released.clear()
    with ending(), Sandbox(limits=False) as sandbox:
        sandbox.receive(TO, find_own_number(sandbox, moHttpUrl=server.url), "Yes")
        while not server.hooks:
            pass
        thread = sandbox._postman._thread
        assert not sandbox.wait_for_webhooks(0.01)
    assert thread is not None
    assert not thread.is_alive()


def test_what_was_to_be_posted_is_forgotten_by_a_reset_and_known_again_to_a_snapshot(
    client: Client, frozen: Sandbox, server: HookServer
) -> None:
    client.sms(callback=server.url)
    name = frozen.snapshot()
    frozen.reset()
    frozen.clock.freeze()
    pass_time(frozen, "1h")
    assert server.hooks == []
    frozen.restore(name)
    pass_time(frozen, "2s")
    assert len(server.hooks) == 1


def test_the_next_run_posts_what_the_last_one_was_to(server: HookServer, tmp_path: Path) -> None:
    with Sandbox(limits=False, state=tmp_path / "state.json") as sandbox:
        client = Client(sandbox)
        client.sms(to=f"{PREFIX}205", callback=server.url)
        client.connection.close()
    with Sandbox(limits=False, state=tmp_path / "state.json") as sandbox:
        assert server.hooks == []
        pass_time(sandbox, "72h")
        assert [hook.query["status"] for hook in server.hooks] == ["expired"]


def test_a_reset_while_something_is_posted_leaves_nothing_of_it(sandbox: Sandbox, server: HookServer) -> None:
    server.released.clear()
    server.statuses = [500]
    sandbox.receive(TO, find_own_number(sandbox, moHttpUrl=server.url), "Yes")
    while not server.hooks:
        pass
    sandbox.reset()
    server.released.set()
    assert sandbox.wait_for_webhooks(60)
    assert (sandbox.webhooks, sandbox.world.webhook_queue) == ([], [])
