"""Files of state that version 0.1.0, before its house was rebuilt, wrote on a real disk open as they did then.

``ledger_layout_2.sqlite`` is of later: the last layout in which a batch had each recipient once. So is
``ledger_layout_3.sqlite``, the last one without a generation, in which the batch has a second text for everybody, and
``ledger_layout_4.sqlite``, the last one without budgets, which holds the same.
"""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import digests_of, send_once

import nexmo_nb as nx
from nexmo_nb.state import ledger_sql, response_cache_sql
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.price_history import PriceHistory
from nexmo_nb.state.report_requests import ReportRequests
from nexmo_nb.state.response_cache import ResponseCache
from nexmo_nb.state.sends import Entry
from nexmo_nb.state.throttle import Throttle

FILES = Path(__file__).with_name("before_0_2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FILES, tmp_path / "before"))


def test_a_ledger_of_before_keeps_sends_keys_and_batches(folder: Path) -> None:
    ledger = Ledger(folder / "ledger.sqlite")
    rows = ledger.read_sends()
    assert [(row["batch"], row["key"], row["recipient"], row["state"]) for row in rows] == [
        (None, "hello-1", "447700900000", "accepted"),
        ("greetings", None, "447700900001", "accepted"),
        ("greetings", None, "447700900002", "accepted"),
        (None, "lost-1", "447700900003", "unknown"),
        ("later", None, "447700900004", "planned"),
    ]
    assert [row["delivery"] for row in rows if row["batch"] == "greetings"] == ["delivered", "delivered"]
    assert ledger.record_and_claim([], digests_of(ledger, [rows[4]["id"]])).ids == {rows[4]["id"]}
    ledger.close()


def test_a_key_of_before_is_not_sent_again(folder: Path) -> None:
    ledger = Ledger(folder / "ledger.sqlite")
    fields = {"from": "Demo", "to": "447700900000", "type": "text", "text": "Hello"}
    again: list[str] = []
    digest = nx.state.sends.compute_digest(fields)
    entry = Entry("b" * 40, "send an SMS to 447700900000", "sms", digest, fields["to"], "Demo", "Hello", key="hello-1")
    parts = send_once(ledger, entry, lambda: [again.append("sent")])  # type: ignore[list-item]
    assert ([part["status"] for part in parts], again) == (["0"], [])
    with pytest.raises(nx.UnknownOutcomeError, match="nobody knows"):
        send_once(
            ledger,
            entry._replace(
                key="lost-1", digest=nx.state.sends.compute_digest({**fields, "to": "447700900003", "text": "Lost"})
            ),
            lambda: [],
        )
    ledger.close()


@pytest.fixture
def layout_2(folder: Path) -> Path:
    """A ledger with a batch of five states, a key, and a batch that was never sent."""
    return folder / "ledger_layout_2.sqlite"


def entry_for(to: str, text: str) -> Entry:
    fields = {"to": to, "from": "Demo", "type": "text", "text": text}
    return Entry(f"{to}{text}", to, "sms", nx.state.sends.compute_digest(fields), to, "Demo", text)


GREETED = [f"44770090000{n}" for n in range(1, 6)]


@pytest.mark.parametrize("layout", [2, 3, 4])
def test_a_batch_of_before_keeps_every_row_its_place_and_its_parts(folder: Path, layout: int) -> None:
    path = folder / f"ledger_layout_{layout}.sqlite"
    ledger = Ledger(path)
    rows = ledger.read_sends(batch="greetings")
    assert [row["body"] for row in rows] == ["Hello"] * 5 + ["Bye"] * (0 if layout == 2 else 5)
    rows = rows[:5]
    states = ["accepted", "rejected", "unknown", "not_found", "planned"]
    assert [(row["recipient"], row["state"]) for row in rows] == list(zip(GREETED, states, strict=True))
    assert (rows[0]["message_ids"], rows[0]["price"], rows[1]["code"]) == ("m1", 0.05, "7")
    assert [row["id"][-1] for row in ledger.read_sends()[:7]] == ["1", "2", "3", "4", "5", "6", "7"]
    assert ledger.read_sends()[5]["key"] == "hello-1"
    ledger.close()
    assert path.with_suffix(".generation").exists()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(ledger_sql.MIGRATIONS) + 1,)
        assert connection.execute("SELECT number FROM generation").fetchall() == [(0,)]
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'")}
    assert names == {
        "sends",
        "parts",
        "deliveries",
        "sends_state",
        "sends_created",
        "parts_message",
        "sends_people",
        "sends_odd_keys",
        "sends_odd_batches",
        "runs",
        "generation",
        "budgets",
        "totals",
        "suppressions",
        "suppression_key",
        "schedules",
        "refusals",
        "batches",
    }


@pytest.mark.parametrize("layout", [2, 3, 4])
def test_what_was_sent_before_counts_as_its_price(folder: Path, layout: int) -> None:
    ledger = Ledger(folder / f"ledger_layout_{layout}.sqlite", clock=lambda: 1_700_000_100.0)
    day, month = ledger.budgets.describe("EUR")
    assert (day["spent"], day["unpriced"], day["amount"]) == (0.1, 1, None)
    assert (month["spent"], month["unpriced"]) == (0.1, 1)
    ledger.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from nexmo_nb.state import ledger_sql
from nexmo_nb.state.ledger import Ledger
*earlier, last = ledger_sql.MIGRATIONS
import sqlite3
real = sqlite3.connect
class Connection(sqlite3.Connection):
    left = int(sys.argv[2])
    def execute(self, statement, *values):
        found = super().execute(statement, *values)
        if statement in last:
            Connection.left -= 1
            if not Connection.left:
                os.kill(os.getpid(), signal.SIGKILL)
        return found
sqlite3.connect = lambda *a, **k: real(*a, **{**k, "factory": Connection})
Ledger(Path(sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("statement", range(1, len(ledger_sql.MIGRATIONS[-1]) + 1))
def test_a_process_that_is_killed_in_a_migration_leaves_the_ledger_of_before(folder: Path, statement: int) -> None:
    path = folder / "ledger_layout_4.sqlite"
    copy = Ledger(Path(shutil.copy(path, path.with_name("copy.sqlite"))))
    child = subprocess.run([sys.executable, "-c", KILLED, path, str(statement)], check=False)
    assert child.returncode == -signal.SIGKILL
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (4,)
    ledger = Ledger(path)
    assert ledger.read_sends() == copy.read_sends()
    ledger.close()
    copy.close()


def test_a_batch_of_before_goes_on_and_sends_nothing_twice(layout_2: Path) -> None:
    ledger = Ledger(layout_2)
    same = ledger.add_batch("greetings", [entry_for(to, "Hello") for to in GREETED])
    assert [row.state for row in same] == ["accepted", "rejected", "unknown", "not_found", "planned"]
    assert [row.id[-1] for row in same] == ["1", "2", "3", "4", "5"]
    with pytest.raises(nx.InvalidRequestError, match="in which 3 recipients were already sent another text"):
        ledger.add_batch("greetings", [entry_for(to, "Bye") for to in GREETED])
    both = ledger.add_batch("greetings", [entry_for(to, text) for to in GREETED for text in ("Bye", "Hello")])
    assert [row.state for row in both[::2]] == ["planned"] * 5
    assert both[1::2] == same
    ledger.close()


def test_a_migration_that_is_broken_off_leaves_the_ledger_of_before(
    layout_2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [Ledger(Path(shutil.copy(layout_2, layout_2.with_name("copy.sqlite")))).read_sends()]
    *before_last, (*statements, last) = ledger_sql.SCHEMA.sqlite
    broken = ledger_sql.SCHEMA._replace(sqlite=(*before_last, (*statements, "no statement", last)))
    monkeypatch.setattr(ledger_sql, "SCHEMA", broken)
    with pytest.raises(nx.UnreachableError, match="Nothing was sent"):
        Ledger(layout_2)
    monkeypatch.undo()
    ledger = Ledger(layout_2)
    assert [ledger.read_sends()] == before
    ledger.close()


def test_a_throttle_of_before_opens_and_a_restart_since_then_costs_one_window(folder: Path) -> None:
    throttle = Throttle(
        folder / "throttle.sqlite", calls=100, period=60.0, clock=lambda: 1_000.0, boot="another boot", limits={}
    )
    assert throttle.status().used > 0
    throttle.close()


def test_cached_responses_of_before_are_found(folder: Path) -> None:
    cache = ResponseCache(folder / "cache.sqlite", clock=lambda: 0.0 + 2e9)
    assert len(cache.responses) > 0
    assert all("127.0.0.1" in key for key in cache.responses)
    cache.responses.close()


def test_a_cache_of_before_deletes_a_family_without_reading_the_others(folder: Path) -> None:
    cache = ResponseCache(folder / "cache.sqlite")
    database = cache.responses._database
    assert database is not None
    statement = f"EXPLAIN QUERY PLAN {response_cache_sql.DELETE_FAMILY}"
    steps = database.read(lambda c: c.execute(statement, ("owned",)).fetchall())
    assert [step[-1] for step in steps] == ["SEARCH answers USING INDEX answers_family (family=?)"]
    cache.responses.close()


def test_prices_and_report_requests_of_before_are_found(folder: Path) -> None:
    history, requests = (
        PriceHistory(folder / "notes.sqlite"),
        ReportRequests(folder / "notes.sqlite", clock=lambda: 0.0),
    )
    assert {row["country"] for row in history.read_prices()} >= {"NA", "GB"}
    assert requests.find("digest") == "report-1"
    history.close()
    requests.close()
