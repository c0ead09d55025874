"""Answers for what fails before or within an endpoint, each in the format of the API whose path was asked for."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from nexmo_nb.sandbox.exchange import Answer
from nexmo_nb.sandbox.refusals import PROBLEM, build_problem

Build = Callable[[int, str], Answer]


def build_failure(path: str, status: int, text: str) -> Answer:
    """Build the answer with an HTTP status and a text, in the format of the API that a path belongs to."""
    build = next((build for prefix, build in _FORMATS if path.startswith(prefix)), _fail_by_title)
    return build(status, text)


def _fail_as_message(status: int, text: str) -> Answer:
    # 5 is the API's "Server Error", 3 its "Invalid parameter".
    entry = {"status": "5" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "3", "error-text": text}
    return Answer(status, {"message-count": "1", "messages": [entry]})


def _fail_as_tts_call(status: int, text: str) -> Answer:
    return Answer(status, {"status": "5" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "3", "error_text": text})


def _fail_by_code(status: int, text: str) -> Answer:
    return Answer(status, {"error-code": str(status), "error-code-label": text})


def _fail_as_price_list(status: int, text: str) -> Answer:
    return Answer(status, {"currency": "EUR", "code": str(status), "error-code-label": text})


def _fail_by_title(status: int, text: str) -> Answer:
    return Answer(status, {"type": HTTPStatus(status).name, "error_title": text})


def _fail_as_problem(status: int, text: str) -> Answer:
    kind = {400: "#invalid-json", 405: "#wrong-verb", 406: "#accept-header"}.get(
        status, f"#{HTTPStatus(status).name.lower().replace('_', '-')}"
    )
    return build_problem(status, kind, HTTPStatus(status).phrase, text)


def _fail_as_sending(status: int, text: str) -> Answer:
    """Answer as the Messages API: what cannot be read is 422 in plain JSON, all else a problem of RFC 7807."""
    if status != HTTPStatus.BAD_REQUEST:
        return _fail_as_report(status, text)
    return build_problem(422, "#invalid-json", "The request body did not contain valid JSON", text)


def _fail_as_lookup(status: int, text: str) -> Answer:
    answer = _fail_as_report(status, text)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return build_problem(status, "#method-not-allowed", "Method Not Allowed", text)._replace(headers=PROBLEM)
    return answer


def _fail_as_report(status: int, text: str) -> Answer:
    return _fail_as_problem(status, text)._replace(headers=PROBLEM)


def _fail_as_control(status: int, text: str) -> Answer:
    return Answer(status, {"error": text})


# The first that a path begins with.
_FORMATS: tuple[tuple[str, Build], ...] = (
    ("/sms/json", _fail_as_message),
    ("/tts/json", _fail_as_tts_call),
    ("/v1/messages", _fail_as_sending),
    ("/identity-insights/", _fail_as_lookup),
    ("/account/get-pricing", _fail_as_price_list),
    ("/account/get-full-pricing", _fail_as_price_list),
    ("/account/get-prefix-pricing", _fail_as_price_list),
    ("/accounts/", _fail_as_problem),
    ("/account/", _fail_by_code),
    ("/number/", _fail_by_code),
    ("/v2/reports", _fail_as_report),
    ("/v3/media", _fail_as_report),
    ("/v2/", _fail_as_problem),
    ("/_sandbox/", _fail_as_control),
)
