"""A PostgreSQL that machines share: its transactions, locks, losses and refusals, on a real server."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from postgres_server import PASSWORD, PostgresServer

import nexmo_nb as nx
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.state import postgres as module
from nexmo_nb.state.database import Schema, StateError
from nexmo_nb.state.postgres import PostgresDatabase, PostgresStore
from nexmo_nb.state.postgres_connection import Address, PostgresConnection, find_advice, translate

LAYOUTS = (("CREATE TABLE things (name TEXT PRIMARY KEY)",),)


@pytest.fixture
def schema() -> str:
    return f"test {secrets.token_hex(8)}"


@pytest.fixture
def open_database(address: Address, schema: str) -> Iterator[Callable[..., PostgresDatabase]]:
    opened: list[PostgresDatabase] = []

    def work(layouts: Any = LAYOUTS, name: str = "things", at: Address = address) -> PostgresDatabase:
        opened.append(PostgresDatabase(at, schema, name, layouts))
        return opened[-1]

    yield work
    for database in opened:
        database.close()


@pytest.fixture
def database(open_database: Callable[..., PostgresDatabase]) -> PostgresDatabase:
    return open_database()


def put(*names: str) -> Callable[[PostgresConnection], None]:
    return lambda c: c.executemany("INSERT INTO things (name) VALUES (?)", [(name,) for name in names])


def names(database: PostgresDatabase) -> list[str]:
    return [name for (name,) in database.read(lambda c: c.execute("SELECT name FROM things ORDER BY name").fetchall())]


def cut(database: PostgresDatabase, address: Address) -> None:
    """Let the server end the connection of a database, as a network that fails does."""
    other = PostgresConnection(address)
    other.execute("SELECT pg_terminate_backend(?, 10000)", (database._process,))
    other.close()


def test_what_fails_leaves_nothing(database: PostgresDatabase) -> None:
    def work(connection: PostgresConnection) -> None:
        put("half")(connection)
        raise KeyError("odd")

    with pytest.raises(KeyError):
        database.transact(work)
    with pytest.raises(StateError, match="duplicate key"):
        database.transact(put("x", "x"))
    assert names(database) == []
    database.transact(put("x"))
    assert names(database) == ["x"]


def test_a_transaction_waits_for_that_of_another_connection(open_database: Callable[..., PostgresDatabase]) -> None:
    one, two = open_database(), open_database()
    done: list[str] = []

    def work(connection: PostgresConnection) -> None:
        thread.start()
        thread.join(0.2)
        put("one")(connection)
        done.append("one")

    thread = threading.Thread(target=lambda: (two.transact(put("two")), done.append("two")))
    one.transact(work)
    thread.join()
    assert done == ["one", "two"]


def test_parts_of_the_state_do_not_wait_for_each_other(open_database: Callable[..., PostgresDatabase]) -> None:
    one, other = open_database(), open_database((("CREATE TABLE others (name TEXT)",),), "others")
    one.transact(lambda _: other.transact(lambda c: c.execute("INSERT INTO others (name) VALUES ('x')")))
    assert other.read(lambda c: c.execute("SELECT name FROM others").fetchall()) == [("x",)]


def test_who_stops_in_the_middle_is_thrown_out(
    open_database: Callable[..., PostgresDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module._SETTINGS, "idle_in_transaction_session_timeout", "50ms")
    one, two = open_database(), open_database()

    def work(connection: PostgresConnection) -> None:
        put("lost")(connection)
        two.transact(put("kept"))

    with pytest.raises(StateError):
        one.transact(work)
    assert names(one) == ["kept"]


def test_a_lock_that_is_not_freed_is_an_error_after_the_wait(
    open_database: Callable[..., PostgresDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = open_database()
    monkeypatch.setitem(module._SETTINGS, "lock_timeout", "50ms")
    two = open_database()

    def work(_: PostgresConnection) -> None:
        with pytest.raises(StateError, match="lock timeout") as caught:
            two.transact(put("x"))
        assert "Another process holds it" in caught.value.advice

    one.transact(work)
    two.transact(put("x"))
    assert names(one) == ["x"]


def test_a_connection_that_was_lost_between_two_calls_is_made_anew(
    database: PostgresDatabase, address: Address
) -> None:
    cut(database, address)
    database.transact(put("x"))
    cut(database, address)
    assert names(database) == ["x"]
    assert database.connections == 3


def test_a_connection_that_is_lost_in_a_transaction_is_an_error_and_nothing_is_done_twice(
    database: PostgresDatabase, address: Address
) -> None:
    calls: list[int] = []

    def work(connection: PostgresConnection) -> None:
        calls.append(1)
        put("x")(connection)
        cut(database, address)

    with pytest.raises(StateError) as caught:
        database.transact(work)
    assert calls == [1]
    assert caught.value.advice
    assert names(database) == []


def test_an_interrupt_ends_a_wait_and_the_next_call_works(database: PostgresDatabase) -> None:
    def work(connection: PostgresConnection) -> None:
        put("x")(connection)
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        connection.execute("SELECT pg_sleep(60)")

    with pytest.raises(KeyboardInterrupt):
        database.transact(work)
    database.transact(put("y"))
    assert names(database) == ["y"]


def test_a_lock_lives_as_long_as_its_connection(
    open_database: Callable[..., PostgresDatabase], address: Address
) -> None:
    one, two = open_database(), open_database()
    mine, theirs = one.make_locks(), two.make_locks()
    first, second = mine.take("first"), mine.take("second")
    assert theirs.find_living(["first", "second", "third"]) == {"first", "second"}
    first()
    assert (first.alive, second.alive) == (False, True)
    assert theirs.find_living(["first", "second"]) == {"second"}
    cut(one, address)
    assert theirs.find_living(["first", "second"]) == set()
    one.transact(put("x"))
    assert not second.alive
    second()
    assert mine.find_living(["second"]) == set()


def test_what_rests_holds_nothing_and_wakes(open_database: Callable[..., PostgresDatabase], address: Address) -> None:
    one, two = open_database(), open_database()
    lock = one.make_locks().take("mine")
    one.rest()
    assert not lock.alive
    while two.make_locks().find_living(["mine"]):  # the server may learn of it a little later
        pass
    one.transact(put("x"))
    assert names(one) == ["x"]
    one.close()
    with pytest.raises(StateError, match="closed"):
        names(one)


def test_what_a_fork_carried_is_refused_and_the_parent_goes_on(database: PostgresDatabase) -> None:
    child = os.fork()
    if not child:
        try:
            database.transact(put("x"))
        except InvalidRequestError as problem:
            os._exit(0 if "another process" in str(problem) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    database.transact(put("y"))
    assert names(database) == ["y"]


def test_layouts_are_added_once_and_newer_ones_are_refused(open_database: Callable[..., PostgresDatabase]) -> None:
    more = (*LAYOUTS, ("ALTER TABLE things ADD COLUMN size BIGINT", "INSERT INTO things (name) VALUES ('new')"))
    old = open_database()
    old.transact(put("old"))
    for _ in range(2):
        assert names(open_database(more)) == ["new", "old"]
    with pytest.raises(StateError, match="newer version of nexmo_nb wrote it, in layout 2, .* update nexmo_nb"):
        open_database()


def test_a_layout_that_is_broken_off_leaves_what_was_there(open_database: Callable[..., PostgresDatabase]) -> None:
    old = open_database()
    with pytest.raises(StateError, match="syntax error"):
        open_database((*LAYOUTS, ("ALTER TABLE things ADD COLUMN size BIGINT", "no statement")))
    old.transact(put("x"))
    assert names(open_database()) == ["x"]


def test_many_who_open_it_at_once_make_it_once(address: Address, schema: str) -> None:
    code = (
        "import sys\n"
        "from nexmo_nb.state.postgres import PostgresDatabase\n"
        "from nexmo_nb.state.postgres_connection import Address\n"
        "PostgresDatabase(Address(sys.argv[1]), sys.argv[2], 'things', [['CREATE TABLE things (name TEXT)']]).close()\n"
    )
    command = [sys.executable, "-c", code, str(address), schema]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=120)[1] for process in running] == [""] * 4


def test_no_error_and_no_repr_shows_the_password(postgres: PostgresServer, schema: str) -> None:
    secret = "hunter2secret"
    url = postgres.url().replace("tester@", f"tester:{secret}@")
    texts: list[str] = []
    for wrong in (url, url.replace(str(postgres.port), "1"), f"{url}?nonsense=1"):
        with pytest.raises((StateError, InvalidRequestError)) as caught:
            PostgresStore(Address(wrong), schema).open(Schema("things", (), LAYOUTS, is_durable=False))
        frames = [entry.frame.f_locals for entry in caught.traceback[1:] if "url" not in entry.frame.f_locals]
        texts += [str(caught.value), repr(caught.value), repr(frames)]
    address = Address(url)
    texts += [str(address), repr(address), str(PostgresStore(address, schema)), repr(vars(address))]
    assert [text for text in texts if secret in text] == []


def test_a_wrong_password_says_where_it_is_looked_for(
    postgres: PostgresServer, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(StateError, match="password authentication failed") as caught:
        PostgresDatabase(Address(postgres.url()), schema, "things", LAYOUTS)
    assert "PGPASSWORD" in caught.value.advice


def test_the_password_of_the_url_is_used(postgres: PostgresServer, schema: str) -> None:
    from urllib.parse import quote

    url = postgres.url().replace("tester@", f"tester:{quote(PASSWORD, safe='')}@")
    PostgresDatabase(Address(url), schema, "things", LAYOUTS).close()


@pytest.mark.parametrize("url", ["", "mysql://a@b/c", "host=127.0.0.1", "postgresql://[", "postgresql://a@b/c?d=e"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match="postgresql://user@host"):
        Address(url)


def test_a_server_that_is_not_there_is_told(schema: str) -> None:
    with pytest.raises(StateError) as caught:
        PostgresDatabase(Address("postgresql://tester@127.0.0.1:1/postgres"), schema, "things", LAYOUTS)
    assert "See that the database runs" in caught.value.advice


@pytest.mark.parametrize(
    ("statement", "translated"),
    [
        ("SELECT ?, a % 2", "SELECT %s, a %% 2"),
        ("SELECT :one, :two::bigint, x::text", "SELECT %(one)s, %(two)s::bigint, x::text"),
    ],
)
def test_values_are_written_as_the_library_wants_them(statement: str, translated: str) -> None:
    assert translate(statement) == translated


def test_each_kind_of_trouble_has_its_advice() -> None:
    codes = ["08006", "42501", "25006", "53100", "53300", "55P03", "57014", "57P01", "XX001"]
    found = [find_advice(code) for code in codes]
    assert all(found)
    assert all(one != two for one, two in pairwise(found))
    assert find_advice("42601") == ""


def test_values_come_back_as_they_were(database: PostgresDatabase) -> None:
    values = ("ü€😀 '\\", 10**15, 0.1, None, True)
    back = database.read(lambda c: c.execute("SELECT ?::text, ?::bigint, ?::float8, ?::text, ?::boolean", values))
    assert back.fetchall() == [values]


def test_what_no_text_can_hold_is_a_value_error_and_undoes_nothing_else(database: PostgresDatabase) -> None:
    def work(connection: PostgresConnection) -> None:
        put("x")(connection)
        with pytest.raises(ValueError, match="NUL"):
            put("a\0b")(connection)

    database.transact(work)
    assert names(database) == ["x"]
