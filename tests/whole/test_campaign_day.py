"""A campaign as a whole: eight countries, three languages, own numbers, quiet hours, people who said no, and two kills.

What became of it is read from the sandbox's own books.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

# It is 19:59:10 in Berlin: those of Spain, Germany and France have a minute left, and India sleeps.
EVENING = datetime(2026, 12, 1, 18, 59, 10, tzinfo=timezone.utc)
OPENS, CLOSES = "09:00", "20:00"
LAST_ARRIVAL = "20:01"  # a message may be on its way for some time, on a busy machine
ZONES = {
    "US": "America/New_York", "GB": "Europe/London", "PT": "Europe/Lisbon", "ES": "Europe/Madrid",
    "DE": "Europe/Berlin", "FR": "Europe/Paris", "BR": "America/Sao_Paulo", "IN": "Asia/Kolkata",
}  # fmt: skip
FIRST_NUMBERS = {
    "US": 12125550000, "GB": 447700100000, "PT": 351912340000, "ES": 34612340000,
    "DE": 4915112340000, "FR": 33612340000, "BR": 5511987650000, "IN": 919812340000,
}  # fmt: skip
COUNTS = {"US": 100, "GB": 500, "PT": 300, "ES": 260, "DE": 260, "FR": 240, "BR": 200, "IN": 140}
LANGUAGES = {"PT": "pt", "BR": "pt", "ES": "es"}
TEXTS = {"en": "Your parcel comes tomorrow.", "pt": "A encomenda chega amanhã.", "es": "Tu paquete llega mañana."}
POOL = ["14155550100", "14155550101", "14155550102", "14155550103"]
BATCH = "parcel"


def list_people() -> pd.DataFrame:
    """List 2,000 people, in no order; the countries in the west of Europe make the most."""
    rows = [
        {"to": str(FIRST_NUMBERS[country] + n), "country": country, "language": LANGUAGES.get(country, "en")}
        for country, count in COUNTS.items()
        for n in range(count)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=7).reset_index(drop=True)


CHILD = """
import json, sys, time
import nexmo_nb as nx
from test_campaign_day import BATCH, CLOSES, OPENS, POOL, TEXTS, list_people

url, ahead, step = sys.argv[1], float(sys.argv[2]), sys.argv[3]
session = nx.connect(url, calls=1_000_000)
session.clock = lambda: time.time() + ahead
if step == "due":
    print(nx.run_due().to_json(orient="records"))
else:
    people = list_people()
    plan = nx.plan_sms(people, TEXTS, sender="Parcels", pool={"US": POOL}, language="language")
    nx.send_many(
        plan, batch=BATCH, window=(OPENS, CLOSES), days="Mon-Sat", doubtful="send", wait=step == "send", progress=False
    )
"""


def start_child(sandbox: Sandbox, step: str) -> subprocess.Popen[str]:
    ahead = sandbox.clock.now().timestamp() - time.time()
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, sandbox.url, str(ahead), step],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


class Trouble:
    """What goes wrong on the way: of a hundred messages, about five are throttled and three refused."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.rounds = sandbox, 0

    def wait(self, child: subprocess.Popen[str], goal: int) -> None:
        """Make trouble until so many messages were sent in all, or the child has ended."""
        while child.poll() is None and len(self.sandbox.messages) < goal:
            while self.rounds < len(self.sandbox.messages) // 40:
                self.rounds += 1
                self.sandbox.fail_next("throttled", 2, "/sms")
                self.sandbox.fail_next("status", 1, "/sms", code=6)
            time.sleep(0.02)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    ahead = EVENING - datetime.now(timezone.utc)
    with Sandbox(now=lambda: datetime.now(timezone.utc) + ahead, limits=True, balance=10_000) as sandbox:
        yield sandbox


def connect_by_clock(sandbox: Sandbox) -> nx.Session:
    session = connected(sandbox)
    session.clock = lambda: sandbox.clock.now().timestamp()
    return session


@pytest.mark.slow
def test_a_campaign_meets_nobody_twice_nobody_who_said_no_and_nobody_at_night(sandbox: Sandbox) -> None:
    people, trouble = list_people(), Trouble(sandbox)
    before, meanwhile = people.to[:40].tolist(), people.to[-60:].tolist()
    session = connect_by_clock(sandbox)
    nx.suppress(before, reason="asked by phone")
    under_way: set[str] = set()

    for goal in (300, 700):
        child = start_child(sandbox, "send")
        trouble.wait(child, goal)
        assert child.poll() is None, child.communicate()
        child.send_signal(signal.SIGKILL)
        child.communicate()
        written = {message["to"] for message in sandbox.messages}
        late = [number for number in meanwhile if number not in written]
        noted = nx.suppress(late, reason="wrote STOP")
        under_way |= set(noted.to[noted.under_way > 0])  # it may still arrive
    late = [number for number in late if number not in under_way]
    assert late
    for step in ("keep", "due"):
        child = start_child(sandbox, step)
        trouble.wait(child, len(people) + 1)
        _, err = child.communicate()
        assert child.returncode == 0, err
    assert nx.batch(BATCH).left >= COUNTS["IN"] - 20  # India slept, and more in the west of Europe went to bed
    # It is 9:05 in London then, and later in the other countries that wait.
    sandbox.clock.move(timedelta(hours=14, minutes=6))
    child = start_child(sandbox, "due")
    trouble.wait(child, len(people) + 1)
    _, err = child.communicate()
    assert child.returncode == 0, err

    nx.settle(BATCH)
    found = nx.batch(BATCH)
    received = Counter(message["to"] for message in sandbox.messages)
    states = {state: set(rows.to) for state, rows in found.rows.groupby("state")}
    refused = set(found.rows.to[found.rows.code == "6"])
    assert max(received.values()) == 1
    assert not set(received) & {*before, *late}
    assert set(received) == states["accepted"]
    assert set(people.to) == {*received, *before, *late, *refused, *states.get("not_found", ())}
    assert len(refused) >= 30
    assert len(states.get("not_found", ())) <= 2 * 64  # what was under way when the process was killed
    assert (found.left, found.unknown, found.under_way) == (0, 0, 0)
    assert found.accepted == len(sandbox.messages)
    assert found.cost == pytest.approx(sum(float(message["price"]) for message in sandbox.messages))
    check_hours(sandbox)
    check_paces(sandbox)
    session.close()


def check_hours(sandbox: Sandbox) -> None:
    for message in sandbox.messages:
        local = pd.Timestamp(message["time"]).tz_convert(ZoneInfo(ZONES[message["country"]]))
        assert OPENS <= f"{local:%H:%M:%S}" < LAST_ARRIVAL, message
        assert local.weekday() != 6


def check_paces(sandbox: Sandbox) -> None:
    times = defaultdict(list)
    for message in sandbox.messages:
        times[message["sender"]].append(pd.Timestamp(message["time"]).timestamp())
    assert set(times) == {*POOL, "Parcels"}
    for sender in POOL:
        moments = sorted(times[sender])
        assert len(moments) >= 10
        assert min(later - earlier for earlier, later in pairwise(moments)) >= 1.0
    every = sorted(moment for moments in times.values() for moment in moments)
    assert all(later - earlier >= 1.0 for earlier, later in zip(every, every[31:], strict=False))
