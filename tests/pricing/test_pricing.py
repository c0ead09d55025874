"""Prices: rows of one country or of all, and the changes between those that were seen."""

from __future__ import annotations

from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.pricing.changes import find_changes
from nexmo_nb.pricing.response import build_history_rows, parse_balance, parse_prices

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
