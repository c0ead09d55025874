"""How messages and webhooks are signed."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

HMACS = ("md5", "sha1", "sha256", "sha512")


def sign_fields(fields: Mapping[str, str], secret: str) -> str:
    """Sign fields as an account does whose method is the default: by the MD5 of all of them and the secret."""
    return hashlib.md5(_build_signed(fields) + secret.encode(), usedforsecurity=False).hexdigest()


def is_signature_valid(fields: Mapping[str, str], secret: str) -> bool:
    """Tell whether ``sig`` is the signature of the other fields by any of the methods that an account can choose."""
    signed = _build_signed(fields)
    valid = {hmac.new(secret.encode(), signed, method).hexdigest() for method in HMACS}
    return fields["sig"].lower() in {*valid, sign_fields(fields, secret)}


def _build_signed(fields: Mapping[str, str]) -> bytes:
    in_order = sorted((name.encode(), value) for name, value in fields.items() if name != "sig")
    return "".join(f"&{name.decode()}={re.sub('[&=]', '_', value)}" for name, value in in_order).encode()
