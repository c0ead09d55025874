"""Nothing that a documented answer says is lost: it is in the frame, or in its attributes, or here with the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import openapi
import pandas as pd
import pytest
from helpers import connected, tried

import nexmo_nb as nx
from nexmo_nb.reports.columns import PRODUCTS
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.exchange import Answer, Request

ID = "5d6f0b6e-0a4e-4c0e-9f5f-0a1b2c3d4e5f"
HOOKS = {"answer_url": "https://e.org/a", "event_url": "https://e.org/e"}
LINKS = {"_links/.*": "links of the API between its own pages"}
PAGES = {"(page_size|page|total_pages)": "how the list was cut into pages", **LINKS}


class Documented(NamedTuple):
    """A read or a write, the answer with every documented field, and what of it is left out, with the reason."""

    request: str
    read: Callable[[], pd.DataFrame]
    body: dict[str, Any]
    left_out: Mapping[str, str] = {}


def hook(name: str) -> dict[str, Any]:
    return {"address": f"https://e.org/{name}", "http_method": "POST", "connect_timeout": 301, "socket_timeout": 1002}


NUMBER = {
    "country": "GB",
    "msisdn": "447700900555",
    "type": "mobile-lvn",
    "features": ["SMS"],
    "limitations": [{"feature": "MMS", "type": "OUTBOUND", "reach": "DOMESTIC"}],
}
OWNED = {
    "moHttpUrl": "https://e.org/in",
    "voiceCallbackType": "tel",
    "voiceCallbackValue": "447700900001",
    "voiceStatusCallback": "https://e.org/status",
    "messagesCallbackType": "app",
    "messagesCallbackValue": ID,
    "app_id": ID[::-1],
}
APPLICATION = {
    "id": ID,
    "name": "Survey",
    "keys": {"public_key": "PUBLIC"},
    "privacy": {"improve_ai": True},
    "capabilities": {
        "voice": {
            "webhooks": {name: hook(name) for name in ("answer_url", "fallback_answer_url", "event_url")},
            "signed_callbacks": False,
            "conversations_ttl": 41,
            "leg_persistence_time": 6,
            "region": "eu-west",
        },
        "messages": {
            "version": "v1",
            "webhooks": {name: hook(name) for name in ("inbound_url", "status_url")},
            "authenticate_inbound_media": True,
        },
        "rtc": {"webhooks": {"event_url": hook("rtc")}, "signed_callbacks": True},
        "verify": {"webhooks": {"status_url": hook("verify")}, "version": "v2"},
        "vbc": {"anything": "vbc-setting"},
        "network_apis": {"network_application_id": "net-1", "redirect_uri": "https://e.org/net"},
        "meetings": {"webhooks": {"room_changed": hook("room")}},
        "video": {"webhooks": {"archive_status": {"address": "https://e.org/v", "active": True}},
                  "storage": {"cloud_storage": False}},
    },
    "_links": {"self": {"href": f"/v2/applications/{ID}"}},
}  # fmt: skip
NETWORK = {
    "type": "landline_tollfree",
    "price": "0.04000000",
    "currency": "GBP",
    "mcc": "641",
    "mnc": "07",
    "networkCode": "64107",
    "networkName": "Telecel",
    "aliases": ["64108", "64109"],
    "ranges": [264811, 264812],
}
COUNTRY = {
    "countryCode": "NA",
    "countryName": "Namibia",
    "countryDisplayName": "Namibia (Republic)",
    "currency": "EUR",
    "defaultPrice": "0.07100000",
    "dialingPrefix": "264",
    "networks": [NETWORK],
}
SHORT_NAME = {"(countries/)?countryName": "the display name is the same country's, and is shown"}
SMS = {
    "to": "447700900123", "message-id": "m-1", "status": "0", "remaining-balance": "12.25", "message-price": "0.0333",
    "network": "23410", "client-ref": "job-7", "account-ref": "shop", "error-text": "none",
}  # fmt: skip
SUBACCOUNT = {
    "api_key": "ef567890", "primary_account_api_key": "abcd1234", "name": "Shop", "use_primary_account_balance": False,
    "balance": 2.5, "credit_limit": -1.5, "suspended": True, "created_at": "2025-01-09T10:00:00.000Z",
}  # fmt: skip
PRIMARY = {**SUBACCOUNT, "api_key": "abcd1234", "name": "Main", "balance": 27.5}
RECORDS = {
    "request_id": "r-1", "request_status": "SUCCESS", "received_at": "2025-01-09T10:00:00+00:00", "items_count": 1,
    "product": "SMS", "ids_not_found": f"{ID},0C0000",
    "records": [{"message_id": "m-1", "status": "delivered", "latency": "1500", "brand_new": "n-1", "received": "x-1"}],
    **{name: f"asked-{name}" for name in ("account_id", "direction", "include_message", "show_concatenated")},
    "price": 0.5, "currency": "USD", "_links": {"self": {"href": "/v2/reports/records"}},
}  # fmt: skip

CASES = [
    Documented(
        "GET /number/search",
        lambda: nx.search_numbers("GB"),
        {"count": 1, "numbers": [{**NUMBER, "cost": "0.83", "initialPrice": "0.17"}]},
    ),
    Documented("GET /account/numbers", nx.owned_numbers, {"count": 1, "numbers": [{**NUMBER, **OWNED}]}),
    Documented(
        "GET /v2/applications",
        nx.applications,
        {"page_size": 100, "page": 1, "total_items": 1, "total_pages": 1, "_embedded": {"applications": [APPLICATION]},
         "_links": {"self": {"href": "/v2/applications?page=1"}}},
        {**PAGES, "_embedded/applications/_links/.*": "links"},
    ),
    Documented("GET /v2/applications/{id}", lambda: nx.application(ID), APPLICATION, LINKS),
    Documented(
        "POST /v2/applications",
        lambda: nx.create_application("Survey", **HOOKS),
        {**APPLICATION, "keys": {"public_key": "PUBLIC", "private_key": "PRIVATE"}},
        {**LINKS, "keys/private_key": "it goes into a file, and nowhere else"},
    ),
    Documented(
        "PUT /v2/applications/{id}",
        lambda: nx.update_application(ID, name="Survey"),
        APPLICATION,
        LINKS,
    ),
    Documented(
        "GET /account/get-pricing/outbound/{type}",
        lambda: nx.prices("NA"),
        COUNTRY,
        {**SHORT_NAME, "currency": "a network has its own"},
    ),
    Documented(
        "GET /account/get-full-pricing/outbound/{type}",
        nx.prices,
        {"count": "1", "countries": [COUNTRY]},
        {**SHORT_NAME, "countries/currency": "a network has its own", "count": "how many countries follow"},
    ),
    Documented(
        "POST /sms/{format}",
        lambda: nx.send_sms("447700900123", "Hello", sender="Demo", client_ref="job-7"),
        {"message-count": "1", "messages": [SMS]},
    ),
    Documented(
        "POST /v1/calls",
        lambda: nx.send_voice("447700900123", "Hello", api="calls"),
        {"uuid": ID, "status": "started", "direction": "outbound", "conversation_uuid": "CON-1"},
        {"direction": "a call that is placed is outbound"},
    ),
    Documented(
        "GET /v2/reports/records",
        lambda: nx.records(ids=["m-1", ID, "0C0000"]),
        RECORDS,
        {
            "(request_id|received_at|items_count|request_status)": "of the request; what it left out is warned of",
            "(product|account_id|direction|include_message|show_concatenated)": "what was asked for",
            "(price|currency)": "of records, in older answers; each record has its own",
            **LINKS,
        },
    ),
    Documented(
        "GET /accounts/{api_key}/subaccounts",
        nx.subaccounts,
        {"total_balance": 29.75, "total_credit_limit": -3.25, "_links": {"self": {"href": "/accounts"}},
         "_embedded": {"primary_account": PRIMARY, "subaccounts": [SUBACCOUNT]}},
        {**LINKS, "_embedded/.*/primary_account_api_key": "it is the key of the row that is primary"},
    ),
]  # fmt: skip


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[nx.Session]:
    with connected(sandbox, cache=False) as session:
        yield session


def list_leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """List the innermost values of an answer, each with its place."""
    if isinstance(value, list):
        for inner in value:
            yield from list_leaves(inner, place)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from list_leaves(inner, f"{place}/{name}" if place else name)
    else:
        yield place, value


def collect_shown(found: pd.DataFrame) -> set[str]:
    """Collect all that a frame shows, as text: its cells, their words, the attributes, and what is in JSON."""
    cells = [*found.astype(object).to_numpy().ravel(), *found.attrs.values()]
    shown: set[str] = set()
    for cell in cells:
        for each in cell if isinstance(cell, list) else [cell]:
            texts = [str(each), *re.split(r",? ", str(each)), *str(each).split(",")]
            if str(each).startswith("{"):
                texts += [str(value) for _, value in list_leaves(json.loads(str(each)))]
            shown |= {text.lower() for text in texts}
    return shown | {name for name in found.columns if found[name].dtype == bool and found[name].any()}


def is_shown(value: Any, shown: set[str]) -> bool:
    forms = {str(value).lower()}
    if isinstance(value, str) and re.fullmatch(r"[0-9]+\.?[0-9]*", value):
        forms |= {str(float(value)), str(float(value) / 1000)}
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        forms.add(str(pd.Timestamp(value)).lower())
    return bool(forms & shown) or all(part.lower() in shown for part in str(value).split(","))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.request)
def test_every_field_of_a_documented_answer_is_shown_or_left_out_for_a_reason(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, case: Documented
) -> None:
    def answer(_: Request) -> tuple[Answer, dict[str, Any]]:
        return Answer(200, case.body), {}

    monkeypatch.setattr(sandbox, "answer", answer)
    found = tried(case.read, "Nexmo")
    assert isinstance(found, pd.DataFrame), found
    shown, unused = collect_shown(found), set(case.left_out)
    for place, value in list_leaves(case.body):
        reasons = {pattern for pattern in case.left_out if re.fullmatch(pattern, place)}
        unused -= reasons
        assert reasons or is_shown(value, shown), (place, value)
    assert unused == set()


NOT_ANSWERED = {
    ".*/connection_timeout": "connect_timeout is its name now",
    "keys/private_key": "described for an update, too, which makes no key",
}


@pytest.mark.parametrize(
    "case", [case for case in CASES if "/accounts/" not in case.request], ids=lambda case: case.request
)
def test_the_answers_above_have_every_field_of_the_descriptions(case: Documented) -> None:
    description = openapi.Description(Path(__file__).parent / "specs")
    operation = next(each for each in description.operations if each.name == case.request)
    described = {name.removeprefix("answer /") for name in openapi.list_fields(operation) if name.startswith("answer")}
    described = {name for name in described if not name.startswith(("_links", "records/"))}
    ours = {place for place, _ in list_leaves(case.body)}
    lacking = {name for name in described if not any(place == name or place.startswith(f"{name}/") for place in ours)}
    assert {name for name in lacking if not re.fullmatch("|".join(NOT_ANSWERED), name)} == set()


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_field_of_a_record_that_is_not_documented_is_a_column(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, product: str
) -> None:
    record = {"id": "i-1", "brand_new": "n-1", "nested": {"a": [1]}, "price_": "p-1"}
    body = {**RECORDS, "product": product, "records": [record, {"id": "i-2", "later": "l-1"}]}
    monkeypatch.setattr(sandbox, "answer", lambda _request: (Answer(200, body), {}))
    day = {"start": "2025-03-01", "end": "2025-03-02"}
    found = nx.records(product, **day, mode="sync")
    assert found[["brand_new", "price_", "nested"]].iloc[0].tolist() == ["n-1", "p-1", '{"a": [1]}']
    assert found.later.fillna("").tolist() == ["", "l-1"]
    # What is kept of it has them, too.
    pd.testing.assert_frame_equal(nx.records(product, **day, mode="sync"), found)
