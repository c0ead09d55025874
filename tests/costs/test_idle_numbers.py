"""Idle numbers: nothing that is in use, or may be, is ever listed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.costs.numbers import TRAFFIC
from nexmo_nb.sandbox import Sandbox

ROUTES = ("app_id", "mo_http_url", "voice_callback_value", "messages_callback_value")


@pytest.fixture
def bare(session: nx.Session) -> pd.DataFrame:
    """The owned numbers that lead nowhere."""
    owned = nx.owned_numbers()
    found = owned[owned[list(ROUTES)].isna().all(axis=1)].reset_index(drop=True)
    assert 2 <= len(found) < len(owned)
    return found


def traffic(*rows: tuple[str, str, str], **columns: Any) -> pd.DataFrame:
    """Make records from sender, recipient and time."""
    table = pd.DataFrame(rows, columns=["sender", "to", "received"]).astype({"sender": "string", "to": "string"})
    return table.assign(received=pd.to_datetime(table.received, utc=True, format="ISO8601"), **columns)


@pytest.mark.parametrize("route", ROUTES)
def test_a_number_that_leads_somewhere_is_not_idle(bare: pd.DataFrame, route: str) -> None:
    linked = bare.copy()
    linked.loc[0, route] = "somewhere"
    found = nx.idle_numbers(linked, traffic(), until="2025-02-10")
    assert set(found.msisdn) == set(bare.msisdn[1:])


def test_an_empty_text_leads_nowhere(bare: pd.DataFrame) -> None:
    emptied = bare.assign(**dict.fromkeys(ROUTES, ""))
    assert set(nx.idle_numbers(emptied, traffic()).msisdn) == set(bare.msisdn)


@pytest.mark.parametrize("place", ["sender", "to", "forced_from", "changed_from"])
@pytest.mark.parametrize("write", ["{}", "+{}"])
def test_a_number_with_traffic_is_not_idle(bare: pd.DataFrame, place: str, write: str) -> None:
    busy = bare.msisdn[0]
    table = traffic(("x", "y", "2025-02-01")).assign(**{place: write.format(busy)})
    found = nx.idle_numbers(bare, [traffic(), table], days=30, until="2025-02-10")
    assert set(found.msisdn) == set(bare.msisdn[1:])


@pytest.mark.parametrize(
    ("at", "is_idle"),
    [
        ("2025-01-11T00:00", False),
        ("2025-01-10T23:59:59", True),
        ("2025-02-10T00:00", False),
        ("2025-02-10T00:00:01", True),
    ],
)
def test_only_traffic_in_time_counts(bare: pd.DataFrame, at: str, is_idle: bool) -> None:
    found = nx.idle_numbers(bare, traffic((bare.msisdn[0], "y", at)), days=30, until="2025-02-10")
    assert (bare.msisdn[0] in set(found.msisdn)) is is_idle


def test_traffic_without_a_time_may_be_of_now(bare: pd.DataFrame) -> None:
    table = traffic((bare.msisdn[0], "y", "2025-01-01"), ("x", bare.msisdn[1], "2025-01-01"))
    undated = table.assign(received=pd.DatetimeIndex([pd.NaT] * 2, tz="UTC"))
    for each in (undated, table.drop(columns="received")):
        found = nx.idle_numbers(bare, each, days=30, until="2025-02-10")
        assert set(found.msisdn) == set(bare.msisdn[2:])


def test_it_says_why_and_since_when_as_far_as_that_is_known(bare: pd.DataFrame) -> None:
    table = traffic((bare.msisdn[0], "y", "2024-12-24T12:00"), ("x", bare.msisdn[0], "2024-11-01"))
    found = nx.idle_numbers(bare, table, days=30, until="2025-02-10").set_index("msisdn")
    since = found.since.dt.strftime("%Y-%m-%dT%H:%M")
    assert since[bare.msisdn[0]] == "2024-12-24T12:00"
    assert set(since[bare.msisdn[1:]]) == {"2025-01-11T00:00"}
    assert found.why[bare.msisdn[0]] == (
        "no message or call since 2024-12-24, and no application, inbound URL, voice callback or messages callback"
    )


def test_costs_are_those_of_the_cheapest_of_the_kind_the_dearest_first(bare: pd.DataFrame) -> None:
    found = nx.idle_numbers(bare, traffic())
    assert found.columns.tolist() == ["country", "msisdn", "type", "why", "since", "monthly_cost", "currency"]
    assert found.monthly_cost.notna().all()
    assert found.monthly_cost.is_monotonic_decreasing
    offered = nx.search_numbers(sorted(set(found.country)))
    lowest = offered.groupby(["country", "type"]).monthly_cost.min()
    assert found.monthly_cost.tolist() == [lowest[row.country, row.type] for row in found.itertuples()]


def test_a_frame_of_before_that_lacks_a_route_is_refused(bare: pd.DataFrame) -> None:
    with pytest.raises(nx.InvalidRequestError, match="a frame with messages_callback_value"):
        nx.idle_numbers(bare.drop(columns="messages_callback_value"), traffic())


def test_where_every_number_leads_somewhere_no_record_is_paid_for(session: nx.Session, sandbox: Sandbox) -> None:
    linked = nx.owned_numbers(has_application=True)
    assert nx.idle_numbers(linked).empty
    assert [request["path"] for request in sandbox.requests] == ["/account/numbers"]


@pytest.mark.slow
def test_traffic_of_every_kind_is_asked_for(session: nx.Session, sandbox: Sandbox) -> None:
    owned = nx.owned_numbers()
    found = nx.idle_numbers(days=90, until="2026-01-01", max_records=None)
    assert set(found.msisdn) <= set(owned.msisdn[owned[list(ROUTES)].isna().all(axis=1)])
    asked = {(r["json"]["product"], r["json"].get("direction")) for r in sandbox.requests if r["path"] == "/v2/reports"}
    assert asked == set(TRAFFIC)
