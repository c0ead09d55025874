"""The bill: every product in one frame, each message once, and equal to the sandbox's own books."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from unittest import mock

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.costs.bill_lines import BILL_COLUMNS, SOURCES, build_bill
from nexmo_nb.costs.rent import build_rent, split_months
from nexmo_nb.reports.columns import PRODUCTS
from nexmo_nb.reports.response import build_records_frame
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.books import Entry, add_up_books
from nexmo_nb.session import pages

COMMON = {"account_id": "abcd1234", "total_price": "0.05", "currency": "EUR"}
AT = "2025-03-01T12:00:00+00:00"


def read(product: str, *rows: dict[str, Any], direction: str | None = None) -> pd.DataFrame:
    """Read records as the API sends them; what they do not say is what most have."""
    return build_records_frame([COMMON | row for row in rows], product, direction, "EUR")


# Each product: a record as the API sends it, and the line that it is, beside what all have.
LINES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "SMS": (
        {"date_received": AT, "direction": "outbound", "account_ref": "shop", "country": "NA", "network": "64901"},
        {"channel": "sms", "direction": "outbound", "tag": "shop", "country": "NA", "network": "64901"},
    ),
    "MESSAGES": (
        {"date_received": AT, "provider": "whatsapp", "status": "read"},
        {"channel": "whatsapp", "status": "read"},
    ),
    "VOICE-CALL": ({"date_start": AT, "duration": "34", "price": "0.1"}, {"channel": "call", "seconds": 34.0}),
    "VOICE-FAILED": ({"date_start": AT, "status": "FAILED"}, {"channel": "call", "status": "FAILED", "amount": 0.0}),
    "VOICE-TTS": ({"start_time": AT, "duration": "7"}, {"channel": "tts", "seconds": 7.0}),
    "IN-APP-VOICE": ({"date_start": AT, "duration": "3"}, {"channel": "in-app", "seconds": 3.0}),
    "WEBSOCKET-CALL": ({"date_start": AT, "duration": "3"}, {"channel": "websocket", "seconds": 3.0}),
    "ASR": ({"date_start": AT, "duration": "3"}, {"channel": "asr", "seconds": 3.0}),
    "AMD": ({"start_time": AT}, {"channel": "amd"}),
    "VERIFY-API": (
        {"date_received": AT, "price": "0.07", "estimated_price": "0.06", "total_price": ""},
        {"channel": "v1", "amount": 0.07},
    ),
    "VERIFY-V2": ({"date_received": AT, "channel": "silent_auth"}, {"channel": "silent_auth"}),
    "NUMBER-INSIGHT": ({"date_received": AT, "product_type": "HLR"}, {"channel": "HLR"}),
    "CONVERSATION-EVENT": ({"creation_date": AT}, {"channel": "event"}),
    "CONVERSATION-MESSAGE": ({"creation_date": AT, "from_channel": "app"}, {"channel": "app"}),
    "VIDEO-API": ({"date_start": AT, "feature_name": "HLS", "duration": "9"}, {"channel": "HLS", "seconds": 9.0}),
    "NETWORK-API-EVENT": (
        {"record_creation_time": AT, "product_name": "camara-sim-swap", "country_code": "GB"},
        {"channel": "camara-sim-swap", "country": "GB"},
    ),
    "REPORTS-USAGE": (
        {"date_received": AT, "requested_product": "SMS", "items_written": 134, "total_price": 0.0536},
        {"channel": "SMS", "parts": 134, "amount": 0.0536},
    ),
    "SMS-TRAFFIC-CONTROL": (
        {"queued_time": AT, "status": "queued"},
        {"channel": "sms", "status": "queued", "amount": 0.0},
    ),
}


def to_dicts(bill: pd.DataFrame) -> list[dict[str, Any]]:
    return bill.astype(object).where(bill.notna(), None).to_dict("records")


def test_every_product_of_the_reports_is_read() -> None:
    assert set(LINES) == set(SOURCES) == set(PRODUCTS)


@pytest.mark.parametrize("product", LINES)
def test_a_record_of_each_product_is_a_line(product: str) -> None:
    record, line = LINES[product]
    found = build_bill({product: read(product, record)})
    assert {name: str(kind) for name, kind in found.dtypes.items()} == dict(BILL_COLUMNS)
    nothing = dict.fromkeys(("channel", "direction", "country", "network", "status", "tag"))
    wanted = {"day": pd.Timestamp("2025-03-01", tz="UTC"), "product": product, **nothing, "account": "abcd1234"}
    wanted |= {"messages": 1, "parts": 1, "seconds": 0.0, "amount": 0.05, "currency": "EUR", "estimated": False}
    assert to_dicts(found) == [wanted | line]


def test_a_product_that_is_not_known_is_read_by_what_all_have() -> None:
    found = build_bill({"FAX": read("ASR", {"date_start": AT}).drop(columns=["duration", "status"])})
    assert found[["product", "amount", "messages"]].values.tolist() == [["FAX", 0.05, 1]]
    assert found.channel.isna().all()


@pytest.mark.parametrize(
    ("prices", "amount", "is_estimated"),
    [
        ({"estimated_price": "0.06", "total_price": "0.05"}, 0.05, False),
        ({"estimated_price": "0.06", "total_price": ""}, 0.06, True),
        ({"estimated_price": "", "total_price": ""}, 0.0, True),
        ({"estimated_price": "0.06", "total_price": "0"}, 0.0, False),
    ],
)
def test_a_price_that_is_still_to_come_is_an_estimate(
    prices: dict[str, str], amount: float, is_estimated: bool
) -> None:
    found = build_bill({"MESSAGES": read("MESSAGES", {"date_received": AT, "provider": "rcs", **prices})})
    assert found[["amount", "estimated"]].values.tolist() == [[amount, is_estimated]]


SMS = {"date_received": AT, "direction": "outbound", "from": "Demo", "to": "447700900000", "client_ref": "r"}
PARTS = [SMS | {"message_id": str(n), "status": "delivered", "total_price": "0", "workflow_id": "w"} for n in (1, 2)]
RCS = {"date_received": AT, "message_id": "3", "provider": "rcs", "workflow_id": "w", "status": "read"}
CONVERTED: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]], list[tuple[str, int, int, float]]]] = [
    ("the cost is RCS", PARTS, [RCS], [("MESSAGES", 1, 1, 0.05)]),
    ("neither costs", PARTS, [RCS | {"total_price": "0"}], [("MESSAGES", 1, 1, 0.0)]),
    ("the cost is SMS", [row | {"total_price": "0.04"} for row in PARTS], [RCS | {"total_price": "0"}],
     [("SMS", 1, 2, 0.08)]),
    ("both cost, the SMS more", [row | {"total_price": "0.04"} for row in PARTS], [RCS],
     [("MESSAGES", 0, 0, 0.05), ("SMS", 1, 2, 0.08)]),
    ("both cost, the RCS more", [row | {"total_price": "0.01"} for row in PARTS], [RCS],
     [("MESSAGES", 1, 1, 0.05), ("SMS", 0, 0, 0.02)]),
    ("no RCS was read", PARTS, [], [("SMS", 1, 2, 0.0)]),
    ("another workflow", PARTS, [RCS | {"workflow_id": "v"}], [("MESSAGES", 1, 1, 0.05), ("SMS", 1, 2, 0.0)]),
    ("a failover of two messages", [], [RCS, RCS | {"message_id": "4", "provider": "sms"}],
     [("MESSAGES", 1, 1, 0.05), ("MESSAGES", 1, 1, 0.05)]),
]  # fmt: skip


@pytest.mark.parametrize(("sms", "rcs", "lines"), [case[1:] for case in CONVERTED], ids=[case[0] for case in CONVERTED])
def test_an_sms_that_was_turned_into_rcs_counts_once_where_its_cost_is(
    sms: list[dict[str, Any]], rcs: list[dict[str, Any]], lines: list[tuple[str, int, int, float]]
) -> None:
    frames = {"SMS": read("SMS", *sms, direction="outbound"), "MESSAGES": read("MESSAGES", *rcs, direction="outbound")}
    found = build_bill(frames)
    assert [tuple(row) for row in found[["product", "messages", "parts", "amount"]].values.tolist()] == lines


def test_a_message_of_two_parts_is_one_in_all_its_lines() -> None:
    parts = [PARTS[0] | {"workflow_id": ""}, PARTS[1] | {"workflow_id": "", "status": "failed"}]
    found = build_bill({"SMS": read("SMS", *parts)})
    assert sorted(found.messages) == [0, 1]
    assert found.parts.tolist() == [1, 1]


def test_currencies_accounts_and_days_are_never_added() -> None:
    rows = [SMS | {"client_ref": "1"}, SMS | {"client_ref": "2", "currency": "USD"}]
    rows += [SMS | {"client_ref": "3", "account_id": "other"}, SMS | {"date_received": "2025-03-02T00:00:00+00:00"}]
    rows += [SMS | {"client_ref": "5"}]
    found = build_bill({"SMS": [read("SMS", *rows[:3]), read("SMS", *rows[3:])]})
    assert sorted(found.amount) == [0.05, 0.05, 0.05, 0.05, 0.05]
    assert found.groupby(["day", "account", "currency"]).amount.sum().round(8).tolist() == [0.1, 0.05, 0.05, 0.05]


def test_nothing_is_an_empty_bill_of_the_same_form() -> None:
    full = build_bill({"SMS": read("SMS", SMS)})
    for frames in ({}, {"SMS": read("SMS")}, {"SMS": []}, {"MESSAGES": read("MESSAGES"), "ASR": read("ASR")}):
        found = build_bill(frames)
        assert found.empty
        assert found.dtypes.to_dict() == full.dtypes.to_dict()


def test_a_bill_can_be_added_up_by_spend() -> None:
    bill = build_bill(
        {"SMS": read("SMS", *(row | {"total_price": "0.05"} for row in PARTS)), "AMD": read("AMD", {"start_time": AT})}
    )
    found = nx.spend(bill, by="product", freq="MS", tz="UTC", covers=("2025-03-01", "2025-04-01"))
    assert found[["product", "messages", "parts", "spend", "partial"]].values.tolist() == [
        ["AMD", 1, 1, 0.05, False],
        ["SMS", 1, 2, 0.1, False],
    ]


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2025-01-01", "2025-03-01", [("2025-01-01", 1.0), ("2025-02-01", 1.0)]),
        ("2025-01-31", "2025-02-08", [("2025-01-31", 1 / 31), ("2025-02-01", 7 / 28)]),
        ("2025-02-14T12:00", "2025-02-15", [("2025-02-14", 0.5 / 28)]),
        ("2025-02-14", "2025-02-14", []),
        ("2025-02-14", "2025-01-01", []),
    ],
)
def test_rent_is_shared_by_months(start: str, end: str, months: list[tuple[str, float]]) -> None:
    span = [pd.Timestamp(at, tz="UTC").timestamp() for at in (start, end)]
    found = list(split_months(span[0], span[1]))
    assert [(str(day.date()), share) for day, share in found] == [(day, pytest.approx(share)) for day, share in months]


def test_rent_is_an_estimate_by_country_and_type(session: nx.Session) -> None:
    numbers = pd.DataFrame({"country": ["GB", "GB", "NA"], "type": ["mobile-lvn"] * 3})
    costs = pd.DataFrame({"country": ["GB"], "type": ["mobile-lvn"], "monthly_low": [0.8], "currency": ["EUR"]})
    span = [pd.Timestamp(at, tz="UTC").timestamp() for at in ("2025-01-01", "2025-02-01")]
    found = build_rent(numbers, costs, (span[0], span[1]), session.account)
    assert found[["country", "channel", "amount", "estimated"]].values.tolist() == [
        ["GB", "mobile-lvn", 1.6, True],
        ["NA", "mobile-lvn", 0.0, True],
    ]


def test_a_bill_asks_for_its_products_alone(session: nx.Session, sandbox: Sandbox) -> None:
    nx.bill("2025-12-01", "2025-12-02", products=["sms", "VOICE-CALL"])
    asked = [(each["query"]["product"], each["query"].get("direction")) for each in sandbox.requests]
    assert list(dict.fromkeys(asked)) == [("SMS", "outbound"), ("SMS", "inbound"), ("VOICE-CALL", None)]


def test_rent_ends_now(session: nx.Session) -> None:
    now = pd.Timestamp(session.ledger.clock(), unit="s", tz="UTC").normalize()
    whole = nx.bill(now - pd.Timedelta(days=10), now, products="NUMBERS").amount.sum()
    assert nx.bill(now, now + pd.Timedelta(days=10), products="NUMBERS").amount.sum() < whole / 5
    assert nx.bill(now + pd.Timedelta(days=10), now + pd.Timedelta(days=20), products="NUMBERS").empty


def test_without_progress_the_lists_of_numbers_show_no_bar_either(
    session: nx.Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "QUIET_SECONDS", -1.0)
    now = pd.Timestamp.now("UTC")
    for progress in (True, False):
        nx.bill(now - pd.Timedelta(days=10), now, products="NUMBERS", progress=progress)
        assert ("search numbers in" in capsys.readouterr().err) == progress
        session.cache.clear()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: nx.bill("2025-01-01", "2025-01-01"), "^end: "),
        (lambda: nx.bill("yesterday", "2025-01-01"), "^start: "),
        (lambda: nx.bill("2025-01-01", "2025-01-02", products="FAX"), "^products: .*'NUMBERS'"),
        (lambda: nx.bill("2025-01-01", "2025-01-02", products=[]), "^products: "),
        (lambda: nx.bill("2025-01-01", "2025-01-02", products=["all", "SMS"]), "^products: "),
        (lambda: nx.bill("2025-01-01", "2025-01-02", include_subaccounts="yes"), "^include_subaccounts: "),  # type: ignore[arg-type]
        (lambda: build_bill({"SMS": pd.DataFrame({"account_id": ["a"], "price": [0.1]})}), "records of SMS"),
        (lambda: build_bill({"SMS": pd.DataFrame({"price": [0.1]})}), "account_id"),
    ],
)
def test_what_cannot_be_billed_is_refused_before_anything_is_asked(
    session: nx.Session, sandbox: Sandbox, call: Callable[[], Any], says: str
) -> None:
    with pytest.raises(nx.InvalidRequestError, match=says):
        call()
    assert sandbox.requests == []


def add_up(rows: Iterable[tuple[tuple[str, ...], Decimal]]) -> dict[tuple[str, ...], Decimal]:
    sums: dict[tuple[str, ...], Decimal] = {}
    for group, amount in rows:
        sums[group] = sums.get(group, Decimal(0)) + amount
    return {group: amount for group, amount in sums.items() if amount}


def compare_with_books(bill: pd.DataFrame, books: list[Entry]) -> None:
    """Compare a bill with the books exactly, by product, direction, country, account and month."""
    months = bill.assign(month=bill.day.dt.strftime("%Y-%m"))
    names = ["product", "direction", "country", "account", "month"]
    groups = months[names].astype("string").fillna("").itertuples(index=False)
    seen = add_up((tuple(group), Decimal(str(amount))) for group, amount in zip(groups, bill.amount, strict=True))
    truth = add_up((entry[:5], entry.amount) for entry in books)
    assert seen == truth
    assert len(truth) > 20


def test_days_of_all_accounts_agree_with_the_books_and_are_paid_for_once(session: nx.Session, sandbox: Sandbox) -> None:
    bill = nx.bill("2025-12-01", "2025-12-04", include_subaccounts=True, progress=False)
    span = (datetime(2025, 12, 1, tzinfo=timezone.utc), datetime(2025, 12, 4, tzinfo=timezone.utc))
    compare_with_books(bill[bill["product"] != "NUMBERS"], add_up_books(sandbox.world, *span))
    assert bill.account.nunique() == 3
    assert bill[bill.estimated]["product"].unique().tolist() == ["NUMBERS"]
    paid = sum(int(usage["items_written"]) for usage in sandbox.world.usage)
    again = nx.bill("2025-12-01", "2025-12-04", include_subaccounts=True, progress=False)
    pd.testing.assert_frame_equal(again, bill)
    assert sum(int(usage["items_written"]) for usage in sandbox.world.usage) == paid > 0


def test_calls_that_were_placed_are_billed_when_they_have_ended_and_agree_with_the_books_and_the_balance(
    session: nx.Session, sandbox: Sandbox
) -> None:
    now = sandbox.world.now()
    with mock.patch.object(sandbox.world, "now", return_value=now - timedelta(hours=30)):
        nx.send_voice("+44 7700 900123", "Hello", repeat=7)
        nx.send_voice("+1 415 555 0123", "a" * 900)
    nx.send_voice("+44 7700 900123", "It goes on. " * 99, repeat=9)
    day = now.date()
    bill = nx.bill(str(day - timedelta(days=3)), str(day), products=["VOICE-CALL", "VOICE-FAILED"], progress=False)
    assert sorted(zip(bill.country, bill.seconds, strict=True)) == [("GB", 7.0), ("US", 60.0)]
    books = [each for each in add_up_books(sandbox.world, now - timedelta(days=3), now) if "VOICE" in each.product]
    spent = Decimal(25) - sandbox.world.balance
    assert sum(entry.amount for entry in books) == spent > 0
    assert sum(Decimal(str(amount)) for amount in bill.amount) == spent


@pytest.mark.slow
def test_the_bill_of_a_year_agrees_with_the_books(session: nx.Session, sandbox: Sandbox) -> None:
    bill = nx.bill("2025-01-01", "2026-01-01", include_subaccounts=True, max_records=None, progress=False)
    books = add_up_books(sandbox.world)
    read = bill[bill["product"] != "NUMBERS"]
    compare_with_books(read, books)
    # Of SMS that were turned into RCS there are records in both products, and each counts in one.
    records = sum(entry.records for entry in books if entry.product == "MESSAGES")
    assert int(bill[bill["product"] == "MESSAGES"].messages.sum()) == records
    assert int(bill[bill["product"] == "SMS"].parts.sum()) < sum(
        each.records for each in books if each.product == "SMS"
    )
    assert nx.spend(read).spend[0] == pytest.approx(float(sum(entry.amount for entry in books)), abs=1e-6)
    rent = bill[bill["product"] == "NUMBERS"]
    assert rent.groupby("day").amount.sum().nunique() == 1
    assert rent.day.dt.strftime("%m-%d").unique().tolist() == [f"{month:02d}-01" for month in range(1, 13)]
