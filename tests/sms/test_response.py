"""What an answer to an SMS means, decided by plain data."""

from __future__ import annotations

from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.session import Request
from nexmo_nb.sms.response import find_refusal

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
