"""HTTP on 127.0.0.1: requests in, answers out, and the accidents that befall them on the way."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from nexmo_nb.sandbox import accidents
from nexmo_nb.sandbox.world import Answer, Request

if TYPE_CHECKING:
    from nexmo_nb.sandbox.server import Sandbox

__all__ = ["Server"]

LARGEST_BODY = 1_000_000
LONGEST_LINE, MOST_HEADERS = 65_536, 100
SINGLE = ("Host", "Content-Length", "Transfer-Encoding", "Authorization", "Origin")
REASONS = {status.value: status.phrase for status in HTTPStatus}


class Server(ThreadingHTTPServer):
    """Serves a sandbox, a thread for each connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        self.hosts = {f"127.0.0.1:{self.server_address[1]}", f"localhost:{self.server_address[1]}"}
        self.origins = {None, *(f"http://{host}" for host in self.hosts)}

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin with a connection."""
        # Without it every small answer waits 40 ms for the client's acknowledgement.
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End with a connection."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End all connections, whatever is under way."""
        with self._guard:
            for request in self._open:
                try:
                    request.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    raw_requestline: bytes

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_GET  # noqa: N815 - names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the log is `Sandbox.requests`."""

    def parse_request(self) -> bool:
        """Read the request line and the headers: http.server's parser, made for mail, takes longer than the answer."""
        self.close_connection = True
        self.requestline = self.raw_requestline.decode("iso-8859-1").rstrip("\r\n")
        words = self.requestline.split()
        if not words:
            return False
        self.command, self.request_version = words[0], words[-1]
        if len(words) != 3 or words[2] not in ("HTTP/1.0", "HTTP/1.1"):
            self.send_error(HTTPStatus.BAD_REQUEST, "Bad request line")
            return False
        # The address as a proxy would get it, or the path alone.
        self.path = re.sub("^http://[^/?#]*", "", words[1])
        self.headers: Mapping[str, str] = {}  # type: ignore[assignment]
        for _ in range(MOST_HEADERS):
            line = self.rfile.readline(LONGEST_LINE + 1)
            if line in (b"\r\n", b"\n"):
                break
            name, _, value = line.decode("iso-8859-1").partition(":")
            name = name.title()
            # A line that continues another, no header at all, or two that contradict: nobody means well by it.
            sound = name.replace("-", "").replace("_", "").isalnum() and len(line) <= LONGEST_LINE
            if not sound or (name in self.headers and name in SINGLE):
                self.send_error(HTTPStatus.BAD_REQUEST, "Bad header")
                return False
            self.headers[name] = f"{self.headers[name]}, {value.strip()}" if name in self.headers else value.strip()
        else:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return False
        kept = self.headers.get("Connection", "").lower()
        self.close_connection = kept == "close" or (words[2] == "HTTP/1.0" and kept != "keep-alive")
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _serve(self) -> None:
        refusal = self._refusal()
        if refusal is not None:
            self.close_connection = True
            self._reply(refusal)
            return
        answer, failure = self.server.sandbox.answer(self._read())
        if failure.get("kind") not in accidents.BAD:
            self._reply(answer)
            return
        self.close_connection = True
        for piece in accidents.wire(answer, failure, self._head):
            if piece:
                self.wfile.write(piece)
            elif self.server.sandbox.closing.wait(float(failure.get("seconds", 0.1))):
                return
        if failure["kind"] == "reset":
            accidents.hang_up(self.connection)

    def _refusal(self) -> Answer | None:
        """Refuse pages of other sites, which a browser would let speak to this server, and what is too large."""
        if self.headers.get("Host") not in self.server.hosts or self.headers.get("Origin") not in self.server.origins:
            return Answer(403, {"error": "this server answers only pages and programs of this machine"})
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or "Transfer-Encoding" in self.headers:
            return Answer(400, {"type": "BAD_REQUEST", "error_title": "Bad Content-Length"})
        if int(length) > LARGEST_BODY:
            return Answer(413, {"type": "PAYLOAD_TOO_LARGE", "error_title": "Payload too large"})
        return None

    def _read(self) -> Request:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        form: dict[str, str] = {}
        listed, problem = None, ""
        try:
            if "json" in kind or "javascript" in kind:
                listed = json.loads(body) if body else None
            else:
                form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        except ValueError:
            problem = "The body cannot be read"
        path, _, asked = self.path.partition("#")[0].partition("?")
        query = dict(parse_qsl(asked, keep_blank_values=True)) if asked else {}
        return Request(self.command, path, query, form, listed, self.headers, problem)

    def _reply(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        body = b"" if answer.status == HTTPStatus.NO_CONTENT else body
        self.wfile.write(self._head(answer._replace(body=body)) + (b"" if self.command == "HEAD" else body))

    def _head(self, answer: Answer) -> bytes:
        """Make status line and headers of an answer whose body is bytes."""
        headers = {"Content-Type": "application/json", **answer.headers, "Content-Length": str(len(answer.body))}
        if self.close_connection:
            headers["Connection"] = "close"
        if answer.status == HTTPStatus.NO_CONTENT:
            del headers["Content-Length"], headers["Content-Type"]
        head = f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, '')}\r\n"
        return (head + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n").encode()
