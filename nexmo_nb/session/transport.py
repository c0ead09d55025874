"""How a request gets onto the wire, and its response into memory or a file, within bounds; what a failure means."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from ssl import SSLCertVerificationError
from typing import Any

import requests
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from nexmo_nb.session.proxies import Logins, ProxyAdapter

LARGEST, LARGEST_FILE = 64_000_000, 20_000_000_000
"""Bytes of a body, unpacked, and of a report's file; a larger one is refused."""
SLOWEST_FILE = 3600.0
"""Seconds in which a report's file must be there."""

# The first that fits counts: a ConnectTimeout is a Timeout, too.
_REASONS = {
    (requests.exceptions.ConnectTimeout,): "the connection was not made in time",
    (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError): "no answer came in time",
    (requests.exceptions.ProxyError,): "the proxy could not be used",
    (requests.exceptions.SSLError,): "the server's certificate could not be trusted, or the encrypted connection broke",
}


class UnfitError(OSError):
    """A body that is too large or too slow; the message says which."""


class _Connection(HTTPConnection):
    # Whatever ``http.client.HTTPConnection.debuglevel`` says: it would print each request, credentials included.
    debuglevel = 0


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class Adapter(ProxyAdapter):
    """Sends each request once."""

    def __init__(self, logins: Logins) -> None:
        super().__init__(logins, max_retries=0, pool_maxsize=32)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def read_body(response: requests.Response, seconds: float) -> bytes:
    """Read a body into memory, unpacked, within a number of seconds and `LARGEST` bytes."""
    return b"".join(_read_chunks(response, LARGEST, seconds))


def download_body(response: requests.Response, path: Path) -> None:
    """Write a body, which may not fit into memory, to a file that only its owner can read."""
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.writelines(_read_chunks(response, LARGEST_FILE, SLOWEST_FILE))


def _read_chunks(response: requests.Response, most: int, seconds: float) -> Iterator[bytes]:
    count, end = 0, time.monotonic() + seconds
    with response:
        while chunk := response.raw.read1(1 << 16, decode_content=True):
            count += len(chunk)
            if count > most:
                raise UnfitError(f"its answer is larger than {most // 1_000_000:,} MB")
            if time.monotonic() > end:
                raise UnfitError(f"its answer was not whole after {seconds:g} s")
            yield chunk


def surely_unsent(problem: Exception) -> bool:
    """Tell whether no connection was made. Anything else may have gone wrong after the request arrived."""
    if isinstance(problem, requests.exceptions.ConnectTimeout):
        return True
    reason = getattr(problem.args[0] if problem.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.ProxyError):
        # A proxy that hangs up in the middle of a request is reported like this, too; the cause stands inside.
        reason = reason.original_error
    if isinstance(reason, urllib3.exceptions.SSLError):
        return any(isinstance(part, SSLCertVerificationError) for part in (reason, *reason.args, reason.__cause__))
    return isinstance(reason, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError))


def failure_reason(problem: Exception) -> str:
    """Say what went wrong on the wire, by kind. The library's own message may quote an address or a header."""
    for error_classes, reason in _REASONS.items():
        if isinstance(problem, error_classes):
            return reason
    if surely_unsent(problem):
        return "no connection could be made"
    if isinstance(problem, OSError) and problem.strerror:  # requests and urllib3 wrap every error of a socket
        return f"its file cannot be written ({problem.strerror})"
    return str(problem) if isinstance(problem, UnfitError) else f"the connection broke ({type(problem).__name__})"
