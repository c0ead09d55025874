"""The sandbox's subaccounts: two, whose keys depend on its seed alone."""

from __future__ import annotations

import pytest
from sandbox_client import Client

from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.account import derive_subaccount_keys


def test_keys_depend_on_the_seed_and_differ_from_each_other() -> None:
    with Sandbox(seed=5) as one:
        keys = {*derive_subaccount_keys(5), *derive_subaccount_keys(6), one.api_key}
    assert len(keys) == 5
    assert all(len(key) == 8 for key in keys)
    assert derive_subaccount_keys(5) == derive_subaccount_keys(5)


def test_each_of_the_list_can_be_looked_at(client: Client) -> None:
    path = f"/accounts/{client.sandbox.api_key}/subaccounts"
    status, body = client.request("GET", path)
    listed = body["_embedded"]["subaccounts"]
    assert (status, body["total_balance"], len(listed)) == (200, 27.0, 2)
    assert [client.request("GET", f"{path}/{account['api_key']}") for account in listed] == [(200, a) for a in listed]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/accounts/abcd1234/subaccounts", {}, 404),
        ("/accounts/{key}/subaccounts/abcd1234", {}, 404),
        ("/accounts/{key}/subaccounts", {"Authorization": ""}, 401),
    ],
)
def test_a_key_that_is_not_there_is_refused(client: Client, path: str, headers: dict[str, str], status: int) -> None:
    found, body = client.request("GET", path.format(key=client.sandbox.api_key), **headers)
    assert (found, "title" in body) == (status, True)
