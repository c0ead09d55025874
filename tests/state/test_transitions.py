"""What each step makes of a row, by the state that it is in: the table on top of the ledger, and nothing beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import nexmo_nb as nx
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import Entry, Outcome

pytestmark = pytest.mark.usefixtures("anywhere")

STATES = ("planned", "sending", "accepted", "partial", "rejected", "unknown", "not_found")
ROW = "a" * 40
PARTS = [{"message_id": "new", "status": "0", "price": "0.05", "currency": "EUR"}]


def outcome(rows: list[dict[str, str]] | None, problem: nx.NexmoError | None = None) -> Callable[[Ledger], object]:
    return lambda ledger: ledger.record_outcomes([Outcome(ROW, rows, problem)])


def add_again(ledger: Ledger, **options: bool) -> None:
    entry = Entry("b" * 40, "w", "sms", "d", "1", "Demo", "Hello")
    assert ledger.add_batch("b", [entry], **options)[0].id == ROW


REFUSED, UNKNOWN, UNSENT = nx.RejectedError("no"), nx.UnknownOutcomeError("no answer"), nx.RateLimitedError("too fast")
# The step, what it makes of a row, and of which. A row in any other state stays as it is.
STEPS = {
    "claim": (lambda ledger: ledger.record_and_claim([], {ROW: "d"}), "sending", ("planned",)),
    "an answer": (outcome(PARTS), "accepted", ("planned", "sending", "unknown", "not_found")),
    "a refusal": (outcome(None, REFUSED), "rejected", ("planned", "sending", "unknown", "not_found")),
    "no answer": (outcome(None, UNKNOWN), "unknown", ("planned", "sending", "not_found")),
    "not sent": (outcome(None, UNSENT), "planned", ("sending",)),
    "found": (lambda ledger: ledger.record_settled([(ROW, "accepted", PARTS)]), "accepted", ("unknown",)),
    "not found": (lambda ledger: ledger.record_settled([(ROW, "not_found", [])]), "not_found", ("unknown",)),
    "the same plan": (add_again, "planned", ()),
    "resend": (lambda ledger: add_again(ledger, resend_not_found=True), "planned", ("not_found",)),
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with one row of a batch, which this process has under way if it is in sending."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.add_batch("b", [Entry(ROW, "w", "sms", "d", "1", "Demo", "Hello")])
    ledger._owner.begin([ROW], in_this_thread=False)
    yield ledger
    ledger.close()


def put(ledger: Ledger, state: str, owner: str) -> None:
    """Put the row into a state, with an owner whatever it is, and with a part where it has an answer."""
    ledger._database.transact(lambda c: c.execute("UPDATE sends SET state = ?, owner = ?", (state, owner)))
    if state in ("accepted", "partial"):
        ledger._database.transact(
            lambda c: c.execute("INSERT INTO parts (send, part, message_id) VALUES (?, 1, 'old')", (ROW,))
        )


def look(ledger: Ledger) -> tuple[str, str | None]:
    (row,) = ledger.read_sends()
    return row["state"], row["message_ids"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_changes_the_rows_that_it_is_for_and_no_other(ledger: Ledger, step: str, state: str) -> None:
    work, after, changed = STEPS[step]
    put(ledger, state, ledger._owner.name)
    before = look(ledger)
    work(ledger)
    expected = (after, "new" if after == "accepted" else None) if state in changed else before
    assert look(ledger) == expected


@pytest.mark.parametrize("state", STATES)
def test_a_process_that_died_leaves_unknown_what_it_had_in_sending_and_nothing_else(ledger: Ledger, state: str) -> None:
    put(ledger, state, "dead")
    seen = ledger._read(lambda c: [("a" * 40, "dead")])
    ledger._read = lambda work: seen  # type: ignore[method-assign] # a moment ago, before another process concluded it
    ledger.mark_abandoned_unknown()
    del ledger._read
    assert look(ledger)[0] == ("unknown" if state == "sending" else state)


def test_what_was_not_sent_does_not_free_a_row_that_another_process_has_meanwhile(ledger: Ledger) -> None:
    """This process was taken for dead, the row looked up, planned again, and claimed elsewhere."""
    put(ledger, "sending", "another")
    outcome(None, UNSENT)(ledger)
    assert look(ledger)[0] == "sending"


def test_a_row_of_a_dead_process_that_another_one_has_meanwhile_stays_in_sending(ledger: Ledger) -> None:
    put(ledger, "sending", "another")
    seen = [(ROW, "dead")]
    ledger._read = lambda work: seen  # type: ignore[method-assign]
    ledger.mark_abandoned_unknown()
    del ledger._read
    assert look(ledger)[0] == "sending"
