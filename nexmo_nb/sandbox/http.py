"""HTTP on 127.0.0.1: reads requests, and sends the answers of a function. It knows no endpoint."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import socket
import ssl
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from email import errors
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from nexmo_nb.sandbox.accidents import ARRIVING_BADLY, iterate_bad_pieces, reset_on_close
from nexmo_nb.sandbox.exchange import BODILESS, Accident, Answer, Request
from nexmo_nb.sandbox.failures import build_failure
from nexmo_nb.sandbox.parsing import is_form, parse_json, parse_pairs
from nexmo_nb.sandbox.tls import Tls, make_tls
from nexmo_nb.sandbox.validation import is_int_between

AnswerRequest = Callable[[Request], tuple[Answer, Accident]]
"""Gives the answer, and the accident that happens to it on its way, empty for none."""

LARGEST_BODY = 1_000_000
# Seconds, and bytes at once, of what is read from a client whose request was refused, before its connection is closed.
LONGEST_DISCARD = 5.0
DISCARDED_AT_ONCE = 1_000_000
# Headers that contradict each other when they come twice.
SINGLE = ("Host", "Content-Length", "Transfer-Encoding", "Authorization", "Origin")
BAD_LINES = (
    errors.FirstHeaderLineIsContinuationDefect,
    errors.InvalidHeaderDefect,
    errors.MisplacedEnvelopeHeaderDefect,
    errors.MissingHeaderBodySeparatorDefect,
)
REASONS = {status.value: status.phrase for status in HTTPStatus}
# An address leaves these out.
USUAL_PORTS = (80, 443)
# Begins what a client says that speaks TLS, and no request of HTTP.
HANDSHAKE = b"\x16"
logger = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Answers requests by a function, with a thread for each connection.

    `idle`: seconds after which a connection that says nothing is closed. With `tls`, clients may speak https as well
    as http, at the same port; its certificate's file goes when the server ends. A process that was forked from the one
    that made the server holds none of it: neither its port nor its connections.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, answer_request: AnswerRequest, *, idle: float, tls: bool = False) -> None:
        self.answer_request, self.idle = answer_request, idle
        # Ends the pauses of slow answers.
        self.closing = threading.Event()
        self._pid = os.getpid()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.tls: Tls | None = None
        super().__init__(("127.0.0.1", port), _Handler)
        if tls:
            self.tls = make_tls()
        found = self.server_address[1]
        endings = (f":{found}", "") if found in USUAL_PORTS else (f":{found}",)
        self.hosts = {name + ending for name in ("127.0.0.1", "localhost") for ending in endings}
        schemes = ("http", "https") if tls else ("http",)
        self.origins = {None, *(f"{scheme}://{host}" for scheme in schemes for host in self.hosts)}

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection by its own thread, which alone may wait for what the client says first."""
        request.settimeout(self.idle)
        try:
            if self.tls and request.recv(1, socket.MSG_PEEK) == HANDSHAKE:
                request = self._encrypt(request, self.tls)
        except OSError:
            self.shutdown_request(request)
        else:
            super().process_request_thread(request, client_address)

    def _encrypt(self, connection: socket.socket, tls: Tls) -> socket.socket:
        """Let a connection speak TLS. Its handshake comes with the first reading, where a failure only ends it."""
        with self._lock:
            self._connections.discard(connection)
            encrypted = tls.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            self._connections.add(encrypted)
        return encrypted

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close(self) -> None:
        """Stop serving, also what is being served; in a forked process, do nothing."""
        if self._pid != os.getpid() or self.closing.is_set():
            return
        self.closing.set()
        self.shutdown()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    # Not by the method of a TLS connection, which takes away what another thread is reading with.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
        self.server_close()

    def server_close(self) -> None:
        super().server_close()
        if self.tls:
            self.tls.certificate.unlink(missing_ok=True)

    def let_go(self) -> None:
        """Close a forked process's copies of the sockets, which would keep the port open after its owner's end.

        The lock is not taken: a thread that this process does not have may hold it.
        """
        for each in (self.socket, *self._connections):
            each.close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - http.server calls it
        """Ignore a client that went away, which http.server would print; log a fault of the server itself."""
        if not isinstance(sys.exc_info()[1], OSError):
            logger.exception("The sandbox's server failed")


class _Reader(io.BufferedReader):
    """Reads a connection, and remembers the last line."""

    last_line = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last_line = super().readline(size)
        return self.last_line


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise every small answer waits 40 ms for the client's acknowledgement.
    disable_nagle_algorithm = True
    server: Server
    raw_requestline: bytes

    def setup(self) -> None:
        super().setup()
        self.rfile: _Reader = _Reader(self.rfile.detach())

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: `Sandbox.requests` is the log."""

    def handle_one_request(self) -> None:
        self.command = self.path = ""  # else they are the last request's, where this one cannot be read
        super().handle_one_request()

    def handle_expect_100(self) -> bool:
        """Ask for the body only when it is read: a request that is refused is not to send it."""
        return True

    def parse_request(self) -> bool:
        """Parse as http.server does, and refuse what it tolerates: HTTP/0.9, and headers that are read in two ways."""
        if not str(self.raw_requestline, "iso-8859-1").split():
            self.send_error(HTTPStatus.BAD_REQUEST)  # http.server would hang up
            return False
        if not super().parse_request():
            return False
        self.values = defaultdict[str, list[str]](list)
        for name, value in self.headers.items():
            self.values[name.title()].append(value)
        is_folded = any("\n" in value or "\r" in value for values in self.values.values() for value in values)
        is_doubled = any(len(self.values.get(name, ())) > 1 for name in SINGLE)
        has_bad_lines = any(isinstance(defect, BAD_LINES) for defect in self.headers.defects)
        is_cut = self.rfile.last_line not in (b"\r\n", b"\n")
        is_known = re.fullmatch("HTTP/1[.][0-9]", self.request_version) is not None
        if not is_known or is_cut or is_folded or is_doubled or has_bad_lines:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return False
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer an error of http.server as the API does, but 400 for an unknown version and for a long line."""
        is_bad_request = code == HTTPStatus.HTTP_VERSION_NOT_SUPPORTED or message == "Line too long"
        status = HTTPStatus.BAD_REQUEST if is_bad_request else HTTPStatus(code)
        self._refuse(build_failure(self._read_path(), status, message or status.phrase))

    def _handle_request(self) -> None:
        headers = {name: ", ".join(values).strip() for name, values in self.values.items()}
        refusal = self._find_refusal(headers)
        if refusal is not None:
            self._refuse(refusal)
            return
        body = self._read_body(headers)
        if body is None:
            self._refuse(build_failure(self._read_path(), 400, "The body is shorter than its Content-Length"))
            return
        answer, accident = self._answer_request(self._build_request(headers, body))
        if accident.get("kind") in ARRIVING_BADLY:
            self._send_badly(answer, accident)
        else:
            self._send_answer(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _handle_request  # noqa: N815 - http.server's names

    def _find_refusal(self, headers: dict[str, str]) -> Answer | None:
        """Refuse pages of other sites, which a browser would let speak to this server, and bodies of unknown size."""
        status, text = 0, ""
        length = headers.get("Content-Length", "0")
        if not self._is_from_here(headers):
            status, text = 403, "this server answers only pages and programs of this machine"
        elif "Transfer-Encoding" in headers:
            status, text = 411, "Transfer-Encoding is not read here: send the body whole, with its Content-Length"
        elif not is_int_between(length, 0, 10**12):
            status, text = 400, "Bad Content-Length"
        elif int(length) > LARGEST_BODY:
            status, text = 413, f"Payload too large: at most {LARGEST_BODY:,} bytes"
        return build_failure(self._read_path(), status, text) if status else None

    def _is_from_here(self, headers: dict[str, str]) -> bool:
        if headers.get("Host") not in self.server.hosts or headers.get("Origin") not in self.server.origins:
            return False
        # Following a link to the inbox is fine: what is there does nothing by itself, and no page can look into it.
        is_link = (self.command, self._read_path()) == ("GET", "/") and headers.get("Sec-Fetch-Dest") == "document"
        return headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin") or is_link

    def _read_body(self, headers: dict[str, str]) -> bytes | None:
        """Read the body; None if it ends early, or its sender says nothing for too long."""
        length = int(headers.get("Content-Length", "0"))
        if headers.get("Expect", "").lower() == "100-continue" and self.request_version == "HTTP/1.1":
            super().handle_expect_100()
        try:
            body = self.rfile.read(length)
        except TimeoutError:
            return None
        return body if len(body) == length else None

    def _read_path(self) -> str:
        return self._split_target()[0]

    def _split_target(self) -> tuple[str, str]:
        """Split the target of the request into path and query. A proxy is given the whole address."""
        target = re.sub("^http://[^/?#]*", "", self.path)
        path, _, query = target.partition("#")[0].partition("?")
        return path, query

    def _build_request(self, headers: dict[str, str], body: bytes) -> Request:
        path, query = self._split_target()
        scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
        request = Request(self.command, path, {}, {}, None, headers, scheme=scheme)
        try:
            request.query = parse_pairs(query)
        except ValueError:
            request.problem = "The query cannot be read"
        try:
            is_json = "json" in request.content_type or "javascript" in request.content_type
            if is_json and not is_form(body):
                request.json = parse_json(body) if body else None
            else:
                request.form = parse_pairs(body.decode())
        except ValueError:
            request.problem = "The body cannot be read"
        return request

    def _answer_request(self, request: Request) -> tuple[Answer, Accident]:
        try:
            answer, accident = self.server.answer_request(request)
            return answer._replace(body=answer.encode_body()), accident
        except Exception:
            # A client must not take a fault of the sandbox for a connection that broke.
            logger.exception("The sandbox failed at %s %s", request.method, request.path)
            return build_failure(request.path, 500, "Internal Server Error"), {}

    def _send_badly(self, answer: Answer, accident: Accident) -> None:
        self.close_connection = True
        for piece in iterate_bad_pieces(answer, accident, self._build_head):
            if piece:
                self.wfile.write(piece)
            elif self.server.closing.wait(float(accident.get("seconds", 0.1))):
                return
        if accident["kind"] == "reset":
            reset_on_close(self.connection)

    def _send_answer(self, answer: Answer) -> None:
        body = answer.encode_body()
        self.wfile.write(self._build_head(answer._replace(body=body)) + (b"" if self.command == "HEAD" else body))

    def _refuse(self, answer: Answer) -> None:
        """Answer a request that was not read whole, and close the connection.

        What the client still sends is read first: a connection that is closed with unread bytes is reset, and the
        answer is lost on its way.
        """
        self.close_connection = True
        self._send_answer(answer)
        end = time.monotonic() + LONGEST_DISCARD
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(min(LONGEST_DISCARD, self.server.idle))
            while self.connection.recv(DISCARDED_AT_ONCE) and time.monotonic() < end:
                pass

    def _build_head(self, answer: Answer) -> bytes:
        """Build status line and headers of an answer whose body is bytes."""
        headers = {"Content-Type": "application/json", **answer.headers, "Content-Length": str(len(answer.body))}
        if self.close_connection:
            headers["Connection"] = "close"
        if answer.status in BODILESS:
            del headers["Content-Length"], headers["Content-Type"]
        head = f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, '')}\r\n"
        return (head + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n").encode()
