"""How a request proves which account it comes from."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from nexmo_nb.sandbox.exchange import Request
from nexmo_nb.sandbox.world import World


def split_authorization(request: Request) -> tuple[str, str]:
    """Split the header into its scheme, in lower case, and its value; empty texts where it is missing."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower(), value


def read_basic(request: Request) -> tuple[str, str] | None:
    """Read key and secret from a Basic header; None without such a header, empty texts where it cannot be decoded."""
    scheme, value = split_authorization(request)
    if scheme != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return key, secret


def read_keys(fields: Mapping[str, str]) -> tuple[str, str]:
    return fields.get("api_key", ""), fields.get("api_secret", "")


def is_authorised(world: World, request: Request, *, by_query: bool) -> bool:
    """Check the Basic header or, where the endpoint allows that, the keys in the query or form."""
    pair = read_basic(request) or (read_keys(request.fields) if by_query else ("", ""))
    return world.is_secret(*pair)


def name_auth_method(request: Request) -> str | None:
    """Name how a request authenticates: ``signature``, ``basic``, ``jwt``, ``body``, ``query`` or None."""
    if "sig" in request.form or "sig" in request.query:
        return "signature"
    scheme, _ = split_authorization(request)
    if scheme:
        return "jwt" if scheme == "bearer" else scheme
    members = request.json if isinstance(request.json, dict) else {}
    if "api_secret" in request.form or "api_secret" in members:
        return "body"
    return "query" if "api_secret" in request.query else None
