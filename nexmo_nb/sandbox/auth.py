"""Who asks, by any of the ways that the wire knows."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from nexmo_nb.sandbox.world import Request, World

__all__ = ["authorised", "basic", "how", "keys"]


def basic(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Read a Basic header; None where there is none that can be read."""
    scheme, _, value = (headers.get("Authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return key, secret


def keys(fields: Mapping[str, str]) -> tuple[str, str]:
    """Read the keys among the parameters."""
    return fields.get("api_key", ""), fields.get("api_secret", "")


def authorised(world: World, request: Request, *, by_query: bool = False) -> bool:
    """Check Basic, and where the endpoint allows it the keys in the query or form."""
    pair = basic(request.headers)
    if pair is None and by_query:
        pair = keys(request.fields)
    return pair == (world.api_key, world.api_secret)


def how(request: Request) -> str | None:
    """Name the way in which a request proves who asks, for the log."""
    scheme = (request.headers.get("Authorization") or "").partition(" ")[0].lower()
    if "sig" in request.form or "sig" in request.query:
        return "signature"
    if scheme:
        return "jwt" if scheme == "bearer" else scheme
    listed = request.json if isinstance(request.json, dict) else {}
    if "api_secret" in request.form or "api_secret" in listed:
        return "body"
    return "query" if "api_secret" in request.query else None
