"""Price lists of the sandbox, and how they change."""

from __future__ import annotations

from base64 import b64encode
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


def test_settings_are_kept_until_they_are_emptied(client: Client) -> None:
    def change(**fields: str) -> tuple[int, Any]:
        return client.request("POST", "/account/settings", form=fields)

    url = "https://x.org/in"
    assert change()[1]["mo-callback-url"] == ""
    assert change(moCallBackUrl=url, httpForwardMethod="POST_JSON")[1]["mo-callback-url"] == url
    both = change(drCallBackUrl="https://x.org/dr")[1]
    assert (both["mo-callback-url"], both["dr-callback-url"]) == (url, "https://x.org/dr")
    for wrong in ({"moCallBackUrl": "nowhere"}, {"httpForwardMethod": "PIGEON"}):
        assert change(drCallBackUrl="https://other.org", **wrong)[0] == 420
    assert change() == (200, both)
    assert change(moCallBackUrl="")[1]["mo-callback-url"] == ""
    assert change(moCallbackUrl=url)[1]["mo-callback-url"] == url
    assert client.sandbox.world.activity[0]["what"] == "Settings changed"


def test_a_second_secret_opens_the_account_and_a_revoked_one_does_not(client: Client) -> None:
    path = f"/accounts/{client.sandbox.api_key}/secrets"
    first = client.request("GET", path)[1]["_embedded"]["secrets"][0]
    assert client.request("DELETE", f"{path}/{first['id']}")[1]["type"].endswith("#delete-last-secret")
    for weak in ("", "Short1", "nocapital1", "NOSMALL1", "NoDigits", "Aa1" * 9):
        assert client.request("POST", path, {"secret": weak})[0] == 400
    status, made = client.request("POST", path, {"secret": "Second123"})
    assert (status, set(made)) == (201, {"_links", "id", "created_at"})
    assert "Second123" not in str(client.sandbox.requests)
    assert client.request("POST", path, {"secret": "Third1234"})[1]["type"].endswith("#add-excess-secret")
    second = {"Authorization": "Basic " + b64encode(f"{client.sandbox.api_key}:Second123".encode()).decode()}
    assert client.request("GET", "/account/get-balance", **second)[0] == 200
    assert client.request("DELETE", f"{path}/{first['id']}", **second)[0] == 204
    assert client.request("GET", "/account/get-balance")[0] == 401
    assert client.sms()["messages"][0]["status"] == "4"
    assert client.request("GET", f"{path}/{made['id']}", **second) == (200, made)
    assert client.request("GET", f"{path}/{first['id']}", **second)[0] == 404
    assert client.request("GET", "/accounts/other123/secrets", **second)[0] == 404


def test_a_secret_may_come_as_older_clients_send_it(client: Client) -> None:
    path = f"/accounts/{client.sandbox.api_key}/secrets"
    status, made = client.request("POST", f"{path}/", form={"secret": "Second123"})
    assert (status, made["_links"]["self"]["href"]) == (201, f"{path}/{made['id']}")
    assert client.sandbox.world.is_secret(client.sandbox.api_key, "Second123")
    assert "Second123" not in str(client.sandbox.requests)


def test_a_conversion_is_noted_with_what_was_sent(client: Client) -> None:
    code = client.sms(text="a" * 200)["messages"][1]["message-id"]
    assert client.request("POST", "/conversions/sms", form={"message-id": code, "delivered": "True"}) == (200, b"null")
    assert ["is_converted" in part for part in client.sandbox.messages[0]["parts"]] == [False, True]
    assert client.request("POST", "/conversions/sms", form={})[0] == 400
    assert client.request("POST", "/conversions/sms", form={"message-id": code}, Authorization="")[0] == 401
