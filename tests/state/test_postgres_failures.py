"""What a PostgreSQL that fails does to sends: nothing leaves without it, nothing twice, and nothing waits for ever."""

from __future__ import annotations

import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import ending, hold_answers
from postgres_server import BOUNCER, BOUNCER_MISSING, PASSWORD, USER, PostgresServer, Silence, run_bouncer

import nexmo_nb as nx
from nexmo_nb.cli import main
from nexmo_nb.errors import UnknownOutcomeError, UnreachableError
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state import postgres as module
from nexmo_nb.state.database import StateError
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.postgres import PostgresDatabase, PostgresStore
from nexmo_nb.state.postgres_connection import Address
from nexmo_nb.state.sends import Entry
from nexmo_nb.state.throttle import Throttle

LAYOUTS = (("CREATE TABLE things (name TEXT PRIMARY KEY)",),)


@pytest.fixture
def schema() -> str:
    return f"test {secrets.token_hex(8)}"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as server:
        yield server


@pytest.fixture
def session(sandbox: Sandbox, address: Address, tmp_path: Path) -> Iterator[nx.Session]:
    with nx.connect(sandbox.url, state=f"{address}", state_dir=tmp_path / "one", calls=1000) as session:
        yield session


@pytest.fixture
def elsewhere(sandbox: Sandbox, address: Address, tmp_path: Path) -> Iterator[nx.Session]:
    """The same account on another machine."""
    with nx.connect(sandbox.url, state=f"{address}", state_dir=tmp_path / "two", calls=1000) as session:
        yield session


def cut_all(postgres: PostgresServer) -> None:
    """Let the server end every connection of this toolkit, and wait until they have ended."""
    postgres.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'nexmo_nb'"
    )


def wait_for_requests(sandbox: Sandbox, count: int) -> None:
    with ending():
        while sum(request["path"] == "/sms/json" for request in sandbox.requests) < count:
            time.sleep(0.01)


def put(name: str) -> Callable[..., object]:
    return lambda c: c.execute("INSERT INTO things (name) VALUES (?)", (name,))


def test_without_a_server_nobody_connects_and_no_password_is_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    url = "postgresql://tester:hunter2secret@127.0.0.1:1/postgres"
    with pytest.raises(UnreachableError, match=r"^state: got .*allowed: a database that can be used") as caught:
        nx.connect(sandbox.url, state=url, state_dir=tmp_path)
    assert "See that the database runs" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.slow
def test_a_message_under_way_when_the_connection_is_lost_is_known_by_its_answer(
    session: nx.Session, elsewhere: nx.Session, sandbox: Sandbox, postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Until the answer comes, it is unknown for everybody, and nobody sends it again."""
    sandbox.latency = 0.001
    released = hold_answers(sandbox, monkeypatch)
    found: list[str] = []

    def send() -> None:
        found.extend(nx.send_sms("351910000001", "Hello", sender="Demo", key="once", session=session).status)

    thread = threading.Thread(target=send)
    thread.start()
    wait_for_requests(sandbox, 1)
    cut_all(postgres)
    with pytest.raises(UnknownOutcomeError):
        nx.send_sms("351910000001", "Hello", sender="Demo", key="once", session=elsewhere)
    assert list(nx.sent(session=elsewhere).state) == ["unknown"]
    released.set()
    thread.join()
    assert found == ["0"]
    assert list(nx.sent(session=elsewhere).state) == ["accepted"]
    assert len(sandbox.messages) == 1


@pytest.mark.slow
def test_a_server_that_breaks_off_lets_nothing_leave_and_forgets_no_send(
    session: nx.Session, sandbox: Sandbox, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.latency = 0.001
    released = hold_answers(sandbox, monkeypatch)
    answers: list[object] = []

    def send() -> None:
        with pytest.warns(UserWarning, match="could not record what became of a send"):
            answers.append(nx.send_sms("351910000001", "Hello", sender="Demo", key="once", session=session))

    thread = threading.Thread(target=send)
    thread.start()
    wait_for_requests(sandbox, 1)
    postgres.crash()
    released.set()
    thread.join()
    assert len(answers) == 1
    with pytest.raises(UnreachableError, match="Nothing was sent") as caught:
        nx.send_sms("351910000002", "Hello", sender="Demo", session=session)
    assert "call again" in str(caught.value)
    postgres.start()
    with pytest.raises(UnknownOutcomeError):
        nx.send_sms("351910000001", "Hello", sender="Demo", key="once", session=session)
    assert list(nx.sent(session=session).state) == ["unknown"]
    assert len(sandbox.messages) == 1


def test_what_begins_after_a_loss_has_an_owner_that_lives(
    address: Address, schema: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    """The lock of the earlier connection is gone, which this process did not notice yet."""
    entries = [Entry(f"{n}", "w", "sms", "d", f"35191000000{n}", "Demo", "Hello") for n in range(2)]
    one, two = (Ledger(tmp_path / "ledger.sqlite", store=PostgresStore(address, schema)) for _ in range(2))
    one.record_intent(entries[0])
    cut_all(postgres)
    one.record_intent(entries[1])
    two.mark_abandoned_unknown()
    assert [row["state"] for row in two.read_sends()] == ["unknown", "sending"]
    one.close()
    two.close()


@pytest.fixture
def silence(postgres: PostgresServer, address: Address) -> Iterator[Silence]:
    network = Silence(postgres.port)
    yield network
    network.close()


@pytest.mark.slow
def test_a_server_that_falls_silent_is_given_up(silence: Silence, schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a transaction, and for a read; then nobody lets this process in again, which takes its time."""
    through = Address(f"postgresql://{USER}@127.0.0.1:{silence.port}/postgres?connect_timeout=2")
    database = PostgresDatabase(through, schema, "things", LAYOUTS, silence=0.5)

    def work(connection: object) -> None:
        put("lost")(connection)
        silence.fall()
        put("never")(connection)

    with ending():
        with pytest.raises(StateError, match=r"said nothing for 0\.5 s"):
            database.transact(work)
        with pytest.raises(StateError, match="timeout"):
            database.read(lambda c: c.execute("SELECT 1").fetchall())
    database.close()


@pytest.mark.slow
def test_an_interrupt_ends_the_wait_for_a_silent_server(silence: Silence, schema: str) -> None:
    through = Address(f"postgresql://{USER}@127.0.0.1:{silence.port}/postgres")
    database = PostgresDatabase(through, schema, "things", LAYOUTS)
    silence.fall()

    def interrupt_twice() -> None:
        for _ in range(2):
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt_twice)
    thread.start()
    with ending(), pytest.raises(KeyboardInterrupt):
        database.transact(put("x"))
    thread.join()
    database.close()


@pytest.mark.parametrize("level", ["serializable", "repeatable read"])
def test_a_stricter_isolation_by_default_reads_nothing_of_before_a_wait(
    postgres: PostgresServer, address: Address, schema: str, level: str
) -> None:
    stricter = f"?options=-c%20default_transaction_isolation%3D{level.replace(' ', '%5C%20')}"
    one, two = (PostgresDatabase(Address(f"{postgres.url()}{stricter}"), schema, "things", LAYOUTS) for _ in range(2))
    seen: list[object] = []

    def work(connection: object) -> None:
        thread.start()
        thread.join(0.3)
        put("one")(connection)

    thread = threading.Thread(
        target=lambda: two.transact(lambda c: seen.extend(c.execute("SELECT name FROM things").fetchall()))
    )
    one.transact(work)
    thread.join()
    assert seen == [("one",)]
    one.close()
    two.close()


def test_a_transaction_that_was_left_open_is_not_read_in(address: Address, schema: str) -> None:
    """As a second interrupt leaves it, while the first one is undone."""
    database = PostgresDatabase(address, schema, "things", LAYOUTS)
    assert database._connection is not None
    database._connection.execute("BEGIN")
    with pytest.raises(StateError):
        database._connection.execute("no statement")
    assert database.read(lambda c: c.execute("SELECT 1").fetchall()) == [(1,)]
    database.close()


@pytest.mark.parametrize(("mode", "is_accepted"), [("session", True), ("transaction", False), ("statement", False)])
def test_a_pool_is_good_where_a_connection_stays_the_same(
    postgres: PostgresServer, address: Address, schema: str, tmp_path: Path, sandbox: Sandbox, mode: str,
    is_accepted: bool,
) -> None:  # fmt: skip
    if BOUNCER is None and not os.environ.get("CI"):
        pytest.skip(BOUNCER_MISSING)
    with run_bouncer(postgres, mode) as port:
        state = f"postgresql://{USER}@127.0.0.1:{port}/postgres"
        if is_accepted:
            with nx.connect(sandbox.url, state=state, state_dir=tmp_path):
                assert list(nx.send_sms("351910000001", "Hello", sender="Demo").status) == ["0"]
        else:
            with pytest.raises(UnreachableError, match="a pool with pool_mode=session"):
                nx.connect(sandbox.url, state=state, state_dir=tmp_path)


def test_a_pool_that_changes_its_mind_is_noticed_in_the_next_transaction(
    address: Address, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = PostgresDatabase(address, schema, "things", LAYOUTS)
    for found in ((database._process + 1, f'"{schema}"'), (database._process, '"another account"')):
        monkeypatch.setattr(module.sql, "lock_transaction", lambda *_, found=found: found)
        with pytest.raises(StateError, match="pool_mode=session"):
            database.transact(put("x"))
    monkeypatch.undo()
    database.close()


def test_after_a_crash_the_longest_window_of_all_sessions_is_waited_for(
    address: Address, schema: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    def make(period: float) -> Throttle:
        store = PostgresStore(address, schema)
        return Throttle(tmp_path / "t", calls=5, period=period, limits={}, hold=1.0, store=store, notify=lambda _: None)

    short, long = make(10.0), make(3000.0)
    postgres.execute(f'DELETE FROM "{schema}".slots_kept')
    assert short.try_acquire(["a"], "", "interactive")[1] == pytest.approx(3000.0, abs=60.0)
    assert short.status().wait == pytest.approx(3000.0, abs=60.0)
    long.close()
    while short.try_acquire(["a"], "", "interactive")[1] > 60.0:  # the server may learn of it a little later
        pass
    short.close()


def test_a_machine_that_has_sent_before_is_told_once_that_the_database_does_not_know_it(
    sandbox: Sandbox, address: Address, tmp_path: Path
) -> None:
    with nx.connect(sandbox.url, state_dir=tmp_path) as session:
        nx.send_sms("351910000001", "Hello", sender="Demo", key="k")
        ledger = session.ledger.path
    with nx.connect(sandbox.url, state=f"{address}", state_dir=tmp_path):
        with pytest.warns(UserWarning, match="does not know it") as told:
            nx.send_sms("351910000002", "Hello", sender="Demo")
        assert str(ledger) in str(told[0].message)
    with nx.connect(sandbox.url, state=f"{address}", state_dir=tmp_path):
        nx.send_sms("351910000003", "Hello", sender="Demo")


def test_a_backup_of_a_database_is_left_to_its_own_programs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEXMO_NB_STATE", f"postgresql://a:{PASSWORD}@b/c")
    assert main(["backup", str(tmp_path / "copy")]) == 2
    said = capsys.readouterr().err
    assert "pg_dump" in said
    assert PASSWORD not in said
    assert not (tmp_path / "copy").exists()
