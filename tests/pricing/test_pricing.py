"""Prices: rows of one country or of all, and the changes between those that were seen."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.pricing.changes import find_changes
from nexmo_nb.pricing.response import build_history_rows, parse_balance, parse_country_prices, parse_prices
from nexmo_nb.sandbox import Sandbox

NETWORK = {"networkCode": "64901", "networkName": "MTC", "price": "0.06", "mcc": "649", "mnc": "01"}
NAMIBIA = {"countryCode": "NA", "countryDisplayName": "Namibia", "currency": "EUR", "networks": [NETWORK]}


def seen(at: float, price: float | None, network: str = "64901", **more: Any) -> dict[str, Any]:
    return {
        "product": "sms",
        "country": "NA",
        "network_code": network,
        "price": price,
        "currency": "EUR",
        "seen": at,
        **more,
    }


def test_a_network_is_a_row_and_a_country_without_networks_has_its_default_price() -> None:
    rows = parse_prices({"countries": [NAMIBIA, {"countryCode": "PT", "defaultPrice": "0.04"}, {}]}, None, "EUR")
    assert [(row["country"], row["price"], row["currency"]) for row in rows] == [
        ("NA", "0.06", "EUR"),
        ("PT", "0.04", "EUR"),
    ]


def test_the_answer_for_one_country_need_not_name_it_but_must_not_name_another() -> None:
    unnamed = {key: value for key, value in NAMIBIA.items() if key != "countryCode"}
    assert parse_prices(unnamed, "NA", "EUR") == parse_prices(NAMIBIA, "NA", "EUR")
    assert parse_prices({}, "NA", "EUR") == []
    with pytest.raises(nx.UnreachableError, match="not of this country"):
        parse_prices(NAMIBIA, "PT", "EUR")


@pytest.mark.parametrize("body", [{}, {"countries": {}}, {"countries": ["NA"]}, {"countries": [{"networks": [1]}]}])
def test_a_list_that_is_none_is_an_error(body: Any) -> None:
    with pytest.raises(nx.UnreachableError, match="holds no list of"):
        parse_prices(body, None, "EUR")


def test_a_balance_that_is_no_number_is_an_error() -> None:
    assert parse_balance({"value": "3.5"}) == 3.5
    with pytest.raises(nx.UnreachableError, match="holds none"):
        parse_balance({"value": "much"})


def test_the_history_keeps_prices_of_countries_as_numbers() -> None:
    rows = [{"country": "NA", "price": "0.06"}, {"country": "NA", "price": "free"}, {"country": None, "price": 1}]
    assert [row["price"] for row in build_history_rows(rows)] == [0.06, None]


def test_the_first_prices_of_a_country_are_no_change_and_networks_come_and_go() -> None:
    history = [seen(1, 0.05), seen(2, 0.06), seen(2, 0.01, "64903"), seen(3, None)]
    found = find_changes(history)
    assert [(row["price_before"], row["price_after"], row["network_code"]) for row in found] == [
        (0.05, 0.06, "64901"),
        (None, 0.01, "64903"),
        (0.06, None, "64901"),
    ]
    assert [row["change"] for row in found] == [pytest.approx(0.2), None, None]


def test_prices_of_two_currencies_are_not_compared() -> None:
    assert find_changes([seen(1, 0.05), seen(2, 0.06, currency="USD")])[0]["change"] is None


def nameless(**more: Any) -> dict[str, Any]:
    """Make a country of the whole list as it is documented: without its code."""
    return {key: value for key, value in {**NAMIBIA, **more}.items() if key != "countryCode"}


@pytest.mark.parametrize(
    ("country", "code"),
    [
        (nameless(), "NA"),
        (nameless(countryDisplayName=None, countryName="Namibia"), "NA"),
        (nameless(countryDisplayName="The land of Namibia", dialingPrefix="264"), "NA"),
        (nameless(countryDisplayName="Congo", dialingPrefix="243"), "CD"),
        (nameless(countryDisplayName="Congo", dialingPrefix=242), "CG"),
        (nameless(countryDisplayName="Somewhere", dialingPrefix="1"), None),
        (nameless(countryDisplayName=5, dialingPrefix=None), None),
    ],
)
def test_a_list_without_codes_is_read_by_names_and_calling_codes(country: dict[str, Any], code: str | None) -> None:
    rows = parse_prices({"countries": [country, {**NAMIBIA, "countryCode": "ZA"}]}, None, "EUR")
    assert [row["country"] for row in rows] == [code, "ZA"]


def test_a_list_that_names_no_country_at_all_is_refused() -> None:
    with pytest.raises(nx.UnreachableError, match="does not say of which countries"):
        parse_prices({"countries": [nameless(countryDisplayName="?", dialingPrefix="1")]}, None, "EUR")


def test_a_country_that_may_be_among_those_without_a_name_is_not_silently_missing(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = session.read_with_source

    def read(request: Any, **options: Any) -> Any:
        answer = real(request, **options)
        for country in answer.body["countries"]:
            if country.pop("countryCode") == "PT":
                country["countryName"] = country["countryDisplayName"] = "Lusitania"
                country["dialingPrefix"] = "?"
        return answer

    monkeypatch.setattr(session, "read_with_source", read)
    with pytest.raises(nx.UnreachableError, match=r"prices of PT: the list has countries that it does not name"):
        nx.prices(["GB", "PT", "DE", "NA"], refresh=True)
    assert set(nx.prices(["GB", "DE", "NA", "FR"], refresh=True).country) == {"GB", "DE", "NA", "FR"}


@pytest.mark.parametrize("status", [401, 403, 404, 410])
@pytest.mark.parametrize("product", ["sms", "voice"])
def test_where_the_list_by_network_is_refused_the_one_by_country_is_read(
    session: nx.Session, sandbox: Sandbox, status: int, product: Any
) -> None:
    fine = nx.prices("PT", product=product)
    assert set(fine.detail) == {"network"}
    sandbox.fail_next("http", times=2, path="/account/get-", code=status)
    with pytest.warns(UserWarning, match=rf"of whole countries, because .* refused \(HTTP {status}\)"):
        coarse = nx.prices("PT", product=product, refresh=True)
    assert coarse[["country", "country_name", "prefix", "detail"]].values.tolist() == [
        ["PT", "Portugal", "351", "country"]
    ]
    assert coarse.price[0] == fine.price[0]
    assert coarse.network_code.isna().all()
    assert coarse.rate_increment[0] == (60 if product == "voice" else 1)
    assert coarse.dtypes.equals(fine.dtypes)
    with pytest.warns(UserWarning, match="of whole countries"):
        everything = nx.prices(product=product, refresh=True)
    assert everything.country.is_unique
    assert len(everything) == 45
    assert everything.country.notna().all()
    assert nx.price_changes().empty


@pytest.mark.parametrize("status", [400, 429, 500])
def test_no_other_failure_makes_prices_coarser(session: nx.Session, sandbox: Sandbox, status: int) -> None:
    sandbox.fail_next("http", times=9, path="/account/get-", code=status)
    with pytest.raises(nx.NexmoError):
        nx.prices(refresh=True)
    assert {request["path"] for request in sandbox.requests} == {"/account/get-full-pricing/outbound/sms"}


def test_where_both_lists_are_refused_the_first_refusal_is_told(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("http", times=9, path="/account/get-", code=403)
    sandbox.fail_next("http", times=9, path="/v2/account/pricing", code=404)
    with pytest.raises(nx.NexmoError) as caught:
        nx.prices("PT")
    assert caught.value.status == 403


def test_a_country_that_no_list_knows_has_no_row(session: nx.Session, sandbox: Sandbox) -> None:
    assert nx.prices("AO").empty


def test_the_list_by_country_comes_in_pages_of_text(session: nx.Session, sandbox: Sandbox) -> None:
    rows = parse_country_prices([{"country_name": "Austria", "price": "0.07", "dialing_prefix": 43}, {}], None, "EUR")
    assert [(row["country"], row["price"], row["prefix"], row["currency"]) for row in rows] == [
        ("AT", "0.07", "43", "EUR"),
        (None, None, None, "EUR"),
    ]


def test_a_plan_can_be_made_with_coarser_prices(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("http", times=9, path="/account/get-", code=410)
    with pytest.warns(UserWarning, match="a network may cost more"):
        plan = nx.plan_sms(["+351 912 345 678"], "Hello", sender="Demo")
    assert plan.price_high.tolist() == plan.price_low.tolist() == [0.0402]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert nx.send_sms("+351 912 345 678", "Hello", sender="Demo", max_price=0.0402).meaning[0] == "accepted"
