"""Requests of the Subaccounts API. Pure."""

from __future__ import annotations

from urllib.parse import quote

from nexmo_nb.session import Request


def build_list_request(api_key: str) -> Request:
    """Build the read of an account's subaccounts; the key, which is no secret, stands in the path."""
    return Request("list subaccounts", "GET", f"/accounts/{quote(api_key, safe='')}/subaccounts", "api")
