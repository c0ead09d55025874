"""Whatever request Vonage's OpenAPI files allow, and whatever they forbid, the sandbox answers as they say it does.

Requests are generated from the files, right ones and wrong ones, and most are about what the sandbox really has, in all
fields or in all but one; how answers differ is listed in `drift`.
`pytest --hypothesis-profile=long` tries twenty times as many.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import jwt
import pytest
import requests
import schemathesis
from depth import count_examples
from drift import DIFFERENCES, FUZZED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi import SPECS, Description, compare_answer
from schemathesis import GenerationMode

from nexmo_nb.sandbox import Sandbox

REAL = {
    "country": "GB", "type": "sms", "format": "json", "direction": "outbound", "to": "447700900123", "product": "SMS",
    "date_start": "2025-03-04T10:00:00Z", "date_end": "2025-03-04T12:00:00Z",
}  # fmt: skip
"""What to put where a request is to be about something that there is, beside what `find_real` adds."""


class Described(NamedTuple):
    """An operation as schemathesis generates its requests, and the address of its server."""

    operation: Any
    server: str

    def __str__(self) -> str:
        return f"{self.operation.method.upper()} {urlsplit(self.server + self.operation.path).path.rstrip('/')}"


def list_described() -> Iterator[Described]:
    for file in sorted(SPECS.glob("*.yml")):
        for found in schemathesis.openapi.from_path(file).get_all_operations():
            operation = found.ok()
            raw = operation.schema.raw_schema
            yield Described(operation, {**raw, **raw["paths"][operation.path]}["servers"][0]["url"])


@cache
def read_description() -> Description:
    return Description(SPECS)


@pytest.fixture(scope="module")
def target() -> Iterator[Sandbox]:
    with Sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def real(target: Sandbox) -> dict[str, Any]:
    """Values of fields and paths, by their names, for which there is something in the sandbox, which is as new."""
    target.reset()
    keys = {"api_key": target.api_key, "api_secret": target.api_secret, "account_id": target.api_key}
    order = {"product": "SMS", "account_id": target.api_key, "direction": "outbound"}
    url, auth = f"{target.url}/v2/reports", (target.api_key, target.api_secret)
    code = requests.post(url, json=order, auth=auth, timeout=60).json()["request_id"]
    link = [requests.get(f"{url}/{code}", auth=auth, timeout=60).json() for _ in range(2)][1]["_links"]
    file = link["download_report"]["href"].rsplit("/", 1)[1]
    number = target.world.numbers_at_start[0]
    phone = {"type": "phone", "number": REAL["to"]}
    call = {"to": [phone], "from": phone, "ncco": [{"action": "talk", "text": "Hello"}]}
    token = {"Authorization": str(authorize(target, "/v1/calls"))}
    uuid = requests.post(f"{target.url}/v1/calls", json=call, headers=token, timeout=60).json()["uuid"]
    return {
        **REAL, **keys, "id": target.application_id, "report_id": code, "file_id": file, "msisdn": number, "uuid": uuid,
        "application_id": target.application_id, "app_id": target.application_id,
    }  # fmt: skip


def put_real_values(case: Any, real: dict[str, Any], data: st.DataObject) -> None:
    """Exchange texts that were made up for what there is: all of them, all but one, or none."""
    places = [each for each in (case.path_parameters, case.query, case.body) if isinstance(each, dict)]
    names = sorted(
        {name for fields in places for name, value in fields.items() if name in real and isinstance(value, str)}
    )
    # Records of other products are newer than their description.
    left = data.draw(st.sampled_from(["none", *(name for name in names if name != "product"), "all"]), label="made up")
    for fields in places if left != "all" else ():
        fields.update({name: real[name] for name in names if name in fields and name != left})


def authorize(sandbox: Sandbox, path: str) -> str | requests.auth.HTTPBasicAuth:
    if not path.startswith(("/v1/", "/identity-insights/")):
        return requests.auth.HTTPBasicAuth(sandbox.api_key, sandbox.api_secret)
    now = int(time.time())
    claims = {"application_id": sandbox.application_id, "iat": now, "exp": now + 60, "jti": uuid4().hex}
    return f"Bearer {jwt.encode(claims, sandbox.private_key, algorithm='RS256')}"


@pytest.mark.slow
@pytest.mark.parametrize("described", list(list_described()), ids=str)
@settings(
    max_examples=count_examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(data=st.data())
def test_what_is_described_is_answered_as_described(
    target: Sandbox, real: dict[str, Any], described: Described, data: st.DataObject
) -> None:
    mode = data.draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]), label="mode")
    case = data.draw(described.operation.as_strategy(generation_mode=mode), label="request")
    put_real_values(case, real, data)
    sent = case.as_transport_kwargs(base_url=described.server)
    address = urlsplit(sent.pop("url"))
    path = address.path.rstrip("/")
    sent["headers"].pop("Authorization", None)
    credentials = authorize(target, path)
    if isinstance(credentials, str):
        sent["headers"]["Authorization"] = credentials
    else:
        sent["auth"] = credentials
    answer = requests.request(url=f"{target.url}{path}?{address.query}", timeout=60, **sent)
    assert answer.status_code < 500, answer.text
    name = str(described)
    operation = next(each for each in read_description().operations if each.name == name)
    found = compare_answer(operation, answer.status_code, answer.headers, answer.content)
    known = {difference for endpoint, difference in DIFFERENCES if endpoint == name}
    known |= {each for pattern, differences in FUZZED.items() if re.fullmatch(pattern, name) for each in differences}
    assert {what: value for what, value in found.items() if what not in known} == {}
