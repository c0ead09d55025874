"""The pace of a batch against a server with 150 ms of latency and 30 messages a second, by the sandbox's own log.

Run: python benchmarks/batch.py [messages]
"""

from __future__ import annotations

import sys
import tempfile

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox


def main(count: int = 600) -> None:
    """Send a batch and print how fast it arrived, and how often the server had to refuse for speed."""
    with Sandbox(latency=0.15, balance=10_000) as sandbox, tempfile.TemporaryDirectory() as folder:
        with nx.connect(sandbox.url, calls=1800, state_dir=folder):
            plan = nx.plan_sms([f"35191{n:07d}" for n in range(count)], "Hello", sender="Demo")
            done = nx.send_many(plan, batch="pace", progress=False)
        at = [request["at"] for request in sandbox.requests if request["path"] == "/sms/json"]
        arrived = len(sandbox.messages)
    print(f"{count} messages, latency 150 ms, limits 30/s and 1800/min: {done.state.value_counts().to_dict()}")
    print(f"{(arrived - 1) / (at[-1] - at[0]):.2f} messages/s, {len(at) - arrived} refusals for speed")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
