"""Five dialects in, one typed error out; a write without a usable answer is unknown, a read is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nexmo_nb import errors
from nexmo_nb.session import response
from nexmo_nb.session.request import Listing, Request
from nexmo_nb.session.response import (
    LateError,
    late_error,
    names_request,
    one_line,
    parse_page,
    parse_response,
    parse_status,
    retry_wait,
    unanswered_error,
)

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


@pytest.mark.parametrize(
    ("body", "is_named"),
    [(ECHO, True), ({**ECHO, "to": "1"}, False), ({"to": ECHO["to"]}, None), ({}, None), ({"messages": [ECHO]}, None)],
)
def test_an_answer_without_rows_names_its_request_by_itself(body: Any, is_named: bool | None) -> None:
    assert names_request(Request("send it", "POST", "/x", echo=ECHO), body) is is_named


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("0", "0"),
        (0, "0"),
        ("9999", "9999"),
        (15, "15"),
        (1.0, "1"),
        ("10000", None),
        ("01", None),
        ("-1", None),
        (-1, None),
        ("", None),
        (" 0", None),
        ("0\n", None),
        ("²", None),
        (None, None),
        (True, None),
        (False, None),
        (1.5, None),
        (float("nan"), None),
        (float("inf"), None),
        ([0], None),
    ],
)
def test_a_status_is_a_small_whole_number(value: Any, status: str | None) -> None:
    assert parse_status(value) == status


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
    ("text", "longest", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("abcdef", 3, "ab…"),
        ("a" * 300, None, "a" * 300),
        ("a" * 301, None, "a" * 299 + "…"),
        (5, 3, "5"),
    ],
)
def test_a_text_of_the_server_is_cut_where_it_is_too_long(text: Any, longest: int | None, expected: str) -> None:
    assert one_line(text, *([] if longest is None else [longest])) == expected


@pytest.mark.parametrize(
    ("body", "code", "meaning"),
    [
        ({}, None, "HTTP 400"),
        ({"title": "T"}, None, "T"),
        ({"title": "T", "detail": "D"}, None, "T: D"),
        ({"error_title": "E", "error-code-label": "L"}, None, "E: L"),
        ({"type": "https://x.test/a#b#c"}, "c", "HTTP 400"),
        ({"type": "https://x.test/#b", "code": "7"}, "b", "HTTP 400"),
        ({"type": "https://x.test/a#", "code": "7"}, "7", "HTTP 400"),
        ({"type": "T", "code": "7", "error-code": "8"}, "8", "HTTP 400"),
        ({"type": "T", "code": "7", "error_code": "8"}, "8", "HTTP 400"),
        ({"type": "T", "code": "7"}, "7", "HTTP 400"),
        ({"type": "T"}, "T", "HTTP 400"),
        ({"code": "c" * 60}, "c" * 60, "HTTP 400"),
        ({"code": "c" * 61}, "c" * 59 + "…", "HTTP 400"),
        ({"title": "T" * 299, "detail": "D" * 400}, None, "T" * 299 + ": " + "D" * 299 + "…"),
        ({"invalid_parameters": {"a": "b"}}, None, "a: b"),
        ({"title": "T", "invalid_parameters": {"a": "b", "c": "d"}}, None, "T [a: b; c: d]"),
        ({"invalid_parameters": {"parameter": "p", "message": "m"}}, None, "p: m"),
        ({"invalid_parameters": {"parameter": "p"}}, None, "parameter: p"),
        ({"invalid_parameters": [{"name": "n", "reason": "r"}, 5, {"name": "o"}]}, None, "n: r; o: None"),
        ({"invalid_parameters": {str(n): n for n in range(21)}}, None, "; ".join(f"{n}: {n}" for n in range(20))),
        (
            {"title": "T", "invalid_parameters": {str(n): "x" * 400 for n in range(9)}},
            None,
            ("T [" + "; ".join(f"{n}: {'x' * 299}…" for n in range(9)))[:999] + "…",
        ),
    ],
)
def test_code_and_words_are_found_in_any_dialect(body: dict[str, Any], code: str | None, meaning: str) -> None:
    error = answer(READ, 400, body)
    assert (error.code, error.meaning) == (code, meaning)
    in_brackets = "HTTP 400" if code is None else f"HTTP 400, {code}"
    advice = "Nothing was done; correct the argument."
    assert str(error) == f"Could not read it: {meaning} ({in_brackets}). {advice}"


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "Nothing was done; correct the argument."),
        (401, "Check the credentials with show_connection(), and the account's balance and rights."),
        (404, "Check the id or number; it may belong to another account."),
        (429, "Nothing was done; wait, then call again."),
        (420, "Sending the same again will give the same answer."),
    ],
)
def test_an_error_says_what_to_do(status: int, advice: str) -> None:
    assert str(answer(WRITE, status, {})) == f"Could not do it: HTTP {status} (HTTP {status}). {advice}"


@pytest.mark.parametrize("status", [400, 402, 403, 429])
@pytest.mark.parametrize(
    ("word", "kind"), [("low-balance", errors.RejectedError), ("throttled", errors.RateLimitedError)]
)
def test_some_words_count_more_than_the_status(status: int, word: str, kind: type[errors.NexmoError]) -> None:
    for body in ({"type": f"https://x.test/errors#{word}"}, {"type": word}, {"code": word}):
        assert type(answer(WRITE, status, body)) is kind
    assert type(answer(WRITE, 500, {"type": word})) is errors.UnknownOutcomeError


INPUT = errors.InvalidRequestError
CREDENTIALS = errors.AuthenticationError


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *[(status, INPUT) for status in (400, 405, 406, 415, 422)],
        *[(status, CREDENTIALS) for status in (401, 403)],
        *[(status, errors.NotFoundError) for status in (404, 410)],
        (429, errors.RateLimitedError),
        *[(status, errors.RejectedError) for status in (402, 409, 418, 420, 451, 499)],
        *[(status, errors.UnknownOutcomeError) for status in (100, 199, 300, 301, 304, 399, 500, 501, 599)],
    ],
)
def test_each_status_is_of_one_kind(status: int, kind: type[errors.NexmoError]) -> None:
    assert type(answer(WRITE, status, {})) is kind
    read = answer(READ, status, {})
    assert type(read) is (errors.UnreachableError if kind is errors.UnknownOutcomeError else kind)
    assert (read.status, read.code) == (status, None)


@pytest.mark.parametrize(
    ("status", "doubt", "reason"),
    [
        (503, "", "the server answered with HTTP 503"),
        (399, "", "the server answered with HTTP 399 (a redirect is never followed)"),
        (400, "two came", "the server answered with HTTP 400, and two came"),
        (302, "two came", "the server answered with HTTP 302 (a redirect is never followed), and two came"),
        (200, "", "the answer is not JSON, or none of a usual kind"),
    ],
)
def test_an_answer_that_cannot_be_used_is_told_with_its_reason(status: int, doubt: str, reason: str) -> None:
    headers = {"Retry-After": "7"}
    read, write = (parse_response(ask, status, headers, b"", doubt) for ask in (READ, WRITE))
    assert str(read) == f"Could not read it: {reason}. Nothing was changed; try again."
    assert str(write) == (
        f"It is unknown whether this was done: do it. The request went out, but {reason}. It may have happened and may "
        "have cost money; it was not sent again. Look whether it happened before you repeat it."
    )
    assert read.status == write.status == status
    assert read.retry_after == write.retry_after == (None if status == 200 else 7.0)


def test_a_request_that_did_not_leave_is_not_sent_whatever_it_is() -> None:
    for ask in (READ, WRITE):
        error = unanswered_error(ask, "no connection could be made", sent=False)
        assert type(error) is errors.UnreachableError
        assert str(error) == f"Could not {ask.what}: no connection could be made. Nothing was sent; try again."
    late = late_error(WRITE)
    assert type(late) is LateError
    assert str(late) == (
        "Could not do it: it was stopped for a while before it could leave, and its turn under the limit is over. "
        "Nothing was sent; try again."
    )


@pytest.mark.parametrize(
    ("body", "doubt", "found"),
    [
        (NAMED, "", None),
        (OTHERS, "", "the answer names something else"),
        (UNNAMED, "two came", "the answer may be another's: two came"),
        (OTHERS, "two came", "the answer names something else"),
    ],
)
def test_why_a_good_answer_is_not_taken(body: dict[str, Any], doubt: str, found: str | None) -> None:
    parsed = parse_response(SEND, 201, {}, json.dumps(body).encode(), doubt)
    if found is None:
        assert parsed == body
    else:
        assert f"but {found}. It may" in str(parsed)
        assert parsed.status == 201


def test_a_body_may_be_a_refusal_under_a_good_status() -> None:
    refusal = errors.RejectedError("no")
    asked: list[Any] = []

    def find(request: Request, body: Any) -> errors.NexmoError | None:
        asked.append((request.what, body))
        return refusal if body == {"a": 1} else None

    ask = Request("do it", "POST", "/x", find_refusal=find)
    assert answer(ask, 200, {"a": 1}) is refusal
    assert answer(ask, 200, {"a": 2}) == {"a": 2}
    assert asked == [("do it", {"a": 1}), ("do it", {"a": 2})]


@pytest.mark.parametrize(("status", "has_body"), [(199, False), (200, True), (204, True), (299, True), (300, False)])
def test_only_a_status_of_success_has_a_body_to_read(status: int, has_body: bool) -> None:
    found = answer(READ, status, [1])
    assert found == [1] if has_body else isinstance(found, errors.UnreachableError)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_only_the_answer_to_a_deletion_may_be_empty(method: str) -> None:
    assert isinstance(parse_response(Request("x", method, "/x"), 200, {}, b""), errors.NexmoError)


def test_an_answer_to_a_deletion_that_is_not_empty_is_read() -> None:
    ask = Request("delete it", "DELETE", "/x")
    assert answer(ask, 200, {"a": 1}) == {"a": 1}
    assert isinstance(parse_response(ask, 200, {}, b"x"), errors.UnknownOutcomeError)


@pytest.mark.parametrize(
    ("error", "attempts", "seconds"),
    [
        (errors.UnreachableError("x"), 1, 0.5),
        (errors.UnreachableError("x"), 2, 1.0),
        (errors.UnreachableError("x"), 3, None),
        (errors.RateLimitedError("x"), 1, 0.5),
        (errors.RateLimitedError("x", retry_after=0.0), 2, 0.0),
        (errors.RateLimitedError("x", retry_after=60.0), 2, 60.0),
        (errors.RateLimitedError("x", retry_after=60.0), 3, None),
        (errors.RateLimitedError("x", retry_after=60.5), 1, None),
        (errors.UnknownOutcomeError("x"), 1, None),
        (errors.UnknownOutcomeError("x", retry_after=1.0), 1, None),
        (errors.RejectedError("x"), 1, None),
        (errors.InvalidRequestError("x"), 1, None),
        (errors.AuthenticationError("x"), 1, None),
    ],
)
def test_what_is_tried_again_and_when(error: errors.NexmoError, attempts: int, seconds: float | None) -> None:
    assert retry_wait(error, attempts) == seconds


LISTING = Listing(page="index", size="size", rows=("_embedded", "rows"), total="count")
FLAT = LISTING._replace(rows=("rows",))
NO_LIST = "Could not read it: the answer is not a list of rows. Try again."


@pytest.mark.parametrize(
    ("listing", "body", "found"),
    [
        (FLAT, {"rows": [{"a": 1}], "count": 7}, ([{"a": 1}], 7)),
        (FLAT, {"rows": [{"a": 1}], "count": "7"}, ([{"a": 1}], 7)),
        (FLAT, {"rows": [{"a": 1}], "count": -1}, ([{"a": 1}], -1)),
        (FLAT, {"rows": [{"a": 1}], "count": None}, ([{"a": 1}], None)),
        (FLAT, {"rows": [], "count": "9" * 15}, ([], int("9" * 15))),
        (FLAT, {"rows": []}, ([], None)),
        (FLAT, {}, ([], None)),
        (LISTING, {"_embedded": {"rows": [{}]}}, ([{}], None)),
        (LISTING, {"_embedded": {}}, ([], None)),
        (LISTING, {}, ([], None)),
        (LISTING, {"_embedded": []}, ([], None)),
        (LISTING, {"_embedded": [5]}, NO_LIST),
        (LISTING, {"_embedded": None}, NO_LIST),
        (FLAT, {"rows": [{}], "count": "9" * 16}, NO_LIST),
        (FLAT, {"rows": [{}], "count": ""}, NO_LIST),
        (FLAT, {"rows": [{}], "count": 1.5}, NO_LIST),
        (FLAT, {"rows": [{}], "count": "²"}, NO_LIST),
        (FLAT, {"rows": [{}], "count": []}, NO_LIST),
        (FLAT, {"rows": [{}, 5]}, NO_LIST),
        (FLAT, {"rows": {"a": 1}}, NO_LIST),
        (FLAT, {"rows": None}, NO_LIST),
        (FLAT, [{}], NO_LIST),
        (FLAT, None, NO_LIST),
    ],
)
def test_a_page_is_a_list_of_rows_and_perhaps_a_total(listing: Listing, body: Any, found: Any) -> None:
    seen: set[str] = set()
    if found == NO_LIST:
        with pytest.raises(errors.UnreachableError) as caught:
            parse_page(READ, listing, body, seen)
        assert str(caught.value) == NO_LIST
        assert seen == set()
    else:
        assert parse_page(READ, listing, body, seen) == found


def test_a_page_that_was_read_before_is_told_by_its_number() -> None:
    pages = [
        [{"a": 1}, {"a": 2}],
        [{"a": 1}, {"a": 3}],
        [{"a": 1}, {"a": 9}, {"a": 3}],
        [{"a": 2}, {"a": 3}],
        [{"a": 3}],
    ]
    seen: set[str] = set()
    for page in pages:
        assert parse_page(READ, FLAT, {"rows": page}, seen)[0] == page
    with pytest.raises(errors.UnreachableError) as caught:
        parse_page(READ, FLAT, {"rows": pages[1]}, seen)
    assert str(caught.value) == "Could not read it: page 6 repeats an earlier page. Try again."
    for _ in range(2):  # an empty page ends a list, as often as it comes
        assert parse_page(READ, FLAT, {"rows": []}, seen) == ([], None)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b"[]", []),
        (b'["\\ud83d\\ude00"]', ["😀"]),
        (b'["\\ud83d"]', ["?"]),
        (b'["\\UD83D"]', None),
        (b'["\\uD83D"]', ["?"]),
        (b'["\xed\xa0\xbd"]', ["?"]),
        ('["é"]'.encode("utf-16"), ["é"]),
        ('["\ud83d"]'.encode("utf-16", "surrogatepass"), ["?"]),
        (b'\xef\xbb\xbf["x"]', ["x"]),
        (b'["\xff"]', None),
        (b"[" * 50 + b"]" * 50, True),
        (b"[" * 51 + b"]" * 51, None),
        (b"[" * 100_000, None),
        (b'{"a":' * 50 + b"{}" + b"}" * 50, None),
        (b'{"a":' * 49 + b"{}" + b"}" * 49, True),
    ],
)
def test_a_body_is_read_where_it_can_be_used(content: bytes, found: Any) -> None:
    body = parse_response(READ, 200, {}, content)
    if found is True:
        assert isinstance(body, (dict, list))
    else:
        assert isinstance(body, errors.UnreachableError) if found is None else body == found


@pytest.mark.parametrize(("more", "is_read"), [(0, True), (1, False)])
def test_a_body_of_more_values_than_allowed_is_not_read(
    monkeypatch: pytest.MonkeyPatch, more: int, is_read: bool
) -> None:
    monkeypatch.setattr(response, "MOST_VALUES", 10)
    for content in (b"[1" + b",1" * (9 + more) + b"]", b"[[],{}" + b",1" * (6 + more) + b"]"):
        assert isinstance(parse_response(READ, 200, {}, content), list) == is_read


@pytest.mark.parametrize(
    "body",
    [{"type": None, "title": ["x"]}, {"invalid_parameters": [1, None]}, {"type": {"a": 1}}, {"error-code": None}],
)
def test_a_body_of_any_shape_becomes_an_error(body: Any) -> None:
    assert isinstance(answer(WRITE, 400, body), errors.InvalidRequestError)
