"""How close four processes of one account come to the limit that they share, and how long others wait behind a batch.

Run: python benchmarks/throttle.py
"""

from __future__ import annotations

import bisect
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from common import Figure, connected, find_reason_without_postgres, log, options, report, run_safe_postgres, served

import nexmo_nb as nx

CALLS, PERIOD = 20, 2.0
PROCESSES = 4
JITTER = 0.1
WORKER = """
import random, sys, time, warnings
import nexmo_nb as nx
from requests.adapters import HTTPAdapter
warnings.simplefilter("ignore")  # a connection between machines is in clear here
url, folder, calls, period, seconds, jitter = sys.argv[1:3] + [float(word) for word in sys.argv[3:]]

class Network(HTTPAdapter):
    def send(self, *args, **kwargs):
        time.sleep(random.uniform(0, jitter))
        try:
            return super().send(*args, **kwargs)
        finally:
            time.sleep(random.uniform(0, jitter))

session = nx.connect(url, calls=int(calls), period=period, cache=False, state_dir=folder)
session.throttle.notify = lambda _: None
if jitter:
    session.mount("http://", Network())
end = time.monotonic() + seconds
while time.monotonic() < end:
    nx.applications(limit=1)
"""


def race(seconds: float, jitter: float) -> tuple[int, float]:
    """Let the processes call as fast as they may; the most calls in any period, and the share of the possible speed."""
    with served() as url, tempfile.TemporaryDirectory() as folder:
        arguments = [url, folder, *map(str, (CALLS, PERIOD, seconds, jitter))]
        children = [subprocess.Popen([sys.executable, "-c", WORKER, *arguments]) for _ in range(PROCESSES)]
        assert [child.wait() for child in children] == [0] * PROCESSES
        at = sorted(entry["at"] for entry in log(url) if entry["path"] == "/v2/applications")
    return judge(at, CALLS, PERIOD)


def judge(at: list[float], calls: int, period: float) -> tuple[int, float]:
    """Find the most calls in any period, and the share of the possible speed, by when they arrived."""
    most = max(bisect.bisect_left(at, moment + period) - n for n, moment in enumerate(at))
    # At full speed each request comes exactly one period after the one `calls` places before it.
    spans = [later - earlier for earlier, later in zip(at, at[calls:], strict=False)]
    return most, period * len(spans) / sum(spans)


def race_machines(server: Any, calls: int, period: float, seconds: float) -> tuple[int, float, str]:
    """Let eight processes on four machines do the same by one PostgreSQL; and say what machines they are."""
    from machines import can_make_machines, make_machines

    with served() as url, tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        kind, host, machines = "folders of their own", "127.0.0.1", [[] for _ in range(4)]
        if can_make_machines():
            kind = "network namespaces"
            host, machines = stack.enter_context(make_machines(4, int(url.rpartition(":")[2])))
        environment = {**os.environ, "NEXMO_NB_STATE": server.url().replace("127.0.0.1", host)}
        arguments = [*map(str, (calls, period, seconds, JITTER))]
        children = [
            subprocess.Popen(
                [*machine, sys.executable, "-c", WORKER, url, f"{folder}/{n}", *arguments], env=environment
            )
            for n, machine in enumerate(machines)
            for _ in range(2)
        ]
        assert [child.wait() for child in children] == [0] * 8
        at = sorted(entry["at"] for entry in log(url) if entry["path"] == "/v2/applications")
    # While some of them still start, and after the first has ended, there are fewer callers than it takes.
    return *judge([moment for moment in at if at[0] + 5 < moment < at[-1] - 2], calls, period), kind


def time_takes(server: Any, times: int) -> float:
    """Milliseconds that it takes to take a free slot, and to confirm the one before it."""
    from nexmo_nb.state.postgres import PostgresStore
    from nexmo_nb.state.postgres_connection import Address
    from nexmo_nb.state.throttle import Throttle, make_slot_id

    with tempfile.TemporaryDirectory() as folder:
        store = PostgresStore(Address(server.url()), "takes")
        throttle = Throttle(Path(folder) / "t", calls=10_000, period=60.0, limits={}, store=store)
        took, done = [], []
        for _ in range(times):
            slot, begun = make_slot_id(), time.perf_counter()
            assert throttle.try_acquire([slot], "", "interactive", done)[0] == 1
            took.append(time.perf_counter() - begun)
            done = [slot]
        throttle.close()
    return 1000 * statistics.median(took)


def measure_postgres(quick: bool) -> list[Figure]:
    """Measure the limit that machines share, where there is a PostgreSQL."""
    if reason := find_reason_without_postgres():
        return [Figure("The limit in PostgreSQL", f"not measured: {reason}")]
    figures = []
    with run_safe_postgres(listen="*") as server:
        took = time_takes(server, 100 if quick else 1000)
        figures.append(
            Figure("A slot of a limit in PostgreSQL, ms", f"{took:.2f}", goal="3 or less", reached=took <= 3)
        )
        for calls, period in ((CALLS, PERIOD), (30, 1.0)):
            most, speed, kind = race_machines(server, calls, period, 12.0 if quick else 40.0)
            # A slot counts from its answer: each way of the network adds half of its jitter to a period.
            possible = period / (period + JITTER)
            figures.append(
                Figure(
                    f"8 processes in 4 {kind} on one PostgreSQL, {calls} calls / {period:g} s, jitter of"
                    f" {1000 * JITTER:.0f} ms each way",
                    f"{speed:.3f} of the possible speed, at most {most} in any window",
                    ratio=f"{speed / possible:.3f} of the {possible:.3f} that the jitter leaves",
                    goal=f"at least 0.93 of what it leaves, never more than {calls}",
                    reached=speed >= 0.93 * possible and most <= calls,
                )
            )
    return figures


def waits(seconds: float) -> list[float]:
    """Request for the balance now and then while a batch runs in the background; how long each call took."""
    with served() as url, connected(url, calls=CALLS * 5, period=PERIOD * 5, limits=None, cache=False) as session:
        session.throttle.notify = lambda _: None
        people = [f"35191{n:07d}" for n in range(1, int((seconds + PERIOD * 5) * CALLS / PERIOD) + 1)]
        plan = nx.plan_sms(people, "Hello", sender="Demo", prices=False)
        batch = threading.Thread(target=lambda: nx.send_many(plan, batch="b", progress=False, session=session))
        batch.start()
        time.sleep(PERIOD * 5)
        took, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.monotonic()
            nx.balance()
            took.append(time.monotonic() - begun)
            # More often, and the caller would use up the share that is kept for it by itself.
            time.sleep(PERIOD * 5 / 2)
        assert batch.is_alive()
        batch.join()
    return took


def main() -> None:
    chosen = options(__doc__)
    seconds = 6.0 if chosen.quick else 24.0
    most, speed = race(seconds, 0.0)
    most_late, speed_late = race(seconds, JITTER)
    took = waits(10.0 if chosen.quick else 60.0)
    share = statistics.median(took) / (PERIOD * 5)
    report(
        [
            Figure(
                f"Throttle, {PROCESSES} processes, {CALLS} calls / {PERIOD:g} s",
                f"{speed:.3f} of the possible speed, at most {most} in any window",
                goal=f"at least 0.98, never more than {CALLS}",
                reached=speed >= 0.98 and most <= CALLS,
            ),
            Figure(
                f"the same with jitter of {1000 * JITTER:.0f} ms each way",
                f"{speed_late:.3f} of the possible speed, at most {most_late} in any window",
                goal=f"never more than {CALLS}",
                reached=most_late <= CALLS,
            ),
            Figure(
                f"An interactive call behind a batch, {CALLS * 5} calls / {PERIOD * 5:g} s",
                f"{1000 * statistics.median(took):.0f} ms, at most {1000 * max(took):.0f} ({len(took)} calls)",
                ratio=f"{share:.1%} of the window",
                goal="under 5 % of the window",
                reached=share < 0.05,
            ),
            *measure_postgres(chosen.quick),
        ],
        chosen.json,
    )


if __name__ == "__main__":
    main()
