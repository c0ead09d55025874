"""Jobs that send what is due, on several machines at once, killed at random; and a run that is killed while it waits.

Each job has a clock of its own that is three hours ahead, when what waits may leave.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from campaign_helpers import count_received, make_plan, people, send_batch
from helpers import connected
from postgres_server import PASSWORD, PostgresServer

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

pytestmark = pytest.mark.slow
JOB = """
import sys, time
import nexmo_nb as nx
session = nx.connect(sys.argv[1], calls=1000000, limits=dict.fromkeys(("sms", "pricing", "reports"), (1000000, 1.0)))
hours = float(sys.argv[2])
session.clock = lambda: time.time() + hours * 3600
session.throttle.notify = lambda words: print(words, flush=True)
print("ready", flush=True)
if sys.argv[3] == "due":
    found = nx.run_due(workers=8)
else:
    plan = nx.plan_sms([f"3519{12_340_001 + n:08d}" for n in range(50)], "Hello", sender="Demo", prices=False)
    found = nx.send_many(plan, batch="b", progress=False, **eval(sys.argv[3]))
print(found.to_json(date_format="iso"), flush=True)
"""
COUNT = 200


@pytest.fixture
def rich() -> Iterator[Sandbox]:
    with Sandbox(limits=False, balance=10_000) as sandbox:
        yield sandbox


@pytest.fixture(params=["files", "postgres"])
def is_shared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        monkeypatch.setenv("NEXMO_NB_STATE", server.url())
    return bool(request.param == "postgres")


def start(sandbox: Sandbox, hours: float, what: str, folder: Path | None = None) -> subprocess.Popen[str]:
    own = {} if folder is None else {"NEXMO_NB_STATE_DIR": str(folder)}
    child = subprocess.Popen(
        [sys.executable, "-c", JOB, sandbox.url, str(hours), what],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **own},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n", child.communicate()
    return child


def in_hours(hours: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(hours=hours)).isoformat()


def test_jobs_on_two_machines_that_are_killed_again_and_again_send_to_nobody_twice(
    rich: Sandbox, is_shared: bool, tmp_path: Path
) -> None:
    dice = random.Random(5)
    folders = [tmp_path / "one", tmp_path / "two"] if is_shared else [None, None]
    with connected(rich):
        send_batch(make_plan(COUNT, prices=False), at=in_hours(2), wait=False)
        assert nx.run_due()[["accepted", "left"]].values.tolist() == [[0, COUNT]]
    assert rich.messages == []
    for _ in range(2):
        jobs = [start(rich, 3, "due", folder) for folder in folders]
        goal, victim = len(rich.messages) + dice.randint(5, 60), dice.choice(jobs)
        while len(rich.messages) < goal and victim.poll() is None:
            time.sleep(0.0005)
        victim.kill()
        for job in jobs:
            _, err = job.communicate(timeout=300)
            assert not err, err
    with connected(rich) as session:
        session.clock = lambda: time.time() + 3 * 3600
        nx.run_due()
        assert nx.run_due().empty
        states = nx.sent("b", planned=True).set_index("to").state
    assert set(states) <= {"accepted", "unknown"}
    received = count_received(rich)
    assert max(received.values()) == 1
    assert set(people(COUNT)) - set(received) <= set(states.index[states == "unknown"])


def test_a_run_that_is_killed_while_it_waits_loses_nothing_and_leaves_its_hours(rich: Sandbox, is_shared: bool) -> None:
    """Whoever goes on without a word about hours waits as well; when they have come, it sends."""
    hours = {"at": in_hours(2), "days": "Mon-Sun"}
    for arguments in (hours, {}):
        child = start(rich, 0, repr(arguments))
        assert child.stdout is not None
        assert "50 messages wait. The first may leave at" in child.stdout.readline()
        child.kill()
        child.communicate()
        assert rich.messages == []
    for _ in range(2):
        out, err = start(rich, 3, "{}").communicate(timeout=300)
        assert not err, err
        assert out.count('"accepted"') >= 50
    assert count_received(rich) == Counter(people(50))


def test_a_run_that_waits_is_over_at_once_when_it_is_interrupted(rich: Sandbox) -> None:
    child = start(rich, 0, repr({"at": in_hours(2)}))
    assert child.stdout is not None
    assert "50 messages wait" in child.stdout.readline()
    child.send_signal(2)
    out, err = child.communicate(timeout=60)
    assert "50 left. Run the same call again" in out
    assert "KeyboardInterrupt" in err
