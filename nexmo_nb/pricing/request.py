"""Requests for balances and prices. Pure."""

from __future__ import annotations

from typing import Literal, get_args

from nexmo_nb.session import Request

PricedProduct = Literal["sms", "voice"]
PRODUCTS: tuple[PricedProduct, ...] = get_args(PricedProduct)


def build_balance_request() -> Request:
    return Request("read the balance", "GET", "/account/get-balance")


def build_country_prices_request(product: str, country: str | None) -> Request:
    """Build the read of the second version of the price list, which has prices by country only."""
    words = f"read {product} prices by country" + (f" of {country}" if country else "")
    params = {"country": country} if country else None
    return Request(words, "GET", f"/v2/account/pricing/{product}-outbound", "api", family="pricing", params=params)


def build_prices_request(product: str, country: str | None) -> Request:
    """Build the read of a product's prices in one country, or with None in all countries."""
    if country is None:
        path = f"/account/get-full-pricing/outbound/{product}"
        return Request(f"read the {product} price list", "GET", path, family="pricing")
    path = f"/account/get-pricing/outbound/{product}"
    return Request(f"read {product} prices of {country}", "GET", path, family="pricing", params={"country": country})
