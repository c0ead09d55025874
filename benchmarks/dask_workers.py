"""A batch on a cluster of Dask whose workers are killed again and again, and whose database is restarted once.

The workers share a PostgreSQL, which must be installed. What counts is told by the sandbox, not by the client: who got
what how often, and how many messages came in any second.

Run: python benchmarks/dask_workers.py
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import dask
import pandas as pd
from common import FOLDER, Figure, options, report

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

sys.path.insert(0, str(FOLDER.parent / "tests"))

WORKERS, IN_FLIGHT, PER_SECOND = 4, 4, 30


class Trouble:
    """Kills a worker every few seconds, and restarts the database once, while a thread of its own runs."""

    def __init__(self, cluster: Any, server: Any, pause: tuple[float, float], restart_after: float) -> None:
        self.kills = self.restarts = 0
        self._cluster, self._server, self._pause, self._restart_after = cluster, server, pause, restart_after
        self._dice, self._end = random.Random(7), threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        begun = time.monotonic()
        while not self._end.wait(self._dice.uniform(*self._pause)):
            # One that is starting is left alone: a nanny whose worker dies then gives up.
            running = set(self._cluster.scheduler.workers)
            workers = [each.pid for each in self._cluster.workers.values() if each.worker_address in running]
            if workers:
                os.kill(self._dice.choice(workers), 9)
                self.kills += 1
            if not self.restarts and time.monotonic() - begun > self._restart_after:
                self.restarts += 1
                self._server.stop()
                self._server.start()

    def __enter__(self) -> Trouble:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


class Found(NamedTuple):
    """What a run came to, by the sandbox and by the ledger."""

    seconds: float
    calls: int
    kills: int
    restarts: int
    received: int
    twice: int
    most: int
    """Messages in any second."""
    throttled: int
    states: Counter[str]
    settled: Counter[str]


@contextmanager
def cluster_of(workers: int, env: dict[str, str]) -> Iterator[Any]:
    from distributed import Client, LocalCluster

    settings = {
        "distributed.scheduler.allowed-failures": 1000,
        # Else a local cluster lets go of a worker that was killed again when it had just been started anew.
        "distributed.deploy.lost-worker-timeout": "1 hour",
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs="ERROR", env=env
        ) as cluster,
        Client(cluster),
    ):
        yield cluster


def people(count: int) -> list[str]:
    return [f"3519{12_340_001 + n:08d}" for n in range(count)]


def run(count: int, partitions: int, pause: tuple[float, float], restart_after: float) -> Found:
    """Send a batch in spite of all trouble, calling again until nothing is left."""
    import dask.dataframe as dd
    from postgres_server import PASSWORD, run_postgres

    os.environ["PGPASSWORD"] = PASSWORD
    with (
        tempfile.TemporaryDirectory() as folder,
        run_postgres() as server,
        Sandbox(balance=1_000_000) as sandbox,
        cluster_of(WORKERS, {"PGPASSWORD": PASSWORD, "NEXMO_NB_STATE_DIR": folder}) as cluster,
        nx.connect(
            sandbox.url, timeout=5.0, calls=PER_SECOND, period=1.0, state=server.url(), state_dir=folder
        ) as session,
    ):
        table = dd.from_pandas(pd.DataFrame({"to": people(count)}), npartitions=partitions)
        plan = nx.plan_sms(table, "Hello", sender="Demo", session=session)
        begun, calls = time.monotonic(), 0
        with Trouble(cluster, server, pause, restart_after) as trouble, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            while True:
                calls += 1
                try:
                    nx.send_many(plan, batch="b", workers=IN_FLIGHT, progress=False, session=session)
                    break
                except nx.NexmoError as problem:
                    print(
                        f"  {time.monotonic() - begun:.0f} s, {type(problem).__name__}: {str(problem)[:150]}",
                        flush=True,
                    )
                    time.sleep(1)
        seconds = time.monotonic() - begun
        states = Counter(nx.sent("b", planned=True, session=session).state.tolist())
        settled = Counter(nx.settle("b", delay=0, session=session).state.tolist())
        times = [message["to"] for message in sandbox.messages]
        at = sorted(entry["at"] for entry in sandbox.requests if entry["path"] == "/sms/json")
        most = max(sum(1 for other in at[n : n + 2 * PER_SECOND] if other < first + 1.0) for n, first in enumerate(at))
        return Found(
            seconds,
            calls,
            trouble.kills,
            trouble.restarts,
            len(set(times)),
            sum(1 for number in Counter(times).values() if number > 1),
            most,
            len(at) - len(times),
            states,
            settled,
        )


def main() -> None:
    chosen = options(__doc__)
    count, partitions = (300, 6) if chosen.quick else (5_000, 40)
    found = run(count, partitions, (5.0, 8.0) if chosen.quick else (6.0, 12.0), 10.0 if chosen.quick else 80.0)
    print(found)
    bound = found.kills * IN_FLIGHT + found.restarts * WORKERS * IN_FLIGHT
    unknown = found.states["unknown"]
    what = f"{count:,} messages, {WORKERS} workers of Dask, {found.kills} killed, database restarted {found.restarts}×"
    report(
        [
            Figure(f"{what}: who got it twice", f"{found.twice}", goal="0", reached=found.twice == 0),
            Figure(
                f"{what}: messages in any second, by the server",
                f"{found.most}",
                f"{found.throttled} requests without a message",
                goal=f"at most {PER_SECOND}",
                reached=found.most <= PER_SECOND,
            ),
            Figure(
                f"{what}: unknown",
                f"{unknown}, of which {found.settled['accepted']} had arrived",
                goal=f"at most {bound}",
                reached=unknown <= bound,
            ),
            Figure(
                f"{what}: accepted",
                f"{found.states['accepted']}",
                f"{found.calls} calls of send_many, {found.seconds:.0f} s; the limit alone {count / PER_SECOND:.0f} s",
                goal="all the others",
                reached=found.states["accepted"] + unknown == count,
            ),
        ],
        chosen.json,
    )


if __name__ == "__main__":
    main()
