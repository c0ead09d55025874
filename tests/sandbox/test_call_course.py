"""How calls go on by the sandbox's clock, and what is told of each and of all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from call_client import CALL, Caller
from sandbox_client import TO, UNKNOWN

from nexmo_nb.sandbox.books import add_up_books
from nexmo_nb.sandbox.magic_numbers import MAGIC_NUMBERS

NUMBERS = {each.call: each.number for each in MAGIC_NUMBERS}
TALK = {"action": "talk", "text": "a" * 150}
"""It takes ten seconds."""


def test_a_call_starts_rings_is_answered_and_completed_and_then_tells_what_it_cost(caller: Caller) -> None:
    path = caller.place(ncco=[{**TALK, "loop": 3}])
    assert caller.follow(path, 0, 1, 3, 1, 29) == ["started", "ringing", "ringing", "answered", "answered"]
    assert not {"price", "rate", "duration", "network", "end_time"} & set(caller.ask("GET", path)[1])
    caller.clock.move(1)
    status, call = caller.ask("GET", path)
    assert status == 200
    price = Decimal(call["rate"]) / 2
    caller_number = call.pop("from")["number"]
    assert caller_number in [number["msisdn"] for number in caller.request("GET", "/account/numbers")[1]["numbers"]]
    assert call == {
        "_links": {"self": {"href": f"{caller.sandbox.url}/v1/calls{path}"}},
        "uuid": path[1:],
        "conversation_uuid": call["conversation_uuid"],
        "to": {"type": "phone", "number": TO},
        "status": "completed",
        "direction": "outbound",
        "rate": call["rate"],
        "price": f"{price:.8f}",
        "duration": "30",
        "network": call["network"],
        "start_time": "2026-03-04 05:06:12",
        "end_time": "2026-03-04 05:06:42",
    }
    prices = caller.request("GET", "/account/get-pricing/outbound/voice?country=GB")[1]["networks"]
    assert (call["network"], call["rate"]) in [(each["networkCode"], each["price"]) for each in prices]


@pytest.mark.parametrize(
    ("to", "change", "seconds", "states"),
    [
        (NUMBERS["busy"], {}, (1, 2), ["ringing", "busy"]),
        (NUMBERS["rejected"], {}, (1, 2), ["ringing", "rejected"]),
        (NUMBERS["unanswered"], {}, (1, 29, 1), ["ringing", "ringing", "unanswered"]),
        (NUMBERS["timeout"], {}, (60, 1), ["ringing", "timeout"]),
        (NUMBERS["timeout"], {"ringing_timer": 120}, (120, 1), ["ringing", "timeout"]),
        (NUMBERS["unanswered"], {"ringing_timer": 10}, (10, 1), ["ringing", "timeout"]),
        (TO, {"ringing_timer": 3}, (3, 1), ["ringing", "timeout"]),
        (NUMBERS["failed"], {}, (0, 1), ["started", "failed"]),
        ("99912345678", {}, (0, 1), ["started", "failed"]),
        (TO, {"length_timer": 7}, (5, 6, 1), ["answered", "answered", "completed"]),
        (TO, {"ncco": [{**TALK, "loop": 0}]}, (7204, 1), ["answered", "completed"]),
        (TO, {"ncco": None, "answer_url": ["https://x.org"]}, (34, 1), ["answered", "completed"]),
        (TO, {"machine_detection": "hangup"}, (5, 9, 1), ["answered", "answered", "completed"]),
        (NUMBERS["machine"], {}, (5, 9, 1), ["answered", "answered", "completed"]),
        (NUMBERS["machine"], {"machine_detection": "continue"}, (5, 2, 8), ["answered", "machine", "completed"]),
        (NUMBERS["machine"], {"machine_detection": "hangup"}, (6, 1), ["answered", "completed"]),
        (NUMBERS["machine"], {"advanced_machine_detection": {"behavior": "hangup"}}, (6, 1), ["answered", "completed"]),
    ],
)
def test_the_number_and_the_settings_say_what_becomes_of_a_call(
    caller: Caller, to: str, change: dict[str, Any], seconds: tuple[float, ...], states: list[str]
) -> None:
    assert caller.follow(caller.place(to, **{"ncco": [TALK], **change}), *seconds) == states
    caller.clock.move(9999)
    assert caller.follow(f"/{caller.sandbox.calls[0]['id']}", 0) == states[-1:]


@pytest.mark.parametrize(
    ("actions", "seconds"),
    [
        ([{"action": "stream", "streamUrl": ["https://x.org"], "loop": 2}], 20),
        ([{"action": "talk", "text": "<speak>" + "a" * 16 + "</speak>"}], 2),
        ([{"action": "wait", "timeout": 0.5}, {"action": "wait"}], 11),
        ([{"action": "wait", "timeout": 9999}], 7200),
        ([{"action": "input", "type": ["dtmf"]}, {"action": "input", "type": ["speech"]}], 13),
        ([{"action": "input", "type": ["dtmf"], "mode": "asynchronous"}, {"action": "wait"}], 10),
        ([{"action": "record"}, TALK], 10),
        ([{"action": "connect", "endpoint": CALL["to"], "limit": 8}], 8),
        ([{"action": "conversation", "name": "x"}], 30),
    ],
)
def test_a_call_takes_as_long_as_its_actions(caller: Caller, actions: list[Any], seconds: int) -> None:
    path = caller.place(ncco=actions)
    caller.clock.move(9999)
    assert caller.ask("GET", path)[1]["duration"] == str(seconds)


def test_each_change_is_told_once_in_order_of_time_and_when_it_happened(caller: Caller) -> None:
    told: list[tuple[str, str, str]] = []
    caller.sandbox.world.call_listeners.append(
        lambda call, change: told.append((call["to"], change["status"], change["time"][17:23]))
    )
    try:
        advanced = {"mode": "default", "behavior": "continue"}
        caller.place(NUMBERS["machine"], ncco=[TALK], advanced_machine_detection=advanced)
        caller.clock.move(1)
        caller.place(TO, ncco=[TALK], machine_detection="continue")
        caller.clock.move(60)
        assert [call["status"] for call in caller.sandbox.calls * 2] == ["completed"] * 4
    finally:
        caller.sandbox.world.call_listeners.clear()
    machine = NUMBERS["machine"]
    assert told == [
        (machine, "started", "07.000"),
        (machine, "ringing", "08.000"),
        (TO, "started", "08.000"),
        (TO, "ringing", "09.000"),
        (machine, "answered", "12.000"),
        (TO, "answered", "13.000"),
        (machine, "machine", "14.000"),
        (TO, "human", "15.000"),
        (machine, "machine", "17.000"),
        (machine, "completed", "22.000"),
        (TO, "completed", "23.000"),
    ]


def test_what_calls_cost_is_the_same_in_the_balance_the_books_and_the_records(caller: Caller) -> None:
    caller.place(TO, ncco=[{**TALK, "loop": 4}])
    caller.place("12025550123", ncco=[TALK], length_timer=7)
    caller.place(NUMBERS["busy"])
    caller.ask("POST", "", {**CALL, "to": [{"type": "app", "user": "jamie"}]})
    still = caller.place(TO, ncco=[{"action": "wait", "timeout": 7200}])
    caller.clock.move(600)
    entries = [
        entry for entry in add_up_books(caller.sandbox.world, caller.clock.START, caller.clock()) if entry.records
    ]
    assert [(entry.product, entry.country, entry.records) for entry in entries] == [
        ("VOICE-CALL", "GB", 1), ("VOICE-CALL", "US", 1), ("VOICE-FAILED", "GB", 1),
    ]  # fmt: skip
    amount = sum(entry.amount for entry in entries)
    assert amount > 0
    assert Decimal(25) - amount == caller.sandbox.world.balance
    account = f"account_id={caller.sandbox.api_key}&date_start=2026-03-04T00:00:00Z&date_end=2026-03-05T00:00:00Z"
    query = f"/v2/reports/records?product=VOICE-CALL&direction=outbound&{account}"
    records = caller.request("GET", query)[1]["records"]
    assert sum(Decimal(record["total_price"]) for record in records) == amount
    assert [(record["to"], record["duration"], record["status"]) for record in records] == [
        (TO, "40", "ANSWERED"), ("12025550123", "7", "ANSWERED"),
    ]  # fmt: skip
    assert caller.request("GET", query.replace("outbound", "inbound"))[1]["records"] == []
    caller.ask("PUT", still, {"action": "hangup"})
    assert caller.sandbox.world.balance < Decimal(25) - amount


def test_without_credit_no_call_is_placed(caller: Caller) -> None:
    caller.sandbox.world.charge(caller.sandbox.world.balance)
    assert caller.ask("POST", "", CALL)[0] == 402
    assert caller.sandbox.calls == []


def test_what_is_no_number_costs_nothing_and_is_told_as_it_was_given(caller: Caller) -> None:
    socket = {"type": "websocket", "uri": "wss://x.org", "content-type": "audio/l16;rate=8000", "headers": {"a": "b"}}
    secret = {"authorization": {"type": "custom", "value": "Bearer hidden"}}
    path = f"/{caller.ask('POST', '', {**CALL, 'to': [{**socket, **secret}]})[1]['uuid']}"
    caller.clock.move(60)
    call = caller.ask("GET", path)[1]
    assert (call["status"], call["to"], call["price"], call.get("network")) == ("completed", socket, "0.00000000", None)
    assert caller.sandbox.balance == 25


def test_the_inbox_tells_of_the_end_of_a_call(caller: Caller) -> None:
    path = caller.place()
    caller.clock.move(60)
    last = caller.request("GET", "/_sandbox/inbox")[1]["activity"][-1]
    assert (last["what"], last["subject"], last["details"]["state"]) == ("Call ended", f"+{TO}", "completed")
    assert last["price"] == caller.ask("GET", path)[1]["price"]


@pytest.fixture
def many(caller: Caller) -> list[str]:
    """The ids of five calls, a minute between each; those of the last minute go on."""
    found = []
    for n in range(5):
        found.append(caller.place(NUMBERS["busy"] if n == 1 else TO)[1:])
        caller.clock.move(60 if n < 4 else 5)
    return found


@pytest.mark.parametrize(
    ("query", "places", "count"),
    [
        ("", [0, 1, 2, 3, 4], 5),
        ("?order=desc&page_size=2", [4, 3], 5),
        ("?page_size=2&record_index=1", [1, 2], 5),
        ("?page_size=2&record_index=99", [], 5),
        ("?status=busy", [1], 1),
        ("?status=answered", [4], 1),
        ("?date_start=2026-03-04T05:08:07Z", [2, 3, 4], 3),
        ("?date_start=2026-03-04T05:08:08Z", [3, 4], 2),
        ("?date_end=2026-03-04T05:08:07%2B00:00", [0, 1, 2], 3),
        ("?date_start=2026-03-04T06:08:07+01:00&date_end=2026-03-04T05:08:07", [2], 1),
        ("?conversation_uuid=CON-x", [], 0),
    ],
)
def test_calls_are_listed_by_pages_and_filters(
    caller: Caller, many: list[str], query: str, places: list[int], count: int
) -> None:
    status, body = caller.ask("GET", query)
    assert status == 200
    assert [call["uuid"] for call in body["_embedded"]["calls"]] == [many[place] for place in places]
    assert body["count"] == count


def test_a_conversation_is_found_by_its_id(caller: Caller, many: list[str]) -> None:
    call = caller.ask("GET", f"/{many[2]}")[1]
    found = caller.ask("GET", f"?conversation_uuid={call['conversation_uuid']}")[1]["_embedded"]["calls"]
    assert found == [call]


def test_the_links_of_a_page_lead_through_all_calls_at_the_sandbox(caller: Caller, many: list[str]) -> None:
    seen, body = [], caller.ask("GET", "?page_size=2&order=desc")[1]
    pages = [sorted(body["_links"])]
    while "next" in body["_links"]:
        seen += [call["uuid"] for call in body["_embedded"]["calls"]]
        body = caller.ask("GET", body["_links"]["next"]["href"].removeprefix(f"{caller.sandbox.url}/v1/calls"))[1]
        pages.append(sorted(body["_links"]))
    seen += [call["uuid"] for call in body["_embedded"]["calls"]]
    assert seen == many[::-1]
    assert pages == [
        ["first", "last", "next", "self"], ["first", "last", "next", "prev", "self"], ["first", "last", "prev", "self"],
    ]  # fmt: skip
    assert "next" not in caller.ask("GET", "?page_size=5")[1]["_links"]
    places = {name: link["href"].partition("?")[2] for name, link in body["_links"].items()}
    assert places == {
        name: f"page_size=2&order=desc&record_index={place}"
        for name, place in {"self": 4, "first": 0, "last": 4, "prev": 2}.items()
    }


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("status=done", "status"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=ten", "page_size"),
        ("record_index=-1", "record_index"),
        ("order=up", "order"),
        ("date_start=yesterday", "date_start"),
        ("date_end=", "date_end"),
    ],
)
def test_a_filter_that_is_not_known_is_refused(caller: Caller, query: str, name: str) -> None:
    status, body = caller.ask("GET", f"?{query}")
    assert (status, [wrong["name"] for wrong in body["invalid_parameters"]]) == (400, [name])


def test_calls_are_told_to_those_with_a_token_and_unknown_ones_to_nobody(caller: Caller) -> None:
    path = caller.place()
    keys = {"api_key": caller.sandbox.api_key, "api_secret": caller.sandbox.api_secret}
    legacy = caller.request("POST", "/tts/json", form={**keys, "to": TO, "text": "Hi"}, Authorization="")[1]["call_id"]
    for place in ("", path):
        assert caller.request("GET", f"/v1/calls{place}")[0] == 401
    for code in (UNKNOWN, legacy, "x"):
        assert caller.ask("GET", f"/{code}")[0] == 404
    assert caller.ask("GET")[1]["count"] == 1
