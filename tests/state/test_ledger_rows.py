"""What each step writes into the row of a send, column by column, and which rows each reader finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.state import generation
from nexmo_nb.state.database import StateError
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import BatchRow, Entry, Outcome

pytestmark = pytest.mark.usefixtures("anywhere")

ROW = "a" * 40
PARTS = [
    {"message_id": "m1", "status": "0", "error_text": None, "price": 0.05, "balance": 9.0, "network": "23410"},
    {"message_id": "m2", "status": "0", "error_text": "fine", "price": 0.06, "balance": 8.9, "network": "23411"},
]
MORE = [{"account_ref": "shop"}, {"conversation_uuid": "CON-1"}]
PARTS = [{**part, **more, "currency": "EUR"} for part, more in zip(PARTS, MORE, strict=True)]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite", clock=clock)
    yield ledger
    ledger.close()


def single(send_id: str = ROW, key: str | None = None, digest: str = "d") -> Entry:
    return Entry(send_id, "send an SMS to 1", "sms", digest, "1", "Demo", "Hello", "ref", key)


def planned(send_id: str = ROW, recipient: str = "1", digest: str = "d", kind: str = "sms") -> Entry:
    return Entry(send_id, "send an SMS to 1", kind, digest, recipient, "Demo", "Hello")


def look(ledger: Ledger, send_id: str = ROW) -> dict[str, Any]:
    """Read the columns of a row that have a value; the owner's name is not of interest, only whether it is there."""
    cursor = ledger._database._connection.execute("SELECT * FROM sends WHERE id = ?", (send_id,))
    names = [name for name, *_ in cursor.description]
    row = {name: value for name, value in zip(names, cursor.fetchone(), strict=True) if value is not None}
    return {**row, "owner": row["owner"] == ledger._owner.name} if "owner" in row else row


def read_parts(ledger: Ledger) -> list[tuple[Any, ...]]:
    return ledger._read(lambda c: c.execute("SELECT * FROM parts ORDER BY send, part").fetchall())


SINGLE = {"id": ROW, "kind": "sms", "digest": "d", "recipient": "1", "sender": "Demo", "body": "Hello"}


def test_a_single_send_is_written_with_all_that_it_is_and_with_its_times(ledger: Ledger, clock: Clock) -> None:
    begun = {**SINGLE, "client_ref": "ref", "key": "k", "created": 100.0, "started": 100.0}
    assert ledger.record_intent(single(key="k")) is None
    assert look(ledger) == {**begun, "state": "sending", "owner": True}
    clock.now = 107.0
    ledger.record_outcomes([Outcome(ROW, PARTS)])
    ended = {"state": "accepted", "finished": 107.0, "parts": 2, "price": 0.11, "cost": 0.11, "currency": "EUR"}
    assert look(ledger) == {**begun, **ended}
    assert read_parts(ledger) == [
        (ROW, 1, "m1", "0", None, 0.05, 9.0, "23410", "shop", None),
        (ROW, 2, "m2", "0", "fine", 0.06, 8.9, "23411", None, "CON-1"),
    ]


def test_a_row_of_a_batch_is_written_with_all_that_it_is_and_with_its_times(ledger: Ledger, clock: Clock) -> None:
    rows = ledger.add_batch("b", [planned("c" * 40, "2"), planned()])
    assert rows == [BatchRow("c" * 40, "2", "planned", "d"), BatchRow(ROW, "1", "planned", "d")]
    row = {**SINGLE, "batch": "b", "place": 1, "created": 100.0}
    assert look(ledger) == {**row, "state": "planned"}
    clock.now = 101.0
    ledger.record_and_claim([], {ROW: "d"})
    row |= {"client_ref": ROW, "started": 101.0}
    assert look(ledger) == {**row, "state": "sending", "owner": True}
    clock.now = 102.0
    ledger.record_outcomes([Outcome(ROW, None, nx.RateLimitedError("too fast"))])
    assert look(ledger) == {**row, "state": "planned"}
    ledger.record_and_claim([], {ROW: "d"})
    clock.now = 103.0
    ledger.record_outcomes([Outcome(ROW, None, nx.UnknownOutcomeError("no answer", code="x"))])
    row |= {"started": 102.0, "finished": 103.0}
    assert look(ledger) == {**row, "state": "unknown", "error": "no answer", "code": "x"}
    clock.now = 104.0
    ledger.record_settled([(ROW, "not_found", [])])
    row |= {"finished": 104.0}
    assert look(ledger) == {**row, "state": "not_found"}
    rows = ledger.add_batch("b", [planned("c" * 40, "2"), planned("d" * 40)], resend_not_found=True)
    assert rows == [BatchRow("c" * 40, "2", "planned", "d"), BatchRow(ROW, "1", "planned", "d")]
    assert look(ledger) == {**row, "state": "planned"}
    assert look(ledger, "c" * 40)["state"] == "planned"


def test_a_claim_takes_away_what_a_try_before_it_left(ledger: Ledger) -> None:
    ledger.add_batch("b", [planned(), planned("c" * 40, "2")])
    ledger._database.transact(lambda c: c.execute("UPDATE sends SET code = 'x', error = 'no answer'"))
    ledger.record_and_claim([], {ROW: "d"})
    row, other = look(ledger), look(ledger, "c" * 40)
    assert {"code", "error"} & set(row) == set()
    assert (other["state"], other["code"], other["error"]) == ("planned", "x", "no answer")


def test_a_row_that_gets_another_content_gets_all_of_it(ledger: Ledger) -> None:
    ledger.add_batch("b", [planned(), planned("c" * 40, "2")])
    other = Entry("e" * 40, "call 1", "calls", "d2", "1", "Other", "Bye")
    ledger.add_batch("b", [other, planned("c" * 40, "2")])
    content = {"id": other.id, "kind": "calls", "digest": "d2", "sender": "Other", "body": "Bye"}
    place = {"recipient": "1", "batch": "b", "place": 0, "created": 100.0, "state": "planned"}
    assert look(ledger, other.id) == {**content, **place}
    assert [row["id"] for row in ledger.read_sends()] == [other.id, "c" * 40]


def test_a_row_that_was_not_found_gets_another_content_as_a_planned_one(ledger: Ledger) -> None:
    ledger.add_batch("b", [planned()])
    ledger.record_and_claim([], {ROW: "d"})
    ledger.record_outcomes([Outcome(ROW, None, nx.UnknownOutcomeError("no answer"))])
    ledger.record_settled([(ROW, "not_found", [])])
    (row,) = ledger.add_batch("b", [planned("e" * 40, digest="d2")], resend_not_found=True)
    assert (row.id, row.state, look(ledger, row.id)["state"]) == ("e" * 40, "planned", "planned")


def test_only_those_who_are_in_the_plan_are_sent_to_again(ledger: Ledger) -> None:
    ledger.add_batch("b", [planned(), planned("c" * 40, "2")])
    ledger._database.transact(lambda c: c.execute("UPDATE sends SET state = 'not_found'"))
    ledger.add_batch("b", [planned("e" * 40)], resend_not_found=True)
    assert {row["id"]: row["state"] for row in ledger.read_sends()} == {ROW: "planned", "c" * 40: "not_found"}


def test_what_a_process_that_died_left_is_written_with_the_time_and_the_reason(tmp_path: Path, clock: Clock) -> None:
    one, two = (Ledger(tmp_path / "ledger.sqlite", clock=clock) for _ in range(2))
    one.add_batch("b", [planned("c" * 40, "2")])
    one.record_and_claim([], {"c" * 40: "d"})
    one.record_intent(single(key="k"))
    two.record_intent(single("e" * 40))
    one.close()
    clock.now = 109.0
    with pytest.raises(nx.UnknownOutcomeError, match="nobody knows"):
        two.record_intent(single("f" * 40, key="k"))  # looks for it by itself
    why = {"state": "unknown", "finished": 109.0, "error": "whoever sent it ended before an answer was recorded"}
    assert look(two) == {**SINGLE, "client_ref": "ref", "key": "k", "created": 100.0, "started": 100.0, **why}
    assert look(two, "c" * 40)["state"] == "unknown"
    two.record_outcomes([Outcome("e" * 40, PARTS)])
    assert look(two, "e" * 40)["state"] == "accepted"
    two.close()


def test_what_this_thread_began_and_did_not_end_is_unknown(ledger: Ledger) -> None:
    ledger.record_intent(single())
    ledger.mark_abandoned_unknown()
    assert look(ledger)["state"] == "unknown"


def test_what_was_interrupted_takes_nothing_with_it_that_the_same_process_has_under_way(ledger: Ledger) -> None:
    ledger.add_batch("b", [planned()])
    ledger.record_and_claim([], {ROW: "d"})
    ledger.record_intent(single("e" * 40))  # and nothing more: it was interrupted
    ledger.mark_abandoned_unknown()
    assert (look(ledger)["state"], look(ledger, "e" * 40)["state"]) == ("sending", "unknown")


def test_a_row_that_is_not_sent_takes_no_other_with_it(ledger: Ledger) -> None:
    """Of a single send nothing is left; a row of a batch is planned again; both others stay under way."""
    ledger.add_batch("b", [planned(), planned("c" * 40, "2")])
    ledger.record_and_claim([], {ROW: "d", "c" * 40: "d"})
    ledger.record_intent(single("e" * 40))
    ledger.record_intent(single("f" * 40))
    back = nx.RateLimitedError("too fast")
    ledger.record_outcomes([Outcome(ROW, None, back), Outcome("e" * 40, None, back)])
    assert {row["id"]: row["state"] for row in ledger.read_sends()} == {
        ROW: "planned",
        "c" * 40: "sending",
        "f" * 40: "sending",
    }


def test_an_answer_that_comes_after_another_takes_the_parts_of_that_one_alone(ledger: Ledger) -> None:
    ledger.record_intent(single())
    ledger.record_intent(single("e" * 40))
    ledger.record_outcomes([Outcome("e" * 40, PARTS[1:])])
    problem = nx.UnknownOutcomeError("no answer")
    problem.parts = pd.DataFrame(PARTS)  # type: ignore[attr-defined]
    ledger.record_outcomes([Outcome(ROW, None, problem)])
    assert look(ledger)["state"] == "unknown"
    assert [part[:3] for part in read_parts(ledger)] == [(ROW, 1, "m1"), (ROW, 2, "m2"), ("e" * 40, 1, "m2")]
    assert [part[4] for part in read_parts(ledger)] == [None, "fine", "fine"]
    ledger.record_outcomes([Outcome(ROW, PARTS[:1])])
    assert [part[:3] for part in read_parts(ledger)] == [(ROW, 1, "m1"), ("e" * 40, 1, "m2")]
    assert look(ledger, "e" * 40)["parts"] == 1


@pytest.mark.parametrize(
    ("problem", "error"), [(nx.UnknownOutcomeError("no answer"), "no answer"), (ValueError(), "ValueError")]
)
def test_an_error_is_written_by_its_words_or_else_by_its_kind(ledger: Ledger, problem: Exception, error: str) -> None:
    ledger.record_intent(single())
    ledger.record_outcomes([Outcome(ROW, None, problem)])
    assert look(ledger)["error"] == error
    assert "code" not in look(ledger)


def test_the_currency_is_that_of_the_first_part_that_has_one(ledger: Ledger) -> None:
    ledger.record_intent(single())
    ledger.record_outcomes([Outcome(ROW, [{"status": "0"}, {"status": "0", "currency": "EUR"}])])
    assert look(ledger)["currency"] == "EUR"
    assert "price" not in look(ledger)


def test_the_id_of_a_send_fits_into_a_client_ref() -> None:
    ids = {Ledger.new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{40}", each) for each in ids)


@pytest.mark.in_files
def test_a_commit_is_on_the_disk_before_it_is_done(ledger: Ledger) -> None:
    """An intent that a power cut takes away could be sent again."""
    assert ledger._read(lambda c: c.execute("PRAGMA synchronous").fetchone()) == (2,)  # FULL


@pytest.mark.in_files
def test_who_lives_is_told_by_the_files_in_the_folder_beside_it(ledger: Ledger) -> None:
    ledger.record_intent(single())
    assert [file.stem for file in (ledger.path.parent / "owners").iterdir()] == [ledger._owner.name]


def test_a_number_that_cannot_be_noted_costs_no_send(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise nx.UnreachableError("locked")

    ledger.record_intent(single())
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "_read", fail)
        ledger._note_generation()


def test_an_answer_that_cannot_be_written_is_unknown_with_the_reason_and_the_time(ledger: Ledger, clock: Clock) -> None:
    ledger.record_intent(single())
    clock.now = 105.0
    ledger.record_outcomes([Outcome(ROW, [{**PARTS[0], "message_id": "half a pair \ud800"}])])
    row = look(ledger)
    assert (row["state"], row["finished"]) == ("unknown", 105.0)
    assert "surrogates not allowed" in row["error"]
    assert read_parts(ledger) == []


# --- single sends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_after_the_intent_was_written_and_before_anything_left_leaves_no_row(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, interrupt: type[BaseException]
) -> None:
    real = ledger.record_intent

    def record(entry: Entry) -> None:
        real(entry)
        raise interrupt

    monkeypatch.setattr(ledger, "record_intent", record)
    with pytest.raises(interrupt), ledger.open_send(single(key="k")) as send:
        send.record_intent()
    assert ledger.read_sends() == []


def test_a_second_use_of_a_key_tells_why_not(ledger: Ledger) -> None:
    with ledger.open_send(single(key="k")) as send:
        send.record_intent()
        send.record_outcome(PARTS)
    with pytest.raises(nx.InvalidRequestError) as caught:
        ledger.record_intent(single("e" * 40, key="k", digest="d2"))
    assert str(caught.value) == (
        "key: got 'k', which was used for another message or call; allowed: the same content again, or another key. "
        "Nothing was sent."
    )
    ledger._database.transact(lambda c: c.execute("UPDATE sends SET state = 'odd'"))
    with pytest.raises(nx.UnreachableError, match="it has a send in the state 'odd'"):
        ledger.record_intent(single("e" * 40, key="k"))


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("sending", "it is being sent right now, by this or another process; wait, then call again"),
        ("unknown", "nobody knows whether it was sent; settle() looks it up"),
        ("not_found", "it was looked up and not found; use another key to send it anew"),
    ],
)
def test_a_key_that_may_have_been_sent_is_not_sent_again(ledger: Ledger, state: str, why: str) -> None:
    change = "UPDATE sends SET state = ?, owner = ?"
    with ledger.open_send(single(key="k")) as send:
        send.record_intent()
    ledger._owner.begin([ROW], in_this_thread=False)
    ledger._database.transact(lambda c: c.execute(change, (state, ledger._owner.name)))
    with pytest.raises(nx.UnknownOutcomeError) as caught:
        ledger.record_intent(single("e" * 40, key="k"))
    assert str(caught.value) == f"Did not send an SMS to 1 again: the key 'k' was used before, and {why}."
    assert [row["id"] for row in ledger.read_sends()] == [ROW]


def test_a_key_gives_back_the_parts_of_its_own_send(ledger: Ledger) -> None:
    for send_id, key, parts in ((ROW, "k", PARTS), ("e" * 40, "other", PARTS[1:])):
        ledger.record_intent(single(send_id, key=key))
        ledger.record_outcomes([Outcome(send_id, parts)])
    known = {"to": "1", "client_ref": "ref", "currency": "EUR", "parts": 2}
    fields = (
        "message_id", "status", "error_text", "price", "balance", "network", "account_ref", "conversation_uuid",
    )  # fmt: skip
    assert ledger.record_intent(single("f" * 40, key="k")) == [
        {**known, "part": n, **{name: part.get(name) for name in fields}} for n, part in enumerate(PARTS, 1)
    ]


def test_a_key_that_was_rejected_is_used_again_and_nothing_else_is_deleted(ledger: Ledger) -> None:
    refusal = nx.RejectedError("no credit", code="9")
    refusal.parts = pd.DataFrame(PARTS[:1])  # type: ignore[attr-defined]
    for send_id, key in ((ROW, "k"), ("e" * 40, "other")):
        ledger.record_intent(single(send_id, key=key))
        ledger.record_outcomes([Outcome(send_id, None, refusal)])
    assert ledger.record_intent(single("f" * 40, key="k", digest="d2")) is None
    assert {row["id"]: row["state"] for row in ledger.read_sends()} == {"e" * 40: "rejected", "f" * 40: "sending"}
    assert [part[0] for part in read_parts(ledger)] == ["e" * 40]


# --- readers ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def full(ledger: Ledger, clock: Clock) -> Ledger:
    """A ledger with a batch of four, of which one is a call and one has no message id, another batch, and a send."""
    people = [planned(name * 40, name) for name in "4321"]
    people[1] = people[1]._replace(kind="calls")
    ledger.add_batch("b", people)
    clock.now = 101.0
    ledger.add_batch("other", [planned("5" * 40, "5")])
    clock.now = 102.0
    ledger.record_intent(single("6" * 40))
    ledger.add_batch("b", [planned("0" * 40, "0"), *people])
    rows = [part for name in "43210" for part in ([PARTS[::-1]] if name != "2" else [[{"status": "0"}]])]
    ids = [name * 40 for name in "43210"]
    ledger.record_and_claim([], dict.fromkeys([*ids, "5" * 40], "d"))
    ledger.record_outcomes([*map(Outcome, ids, rows), Outcome("5" * 40, PARTS), Outcome("6" * 40, PARTS)])
    return ledger


def test_the_parts_of_a_batch_are_those_of_its_sms_with_an_id_in_the_order_of_the_plan(full: Ledger) -> None:
    found = full.read_batch_parts("b")
    ids = [f"{name * 40} {message}" for name in "410" for message in ("m2", "m1")]
    assert [f"{row['client_ref']} {row['message_id']}" for row in found] == ids
    first = {"batch": "b", "to": "4", "client_ref": "4" * 40, "message_id": "m2", "price": 0.06, "currency": "EUR"}
    assert found[0] == {**first, "body": "Hello", "network": "23411"}
    assert full.read_batch_parts("none") == []


def test_the_rows_of_a_batch_are_its_own(full: Ledger) -> None:
    rows = {tuple(row) for row in full.read_batch("b")}
    assert rows == {(name * 40, name, "accepted", "d", False) for name in "43210"}
    assert full.read_batch("none") == []


def test_sends_are_read_in_the_order_of_their_time_and_of_the_plan(full: Ledger) -> None:
    # Those that were added later stand later, whatever their place. A single send has none, and counts as the first.
    assert [row["id"][0] for row in full.read_sends()] == list("4321506")
    assert [row["id"][0] for row in full.read_sends(batch="b")] == list("43210")
    assert [row["id"][0] for row in full.read_sends(since=102.0)] == ["0", "6"]
    assert [row["id"][0] for row in full.read_sends(since=101.0, until=102.0)] == ["5"]
    assert [row["id"][0] for row in full.read_sends(ids=["1" * 40, "4" * 40])] == ["4", "1"]
    assert full.read_sends(ids=[]) == full.read_sends(state="planned") == full.read_sends(batch="none") == []
    assert len(full.read_sends(state="accepted", batch="b", since=102.0)) == 1


@pytest.mark.parametrize("last", ["delivered", "failed"])
def test_what_became_of_messages_is_read_from_the_last_record_of_each(full: Ledger, last: str) -> None:
    record = {"delivery_code": "0", "final_price": 0.04, "currency": "EUR", "finalized": 1.0}
    full.record_deliveries(
        [{"message_id": name, "delivery": "buffered", **record} for name in ("m1", "m2", "none", "")]
    )
    changed = {"delivery_code": "9", "final_price": 0.03, "currency": "USD", "finalized": 2.0}
    full.record_deliveries([{"message_id": "m1", "delivery": last, **changed}])
    rows = full._read(lambda c: c.execute("SELECT * FROM deliveries ORDER BY message_id").fetchall())
    assert rows == [("m1", last, "9", 0.03, "USD", 2.0), ("m2", "buffered", "0", 0.04, "EUR", 1.0)]
    (row,) = full.read_sends(ids=["4" * 40])
    assert (row["message_ids"], row["final_price"]) == ("m2 m1", 0.07)
    assert row["delivery"] == ", ".join(sorted(["buffered", last]))
    (row,) = full.read_sends(ids=["2" * 40])
    assert (row["message_ids"], row["delivery"], row["final_price"]) == (None, None, None)


# --- forgetting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["planned", "sending", "accepted", "partial", "rejected", "unknown", "not_found"])
@pytest.mark.parametrize("is_under_way", [False, True])
def test_only_what_is_finished_and_in_no_batch_under_way_is_forgotten(
    ledger: Ledger, clock: Clock, state: str, is_under_way: bool
) -> None:
    ledger.add_batch("b", [planned()])
    clock.now = 100.5
    ledger.add_batch("c", [planned("c" * 40)])
    ledger.record_intent(single("e" * 40, key="k"))
    change = "UPDATE sends SET state = ?, error = 'at 1', client_ref = '1'"
    ledger._database.transact(lambda c: c.execute(change, (state,)))
    can = state in ("accepted", "partial", "rejected", "not_found")
    before = look(ledger, "c" * 40)
    people = {"recipient", "sender", "body", "client_ref", "error"}
    other = Ledger(ledger.path)  # as another process
    with ledger.open_run("b" if is_under_way else "c"):
        assert other.forget(100.5) == ((can and not is_under_way), (can and is_under_way))
        assert look(ledger, "c" * 40) == before  # as old as the time is not before it
    other.close()
    assert people & set(look(ledger)) == (set() if can and not is_under_way else people)
    assert "key" not in look(ledger)
    assert ledger.forget(200.0) == ((3 if is_under_way else 2) if can else 0, 0)
    for send_id, key in ((ROW, None), ("c" * 40, None), ("e" * 40, f"forgotten {'e' * 40}" if can else "k")):
        assert look(ledger, send_id).get("key") == key
        assert people & set(look(ledger, send_id)) == (set() if can else people)


def test_single_sends_are_forgotten_while_a_batch_is_under_way(ledger: Ledger) -> None:
    ledger.add_batch("b", [planned()])
    ledger.record_intent(single("e" * 40))
    ledger._database.transact(lambda c: c.execute("UPDATE sends SET state = 'accepted'"))
    other = Ledger(ledger.path)  # as another process
    with ledger.open_run("b"):
        assert other.forget(200.0) == (1, 1)
    other.close()
    assert "recipient" in look(ledger)
    assert "recipient" not in look(ledger, "e" * 40)


def test_the_end_of_a_run_is_not_that_of_another(ledger: Ledger) -> None:
    ledger.add_batch("b", [planned()])
    ledger._database.transact(lambda c: c.execute("UPDATE sends SET state = 'accepted'"))
    other = Ledger(ledger.path)  # as another process
    with ledger.open_run("b"):
        with ledger.open_run("b"), ledger.open_run("c"):
            pass
        assert other.forget(200.0) == (0, 1)
    other.close()
    assert ledger.forget(200.0) == (1, 0)
    assert ledger._read(lambda c: c.execute("SELECT COUNT(*) FROM runs").fetchone()) == (0,)


# --- what is said ----------------------------------------------------------------------------------------------------


def said(work: Any) -> str:
    with pytest.raises(nx.NexmoError) as caught:
        work()
    return str(caught.value)


def test_a_batch_that_was_forgotten_is_not_run_again(ledger: Ledger) -> None:
    ledger.add_batch("b", [planned()])
    ledger.add_batch("c", [planned("c" * 40)])
    ledger._database.transact(lambda c: c.execute("UPDATE sends SET recipient = NULL WHERE batch = 'b'"))
    assert said(lambda: ledger.add_batch("b", [planned("e" * 40)])) == (
        "batch: got 'b'; allowed: a batch that was not forgotten. Its recipients are no longer known, so it cannot be "
        "told who has been sent to; use another name."
    )
    assert [row.id for row in ledger.add_batch("c", [planned("e" * 40)])] == ["c" * 40]


def test_a_batch_with_other_content_is_refused_and_says_for_how_many(ledger: Ledger) -> None:
    people = [planned(name * 40, name) for name in "123"]
    ledger.add_batch("b", people)
    ledger._database.transact(lambda c: c.execute("UPDATE sends SET state = 'accepted' WHERE recipient <> '2'"))
    other = [entry._replace(id=f"new {entry.id}", what=f"tell {entry.recipient}", digest="d2") for entry in people]
    twice = [*other, other[2]._replace(id="more", digest="d3")]
    assert said(lambda: ledger.add_batch("b", twice)) == (
        "batch: got 'b', in which 2 recipients were already sent another text, or one from another sender (the first: "
        "tell 1); allowed: the same plan again, or another batch name for another message. Nothing was sent."
    )
    assert {row["id"] for row in ledger.read_sends()} == {entry.id for entry in people}


def test_a_row_that_was_sent_counts_before_one_like_it_that_was_not(ledger: Ledger) -> None:
    """Two names that are the same now may each have a row of the same recipient and content."""
    ledger.add_batch("b ", [planned()])
    ledger._database.transact(lambda c: c.execute("UPDATE sends SET state = 'accepted'"))
    again = Ledger(ledger.path)
    again._database.transact(
        lambda c: c.execute(
            "INSERT INTO sends (id, kind, digest, recipient, batch, created, state)"
            " VALUES ('open', 'sms', 'd', '1', 'b', 1.0, 'planned')"
        )
    )
    (row,) = again.add_batch("b", [planned("e" * 40)])
    assert (row.id, row.state) == (ROW, "accepted")
    assert {row["id"] for row in again.read_sends(batch="b")} == {ROW, "open"}
    again.close()


@pytest.mark.in_files
def test_an_older_copy_is_told_with_what_to_do(ledger: Ledger) -> None:
    ledger.record_intent(single())
    ledger._database.transact(lambda c: c.execute("UPDATE generation SET number = 0"))
    assert said(lambda: ledger.record_intent(single("e" * 40))) == (
        f"ledger: {ledger.path} is an older copy, as ledger.generation beside it tells; allowed: the newest ledger. "
        "Nothing was sent, because what was sent since the copy was made is not in it and could be sent again. Put the "
        "newest one back; or, if it is lost, find in Nexmo's records what was sent, and "
        "connect(accept_restored_ledger=True), once."
    )


@pytest.mark.in_files
@pytest.mark.parametrize(
    ("problem", "more"),
    [
        (StateError("odd"), ""),
        (PermissionError("odd"), ""),
        (
            StateError("odd", "Do this.", is_damaged=True),
            " Do this. Keep what you move: it tells what was sent, and a new ledger could send that again.",
        ),
    ],
)
def test_a_ledger_that_cannot_be_used_says_that_nothing_was_sent(ledger: Ledger, problem: Exception, more: str) -> None:
    def fail() -> None:
        raise problem

    assert said(lambda: ledger._run(fail)) == (
        f"The ledger {ledger.path} cannot be used (odd). Nothing was sent, because what is not recorded could be sent "
        f"twice.{more}"
    )


@pytest.mark.in_files
def test_an_outcome_that_cannot_be_recorded_is_told(ledger: Ledger) -> None:
    ledger.record_intent(single())
    ledger._database._connection.execute("PRAGMA query_only = ON")
    with pytest.warns(UserWarning, match="could not record") as caught:
        ledger.record_outcomes([Outcome(ROW, PARTS)])
    (warning,) = caught
    assert str(warning.message) == (
        f"The ledger {ledger.path} could not record what became of a send (attempt to write a readonly database); it "
        "will be shown as unknown, and never sent again by itself."
    )


@pytest.mark.in_files
@pytest.mark.parametrize(
    ("number", "noted", "was_older", "newest"),
    [(3, 3, False, 3), (3, 2, False, 3), (3, 9, True, 10), (3, None, True, 4), (0, None, False, 0), (0, 1, True, 2)],
)
def test_an_older_copy_that_is_accepted_is_newer_than_all(
    ledger: Ledger, number: int, noted: int | None, was_older: bool, newest: int
) -> None:
    file = ledger.path.with_name("ledger.generation")
    ledger._database.transact(lambda c: c.execute("UPDATE generation SET number = ?", (number,)))
    file.unlink()
    if noted is not None:
        generation.create(file, noted)
    assert ledger.accept_older() is was_older
    assert ledger._read(lambda c: c.execute("SELECT number FROM generation").fetchall()) == [(newest,)]
    assert generation.read_noted(file) == (newest if was_older else noted)


def test_a_row_leaves_by_the_api_of_its_run_and_costs_what_its_record_says(ledger: Ledger) -> None:
    ledger.add_batch("b", [planned(), planned("c" * 40, "2")])
    assert ledger.record_and_claim([], {ROW: "d"}, None, "messages").ids == {ROW}
    ledger.record_and_claim([], {"c" * 40: "d"})
    whole = {"message_id": "u1", "status": "0", "price": None, "currency": "EUR", "part": 1, "parts": 3}
    ledger.record_outcomes([Outcome(ROW, [whole]), Outcome("c" * 40, [{**whole, "message_id": "m1", "parts": 1}])])
    assert (look(ledger)["kind"], look(ledger, "c" * 40)["kind"], look(ledger)["parts"]) == ("messages", "sms", 3)
    assert ledger.read_kinds(["u1", "m1", "x", *map(str, range(600))]) == {"u1": "messages", "m1": "sms"}
    record = {"delivery_code": None, "finalized": 3.0, "currency": "EUR", "network": "23410"}
    for name, status, price in (("u1", "submitted", 9.0), ("u1", "delivered", 0.2), ("m1", "delivered", 0.3)):
        ledger.record_deliveries([{**record, "message_id": name, "delivery": status, "final_price": price}])
        if status == "submitted":
            assert "cost" not in look(ledger)
    row, other = look(ledger), look(ledger, "c" * 40)
    assert (row["price"], row["cost"], "cost" in other) == (0.2, 0.2, False)
    assert ledger.budgets.read_batch("b")[0] == 0.2
    assert [(part[5], part[7]) for part in read_parts(ledger) if part[0] == ROW] == [(0.2, "23410")]
    assert ledger.read_batch_parts("b")[0]["message_id"] == "u1"
