"""Refusals that several endpoints share; each API has a format of its own."""

from __future__ import annotations

from typing import Any

from nexmo_nb.sandbox.exchange import Answer

PROBLEM_TYPES = "https://developer.nexmo.com/api-errors"
DENIED = Answer(401, {"error-code": "401", "error-code-label": "authentication failed"})
NOT_FOUND = Answer(404, {"type": "NOT_FOUND", "error_title": "Not Found"})


def build_problem(status: int, kind: str, title: str, detail: str, **members: Any) -> Answer:
    """Build a refusal with the members of RFC 7807. Its content type is JSON: only later APIs use the RFC's own."""
    problem = {"type": f"{PROBLEM_TYPES}{kind}", "title": title, "detail": detail, "instance": "sandbox"}
    return Answer(status, {**problem, **members})


def deny_as_problem() -> Answer:
    """Refuse wrong credentials with the members of RFC 7807."""
    return build_problem(
        401, "#unauthorized", "Invalid credentials supplied", "You did not provide correct credentials."
    )


def build_bad_request(invalid: Any) -> Answer:
    """Refuse invalid parameters in the gateway's format."""
    return Answer(400, {"type": "BAD_REQUEST", "error_title": "Bad Request", "invalid_parameters": invalid})


def find_missing(**values: str | None) -> Answer | None:
    """Refuse parameters that are missing or empty, as the gateway does; None where there are none."""
    missing = {name: "Is required." for name, value in values.items() if not value}
    return build_bad_request(missing) if missing else None


def build_rate_refusal(retry_after: float | None) -> Answer:
    """Refuse a request that exceeds a rate limit. `retry_after` are the seconds that the header says."""
    answer = build_problem(429, "#throttled", "Rate Limit Hit", "Please wait, then retry your request")
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return Answer(429, answer.body, {"Content-Type": "application/problem+json", **headers})
