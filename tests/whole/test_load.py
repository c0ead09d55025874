"""Many at once, for a while: the limit is kept, no row is lost, and nothing grows that should not."""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_left
from collections import Counter
from pathlib import Path

import pytest
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

CALLS, PERIOD, TURNS = 160, 2.0, 30
# Eight threads that read, send under a key of their own, and ask again for what they sent: as often on every machine.
WORKER = """
import contextlib, gc, json, os, sys, threading
import nexmo_nb as nx

name, url, calls, period, turns = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
free = dict.fromkeys(("sms", "calls", "numbers", "owned", "pricing", "reports"), (1_000_000, 1.0))
session = nx.connect(url, calls=calls, period=period, limits=free)
session.throttle.notify = lambda _: None
failed, keys, halfway = [], [], threading.Event()
plan = nx.plan_sms([f"35191{ord(name):03d}{n:04d}" for n in range(1, 51)], "Hello", sender="Demo")


def work(number):
    try:
        for turn in range(1, turns + 1):
            key = f"{name}-{number}-{turn}"
            nx.send_sms("447700900000", key, sender="Demo", key=key)
            keys.append(key)
            nx.send_sms("447700900000", key, sender="Demo", key=key)
            nx.applications(refresh=turn % 4 == 0)
            nx.balance()
            if number == 0:
                nx.send_many(plan, batch=f"{name}-{turn // 20}", progress=False, workers=2)
                if turn == turns // 2:
                    halfway.set()
    except BaseException as problem:
        failed.append(repr(problem))
        halfway.set()
        raise


def look():
    gc.collect()
    pages = int(open("/proc/self/statm").read().split()[1])
    open_now = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            open_now.append(os.readlink(f"/proc/self/fd/{name}"))
    sockets = sum(target.startswith("socket:") for target in open_now)
    memory = pages * os.sysconf("SC_PAGE_SIZE")
    return {"memory": memory, "sockets": sockets, "files": len(open_now) - sockets}


threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for thread in threads:
    thread.start()
halfway.wait()
middle = look()
for thread in threads:
    thread.join()
print(json.dumps({"failed": failed, "keys": keys, "middle": middle, "end": look()}))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory and files are counted by /proc, which Linux has")
def test_eight_threads_in_each_of_four_processes_keep_the_limit_and_lose_nothing(tmp_path: Path) -> None:
    with Sandbox(limits=False, balance=1_000_000) as busy:
        arguments = [busy.url, str(CALLS), str(PERIOD), str(TURNS)]
        children = [
            subprocess.Popen([sys.executable, "-c", WORKER, name, *arguments], stdout=subprocess.PIPE)
            for name in "abcd"
        ]
        told = [json.loads(child.communicate(timeout=1800)[0]) for child in children]
        at = sorted(request["at"] for request in busy.requests)
        with connected(busy):
            rows = nx.sent()
        arrived = Counter(message["client_ref"] for message in busy.messages)
    assert [child["failed"] for child in told] == [[]] * 4
    assert max(bisect_left(at, moment + PERIOD) - n for n, moment in enumerate(at)) <= CALLS
    assert len(at) > 5 * CALLS  # the limit was in the way, and not for one window alone
    # What was acknowledged is in the ledger, and what is in the ledger arrived, once.
    keys = [key for child in told for key in child["keys"]]
    assert len(keys) == len(set(keys)) > 100
    assert set(keys) <= set(rows.key.dropna())
    assert set(rows.state) == {"accepted"}
    assert dict(arrived) == dict.fromkeys(rows.client_ref, 1)
    for child in told:
        assert child["end"]["files"] <= child["middle"]["files"]
        # A connection for each of the eight threads and the two workers of a batch, and no more.
        assert child["end"]["sockets"] <= 10
        assert child["end"]["memory"] <= child["middle"]["memory"] * 1.1 + 10e6


def test_no_step_of_a_send_reads_through_all_that_was_ever_sent(session: nx.Session) -> None:
    plan = nx.plan_sms(["447700900001", "447700900002"], "Hello", sender="Demo")
    connection = session.ledger._database._connection
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    session.ledger.mark_abandoned_unknown()
    nx.send_sms("447700900000", "Hello", sender="Demo")
    nx.send_sms("447700900000", "Hello", sender="Demo", key="one")
    nx.send_sms("447700900000", "Hello", sender="Demo", key="one")
    nx.send_many(plan, batch="two", progress=False)
    nx.delivery("two")
    nx.budget(day=100)
    nx.send_sms("447700900000", "Hello", sender="Demo")
    nx.send_many(plan, batch="three", progress=False)
    connection.set_trace_callback(None)
    kinds = ("SELECT", "UPDATE", "DELETE", "INSERT")
    statements = {statement for statement in asked if statement.startswith(kinds)}
    assert len(statements) > 10
    for statement in statements:
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
        scans = [step for step in steps if step.startswith("SCAN") and "CONSTANT" not in step]
        # An index that has no entry for most names is read once a process; tables of one row may be read, and those
        # refusals after which a message was planned again, which are few.
        allowed = ("COVERING INDEX sends_odd", "SCAN generation", "SCAN suppression_key", "SCAN refusals")
        assert not [step for step in scans if not any(each in step for each in allowed)], statement
