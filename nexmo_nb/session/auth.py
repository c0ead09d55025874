"""Who asks: Basic, JWT, form keys or a signature, put on a request at the last moment, afresh for every try."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from requests import PreparedRequest
from requests.auth import AuthBase

from nexmo_nb.account import Account, Secret
from nexmo_nb.errors import InvalidRequestError

__all__ = ["FORM", "Auth", "put_body", "signature"]

FORM = "application/x-www-form-urlencoded"


def put_body(request: PreparedRequest, body: str | bytes, kind: str) -> None:
    """Give a request its body, of which all characters are ASCII, and the headers that tell of it."""
    request.body = body
    request.headers["Content-Type"] = kind
    request.headers["Content-Length"] = str(len(body))


def signature(fields: Mapping[str, str], secret: Secret, method: str) -> str:
    """Sign fields as Nexmo does (https://developer.vonage.com/en/getting-started/concepts/signing-messages).

    Parameters
    ----------
    fields : mapping
        Every parameter, unencoded, ``api_key`` and ``timestamp`` included; ``sig`` is left out.
    secret : Secret
        The account's signature secret.
    method : str
        ``"md5hash"`` (the account's default), or the HMAC ``"md5"``, ``"sha1"``, ``"sha256"``, ``"sha512"``.

    Returns
    -------
    str
        Lower-case hexadecimal.
    """
    pairs = sorted((name.encode(), value) for name, value in fields.items() if name != "sig")
    base = b"".join(b"&%s=%s" % (name, value.replace("&", "_").replace("=", "_").encode()) for name, value in pairs)
    if method == "md5hash":
        return hashlib.md5(base + secret.reveal().encode(), usedforsecurity=False).hexdigest()
    return hmac.new(secret.reveal().encode(), base, method).hexdigest()


class Auth(AuthBase):
    """Credentials of one account, for requests to put on a prepared request; its repr shows nothing."""

    def __init__(self, account: Account, kind: str, *, clock: Callable[[], float] = time.time) -> None:
        self._account, self._clock = account, clock
        if kind == "sms":
            kind = "signed" if account.signature_secret else "basic"
        if kind == "jwt" and not account.can_sign_calls:
            raise InvalidRequestError(
                "connect: this call needs an application and its private key; allowed: application_id= and "
                "private_key= of connect(), or NEXMO_APPLICATION_ID and NEXMO_PRIVATE_KEY."
            )
        self._put = {"basic": self._basic, "jwt": self._jwt, "form": self._form, "signed": self._signed}[kind]

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the credentials on a request."""
        self._put(request)
        return request

    def __repr__(self) -> str:
        return "<credentials>"

    def _basic(self, request: PreparedRequest) -> None:
        pair = f"{self._account.api_key}:{self._account.api_secret.reveal()}"
        request.headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()

    def _jwt(self, request: PreparedRequest) -> None:
        import jwt  # 70 ms that only voice calls need

        assert self._account.private_key is not None
        at = int(self._clock())
        claims = {"application_id": self._account.application_id, "iat": at, "exp": at + 300, "jti": str(uuid.uuid4())}
        token = jwt.encode(claims, self._account.private_key.reveal(), algorithm="RS256")
        request.headers["Authorization"] = f"Bearer {token}"

    def _form(self, request: PreparedRequest) -> None:
        keys = {"api_key": self._account.api_key, "api_secret": self._account.api_secret.reveal()}
        self._fill(request, {**keys, **_fields(request)})

    def _signed(self, request: PreparedRequest) -> None:
        assert self._account.signature_secret is not None
        fields = {"api_key": self._account.api_key, **_fields(request), "timestamp": str(int(self._clock()))}
        sig = signature(fields, self._account.signature_secret, self._account.signature_method)
        self._fill(request, {**fields, "sig": sig})

    @staticmethod
    def _fill(request: PreparedRequest, fields: Mapping[str, Any]) -> None:
        put_body(request, urlencode(fields), FORM)


def _fields(request: PreparedRequest) -> dict[str, str]:
    body = request.body or ""
    return dict(parse_qsl(body.decode() if isinstance(body, bytes) else body, keep_blank_values=True))
