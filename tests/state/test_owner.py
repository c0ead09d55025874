"""The owner of what is under way: it is seen to live by its lock alone, and holds nothing that it does not use."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from helpers import connected, send_once

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.files import OLD, LockFiles
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.owner import Owner
from nexmo_nb.state.sends import Entry, Outcome

TO = "447700900123"


@contextmanager
def in_another_thread(work: Any) -> Iterator[None]:
    """Do work in a thread that lives on until the block ends."""
    done, end = threading.Event(), threading.Event()

    def run() -> None:
        work()
        done.set()
        end.wait()

    thread = threading.Thread(target=run)
    thread.start()
    done.wait()
    try:
        yield
    finally:
        end.set()
        thread.join()


def files(folder: Path) -> int:
    return len(list(folder.glob("*.lock")))


def test_an_owner_has_no_file_before_it_begins_something_nor_after_it_rests(tmp_path: Path) -> None:
    owner = Owner(LockFiles(tmp_path / "owners"))
    assert (owner.name, files(tmp_path / "owners")) == ("", 0)
    first = owner.begin(["a"], in_this_thread=False)
    assert owner.begin(["b"], in_this_thread=False) == first
    owner.end(["a"])
    owner.rest()
    assert files(tmp_path / "owners") == 1  # "b" is under way
    owner.end(["b"])
    owner.rest()
    assert files(tmp_path / "owners") == 0
    assert owner.begin(["c"], in_this_thread=False) != first
    del owner
    gc.collect()
    assert files(tmp_path / "owners") == 0


@pytest.mark.parametrize(
    ("where", "is_abandoned"),
    [("here", True), ("a thread that lives", False), ("a thread that ended", True), ("several threads", False)],
)
def test_what_is_abandoned_is_what_no_other_thread_can_have(tmp_path: Path, where: str, is_abandoned: bool) -> None:
    owner, other = Owner(LockFiles(tmp_path)), Owner(LockFiles(tmp_path))

    def begin() -> None:
        owner.begin(["a"], in_this_thread=where != "several threads")

    def look() -> None:
        owned = [("a", owner.name), ("b", owner.name)]
        assert owner.find_abandoned(owned) == (owned if is_abandoned else owned[1:])
        assert other.find_abandoned(owned) == []  # as long as the lock is held, it is not others' to say
        owner.rest()
        assert other.find_abandoned(owned) == (owned if is_abandoned else [])

    if where == "a thread that lives":
        with in_another_thread(begin):
            look()
    elif where == "a thread that ended":
        with in_another_thread(begin):
            pass
        look()
    else:
        begin()
        look()


def test_the_files_of_those_who_died_are_deleted_and_never_ones_own(tmp_path: Path) -> None:
    owner = Owner(LockFiles(tmp_path))
    name = owner.begin(["a"], in_this_thread=False)
    for other in ("dead", "b"):
        (tmp_path / f"{other}.lock").touch()
    owner.delete_locks(["dead", name, "gone"])
    assert {path.stem for path in tmp_path.glob("*.lock")} == {"b", name}
    owner.close()


@pytest.mark.parametrize(
    ("age", "lives", "stays"), [(OLD, False, True), (OLD + 1, False, False), (OLD + 1, True, True)]
)
def test_a_file_that_nobody_holds_is_deleted_after_a_day(tmp_path: Path, age: float, lives: bool, stays: bool) -> None:
    """A younger one may be just being made: it is not locked yet."""
    other = Owner(LockFiles(tmp_path))
    path = tmp_path / f"{other.begin(['a'], in_this_thread=False)}.lock"
    if not lives:
        other.close()
        path.touch()
    os.utime(path, (1000.0, 1000.0))
    Owner(LockFiles(tmp_path)).delete_old_locks(1000.0 + age)
    assert path.exists() == stays
    other.close()


def test_a_lock_file_that_goes_meanwhile_is_not_missed(tmp_path: Path) -> None:
    (tmp_path / "gone.lock").symlink_to(tmp_path / "nowhere")
    Owner(LockFiles(tmp_path)).delete_old_locks(1e12)
    assert files(tmp_path) == 1


def test_what_others_have_under_way_is_found_by_its_own_owner(tmp_path: Path) -> None:
    """Of three owners one died; another has something of the same name under way."""
    one, two = Owner(LockFiles(tmp_path)), Owner(LockFiles(tmp_path))
    owned = [
        ("a", one.begin(["a"], in_this_thread=False)),
        ("a", two.begin(["a"], in_this_thread=False)),
        ("a", "dead"),
    ]
    assert one.find_abandoned(owned) == two.find_abandoned(owned) == owned[2:]
    assert one.find_abandoned([]) == Owner(LockFiles(tmp_path)).find_abandoned([]) == []
    one.end(["a"])
    assert one.find_abandoned(owned) == [owned[0], owned[2]]
    assert two.find_abandoned(owned) == owned[2:]
    one.close()
    two.close()


def test_a_rest_forgets_what_was_interrupted_and_keeps_what_is_under_way(tmp_path: Path) -> None:
    owner = Owner(LockFiles(tmp_path))
    name = owner.begin(["interrupted"], in_this_thread=True)
    owner.begin(["open"], in_this_thread=False)
    owner.rest()
    assert owner.begin(["more"], in_this_thread=False) == name
    owner.end(["open", "more"])
    owner.rest()
    assert files(tmp_path) == 0
    assert owner.begin([], in_this_thread=True) != name
    assert owner.find_abandoned([("interrupted", owner.name)]) == [("interrupted", owner.name)]
    owner.close()


def test_a_lock_file_that_somebody_deleted_is_not_missed(tmp_path: Path) -> None:
    owner = Owner(LockFiles(tmp_path))
    (tmp_path / f"{owner.begin(['a'], in_this_thread=False)}.lock").unlink()
    owner.delete_locks(["gone"])
    owner.close()
    assert files(tmp_path) == 0


def test_a_fork_that_ends_does_not_free_the_lock_of_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from nexmo_nb.state.files import LockFiles\n"
        "from nexmo_nb.state.owner import Owner\n"
        "owner = Owner(LockFiles(Path(sys.argv[1])))\n"
        "name = owner.begin(['a'], in_this_thread=False)\n"
        "if not os.fork():\n"
        "    sys.exit()\n"
        "os.wait()\n"
        "print(Owner(LockFiles(Path(sys.argv[1]))).find_abandoned([('a', name)]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert files(tmp_path) == 0


def test_a_send_under_way_in_a_thread_is_not_disturbed_by_a_rest(tmp_path: Path) -> None:
    one = Ledger(tmp_path / "ledger.sqlite")
    entry = Entry("a" * 40, "w", "sms", "d", "1", "Demo", "Hello")
    with in_another_thread(lambda: one.record_intent(entry)):
        one.rest()
        two = Ledger(tmp_path / "ledger.sqlite")
        assert [row["state"] for row in two.read_sends()] == ["sending"]
        one.record_outcomes([Outcome(entry.id, [{"status": "0"}])])
    assert [row["state"] for row in two.read_sends()] == ["accepted"]
    one.rest()
    assert files(tmp_path / "owners") == 0
    assert send_once(one, entry._replace(id="b" * 40), lambda: [{"status": "0"}])
    one.close()
    two.close()
    assert files(tmp_path / "owners") == 0


def test_a_batch_under_way_is_not_disturbed_by_a_new_connection(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, others = session.call_with_slot, []

    def call(*arguments: Any) -> Any:
        if len(others) < 3:
            others.append(connected(sandbox))
            assert "unknown" not in nx.sent("b", session=others[-1]).state.tolist()
        return real(*arguments)

    monkeypatch.setattr(session, "call_with_slot", call)
    plan = nx.plan_sms([f"44770090{n:04}" for n in range(20)], "Hello", sender="Demo", session=session, prices=False)
    found = nx.send_many(plan, batch="b", progress=False, workers=2, session=session)
    assert set(found.state) == {"accepted"}
    for other in others:
        other.close()


def test_after_two_interrupts_a_new_connection_sees_that_the_outcome_is_not_known(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback keeps the first session alive, as that of the last cell does in a notebook."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(session.ledger, "record_outcomes", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        nx.send_sms(TO, "Hello", sender="Demo", key="k")
    assert caught.traceback
    connected(sandbox)
    assert nx.sent().state.tolist() == ["unknown"]
    assert len(sandbox.messages) == 1


CELLS = """
import os, sys
from pathlib import Path
import nexmo_nb as nx
kept = []

def count():
    folder = next(Path(os.environ["NEXMO_NB_STATE_DIR"]).glob("*/owners"))
    return len(os.listdir("/proc/self/fd")), len(list(folder.iterdir()))

for n in range(60):
    session = nx.connect(sys.argv[1], calls=1000000, limits={"sms": (1000000, 1.0), "pricing": (1000000, 1.0)})
    nx.send_sms("447700900123", "Hello", sender="Demo")
    nx.prices("PT")
    if sys.argv[2] == "kept":
        kept.append(session)
    if n in (9, 59):
        print(*count())
for session in kept[:3]:
    nx.send_sms("447700900123", "Hello", sender="Demo", session=session)
print(len(nx.sent()))
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="this system does not tell the descriptors")
@pytest.mark.parametrize("session", ["kept", "dropped"])
def test_connections_that_are_not_closed_hold_no_more_files_than_a_few(sandbox: Sandbox, session: str) -> None:
    """Sixty cells connect and send; what a notebook has as the output of a cell is kept."""
    command = [sys.executable, "-c", CELLS, sandbox.url, session]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    early, late, sent = ([int(word) for word in line.split()] for line in done.stdout.splitlines())
    assert late[0] <= early[0] + 5
    assert late[1] <= 2  # of the one session that does not rest: its ledger's, and its throttle's
    assert sent == [63 if session == "kept" else 60]
