"""The threads of a batch: each message comes back once, with its slot, whatever became of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from helpers import ending

from nexmo_nb.campaigns import workers as module
from nexmo_nb.campaigns.workers import GATHER_SECONDS, Result, Workers


def echo(send_id: str, slot: str) -> list[dict[str, Any]]:
    return [{"id": send_id, "slot": slot}]


def receive_all(workers: Workers, count: int) -> list[Result]:
    found: list[Result] = []
    while len(found) < count:
        found += workers.receive(None, gather=False)
    return sorted(found)


def test_a_message_comes_back_with_its_rows_or_with_what_was_raised() -> None:
    fault = KeyboardInterrupt()

    def send(send_id: str, slot: str) -> list[dict[str, Any]]:
        if send_id == "b":
            raise fault
        return echo(send_id, slot)

    workers = Workers(send)
    with ending(), ThreadPoolExecutor(1) as pool:
        workers.start(pool, 1)
        for send_id in "abc":
            workers.submit(send_id, f"slot {send_id}")
        found = receive_all(workers, 3)
        workers.stop(1)
    assert found == [
        Result("a", "slot a", echo("a", "slot a"), None),
        Result("b", "slot b", None, fault),
        Result("c", "slot c", echo("c", "slot c"), None),
    ]


def test_as_many_threads_send_at_once_as_were_started_and_all_of_them_end() -> None:
    meeting = threading.Barrier(3, timeout=60)

    def send(send_id: str, slot: str) -> list[dict[str, Any]]:
        meeting.wait()
        return echo(send_id, slot)

    workers = Workers(send)
    with ending(), ThreadPoolExecutor(3) as pool:  # which waits for its threads
        workers.start(pool, 3)
        for send_id in "abc":
            workers.submit(send_id, "slot")
        assert [found.problem for found in receive_all(workers, 3)] == [None] * 3
        workers.stop(3)


def test_who_waits_is_woken_without_a_result_and_loses_none() -> None:
    workers = Workers(echo)
    workers.wake()
    assert workers.receive(None, gather=False) == []
    assert workers.receive(0, gather=False) == []
    results = [Result(name, "slot", [], None) for name in "ab"]
    workers._results.put(results[0])
    workers.wake()
    workers._results.put(results[1])
    assert workers.receive(None, gather=False) == results


@pytest.mark.parametrize(("gather", "slept"), [(True, [GATHER_SECONDS]), (False, [])])
def test_a_result_waits_for_those_of_others_only_where_others_are_in_flight(
    monkeypatch: pytest.MonkeyPatch, gather: bool, slept: list[float]
) -> None:
    workers, seen = Workers(echo), []
    first, second = (Result(name, "slot", [], None) for name in "ab")

    def sleep(seconds: float) -> None:
        seen.append(seconds)
        workers._results.put(second)

    monkeypatch.setattr(module.time, "sleep", sleep)
    assert workers.receive(0, gather=gather) == []
    workers._results.put(first)
    assert workers.receive(None, gather=gather) == ([first, second] if gather else [first])
    assert seen == slept
