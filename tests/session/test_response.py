"""Five dialects in, one typed error out; a write without a usable answer is unknown, a read is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nexmo_nb import errors
from nexmo_nb.session.response import Request, names_request, one_line, parse_response

READ = Request("read it", "GET", "/x")
WRITE = Request("do it", "POST", "/x")


def answer(ask: Request, status: int, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_response(ask, status, headers or {}, content)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "says"),
    [
        (
            401,
            {"error-code": "401", "error-code-label": "authentication failed"},
            "AuthenticationError",
            "401",
            "authentication failed",
        ),
        (420, {"error-code": "420", "error-code-label": "method failed"}, "RejectedError", "420", "method failed"),
        (
            400,
            {"type": "BAD_REQUEST", "error_title": "Bad Request", "invalid_parameters": {"country": "Is required."}},
            "InvalidRequestError",
            "BAD_REQUEST",
            "Bad Request [country: Is required.]",
        ),
        (
            400,
            {
                "type": "BAD_REQUEST",
                "error_title": "Bad Request",
                "invalid_parameters": {"parameter": "trx", "message": "Is required."},
            },
            "InvalidRequestError",
            "BAD_REQUEST",
            "trx: Is required.",
        ),
        (
            400,
            {"type": 400, "title": "Bad Request", "invalid_parameters": [{"name": "to", "reason": "too long"}]},
            "InvalidRequestError",
            "400",
            "to: too long",
        ),
        (
            404,
            {
                "type": "https://developer.nexmo.com/api-errors#not-found",
                "title": "Not Found",
                "detail": "ID 'x' does not exist",
            },
            "NotFoundError",
            "not-found",
            "Not Found: ID 'x' does not exist",
        ),
        (
            402,
            {"type": "https://developer.vonage.com/api-errors#low-balance", "title": "Low balance"},
            "RejectedError",
            "low-balance",
            "Low balance",
        ),
        (
            429,
            {"type": "https://developer.vonage.com/api-errors#throttled", "title": "Rate Limit Hit"},
            "RateLimitedError",
            "throttled",
            "Rate Limit Hit",
        ),
        (
            401,
            {"currency": "EUR", "code": "401", "error-code-label": "authentication failed"},
            "AuthenticationError",
            "401",
            "authentication failed",
        ),
        (
            415,
            {"type": "UNSUPPORTED_MEDIA_TYPE", "error_title": "Unsupported"},
            "InvalidRequestError",
            "UNSUPPORTED_MEDIA_TYPE",
            "Unsupported",
        ),
        (402, b"<html>bad account credentials</html>", "RejectedError", None, "HTTP 402"),
        (403, [], "AuthenticationError", None, "HTTP 403"),
    ],
)
@pytest.mark.parametrize("ask", [READ, WRITE])
def test_each_dialect_becomes_one_typed_error(
    ask: Request, status: int, body: Any, kind: str, code: str | None, says: str
) -> None:
    error = answer(ask, status, body)
    assert type(error).__name__ == kind
    assert (error.status, error.code) == (status, code)
    assert says in str(error)
    assert ask.what in str(error)


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, {}), (503, b"<html>"), (302, b""), (200, b"<html>"), (200, b""), (200, 5), (200, b'{"a":'), (599, b"")],
)
def test_what_is_no_answer_is_unknown_for_a_write_and_unreachable_for_a_read(status: int, body: Any) -> None:
    read, write = answer(READ, status, body), answer(WRITE, status, body)
    assert isinstance(read, errors.UnreachableError)
    assert isinstance(write, errors.UnknownOutcomeError)
    assert not write.retryable
    assert "may have cost money" in str(write)


def test_an_empty_answer_to_a_delete_is_its_success() -> None:
    ask = Request("delete it", "DELETE", "/x")
    assert parse_response(ask, 204, {}, b"") is None
    assert parse_response(ask, 200, {}, b"") is None


@pytest.mark.parametrize(("value", "seconds"), [("2", 2.0), ("0", 0.0), ("soon", None), ("", None), ("-1", None)])
def test_retry_after_is_kept(value: str, seconds: float | None) -> None:
    assert answer(READ, 429, {}, {"Retry-After": value}).retry_after == seconds


ECHO = {"to": "447700900123", "client-ref": "Ref 7"}
SEND = Request("send it", "POST", "/x", echo=ECHO, echo_rows="messages")


@pytest.mark.parametrize(
    ("rows", "is_named"),
    [
        ([ECHO], True),
        ([ECHO, ECHO], True),
        ([{"to": "+44 7700 900123", "client_ref": " ref 7"}], True),
        ([{"to": 447700900123, "client-ref": "Ref 7"}], True),
        ([{"to": "00447700900123", "client-ref": "Ref 7"}], True),
        ([{"to": "447700900123"}], None),
        ([{"client-ref": "Ref 7"}], None),
        ([ECHO, {"to": "447700900123"}], None),
        ([{**ECHO, "client-ref": ""}], None),
        ([{**ECHO, "to": None}], None),
        ([{}], None),
        ([], None),
        (None, None),
        ("x", None),
        ([5], None),
        ([{"to": "447700900124"}], False),
        ([{**ECHO, "to": "447700900124"}], False),
        ([{**ECHO, "client-ref": "Ref 8"}], False),
        ([ECHO, {**ECHO, "client-ref": "Ref 8"}], False),
        ([{**ECHO, "to": ["447700900123"]}], False),
        ([{**ECHO, "to": 447700900123.0}], False),
        ([{**ECHO, "client-ref": True}], False),
        ([{**ECHO, "to": "x"}], False),
    ],
)
def test_an_answer_names_its_request_another_or_less(rows: Any, is_named: bool | None) -> None:
    assert names_request(SEND, {"messages": rows}) is is_named


def test_an_answer_names_nothing_where_nothing_is_asked_of_it() -> None:
    assert names_request(WRITE, {"messages": [ECHO]}) is None
    assert names_request(SEND, None) is None
    assert names_request(SEND, [ECHO]) is None


NAMED, UNNAMED, OTHERS = {"messages": [ECHO]}, {"messages": [{}]}, {"messages": [{"to": "447700900124"}]}
GOOD = "good"


@pytest.mark.parametrize(
    ("status", "body", "doubt", "found"),
    [
        (200, NAMED, "", GOOD),
        (200, UNNAMED, "", GOOD),
        (200, OTHERS, "", errors.UnknownOutcomeError),
        (200, NAMED, "two came", GOOD),
        (200, UNNAMED, "two came", errors.UnknownOutcomeError),
        (200, OTHERS, "two came", errors.UnknownOutcomeError),
        (429, {}, "", errors.RateLimitedError),
        (429, {}, "two came", errors.UnknownOutcomeError),
        (401, {}, "", errors.AuthenticationError),
        (401, {}, "two came", errors.UnknownOutcomeError),
        (404, {}, "two came", errors.UnknownOutcomeError),
        (402, {}, "two came", errors.UnknownOutcomeError),
    ],
)
def test_an_answer_in_doubt_counts_only_if_it_names_its_request(
    status: int, body: dict[str, Any], doubt: str, found: Any
) -> None:
    parsed = parse_response(SEND, status, {}, json.dumps(body).encode(), doubt)
    assert parsed == body if found is GOOD else type(parsed) is found


def test_a_deletion_in_doubt_is_unknown() -> None:
    ask = Request("delete it", "DELETE", "/x")
    assert isinstance(parse_response(ask, 204, {}, b"", "two came"), errors.UnknownOutcomeError)


def test_server_text_cannot_fill_the_screen_or_steer_the_terminal() -> None:
    error = answer(READ, 400, {"title": "\x1b[2Jbad\n\n\tnews " + "x" * 5000})
    assert "\x1b" not in str(error)
    assert len(str(error)) < 600
    assert one_line("a\r\n b\x00") == "a b\ufffd"


@pytest.mark.parametrize(
    "body",
    [{"type": None, "title": ["x"]}, {"invalid_parameters": [1, None]}, {"type": {"a": 1}}, {"error-code": None}],
)
def test_a_body_of_any_shape_becomes_an_error(body: Any) -> None:
    assert isinstance(answer(WRITE, 400, body), errors.InvalidRequestError)
