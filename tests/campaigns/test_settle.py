"""Settling, case by case: which reports are asked for, whose records they hold, and what is concluded from them."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import Any

import pytest
from campaign_helpers import count_received, make_plan, people, send_batch

import nexmo_nb as nx
from nexmo_nb.campaigns import decisions
from nexmo_nb.campaigns.settle import CLOCK_MARGIN, SINGLE_REPORTS, find_records, plan_queries, settle_send
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.sends import Entry, Outcome

HOUR = 3600.0


def send(n: int = 0, **facts: Any) -> dict[str, Any]:
    known = {"id": f"id-{n}", "client_ref": f"ref-{n}", "recipient": f"to-{n}", "created": 50.0, "started": 100.0 + n}
    return {**known, **facts}


def record(n: int = 0, **facts: str) -> dict[str, str]:
    return {"client_ref": f"ref-{n}", "to": f"to-{n}", "message_id": f"m-{n}", "total_price": "0.05", **facts}


def test_a_few_messages_are_asked_for_one_by_one() -> None:
    queries = plan_queries([send(0), send(1)], 500.0)
    assert [query.filters for query in queries] == [{"client_ref": "ref-0"}, {"client_ref": "ref-1"}]
    assert [query.start for query in queries] == [100.0 - CLOCK_MARGIN, 101.0 - CLOCK_MARGIN]
    assert {query.end for query in queries} == {500.0 + CLOCK_MARGIN}


def test_many_messages_are_asked_for_by_one_report_of_their_whole_time() -> None:
    assert len(plan_queries([send(n) for n in range(SINGLE_REPORTS)], 500.0)) == SINGLE_REPORTS
    unknown = [send(n) for n in range(SINGLE_REPORTS, -1, -1)]
    assert plan_queries(unknown, 500.0) == [(100.0 - CLOCK_MARGIN, 500.0 + CLOCK_MARGIN, {}, "SMS")]


def test_messages_that_share_a_reference_are_asked_for_once() -> None:
    unknown = [send(3, client_ref="order"), send(1, client_ref="order"), send(2)]
    assert [(query.start + CLOCK_MARGIN, query.filters["client_ref"]) for query in plan_queries(unknown, 500.0)] == [
        (101.0, "order"),
        (102.0, "ref-2"),
    ]


def test_the_earliest_of_messages_that_share_a_reference_counts_in_any_order() -> None:
    for order in ([1, 3, 2], [3, 1, 2], [2, 3, 1]):
        queries = plan_queries([send(n, client_ref="order") for n in order], 500.0)
        assert [query.start for query in queries] == [101.0 - CLOCK_MARGIN]


def test_nothing_is_asked_for_nothing() -> None:
    assert plan_queries([], 500.0) == []


def test_the_time_of_a_report_covers_a_clock_that_is_an_hour_off() -> None:
    query = plan_queries([send()], 500.0)[0]
    assert query.start <= 100.0 - HOUR
    assert query.end >= 500.0 + HOUR


def test_a_clock_that_was_set_back_does_not_turn_the_time_around() -> None:
    assert [query.end for query in plan_queries([send(0), send(1, started=900.0)], 500.0)] == [900.0 + CLOCK_MARGIN] * 2


def test_a_message_whose_time_of_leaving_is_missing_counts_from_its_entry() -> None:
    assert plan_queries([send(started=None)], 500.0)[0].start == 50.0 - CLOCK_MARGIN
    assert settle_send(send(started=None), [], 650.0, 600.0, "EUR") == ("id-0", "not_found", [])
    assert settle_send(send(started=None), [], 649.0, 600.0, "EUR") is None


def test_records_are_found_by_reference_and_recipient() -> None:
    unknown = [send(0, client_ref="order"), send(1, client_ref="order"), send(2)]
    records = [
        record(0, client_ref="order"),
        record(1, client_ref="order"),
        record(1, client_ref="order", message_id="m-1b"),
        record(0, client_ref="another"),
        record(2, to="another"),
        {},
    ]
    found = find_records(unknown, iter(records))
    assert {code: [r["message_id"] for r in mine] for code, mine in found.items()} == {
        "id-0": ["m-0"],
        "id-1": ["m-1", "m-1b"],
        "id-2": [],
    }


def test_two_sends_of_one_reference_to_one_recipient_share_their_records() -> None:
    found = find_records([send(0), send(1, client_ref="ref-0", recipient="to-0")], iter([record(0)]))
    assert [len(mine) for mine in found.values()] == [1, 1]


@pytest.mark.parametrize(
    ("records", "now", "state"),
    [([record()], 101.0, "accepted"), ([], 699.0, None), ([], 700.0, "not_found"), ([record()], 9e9, "accepted")],
)
def test_a_message_is_found_or_given_up_after_the_delay(records: Any, now: float, state: str | None) -> None:
    change = settle_send(send(), records, now, 600.0, "EUR")
    assert (None if change is None else change[1]) == state


def test_a_record_becomes_a_part() -> None:
    found = settle_send(send(), [record(network="23410"), record(total_price="", currency="USD")], 0.0, 0.0, "EUR")
    assert found is not None
    first, second = found[2]
    assert (first["message_id"], first["status"], first["price"], first["network"]) == ("m-0", "0", "0.05", "23410")
    assert (first["currency"], second["currency"], second["price"]) == ("EUR", "USD", None)


def test_settling_asks_for_an_hour_more_than_the_clock_says(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fail_next("drop-after", path="/sms")
    nx.send_many(nx.plan_sms(["351912345678"], "Hello", sender="Demo"), batch="b", progress=False)
    asked: list[dict[str, Any]] = []

    def report(session: nx.Session, **facts: Any) -> list[dict[str, str]]:
        asked.append(facts)
        return []

    monkeypatch.setattr(import_module("nexmo_nb.campaigns.settle"), "read_report", report)
    now = session.ledger.clock()
    assert nx.settle("b").state.tolist() == ["unknown"]
    row = session.ledger.read_sends(batch="b")[0]
    assert asked[0]["filters"] == {"direction": "outbound", "client_ref": row["client_ref"]}
    assert asked[0]["start"] <= row["started"] - HOUR
    assert asked[0]["end"] >= now + HOUR


def test_settling_finds_what_arrived_and_waits_before_it_gives_up_the_rest(
    session: nx.Session, sandbox: Sandbox
) -> None:
    sandbox.fail_next("drop-after", path="/sms")
    sandbox.fail_next("drop-before", path="/sms")
    table = make_plan(2, "a" * 200)
    assert send_batch(table, workers=1).state.tolist() == ["unknown", "unknown"]
    settled = nx.settle("b")
    assert sorted(settled.state) == ["accepted", "unknown"]
    arrived = settled[settled.state == "accepted"].iloc[0]
    assert arrived.parts == 2
    assert arrived.price == pytest.approx(float(sandbox.messages[0]["price"]))
    assert len(arrived.message_ids.split()) == 2
    assert nx.settle("b", delay=0).state.tolist() == ["not_found"]
    assert len(nx.settle("b")) == 0
    assert len(sandbox.messages) == 1
    assert sorted(send_batch(table).state) == ["accepted", "not_found"]
    assert send_batch(table, resend_not_found=True).state.tolist() == ["accepted", "accepted"]
    assert count_received(sandbox) == Counter(people(2))


def test_many_unknown_ones_are_settled_by_one_report(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "MOST_FAILURES", 100)
    sandbox.fail_next("drop-after", times=30, path="/sms")
    assert set(send_batch(make_plan(30)).state) == {"unknown"}
    assert set(nx.settle().state) == {"accepted"}
    assert sum(1 for request in sandbox.requests if request["path"] == "/v2/reports") == 1


def test_a_single_send_is_settled_too_and_its_key_returns_the_parts(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("drop-after")
    with pytest.raises(nx.UnknownOutcomeError):
        nx.send_sms("351912345678", "Hello", sender="Demo", key="k")
    nx.settle()
    parts = nx.send_sms("351912345678", "Hello", sender="Demo", key="k")
    assert parts.message_id.tolist() == [sandbox.messages[0]["parts"][0]["message_id"]]
    assert len(sandbox.messages) == 1


@pytest.mark.parametrize("kind", ["500", "garbage", "drop-after"])
def test_a_report_that_fails_changes_nothing(session: nx.Session, sandbox: Sandbox, kind: str) -> None:
    sandbox.fail_next("drop-after", path="/sms")
    send_batch(make_plan(1))
    sandbox.fail_next(kind, times=3, path="/v2/reports")
    with pytest.raises(nx.NexmoError):
        nx.settle(delay=0)
    assert nx.sent().state.tolist() == ["unknown"]


@pytest.mark.parametrize("delay", [-1, None, "10", float("inf"), True, float("nan")])
def test_a_wrong_delay_is_refused(session: nx.Session, delay: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^delay: got {delay!r}; allowed: seconds, 0 or more[.]$"):
        nx.settle(delay=delay)


def forget_answers(monkeypatch: pytest.MonkeyPatch, records: list[dict[str, str]]) -> None:
    """Let every report have these records."""
    monkeypatch.setattr(import_module("nexmo_nb.campaigns.settle"), "read_report", lambda *_, **__: records)


@pytest.mark.parametrize(("seconds", "state"), [(599.5, "unknown"), (600.5, "not_found")])
def test_without_a_delay_it_is_ten_minutes(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, seconds: float, state: str
) -> None:
    forget_answers(monkeypatch, [])
    session.ledger.clock = lambda: 1e9
    sandbox.fail_next("drop-after", path="/sms")
    send_batch(make_plan(1))
    session.ledger.clock = lambda: 1e9 + seconds
    assert nx.settle().state.tolist() == [state]


def test_only_the_batch_that_is_named_is_settled(session: nx.Session, sandbox: Sandbox) -> None:
    for batch in ("a", "b"):
        sandbox.fail_next("drop-after", path="/sms")
        send_batch(make_plan(1), batch)
    assert nx.settle("b").batch.tolist() == ["b"]
    assert nx.sent()[["batch", "state"]].values.tolist() == [["a", "unknown"], ["b", "accepted"]]


@pytest.mark.parametrize(("kind", "reference"), [("calls", None), ("calls", "r"), ("tts", "r"), ("sms", None)])
def test_what_no_report_can_show_stays_unknown(session: nx.Session, kind: str, reference: str | None) -> None:
    entry = Entry("i" * 40, "w", kind, "d", "351912345678", "Demo", "Hello", client_ref=reference)
    session.ledger.record_intent(entry)
    session.ledger.record_outcomes([Outcome(entry.id, None, nx.UnknownOutcomeError("no answer came"))])
    assert len(nx.settle(delay=0)) == 0
    assert nx.sent().state.tolist() == ["unknown"]


def test_a_record_without_a_currency_is_in_that_of_the_account(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fail_next("drop-after", path="/sms")
    send_batch(make_plan(1))
    row = session.ledger.read_sends()[0]
    found = {"client_ref": row["client_ref"], "to": row["recipient"], "message_id": "m", "total_price": "0.05"}
    forget_answers(monkeypatch, [found])
    settled = nx.settle()
    assert settled[["state", "price", "currency"]].values.tolist() == [["accepted", 0.05, session.account.currency]]


def test_a_batch_whose_answers_are_all_lost_stops_and_can_be_settled(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("drop-after", times=40, path="/sms")
    with pytest.raises(nx.UnknownOutcomeError, match="Run the same call again"):
        send_batch(make_plan(60))
    states = Counter(nx.sent("b", planned=True).state)
    assert 20 <= states["unknown"] < 30  # those in flight at the beginning as well
    assert states.keys() == {"unknown", "planned"}
    assert max(count_received(sandbox).values()) == 1
    sandbox.world.failures.clear()
    nx.settle("b")
    assert set(send_batch(make_plan(60)).state) == {"accepted"}
    assert max(count_received(sandbox).values()) == 1
