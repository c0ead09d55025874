"""The threads of a batch that send messages, and do nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple


class Result(NamedTuple):
    """What came back for a message: the rows of its parts, or a problem."""

    id: str  # of the message's row in the ledger
    slot: str  # that it left under
    rows: list[dict[str, Any]] | None
    problem: BaseException | None
    seconds: float = 0.0  # that it took


class Workers:
    """Threads that take messages from one queue, call `send` with the id and slot of each, and queue the results."""

    def __init__(self, send: Callable[[str, str], list[dict[str, Any]]]) -> None:
        self.count = 0
        self._send = send
        self._jobs: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._results: SimpleQueue[Result | None] = SimpleQueue()

    def start(self, pool: ThreadPoolExecutor, count: int) -> None:
        """Have so many threads, before messages for them are recorded as leaving: each must find its worker."""
        while self.count < count:
            self.count += 1  # before it starts: whatever happens then, `stop` ends it as well
            pool.submit(self._work)

    def submit(self, send_id: str, slot: str) -> None:
        self._jobs.put((send_id, slot))

    def receive(self, timeout: float | None) -> list[Result]:
        """Wait for a result, `wake` or the time-out, then return all that came."""
        found: list[Result | None] = []
        with suppress(Empty):
            found.append(self._results.get(timeout=timeout))
            while True:
                found.append(self._results.get_nowait())
        return [result for result in found if result is not None]

    def wake(self) -> None:
        """Make `receive` return without a result."""
        self._results.put(None)

    def stop(self) -> None:
        """End the threads, as soon as they have sent what was submitted before."""
        for _ in range(self.count):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            send_id, slot = job
            rows, problem, begun = None, None, time.monotonic()
            try:
                rows = self._send(send_id, slot)
            except BaseException as error:  # whatever happened, the message must be recorded
                problem = error
            self._results.put(Result(send_id, slot, rows, problem, time.monotonic() - begun))
