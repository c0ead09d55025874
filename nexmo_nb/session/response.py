"""What the server said, in one of five dialects, as parsed JSON or as one typed error. Pure.

The dialects, as Nexmo's products grew: a status inside HTTP 200 (SMS, read by `nexmo_nb.sms`);
``error-code`` with ``error-code-label``; ``type`` with ``error_title`` and a map of parameters; ``type`` with ``title``
and a list of parameters; and RFC 7807, whose ``type`` is an address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

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

__all__ = ["Request", "field", "one_line", "parse_response", "parse_status", "unanswered_error"]

_CLASSES: Mapping[int, type[NexmoError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    405: InvalidRequestError,
    406: InvalidRequestError,
    410: NotFoundError,
    415: InvalidRequestError,
    422: InvalidRequestError,
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


@dataclass(frozen=True)
class Request:
    """One request, before credentials: where it goes, what it carries, and what to call it.

    Attributes
    ----------
    what : str
        In words, for messages: ``"search numbers in GB"``.
    method, path : str
        HTTP method, and path below the host.
    host : {"rest", "api"}
        Which of the account's two hosts.
    family : str
        Whose limit and whose cached answers it belongs to.
    params, data, json : mapping, optional
        Query, form fields or JSON body. None: there is none.
    auth : {"basic", "jwt", "form", "sms"}
        How it proves who asks; ``"sms"`` is signed where the account has a signature secret, else basic.
    download_to : Path, optional
        File into which a success is written as it comes, instead of being parsed; the call returns it.
    invalidates : tuple of str
        Families whose cached answers are no longer true afterwards.
    find_refusal : callable, optional
        Finds, given the ask and the body, what a body means whose HTTP status says success. None: it is a success.
    """

    what: str
    method: str
    path: str
    host: Literal["rest", "api"] = "rest"
    family: str = ""
    params: Mapping[str, str] | None = None
    data: Mapping[str, str] | None = None
    json: Mapping[str, Any] | None = None
    auth: Literal["basic", "jwt", "form", "sms"] = "basic"
    download_to: Path | None = None
    invalidates: tuple[str, ...] = ()
    find_refusal: Callable[[Request, Any], NexmoError | None] | None = None

    @property
    def is_write(self) -> bool:
        """Whether it may change something or cost money."""
        return self.method != "GET"


DEEPEST = 50
"""Levels of an answer; a deeper one would exhaust the stack of whoever walks through it."""


def parse_response(ask: Request, status: int, headers: Mapping[str, str], content: bytes) -> Any:
    """Read an answer: parsed JSON (None for an empty 204), or the error, returned rather than raised."""
    body, readable = _parse(content)
    if 200 <= status < 300 and not content and ask.method == "DELETE":
        return None
    if 200 <= status < 300 and ask.download_to is not None:
        return ask.download_to
    if 200 <= status < 300:
        if readable and isinstance(body, (dict, list)):
            return (ask.find_refusal(ask, body) if ask.find_refusal else None) or body
        return unanswered_error(ask, "the answer is not JSON, or none of a usual kind", status=status)
    code, words = _explain(body) if isinstance(body, dict) else ("", "")
    words = words or f"HTTP {status}"
    if status < 400 or status >= 500:
        words = f"the server answered with {words}" + (" (a redirect is never followed)" if status < 400 else "")
        return unanswered_error(ask, words, status=status, retry_after=_retry_after(headers))
    kind = _BY_CODE.get(code) or _CLASSES.get(status, RejectedError)
    return kind(
        f"Could not {ask.what}: {words} (HTTP {status}{', ' + code if code else ''}). {_ADVICE[kind]}",
        status=status,
        code=code or None,
        meaning=words,
        retry_after=_retry_after(headers),
    )


def unanswered_error(ask: Request, why: str, *, sent: bool = True, **facts: Any) -> NexmoError:
    """Make the error for a request without a usable answer: a write that went out may have happened."""
    if not sent:
        return UnreachableError(f"Could not {ask.what}: {why}. Nothing was sent; try again.", **facts)
    if not ask.is_write:
        return UnreachableError(f"Could not {ask.what}: {why}. Nothing was changed; try again.", **facts)
    return UnknownOutcomeError(
        f"It is unknown whether this was done: {ask.what}. The request went out, but {why}. It may have happened and "
        "may have cost money; it was not sent again. Look whether it happened before you repeat it.",
        **facts,
    )


def one_line(value: Any, longest: int = 300) -> str:
    """Make server text fit for a message: one line, printable, not endless."""
    line = " ".join("".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in str(value)).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def field(body: Any, name: str) -> Any:
    """Take a field by its hyphenated name, or by the same with underscores; None where there is none."""
    if not isinstance(body, dict):
        return None
    return body.get(name, body.get(name.replace("-", "_")))


def parse_status(value: Any) -> str | None:
    """Read a status code, which is a whole number in digits; None where it is something else and says nothing."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return text if re.fullmatch("0|[1-9][0-9]{0,3}", text) else None


def _parse(content: bytes) -> tuple[Any, bool]:
    try:
        body = json.loads(content)
        if b"\\ud" in content.lower() or b"\xed" in content or json.detect_encoding(content) != "utf-8":
            # Half of a surrogate pair, which neither a frame nor a database can hold.
            body = json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None, False
    return (body, True) if _shallow(body) else (None, False)


def _shallow(body: Any) -> bool:
    level = [body] if isinstance(body, (dict, list)) else []
    for _ in range(DEEPEST):
        if not level:
            return True
        level = [
            value
            for held in level
            for value in (held.values() if type(held) is dict else held)
            if type(value) is dict or type(value) is list
        ]
    return False


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    """Find the code and the words of an error body in any dialect."""
    kind = str(body.get("type") or "")
    code = kind.rsplit("#", 1)[1] if "#" in kind else ""
    code = code or str(field(body, "error-code") or body.get("code") or kind or "")
    words = [field(body, name) for name in ("title", "error-title", "detail", "error-code-label")]
    wrong = _wrong_parameters(body.get("invalid_parameters"))
    said = ": ".join(one_line(word) for word in words if word)
    return one_line(code, 60), one_line(f"{said} [{wrong}]" if said and wrong else said or wrong, 1000)


def _wrong_parameters(listed: Any) -> str:
    """Read the list of pairs, the map of names, or the single pair in which wrong parameters come."""
    if isinstance(listed, dict):
        if set(listed) == {"parameter", "message"}:
            return f"{one_line(listed['parameter'])}: {one_line(listed['message'])}"
        return "; ".join(f"{one_line(name)}: {one_line(reason)}" for name, reason in list(listed.items())[:20])
    if isinstance(listed, list):
        pairs = [(item.get("name"), item.get("reason")) for item in listed[:20] if isinstance(item, dict)]
        return "; ".join(f"{one_line(name)}: {one_line(reason)}" for name, reason in pairs)
    return ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a Retry-After header; a date, which Nexmo does not send, is ignored."""
    value = headers.get("Retry-After", "")
    return float(value) if re.fullmatch("[0-9]{1,9}", value) else None
