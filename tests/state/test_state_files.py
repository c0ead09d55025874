"""The state files damaged, locked, read-only, full, gone, old, new, and under a clock that was set."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from helpers import connected, send_once

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.price_history import PriceHistory
from nexmo_nb.state.report_requests import ReportRequests
from nexmo_nb.state.response_cache import ResponseCache
from nexmo_nb.state.sends import Entry, Outcome
from nexmo_nb.state.sqlite import Database
from nexmo_nb.state.throttle import Throttle

TO, OTHER = "447700900123", "447700900124"
BEFORE = 12
NAMES = ("cache", "notes", "ledger", "throttle")
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Let another process hold a file."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    yield
    child.communicate()


def file(session: nx.Session, name: str) -> Path:
    return session.throttle.path.with_name(f"{name}.sqlite")


def used(sandbox: Sandbox, **options: Any) -> Path:
    """Use every file, and leave the folder as a process that was killed leaves it: with its logs."""
    with connected(sandbox, **options) as session:
        for n in range(BEFORE):
            nx.send_sms(TO, f"{n} " + "x" * 1400, sender="Demo", key=f"k{n}")
        for country in ("GB", "PT", "US", "DE"):
            nx.search_numbers(country)
            nx.prices(country)
        for name in NAMES[2:]:
            database = {"ledger": session.ledger, "throttle": session.throttle}[name]._database
            database._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        nx.send_sms(TO, "the last one", sender="Demo", key="last")
        folder = session.throttle.path.parent
        kept = folder.with_name("kept")
        subprocess.run(["cp", "-r", str(folder), str(kept)], check=True)
    shutil.rmtree(folder)
    kept.rename(folder)
    return folder


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage " * 1000)


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])


def middle(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * max(0, len(content) - 4096))


def log(path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    content = log.read_bytes()
    assert len(content) > 4096
    log.write_bytes(content[:100] + b"\xa5" * (len(content) - 100))


def index(path: Path) -> None:
    path.with_name(path.name + "-shm").write_bytes(b"\xa5" * 32768)


# --- damaged ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [garbage, half, middle, log, index])
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_never_a_raw_error_nor_a_second_send(
    sandbox: Sandbox, name: str, damage: Callable[[Path], None]
) -> None:
    damage(used(sandbox) / f"{name}.sqlite")
    said: list[str] = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try_all(sandbox, said)
    for words in [*said, *(str(each.message) for each in warned)]:
        assert f"{name}.sqlite cannot be used" in words
        assert "connect() again" in words
    if name in ("cache", "notes"):
        assert said == []
    texts = [message["text"].split()[0] for message in sandbox.messages]
    assert all(texts.count(str(n)) == 1 for n in range(BEFORE))


def try_all(sandbox: Sandbox, said: list[str]) -> None:
    """Connect, read, and send under keys that were used; note the errors."""

    def attempt(work: Callable[[], Any]) -> None:
        try:
            work()
        except nx.NexmoError as problem:
            said.append(str(problem))

    attempt(lambda: connected(sandbox))
    if said:
        return
    attempt(lambda: nx.search_numbers("GB"))
    attempt(lambda: nx.prices("PT", refresh=True))
    attempt(lambda: nx.price_changes())
    for n in range(BEFORE):
        attempt(lambda n=n: nx.send_sms(TO, f"{n} " + "x" * 1400, sender="Demo", key=f"k{n}"))  # type: ignore[misc]
    attempt(lambda: nx.sent())


def test_a_damaged_ledger_is_to_be_kept(sandbox: Sandbox) -> None:
    garbage(used(sandbox) / "ledger.sqlite")
    connected(sandbox)
    with pytest.raises(nx.UnreachableError, match=r"ledger\.sqlite .* damaged: move it away.*Keep what you move"):
        nx.send_sms(TO, "Hello", sender="Demo")


def test_a_digit_that_changed_on_the_disk_is_not_shown(session: nx.Session, sandbox: Sandbox) -> None:
    right = nx.prices("PT")
    change = "UPDATE answers SET body = CAST(replace(CAST(body AS TEXT), '0', '9') AS BLOB)"
    session.cache.responses._database.transact(lambda c: c.execute(change))
    assert nx.prices("PT").price.tolist() == right.price.tolist()
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("filler", [b"\0", b"\xa5"])
def test_no_damaged_page_of_the_ledger_makes_a_key_free_again(tmp_path: Path, filler: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    entries = [Entry(f"{n:040}", "w", "sms", "d", "1", "Demo", "x" * 900, key=f"k{n}") for n in range(20)]
    for entry in entries:
        send_once(ledger, entry, lambda: [{"status": "0"}])
    ledger.close()
    sound, size, refused = path.read_bytes(), 4096, 0
    again: list[str] = []
    for page in range(len(sound) // size):
        path.write_bytes(sound[: page * size] + filler * size + sound[(page + 1) * size :])
        opened: list[Ledger] = []
        with suppress(nx.UnreachableError):
            opened.append(Ledger(path))
        refused += not opened
        for ledger, entry in product(opened, entries):
            with suppress(nx.UnreachableError):
                send_once(ledger, entry, lambda page=page: [again.append(f"page {page}")])  # type: ignore[misc, list-item]
        for ledger in opened:
            ledger.close()
    assert again == []
    assert refused > 5


# --- locked ----------------------------------------------------------------------------------------------------------


def test_the_cache_and_the_notes_wait_less_than_a_second_for_another_process(session: nx.Session) -> None:
    nx.prices("PT")
    for database in (session.cache.responses._database, session.price_history._database):
        assert database._connection.execute("PRAGMA busy_timeout").fetchone()[0] < 1000


@pytest.mark.parametrize("name", ["cache", "notes"])
def test_a_read_goes_on_while_another_process_holds_a_file(session: nx.Session, name: str) -> None:
    nx.prices("PT")
    with held(file(session, name)), pytest.warns(UserWarning, match=f"{name}.sqlite cannot .*Another program holds it"):
        assert len(nx.prices("PT", refresh=True)) > 0


@pytest.mark.parametrize("name", ["ledger", "throttle"])
def test_nothing_is_sent_while_another_process_holds_the_record(
    session: nx.Session, sandbox: Sandbox, name: str
) -> None:
    nx.send_sms(TO, "Hello", sender="Demo")
    for database in (session.ledger._database, session.throttle._database):
        database._connection.execute("PRAGMA busy_timeout = 20")
    with held(file(session, name)):
        with pytest.raises(nx.UnreachableError, match=rf"{name}\.sqlite cannot .*Nothing was sent.*Another program"):
            nx.send_sms(TO, "Hello", sender="Demo", key="k")
        assert len(sandbox.requests) == 1
    nx.send_sms(TO, "Hello", sender="Demo", key="k")
    assert len(sandbox.messages) == len(nx.sent()) == 2


def test_connecting_says_that_another_process_holds_the_record_of_the_limit(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected(sandbox) as session:
        path = file(session, "throttle")
    monkeypatch.setitem(Database.__init__.__kwdefaults__, "busy", 0.02)
    with held(path), pytest.raises(nx.InvalidRequestError, match="^state_dir: .*Another program holds it"):
        connected(sandbox)


# --- gone ------------------------------------------------------------------------------------------------------------


def test_a_folder_that_vanished_stops_every_call_until_connected_again(session: nx.Session, sandbox: Sandbox) -> None:
    nx.send_sms(TO, "Hello", sender="Demo")
    nx.prices("PT")
    asked = len(sandbox.requests)
    shutil.rmtree(session.throttle.path.parent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for work in (lambda: nx.search_numbers("GB"), lambda: nx.balance(), session.throttle.status):
            with pytest.raises(nx.UnreachableError, match=r"throttle\.sqlite cannot .* connect\(\) again"):
                work()
        for key in (None, "one"):
            with pytest.raises(nx.UnreachableError, match=r"ledger\.sqlite cannot .* connect\(\) again"):
                nx.send_sms(TO, "Hello", sender="Demo", key=key)
    assert len(sandbox.requests) == asked
    connected(sandbox)
    nx.send_sms(TO, "Hello", sender="Demo")
    assert len(nx.sent()) == 1


def test_a_batch_says_that_its_record_vanished(session: nx.Session, sandbox: Sandbox) -> None:
    plan = nx.plan_sms([TO, OTHER], "Hello", sender="Demo")
    nx.sent()
    asked = len(sandbox.requests)
    for path in session.throttle.path.parent.glob("throttle.sqlite*"):
        path.unlink()
    with pytest.raises(nx.UnreachableError, match=r"throttle\.sqlite cannot .*2 left"):
        nx.send_many(plan, batch="b", progress=True)
    assert len(sandbox.requests) == asked
    assert nx.sent("b", planned=True).state.tolist() == ["planned", "planned"]


def test_a_row_that_another_process_took_is_not_sent_by_this_one(tmp_path: Path) -> None:
    one, two = (Ledger(tmp_path / "ledger.sqlite") for _ in range(2))
    people = [Entry(name * 40, f"send an SMS to {name}", "sms", "d", name, "Demo", "Hello") for name in "123"]
    codes = [row.id for row in one.add_batch("b", people)]
    assert two.record_and_claim([], dict.fromkeys(codes[:2], "d")).ids == set(codes[:2])
    assert one.record_and_claim([], dict.fromkeys(codes, "d")).ids == {codes[2]}
    assert one.record_and_claim([], dict.fromkeys(codes, "d")).ids == set()
    two.record_and_claim([Outcome(codes[0], [{"status": "0"}])], {})
    one.close()
    two.close()
    three = Ledger(tmp_path / "ledger.sqlite")
    assert sorted(row["state"] for row in three.read_sends()) == ["accepted", "unknown", "unknown"]
    three.close()


def test_a_send_whose_process_was_taken_for_dead_leaves_no_second_time(tmp_path: Path) -> None:
    """Somebody removes the folder that tells who lives, while a send is under way: nobody else sends under its key."""
    one = Ledger(tmp_path / "ledger.sqlite")
    entry = Entry("a" * 40, "send an SMS to 1", "sms", "d", "1", "Demo", "Hello", key="k")
    again: list[str] = []

    def send() -> list[dict[str, Any]]:
        shutil.rmtree(tmp_path / "owners")
        two = Ledger(tmp_path / "ledger.sqlite")
        assert [row["state"] for row in two.read_sends()] == ["unknown"]
        with pytest.raises(nx.UnknownOutcomeError, match="nobody knows"):
            send_once(two, entry._replace(id="b" * 40), lambda: [again.append("sent")])  # type: ignore[list-item]
        two.close()
        return [{"status": "0"}]

    send_once(one, entry, send)
    assert again == []
    assert [row["state"] for row in one.read_sends()] == ["accepted"]
    one.close()


# --- read-only and full, on real file systems ------------------------------------------------------------------------

SENDS = """
import sys, warnings
import nexmo_nb as nx
warnings.simplefilter("ignore")
free = dict.fromkeys(("sms", "numbers", "owned", "pricing"), (1_000_000, 1.0))
session = nx.connect(sys.argv[1], state_dir=sys.argv[2], calls=1_000_000, limits=free)
sent = 0
try:
    for n in range(3000):
        nx.send_sms("447700900123", "x" * 1500, sender="Demo", key=str(n))
        sent += 1
except nx.UnreachableError as problem:
    print(problem)
print(sent)
"""


def child(code: str, *arguments: str, before: str = "") -> list[str]:
    """Run code, as the only user of a file system of its own if that is said, and give its lines."""
    command = [sys.executable, "-c", code, *arguments]
    if before:
        if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
            pytest.skip("this system allows no file systems of one's own")
        command = ["unshare", "-rm", "sh", "-c", f'{before} && exec "$@"', "sh", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_a_full_disk_stops_before_the_wire(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    said, sent = child(SENDS, sandbox.url, str(folder), before=f"mount -t tmpfs -o size=600k tmpfs {folder}")
    assert "Nothing was sent" in said
    assert "full" in said
    assert int(sent) == len(sandbox.messages)


@pytest.mark.slow
def test_a_file_that_may_not_grow_stops_before_the_wire(sandbox: Sandbox, tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
    said, sent = child(limit + SENDS, sandbox.url, str(tmp_path / "s"))
    assert "Nothing was sent" in said
    assert "cannot be used" in said
    assert int(sent) == len(sandbox.messages)


@pytest.mark.slow
def test_connecting_to_a_read_only_folder_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = used(sandbox).parent
    code = (
        "import sys, nexmo_nb as nx\n"
        "try:\n    nx.connect(sys.argv[1], state_dir=sys.argv[2])\n"
        "except nx.InvalidRequestError as problem:\n    print(problem)\n"
    )
    ro = f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}"
    (said,) = child(code, sandbox.url, str(folder), before=ro)
    assert said.startswith("state_dir: ")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_single_read_only_file_is_said(sandbox: Sandbox, name: str) -> None:
    path = used(sandbox) / f"{name}.sqlite"
    code = (
        "import sys, warnings, nexmo_nb as nx\n"
        "warnings.showwarning = lambda message, *_: print('warned', message)\n"
        "try:\n"
        "    nx.connect(sys.argv[1], state_dir=sys.argv[2])\n"
        "    nx.prices('PT', refresh=True)\n"
        "    nx.send_sms('447700900123', 'Hello', sender='Demo')\n"
        "    print('sent')\n"
        "except nx.NexmoError as problem:\n    print('raised', problem)\n"
    )
    before = len(sandbox.messages)
    ro = f"mount --bind {path} {path} && mount -o remount,ro,bind {path}"
    lines = child(code, sandbox.url, str(path.parent.parent), before=ro)
    assert f"{name}.sqlite cannot be used (it cannot be written)" in lines[0]
    assert lines[0].startswith("warned" if name in ("cache", "notes") else "raised")
    assert len(sandbox.messages) - before == lines.count("sent") == (name in ("cache", "notes"))


# --- older and newer versions ----------------------------------------------------------------------------------------

# As the first version wrote them, before layouts were numbered.
FIRST = {
    "throttle": """CREATE TABLE slots (
        id TEXT PRIMARY KEY, boot TEXT NOT NULL, family TEXT NOT NULL, lane TEXT NOT NULL,
        reserved REAL NOT NULL, at REAL NOT NULL);
        CREATE INDEX slots_at ON slots (at);
        CREATE INDEX slots_family ON slots (family, at);
        INSERT INTO slots VALUES ('s', 'b1', 'sms', 'bulk', 1000.0, 1001.0);""",
    "cache": """CREATE TABLE answers (
        id TEXT PRIMARY KEY, family TEXT NOT NULL, body BLOB NOT NULL, saved REAL NOT NULL, expires REAL NOT NULL);
        CREATE INDEX answers_expires ON answers (expires);
        INSERT INTO answers VALUES ('owned http://x/', 'owned', X'7B7D', 1.0, 4000000000.0);""",
    "notes": """CREATE TABLE prices (
        product TEXT NOT NULL, country TEXT NOT NULL, network_code TEXT NOT NULL, seen REAL NOT NULL,
        country_name TEXT, network_name TEXT, price REAL, currency TEXT,
        PRIMARY KEY (product, country, network_code, seen));
        CREATE TABLE reports (digest TEXT PRIMARY KEY, report TEXT NOT NULL, ordered REAL NOT NULL);
        INSERT INTO prices VALUES ('sms', 'PT', '26801', 1.0, 'Portugal', 'Vodafone', 0.05, 'EUR');""",
    "ledger": """CREATE TABLE sends (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, batch TEXT, place INTEGER, key TEXT UNIQUE, digest TEXT NOT NULL,
        recipient TEXT, sender TEXT, body TEXT, client_ref TEXT,
        state TEXT NOT NULL, owner TEXT, created REAL NOT NULL, started REAL, finished REAL,
        parts INTEGER, price REAL, currency TEXT, code TEXT, error TEXT, UNIQUE (batch, recipient));
        CREATE TABLE parts (
        send TEXT NOT NULL, part INTEGER NOT NULL, message_id TEXT, status TEXT, error_text TEXT,
        price REAL, balance REAL, network TEXT, PRIMARY KEY (send, part));
        CREATE TABLE deliveries (
        message_id TEXT PRIMARY KEY, delivery TEXT NOT NULL, code TEXT, price REAL, currency TEXT, finalized REAL);
        INSERT INTO sends (id, kind, key, digest, recipient, state, created)
        VALUES ('a', 'sms', 'k', 'd', '1', 'accepted', 1);
        INSERT INTO parts VALUES ('a', 1, 'm1', '0', NULL, 0.05, 1.0, '26801');""",
}
OPENED: dict[str, Callable[[Path], Any]] = {
    "throttle": lambda path: Throttle(path, calls=100, period=60.0, clock=lambda: 1002.0, boot="b1"),
    "cache": lambda path: ResponseCache(path),
    "notes": lambda path: PriceHistory(path),
    "ledger": lambda path: Ledger(path),
}
KEPT: dict[str, Callable[[Any], bool]] = {
    "throttle": lambda throttle: throttle.status().used == 1,
    "cache": lambda cache: cache.get_response("owned http://x/").content == b"{}",
    "notes": lambda history: [row["price"] for row in history.read_prices()] == [0.05],
    "ledger": lambda ledger: (
        send_once(ledger, Entry("b", "w", "sms", "d", "1", None, None, key="k"), lambda: [])[0]["part"] == 1
    ),
}


def first(tmp_path: Path, name: str) -> Path:
    path = tmp_path / f"{name}.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(FIRST[name])
    connection.close()
    return path


def test_what_waited_for_its_turn_in_a_ledger_of_the_first_version_is_planned(tmp_path: Path) -> None:
    path = first(tmp_path, "ledger")
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO sends (id, kind, batch, digest, recipient, state, owner, created)"
            " VALUES ('c', 'sms', 'b', 'd', '2', 'claimed', 'o', 2)"
        )
    connection.close()
    ledger = Ledger(path)
    assert {row["id"]: row["state"] for row in ledger.read_sends()} == {"a": "accepted", "c": "planned"}
    assert ledger.record_and_claim([], {"c": "d"}).ids == {"c"}
    ledger.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_the_first_version_opens_and_keeps_its_rows(tmp_path: Path, name: str) -> None:
    path = first(tmp_path, name)
    for _ in range(2):
        opened = OPENED[name](path)
        assert KEPT[name](opened)
        opened.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_a_newer_version_is_refused_in_words_and_left_alone(sandbox: Sandbox, name: str) -> None:
    path = used(sandbox) / f"{name}.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    said: list[str] = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try_all(sandbox, said)
    words = [str(each.message) for each in warned] if name in ("cache", "notes") else said
    assert f"{name}.sqlite cannot be used (a newer version of nexmo_nb wrote it, in layout 99" in words[0]
    assert len(sandbox.messages) == BEFORE + 1


# --- the clock -------------------------------------------------------------------------------------------------------


def test_an_answer_that_was_saved_by_a_clock_ahead_is_asked_anew(session: nx.Session, sandbox: Sandbox) -> None:
    session.cache.responses._clock = lambda: time.time() + 3600
    nx.applications()
    session.cache.responses._clock = time.time
    nx.applications()
    assert len(sandbox.requests) == 2
    nx.applications()
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_limit_does_not_look_at_the_clock_that_can_be_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    throttle = Throttle(tmp_path / "t", calls=5, period=60.0)
    throttle.acquire("one", "")
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600 * hours)
    again = Throttle(tmp_path / "t", calls=5, period=60.0)
    assert (throttle.status().used, again.status().used) == (1, 1)
    throttle.close()
    again.close()


@pytest.mark.parametrize("hours", [-1, 1])
def test_an_ordered_report_is_found_when_the_clock_was_set(tmp_path: Path, hours: int) -> None:
    requests = ReportRequests(tmp_path / "n", clock=lambda: 1e6)
    requests.record("d", "r1")
    requests.clock = lambda: 1e6 + 3600 * hours
    assert requests.find("d") == "r1"
    requests.close()


def test_a_price_that_was_seen_after_the_clock_went_back_is_the_latest(tmp_path: Path) -> None:
    history = PriceHistory(tmp_path / "n", clock=lambda: 1e6)

    def see(price: float) -> None:
        row = dict.fromkeys(("network_code", "country_name", "network_name", "currency"), "x")
        history.record_prices("sms", ["PT"], [{**row, "country": "PT", "price": price}])

    see(0.05)
    history.clock = lambda: 1e6 - 3600
    for price in (0.06, 0.06, 0.07, 0.05):
        see(price)
    assert [row["price"] for row in history.read_prices()] == [0.05, 0.06, 0.07, 0.05]
    history.close()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_message_is_found_whose_clock_was_an_hour_off(session: nx.Session, sandbox: Sandbox, hours: int) -> None:
    session.ledger.clock = lambda: time.time() + 3600 * hours
    sandbox.fail_next("drop-after")
    with pytest.raises(nx.UnknownOutcomeError):
        nx.send_sms(TO, "Hello", sender="Demo")
    session.ledger.clock = time.time
    assert nx.settle(delay=0).state.tolist() == ["accepted"]


@pytest.mark.parametrize("hours", [-5, -1, 1])
def test_a_message_is_found_after_the_clock_was_set(session: nx.Session, sandbox: Sandbox, hours: int) -> None:
    sandbox.fail_next("drop-after")
    with pytest.raises(nx.UnknownOutcomeError):
        nx.send_sms(TO, "Hello", sender="Demo")
    session.ledger.clock = lambda: time.time() + 3600 * hours
    assert nx.settle(delay=0).state.tolist() == ["accepted"]


@pytest.mark.slow
def test_what_a_killed_process_left_is_settled_whatever_the_clock_says(sandbox: Sandbox) -> None:
    sandbox.fail_next("slow", seconds=600, path="/sms")
    connect = f"import nexmo_nb as nx\nnx.connect({sandbox.url!r}, timeout=600)\n"
    code = f"{connect}nx.send_sms('447700900123', 'Hello', sender='Demo')\n"
    child = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    while not sandbox.requests:
        time.sleep(0.01)
    child.kill()
    child.wait()
    session = connected(sandbox)
    session.ledger.clock = lambda: time.time() - 3600
    assert nx.sent().state.tolist() == ["unknown"]


# --- deletions from the cache ----------------------------------------------------------------------------------------


def test_no_deletion_of_a_family_escapes_a_read_that_began_before_it(tmp_path: Path) -> None:
    """Another thread deletes the same family and begins a read, at whatever moment the cache looks the family up."""
    cache = ResponseCache(tmp_path / "cache.sqlite")
    versions: list[object] = []

    class Family(str):
        __slots__ = ()

        def __hash__(self) -> int:
            cache.delete_family("owned")
            versions.append(cache.get_version("owned"))
            return hash("owned")

    cache.delete_family(Family("owned"))
    assert cache.get_version("owned") is not versions[-1]
    cache.responses.close()
