"""The limit that machines share in a PostgreSQL: never one call too many by the server's count, whatever fails."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from machines import can_make_machines, make_machines
from postgres_server import PASSWORD, PostgresServer, run_postgres

from nexmo_nb.errors import UnreachableError
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state import throttle_sql
from nexmo_nb.state.limits import Limit
from nexmo_nb.state.postgres import PostgresStore
from nexmo_nb.state.postgres_connection import Address
from nexmo_nb.state.throttle import Grant, Throttle
from nexmo_nb.state.windows import BULK, INTERACTIVE

Make = Callable[..., Throttle]


@pytest.fixture
def make(address: Address, tmp_path: Path) -> Iterator[Make]:
    opened: list[Throttle] = []
    schema = f"test {secrets.token_hex(8)}"

    def work(calls: int = 5, period: float = 10.0, hold: float = 8.0, **options: object) -> Throttle:
        settings = {"limits": {"sms": Limit(2, 1.0)}, "notify": lambda _: None, **options}
        store = PostgresStore(address, schema)
        throttle = Throttle(tmp_path / "t", calls=calls, period=period, hold=hold, store=store, **settings)  # type: ignore[arg-type]
        opened.append(throttle)
        return throttle

    yield work
    for throttle in opened:
        throttle.close()


def take(throttle: Throttle, count: int, family: str = "", lane: str = INTERACTIVE) -> tuple[int, float]:
    return throttle.try_acquire([secrets.token_hex(8) for _ in range(count)], family, lane)


def test_two_machines_share_one_window_by_the_clock_of_the_server(make: Make) -> None:
    """Their own clocks, of different boots, count only for how long a slot is good for leaving."""
    one, two = make(clock=lambda: 5.0), make(clock=lambda: 1e9)
    assert take(one, 3) == (3, 0.0)
    taken, wait = take(two, 3)
    assert taken == 2
    assert 9.0 < wait <= 10.0
    assert one.status() == (5, 5, pytest.approx(10.0, abs=1.0))


def test_a_clock_that_is_set_back_does_not_make_room(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    throttle = make()
    assert take(throttle, 5)[0] == 5
    now = throttle._database.read(throttle_sql._read_clock)
    monkeypatch.setattr(throttle_sql, "_read_clock", lambda _: now - 3600.0)
    assert take(throttle, 1) == (0, pytest.approx(10.0, abs=1.0))


@pytest.mark.parametrize("hold", [8.0, 15.0])
def test_after_a_crash_of_the_server_nothing_leaves_for_a_window(
    make: Make, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, hold: float
) -> None:
    """As long as the longest window, and as a request that had left may be under way."""
    one, two = make(hold=hold), make(hold=hold)
    take(one, 5)
    at = one._database.read(throttle_sql._read_clock)
    postgres.crash()
    with pytest.raises(UnreachableError, match="Nothing was sent") as caught:
        take(two, 1)
    assert "See that the database runs" in str(caught.value)
    postgres.start()
    wanted = max(10.0, hold)
    monkeypatch.setattr(throttle_sql, "_read_clock", lambda _: at + 1.0)
    assert one.seconds_until_free("", INTERACTIVE) == wanted
    assert take(two, 1) == (0, wanted)
    monkeypatch.setattr(throttle_sql, "_read_clock", lambda _: at + 1.0 + wanted - 0.5)
    assert one.status().wait == pytest.approx(0.5)
    assert take(one, 1, "sms", BULK) == (0, pytest.approx(0.5))
    monkeypatch.setattr(throttle_sql, "_read_clock", lambda _: at + 1.0 + wanted)
    assert take(one, 6)[0] == 5


def test_a_stop_in_order_loses_no_slot(make: Make, postgres: PostgresServer) -> None:
    throttle = make()
    take(throttle, 4)
    postgres.stop()
    postgres.start()
    assert throttle.status().used == 4
    assert take(throttle, 4)[0] == 1


def test_the_limits_of_a_session_hold_for_others_until_its_connection_ends(make: Make) -> None:
    low, high = make(5), make(20)
    assert take(high, 20)[0] == 5
    low.close()
    while take(high, 15)[0] == 0:  # the server may learn of it a little later
        pass
    assert high.status().used == 20


def test_who_waits_asks_the_server_when_the_wait_is_over(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    throttle = make(1, 2.5, sleep=slept.append)
    throttle.acquire("one", "", INTERACTIVE)
    throttle.confirm("one")
    asked: list[float] = []
    try_acquire = throttle.try_acquire_from

    def count(*arguments: object) -> Grant:
        asked.append(sum(slept))
        if len(asked) == 2:
            at = throttle._database.read(throttle_sql._read_clock)
            monkeypatch.setattr(throttle_sql, "_read_clock", lambda _: at + 2.5)
        return try_acquire(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(throttle, "try_acquire_from", count)
    throttle.acquire("two", "", INTERACTIVE)
    assert asked == [0.0, pytest.approx(2.5, abs=0.5)]
    assert max(slept) <= 1.0


MACHINE = """
import os, random, sys, time, warnings
import nexmo_nb as nx
from requests.adapters import HTTPAdapter
url, state, folder, end = sys.argv[1:]

class Network(HTTPAdapter):
    def send(self, *args, **kwargs):
        time.sleep(random.uniform(0, 0.1))
        try:
            return super().send(*args, **kwargs)
        finally:
            time.sleep(random.uniform(0, 0.1))

warnings.simplefilter("ignore")  # the connection to the bridge is in clear
session = nx.connect(url, calls=20, period=2.0, cache=False, state=state, state_dir=folder)
session.throttle.notify = lambda _: None
session.mount("http://", Network())
while not os.path.exists(end):
    nx.applications(limit=1)
"""


@pytest.mark.slow
def test_eight_processes_on_four_machines_keep_one_limit(tmp_path: Path) -> None:
    """Where machines of their own cannot be made, they have at least folders of their own."""
    with Sandbox() as sandbox, run_postgres(listen="*") as server, ExitStack() as stack:
        port, host, machines = int(sandbox.url.rpartition(":")[2]), "127.0.0.1", [[] for _ in range(4)]
        if can_make_machines():
            host, machines = stack.enter_context(make_machines(4, port))
        state, end = server.url().replace("127.0.0.1", host), tmp_path / "end"
        running = [
            subprocess.Popen(
                [*machine, sys.executable, "-c", MACHINE, sandbox.url, state, str(tmp_path / str(n)), str(end)],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PGPASSWORD": PASSWORD},
            )
            for n, machine in enumerate(machines)
            for _ in range(2)
        ]
        moments: list[float] = []
        while len(moments) < 60:
            assert {machine.poll() for machine in running} == {None}
            time.sleep(0.1)
            moments = sorted(entry["at"] for entry in sandbox.requests if entry["path"] == "/v2/applications")
        end.touch()
        assert [machine.wait(180) for machine in running] == [0] * 8
    assert max(sum(1 for other in moments[n:] if other < at + 2.0) for n, at in enumerate(moments)) <= 20
