"""A process that is forked while a session is open: it neither hangs, nor takes anything from its parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from helpers import ending

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

# Each program begins with an open session on an embedded sandbox, to which one message was sent under a key.
START = """
import gc, multiprocessing, os, signal, socket, sqlite3, sys, threading, warnings
import nexmo_nb as nx
from nexmo_nb.session import connect as module

warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of every fork of a process with threads
session = nx.connect("sandbox")
sandbox, folder = session.sandbox, session.throttle.path.parent


def send(text, key=None):
    return nx.send_sms("+44 7700 900123", text, sender="Demo", key=key).message_id.tolist()


def run_in_child(work):
    \"\"\"Fork, and give the exit code of the child, which ends as a program does.\"\"\"
    child = os.fork()
    if child == 0:
        work()
        sys.exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def check_parent(count=1):
    assert [message["text"] for message in sandbox.messages][:1] == ["One"]
    assert send("One", key="one") == first, "the key was forgotten"
    assert len(sandbox.messages) == count
    send("Another")
    assert len(sandbox.messages) == count + 1
    for file in folder.glob("*.sqlite"):
        assert sqlite3.connect(file).execute("PRAGMA integrity_check").fetchall() == [("ok",)]


first = send("One", key="one")
"""


# Imports the package, which takes longest of all, and then forks itself for each program that it is told.
STARTER = """
import json, os, sys
import nexmo_nb.cli, nexmo_nb.sandbox, nexmo_nb.session.connect

nexmo_nb.to_e164("+44 7700 900123")

for line in sys.stdin:
    program, folder, environment, output = json.loads(line)
    child = os.fork()
    if child == 0:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
os.chdir(folder)
os.environ.clear()
os.environ.update(environment)
for number in (1, 2):
    os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
del json, line, folder, environment, output, child, number
exec(program)
"""
Run = Callable[[str], str]


@pytest.fixture(scope="module")
def starter() -> Iterator[subprocess.Popen[str]]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", STARTER], text=True, start_new_session=True, **pipes) as starter:
        yield starter
        with suppress(ProcessLookupError):
            os.killpg(starter.pid, signal.SIGKILL)  # the children of programs too: they are what hangs


@pytest.fixture
def run_program(starter: subprocess.Popen[str], tmp_path: Path) -> Run:
    """Run a program after `START`, and give what it wrote; it must end well."""

    def run(program: str) -> str:
        assert starter.stdin is not None
        assert starter.stdout is not None
        output = tmp_path / "output"
        told = [START + textwrap.dedent(program), str(tmp_path), dict(os.environ), str(output)]
        print(json.dumps(told), file=starter.stdin, flush=True)
        with ending(120):
            code = starter.stdout.readline()
        assert code == "0\n", output.read_text()
        return output.read_text()

    return run


def test_a_child_that_ends_leaves_its_parent_everything(run_program: Run) -> None:
    program = """
    def forget():
        global session
        module._current = session = None
        gc.collect()

    ends = [lambda: None, session.close, sandbox.close, lambda: session.__exit__(None, None, None), forget]
    for count, work in enumerate(ends, start=1):
        assert run_in_child(work) == 7, count
        check_parent(count)
    """
    assert run_program(program) == ""
    assert not list(Path("state").glob("sandbox-*"))


def test_a_child_has_a_sandbox_of_its_own(run_program: Run) -> None:
    program = """
    def work():
        global session
        other = nx.connect("sandbox")
        session = None
        gc.collect()
        assert other.sandbox.url != sandbox.url
        send("Two")
        assert [message["text"] for message in other.sandbox.messages] == ["Two"]

    assert run_in_child(work) == 7
    check_parent()
    """
    assert run_program(program) == ""
    assert not list(Path("state").glob("sandbox-*"))


def test_a_process_of_multiprocessing_has_a_sandbox_of_its_own(run_program: Run) -> None:
    program = """
    def work():
        with nx.connect("sandbox") as other:
            send("Two")
            assert len(other.sandbox.messages) == 1

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
    assert child.exitcode == 0
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(abs, [-1, -2]) == [1, 2]
    check_parent()
    """
    assert run_program(program) == ""


def test_a_child_is_told_to_connect_again_and_can_look_at_what_arrived(run_program: Run) -> None:
    program = """
    from nexmo_nb.state.sqlite import Database

    def hold(lock):
        with lock:
            held.release()
            done.wait()

    def work():
        assert len(sandbox.messages) == 1
        for call in (nx.balance, lambda: send("Two"), nx.sent, session.throttle.status):
            try:
                call()
            except nx.InvalidRequestError as problem:
                assert "connect() in each process" in str(problem)
            else:
                os._exit(1)

    # At the fork, other threads hold every lock.
    held, done = threading.Semaphore(0), threading.Event()
    locks = [session._lock, sandbox.world.lock, sandbox._server._lock]
    locks += [each._lock for each in gc.get_objects() if isinstance(each, Database)]
    assert len(locks) > 5
    threads = [threading.Thread(target=hold, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
        held.acquire()
    code = run_in_child(work)
    done.set()
    for thread in threads:
        thread.join()
    assert code == 7, code
    check_parent()
    """
    assert run_program(program) == ""


def test_a_child_keeps_no_port_open(run_program: Run) -> None:
    program = """
    (reading, writing), (is_begun, begin) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.write(begin, b"x")
        os.read(reading, 1)
        os._exit(0)
    os.read(is_begun, 1)
    port = int(sandbox.url.rsplit(":", 1)[1])
    sandbox.close()
    try:
        socket.create_connection(("127.0.0.1", port))
    except ConnectionRefusedError:
        print("refused")
    os.close(writing)
    assert os.waitpid(child, 0)[1] == 0
    """
    assert run_program(program) == "refused\n"


def test_forks_while_messages_are_sent_cost_none_of_them(run_program: Run) -> None:
    program = """
    def send_some():
        while not done.is_set():
            send("Two")

    outer, session = session, nx.connect(sandbox.url, calls=1_000_000, limits={"sms": (1_000_000, 1.0)})
    sandbox.world.limits = False
    first = send("One", key="one")
    done = threading.Event()
    threads = [threading.Thread(target=send_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    children = []
    for _ in range(10):
        child = os.fork()
        if child == 0:
            assert sandbox.messages
            os._exit(0)
        children.append(child)
    codes = [os.waitpid(child, 0)[1] for child in children]
    done.set()
    for thread in threads:
        thread.join()
    assert codes == [0] * 10
    assert (nx.sent().state == "accepted").all()
    check_parent(len(sandbox.messages))
    """
    assert run_program(program) == ""


def test_what_a_killed_process_was_sending_is_known_to_be_unknown_while_a_child_of_it_lives(run_program: Run) -> None:
    program = """
    from nexmo_nb.state.ledger import Ledger
    from nexmo_nb.state.sends import Entry

    ledger_file = folder / "other.sqlite"
    reading, writing = os.pipe()
    ready, say = os.pipe()
    parent = os.fork()
    if parent == 0:
        ledger = Ledger(ledger_file)
        fields = {name: "x" for name in Entry._fields}
        ledger.record_intent(Entry(**{**fields, "kind": "sms", "key": None, "estimate": 0.1}))
        if os.fork() == 0:
            os.close(writing)
            os.write(say, b"x")  # said by the child, for what runs in it after the fork must have run
            os.close(say)
            os.read(reading, 1)  # lives until the program ends
            os._exit(0)
        signal.pause()
    os.read(ready, 1)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    print([row["state"] for row in Ledger(ledger_file).read_sends()])
    """
    assert run_program(program) == "['unknown']\n"
