"""Subaccounts: ``/accounts/{api_key}/subaccounts``. Two of them, one with a balance of its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox.account import SUBACCOUNTS, derive_subaccount_keys
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import build_invalid_key
from nexmo_nb.sandbox.world import World

CREATED = {
    "Demo": "2024-05-01T08:00:00.000Z",
    "Shop": "2025-01-09T10:00:00.000Z",
    "Support": "2025-06-02T09:30:00.000Z",
}
BALANCE = Decimal(2)
"""What the subaccount with a balance of its own has at the start."""


def list_subaccounts(world: World, request: Request, _: Accident) -> Answer:
    if _read_key(request) != world.api_key:
        return build_invalid_key(_read_key(request))
    with world.lock:
        primary = _format_account(world.api_key, "Demo", float(round(world.balance, 8)))
    accounts = _build_subaccounts(world)
    totals = {"total_balance": primary["balance"] + float(_read_balance(world)), "total_credit_limit": 0.0}
    links = {"self": {"href": request.path}}
    return Answer(200, {"_links": links, **totals, "_embedded": {"primary_account": primary, "subaccounts": accounts}})


def show_subaccount(world: World, request: Request, _: Accident) -> Answer:
    key = request.path.rsplit("/", 1)[1]
    found = [account for account in _build_subaccounts(world) if account["api_key"] == key]
    if _read_key(request) != world.api_key or not found:
        return build_invalid_key(key)
    return Answer(200, found[0])


def spend_for(world: World, key: str | None, amount: Decimal) -> bool:
    """Deduct from what an account has, None being the main one; False, and no change, where that is too little."""
    if key != derive_subaccount_keys(world.seed)[1]:
        return world.spend(amount)
    if amount > _read_balance(world):
        return False
    world.subaccount_spent += amount
    return True


def _read_balance(world: World) -> Decimal:
    return BALANCE - world.subaccount_spent


def _build_subaccounts(world: World) -> list[dict[str, Any]]:
    shop, support = zip(derive_subaccount_keys(world.seed), SUBACCOUNTS, strict=True)
    accounts = [_format_account(*shop, None), _format_account(*support, float(_read_balance(world)))]
    return [
        {**account, "primary_account_api_key": world.api_key, "use_primary_account_balance": account["balance"] is None}
        for account in accounts
    ]


def _format_account(key: str, name: str, balance: float | None) -> dict[str, Any]:
    money = {"balance": balance, "credit_limit": None if balance is None else 0.0}
    return {"api_key": key, "name": name, **money, "suspended": False, "created_at": CREATED[name]}


def _read_key(request: Request) -> str:
    return request.path.split("/")[2]
