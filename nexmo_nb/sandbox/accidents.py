"""What can go wrong on the way: answers in the place of acting, and answers that arrive badly."""

from __future__ import annotations

import json
import socket
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from nexmo_nb.sandbox.applications import problem
from nexmo_nb.sandbox.world import Answer, Request

__all__ = ["BAD", "HIDDEN", "KINDS", "hang_up", "instead", "too_fast", "wire"]

# What fails, and what is known of it: done (acted on first) or not, and the status answered, if any.
KINDS = (
    "throttled",
    "429",
    "500",
    "503",
    "http",
    "slow",
    "drip",
    "drop-before",
    "drop-after",
    "reset",
    "garbage",
    "truncated",
    "short-length",
    "bomb",
    "partial",
    "no-credit",
    "status",
    "redirect",
)
# Those of which the client sees no whole answer.
HIDDEN = ("drop-before", "drop-after", "reset", "garbage", "truncated", "short-length", "bomb")
BAD = (*HIDDEN, "drip")
SIZE = 200_000_000


def instead(request: Request, failure: Mapping[str, Any] | None) -> Answer | None:
    """Give the answer that an accident puts in the place of acting."""
    failure = failure or {"kind": ""}
    kind = failure["kind"]
    if kind == "429" or (kind == "throttled" and request.path != "/sms/json"):
        return too_fast(failure.get("retry_after"))
    if kind in ("500", "503", "http"):
        code = str(failure.get("code", 500)) if kind == "http" else kind
        return Answer(int(code), {"error-code": code, "error-code-label": "unknown error"})
    if kind == "redirect":
        return Answer(int(failure.get("code", 302)), b"", {"Location": str(failure.get("location", "/"))})
    return Answer(0) if kind == "drop-before" else None


def wire(answer: Answer, failure: Mapping[str, Any], head: Callable[[Answer], bytes]) -> Iterator[bytes]:
    """Give what goes on the wire for an answer that arrives badly, piece by piece.

    `head` makes status line and headers. An empty piece stands for a pause.
    """
    kind = failure.get("kind", "")
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    body = b"" if answer.status == HTTPStatus.NO_CONTENT else body
    if kind.startswith("drop") or kind == "reset":
        return iter(())
    if kind == "garbage":
        body = b"<html><body>gateway</body></html>"
        return iter((head(Answer(200, body, {"Content-Type": "text/html"})) + body,))
    if kind == "truncated":
        return iter((head(answer._replace(body=body)) + body[: len(body) // 2],))
    if kind == "short-length":
        return iter((head(answer._replace(body=body[: len(body) // 2])) + body,))
    if kind == "drip":
        return _drip(head(answer._replace(body=body)), body)
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    packed = _bomb(int(failure.get("size", SIZE)))
    return iter((head(Answer(200, packed, headers)) + packed,))


def hang_up(connection: socket.socket) -> None:
    """End a connection with a reset instead of an orderly goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def too_fast(retry_after: float | None) -> Answer:
    """Refuse a request because there were too many."""
    answer = problem(429, "#throttled", "Rate Limit Hit", "Please wait, then retry your request")
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return Answer(429, answer.body, {"Content-Type": "application/problem+json", **headers})


def _drip(head: bytes, body: bytes) -> Iterator[bytes]:
    yield head
    for n in range(len(body)):
        yield b""
        yield body[n : n + 1]


def _bomb(size: int) -> bytes:
    """Pack so many spaces."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * 1_000_000
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()
