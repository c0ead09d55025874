"""The threads of a batch: each message comes back once, with its slot, whatever became of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from helpers import ending

import nexmo_nb as nx
from nexmo_nb.campaigns import workers as module
from nexmo_nb.campaigns.workers import Result, Workers


def echo(send_id: str, slot: str) -> list[dict[str, Any]]:
    return [{"id": send_id, "slot": slot}]


def receive_all(workers: Workers, count: int) -> list[Result]:
    found: list[Result] = []
    while len(found) < count:
        found += workers.receive(None)
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
        workers.stop()
    assert [each._replace(seconds=0.0) for each in found] == [
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
        workers.stop()


def test_who_waits_is_woken_without_a_result_and_loses_none() -> None:
    workers = Workers(echo)
    workers.wake()
    assert workers.receive(None) == []
    assert workers.receive(0) == []
    results = [Result(name, "slot", [], None) for name in "ab"]
    workers._results.put(results[0])
    workers.wake()
    workers._results.put(results[1])
    assert workers.receive(None) == results


def test_further_threads_are_started_while_others_send_and_all_of_them_end() -> None:
    meeting = threading.Barrier(4, timeout=60)

    def send(send_id: str, slot: str) -> list[dict[str, Any]]:
        meeting.wait()
        return echo(send_id, slot)

    workers = Workers(send)
    with ending(), ThreadPoolExecutor(4) as pool:
        for count in (1, 1, 4, 2):  # it has so many at least
            workers.start(pool, count)
        assert workers.count == 4
        for send_id in "abcd":
            workers.submit(send_id, "slot")
        assert [found.problem for found in receive_all(workers, 4)] == [None] * 4
        workers.stop()


def test_a_thread_that_cannot_be_started_is_ended_like_the_others() -> None:
    class Full(ThreadPoolExecutor):
        def _adjust_thread_count(self) -> None:
            if self._threads:
                raise RuntimeError("can't start new thread")
            super()._adjust_thread_count()

    workers = Workers(echo)
    with ending(), Full(3) as pool:
        with pytest.raises(RuntimeError, match="new thread"):
            workers.start(pool, 3)
        workers.stop()


@pytest.mark.parametrize("fault", [None, nx.UnreachableError("no answer")])
def test_a_result_says_how_long_it_took(monkeypatch: pytest.MonkeyPatch, fault: nx.NexmoError | None) -> None:
    clock = [100.0]

    def send(send_id: str, slot: str) -> list[dict[str, Any]]:
        clock[0] += 0.75
        if fault:
            raise fault
        return echo(send_id, slot)

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    workers = Workers(send)
    with ending(), ThreadPoolExecutor(1) as pool:
        workers.start(pool, 1)
        workers.submit("a", "slot")
        assert [found.seconds for found in receive_all(workers, 1)] == [0.75]
        workers.stop()
