"""Accidents that tests schedule: answers instead of acting, and answers that arrive badly."""

from __future__ import annotations

import re
import socket
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any

from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import build_rate_refusal
from nexmo_nb.sandbox.validation import read_amount, read_whole, show
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
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")
MOST_TIMES = 10**9
LONGEST_PAUSE = 3600.0
LONGEST_WAIT = 100_000.0


def schedule_accident(world: World, /, kind: str, times: int = 1, path: str | None = None, **detail: Any) -> None:
    """Schedule an accident for the next requests; ValueError for what could not happen.

    All is checked here: an accident that fails when it happens would fail for every request.
    """
    accident = {**_check_detail(kind, detail), "kind": _check_word("kind", kind, KINDS)}
    accident["times"] = read_whole("times", times, 0, MOST_TIMES)
    if not isinstance(path, (str, NoneType)):
        raise ValueError(f"path: got {show(path)}; allowed: the beginning of a path, such as '/sms'.")
    with world.lock:
        world.failures.append({**accident, "path": path or ""})


def _check_detail(kind: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    lowest_code = 0 if kind == "status" else 200
    checks: dict[str, Callable[[str, Any], Any]] = {
        "method": lambda name, value: _check_word(name, value, METHODS),
        "code": lambda name, value: read_whole(name, value, lowest_code, 599),
        "retry_after": lambda name, value: read_amount(name, value, LONGEST_WAIT),
        "seconds": lambda name, value: read_amount(name, value, LONGEST_PAUSE),
        "size": lambda name, value: read_whole(name, value, 0, 10**9),
        "location": _check_location,
    }
    return {name: checks[_check_word("detail", name, tuple(checks))](name, value) for name, value in detail.items()}


def _check_word(name: str, value: Any, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise ValueError(f"{name}: got {show(value)}; allowed: {', '.join(allowed)}.")
    return str(value)


def _check_location(name: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("[!-~]{1,2000}", value):
        raise ValueError(f"{name}: got {show(value)}; allowed: an address, in ASCII and without spaces.")
    return value


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
