"""Plans in Dask are sent on workers, each connected by itself: nobody twice, whoever dies, and no secret on the way."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module as load  # when a test runs: it takes a second
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import count_received, people
from helpers import connected
from postgres_server import MISSING, PASSWORD, PostgresServer, find_programs, run_postgres

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

# Dask and tornado leave sockets to the collector of garbage when a cluster ends.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not installed (the extra 'dask')"),
]
SETTINGS = {
    "distributed.scheduler.allowed-failures": 1000,
    # Else a local cluster lets go of a worker that was killed again when it had just been started anew.
    "distributed.deploy.lost-worker-timeout": "1 hour",
}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A cluster of two processes, which have nothing of the caller but what the caller sends them."""
    dask, distributed = load("dask"), load("distributed")
    with (
        dask.config.set(SETTINGS),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs="CRITICAL"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    if find_programs() is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with run_postgres() as server:
        yield server


@pytest.fixture
def rich() -> Iterator[Sandbox]:
    with Sandbox(limits=False, balance=10_000) as sandbox:
        yield sandbox


def plan_people(count: int, parts: int = 4, text: str = "Hello", **options: Any) -> Any:
    table = pd.DataFrame({"to": people(count)}, index=pd.Index(range(500, 500 + count), name="row"))
    return nx.plan_sms(load("dask.dataframe").from_pandas(table, npartitions=parts), text, sender="Demo", **options)


def join(*plans: Any) -> Any:
    return load("dask.dataframe").concat(list(plans))


def send(plan: Any, batch: str = "b", **options: Any) -> Any:
    return nx.send_many(plan, batch=batch, progress=False, **options)


# --- without a cluster -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_without_a_cluster_it_is_said_what_to_do(session: nx.Session) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"Client\(\)\. Or send from this process: plan\.compute\(\)"):
        send(plan_people(2, 1))


# --- what is sent ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_plan_is_sent_once_and_its_outcome_is_that_of_one_frame(client: Any, rich: Sandbox) -> None:
    with connected(rich):
        plan = plan_people(30)
        outcome = send(plan)
        found = outcome.compute()
        assert found.state.tolist() == ["accepted"] * 30
        assert outcome.dtypes.astype(str).to_dict() == found.dtypes.astype(str).to_dict()
        pd.testing.assert_frame_equal(found, send(plan.compute()))
        send(plan)
        send(plan_people(40, 3))
        assert count_received(rich) == Counter(people(40))
        assert set(nx.sent("b").batch) == {"b"}
        # A further text for the same people is another message, and needs another name.
        with pytest.raises(nx.InvalidRequestError, match="already sent another text") as caught:
            send(plan_people(30, text="Bye"))
        assert set(caught.value.parts.compute().state) == {"planned"}
        assert len(rich.messages) == 40


@pytest.mark.slow
def test_what_stands_in_two_partitions_is_sent_once_or_refused(client: Any, rich: Sandbox) -> None:
    with connected(rich):
        twice = join(plan_people(6, 2), plan_people(6, 1))  # nobody asked for duplicates to be found
        assert send(twice).compute().state.tolist() == ["accepted"] * 12
        assert count_received(rich) == Counter(people(6))
        scattered = join(plan_people(6, 2), plan_people(6, 1, "Bye"))
        with pytest.raises(nx.InvalidRequestError, match=r"6 numbers with different texts.*plan\.shuffle\('to'\)"):
            send(scattered, "c")
        assert len(rich.messages) == 6
        send(scattered.shuffle("to"), "c")
        assert count_received(rich) == Counter(dict.fromkeys(people(6), 3))


@pytest.mark.slow
def test_what_refuses_a_plan_does_so_before_anything_leaves(client: Any, rich: Sandbox) -> None:
    with connected(rich):
        plan = plan_people(20)
        # What is wrong stands in the last partition only.
        doubtful = plan.map_partitions(lambda part: part.assign(warning=part.warning.mask(part.index == 519, "Odd.")))
        with pytest.raises(nx.InvalidRequestError, match="1 rows with a warning .*in row 519"):
            send(doubtful)
        unpriced = plan.map_partitions(lambda part: part.assign(price_high=part.price_high.mask(part.index == 519)))
        with pytest.raises(nx.InvalidRequestError, match="1 rows have none, in row 519"):
            send(unpriced, max_cost=100)
        price = float(plan.price_high.max().compute())
        with pytest.raises(nx.InvalidRequestError, match=r"max_cost: got .*for 20 messages"):
            send(plan, max_cost=price * 19.5)
        damaged = plan.map_partitions(lambda part: part.assign(to=part.to.mask(part.index == 519, "+12")))
        with pytest.raises(nx.InvalidRequestError, match="row 519 of the plan"):
            send(damaged)
        with pytest.raises(nx.InvalidRequestError, match="got 'tll'"):
            send(plan, tll=1)
        assert len(rich.messages) == 0
        assert len(nx.sent("b", planned=True)) == 0
        states = send(doubtful, doubtful="skip").compute()
        assert Counter(states.state) == {"accepted": 19, "skipped": 1}
        assert states.error.iloc[-1] == "Odd."
        send(unpriced, "unpriced", max_cost=100, unpriced="skip")
        with pytest.warns(UserWarning, match="Stopped before max_cost=.* was passed, in"):
            capped = send(plan, "cap", max_cost=price * 2.5, on_cap="stop", workers=1).compute()
        assert set(capped.state) == {"accepted", "planned"}


@pytest.mark.slow
def test_a_worker_that_keeps_another_ledger_or_has_another_account_is_refused(
    client: Any, rich: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with connected(rich) as session:
        plan = plan_people(4, 2)
        client.run(lambda folder: os.environ.update(NEXMO_NB_STATE_DIR=folder), str(tmp_path / "elsewhere"))
        try:
            with pytest.raises(nx.InvalidRequestError, match=r"keeps its state in files.*Name one PostgreSQL for all"):
                send(plan)
        finally:
            client.run(lambda: os.environ.pop("NEXMO_NB_STATE_DIR"))
        connected(rich, api_key="abcdefgh", api_secret="anothersecret", state_dir="other")
        with pytest.raises(nx.InvalidRequestError, match=r"connected with api_key=\w+; allowed: abcdefgh"):
            send(plan_people(4, 2, prices=False))
        assert len(rich.messages) == 0
        # Files of SQLite are of one machine, even where another one sees them.
        monkeypatch.setattr("socket.gethostname", lambda: "hub")
        with pytest.raises(nx.InvalidRequestError, match="on hub, in files; allowed: one state for all"):
            nx.send_many(plan, batch="b", progress=False, session=session)
        nx.connect("sandbox")
        with pytest.raises(nx.InvalidRequestError, match="Run `nexmo-nb sandbox`, and connect to its URL"):
            send(plan_people(2, 1, prices=False))
    assert len(rich.messages) == 0


# --- secrets ---------------------------------------------------------------------------------------------------------


def list_specs(dask_scheduler: Any) -> bytes:
    """Give all that the scheduler holds of the tasks that it knows or knew."""
    held = [task.run_spec for task in dask_scheduler.tasks.values()]
    return pickle.dumps((held, repr(dask_scheduler.transition_log), repr(dask_scheduler.get_events())), protocol=5)


@pytest.mark.slow
def test_no_secret_is_in_the_graph_or_with_the_scheduler(
    client: Any, rich: Sandbox, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setattr(rich, "latency", 0.2)
    user, _, rest = postgres.url().partition("@")
    state = f"{user}:pass%40w%3Ard%2F%20%25%3F%23@{rest}?sslmode=prefer"
    client.run(lambda password: os.environ.update(PGPASSWORD=password), PASSWORD)
    found: list[bytes] = []
    with connected(rich, state=state) as session:
        plan = plan_people(40)
        sending = threading.Thread(target=send, args=(plan,), kwargs={"workers": 1, "session": session})
        sending.start()
        while len(rich.messages) < 10:
            time.sleep(0.05)
        found.append(client.run_on_scheduler(list_specs))
        monkeypatch.setattr(rich, "latency", 0.0)
        sending.join(120)
        outcome = send(plan)
        found += [load("distributed.protocol.pickle").dumps(each.dask) for each in (plan, outcome)]
        assert outcome.compute().state.tolist() == ["accepted"] * 40
        secrets = [session.account.api_secret.reveal(), PASSWORD, "pass%40w%3Ard"]
        secrets += [each.reveal() for each in (session.account.private_key,) if each]
    text = "".join(capfd.readouterr())
    assert b"send_part" in found[0]
    assert b"127.0.0.1" in found[0]
    for secret in secrets:
        assert not any(secret.encode() in each for each in found)
        assert secret not in text


# --- trouble ---------------------------------------------------------------------------------------------------------

CALLER = """
import os, sys
import pandas as pd
def main():
    from dask.dataframe import from_pandas
    from distributed import Client
    import nexmo_nb as nx
    with Client(sys.argv[2]):
        nx.connect(sys.argv[1], calls=1000000, limits=dict.fromkeys(("sms", "pricing"), (1000000, 1.0)))
        people = [f"3519{12_340_001 + n:08d}" for n in range(400)]
        plan = nx.plan_sms(from_pandas(pd.DataFrame({"to": people}), npartitions=8), "Hello", sender="Demo")
        nx.send_many(plan, batch="b", progress=True)
if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
def test_an_interrupt_of_the_caller_ends_the_workers_and_the_next_call_sends_the_rest(
    client: Any, rich: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rich, "latency", 0.05)
    command = [sys.executable, "-c", CALLER, rich.url, client.scheduler.address]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    while len(rich.messages) < 30:
        assert child.poll() is None, child.communicate()
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=120)
    arrived = len(rich.messages)
    monkeypatch.setattr(rich, "latency", 0.0)
    assert "Run the same call again" in out
    assert "KeyboardInterrupt" in err
    assert "SMS" in err  # the bar
    assert arrived < 400
    with connected(rich):
        counts = Counter(nx.sent("b", planned=True).state)
        assert counts["accepted"] == arrived
        assert set(counts) <= {"accepted", "planned"}
        assert set(send(plan_people(400, 8)).compute().state) == {"accepted"}
    assert count_received(rich) == Counter(people(400))


def connect_to(sandbox: Sandbox, postgres: PostgresServer) -> nx.Session:
    """Connect with thirty calls a second, counted from their answers: by the server's count never more."""
    return nx.connect(sandbox.url, timeout=5.0, calls=30, period=1.0, state=postgres.url())


def kill_one(client: Any) -> bool:
    """Kill a worker that has begun to work, as far as there is one."""
    cluster = client.cluster
    running = [each for each in cluster.workers.values() if each.worker_address in set(cluster.scheduler.workers)]
    if running:
        os.kill(running[0].pid, signal.SIGKILL)
    return bool(running)


@pytest.mark.slow
def test_workers_are_killed_and_the_database_is_restarted_and_nobody_gets_two(
    client: Any, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox keeps Nexmo's thirty a second, and its own books tell who got what."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    client.run(lambda password: os.environ.update(PGPASSWORD=password), PASSWORD)
    count, workers, kills, is_restarted = 240, 4, 0, False
    with Sandbox(balance=10_000) as sandbox, connect_to(sandbox, postgres) as session:
        plan = plan_people(count, 8)
        errors: list[BaseException] = []

        def send_all() -> None:
            while True:
                try:
                    send(plan, workers=workers, session=session)
                except nx.NexmoError as problem:
                    errors.append(problem)
                else:
                    return

        sending = threading.Thread(target=send_all)
        sending.start()
        for goal in (20, 80, 140):
            while len(sandbox.messages) < goal and sending.is_alive():
                time.sleep(0.01)
            kills += kill_one(client)
            if goal == 80:
                postgres.stop()
                postgres.start()
                is_restarted = True
        sending.join(300)
        assert not sending.is_alive()
        states = Counter(nx.sent("b", planned=True, session=session).state)
        received = count_received(sandbox)
        at = sorted(entry["at"] for entry in sandbox.requests if entry["path"] == "/sms/json")
    assert kills == 3
    assert is_restarted
    assert set(received.values()) == {1}
    assert max(sum(1 for other in at[n : n + 60] if other < first + 1.0) for n, first in enumerate(at)) <= 30
    assert set(states) <= {"accepted", "unknown"}
    assert states.total() == count
    assert states["accepted"] <= len(received) <= count
    assert states["unknown"] <= kills * workers + 2 * workers  # of the database's connections, that were lost, too
    assert all(isinstance(problem, (nx.UnreachableError, nx.InvalidRequestError)) for problem in errors)


@pytest.mark.slow
def test_costs_of_a_frame_on_the_cluster_are_those_of_one_frame(client: Any, session: nx.Session) -> None:
    table = nx.records(start="2025-03-01", end="2025-03-02")
    given = load("dask.dataframe").from_pandas(table, npartitions=3)
    for by in ("country", ["network", "status"]):
        pd.testing.assert_frame_equal(nx.spend(given, by), nx.spend(table, by))
    pd.testing.assert_frame_equal(nx.cost_per_delivered(given), nx.cost_per_delivered(table))


@pytest.mark.slow
def test_a_plan_in_dask_has_hours_that_all_workers_keep(client: Any, rich: Sandbox) -> None:
    with connected(rich) as session:
        # A worker that was started anew, after another test killed it, has the environment of that test.
        client.run(lambda: os.environ.pop("NEXMO_NB_STATE_DIR", None) and None)
        now = session.clock()
        plan = plan_people(12, prices=False)
        at = pd.Timestamp(now + 7200, unit="s", tz="UTC").floor("1s")
        kept = send(plan, at=at, wait=False).compute()
        assert kept.state.tolist() == ["planned"] * 12
        with pytest.raises(nx.InvalidRequestError, match="Quiet hours of a batch hold for all its runs"):
            send(plan, at=at - pd.Timedelta("1h"))
        with pytest.raises(nx.InvalidRequestError, match="past for 3 rows"):
            send(plan, "c", at=pd.Timestamp(now - 7200, unit="s", tz="UTC"))
        assert nx.run_due().accepted.tolist() == [0]
        assert rich.messages == []
        session.clock = lambda: now + 7201
        assert nx.run_due().accepted.tolist() == [12]
        assert count_received(rich) == Counter(people(12))
