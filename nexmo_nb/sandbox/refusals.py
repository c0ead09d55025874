"""Refusals that several endpoints share; each API has a format of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nexmo_nb.sandbox.exchange import Answer

PROBLEM_TYPES = "https://developer.nexmo.com/api-errors"
PROBLEM = {"Content-Type": "application/problem+json"}
"""Headers of a refusal by an API that uses the content type of RFC 7807."""
Check = tuple[bool, str, str]
"""Whether a parameter is valid, its name, and what it must be."""


class Refusal(Exception):
    """Ends the work on a request, with the answer that refuses it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def build_problem(status: int, kind: str, title: str, detail: str, **members: Any) -> Answer:
    """Build a refusal with the members of RFC 7807. Its content type is JSON: only later APIs use the RFC's own."""
    problem = {"type": f"{PROBLEM_TYPES}{kind}", "title": title, "detail": detail, "instance": "sandbox"}
    return Answer(status, {**problem, **members})


DENIED = Answer(401, {"error-code": "401", "error-code-label": "authentication failed"})
FAILED = Answer(420, {"error-code": "420", "error-code-label": "method failed"})
DONE = Answer(200, {"error-code": "200", "error-code-label": "success"})
DENIED_AS_PROBLEM = build_problem(
    401, "#unauthorized", "Invalid credentials supplied", "You did not provide correct credentials."
)
NOT_FOUND = Answer(404, {"type": "NOT_FOUND", "error_title": "Not Found"})


def build_invalid_key(key: str) -> Answer:
    detail = f"API key '{key}' does not exist, or you do not have access"
    return build_problem(404, "#invalid-api-key", "Invalid API Key", detail)


def build_bad_request(invalid: Any) -> Answer:
    return Answer(400, {"type": "BAD_REQUEST", "error_title": "Bad Request", "invalid_parameters": invalid})


def list_invalid(checks: Iterable[Check]) -> list[dict[str, str]]:
    """List the parameters that are not valid, as the APIs with JSON bodies do."""
    return [{"name": name, "reason": reason} for is_valid, name, reason in checks if not is_valid]


def check_required(**values: str | None) -> None:
    """Refuse parameters that are missing or empty, as the gateway does."""
    missing = {name: "Is required." for name, value in values.items() if not value}
    if missing:
        raise Refusal(build_bad_request(missing))


def build_rate_refusal(retry_after: float | None) -> Answer:
    """Refuse a request that exceeds a rate limit. `retry_after` are the seconds that the header says."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    answer = build_problem(429, "#throttled", "Rate Limit Hit", "Please wait, then retry your request")
    return answer._replace(headers={"Content-Type": "application/problem+json", **headers})
