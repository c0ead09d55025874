"""The made-up year as the Reports API hands it out: asked over HTTP, with nothing of the client in the way."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sandbox_client import TO, UNKNOWN, Client
from sandbox_reports import DAYS, build_query, list_records, order_file, read_file, read_page, read_pages, sum_messages

from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.segments import split_gsm, split_ucs2
from nexmo_nb.sandbox.traffic import iterate_records

YEAR = ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
SMS = (
    "account_id message_id account_ref client_ref direction from to forced_from changed_from concatenated message_body"
    " network network_name country country_name date_received date_finalized latency status error_code"
    " error_code_description currency total_price id dcs validity_period ip_address udh workflow_id tier_volume"
)
FIELDS = {
    ("SMS", "outbound"): SMS,
    ("SMS", "inbound"): "account_id message_id direction from to network network_name country country_name"
    " date_received currency total_price id message_body tier_volume",
    ("MESSAGES", "outbound"): "account_id message_id client_ref direction from to message_body country country_name"
    " provider provider_error_code network network_name session_type session_id date_received date_finalized latency"
    " status error_code currency estimated_price total_price workflow_id workflow_items_number workflow_items_total"
    " pricing_model pricing_type id tier_volume",
    ("MESSAGES", "inbound"): "account_id message_id direction from to message_body provider network network_name"
    " date_received currency total_price id tier_volume",
    ("VERIFY-API", None): "account_id request_id from to locale number_type network network_name country country_name"
    " date_received date_finalized first_event_date last_event_date status sms_event_count tts_event_count currency"
    " pricing_model price estimated_price sms_price tts_price id",
    ("VERIFY-V2", None): "account_id request_id parent_request_id channel to locale network network_name country status"
    " client_ref date_received sms_event_count tts_event_count whatsapp_event_count email_event_count"
    " silentauth_event_count rcs_event_count if_fraud_check pin_length currency total_price id",
    ("NUMBER-INSIGHT", None): "account_id request_id product_type number date_received status response_code network"
    " network_name network_type country country_name valid ported reachable first_name last_name currency total_price"
    " id",
    ("VOICE-CALL", None): "account_id call_id direction from to forced_from network network_name country country_name"
    " date_start date_end duration status status_description status_code currency price total_price id tier_volume",
    ("VOICE-FAILED", None): "account_id call_id direction from to network network_name country country_name"
    " date_start date_end status status_code status_description id",
    ("VOICE-TTS", None): "account_id from to status trace_id premium language style length size start_time end_time"
    " duration currency price total_price tts_type tts_level call_id conversation_id creation_date id",
}
MARCH, DECEMBER = (
    tuple(datetime(year, month, 1, tzinfo=timezone.utc).timestamp() for year, month in pair)
    for pair in (((2025, 3), (2025, 4)), ((2025, 12), (2026, 1)))
)
Sums = dict[tuple[str, str, str], tuple[int, Decimal]]


def sum_records(records: Iterable[dict[str, str]]) -> Sums:
    sums: Sums = {}
    for record in records:
        key = (record["country"], record["network"], record["status"])
        count, cost = sums.get(key, (0, Decimal(0)))
        sums[key] = (count + 1, cost + Decimal(record["total_price"]))
    return sums


def to_unix(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


# --- what is there ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_file_of_a_year_holds_every_record_and_every_cent(client: Client, sandbox: Sandbox) -> None:
    count, _, text = order_file(client, **build_query(client, YEAR))
    ids = set()

    def records() -> Iterator[dict[str, str]]:
        for record in csv.DictReader(io.StringIO(text)):
            ids.add(record["message_id"])
            yield record

    sums = sum_records(records())
    assert len(ids) == count >= 200_000
    assert sums == sum_messages(sandbox.world, *map(to_unix, YEAR))
    assert any(country == "NA" for country, _, _ in sums)


def test_the_file_of_some_days_agrees_with_the_sums_over_a_month_end(client: Client, sandbox: Sandbox) -> None:
    span = ("2025-02-26T00:00:00Z", "2025-03-02T12:00:00Z")
    assert sum_records(read_file(client, **build_query(client, span))) == sum_messages(
        sandbox.world, *map(to_unix, span)
    )


@pytest.mark.slow
def test_a_seed_has_its_own_year_and_a_reset_does_not_change_it() -> None:
    made = []
    for seed in (3, 3, 4):
        with Sandbox(seed=seed, limits=False) as sandbox:
            client = Client(sandbox)
            made.append(order_file(client, **build_query(client))[2])
            sandbox.reset()
            assert order_file(client, **build_query(client))[2] == made[-1]
            client.connection.close()
    assert made[0] == made[1]
    assert made[0] != made[2]


@pytest.mark.parametrize(("kind", "names"), FIELDS.items())
def test_records_have_the_documented_fields_all_of_them_text(
    client: Client, kind: tuple[str, str | None], names: str
) -> None:
    wanted = build_query(client, product=kind[0], direction=kind[1])
    records = list_records(client, **wanted)
    assert records
    assert all(list(record) == names.split() for record in records)
    assert all(isinstance(value, str) for record in records for value in record.values())
    assert read_file(client, **wanted) == records


def test_records_of_messages_are_plausible(client: Client) -> None:
    records = list_records(client, **build_query(client, show_concatenated="true", include_message="true"))
    assert {"GB", "US", "NA"} <= {record["country"] for record in records}
    assert 0.88 < sum(record["status"] == "delivered" for record in records) / len(records) < 0.96
    for record in records:
        assert re.fullmatch(r"\d+\.\d{8}", record["total_price"])
        assert (record["total_price"] == "0.00000000") == (
            record["status"] == "rejected" or bool(record["workflow_id"])
        )
        assert (record["error_code"] == "0") == (record["status"] == "delivered")
        assert record["currency"] == ""
        assert record["id"] == record["message_id"]
        assert re.fullmatch(r"2025-12-0[34]T\d\d:\d\d:\d\d\+00:00", record["date_received"])
        took = to_unix(record["date_finalized"]) - to_unix(record["date_received"])
        assert took == pytest.approx(int(record["latency"]) / 1000, abs=0.001)


def test_parts_of_a_message_share_all_but_their_ids(client: Client) -> None:
    parts: dict[str, list[dict[str, str]]] = {}
    for record in list_records(client, **build_query(client, show_concatenated="true", include_message="true")):
        parts.setdefault(record["client_ref"], []).append(record)
    several = [records for records in parts.values() if len(records) > 1]
    assert several
    for records in several:
        assert len({record["message_id"] for record in records}) == len(records)
        assert {record["concatenated"] for record in records} == {"TRUE"}
        for name in ("from", "to", "date_received", "message_body", "dcs", "network"):
            assert len({record[name] for record in records}) == 1
    assert {records[0]["concatenated"] for records in parts.values() if len(records) == 1} == {"FALSE"}


def test_a_poor_network_delivers_less(client: Client) -> None:
    def share(network: str) -> float:
        found = read_file(
            client, **build_query(client, ("2025-05-01T00:00:00Z", "2025-06-01T00:00:00Z"), network=network)
        )
        return sum(record["status"] == "delivered" for record in found) / len(found)

    assert share("64903") < 0.8 < 0.9 < share("64901")


def test_prices_changed_within_the_year_and_end_as_the_list_has_them(client: Client) -> None:
    def find_price(month: int) -> set[str]:
        span = (f"2025-{month:02d}-01T00:00:00Z", f"2025-{month:02d}-20T00:00:00Z")
        found = read_file(client, **build_query(client, span, network="64901"))
        return {record["total_price"] for record in found if record["status"] != "rejected"}

    listed = client.request("GET", "/account/get-pricing/outbound/sms?country=NA")[1]["networks"]
    assert find_price(12) == {network["price"] for network in listed if network["networkCode"] == "64901"}
    (before,), (after,) = find_price(1), find_price(12)
    assert abs(Decimal(before) / Decimal(after) - 1) <= Decimal("0.2")
    assert before != after


# --- how it is asked for ---------------------------------------------------------------------------------------------


def test_pages_give_every_record_once_in_order(client: Client) -> None:
    wanted = build_query(client)
    bodies = read_pages(client, **wanted)
    records = [record for body in bodies for record in body["records"]]
    assert [body["items_count"] for body in bodies][:-1] == [1000] * (len(bodies) - 1)
    assert 1000 < len(records) == len({record["message_id"] for record in records})
    assert [r["date_received"] for r in records] == sorted(r["date_received"] for r in records)
    assert read_file(client, **wanted) == records


def test_a_link_leads_to_the_next_page(client: Client) -> None:
    first, second = read_pages(client, **build_query(client))[:2]
    link = first["_links"]["next"]["href"].removeprefix(client.sandbox.url)
    assert client.request("GET", link)[1]["records"] == second["records"]
    assert "next" not in read_pages(client, **build_query(client))[-1]["_links"]


@pytest.mark.parametrize(
    "change", [{"iv": None}, {"cursor": None}, {"iv": "ff"}, {"cursor": "?"}, {"cursor": "LTE="}, {"cursor": "MTI="}]
)
def test_a_wrong_cursor_is_refused(client: Client, change: dict[str, str | None]) -> None:
    body = read_page(client, **build_query(client))[1]
    more = {"cursor": body["cursor"], "iv": body["iv"], **change}
    status, answer = read_page(client, **build_query(client, **more))
    assert (status, answer["type"].split("#")[1]) == (422, "invalid-params")


def test_a_span_holds_its_start_and_not_its_end(client: Client) -> None:
    whole = list_records(client, **build_query(client))
    middle = whole[len(whole) // 2]["date_received"].replace("+00:00", "Z")
    halves = [list_records(client, **build_query(client, span)) for span in ((DAYS[0], middle), (middle, DAYS[1]))]
    assert halves[0] + halves[1] == whole
    assert halves[1][0]["date_received"].replace("+00:00", "Z") == middle
    later = middle.replace("Z", ".500Z")
    after = list_records(client, **build_query(client, (later, DAYS[1])))
    assert after == [record for record in halves[1] if to_unix(record["date_received"]) > to_unix(middle)]


@pytest.mark.parametrize("asked", [{"include_message": "true"}, {"show_concatenated": "1"}, {}])
def test_texts_and_whether_they_are_in_parts_are_told_on_request(client: Client, asked: dict[str, Any]) -> None:
    for read in (list_records, read_file):
        records = read(client, **build_query(client, **asked))
        assert all(bool(record["message_body"]) == ("include_message" in asked) for record in records)
        assert all(bool(record["concatenated"]) == ("show_concatenated" in asked) for record in records)


@pytest.mark.parametrize(
    ("name", "value"),
    [("status", "failed"), ("from", "Bank"), ("country", "NA"), ("network", "26801"), ("account_ref", "otp")],
)
def test_filters_leave_what_fits(client: Client, name: str, value: str) -> None:
    fitting = [record for record in list_records(client, **build_query(client)) if record[name] == value]
    assert fitting
    assert list_records(client, **build_query(client, DAYS, **{name: value})) == fitting
    assert read_file(client, **build_query(client, DAYS, **{name: value})) == fitting


def test_the_recipient_and_the_reference_find_a_message(client: Client) -> None:
    one = list_records(client, **build_query(client))[0]
    assert one in list_records(client, **build_query(client, to=one["to"]))
    found = read_file(client, **build_query(client, client_ref=one["client_ref"]))
    assert found[0] == one
    assert {record["client_ref"] for record in found} == {one["client_ref"]}


@pytest.mark.parametrize(
    "fields",
    [
        {"client_ref": "otp-1200001"},
        {"call_id": UNKNOWN},
        {"product": "VOICE-CALL", "client_ref": "x"},
        {"product": "VOICE-FAILED", "network": "23410"},
        {"product": "VOICE-TTS", "country": "GB"},
    ],
)
def test_filters_of_other_products_are_refused(client: Client, fields: dict[str, Any]) -> None:
    status, body = read_page(client, **build_query(client, **fields))
    assert (status, body["type"].split("#")[1]) == (422, "invalid-filter")


@pytest.mark.parametrize(("product", "direction"), FIELDS)
def test_records_are_found_by_id(client: Client, product: str, direction: str | None) -> None:
    kind = {"product": product, "direction": direction}
    known = [
        list_records(client, **build_query(client, (f"{day}T00:00:00Z", f"{day}T23:00:00Z"), **kind))
        for day in ("2025-11-05", "2025-02-05")
    ]
    wanted = [records[0] for records in known if records]
    ids = ",".join([*(record["id"] for record in wanted), UNKNOWN])
    asked = build_query(client, (None, None), id=ids, **kind)
    status, body = read_page(client, **asked)
    assert (status, body["records"], body["ids_not_found"]) == (200, wanted, UNKNOWN)


def test_calls_are_found_by_their_call(client: Client) -> None:
    for product in ("VOICE-CALL", "VOICE-FAILED", "VOICE-TTS"):
        one = list_records(client, **build_query(client, product=product, direction=None))[0]
        assert one["call_id"].endswith("-1")
        assert list_records(client, **build_query(client, product=product, direction=None, call_id=one["call_id"])) == [
            one
        ]


@pytest.mark.parametrize("product", ["ASR", "VIDEO-API", "NETWORK-API-EVENT", "AMD"])
def test_other_products_are_known_and_empty(client: Client, product: str) -> None:
    assert list_records(client, **build_query(client, product=product)) == []
    assert order_file(client, **build_query(client, product=product))[0] == 0


@pytest.mark.parametrize(("product", "status"), [("SMS", 422), ("MESSAGES", 422), ("VERIFY-V2", 200), ("ASR", 200)])
def test_some_products_need_a_direction(client: Client, product: str, status: int) -> None:
    assert read_page(client, **build_query(client, product=product, direction=None))[0] == status


def test_a_file_has_its_name_and_its_count(client: Client) -> None:
    count, name, text = order_file(client, **build_query(client))
    assert re.fullmatch(rf"report_SMS_{client.sandbox.api_key}_\d{{8}}\.csv", name)
    assert text.splitlines()[0] == SMS.replace(" ", ",")
    assert count == len(text.splitlines()) - 1


@pytest.mark.parametrize(("days", "status"), [(400, 200), (401, 422), (0, 422)])
def test_a_span_has_at_most_400_days(client: Client, days: int, status: int) -> None:
    start = datetime(2024, 1, 1, tzinfo=timezone.utc)
    span = tuple(f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (start, start + timedelta(days=days)))
    assert client.request("POST", "/v2/reports", build_query(client, (span[0], span[1])))[0] == status


def test_what_was_sent_here_stands_among_the_traffic() -> None:
    now = datetime(2025, 12, 3, 12, tzinfo=timezone.utc)
    with Sandbox(limits=False, now=lambda: now) as sandbox:
        client = Client(sandbox)
        code = client.sms(to=TO)["messages"][0]["message-id"]
        whole = list_records(client, **build_query(client))
        week = list_records(client, **build_query(client, (None, None)))
        client.connection.close()
    times = [to_unix(record["date_received"]) for record in whole]
    assert times == sorted(times)
    assert [record["to"] for record in whole if record["message_id"] == code] == [TO]
    assert now.timestamp() - 7 * 86_400 <= to_unix(week[0]["date_received"]) <= to_unix(week[-1]["date_received"])
    assert to_unix(week[-1]["date_received"]) < now.timestamp()
    assert len(week) > len(whole)


def test_messages_have_as_many_records_as_their_text_has_parts(sandbox: Sandbox) -> None:
    names = FIELDS["SMS", "outbound"].split()
    records = [
        dict(zip(names, row, strict=True)) for row in iterate_records(sandbox.world, "SMS", "outbound", *DECEMBER)
    ]
    counts = Counter(record["client_ref"] for record in records)
    messages = {record["client_ref"]: record for record in records}
    assert set(counts.values()) == {1, 2}
    for reference, message in messages.items():
        split = split_gsm if message["dcs"] == "0" else split_ucs2
        assert counts[reference] == len(split(message["message_body"]))


def test_some_numbers_rest_and_some_were_never_used(sandbox: Sandbox) -> None:
    owned = sandbox.world.numbers_at_start
    place = FIELDS["SMS", "inbound"].split().index("to")
    march, december = (
        {row[place] for row in iterate_records(sandbox.world, "SMS", "inbound", *t)} for t in (MARCH, DECEMBER)
    )
    assert set(owned[-4:-2]) <= march
    assert not set(owned[-2:]) & march
    assert not set(owned[-4:]) & december
