"""Files of state that version 0.1.0, before its house was rebuilt, wrote on a real disk open as they did then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers import send_once

import nexmo_nb as nx
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
    assert ledger.record_and_claim([], [rows[4]["id"]]) == {rows[4]["id"]}
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


def test_a_throttle_of_before_opens_and_a_restart_since_then_costs_one_window(folder: Path) -> None:
    throttle = Throttle(folder / "throttle.sqlite", clock=lambda: 1_000.0, boot="another boot", limits={})
    assert throttle.status().used > 0
    throttle.close()


def test_cached_responses_of_before_are_found(folder: Path) -> None:
    cache = ResponseCache(folder / "cache.sqlite", clock=lambda: 0.0 + 2e9)
    assert len(cache.responses) > 0
    assert all("127.0.0.1" in key for key in cache.responses)
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
