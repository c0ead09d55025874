"""How long which response may be used again, and the key that the cache keeps it under. Pure."""

from __future__ import annotations

from collections.abc import Mapping

LIFETIMES: Mapping[str, int] = {
    "/number/search": 600,
    "/account/numbers": 300,
    "/v2/applications": 300,
    "/account/get-pricing": 86_400,
    "/account/get-full-pricing": 86_400,
    "/account/get-prefix-pricing": 86_400,
    "/v2/account/pricing": 86_400,
}
"""Seconds for which a response may be used again, by the beginning of its path. Other paths are never cached."""


def cache_lifetime(method: str, path: str) -> int:
    """Give the seconds for which the response to a request may be used again; 0 is never."""
    lifetimes = (seconds for start, seconds in LIFETIMES.items() if method == "GET" and path.startswith(start))
    return next(lifetimes, 0)


def create_key(family: str, url: str) -> str:
    return f"{family} {url}"
