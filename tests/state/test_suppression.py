"""The do-not-send list in the ledger: who is on it is refused in the very transaction in which a send would leave."""

from __future__ import annotations

import itertools
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import digests_of

import nexmo_nb as nx
from nexmo_nb.state import ledger_sql, sqlite
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.postgres import PostgresDatabase
from nexmo_nb.state.postgres_connection import Address
from nexmo_nb.state.sends import Entry, Outcome
from nexmo_nb.state.suppression import Event, Noted, name_person

PEOPLE = ["351912345001", "351912345002", "351912345003"]
OURS, OTHER = "447700900001", "447700900002"


@pytest.fixture
def now() -> list[float]:
    return [1_000.0]


@pytest.fixture
def ledger(tmp_path: Path, anywhere: str, now: list[float]) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite", clock=lambda: now[0])
    yield ledger
    ledger.close()


def entry(to: str, key: str | None = None, why: str | None = None) -> Entry:
    what = f"send an SMS to {to}"
    return Entry(Ledger.new_id(), what, "sms", f"d{to}", to, "Demo", "Hello", key=key, even_if_suppressed=why)


def plan(ledger: Ledger, *people: str) -> list[str]:
    return [row.id for row in ledger.add_batch("b", [entry(to) for to in people])]


def list_people(ledger: Ledger) -> list[str]:
    return [name_person(row) for row in ledger.suppressions.list_in_force()]


def stop(at: float, own: str = OURS, to: str = PEOPLE[0]) -> Event:
    return Event(to, own, True, at, "stop")


def start(at: float, own: str = OURS, to: str = PEOPLE[0]) -> Event:
    return Event(to, own, False, at, "stop")


def test_a_row_that_was_planned_before_is_refused_when_it_is_claimed_and_the_others_leave(ledger: Ledger) -> None:
    ids = plan(ledger, *PEOPLE)
    ledger.suppressions.suppress([PEOPLE[1]], "asked by phone")
    claim = ledger.record_and_claim([], digests_of(ledger, ids))
    assert (claim.ids, claim.over_budget, list(claim.suppressed)) == ({ids[0], ids[2]}, [], [ids[1]])
    refused = ledger.read_sends(state="rejected")
    error = "+351912345002 is on the do-not-send list since 1970-01-01 (asked by phone)."
    assert [(row["recipient"], row["code"], row["error"]) for row in refused] == [(PEOPLE[1], "suppressed", error)]
    assert ledger.record_and_claim([], digests_of(ledger, ids)).ids == set()  # nor later
    ledger.suppressions.unsuppress([PEOPLE[1]])
    assert ledger.record_and_claim([], digests_of(ledger, ids)).ids == set()


def test_a_reason_lets_it_leave_and_stands_at_what_left_to_people_on_the_list_only(ledger: Ledger) -> None:
    ids = plan(ledger, *PEOPLE)
    ledger.suppressions.suppress([PEOPLE[1]], None)
    claim = ledger.record_and_claim([], digests_of(ledger, ids), even_if_suppressed="recall")
    assert (claim.ids, list(claim.suppressed)) == (set(ids), [])
    assert [row["even_if_suppressed"] for row in ledger.read_sends()] == [None, "recall", None]
    ledger.record_outcomes([Outcome(ids[1], None, nx.RateLimitedError("too fast"))])  # it is planned again
    assert list(ledger.record_and_claim([], digests_of(ledger, [ids[1]])).suppressed) == [ids[1]]
    assert ledger.read_sends(ids=[ids[1]])[0]["even_if_suppressed"] is None


def test_a_row_that_may_have_left_before_is_not_found_again_where_it_is_refused(ledger: Ledger) -> None:
    ids = plan(ledger, PEOPLE[0])
    ledger.record_and_claim([], digests_of(ledger, ids))
    ledger.record_outcomes([Outcome(ids[0], None, nx.UnknownOutcomeError("no answer"))])
    ledger.record_settled([(ids[0], "not_found", [])])
    ledger.add_batch("b", [entry(PEOPLE[0])], resend_not_found=True)
    ledger.suppressions.suppress(PEOPLE[:1], None)
    assert list(ledger.record_and_claim([], digests_of(ledger, ids)).suppressed) == ids
    assert [row["state"] for row in ledger.read_sends()] == ["not_found"]
    ledger.record_outcomes([Outcome(ids[0], [{"status": "0", "message_id": "late"}])])
    assert [row["state"] for row in ledger.read_sends()] == ["accepted"]


def test_a_row_that_another_run_has_or_changed_is_neither_claimed_nor_refused(ledger: Ledger) -> None:
    ids = plan(ledger, PEOPLE[0])
    digests = digests_of(ledger, ids)
    ledger.record_and_claim([], digests)
    ledger.suppressions.suppress(PEOPLE[:1], None)
    for wanted in (digests, dict.fromkeys(ids, "another"), {"no such row": "d"}):
        claim = ledger.record_and_claim([], wanted)
        assert (claim.ids, list(claim.suppressed)) == (set(), [])
    assert [row["state"] for row in ledger.read_sends()] == ["sending"]


def test_a_single_send_is_refused_and_leaves_no_trace_and_what_its_key_sent_is_given_as_before(ledger: Ledger) -> None:
    to = PEOPLE[0]
    ledger.record_intent(before := entry(to, key="k"))
    ledger.record_outcomes([Outcome(before.id, [{"status": "0", "message_id": "m"}])])
    assert ledger.suppressions.suppress([to], None) == [Noted(to, True, True)]
    assert [part["message_id"] for part in ledger.record_intent(entry(to, key="k")) or []] == ["m"]
    for key in (None, "other"):
        with pytest.raises(nx.InvalidRequestError, match=r"^to: got '351912345001'; allowed: .*do-not-send") as caught:
            ledger.record_intent(entry(to, key=key))
        assert (caught.value.parameter, caught.value.code) == ("to", "suppressed")
    assert len(ledger.read_sends()) == 1
    ledger.record_intent(entry(to, why="recall"))
    ledger.record_intent(entry(PEOPLE[1], why="recall"))
    assert [row["even_if_suppressed"] for row in ledger.read_sends()] == [None, "recall", None]
    assert ledger.suppressions.suppress(PEOPLE[:2], None) == [
        Noted(to, True, False, 1),
        Noted(PEOPLE[1], True, True, 1),
    ]


def test_a_forgotten_person_stays_on_the_list_without_their_number(ledger: Ledger, now: list[float]) -> None:
    ids = plan(ledger, *PEOPLE)
    ledger.suppressions.suppress(PEOPLE[:2], "Ana asked by phone")
    ledger.suppressions.unsuppress([PEOPLE[1]])
    now[0] = 2_000.0
    ledger.suppressions.suppress([PEOPLE[2]], "later")
    assert ledger.forget(1_500.0)[0] == 0
    forgotten, known = list_people(ledger)
    assert (forgotten[:10], len(forgotten), known) == ("forgotten_", 22, PEOPLE[2])
    everything = ledger._read(lambda c: c.execute("SELECT * FROM suppressions").fetchall())
    assert len(everything) == 2  # who was taken off the list is forgotten whole
    assert not any(text in str(everything) for text in (*PEOPLE[:2], "Ana"))
    assert set(ledger.suppressions.find(PEOPLE)) == {PEOPLE[0], PEOPLE[2]}
    assert set(ledger.record_and_claim([], digests_of(ledger, ids)).suppressed) == {ids[0], ids[2]}
    with pytest.raises(nx.InvalidRequestError, match="do-not-send list since 1970-01-01"):
        ledger.record_intent(entry(PEOPLE[0]))
    assert ledger.suppressions.suppress([PEOPLE[0]], None) == [Noted(PEOPLE[0], True, False)]
    assert list_people(ledger) == [PEOPLE[0], PEOPLE[2]]  # whoever names them again, knows them
    ledger.forget(3_000.0)
    assert ledger.suppressions.unsuppress([PEOPLE[0]]) == [Noted(PEOPLE[0], False, True)]
    assert set(ledger.suppressions.find(PEOPLE)) == {PEOPLE[2]}


@pytest.mark.parametrize(
    ("events", "is_on_the_list"),
    [
        ([stop(10)], True),
        ([start(10)], False),
        ([stop(10), start(11)], False),
        ([stop(10), start(10)], True),  # of one moment, the stop counts
        ([stop(10), start(11), stop(12)], True),
        ([stop(10), start(11, OTHER)], True),  # a start to another number takes nothing back
        ([stop(10), stop(10, OTHER), start(11)], True),
        ([stop(10), stop(10, OTHER), start(11), start(11, OTHER)], False),
        ([start(9), stop(10), stop(8), start(7)], True),
    ],
)
def test_the_order_in_time_decides_in_whatever_order_and_however_often_it_is_noted(
    ledger: Ledger, events: list[Event], is_on_the_list: bool
) -> None:
    orders = list(itertools.permutations(events))
    for place, order in enumerate(random.Random(3).sample(orders, min(6, len(orders)))):
        person = str(351_912_345_100 + place)
        mine = [event._replace(recipient=person) for event in order]
        for event in mine:
            ledger.suppressions.note([event])
        assert (person in ledger.suppressions.find([person])) is is_on_the_list, order
        assert ledger.suppressions.note(mine * 2) == [Noted(person, is_on_the_list, False)]


def test_a_hand_takes_back_everything_that_was_said_before_and_only_a_hand_what_a_hand_noted(
    ledger: Ledger, now: list[float]
) -> None:
    to = PEOPLE[0]
    ledger.suppressions.note([stop(10), stop(20, OTHER)])
    assert ledger.suppressions.unsuppress([to]) == [Noted(to, False, True)]
    assert ledger.suppressions.note([stop(10), stop(20, OTHER)]) == [Noted(to, False, False)]
    assert ledger.suppressions.note([stop(15, "447700900003")]) == [Noted(to, False, False)]
    now[0] = 500.0  # the clock was set back: what is done by hand counts all the same
    assert ledger.suppressions.suppress([to], None) == [Noted(to, True, True)]
    assert ledger.suppressions.note([start(490)]) == [Noted(to, True, False)]
    assert ledger.suppressions.unsuppress([to]) == [Noted(to, False, True)]
    now[0] = 2_000.0
    assert ledger.suppressions.note([stop(1_990)]) == [Noted(to, True, True)]
    assert ledger.suppressions.note([start(10**12)]) == [Noted(to, False, True)]
    assert ledger.suppressions.note([stop(2_000)]) == [Noted(to, True, True)]  # a start of the future is one of now


def test_who_was_never_on_the_list_leaves_nothing_where_they_are_taken_off_it(ledger: Ledger) -> None:
    assert ledger.suppressions.unsuppress(PEOPLE[:1]) == [Noted(PEOPLE[0], False, False)]
    assert ledger._read(lambda c: c.execute("SELECT * FROM suppressions").fetchall()) == []
    assert ledger.suppressions.note([]) == []


def test_all_of_a_long_list_is_kept_or_nothing(ledger: Ledger) -> None:
    numbers = [str(351_912_000_000 + n) for n in range(1_200)]
    with pytest.raises(AttributeError):
        ledger.suppressions.suppress([*numbers, None], None)  # type: ignore[list-item] # in the midst of the work
    assert list_people(ledger) == []
    assert all(each.is_changed for each in ledger.suppressions.suppress(numbers, None))
    assert set(ledger.suppressions.find(numbers)) == set(numbers)
    assert ledger.suppressions.find(["351913000000"]) == {}
    ledger.forget(2_000.0)
    assert set(ledger.suppressions.find([*numbers, "351913000000"])) == set(numbers)
    assert not any(each.is_changed for each in ledger.suppressions.suppress(numbers, None))


def test_two_sessions_have_one_list(tmp_path: Path, ledger: Ledger) -> None:
    ids = plan(ledger, *PEOPLE)
    other = Ledger(ledger.path, clock=lambda: 1_000.0)
    other.suppressions.suppress(PEOPLE[:2], None)
    assert ledger.record_and_claim([], digests_of(ledger, ids)).ids == {ids[2]}
    ledger.suppressions.unsuppress(PEOPLE[:1])
    other.record_intent(entry(PEOPLE[0]))
    other.close()


OLD = (
    "INSERT INTO sends (id, kind, digest, recipient, sender, body, batch, state, created)"
    " VALUES ('s', 'sms', 'd', '1', 'Demo', 'Hello', 'b', 'planned', 1.0)"
)


def test_a_file_of_the_layout_before_gets_the_list_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first, *later = ledger_sql.SCHEMA.sqlite
    before = sqlite.Database(path, first, migrations=later[:5], durable=True)
    before.transact(lambda c: c.execute(OLD))
    before.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (6,)
    ledger = Ledger(path, clock=lambda: 100.0)
    ledger.suppressions.suppress(["1"], None)
    assert list(ledger.record_and_claim([], {"s": "d"}).suppressed) == ["s"]
    assert [row["even_if_suppressed"] for row in ledger.read_sends()] == [None]
    ledger.close()


@pytest.mark.slow
def test_a_database_of_the_layout_before_gets_the_list_and_keeps_its_rows(address: Address) -> None:
    schema = f"test layout 2 {Ledger.new_id()[-12:]}"
    before = PostgresDatabase(address, schema, "ledger", ledger_sql.SCHEMA.postgres[:2])
    before.transact(lambda c: c.execute(OLD))
    before.close()
    after = PostgresDatabase(address, schema, "ledger", ledger_sql.SCHEMA.postgres)
    statement = "SELECT id, state, even_if_suppressed FROM sends"
    assert after.read(lambda c: c.execute(statement).fetchall()) == [("s", "planned", None)]
    assert after.read(lambda c: c.execute("SELECT COUNT(*) FROM suppressions").fetchone())[0] == 0
    after.close()
