"""What is decided about records before anything is asked: the span, the way to read them, and their number."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.frames import TIME
from nexmo_nb.reports.columns import PRODUCTS, get_columns
from nexmo_nb.reports.parquet import build_file_name
from nexmo_nb.reports.purchases import check_record_count, split_by_month
from nexmo_nb.reports.request import (
    DAY,
    RecordsQuery,
    build_span_fields,
    check_ids,
    check_span,
    is_read_at_once,
)
from nexmo_nb.reports.response import build_records_frame, join_records, parse_file_id, parse_next_page, parse_page
from nexmo_nb.reports.spending import RecordPrice


def seconds(year: int, month: int, day: int) -> float:
    return datetime(year, month, day, tzinfo=timezone.utc).timestamp()


def query(start: float, end: float, **filters: str | bool) -> RecordsQuery:
    return RecordsQuery("abcd1234", "SMS", "outbound", start, end, filters)


def test_a_span_is_a_week_unless_it_is_said_and_at_most_five_years() -> None:
    end = seconds(2025, 3, 8)
    assert check_span(None, None, end) == (seconds(2025, 3, 1), end)
    with pytest.raises(nx.InvalidRequestError, match="^end: got .*a time after start"):
        check_span("2025-03-08", "2025-03-08", end)
    with pytest.raises(nx.InvalidRequestError, match="13 months"):
        check_span("2019-01-01", "2025-03-08", end)


def test_months_meet_and_the_last_one_ends_with_the_span() -> None:
    assert list(split_by_month(seconds(2024, 11, 20), seconds(2025, 1, 3))) == [
        (seconds(2024, 11, 20), seconds(2024, 12, 1)),
        (seconds(2024, 12, 1), seconds(2025, 1, 1)),
        (seconds(2025, 1, 1), seconds(2025, 1, 3)),
    ]


def test_files_of_other_filters_have_other_names() -> None:
    span = (seconds(2025, 1, 1), seconds(2025, 1, 3))
    names = {
        build_file_name(build_span_fields(query(*span, **filters), *span)) for filters in ({}, {"status": "failed"})
    }
    assert len(names) == 2


def test_the_fields_of_a_span_are_those_of_the_api() -> None:
    assert build_span_fields(query(0.0, 1.5, status="failed"), 0.0, 1.5) == {
        "product": "SMS",
        "account_id": "abcd1234",
        "date_start": "1970-01-01T00:00:00+00:00",
        "date_end": "1970-01-01T00:00:01.500+00:00",
        "status": "failed",
        "show_concatenated": True,
    }


@pytest.mark.parametrize(
    ("mode", "days", "filters", "to_folder", "at_once"),
    [
        ("auto", 2, {}, False, True),
        ("auto", 3, {}, False, False),
        ("auto", 1, {}, True, False),
        ("auto", 1, {"client_ref": "a"}, False, False),
        ("sync", 30, {"status": "failed"}, False, True),
        ("async", 1, {}, False, False),
    ],
)
def test_a_short_span_is_read_at_once(
    mode: str, days: int, filters: dict[str, Any], to_folder: bool, at_once: bool
) -> None:
    assert is_read_at_once(query(0.0, days * DAY, **filters), mode, to_folder=to_folder) is at_once


@pytest.mark.parametrize(
    ("filters", "to_folder", "name"), [({"client_ref": "a"}, False, "client_ref"), ({}, True, "to")]
)
def test_what_needs_a_report_cannot_be_read_at_once(filters: dict[str, Any], to_folder: bool, name: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^mode: got 'sync'.* with {name}"):
        is_read_at_once(query(0.0, DAY, **filters), "sync", to_folder=to_folder)


def test_ids_come_once_each_and_alone() -> None:
    nothing = {"start": None, "end": None}
    assert check_ids(["a", "b", "a"], nothing, ["direction"]) == ["a", "b"]
    for wrong in (["a,b"], ["a b"], [""], 5):
        with pytest.raises(nx.InvalidRequestError, match="^ids: got"):
            check_ids(wrong, nothing, [])  # type: ignore[arg-type]
    with pytest.raises(nx.InvalidRequestError, match="ids alone"):
        check_ids(["a"], {"start": "2025-01-01"}, [])


def test_a_count_that_is_not_known_is_not_refused() -> None:
    price = RecordPrice(0.0004, 0.0004, "EUR", "by the list of 2020")
    check_record_count(float("nan"), 5, price)
    check_record_count(1e9, None, price)
    check_record_count(5, 5, price)
    with pytest.raises(nx.InvalidRequestError, match=r"about 10,000 records.* 4\.00 EUR"):
        check_record_count(10_000, 5, price)


def test_a_page_names_both_halves_of_the_next_or_is_the_last() -> None:
    assert parse_next_page({"cursor": "c", "iv": "i"}, "x") == {"cursor": "c", "iv": "i"}
    assert parse_next_page({"cursor": "", "iv": None}, "x") == {}
    for wrong in ({"cursor": "c"}, {"cursor": "c", "iv": 5}):
        with pytest.raises(nx.UnreachableError, match="where its next page is"):
            parse_next_page(wrong, "x")


def test_a_page_without_records_and_a_report_without_a_file_are_errors() -> None:
    assert parse_page({"records": []}, "x") == []
    with pytest.raises(nx.UnreachableError, match="holds no records"):
        parse_page({"records": [1]}, "x")
    assert (
        parse_file_id({"_links": {"download_report": {"href": "https://api.nexmo.com/v3/media/ab-1"}}}, "x") == "ab-1"
    )
    with pytest.raises(nx.UnreachableError, match="names no file"):
        parse_file_id({"_links": {"download_report": {"href": "https://api.nexmo.com/v3/media/../.."}}}, "x")


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_product_has_columns_with_a_time_and_what_it_cost_as_a_number(product: str) -> None:
    columns = {column.name: column.dtype for column in get_columns(product, "outbound").values()}
    assert TIME in columns.values()
    assert ("price" in columns) is (product not in ("VOICE-FAILED", "SMS-TRAFFIC-CONTROL"))
    assert {columns[name] for name in ("price", "rate", "estimated_price") if name in columns} <= {"float64"}
    assert columns["account_id"] == "string"


def test_inbound_records_have_columns_of_their_own() -> None:
    for product in ("SMS", "MESSAGES"):
        assert list(get_columns(product, "inbound"))[:2] == ["message_id", "direction"]


def test_the_price_of_a_verification_without_a_total_is_what_it_cost() -> None:
    assert get_columns("VERIFY-API", None)["price"].name == "price"
    assert get_columns("VOICE-CALL", None)["price"].name == "rate"


def test_fields_that_are_not_listed_come_as_text_under_a_name_that_is_free() -> None:
    found = get_columns("ASR", None, ["id", "date_start", "mood", "started", "started_"])
    assert [(column.name, column.dtype) for column in found.values()][-3:] == [
        ("mood", "string"),
        ("started_", "string"),
        ("started__", "string"),
    ]


def test_frames_of_which_one_has_more_columns_are_joined_with_all_of_them() -> None:
    kind = ("ASR", None, "EUR")
    empty = build_records_frame([], *kind)
    few, more = (build_records_frame([{"id": code, **extra}], *kind) for code, extra in (("a", {}), ("b", {"m": 1})))
    for frames in ((few, more), (more, few)):
        joined = join_records(frames, empty)
        assert joined.set_index("id").m.fillna("-").to_dict() == {"a": "-", "b": "1"}
        assert str(joined.dtypes["m"]) == "string"
    assert join_records([], empty) is empty
