"""An older copy of the ledger is noticed: nothing is sent with it until a person says so."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import connected, send_once

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state import generation
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import Entry, Outcome
from nexmo_nb.state.sqlite import back_up

pytestmark = pytest.mark.usefixtures("anywhere")

TO = "447700900123"


def entry(name: str) -> Entry:
    return Entry(name * 40, "send an SMS to 1", "sms", "d", "1", "Demo", "Hello", key=name)


def send(ledger: Ledger, name: str) -> list[dict[str, Any]]:
    return send_once(ledger, entry(name), lambda: [{"status": "0"}])


def number_in(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        number = connection.execute("SELECT number FROM generation").fetchone()[0]
    connection.close()
    return int(number)


@pytest.mark.parametrize(
    ("number", "noted", "is_older"),
    [(0, None, False), (1, None, True), (0, 0, False), (4, 5, True), (5, 5, False), (6, 5, False), (0, 1, True)],
)
def test_a_ledger_is_older_if_more_was_noted_or_something_left_and_nothing_is(
    number: int, noted: int | None, is_older: bool
) -> None:
    assert generation.is_older(number, noted) is is_older


@pytest.mark.parametrize(
    ("content", "noted"),
    [
        (b"00000000000000000012\n", 12),
        (b"7", 7),
        (b"", None),
        (b"\0" * 21, None),
        (b"-1", None),
        ("²".encode(), None),
        (b"9" * 20, None),
        (b"9" * 99, None),
    ],
)
def test_what_is_no_number_is_nothing_noted_and_stays_so(tmp_path: Path, content: bytes, noted: int | None) -> None:
    path = tmp_path / "g"
    path.write_bytes(content)
    assert generation.read_noted(path) == noted
    generation.note(path, 12)
    assert generation.read_noted(path) == (noted and 12)


@pytest.mark.parametrize(("before", "number", "after"), [(3, 4, 4), (4, 4, 4), (5, 4, 5), (9, 10, 10)])
def test_the_file_is_never_set_back(tmp_path: Path, before: int, number: int, after: int) -> None:
    path = tmp_path / "g"
    generation.create(path, before)
    generation.note(path, number)
    assert generation.read_noted(path) == after
    assert path.read_bytes() == f"{after:020}\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_system_that_cannot_open_a_folder_can_make_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = generation.os.open

    def refuse(path: Path, *rest: int) -> int:
        if path == tmp_path:
            raise PermissionError
        return real(path, *rest)

    monkeypatch.setattr(generation.os, "open", refuse)
    generation.create(tmp_path / "g", 4)
    assert generation.read_noted(tmp_path / "g") == 4


def test_a_file_that_is_gone_is_not_made_anew_by_a_send(tmp_path: Path) -> None:
    generation.note(tmp_path / "g", 4)
    assert list(tmp_path.iterdir()) == []


# --- what is noticed -------------------------------------------------------------------------------------------------


def older_copy(folder: Path, old: Path) -> None:
    shutil.copy(old, folder / "ledger.sqlite")


def emptied(folder: Path, _: Path) -> None:
    (folder / "ledger.sqlite").write_bytes(b"")


def deleted(folder: Path, _: Path) -> None:
    (folder / "ledger.sqlite").unlink()


def number_file_left_behind(folder: Path, old: Path) -> None:
    """The copy alone stands in a new folder, as on a new disk."""
    shutil.copy(old, folder / "ledger.sqlite")
    (folder / "ledger.generation").unlink()


@pytest.fixture
def folder(sandbox: Sandbox, tmp_path: Path) -> Path:
    """The folder of a session that sent "early", was copied to ``old``, sent "late", and ended."""
    with connected(sandbox) as session:
        nx.send_sms(TO, "early", sender="Demo", key="early")
        path = session.ledger.path
        back_up(path, tmp_path / "old")
        nx.send_sms(TO, "late", sender="Demo", key="late")
    return path.parent


@pytest.mark.in_files
@pytest.mark.parametrize("content", [b"", b"\0" * 21, b"9" * 20, None])
def test_a_number_file_that_tells_nothing_may_stand_beside_an_older_ledger(
    sandbox: Sandbox, folder: Path, tmp_path: Path, content: bytes | None
) -> None:
    older_copy(folder, tmp_path / "old")
    (folder / "ledger.generation").unlink()
    if content is not None:
        (folder / "ledger.generation").write_bytes(content)
    for _ in range(2):
        with connected(sandbox), pytest.raises(nx.InvalidRequestError, match="may be an older .* holds no number"):
            nx.send_sms(TO, "late", sender="Demo", key="late")
    assert len(sandbox.messages) == 2
    with connected(sandbox, accept_restored_ledger=True):
        nx.send_sms(TO, "late", sender="Demo", key="late")
    with connected(sandbox):
        nx.send_sms(TO, "new", sender="Demo")


@pytest.mark.in_files
@pytest.mark.parametrize("restore", [older_copy, emptied, deleted, number_file_left_behind])
def test_nothing_is_sent_with_an_older_ledger_until_a_person_says_so(
    sandbox: Sandbox, folder: Path, tmp_path: Path, restore: Callable[[Path, Path], None]
) -> None:
    restore(folder, tmp_path / "old")
    plan = nx.plan_sms([TO], "Hello", sender="Demo", prices=False, session=connected(sandbox))
    for _ in range(2):  # however often it is opened, and looked into
        with connected(sandbox):
            for work in (
                lambda: nx.send_sms(TO, "late", sender="Demo", key="late"),
                lambda: nx.send_sms(TO, "new", sender="Demo"),
                lambda: nx.send_voice(TO, "Hello", key="call"),
                lambda: nx.send_many(plan, batch="b", progress=False),
            ):
                with pytest.raises(nx.InvalidRequestError, match=r"^ledger: .*older copy.*accept_restored_ledger=True"):
                    work()
            known = nx.sent().key.tolist()
            assert known in (["early"], [])
            nx.settle()
            assert nx.forget(before="2000-01-01") == 0
    assert (len(sandbox.messages), len(sandbox.calls)) == (2, 0)
    with connected(sandbox, accept_restored_ledger=True):
        nx.send_sms(TO, "late", sender="Demo", key="late")  # what the person took upon himself
        nx.send_many(plan, batch="b", progress=False)
    with connected(sandbox):
        nx.send_sms(TO, "late", sender="Demo", key="late")
    assert len(sandbox.messages) == 4


@pytest.mark.in_files
def test_what_was_accepted_is_the_newest_and_the_one_before_is_older(sandbox: Sandbox, folder: Path) -> None:
    """Both copies are put back in turn, and neither passes for the other."""
    shutil.copy(folder / "ledger.sqlite", folder / "newest")
    older_copy(folder, folder.parent.parent / "old")
    with connected(sandbox, accept_restored_ledger=True) as session:
        assert number_in(session.ledger.path) > number_in(folder / "newest")
    shutil.copy(folder / "newest", folder / "ledger.sqlite")
    with connected(sandbox), pytest.raises(nx.InvalidRequestError, match="older copy"):
        nx.send_sms(TO, "new", sender="Demo")


@pytest.mark.in_files
def test_a_copy_of_the_main_file_of_a_ledger_in_use_is_noticed(sandbox: Sandbox, tmp_path: Path) -> None:
    """The log beside it holds what was sent; the main file alone may be empty."""
    with connected(sandbox) as session:
        nx.send_sms(TO, "Hello", sender="Demo", key="k")
        path = session.ledger.path
        shutil.copy(path, tmp_path / "copy")
    shutil.copy(tmp_path / "copy", path)
    with connected(sandbox), pytest.raises(nx.InvalidRequestError, match="older copy"):
        nx.send_sms(TO, "Hello", sender="Demo", key="k")
    assert len(sandbox.messages) == 1


@pytest.mark.in_files
def test_a_log_that_was_lost_is_noticed(sandbox: Sandbox, tmp_path: Path) -> None:
    with connected(sandbox) as session:
        nx.send_sms(TO, "Hello", sender="Demo", key="k")
        path = session.ledger.path
        subprocess.run(["cp", "-r", str(path.parent), str(tmp_path / "killed")], check=True)
    shutil.rmtree(path.parent)
    (tmp_path / "killed").rename(path.parent)
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (path.parent / name).unlink()
    with connected(sandbox), pytest.raises(nx.InvalidRequestError, match="older copy"):
        nx.send_sms(TO, "Hello", sender="Demo", key="k")


def test_a_copy_that_is_put_back_under_a_living_session_is_noticed_by_its_next_send(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    send(ledger, "a")
    (row,) = ledger.add_batch("b", [entry("p")._replace(key=None)])
    ledger._database.transact(lambda c: c.execute("UPDATE generation SET number = 0"))
    for work in (
        lambda: send(ledger, "b"),
        lambda: ledger.add_batch("c", [entry("q")._replace(key=None)]),
        lambda: ledger.record_and_claim([], {row.id: row.digest}),
    ):
        with pytest.raises(nx.InvalidRequestError, match="older copy"):
            work()
    assert [each["state"] for each in ledger.read_sends()] == ["accepted", "planned"]
    assert send(ledger, "a")[0]["status"] == "0"  # what is known is given, and nothing is sent
    ledger.close()


def test_an_answer_is_recorded_even_if_a_copy_was_put_back_meanwhile(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    (row,) = ledger.add_batch("b", [entry("p")._replace(key=None)])
    ledger.record_and_claim([], {row.id: row.digest})
    generation.create(tmp_path / "ledger.generation", 1000)
    ledger.record_and_claim([Outcome(row.id, [{"status": "0"}])], {})
    assert [each["state"] for each in ledger.read_sends()] == ["accepted"]
    ledger.close()


# --- and what is no older ledger -------------------------------------------------------------------------------------


@pytest.mark.in_files
def test_a_folder_that_is_new_or_restored_as_a_whole_is_taken_as_it_is(sandbox: Sandbox, folder: Path) -> None:
    shutil.rmtree(folder)
    with connected(sandbox):
        nx.send_sms(TO, "late", sender="Demo", key="late")
    assert len(sandbox.messages) == 3


@pytest.mark.in_files
def test_a_crash_between_the_ledger_and_the_file_is_no_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file may be behind by any number, and catches up."""
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    with monkeypatch.context() as patch:
        patch.setattr(generation, "note", lambda *_: None)
        for name in "abc":
            send(ledger, name)
    assert generation.read_noted(tmp_path / "ledger.generation") == 0
    send(ledger, "d")
    assert generation.read_noted(tmp_path / "ledger.generation") == number_in(path) == 4
    ledger.close()


CRASH = """
import os, sys
from pathlib import Path
from nexmo_nb.state import generation, ledger, single_send, soundness
from nexmo_nb.state.sends import Entry

FILES = {module.__file__ for module in (generation, ledger, single_send, soundness)}
count = 0

def send(folder, name, at=0):
    def trace(frame, event, _):
        global count
        if frame.f_code.co_filename not in FILES:
            return None
        count += event == "line"
        if count == at:
            os._exit(9)
        return trace
    sys.settrace(trace if at else None)
    folder.mkdir(exist_ok=True)
    book = ledger.Ledger(folder / "ledger.sqlite")
    with book.open_send(Entry(name, "w", "sms", "d", "1", "Demo", "Hello", key=name)) as each:
        assert each.record_intent() is None
        each.record_outcome([{"status": "0"}])
    book.close()

for n in range(1, 1000):
    child = os.fork()
    if not child:
        send(Path(sys.argv[1], str(n)), "crash", at=n)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
    for name in ("after", "later"):
        send(Path(sys.argv[1], str(n)), name)
print(n)
"""


@pytest.mark.slow
def test_a_crash_at_any_line_of_a_first_send_is_no_alarm(tmp_path: Path) -> None:
    """A process ends at its n-th line, for every n until it comes through; after each, another one sends."""
    command = [sys.executable, "-c", CRASH, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


def test_a_file_that_cannot_be_written_costs_no_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    monkeypatch.setattr(generation.os, "open", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    generation.note(tmp_path / "ledger.generation", 5)
    monkeypatch.undo()
    assert send(ledger, "a")
    ledger.close()


def test_what_needs_no_acceptance_says_so(sandbox: Sandbox) -> None:
    with pytest.warns(UserWarning, match="the ledger is the newest. Leave it out"):
        connected(sandbox, accept_restored_ledger=True)
    nx.send_sms(TO, "Hello", sender="Demo")


@pytest.mark.in_files
def test_a_second_session_counts_on_where_the_first_is(tmp_path: Path) -> None:
    one, two = (Ledger(tmp_path / "ledger.sqlite") for _ in range(2))
    for number, name in enumerate("abcdef", 1):
        send((one, two)[number % 2], name)
        assert generation.read_noted(tmp_path / "ledger.generation") == number
    one.close()
    two.close()


def test_what_another_process_sends_right_now_makes_no_older_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends between the look at the ledger and that at the file, unless it has to wait for both."""
    ledger, other = Ledger(tmp_path / "ledger.sqlite"), Ledger(tmp_path / "ledger.sqlite")
    sending = threading.Thread(target=lambda: send(other, "b"))
    read_noted = generation.read_noted

    def look_late(path: Path) -> int | None:
        monkeypatch.setattr(generation, "read_noted", read_noted)
        sending.start()
        sending.join(0.5)
        return read_noted(path)

    send(ledger, "a")
    monkeypatch.setattr(generation, "read_noted", look_late)
    ledger.check_newest()
    sending.join()
    ledger.close()
    other.close()
