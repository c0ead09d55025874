"""The price book: what a country costs, from every list that tells it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox


def received(*rows: tuple[str, str, float | None]) -> pd.DataFrame:
    """Make records of inbound SMS from country, currency and price."""
    table = pd.DataFrame(rows, columns=["country", "currency", "price"]).astype({"price": "float64"})
    return table.astype({"country": "string", "currency": "string"}).assign(direction="inbound")


def test_every_price_of_a_country_stands_in_it_once(session: nx.Session) -> None:
    book = nx.price_book("Portugal")
    assert set(book.country) == {"PT"}
    assert set(book.country_name) == {"Portugal"}
    for product, unit in (("sms", "part"), ("voice", "minute")):
        part, listed = book[book.item == product], nx.prices("PT", product=product)
        assert part[["kind", "network_code", "price_low"]].values.tolist() == (
            listed[["network_name", "network_code", "price"]].values.tolist()
        )
        assert (part.price_low == part.price_high).all()
        assert (set(part.unit), set(part.source)) == ({unit}, {"network"})
    offered = nx.search_numbers("PT").groupby("type").monthly_cost
    rent = book[book.item == "number_rent"].set_index("kind")
    assert rent.price_low.to_dict() == offered.min().to_dict()
    assert rent.price_high.to_dict() == offered.max().to_dict()
    assert set(book[book.item == "number_setup"].unit) == {"once"}
    assert set(book.currency) == {"EUR"}


def test_inbound_prices_are_those_that_were_charged_and_else_unknown(session: nx.Session) -> None:
    unknown = nx.price_book("PT").set_index("item").loc["sms_inbound"]
    assert (unknown.source, pd.isna(unknown.price_low)) == ("none", True)
    records = received(
        ("PT", "EUR", 0.02), ("PT", "EUR", 0.03), ("PT", "EUR", None), ("GB", "EUR", 9), ("PT", "USD", 1)
    )
    found = nx.price_book("PT", inbound=records)
    rows = found[found.item == "sms_inbound"][["price_low", "price_high", "currency", "source"]].values.tolist()
    assert rows == [[0.02, 0.03, "EUR", "records"], [1.0, 1.0, "USD", "records"]]
    other = nx.price_book("PT", inbound=records.assign(direction="outbound"))
    assert set(other[other.item == "sms_inbound"].source) == {"none"}


def test_coarser_prices_are_marked_in_it(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("http", times=9, path="/account/get-", code=410)
    with pytest.warns(UserWarning, match="of whole countries"):
        book = nx.price_book("PT")
    assert book[book.item.isin(["sms", "voice"])][["kind", "source"]].values.tolist() == [["ALL", "country"]] * 2


def test_a_country_that_no_list_has_is_a_book_without_prices(session: nx.Session) -> None:
    book = nx.price_book("AO")
    assert book.item.tolist() == ["sms_inbound"]
    assert book.dtypes.equals(nx.price_book("PT").dtypes)


@pytest.mark.parametrize(
    "inbound", [[], pd.DataFrame({"price": [1.0]}), received(("PT", "EUR", 1)).assign(price="dear")]
)
def test_what_are_no_records_is_refused_before_anything_is_asked(
    session: nx.Session, sandbox: Sandbox, inbound: Any
) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^frame: got"):
        nx.price_book("PT", inbound=inbound)
    assert sandbox.requests == []
