"""What the sandbox tells its inbox: the books, and of everything else only what is new."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from call_client import CALL, build_token
from sandbox_client import TO, Client

from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.exchange import Answer, Request
from nexmo_nb.sandbox.inbox_feed import MOST_REQUESTS
from nexmo_nb.sandbox.request_log import log_answer, log_request


def read_feed(client: Client, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Read what is new to a page that has all of an earlier answer, and nothing else."""
    query = ""
    if known is not None:
        counts = f"messages={len(known['messages'])}&activity={len(known['activity'])}"
        query = f"?instance={known['instance']}&revision={known['revision']}&{counts}"
    status, feed = client.request("GET", f"/_sandbox/inbox{query}")
    assert status == 200
    return dict(feed)


def rent_number(client: Client) -> dict[str, str]:
    number = client.request("GET", "/number/search?country=PT&size=1")[1]["numbers"][0]
    named = {"country": "PT", "msisdn": number["msisdn"]}
    assert client.request("POST", "/number/buy", form=named)[0] == 200
    return named


def test_a_page_is_told_each_thing_once(client: Client) -> None:
    client.sms(text="first")
    rent_number(client)
    first = read_feed(client)
    assert [message["text"] for message in first["messages"]] == ["first"]
    assert [entry["what"] for entry in first["activity"]] == ["Number rented"]
    assert [request["path"] for request in first["requests"]] == ["/sms/json", "/number/search", "/number/buy"]
    nothing = read_feed(client, first)
    assert (nothing["messages"], nothing["activity"], nothing["requests"]) == ([], [], [])
    client.sms(text="second")
    second = read_feed(client, first)
    assert [message["text"] for message in second["messages"]] == ["second"]
    assert (second["activity"], len(second["requests"])) == ([], 1)


def test_an_answer_without_news_is_small_however_much_there_is(client: Client, sandbox: Sandbox) -> None:
    client.sms()
    sandbox.world.messages *= 10_000
    known = read_feed(client)
    assert len(known["messages"]) == 10_000
    assert len(json.dumps(read_feed(client, known))) < 400


def test_a_request_is_told_again_when_it_has_been_answered(client: Client, sandbox: Sandbox) -> None:
    entry = log_request(sandbox.world, Request("GET", "/slow", {}, {}, None, {}))
    client.sms()
    waiting = read_feed(client)
    assert [request["status"] for request in waiting["requests"]] == [None, 200]
    log_answer(sandbox.world, entry, Answer(204), {})
    (answered,) = read_feed(client, waiting)["requests"]
    assert (answered["number"], answered["status"]) == (waiting["requests"][0]["number"], 204)


def test_of_the_requests_the_newest_are_told(client: Client, sandbox: Sandbox) -> None:
    for n in range(MOST_REQUESTS + 1):
        log_request(sandbox.world, Request("GET", f"/{n}", {}, {}, None, {}))
    told = [request["path"] for request in read_feed(client)["requests"]]
    assert (len(told), told[0], told[-1]) == (MOST_REQUESTS, "/1", f"/{MOST_REQUESTS}")


@pytest.mark.parametrize(
    "query",
    ["instance=other&messages=1", "messages=1&revision=99", "instance={}&messages=x&activity=-1", "instance={}"],
)
def test_a_page_that_knows_nothing_of_this_sandbox_is_told_all(client: Client, sandbox: Sandbox, query: str) -> None:
    client.sms()
    feed = client.request("GET", f"/_sandbox/inbox?{query.format(sandbox.world.instance)}")[1]
    assert (len(feed["messages"]), len(feed["requests"])) == (1, 1)


def test_a_page_is_told_all_after_a_reset(client: Client, sandbox: Sandbox) -> None:
    client.sms()
    known = read_feed(client)
    sandbox.reset()
    client.sms(text="anew")
    assert [message["text"] for message in read_feed(client, known)["messages"]] == ["anew"]


def test_the_totals_are_those_of_the_books(client: Client, sandbox: Sandbox) -> None:
    assert read_feed(client)["totals"]["spent"] == "0.00000000"
    client.sms()
    client.sms(text="long " * 60)
    sandbox.fail_next("partial")
    client.sms(text="long " * 60)
    sandbox.fail_next("no-credit")
    client.sms()
    rent_number(client)
    client.request("POST", "/v1/calls", CALL, Authorization=f"Bearer {build_token(sandbox)}")
    feed = read_feed(client)
    totals = feed["totals"]
    assert (totals["messages"], totals["parts"], totals["calls"], totals["currency"]) == (3, 4, 1, "EUR")
    rent = next(entry["price"] for entry in feed["activity"] if entry["what"] == "Number rented")
    shown = sum(Decimal(message["price"]) for message in feed["messages"]) + Decimal(rent)
    assert Decimal(totals["spent"]) == shown == 25 - sandbox.world.balance
    assert Decimal(totals["balance"]) == sandbox.world.balance


def test_receipts_are_those_of_the_reports(client: Client, sandbox: Sandbox) -> None:
    client.sms(text="long " * 60)
    (message,) = read_feed(client)["messages"]
    ids = ",".join(receipt["message_id"] for receipt in message["receipts"])
    query = f"account_id={sandbox.api_key}&product=SMS&direction=outbound&id={ids}"
    records = client.request("GET", f"/v2/reports/records?{query}")[1]["records"]
    reported = [(record["message_id"], record["status"], record["date_finalized"]) for record in records]
    assert [tuple(receipt.values()) for receipt in message["receipts"]] == reported
    assert len(reported) == 2


def test_parts_that_were_refused_are_told_and_nobody_else_can_tell_them(client: Client, sandbox: Sandbox) -> None:
    client.sms(refused_parts="7")
    sandbox.fail_next("partial")
    client.sms(text="long " * 60)
    assert [message["refused_parts"] for message in read_feed(client)["messages"]] == [0, 1]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"type": "wappush", "title": "News", "url": "https://x.org"}, "News\nhttps://x.org"),
        ({"type": "vcard", "vcard": "BEGIN:VCARD"}, "BEGIN:VCARD"),
        ({"type": "binary", "udh": "06050415811581", "body": "00ff"}, "06050415811581\n00ff"),
    ],
)
def test_messages_without_a_text_show_what_they_carry(client: Client, fields: dict[str, str], shown: str) -> None:
    client.sms(text=None, **fields)
    assert [message["text"] for message in read_feed(client)["messages"]] == [shown]


def test_calls_are_told_with_text_language_state_and_the_price_of_a_minute(client: Client, sandbox: Sandbox) -> None:
    action = {"action": "talk", "text": "Olá", "language": "pt-PT"}
    call = {**CALL, "ncco": [action]}
    client.request("POST", "/v1/calls", call, Authorization=f"Bearer {build_token(sandbox)}")
    keys = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}
    client.request("POST", "/tts/json", form={**keys, "to": TO, "text": "Hello", "lg": "en-gb"}, Authorization="")
    client.request("POST", "/tts/json", form={**keys, "to": TO, "text": ""}, Authorization="")
    told = read_feed(client)["activity"]
    prices = client.request("GET", "/account/get-pricing/outbound/voice?country=GB")[1]["networks"]
    said = [tuple(entry["details"][name] for name in ("text", "language", "state")) for entry in told]
    assert said == [("Olá", "pt-PT", "started"), ("Hello", "en-gb", "started")]
    assert {(entry["what"], entry["subject"], entry["per"]) for entry in told} == {("Call placed", f"+{TO}", "minute")}
    assert {entry["price"] for entry in told} <= {network["price"] for network in prices}
    assert sandbox.balance == 25


def test_changes_of_applications_are_told_and_refused_ones_are_not(client: Client) -> None:
    hook = {"webhooks": {"answer_url": {"address": "https://x.org", "http_method": "GET"}}}
    code = client.request("POST", "/v2/applications", {"name": "A", "capabilities": {"voice": hook}})[1]["id"]
    client.request("PUT", f"/v2/applications/{code}", {"name": "B"})
    client.request("PUT", f"/v2/applications/{code}", {"name": ""})
    client.request("DELETE", f"/v2/applications/{code}")
    client.request("DELETE", f"/v2/applications/{code}")
    told = read_feed(client)["activity"]
    assert [(entry["what"], entry["subject"], entry["details"]) for entry in told] == [
        (
            "Application created",
            "A",
            {
                "id": code,
                "name": "A",
                "voice answer_url address": "https://x.org",
                "voice answer_url http_method": "GET",
            },
        ),
        (
            "Application changed",
            "B",
            {
                "id": code,
                "name": "A → B",
                "voice answer_url address": "https://x.org → (none)",
                "voice answer_url http_method": "GET → (none)",
            },
        ),
        ("Application deleted", "B", {"id": code}),
    ]
    assert "KEY" not in json.dumps(told)


def test_changes_of_numbers_are_told_and_refused_ones_are_not(client: Client) -> None:
    named = rent_number(client)
    for address in ("https://a.org", "https://b.org"):
        client.request("POST", "/number/update", form={**named, "moHttpUrl": address})
    client.request("POST", "/number/update", form={**named, "app_id": "none"})
    client.request("POST", "/number/cancel", form=named)
    client.request("POST", "/number/cancel", form=named)
    told = read_feed(client)["activity"]
    assert {entry["subject"] for entry in told} == {f"+{named['msisdn']}"}
    assert [(entry["what"], entry["details"].get("moHttpUrl")) for entry in told] == [
        ("Number rented", None),
        ("Number changed", "(none) → https://a.org"),
        ("Number changed", "https://a.org → https://b.org"),
        ("Number given back", None),
    ]
