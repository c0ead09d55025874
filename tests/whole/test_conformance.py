"""Requests of the client and answers of the sandbox are what Vonage's OpenAPI files describe.

The client is connected as if live, so that hosts and credentials are the real ones; an adapter redirects its requests
to a sandbox. Differences from the files are listed in `KNOWN_DRIFT`, with their reasons, and must occur.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import conformance
import openapi
import pytest
import requests
import urllib3
from call_cases import CALL_CASES, CALLS, CHANGE, KEYS, SHOW, SILENCE, STOP, STREAM, TALK
from conformance import (
    ABORT,
    API,
    APP,
    APP_NEW,
    APPS,
    BALANCE,
    BUY,
    CALL,
    MEDIA,
    ORDER,
    OWNED,
    PRICES,
    RECORDS,
    SEARCH,
    SMS,
    Case,
    Desk,
)
from drift import DIFFERENCES, UNUSED
from helpers import connected
from later_cases import LATER_CASES, LOOKUP, SENDING

from nexmo_nb.sandbox import Sandbox

CASES = [*conformance.CASES, *CALL_CASES, *LATER_CASES]
# Endpoint and difference, and what was seen there.
Differences = dict[tuple[str, str], Any]


@cache
def read_description() -> openapi.Description:
    """Read the files once, and only where these tests run: it takes a while."""
    return openapi.Description(openapi.SPECS)


class Exchange(NamedTuple):
    """A request as it left, and its answer as it came."""

    by_client: bool
    request: requests.PreparedRequest
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def operation(self) -> openapi.Operation | None:
        return read_description().find_operation(str(self.request.method), str(self.request.url))


class SandboxAdapter(requests.adapters.HTTPAdapter):
    """Redirects requests to a sandbox, and keeps each with its answer."""

    def __init__(self, sandbox: Sandbox, seen: list[Exchange], by_client: bool) -> None:
        super().__init__()
        self.sandbox, self.seen, self.by_client = sandbox, seen, by_client

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        through = request.copy()
        through.url = self.sandbox.url + request.path_url
        response = super().send(through, *arguments, **options)
        body = response.content
        self.seen.append(Exchange(self.by_client, request, response.status_code, response.headers, body))
        response._content, response._content_consumed = False, False
        response.raw = urllib3.HTTPResponse(io.BytesIO(body), preload_content=False)
        return response


def run_case(case: Case, sandbox: Sandbox) -> list[Exchange]:
    """Run a case, and return the exchanges."""
    sandbox.reset()
    seen: list[Exchange] = []
    account = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}
    if "signature_secret" in case.connection:
        account |= {"signature_secret": sandbox.signature_secret}
    if "/v1/calls" in case.endpoint or case.endpoint == LOOKUP:
        account |= {"application_id": sandbox.application_id, "private_key": sandbox.private_key}
    options = {**account, **{k: v for k, v in case.connection.items() if v}, "cache": False}
    with connected(sandbox, sleep=lambda _: None, where="live", **options) as session, requests.Session() as by_hand:
        session.mount("https://", SandboxAdapter(sandbox, seen, True))
        by_hand.mount("https://", SandboxAdapter(sandbox, seen, False))
        with pytest.raises(case.raises) if case.raises else nullcontext():
            case.do(Desk(sandbox, by_hand))
    return seen


LATER = ("/v2/account/pricing/", "/accounts/")
"""Paths of APIs that came after these descriptions."""


def find_differences(seen: Sequence[Exchange]) -> Differences:
    """Compare exchanges with their descriptions."""
    found: Differences = {}
    for each in seen:
        operation = each.operation
        if operation is None and urlsplit(each.request.url).path.startswith(LATER):
            continue
        if operation is None:
            found[str(each.request.url), "is not described"] = each.request.method
            continue
        told = openapi.compare_answer(operation, each.status, each.headers, each.body)
        if each.by_client:
            told |= openapi.compare_request(operation, each.request)
        found |= {(operation.name, what): value for what, value in told.items()}
    return found


Run = Callable[[Case], tuple[list[Exchange], Differences]]
RUNS: dict[str, tuple[list[Exchange], Differences]] = {}
"""Results of the cases: a case gives the same each time, and several tests need it."""


@pytest.fixture
def run(shared: Sandbox) -> Run:
    """Run a case, unless another test did."""

    def run(case: Case) -> tuple[list[Exchange], Differences]:
        if str(case) not in RUNS:
            seen = run_case(case, shared)
            RUNS[str(case)] = seen, find_differences(seen)
        return RUNS[str(case)]

    return run


@pytest.mark.parametrize("case", CASES, ids=str)
def test_requests_and_answers_are_as_described(run: Run, case: Case) -> None:
    found = run(case)[1]
    assert {pair: value for pair, value in found.items() if pair not in DIFFERENCES} == {}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_case_brings_about_what_it_is_for(run: Run, case: Case) -> None:
    happened = [(each.operation.name, each.status) for each in run(case)[0] if each.operation]
    assert (case.endpoint, case.status) in happened


@pytest.mark.parametrize(("endpoint", "difference"), DIFFERENCES)
def test_a_known_difference_is_still_there(run: Run, endpoint: str, difference: str) -> None:
    assert any((endpoint, difference) in run(case)[1] for case in CASES if case.endpoint == endpoint)


def test_no_two_cases_and_no_two_differences_have_the_same_name() -> None:
    names = [*map(str, CASES), *DIFFERENCES]
    assert len(names) == len(set(names))


def test_every_described_answer_is_tried() -> None:
    described = {(each.name, int(status)) for each in read_description().operations for status in each.responses}
    missing = described - {(case.endpoint, case.status) for case in CASES}
    # A method that is not described belongs to no operation; the sandbox gives JSON whatever is accepted; and a request
    # for all prices has nothing that could be wrong.
    assert {pair for pair in missing if pair[1] not in (405, 406)} == {(PRICES, 400)}


def test_a_method_that_is_not_known_is_refused_as_described(shared: Sandbox) -> None:
    shared.reset()
    answer = requests.patch(f"{shared.url}/v2/applications", auth=(shared.api_key, shared.api_secret), timeout=60)
    operation = read_description().find_operation("GET", f"{API}/v2/applications")
    assert operation is not None
    assert answer.status_code == 405
    assert openapi.compare_answer(operation, 405, answer.headers, answer.content) == {}


@pytest.mark.parametrize(
    ("endpoint", "right", "wrong", "difference"),
    [
        (SEARCH, "country=GB&", "", "request query/country is missing"),
        (SEARCH, "size=100", "size=101", "request query/size breaks maximum"),
        (SEARCH, "size=100", "size=all", "request query/size breaks type"),
        (SEARCH, "type=landline", "type=pager", "request query/type breaks enum"),
        (SEARCH, "pattern=4", "patern=4", "request query/patern is not described"),
        (SEARCH, "search_pattern=0", "search_pattern=3", "request query/search_pattern breaks enum"),
        (SMS, "to=447700900123&", "", "request body/to is missing"),
        (SMS, "to=447700900123", "to=my-phone", "request body/to breaks pattern"),
        (SMS, "ttl=20000", "ttl=19999", "request body/ttl breaks minimum"),
        (CALL, '"number": "4', '"nummer": "4', "request body/to/*/nummer is not described"),
        (CALL, '"event_method": "GET"', '"event_method": "PUT"', "request body/event_method breaks enum"),
        (APP_NEW, '"name": "A", ', "", "request body/name is missing"),
        (SENDING, '"ttl": 20', '"ttl": 19', "request body/ttl breaks minimum"),
        (LOOKUP, '"phone_number"', '"number"', "request body/number is not described"),
    ],
)
def test_a_request_that_is_not_as_described_is_told(
    run: Run, endpoint: str, right: str, wrong: str, difference: str
) -> None:
    seen = (each for case in CASES if case.endpoint == endpoint for each in run(case)[0])
    each = next(each for each in seen if right in f"{each.request.url} {_decode_body(each)}")
    request = each.request.copy()
    request.url, request.body = str(request.url).replace(right, wrong), _decode_body(each).replace(right, wrong)
    assert (endpoint, difference) in find_differences([each._replace(request=request)])


def _decode_body(each: Exchange) -> str:
    return each.request.body.decode() if isinstance(each.request.body, bytes) else each.request.body or ""


@pytest.mark.parametrize(
    ("endpoint", "right", "wrong", "difference"),
    [
        (SEARCH, b'"msisdn"', b'"number"', "answer 200/numbers/*/number is not described"),
        (OWNED, b'"error-code"', b'"error_code"', "answer 401/error_code is not described"),
        (BALANCE, b'"value": 25.0', b'"value": "25.0"', "answer 200/value breaks type"),
        (BALANCE, b"{", b"[", "answer 200 cannot be read"),
        (BUY, b'"error-code": "420"', b'"error-code": 420', "answer 420/error-code breaks type"),
        (SMS, b'"message-count": "1"', b'"message-count": 1', "answer 200/message-count breaks type"),
        (SMS, b'"message-id"', b'"message_id"', "answer 200/messages/*/message_id is not described"),
        (CALL, b'"outbound"', b'"sideways"', "answer 201/direction breaks enum"),
        (
            APP,
            b'"http_method"',
            b'"method"',
            "answer 200/capabilities/voice/webhooks/answer_url/method is not described",
        ),
        (APPS, b'"total_items": 3', b'"total_items": "3"', "answer 200/total_items breaks type"),
        (APPS, b'"title"', b'"error_title"', "answer 400/error_title is not described"),
        (RECORDS, b'"date_received"', b'"received"', "answer 200/records/*/received is not described"),
        (RECORDS, b'"SUCCESS"', b'"DONE"', "answer 200/request_status breaks enum"),
        (ORDER, b'"PENDING"', b'"WAITING"', "answer 200/request_status breaks enum"),
        (MEDIA, b"PK", b"KP", "answer 200 cannot be read"),
        (SENDING, b'"message_uuid"', b'"message_id"', "answer 202/message_uuid is missing"),
        (LOOKUP, b'"MOBILE"', b'"CELLULAR"', "answer 200/insights/original_carrier/network_type breaks enum"),
    ],
)
def test_an_answer_that_is_not_as_described_is_told(
    run: Run, endpoint: str, right: bytes, wrong: bytes, difference: str
) -> None:
    seen = (each for case in CASES if case.endpoint == endpoint for each in run(case)[0])
    each = next(each for each in seen if right in each.body and each.operation and each.operation.name == endpoint)
    assert (endpoint, difference) in find_differences([each._replace(body=each.body.replace(right, wrong))])


def test_another_status_is_told(run: Run) -> None:
    seen = [each._replace(status=202) for each in run(CASES[0])[0]]
    assert (SEARCH, "answer 202 is not described") in find_differences(seen)


def test_another_content_type_is_told(run: Run) -> None:
    seen = [each._replace(headers={"Content-Type": "text/html"}) for each in run(CASES[0])[0]]
    assert (SEARCH, "answer 200 content: text/html") in find_differences(seen)


def test_another_host_is_told(run: Run) -> None:
    request = run(CASES[0])[0][0].request.copy()
    request.url = str(request.url).replace("rest.", "api.")
    assert (request.url, "is not described") in find_differences([run(CASES[0])[0][0]._replace(request=request)])


def test_a_body_of_another_type_is_told(run: Run) -> None:
    case = next(case for case in CASES if case.endpoint == SMS)
    request = run(case)[0][0].request.copy()
    request.headers["Content-Type"] = "application/json"
    assert (SMS, "request body") in find_differences([run(case)[0][0]._replace(request=request)])


NEVER_ASKED = (CALLS, SHOW, CHANGE, TALK, SILENCE, STREAM, STOP, KEYS)
UNSEEN: list[set[tuple[str, str]]] = []


@pytest.fixture
def unused(run: Run) -> set[tuple[str, str]]:
    """Every described field that no case sent, or got with a success: endpoint, and side with field."""
    if not UNSEEN:
        UNSEEN.append(find_unused(run))
    return UNSEEN[0]


def find_unused(run: Run) -> set[tuple[str, str]]:
    used: set[tuple[str, str]] = set()
    for each in (each for case in CASES for each in run(case)[0] if each.operation):
        sent = openapi.list_request_fields(each.request) if each.by_client else set()
        json_came = each.status < 300 and each.headers.get("Content-Type") == "application/json"
        came = openapi.list_value_fields(json.loads(each.body)) if json_came else set()
        used |= {(each.operation.name, f"request {field}") for field in sent}
        used |= {(each.operation.name, f"answer {field}") for field in came}
    described = {(each.name, field) for each in read_description().operations for field in openapi.list_fields(each)}
    # The client never calls a report off, and looks at no call.
    asked = {(name, field) for name, field in described if field.startswith("answer") or name not in NEVER_ASKED}
    return {(name, field) for name, field in asked if name != ABORT} - used


def test_every_described_parameter_is_sent(unused: set[tuple[str, str]]) -> None:
    sides = {(endpoint, field) for endpoint, field in unused if field.startswith("request")}
    sides -= {(RECORDS, "request /type")}  # of conversations, which are no longer a product
    assert [field for _, field in sides if not any(re.fullmatch(pattern, field) for pattern in UNUSED)] == []


def test_every_described_field_of_a_success_is_answered(unused: set[tuple[str, str]]) -> None:
    sides = {(endpoint, field) for endpoint, field in unused if field.startswith("answer")}
    sides -= {(ORDER, "answer /start_time")}  # what was just ordered has not begun
    assert [field for _, field in sides if not any(re.fullmatch(pattern, field) for pattern in UNUSED)] == []


@pytest.mark.parametrize("pattern", UNUSED)
def test_an_unused_field_is_still_unused(unused: set[tuple[str, str]], pattern: str) -> None:
    assert any(re.fullmatch(pattern, field) for _, field in unused)
