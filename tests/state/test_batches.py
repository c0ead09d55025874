"""The rows of a batch: which row an entry is, and that nobody sends what is not recorded, or what was sent before."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import BatchRow, Entry, Outcome, match_entries

pytestmark = pytest.mark.usefixtures("anywhere")

OPEN = ("planned",)
CONTENT = st.tuples(st.sampled_from("AB"), st.sampled_from("123"))
STATES = st.sampled_from(["planned", "sending", "accepted", "partial", "rejected", "unknown", "not_found"])


def entry_of(recipient: str, digest: str) -> Entry:
    return Entry(f"new {recipient}{digest}", "w", "sms", digest, recipient, "Demo", digest)


@given(known=st.dictionaries(CONTENT, STATES), wanted=st.lists(CONTENT, unique=True))
def test_nothing_that_was_sent_is_taken_for_something_else(
    known: dict[tuple[str, str], str], wanted: list[tuple[str, str]]
) -> None:
    rows = [BatchRow(f"{to}{text}", to, state, text) for (to, text), state in known.items()]
    found, changed = match_entries([entry_of(*content) for content in wanted], rows, OPEN)
    matches = dict(zip(wanted, found, strict=True))
    taken = [row.id for row in found if row is not None]
    assert len(taken) == len(set(taken))
    for content, row in matches.items():
        if content in known:  # what is known is itself
            assert row == BatchRow("".join(content), content[0], known[content], content[1])
        elif row is not None:  # what is replaced is this person's, was never sent, and nobody wants it any more
            assert row.recipient == content[0]
            assert row.state in OPEN
            assert (row.recipient, row.digest) not in wanted
    # A new text is refused exactly where something that was sent to the same person is not in the plan any more.
    missing = {to for (to, text), state in known.items() if state not in OPEN and (to, text) not in wanted}
    new = [content for content in wanted if content not in known]
    assert [(entry.recipient, entry.digest) for entry in changed] == [c for c in new if c[0] in missing]


ENDS = {
    "accepted": ([{"status": "0"}], None),
    "rejected": (None, nx.RejectedError("no", code="7")),
    "unknown": (None, nx.UnknownOutcomeError("no answer")),
    "planned": (None, nx.RateLimitedError("too fast")),
}


class Process:
    """A process that runs the batch: it enters plans, and later sends what it still believes to be planned."""

    def __init__(self, path: Path, dice: random.Random) -> None:
        self.ledger, self.dice = Ledger(path), dice
        self.queue: dict[str, Entry] = {}

    def enter(self, wanted: list[tuple[str, str]]) -> None:
        entries = [entry_of(*content)._replace(id=self.ledger.new_id()) for content in wanted]
        try:
            rows = self.ledger.add_batch("b", entries, resend_not_found=False)
        except nx.InvalidRequestError:
            return
        self.queue |= {row.id: e for row, e in zip(rows, entries, strict=True) if row.state == "planned"}

    def send(self) -> list[tuple[str, str, str]]:
        """Send up to three messages, perhaps long after they were entered; give recipient, text and what came back."""
        ids = self.dice.sample(sorted(self.queue), min(3, len(self.queue)))
        claimed = self.ledger.record_and_claim([], {send_id: self.queue[send_id].digest for send_id in ids}).ids
        sent = []
        for send_id in ids:
            entry = self.queue.pop(send_id)
            if send_id in claimed:
                row = self.ledger.read_sends(ids=[send_id])[0]
                assert (row["recipient"], row["body"]) == (entry.recipient, entry.body)
                end = self.dice.choice(list(ENDS))
                self.ledger.record_and_claim([Outcome(send_id, *ENDS[end])], {})
                sent.append((entry.recipient, str(entry.body), end))
        return sent


@pytest.mark.parametrize("seed", range(6))
def test_processes_with_changing_plans_send_each_text_once_and_only_what_is_recorded(tmp_path: Path, seed: int) -> None:
    """Three processes enter plans of one to three texts for five people, and send from old queues, in any order."""
    dice = random.Random(seed)
    processes = [Process(tmp_path / "ledger.sqlite", dice) for _ in range(3)]
    sent: Counter[tuple[str, str]] = Counter()
    for _ in range(150):
        process = dice.choice(processes)
        if dice.random() < 0.4:
            contents = [(to, text) for to in "ABCDE" for text in dice.sample("1234", dice.randint(1, 3))]
            process.enter(dice.sample(contents, dice.randint(1, len(contents))))
        else:
            sent.update((to, text) for to, text, end in process.send() if end != "planned")
    assert sent
    assert max(sent.values()) == 1
    rows = processes[0].ledger.read_sends(batch="b")
    done = {(row["recipient"], row["body"]) for row in rows if row["state"] != "planned"}
    assert done == set(sent)
    assert len({(row["recipient"], row["body"]) for row in rows}) == len(rows)
    for process in processes:
        process.ledger.close()


def test_a_changed_text_cannot_leave_under_its_old_id(tmp_path: Path) -> None:
    one, two = Ledger(tmp_path / "ledger.sqlite"), Ledger(tmp_path / "ledger.sqlite")
    (old,) = one.add_batch("b", [entry_of("A", "1")])
    (new,) = two.add_batch("b", [entry_of("A", "2")])
    # Neither under its own id, nor as the row that took its place.
    assert one.record_and_claim([], {old.id: "1"}).ids == set()
    assert one.record_and_claim([], {new.id: "1"}).ids == set()
    assert two.record_and_claim([], {new.id: "2"}).ids == {new.id}
    with pytest.raises(nx.InvalidRequestError, match="already sent another text"):
        one.add_batch("b", [entry_of("A", "1")])
    one.close()
    two.close()
