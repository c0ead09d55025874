"""``/identity-insights/v1/requests``: each insight with a status of its own, and refusals as documented."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import jwt
import pytest
from sandbox_client import TO, Client

from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.identity_insights import PRICE, PURPOSE

PATH = "/identity-insights/v1/requests"
PORTED, LANDLINE, OFF = "+443069990207", "443069990208", "443069990205"
FIELDS = {
    "format": {
        "country_code", "country_name", "country_prefix", "offline_location", "time_zones", "number_international",
        "number_national", "is_format_valid",
    },
    "original_carrier": {"name", "network_type", "country_code", "network_code"},
    "current_carrier": {"name", "network_type", "country_code", "network_code"},
    "roaming": {"latest_status_at", "is_roaming", "country_codes"},
    "reachability": {"latest_status_at", "is_reachable", "connectivity"},
}  # fmt: skip
"""What the description has for each insight, beside its status."""


def ask(client: Client, number: Any, *names: str, **more: Any) -> tuple[int, Any]:
    sandbox, now = client.sandbox, int(time.time())
    claims = {"application_id": sandbox.application_id, "iat": now, "exp": now + 60, "jti": uuid4().hex}
    token = jwt.encode(claims, sandbox.private_key, algorithm="RS256")
    body = {"phone_number": number, "insights": {name: {} for name in names}, **more}
    return client.request("POST", PATH, body, Authorization=f"Bearer {token}")


def test_each_insight_has_the_described_fields_and_a_status(client: Client, sandbox: Sandbox) -> None:
    status, body = ask(client, PORTED, *FIELDS, "sim_swap", purpose=PURPOSE)
    assert (status, set(body)) == (200, {"request_id", "insights"})
    for name, fields in FIELDS.items():
        assert set(body["insights"][name]) <= {*fields, "status"}
        assert body["insights"][name]["status"] == {"code": "OK", "message": "Success"}
    original, current = (body["insights"][name] for name in ("original_carrier", "current_carrier"))
    assert original["network_code"] != current["network_code"]
    assert original["network_type"] == current["network_type"] == "MOBILE"
    assert body["insights"]["sim_swap"]["status"]["code"] == "UNAUTHORIZED"
    assert sandbox.balance == pytest.approx(25 - 5 * float(PRICE))
    plain = ask(client, TO, "original_carrier", "current_carrier")[1]["insights"]
    assert plain["original_carrier"] == plain["current_carrier"]


@pytest.mark.parametrize(
    ("number", "name", "more", "code"),
    [
        (LANDLINE, "current_carrier", {}, "UNSUPPORTED_NETWORK_TYPE"),
        (LANDLINE, "original_carrier", {}, "OK"),
        ("12", "format", {}, "INVALID_NUMBER_FORMAT"),
        ("+(44) 3069 990-207", "format", {}, "OK"),
        ("+99912345678", "original_carrier", {}, "NO_COVERAGE"),
        (OFF, "reachability", {}, "INVALID_PURPOSE"),
        (OFF, "roaming", {"purpose": "Marketing"}, "INVALID_PURPOSE"),
    ],
)
def test_what_cannot_be_told_has_a_status_and_no_data(
    client: Client, number: str, name: str, more: dict[str, str], code: str
) -> None:
    status, body = ask(client, number, name, **more)
    found = body["insights"][name]
    assert (status, found["status"]["code"]) == (200, code)
    assert (set(found) == {"status"}) is (code != "OK")


def test_a_landline_and_a_phone_that_is_off_are_what_they_are(client: Client) -> None:
    assert ask(client, LANDLINE, "original_carrier")[1]["insights"]["original_carrier"]["network_type"] == "LANDLINE"
    off = ask(client, OFF, "reachability", purpose=PURPOSE)[1]["insights"]["reachability"]
    assert (off["is_reachable"], "connectivity" in off) == (False, False)


def test_refusals_are_problems_by_http_status(client: Client, sandbox: Sandbox) -> None:
    for body in ({}, {"phone_number": TO}, {"phone_number": 7, "insights": {"format": {}}}):
        status, answer = ask(client, None, **{"insights": None, "phone_number": None, **body})
        assert (status, answer["type"].rsplit("#", 1)[1], bool(answer["invalid_parameters"])) == (
            422,
            "validation",
            True,
        )
    for wrong in ({"caller_name": {}}, {"format": 1}, {}):
        assert ask(client, TO, insights=wrong)[0] == 422
    assert client.headers["Content-Type"] == "application/problem+json"
    assert client.request("POST", PATH, {})[0] == 401  # key and secret are not enough
    assert client.headers["Content-Type"] == "application/problem+json"
    assert client.request("GET", PATH)[0] == 405
    assert ask(client, "443069990200", "format")[0] == 429
    assert sandbox.balance == 25.0


def test_what_is_not_known_of_a_number_is_said_as_described(client: Client) -> None:
    found = ask(client, LANDLINE, "format", "original_carrier")[1]["insights"]
    assert found["format"]["time_zones"] == ["unknown"]
    assert "name" not in found["original_carrier"]
    assert found["original_carrier"]["network_type"] == "LANDLINE"


@pytest.mark.parametrize(
    ("insight", "name"),
    [
        ({"subscriber_match": {}}, "insights.subscriber_match"),
        ({"location_verification": {"location": {"radius": 1_999}}}, "insights.location_verification.location.radius"),
    ],
)
def test_a_wrong_setting_of_an_insight_is_refused_by_its_name(client: Client, insight: Any, name: str) -> None:
    status, body = ask(client, TO, insights=insight)
    assert (status, [each["name"] for each in body["invalid_parameters"]]) == (422, [name])


def test_another_method_is_refused_as_described(client: Client) -> None:
    status, body = client.request("GET", PATH)
    assert (status, body["type"].rsplit("#", 1)[1]) == (405, "method-not-allowed")
