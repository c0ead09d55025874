"""Price lists of the sandbox, and how they change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sandbox_client import Client
from sandbox_reports import build_query, order_file


def list_prices(client: Client, product: str, country: str = "PT") -> list[Decimal]:
    body = client.request("GET", f"/account/get-pricing/outbound/{product}?country={country}")[1]
    return [Decimal(network["price"]) for network in body["networks"]]


def test_a_country_gets_new_prices_until_the_reset(client: Client) -> None:
    def find_price() -> Decimal:
        return Decimal(client.sms(to="351912345678")["messages"][0]["message-price"])

    before, others, once = (
        [list_prices(client, product) for product in ("sms", "voice")],
        list_prices(client, "sms", "GB"),
        find_price(),
    )
    year = order_file(client, **build_query(client))[2]
    assert client.request("POST", "/_sandbox/reprice", {"country": "PT", "factor": 1.5})[0] == 200
    assert [list_prices(client, product) for product in ("sms", "voice")] == [[p * 3 / 2 for p in ps] for ps in before]
    assert find_price() == once * 3 / 2
    assert list_prices(client, "sms", "GB") == others
    assert order_file(client, **build_query(client))[2] == year
    client.sandbox.reset()
    assert [list_prices(client, product) for product in ("sms", "voice")] == before
    assert find_price() == once


@pytest.mark.parametrize(
    "wrong",
    [
        {"country": "QQ", "factor": 2},
        {"country": "PT", "factor": "dear"},
        {"country": "PT", "factor": -1},
        {"country": "PT", "factor": None},
        {"factor": 2},
    ],
)
def test_prices_that_make_no_sense_are_refused(client: Client, wrong: dict[str, Any]) -> None:
    assert client.request("POST", "/_sandbox/reprice", wrong)[0] == 400
    with pytest.raises(ValueError, match="factor"):
        client.sandbox.reprice("PT", float("nan"))


def test_the_second_price_list_is_texts_a_page_at_a_time_without_codes(client: Client) -> None:
    status, body = client.request("GET", "/v2/account/pricing/sms-outbound?page=2&page_size=20")
    assert (status, body["page"], body["page_size"], body["total_items"], body["total_pages"]) == (
        200, "2", "20", "45", "3",
    )  # fmt: skip
    first = body["_embedded"]["countries"][0]
    assert set(map(type, first.values())) == {str}
    assert "GB" not in first.values()
    assert sorted(body["_links"]) == ["first", "last", "next", "prev", "self"]
    one = client.request("GET", "/v2/account/pricing/voice-outbound?country=PT")[1]["_embedded"]["countries"]
    assert [(row["country_name"], row["rate_increment"]) for row in one] == [("Portugal", "60")]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("sms-outbound?page=0", {}, 400),
        ("sms-outbound?page_size=101", {}, 400),
        ("sms-outbound?country=AO", {}, 404),
        ("sms-inbound", {}, 404),
        ("sms-outbound", {"Authorization": ""}, 401),
    ],
)
def test_the_second_price_list_refuses_what_it_does_not_have(
    client: Client, path: str, headers: dict[str, str], status: int
) -> None:
    assert client.request("GET", f"/v2/account/pricing/{path}", **headers)[0] == status
