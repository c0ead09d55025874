"""A server on raw sockets that acts on requests as it should, and speaks HTTP in whatever manner a test wants."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

# What a connection says: pieces in turn, and between two of them None, a pause of a few milliseconds.
Pieces = Iterable[bytes | None]
PAUSE = 0.005

# A client of a kernel that has ended goes on seeking it at its port, which may be a server's now; ZeroMQ's greeting
# begins with this byte (ZMTP 3.1, section 3.2), no request of HTTP does.
ZMTP = b"\xff"


class Asked(NamedTuple):
    method: str
    path: str
    fields: dict[str, Any]
    is_last: bool
    """Whether the client wants the connection to be closed after the answer."""


def write_answer(body: Any, status: int = 200, headers: str = "") -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n{headers}\r\n".encode() + content


class RawServer:
    """It answers one request after the other on a connection, until the client wants it to be closed.

    `manner` turns the true answer to a request into what is said, `greeting` is said before a request was read,
    `verdicts` tells of the n-th request whether it is acted on ("0") or refused with a status ("1", "6", "429", "401").
    With `keeps_open` it does not listen to the client's wish.
    """

    def __init__(
        self,
        manner: Callable[[bytes], Pieces] = lambda answer: [answer],
        *,
        greeting: Callable[[], bytes] = lambda: b"",
        verdicts: Callable[[int], str] = lambda _: "0",
        keeps_open: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.manner, self.greeting, self.verdicts = manner, greeting, verdicts
        self.keeps_open, self.tls = keeps_open, tls
        self.asked: list[Asked] = []
        self.done: Counter[str] = Counter()
        """How often each thing was done: a message by its client-ref, an application by its name, a number."""
        self.ids: dict[str, str] = {}
        self.greeted = threading.Semaphore(0)
        """Is released once for each connection, after the greeting."""
        self._lock, self._closing = threading.Lock(), threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(30)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(30)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is said is there at once
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as reader:
                self._converse(connection, reader)

    def _converse(self, connection: socket.socket, reader: Any) -> None:
        connection.sendall(self.greeting())
        self.greeted.release()
        while (asked := read_request(reader)) is not None:
            for piece in self.manner(self.answer(asked)):
                if piece is not None:
                    connection.sendall(piece)
                elif self._closing.wait(PAUSE):
                    return
            if asked.is_last and not self.keeps_open:
                return

    def answer(self, asked: Asked) -> bytes:
        if asked.method == "GET":
            return write_answer({"value": 1.0, "networks": []})
        with self._lock:
            verdict = self.verdicts(len(self.asked))
            self.asked.append(asked)
            if verdict in ("429", "401"):
                return write_answer({"error-code": verdict}, int(verdict))
            return write_answer(*self._act(asked, verdict))

    def _act(self, asked: Asked, verdict: str) -> tuple[Any, int]:
        fields = asked.fields
        name = fields.get("client-ref") or fields.get("name") or fields.get("msisdn") or "?"
        if verdict == "0":
            self.done[name] += 1
            self.ids.setdefault(name, str(uuid.uuid4()))
        if asked.path == "/sms/json":
            part = {"to": fields["to"], "client-ref": name, "status": verdict}
            part |= {"message-id": self.ids[name]} if verdict == "0" else {"error-text": "no"}
            return {"message-count": "1", "messages": [part]}, 200
        if asked.path == "/v2/applications" and verdict == "0":
            return {"id": self.ids[name], "name": name, "keys": {"private_key": f"KEY {name}"}}, 201
        if asked.path == "/number/buy":
            return {"error-code": "200" if verdict == "0" else "420", "error-code-label": "x"}, 200
        return {"error-code": "420"}, 420


def read_request(reader: Any) -> Asked | None:
    """Read a whole request; None where the connection ended, or is no client's of this server."""
    line = reader.readline()
    if line.startswith(ZMTP):
        return None
    headers = {}
    while (header := reader.readline()).strip():
        name, _, value = header.decode().partition(":")
        headers[name.lower()] = value.strip().lower()
    length = int(headers.get("content-length", 0))
    content = reader.read(length)
    if not header or len(content) < length:
        return None
    body = content.decode()
    fields = json.loads(body) if body.startswith("{") else dict(parse_qsl(body))
    method, target, _ = line.decode().split()
    return Asked(method, target.partition("?")[0], fields, headers.get("connection") == "close")


class OneAnswerServer(threading.Thread):
    """Any program of this machine, or a proxy: it answers every request with the same bytes, or hangs up."""

    def __init__(self, answer: bytes = b"") -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.answer = answer
        self.seen: list[bytes] = []
        self.start()

    @property
    def posts(self) -> int:
        return sum(b"POST" in each for each in self.seen)

    def run(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, suppress(OSError):
                asked = client.recv(65536)
                if not asked.startswith(ZMTP):
                    self.seen.append(asked)
                    client.sendall(self.answer)
