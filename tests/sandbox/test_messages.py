"""``/v1/messages`` for SMS: what it takes and refuses, what it charges, and what it tells later, as documented."""

from __future__ import annotations

from typing import Any

import pytest
from hook_server import hooks_served
from sandbox_client import TO, Client
from sandbox_reports import build_query, list_records

from nexmo_nb.sandbox import Sandbox

BODY = {"channel": "sms", "message_type": "text", "to": TO, "from": "Demo", "text": "Hello"}


def post(client: Client, **fields: Any) -> tuple[int, Any]:
    return client.request("POST", "/v1/messages", {**BODY, **fields})


def test_an_answer_names_the_whole_message_and_nothing_of_its_price(client: Client, sandbox: Sandbox) -> None:
    status, body = post(client, text="é" * 200, client_ref="r", ttl=20, sms={"encoding_type": "text"})
    (message,) = sandbox.messages
    assert (status, list(body)) == (202, ["message_uuid"])
    assert body["message_uuid"] == message["parts"][0]["message_id"]
    assert (len(message["parts"]), message["encoding"], message["client_ref"]) == (2, "gsm7", "r")
    assert sandbox.balance == pytest.approx(25 - float(message["price"]))


@pytest.mark.parametrize(
    ("fields", "number", "name"),
    [
        ({"channel": "whatsapp"}, "1100", "channel"),
        ({"message_type": "image"}, "1140", "message_type"),
        ({"to": f"+{TO}"}, "110", "to"),
        ({"to": "00447700900"}, "110", "to"),
        ({"to": int(TO)}, "110", "to"),
        ({"from": None}, "1120", "from"),
        ({"from": "Demo & Sons Ltd"}, "1120", "from"),
        ({"from": "Demo", "to": "14155550123"}, "1120", "from"),
        ({"text": ""}, "1150", "text"),
        ({"text": "a" * 3201}, "1150", "text"),
        ({"client_ref": "r" * 101}, "1060", "client_ref"),
        ({"ttl": 19}, "1150", "ttl"),
        ({"ttl": "20"}, "1150", "ttl"),
        ({"webhook_url": "example.org"}, "1150", "webhook_url"),
        ({"trusted_recipient": "true"}, "1150", "trusted_recipient"),
        ({"sms": {"encoding_type": "ucs2"}}, "1110", "sms.encoding_type"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(
    client: Client, sandbox: Sandbox, fields: dict[str, Any], number: str, name: str
) -> None:
    status, body = post(client, **fields)
    assert (status, body["type"].rsplit("#", 1)[1]) == (422, number)
    assert [each["name"] for each in body["invalid_parameters"]] == [name]
    assert {"type", "title", "detail", "instance"} <= body.keys()
    assert (sandbox.messages, sandbox.balance) == ([], 25.0)


def test_other_refusals_are_http_statuses(client: Client, sandbox: Sandbox) -> None:
    assert client.request("POST", "/v1/messages", "{", Content_Type="application/json")[0] == 422
    assert client.request("POST", "/v1/messages", form=BODY)[0] == 422
    assert client.request("POST", "/v1/messages", BODY, Authorization="")[0] == 401
    assert client.request("POST", "/v1/messages", BODY, Authorization="Basic eA==")[0] == 401
    assert client.request("GET", "/v1/messages")[0] == 405
    sandbox.world.balance *= 0
    status, body = post(client)
    assert (status, body["title"]) == (402, "Low balance")
    assert [each["status"] for each in sandbox.requests] == [422, 422, 401, 401, 405, 402]
    assert sandbox.messages == []


def test_it_shares_the_pace_of_sms() -> None:
    with Sandbox(clock=lambda: 0.0) as sandbox:
        client = Client(sandbox)
        assert {client.request("POST", "/sms/json", form=BODY)[0] for _ in range(20)} == {200}
        assert [post(client)[0] for _ in range(20)] == [202] * 10 + [429] * 10
        client.connection.close()


@pytest.mark.parametrize(
    ("to", "status", "code"),
    [
        (TO, "delivered", ""),
        ("443069990104", "undeliverable", "1050"),
        ("443069990206", "rejected", "1240"),
        ("443069990208", "undeliverable", "1260"),
        ("443069990033", "rejected", "1190"),
    ],
)
def test_what_became_of_it_is_posted_and_stands_in_the_records(
    client: Client, sandbox: Sandbox, to: str, status: str, code: str
) -> None:
    sandbox.clock.freeze()
    with hooks_served() as server:
        found = post(client, to=to, webhook_url=f"{server.url}/own", text="Hello " * 40, client_ref="r")[1]
        code_of = found["message_uuid"]
        assert sandbox.messages[0]["to"] == to
        records = list_records(client, **build_query(client, (None, None), product="MESSAGES", id=code_of))
        sandbox.clock.move("10s")
        assert sandbox.wait_for_webhooks(60)
        (hook,) = server.hooks
    told = hook.json
    assert (told["message_uuid"], told["status"], told["channel"], told["to"]) == (code_of, status, "sms", to)
    assert told["sms"]["count_total"] == "2"
    assert told.get("error", {}).get("title", "") == code
    (record,) = records
    assert (record["status"], record["error_code"], record["provider"]) == (status, code, "sms")
    is_free = status == "rejected" and to == "443069990033"
    assert float(record["total_price"]) == pytest.approx(25 - sandbox.balance)
    assert (float(record["total_price"]) == 0) is is_free
    assert float(told["usage"]["price"]) == pytest.approx(float(record["total_price"]), abs=1e-4)
    assert list_records(client, **build_query(client, (None, None), id=code_of)) == []
