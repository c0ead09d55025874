"""FOCUS: the file holds to the published columns and rules of version 1.2, and adds up to the bill.

`focus_columns_1_2.csv` has the columns of the FinOps Open Cost and Usage Specification 1.2 with their constraints, as
its pages give them: https://focus.finops.org/focus-specification/v1-2/.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.focus import COLUMNS, NEEDED, SERVICES

with Path(__file__).with_name("focus_columns_1_2.csv").open(encoding="utf-8", newline="") as file:
    PUBLISHED = {row["column"]: row for row in csv.DictReader(file)}
FORMATS = {
    "Numeric Format": r"-?\d+(\.\d+)?(E-?\d+)?",
    "Currency Format": "[A-Z]{3}",
    "Date/Time Format": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "Unit Format": r"[A-Z][a-z]+s",
}


def build_bill(**changes: Any) -> pd.DataFrame:
    """Build a bill as `nexmo_nb.bill` returns it: every product, on the days at both ends of a month."""
    days = pd.to_datetime(["2025-12-31", "2026-01-01"], utc=True)
    lines = [
        {
            "day": day, "product": product, "channel": "sms", "direction": "outbound", "country": "NA",
            "network": "64901", "status": "delivered", "account": "abcd1234", "tag": 'Spring, "sale"', "messages": n,
            "parts": 2 * n, "seconds": 90.0, "amount": 0.1 * n + 1e-7, "currency": "EUR",
            "estimated": product == "NUMBERS",
        }
        for n, (day, product) in enumerate([(day, product) for day in days for product in (*SERVICES, "NEW-PRODUCT")])
    ]  # fmt: skip
    bare = dict.fromkeys(("channel", "direction", "country", "network", "status", "tag"))
    lines.append({**lines[0], **bare, "account": "sub00001", "amount": -0.5})
    texts = dict.fromkeys(("product", "account", "currency", *bare), "string")
    return pd.DataFrame(lines).astype(texts).assign(**changes)


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MANDATORY = [name for name, rule in PUBLISHED.items() if rule["level"] == "Mandatory"]


def is_formatted(cell: str, name: str) -> bool:
    return re.fullmatch(FORMATS.get(name, ".+"), cell, re.DOTALL) is not None


def find_faults(rows: list[dict[str, str]]) -> Iterator[str]:
    """Find what the published constraints forbid."""
    names = list(rows[0])
    own = [name for name in names if name.startswith("x_")]
    yield from (f"{name} is missing" for name in MANDATORY if name not in names)
    yield from (f"{name} is not published" for name in names if name not in PUBLISHED and name not in own)
    if names[-len(own) :] != own:
        yield "own columns stand before published ones"
    for row in rows:
        for name, rule in PUBLISHED.items():
            cell = row.get(name, "")
            if not cell:
                if name in row and rule["nulls"] == "False":
                    yield f"{name} is null"
            elif (rule["values"] and cell not in rule["values"].split("|")) or not is_formatted(cell, rule["format"]):
                yield f"{name} is {cell}"


def test_the_file_holds_to_the_published_columns() -> None:
    assert len(PUBLISHED) == 57
    rows = read_rows(nx.to_focus(build_bill(), "focus.csv"))
    assert tuple(rows[0]) == COLUMNS
    assert list(find_faults(rows)) == []


def test_a_fault_would_be_found() -> None:
    rows = read_rows(nx.to_focus(build_bill(), "focus.csv"))
    broken = [
        {**row, "ChargeCategory": "Rent", "BilledCost": "1e+5", "Extra": "", "BillingAccountId": ""} for row in rows[:1]
    ]
    del broken[0]["ListCost"]
    assert [fault.split()[0] for fault in find_faults(broken)] == [
        "ListCost", "Extra", "own", "BilledCost", "BillingAccountId", "ChargeCategory",
    ]  # fmt: skip


def test_costs_add_up_to_the_bill_to_the_last_digit() -> None:
    bill = build_bill()
    rows = read_rows(nx.to_focus(bill, "focus.csv.gz"[:-3]))
    for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
        assert sum(Decimal(row[name]) for row in rows) == sum(Decimal(repr(amount)) for amount in bill.amount)


def test_rules_between_columns_hold() -> None:
    bill = build_bill()
    rows = read_rows(nx.to_focus(bill, "focus.csv"))
    for row, line in zip(rows, bill.to_dict("records"), strict=True):
        assert row["BillingPeriodStart"] <= row["ChargePeriodStart"] < row["ChargePeriodEnd"] <= row["BillingPeriodEnd"]
        is_usage = row["ChargeCategory"] == "Usage"
        assert is_usage == (line["product"] != "NUMBERS") == (row["ChargeFrequency"] == "Usage-Based")
        assert bool(row["ConsumedQuantity"]) == bool(row["ConsumedUnit"]) == is_usage
        assert row["PricingQuantity"]
        assert row["x_Estimated"] == ("false" if is_usage else "true")
        if row["Tags"]:
            assert json.loads(row["Tags"]) == {"tag": 'Spring, "sale"'}
    categories = {(row["ServiceName"], row["ServiceCategory"]) for row in rows}
    assert len(categories) == len({name for name, _ in categories}) == len(SERVICES) + 1
    rent = next(row for row in rows if row["ServiceName"] == "NUMBERS")
    assert (rent["ChargePeriodStart"], rent["ChargePeriodEnd"]) == ("2025-12-31T00:00:00Z", "2026-01-01T00:00:00Z")
    call = next(row for row in rows if row["ServiceName"] == "VOICE-CALL")
    assert (call["PricingQuantity"], call["PricingUnit"]) == ("1.5", "Minutes")
    assert (call["ConsumedQuantity"], call["ConsumedUnit"]) == ("90", "Seconds")
    assert rows[0]["ChargeDescription"] == "SMS sms outbound, Namibia, 64901: delivered"


def test_who_pays_stands_above_the_accounts_that_used_it() -> None:
    rows = read_rows(nx.to_focus(build_bill(), "focus.csv", billing_account="abcd1234"))
    assert {row["BillingAccountId"] for row in rows} == {"abcd1234"}
    assert [row["SubAccountId"] for row in rows] == [""] * (len(rows) - 1) + ["sub00001"]
    rows = read_rows(nx.to_focus(build_bill(account=pd.NA), "focus.csv", billing_account="abcd1234"))
    assert list(find_faults(rows)) == []


def test_a_bill_of_nothing_is_a_heading() -> None:
    assert nx.read_csv(nx.to_focus(build_bill().iloc[:0], "focus.csv")).columns.tolist() == list(COLUMNS)


@pytest.mark.parametrize("name", ["day", "product", "amount", "currency", "account"])
def test_a_line_without_what_focus_demands_is_refused(name: str) -> None:
    bill = build_bill()
    bill.loc[3, name] = pd.NaT if name == "day" else None
    with pytest.raises(nx.InvalidRequestError, match=f"1 of {len(bill)} lines have no {name}"):
        nx.to_focus(bill, "focus.csv")
    assert not Path("focus.csv").exists()


def test_what_is_no_bill_is_refused() -> None:
    with pytest.raises(nx.InvalidRequestError, match="a frame with amount"):
        nx.to_focus(build_bill().drop(columns="amount"), "focus.csv")
    with pytest.raises(nx.InvalidRequestError, match="times in day"):
        nx.to_focus(build_bill(day="2026-01-01"), "focus.csv")
    assert set(NEEDED) == set(build_bill().columns)
