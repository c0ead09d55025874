"""SMS: sent once, every part accounted for, every refusal explained, every mistake caught before the wire."""

from __future__ import annotations

import re
import time
import warnings

import pandas as pd
import pytest
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sms.response import STATUSES

TO = "+44 7700 900123"
DTYPES = {
    "part": "int64",
    "parts": "int64",
    "to": "string",
    "message_id": "string",
    "status": "string",
    "meaning": "string",
    "error_text": "string",
    "price": "float64",
    "balance": "float64",
    "currency": "string",
    "network": "string",
    "client_ref": "string",
    "account_ref": "string",
}


def test_a_short_message_is_one_part(session: nx.Session, sandbox: Sandbox) -> None:
    parts = nx.send_sms(TO, "Hello", sender="Demo")
    assert {name: str(dtype) for name, dtype in parts.dtypes.items()} == DTYPES
    row = parts.iloc[0]
    assert (len(parts), row.part, row.parts, row.to, row.status, row.meaning) == (
        1,
        1,
        1,
        "447700900123",
        "0",
        "accepted",
    )
    assert row.price > 0
    assert row.currency == "EUR"
    assert parts.error_text.isna().all()
    (message,) = sandbox.messages
    assert (message["to"], message["sender"], message["text"], message["type"]) == (
        "447700900123",
        "Demo",
        "Hello",
        "text",
    )


@pytest.mark.parametrize(
    ("text", "kind", "count"),
    [
        ("a" * 160, "text", 1),
        ("a" * 161, "text", 2),
        ("a" * 152 + "€" + "a" * 152, "text", 3),
        ("Olá", "unicode", 1),
        ("ы" * 71, "unicode", 2),
        ("ы" * 66 + "😀" + "ы" * 66, "unicode", 3),
    ],
)
def test_the_parts_that_come_back_are_those_that_were_counted(
    session: nx.Session, sandbox: Sandbox, text: str, kind: str, count: int
) -> None:
    parts = nx.send_sms(TO, text, sender="Demo")
    assert nx.segments(text).parts == len(parts) == count
    assert parts.part.tolist() == list(range(1, count + 1))
    assert parts.message_id.is_unique
    assert (sandbox.messages[0]["type"], sandbox.messages[0]["text"]) == (kind, text)


def test_a_text_is_composed_before_it_is_counted_and_sent(session: nx.Session, sandbox: Sandbox) -> None:
    text = "Cafe\u0301_x000D_\n" * 30
    parts = nx.send_sms(TO, text, sender="Demo")
    assert (sandbox.messages[0]["type"], sandbox.messages[0]["text"]) == ("text", "Café\n" * 30)
    assert len(parts) == nx.segments(text).parts == 1


@pytest.mark.parametrize(
    ("text", "named"), [("a\tb", "tab"), ("a\fb", "form feed"), ("a\x00", "NUL"), ("é\x1b", "ESC"), ("\x85", "NEL")]
)
def test_a_control_character_is_refused_by_name(session: nx.Session, sandbox: Sandbox, text: str, named: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^text: got .* control character, {named}, at position"):
        nx.send_sms(TO, text, sender="Demo")
    assert sandbox.requests == []


def test_line_ends_are_sent_as_they_are(session: nx.Session, sandbox: Sandbox) -> None:
    nx.send_sms(TO, "a\r\nb\rc\nd", sender="Demo")
    assert sandbox.messages[0]["text"] == "a\r\nb\rc\nd"


def test_every_parameter_reaches_the_wire_under_its_name(session: nx.Session, sandbox: Sandbox) -> None:
    nx.send_sms(
        447700900123,
        "Hello",
        sender="Demo",
        type="text",
        status_report_req=True,
        client_ref="job-7",
        ttl=600_000,
        callback="https://example.org/dlr",
        message_class=0,
        protocol_id=127,
        account_ref="team-a",
        entity_id="1101456324675322134",
        content_id="1107457532145798767",
        trusted_number=False,
    )
    assert sandbox.requests[0]["form"] == {
        "from": "Demo",
        "to": "447700900123",
        "type": "text",
        "text": "Hello",
        "status-report-req": "1",
        "client-ref": "job-7",
        "ttl": "600000",
        "callback": "https://example.org/dlr",
        "message-class": "0",
        "protocol-id": "127",
        "account-ref": "team-a",
        "entity-id": "1101456324675322134",
        "content-id": "1107457532145798767",
        "trusted-number": "false",
    }
    assert sandbox.requests[0]["auth"] == "basic"


@pytest.mark.parametrize(
    ("kind", "content", "sent"),
    [
        ("binary", {"udh": "0605 040b8423f0", "body": b"\x01\x02"}, {"udh": "0605040B8423F0", "body": "0102"}),
        (
            "wappush",
            {"title": "News", "url": "https://example.org/n", "validity": 600000},
            {"title": "News", "url": "https://example.org/n", "validity": "600000"},
        ),
        ("vcal", {"vcal": "BEGIN:VCALENDAR\r\nEND:VCALENDAR"}, {"vcal": "BEGIN:VCALENDAR\r\nEND:VCALENDAR"}),
        ("vcard", {"vcard": "BEGIN:VCARD\nN:Doe\nEND:VCARD"}, {"vcard": "BEGIN:VCARD\nN:Doe\nEND:VCARD"}),
        ("unicode", {"text": "Hello"}, {"text": "Hello"}),
    ],
)
def test_each_type_sends_its_own_content(
    session: nx.Session, sandbox: Sandbox, kind: str, content: dict[str, object], sent: dict[str, str]
) -> None:
    parts = nx.send_sms(TO, sender="Demo", type=kind, **content)  # type: ignore[arg-type]
    assert (parts.status == "0").all()
    form = dict(sandbox.requests[0]["form"])
    assert re.fullmatch("[0-9a-f]{40}", form.pop("client-ref"))
    assert form == {"from": "Demo", "to": "447700900123", "type": kind, **sent}


@pytest.mark.parametrize("code", ["4", "5", "6", "7", "8", "9", "15", "17", "22", "29", "33"])
def test_a_refusal_says_what_it_means_and_what_to_do(session: nx.Session, sandbox: Sandbox, code: str) -> None:
    sandbox.fail_next("status", code=int(code))
    with pytest.raises((nx.RejectedError, nx.AuthenticationError)) as caught:
        nx.send_sms(TO, "Hello", sender="Demo")
    error = caught.value
    assert (error.code, error.meaning) == (code, STATUSES[code].words)
    assert STATUSES[code].words in str(error)
    assert STATUSES[code].advice in str(error)
    assert error.parts is not None
    assert error.parts.status.tolist() == [code]
    assert isinstance(error, STATUSES[code].error)
    assert len(sandbox.requests) == 1


def test_a_status_that_nobody_documented_is_a_refusal_all_the_same() -> None:
    assert "999" not in STATUSES


def test_throttled_is_tried_again_after_the_time_that_the_server_names(
    session: nx.Session, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.fail_next("throttled", times=2)
    parts = nx.send_sms(TO, "Hello", sender="Demo")
    assert parts.status.tolist() == ["0"]
    assert len(sandbox.requests) == 3
    assert len(sandbox.messages) == 1
    assert len(waits) == 2
    assert all(0 < wait < 2 for wait in waits)


def test_throttled_three_times_is_told(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("throttled", times=3)
    with pytest.raises(nx.RateLimitedError, match="throttled") as caught:
        nx.send_sms(TO, "Hello", sender="Demo")
    assert caught.value.parts is not None
    assert (caught.value.code, caught.value.retry_after is not None) == ("1", True)
    assert (len(sandbox.requests), sandbox.messages) == (3, [])


def test_http_429_is_tried_again(session: nx.Session, sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.fail_next("429", retry_after=3)
    nx.send_sms(TO, "Hello", sender="Demo")
    assert waits == [3.0]
    assert len(sandbox.messages) == 1


@pytest.mark.parametrize("kind", ["drop-after", "drop-before", "500", "503", "garbage", "truncated", "redirect"])
def test_without_a_usable_answer_it_is_unknown_and_never_sent_again(
    session: nx.Session, sandbox: Sandbox, waits: list[float], kind: str
) -> None:
    sandbox.fail_next(kind, **({"location": "http://127.0.0.1:1/"} if kind == "redirect" else {}))
    with pytest.raises(nx.UnknownOutcomeError, match="may have happened"):
        nx.send_sms(TO, "Hello", sender="Demo")
    assert len(sandbox.requests) == 1
    assert len(sandbox.messages) == (1 if kind in ("drop-after", "garbage", "truncated") else 0)
    assert waits == []


def test_a_slow_answer_is_unknown_after_the_timeout(sandbox: Sandbox) -> None:
    sandbox.fail_next("slow", seconds=600)
    with connected(sandbox, timeout=0.2), pytest.raises(nx.UnknownOutcomeError, match="in time"):
        nx.send_sms(TO, "Hello", sender="Demo")
    while not sandbox.requests:  # on a busy machine it arrives after the timeout
        time.sleep(0.01)
    assert len(sandbox.requests) == 1


def test_where_no_connection_is_made_nothing_was_sent_and_it_is_tried_again(waits: list[float]) -> None:
    with Sandbox(limits=False) as gone:
        session = connected(gone, sleep=waits.append, api_key="abcd1234", api_secret="s")
    with session, pytest.raises(nx.UnreachableError, match="Nothing was sent"):
        nx.send_sms(TO, "Hello", sender="Demo")
    assert len(waits) == 2


def test_accepted_in_part_warns_and_returns_what_was_accepted(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("partial")
    with pytest.warns(nx.PartialSendWarning, match="accepted 1 of 3 parts .* refused part 2, 3: throttled"):
        parts = nx.send_sms(TO, "a" * 400, sender="Demo")
    assert parts.status.tolist() == ["0", "1", "1"]
    assert parts.meaning.tolist() == ["accepted", "throttled", "throttled"]
    assert len(sandbox.requests) == 1


def test_a_warning_says_which_parts_were_refused_and_why(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("partial")
    with pytest.warns(nx.PartialSendWarning) as caught:
        nx.send_sms(TO, "a" * 200, sender="Demo")
    assert str(caught[0].message) == (
        "Nexmo accepted 1 of 2 parts to 447700900123 and refused part 2: throttled (1). Sending the whole again would "
        "double the accepted parts."
    )


def test_accepted_in_part_as_an_error_still_sends_once(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("partial")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(nx.PartialSendWarning):
            nx.send_sms(TO, "a" * 400, sender="Demo")
    assert len(sandbox.requests) == 1


def test_a_message_is_recorded_as_it_was_sent(session: nx.Session, sandbox: Sandbox) -> None:
    parts = nx.send_sms(TO, "Hello", sender="Demo", key="k")
    (row,) = nx.sent().to_dict("records")
    expected = {"key": "k", "kind": "sms", "state": "accepted", "to": "447700900123", "sender": "Demo", "text": "Hello"}
    assert {name: row[name] for name in expected} == expected
    assert (row["parts"], row["price"], row["message_ids"]) == (1, parts.price[0], parts.message_id[0])
    assert row["client_ref"] == sandbox.requests[0]["form"]["client-ref"]
    assert session.last_balance == parts.balance[0] == sandbox.balance
    nx.send_sms(TO, "Hello", sender="Demo", client_ref="mine")
    assert nx.sent().client_ref.tolist() == [row["client_ref"], "mine"]


def test_under_one_key_one_message_is_sent_once_and_no_other(session: nx.Session, sandbox: Sandbox) -> None:
    first = nx.send_sms(TO, "Hello", sender="Demo", key="k")
    again = nx.send_sms("0044 7700 900123", "Hello", sender="Demo", key="k")
    kept = ["part", "parts", "to", "message_id", "status", "meaning", "price", "currency"]
    pd.testing.assert_frame_equal(again[kept], first[kept])
    for text, sender in (("Other", "Demo"), ("Hello", "Other")):
        with pytest.raises(nx.InvalidRequestError, match="^key: got 'k'"):
            nx.send_sms(TO, text, sender=sender, key="k")
    assert len(sandbox.requests) == 1


def test_what_a_key_in_doubt_stands_for_is_said_in_words(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("drop-after")
    for _ in range(2):
        with pytest.raises(nx.UnknownOutcomeError, match="send an SMS to 447700900123"):
            nx.send_sms(TO, "Hello", sender="Demo", key="k")
    assert len(sandbox.requests) == 1


def test_a_national_number_is_read_in_its_region_and_doubted_there(session: nx.Session, sandbox: Sandbox) -> None:
    with pytest.warns(nx.DoubtfulNumberWarning, match="landline"):
        nx.send_sms("0121 234 5678", "Hello", sender="Demo", region="GB")
    assert [message["to"] for message in sandbox.messages] == ["441212345678"]


def test_the_session_that_is_given_sends_in_its_currency(session: nx.Session, sandbox: Sandbox) -> None:
    other = connected(sandbox, currency="GBP")
    nx.connect("sandbox").close()  # makes a current session that could not send
    assert nx.send_sms(TO, "Hello", sender="Demo", session=other).currency.tolist() == ["GBP"]
    sandbox.fail_next("status", code=9)
    with pytest.raises(nx.RejectedError) as caught:
        nx.send_sms(TO, "Hello", sender="Demo", session=other)
    assert caught.value.parts is not None
    assert caught.value.parts.currency.tolist() == ["GBP"]
    other.close()


@pytest.mark.parametrize("method", ["md5hash", "md5", "sha1", "sha256", "sha512"])
def test_a_signed_send_is_accepted_and_carries_no_secret(sandbox: Sandbox, method: str) -> None:
    signed = {
        "api_key": sandbox.api_key,
        "api_secret": "Wrong0ne",
        "signature_secret": sandbox.signature_secret,
        "signature_method": method,
    }
    with connected(sandbox, **signed):
        parts = nx.send_sms(TO, "a&b=c é ы", sender="Demo", client_ref="r&1")
    assert (parts.status == "0").all()
    assert parts.client_ref[0] == "r&1"
    (request,) = sandbox.requests
    assert request["auth"] == "signature"
    assert "api_secret" not in request["form"]


def test_a_wrong_signature_secret_is_refused(sandbox: Sandbox) -> None:
    wrong = {"api_key": sandbox.api_key, "api_secret": "x", "signature_secret": "wrong"}
    with connected(sandbox, **wrong), pytest.raises(nx.AuthenticationError, match="signature_secret") as caught:
        nx.send_sms(TO, "Hello", sender="Demo")
    assert caught.value.code == "14"


def test_wrong_credentials_are_refused(sandbox: Sandbox) -> None:
    with (
        connected(sandbox, api_key=sandbox.api_key, api_secret="Wrong0ne"),
        pytest.raises(nx.AuthenticationError, match=r"show_connection\(\)") as caught,
    ):
        nx.send_sms(TO, "Hello", sender="Demo")
    assert caught.value.code == "4"


LONG_HEX = "00" * 141
WRONG = [
    ({"to": "44770090000x"}, "to", ""),
    ({"to": 447700900123.0}, "to", "dtype=str"),
    ({"to": "4" * 20}, "to", "too long"),
    ({"to": "07700 900123"}, "to", "national"),
    ({"sender": "TwelveLetter"}, "sender", "11 letters"),
    ({"sender": ""}, "sender", ""),
    ({"sender": None}, "sender", ""),
    ({"text": None}, "text", "needs text"),
    ({"text": ""}, "text", "1 to 3,200"),
    ({"text": "a" * 3201}, "text", "It has 3,201"),
    ({"text": 5}, "text", ""),
    ({"text": "\ud83d"}, "text", "surrogate"),
    ({"text": "Olá ç", "type": "text"}, "text", "'á' 'ç'.*type='unicode'"),
    ({"type": "flash"}, "type", "'unicode'"),
    ({"type": "binary"}, "text", "type 'binary' carries no text"),
    ({"type": "binary", "text": None}, "udh", "needs udh and body"),
    ({"type": "binary", "text": None, "udh": "06", "body": "0"}, "body", "hexadecimal"),
    ({"type": "binary", "text": None, "udh": "zz", "body": "00"}, "udh", "hexadecimal"),
    ({"type": "binary", "text": None, "udh": "00", "body": "00" * 140}, "body", "140 octets.*It makes 141"),
    ({"udh": "00", "body": "00"}, "udh", "type='binary'"),
    ({"type": "wappush", "text": None, "title": "x"}, "url", "needs title and url"),
    ({"type": "wappush", "text": None, "title": "x", "url": "x"}, "url", "absolute URL"),
    ({"type": "wappush", "text": "x", "title": "x", "url": "https://x.org"}, "text", "carries no text"),
    ({"type": "vcal", "text": None}, "vcal", "needs vcal"),
    ({"type": "vcard", "text": None, "vcard": ""}, "vcard", ""),
    ({"type": "text", "vcard": "x"}, "vcard", "type='vcard'"),
    ({"validity": 5}, "validity", "type='wappush'"),
    ({"ttl": 19_999}, "ttl", "20,000 to 604,800,000"),
    ({"ttl": 604_800_001}, "ttl", ""),
    ({"ttl": 30_000.5}, "ttl", ""),
    ({"message_class": 4}, "message_class", "0 to 3"),
    ({"message_class": True}, "message_class", ""),
    ({"protocol_id": 256}, "protocol_id", "0 to 255"),
    ({"client_ref": "x" * 101}, "client_ref", "100 characters"),
    ({"client_ref": "a\r\nb"}, "client_ref", "control characters"),
    ({"callback": "example.org"}, "callback", "absolute URL"),
    ({"callback": "https://example.org/" + "a" * 100}, "callback", "at most 100"),
    ({"status_report_req": "yes"}, "status_report_req", "True or False"),
    ({"trusted_number": 2}, "trusted_number", "True or False"),
    ({"account_ref": ""}, "account_ref", ""),
    ({"key": ""}, "key", "1 to 200 characters"),
    ({"key": 5}, "key", "1 to 200 characters"),
]


@pytest.mark.parametrize(("arguments", "names", "why"), WRONG)
def test_a_mistake_is_caught_before_anything_is_sent(
    session: nx.Session, sandbox: Sandbox, arguments: dict[str, object], names: str, why: str
) -> None:
    call = {"to": TO, "text": "Hello", "sender": "Demo", **arguments}
    with pytest.raises(nx.InvalidRequestError, match=f"(?s)^{names}: got .*allowed: .*{why}"):
        nx.send_sms(**call)  # type: ignore[arg-type]
    assert sandbox.requests == []
