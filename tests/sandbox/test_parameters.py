"""Parameters of the sandbox's endpoints: wherever they stand, and however they are spelled."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from sandbox_client import TO, UNKNOWN, Client

from nexmo_nb.sandbox import Sandbox

DONE = {"error-code": "200", "error-code-label": "success"}


def post(client: Client, path: str, place: str, **fields: str) -> tuple[int, Any]:
    """Post parameters in the query or in the form, as official clients do either."""
    if place == "query":
        return client.request("POST", f"{path}?{urlencode(fields)}")
    return client.request("POST", path, form=fields)


@pytest.mark.parametrize("place", ["query", "form"])
def test_what_is_posted_may_stand_in_the_query(client: Client, sandbox: Sandbox, place: str) -> None:
    number = client.request("GET", "/number/search?country=PT&size=1")[1]["numbers"][0]
    named = {"country": "PT", "msisdn": number["msisdn"]}
    assert post(client, "/number/buy", place, **named) == (200, DONE)
    assert post(client, "/number/update", place, **named, app_id=sandbox.application_id) == (200, DONE)
    owned = client.request("GET", f"/account/numbers?pattern={number['msisdn']}")[1]["numbers"]
    assert [each["app_id"] for each in owned] == [sandbox.application_id]
    assert post(client, "/number/cancel", place, **named) == (200, DONE)
    assert post(client, "/account/top-up", place, trx="1") == (
        401,
        {"error-code": "401", "error-code-label": "not auto-reload enabled"},
    )
    settings = post(client, "/account/settings", place, moCallBackUrl="https://x.org")[1]
    assert settings["mo-callback-url"] == "https://x.org"
    sent = post(client, "/sms/json", place, **{"from": "Demo", "to": TO, "text": "Hello"})[1]
    assert post(client, "/conversions/sms", place, **{"message-id": sent["messages"][0]["message-id"]}) == (
        200,
        b"null",
    )
    keys = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}
    client.basic.clear()
    assert post(client, "/tts/json", place, **keys, to=TO, text="Hello")[1]["status"] == "0"


@pytest.mark.parametrize(
    ("spelled", "is_linked"),
    [(word, True) for word in ("true", "True", "TRUE", "1")]
    + [(word, False) for word in ("false", "False", "FALSE", "0")],
)
def test_a_boolean_means_the_same_however_it_is_spelled(client: Client, spelled: str, is_linked: bool) -> None:
    numbers = client.request("GET", f"/account/numbers?size=100&has_application={spelled}")[1]["numbers"]
    assert {"app_id" in number for number in numbers} == {is_linked}
    sent = client.sms(status_report_req=spelled, trusted_number=spelled)["messages"][0]
    assert sent["status"] == "0"
    query = {"product": "SMS", "direction": "outbound", "account_id": client.sandbox.api_key, "id": sent["message-id"]}
    record = client.request("GET", f"/v2/reports/records?{urlencode(query | {'include_message': spelled})}")[1]
    assert [bool(each["message_body"]) for each in record["records"]] == [is_linked]
    converted = {"message-id": sent["message-id"], "delivered": spelled}
    assert client.request("POST", "/conversions/sms", form=converted)[0] == 200
    assert client.sandbox.messages[0]["parts"][0]["is_converted"] is is_linked


@pytest.mark.parametrize("junk", ["yes", "2", "None", "truefalse"])
def test_a_boolean_that_is_none_is_refused(client: Client, junk: str) -> None:
    assert client.request("GET", f"/account/numbers?has_application={junk}")[0] == 420
    assert [
        client.sms(**{name: junk})["messages"][0]["status"] for name in ("status_report_req", "trusted_number")
    ] == [
        "3",
        "3",
    ]
    query = {"product": "SMS", "direction": "outbound", "account_id": client.sandbox.api_key}
    for name in ("include_message", "show_concatenated"):
        assert client.request("GET", f"/v2/reports/records?{urlencode({**query, name: junk})}")[0] == 422
        assert client.request("POST", "/v2/reports", {**query, name: junk})[0] == 422
    assert client.request("POST", "/v2/reports", {**query, "include_subaccounts": junk})[0] == 422
    assert client.request("POST", "/conversions/sms", form={"message-id": UNKNOWN, "delivered": junk})[0] == 420


@pytest.mark.parametrize(
    ("path", "query", "other"),
    [
        (
            "/number/search",
            "country=GB&type=landline&features=SMS,VOICE",
            "country=gb&type=Landline&features=voice,sms",
        ),
        ("/account/numbers", "country=GB", "country=gb"),
        ("/account/get-pricing/outbound/sms", "country=GB", "country=gb"),
        ("/v2/account/pricing/sms-outbound", "country=GB", "country=gb"),
        ("/account/numbers", "", "country=&has_application=&pattern=&search_pattern="),
    ],
)
def test_a_code_in_another_case_never_gives_an_empty_list(client: Client, path: str, query: str, other: str) -> None:
    found = client.request("GET", f"{path}?{query}")
    assert found[0] == 200
    assert found[1]
    assert client.request("GET", f"{path}?{other}") == found


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"product": "sms"}, 422),
        ({"direction": "Outbound"}, 422),
        ({"status": "Delivered"}, 422),
        ({"status": "delivered"}, 200),
        ({"callback_url": "nowhere"}, 422),
        ({"network": []}, 422),
    ],
)
def test_a_report_is_never_empty_for_a_word_in_another_case(
    client: Client, change: dict[str, Any], status: int
) -> None:
    order = {"product": "SMS", "direction": "outbound", "account_id": client.sandbox.api_key, **change}
    assert client.request("POST", "/v2/reports", order)[0] == status
    if not {"callback_url", "network"} & set(change):
        assert client.request("GET", f"/v2/reports/records?{urlencode(order)}")[0] == status


def test_a_null_is_a_value_that_was_not_given(client: Client, sandbox: Sandbox) -> None:
    nothing = {"from": "Demo", "to": TO, "text": None}
    assert client.request("POST", "/sms/json", nothing)[1]["messages"][0]["error-text"] == "Missing Message Text"
    said = client.request("POST", "/sms/json", {**nothing, "text": "Hello", "client-ref": None, "ttl": None})[1]
    assert (said["messages"][0]["status"], "client-ref" in said["messages"][0]) == ("0", False)
    keys = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}
    call = client.request("POST", "/tts/json", {**keys, "to": TO, "text": None}, Authorization="")
    assert call[1]["status"] == "2"
    status, body = client.request("POST", "/v2/applications", {"name": None})
    assert (status, body["invalid_parameters"][0]["name"]) == (400, "name")
    empty = {"keys": None, "privacy": None, "capabilities": {"rtc": None, "voice": {"webhooks": {"event_url": None}}}}
    status, body = client.request("POST", "/v2/applications", {"name": "A", **empty})
    assert (status, body["capabilities"]) == (201, {"voice": {"webhooks": {}}})
    order = {"product": "SMS", "direction": "outbound", "account_id": sandbox.api_key}
    filters = {"status": None, "date_start": None, "include_message": None, "call_id": None}
    status, body = client.request("POST", "/v2/reports", {**order, **filters})
    assert (status, set(body) & set(filters)) == (200, set())
    assert client.request("POST", "/v2/reports", {**order, "product": None})[0] == 422
    assert client.request("POST", f"/accounts/{sandbox.api_key}/secrets", {"secret": None})[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/applications"),
        ("POST", "/v1/applications"),
        ("GET", "/account/get-phone-pricing/outbound/sms?phone=447700900000"),
        ("POST", "/sms/xml"),
        ("POST", "/tts/xml"),
        ("POST", "/v0.1/messages"),
    ],
)
def test_what_the_sandbox_does_not_speak_is_not_found_and_the_log_says_so(
    client: Client, sandbox: Sandbox, method: str, path: str
) -> None:
    assert client.request(method, path)[0] == 404
    assert f"The sandbox does not speak {path.partition('?')[0]}." in sandbox.requests[-1]["answer"]


@pytest.mark.parametrize("path", ["/account/numbers", "/account/get-balance", "/v2/applications"])
def test_a_client_that_takes_xml_alone_is_told_that_there_is_none(client: Client, sandbox: Sandbox, path: str) -> None:
    assert client.request("GET", path, Accept="text/xml")[0] == 406
    assert "does not speak XML" in sandbox.requests[-1]["answer"]
    assert client.request("GET", path, Accept="application/xml, */*")[0] == 200


def test_a_form_is_read_that_an_official_client_calls_json(client: Client) -> None:
    form = urlencode({"from": "Demo", "to": TO, "text": "1 + 1 = 2 & {}"})
    sent = client.request("POST", "/sms/json", form, Content_Type="application/json")[1]
    assert (sent["messages"][0]["status"], client.sandbox.messages[0]["text"]) == ("0", "1 + 1 = 2 & {}")
    assert client.request("POST", "/account/settings", "drCallBackUrl=", Content_Type="application/json")[0] == 200
    for path in ("/v2/applications", "/v2/reports"):
        assert client.request("POST", path, "name=A", Content_Type="application/json")[0] == 400
    for broken in ('{"a=b"', "[1=2]", "=1", "12"):
        status = client.request("POST", "/sms/json", broken, Content_Type="application/json")[1]["messages"][0][
            "status"
        ]
        assert status == ("2" if broken == "12" else "3")
