"""Subaccounts: listed with the primary account, their balances known or shared."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.account import derive_subaccount_keys
from nexmo_nb.subaccounts.request import build_list_request
from nexmo_nb.subaccounts.response import parse_accounts


def test_the_primary_account_stands_first_and_a_shared_balance_is_missing(
    session: nx.Session, sandbox: Sandbox
) -> None:
    found = nx.subaccounts()
    assert found.api_key.tolist() == [sandbox.api_key, *derive_subaccount_keys(sandbox.world.seed)]
    assert found.is_primary.tolist() == [True, False, False]
    assert found.balance.fillna(-1).tolist() == [25.0, -1, 2.0]
    assert found.credit_limit.fillna(-1).tolist() == [0.0, -1, 0.0]
    assert found.shares_balance.tolist() == [False, True, False]
    assert found.created.dt.year.tolist() == [2024, 2025, 2025]
    assert set(found.currency) == {"EUR"}
    assert not found.suspended.any()


def test_a_balance_is_that_of_now(session: nx.Session) -> None:
    nx.subaccounts()
    price = nx.send_sms("+351 912 345 678", "Hello", sender="Demo").price[0]
    assert nx.subaccounts().balance[0] == pytest.approx(25.0 - price)


def test_an_account_without_subaccounts_is_a_row_and_an_empty_list_none() -> None:
    request = build_list_request("abcd1234")
    primary = {"api_key": "abcd1234", "balance": 5, "suspended": False, "created_at": "odd"}
    (row,) = parse_accounts(request, {"_embedded": {"primary_account": primary}}, "EUR")
    assert (row["balance"], row["created"], row["shares_balance"]) == (5, None, False)
    assert parse_accounts(request, {"_embedded": {}}, "EUR") == []


@pytest.mark.parametrize("body", [None, [], {}, {"_embedded": []}, {"_embedded": {"subaccounts": [1]}}])
def test_what_is_no_list_is_an_error(body: Any) -> None:
    with pytest.raises(nx.UnreachableError, match="not a list of accounts"):
        parse_accounts(build_list_request("abcd1234"), body, "EUR")


@pytest.mark.parametrize(
    ("status", "error"), [(401, nx.AuthenticationError), (403, nx.AuthenticationError), (404, nx.NotFoundError)]
)
def test_each_refusal_is_a_typed_error(
    session: nx.Session, sandbox: Sandbox, status: int, error: type[nx.NexmoError]
) -> None:
    sandbox.fail_next("http", times=3, path="/accounts/", code=status)
    with pytest.raises(error):
        nx.subaccounts()


def test_a_key_stands_in_the_path_as_it_is() -> None:
    assert build_list_request("a/b?c").path == "/accounts/a%2Fb%3Fc/subaccounts"


def test_the_frame_is_the_same_when_a_time_has_no_zone() -> None:
    account = {"api_key": "k", "created_at": "2025-01-09T10:00:00"}
    (row,) = parse_accounts(build_list_request("k"), {"_embedded": {"subaccounts": [account]}}, "EUR")
    assert row["created"] == pd.Timestamp("2025-01-09T10:00", tz="UTC").timestamp()
