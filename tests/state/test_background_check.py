"""The check in the background ends when it is told to, holds nothing up, and says nothing that it did not find."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import ending

from nexmo_nb.state import background_check
from nexmo_nb.state.background_check import BackgroundCheck
from nexmo_nb.state.sqlite import Database, _find_damage

SCHEMA = ("CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY)",)
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Database(tmp_path / "t", SCHEMA).close()
    return tmp_path / "t"


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def endless(path: Path, told: list[str]) -> Iterator[BackgroundCheck]:
    """A check that reads for ever, and has begun to."""
    begun = threading.Event()

    def check(connection: sqlite3.Connection) -> str:
        connection.execute("BEGIN")
        connection.execute("SELECT COUNT(*) FROM things").fetchall()
        begun.set()
        return str(connection.execute(ENDLESS).fetchall())

    running = BackgroundCheck(path, check, told.append)
    running.start()
    begun.wait(60)
    yield running
    running.stop()


def wait_for(check: BackgroundCheck) -> None:
    check._thread.join(60)
    assert not check._thread.is_alive()


def test_what_was_found_is_told(path: Path, told: list[str]) -> None:
    for found in ("", "a page is odd"):
        check = BackgroundCheck(path, lambda _, found=found: found, told.append)  # type: ignore[misc]
        check.start()
        wait_for(check)
    assert told == ["", "a page is odd"]


def test_a_sound_file_is_found_sound_and_a_damaged_one_damaged(path: Path, told: list[str]) -> None:
    with sqlite3.connect(path) as connection:
        connection.executemany("INSERT INTO things VALUES (?)", [(f"{n:0900}",) for n in range(20)])
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for damage in (b"", b"\xa5" * 4096):
        with path.open("r+b") as file:
            file.seek(3 * 4096)
            file.write(damage)
        check = BackgroundCheck(path, _find_damage, told.append)
        check.start()
        wait_for(check)
    assert told[0] == ""
    assert told[1] != ""
    assert len(told) == 2


def test_it_ends_at_once_when_it_is_told_to_and_says_nothing(endless: BackgroundCheck, told: list[str]) -> None:
    with ending():
        endless.stop()
        wait_for(endless)
    assert told == []


def test_what_it_found_while_it_was_told_to_stop_is_not_told(path: Path, told: list[str]) -> None:
    def stop_meanwhile(_: object) -> str:
        stopping.start()
        while not check._is_stopped:
            time.sleep(0)
        return "odd"

    check = BackgroundCheck(path, stop_meanwhile, told.append)
    stopping = threading.Thread(target=check.stop)
    check.start()
    wait_for(check)
    assert told == []


def test_it_is_broken_off_by_itself_after_a_while(path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_check, "LONGEST", 0.01)
    check = BackgroundCheck(path, lambda connection: str(connection.execute(ENDLESS).fetchall()), told.append)
    check.start()
    with ending():
        wait_for(check)
    assert told == []


@pytest.mark.parametrize("trouble", [sqlite3.OperationalError("disk I/O error"), sqlite3.OperationalError("locked")])
def test_trouble_that_is_no_damage_is_not_told(path: Path, told: list[str], trouble: Exception) -> None:
    def fail(_: object) -> str:
        raise trouble

    check = BackgroundCheck(path, fail, told.append)
    check.start()
    wait_for(check)
    assert told == []


def test_it_only_reads(path: Path, told: list[str]) -> None:
    def write(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO things VALUES ('x')")
        return "it wrote"

    check = BackgroundCheck(path, write, told.append)
    check.start()
    wait_for(check)
    assert told == []


def test_a_process_that_ends_does_not_wait_for_it(path: Path) -> None:
    check = BackgroundCheck(path, _find_damage, lambda _: None)
    assert check._thread.daemon


# --- in a database ---------------------------------------------------------------------------------------------------


@pytest.fixture
def checked(path: Path, endless: BackgroundCheck) -> Iterator[Database]:
    """A large database that is being checked in the background."""
    Database(path, SCHEMA, durable=True, is_large=True).close()
    database = Database(path, SCHEMA, durable=True, is_large=True)
    assert database._watch is not None
    database._watch._check = endless
    yield database
    database.close()


@pytest.mark.parametrize("end", [Database.close, Database.rest, Database.compact])
def test_whoever_needs_it_to_end_ends_it(
    checked: Database, endless: BackgroundCheck, end: Callable[[Database], None]
) -> None:
    with ending():
        end(checked)
    assert not endless._thread.is_alive()
    wal = Path(f"{checked.path}-wal")
    assert not wal.exists() or wal.stat().st_size == 0  # nothing keeps the log from being emptied


def test_reading_and_writing_go_on_meanwhile(checked: Database, endless: BackgroundCheck) -> None:
    with ending():
        for n in range(100):
            checked.transact(lambda c, n=n: c.execute("INSERT INTO things VALUES (?)", (str(n),)))  # type: ignore[misc]
    assert checked.read(lambda c: c.execute("SELECT COUNT(*) FROM things").fetchone()) == (100,)
    assert endless._thread.is_alive()


def test_an_end_while_it_goes_on_is_clean(checked: Database, path: Path) -> None:
    checked.transact(lambda c: c.execute("INSERT INTO things VALUES ('x')"))
    checked.close()
    again = Database(path, SCHEMA, durable=True, is_large=True)
    assert again._watch is not None
    assert not again._watch.must_check
    again.close()
