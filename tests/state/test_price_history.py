"""What of a price list is recorded, and that price history and report requests share one file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from nexmo_nb.state.price_history import PriceHistory, find_changed_prices
from nexmo_nb.state.report_requests import LIFETIME, ReportRequests


def price(country: str, network_code: str | None, amount: float | None, currency: str = "EUR") -> dict[str, Any]:
    return {
        "country": country,
        "network_code": network_code,
        "country_name": country.lower(),
        "network_name": None,
        "price": amount,
        "currency": currency,
    }


VODAFONE = price("PT", "26801", 0.05)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([VODAFONE], []),
        ([price("PT", "26801", 0.05 * (1 + 1e-12))], []),
        ([price("PT", "26801", 0.06)], [price("PT", "26801", 0.06)]),
        ([price("PT", "26801", 0.05, "USD")], [price("PT", "26801", 0.05, "USD")]),
        ([price("PT", "26801", None)], [price("PT", "26801", None)]),
        ([VODAFONE, price("PT", None, 0.04)], [price("PT", "", 0.04)]),
        ([], [price("PT", "26801", None)]),
    ],
)
def test_a_price_is_recorded_if_it_is_new_differs_or_is_gone(
    listed: list[dict[str, Any]], expected: list[dict[str, Any]]
) -> None:
    assert find_changed_prices([price("PT", "26801", 0.01), VODAFONE], listed, {"PT"}) == expected


def test_a_network_of_a_country_that_the_list_does_not_cover_is_not_gone() -> None:
    assert find_changed_prices([VODAFONE], [], {"GB"}) == []


def test_a_network_is_gone_only_once() -> None:
    assert find_changed_prices([VODAFONE, price("PT", "26801", None)], [], {"PT"}) == []


@pytest.mark.parametrize("prices_first", [True, False])
def test_prices_and_report_requests_share_a_file_whichever_opens_it_first(tmp_path: Path, prices_first: bool) -> None:
    path = tmp_path / "notes.sqlite"
    history, requests = PriceHistory(path), ReportRequests(path)
    if prices_first:
        history.record_prices("sms", ["PT"], [VODAFONE])
    requests.record("digest", "r1")
    history.record_prices("voice", ["PT"], [VODAFONE])
    assert requests.find("digest") == "r1"
    assert {row["product"] for row in history.read_prices()} == ({"sms", "voice"} if prices_first else {"voice"})
    history.close()
    requests.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


def test_a_report_is_found_until_it_is_deleted_or_expires(tmp_path: Path) -> None:
    requests = ReportRequests(tmp_path / "n", clock=lambda: 1e6)
    requests.record("one", "r1")
    requests.record("one", "r2")
    requests.record("two", "r3")
    assert (requests.find("one"), requests.find("two"), requests.find("three")) == ("r2", "r3", None)
    requests.delete(["two"])
    assert requests.find("two") is None
    requests.clock = lambda: 1e6 + LIFETIME
    assert requests.find("one") is None
    requests.close()


def test_trouble_with_the_file_costs_a_warning_that_points_to_the_caller(tmp_path: Path) -> None:
    (tmp_path / "n").write_bytes(b"garbage " * 1000)
    history, requests = PriceHistory(tmp_path / "n"), ReportRequests(tmp_path / "n")
    with pytest.warns(UserWarning, match="The notes .* cannot be used .* not remembered") as caught:
        assert history.read_prices() == []
        assert requests.find("one") is None
        requests.record("one", "r1")
    assert {warning.filename for warning in caught} == {__file__}
