"""Whatever is sent to the sandbox, it answers, in the format of the API that was asked, and goes on working."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest import mock
from urllib.parse import quote, urlencode

import jwt
import pytest
from call_client import Caller, Clock, build_token
from depth import count_examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_client import TO, UNKNOWN, Client, exchange

from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.control import CONTROLS
from nexmo_nb.sandbox.routes import ROUTES

# What to put where a path is not fixed.
EXAMPLES = {
    "[^/]+": UNKNOWN,
    "[0-9a-f-]+": UNKNOWN,
    "(full-|prefix-)?": "prefix-",
    "[a-z-]+": "sms",
    "(sms|voice)": "sms",
}
NAMES = (
    "from to text type udh body vcal vcard title url validity client-ref ttl callback message-class protocol-id sig"
    " timestamp status-report-req api_key api_secret account_id product direction date_start date_end status id cursor"
    " iv country features pattern search_pattern size index page page_size has_application application_id msisdn trx"
    " app_id voiceCallbackType voiceCallbackValue prefix lg voice repeat machine_detection machine_timeout kind times"
    " path method seconds code factor last name capabilities keys privacy ncco answer_url random_from_number"
    " move freeze sender event_url snapshot"
    " action destination level loop style language premium stream_url digits event_url length_timer ringing_timer"
    " advanced_machine_detection streamUrl endpoint speech dtmf timeout order page_size record_index conversation_uuid"
    " secret delivered target_api_key moHttpUrl drCallBackUrl"
)
# Fields that lead past the first checks of an endpoint.
REPORT = {"product": "SMS", "direction": "outbound", "account_id": "KEY"}
ACTION = {"action": "talk", "text": "Hello"}
BASES: dict[str, dict[str, Any]] = {
    "/sms/json": {"from": "Demo", "to": TO, "text": "Hello"},
    "/tts/json": {"api_key": "KEY", "api_secret": "SECRET", "to": TO, "text": "Hello"},
    "/v1/calls": {"to": [{"type": "phone", "number": TO}], "random_from_number": True, "ncco": [ACTION]},
    f"/v1/calls/{UNKNOWN}": {"action": "transfer", "destination": {"type": "ncco", "ncco": [ACTION]}},
    f"/v1/calls/{UNKNOWN}/talk": {"text": "Hello"},
    f"/v1/calls/{UNKNOWN}/stream": {"stream_url": ["http://a"]},
    f"/v1/calls/{UNKNOWN}/dtmf": {"digits": "1"},
    f"/v1/calls/{UNKNOWN}/input/dtmf": {"event_url": ["http://a"]},
    "/v2/applications": {"name": "A", "capabilities": {"voice": {"webhooks": {"answer_url": {"address": "http://a"}}}}},
    "/v2/reports": REPORT,
    "/v2/reports/records": REPORT,
    "/number/search": {"country": "GB"},
    "/number/buy": {"country": "GB", "msisdn": TO},
    "/number/update": {"country": "GB", "msisdn": TO},
    "/account/settings": {"moCallBackUrl": "https://a.org"},
    "/conversions/sms": {"message-id": UNKNOWN},
    "/account/get-pricing/outbound/sms": {"country": "GB"},
    "/_sandbox/receive": {"sender": TO, "to": TO, "text": "Hello"},
    "/_sandbox/reprice": {"country": "GB", "factor": 2},
}
# The members that show which API an answer is of; an answer has all of one set.
FORMATS: tuple[tuple[str, tuple[set[str], ...]], ...] = (
    ("/sms/json", ({"message-count", "messages"},)),
    ("/tts/json", ({"status", "error_text"},)),
    ("/identity-insights/", ({"type", "title", "detail"},)),
    ("/v1/messages", ({"type", "title", "detail"},)),
    ("/v1/calls", ({"type", "error_title"}, {"type", "title"})),
    ("/v2/", ({"type", "title", "detail"},)),
    ("/v3/", ({"type", "title", "detail"},)),
    ("/accounts/", ({"type", "title", "detail"},)),
    ("/account/get-p", ({"error-code-label"}, {"type", "error_title"})),
    ("/account/get-f", ({"error-code-label"}, {"type", "error_title"})),
    ("/account/", ({"error-code", "error-code-label"}, {"type", "error_title"})),
    ("/conversions/", ({"error-code", "error-code-label"}, {"type", "error_title"})),
    ("/number/", ({"error-code", "error-code-label"}, {"type", "error_title"})),
    ("/_sandbox/", ({"error"},)),
    ("", ({"type", "error_title"},)),
)
HARD = (
    "\xb2", "\u0661\u0662", "9" * 5000, "-1", "1e400", "1_0", "", " ", "\0", "\ud800", "%zz", "%ff", "../..", "0" * 40,
    "2025-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "nan", TO, "Demo", "SMS", "text", "GB",
    "outbound", "http://", "true", "VOICE-CALL", "binary", "AA", UNKNOWN, "MQ==", "a" * 3000,
)  # fmt: skip


def build_paths() -> list[tuple[str, str]]:
    """List method and path of every route."""
    paths = [(method, f"/_sandbox/{name}") for method, name in CONTROLS if name not in ("fail", "reset")]
    for route in ROUTES:
        path = route.path
        for pattern, example in EXAMPLES.items():
            path = path.replace(pattern, example)
        paths.append((route.method, path))
    return paths


def is_of_its_api(path: str, status: int, content: bytes) -> bool:
    if status == 204:
        return content == b""
    body = json.loads(content)
    if status < 400:
        return isinstance(body, (dict, list)) or (body is None and path.startswith("/conversions/"))
    if status == 429:
        return {"type", "title"} <= set(body)
    formats = next(formats for prefix, formats in FORMATS if path.startswith(prefix))
    return any(members <= set(body) for members in formats)


texts = st.one_of(st.sampled_from(HARD), st.text(max_size=20))
names = st.one_of(st.sampled_from(NAMES.split()), st.text(max_size=5))
plain = st.one_of(texts, st.none(), st.booleans(), st.integers(), st.floats())
values = st.recursive(
    plain, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3))
)
bodies = st.one_of(
    st.tuples(st.sampled_from(("application/json", "text/plain", "", "\xff")), st.binary(max_size=40)),
    st.just(("application/json", b"[" * 100_000)),
    st.just(("application/json", b'{"a":' * 90 + b"1" + b"}" * 90)),
)
queries = st.text(string.printable.strip(), max_size=20)


@pytest.fixture(scope="module")
def target() -> Iterator[Sandbox]:
    """A sandbox with a call that goes on, unless a test ends it."""
    with Sandbox(limits=False) as sandbox:
        caller = Caller(sandbox, Clock())
        placed = sandbox.world.now()
        with mock.patch.object(sandbox.world, "now", return_value=placed - timedelta(seconds=60)):
            caller.place(ncco=[{"action": "wait", "timeout": 7200}])
        caller.connection.close()
        yield sandbox


def build_head(sandbox: Sandbox, method: str, path: str, *lines: str) -> bytes:
    host = sandbox.url.removeprefix("http://")
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n" + "".join(
        f"{each}\r\n" for each in lines
    )
    return (head + "\r\n").encode("latin-1")


def is_working(sandbox: Sandbox) -> bool:
    """Tell whether what reads all of the state can still be read."""
    client = Client(sandbox)
    today = f"/v2/reports/records?product=SMS&direction=outbound&account_id={sandbox.api_key}"
    paths = ("/account/get-balance", "/v2/applications?page_size=100", "/account/numbers", today)
    looks = ("/_sandbox/requests", "/_sandbox/messages", "/_sandbox/calls", "/_sandbox/inbox", "/")
    found = [client.request("GET", path)[0] for path in (*paths, *looks)]
    found.append(client.request("GET", "/v1/calls?page_size=100", Authorization=f"Bearer {build_token(sandbox)}")[0])
    client.connection.close()
    return found == [200] * len(found)


def draw_request(data: st.DataObject, method: str, base: dict[str, Any]) -> tuple[str, tuple[str, bytes]]:
    """Draw a query and a body: fields of the endpoint, some of them exchanged, or anything else."""
    shape = data.draw(st.sampled_from(("query", "form", "json", "other") if method != "GET" else ("query", "other")))
    used = {**base, **data.draw(st.dictionaries(names, values if shape == "json" else texts, max_size=4))}
    if shape == "query":
        return encode_pairs(used), ("", b"")
    if shape == "form":
        return "", ("application/x-www-form-urlencoded", encode_pairs(used).encode())
    if shape == "json":
        return "", ("application/json", json.dumps(used).encode())
    return data.draw(queries), data.draw(bodies)


def encode_pairs(fields: dict[str, Any]) -> str:
    return urlencode(fields, errors="surrogatepass")


def sign(sandbox: Sandbox, data: st.DataObject) -> str:
    """Make a token whose claims may be anything."""
    now = int(sandbox.world.now().timestamp())
    claims = {"application_id": sandbox.application_id, "jti": data.draw(st.uuids()).hex, "iat": now, "exp": now + 900}
    odd = data.draw(
        st.dictionaries(st.sampled_from(("application_id", "jti", "iat", "exp", "nbf", "sub")), plain, max_size=1)
    )
    token = jwt.PyJWS().encode(json.dumps({**claims, **odd}).encode(), sandbox.private_key, algorithm="RS256")
    return f"Bearer {token}"


@pytest.mark.parametrize(("method", "path"), build_paths())
@settings(max_examples=count_examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), authorized=st.booleans())
def test_every_route_answers_whatever_it_is_sent(
    target: Sandbox, caplog: pytest.LogCaptureFixture, method: str, path: str, data: st.DataObject, authorized: bool
) -> None:
    caplog.clear()
    base = json.loads(
        json.dumps(BASES.get(path, {})).replace("KEY", target.api_key).replace("SECRET", target.api_secret)
    )
    query, (kind, content) = draw_request(data, method, base)
    lines = [f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
    if authorized:
        lines.append(
            f"Authorization: {sign(target, data) if path.startswith('/v1') else Client(target).basic['Authorization']}"
        )
    target.world.requests.clear()
    path = path.replace(f"/calls/{UNKNOWN}", f"/calls/{target.calls[0]['id']}")
    status, answer = exchange(target, build_head(target, method, f"{path}?{query}", *lines) + content)
    assert status != 500, caplog.text
    assert is_of_its_api(path, status, answer), (status, answer)
    assert is_working(target), caplog.text


@settings(max_examples=count_examples(30), deadline=None)
@given(method=st.text(max_size=8), path=st.text(max_size=30), rest=st.binary(max_size=60))
def test_every_line_is_answered(target: Sandbox, method: str, path: str, rest: bytes) -> None:
    written = f"{quote(method)} /{quote(path, safe='/%?#&=')} HTTP/1.1\r\n".encode()
    for sent in (written + rest, rest + b"\r\n\r\n", build_head(target, "GET", quote(path) or "/") + rest):
        status, answer = exchange(target, sent)
        assert status == 200 or isinstance(json.loads(answer), dict)
    assert is_working(target)
