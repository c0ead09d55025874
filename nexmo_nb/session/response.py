"""What came back: parsed JSON, or one typed error, whichever of Nexmo's five dialects the server speaks. Pure.

The dialects: a status inside HTTP 200 (SMS, read by `nexmo_nb.sms.response`); ``error-code`` with
``error-code-label``; ``type`` with ``error_title`` and a map of parameters; ``type`` with ``title`` and a list of
parameters; and RFC 7807, whose ``type`` is an address.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

from nexmo_nb.errors import (
    AuthenticationError,
    InvalidRequestError,
    NexmoError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    UnknownOutcomeError,
    UnreachableError,
)
from nexmo_nb.session.request import Listing, Request
from nexmo_nb.validation import join_lines

_BY_STATUS: Mapping[int, type[NexmoError]] = {
    **dict.fromkeys((400, 405, 406, 415, 422), InvalidRequestError),
    **dict.fromkeys((401, 403), AuthenticationError),
    **dict.fromkeys((404, 410), NotFoundError),
    429: RateLimitedError,
}
_ADVICE: Mapping[type[NexmoError], str] = {
    AuthenticationError: "Check the credentials with show_connection(), and the account's balance and rights.",
    InvalidRequestError: "Nothing was done; correct the argument.",
    NotFoundError: "Check the id or number; it may belong to another account.",
    RateLimitedError: "Nothing was done; wait, then call again.",
    RejectedError: "Sending the same again will give the same answer.",
}
# Words of an error type that mean something else than its HTTP status alone.
_BY_CODE: Mapping[str, type[NexmoError]] = {"low-balance": RejectedError, "throttled": RateLimitedError}

_NUMBERS = ("to", "msisdn")
"""Fields with a phone number, which comes back with or without a plus."""
MOST_VALUES = 1_000_000
"""Values in a body. More would take gigabytes, within the bytes that are allowed; real ones have some ten thousand."""
DEEPEST = 50
"""Levels of nesting in a body. A deeper one would exhaust the stack of the code that reads it."""
TRIES = 3
LONGEST_RETRY_AFTER = 60.0
"""Seconds of a server's Retry-After that are waited for; a longer wait is the caller's decision."""


class Response(NamedTuple):
    """A parsed body (None where there is none), and whether it came from the cache."""

    body: Any
    cached: bool


class Pages(NamedTuple):
    """The rows of all pages, and how many rows the server says there are."""

    rows: list[Any]
    total: int


def parse_response(request: Request, status: int, headers: Mapping[str, str], content: bytes, doubt: str = "") -> Any:
    """Return the parsed body of a response (None where there is none), or the error that it stands for.

    `doubt` says why the response may be another's. Then it counts only if it is a success that names what was asked.
    """
    if 200 <= status < 300:
        return _parse_success(request, status, content, doubt)
    body = _parse_json(content)
    code, words = _explain_error(body) if isinstance(body, dict) else ("", "")
    words = words or f"HTTP {status}"
    seconds = headers.get("Retry-After", "")
    # It may be a date, which Nexmo does not send.
    retry_after = float(seconds) if re.fullmatch("[0-9]{1,9}", seconds) else None
    if doubt or status < 400 or status >= 500:
        words = f"the server answered with {words}" + (" (a redirect is never followed)" if status < 400 else "")
        words += f", and {doubt}" if doubt else ""
        return unanswered_error(request, words, status=status, retry_after=retry_after)
    error_class = _BY_CODE.get(code) or {**_BY_STATUS, **(request.errors or {})}.get(status, RejectedError)
    return error_class(
        f"Could not {request.what}: {words} (HTTP {status}{', ' + code if code else ''}). {_ADVICE[error_class]}",
        status=status,
        code=code or None,
        meaning=words,
        retry_after=retry_after,
    )


def _parse_success(request: Request, status: int, content: bytes, doubt: str) -> Any:
    has_no_body = request.download_to is not None or (not content and request.method == "DELETE")
    body = _parse_json(content)
    if not has_no_body and not isinstance(body, (dict, list)):
        return unanswered_error(request, "the answer is not JSON, or none of a usual kind", status=status)
    is_named = names_request(request, body)
    if is_named is False:
        return unanswered_error(request, "the answer names something else", status=status)
    refusal = request.find_refusal(request, body) if request.find_refusal and not has_no_body else None
    # A refusal may be followed by the answer to another try, whatever it names; a success is one all the same.
    if doubt and (refusal or not is_named):
        return unanswered_error(request, f"the answer may be another's: {doubt}", status=status)
    return request.download_to if has_no_body else refusal or body


def names_request(request: Request, body: Any) -> bool | None:
    """Tell whether a body names all of the request that its answer repeats (True), something else (False), or less."""
    rows = get_field(body, request.echo_rows) if request.echo_rows else [body]
    pairs = [
        (name, asked, get_field(row, name))
        for row in (rows if isinstance(rows, list) else [])
        for name, asked in (request.echo or {}).items()
    ]
    said = [_is_same(name, asked, value) for name, asked, value in pairs if value not in (None, "")]
    if not all(said):
        return False
    return True if said and len(said) == len(pairs) else None


def _is_same(name: str, asked: str, said: Any) -> bool:
    """Tell whether a value is the one that was asked for, however it is written."""
    if not isinstance(said, (str, int)) or isinstance(said, bool):
        return False
    forms = (str(said), asked)
    if name in _NUMBERS:
        return len({re.sub("[^0-9]", "", form).lstrip("0") for form in forms}) == 1
    return len({" ".join(unicodedata.normalize("NFKC", form).casefold().split()) for form in forms}) == 1


def unanswered_error(request: Request, reason: str, *, sent: bool = True, **facts: Any) -> NexmoError:
    """Make the error for a request without a usable response: a write that was sent may have happened."""
    if not sent or not request.is_write:
        undone = "changed" if sent else "sent"
        return UnreachableError(f"Could not {request.what}: {reason}. Nothing was {undone}; try again.", **facts)
    return UnknownOutcomeError(
        f"It is unknown whether this was done: {request.what}. The request went out, but {reason}. It may have "
        "happened and may have cost money; it was not sent again. Look whether it happened before you repeat it.",
        **facts,
    )


class LateError(UnreachableError):
    """A request did not leave, because its slot of the throttle had become too old."""


def late_error(request: Request) -> LateError:
    return LateError(
        f"Could not {request.what}: it was stopped for a while before it could leave, and its turn under the limit is "
        "over. Nothing was sent; try again."
    )


def retry_wait(error: NexmoError, attempts: int) -> float | None:
    """Give the seconds to wait before another attempt; None where there must not be one, or the wait is too long."""
    wait = 0.5 * 2 ** (attempts - 1) if error.retry_after is None else error.retry_after
    return wait if error.retryable and attempts < TRIES and wait <= LONGEST_RETRY_AFTER else None


def parse_page(request: Request, listing: Listing, body: Any, fingerprints: set[str]) -> tuple[list[Any], int | None]:
    """Take the rows and the total (None: not given) out of a page, and add it to the fingerprints of earlier pages.

    UnreachableError: it has no list of objects, its total is not a whole number, or it repeats an earlier page.
    """
    rows: Any = body
    for name in listing.rows:
        rows = rows.get(name, []) if isinstance(rows, dict) else rows
    total = body.get(listing.total) if isinstance(body, dict) else "none"
    is_sound = total is None or re.fullmatch("-?[0-9]{1,15}", str(total))
    if not is_sound or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreachableError(f"Could not {request.what}: the answer is not a list of rows. Try again.")
    fingerprint = page_fingerprint(rows)
    if rows and fingerprint in fingerprints:
        number = len(fingerprints) + 1
        raise UnreachableError(f"Could not {request.what}: page {number} repeats an earlier page. Try again.")
    fingerprints.add(fingerprint)
    return rows, None if total is None else int(total)


def page_fingerprint(page: list[dict[str, Any]]) -> str:
    """Make a text that tells a page from every other one: its length, its first row and its last row."""
    return repr((len(page), page[:1], page[-1:]))


def one_line(value: Any, longest: int = 300) -> str:
    """Make text of a server fit for a message: one line, printable, and not longer than `longest`."""
    line = join_lines(str(value))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def get_field(body: Any, name: str) -> Any:
    """Get a field by its hyphenated name, or by the same name with underscores; None where there is none."""
    return body.get(name, body.get(name.replace("-", "_"))) if isinstance(body, dict) else None


def parse_status(value: Any) -> str | None:
    """Read a status code, which is a whole number written in digits; None where it is anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    return text if re.fullmatch("0|[1-9][0-9]{0,3}", text) else None


def _parse_json(content: bytes) -> Any:
    """Parse a body; None where it is no JSON that can be used."""
    if sum(map(content.count, (b",", b"[", b"{"))) > MOST_VALUES:
        return None
    try:
        body = json.loads(content)
        if b"\\ud" in content.lower() or b"\xed" in content or json.detect_encoding(content) != "utf-8":
            # Half of a surrogate pair, which neither a frame nor a database can hold.
            body = json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    level = [body]
    for _ in range(DEEPEST):  # no recursion, which would exhaust the stack
        holders = [
            each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list))
        ]
        level = list(chain.from_iterable(holders))
    return None if level else body


def _explain_error(body: Mapping[str, Any]) -> tuple[str, str]:
    """Find the code and the words of an error body in any dialect."""
    kind = str(body.get("type") or "")
    code = kind.rsplit("#", 1)[1] if "#" in kind else ""
    code = code or str(get_field(body, "error-code") or body.get("code") or kind or "")
    texts = [get_field(body, name) for name in ("title", "error-title", "detail", "error-code-label")]
    words = ": ".join(one_line(text) for text in texts if text)
    details = _describe_wrong_parameters(body.get("invalid_parameters"))
    return one_line(code, 60), one_line(f"{words} [{details}]" if words and details else words or details, 1000)


def _describe_wrong_parameters(parameters: Any) -> str:
    """Describe the wrong parameters, which come as a list of pairs, as a map of names, or as a single pair."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(parameters, list):
        pairs = [(item.get("name"), item.get("reason")) for item in parameters if isinstance(item, dict)]
    elif isinstance(parameters, dict) and set(parameters) == {"parameter", "message"}:
        pairs = [(parameters["parameter"], parameters["message"])]
    elif isinstance(parameters, dict):
        pairs = list(parameters.items())
    return "; ".join(f"{one_line(name)}: {one_line(reason)}" for name, reason in pairs[:20])
