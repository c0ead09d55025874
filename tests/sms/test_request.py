"""From arguments to the request of an SMS: its bounds, the words of its refusals, and all that the session is told."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.session import Request
from nexmo_nb.sms.request import build_fields, build_request
from nexmo_nb.sms.response import find_refusal

CYRILLIC = [chr(code) for code in range(ord("а"), ord("а") + 21)]
PUSH = {"kind": "wappush", "title": "News", "url": "https://example.org"}


def fields(kind: str = "auto", **given: Any) -> dict[str, str]:
    return build_fields("447700900123", "Demo", kind, **given)


def test_a_request_says_all_that_the_session_goes_by() -> None:
    sent = {**fields(text="Hello"), "client-ref": "r"}
    found = build_request(sent, "GBP")
    refusal = found.find_refusal
    assert isinstance(refusal, partial)
    assert (refusal.func, refusal.keywords) == (find_refusal, {"currency": "GBP"})
    assert found == Request(
        "send an SMS to 447700900123",
        "POST",
        "/sms/json",
        family="sms",
        data=sent,
        auth="sms",
        echo={"client-ref": "r", "to": "447700900123"},
        echo_rows="messages",
        find_refusal=refusal,
    )


@pytest.mark.parametrize(
    "given",
    [
        {"text": "a"},
        {"text": "a" * 3200},
        {"kind": "text", "text": "é"},
        {"kind": "binary", "udh": "00", "body": "00" * 139},
        {**PUSH, "validity": 1},
        {**PUSH, "validity": 604_800_000},
        {**PUSH, "title": "a" * 3200},
        {"kind": "vcard", "vcard": "a" * 3200},
    ],
)
def test_what_stands_at_a_bound_is_accepted(given: dict[str, Any]) -> None:
    assert fields(**given)["to"] == "447700900123"


BODY = "text of 1 to 3,200 characters, without control characters other than line ends"
BOUNDS = "a whole number from 1 to 604,800,000"
ONLY_GSM = "only characters of GSM-7 with type='text'. These are outside it and would arrive damaged: "
MEND = ". Replace them, or use type='unicode' or 'auto'."


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"text": 5}, f"text: got 5; allowed: {BODY}."),
        ({"text": ""}, f"text: got ''; allowed: {BODY}. It has 0."),
        ({"text": "a\x00"},
         f"text: got 'a\\x00'; allowed: {BODY}. It holds a control character, NUL, at position 1: remove it."),
        ({"kind": "text", "text": "а"}, f"text: got 'а'; allowed: {ONLY_GSM}'а'{MEND}"),
        *[
            ({"kind": "text", "text": "".join(letters)},
             f"text: got {''.join(letters)!r}; allowed: {ONLY_GSM}{' '.join(map(repr, letters[:20]))}{dots}{MEND}")
            for letters, dots in ((CYRILLIC[:20], ""), (CYRILLIC, " …"))
        ],
        ({"kind": "binary", "text": "Hello"},
         "text: got 'Hello'; allowed: nothing: type 'binary' carries no text. text goes with type='auto' or 'text' "
         "or 'unicode'."),
        ({"kind": "binary", "udh": "00"},
         "body: got None; allowed: a value: type 'binary' needs udh and body."),
        ({"kind": "binary", "udh": "00", "body": b"a" * 140},
         f"body: got {b'a' * 140!r:.50}…{'a' * 25}' (143 characters); allowed: 140 octets together with udh. It makes "
         "141."),
        ({**PUSH, "title": ""}, "title: got ''; allowed: text of 1 to 3200 characters. It has 0 characters."),
        ({**PUSH, "validity": 0}, f"validity: got 0; allowed: {BOUNDS}."),
        ({**PUSH, "validity": 604_800_001}, f"validity: got 604800001; allowed: {BOUNDS}."),
        ({"kind": "vcal", "vcal": "\x00"},
         "vcal: got '\\x00'; allowed: text of 1 to 3200 characters without control characters. Remove them."),
    ],
)  # fmt: skip
def test_a_refusal_says_what_was_given_what_is_allowed_and_what_to_do(given: dict[str, Any], words: str) -> None:
    with pytest.raises(nx.InvalidRequestError) as caught:
        fields(**given)
    assert str(caught.value) == words
