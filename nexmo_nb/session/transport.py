"""How an answer gets from the wire into memory or a file, within bounds, and what it means when it does not."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from ssl import SSLCertVerificationError

import requests
import urllib3

from nexmo_nb.session.response import Request

__all__ = ["content", "load", "surely_unsent", "why"]

CHUNK = 1 << 16
LARGEST, LARGEST_FILE = 64_000_000, 20_000_000_000
"""Bytes of an answer, unpacked, and of a report's file; a larger one is refused."""
SLOWEST_FILE = 3600.0


class UnfitError(OSError):
    """An answer that is too large or too slow; the words say which."""


def load(response: requests.Response, seconds: float) -> None:
    """Read an answer, however it was packed: so much in so many seconds, and no more."""
    body = b"".join(_pieces(response, LARGEST, seconds))
    response._content, response._content_consumed = body, True  # type: ignore[attr-defined]


def _pieces(response: requests.Response, most: int, seconds: float) -> Iterator[bytes]:
    count, end = 0, time.monotonic() + seconds
    with response:
        while piece := response.raw.read1(CHUNK, decode_content=True):
            count += len(piece)
            if count > most:
                raise UnfitError(f"its answer is larger than {most // 1_000_000:,} MB")
            if time.monotonic() > end:
                raise UnfitError(f"its answer was not whole after {seconds:g} s")
            yield piece


def content(ask: Request, response: requests.Response) -> bytes:
    """Give what came; what may be larger than memory goes into its file, which only its owner can read."""
    if ask.download_to is None:
        return response.content
    if not 200 <= response.status_code < 300:
        return b"".join(_pieces(response, LARGEST, SLOWEST_FILE))
    with open(os.open(ask.download_to, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.writelines(_pieces(response, LARGEST_FILE, SLOWEST_FILE))
    return b""


def surely_unsent(problem: Exception) -> bool:
    """Tell whether no connection was made: then the server cannot have acted.

    Whatever else goes wrong, even with a proxy between, may have gone wrong after the request arrived.
    """
    if isinstance(problem, requests.exceptions.ConnectTimeout):
        return True
    reason = getattr(problem.args[0] if problem.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.ProxyError):
        # A proxy that hangs up in the middle is reported as this, too; what it was about stands inside.
        reason = reason.original_error
    if isinstance(reason, urllib3.exceptions.SSLError):
        return any(isinstance(part, SSLCertVerificationError) for part in (reason, *reason.args, reason.__cause__))
    return isinstance(reason, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError))


def why(problem: Exception) -> str:
    """Say what went wrong on the wire, by kind: the library's own words may quote an address or a header."""
    if isinstance(problem, requests.exceptions.ConnectTimeout):
        return "the connection was not made in time"
    if isinstance(problem, (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError)):
        return "no answer came in time"
    if isinstance(problem, requests.exceptions.ProxyError):
        return "the proxy could not be used"
    if isinstance(problem, requests.exceptions.SSLError):
        return "the server's certificate could not be trusted, or the encrypted connection broke"
    if surely_unsent(problem):
        return "no connection could be made"
    return str(problem) if isinstance(problem, UnfitError) else f"the connection broke ({type(problem).__name__})"
