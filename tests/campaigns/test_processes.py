"""Batches whose process is interrupted, killed, or not alone."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import pandas as pd
import pytest
from campaign_helpers import count_received, make_plan, people, send_batch
from helpers import connected, hold_answers

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

SENDER = """
import sys
import pandas as pd
import nexmo_nb as nx
session = nx.connect(sys.argv[1], calls=1000000, limits=dict.fromkeys(("sms", "pricing", "reports"), (1000000, 1.0)))
plan = nx.plan_sms([f"3519{12_340_001 + n:08d}" for n in range(int(sys.argv[2]))], "Hello", sender="Demo", prices=False)
texts = sys.argv[3:]
if texts:
    plan = pd.concat([plan.assign(text=text) for text in texts])
print("ready", flush=True)
nx.send_many(plan, batch="b", progress=False, workers=8)
print("done", flush=True)
"""


@pytest.fixture
def rich() -> Iterator[Sandbox]:
    """A sandbox whose account can pay for thousands of messages."""
    with Sandbox(limits=False, balance=10_000) as sandbox:
        yield sandbox


def sender(sandbox: Sandbox, count: int, *texts: str) -> subprocess.Popen[str]:
    """Start a process that sends a batch to so many people, each of the texts to everybody; "Hello" without any."""
    return subprocess.Popen(
        [sys.executable, "-c", SENDER, sandbox.url, str(count), *texts],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_an_interrupt_finishes_what_is_in_flight_and_says_how_to_go_on(
    rich: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rich, "latency", 0.05)
    released = hold_answers(rich, monkeypatch, after=40)
    child = sender(rich, 2000)
    while len(rich.messages) < 40:
        assert child.poll() is None, child.communicate()
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    released.set()
    out, err = child.communicate(timeout=300)
    monkeypatch.setattr(rich, "latency", 0.0)
    assert "Run the same call again" in out
    assert "KeyboardInterrupt" in err
    with connected(rich):
        counts = Counter(nx.sent("b", planned=True).state)
        assert set(counts) == {"accepted", "planned"}
        assert counts["accepted"] == len(rich.messages)
        assert set(send_batch(make_plan(2000, prices=False)).state) == {"accepted"}
    assert count_received(rich) == Counter(people(2000))


@pytest.mark.slow
def test_two_processes_share_a_batch(rich: Sandbox) -> None:
    children = [sender(rich, 400) for _ in range(2)]
    for child in children:
        out, err = child.communicate(timeout=600)
        assert out.split() == ["ready", "done"], err
    assert count_received(rich) == Counter(people(400))


def kill_while_sending(child: subprocess.Popen[str], sandbox: Sandbox, dice: random.Random) -> None:
    """Kill a sender at a random moment, unless it has ended by itself."""
    assert child.stdout is not None
    child.stdout.readline()
    goal = len(sandbox.messages) + dice.randint(1, 70)
    while len(sandbox.messages) < goal and child.poll() is None:
        time.sleep(0.0005)
    child.kill()
    child.communicate()


@pytest.mark.slow
def test_killed_twenty_times_nobody_gets_two_and_settling_finds_the_rest(rich: Sandbox) -> None:
    """The sender is killed at random moments and started again, until everybody has been served."""
    dice = random.Random(7)
    count, kills = 1000, 0
    while kills < 20:
        child = sender(rich, count)
        kill_while_sending(child, rich, dice)
        kills += 1
    with connected(rich):
        found = send_batch(make_plan(count, prices=False))
        assert set(found.state) <= {"accepted", "unknown"}
        assert max(count_received(rich).values()) == 1
        unknown = set(found.to[found.state == "unknown"])
        assert set(people(count)) - set(count_received(rich)) <= unknown
        settled = nx.settle("b", delay=0)
        assert set(settled.to) == unknown
        assert set(settled.state) <= {"accepted", "not_found"}
        assert set(settled.to[settled.state == "accepted"]) == unknown & set(count_received(rich))
        send_batch(make_plan(count, prices=False), resend_not_found=True)
    assert count_received(rich) == Counter(people(count))


def count_texts(sandbox: Sandbox) -> Counter[tuple[str, str]]:
    return Counter((message["to"], message["text"]) for message in sandbox.messages)


@pytest.mark.slow
def test_processes_with_one_text_and_with_two_send_each_text_once(rich: Sandbox) -> None:
    children = [sender(rich, 300, *texts) for texts in (["One"], ["Two", "One"], ["One", "Two"])]
    for child in children:
        out, err = child.communicate(timeout=600)
        assert out.split() == ["ready", "done"], err
    assert count_texts(rich) == Counter({(to, text): 1 for to in people(300) for text in ("One", "Two")})


@pytest.mark.slow
def test_killed_again_and_again_with_one_text_and_then_two_nobody_gets_one_twice(rich: Sandbox) -> None:
    """The first runs have one text for everybody, the later ones two, in the other order."""
    dice = random.Random(11)
    count = 500
    for kill in range(12):
        child = sender(rich, count, *(["One"] if kill < 4 else ["Two", "One"]))
        kill_while_sending(child, rich, dice)
    with connected(rich):
        plan = pd.concat([make_plan(count, text, prices=False) for text in ("One", "Two")])
        found = send_batch(plan)
        assert set(found.state) <= {"accepted", "unknown"}
        assert max(count_texts(rich).values()) == 1
        unknown = found.state == "unknown"
        everything = set(zip(plan.to, plan.text, strict=True))
        assert everything - set(count_texts(rich)) <= set(zip(plan.to[unknown], plan.text[unknown], strict=True))
        nx.settle("b", delay=0)
        send_batch(plan, resend_not_found=True)
    assert count_texts(rich) == Counter(dict.fromkeys(everything, 1))
