"""Requests for balances and prices. Pure."""

from __future__ import annotations

from nexmo_nb.session import Request

PRODUCTS = ("sms", "voice")
FAMILY = "pricing"


def build_balance_request() -> Request:
    """Build the read of the balance."""
    return Request("read the balance", "GET", "/account/get-balance")


def build_list_request(product: str) -> Request:
    """Build the read of a product's prices in all countries."""
    path = f"/account/get-full-pricing/outbound/{product}"
    return Request(f"read the {product} price list", "GET", path, family=FAMILY)


def build_country_request(product: str, country: str) -> Request:
    """Build the read of a product's prices in one country."""
    path = f"/account/get-pricing/outbound/{product}"
    return Request(f"read {product} prices of {country}", "GET", path, family=FAMILY, params={"country": country})
