"""The state database: private, whole, and shared by processes that open it at the same moment."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.store import Connection, Database, StoreError, private_folder

SCHEMA = ("CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY)",)
OPEN = """
import sys, time
from pathlib import Path
from nexmo_nb.store import Database
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
    assert [child.wait(60) for child in children] == [0] * 6
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
    with pytest.raises(StoreError, match="locked"):
        database.transact(put("x"))  # type: ignore[arg-type]
    assert names(database) == []
    other.close()
    database.transact(put("x"))  # type: ignore[arg-type]
    database.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidRequestError, match="^state_dir: .*state_dir=…"):
        private_folder(tmp_path / "file" / "below")


def test_a_file_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        Database(tmp_path / "nowhere" / "t", SCHEMA)
