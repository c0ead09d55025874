"""Which accident happens to which request, and what arrives of an answer."""

from __future__ import annotations

import gzip
from datetime import datetime, timezone
from typing import Any

import pytest

from nexmo_nb.sandbox.accidents import build_instead, iterate_bad_pieces, schedule_accident, take_accident
from nexmo_nb.sandbox.clock import Clock
from nexmo_nb.sandbox.exchange import Answer, Request
from nexmo_nb.sandbox.world import World

BODY = b'{"value": 1}'


@pytest.fixture
def world() -> World:
    return World(0, 1, 25.0, False, Clock(lambda: datetime(2025, 1, 1, tzinfo=timezone.utc), lambda: 0.0))


def build_request(path: str = "/sms/json", method: str = "POST") -> Request:
    return Request(method, path, {}, {}, None, {})


def arrive(kind: str, **detail: Any) -> list[bytes]:
    def build_head(answer: Answer) -> bytes:
        return f"[{answer.status} {len(answer.body)}]".encode()

    return list(iterate_bad_pieces(Answer(200, {"value": 1}), {"kind": kind, **detail}, build_head))


def test_an_accident_happens_as_often_as_it_was_scheduled(world: World) -> None:
    schedule_accident(world, "500", 2)
    assert [take_accident(world, build_request()).get("kind") for _ in range(3)] == ["500", "500", None]


def test_an_accident_keeps_to_its_path_and_method(world: World) -> None:
    schedule_accident(world, "500", path="/number", method="POST")
    requests = [build_request(), build_request("/number/buy", "GET"), build_request("/number/buy")]
    assert [take_accident(world, request).get("kind") for request in requests] == [None, None, "500"]


@pytest.mark.parametrize(
    ("kind", "path", "status"),
    [
        ("429", "/sms/json", 429),
        ("throttled", "/number/buy", 429),
        ("throttled", "/sms/json", None),
        ("503", "/sms/json", 503),
        ("redirect", "/sms/json", 302),
        ("drop-before", "/sms/json", 0),
        ("slow", "/sms/json", None),
        ("garbage", "/sms/json", None),
    ],
)
def test_some_accidents_answer_instead_of_acting(kind: str, path: str, status: int | None) -> None:
    answer = build_instead(build_request(path), {"kind": kind})
    assert (None if answer is None else answer.status) == status


def test_a_request_without_an_accident_is_acted_on() -> None:
    assert build_instead(build_request(), {}) is None


@pytest.mark.parametrize(
    ("kind", "pieces"),
    [
        ("drop-before", []),
        ("drop-after", []),
        ("reset", []),
        ("truncated", [b"[200 12]" + BODY[:6]]),
        ("short-length", [b"[200 6]" + BODY]),
        ("garbage", [b"[200 33]<html><body>gateway</body></html>"]),
    ],
)
def test_what_arrives_of_an_answer(kind: str, pieces: list[bytes]) -> None:
    assert arrive(kind) == pieces


def test_a_dripping_answer_is_whole_and_pauses_before_each_byte() -> None:
    head, *rest = arrive("drip")
    assert head == b"[200 12]"
    assert rest == [piece for n in range(len(BODY)) for piece in (b"", BODY[n : n + 1])]


def test_a_bomb_is_small_until_it_is_unpacked() -> None:
    (piece,) = arrive("bomb", size=3_000_000)
    assert len(piece) < 10_000
    assert gzip.decompress(piece.partition(b"]")[2]) == b" " * 3_000_000
