"""Numbers of the sandbox."""

from __future__ import annotations

import pytest
from sandbox_client import Client

from nexmo_nb.sandbox import Sandbox


def test_the_market_is_large_and_the_same_for_everyone(client: Client) -> None:
    listed = client.request("GET", "/account/get-full-pricing/outbound/sms")[1]
    counts = [
        client.request("GET", f"/number/search?country={country['countryCode']}")[1]["count"]
        for country in listed["countries"]
    ]
    assert len(counts) >= 30
    assert sum(counts) >= 3000


def test_pages_count_from_one_and_hold_at_most_100(client: Client) -> None:
    first = client.request("GET", "/number/search?country=US&size=500")[1]
    third = client.request("GET", "/number/search?country=US&size=100&index=3")[1]
    assert (len(first["numbers"]), first["count"]) == (100, third["count"])
    assert not {n["msisdn"] for n in first["numbers"]} & {n["msisdn"] for n in third["numbers"]}
    assert client.request("GET", "/number/search?country=US&index=99")[1] == {}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("country=GB&features=VOICE,FAX", 420),
        ("country=GB&search_pattern=3", 420),
        ("country=GB&type=x", 420),
        ("country=QQ", 200),
    ],
)
def test_searches_that_are_wrong_or_find_nothing(client: Client, query: str, status: int) -> None:
    found, body = client.request("GET", f"/number/search?{query}")
    assert found == status
    if status == 400:
        assert body["invalid_parameters"] == {"country": "Is required."}
    assert status != 200 or body == {}


def test_a_number_is_bought_paid_for_changed_and_given_back(client: Client, sandbox: Sandbox) -> None:
    number = client.request("GET", "/number/search?country=PT&size=1")[1]["numbers"][0]
    named = {"country": "PT", "msisdn": number["msisdn"]}
    done = (200, {"error-code": "200", "error-code-label": "success"})
    assert client.request("POST", "/number/buy", form=named) == done
    assert sandbox.balance == pytest.approx(25 - float(number["cost"]) - float(number["initialPrice"]))
    assert client.request("POST", "/number/buy", form=named)[0] == 420
    assert client.request("POST", "/number/update", form={**named, "moHttpUrl": "https://x.org"}) == done
    assert client.request("POST", "/number/update", form={**named, "voiceCallbackType": "tel"})[0] == 420
    owned = client.request("GET", f"/account/numbers?pattern={number['msisdn']}")[1]["numbers"][0]
    assert owned["moHttpUrl"] == "https://x.org"
    assert "cost" not in owned
    assert client.request("POST", "/number/cancel", form=named) == done
    assert client.request("POST", "/number/cancel", form=named)[0] == 420


def test_a_json_body_is_not_read_where_a_form_is_wanted(client: Client) -> None:
    assert client.request("POST", "/number/buy", {"country": "PT", "msisdn": "1"})[0] == 400


def test_money_that_is_not_there_buys_nothing() -> None:
    with Sandbox(balance=0.1) as poor:
        client = Client(poor)
        number = client.request("GET", "/number/search?country=PT&size=1")[1]["numbers"][0]
        named = {"country": "PT", "msisdn": number["msisdn"]}
        assert client.request("POST", "/number/buy", form=named)[0] == 401
        client.connection.close()


def test_a_number_is_the_subaccounts_for_which_it_was_bought(client: Client, sandbox: Sandbox) -> None:
    path = f"/accounts/{sandbox.api_key}/subaccounts"
    shop, support = client.request("GET", path)[1]["_embedded"]["subaccounts"]
    first, second = client.request("GET", "/number/search?country=US&type=mobile-lvn&size=2")[1]["numbers"]
    for number, account in ((first, shop), (second, support)):
        named = {"country": "US", "msisdn": number["msisdn"]}
        theirs = {**named, "target_api_key": account["api_key"]}
        assert client.request("POST", "/number/buy", form={**named, "target_api_key": "nobody12"})[0] == 420
        assert client.request("POST", "/number/buy", form=theirs)[0] == 200
        assert client.request("GET", f"/account/numbers?pattern={number['msisdn']}")[1] == {}
        for change in ("cancel", "update"):
            assert client.request("POST", f"/number/{change}", form=named)[0] == 420
        assert client.request("POST", "/number/cancel", form=theirs)[0] == 200
        assert client.request("POST", "/number/buy", form={**named, "target_api_key": sandbox.api_key})[0] == 200
        assert client.request("GET", f"/account/numbers?pattern={number['msisdn']}")[1]["count"] == 1
    assert client.request("GET", f"{path}/{support['api_key']}")[1]["balance"] < support["balance"]
    dear = client.request("GET", "/number/search?country=ID&size=1")[1]["numbers"][0]
    wanted = {"country": "ID", "msisdn": dear["msisdn"], "target_api_key": support["api_key"]}
    assert client.request("POST", "/number/buy", form=wanted)[0] == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"messagesCallbackType": "app", "messagesCallbackValue": "APP"}, 200),
        ({"messagesCallbackType": "app"}, 420),
        ({"messagesCallbackValue": "APP"}, 420),
        ({"messagesCallbackType": "tel", "messagesCallbackValue": "447700900001"}, 420),
        ({"messagesCallbackType": "app", "messagesCallbackValue": "unknown"}, 420),
        ({"voiceCallbackType": "tel", "voiceCallbackValue": "447700900001"}, 200),
        ({"voiceCallbackType": "TEL", "voiceCallbackValue": "447700900001"}, 200),
        ({"voiceCallbackType": "sip", "voiceCallbackValue": "sip:a@x.org"}, 200),
        ({"voiceCallbackType": "app", "voiceCallbackValue": "APP"}, 200),
        ({"voiceCallbackType": "app", "voiceCallbackValue": "unknown"}, 420),
        ({"voiceCallbackType": "tel", "voiceCallbackValue": "home"}, 420),
        ({"voiceCallbackType": "tel", "voiceCallbackValue": ""}, 420),
        ({"voiceCallbackType": "fax", "voiceCallbackValue": "447700900001"}, 420),
        ({"voiceStatusCallback": "https://x.org/ended"}, 200),
        ({"voiceStatusCallback": "nowhere"}, 420),
        ({"moHttpUrl": "nowhere"}, 420),
        ({"app_id": "APP"}, 200),
        ({"app_id": "unknown"}, 420),
    ],
)
def test_a_number_has_the_settings_that_it_was_given_and_no_others(
    client: Client, sandbox: Sandbox, change: dict[str, str], status: int
) -> None:
    number = client.request("GET", "/account/numbers?size=1&index=2")[1]["numbers"][0]
    change = {name: value.replace("APP", sandbox.application_id) for name, value in change.items()}
    named = {name: number[name] for name in ("country", "msisdn")}
    assert client.request("POST", "/number/update", form={**named, **change})[0] == status
    after = client.request("GET", "/account/numbers?size=1&index=2")[1]["numbers"][0]
    told = {name: value.lower() if name.endswith("Type") else value for name, value in change.items()}
    kept = {name: value for name, value in number.items() if name != "moHttpUrl"} | told
    assert after == (kept if status == 200 else number)
