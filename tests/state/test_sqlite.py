"""The state database: private, whole, and shared by processes that open it at the same moment."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.state.database import StateError
from nexmo_nb.state.files import make_private_folder
from nexmo_nb.state.sqlite import Connection, Database

SCHEMA = ("CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY)",)
OPEN = """
import sys, time
from pathlib import Path
from nexmo_nb.state.sqlite import Database
time.sleep(max(0.0, float(sys.argv[2]) - time.time()))
for n in range(5):
    base = Database(Path(sys.argv[1] + str(n)), ("CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY)",))
    base.transact(lambda connection: connection.execute("INSERT INTO things VALUES (hex(randomblob(9)))"))
    base.close()
"""


def names(database: Database) -> list[str]:
    return [row[0] for row in database.read(lambda c: c.execute("SELECT name FROM things ORDER BY name").fetchall())]


def put(*rows: str) -> object:
    def work(connection: Connection) -> None:
        for row in rows:
            connection.execute("INSERT INTO things VALUES (?)", (row,))

    return work


@pytest.mark.slow
def test_processes_that_make_the_file_at_the_same_moment_all_succeed(tmp_path: Path) -> None:
    start = str(time.time() + 1.0)
    children = [subprocess.Popen([sys.executable, "-c", OPEN, str(tmp_path / "t"), start]) for _ in range(6)]
    assert [child.wait(300) for child in children] == [0] * 6
    for n in range(5):
        database = Database(tmp_path / f"t{n}", SCHEMA)
        assert len(names(database)) == 6
        database.close()


@pytest.mark.parametrize("problem", [KeyboardInterrupt, ZeroDivisionError])
def test_a_transaction_that_is_broken_off_leaves_nothing(tmp_path: Path, problem: type[BaseException]) -> None:
    database = Database(tmp_path / "t", SCHEMA)

    def work(connection: Connection) -> None:
        connection.execute("INSERT INTO things VALUES ('half')")
        raise problem

    with pytest.raises(problem):
        database.transact(work)
    database.transact(put("whole"))  # type: ignore[arg-type]
    assert names(database) == ["whole"]
    database.close()


def test_a_transaction_left_open_by_an_interrupt_is_undone_by_the_next(tmp_path: Path) -> None:
    database = Database(tmp_path / "t", SCHEMA)
    database._connection.execute("BEGIN IMMEDIATE")
    database._connection.execute("INSERT INTO things VALUES ('half')")
    database.transact(put("whole"))  # type: ignore[arg-type]
    assert names(database) == ["whole"]
    database.close()


def test_a_lock_that_is_not_released_is_an_error_after_the_wait(tmp_path: Path) -> None:
    database = Database(tmp_path / "t", SCHEMA, busy=0.05)
    other = sqlite3.connect(tmp_path / "t")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError, match="locked"):
        database.transact(put("x"))  # type: ignore[arg-type]
    assert names(database) == []
    other.close()
    database.transact(put("x"))  # type: ignore[arg-type]
    database.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidRequestError, match="^state_dir: .*state_dir=…"):
        make_private_folder(tmp_path / "file" / "below")


def test_a_file_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="nowhere"):
        Database(tmp_path / "nowhere" / "t", SCHEMA)


@pytest.mark.slow
def test_a_second_connection_does_not_take_the_locks_of_the_first(tmp_path: Path) -> None:
    one, two = Database(tmp_path / "t0", SCHEMA), Database(tmp_path / "t0", SCHEMA)
    code = OPEN.replace("range(5)", "range(1)")
    # Another process that opens and closes the file would remove the log, were the locks not seen.
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "t"), "0"], check=True)
    one.transact(put("kept"))  # type: ignore[arg-type]
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "t"), "0"], check=True)
    other = sqlite3.connect(tmp_path / "t0")
    assert other.execute("SELECT COUNT(*) FROM things WHERE name = 'kept'").fetchone() == (1,)
    other.close()
    one.close()
    two.close()


MORE = (("ALTER TABLE things ADD COLUMN colour TEXT",), ("UPDATE things SET colour = 'red'",))


def test_a_file_of_an_earlier_layout_gets_the_later_ones_and_keeps_its_rows(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "t") as old:
        old.execute(SCHEMA[0])
        old.execute("INSERT INTO things VALUES ('old')")
    old.close()
    for migrations in (MORE[:1], MORE, MORE):
        database = Database(tmp_path / "t", SCHEMA, migrations=migrations)
        database.close()
    database = Database(tmp_path / "t", SCHEMA, migrations=MORE)
    assert database.read(lambda c: c.execute("SELECT name, colour FROM things").fetchall()) == [("old", "red")]
    database.close()


def test_a_change_that_fails_leaves_the_earlier_layout(tmp_path: Path) -> None:
    Database(tmp_path / "t", SCHEMA).close()
    with pytest.raises(StateError, match="nonsense"):
        Database(tmp_path / "t", SCHEMA, migrations=(MORE[0], ("UPDATE nonsense SET x = 1",)))
    database = Database(tmp_path / "t", SCHEMA)
    database.transact(put("one column"))  # type: ignore[arg-type]
    database.close()


def test_a_file_of_a_newer_layout_is_refused(tmp_path: Path) -> None:
    Database(tmp_path / "t", SCHEMA, migrations=MORE).close()
    with pytest.raises(StateError, match="newer version of nexmo_nb wrote it, in layout 3, .* update nexmo_nb"):
        Database(tmp_path / "t", SCHEMA)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_was_removed_while_in_use_is_not_written_to(tmp_path: Path, replaced: bool) -> None:
    database = Database(tmp_path / "t", SCHEMA)
    for path in tmp_path.glob("t*"):
        path.unlink()
    if replaced:
        Database(tmp_path / "t", SCHEMA).close()
    with pytest.raises(StateError, match="removed or replaced"):
        database.transact(put("lost"))  # type: ignore[arg-type]
    with pytest.raises(StateError, match="removed or replaced"):
        names(database)
    database.close()


def test_a_file_that_rests_opens_when_it_is_used_and_keeps_its_settings(tmp_path: Path) -> None:
    database = Database(tmp_path / "t", SCHEMA, durable=True, busy=7)
    settings = ("PRAGMA synchronous", "PRAGMA secure_delete", "PRAGMA journal_mode", "PRAGMA busy_timeout")
    before = [database.read(lambda c, each=each: c.execute(each).fetchall()) for each in settings]
    for name in ("one", "two"):
        database.rest()
        database.rest()
        assert not (tmp_path / "t-wal").exists()
        database.transact(put(name))  # type: ignore[arg-type]
    database.rest()
    assert names(database) == ["one", "two"]
    assert [database.read(lambda c, each=each: c.execute(each).fetchall()) for each in settings] == before
    database.close()


@pytest.mark.parametrize("rested", [False, True])
def test_a_file_that_was_closed_does_not_open_again(tmp_path: Path, rested: bool) -> None:
    database = Database(tmp_path / "t", SCHEMA)
    if rested:
        database.rest()
    database.close()
    database.rest()
    with pytest.raises(StateError, match="closed"):
        names(database)


def test_a_file_that_was_replaced_while_it_rested_is_not_written_to(tmp_path: Path) -> None:
    database, other = Database(tmp_path / "t", SCHEMA), Database(tmp_path / "other", SCHEMA)
    database.rest()
    other.close()
    (tmp_path / "other").rename(tmp_path / "t")
    with pytest.raises(StateError, match="removed or replaced"):
        database.transact(put("lost"))  # type: ignore[arg-type]


def test_a_file_in_use_does_not_rest(tmp_path: Path) -> None:
    database = Database(tmp_path / "t", SCHEMA)

    def work(connection: Connection) -> None:
        thread = threading.Thread(target=database.rest)
        thread.start()
        thread.join()
        database.rest()
        connection.execute("INSERT INTO things VALUES ('kept')")

    database.transact(work)
    assert names(database) == ["kept"]
    database.close()


def broken(path: Path, pragma: str) -> StateError:
    """Give what a database in trouble raises when it is written to."""
    database = Database(path, SCHEMA, busy=0.01)
    database._connection.execute(pragma)
    rows = ["x" * 1000 + str(n) for n in range(1000)]
    with pytest.raises(StateError) as caught:
        database.transact(put(*rows))  # type: ignore[arg-type]
    database.close()
    return caught.value


@pytest.mark.parametrize(
    ("pragma", "words"), [("PRAGMA query_only = ON", "writable"), ("PRAGMA max_page_count = 5", "Make room")]
)
def test_trouble_with_the_file_comes_with_what_to_do(tmp_path: Path, pragma: str, words: str) -> None:
    problem = broken(tmp_path / "t", pragma)
    assert words in problem.advice
    assert not problem.is_damaged


def test_a_damaged_file_is_to_be_moved_away(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"garbage " * 1000)
    with pytest.raises(StateError) as caught:
        Database(tmp_path / "t", SCHEMA)
    assert caught.value.is_damaged
    assert "move it away" in caught.value.advice
