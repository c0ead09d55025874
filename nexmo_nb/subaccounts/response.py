"""Responses of the Subaccounts API as rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from nexmo_nb.errors import UnreachableError
from nexmo_nb.frames import TIME, Column, parse_number, to_text
from nexmo_nb.session import Request

COLUMNS = (
    Column("api_key"), Column("name"), Column("is_primary", "bool"), Column("balance", "float64"),
    Column("credit_limit", "float64"), Column("currency"), Column("shares_balance", "bool"),
    Column("suspended", "bool"), Column("created", TIME),
)  # fmt: skip


def parse_accounts(request: Request, body: Any, currency: str) -> list[dict[str, Any]]:
    """Turn the list of an account and its subaccounts into rows of `COLUMNS`."""
    embedded = body.get("_embedded") if isinstance(body, dict) else None
    accounts = embedded.get("subaccounts", []) if isinstance(embedded, dict) else None
    if not isinstance(accounts, list) or not all(isinstance(each, dict) for each in accounts):
        raise UnreachableError(f"Could not {request.what}: the answer is not a list of accounts. Try again.")
    primary = body["_embedded"].get("primary_account")
    rows = [_parse_account(primary, currency, is_primary=True)] if isinstance(primary, dict) else []
    return rows + [_parse_account(each, currency, is_primary=False) for each in accounts]


def parse_totals(body: Mapping[str, Any]) -> dict[str, float]:
    """Read the totals of all accounts; what the answer does not say is not a number."""
    return {name: parse_number(body.get(name)) for name in ("total_balance", "total_credit_limit")}


def _parse_account(account: Mapping[str, Any], currency: str, *, is_primary: bool) -> dict[str, Any]:
    return {
        "api_key": to_text(account.get("api_key")),
        "name": to_text(account.get("name")),
        "is_primary": is_primary,
        "balance": account.get("balance"),
        "credit_limit": account.get("credit_limit"),
        "currency": currency,
        "shares_balance": account.get("use_primary_account_balance") is True,
        "suspended": account.get("suspended") is True,
        "created": _parse_time(account.get("created_at")),
    }


def _parse_time(value: Any) -> float | None:
    """Parse a time, UTC unless it says otherwise; None where it cannot be read."""
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
