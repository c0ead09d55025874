"""``/v2/applications`` of the sandbox."""

from __future__ import annotations

import json
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
        ({"name": "x", "privacy": {"improve_ai": "yes"}}, "privacy.improve_ai"),
        ({"name": "x", "privacy": []}, "privacy"),
        ({"name": "x", "capabilities": {"fax": {}}}, "capabilities.fax"),
        ({"name": "x", "capabilities": {"voice": {"webhooks": "x"}}}, "capabilities.voice.webhooks"),
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


HOOK = {"address": "https://x.org", "http_method": "POST"}
TIMES = {"connect_timeout": 300, "socket_timeout": 5000}
STORAGE = {"server_side_encryption": True, "end_to_end_encryption": False, "cloud_storage": True}
EVERYTHING: dict[str, Any] = {
    "voice": {
        "webhooks": {
            "answer_url": {**HOOK, **TIMES},
            "fallback_answer_url": {**HOOK, "connection_timeout": 1000},
            "event_url": {**HOOK, "socket_timeout": 10_000},
        },
        "signed_callbacks": False,
        "conversations_ttl": 9000,
        "leg_persistence_time": 31,
        "region": "apac-australia",
    },
    "messages": {
        "version": "v1",
        "authenticate_inbound_media": True,
        "webhooks": {"inbound_url": HOOK, "status_url": HOOK},
    },
    "rtc": {"webhooks": {"event_url": HOOK}, "signed_callbacks": True},
    "verify": {"webhooks": {"status_url": HOOK}, "version": "v2"},
    "vbc": {},
    "network_apis": {"network_application_id": "2bzf", "redirect_uri": "https://x.org"},
    "meetings": {"webhooks": {"recording_changed": HOOK, "room_changed": HOOK, "session_changed": HOOK}},
    "bulk": {"webhooks": {"list_status_url": HOOK, "run_status_url": HOOK}},
    "video": {
        "webhooks": {"archive_status": {"address": "https://x.org", "active": True}},
        "storage": STORAGE,
    },
}


def test_an_application_keeps_everything_that_it_can_be(client: Client) -> None:
    wanted = {"name": "All", "capabilities": EVERYTHING, "privacy": {"improve_ai": False}}
    status, made = client.request("POST", "/v2/applications", wanted)
    assert status == 201
    path = f"/v2/applications/{made['id']}"
    found = client.request("GET", path)[1]
    assert (found["capabilities"], found["privacy"]) == (EVERYTHING, {"improve_ai": False})
    assert client.request("PUT", path, wanted) == (200, found)
    bare = {
        "voice": {"webhooks": {"answer_url": {"address": "https://x.org"}, "event_url": {"address": "https://x.org"}}}
    }
    hooks = client.request("PUT", path, {"name": "B", "capabilities": bare})[1]["capabilities"]["voice"]["webhooks"]
    assert [hook["http_method"] for hook in hooks.values()] == ["GET", "POST"]


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ("voice.webhooks.answer_url.connect_timeout", (299, 1001, "500", True)),
        ("voice.webhooks.fallback_answer_url.connection_timeout", (299, 1001)),
        ("voice.webhooks.answer_url.socket_timeout", (999, 5001)),
        ("voice.webhooks.event_url.socket_timeout", (999, 10_001)),
        ("voice.webhooks.hangup_url", (HOOK,)),
        ("voice.conversations_ttl", (0, 9001, "48")),
        ("voice.leg_persistence_time", (0, 32)),
        ("voice.region", ("mars", "EU-WEST")),
        ("voice.signed_callbacks", ("true", 1)),
        ("rtc.signed_callbacks", ("false",)),
        ("rtc.webhooks", ([],)),
        ("messages.version", (1,)),
        ("messages.authenticate_inbound_media", ("yes",)),
        ("messages.webhooks.status_url.http_method", ("GET", "post")),
        ("verify.webhooks.status_url.address", ("x", 1)),
        ("meetings.webhooks.room_changed.http_method", ("GET",)),
        ("bulk.webhooks.other", (HOOK,)),
        ("network_apis.redirect_uri", ("x",)),
        ("network_apis.network_application_id", (1,)),
        ("video.webhooks.archive_status.active", ("yes",)),
        ("video.storage", ("yes", {"cloud_storage": "yes"})),
        ("vbc", ({"a": 1}, [])),
        ("fax", ({},)),
    ],
)
def test_what_an_application_cannot_be_is_refused_by_its_place(client: Client, place: str, wrong: tuple[Any]) -> None:
    for value in wrong:
        capabilities = json.loads(json.dumps(EVERYTHING))
        *above, last = place.split(".")
        inner = capabilities
        for name in above:
            inner = inner[name]
        inner[last] = value
        status, answer = client.request("POST", "/v2/applications", {"name": "x", "capabilities": capabilities})
        assert status == 400, value
        assert [each["name"] for each in answer["invalid_parameters"]] == [f"capabilities.{place}"], value


def test_a_null_public_key_leaves_an_application_its_own(client: Client, sandbox: Sandbox) -> None:
    made = client.request("POST", "/v2/applications", {"name": "x"})[1]
    path, keys = f"/v2/applications/{made['id']}", {"public_key": made["keys"]["public_key"]}
    demo = client.request("GET", f"/v2/applications/{sandbox.application_id}")[1]["keys"]
    for given in ({"public_key": None}, {}, None):
        assert client.request("PUT", path, {"name": "y", "keys": given})[1]["keys"] == keys != demo


def test_applications_take_json_only(client: Client) -> None:
    assert client.request("POST", "/v2/applications", form={"name": "x"})[0] == 415


def test_pages_of_applications_have_links(client: Client) -> None:
    body = client.request("GET", "/v2/applications?page_size=2&page=1")[1]
    assert (body["total_items"], body["total_pages"], set(body["_links"])) == (3, 2, {"self", "first", "last", "next"})
    assert client.request("GET", "/v2/applications?page_size=101")[0] == 400
