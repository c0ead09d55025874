"""A large file is checked at its opening only where something speaks against it, and damage is found all the same."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import send_once

import nexmo_nb as nx
from nexmo_nb.state import soundness, sqlite
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import Entry
from nexmo_nb.state.soundness import DAY, FileState, Note, Watch, is_due, must_check, parse_note

FILE = FileState(inode=7, size=4096, modified=10, changed=11)
NOTE = Note(FILE, checked=1000.0)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the full checks found, one after the other."""
    found: list[str] = []
    real = sqlite._find_damage

    def check(connection: sqlite3.Connection) -> str:
        found.append(real(connection))
        return found[-1]

    monkeypatch.setattr(sqlite, "_find_damage", check)
    return found


def entry(name: str) -> Entry:
    return Entry(name * 40, "send an SMS to 1", "sms", "d", "1", "Demo", "x" * 900, key=name)


def use(path: Path, *names: str) -> None:
    """Open a ledger, send, and close it."""
    ledger = Ledger(path)
    for name in names:
        send_once(ledger, entry(name), lambda: [{"status": "0"}])
    ledger.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger that was used, and closed cleanly."""
    use(tmp_path / "ledger.sqlite", *"abcdefgh")
    return tmp_path / "ledger.sqlite"


# --- the decision ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("note", "file", "has_log", "is_in_use", "now", "must"),
    [
        (NOTE, FILE, False, False, 1000.0, False),  # closed cleanly, and not touched since
        (None, FILE, False, False, 1000.0, True),  # nothing was noted
        (NOTE, None, False, False, 1000.0, True),  # the file system tells nothing
        (NOTE, FILE, True, False, 1000.0, True),  # somebody ended without closing it
        (NOTE, FILE._replace(size=8192), False, False, 1000.0, True),
        (NOTE, FILE._replace(modified=12), False, False, 1000.0, True),
        (NOTE, FILE._replace(changed=12), False, False, 1000.0, True),  # a copy whose time was kept
        (NOTE, FILE._replace(inode=8), False, False, 1000.0, True),  # another file of the same times
        (NOTE, FILE._replace(size=8192, modified=12, changed=12), True, True, 1000.0, False),  # others work with it
        (NOTE, FILE._replace(inode=8), True, True, 1000.0, True),  # others work with a file that is gone
        (None, FILE, True, True, 1000.0, True),
        (NOTE, FILE, False, False, 1000.0 + 7 * DAY, False),
        (NOTE, FILE, False, False, 1001.0 + 7 * DAY, True),  # no check came to its end in a week
        (NOTE, FILE, True, True, 1001.0 + 7 * DAY, True),
        (NOTE, FILE, False, False, 0.0, False),  # the clock was set back: the daily check is due
    ],
)
def test_a_file_must_be_checked_where_something_speaks_against_it(
    note: Note | None, file: FileState | None, has_log: bool, is_in_use: bool, now: float, must: bool
) -> None:
    assert must_check(note, file, has_log=has_log, is_in_use=is_in_use, now=now) is must


@pytest.mark.parametrize(
    ("checked", "now", "due"),
    [(100.0, 100.0, False), (100.0, 99.0 + DAY, False), (100.0, 100.0 + DAY, True), (100.0, 99.0, True)],
)
def test_the_daily_check_is_due_after_a_day_or_where_the_clock_was_set_back(
    checked: float, now: float, due: bool
) -> None:
    assert is_due(checked, now) is due


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (b"7 4096 10 11 1000.0\n", NOTE),
        (b"7 4096 10 11 1000.0", None),  # broken off
        (b"7 4096 10 11 100", None),
        (b"7 4096 10 11\n", None),
        (b"7 4096 10 11 12 1000.0\n", None),
        (b"", None),
        (b"\0" * 40, None),
        (b"garbage \xff\n", None),
        (b"7" * 300 + b"\n", None),
    ],
)
def test_what_is_no_whole_note_is_none(text: bytes, note: Note | None) -> None:
    assert parse_note(text) == note


# --- what is a clean end ---------------------------------------------------------------------------------------------


def test_a_ledger_that_was_closed_cleanly_opens_without_a_check(path: Path, checks: list[str]) -> None:
    for name in ("i", "j"):
        use(path, name)
    use(path)
    assert checks == []


def test_the_end_of_a_process_is_a_clean_end_without_close(path: Path, checks: list[str]) -> None:
    code = "import sys\nfrom pathlib import Path\nfrom nexmo_nb.state.ledger import Ledger\n"
    code += "ledger = Ledger(Path(sys.argv[1]))\n"
    code += "ledger._database.transact(lambda c: c.execute('UPDATE sends SET error = 1'))\n"
    subprocess.run([sys.executable, "-c", code, path], check=True)
    use(path)
    assert checks == []


def test_a_ledger_that_rests_was_closed_cleanly_and_opens_again_without_a_check(path: Path, checks: list[str]) -> None:
    ledger = Ledger(path)
    for name in ("i", "j"):
        ledger.rest()
        send_once(ledger, entry(name), lambda: [{"status": "0"}])
    ledger.rest()
    use(path)
    assert checks == []


def test_a_ledger_of_before_is_checked_once(path: Path, checks: list[str]) -> None:
    path.with_name("ledger.sqlite-checked").unlink()
    for _ in range(3):
        use(path)
    assert checks == [""]


def test_one_that_opens_a_ledger_in_use_does_not_check_it(path: Path, checks: list[str]) -> None:
    first = Ledger(path)
    send_once(first, entry("i"), lambda: [{"status": "0"}])
    second = Ledger(path)
    assert checks == []
    first.close()
    send_once(second, entry("j"), lambda: [{"status": "0"}])
    second.close()
    use(path)
    assert checks == []


def test_the_end_of_one_of_several_is_not_noted(path: Path) -> None:
    note, (first, second) = path.with_name("ledger.sqlite-checked"), (Ledger(path), Ledger(path))
    before = note.read_bytes()
    send_once(second, entry("i"), lambda: [{"status": "0"}])
    second._database._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    first.close()
    assert note.read_bytes() == before
    second.close()
    assert note.read_bytes() != before


KILLED = """
import os, signal, sys
from pathlib import Path
from nexmo_nb.state import soundness, sqlite
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import Entry

def end(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def begin():
    ledger = Ledger(Path(sys.argv[1]))
    with ledger.open_send(Entry("k" * 40, "w", "sms", "d", "1", "Demo", "Hello", key="killed")) as send:
        send.record_intent()
        send.record_outcome([{"status": "0"}])
    return ledger

"""


@pytest.mark.parametrize(
    "code",
    [
        "begin(); end()",
        "ledger = Ledger(Path(sys.argv[1])); end()",  # it had done nothing yet
        "soundness.Watch.end = end; begin().close()",  # closed, and not noted
        "ledger = begin(); soundness.os.utime = end; ledger.close()",
        "ledger = begin(); soundness.Watch._write = end; ledger.close()",
        "ledger = begin(); soundness.os.write = end; ledger.close()",  # the note is empty then
        "begin().rest(); Ledger(Path(sys.argv[1])).mark_abandoned_unknown(); end()",
    ],
)
def test_a_ledger_whose_process_was_killed_is_checked_by_the_next_and_not_by_the_one_after(
    path: Path, checks: list[str], code: str
) -> None:
    child = subprocess.run([sys.executable, "-c", KILLED + code, path], check=False)
    assert child.returncode == -signal.SIGKILL
    ledger = Ledger(path)
    assert checks == [""]
    assert len(ledger.read_sends()) >= 8
    ledger.close()
    use(path)
    assert checks == [""]


@pytest.mark.parametrize("when", ["soundness.Watch.__init__ = end", "sqlite._find_damage = end"])
def test_a_process_that_is_killed_while_it_opens_a_ledger_leaves_what_the_next_one_checks(
    path: Path, checks: list[str], when: str
) -> None:
    path.with_name("ledger.sqlite-checked").unlink()
    child = subprocess.run([sys.executable, "-c", f"{KILLED}{when}; begin()", path], check=False)
    assert child.returncode == -signal.SIGKILL
    for _ in range(2):
        use(path)
    assert checks == [""]


def test_a_process_that_was_killed_beside_a_living_one_leaves_nothing_to_check(path: Path, checks: list[str]) -> None:
    """The one that lives found the file sound, and nothing that a process does while another lives can damage it."""
    first = Ledger(path)
    subprocess.run([sys.executable, "-c", KILLED + "begin(); end()", path], check=False)
    second = Ledger(path)
    assert checks == []
    first.close()
    second.close()
    use(path)
    assert checks == []


def test_one_that_opens_a_ledger_while_another_still_checks_it_checks_it_as_well(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody relies on a check that did not end yet."""
    subprocess.run([sys.executable, "-c", KILLED + "begin(); end()", path], check=False)
    real, opened = sqlite._find_damage, []

    def check(connection: sqlite3.Connection) -> str:
        opened.append(1)
        if len(opened) == 1:
            Ledger(path).close()
        return real(connection)

    monkeypatch.setattr(sqlite, "_find_damage", check)
    Ledger(path).close()
    assert len(opened) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_neither_notes_an_end_nor_keeps_the_lock(path: Path, checks: list[str]) -> None:
    ledger = Ledger(path)
    send_once(ledger, entry("i"), lambda: [{"status": "0"}])
    note = path.with_name("ledger.sqlite-checked").read_bytes()
    child = os.fork()
    if child == 0:
        try:
            ledger.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert path.with_name("ledger.sqlite-checked").read_bytes() == note
    second = Ledger(path)
    assert checks == []
    second.close()
    ledger.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_that_outlives_its_parent_does_not_pass_for_one_that_has_the_ledger_open(tmp_path: Path) -> None:
    use(tmp_path / "ledger.sqlite", "a")
    code = KILLED + "begin()\nif os.fork() == 0:\n    print('forked', flush=True)\n    sys.stdin.read()\n"
    code += "    os._exit(0)\nend()\n"
    child = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "ledger.sqlite"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == b"forked\n"
    child.wait()
    watch = Watch(tmp_path / "ledger.sqlite")
    assert watch.must_check
    watch.end()
    child.stdin.close()
    child.stdout.close()


@pytest.mark.parametrize("name", ["truncate", "write"])
def test_a_full_disk_while_the_end_is_noted_costs_a_check_and_nothing_else(
    path: Path, checks: list[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ledger = Ledger(path)
    send_once(ledger, entry("i"), lambda: [{"status": "0"}])

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(soundness.os, {"truncate": "ftruncate", "write": "write"}[name], fail)
        ledger.close()
    for _ in range(2):
        use(path)
    assert checks == [""]


def test_a_note_that_cannot_be_made_costs_a_check_each_time_and_nothing_else(path: Path, checks: list[str]) -> None:
    path.with_name("ledger.sqlite-checked").unlink()
    path.with_name("ledger.sqlite-checked").mkdir()
    for name in ("i", "j"):
        use(path, name)
    assert checks == ["", ""]


# --- damage ----------------------------------------------------------------------------------------------------------


def check_refused(path: Path) -> None:
    with pytest.raises(nx.UnreachableError, match="damaged: move it away"):
        Ledger(path)


def overwrite(path: Path, page: int = 5) -> None:
    """Damage a page in place; nothing that the header tells changes."""
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xa5" * 4096)


def put_in_place(path: Path) -> None:
    """Put a damaged copy of the same size in its place."""
    copy = path.with_name("copy")
    shutil.copy2(path, copy)
    overwrite(copy)
    copy.replace(path)


def set_times_back(path: Path) -> None:
    """Damage the file, and give it the times that it had."""
    times = path.stat()
    overwrite(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("damage", [overwrite, put_in_place, set_times_back])
def test_damage_that_went_through_the_file_system_is_found_when_the_ledger_is_opened(
    path: Path, damage: Callable[[Path], None]
) -> None:
    damage(path)
    check_refused(path)
    check_refused(path)


def test_damage_right_after_the_end_is_found_however_coarse_the_clock_of_the_file_system_is(path: Path) -> None:
    """The time of the file that is noted lies between the ticks of that clock."""
    use(path, "i")
    modified = path.stat().st_mtime_ns
    assert parse_note(path.with_name("ledger.sqlite-checked").read_bytes()).file.modified == modified  # type: ignore[union-attr]
    assert modified % 1_000_000 != 0


def test_a_damaged_copy_that_was_put_in_the_place_of_a_ledger_in_use_is_found(path: Path) -> None:
    ledger = Ledger(path)
    put_in_place(path)
    check_refused(path)
    with pytest.raises(nx.UnreachableError, match="removed or replaced"):
        send_once(ledger, entry("i"), lambda: [{"status": "0"}])
    ledger.close()
    check_refused(path)  # the one that is gone was closed cleanly, and says nothing for this one


# --- the daily check -------------------------------------------------------------------------------------------------


def hide_damage(path: Path, checked: float) -> None:
    """Damage a page as a failing disk does: the file system does not know of it."""
    overwrite(path)
    state = soundness.read_file_state(path)
    assert state is not None
    path.with_name("ledger.sqlite-checked").write_bytes(soundness._format(Note(state, checked)))


def test_what_the_file_system_did_not_see_is_not_found_before_the_daily_check(path: Path, checks: list[str]) -> None:
    hide_damage(path, soundness.time.time())
    Ledger(path).close()
    assert checks == []


def test_the_daily_check_finds_it_and_the_next_send_is_refused_in_words(path: Path, checks: list[str]) -> None:
    hide_damage(path, soundness.time.time() - 2 * DAY)
    ledger = Ledger(path)
    assert ledger._database._watch is not None
    ledger._database._watch._check._thread.join(60)  # type: ignore[union-attr]
    assert len(checks) == 1
    left: list[str] = []
    said = r"the daily check of all of it found: .*Nothing was sent.*move it away"
    with pytest.raises(nx.UnreachableError, match=said):
        send_once(ledger, entry("new"), lambda: [left.append("sent")])  # type: ignore[list-item]
    with pytest.raises(nx.UnreachableError, match="the daily check"):
        ledger.add_batch("b", [entry("p")._replace(key=None)])
    assert left == []
    ledger.close()
    check_refused(path)


def test_an_answer_is_recorded_even_if_damage_was_found_meanwhile(path: Path) -> None:
    ledger = Ledger(path)

    def work() -> list[dict[str, str]]:
        ledger._database._watch.finding = "a page is odd"  # type: ignore[union-attr]
        return [{"status": "0"}]

    send_once(ledger, entry("i"), work)
    assert ledger.read_sends()[-1]["state"] == "accepted"
    ledger.close()


def test_no_other_process_notes_a_clean_end_after_damage_was_found(path: Path, checks: list[str]) -> None:
    first, second = Ledger(path), Ledger(path)
    assert first._database._watch is not None
    first._database._watch._tell("a page is odd")
    third = Ledger(path)
    assert checks == [""]  # it was not really damaged, which the third found; the second does not know either
    path.with_name("ledger.sqlite-checked").write_bytes(b"")
    for ledger in (third, first, second):
        ledger.close()
    assert path.with_name("ledger.sqlite-checked").read_bytes() == b""
    use(path)
    assert checks == ["", ""]


def test_a_system_without_more_threads_opens_the_ledger_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(soundness, "is_due", lambda *_: True)
    monkeypatch.setattr("threading.Thread.start", fail)
    use(path, "i")


def test_the_daily_check_of_a_sound_ledger_is_made_once_a_day(path: Path, checks: list[str]) -> None:
    state = soundness.read_file_state(path)
    assert state is not None
    note = path.with_name("ledger.sqlite-checked")
    note.write_bytes(soundness._format(Note(state, soundness.time.time() - 2 * DAY)))
    for _ in range(3):
        ledger = Ledger(path)
        check = ledger._database._watch._check  # type: ignore[union-attr]
        if check is not None:
            check._thread.join(60)
        send_once(ledger, entry("i"), lambda: [{"status": "0"}])
        ledger.close()
    assert checks == [""]
    assert soundness.time.time() - parse_note(note.read_bytes()).checked < DAY  # type: ignore[union-attr]
