"""Costs: they add up to the cent, never across currencies, and nothing is nothing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from sandbox_reports import sum_messages

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

AT = pd.to_datetime(
    ["2025-01-31T23:59:59Z", "2025-02-01T00:00:00Z", "2025-02-03T12:00:00Z", "2025-02-09T23:00:00Z"]
).as_unit("ns")

YEAR = [pd.Timestamp(at, tz="UTC").timestamp() for at in ("2025-01-01", "2026-01-01")]


@pytest.fixture
def rows() -> pd.DataFrame:
    """Four records: two currencies, a missing price, a missing network, Namibia."""
    table = pd.DataFrame(
        {
            "country": ["NA", "GB", "GB", "NA"],
            "network": ["64901", None, "23410", "64901"],
            "status": ["delivered", "failed", "delivered", "expired"],
            "price": [0.0627, 0.0333, None, 0.0627],
            "currency": ["EUR", "EUR", "EUR", "USD"],
            "received": AT,
            "sender": ["Demo", "447400000001", "447400000002", "Demo"],
            "to": ["264811234567", "447700900000", "447700900000", "264811234567"],
        }
    )
    text = ["country", "network", "status", "currency", "sender", "to"]
    return table.astype(dict.fromkeys(text, "string"))


def test_spend_never_adds_currencies_and_counts_what_has_no_price(rows: pd.DataFrame) -> None:
    found = nx.spend(rows)
    assert found[["currency", "messages", "spend", "unpriced"]].values.tolist() == [
        ["EUR", 3, 0.096, 1],
        ["USD", 1, 0.0627, 0],
    ]


def test_spend_keeps_groups_without_a_name_and_namibia(rows: pd.DataFrame) -> None:
    found = nx.spend(rows, by=["country", "network"])
    assert int(found.messages.sum()) == 4
    assert found.network.isna().sum() == 1
    assert sorted(found.country) == ["GB", "GB", "NA", "NA"]


def test_the_final_price_counts_before_the_estimate(rows: pd.DataFrame) -> None:
    table = rows.assign(final_price=[0.05, None, 0.02, None])
    assert nx.spend(table).spend.tolist() == [pytest.approx(0.05 + 0.0333 + 0.02), pytest.approx(0.0627)]


def test_cost_per_delivered_pays_for_what_did_not_arrive(rows: pd.DataFrame) -> None:
    found = nx.cost_per_delivered(rows, by="country").set_index(["country", "currency"])
    namibia, britain = found.loc[("NA", "EUR")], found.loc[("GB", "EUR")]
    assert (namibia.delivered_messages, namibia.message_delivery_rate) == (1, 1.0)
    assert namibia.cost_per_delivered_message == 0.0627
    assert (britain.messages, britain.delivered_messages, britain.message_delivery_rate) == (2, 1, 0.5)
    assert britain.cost_per_delivered_message == 0.0333
    assert pd.isna(found.loc[("NA", "USD")].cost_per_delivered_message)


def test_a_send_that_was_accepted_is_not_taken_for_delivered(session: nx.Session) -> None:
    parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    with pytest.raises(nx.InvalidRequestError, match=r"pass it to delivery\(\)"):
        nx.cost_per_delivered(parts)


def test_estimate_and_actual_are_compared_only_where_both_are_known() -> None:
    table = pd.DataFrame(
        {"price": [0.05, 0.05, 0.05], "final_price": [0.06, None, 0.05], "currency": ["EUR", "EUR", "USD"]}
    )
    found = nx.estimate_vs_actual(table).set_index("currency")
    assert found.loc["EUR", ["messages", "estimate", "actual", "difference", "open"]].tolist() == [
        2,
        0.05,
        0.06,
        0.01,
        1,
    ]
    assert found.loc["USD", "difference"] == 0.0


def test_numbers_are_compared_by_country_and_type(session: nx.Session) -> None:
    numbers = nx.search_numbers(["GB", "NA"])
    costs = nx.number_costs(numbers)
    assert int(costs.numbers.sum()) == len(numbers)
    assert costs.monthly_median.is_monotonic_increasing
    row = costs[(costs.country == "NA") & (costs.type == "mobile-lvn")].iloc[0]
    wanted = numbers[(numbers.country == "NA") & (numbers.type == "mobile-lvn")].monthly_cost
    assert (row.monthly_low, row.monthly_high) == (wanted.min(), wanted.max())
    assert row.monthly_total == pytest.approx(wanted.sum())


def test_the_cheapest_number_is_the_cheapest_over_a_year(session: nx.Session) -> None:
    found = nx.cheapest_numbers(["GB", "PT", "NA"], features=["SMS", "VOICE"], each=2)
    offered = nx.search_numbers(["GB", "PT", "NA"], features=["SMS", "VOICE"])
    year = offered.setup_cost + 12 * offered.monthly_cost
    for country, rows in found.groupby("country"):
        assert len(rows) == 2
        assert rows.first_year.min() == pytest.approx(year[offered.country == country].min())
    assert found.sms.all()
    assert found.voice.all()


def test_shorter_texts_name_only_what_saves_a_part(session: nx.Session) -> None:
    long = "Olá! " + "Your table is ready. " * 4
    table = pd.DataFrame(
        {
            "text": [long, long, "Olá", "Γειά σου " * 10, None],
            "price": [0.03, 0.03, 0.03, 0.06, 0.01],
            "currency": "EUR",
        }
    )
    found = nx.shorter_texts(table)
    assert found.text.tolist() == [long]
    assert found[["parts", "parts_after", "spend", "saved"]].values.tolist() == [[2, 1, 0.06, 0.03]]
    assert nx.segments(found.suggestion[0]).parts == 1


EMPTY: list[Callable[[pd.DataFrame], pd.DataFrame]] = [
    lambda table: nx.spend(table, by=["country", "status"]),
    lambda table: nx.spend(table, freq="M"),
    lambda table: nx.cost_per_delivered(table, by="country"),
    lambda table: nx.estimate_vs_actual(table.assign(final_price=table.price), by="country"),
    lambda table: nx.shorter_texts(table.assign(text=table.to)),
]


@pytest.mark.parametrize("function", EMPTY)
def test_nothing_gives_an_empty_frame_of_the_same_form(
    rows: pd.DataFrame, function: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    empty, full = function(rows.iloc[:0]), function(rows)
    assert len(empty) == 0
    assert empty.columns.tolist() == full.columns.tolist()
    assert empty.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()


def test_nothing_about_numbers_is_nothing(session: nx.Session, sandbox: Sandbox, rows: pd.DataFrame) -> None:
    offered, owned = nx.search_numbers("GB"), nx.owned_numbers()
    before = len(sandbox.requests)
    empty, full = nx.number_costs(offered.iloc[:0]), nx.number_costs(offered)
    assert empty.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()
    assert nx.idle_numbers(owned.iloc[:0], rows).empty
    assert len(sandbox.requests) == before


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda table: nx.spend(table, by="planet"), "planet"),
        (lambda table: nx.spend(table, freq="2D"), "freq"),
        (lambda table: nx.spend(table.drop(columns="currency")), "currency"),
        (lambda table: nx.spend(table.drop(columns="received"), freq="D"), "received"),
        (lambda table: nx.spend([1, 2]), "DataFrame"),
        (lambda table: nx.number_costs(table), "monthly_cost"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused_in_words(
    rows: pd.DataFrame, call: Callable[[Any], Any], says: str
) -> None:
    with pytest.raises(nx.InvalidRequestError, match=says):
        call(rows)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (nx.spend, "unpriced"),
        (nx.spend, "messages"),
        (nx.spend, "parts"),
        (nx.cost_per_delivered, "delivered_parts"),
        (nx.cost_per_delivered, "message_delivery_rate"),
        (nx.cost_per_delivered, "cost_per_delivered_part"),
        (nx.estimate_vs_actual, "difference"),
    ],
)
def test_a_column_with_the_name_of_a_result_cannot_be_grouped_by(
    rows: pd.DataFrame, function: Callable[..., pd.DataFrame], name: str
) -> None:
    table = rows.assign(final_price=rows.price).assign(**{name: 1})
    with pytest.raises(nx.InvalidRequestError, match="none of the result's own"):
        function(table, by=name)


def test_every_other_column_can_be_grouped_by(rows: pd.DataFrame) -> None:
    found = nx.cost_per_delivered(rows.assign(arrived=["a", "a", "b", "b"]), by="arrived")
    assert found.arrived.sort_values().tolist() == ["a", "b", "b"]


def test_price_changes_show_what_rose_vanished_and_came(session: nx.Session, sandbox: Sandbox) -> None:
    assert nx.price_changes().empty
    nx.prices()
    assert nx.price_changes().empty
    sandbox.reprice("NA", 1.25)
    nx.prices("GB", refresh=True)
    assert nx.price_changes().empty
    nx.prices("NA", refresh=True)
    found = nx.price_changes(product="sms")
    assert found.country.tolist() == ["NA", "NA"]
    assert found.change.round(6).tolist() == [0.25, 0.25]
    assert (found.price_after / found.price_before).round(6).tolist() == [1.25, 1.25]
    assert nx.price_changes(product="voice").empty
    assert nx.price_changes(since="2100-01-01").empty
    nx.prices()  # from the cache, and older than what was read of Namibia since
    assert len(nx.price_changes()) == 2


def test_a_network_that_comes_or_goes_is_a_change(session: nx.Session) -> None:
    row = {"country": "NA", "network_code": "64901", "country_name": "Namibia", "network_name": "MTC", "price": 0.06}
    row |= {"currency": "EUR"}
    session.price_history.clock = iter([1.0, 2.0, 3.0, 4.0]).__next__
    session.price_history.record_prices("sms", ["NA"], [row])
    session.price_history.record_prices("sms", ["NA"], [row, {**row, "network_code": "64903", "price": 0.07}])
    session.price_history.record_prices("sms", ["GB"], [])
    session.price_history.record_prices("sms", ["NA"], [row])
    found = nx.price_changes()
    assert found.network_code.tolist() == ["64903", "64903"]
    assert found.price_before.fillna(-1).tolist() == [-1, 0.07]
    assert found.price_after.fillna(-1).tolist() == [0.07, -1]
    assert found.change.isna().all()


@pytest.mark.slow
def test_the_frames_of_a_year_agree_to_the_cent_by_country_network_and_status(
    session: nx.Session, sandbox: Sandbox
) -> None:
    records = nx.records(start="2025-01-01", end="2026-01-01", max_records=None, progress=False)
    truth = sum_messages(sandbox.world, *YEAR)
    assert len(records) == sum(count for count, _ in truth.values()) >= 200_000
    assert records.message_id.is_unique
    found = nx.spend(records, by=["country", "network", "status"])
    seen = {(r.country, r.network, r.status): (r.parts, r.spend) for r in found.itertuples()}
    assert seen.keys() == truth.keys()
    for key, (count, cost) in truth.items():
        assert seen[key][0] == count
        assert Decimal(str(seen[key][1])) == cost
    assert set(found.currency) == {"EUR"}
    total = nx.spend(records).iloc[0]
    assert (total.messages, total.parts) == (records.client_ref.nunique(), len(records))
    in_all = total.spend
    assert abs(Decimal(str(in_all)) - sum(cost for _, cost in truth.values())) < Decimal("0.0001")
    assert nx.spend(records, freq="M").spend.sum() == pytest.approx(in_all, abs=1e-6)
    delivered = nx.cost_per_delivered(records)
    assert int(delivered.delivered_parts[0]) == sum(
        count for (*_, status), (count, _) in truth.items() if status == "delivered"
    )
