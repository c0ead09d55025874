"""Arguments of every public function: whatever is given, a sound request leaves, or words say why none does."""

from __future__ import annotations

import inspect
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from depth import count_examples, is_quick
from helpers import connected, tried
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.exchange import Answer, Request

APP = "5d6f0b6e-0a4e-4c0e-9f5f-0a1b2c3d4e5f"
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
LONGEST_WORDS = 1500
SAID = "Nexmo |The server announced|Stopped before"


class Shy:
    """A value that cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("not for you")


class Watched(Sandbox):
    """A sandbox that keeps every request as it came."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        super().__init__(limits=False)

    def answer(self, request: Request) -> tuple[Answer, Any]:
        if not request.path.startswith("/_sandbox/"):
            self.asked.append(request)
        return super().answer(request)


WILD = st.one_of(
    st.sampled_from(
        [
            *(None, True, False, 0, -1, 1.5, 10**20, 10**400, 10**5000, -(10**5000), float("nan"), float("inf"), 2j),
            *(
                "",
                " ",
                "\0",
                "a\r\nX-Y: z",
                "\ud800",
                "🎉",
                "../../x",
                "%2e%2e/x",
                "٣٤",
                "=1+1",
                "<b>",
                "x" * 5000,
                "\x7f",
            ),
            *(
                b"",
                b"x",
                bytearray(b"x"),
                [],
                [None],
                [[]],
                ["GB", 5],
                {},
                {"a": 1},
                (1, 2),
                set(),
                frozenset("a"),
                range(3),
            ),
            *(
                np.int64(5),
                np.float64("nan"),
                np.bool_(True),
                np.array([1, 2]),
                np.array(5),
                np.str_("GB"),
                np.datetime64("NaT", "ns"),
            ),
            *(pd.NA, pd.NaT, pd.Timestamp("1900-01-01"), pd.Series(["x"]), pd.DataFrame({"a": [1]}), pd.Timedelta(1)),
            *(Decimal("1.5"), Decimal("NaN"), datetime.max, datetime.min, date(1, 1, 1), timedelta(1), timezone.utc),
            *(
                object(),
                Shy(),
                [Shy()],
                uuid.UUID(APP),
                Path("x"),
                len,
                int,
                "9999-12-31",
                "https://a:b@e.org/",
                "//e.org",
            ),
            *("https://e.org/\r\nX: y", "http://[::1", "https://e.org:99999", f"{APP}/../x", f"{APP}?a=b", "a,b"),
        ]
    ),
    st.text(max_size=12),
    st.integers(),
    st.floats(),
    st.binary(max_size=6),
)

TO = ["+44 7700 900000", 447700900000, "00351912345678"]
COUNTRY = ["GB", "pt", "NA", "Portugal"]
REGION = ["PT", "United Kingdom", None]
URL = ["https://e.org/a", "http://e.org:8080/b?c=d"]
FLAG = [True, False]
LIMIT = [1, "2", None]
PAGE = [1, "3", None]
WHEN = ["2025-03-01", datetime(2025, 3, 2, tzinfo=timezone.utc), date(2025, 3, 3), pd.Timestamp("2025-03-04")]
PEM = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"
APPLICATION = {
    "name": ["A", "Ação"],
    "type": ["voice", "messages", "voice,messages", ["voice"]],
    **dict.fromkeys(("answer_url", "event_url", "inbound_url", "status_url"), URL),
    **{key: ["GET", "post"] for key in ("answer_method", "event_method")},
    "public_key": [PEM],
}
NUMBER = {"country": ["GB"], "msisdn": ["447410000000", 447410000000], "target_api_key": ["abcd1234"]}
GOOD: dict[str, dict[str, list[Any]]] = {
    "search_numbers": {
        "country": [*COUNTRY, COUNTRY],
        "pattern": ["44", 44, "+44 7"],
        "match": ["starts", "contains", "Ends"],
        "features": ["SMS", ["VOICE", "SMS"]],
        "type": ["landline", "mobile-lvn"],
        "limit": LIMIT,
        "page": PAGE,
        "refresh": FLAG,
    },
    "owned_numbers": {
        "country": COUNTRY,
        "pattern": ["44", 44],
        "match": ["starts", "ends"],
        "application_id": [APP, APP.upper()],
        "has_application": FLAG,
        "limit": LIMIT,
        "page": PAGE,
        "refresh": FLAG,
    },
    "buy_number": NUMBER,
    "cancel_number": NUMBER,
    "update_number": {
        "country": ["GB"],
        "msisdn": ["447410000000"],
        "app_id": [APP],
        "mo_http_url": ["", *URL],
        "mo_smpp_sys_type": ["inbound"],
        "voice_callback_type": ["sip", "tel", "app"],
        "voice_callback_value": ["sip:a@e.org", "447700900000"],
        "voice_status_callback": URL,
    },
    "applications": {"limit": LIMIT, "page": PAGE, "refresh": FLAG},
    "application": {"application_id": [APP, "demo"], "refresh": FLAG},
    "create_application": {**APPLICATION, "private_key_path": ["a.key", Path("b.key")]},
    "update_application": {"application_id": [APP, "demo"], **APPLICATION},
    "delete_application": {"application_id": [APP]},
    "balance": {},
    "bill": {
        "start": WHEN[:2],
        "end": WHEN[2:],
        "products": ["NUMBERS", ["asr", "REPORTS-USAGE"]],
        "include_subaccounts": FLAG,
        "max_records": [1000, None],
        "progress": [False],
    },
    "subaccounts": {},
    "prices": {"country": [*COUNTRY, COUNTRY], "product": ["sms", "voice"], "refresh": FLAG},
    "price_changes": {"since": WHEN, "product": ["sms", "voice"]},
    "send_sms": {
        "api": ["sms", "messages", None],
        "to": TO,
        "text": ["Hello", "Olá 🎉", "x" * 3200],
        "sender": ["Demo", "447700900001", 447700900001],
        "type": ["auto", "text", "unicode", "binary", "wappush", "vcal", "vcard"],
        "key": ["k1", "k2"],
        "status_report_req": FLAG,
        "client_ref": ["ref"],
        "vcard": ["BEGIN:VCARD\r\nEND:VCARD"],
        "vcal": ["BEGIN:VCALENDAR\nEND:VCALENDAR"],
        "ttl": [20_000, "604800000"],
        "callback": URL,
        "message_class": [0, 3],
        "udh": ["0605", b"\x06\x05"],
        "protocol_id": [0, 255, "127"],
        "body": ["00FF", b"\x00\xff"],
        "title": ["T"],
        "url": URL,
        "validity": [1000],
        "account_ref": ["a"],
        "entity_id": ["e"],
        "content_id": ["c"],
        "trusted_number": FLAG,
        "region": REGION,
        "max_price": [1, 0.5, None],
    },
    "send_voice": {
        "to": TO,
        "text": ["Hello", "a <break/> b"],
        "sender": ["447700900001"],
        "audio_url": URL,
        "language": ["en-gb", "pt_PT"],
        "voice": ["female", "male"],
        "repeat": [1, 10],
        "machine_detection": [True, False, "hangup"],
        "machine_timeout": [400, 10_000],
        "callback": URL,
        "callback_method": ["GET", "POST"],
        "api": ["tts"],
        "key": ["v1"],
        "region": REGION,
    },
    "records": {
        "product": ["SMS", "VOICE-CALL", "messages"],
        "start": WHEN[:2],
        "end": WHEN[2:],
        "direction": ["outbound", "inbound"],
        **{key: ["x"] for key in ("status", "network", "account_ref", "client_ref", "call_id")},
        "sender": ["Demo"],
        "recipient": ["447700900000"],
        "country": COUNTRY,
        "account_id": ["abcd1234"],
        "include_subaccounts": FLAG,
        "ids": ["0C0000", [APP, "0C0000"]],
        "include_message": FLAG,
        "to": ["reports"],
        "mode": ["auto", "sync"],
        "max_records": [1000, None],
        "progress": FLAG,
        "refresh": FLAG,
    },
    "delivery": {
        "messages": ["batch", [APP], pd.DataFrame({"message_id": [APP, None]}), pd.DataFrame({"message_ids": ["a b"]})],
        "max_records": [10, None],
    },
    "lookup": {
        "numbers": [TO, pd.Series(TO), pd.DataFrame({"to": TO})],
        "insights": [["original_carrier"], ["format", "roaming"], "current_carrier"],
        "to": ["to"],
        "region": COUNTRY,
        "purpose": ["FraudPreventionAndDetection"],
        "price": [0.01, 0],
        "max_cost": [1, 0.001, None],
        "max_numbers": [10, None],
        "refresh": FLAG,
    },
    "plan_sms": {
        "recipients": [TO, pd.Series(TO), pd.DataFrame({"to": TO, "n": [1.0, None, 3.0]}), [{"to": TO[0], "n": "x"}]],
        "text": ["Hello", "Hello {n}", "{n:>5}", "{", "{n:99999999999}", "{n:{n}}", "{n.real}", "{}", "{missing}"],
        "sender": ["Demo"],
        "to": ["to"],
        "region": COUNTRY,
        "language": ["n", "to", "missing"],
        "fill": FLAG,
        "type": ["auto", "text", "unicode"],
        "spelling": ["gsm7"],
        "duplicates": ["first", "last", "all", "problem"],
        "prices": FLAG,
    },
    "send_many": {
        "plan": [],
        "batch": ["b1", "b2"],
        "doubtful": ["refuse", "skip", "send"],
        "max_cost": [1, 0.5, None],
        "unpriced": ["refuse", "skip"],
        "on_cap": ["refuse", "stop"],
        "workers": [1, 8],
        "progress": [False],
        "resend_not_found": FLAG,
        "ttl": [20_000],
    },
    "batch": {"name": ["b1"]},
    "batches": {},
    "retry": {
        "batch": ["b1"],
        "codes": ["1", 5, ["1", "5"], "all", None],
        "text": ["Hello", "{text}!", None],
        "sender": ["Demo", None],
        "doubtful": ["refuse", "skip", "send"],
        "max_cost": [1, None],
        "unpriced": ["refuse", "skip"],
        "on_cap": ["refuse", "stop"],
        "workers": [1, 8],
        "progress": [False],
        "resend_not_found": FLAG,
        "api": ["sms", "messages", None],
    },
    "run_due": {"workers": [1, 8]},
    **{
        name: {"numbers": [*TO, TO], "to": ["to"], "region": REGION, "doubtful": ["refuse", "accept"]}
        for name in ("suppress", "unsuppress")
    },
    "suppressed": {},
    "replies": {"batch": ["b1"], "since": WHEN[:2], "until": WHEN[2:], "max_records": [1000, None]},
    "summary": {"plan": []},
    "settle": {"batch": ["b1"], "delay": [0, 600.0]},
    "sent": {"batch": ["b1"], "since": WHEN, "until": WHEN, "planned": FLAG},
    "discard": {"batch": ["b1"]},
    "budget": {"month": [200, 0.5, "none"], "day": [20, 0, None]},
    "forget": {"before": WHEN},
    "idle_numbers": {"days": [1, "2"], "until": WHEN, "max_records": [100_000]},
    "price_book": {"country": COUNTRY, "refresh": FLAG},
    "cheapest_numbers": {
        "countries": [*COUNTRY, COUNTRY],
        "features": ["SMS"],
        "type": ["landline"],
        "each": [1, "2"],
    },
    "segments": {"text": ["Hello", "Olá 🎉"], "encoding": ["gsm7", "ucs2", None]},
    "explain_encoding": {"text": ["Hello", "Olá 🎉"], "keep_accents": FLAG},
    "set_options": {"mask": FLAG, "progress": FLAG, "report_budget": [float("inf")], "report_price": [0]},
    "show_connection": {},
    "countries": {},
    "sender_rules": {"country": [*COUNTRY, None]},
    "to_e164": {"value": [*TO, "912 345 678"], "region": REGION, "name": ["to"]},
    "to_csv": {"frame": [pd.DataFrame({"a": ["x"]})], "path": ["a.csv", Path("b.csv")]},
    "clean_contacts": {
        "contacts": [TO, pd.Series(TO), pd.DataFrame({"to": TO, "land": ["GB", None, "Atlantis"]})],
        "to": ["to"],
        "region": [*REGION, "land"],
        "duplicates": ["first", "last", "all", "problem"],
    },
    "read_contacts": {"path": ["own.csv"], "sep": [",", ";", None], "encoding": ["utf-8", None], "sheet": [1, None]},
    "read_csv": {"path": ["own.csv"], "dtype": [{"a": "float64"}, {}]},
    "to_excel": {"frames": [pd.DataFrame({"a": ["x"]}), {"b": pd.DataFrame()}], "path": ["a.xlsx"]},
    "read_excel": {"path": ["own.csv", "a.xlsx"], "sheet": [1, "b"], "dtype": [{"a": "float64"}, {}]},
}
FRAMES = {
    "spend": {
        "by": ["country", [], ["country", "to"]],
        "freq": ["D", "W-WED", "M", "QS-APR", "h"],
        "tz": ["UTC", "Europe/Lisbon"],
        "covers": [None, ("2025-01-01", "2026-01-01")],
    },
    "anomalies": {
        "freq": ["D", "h"],
        "times": [1, 2.5],
        "at_least": [1, "20"],
        "digits": [0, 6],
        "tz": ["UTC", "Asia/Kolkata"],
    },
    "cost_per_delivered": {"by": ["country", ()]},
    "estimate_vs_actual": {"by": ["country", ()]},
    "shorter_texts": {},
    "number_costs": {"by": ["country", ["country", "type"]]},
    **{
        key: {"ax": [None], "title": ["Mine $"], "top": [None, 1, 7], "values": [None, True, False]}
        for key in (
            "plot_number_costs",
            "plot_prices",
            "plot_spend",
            "plot_delivery",
            "plot_estimate",
            "plot_anomalies",
        )
    },
    "delivery": {},
    "add_lookup": {"found": [pd.DataFrame(columns=["number", "country", "network", "network_type"])]},
    "summary": {},
    "fit_budget": {"amount": [1, 0.5, 0]},
    "send_many": {
        "batch": ["frames"],
        "progress": [False],
        "doubtful": ["send", "skip", "refuse"],
        "max_cost": [None, 1],
        "unpriced": ["refuse", "skip"],
        "window": [None, ("00:00", "24:00")],
        "days": [None, "Mon-Sun"],
    },
    "suppress_from": {},
    "opt_out_violations": {},
    "plan_sms": {"text": ["Hello {country}", None], "sender": ["Demo"], "to": ["to", "country"], "prices": [False]},
    "idle_numbers": {"traffic": [[]], "days": [1]},
    "to_csv": {"path": ["frame.csv"], "excel": [False, True]},
    "to_excel": {"path": ["frame.xlsx"]},
    "mask": {"columns": [(), "to", ["text"]]},
    "to_focus": {"path": ["focus.csv"], "billing_account": [None, "abcd1234"]},
    "report": {"path": ["page.html"], "title": [None, "Costs"]},
}
PASSED = {
    "application_form",
    "campaign_form",
    "number_form",
    "sms_form",
    "voice_form",
    "connect",
    "current",
    "send_many",
    "summary",
}
# What an application is decides which of its settings may be changed: it is read first.
READ_FIRST = ("update_application", "idle_numbers", "records", "bill", "send_many", "send_sms")

DIGITS = "[0-9]{3,15}"
ANY = "[^\x00-\x1f\x7f\ud800-\udfff]*"
LINES = "[^\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]*"
LINK = r"(?i:https?)://[^\s@]+"
SIZE = "[1-9][0-9]?|100"
PAGED = {"size": SIZE, "index": "[0-9]+"}
PATTERN = {"pattern": "[0-9]{1,15}", "search_pattern": "[012]"}
CHANGE = {"country": "[A-Z]{2}", "msisdn": DIGITS, "target_api_key": ANY}
RECORDS = {
    "product": "[A-Z0-9-]+",
    "account_id": ".+",
    "direction": "outbound|inbound",
    "include_subaccounts": "True",
    "id": "([^, ]{1,64})(,[^, ]{1,64}){0,19}",
    **dict.fromkeys(("date_start", "date_end"), r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00"),
    **dict.fromkeys(("include_message", "show_concatenated", "include_subaccounts"), "true|True"),
    **dict.fromkeys(("status", "from", "to", "network", "account_ref", "client_ref", "call_id", "cursor", "iv"), ANY),
    "country": "[A-Z]{2}",
}
SHAPES: dict[tuple[str, str], dict[str, str]] = {
    ("GET", "/number/search"): {
        "country": "[A-Z]{2}",
        "features": "(SMS|VOICE|MMS|SMS,VOICE|SMS,MMS|VOICE,MMS|SMS,MMS,VOICE)",
        "type": "landline|mobile-lvn|landline-toll-free",
        **PATTERN,
        **PAGED,
    },
    ("GET", "/account/numbers"): {
        "country": "[A-Z]{2}",
        "application_id": UUID,
        "has_application": "true|false",
        **PATTERN,
        **PAGED,
    },
    ("POST", "/number/buy"): CHANGE,
    ("POST", "/number/cancel"): CHANGE,
    ("POST", "/number/update"): {
        "country": "[A-Z]{2}",
        "msisdn": DIGITS,
        "app_id": UUID,
        "moHttpUrl": f"({LINK})?",
        "voiceCallbackType": "sip|tel|app|vxml",
        "voiceStatusCallback": f"({LINK})?",
        "messagesCallbackType": "app",
        "messagesCallbackValue": UUID,
        **dict.fromkeys(("moSmppSysType", "voiceCallbackValue"), ANY),
    },
    ("GET", "/v2/applications"): {"page_size": SIZE, "page": "[0-9]+"},
    ("GET", f"/v2/applications/{UUID}"): {},
    ("POST", "/v2/applications"): {},
    ("PUT", f"/v2/applications/{UUID}"): {},
    ("DELETE", f"/v2/applications/{UUID}"): {},
    ("GET", "/account/get-balance"): {},
    ("GET", "/account/get-(full-)?pricing/outbound/(sms|voice)"): {"country": "[A-Z]{2}"},
    ("GET", "/v2/account/pricing/(sms|voice)-outbound"): {
        "country": "[A-Z]{2}",
        "page_size": "100",
        "page": "[0-9]+",
    },
    ("GET", "/accounts/[^/]+/subaccounts"): {},
    ("POST", "/identity-insights/v1/requests"): {},
    ("POST", "/v1/messages"): {},
    ("POST", "/sms/json"): {
        "to": "[0-9]{7,15}",
        "from": "[0-9]{1,15}|[A-Za-z0-9 ]+",
        "type": "text|unicode|binary|wappush|vcal|vcard",
        "text": "[^\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,3200}",
        "status-report-req": "[01]",
        "ttl": "[2-9][0-9]{4}|[0-9]{6,9}",
        "message-class": "[0-3]",
        "protocol-id": "[0-9]{1,3}",
        "udh": "([0-9A-F]{2})+",
        "body": "([0-9A-F]{2})+",
        "validity": "[0-9]{1,9}",
        "trusted-number": "true|false",
        "vcard": LINES,
        "vcal": LINES,
        "callback": f"{LINK}",
        "url": LINK,
        **dict.fromkeys(("title", "client-ref", "account-ref", "entity-id", "content-id"), ANY),
    },
    ("POST", "/tts/json"): {
        "to": "[0-9]{7,15}",
        "from": "[0-9]{7,15}",
        "text": LINES,
        "lg": "[a-z]{2,3}-[a-z]{2,4}",
        "voice": "male|female",
        "repeat": "[1-9]|10",
        "machine_detection": "true|hangup",
        "machine_timeout": "[4-9][0-9]{2}|[1-9][0-9]{3}|10000",
        "callback": LINK,
        "callback_method": "GET|POST",
        "api_key": ".+",
        "api_secret": ".+",
    },
    ("POST", "/v1/calls"): {},
    ("GET", "/v2/reports/records"): RECORDS,
    ("POST", "/v2/reports"): RECORDS,
    ("GET", f"/v2/reports/{UUID}"): {},
    ("GET", f"/v3/media/{UUID}"): {},
}


def check_request(request: Request) -> None:
    """Hold a request against the documented wire."""
    found = [
        shape for (verb, path), shape in SHAPES.items() if verb == request.method and re.fullmatch(path, request.path)
    ]
    assert len(found) == 1, request.path
    assert all(name.isprintable() and value.isprintable() for name, value in request.headers.items())
    for name, value in {**request.query, **request.form}.items():
        assert re.fullmatch(found[0][name], value, re.DOTALL), (name, value)
    if request.path.startswith("/v2/reports") and request.method == "POST":
        assert all(re.fullmatch(RECORDS[name], str(value)) for name, value in request.json.items())
    elif request.path == "/v1/calls":
        check_call(request.json)
    elif request.path == "/v1/messages":
        check_message(request.json)
    elif request.path == "/identity-insights/v1/requests":
        check_lookup(request.json)
    elif request.json is not None:
        check_application(request.json)


def check_message(body: Any) -> None:
    """Hold a message against the documented limits."""
    assert (body["channel"], body["message_type"]) == ("sms", "text")
    assert re.fullmatch("[1-9][0-9]{6,14}", body["to"])
    assert re.fullmatch("[0-9]{1,15}|[A-Za-z0-9 ]+", body["from"])
    assert 1 <= len(body["text"]) <= 3200
    assert 1 <= len(body["client_ref"]) <= 100
    assert 20 <= body.get("ttl", 20) <= 604_800
    assert re.fullmatch(LINK, body.get("webhook_url", "http://e.org"))
    assert body["sms"]["encoding_type"] in ("text", "unicode")


def check_lookup(body: Any) -> None:
    """Hold a lookup against the documented limits."""
    assert re.fullmatch("[+][1-9][0-9]{6,14}", body["phone_number"])
    assert body["insights"]
    assert all(value == {} for value in body["insights"].values())
    assert set(body["insights"]) <= {"format", "original_carrier", "current_carrier", "roaming", "reachability"}


def check_call(body: Any) -> None:
    """Hold a call against the documented limits."""
    assert re.fullmatch("[0-9]{7,15}", body["to"][0]["number"])
    assert ("from" in body) != ("random_from_number" in body)
    assert body.get("machine_detection", "hangup") in ("continue", "hangup")
    assert all(re.fullmatch(LINK, url) for url in body.get("event_url", []))
    for action in body["ncco"]:
        assert 1 <= action["loop"] <= 10
        assert re.fullmatch("[a-z]{2,3}-[A-Z]{2,4}", action.get("language", "en-US"))
        assert 1 <= len(action.get("text", "x")) <= 1500
        assert re.fullmatch(LINES, action.get("text", ""))
        assert all(re.fullmatch(LINK, url) for url in action.get("streamUrl", []))


def check_application(body: Any) -> None:
    assert 1 <= len(body["name"]) <= 255
    assert re.fullmatch(ANY, body["name"])
    assert set(body["capabilities"]) <= {"voice", "messages", "rtc", "vbc", "verify"}
    for kind in ("voice", "messages"):
        for hook in body["capabilities"].get(kind, {}).get("webhooks", {}).values():
            assert urlsplit(hook["address"]).scheme in ("http", "https")
            assert re.fullmatch(LINK, hook["address"])
            assert hook["http_method"] in ("GET", "POST")


@pytest.fixture(scope="module")
def server() -> Iterator[Watched]:
    with Watched() as watched:
        yield watched


@pytest.fixture
def watched(server: Watched, waits: list[float], pyplot: Any) -> Iterator[Watched]:
    """The server, and a session on it that never sleeps."""
    with connected(server, sleep=waits.append):
        yield server
    nx.set_options(mask=False)
    pyplot.close("all")


def outcome(call: Callable[[], Any]) -> Any:
    return tried(call, SAID)


def check_outcome(watched: Watched, name: str, arguments: dict[str, Any]) -> Any:
    """Call a function; what went out must be sound, and a refusal must come before the wire, in plain words."""
    before = len(watched.asked)
    found = outcome(lambda: getattr(nx, name)(**arguments))
    asked = watched.asked[before:]
    for request in asked:
        check_request(request)
    if isinstance(found, nx.NexmoError):
        assert str(found).isprintable(), str(found)
        assert len(str(found)) <= LONGEST_WORDS
        here = isinstance(found, nx.InvalidRequestError) and found.status is None
        assert here or asked or isinstance(found, nx.UnknownOutcomeError)
        # How many records there are is known only when a report was ordered.
        here = here and not str(found).startswith("max_records")
        assert not here or all(request.method == "GET" and name in READ_FIRST for request in asked)
    return found


def arguments(name: str, table: dict[str, list[Any]]) -> Any:
    """Draw good values for some parameters, and wild ones in the place of up to two."""
    needed = [p.name for p in inspect.signature(getattr(nx, name)).parameters.values() if p.default is p.empty]
    drawn = {parameter: st.sampled_from(values) for parameter, values in table.items() if values}
    sound = st.fixed_dictionaries(
        {parameter: strategy for parameter, strategy in drawn.items() if parameter in needed},
        optional={parameter: strategy for parameter, strategy in drawn.items() if parameter not in needed},
    )
    others = [p for p in inspect.signature(getattr(nx, name)).parameters if p != "options"]
    wild = st.dictionaries(st.sampled_from(others), WILD, max_size=2) if others else st.just({})
    return st.tuples(sound, wild).map(lambda pair: {**pair[0], **pair[1]})


def each(examples: int, strategy: Any, test: Callable[[Any], Any]) -> None:
    """Try a test on so many examples, the same ones every time."""
    chosen = settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )

    def tried(example: Any) -> None:
        test(example)

    chosen(given(strategy)(tried))()


# What draws a page, whose plots are tried by themselves, or reads all records, takes far longer than the others: how
# many of these to try in a quick run and in a full one.
FEWER = {"report": (2, 40), "bill": (3, 140), "idle_numbers": (5, 20)}


def choose_count(name: str, full: int) -> int:
    quick, most = FEWER.get(name, (None, full))
    return quick if is_quick() and quick else count_examples(most)


def test_every_public_function_is_tried() -> None:
    functions = {name for name in nx.__all__ if inspect.isfunction(getattr(nx, name))}
    assert functions | {"application_form"} <= set(GOOD) | set(FRAMES) | PASSED


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"send_many", "summary"}))
def test_any_argument_gives_a_sound_request_or_a_refusal_in_words(watched: Watched, name: str) -> None:
    demo = watched.application_id
    Path("own.csv").write_text("a,price\n1,2\n")
    table = {
        k: [demo if v == "demo" else v for v in values] if k == "application_id" else values
        for k, values in GOOD[name].items()
    }
    each(choose_count(name, 140), arguments(name, table), lambda drawn: check_outcome(watched, name, drawn))


COLUMNS = {
    "country": ["GB", "PT", None],
    "country_name": ["Great Britain", "Portugal", "x"],
    "type": ["landline", None, "mobile-lvn"],
    "msisdn": ["447410000000", "351912345678", "1"],
    "app_id": [APP, None, APP],
    "to": ["447410000000", "351912345678", "264811234567"],
    "sender": ["Demo", "Demo", "447410000000"],
    "text": ["Olá! " * 16, "Hello", None],
    "status": ["delivered", "failed", None],
    "message_id": ["a", "b", None],
    "direction": ["outbound", "inbound", None],
    "network_name": ["x", "_y", "$z"],
    "encoding": ["ucs2", "gsm7", None],
    "problem": [None, None, "none"],
    "warning": [None, "odd", None],
    "warning_code": [None, "not_mobile", None],
    "currency": ["EUR", "EUR", "EUR"],
    **{
        key: [0.5, 0.25, None]
        for key in ("price", "final_price", "estimate", "actual", "spend", "price_low", "price_high")
    },
    **{key: [1.0, 2.0, 3.0] for key in ("monthly_cost", "setup_cost", "monthly_low", "monthly_median", "monthly_high")},
}
BILL = {
    "day": pd.to_datetime(["2025-03-01", "2025-03-02", "2025-03-02"], utc=True),
    "product": ["SMS", "VOICE-CALL", "NUMBERS"],
    **{key: ["x", "$y", None] for key in ("channel", "direction", "country", "network", "status", "tag")},
    "account": ["abcd1234", "abcd1234", "efgh5678"],
    "messages": 1,
    "parts": 2,
    "seconds": [0.0, 5.0, 0.0],
    "amount": [0.1, -0.2, 1e-7],
    "currency": "EUR",
    "estimated": [True, False, True],
}
NEEDED = {
    "plot_spend": ["period", "country", "spend", "currency"],
    "plot_estimate": ["country", "estimate", "actual", "currency"],
    "plot_anomalies": ["period", "country", "prefix", "messages", "usual"],
    "to_focus": [*BILL],
}


def frame(name: str) -> pd.DataFrame:
    """Make a frame that every function can use."""
    made = pd.DataFrame(COLUMNS).assign(parts=[2, 1, 1])
    times = pd.Series(pd.to_datetime(["2025-03-01", "2025-03-02", None], utc=True))
    made = made.assign(period=times) if name.startswith("plot") else made.assign(received=times)
    if name == "plot_anomalies":
        made = made.assign(prefix=[None, "34612", "x"], messages=[40, 50, 60], usual=[10.0, 20.0, None])
    made = made.assign(**BILL) if name == "to_focus" else made
    if name == "idle_numbers":
        made = made.assign(mo_http_url=None, voice_callback_value=None, messages_callback_value=None)
    return made[NEEDED.get(name, list(made.columns))]


CELLS = st.sampled_from(
    [
        *([], {}, [1], "x", "", "1.5", b"x", 5, 5.5, float("inf"), float("nan"), 10**20, True, None, pd.NA, pd.NaT, 2j),
        *(
            Decimal("1.5"),
            datetime(2025, 3, 1),
            pd.Timestamp("2025-03-01", tz="UTC"),
            "\ud800",
            "x\n$y_",
            "🎉" * 300,
        ),
    ]
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["drop", "cell", "fill", "twice", "rows", "name", "deep"]), st.integers(0, 99), CELLS),
    max_size=2,
)


def changed(table: pd.DataFrame, changes: list[tuple[str, int, Any]]) -> pd.DataFrame:
    """Change a frame, step by step."""
    for action, number, value in changes:
        if not len(table.columns) or table.columns.nlevels > 1:
            return table
        place = number % len(table.columns)
        if action == "drop":
            table = table.drop(columns=table.columns[place])
        elif action == "cell":
            column = list(table.iloc[:, place].astype(object))
            column[:1] = [value][: len(column)]
            table = table.copy()
            table.isetitem(place, pd.Series(column, index=table.index, dtype=object))
        elif action == "fill":
            table = table.copy()
            table.isetitem(place, pd.Series([value] * len(table), index=table.index, dtype=object))
        elif action == "twice":
            table = pd.concat([table, table.iloc[:, [place]]], axis=1)
        elif action == "rows":
            table = table.iloc[: number % 3]
        elif action == "name":
            table = table.rename(columns={table.columns[place]: number})
        else:
            table = table.set_axis(pd.MultiIndex.from_tuples([(name, "x") for name in table.columns]), axis=1)
    return table


@pytest.mark.parametrize("name", FRAMES)
def test_any_frame_gives_a_result_or_a_refusal_in_words(watched: Watched, pyplot: Any, name: str) -> None:
    first = next(iter(inspect.signature(getattr(nx, name)).parameters))
    sound = frame(name)
    extra = arguments(name, FRAMES[name]).map(lambda drawn: {k: v for k, v in drawn.items() if k != first})

    def tried(example: tuple[Any, dict[str, Any]]) -> None:
        table, more = example
        check_outcome(watched, name, {first: changed(sound, table), **more})
        pyplot.close("all")

    each(choose_count(name, 48 if name.startswith("plot") else 120), st.tuples(CHANGES, extra), tried)


@pytest.mark.parametrize("name", FRAMES)
def test_a_sound_frame_gives_a_result(watched: Watched, name: str) -> None:
    table = {key: values[0] for key, values in FRAMES[name].items() if values[0] is not None and key != "freq"}
    first = next(iter(inspect.signature(getattr(nx, name)).parameters))
    assert not isinstance(check_outcome(watched, name, {first: frame(name), **table}), nx.NexmoError)


@pytest.mark.parametrize("name", sorted(set(FRAMES) - {"to_csv", "to_excel", "mask", "plan_sms"}))
def test_a_frame_without_any_of_the_columns_is_refused(watched: Watched, name: str) -> None:
    first = next(iter(inspect.signature(getattr(nx, name)).parameters))
    table = {key: values[0] for key, values in FRAMES[name].items() if values[0] is not None}
    for wrong in (pd.DataFrame({"colour": ["red"]}), pd.DataFrame(), 5, "frame" * (name != "delivery")):
        assert isinstance(check_outcome(watched, name, {**table, first: wrong}), nx.InvalidRequestError)


SECRET = "h4nter2h4nter2"
CONNECT = {
    "where": ["live", "https://e.org"],
    "api_key": ["abcd1234"],
    "api_secret": [SECRET],
    "application_id": [APP, SECRET],
    "private_key": [SECRET, "-----BEGIN PRIVATE KEY-----\n" + SECRET],
    "signature_secret": [SECRET],
    "signature_method": ["md5hash", "SHA256"],
    "calls": [100, "5"],
    "period": [60, 0.5],
    "limits": [{"sms": (1, 1.0)}, {}],
    "cache": FLAG,
    "timeout": [30, 0.5],
    "currency": ["EUR", "usd"],
    "state_dir": ["state", Path("more")],
}


def test_any_argument_of_connect_gives_a_session_or_a_refusal_without_a_secret(watched: Watched) -> None:
    def tried(drawn: dict[str, Any]) -> None:
        found = outcome(lambda: nx.connect(**drawn))
        if isinstance(found, nx.Session):
            found.close()
            assert SECRET not in repr(found)
            return
        assert isinstance(found, nx.InvalidRequestError)
        assert str(found).isprintable()
        assert len(str(found)) <= LONGEST_WORDS
        assert SECRET not in str(found)

    before = len(watched.asked)
    each(count_examples(240), arguments("connect", CONNECT), tried)
    assert len(watched.asked) == before


@pytest.mark.parametrize(
    "value",
    [10**5000, Shy(), [Shy()], pd.DataFrame({"a": range(99)}), "x\n" * 999],
    ids=["long", "shy", "held", "frame", "lines"],
)
def test_what_cannot_be_shown_on_a_line_is_refused_in_one(watched: Watched, value: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^limit: got .{1,120}; allowed: a whole number") as caught:
        nx.applications(limit=value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "value", [0, 1_700_000_000, 1.5, True, pd.NaT, "1969-12-31", "2200-01-01", np.datetime64("NaT", "ns")]
)
def test_a_number_is_no_time_and_a_time_is_one_of_our_days(watched: Watched, value: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^since: got"):
        nx.sent(since=value)


def test_a_span_of_more_than_five_years_asks_for_nothing(watched: Watched) -> None:
    before = len(watched.asked)
    with pytest.raises(nx.InvalidRequestError, match="five years"):
        nx.records(start="2012-03-01", end="2025-03-01", mode="sync")
    assert len(watched.asked) == before


def test_one_id_is_no_list_of_letters(watched: Watched) -> None:
    nx.records(ids="0C000000")
    assert watched.asked[-1].query["id"] == "0C000000"


@pytest.mark.parametrize("ids", ["a,b", "a b", ["a", "b,c"], pd.DataFrame({"message_id": ["a"]}), {"a": 1}, b"a", 5])
def test_ids_that_are_none_are_refused(watched: Watched, ids: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^ids: got"):
        nx.records(ids=ids)


@pytest.mark.parametrize("empty", [b"", bytearray(), "", " "])
def test_no_octets_are_no_content(watched: Watched, empty: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^body: got"):
        nx.send_sms("447700900000", sender="Demo", type="binary", udh="0605", body=empty)


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT, "", " "])
def test_a_missing_value_never_stands_in_a_message(watched: Watched, nothing: Any) -> None:
    plan = nx.plan_sms([{"to": TO[0], "name": nothing}], "Hello {name}", sender="Demo", prices=False)
    assert plan.problem.tolist() == ["text: The column 'name' is empty."]


@pytest.mark.parametrize("text", ["{n:99999999999}", "{n:.9999}", "{n:{n}}"])
def test_a_format_that_could_fill_the_memory_is_refused(watched: Watched, text: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^text: got"):
        nx.plan_sms([{"to": TO[0], "n": 10**11}], text, sender="Demo", prices=False)


def test_a_plan_without_rows_can_have_a_cap(watched: Watched) -> None:
    plan = nx.plan_sms([], "Hello", sender="Demo")
    assert nx.send_many(plan, batch="none", max_cost=1, progress=False).empty


@pytest.mark.parametrize("name", ["api_key", "api_secret", "signature_secret", "private_key", "application_id"])
@pytest.mark.parametrize("value", [12345678, ["hunter2"], {"hunter2": 1}, b"hunter2", Shy(), "hunter2\n\0", " "])
def test_what_is_no_credential_is_refused_unseen(name: str, value: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="<hidden>|no value found") as caught:
        nx.connect("https://e.org", **{"api_key": "abcd1234", "api_secret": SECRET, name: value})
    assert "hunter2" not in str(caught.value)
    assert "12345678" not in str(caught.value)


@pytest.mark.parametrize("session", [5, "sandbox", pd.NA, np.array([1, 2])])
def test_what_is_no_session_is_refused(session: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^session: got"):
        nx.balance(session=session)


@pytest.mark.parametrize("name", ["price", "final_price"])
def test_prices_that_are_texts_are_not_strung_together(name: str) -> None:
    table = frame("spend").assign(**{name: ["0.5", "0.25", "1"]})
    with pytest.raises(nx.InvalidRequestError, match=f"numbers in {name}"):
        nx.spend(table, by="country")


SOUND: dict[str, dict[str, Any]] = {
    "send_sms": {"to": TO[0], "text": "Hello", "sender": "Demo"},
    "send_voice": {"to": TO[0], "text": "Hello"},
    "search_numbers": {"country": "GB"},
    "owned_numbers": {},
    "buy_number": {"country": "GB", "msisdn": "447410000000"},
    "update_number": {"country": "GB", "msisdn": "447410000000", "mo_http_url": ""},
    "create_application": {"name": "A", "answer_url": URL[0], "event_url": URL[0]},
    "update_application": {"application_id": APP, "name": "B"},
    "application": {},
    "delete_application": {},
    "records": {"start": WHEN[0], "end": WHEN[3]},
    "prices": {},
    "cheapest_numbers": {"countries": "GB"},
    "settle": {},
    "plan_sms": {"recipients": TO, "text": "Hello", "sender": "Demo"},
}
LINKS = [
    "https://e.org/\r\nX: y",
    "https://e.org/a b",
    "ftp://e.org",
    "//e.org",
    "javascript:alert(1)",
    "https://e.org\x00",
]
IDS = ["../../x", f"{APP}/../x", f"{APP}?a=b", f"{APP}\r\nX: y", f"{APP}0", APP.replace("-", ""), "", None]
OUTSIDE: dict[str, dict[str, list[Any]]] = {
    "send_sms": {
        "to": ["12", "1" * 16, "+44 7700 9000001", 447700900000.0],
        "sender": ["x" * 12, "1" * 16, "De-mo", "Dem\u00f6", "", "Demo\r\nX"],
        "text": ["", "x" * 3201, "\ud800"],
        "ttl": [19_999, 604_800_001, 20_000.0],
        "message_class": [-1, 4],
        "protocol_id": [-1, 256],
        "client_ref": ["x" * 101, "a\nb", ""],
        "account_ref": ["a\r\nb"],
        "callback": [*LINKS, "https://e.org/" + "x" * 90],
        "status_report_req": [2, "yes"],
        "key": ["", "x" * 201, 5],
        "udh": ["0605"],
        "url": URL,
    },
    "send_voice": {
        "text": ["", "x" * 1501, "a\x00"],
        "repeat": [0, 11],
        "machine_timeout": [399, 10_001],
        "machine_detection": ["beep", 1],
        "language": ["english", "en"],
        "voice": ["loud", -1],
        "audio_url": LINKS,
        "callback": LINKS,
        "callback_method": ["PUT"],
        "api": ["", "v2"],
    },
    "search_numbers": {
        "country": ["XX", "GBR", "G\r"],
        "pattern": ["abc", "1" * 16, "4*", "", -4],
        "match": ["inside"],
        "features": ["FAX", "SMS;VOICE", []],
        "type": ["fixed"],
        "limit": [0, -1],
    },
    "owned_numbers": {"application_id": IDS[:-1], "has_application": ["true"], "pattern": ["4%"]},
    "buy_number": {"msisdn": ["12", "1" * 16, "../1"], "target_api_key": ["a\r\nb", "x" * 33]},
    "update_number": {
        "app_id": IDS[:-1],
        "mo_http_url": LINKS,
        "voice_status_callback": LINKS,
        "mo_smpp_sys_type": ["a\r\nb", ""],
        "voice_callback_type": ["app", "fax"],
        "voice_callback_value": ["x"],
    },
    "create_application": {
        "name": ["", "x" * 256, "a\r\nb"],
        "answer_url": [*LINKS, None],
        "event_url": LINKS,
        "answer_method": ["PUT"],
        "type": ["video", "", []],
        "inbound_url": LINKS,
        "public_key": ["x", "-----BEGIN PRIVATE KEY-----"],
    },
    "update_application": {"application_id": IDS, "name": [""], "answer_url": LINKS, "event_method": ["PUT"]},
    "application": {"application_id": IDS},
    "delete_application": {"application_id": IDS},
    "records": {
        "product": ["FAX", "SMS inbound"],
        "direction": ["up", ""],
        "mode": ["later"],
        "status": ["a\r\nb", "x" * 201],
        "country": ["Congo"],
        "max_records": [0],
        "end": [WHEN[0], "2025-02-30", "12/01/2026"],
        "start": ["01.02.2025", "today", "2025"],
        "include_message": ["yes"],
    },
    "prices": {"product": ["fax"], "country": ["XX", ["GB", "XX"]]},
    "cheapest_numbers": {"each": [0]},
    "settle": {"delay": [-1, float("inf"), float("nan"), "600"]},
    "plan_sms": {"sender": ["x" * 12], "region": ["XX"], "type": ["binary"], "to": [5, None]},
}


@pytest.mark.parametrize(("name", "parameter"), [(name, parameter) for name in OUTSIDE for parameter in OUTSIDE[name]])
def test_what_is_just_outside_is_refused_before_the_wire(watched: Watched, name: str, parameter: str) -> None:
    before = len(watched.asked)
    for value in OUTSIDE[name][parameter]:
        with pytest.raises(nx.InvalidRequestError) as caught:
            getattr(nx, name)(**{**SOUND[name], parameter: value})
        assert str(caught.value).isprintable()
    assert len(watched.asked) == before
