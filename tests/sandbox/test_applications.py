"""``/v2/applications`` of the sandbox."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from sandbox_client import Client

from nexmo_nb.sandbox import Sandbox


def test_applications_take_basic_only(client: Client, sandbox: Sandbox) -> None:
    keys = urlencode({"api_key": sandbox.api_key, "api_secret": sandbox.api_secret})
    status, body = client.request("GET", f"/v2/applications?{keys}", Authorization="")
    assert (status, body["type"].split("#")[1]) == (401, "unauthorized")


def test_a_put_replaces_everything(client: Client, sandbox: Sandbox) -> None:
    path = f"/v2/applications/{sandbox.application_id}"
    assert client.request("GET", path)[1]["capabilities"]
    assert client.request("PUT", path, {"name": "Bare"})[1]["capabilities"] == {}


def test_a_put_without_a_public_key_keeps_the_one_that_is_there(client: Client, sandbox: Sandbox) -> None:
    path = f"/v2/applications/{sandbox.application_id}"
    keys = client.request("GET", path)[1]["keys"]
    status, body = client.request("PUT", path, {"name": "Bare", "keys": {"private_key": "x"}})
    assert (status, body["keys"]) == (200, keys)


def test_the_private_key_comes_once_and_only_without_a_public_one(client: Client) -> None:
    status, made = client.request("POST", "/v2/applications", {"name": "x"})
    assert status == 201
    assert "PRIVATE KEY" in made["keys"]["private_key"]
    public = made["keys"]["public_key"]
    assert "private_key" not in client.request("GET", f"/v2/applications/{made['id']}")[1]["keys"]
    other = client.request("POST", "/v2/applications", {"name": "y", "keys": {"public_key": public}})[1]
    assert other["keys"] == {"public_key": public}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "name"),
        ({"name": "x", "keys": {"public_key": "ssh-rsa"}}, "keys.public_key"),
        ({"name": "x", "keys": "ssh-rsa"}, "keys"),
        ({"name": "x", "capabilities": {"fax": {}}}, "capabilities.fax"),
        ({"name": "x", "capabilities": {"voice": {"webhooks": "x"}}}, "capabilities.voice"),
        (
            {
                "name": "x",
                "capabilities": {
                    "voice": {"webhooks": {"answer_url": {"address": "https://x.org", "http_method": "PUT"}}}
                },
            },
            "capabilities.voice.webhooks.answer_url.http_method",
        ),
    ],
)
def test_wrong_applications_are_told_where(client: Client, body: dict[str, Any], name: str) -> None:
    status, answer = client.request("POST", "/v2/applications", body)
    assert (status, answer["invalid_parameters"][0]["name"]) == (400, name)


def test_applications_take_json_only(client: Client) -> None:
    assert client.request("POST", "/v2/applications", form={"name": "x"})[0] == 415


def test_pages_of_applications_have_links(client: Client) -> None:
    body = client.request("GET", "/v2/applications?page_size=2&page=1")[1]
    assert (body["total_items"], body["total_pages"], set(body["_links"])) == (3, 2, {"self", "first", "last", "next"})
    assert client.request("GET", "/v2/applications?page_size=101")[0] == 400
