"""Accidents that tests schedule: answers instead of acting, and answers that arrive badly."""

from __future__ import annotations

import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import build_rate_refusal
from nexmo_nb.sandbox.world import World

# `Sandbox.fail_next` says what each one does.
KINDS = (
    "throttled", "429", "500", "503", "http", "slow", "drip", "drop-before", "drop-after", "reset", "garbage",
    "truncated", "short-length", "bomb", "partial", "no-credit", "status", "redirect",
)  # fmt: skip
# The client sees no whole answer.
NOT_ARRIVING = ("drop-before", "drop-after", "reset", "garbage", "truncated", "short-length", "bomb")
ARRIVING_BADLY = (*NOT_ARRIVING, "drip")
BOMB_SIZE = 200_000_000


def schedule_accident(world: World, kind: str, times: int = 1, path: str | None = None, **detail: Any) -> None:
    """Schedule an accident for the next requests; ValueError for an unknown kind."""
    if kind not in KINDS:
        raise ValueError(f"kind: got {kind!r}; allowed: {', '.join(KINDS)}.")
    with world.lock:
        world.failures.append({"kind": kind, "times": int(times), "path": path or "", **detail})


def take_accident(world: World, request: Request) -> Accident:
    """Take the first accident that is scheduled for a request like this; empty where there is none."""
    for accident in world.failures:
        is_same_method = accident.get("method", request.method) == request.method
        if accident["times"] > 0 and is_same_method and request.path.startswith(accident["path"]):
            accident["times"] -= 1
            return accident
    return {}


def build_instead(request: Request, accident: Accident) -> Answer | None:
    """Build the answer that an accident gives instead of acting; None where the request is to be acted on."""
    kind = accident.get("kind")
    if kind == "429" or (kind == "throttled" and request.path != "/sms/json"):
        return build_rate_refusal(accident.get("retry_after"))
    if kind in ("500", "503", "http"):
        code = str(accident.get("code", 500)) if kind == "http" else kind
        return Answer(int(code), {"error-code": code, "error-code-label": "unknown error"})
    if kind == "redirect":
        return Answer(int(accident.get("code", 302)), b"", {"Location": str(accident.get("location", "/"))})
    return Answer(0) if kind == "drop-before" else None


def iterate_bad_pieces(answer: Answer, accident: Accident, build_head: Callable[[Answer], bytes]) -> Iterator[bytes]:
    """Give the bytes to send for an answer that arrives badly, piece by piece; an empty piece stands for a pause.

    `build_head` builds status line and headers of an answer whose body is bytes.
    """
    kind, body = accident["kind"], answer.encode_body()
    if kind == "garbage":
        page = b"<html><body>gateway</body></html>"
        yield build_head(Answer(200, page, {"Content-Type": "text/html"})) + page
    elif kind == "truncated":
        yield build_head(answer._replace(body=body)) + body[: len(body) // 2]
    elif kind == "short-length":
        yield build_head(answer._replace(body=body[: len(body) // 2])) + body
    elif kind == "bomb":
        packed = _pack_spaces(int(accident.get("size", BOMB_SIZE)))
        yield build_head(Answer(200, packed, {**answer.headers, "Content-Encoding": "gzip"})) + packed
    elif kind == "drip":
        yield build_head(answer._replace(body=body))
        for n in range(len(body)):
            yield b""
            yield body[n : n + 1]


def reset_on_close(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _pack_spaces(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * 1_000_000
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()
