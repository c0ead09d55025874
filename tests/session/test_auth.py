"""Signatures agree with the published vectors; credentials go where they belong and show nowhere."""

from __future__ import annotations

import pytest
import requests

from nexmo_nb.credentials import Account, Secret
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.session.auth import Auth, sign_fields

RECEIPT = {
    "message-timestamp": "2013-11-21 15:27:30",
    "messageId": "020000001B0FE827",
    "msisdn": "14843472194",
    "text": "Test again",
    "timestamp": "1385047698",
    "to": "13239877404",
    "type": "text",
}
ESCAPED = {"param1": "value&1", "param2": "value=2", "timestamp": "1234567890"}
SEND = {"api_key": "abcd1234", "from": "Demo", "text": "a&b=c", "timestamp": "1700000000", "to": "447700900000"}


@pytest.mark.parametrize(
    ("fields", "secret", "method", "sig"),
    [
        (RECEIPT, "my_secret_key_for_testing", "md5hash", "d2e7b1dc968737c5998ad624e02f90b7"),
        (RECEIPT, "my_secret_key_for_testing", "md5", "DDEBD46008C2D4E93CCE578A332A52D5"),
        (RECEIPT, "my_secret_key_for_testing", "sha1", "27D0D05C2876C7CB1720DBCDBA4D492E1E55C09A"),
        (
            RECEIPT,
            "my_secret_key_for_testing",
            "sha256",
            "DDB8397C2B90AAC7F3882D306475C9A5058C92322EEF43C92B298B6E0FC0D330",
        ),
        (ESCAPED, "signature_secret", "md5", "2bbf0abafb2c55e5af6231513896a2ac"),
        (SEND, "SigSecretExample", "md5hash", "44ecf9d84cef2793e106342c58aec43c"),
        (SEND, "SigSecretExample", "md5", "4713b8364bde408b20795c80b1501860"),
        (SEND, "SigSecretExample", "sha1", "96bca377e173bfee022f3344b8931627a6e5b8e2"),
        (SEND, "SigSecretExample", "sha256", "82a584a06aa1f3385ceeb32512e4b0883cc103c276e523c5c6a8db6141a2afb0"),
    ],
)
def test_published_check_vectors(fields: dict[str, str], secret: str, method: str, sig: str) -> None:
    assert sign_fields({**fields, "sig": "ignored"}, Secret(secret), method) == sig.lower()


def test_sha512_vector() -> None:
    sig = sign_fields(RECEIPT, Secret("my_secret_key_for_testing"), "sha512").upper()
    assert (sig[:16], sig[-18:], len(sig)) == ("E0D3C650F8C9D1A5", "9144B5A426B94FE82"[-18:].rjust(18, sig[-18]), 128)


def prepared(auth: Auth, data: dict[str, str] | None = None) -> requests.PreparedRequest:
    return requests.Request("POST", "https://example.org/x", data=data, auth=auth).prepare()


@pytest.fixture
def account() -> Account:
    return Account("abcd1234", Secret("Topsecret1"), signature_secret=Secret("SigSecretExample"))


def test_basic_is_a_header(account: Account) -> None:
    request = prepared(Auth(account, "basic"), {"a": "b"})
    assert request.headers["Authorization"] == "Basic YWJjZDEyMzQ6VG9wc2VjcmV0MQ=="
    assert request.body == "a=b"


def test_form_keys_travel_in_the_body(account: Account) -> None:
    request = prepared(Auth(account, "form"), {"text": "a b&c=é", "to": "1"})
    assert request.body == "api_key=abcd1234&api_secret=Topsecret1&text=a+b%26c%3D%C3%A9&to=1"
    assert request.headers["Content-Length"] == str(len(request.body))
    assert "Authorization" not in request.headers


def test_a_signed_send_carries_neither_header_nor_secret(account: Account) -> None:
    request = prepared(Auth(account, "sms", clock=lambda: 1700000000.9), {k: SEND[k] for k in ("from", "text", "to")})
    assert "Authorization" not in request.headers
    assert isinstance(request.body, str)
    assert "sig=44ecf9d84cef2793e106342c58aec43c" in request.body
    assert "timestamp=1700000000" in request.body
    assert "secret" not in request.body.lower()
    assert request.headers["Content-Length"] == str(len(request.body))


def test_without_a_signature_secret_an_sms_goes_with_basic() -> None:
    request = prepared(Auth(Account("abcd1234", Secret("s")), "sms"), {"a": "b"})
    assert request.headers["Authorization"].startswith("Basic ")


def test_a_token_needs_an_application_and_its_key(account: Account) -> None:
    with pytest.raises(InvalidRequestError, match="application_id="):
        Auth(account, "jwt")


def test_credentials_have_no_readable_repr(account: Account) -> None:
    shown = f"{Auth(account, 'basic')!r} {account!r} {account.api_secret!s} {vars(Auth(account, 'basic'))}"
    assert "Topsecret1" not in shown
    assert "SigSecret" not in shown
