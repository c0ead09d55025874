"""Links of the sandbox's answers: a client follows them with its credentials, so none may lead out of the machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest
from sandbox_client import Client

from nexmo_nb.sandbox import Sandbox


def find_links(value: Any) -> Iterator[str]:
    """Find every link: what stands under `href`, and any other address of the API's hosts."""
    if isinstance(value, list):
        for inner in value:
            yield from find_links(inner)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name == "href":
                yield inner
            else:
                yield from find_links(inner)
    elif isinstance(value, str) and ("api.nexmo.com" in value or "rest.nexmo.com" in value):
        yield value


def list_answers(client: Client, sandbox: Sandbox) -> Iterator[tuple[str, Any]]:
    """Ask for everything whose answer has links; each path with its answer."""
    key = sandbox.api_key
    order = {"product": "SMS", "account_id": key, "direction": "outbound"}
    ordered = client.request("POST", "/v2/reports", {**order, "date_start": "2025-12-03T00:00:00Z"})[1]
    yield "/v2/reports", ordered
    report = f"/v2/reports/{ordered['request_id']}"
    year = urlencode({**order, "date_start": "2025-12-03T00:00:00Z", "date_end": "2025-12-05T00:00:00Z"})
    paths = (
        report, report, f"/v2/reports/records?{year}", "/v2/applications?page_size=1&page=2",
        f"/v2/applications/{sandbox.application_id}", "/v2/account/pricing/sms-outbound?page=2&page_size=20",
        "/v2/account/pricing/voice-outbound?country=pt", f"/accounts/{key}/subaccounts", f"/accounts/{key}/secrets",
    )  # fmt: skip
    for path in paths:
        status, body = client.request("GET", path)
        assert status == 200
        yield path, body


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_links_lead_to_where_the_client_came_from_and_to_what_there_is(
    client: Client, sandbox: Sandbox, host: str
) -> None:
    client.basic["Host"] = f"{host}:{sandbox.url.rsplit(':', 1)[1]}"
    base = f"http://{client.basic['Host']}"
    links = {
        urljoin(f"{base}{path}", link) for path, body in list_answers(client, sandbox) for link in find_links(body)
    }
    assert len(links) > 15
    assert [link for link in links if not link.startswith(f"{base}/")] == []
    assert [link for link in links if client.request("GET", link.removeprefix(base))[0] != 200] == []


def test_a_report_that_is_ready_says_where_its_file_is(client: Client, sandbox: Sandbox) -> None:
    links = [link for _, body in list_answers(client, sandbox) for link in find_links(body)]
    assert [link for link in links if link.startswith(f"{sandbox.url}/v3/media/")]


def test_no_other_answer_names_a_host_of_the_api(client: Client, sandbox: Sandbox) -> None:
    for path in ("/account/get-balance", "/account/get-full-pricing/outbound/sms", "/account/numbers"):
        assert "nexmo.com" not in json.dumps(client.request("GET", path)[1])
