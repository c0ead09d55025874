"""Batches of several processes and machines: one cap, nobody twice, and what a lost process or database leaves.

A machine is a process with a folder of its own; what machines share is in PostgreSQL.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from campaign_helpers import count_received, make_plan, people, send_batch
from helpers import connected, ending, hold_answers
from postgres_server import PASSWORD, PostgresServer

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

COUNT = 300
SENDER = """
import json, sys, warnings
import nexmo_nb as nx
where, cap, workers = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
session = nx.connect(where, calls=1000000, limits=dict.fromkeys(("sms", "pricing", "reports"), (1000000, 1.0)))
plan = nx.plan_sms([f"3519{12_340_001 + n:08d}" for n in range(300)], "Hello", sender="Demo")
print("ready", flush=True)
sys.stdin.readline()
error, on_cap = "", "refuse" if cap is None else "stop"
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    try:
        nx.send_many(plan, batch="b", max_cost=cap, on_cap=on_cap, workers=workers, progress=False)
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"
print(json.dumps({"error": error, "said": [str(each.message) for each in said]}), flush=True)
"""


class Machine:
    """A process that sends the batch, when it is told to go."""

    def __init__(self, sandbox: Sandbox, folder: Path, cap: float | None, workers: int | None) -> None:
        arguments = [sandbox.url, json.dumps(cap), json.dumps(workers)]
        self.child = subprocess.Popen(
            [sys.executable, "-c", SENDER, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NEXMO_NB_STATE_DIR": str(folder)},
        )

    def go(self) -> None:
        assert self.child.stdout is not None
        assert self.child.stdin is not None
        line = self.child.stdout.readline()
        assert line == "ready\n", self.child.stderr and self.child.stderr.read()
        self.child.stdin.write("go\n")
        self.child.stdin.flush()

    def end(self) -> dict[str, Any]:
        out, err = self.child.communicate(timeout=600)
        assert not err, err
        return json.loads(out)  # type: ignore[no-any-return]

    def kill(self) -> None:
        self.child.kill()
        self.child.communicate()


Start = Callable[..., Machine]


@pytest.fixture
def rich() -> Iterator[Sandbox]:
    with Sandbox(limits=False, balance=10_000) as sandbox:
        yield sandbox


@pytest.fixture
def shared(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setenv("NEXMO_NB_STATE", postgres.url())


@pytest.fixture
def where(request: pytest.FixtureRequest) -> str:
    if request.param == "postgres":
        request.getfixturevalue("shared")
    return str(request.param)


@pytest.fixture
def start(rich: Sandbox, tmp_path: Path) -> Iterator[Start]:
    """Start a process; with the state in files they share a folder, else each has its own."""
    started: list[Machine] = []

    def work(cap: float | None = None, workers: int | None = 8) -> Machine:
        is_shared = "NEXMO_NB_STATE" in os.environ
        folder = tmp_path / f"machine {len(started)}" if is_shared else Path(os.environ["NEXMO_NB_STATE_DIR"])
        started.append(Machine(rich, folder, cap, workers))
        return started[-1]

    yield work
    for machine in started:
        machine.kill()


@pytest.fixture
def highest(rich: Sandbox, tmp_path: Path) -> float:
    """What a message of the batch may cost at most; asked for by a machine that has no part in it."""
    with connected(rich, state_dir=tmp_path / "another") as session:
        return float(nx.prices("PT", session=session).price.max())


def spent_of(sandbox: Sandbox) -> float:
    return sum(float(message["price"]) for message in sandbox.messages)


def wait_for(sandbox: Sandbox, count: int, *machines: Machine) -> None:
    """Wait until so many messages came, or the machines have ended."""
    with ending():
        while len(sandbox.messages) < count and any(machine.child.poll() is None for machine in machines):
            time.sleep(0.0005)


def read_spent(session: nx.Session) -> float:
    return float(session.ledger.budgets.read_batch("b")[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "caps"), [("files", (50, 100)), ("postgres", (100, 100, 50, 100))], indirect=["where"]
)
def test_processes_keep_one_cap_together_and_use_all_of_it(
    rich: Sandbox, where: str, start: Start, highest: float, caps: tuple[int, ...]
) -> None:
    """One of them has a lower cap, and stops at that."""
    machines = [(start(cap * highest), cap * highest) for cap in caps]
    for machine, _ in machines:
        machine.go()
    for machine, cap in machines:
        found = machine.end()
        assert found["error"] == ""
        assert all(f"Stopped before max_cost={cap} was passed: " in each for each in found["said"])
    cap, sent = 100 * highest, len(rich.messages)
    assert cap - highest < spent_of(rich) <= cap + 1e-9
    assert max(count_received(rich).values()) == 1
    with connected(rich):
        with pytest.raises(nx.InvalidRequestError, match=rf"allowed: at least .*: {spent_of(rich):.4f} spent so far"):
            send_batch(make_plan(COUNT), max_cost=cap)
        with pytest.warns(UserWarning, match=f"was passed: {spent_of(rich):.4f} is spent, by all runs of the batch"):
            send_batch(make_plan(COUNT), max_cost=cap / 2, on_cap="stop")
        assert len(rich.messages) == sent
        assert set(send_batch(make_plan(COUNT), max_cost=COUNT * highest).state) == {"accepted"}
    assert count_received(rich) == Counter(people(COUNT))


@pytest.mark.slow
@pytest.mark.parametrize("where", ["files", "postgres"], indirect=True)
def test_killed_again_and_again_processes_do_not_pass_the_cap(
    rich: Sandbox, where: str, start: Start, highest: float
) -> None:
    """What was under way counts with its estimate, for it may have been sent; settling gives back what was not."""
    dice, cap = random.Random(5), 80 * highest
    for _ in range(3):
        machines = [start(cap), start(cap)]
        for machine in machines:
            machine.go()
        wait_for(rich, len(rich.messages) + dice.randint(1, 12), *machines)
        for machine in machines:
            machine.kill()
        assert spent_of(rich) <= cap + 1e-9
    with connected(rich) as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        send_batch(make_plan(COUNT), max_cost=cap, on_cap="stop")
        assert cap - highest < read_spent(session) <= cap + 1e-9
        assert spent_of(rich) <= read_spent(session) + 1e-9
        nx.settle("b", delay=0)
        assert read_spent(session) == pytest.approx(spent_of(rich))
        send_batch(make_plan(COUNT), max_cost=cap, on_cap="stop")
    assert cap - highest < spent_of(rich) <= cap + 1e-9
    assert max(count_received(rich).values()) == 1


@pytest.mark.slow
def test_what_a_killed_machine_had_under_way_is_unknown_to_the_others_and_not_sent_again(
    rich: Sandbox, shared: None, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rich, "latency", 0.001)
    released = hold_answers(rich, monkeypatch, after=20)
    killed = start(workers=4)
    killed.go()
    wait_for(rich, 20, killed)
    with ending():  # until each of its workers has a message under way
        while sum(request["path"] == "/sms/json" for request in rich.requests) < len(rich.messages) + 4:
            time.sleep(0.001)
    killed.kill()
    released.set()
    with connected(rich):
        found = send_batch(make_plan(COUNT))
    assert Counter(found.state) == {"accepted": COUNT - 4, "unknown": 4}
    assert max(count_received(rich).values()) == 1
    assert set(people(COUNT)) - set(count_received(rich)) <= set(found.to[found.state == "unknown"])


@pytest.mark.slow
def test_a_database_that_stops_in_the_middle_stops_every_machine_and_the_rest_is_sent_after_its_start(
    rich: Sandbox, shared: None, start: Start, postgres: PostgresServer, highest: float
) -> None:
    machines = [start(200 * highest, workers=4) for _ in range(2)]
    for machine in machines:
        machine.go()
    wait_for(rich, 60, *machines)
    postgres.stop()
    try:
        found = [machine.end() for machine in machines]
        stopped_at = len(rich.messages)
        assert 60 <= stopped_at < 200
        for each in found:
            assert each["error"].startswith("UnreachableError: ")
            assert PASSWORD not in str(each)
        # One may still have read what there is to do when it happened.
        assert any("Batch 'b': " in each["error"] for each in found)
        with pytest.raises(
            nx.UnreachableError, match=r"^state: got 'postgresql://tester@127.0.0.1.*See that the database"
        ):
            connected(rich)
    finally:
        postgres.start()
    assert len(rich.messages) == stopped_at
    with connected(rich) as session:
        found = send_batch(make_plan(COUNT), max_cost=400 * highest)
        unknown = set(found.to[found.state == "unknown"])
        assert set(found.state) <= {"accepted", "unknown"}
        assert len(unknown) <= 8
        assert max(count_received(rich).values()) == 1
        assert set(people(COUNT)) - set(count_received(rich)) <= unknown
        nx.settle("b", delay=0)
        assert read_spent(session) == pytest.approx(spent_of(rich))
