"""One request and its answer: on a connection of their own, within bounds of time and size.

A connection carries one request. An answer that comes twice, or late, or that belongs to another request, therefore
finds nobody who could take it for theirs; it costs a handshake a request. What else came on the connection puts the
answer in doubt: an interim answer (1xx), or bytes after the answer. Bytes before the request keep it from leaving.
"""

from __future__ import annotations

import io
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from http.client import HTTPResponse
from pathlib import Path
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
LAST_WAIT = 0.5
"""Seconds for which the answer to a write is followed by a look for more; a server that hangs up ends it at once."""
FIRST_FINAL_STATUS = 200

# The first that fits counts: a ConnectTimeout is a Timeout, too.
_REASONS = {
    (requests.exceptions.ConnectTimeout,): "the connection was not made in time",
    (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError): "no answer came in time",
    (requests.exceptions.ProxyError,): "the proxy could not be used",
    (requests.exceptions.SSLError,): "the server's certificate could not be trusted, or the encrypted connection broke",
}


class UnfitError(OSError):
    """An answer that is too large, too slow or too early, or that was broken off; the message says which."""


class _Deadline:
    """The time that the server has for all that it says, and why nothing more is read from it."""

    def __init__(self, seconds: float) -> None:
        self.fault = ""
        self._seconds, self._has_begun = seconds, False
        self.allow(seconds)

    def allow(self, seconds: float) -> None:
        self._limit, self._end = seconds, time.monotonic() + seconds

    def bring_forward(self, seconds: float) -> None:
        self._end = min(self._end, time.monotonic() + seconds)

    def find_seconds_left(self) -> float:
        """Find the seconds for which a byte may be waited for; UnfitError where there are none."""
        left = self._end - time.monotonic()
        if left <= 0 and not self.fault:
            reason = "its answer was not whole after" if self._has_begun else "no answer came in time:"
            self.fault = f"{reason} {self._limit:g} s"
        if self.fault:
            raise UnfitError(self.fault)
        return min(left, self._seconds)

    def note_input(self) -> None:
        """Note that the server said something, or hung up; UnfitError if it was this side that did."""
        self._has_begun = True
        if self.fault:
            raise UnfitError(self.fault)


class Attempt:
    """One request and its answer within a time, as a context; what is sent in it takes a connection of its own.

    `left` says whether any of the request may have reached the server. `before_leaving` is called when a connection is
    made, and nothing leaves if it raises.
    """

    def __init__(self, seconds: float) -> None:
        self.left = False
        self.before_leaving: Callable[[], None] = lambda: None
        self._seconds, self._deadline = seconds, _Deadline(seconds)
        self._has_interim = False
        self._socket: Any = None  # a socket, or what urllib3 puts in its place for TLS inside TLS
        self._wire: _Wire | None = None
        self._reader: _Reader | None = None

    def __enter__(self) -> Attempt:
        _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.set(None)
        if self._wire is not None:
            self._wire.close()

    @property
    def fault(self) -> str:
        """Why the answer cannot be used, in words, or empty."""
        return self._deadline.fault

    def allow(self, seconds: float) -> None:
        """Allow so many seconds from now, for all that is read from the server until it is told otherwise."""
        self._deadline.allow(seconds)

    def take_connection(self, connected: Any) -> None:
        """Take a socket that was connected for this attempt; from now on the answer's time runs."""
        self._socket = connected
        self.allow(self._seconds)

    def check_before_leaving(self) -> None:
        """Note that a part of the request leaves now; UnfitError if the server has spoken first, whatever it means."""
        if not self.left:
            self.before_leaving()
        if not (self.left or self.fault) and _has_input(self._socket):
            self._deadline.fault = "the server answered, or hung up, before it was asked"
        if self.fault:
            raise UnfitError(self.fault)
        self.left = True

    def open_reader(self, connected: Any) -> io.BufferedReader:
        # Neither refers to the attempt: what an interrupt leaves open is then closed as soon as nobody has it.
        self._wire = _Wire(self._deadline, connected)
        self._reader = _Reader(self._wire)
        return self._reader

    def note_status(self, status: int) -> None:
        self._has_interim |= status < FIRST_FINAL_STATUS

    def break_off(self) -> None:
        """End the attempt, which another thread makes: it sends nothing more, and what it waits for does not come."""
        self._deadline.fault = self.fault or "it was broken off"
        connected = getattr(self._socket, "socket", self._socket)
        if connected is not None:
            with suppress(OSError):
                # Of the socket itself: an SSLSocket's own method would take the encryption away from who is reading.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)

    def find_doubt(self) -> str:
        """Say why a whole answer may be another's, or nothing where it was alone on its connection.

        It looks for more until the server hangs up, as it was asked to, or keeps silent for a while.
        """
        self._deadline.bring_forward(LAST_WAIT)
        rest: bytes | None = b""
        if self._reader is not None:
            with suppress(OSError):
                rest = self._reader.read(1)
        if rest:
            return "more than one answer came"
        return "an interim answer came before it" if self._has_interim else ""


_current: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


class _Wire(io.RawIOBase):
    """The bytes of a connection as they come, as long as there is time, whatever waits for them."""

    def __init__(self, deadline: _Deadline, connected: Any) -> None:
        self._deadline, self._socket = deadline, connected
        self._raw = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._deadline.find_seconds_left())
        try:
            count: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            self._deadline.find_seconds_left()
            raise
        self._deadline.note_input()
        return count

    def close(self) -> None:
        super().close()
        self._raw.close()


class _Reader(io.BufferedReader):
    """Stays open when http.client closes it after the last byte of an answer, for a look at what comes then."""

    def close(self) -> None:
        """Leave it to the attempt."""

    def flush(self) -> None:
        """Do nothing, as a reader does; but http.client may ask for it when the attempt has closed the connection."""


class _Answer(HTTPResponse):
    """An answer that is read through its attempt, and after which the connection is closed."""

    def __init__(self, attempt: Attempt, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = attempt.open_reader(sock)
        self._attempt = attempt

    def _read_status(self) -> Any:
        status = super()._read_status()  # type: ignore[misc] # http.client skips 100 without a word
        self._attempt.note_status(status[1])
        return status

    def begin(self, **options: Any) -> None:
        super().begin(**options)
        while self.status < FIRST_FINAL_STATUS:  # http.client takes 101 to 199 for the answer
            self.headers = None  # type: ignore[assignment] # as before the first one
            super().begin(**options)
        self.will_close = True  # which http.client does then, whatever the server says


class _Connection(HTTPConnection):
    """A connection that is made anew for each attempt."""

    # Whatever ``http.client.HTTPConnection.debuglevel`` says: it would print each request, credentials included.
    debuglevel = 0
    _is_connected = False

    def connect(self) -> None:
        attempt = self._attempt = _current.get() or Attempt(float(self.timeout or SLOWEST_FILE))
        self.response_class = partial(_Answer, attempt)  # type: ignore[assignment] # also for a proxy's answer
        attempt.allow(float(self.timeout or SLOWEST_FILE))
        super().connect()
        attempt.take_connection(self.sock)
        self._is_connected = True

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # as http.client would
        if self._is_connected:  # else it is the word to a proxy
            self._attempt.check_before_leaving()
        super().send(data)

    def close(self) -> None:
        super().close()
        self._is_connected = False


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class Adapter(ProxyAdapter):
    """Gives each request a connection of its own, and sends none twice."""

    def __init__(self, logins: Logins | None = None) -> None:
        super().__init__(logins or {}, max_retries=0, pool_maxsize=64)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _has_input(connected: Any) -> bool:
    """Tell whether bytes of the server, or its hanging up, can be read at once."""
    timeout = connected.gettimeout()
    connected.settimeout(0)
    found = True
    try:
        connected.recv(1)  # what is taken is not missed: whoever asks does not go on then
    except OSError:
        # Nothing is there, or only a part of the encryption's own; a broken connection shows when it is used.
        found = False
    finally:
        connected.settimeout(timeout)
    return found


def read_body(response: requests.Response) -> bytes:
    """Read a body into memory, unpacked, within `LARGEST` bytes."""
    return b"".join(_read_chunks(response, LARGEST))


def download_body(response: requests.Response, path: Path) -> None:
    """Write a body, which may not fit into memory, to a file that only its owner can read."""
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.writelines(_read_chunks(response, LARGEST_FILE))


def _read_chunks(response: requests.Response, most: int) -> Iterator[bytes]:
    count = 0
    with response:
        while chunk := response.raw.read1(1 << 16, decode_content=True):
            count += len(chunk)
            if count > most:
                raise UnfitError(f"its answer is larger than {most // 1_000_000:,} MB")
            yield chunk


def failure_reason(problem: Exception, attempt: Attempt) -> str:
    """Say what went wrong on the wire, by kind. The library's own message may quote an address or a header."""
    if attempt.fault:
        return attempt.fault
    for error_classes, reason in _REASONS.items():
        if isinstance(problem, error_classes):
            return reason
    if not attempt.left:
        return "no connection could be made"
    if isinstance(problem, OSError) and problem.strerror:  # requests and urllib3 wrap every error of a socket
        return f"its file cannot be written ({problem.strerror})"
    return str(problem) if isinstance(problem, UnfitError) else f"the connection broke ({type(problem).__name__})"
