"""Authentication: Basic, JWT, form keys or a signature, put on each request when it is prepared."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from requests import PreparedRequest
from requests.auth import AuthBase

from nexmo_nb.credentials import Account, Secret
from nexmo_nb.errors import InvalidRequestError


def sign_fields(fields: Mapping[str, str], secret: Secret, method: str) -> str:
    """Sign fields as Nexmo does (https://developer.vonage.com/en/getting-started/concepts/signing-messages).

    `fields` are unencoded, ``api_key`` and ``timestamp`` included. `method` is ``"md5hash"``, or the HMAC ``"md5"``,
    ``"sha1"``, ``"sha256"`` or ``"sha512"``. The signature is in lower-case hexadecimal.
    """
    pairs = sorted((name.encode(), value) for name, value in fields.items() if name != "sig")
    base = b"".join(b"&%s=%s" % (name, value.replace("&", "_").replace("=", "_").encode()) for name, value in pairs)
    if method == "md5hash":
        return hashlib.md5(base + secret.reveal().encode(), usedforsecurity=False).hexdigest()
    return hmac.new(secret.reveal().encode(), base, method).hexdigest()


class Auth(AuthBase):
    """The credentials of one account, as an authentication object of requests; its repr shows nothing."""

    def __init__(self, account: Account, kind: str, *, clock: Callable[[], float] = time.time) -> None:
        self._account, self._clock = account, clock
        if kind == "jwt" and not account.can_sign_calls:
            raise InvalidRequestError(
                "connect: this call needs an application and its private key; allowed: application_id= and "
                "private_key= of connect(), or NEXMO_APPLICATION_ID and NEXMO_PRIVATE_KEY."
            )
        add_sms = self._add_signature if account.signature_secret else self._add_basic
        adders = {"basic": self._add_basic, "jwt": self._add_jwt, "form": self._add_form_keys, "sms": add_sms}
        self._add = adders[kind]

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self._add(request)
        return request

    def __repr__(self) -> str:
        return "<credentials>"

    def _add_basic(self, request: PreparedRequest) -> None:
        pair = f"{self._account.api_key}:{self._account.api_secret.reveal()}"
        request.headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()

    def _add_jwt(self, request: PreparedRequest) -> None:
        import jwt  # 70 ms that only voice calls need

        assert self._account.private_key is not None
        at = int(self._clock())
        claims = {"application_id": self._account.application_id, "iat": at, "exp": at + 300, "jti": str(uuid.uuid4())}
        token = jwt.encode(claims, self._account.private_key.reveal(), algorithm="RS256")
        request.headers["Authorization"] = f"Bearer {token}"

    def _add_form_keys(self, request: PreparedRequest) -> None:
        keys = {"api_key": self._account.api_key, "api_secret": self._account.api_secret.reveal()}
        request.prepare_body({**keys, **_parse_form(request)}, None)

    def _add_signature(self, request: PreparedRequest) -> None:
        assert self._account.signature_secret is not None
        fields = {"api_key": self._account.api_key, **_parse_form(request), "timestamp": str(int(self._clock()))}
        sig = sign_fields(fields, self._account.signature_secret, self._account.signature_method)
        request.prepare_body({**fields, "sig": sig}, None)


def _parse_form(request: PreparedRequest) -> dict[str, str]:
    body = request.body or ""
    return dict(parse_qsl(body.decode() if isinstance(body, bytes) else body, keep_blank_values=True))
