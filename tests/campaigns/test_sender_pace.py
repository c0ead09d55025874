"""The pace of each sender of a batch, as the sandbox's own log has it."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from itertools import pairwise

import pandas as pd
import pytest
from campaign_helpers import people, send_batch
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

NUMBERS = [f"1415555010{n}" for n in range(4)]


def make_plan(senders: list[str], start: int = 0) -> pd.DataFrame:
    plan = nx.plan_sms(people(len(senders), start), "Hello", sender="Demo", prices=False)
    return plan.assign(sender=pd.array(senders, dtype="string"))


def read_moments(sandbox: Sandbox) -> dict[str, list[float]]:
    """Read when messages arrived from each sender."""
    moments = defaultdict[str, list[float]](list)
    for request in sandbox.requests:
        if request["path"] == "/sms/json":
            moments[request["form"]["from"]].append(request["at"])
    return moments


def find_gap(moments: list[float]) -> float:
    return min(later - earlier for earlier, later in pairwise(sorted(moments)))


def test_numbers_send_beside_each_other_each_at_its_pace_and_nobody_waits_for_another(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of the plan are from the slow numbers; the others leave while these wait."""
    pace = 0.15
    fast = connected(sandbox, limits={"sms": (1_000_000, 1.0), **dict.fromkeys(NUMBERS, (1, pace))})
    plan = make_plan(NUMBERS * 3 + ["Demo"] * 30)
    monkeypatch.setattr(sandbox.world, "limits", False)
    assert send_batch(plan, session=fast).state.tolist() == ["accepted"] * 42
    moments = read_moments(sandbox)
    assert {sender: len(found) for sender, found in moments.items()} == {**dict.fromkeys(NUMBERS, 3), "Demo": 30}
    assert min(find_gap(moments[number]) for number in NUMBERS) >= pace
    # They send at the same time: each begins before another has come to its second message.
    assert max(map(min, moments.values())) < min(sorted(moments[number])[1] for number in NUMBERS)


def test_a_single_message_waits_for_its_number(session: nx.Session, sandbox: Sandbox) -> None:
    waits: list[float] = []
    session.throttle._sleep = lambda seconds: (waits.append(seconds), session.throttle.give_back(held))[0]  # type: ignore[func-returns-value]
    held = ["held"]
    session.throttle.acquire("held", "sms", sender=NUMBERS[0])
    for sender in (NUMBERS[1], "Demo"):
        nx.send_sms("351912340001", "Hello", sender=sender)
    assert waits == []
    nx.send_sms("351912340001", "Hello", sender=NUMBERS[0])
    assert len(waits) == 1


SENDER = """
import sys
import pandas as pd
import nexmo_nb as nx
session = nx.connect(sys.argv[1], calls=1_000_000)
session.throttle.notify = lambda _: None
senders = sys.argv[3:]
people = [str(int(sys.argv[2]) + n) for n in range(len(senders))]
plan = nx.plan_sms(people, "Hello", sender="Demo", prices=False).assign(sender=pd.array(senders, dtype="string"))
print(*nx.send_many(plan, batch=sys.argv[2], progress=False).state)
"""


@pytest.mark.slow
def test_several_processes_keep_the_pace_of_each_number_together(sandbox: Sandbox) -> None:
    """Two processes send three messages from each of four numbers, and thirty that have no pace."""
    senders = NUMBERS * 3 + ["Demo"] * 30
    command = [sys.executable, "-c", SENDER, sandbox.url]
    children = [
        subprocess.Popen([*command, first, *senders], stdout=subprocess.PIPE, text=True)
        for first in ("351912340001", "351912350001")
    ]
    for child in children:
        assert child.communicate(timeout=120)[0].split() == ["accepted"] * 42
    moments = read_moments(sandbox)
    assert {sender: len(found) for sender, found in moments.items()} == {**dict.fromkeys(NUMBERS, 6), "Demo": 60}
    assert min(find_gap(moments[number]) for number in NUMBERS) >= 1.0
