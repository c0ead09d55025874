"""HTTP on 127.0.0.1: reads requests, and sends the answers of a function. It knows no endpoint."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from email import errors
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from nexmo_nb.sandbox.accidents import ARRIVING_BADLY, iterate_bad_pieces, reset_on_close
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.validation import is_int_between

AnswerRequest = Callable[[Request], tuple[Answer, Accident]]
"""Gives the answer, and the accident that happens to it on its way, empty for none."""

LARGEST_BODY = 1_000_000
# Headers that contradict each other when they come twice.
SINGLE = ("Host", "Content-Length", "Transfer-Encoding", "Authorization", "Origin")
BAD_LINES = (
    errors.FirstHeaderLineIsContinuationDefect,
    errors.InvalidHeaderDefect,
    errors.MisplacedEnvelopeHeaderDefect,
    errors.MissingHeaderBodySeparatorDefect,
)
REASONS = {status.value: status.phrase for status in HTTPStatus}
logger = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Answers requests by a function, with a thread for each connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, answer_request: AnswerRequest) -> None:
        self.answer_request = answer_request
        # Ends the pauses of slow answers.
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        self.hosts = {f"127.0.0.1:{self.server_address[1]}", f"localhost:{self.server_address[1]}"}
        self.origins = {None, *(f"http://{host}" for host in self.hosts)}

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close(self) -> None:
        """Stop serving, also what is being served."""
        if self.closing.is_set():
            return
        self.closing.set()
        self.shutdown()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that went away: http.server would print a traceback."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise every small answer waits 40 ms for the client's acknowledgement.
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: `Sandbox.requests` is the log."""

    def parse_request(self) -> bool:
        """Parse as http.server does, and refuse what it tolerates: HTTP/0.9, and headers that are read in two ways."""
        if not super().parse_request():
            return False
        self.values = defaultdict[str, list[str]](list)
        for name, value in self.headers.items():
            self.values[name.title()].append(value)
        is_folded = any("\n" in value or "\r" in value for values in self.values.values() for value in values)
        is_doubled = any(len(self.values.get(name, ())) > 1 for name in SINGLE)
        has_bad_lines = any(isinstance(defect, BAD_LINES) for defect in self.headers.defects)
        if self.request_version == "HTTP/0.9" or is_folded or is_doubled or has_bad_lines:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return False
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send an error of http.server, but 400 for an unknown version and for a line that is too long."""
        # Without a known version, http.server would leave the status line out, as for HTTP/0.9.
        self.request_version = self.protocol_version
        is_bad_request = code == HTTPStatus.HTTP_VERSION_NOT_SUPPORTED or message == "Line too long"
        super().send_error(HTTPStatus.BAD_REQUEST if is_bad_request else code, message, explain)

    def _handle_request(self) -> None:
        headers = {name: ", ".join(values).strip() for name, values in self.values.items()}
        refusal = self._find_refusal(headers)
        if refusal is not None:
            self.close_connection = True
            self._send_answer(refusal)
            return
        answer, accident = self._answer_request(self._read_request(headers))
        if accident.get("kind") in ARRIVING_BADLY:
            self._send_badly(answer, accident)
        else:
            self._send_answer(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _handle_request  # noqa: N815 - http.server's names

    def _find_refusal(self, headers: dict[str, str]) -> Answer | None:
        """Refuse pages of other sites, which a browser would let speak to this server, and bodies of unknown size."""
        if headers.get("Host") not in self.server.hosts or headers.get("Origin") not in self.server.origins:
            return Answer(403, {"error": "this server answers only pages and programs of this machine"})
        length = headers.get("Content-Length", "0")
        if not is_int_between(length, 0, 10**12) or "Transfer-Encoding" in headers:
            return Answer(400, {"type": "BAD_REQUEST", "error_title": "Bad Content-Length"})
        if int(length) > LARGEST_BODY:
            return Answer(413, {"type": "PAYLOAD_TOO_LARGE", "error_title": "Payload too large"})
        return None

    def _read_request(self, headers: dict[str, str]) -> Request:
        body = self.rfile.read(int(headers.get("Content-Length", "0")))
        # A proxy is given the whole address.
        target = re.sub("^http://[^/?#]*", "", self.path)
        path, _, query = target.partition("#")[0].partition("?")
        request = Request(self.command, path, dict(parse_qsl(query, keep_blank_values=True)), {}, None, headers)
        try:
            if "json" in request.content_type or "javascript" in request.content_type:
                request.json = json.loads(body) if body else None
            else:
                request.form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        except (ValueError, RecursionError):
            request.problem = "The body cannot be read"
        return request

    def _answer_request(self, request: Request) -> tuple[Answer, Accident]:
        try:
            return self.server.answer_request(request)
        except Exception:
            # A client must not take a fault of the sandbox for a connection that broke.
            logger.exception("The sandbox failed at %s %s", request.method, request.path)
            return Answer(500, {"type": "INTERNAL_ERROR", "error_title": "Internal Server Error"}), {}

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

    def _build_head(self, answer: Answer) -> bytes:
        """Build status line and headers of an answer whose body is bytes."""
        headers = {"Content-Type": "application/json", **answer.headers, "Content-Length": str(len(answer.body))}
        if self.close_connection:
            headers["Connection"] = "close"
        if answer.status == HTTPStatus.NO_CONTENT:
            del headers["Content-Length"], headers["Content-Type"]
        head = f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, '')}\r\n"
        return (head + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n").encode()
