"""How close four processes of one account come to the limit that they share, and how long others wait behind a batch.

Run: python benchmarks/throttle.py
"""

from __future__ import annotations

import bisect
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from common import Figure, connected, log, options, report, served

import nexmo_nb as nx

CALLS, PERIOD = 20, 2.0
PROCESSES = 4
JITTER = 0.1
WORKER = """
import random, sys, time
import nexmo_nb as nx
from requests.adapters import HTTPAdapter
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
    most = max(bisect.bisect_left(at, moment + PERIOD) - n for n, moment in enumerate(at))
    # At full speed each request comes exactly one period after the one CALLS places before it.
    spans = [later - earlier for earlier, later in zip(at, at[CALLS:], strict=False)]
    return most, PERIOD * len(spans) / sum(spans)


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
        ],
        chosen.json,
    )


if __name__ == "__main__":
    main()
