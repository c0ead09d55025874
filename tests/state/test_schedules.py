"""The schedule of a batch in the ledger: kept with its rows, changed by one run at a time, and forgotten."""

from __future__ import annotations

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
from nexmo_nb.state.schedules import BatchSchedule
from nexmo_nb.state.sends import Entry, Outcome


@pytest.fixture
def ledger(tmp_path: Path, anywhere: str) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite", clock=lambda: 100.0)
    yield ledger
    ledger.close()


def entries(count: int, start: int = 0) -> list[Entry]:
    return [Entry(Ledger.new_id(), f"row {n}", "sms", f"d{n}", str(n), "Demo", "Hello") for n in range(start, count)]


DUE = BatchSchedule("nine", settings="{}", zones=["", "Europe/Lisbon"])


def accept(ledger: Ledger, send_id: str) -> None:
    ledger.record_and_claim([], digests_of(ledger, [send_id]))
    ledger.record_outcomes([Outcome(send_id, [{"status": "0", "message_id": "m"}])])


def test_a_schedule_is_kept_with_the_rows_that_wait_for_it(ledger: Ledger) -> None:
    assert ledger.schedules.read("b") is None
    rows = ledger.add_batch("b", entries(2), schedule=DUE)
    assert ledger.schedules.read("b") == "nine"
    assert ledger.schedules.list_scheduled() == [("b", "{}")]
    due = ledger.schedules.read_due("b")
    assert [(row["id"], row["zone"]) for row in due] == [(rows[0].id, ""), (rows[1].id, "Europe/Lisbon")]
    assert {name: due[0][name] for name in ("kind", "digest", "recipient", "sender", "body", "estimate")} == {
        "kind": "sms", "digest": "d0", "recipient": "0", "sender": "Demo", "body": "Hello", "estimate": None,
    }  # fmt: skip


def test_only_rows_that_were_scheduled_and_not_sent_are_due(ledger: Ledger) -> None:
    rows = ledger.add_batch("b", entries(2), schedule=DUE)
    ledger.add_batch("b", entries(3, 2), schedule=BatchSchedule("nine", "nine"))
    ledger.add_batch("other", entries(1), schedule=BatchSchedule("nine"))
    accept(ledger, rows[0].id)
    assert [row["recipient"] for row in ledger.schedules.read_due("b")] == ["1"]
    assert [name for name, *_ in ledger.schedules.list_scheduled()] == ["b"]
    accept(ledger, rows[1].id)
    assert ledger.schedules.list_scheduled() == []
    assert ledger.schedules.read("b") == "nine"


def test_a_run_that_goes_by_an_earlier_schedule_can_claim_nothing_any_more(ledger: Ledger) -> None:
    plan = entries(2)
    before = ledger.add_batch("b", plan)
    ledger.add_batch("b", plan, schedule=BatchSchedule("nine"))
    assert ledger.record_and_claim([], {row.id: row.digest for row in before}).ids == set()
    after = ledger.add_batch("b", plan, schedule=BatchSchedule("nine", "nine"))
    again = ledger.add_batch("b", plan, schedule=BatchSchedule("nine", "nine"))
    assert after == again
    assert ledger.record_and_claim([], {row.id: row.digest for row in after}).ids == {row.id for row in after}


def test_of_two_runs_that_change_a_schedule_the_second_is_refused(ledger: Ledger) -> None:
    ledger.add_batch("b", entries(2), schedule=DUE)
    with pytest.raises(nx.InvalidRequestError, match="another run gave others meanwhile.*Nothing was sent"):
        ledger.add_batch("b", entries(3, 2), schedule=BatchSchedule("ten"))
    assert ledger.schedules.read("b") == "nine"
    assert len(ledger.read_batch("b")) == 2
    ledger.add_batch("b", entries(3, 2), schedule=BatchSchedule("ten", "nine"))
    # What waits for whoever looks for what is due goes on waiting, by the new hours.
    assert ledger.schedules.list_scheduled() == [("b", "{}")]
    assert len(ledger.schedules.read_due("b")) == 2


def test_a_batch_that_is_discarded_has_no_schedule_any_more(ledger: Ledger) -> None:
    rows = ledger.add_batch("b", entries(2), schedule=DUE)
    accept(ledger, rows[0].id)
    assert ledger.discard("b") == 1
    assert ledger.schedules.read("b") is None
    assert ledger.schedules.list_scheduled() == []


def test_what_is_kept_to_send_a_batch_is_forgotten_with_its_people(ledger: Ledger) -> None:
    rows = ledger.add_batch("b", entries(2), schedule=DUE)
    accept(ledger, rows[0].id)
    assert ledger.forget(1000.0) == (1, 0)
    assert ledger.schedules.read("b") == "nine"  # somebody waits
    accept(ledger, rows[1].id)
    assert ledger.forget(1000.0) == (1, 0)
    assert ledger.schedules.read("b") is None
    zones = ledger._read(lambda c: c.execute("SELECT zone FROM sends WHERE zone IS NOT NULL").fetchall())
    assert zones == []


def test_a_file_of_the_layout_before_gets_schedules_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first, *later = ledger_sql.SCHEMA.sqlite
    before = sqlite.Database(path, first, migrations=later[:5], durable=True)
    before.transact(lambda c: c.execute(OLD))
    before.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (6,)
    ledger = Ledger(path, clock=lambda: 100.0)
    assert [(row.id, row.state) for row in ledger.read_batch("b")] == [("s", "planned")]
    assert ledger.schedules.read_due("b") == []
    ledger.close()


OLD = (
    "INSERT INTO sends (id, kind, digest, recipient, sender, body, batch, state, created)"
    " VALUES ('s', 'sms', 'd', '1', 'Demo', 'Hello', 'b', 'planned', 1.0)"
)


@pytest.mark.slow
def test_a_database_of_the_layout_before_gets_schedules_and_keeps_its_rows(address: Address) -> None:
    schema = f"test layout 2 {Ledger.new_id()[-12:]}"
    before = PostgresDatabase(address, schema, "ledger", ledger_sql.SCHEMA.postgres[:2])
    before.transact(lambda c: c.execute(OLD))
    before.close()
    after = PostgresDatabase(address, schema, "ledger", ledger_sql.SCHEMA.postgres)
    assert after.read(lambda c: c.execute("SELECT id, state, zone FROM sends").fetchall()) == [("s", "planned", None)]
    assert after.read(lambda c: c.execute("SELECT COUNT(*) FROM schedules").fetchone())[0] == 0
    after.close()
