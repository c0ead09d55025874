"""Nothing leaves to people after they were put on the do-not-send list, whoever sends meanwhile, and whoever is killed.

What had left, or was about to leave, when `suppress` returned is what it says is under way: no more than that arrives.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from campaign_helpers import count_received, make_plan, people
from helpers import connected
from postgres_server import PASSWORD, PostgresServer

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.suppression import forget_people

COUNT, KILLS = 450, 2
SENDER = """
import sys
import nexmo_nb as nx
nx.connect(sys.argv[1], calls=1000000, limits=dict.fromkeys(("sms", "pricing", "reports"), (1000000, 1.0)))
plan = nx.plan_sms([f"3519{12_340_001 + n:08d}" for n in range(450)], "Hello", sender="Demo", prices=False)
plan["problem"] = plan["problem_code"] = None  # a plan of before somebody said stop
plan = plan.astype({"problem": "string", "problem_code": "string"})
print("ready", flush=True)
nx.send_many(plan, batch="b", progress=False, workers=8)
print("done", flush=True)
"""


@pytest.fixture
def rich() -> Iterator[Sandbox]:
    with Sandbox(limits=False, balance=10_000, latency=0.15) as sandbox:
        yield sandbox


def start(sandbox: Sandbox, folder: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", SENDER, sandbox.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NEXMO_NB_STATE_DIR": str(folder)},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n", child.communicate()
    return child


@pytest.mark.slow
@pytest.mark.parametrize("where", ["files", "postgres"])
def test_nobody_who_was_suppressed_in_the_midst_of_a_batch_gets_it(
    rich: Sandbox, tmp_path: Path, where: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        monkeypatch.setenv("NEXMO_NB_STATE", server.url())
    folders = [Path(os.environ["NEXMO_NB_STATE_DIR"]) if where == "files" else tmp_path / f"m{n}" for n in range(3)]
    dice, numbers = random.Random(5), people(COUNT)
    allowed: dict[str, int] = {}  # how many messages a suppressed person may have got
    with connected(rich) as session:
        for kill in range(KILLS):
            children = [start(rich, folder) for folder in folders[1:]]
            for _ in range(8):
                goal = len(rich.messages) + dice.randint(0, 20)
                while len(rich.messages) < goal and any(child.poll() is None for child in children):
                    time.sleep(0.001)
                got = count_received(rich)
                left = [to for to in numbers if to not in allowed and not got[to]]
                chosen = dice.sample(left, min(4, len(left)))
                table = nx.suppress([f"+{to}" for to in chosen])
                got = count_received(rich)
                allowed |= {to: got[to] + under_way for to, under_way in zip(table.to, table.under_way, strict=True)}
            if kill % 2:  # their numbers, and not those of the batch, which could not be continued then
                session.ledger._transact(lambda connection: forget_people(connection, 1e12))
            for child in children:
                child.kill()
                child.communicate()
        plan = make_plan(COUNT, prices=False)
        assert set(plan.to[plan.problem_code == "suppressed"]) == set(allowed)
        children = [start(rich, folder) for folder in folders[1:]]
        for child in children:
            out, err = child.communicate(timeout=300)
            assert out == "done\n", err
    got = count_received(rich)
    assert {to: got[to] for to in allowed if got[to] > allowed[to]} == {}
    assert max(got.values()) == 1
    assert sum(allowed[to] == 0 for to in allowed) > len(allowed) / 4  # it was met in time often enough to tell
