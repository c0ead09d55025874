"""How close four processes of one account come to the limit that they share, by the sandbox's own log.

Run: make bench, or python benchmarks/throttle.py [processes] [seconds]
"""

from __future__ import annotations

import bisect
import subprocess
import sys

from nexmo_nb.sandbox import Sandbox

CALLS, PERIOD = 20, 2.0
WORKER = """
import sys, time
import nexmo_nb as nx
session = nx.connect(sys.argv[1], calls=int(sys.argv[2]), period=float(sys.argv[3]), cache=False)
session.throttle.notify = lambda _: None
end = time.monotonic() + float(sys.argv[4])
while time.monotonic() < end:
    nx.applications(limit=1)
"""


def main(processes: int = 4, seconds: float = 20.0) -> None:
    """Let the processes call as fast as they may, and look at when the requests arrived."""
    with Sandbox(limits=False) as sandbox:
        arguments = [sandbox.url, str(CALLS), str(PERIOD), str(seconds)]
        children = [subprocess.Popen([sys.executable, "-c", WORKER, *arguments]) for _ in range(processes)]
        codes = [child.wait() for child in children]
        at = sorted(request["at"] for request in sandbox.requests)
    most = max(bisect.bisect_left(at, moment + PERIOD) - n for n, moment in enumerate(at))
    # At full speed each request comes exactly one period after the one CALLS places before it.
    spans = [later - earlier for earlier, later in zip(at, at[CALLS:], strict=False)]
    print(f"{processes} processes, limit {CALLS} calls / {PERIOD:g} s, {at[-1] - at[0]:.1f} s, exit codes {codes}")
    print(f"most requests in any {PERIOD:g} s: {most} of {CALLS}")
    print(f"speed: {len(at)} requests, {PERIOD * len(spans) / sum(spans):.3f} of what the limit allows")


if __name__ == "__main__":
    main(*(kind(word) for kind, word in zip((int, float), sys.argv[1:], strict=False)))
