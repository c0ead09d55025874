"""The made-up year beside SMS and calls: channels, verifications, lookups, reports, subaccounts, and the books."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from sandbox_client import TO, Client
from sandbox_reports import DAYS, build_query, list_records, order_file, read_file, read_page, sum_messages

from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.books import add_up_books
from nexmo_nb.sandbox.record_fields import FIELDS
from nexmo_nb.sandbox.subaccount_traffic import list_subaccounts

MARCH = ("2025-03-01T00:00:00Z", "2025-04-01T00:00:00Z")
START, END = (datetime(2025, month, 1, tzinfo=timezone.utc) for month in (3, 4))


def test_every_channel_is_there_and_tells_what_is_documented(client: Client) -> None:
    records = read_file(client, **build_query(client, MARCH, product="MESSAGES"))
    by_channel = {name: [r for r in records if r["provider"] == name] for name in {r["provider"] for r in records}}
    assert set(by_channel) == {"rcs", "whatsapp", "mms", "viber_service_msg", "sms"}
    assert not any(record["estimated_price"] for record in by_channel["whatsapp"])
    assert not any(record["country"] for record in by_channel["viber_service_msg"])
    assert {record["country"] for record in by_channel["mms"]} == {"US"}
    for record in by_channel["whatsapp"]:
        assert bool(record["session_type"]) == bool(record["country"]) == (record["status"] in ("delivered", "read"))


def test_a_message_that_was_turned_into_rcs_has_its_price_in_one_record(client: Client) -> None:
    sms = [r for r in read_file(client, **build_query(client, MARCH)) if r["workflow_id"]]
    rcs = {r["workflow_id"]: r for r in read_file(client, **build_query(client, MARCH, product="MESSAGES"))}
    assert len({record["workflow_id"] for record in sms}) < len(sms)  # one of several parts
    for record in sms:
        assert Decimal(record["total_price"]) == 0
        found = rcs[record["workflow_id"]]
        assert Decimal(found["total_price"]) > 0
        assert (found["provider"], found["status"]) == ("rcs", record["status"])
        for name in ("to", "client_ref", "date_received", "country"):
            assert found[name] == record[name]


def test_a_failover_has_two_records_of_one_workflow(client: Client) -> None:
    records = read_file(client, **build_query(client, MARCH, product="MESSAGES"))
    flows: dict[str, list[dict[str, str]]] = {}
    for record in records:
        if record["workflow_items_total"] == "2":
            flows.setdefault(record["workflow_id"], []).append(record)
    assert flows
    for first, second in flows.values():
        assert (first["provider"], second["provider"]) == ("whatsapp", "sms")
        assert Decimal(first["total_price"]) == 0 < Decimal(second["total_price"])


def test_subaccounts_come_on_request_each_under_its_own_key(client: Client, sandbox: Sandbox) -> None:
    keys = {each.api_key for each in list_subaccounts(sandbox.world.seed)}
    own, whole = (read_file(client, **build_query(client, include_subaccounts=wanted)) for wanted in (False, True))
    assert {record["account_id"] for record in own} == {sandbox.api_key}
    assert {record["account_id"] for record in whole} == {sandbox.api_key, *keys}
    assert [record for record in whole if record["account_id"] == sandbox.api_key] == own
    assert [r["date_received"] for r in whole] == sorted(r["date_received"] for r in whole)
    one = min(keys)
    alone = list_records(client, **build_query(client, account_id=one))
    assert alone == [record for record in whole if record["account_id"] == one]
    assert read_page(client, **build_query(client, include_subaccounts="true"))[0] == 422


def test_reports_that_were_read_are_told_and_cost_what_a_record_costs(client: Client, sandbox: Sandbox) -> None:
    sandbox.world.report_price = Decimal("0.0003")
    count = order_file(client, **build_query(client))[0]
    pages = list_records(client, **build_query(client, product="VOICE-CALL", direction=None))
    usage = list_records(client, **build_query(client, (None, None), product="REPORTS-USAGE", direction=None))
    assert [(each["requested_product"], each["items_written"]) for each in usage] == [
        ("SMS", count),
        ("VOICE-CALL", len(pages)),
    ]
    assert usage[0]["total_price"] == pytest.approx(count * 0.0003)
    assert usage[0]["request_params"]["date_start"] == DAYS[0].replace("Z", "+00:00")
    assert [each["job_type"] for each in usage] == ["ASYNC_JOB", "SYNC_JOB_FROM_DATES"]
    assert {each["is_charged"] for each in usage} == {"TRUE"}


def test_the_books_have_the_sums_of_the_files(client: Client, sandbox: Sandbox) -> None:
    entries = add_up_books(sandbox.world, START, END)
    for key in FIELDS:
        product, _, direction = key.partition(" ")
        if product in ("SMS", "MESSAGES"):
            direction = direction or "outbound"
        lines = [e for e in entries if e.product == product and direction in ("", e.direction)]
        wanted = build_query(client, MARCH, product=product, direction=direction or None, include_subaccounts=True)
        records = read_file(client, **wanted)
        assert Counter(record["account_id"] for record in records) == Counter(
            {key: sum(e.records for e in lines if e.account == key) for key in {e.account for e in lines}}
        )
    sums = sum_messages(sandbox.world, START.timestamp(), END.timestamp())
    sms = [e for e in entries if (e.product, e.direction, e.account) == ("SMS", "outbound", sandbox.api_key)]
    assert sum(entry.amount for entry in sms) == sum(cost for _, cost in sums.values())
    assert {entry.month for entry in entries} == {"2025-03"}


def test_what_is_sent_here_is_in_the_books(sandbox: Sandbox, client: Client) -> None:
    price = Decimal(client.sms(to=TO)["messages"][0]["message-price"])
    (entry,) = add_up_books(
        sandbox.world, datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2100, 1, 1, tzinfo=timezone.utc)
    )
    assert (entry.product, entry.country, entry.amount) == ("SMS", "GB", price)
