"""What reading costs: learned, said before and after, and refused where it is over the budget."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from sandbox_reports import sum_messages

import nexmo_nb as nx
from nexmo_nb.reports.spending import Count, RecordPrice, describe_cost, estimate_count
from nexmo_nb.sandbox import Sandbox

QUARTER: dict[str, Any] = {"start": "2025-01-01", "end": "2025-04-01", "progress": False}
LISTED = RecordPrice(0.0004, 0.0004, "EUR", "by the list of 2020")


@pytest.fixture
def notes(session: nx.Session) -> list[str]:
    """What is said to a person."""
    said: list[str] = []
    session.throttle.notify = said.append
    return said


def count_paid(sandbox: Sandbox) -> int:
    return sum(int(each["items_written"]) for each in sandbox.world.usage)


def list_orders(sandbox: Sandbox) -> list[str]:
    return [each["path"] for each in sandbox.requests if each["method"] == "POST"]


def test_costs_are_said_in_records_and_money_with_a_range_where_it_is_one() -> None:
    assert describe_cost(Count(277_190, 277_190), LISTED) == (
        "277,190 records, about 110.88 EUR (0.0004 EUR a record, by the list of 2020)"
    )
    tiered = RecordPrice(0.0003, 0.0004, "EUR", "by REPORTS-USAGE")
    assert describe_cost(Count(1000, 2000), tiered) == (
        "about 1,000 to 2,000 records, about 0.30 to 0.80 EUR (0.0003 to 0.0004 EUR a record, by REPORTS-USAGE)"
    )


def test_an_estimate_has_room_for_other_days() -> None:
    assert estimate_count([], 10.0) is None
    assert estimate_count([2.0, 4.0], 10.0) == Count(15.0, 50.0)


def test_what_a_read_costs_is_said_before_and_after(session: nx.Session, sandbox: Sandbox, notes: list[str]) -> None:
    found = nx.records(**QUARTER)
    first, estimate, paid = notes
    assert "known when the first report is made" in first
    assert re.search(r": about [\d,]+ to [\d,]+ records, about [\d.]+ to [\d.]+ EUR", estimate)
    assert f"{len(found):,} records, about {len(found) * 0.0004:,.2f} EUR" in paid
    notes.clear()
    nx.records(**QUARTER)
    assert notes == []
    nx.records(start="2025-04-01", end="2025-04-11", progress=False)
    assert "To read outbound SMS records, 2025-04-01 to 2025-04-11: about" in notes[0]


@pytest.mark.slow
def test_the_year_is_within_what_is_said_after_its_first_month(
    session: nx.Session, sandbox: Sandbox, notes: list[str]
) -> None:
    found = nx.records(start="2025-01-01", end="2026-01-01", max_records=None, progress=False)
    words = notes[1].split(": ", 1)[1].replace(",", "").split()
    assert int(words[1]) <= len(found) <= int(words[3])


def test_a_free_product_is_read_without_a_word_and_without_a_budget(
    session: nx.Session, sandbox: Sandbox, notes: list[str]
) -> None:
    nx.set_options(report_budget=0)
    assert len(nx.records("REPORTS-USAGE", **QUARTER)) > 20
    assert notes == []


def test_what_a_record_costs_is_learned_from_earlier_reports(
    session: nx.Session, sandbox: Sandbox, notes: list[str]
) -> None:
    sandbox.world.report_price = Decimal("0.0003")
    nx.records(start="2025-03-01", end="2025-03-03")
    assert "by the list of 2020" in notes[-1]
    found = nx.records(start="2025-04-01", end="2025-04-11", progress=False)
    assert f"about {len(found) * 0.0003:,.2f} EUR (0.0003 EUR a record, by REPORTS-USAGE" in notes[-1]
    assert len([r for r in sandbox.requests if r["query"].get("product") == "REPORTS-USAGE"]) == 1


def test_an_option_says_what_a_record_costs_and_nothing_is_asked(
    session: nx.Session, sandbox: Sandbox, notes: list[str]
) -> None:
    nx.set_options(report_price=0.001)
    nx.records(start="2025-04-01", end="2025-04-11", progress=False)
    assert "(0.001 EUR a record, by set_options)" in notes[-1]
    assert not [r for r in sandbox.requests if r["query"].get("product") == "REPORTS-USAGE"]


@pytest.mark.parametrize("accident", ["500", "garbage", "429"])
def test_a_price_that_cannot_be_learned_costs_no_read(
    session: nx.Session, sandbox: Sandbox, notes: list[str], accident: str
) -> None:
    sandbox.fail_next(accident, times=3, path="/v2/reports/records")
    nx.records(start="2025-04-01", end="2025-04-11", progress=False)
    assert "by the list of 2020" in notes[-1]


def test_over_the_budget_is_refused_after_a_day_and_before_the_rest(session: nx.Session, sandbox: Sandbox) -> None:
    nx.set_options(report_budget=5)
    with pytest.raises(nx.InvalidRequestError, match=r"report_budget: .* EUR are left, but to read .* records"):
        nx.records(**QUARTER)
    assert len(list_orders(sandbox)) == 1
    assert count_paid(sandbox) < 1000


def test_what_is_known_of_such_records_is_refused_before_anything_is_paid(
    session: nx.Session, sandbox: Sandbox
) -> None:
    nx.records(start="2025-03-01", end="2025-03-03")
    paid = count_paid(sandbox)
    nx.set_options(report_budget=5)
    with pytest.raises(nx.InvalidRequestError, match="report_budget"):
        nx.records(**QUARTER)
    assert count_paid(sandbox) == paid
    assert list_orders(sandbox) == []


def test_the_budget_is_used_up_and_what_is_kept_is_free(session: nx.Session, sandbox: Sandbox) -> None:
    nx.records(start="2025-03-01", end="2025-03-03")
    nx.set_options(report_budget=2)
    april: dict[str, Any] = {"start": "2025-04-01", "end": "2025-04-06", "progress": False}
    found = nx.records(**april)
    assert 0.5 < len(found) * 0.0004 < 2
    with pytest.raises(nx.InvalidRequestError, match="report_budget"):
        nx.records(start="2025-05-01", end="2025-05-06", progress=False)
    assert len(nx.records(**april)) == len(found)
    with pytest.raises(nx.InvalidRequestError, match="report_budget"):
        nx.delivery([f"{n}" for n in range(9_000)])
    nx.set_options(report_budget=2)
    assert len(nx.records(start="2025-05-01", end="2025-05-06", progress=False)) > 100


def test_reading_at_once_stops_where_the_budget_ends(session: nx.Session, sandbox: Sandbox) -> None:
    nx.set_options(report_budget=0.5)
    with pytest.raises(nx.InvalidRequestError, match="report_budget"):
        nx.records(start="2025-03-01", end="2025-03-08", mode="sync")
    assert count_paid(sandbox) * 0.0004 < 0.5 + 0.4  # one page more than the budget at most


@pytest.mark.parametrize("name", ["report_budget", "report_price"])
@pytest.mark.parametrize("value", [-1, float("nan"), "5", True, 10**400])
def test_amounts_that_are_none_are_refused(name: str, value: Any) -> None:
    before = nx.set_options()
    with pytest.raises(nx.InvalidRequestError, match=name):
        nx.set_options(**{name: value})
    assert nx.set_options() == before


def test_a_budget_holds_where_the_first_day_was_a_quiet_one(session: nx.Session, sandbox: Sandbox) -> None:
    spring: dict[str, Any] = {"start": "2025-03-01", "end": "2025-06-01", "progress": False, "max_records": None}
    saturday = sum_messages(sandbox.world, *(pd.Timestamp(f"2025-03-0{day}", tz="UTC").timestamp() for day in (1, 2)))
    budget = 1.3 * sum(count for count, _ in saturday.values()) * 92 * 0.0004
    nx.set_options(report_budget=budget)
    with pytest.raises(nx.InvalidRequestError, match="report_budget"):
        nx.records(**spring)
    assert 1 < len(list_orders(sandbox)) < 4
    assert count_paid(sandbox) * 0.0004 <= budget
