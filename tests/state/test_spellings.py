"""Keys and batches that differ only in what nobody sees are the same, also those that a ledger of before has."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from depth import take_some
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import Entry, Outcome
from nexmo_nb.state.spellings import Spellings, group_odd_names

pytestmark = pytest.mark.usefixtures("anywhere")

NFD = unicodedata.normalize("NFD", "Müller")
SPELLINGS = ["Müller", f"{NFD}", "Müller ", " Müller", f"\u200b{NFD}\u2060", "Müller\ufeff"]
PEOPLE = ["447700900001", "447700900002", "447700900003"]
pytestmark = pytest.mark.filterwarnings("ignore:.*make no other name of it:UserWarning")


def write_as_before(path: Path, column: str, spelling: str, rows: str = "1 = 1") -> None:
    """Put a name into the ledger as versions before did: as it was given."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE sends SET {column} = ? WHERE {column} IS NOT NULL AND {rows}", (spelling,))


def send(key: str, text: str = "Hello") -> list[str]:
    return nx.send_sms("447700900123", text, sender="Demo", key=key).message_id.tolist()


def send_batch(batch: str, people: list[str], text: str = "Hello") -> list[str]:
    plan = nx.plan_sms(people, text, sender="Demo")
    return nx.send_many(plan, batch=batch, progress=False).state.tolist()


@pytest.mark.parametrize("first", SPELLINGS)
def test_a_key_is_taken_in_all_its_spellings(session: nx.Session, sandbox: Sandbox, first: str) -> None:
    ids = send(first)
    assert [send(spelling) for spelling in SPELLINGS] == [ids] * len(SPELLINGS)
    assert len(sandbox.messages) == 1
    with pytest.raises(nx.InvalidRequestError, match="used for another message"):
        send(first + " ", "Bye")
    assert nx.sent().key.tolist() == ["Müller"]


@pytest.mark.parametrize("first", SPELLINGS)
def test_a_key_of_a_ledger_of_before_is_taken_in_all_its_spellings(
    session: nx.Session, sandbox: Sandbox, first: str
) -> None:
    ids = send("Müller")
    write_as_before(session.ledger.path, "key", first)
    with connected(sandbox):
        assert [send(spelling) for spelling in SPELLINGS] == [ids] * len(SPELLINGS)
        assert nx.sent().key.tolist() == [first]
    assert len(sandbox.messages) == 1


def test_a_call_is_placed_once_in_all_spellings_of_its_key(session: nx.Session, sandbox: Sandbox) -> None:
    ids = {nx.send_voice("447700900123", "Hello", key=spelling).call_id[0] for spelling in SPELLINGS}
    assert len(ids) == 1


def test_what_is_the_same_is_said(session: nx.Session) -> None:
    for call in (
        lambda: send("k\u200b"),
        lambda: send_batch("k\u200b", PEOPLE),
        lambda: nx.sent("k\u200b"),
        lambda: nx.settle("k\u200b"),
        lambda: nx.delivery("k\u200b"),
    ):
        with pytest.warns(UserWarning, match=r"(key|batch|messages): 'k\\u200b' is taken as 'k'"):
            call()


@pytest.mark.parametrize(
    "first", [pytest.param(name, marks=() if name in SPELLINGS[::4] else pytest.mark.slow) for name in SPELLINGS]
)
@pytest.mark.parametrize("is_before", [False, True])
def test_a_batch_goes_on_in_all_its_spellings(
    session: nx.Session, sandbox: Sandbox, first: str, is_before: bool
) -> None:
    send_batch(first, PEOPLE[:2])
    if is_before:
        write_as_before(session.ledger.path, "batch", first)
    with connected(sandbox):
        for spelling in take_some(SPELLINGS, 3):
            assert send_batch(spelling, PEOPLE) == ["accepted"] * 3
            assert len(nx.sent(spelling)) == 3
            assert len(nx.delivery(spelling)) == 3
            with pytest.raises(nx.InvalidRequestError, match="already sent another text"):
                send_batch(spelling, PEOPLE, "Bye")
    assert Counter(message["to"] for message in sandbox.messages) == Counter(PEOPLE)


def test_two_batches_of_before_that_are_the_same_now_send_nobody_anything_again(
    session: nx.Session, sandbox: Sandbox
) -> None:
    send_batch("one", PEOPLE[:1])
    send_batch("two", PEOPLE[1:2])
    write_as_before(session.ledger.path, "batch", "Müller", "batch = 'one'")
    write_as_before(session.ledger.path, "batch", f"{NFD} ", "batch = 'two'")
    with connected(sandbox):
        assert send_batch("Müller", PEOPLE) == ["accepted"] * 3
        assert nx.sent("Müller").to.tolist() == PEOPLE
        nx.forget(before="2100-01-01")
        with pytest.raises(nx.InvalidRequestError, match="a batch that was not forgotten"):
            send_batch("Müller", PEOPLE)
    assert Counter(message["to"] for message in sandbox.messages) == Counter(PEOPLE)


def test_a_batch_of_before_that_is_under_way_is_not_forgotten(session: nx.Session, sandbox: Sandbox) -> None:
    send_batch("Müller", PEOPLE[:1])
    write_as_before(session.ledger.path, "batch", "Müller ")
    with connected(sandbox) as again, again.ledger.open_run("Müller"):
        assert session.ledger.forget(4e9) == (0, 1)
    assert nx.forget(before="2100-01-01", session=session) == 1


def test_a_batch_of_before_that_was_forgotten_is_so_in_all_its_spellings(session: nx.Session, sandbox: Sandbox) -> None:
    send_batch("Müller", PEOPLE[:1])
    write_as_before(session.ledger.path, "batch", "Müller ")
    nx.forget(before="2100-01-01")
    with connected(sandbox), pytest.raises(nx.InvalidRequestError, match="not forgotten"):
        send_batch("Müller", PEOPLE)


def entry(name: str, digest: str = "d", key: str | None = None) -> Entry:
    return Entry(name * 40, "send", "sms", digest, PEOPLE[0], "Demo", "Hello", key=key)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.mark.parametrize("order", [("Müller", "Müller "), ("Müller ", "Müller")])
@pytest.mark.parametrize("sent", ["accepted", "unknown", "rejected"])
def test_of_two_rows_that_are_alike_the_one_that_may_have_been_sent_counts(
    path: Path, order: tuple[str, str], sent: str
) -> None:
    """Versions before may have planned the one and sent the other."""
    ledger = Ledger(path)
    problems = {"unknown": nx.UnknownOutcomeError("no answer"), "rejected": nx.RejectedError("no", code="7")}
    for name, batch in zip("ab", ("first", "second"), strict=True):
        ledger.add_batch(batch, [entry(name)])
    ledger.record_and_claim([], {"b" * 40: "d"})
    ledger.record_outcomes([Outcome("b" * 40, None if sent in problems else [{"status": "0"}], problems.get(sent))])
    ledger.close()
    write_as_before(path, "batch", order[0], "batch = 'first'")
    write_as_before(path, "batch", order[1], "batch = 'second'")
    ledger = Ledger(path)
    (row,) = ledger.add_batch("Müller", [entry("c")])
    assert (row.id, row.state) == ("b" * 40, sent)
    ledger.close()


@pytest.mark.parametrize("order", [("k", "k "), ("k ", "k")])
def test_of_two_keys_that_are_the_same_now_a_rejected_one_frees_nothing(path: Path, order: tuple[str, str]) -> None:
    ledger = Ledger(path)
    for name, key in zip("ab", ("first", "second"), strict=True):
        with ledger.open_send(entry(name, key=key)) as send_:
            assert send_.record_intent() is None
            send_.record_outcome([{"status": "0", "message_id": name}])
    ledger.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE sends SET state = 'rejected' WHERE key = 'first'")
    write_as_before(path, "key", order[0], "key = 'first'")
    write_as_before(path, "key", order[1], "key = 'second'")
    ledger = Ledger(path)
    parts = ledger.record_intent(entry("c", key="k"))
    assert [part["message_id"] for part in parts or []] == ["b"]
    ledger.close()


def test_of_two_keys_that_are_the_same_now_the_one_with_the_same_content_answers(path: Path) -> None:
    ledger = Ledger(path)
    for name, digest in (("a", "d1"), ("b", "d2")):
        with ledger.open_send(entry(name, digest, key=name)) as send_:
            send_.record_intent()
            send_.record_outcome([{"status": "0", "message_id": name}])
    ledger.close()
    write_as_before(path, "key", "k", "key = 'a'")
    write_as_before(path, "key", " k", "key = 'b'")
    ledger = Ledger(path)
    for digest, message in (("d1", "a"), ("d2", "b")):
        parts = ledger.record_intent(entry("c", digest, key="k"))
        assert [part["message_id"] for part in parts or []] == [message]
    with pytest.raises(nx.InvalidRequestError, match="used for another message"):
        ledger.record_intent(entry("c", "d3", key="k"))
    ledger.close()


def test_a_rejected_key_of_before_may_be_used_again(path: Path) -> None:
    ledger = Ledger(path)
    ledger.record_intent(entry("a", key="k"))
    ledger.record_outcomes([Outcome("a" * 40, None, nx.RejectedError("no", code="7"))])
    ledger.close()
    write_as_before(path, "key", "k ")
    ledger = Ledger(path)
    assert ledger.record_intent(entry("b", key="k")) is None
    assert [row["key"] for row in ledger.read_sends()] == ["k"]
    ledger.close()


def test_the_names_of_before_are_read_once_and_only_those_that_are_written_otherwise_count() -> None:
    asked: list[str] = []

    def read(column: str) -> list[str]:
        asked.append(column)
        return ["Müller", NFD, "b ", " b", "c c"]

    spellings = Spellings(read)
    assert spellings.list_same("key", None) == []
    assert asked == []
    assert [spellings.list_same("key", name) for name in ("Müller", "b", "c c", "new")] == [
        ["Müller", NFD],
        ["b", "b ", " b"],
        ["c c"],
        ["new"],
    ]
    assert spellings.list_same("batch", "b") == ["b", "b ", " b"]
    assert asked == ["key", "batch"]
    assert group_odd_names(["a", "Müller"]) == {}
