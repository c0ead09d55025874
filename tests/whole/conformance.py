"""The cases of test_conformance: every endpoint that the client uses, with the fewest arguments and with all of them,
and every answer that the sandbox gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import requests

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.session.auth import Auth

REST, API = "https://rest.nexmo.com", "https://api.nexmo.com"
SEARCH, OWNED = "GET /number/search", "GET /account/numbers"
BUY, CANCEL, UPDATE = "POST /number/buy", "POST /number/cancel", "POST /number/update"
BALANCE, PRICE = "GET /account/get-balance", "GET /account/get-pricing/outbound/{type}"
PRICES, SMS, CALL = "GET /account/get-full-pricing/outbound/{type}", "POST /sms/{format}", "POST /v1/calls"
APPS, APP_NEW, APP = "GET /v2/applications", "POST /v2/applications", "GET /v2/applications/{id}"
APP_PUT, APP_DELETE = "PUT /v2/applications/{id}", "DELETE /v2/applications/{id}"
RECORDS, ORDER, REPORT = "GET /v2/reports/records", "POST /v2/reports", "GET /v2/reports/{report_id}"
ABORT, MEDIA = "DELETE /v2/reports/{report_id}", "GET /v3/media/{file_id}"
TO, UNKNOWN, BUSY = "447700900123", "00000000-0000-4000-8000-000000000000", "2025-11-28"
HOOKS = {"answer_url": "https://example.org/a", "event_url": "https://example.org/e"}
MESSAGES = {"inbound_url": "https://example.org/i", "status_url": "https://example.org/s"}
HOURS = {"start": "2025-03-04T10:00", "end": "2025-03-04T12:00", "progress": False}
Refused = nx.NexmoError


@dataclass(frozen=True)
class Case:
    """A call of the client, or a request that it never makes (`Desk.send`), and the exchange that must result."""

    endpoint: str
    status: int
    name: str
    do: Callable[[Desk], Any]
    raises: type[Exception] | None = None
    connection: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.endpoint} {self.status} {self.name}"


class Desk(NamedTuple):
    """The sandbox of a case, and a session to send requests by hand."""

    sandbox: Sandbox
    by_hand: requests.Session

    def send(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send a request that the client never makes, with the account's credentials."""
        keys = (self.sandbox.api_key, self.sandbox.api_secret)
        return self.by_hand.request(method, url, **{"auth": keys, **options})

    @property
    def owned_number(self) -> tuple[str, str]:
        """Country and number of an owned number."""
        return tuple(nx.owned_numbers(limit=1)[["country", "msisdn"]].iloc[0])

    @property
    def number_for_rent(self) -> tuple[str, str]:
        """Country and number of a number for rent."""
        return tuple(nx.search_numbers("GB", limit=1)[["country", "msisdn"]].iloc[0])

    def order_report(self, **fields: Any) -> str:
        """Order a report, and return its id."""
        body = {"product": "SMS", "account_id": self.sandbox.api_key, "direction": "outbound", **fields}
        return str(self.send("POST", f"{API}/v2/reports", json=body).json()["request_id"])


def _list_refusals(endpoint: str, call: Callable[[Desk], Any]) -> Iterable[Case]:
    """List the refusals that every endpoint shares: wrong credentials, and too many requests."""
    method, path = endpoint.split("{", maxsplit=1)[0].split()
    yield Case(endpoint, 401, "wrong secret", call, Refused, {"api_secret": "Wrong1234"})

    def call_too_fast(desk: Desk) -> Any:
        desk.sandbox.fail_next("429", 3, path, method=method)
        return call(desk)

    yield Case(endpoint, 429, "too fast", call_too_fast, Refused)


def _list_number_cases() -> Iterable[Case]:
    yield Case(SEARCH, 200, "minimal", lambda _: nx.search_numbers("GB"))
    yield Case(SEARCH, 200, "none", lambda _: nx.search_numbers("GB", pattern="999999"))
    for n, features in enumerate(("SMS", "VOICE", "MMS", "VOICE,SMS", "MMS,SMS", "MMS,VOICE", "VOICE,SMS,MMS")):
        kind, match = ("landline", "mobile-lvn", "landline-toll-free")[n % 3], ("starts", "contains", "ends")[n % 3]
        every = {"pattern": "4", "match": match, "features": features, "type": kind}
        yield Case(SEARCH, 200, f"every parameter {n}", lambda _, every=every: nx.search_numbers(["GB", "US"], **every))
    yield Case(SEARCH, 400, "no country", lambda d: d.send("GET", f"{REST}/number/search"))
    yield Case(SEARCH, 420, "no such type", lambda d: d.send("GET", f"{REST}/number/search?country=GB&type=pager"))
    yield Case(OWNED, 200, "minimal", lambda _: nx.owned_numbers())
    every = {"country": "GB", "pattern": "07", "match": "contains", "application_id": UNKNOWN, "has_application": True}
    yield Case(OWNED, 200, "every parameter", lambda _: nx.owned_numbers(**every))
    yield Case(OWNED, 200, "without an application", lambda _: nx.owned_numbers(has_application=False))
    for endpoint, change in ((BUY, nx.buy_number), (CANCEL, nx.cancel_number)):
        url, own = f"{REST}/number/{endpoint.rsplit('/', 1)[1]}", endpoint == CANCEL
        number = Desk.owned_number.fget if own else Desk.number_for_rent.fget
        yield Case(endpoint, 200, "minimal", lambda d, f=change, n=number: f(*n(d)))
        yield Case(
            endpoint, 200, "every parameter", lambda d, f=change, n=number: f(*n(d), target_api_key=d.sandbox.api_key)
        )
        yield Case(endpoint, 420, "no such number", lambda _, f=change: f("GB", "447000000000"), Refused)
        yield Case(endpoint, 400, "nothing", lambda d, url=url: d.send("POST", url, data={"country": "GB"}))
        yield from _list_refusals(endpoint, lambda _, f=change: f("GB", "447000000000"))
    yield Case(BUY, 401, "no credit", _buy_without_credit, Refused)
    yield Case(UPDATE, 200, "minimal", lambda d: nx.update_number(*d.owned_number, mo_http_url=""))
    for kind, value in (("tel", TO), ("sip", "sip:a@example.org"), ("app", "")):
        yield Case(UPDATE, 200, f"every parameter {kind}", lambda d, k=kind, v=value: _update_every_setting(d, k, v))
    wrong = {"country": "GB", "msisdn": "447000000000"}
    yield Case(UPDATE, 420, "no such number", lambda d: d.send("POST", f"{REST}/number/update", data=wrong))
    yield Case(UPDATE, 400, "nothing", lambda d: d.send("POST", f"{REST}/number/update", data={"country": "GB"}))
    asked = {"data": wrong, "auth": ("abcd1234", "Wrong1234")}
    yield Case(UPDATE, 401, "wrong secret", lambda d: d.send("POST", f"{REST}/number/update", **asked))
    yield from _list_refusals(SEARCH, lambda _: nx.search_numbers("GB"))
    yield from _list_refusals(OWNED, lambda _: nx.owned_numbers())


def _buy_without_credit(desk: Desk) -> None:
    number = desk.number_for_rent
    desk.sandbox.fail_next("no-credit", path="/number/buy")
    nx.buy_number(*number)


def _update_every_setting(desk: Desk, kind: str, value: str) -> None:
    nx.update_number(
        *desk.owned_number,
        app_id=desk.sandbox.application_id,
        mo_http_url="https://example.org/in",
        mo_smpp_sys_type="inbound",
        voice_callback_type=kind,
        voice_callback_value=value or desk.sandbox.application_id,
        voice_status_callback="https://example.org/status",
    )


def _list_account_cases() -> Iterable[Case]:
    yield Case(BALANCE, 200, "minimal", lambda _: nx.balance())
    yield from _list_refusals(BALANCE, lambda _: nx.balance())
    for product in ("sms", "voice"):
        yield Case(PRICE, 200, f"one country {product}", lambda _, p=product: nx.prices("GB", product=p))
        yield Case(PRICES, 200, f"all {product}", lambda _, p=product: nx.prices(product=p))
    for endpoint, name, query in ((PRICE, "get-pricing", "?country=GB"), (PRICES, "get-full-pricing", "")):
        url = f"{REST}/account/{name}/outbound/fax{query}"
        yield Case(endpoint, 404, "no such product", lambda d, url=url: d.send("GET", url))
    yield Case(PRICE, 404, "no such country", lambda _: nx.prices("AO"))
    yield Case(PRICE, 400, "no country", lambda d: d.send("GET", f"{REST}/account/get-pricing/outbound/sms"))
    yield from _list_refusals(PRICE, lambda _: nx.prices("GB"))
    yield from _list_refusals(PRICES, lambda _: nx.prices())


def _send_sms(**options: Any) -> Callable[[Desk], Any]:
    return lambda _: nx.send_sms(TO, **{"text": "Hello", "sender": "Demo", **options})


def _list_message_cases() -> Iterable[Case]:
    yield Case(SMS, 200, "minimal", _send_sms())
    yield Case(SMS, 200, "two parts, a number as sender", _send_sms(text="é" * 200, sender="447700900001"))
    yield Case(SMS, 200, "unicode", _send_sms(text="Привет 😀" * 20))
    every = {"account_ref": "a", "entity_id": "1", "content_id": "2", "callback": "https://example.org/receipt"}
    for n, (ttl, protocol) in enumerate(((20_000, 0), (604_800_000, 255))):
        more = {"ttl": ttl, "protocol_id": protocol, "message_class": 3 * n, "client_ref": "r" * (39 * n + 1)}
        flags = {"status_report_req": bool(n), "trusted_number": bool(n)}
        yield Case(SMS, 200, f"every option {n}", _send_sms(**every, **more, **flags))
    binary = {"text": None, "type": "binary", "udh": b"\x06\x05\x04\x15\x81\x15\x81", "body": "0011"}
    push = {"text": None, "type": "wappush", "title": "Hi", "url": "https://example.org", "validity": 300_000}
    for content in (binary, push, *({"text": None, "type": kind, kind: "BEGIN:"} for kind in ("vcal", "vcard"))):
        yield Case(SMS, 200, str(content["type"]), _send_sms(**content))
    for method in ("md5hash", "md5", "sha1", "sha256", "sha512"):
        signed = {"signature_secret": "", "signature_method": method}
        yield Case(SMS, 200, f"signed {method}", _send_sms(), None, signed)
    yield Case(SMS, 200, "wrong secret", _send_sms(), Refused, {"api_secret": "Wrong1234"})
    for status in (3, 5, 6, 7, 9, 15, 23, 29, 33):
        yield Case(
            SMS, 200, f"status {status}", lambda d, code=status: _send_refused_sms(d, "status", code=code), Refused
        )
    yield Case(SMS, 200, "throttled", lambda d: _send_refused_sms(d, "throttled", times=3), Refused)
    yield Case(SMS, 200, "a part refused", lambda d: _send_refused_sms(d, "partial"), nx.PartialSendWarning)
    for given in ({}, {"from": "Demo"}, {"from": "Demo", "to": TO}, {"from": "Demo", "to": "x", "text": "Hello"}):
        yield Case(SMS, 200, f"only {len(given)}", lambda d, f=given: d.send("POST", f"{REST}/sms/json", data=f))


def _send_refused_sms(desk: Desk, kind: str, **detail: Any) -> None:
    desk.sandbox.fail_next(kind, **detail)
    nx.send_sms(TO, "Hello " * 40, sender="Demo")


def _list_call_cases() -> Iterable[Case]:
    yield Case(CALL, 201, "minimal", lambda _: nx.send_voice(TO, "Hello"))
    yield Case(CALL, 201, "a recording", lambda _: nx.send_voice(TO, audio_url="https://example.org/a.mp3"))
    every = {"sender": "447700900001", "audio_url": "https://example.org/a.mp3", "language": "pt-pt", "voice": 2}
    for method, detection in (("GET", "true"), ("POST", "hangup")):
        more = {"callback": "https://example.org/e", "callback_method": method, "machine_detection": detection}
        both = {**every, **more, "repeat": 10}
        yield Case(CALL, 201, f"every parameter {method}", lambda _, both=both: nx.send_voice(TO, "Hello", **both))
    yield Case(CALL, 401, "no token", lambda d: d.send("POST", f"{API}/v1/calls", json={}))
    yield Case(CALL, 429, "too fast", _call_too_fast, Refused)
    yield Case(CALL, 402, "no credit", _call_without_credit, Refused)
    yield Case(CALL, 400, "nothing", lambda d: d.send("POST", f"{API}/v1/calls", json={}, auth=build_token_auth(d)))
    yield Case(
        CALL, 415, "no JSON", lambda d: d.send("POST", f"{API}/v1/calls", data={"to": TO}, auth=build_token_auth(d))
    )


def _call_too_fast(desk: Desk) -> None:
    desk.sandbox.fail_next("429", 3)
    nx.send_voice(TO, "Hello")


def _call_without_credit(desk: Desk) -> None:
    desk.sandbox.fail_next("no-credit")
    nx.send_voice(TO, "Hello")


def build_token_auth(desk: Desk) -> Any:
    return Auth(nx.current().account, "jwt")


def _list_application_cases() -> Iterable[Case]:
    yield Case(APPS, 200, "minimal", lambda _: nx.applications())
    yield Case(
        APPS,
        200,
        "none",
        lambda _: [nx.delete_application(code) for code in nx.applications().id] and _refresh_applications(),
    )
    yield Case(APPS, 400, "too many", lambda d: d.send("GET", f"{API}/v2/applications?page_size=101"))
    yield Case(APP, 200, "minimal", lambda _: [nx.application(code) for code in nx.applications().id])
    yield Case(APP, 404, "no such application", lambda _: nx.application(UNKNOWN), Refused)
    key = "-----BEGIN PUBLIC KEY-----\nMFww\n-----END PUBLIC KEY-----"
    methods = {"answer_method": "POST", "event_method": "GET"}
    every = {"type": "voice,messages", **HOOKS, **MESSAGES, **methods, "public_key": key}
    yield Case(APP_NEW, 201, "minimal", lambda _: nx.create_application("A", **HOOKS))
    yield Case(APP_NEW, 201, "messages", lambda _: nx.create_application("A", type="messages", **MESSAGES))
    yield Case(APP_NEW, 201, "every parameter", lambda _: nx.create_application("A", **every))
    yield Case(APP_PUT, 200, "minimal", lambda _: [nx.update_application(c, name="B") for c in nx.applications().id])
    yield Case(APP_PUT, 200, "every parameter", lambda _: nx.update_application(_find_first_id(), name="B", **every))
    yield Case(
        APP_PUT, 404, "no such application", lambda d: d.send("PUT", f"{API}/v2/applications/{UNKNOWN}", json={})
    )
    yield Case(APP_DELETE, 204, "minimal", lambda _: nx.delete_application(_find_first_id()))
    yield Case(APP_DELETE, 404, "no such application", lambda _: nx.delete_application(UNKNOWN), Refused)
    wrong = {"name": "A", "capabilities": {"voice": {"webhooks": {"answer_url": {"address": "x", "http_method": "X"}}}}}
    bodies: Mapping[int, Mapping[str, Any]] = {400: {"json": wrong}, 415: {"data": {"name": "A"}}}
    for status, body in bodies.items():
        yield Case(APP_NEW, status, "wrong body", lambda d, b=body: d.send("POST", f"{API}/v2/applications", **b))
        yield Case(APP_PUT, status, "wrong body", lambda d, b=body: d.send("PUT", _build_first_url(), **b))
    broken = {"data": "{", "headers": {"Content-Type": "application/json"}}
    yield Case(APP_NEW, 400, "broken JSON", lambda d: d.send("POST", f"{API}/v2/applications", **broken))
    yield from _list_refusals(APPS, lambda _: nx.applications())
    yield from _list_refusals(APP, lambda _: nx.application(UNKNOWN))
    yield from _list_refusals(APP_NEW, lambda _: nx.create_application("A", **HOOKS))
    yield from _list_refusals(APP_DELETE, lambda _: nx.delete_application(UNKNOWN))
    wrong_secret = {"json": {"name": "B"}, "auth": ("abcd1234", "Wrong1234")}
    yield Case(APP_PUT, 401, "wrong secret", lambda d: d.send("PUT", _build_first_url(), **wrong_secret))


def _refresh_applications() -> Any:
    return nx.applications(refresh=True)


def _find_first_id() -> str:
    return str(nx.applications().id[0])


def _build_first_url() -> str:
    return f"{API}/v2/applications/{_find_first_id()}"


def _list_record_cases() -> Iterable[Case]:
    yield Case(RECORDS, 200, "SMS sent", lambda _: nx.records(**HOURS))
    yield Case(RECORDS, 200, "none", lambda _: nx.records(start="2024-03-04", end="2024-03-05"))
    every = {"status": "delivered", "sender": "Shop", "recipient": TO, "country": "GB", "network": "23410"}
    more = {**every, "account_ref": "marketing", "include_message": True}
    yield Case(RECORDS, 200, "every filter", lambda _: nx.records(**HOURS, **more))
    yield Case(RECORDS, 200, "SMS received", lambda _: nx.records(direction="inbound", include_message=True, **HOURS))
    # The description has none of what reports cost, and of the other products nothing that is newer.
    usage = {"start": "2024-03-04", "end": "2024-03-05"}
    yield Case(RECORDS, 200, "what reports cost", lambda _: nx.records("REPORTS-USAGE", **usage))
    yield Case(RECORDS, 200, "calls", lambda _: nx.records("VOICE-CALL", **HOURS))
    yield Case(RECORDS, 200, "a call", lambda _: nx.records("VOICE-CALL", call_id="x", direction="inbound", **HOURS))
    yield Case(RECORDS, 200, "by id", lambda _: nx.delivery([*nx.send_sms(TO, "A", sender="B").message_id, "unknown"]))
    yield Case(RECORDS, 200, "two pages", lambda _: nx.records(start=BUSY, end="2025-11-29"))
    base = f"{API}/v2/reports/records?direction=outbound"
    yield Case(RECORDS, 403, "another account", lambda d: d.send("GET", f"{base}&product=SMS&account_id=abcd1234"))
    for name, rest in (("nothing", ""), ("no product", "&product=FAX"), ("wrong filter", "&product=SMS&call_id=x")):
        yield Case(
            RECORDS, 422, name, lambda d, rest=rest: d.send("GET", f"{base}&account_id={d.sandbox.api_key}{rest}")
        )
    yield from _list_refusals(RECORDS, lambda _: nx.records(**HOURS))


def _order_records(product: str = "SMS", **options: Any) -> Callable[[Desk], Any]:
    return lambda _: nx.records(product, mode="async", **{**HOURS, **options})


def _list_report_cases() -> Iterable[Case]:
    every = {"status": "delivered", "sender": "Shop", "recipient": TO, "country": "GB", "network": "23410"}
    yield Case(ORDER, 200, "minimal", _order_records())
    yield Case(ORDER, 200, "received", _order_records(direction="inbound"))
    refs = {"account_ref": "a" * 40, "client_ref": "c" * 40, "include_message": True}
    yield Case(ORDER, 200, "every filter", _order_records(**every, **refs))
    yield Case(ORDER, 200, "calls", _order_records("VOICE-CALL"))
    filters = {**every, "status": "ANSWERED", "direction": "outbound"}
    yield Case(ORDER, 200, "calls, every filter", _order_records("VOICE-CALL", **filters))
    for status, name, body in ((403, "another account", {"account_id": "abcd1234"}), (422, "no direction", {})):
        fields = {"product": "SMS", "account_id": "", **({"direction": "inbound"} if body else {}), **body}
        yield Case(
            ORDER, status, name, lambda d, f=fields: d.send("POST", f"{API}/v2/reports", json=_fill_account_id(d, f))
        )
    broken = {"data": "{", "headers": {"Content-Type": "application/json"}}
    yield Case(ORDER, 400, "broken JSON", lambda d: d.send("POST", f"{API}/v2/reports", **broken))
    yield Case(REPORT, 200, "minimal", _order_records())
    yield Case(REPORT, 200, "calls, every filter", _order_records("VOICE-CALL", **filters))
    yield Case(REPORT, 404, "no such report", lambda d: d.send("GET", f"{API}/v2/reports/{UNKNOWN}"))
    yield Case(ABORT, 200, "minimal", lambda d: d.send("DELETE", f"{API}/v2/reports/{d.order_report()}"))
    yield Case(ABORT, 404, "no such report", lambda d: d.send("DELETE", f"{API}/v2/reports/{UNKNOWN}"))
    yield Case(ABORT, 409, "finished", _abort_finished)
    yield Case(MEDIA, 200, "SMS", _order_records())
    yield Case(MEDIA, 200, "calls", _order_records("VOICE-CALL"))
    yield Case(MEDIA, 404, "no such file", lambda d: d.send("GET", f"{API}/v3/media/{UNKNOWN}"))
    wrong = {"auth": ("abcd1234", "Wrong1234")}
    for endpoint, path in ((REPORT, "v2/reports"), (ABORT, "v2/reports"), (MEDIA, "v3/media")):
        url, method = f"{API}/{path}/{UNKNOWN}", endpoint.split()[0]
        yield Case(endpoint, 401, "wrong secret", lambda d, m=method, url=url: d.send(m, url, **wrong))
    yield from _list_refusals(ORDER, _order_records())


def _fill_account_id(desk: Desk, fields: Mapping[str, str]) -> dict[str, str]:
    return {**fields, "account_id": fields["account_id"] or desk.sandbox.api_key}


def _abort_finished(desk: Desk) -> None:
    url = f"{API}/v2/reports/{desk.order_report()}"
    for method in ("GET", "GET", "DELETE"):
        desk.send(method, url)


CASES = list(
    chain(
        _list_number_cases(),
        _list_account_cases(),
        _list_message_cases(),
        _list_call_cases(),
        _list_application_cases(),
        _list_record_cases(),
        _list_report_cases(),
    )
)
