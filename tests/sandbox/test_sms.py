"""``/sms/json`` of the sandbox."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from sandbox_client import TO, Client

from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.segments import split_gsm, split_ucs2


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
        ({"to": "443069990007"}, "7", "Number barred."),
        ({"to": "443069990029"}, "29", "Non White-listed Destination - rejected"),
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
        client.connection.close()


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
    assert client.request("POST", "/sms/json", form=form, Authorization="")[1]["messages"][0]["status"] == status


def test_a_signature_beside_a_header_is_refused(client: Client) -> None:
    assert client.sms(sig="x", timestamp="1")["messages"][0]["status"] == "32"


def test_json_and_query_are_understood_too(client: Client) -> None:
    fields = {"from": "Demo", "to": TO, "text": "Hello"}
    assert client.request("POST", "/sms/json", fields)[1]["messages"][0]["status"] == "0"
    assert client.request("GET", "/sms/json?" + urlencode(fields))[1]["messages"][0]["status"] == "0"


def test_the_price_of_a_message_is_that_of_the_price_list(client: Client) -> None:
    entry = client.sms()["messages"][0]
    listed = client.request("GET", "/account/get-pricing/outbound/sms?country=GB")[1]
    prices = {network["networkCode"]: network["price"] for network in listed["networks"]}
    assert prices[entry["network"]] == entry["message-price"]


def test_a_long_number_of_the_united_states_or_canada_sends_one_a_second(
    client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others have the pace of the account: numbers that are free to call, short codes, names, other countries."""
    monkeypatch.setattr(sandbox.world, "limits", True)
    sandbox.clock.freeze()
    senders = ["14155550100", "16045550101", *["18005550100", "41555", "Acme", "447700900001"] * 2]
    assert [client.sms(to="351912345678", **{"from": sender})["messages"][0]["status"] for sender in senders] == [
        "0"
    ] * 10
    sandbox.clock.move(0.5)
    (entry,) = client.sms(to="351912345678", **{"from": "14155550100"})["messages"]
    assert entry["status"] == "1"
    assert entry["error-text"] == "Throughput Rate Exceeded - please wait [ 500 ] and retry"
    sandbox.clock.move(0.5)
    assert client.sms(to="351912345678", **{"from": "14155550100"})["messages"][0]["status"] == "0"


@pytest.mark.parametrize(
    ("to", "sender", "status", "shown"),
    [
        ("14155552671", "Acme", "15", None),
        ("16045550123", "Acme", "15", None),
        ("14155552671", "447700900001", "15", None),
        ("14155552671", "16045550101", "0", "16045550101"),
        ("14155552671", "41555", "0", "41555"),
        ("5511912345678", "Acme", "0", "5511"),
        ("5215512345678", "447700900001", "0", "525"),
        ("33612345678", "447700900001", "0", "336"),
        ("33612345678", "Acme", "0", "Acme"),
        ("971501234567", "Acme", "0", "Acme"),
    ],
)
def test_a_country_does_with_a_sender_what_is_known_of_it(
    client: Client, sandbox: Sandbox, to: str, sender: str, status: str, shown: str | None
) -> None:
    """A name that must be registered is taken for registered."""
    (entry,) = client.sms(to=to, **{"from": sender})["messages"]
    assert entry["status"] == status
    if shown is None:
        assert (entry["error-text"], sandbox.messages) == ("Illegal Sender Address - rejected", [])
        return
    (found,) = client.request("GET", "/_sandbox/inbox")[1]["messages"]
    assert found["sender"].startswith(shown)
    assert (found["sender"] == sender) == (shown == sender)
    assert sandbox.messages[0]["sender"] == sender
    assert sandbox.messages[0]["shown_sender"] == found["sender"]
