"""Batches: planned in full, sent once, stopped before they cost too much, settled by Nexmo's own records."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

PLAN_DTYPES = {
    "to": "string",
    "sender": "string",
    "text": "string",
    "country": "string",
    "encoding": "string",
    "parts": "int64",
    "price_low": "float64",
    "price_high": "float64",
    "currency": "string",
    "problem": "string",
}


def people(count: int, start: int = 0) -> list[str]:
    return [f"35191{n:07d}" for n in range(start, start + count)]


def plan(count: int, text: str = "Hello", **options: Any) -> pd.DataFrame:
    return nx.plan_sms(people(count), text, sender="Demo", **options)


def send(table: pd.DataFrame, batch: str = "b", **options: Any) -> pd.DataFrame:
    return nx.send_many(table, batch=batch, progress=False, **options)


def received(sandbox: Sandbox) -> Counter[str]:
    return Counter(message["to"] for message in sandbox.messages)


# --- plans -----------------------------------------------------------------------------------------------------------


def test_a_plan_says_who_gets_what_in_how_many_parts_at_what_price(session: nx.Session, sandbox: Sandbox) -> None:
    table = pd.DataFrame({"to": ["+351 912 345 678", "0044 7700 900000"], "name": ["Ana", "Rui"], "days": [3, 10]})
    found = nx.plan_sms(table, "Olá {name}, faltam {days} dias", sender="Demo")
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == PLAN_DTYPES
    assert found.to.tolist() == ["351912345678", "447700900000"]
    assert found.text.tolist() == ["Olá Ana, faltam 3 dias", "Olá Rui, faltam 10 dias"]
    assert found.country.tolist() == ["PT", "GB"]
    assert (found.encoding.unique().tolist(), found.parts.tolist()) == (["ucs2"], [1, 1])
    assert found.problem.isna().all()
    prices = nx.prices("PT").price
    assert (found.price_low[0], found.price_high[0]) == (prices.min(), prices.max())
    assert sandbox.messages == []


def test_an_empty_plan_has_the_same_columns(session: nx.Session) -> None:
    for empty in ([], pd.Series([], dtype=str), pd.DataFrame({"to": []})):
        found = nx.plan_sms(empty, "Hello", sender="Demo")
        assert {name: str(dtype) for name, dtype in found.dtypes.items()} == PLAN_DTYPES


@pytest.mark.parametrize(
    "recipients",
    [
        ["351912345678"],
        [351912345678],
        pd.Series([351912345678]),
        pd.Series([351912345678.0, float("nan")]),
        pd.DataFrame({"to": [351912345678]}),
        [{"to": "351912345678"}],
        iter(["+351 912 345 678"]),
    ],
)
def test_recipients_come_in_any_usual_form(session: nx.Session, recipients: Any) -> None:
    assert nx.plan_sms(recipients, "Hello", sender="Demo", prices=False).to[0] == "351912345678"


def test_another_column_and_a_region(session: nx.Session) -> None:
    found = nx.plan_sms(
        pd.DataFrame({"phone": ["912 345 678"]}), "Hi", sender="Demo", to="phone", region="PT", prices=False
    )
    assert found.to.tolist() == ["351912345678"]


@pytest.mark.parametrize(
    ("row", "text", "problem"),
    [
        ({"to": "4477"}, "Hi", "too short"),
        ({"to": None}, "Hi", "got None"),
        ({"to": "351912345678", "name": None}, "Hi {name}", "column 'name' is empty"),
        ({"to": "351912345678", "name": float("nan")}, "Hi {name}", "column 'name' is empty"),
        ({"to": "351912345678", "name": "  "}, "Hi {name}", "column 'name' is empty"),
        ({"to": "351912345678"}, "Hi {name}", "no column 'name'"),
        ({"to": "351912345678", "n": "x"}, "Hi {n:d}", "cannot be filled"),
        ({"to": "351912345678", "n": "x" * 3300}, "Hi {n}", "3,303 characters"),
        ({"to": "351912345678", "text": ""}, None, "empty"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_in_the_row(
    session: nx.Session, row: dict[str, Any], text: Any, problem: str
) -> None:
    good = {"to": "351912345679", "name": "Ana", "n": 5, "text": "Hi"}
    other = {name: value for name, value in good.items() if name in row}
    found = nx.plan_sms([row, other], text, sender="Demo", prices=False)
    assert problem in found.problem[0]
    assert found.parts[0] == 0


def test_a_half_filled_text_is_never_planned(session: nx.Session) -> None:
    found = nx.plan_sms([{"to": "351912345678", "a": "x", "b": None}], "{a} and {b}", sender="Demo", prices=False)
    assert found.text.isna().all()


def test_the_second_row_of_a_number_is_a_problem_however_it_is_spelled(session: nx.Session) -> None:
    found = nx.plan_sms(["351912345678", "+351 912 345 678", "00351912345678"], "Hi", sender="Demo", prices=False)
    assert found.problem.isna().tolist() == [True, False, False]
    assert "row 0" in found.problem[1]


def test_a_plan_of_many_pieces_is_as_one_of_a_single_piece(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame(
        {
            "to": ["351912345678", "12", None, "447700900000", "+351 912 345 678", "264811234567"],
            "days": [1, 2, None, 4, 5, 6],
        }
    )
    whole = nx.plan_sms(table, "{days} days", sender="Demo")
    monkeypatch.setattr("nexmo_nb.campaigns.plan.AT_ONCE", 2)
    pd.testing.assert_frame_equal(nx.plan_sms(table, "{days} days", sender="Demo"), whole)
    assert whole.text.dropna().tolist() == ["1 days", "4 days", "5 days", "6 days"]
    assert whole.problem[4] == "to: the same number stands in row 0"


def test_a_row_that_cannot_be_sent_keeps_no_other_from_its_number(session: nx.Session) -> None:
    rows = [{"to": "351912345678", "name": name} for name in (None, "Ana", "Rui", "Eva")]
    found = nx.plan_sms(rows, "Hi {name}", sender="Demo")
    assert found.parts.tolist() == [0, 1, 0, 0]
    assert found.problem.tolist()[2:] == ["to: the same number stands in row 1"] * 2
    assert found.price_high.notna().tolist() == found.currency.notna().tolist() == [False, True, False, False]


def test_two_columns_of_one_name_are_refused(session: nx.Session) -> None:
    table = pd.DataFrame([["351912345678", "Ana", "Eva"]], columns=["to", "name", "name"])
    with pytest.raises(nx.InvalidRequestError, match="names of their own"):
        nx.plan_sms(table, "Hi {name}", sender="Demo", prices=False)


def test_whole_numbers_of_a_column_with_a_gap_stay_whole_in_the_text(session: nx.Session) -> None:
    table = pd.DataFrame({"to": people(2), "days": [3, None]})
    assert nx.plan_sms(table, "{days} days", sender="Demo", prices=False).text.fillna("").tolist() == ["3 days", ""]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"recipients": "351912345678"}, "recipients"),
        ({"recipients": 5}, "recipients"),
        ({"recipients": pd.DataFrame({"phone": ["1"]})}, "to"),
        ({"text": "Hi {"}, "text"),
        ({"text": "Hi {}"}, "text"),
        ({"text": "Hi {name.first}"}, "text"),
        ({"text": None}, "text"),
        ({"text": 5}, "text"),
        ({"sender": "TwelveLetter"}, "sender"),
        ({"type": "binary"}, "type"),
        ({"region": "UK"}, "region"),
    ],
)
def test_what_no_row_could_mend_is_refused(session: nx.Session, arguments: dict[str, Any], names: str) -> None:
    call = {"recipients": people(1), "text": "Hi", "sender": "Demo", "prices": False, **arguments}
    with pytest.raises(nx.InvalidRequestError, match=f"^{names}: got"):
        nx.plan_sms(call.pop("recipients"), call.pop("text"), **call)


def test_braces_can_be_written(session: nx.Session) -> None:
    assert nx.plan_sms(people(1), "{{ok}}", sender="Demo", prices=False).text.tolist() == ["{ok}"]


def test_a_plan_adds_up_by_country(session: nx.Session) -> None:
    found = nx.plan_sms([*people(3), "+44 7700 900000", "12"], "Hello", sender="Demo")
    total = nx.summary(found)
    shown = total.set_index(["country", "currency"])
    assert shown.loc[("PT", "EUR"), "recipients"] == 3
    assert shown.loc[("total", "EUR"), "price_high"] == pytest.approx(found.price_high.sum())
    assert total.country.tolist() == ["GB", "PT", "unknown", "total"]
    assert total.problems.tolist() == [0, 0, 1, 1]


def test_the_summary_of_nothing_is_empty(session: nx.Session) -> None:
    assert len(nx.summary(nx.plan_sms([], "Hello", sender="Demo"))) == 0
    with pytest.raises(nx.InvalidRequestError, match="^plan: got"):
        nx.summary(pd.DataFrame())


# --- sending ---------------------------------------------------------------------------------------------------------


def test_a_batch_reaches_everybody_once_and_comes_back_in_order(session: nx.Session, sandbox: Sandbox) -> None:
    table = nx.plan_sms([*people(40), "12"], "a" * 200, sender="Demo")
    table.index = pd.RangeIndex(100, 141)
    found = send(table)
    assert found.index.tolist() == table.index.tolist()
    assert found.to.tolist() == table.to.tolist()
    assert found.state.tolist() == ["accepted"] * 40 + ["problem"]
    assert set(received(sandbox).values()) == {1}
    assert (found.parts[:-1] == 2).all()
    assert found.price.sum() == pytest.approx(sum(float(m["price"]) for m in sandbox.messages))
    assert found.message_ids.str.split().str.len().tolist()[:-1] == [2] * 40
    assert nx.sent("b").state.tolist() == ["accepted"] * 40


def test_run_again_a_batch_sends_nothing(session: nx.Session, sandbox: Sandbox) -> None:
    table = plan(20)
    first = send(table)
    pd.testing.assert_frame_equal(send(table), first)
    pd.testing.assert_frame_equal(send(table[::-1])[::-1], first)
    assert len(sandbox.requests) == 20 + 1


def test_a_longer_plan_continues_the_batch(session: nx.Session, sandbox: Sandbox) -> None:
    send(plan(5))
    assert send(plan(12)).state.tolist() == ["accepted"] * 12
    assert received(sandbox) == Counter(people(12))


def test_another_text_under_the_same_name_is_refused_before_anything_is_sent(
    session: nx.Session, sandbox: Sandbox
) -> None:
    send(plan(5))
    with pytest.raises(nx.InvalidRequestError, match=r"^batch: got 'b', in which 5 recipients"):
        send(plan(10, "Other"))
    assert len(sandbox.messages) == 5


def test_options_go_with_every_message(session: nx.Session, sandbox: Sandbox) -> None:
    send(plan(2), ttl=600_000, status_report_req=True)
    assert {request["form"]["ttl"] for request in sandbox.requests if request["form"]} == {"600000"}
    with pytest.raises(nx.InvalidRequestError, match="^options: got 'vcard'"):
        send(plan(2), batch="c", vcard="x")


@pytest.mark.parametrize(
    ("kind", "state"), [("drop-after", "unknown"), ("500", "unknown"), ("garbage", "unknown"), ("partial", "partial")]
)
def test_what_has_no_answer_is_unknown_and_never_sent_again(
    session: nx.Session, sandbox: Sandbox, kind: str, state: str
) -> None:
    table = plan(10, "a" * 200)
    sandbox.fail_next(kind, path="/sms")
    found = send(table)
    assert Counter(found.state) == Counter({"accepted": 9, state: 1})
    send(table)
    assert max(received(sandbox).values()) == 1
    assert sum(1 for request in sandbox.requests if request["path"] == "/sms/json") == 10


@pytest.mark.parametrize("kind", ["throttled", "429"])
def test_throttled_messages_go_back_to_the_queue(session: nx.Session, sandbox: Sandbox, kind: str) -> None:
    table = plan(10)
    sandbox.fail_next(kind, times=8, path="/sms")
    assert set(send(table, workers=2).state) == {"accepted"}
    assert received(sandbox) == Counter(people(10))


@pytest.mark.parametrize(
    ("kind", "detail", "error"),
    [
        ("no-credit", {}, nx.RejectedError),
        ("status", {"code": 4}, nx.AuthenticationError),
        ("status", {"code": 8}, nx.AuthenticationError),
    ],
)
def test_what_the_next_one_would_get_too_stops_the_batch(
    session: nx.Session, sandbox: Sandbox, kind: str, detail: dict[str, int], error: type[nx.NexmoError]
) -> None:
    table = plan(30)
    sandbox.fail_next(kind, times=100, path="/sms", **detail)
    with pytest.raises(error, match="30 are left. Run the same call again") as caught:
        send(table, workers=4)
    assert caught.value.parts is not None
    assert set(caught.value.parts.state) == {"planned"}
    assert sum(1 for request in sandbox.requests if request["path"] == "/sms/json") <= 4
    sandbox.world.failures.clear()
    assert set(send(table).state) == {"accepted"}
    assert received(sandbox) == Counter(people(30))


def test_a_number_that_is_barred_is_rejected_and_the_rest_goes_on(session: nx.Session, sandbox: Sandbox) -> None:
    found = send(nx.plan_sms([*people(3), "447700900907"], "Hi", sender="Demo"))
    assert found.state.tolist() == ["accepted"] * 3 + ["rejected"]
    assert found[["code", "meaning"]].values.tolist()[3] == ["7", "number barred"]


def test_where_nexmo_cannot_be_reached_the_batch_waits_for_a_person(sandbox: Sandbox) -> None:
    with Sandbox(limits=False) as gone:
        session = connected(gone, sleep=lambda _: None)
        table = plan(30, prices=False)
    with session, pytest.raises(nx.UnreachableError, match="30 are left"):
        send(table)


def test_a_cap_below_the_estimate_is_refused_before_the_first_message(session: nx.Session, sandbox: Sandbox) -> None:
    table = plan(10)
    high = table.price_high.sum()
    with pytest.raises(nx.InvalidRequestError, match="^max_cost: got"):
        send(table, max_cost=high - 0.001)
    assert sandbox.messages == []
    assert set(send(table, max_cost=high).state) == {"accepted"}
    send(table, max_cost=high)
    with pytest.raises(nx.InvalidRequestError, match="spent so far"):
        send(plan(20), max_cost=high)


@pytest.mark.parametrize("dearer", [1.7, 5.0])
def test_a_cap_is_not_passed_even_if_messages_turn_out_dearer(
    session: nx.Session, sandbox: Sandbox, dearer: float
) -> None:
    table = plan(40)
    cap = float(table.price_high.sum())
    table[["price_low", "price_high"]] /= dearer
    with pytest.warns(UserWarning, match="Stopped before max_cost"):
        found = send(table, max_cost=cap / dearer)
    spent = sum(float(message["price"]) for message in sandbox.messages)
    assert spent <= cap / dearer
    assert spent > 0.5 * cap / dearer
    assert set(found.state) == {"accepted", "planned"}


@pytest.mark.parametrize("cap", [-1, float("nan"), "5", True])
def test_a_wrong_cap_is_refused(session: nx.Session, cap: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^max_cost: got"):
        send(plan(1), max_cost=cap)


def test_a_cap_needs_prices(session: nx.Session) -> None:
    with pytest.raises(nx.InvalidRequestError, match="1 rows have none"):
        send(plan(1, prices=False), max_cost=5)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"plan": [1]}, "plan"),
        ({"plan": pd.DataFrame({"to": []})}, "plan"),
        ({"batch": ""}, "batch"),
        ({"workers": 0}, "workers"),
        ({"workers": 33}, "workers"),
    ],
)
def test_a_wrong_call_is_refused(session: nx.Session, arguments: dict[str, Any], names: str) -> None:
    call = {"plan": plan(1), "batch": "b", **arguments}
    with pytest.raises(nx.InvalidRequestError, match=f"^{names}: got"):
        nx.send_many(call.pop("plan"), **call)


def test_a_full_disk_stops_a_batch_before_the_wire(session: nx.Session, sandbox: Sandbox) -> None:
    session.ledger._database._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(nx.UnreachableError, match=r"readonly.*Nothing was sent"):
        send(plan(5))
    assert sandbox.messages == []


def test_a_disk_that_fills_up_in_the_middle_stops_the_batch(session: nx.Session, sandbox: Sandbox) -> None:
    table = plan(400, "a" * 400)
    connection = session.ledger._database._connection
    real = session.ledger.record_and_claim
    left = 0

    def advance(outcomes: Any, leaving: Any) -> set[str]:
        nonlocal left
        left += len(leaving)
        if left >= 50:
            connection.execute("PRAGMA query_only = ON")
        return real(outcomes, leaving)

    session.ledger.record_and_claim = advance  # type: ignore[method-assign]
    with (
        pytest.warns(UserWarning, match="could not record"),
        pytest.raises(nx.UnreachableError, match=r"readonly.*are left"),
    ):
        send(table)
    connection.execute("PRAGMA query_only = OFF")
    assert max(received(sandbox).values()) == 1
    assert len(sandbox.messages) < 60


def test_while_messages_fail_one_goes_at_a_time_after_longer_and_longer_pauses(
    session: nx.Session, sandbox: Sandbox
) -> None:
    table = plan(30)
    waited: list[float] = []
    flying: list[int] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        flying.append(sum(request["status"] is None for request in sandbox.requests))
        assert set(nx.sent("b").state) <= {"planned", "accepted"}

    session.pause = pause
    sandbox.fail_next("503", times=0, path="/sms")
    sandbox.fail_next("429", times=12, path="/sms")
    assert set(send(table, workers=8).state) == {"accepted"}
    assert received(sandbox) == Counter(people(30))
    # Eight at once, and the other four one by one: 0.5 + 1 + 2 + 4 + 8 s, in steps that a stop can break off.
    assert sum(waited) == pytest.approx(15.5)
    assert max(waited) <= 0.25
    assert set(flying) == {0}


def test_a_pause_is_as_long_as_the_server_asks_and_a_very_long_one_is_a_persons_decision(
    session: nx.Session, sandbox: Sandbox
) -> None:
    table, waited = plan(5), []
    session.pause = waited.append
    sandbox.fail_next("429", path="/sms", retry_after=7)
    assert set(send(table, workers=1).state) == {"accepted"}
    assert sum(waited) == pytest.approx(7)
    sandbox.fail_next("429", path="/sms", retry_after=600)
    with pytest.raises(nx.RateLimitedError, match="5 are left") as caught:
        send(table, batch="c", workers=1)
    assert caught.value.retry_after == 600
    assert sum(waited) == pytest.approx(7)


def test_twenty_failures_in_a_row_stop_the_batch(session: nx.Session, sandbox: Sandbox) -> None:
    table = plan(40)
    session.pause = lambda _: None
    sandbox.fail_next("429", times=1000, path="/sms")
    with pytest.raises(nx.RateLimitedError, match="40 are left"):
        send(table)
    assert sum(request["path"] == "/sms/json" for request in sandbox.requests) == 20
    assert set(nx.sent("b").state) == {"planned"}


def test_an_accident_of_our_own_in_the_middle_is_recorded_and_raised(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = plan(40)
    real, numbers = session.call_with_slot, itertools.count()

    def deliver(ask: Any) -> Any:
        number, found = next(numbers), real(ask)
        if number == 10:
            raise MemoryError
        return found

    monkeypatch.setattr(session, "call_with_slot", deliver)
    with pytest.raises(MemoryError):
        send(table, workers=2)
    monkeypatch.undo()
    counts = Counter(nx.sent("b").state)
    assert counts["unknown"] == 1
    assert counts["accepted"] == len(sandbox.messages) - 1
    send(table)
    assert received(sandbox) == Counter(people(40))


@pytest.mark.parametrize("name", ["_count_allowed", "_acquire_slots", "_receive_results", "_handle_result"])
def test_a_fault_of_the_driver_loses_no_answer(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from nexmo_nb.campaigns.runner import Runner

    table = plan(60)
    real, count = getattr(Runner, name), 0

    def faulty(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == 4:
            raise RuntimeError("a fault")
        return real(*arguments)

    monkeypatch.setattr(Runner, name, faulty)
    with pytest.raises(RuntimeError, match="a fault"):
        send(table, workers=4)
    monkeypatch.undo()
    assert len(sandbox.messages) < 60
    session.ledger.mark_abandoned_unknown()
    states = nx.sent("b").set_index("to").state
    assert {states[to] for to in received(sandbox)} == {"accepted"}
    send(table)
    assert max(received(sandbox).values()) == 1


def test_a_batch_ends_even_if_its_record_fails_twice(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, real, count = plan(30), session.ledger.record_and_claim, 0

    def advance(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count > 2:
            raise RuntimeError("a fault")
        return real(*arguments)

    monkeypatch.setattr(session.ledger, "record_and_claim", advance)
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="a fault"):
        send(table, workers=4)
    monkeypatch.undo()
    assert threading.active_count() <= before + 4  # the sandbox's, one a connection; none of the batch's
    assert max(received(sandbox).values()) == 1


def test_slots_that_nothing_left_under_are_given_back(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes every second row, and Nexmo asks for pauses: no slot is kept for later."""
    table, real = plan(40), session.ledger.record_and_claim
    session.pause = lambda _: None

    def advance(outcomes: Any, leaving: Any) -> Any:
        codes = [(code,) for code in leaving[::2]]
        change = "UPDATE sends SET state = 'accepted' WHERE id = ? AND state = 'planned'"
        session.ledger._database.transact(lambda c: c.executemany(change, codes))
        return real(outcomes, leaving)

    monkeypatch.setattr(session.ledger, "record_and_claim", advance)
    before = session.throttle.status().used
    sandbox.fail_next("429", times=3, path="/sms")
    send(table)
    asked = sum(request["path"] == "/sms/json" for request in sandbox.requests)
    assert session.throttle.status().used - before == asked >= 5


def test_a_message_without_a_price_counts_as_its_estimate(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = plan(10)
    high = float(table.price_high.sum())
    real = session.call_with_slot

    def deliver(ask: Any) -> Any:
        body = real(ask)
        for part in body["messages"]:
            part["message-price"] = ""
        ask.find_refusal(ask, body)
        return body

    monkeypatch.setattr(session, "call_with_slot", deliver)
    assert set(send(table, max_cost=high).state) == {"accepted"}
    with pytest.raises(nx.InvalidRequestError, match=f"{high:.4f} spent so far"):
        send(plan(20), max_cost=high)


def test_the_record_of_the_limit_vanishes_in_the_middle_and_what_came_back_is_kept(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = plan(60)
    real, count = session.throttle.try_acquire, 0

    def take(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == 4:
            for path in session.throttle.path.parent.glob("throttle.sqlite*"):
                path.unlink()
        return real(*arguments)

    monkeypatch.setattr(session.throttle, "try_acquire", take)
    with pytest.raises(nx.UnreachableError, match=r"throttle\.sqlite cannot .*are left"):
        send(table, workers=4)
    counts = Counter(nx.sent("b").state)
    assert set(counts) == {"accepted", "planned"}
    assert counts["accepted"] == len(sandbox.messages) > 0


def test_two_runs_of_a_batch_at_once_share_it(sandbox: Sandbox) -> None:
    one, two = connected(sandbox), connected(sandbox)
    table = nx.plan_sms(people(120), "Hello", sender="Demo", session=one)
    outcomes: list[pd.DataFrame] = []
    threads = [
        threading.Thread(target=lambda session=session: outcomes.append(send(table, session=session)))
        for session in (one, two)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert received(sandbox) == Counter(people(120))
    assert all(set(outcome.state) <= {"accepted", "sending"} for outcome in outcomes)
    assert set(send(table, session=one).state) == {"accepted"}
    one.close()
    two.close()


def test_a_message_of_a_batch_takes_one_slot_and_its_tries_are_counted(session: nx.Session, sandbox: Sandbox) -> None:
    table = plan(25)
    session.pause = lambda _: None
    before = session.throttle.status().used
    sandbox.fail_next("429", times=3, path="/sms")
    send(table)
    assert session.throttle.status().used - before == 28
    held = "SELECT COUNT(*) FROM slots WHERE at > ?"
    at = session.throttle._clock()
    assert session.throttle._database.read(lambda c: c.execute(held, (at,)).fetchone()[0]) == 0


def test_a_forgotten_batch_is_closed(session: nx.Session, sandbox: Sandbox) -> None:
    table = plan(3)
    send(table)
    nx.forget(before="2100-01-01")
    with pytest.raises(nx.InvalidRequestError, match="not forgotten"):
        send(table)
    assert len(sandbox.messages) == 3


@pytest.mark.slow
def test_an_interactive_call_does_not_wait_behind_a_batch(sandbox: Sandbox) -> None:
    with connected(sandbox, calls=100, period=2.0) as session:
        table = plan(150, prices=False)
        thread = threading.Thread(target=lambda: send(table))
        thread.start()
        time.sleep(0.8)
        assert session.throttle.status().wait == 0.0
        thread.join()
    assert len(sandbox.messages) == 150


# --- interrupts and kills --------------------------------------------------------------------------------------------

SENDER = """
import sys
import nexmo_nb as nx
session = nx.connect(sys.argv[1], calls=1000000, limits=dict.fromkeys(("sms", "pricing", "reports"), (1000000, 1.0)))
plan = nx.plan_sms([f"35191{n:07d}" for n in range(int(sys.argv[2]))], "Hello", sender="Demo", prices=False)
print("ready", flush=True)
nx.send_many(plan, batch="b", progress=False, workers=8)
print("done", flush=True)
"""


@pytest.fixture
def rich() -> Iterator[Sandbox]:
    """A sandbox whose account can pay for thousands of messages."""
    with Sandbox(limits=False, balance=10_000) as sandbox:
        yield sandbox


def sender(sandbox: Sandbox, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SENDER, sandbox.url, str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_an_interrupt_finishes_what_is_in_flight_and_says_how_to_go_on(rich: Sandbox) -> None:
    rich.latency = 0.05
    try:
        child = sender(rich, 2000)
        while len(rich.messages) < 40:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    finally:
        rich.latency = 0.0
    assert "Run the same call again" in out
    assert "KeyboardInterrupt" in err
    with connected(rich):
        counts = Counter(nx.sent("b").state)
        assert set(counts) == {"accepted", "planned"}
        assert counts["accepted"] == len(rich.messages)
        assert set(send(plan(2000, prices=False)).state) == {"accepted"}
    assert received(rich) == Counter(people(2000))


@pytest.mark.slow
def test_two_processes_share_a_batch(rich: Sandbox) -> None:
    children = [sender(rich, 400) for _ in range(2)]
    for child in children:
        out, err = child.communicate(timeout=60)
        assert out.split() == ["ready", "done"], err
    assert received(rich) == Counter(people(400))


@pytest.mark.slow
def test_killed_twenty_times_nobody_gets_two_and_settling_finds_the_rest(rich: Sandbox) -> None:
    """The sender is killed at random moments and started again, until everybody has been served."""
    dice = random.Random(7)
    count, kills = 2000, 0
    while kills < 20:
        child = sender(rich, count)
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        goal = len(rich.messages) + dice.randint(1, 70)
        while len(rich.messages) < goal and child.poll() is None:
            time.sleep(0.0005)
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        kills += 1
    with connected(rich):
        found = send(plan(count, prices=False))
        assert set(found.state) <= {"accepted", "unknown"}
        assert max(received(rich).values()) == 1
        unknown = set(found.to[found.state == "unknown"])
        assert set(people(count)) - set(received(rich)) <= unknown
        settled = nx.settle("b", delay=0)
        assert set(settled.to) == unknown
        assert set(settled.state) <= {"accepted", "not_found"}
        assert set(settled.to[settled.state == "accepted"]) == unknown & set(received(rich))
        send(plan(count, prices=False), resend_not_found=True)
    assert received(rich) == Counter(people(count))


# --- settling --------------------------------------------------------------------------------------------------------


def test_settling_finds_what_arrived_and_waits_before_it_gives_up_the_rest(
    session: nx.Session, sandbox: Sandbox
) -> None:
    sandbox.fail_next("drop-after", path="/sms")
    sandbox.fail_next("drop-before", path="/sms")
    table = plan(2, "a" * 200)
    assert send(table, workers=1).state.tolist() == ["unknown", "unknown"]
    settled = nx.settle("b")
    assert sorted(settled.state) == ["accepted", "unknown"]
    arrived = settled[settled.state == "accepted"].iloc[0]
    assert arrived.parts == 2
    assert arrived.price == pytest.approx(float(sandbox.messages[0]["price"]))
    assert len(arrived.message_ids.split()) == 2
    assert nx.settle("b", delay=0).state.tolist() == ["not_found"]
    assert len(nx.settle("b")) == 0
    assert len(sandbox.messages) == 1
    assert sorted(send(table).state) == ["accepted", "not_found"]
    assert send(table, resend_not_found=True).state.tolist() == ["accepted", "accepted"]
    assert received(sandbox) == Counter(people(2))


def test_many_unknown_ones_are_settled_by_one_report(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("drop-after", times=30, path="/sms")
    assert set(send(plan(30)).state) == {"unknown"}
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
    send(plan(1))
    sandbox.fail_next(kind, times=3, path="/v2/reports")
    with pytest.raises(nx.NexmoError):
        nx.settle(delay=0)
    assert nx.sent().state.tolist() == ["unknown"]


@pytest.mark.parametrize("delay", [-1, None, "10", float("inf")])
def test_a_wrong_delay_is_refused(session: nx.Session, delay: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^delay: got"):
        nx.settle(delay=delay)


def test_the_progress_bar_shows_parts_and_cost(
    session: nx.Session,
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    nx.send_many(plan(10, "a" * 200), batch="b", progress=True)
    shown = capsys.readouterr().err
    assert "10/10" in shown
    assert "parts=20" in shown
