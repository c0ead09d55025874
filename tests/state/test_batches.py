"""The rows of a batch: which row an entry is, and that nobody sends what is not recorded, or what was sent before."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.state import ledger as ledger_module
from nexmo_nb.state import ledger_sql
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
        elif row is not None:  # what is replaced is this person's, never reached them, and nobody wants it any more
            assert row.recipient == content[0]
            assert row.state in (*OPEN, "rejected")
            assert (row.recipient, row.digest) not in wanted
    # A new text is refused exactly where something that was sent to the same person is not in the plan any more.
    closed = {content for content, state in known.items() if state not in (*OPEN, "rejected")}
    missing = {to for to, text in closed if (to, text) not in wanted}
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
        found = zip(rows, entries, strict=True)
        self.queue |= {row.id: e for row, e in found if row.state == "planned" and not row.is_earlier}

    def retry(self) -> None:
        """Plan again what was refused, some of it with another text, as far as nobody has that one yet."""
        known = {(row.recipient, row.digest) for row in self.ledger.read_batch("b")}
        entries = {}
        for row in self.ledger.batches.read_refused("b"):
            text = self.dice.choice([row["text"], "5"])
            if text == row["text"] or (row["to"], text) not in known:
                known.add((row["to"], text))
                entries[row["id"]] = entry_of(row["to"], text)._replace(id=self.ledger.new_id())
        rows = self.ledger.batches.replan("b", list(entries.items()))
        found = zip(rows, entries.values(), strict=True)
        self.queue |= {row.id: e for row, e in found if row.state == "planned" and not row.is_earlier}

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


@pytest.mark.parametrize("retries", [0.0, 0.2])
@pytest.mark.parametrize("seed", range(6))
def test_processes_with_changing_plans_send_each_text_once_and_only_what_is_recorded(
    tmp_path: Path, seed: int, retries: float
) -> None:
    """Three processes enter plans of one to three texts for five people, and send from old queues, in any order."""
    dice = random.Random(seed)
    processes = [Process(tmp_path / "ledger.sqlite", dice) for _ in range(3)]
    ends: Counter[tuple[str, str, str]] = Counter()
    for _ in range(150):
        process = dice.choice(processes)
        if dice.random() < retries:
            process.retry()
        elif dice.random() < 0.4:
            contents = [(to, text) for to in "ABCDE" for text in dice.sample("1234", dice.randint(1, 3))]
            process.enter(dice.sample(contents, dice.randint(1, len(contents))))
        else:
            ends.update(each for each in process.send() if each[2] != "planned")
    received = Counter((to, text) for to, text, end in ends.elements() if end != "rejected")
    assert received
    assert max(received.values()) == 1
    # Nobody who was refused gets the same again, unless it is tried again.
    assert retries or max(ends.values()) == 1
    ledger = processes[0].ledger
    rows = ledger.read_sends(batch="b")
    done = Counter((row["recipient"], row["body"], row["state"]) for row in rows if row["state"] != "planned")
    select = "SELECT recipient, refusals.body, 'rejected' FROM refusals JOIN sends ON sends.id = send"
    assert done + Counter(ledger._read(lambda c: c.execute(select).fetchall())) == ends
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


# --- what was refused ------------------------------------------------------------------------------------------------


REFUSED = nx.RejectedError("Could not send an SMS to A: illegal sender", code="15")


def refuse(ledger: Ledger, send_id: str, digest: str, problem: nx.NexmoError = REFUSED) -> None:
    assert ledger.record_and_claim([], {send_id: digest}).ids == {send_id}
    ledger.record_outcomes([Outcome(send_id, None, problem)])


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger in which the first of two texts for a person was refused, and another person's was accepted."""
    ledger = Ledger(tmp_path / "ledger.sqlite", clock=itertools.count(100.0).__next__)
    entries = [entry_of("A", "1"), entry_of("A", "2"), entry_of("B", "1")]
    ledger.add_batch("b", entries)
    refuse(ledger, entries[0].id, "1")
    assert ledger.record_and_claim([], {entries[2].id: "1"}).ids
    ledger.record_outcomes([Outcome(entries[2].id, [{"status": "0", "price": 0.05, "currency": "EUR"}])])
    yield ledger
    ledger.close()


def read_states(ledger: Ledger) -> list[tuple[str, str, str]]:
    return sorted((row["recipient"], row["body"], row["state"]) for row in ledger.read_sends(batch="b"))


def test_a_plan_with_another_text_replaces_what_was_refused_and_keeps_what_it_was(ledger: Ledger) -> None:
    (same, *_) = ledger.add_batch("b", [entry_of("A", "1"), entry_of("A", "2"), entry_of("B", "1")])
    assert same.state == "rejected"  # the same text is not sent again by the same plan
    new, _ = ledger.add_batch("b", [entry_of("A", "3"), entry_of("A", "2")])
    assert new == BatchRow("new A3", "A", "planned", "3")
    assert read_states(ledger) == [("A", "2", "planned"), ("A", "3", "planned"), ("B", "1", "accepted")]
    assert ledger.batches.count_tries("b") == {"new A3": 1}
    # The plan of before finds the row, as it is now, and does not bring the refused text back.
    earlier, _ = ledger.add_batch("b", [entry_of("A", "1"), entry_of("A", "2")])
    assert earlier == BatchRow("new A3", "A", "planned", "1", is_earlier=True)
    refuse(ledger, "new A3", "3", nx.RejectedError("barred", code="7"))
    assert [row["code"] for row in ledger.batches.read_refused("b")] == ["7"]
    (again, _) = ledger.add_batch("b", [entry_of("A", "4"), entry_of("A", "2")])
    assert (again.id, ledger.batches.count_tries("b")) == ("new A4", {"new A4": 2})


def test_a_text_is_not_taken_for_a_new_one_where_the_refused_one_stands_beside_it(ledger: Ledger) -> None:
    rows = ledger.add_batch("b", [entry_of("A", text) for text in "123"])
    assert [row.state for row in rows] == ["rejected", "planned", "planned"]
    assert len(read_states(ledger)) == 4


def test_discarding_what_is_planned_again_leaves_it_refused_as_it_was(ledger: Ledger) -> None:
    before = ledger.read_sends(state="rejected")
    ledger.batches.replan("b", [("new A1", entry_of("A", "3"))])
    assert ledger.discard("b") == 1  # the second text, which never left
    after = ledger.read_sends(state="rejected")
    kept = ("recipient", "body", "sender", "code", "error", "finished", "state")
    assert [[row[name] for name in kept] for row in after] == [[row[name] for name in kept] for row in before]
    assert ledger.batches.count_tries("b") == {}
    assert ledger.add_batch("b", [entry_of("A", "1")])[0].state == "rejected"


def test_what_was_refused_and_may_have_been_sent_since_is_no_refusal_any_more(ledger: Ledger) -> None:
    ledger.batches.replan("b", [("new A1", entry_of("A", "1"))])
    assert ledger.record_and_claim([], {"new A1": "1"}).ids
    ledger.record_outcomes([Outcome("new A1", None, nx.UnknownOutcomeError("no answer"))])
    assert ledger.batches.read_refused("b") == []
    ledger.record_settled([("new A1", "not_found", [])])
    assert ledger.batches.read_refused("b") == []
    assert [row["state"] for row in ledger.batches.read_refused("b", not_found=True)] == ["not_found"]
    ledger.add_batch("b", [entry_of("A", "1"), entry_of("A", "2")], resend_not_found=True)
    assert ledger.batches.read_refused("b") == []
    ledger.discard("b")
    assert ("A", "1", "not_found") in read_states(ledger)


@pytest.mark.parametrize("state", ["accepted", "partial", "unknown", "not_found", "sending"])
def test_what_left_meanwhile_is_not_planned_again(ledger: Ledger, state: str) -> None:
    ledger._transact(lambda c: c.execute("UPDATE sends SET state = ? WHERE id = 'new A1'", (state,)))
    for text in "13":
        (row,) = ledger.batches.replan("b", [("new A1", entry_of("A", text))])
        assert (row.id, row.state) == ("new A1", state)
    assert ("A", "1", state) in read_states(ledger)


def test_of_two_processes_that_try_again_one_sends(ledger: Ledger, tmp_path: Path) -> None:
    other = Ledger(tmp_path / "ledger.sqlite")
    (one,) = ledger.batches.replan("b", [("new A1", entry_of("A", "1"))])
    (two,) = other.batches.replan("b", [("new A1", entry_of("A", "1"))])
    assert one == two == BatchRow("new A1", "A", "planned", "1")
    assert ledger.batches.count_tries("b") == {"new A1": 1}
    assert ledger.record_and_claim([], {"new A1": "1"}).ids
    assert not other.record_and_claim([], {"new A1": "1"}).ids
    # A third one has another text, but comes too late.
    (three,) = other.batches.replan("b", [("new A1", entry_of("A", "5"))])
    assert three.state == "sending"
    other.close()


def test_of_two_processes_that_try_again_with_two_texts_the_last_counts(ledger: Ledger, tmp_path: Path) -> None:
    other = Ledger(tmp_path / "ledger.sqlite")
    (one,) = ledger.batches.replan("b", [("new A1", entry_of("A", "3"))])
    (two,) = other.batches.replan("b", [("new A3", entry_of("A", "4"))])
    (gone,) = other.batches.replan("b", [("new A1", entry_of("A", "5"))])
    assert (one.id, two.id, gone.is_earlier) == ("new A3", "new A4", True)
    assert not ledger.record_and_claim([], {"new A3": "3"}).ids
    assert other.record_and_claim([], {"new A4": "4"}).ids
    assert ledger.batches.count_tries("b") == {"new A4": 1}
    other.close()


def test_a_text_that_the_person_has_in_the_batch_already_is_refused(ledger: Ledger) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^text: got a text that A has in this batch already"):
        ledger.batches.replan("b", [("new A1", entry_of("A", "2"))])
    assert ("A", "1", "rejected") in read_states(ledger)


def test_forgetting_people_forgets_what_was_refused_before(ledger: Ledger) -> None:
    ledger.batches.replan("b", [("new A1", entry_of("A", "3"))])
    refuse(ledger, "new A3", "3")
    ledger.forget(before=1e9)
    rows = ledger._read(lambda c: c.execute("SELECT sender, body, error, code FROM refusals").fetchall())
    assert rows == [(None, None, None, "15")]
    for call in (lambda: ledger.batches.read_refused("b"), lambda: ledger.batches.replan("b", [])):
        with pytest.raises(nx.InvalidRequestError, match="allowed: a batch that was not forgotten"):
            call()


def test_a_ledger_of_the_layout_before_goes_on_and_knows_of_no_refusal_before(tmp_path: Path) -> None:
    schema = ledger_sql.SCHEMA
    old = schema._replace(sqlite=schema.sqlite[:6], postgres=schema.postgres[:2])
    store = ledger_module.FileStore(tmp_path / "ledger.sqlite")
    database = store.open(old)
    database.transact(
        lambda c: c.execute(
            "INSERT INTO sends (id, kind, digest, recipient, sender, body, batch, place, created, finished, state,"
            " code, error) VALUES ('old', 'sms', '1', 'A', 'Demo', '1', 'b', 0, 1, 2, 'rejected', '15', 'no')"
        )
    )
    database.close()
    ledger = Ledger(tmp_path / "ledger.sqlite")
    assert (ledger.batches.count_tries("b"), ledger.batches.read_last_runs()) == ({}, {})
    assert [row["id"] for row in ledger.batches.read_refused("b")] == ["old"]
    (row,) = ledger.batches.replan("b", [("old", entry_of("A", "1"))])
    assert (row.id, row.state) == ("old", "planned")
    ledger.close()


def test_the_last_run_of_a_batch_is_known_and_whether_it_goes_on(ledger: Ledger, tmp_path: Path) -> None:
    ledger.batches.write_begin("b", 5.0)
    (row,) = ledger.batches.read_last_runs().values()
    assert (row["name"], row["max_cost"], row["ended"], row["error"]) == ("b", 5.0, None, None)
    ledger.batches.write_end("b", "interrupted")
    ended = ledger.batches.read_last_runs()["b"]
    assert (ended["ran"], ended["error"]) == (row["ran"], "interrupted")
    assert ended["ended"] > ended["ran"]
    ledger.batches.write_begin("b", None)
    assert ledger.batches.read_last_runs()["b"]["error"] is None
    other = Ledger(tmp_path / "ledger.sqlite")
    assert other.batches.find_running() == set()
    with ledger.open_run("b"):
        assert other.batches.find_running() == {"b"}
    assert other.batches.find_running() == set()
    other.close()
