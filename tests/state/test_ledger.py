"""The ledger: what left is written down before it left, and nothing that is written down is sent again."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests
from helpers import connected, send_once

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state import ledger_sql
from nexmo_nb.state.files import is_locked, lock_file
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import Entry, Outcome
from nexmo_nb.state.sqlite import StateError

pytestmark = pytest.mark.usefixtures("anywhere")

TO = "+44 7700 900123"
PART = {"message_id": "m1", "status": "0", "price": "0.05", "currency": "EUR", "network": "23410"}


def entry(code: str, key: str | None = None, content: str = "x") -> Entry:
    return Entry(code, "send an SMS to 1", "sms", content, "1", "Demo", "Hello", code, key)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


def states(session: nx.Session | None = None) -> list[str]:
    return nx.sent(session=session).state.tolist()


# --- single sends ----------------------------------------------------------------------------------------------------


@pytest.mark.in_files
def test_the_intent_is_on_the_disk_before_the_request_leaves(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    real = requests.adapters.HTTPAdapter.send

    def send(self: Any, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        other = sqlite3.connect(session.ledger.path)
        seen.extend(other.execute("SELECT state, recipient, client_ref FROM sends").fetchall())
        other.close()
        assert f"client-ref={seen[0][2]}" in str(request.body)
        return real(self, request, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    nx.send_sms(TO, "Hello", sender="Demo")
    assert [row[:2] for row in seen] == [("sending", "447700900123")]
    assert states() == ["accepted"]


def test_every_send_is_kept_with_what_it_cost(session: nx.Session) -> None:
    parts = nx.send_sms(TO, "a" * 200, sender="Demo", client_ref="mine")
    nx.send_voice(TO, "Hello")
    kept = nx.sent()
    assert kept.kind.tolist() == ["sms", "calls"]
    sms = kept.iloc[0]
    assert (sms.state, sms.to, sms.sender, sms.text, sms.parts) == ("accepted", "447700900123", "Demo", "a" * 200, 2)
    assert sms.price == pytest.approx(parts.price.sum())
    assert (sms.message_ids, sms.client_ref, sms.currency) == (" ".join(parts.message_id), "mine", "EUR")
    assert str(kept.created.dtype) == "datetime64[ns, UTC]"
    assert (kept.finished >= kept.started).all()
    assert abs((pd.Timestamp.now("UTC") - sms.created).total_seconds()) < 60


def test_the_record_is_the_same_when_empty(session: nx.Session) -> None:
    empty = nx.sent()
    nx.send_sms(TO, "Hello", sender="Demo")
    pd.testing.assert_series_equal(empty.dtypes, nx.sent().dtypes)


def test_a_key_is_sent_once_ever_and_returns_its_parts(sandbox: Sandbox) -> None:
    with connected(sandbox):
        first = nx.send_sms(TO, "a" * 200, sender="Demo", account_ref="shop", key="k1")
        assert first.account_ref.tolist() == ["shop", "shop"]
        again = nx.send_sms(TO, "a" * 200, sender="Demo", account_ref="shop", key="k1")
        pd.testing.assert_frame_equal(again, first)
        call = nx.send_voice(TO, "Hello", key="v1")
        assert call.conversation_uuid.notna().all()
        pd.testing.assert_frame_equal(nx.send_voice(TO, "Hello", key="v1"), call)
    with connected(sandbox):
        again = nx.send_sms(TO, "a" * 200, sender="Demo", account_ref="shop", key="k1")
        pd.testing.assert_frame_equal(again, first)
    assert (len(sandbox.messages), len(sandbox.calls)) == (1, 1)


@pytest.mark.parametrize("change", [{"text": "Other"}, {"to": "+44 7700 900124"}, {"sender": "Other"}, {"ttl": 30000}])
def test_a_key_with_other_content_is_an_error(session: nx.Session, sandbox: Sandbox, change: dict[str, Any]) -> None:
    nx.send_sms(TO, "Hello", sender="Demo", key="k1")
    with pytest.raises(nx.InvalidRequestError, match="^key: got 'k1'"):
        nx.send_sms(**{"to": TO, "text": "Hello", "sender": "Demo", "key": "k1", **change})
    with pytest.raises(nx.InvalidRequestError, match="^key: got 'k1'"):
        nx.send_voice(TO, "Hello", key="k1")
    assert (len(sandbox.messages), len(sandbox.calls)) == (1, 0)


@pytest.mark.parametrize("kind", ["drop-after", "500", "garbage"])
def test_a_key_whose_outcome_is_unknown_is_not_sent_again(session: nx.Session, sandbox: Sandbox, kind: str) -> None:
    sandbox.fail_next(kind)
    for _ in range(2):
        with pytest.raises(nx.UnknownOutcomeError):
            nx.send_sms(TO, "Hello", sender="Demo", key="k1")
    assert len(sandbox.requests) == 1
    assert states() == ["unknown"]


def test_a_key_that_was_refused_may_be_tried_again(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("no-credit")
    with pytest.raises(nx.RejectedError):
        nx.send_sms(TO, "Hello", sender="Demo", key="k1")
    assert nx.sent()[["state", "code"]].values.tolist() == [["rejected", "9"]]
    nx.send_sms(TO, "Hello", sender="Demo", key="k1")
    assert states() == ["accepted"]


@pytest.mark.parametrize("kind", ["429", "throttled"])
def test_what_surely_was_not_sent_leaves_no_row_and_a_free_key(
    session: nx.Session, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fail_next(kind, times=3)
    with pytest.raises(nx.RateLimitedError):
        nx.send_sms(TO, "Hello", sender="Demo", key="k1")
    assert states() == []
    nx.send_sms(TO, "Hello", sender="Demo", key="k1")
    assert len(sandbox.messages) == 1


def test_a_message_accepted_in_part_is_kept_so(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("partial")
    with pytest.warns(nx.PartialSendWarning):
        first = nx.send_sms(TO, "a" * 400, sender="Demo", key="k1")
    with pytest.warns(nx.PartialSendWarning):
        again = nx.send_sms(TO, "a" * 400, sender="Demo", key="k1")
    assert again.message_id.fillna("").tolist() == first.message_id.fillna("").tolist()
    assert again.status.tolist() == ["0", "1", "1"]
    assert states() == ["partial"]
    assert len(sandbox.requests) == 1


@pytest.mark.in_files
def test_a_key_in_flight_elsewhere_is_not_sent(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("slow", seconds=600, path="/sms")
    code = (
        "import nexmo_nb as nx, sys\n"
        f"nx.connect({sandbox.url!r}, timeout=600)\n"
        "nx.send_sms('447700900123', 'Hello', sender='Demo', key='k1')\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    while not sandbox.requests:
        time.sleep(0.01)
    with pytest.raises(nx.UnknownOutcomeError, match="right now"):
        nx.send_sms(TO, "Hello", sender="Demo", key="k1")
    assert states() == ["sending"]
    child.kill()
    child.wait()
    with pytest.raises(nx.UnknownOutcomeError, match="nobody knows"):
        nx.send_sms(TO, "Hello", sender="Demo", key="k1")
    assert states() == ["unknown"]
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("key", ["", "x" * 201, 5, "a\nb"])
def test_a_wrong_key_is_refused(session: nx.Session, sandbox: Sandbox, key: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^key: got"):
        nx.send_sms(TO, "Hello", sender="Demo", key=key)
    assert sandbox.requests == []


# --- accidents -------------------------------------------------------------------------------------------------------


@pytest.mark.in_files
def test_a_read_only_ledger_stops_a_send_before_the_wire(session: nx.Session, sandbox: Sandbox) -> None:
    nx.send_sms(TO, "Hello", sender="Demo")
    database = session.ledger._database
    database._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(nx.UnreachableError, match=r"readonly.*Nothing was sent"):
        nx.send_sms(TO, "Hello", sender="Demo")
    assert len(sandbox.requests) == 1


@pytest.mark.in_files
def test_a_full_disk_stops_a_send_before_the_wire(session: nx.Session, sandbox: Sandbox) -> None:
    nx.send_sms(TO, "Hello", sender="Demo")
    connection = session.ledger._database._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(nx.UnreachableError, match=r"full.*Nothing was sent"):
        any(nx.send_sms(TO, "a" * 3000, sender="Demo").empty for _ in range(1000))
    connection.execute(f"PRAGMA max_page_count = {pages * 100}")
    assert len(sandbox.requests) == len(sandbox.messages) == states().count("accepted")


@pytest.mark.in_files
def test_an_outcome_that_cannot_be_written_does_not_lose_the_answer(ledger: Ledger) -> None:
    def work() -> list[dict[str, Any]]:
        ledger._database._connection.execute("PRAGMA query_only = ON")
        return [PART]

    with pytest.warns(UserWarning, match="could not record"):
        assert send_once(ledger, entry("a" * 40), work) == [PART]
    ledger._database._connection.execute("PRAGMA query_only = OFF")
    assert [row["state"] for row in ledger.read_sends()] == ["sending"]


@pytest.mark.parametrize(
    ("begun", "facts", "kept"),
    [(True, {"left": True}, ["unknown"]), (True, {}, ["unknown"]), (True, {"left": False}, []), (False, {}, [])],
)
def test_an_interrupt_is_unknown_only_if_the_request_had_left(
    ledger: Ledger, begun: bool, facts: dict[str, bool], kept: list[str]
) -> None:
    interrupt = KeyboardInterrupt()
    vars(interrupt).update(facts)

    def send() -> None:
        with ledger.open_send(entry("a" * 40)) as send:
            if begun:
                send.record_intent()
            raise interrupt

    with pytest.raises(KeyboardInterrupt):
        send()
    assert [row["state"] for row in ledger.read_sends()] == kept


def test_an_interrupt_while_the_answer_is_written_keeps_the_answer(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ledger_sql.write_outcome
    calls = []

    def write(*arguments: Any, **options: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        real(*arguments, **options)

    monkeypatch.setattr(ledger_sql, "write_outcome", write)
    with pytest.raises(KeyboardInterrupt):
        send_once(ledger, entry("a" * 40), lambda: [PART])
    assert [(row["state"], row["price"]) for row in ledger.read_sends()] == [("accepted", 0.05)]


@pytest.mark.slow
def test_an_interrupt_at_any_line_leaves_no_row_in_flight_and_nothing_sent_twice(
    session: nx.Session, sandbox: Sandbox
) -> None:
    """Interrupt a keyed send at its n-th line, for every n until it comes through."""
    from nexmo_nb.state import ledger, single_send

    files = {module.__file__ for module in (ledger, single_send)}
    nx.send_sms(TO, "Hello", sender="Demo", key="warm")
    for n in range(1, 400):
        count = 0

        def trace(frame: Any, event: str, _: Any, at: int = n) -> Any:
            nonlocal count
            if frame.f_code.co_filename not in files:
                return None
            if event == "line":
                count += 1
                if count == at:
                    raise KeyboardInterrupt
            return trace

        key = f"k{n}"
        before = len(sandbox.messages)
        sys.settrace(trace)
        try:
            nx.send_sms(TO, "Hello", sender="Demo", key=key)
            through = True
        except KeyboardInterrupt:
            through = False
        finally:
            sys.settrace(None)
        row = nx.sent().set_index("key").state.get(key)
        assert len(sandbox.messages) - before <= 1
        if len(sandbox.messages) > before:
            assert row in ("accepted", "unknown", "sending")
        else:
            assert row in (None, "planned", "unknown", "sending")
        assert nx.send_sms(TO, "Hello", sender="Demo", key=f"after {n}").status.tolist() == ["0"]
        if through:
            break
    else:
        raise AssertionError("it never came through")
    assert n > 20


def batch_of(ledger: Ledger, *names: str) -> dict[str, str]:
    people = [Entry(name * 40, "w", "sms", "d", name, "Demo", "Hello") for name in names]
    return {name: row.id for name, row in zip(names, ledger.add_batch("b", people), strict=True)}


def test_a_planned_row_gets_the_content_of_now_and_one_that_was_sent_keeps_its_own(ledger: Ledger) -> None:
    people = [Entry(name * 40, "w", "sms", "d", name, "Demo", "Hello") for name in "12"]
    codes = [row.id for row in ledger.add_batch("b", people)]
    ledger.record_and_claim([], {codes[0]: "d"})
    ledger.record_and_claim([Outcome(codes[0], [PART])], {})
    changed = [entry._replace(id=entry.recipient * 39 + "x", digest="d2", body="Bye") for entry in people]
    with pytest.raises(nx.InvalidRequestError, match=r"in which 1 recipients were already sent another text"):
        ledger.add_batch("b", changed)
    assert [row["body"] for row in ledger.read_sends()] == ["Hello", "Hello"]
    known = ledger.add_batch("b", [people[0], changed[1]])
    # A changed row has a new id, so that nobody who still has the old text can claim it.
    assert [(row.id, row.digest) for row in known] == [(codes[0], "d"), ("2" * 39 + "x", "d2")]
    assert ledger.record_and_claim([], {codes[0]: "d", codes[1]: "d"}).ids == set()
    found = {row["recipient"]: (row["state"], row["body"]) for row in ledger.read_sends()}
    assert found == {"1": ("accepted", "Hello"), "2": ("planned", "Bye")}


def test_what_came_back_and_what_leaves_is_written_together_or_not_at_all(ledger: Ledger) -> None:
    codes = batch_of(ledger, "1", "2")
    assert ledger.record_and_claim([], {codes["1"]: "d"}).ids == {codes["1"]}
    real, connection = ledger._write_outcomes, ledger._database._connection
    tries = []

    def conclude(*arguments: Any) -> None:
        tries.append(1)
        real(*arguments)
        if len(tries) == 1:
            raise StateError("the disk fails")

    ledger._write_outcomes = conclude  # type: ignore[method-assign]
    with pytest.raises(nx.UnreachableError, match="Nothing was sent"):
        ledger.record_and_claim([Outcome(codes["1"], [PART])], {codes["2"]: "d"})
    assert not connection.in_transaction
    # What came back is written by itself; nothing left.
    assert {row["recipient"]: row["state"] for row in ledger.read_sends()} == {"1": "accepted", "2": "planned"}
    ledger.mark_abandoned_unknown()
    assert ledger.record_and_claim([], {codes["2"]: "d"}).ids == {codes["2"]}


@pytest.mark.in_files
def test_an_outcome_of_a_batch_that_cannot_be_written_becomes_unknown(ledger: Ledger) -> None:
    codes = batch_of(ledger, "1", "2")
    ledger.record_and_claim([], {codes["1"]: "d"})
    ledger._database._connection.execute("PRAGMA query_only = ON")
    with pytest.warns(UserWarning, match="could not record"), pytest.raises(nx.UnreachableError):
        ledger.record_and_claim([Outcome(codes["1"], [PART])], {codes["2"]: "d"})
    ledger._database._connection.execute("PRAGMA query_only = OFF")
    ledger.mark_abandoned_unknown()
    assert {row["recipient"]: row["state"] for row in ledger.read_sends()} == {"1": "unknown", "2": "planned"}


def test_an_answer_that_cannot_be_written_takes_no_other_with_it(ledger: Ledger) -> None:
    codes = batch_of(ledger, "1", "2", "3")
    ledger.record_and_claim([], dict.fromkeys(codes.values(), "d"))
    odd = {**PART, "message_id": "half a pair \ud800"}
    ledger.record_and_claim([Outcome(codes["1"], [PART]), Outcome(codes["2"], [odd]), Outcome(codes["3"], [PART])], {})
    found = {row["recipient"]: (row["state"], row["price"]) for row in ledger.read_sends()}
    assert found == {"1": ("accepted", 0.05), "2": ("unknown", None), "3": ("accepted", 0.05)}


@pytest.mark.in_files
def test_a_warning_that_is_made_an_error_leaves_no_row_in_flight(ledger: Ledger) -> None:
    codes = batch_of(ledger, "1")
    ledger.record_and_claim([], {codes["1"]: "d"})
    ledger._database._connection.execute("PRAGMA query_only = ON")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="could not record"):
            ledger.record_and_claim([Outcome(codes["1"], [PART])], {})
    ledger._database._connection.execute("PRAGMA query_only = OFF")
    ledger.mark_abandoned_unknown()
    assert [row["state"] for row in ledger.read_sends()] == ["unknown"]


def test_what_was_not_sent_is_planned_again_and_can_leave_in_the_same_breath(ledger: Ledger) -> None:
    codes = batch_of(ledger, "1")
    ledger.record_and_claim([], {codes["1"]: "d"})
    back = Outcome(codes["1"], None, nx.RateLimitedError("too fast"))
    assert ledger.record_and_claim([back], {codes["1"]: "d"}).ids == {codes["1"]}
    ledger.mark_abandoned_unknown()
    assert [row["state"] for row in ledger.read_sends()] == ["sending"]
    ledger.record_and_claim([back], {})
    assert [row["state"] for row in ledger.read_sends()] == ["planned"]


@pytest.mark.slow
@pytest.mark.in_files
def test_an_earlier_process_that_died_leaves_unknown_and_a_living_one_sending(tmp_path: Path) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from nexmo_nb.state.ledger import Ledger\nfrom nexmo_nb.state.sends import Entry\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "name = sys.argv[2]\n"
        "ledger.add_batch(name, [Entry(name * 39 + 'c', 'w', 'sms', 'd', '1', 's', 'b')])\n"
        "ledger.record_and_claim([], {name * 39 + 'c': 'd'})\n"
        "ledger.record_intent(Entry(name * 40, 'w', 'sms', 'd', '1', 's', 'b'))\n"
        "print('begun', flush=True)\n"
        "time.sleep(600)\n"
    )
    path = tmp_path / "ledger.sqlite"
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(path), name], stdout=subprocess.PIPE, text=True)
        for name in ("a", "b")
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
    children[0].kill()
    children[0].wait()
    ledger = Ledger(path)
    dead = {"a" * 40: "unknown", "a" * 39 + "c": "unknown"}
    alive = {"b" * 40: "sending", "b" * 39 + "c": "sending"}
    assert {row["id"]: row["state"] for row in ledger.read_sends()} == {**dead, **alive}
    children[1].send_signal(signal.SIGSTOP)
    ledger.mark_abandoned_unknown()
    assert {row["id"]: row["state"] for row in ledger.read_sends()} == {**dead, **alive}
    children[1].kill()
    children[1].wait()
    ledger.mark_abandoned_unknown()
    assert sorted(row["state"] for row in ledger.read_sends()) == ["unknown"] * 4
    assert list((tmp_path / "owners").iterdir()) == []
    ledger.close()
    for child in children:
        assert child.stdout is not None
        child.stdout.close()


def test_sends_of_other_threads_may_begin_and_end_while_one_looks_for_abandoned_ones(ledger: Ledger) -> None:
    done = threading.Event()

    def begin_and_end(name: str) -> None:
        while not done.is_set():
            ledger.record_and_claim([], {f"{name}-{number}": "d" for number in range(500)})

    interval = sys.getswitchinterval()
    threads = [threading.Thread(target=begin_and_end, args=(name,), daemon=True) for name in "ab"]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for _ in range(200):
            ledger.mark_abandoned_unknown()
    finally:
        done.set()
        sys.setswitchinterval(interval)
        for thread in threads:
            thread.join()


def test_a_lock_is_held_as_long_as_its_process_lives(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    assert not is_locked(path)
    descriptor = lock_file(path)
    assert is_locked(path)
    os.close(descriptor)
    assert not is_locked(path)


@pytest.mark.in_files
def test_the_files_are_the_users_alone(session: nx.Session) -> None:
    nx.send_sms(TO, "Hello", sender="Demo")
    folder = session.ledger.path.parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"ledger.sqlite", "ledger.sqlite-wal"} <= {path.name for path in files}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.in_files
def test_a_damaged_ledger_stops_sends_and_not_reads(session: nx.Session, sandbox: Sandbox) -> None:
    session.throttle.path.with_name("ledger.sqlite").write_bytes(b"garbage " * 1000)
    assert len(nx.applications()) > 0
    asked = len(sandbox.requests)
    with pytest.raises(nx.UnreachableError, match=r"ledger\.sqlite cannot be used"):
        nx.send_sms(TO, "Hello", sender="Demo")
    with pytest.raises(nx.UnreachableError, match=r"ledger\.sqlite cannot be used"):
        nx.sent()
    assert len(sandbox.requests) == asked


# --- looking and forgetting ------------------------------------------------------------------------------------------


def test_the_record_can_be_filtered_by_time(session: nx.Session) -> None:
    nx.send_sms(TO, "Hello", sender="Demo")
    assert len(nx.sent(since="2020-01-01", until=pd.Timestamp.now("UTC") + pd.Timedelta(hours=1))) == 1
    assert len(nx.sent(since=pd.Timestamp.now("Asia/Tokyo") + pd.Timedelta(hours=1))) == 0
    assert len(nx.sent(until="2020-01-01")) == 0
    with pytest.raises(nx.InvalidRequestError, match="^since: got"):
        nx.sent(since="yesterday-ish")


def test_forgetting_takes_people_out_of_every_file_and_keeps_the_bill(session: nx.Session, tmp_path: Path) -> None:
    nx.send_sms(TO, "Strictly between us", sender="Demo", key="patient-4711", client_ref="case-0815")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nx.send_voice(TO, "Strictly between us", api="tts")
    cost = nx.sent().price.sum()
    assert nx.forget(before="2100-01-01") == 2
    kept = nx.sent()
    assert kept[["to", "sender", "text", "client_ref"]].isna().all(axis=None)
    assert (kept.price.sum(), kept.state.tolist()) == (cost, ["accepted", "accepted"])
    assert nx.forget(before="2100-01-01") == 0
    for path in session.ledger.path.parent.glob("ledger.sqlite*"):
        content = path.read_bytes()
        for word in (b"447700900123", b"Strictly", b"patient-4711", b"case-0815"):
            assert word not in content, (path, word)


@pytest.mark.in_files
def test_forgetting_looks_only_at_people_of_before_that_time(ledger: Ledger) -> None:
    """However many were sent since, or were forgotten before: a search, in the index of those who are still known."""
    for statement in (ledger_sql.count_people_of_runs("sqlite"), ledger_sql.erase_people_of_others("sqlite")):
        plan = ledger._read(
            lambda c, statement=statement: c.execute(f"EXPLAIN QUERY PLAN {statement}", (0,)).fetchall()
        )
        steps = [step[-1] for step in plan]
        assert "SEARCH sends USING INDEX sends_people (created<?)" in steps
        assert not any(step.startswith("SCAN sends") for step in steps)


def test_forgetting_leaves_what_is_newer_or_unsettled(session: nx.Session, sandbox: Sandbox) -> None:
    nx.send_sms(TO, "Hello", sender="Demo")
    sandbox.fail_next("drop-after")
    with pytest.raises(nx.UnknownOutcomeError):
        nx.send_sms(TO, "Hello", sender="Demo")
    assert nx.forget(before="2020-01-01") == 0
    assert nx.forget(before="2100-01-01") == 1
    assert nx.sent().to.isna().tolist() == [True, False]
