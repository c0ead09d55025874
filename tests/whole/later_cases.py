"""More cases of test_conformance: SMS by the Messages API, and lookups by Identity Insights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import requests
from conformance import API, TO, Case, Desk, Refused, build_token_auth

import nexmo_nb as nx

SENDING, LOOKUP = "POST /v1/messages", "POST /identity-insights/v1/requests"
INSIGHTS = "https://api-eu.vonage.com/identity-insights/v1/requests"
LANDLINE, PHONE_OFF = "443069990208", "443069990205"
EVERY = ("format", "original_carrier", "current_carrier", "roaming", "reachability")


def list_sending_cases() -> Iterable[Case]:
    yield Case(SENDING, 202, "minimal", _send())
    yield Case(SENDING, 202, "unicode", _send(text="Привет 😀" * 20, type="unicode"))
    every = {"entity_id": "1", "content_id": "2", "callback": "https://example.org/receipt"}
    for ttl in (20_000, 604_800_000):
        more = {"ttl": ttl, "client_ref": "r" * 40, "trusted_number": ttl > 20_000, "text": "a" * 3_200}
        yield Case(SENDING, 202, f"every option, {ttl} ms", _send(**every, **more))
    yield Case(SENDING, 401, "wrong secret", _send(), Refused, {"api_secret": "Wrong1234"})
    for name, number, status in (("credit", 9, 402), ("sender", 15, 422), ("right to it", 8, 401)):
        yield Case(SENDING, status, f"no {name}", _fail(_send(), "status", code=number), Refused)
    yield Case(SENDING, 429, "too fast", _fail(_send(), "429", times=3), Refused)
    yield Case(SENDING, 404, "not there", _fail(_send(), "http", code=404), Refused)
    yield Case(SENDING, 500, "broken", _fail(_send(), "500"), Refused)
    url = f"{API}/v1/messages"
    yield Case(SENDING, 422, "broken JSON", lambda d: _post_broken(d, url))
    right = {"channel": "sms", "message_type": "text", "to": TO, "from": "Demo", "text": "Hello"}
    wrong = {"channel": "fax", "message_type": "image", "to": "+1", "from": 1, "text": "", "ttl": 19, "sms": {}}
    for name, value in {**wrong, "sms": {"encoding_type": "x"}, "client_ref": "r" * 101}.items():
        yield Case(SENDING, 422, f"wrong {name}", lambda d, b={**right, name: value}: d.send("POST", url, json=b))


def list_lookup_cases() -> Iterable[Case]:
    yield Case(LOOKUP, 200, "minimal", _look_up(TO))
    for number in (TO, LANDLINE, PHONE_OFF):
        yield Case(
            LOOKUP,
            200,
            f"every insight {number}",
            _look_up(number, insights=EVERY, purpose="FraudPreventionAndDetection"),
        )
    yield Case(LOOKUP, 200, "wrong purpose", _look_up(TO, insights=EVERY, purpose="Curiosity"))
    yield Case(LOOKUP, 429, "too fast", _fail(_look_up(TO), "429", times=9), Refused)
    for status in (500, 503):
        yield Case(LOOKUP, status, "broken", _fail(_look_up(TO), str(status)))
    yield Case(LOOKUP, 400, "broken JSON", lambda d: _post_broken(d, INSIGHTS, build_token_auth(d)))
    yield Case(LOOKUP, 401, "no token", lambda d: d.send("POST", INSIGHTS, json={}))
    for status, body in ((415, {"data": {"phone_number": TO}}), (422, {"json": {"phone_number": TO}})):
        yield Case(
            LOOKUP, status, "wrong body", lambda d, b=body: d.send("POST", INSIGHTS, auth=build_token_auth(d), **b)
        )


def _send(**options: Any) -> Callable[[Desk], Any]:
    return lambda _: nx.send_sms(TO, **{"text": "Hello", "sender": "Demo", "api": "messages", **options})


def _look_up(number: str, **options: Any) -> Callable[[Desk], Any]:
    return lambda _: nx.lookup([number], refresh=True, **options)


def _fail(call: Callable[[Desk], Any], kind: str, **detail: Any) -> Callable[[Desk], Any]:
    def run(desk: Desk) -> Any:
        desk.sandbox.fail_next(kind, **detail)
        return call(desk)

    return run


def _post_broken(desk: Desk, url: str, auth: Any = None) -> requests.Response:
    options = {"auth": auth} if auth else {}
    return desk.send("POST", url, data="{", headers={"Content-Type": "application/json"}, **options)


LATER_CASES = [*list_sending_cases(), *list_lookup_cases()]
