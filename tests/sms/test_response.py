"""What an answer to an SMS means, decided by plain data."""

from __future__ import annotations

from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.session import Request
from nexmo_nb.sms.response import find_refusal, parse_parts

REQUEST = Request("send an SMS to 1", "POST", "/sms/json", family="sms")


def refusal(*statuses: Any, count: int | None = None) -> type[BaseException] | None:
    messages = [{"status": status, "to": "1"} for status in statuses]
    body = {"message-count": str(len(messages) if count is None else count), "messages": messages}
    found = find_refusal(REQUEST, body, currency="EUR")
    return None if found is None else type(found)


@pytest.mark.parametrize(
    ("statuses", "error"),
    [
        (["0"], None),
        (["0", "0"], None),
        (["0", "1"], None),
        (["1", "0"], None),
        (["9", "0"], None),
        (["1"], nx.RateLimitedError),
        (["1", "1"], nx.RateLimitedError),
        (["1", "9"], nx.RejectedError),
        (["9", "1"], nx.RejectedError),
        (["9"], nx.RejectedError),
        (["4"], nx.AuthenticationError),
        ([None], nx.UnknownOutcomeError),
        (["0", None], nx.UnknownOutcomeError),
        (["00"], nx.UnknownOutcomeError),
        ([True], nx.UnknownOutcomeError),
        ([], nx.UnknownOutcomeError),
    ],
)
def test_only_a_message_that_was_throttled_whole_may_be_sent_again(
    statuses: list[Any], error: type[BaseException] | None
) -> None:
    assert refusal(*statuses) is error


@pytest.mark.parametrize("names", [[{}], [{"to": "1"}], [{"client-ref": "r"}], [{"to": "1"}, {}]])
def test_a_throttled_message_may_be_sent_again_whether_or_not_the_answer_names_it(names: list[dict[str, str]]) -> None:
    """An answer that came in doubt, or that names another message, does not come this far."""
    found = find_refusal(REQUEST, {"messages": [{"status": "1", **name} for name in names]}, currency="EUR")
    assert type(found) is nx.RateLimitedError


def test_an_answer_that_announces_more_parts_than_it_tells_of_is_no_answer() -> None:
    assert refusal("0", count=2) is nx.UnknownOutcomeError
    assert refusal("1", count=2) is nx.UnknownOutcomeError
    assert refusal("0", count=1) is None
    assert refusal("0", count=0) is None


def refuse(status: str, text: str | None = None) -> nx.NexmoError:
    body = {"message-count": "1", "messages": [{"status": status, "error-text": text}]}
    found = find_refusal(REQUEST, body, currency="EUR")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [
        ("9", None, "no credit (status 9). Top up the account: the balance does not cover the message."),
        ("9", "Quota\nexceeded", "no credit (status 9: Quota exceeded). Top up the account: the balance does not cover "
         "the message."),
        ("99", "odd", "a status that is not documented (status 99: odd). See the text below."),
    ],
)  # fmt: skip
def test_a_refusal_says_what_it_means_and_what_to_do(status: str, text: str | None, words: str) -> None:
    found = refuse(status, text)
    assert str(found) == f"Could not send an SMS to 1: {words} Nothing was sent."
    assert (found.status, found.code, found.meaning) == (200, status, words.partition(" (")[0])


@pytest.mark.parametrize(
    ("status", "text", "seconds"),
    [
        ("1", "Throughput exceeded - please wait [ 250 ] and retry", 0.25),
        ("1", "please wait [1000]", 1.0),
        ("1", "please wait", None),
        ("1", "see [ 250 ]", None),
        ("9", "please wait [ 250 ]", None),
    ],
)
def test_only_who_is_throttled_is_told_when_to_come_again(status: str, text: str, seconds: float | None) -> None:
    assert refuse(status, text).retry_after == seconds


PART = {
    "to": 447700900000, "message-id": "m1", "status": "1", "error-text": "too fast", "message-price": "0.03330000",
    "remaining-balance": "19.5", "network": "23410", "client-ref": "r1", "account-ref": "shop",
}  # fmt: skip


def test_a_part_is_read_field_by_field() -> None:
    first, second = parse_parts({"messages": [PART, {"message-price": "free", "remaining-balance": None}]}, "EUR")
    assert first == {
        "part": 1, "parts": 2, "to": "447700900000", "message_id": "m1", "status": "1", "meaning": "throttled",
        "error_text": "too fast", "price": 0.0333, "balance": 19.5, "currency": "EUR", "network": "23410",
        "client_ref": "r1", "account_ref": "shop",
    }  # fmt: skip
    refs = ("client_ref", "account_ref")
    missing = dict.fromkeys(("to", "message_id", "status", "error_text", "price", "balance", "network", *refs))
    assert second == {**missing, "part": 2, "parts": 2, "meaning": "a status that is not documented", "currency": "EUR"}


@pytest.mark.parametrize("body", [None, [], {}, "", {"messages": None}, {"messages": {"0": PART}}, {"messages": "x"}])
def test_an_answer_without_messages_has_no_parts(body: Any) -> None:
    assert parse_parts(body, "EUR") == []
    found = find_refusal(REQUEST, body, currency="EUR")
    assert isinstance(found, nx.UnknownOutcomeError)
    assert " but the answer tells of no message. " in str(found)
    assert found.status == 200


@pytest.mark.parametrize(
    "body", [{"message-count": "3", "messages": [PART, PART]}, {"messages": [PART, {**PART, "status": "soon"}]}]
)
def test_an_answer_that_does_not_tell_of_every_part_gives_those_that_it_tells_of(body: Any) -> None:
    found = find_refusal(REQUEST, body, currency="EUR")
    assert isinstance(found, nx.UnknownOutcomeError)
    assert " but the answer does not tell what became of every part. " in str(found)
    assert found.status == 200
    assert found.parts is not None
    assert found.parts[["message_id", "currency"]].values.tolist() == [["m1", "EUR"]] * 2


@pytest.mark.parametrize("count", ["1", 1, "", "many", "-5", "1234567890", None, "1.5"])
def test_a_count_that_is_none_announces_nothing(count: Any) -> None:
    assert (
        find_refusal(REQUEST, {"message-count": count, "messages": [{**PART, "status": "0"}]}, currency="EUR") is None
    )


def test_a_refusal_has_its_parts_in_the_currency_of_the_account() -> None:
    found = find_refusal(REQUEST, {"message-count": "1", "messages": [PART]}, currency="EUR")
    assert found is not None
    assert found.parts is not None
    assert found.parts[["part", "message_id", "currency"]].values.tolist() == [[1, "m1", "EUR"]]
