"""Batches: everybody is sent to once, and they stop before they cost too much."""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import count_received, make_plan, people, send_batch
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox


def test_a_batch_reaches_everybody_once_and_comes_back_in_order(session: nx.Session, sandbox: Sandbox) -> None:
    table = nx.plan_sms([*people(40), "12"], "a" * 200, sender="Demo")
    table.index = pd.RangeIndex(100, 141)
    found = send_batch(table)
    assert found.index.tolist() == table.index.tolist()
    assert found.to.tolist() == table.to.tolist()
    assert found.state.tolist() == ["accepted"] * 40 + ["problem"]
    assert set(count_received(sandbox).values()) == {1}
    assert (found.parts[:-1] == 2).all()
    assert found.price.sum() == pytest.approx(sum(float(m["price"]) for m in sandbox.messages))
    assert found.message_ids.str.split().str.len().tolist()[:-1] == [2] * 40
    assert nx.sent("b").state.tolist() == ["accepted"] * 40


def test_run_again_a_batch_sends_nothing(session: nx.Session, sandbox: Sandbox) -> None:
    table = make_plan(20)
    first = send_batch(table)
    pd.testing.assert_frame_equal(send_batch(table), first)
    pd.testing.assert_frame_equal(send_batch(table[::-1])[::-1], first)
    assert len(sandbox.requests) == 20 + 1


def test_a_longer_plan_continues_the_batch(session: nx.Session, sandbox: Sandbox) -> None:
    send_batch(make_plan(5))
    assert send_batch(make_plan(12)).state.tolist() == ["accepted"] * 12
    assert count_received(sandbox) == Counter(people(12))


def test_another_text_under_the_same_name_is_refused_before_anything_is_sent(
    session: nx.Session, sandbox: Sandbox
) -> None:
    send_batch(make_plan(5))
    with pytest.raises(nx.InvalidRequestError, match=r"^batch: got 'b', in which 5 recipients"):
        send_batch(make_plan(10, "Other"))
    assert len(sandbox.messages) == 5


def test_options_go_with_every_message(session: nx.Session, sandbox: Sandbox) -> None:
    send_batch(make_plan(2), ttl=600_000, status_report_req=True)
    assert {request["form"]["ttl"] for request in sandbox.requests if request["form"]} == {"600000"}
    with pytest.raises(nx.InvalidRequestError, match="^options: got 'vcard'"):
        send_batch(make_plan(2), batch="c", vcard="x")


@pytest.mark.parametrize(
    ("kind", "state"), [("drop-after", "unknown"), ("500", "unknown"), ("garbage", "unknown"), ("partial", "partial")]
)
def test_what_has_no_answer_is_unknown_and_never_sent_again(
    session: nx.Session, sandbox: Sandbox, kind: str, state: str
) -> None:
    table = make_plan(10, "a" * 200)
    sandbox.fail_next(kind, path="/sms")
    found = send_batch(table)
    assert Counter(found.state) == Counter({"accepted": 9, state: 1})
    send_batch(table)
    assert max(count_received(sandbox).values()) == 1
    assert sum(1 for request in sandbox.requests if request["path"] == "/sms/json") == 10


@pytest.mark.parametrize("kind", ["throttled", "429"])
def test_throttled_messages_go_back_to_the_queue(session: nx.Session, sandbox: Sandbox, kind: str) -> None:
    table = make_plan(10)
    sandbox.fail_next(kind, times=8, path="/sms")
    assert set(send_batch(table, workers=2).state) == {"accepted"}
    assert count_received(sandbox) == Counter(people(10))


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
    table = make_plan(30)
    sandbox.fail_next(kind, times=100, path="/sms", **detail)
    with pytest.raises(error, match="30 left. Run the same call again") as caught:
        send_batch(table, workers=4)
    assert caught.value.parts is not None
    assert set(caught.value.parts.state) == {"planned"}
    assert sum(1 for request in sandbox.requests if request["path"] == "/sms/json") <= 4
    sandbox.world.failures.clear()
    assert set(send_batch(table).state) == {"accepted"}
    assert count_received(sandbox) == Counter(people(30))


def test_a_number_that_is_barred_is_rejected_and_the_rest_goes_on(session: nx.Session, sandbox: Sandbox) -> None:
    found = send_batch(nx.plan_sms([*people(3), "443069990007"], "Hi", sender="Demo"))
    assert found.state.tolist() == ["accepted"] * 3 + ["rejected"]
    assert found[["code", "meaning"]].values.tolist()[3] == ["7", "number barred"]


def test_a_cap_below_the_estimate_is_refused_before_the_first_message(session: nx.Session, sandbox: Sandbox) -> None:
    table = make_plan(10)
    high = table.price_high.sum()
    with pytest.raises(nx.InvalidRequestError, match="^max_cost: got"):
        send_batch(table, max_cost=high - 0.001)
    assert sandbox.messages == []
    assert set(send_batch(table, max_cost=high).state) == {"accepted"}
    send_batch(table, max_cost=high)
    with pytest.raises(nx.InvalidRequestError, match="spent so far"):
        send_batch(make_plan(20), max_cost=high)


def test_a_number_that_was_written_into_a_plan_in_another_spelling_is_refused(
    session: nx.Session, sandbox: Sandbox
) -> None:
    table = make_plan(2)
    table.loc[1, "to"] = "+351 912 345 678"
    for options in ({}, {"max_cost": 100.0}):
        with pytest.raises(nx.InvalidRequestError, match=r"^plan: got '\+351 912 345 678'; allowed: .*'351912345678'"):
            send_batch(table, **options)
    assert sandbox.messages == []


@pytest.mark.parametrize("dearer", [1.7, 5.0])
def test_a_cap_is_not_passed_even_if_messages_turn_out_dearer(
    session: nx.Session, sandbox: Sandbox, dearer: float
) -> None:
    table = make_plan(40)
    cap = float(table.price_high.sum())
    table[["price_low", "price_high"]] /= dearer
    with pytest.warns(UserWarning, match="Stopped before max_cost"):
        found = send_batch(table, max_cost=cap / dearer)
    spent = sum(float(message["price"]) for message in sandbox.messages)
    assert spent <= cap / dearer
    assert spent > 0.5 * cap / dearer
    assert set(found.state) == {"accepted", "planned"}


@pytest.mark.parametrize("cap", [-1, float("nan"), "5", True])
def test_a_wrong_cap_is_refused(session: nx.Session, cap: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^max_cost: got"):
        send_batch(make_plan(1), max_cost=cap)


def test_a_cap_needs_prices(session: nx.Session) -> None:
    with pytest.raises(nx.InvalidRequestError, match="1 rows have none"):
        send_batch(make_plan(1, prices=False), max_cost=5)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"plan": [1]}, "plan"),
        ({"plan": pd.DataFrame({"to": []})}, "plan"),
        ({"batch": ""}, "batch"),
        ({"workers": 0}, "workers"),
        ({"workers": 65}, "workers"),
        ({"batch": 5}, "batch"),
        ({"progress": "yes"}, "progress"),
        ({"resend_not_found": "yes"}, "resend_not_found"),
        ({"session": "live"}, "session"),
    ],
)
def test_a_wrong_call_is_refused(session: nx.Session, arguments: dict[str, Any], names: str) -> None:
    call = {"plan": make_plan(1), "batch": "b", **arguments}
    with pytest.raises(nx.InvalidRequestError, match=f"^{names}: got"):
        nx.send_many(call.pop("plan"), **call)


def test_a_message_without_a_price_counts_as_its_estimate(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make_plan(10)
    high = float(table.price_high.sum())
    real = session.call_with_slot

    def deliver(ask: Any, *rest: Any) -> Any:
        body = real(ask, *rest)
        for part in body["messages"]:
            part["message-price"] = ""
        ask.find_refusal(ask, body)
        return body

    monkeypatch.setattr(session, "call_with_slot", deliver)
    assert set(send_batch(table, max_cost=high).state) == {"accepted"}
    with pytest.raises(nx.InvalidRequestError, match=f"{high:.4f} spent so far"):
        send_batch(make_plan(20), max_cost=high)


def test_two_runs_of_a_batch_at_once_share_it(sandbox: Sandbox) -> None:
    one, two = connected(sandbox), connected(sandbox)
    table = nx.plan_sms(people(120), "Hello", sender="Demo", session=one)
    outcomes: list[pd.DataFrame] = []
    threads = [
        threading.Thread(target=lambda session=session: outcomes.append(send_batch(table, session=session)))
        for session in (one, two)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count_received(sandbox) == Counter(people(120))
    assert all(set(outcome.state) <= {"accepted", "sending"} for outcome in outcomes)
    assert set(send_batch(table, session=one).state) == {"accepted"}
    one.close()
    two.close()


def test_a_forgotten_batch_is_closed(session: nx.Session, sandbox: Sandbox) -> None:
    table = make_plan(3)
    send_batch(table)
    nx.forget(before="2100-01-01")
    with pytest.raises(nx.InvalidRequestError, match="not forgotten"):
        send_batch(table)
    assert len(sandbox.messages) == 3


def test_a_text_that_was_made_longer_in_the_plan_is_refused_for_its_price_is_another(
    session: nx.Session, sandbox: Sandbox
) -> None:
    plan = make_plan(2)
    with pytest.raises(nx.InvalidRequestError, match="The text of row 1 has more"):
        send_batch(plan.assign(text=["Bye", "Long " * 100]), max_cost=float(plan.price_high.sum()))
    assert sandbox.messages == []
    assert send_batch(plan.assign(text=["Bye", "Ciao"])).state.tolist() == ["accepted"] * 2


@pytest.mark.parametrize("workers", [1, 64, None])
def test_the_session_that_is_given_sends_with_as_many_workers_as_are_allowed(
    sandbox: Sandbox, workers: int | None
) -> None:
    other = connected(sandbox)
    plan = make_plan(3)
    nx.connect("sandbox").close()  # makes a current session that could not send
    assert send_batch(plan, workers=workers, session=other).state.tolist() == ["accepted"] * 3
    assert len(sandbox.messages) == 3
    other.close()


def test_what_stopped_a_batch_is_raised_with_all_its_facts(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("no-credit", path="/sms")
    with pytest.raises(nx.RejectedError) as caught:
        send_batch(make_plan(3), workers=1)
    error = caught.value
    assert (error.status, error.code, error.meaning, error.retry_after) == (200, "9", "no credit", None)
    words = (
        r"Could not send an SMS to 35191\d+: no credit \(status 9.*Nothing was sent[.] Batch 'b': 0 done "
        r"\(0 accepted, 0 refused\), 3 left[.] Run the same call again to continue; nobody gets the message twice[.]"
    )
    assert re.fullmatch(words, str(error))


@pytest.mark.parametrize(
    ("on_cap", "cause"),
    [("refuse", " Messages cost more than was estimated, or others sent meanwhile."), ("stop", "")],
    ids=["refuse", "stop"],
)
def test_a_cap_that_stopped_a_batch_says_why_and_how_to_go_on(
    session: nx.Session, sandbox: Sandbox, on_cap: str, cause: str
) -> None:
    plan = make_plan(3).set_axis(["x", "y", "z"])
    cap = float(plan.price_high.iloc[0]) * 1.5
    plan[["price_low", "price_high"]] /= 2
    with pytest.warns(UserWarning, match="^Stopped") as said:
        found = send_batch(plan, max_cost=cap, on_cap=on_cap)
    assert found.state.tolist() == ["accepted", "planned", "planned"]
    assert [str(warning.message) for warning in said] == [
        f"Stopped before max_cost={cap} was passed: {found.price.sum():.4f} is spent, by all runs of the batch.{cause} "
        "Batch 'b': 1 done (1 accepted, 0 refused), 2 left. Run the same call again to continue; nobody gets the "
        "message twice. It needs a higher cap. The first that is left is row 'y'."
    ]


def test_who_interrupts_a_batch_is_told_how_to_go_on(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nexmo_nb.campaigns.batch.Runner.run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        send_batch(make_plan(3))
    assert capsys.readouterr().out == (
        "Batch 'b': 0 done (0 accepted, 0 refused), 3 left. Run the same call again to continue; nobody gets the "
        "message twice.\n"
    )


def test_a_cap_is_in_one_currency(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(3)
    plan["currency"] = pd.array(["EUR", "USD", None], dtype="string")
    with pytest.raises(nx.InvalidRequestError, match=r"^max_cost: got 5\.0; allowed: a plan in one currency"):
        send_batch(plan, max_cost=5)
    assert sandbox.messages == []
    plan["currency"] = pd.array(["EUR", "EUR", None], dtype="string")
    assert send_batch(plan, max_cost=5).state.tolist() == ["accepted"] * 3


def test_an_unknown_message_that_is_in_the_plan_counts_as_its_estimate_and_is_not_due(
    session: nx.Session, sandbox: Sandbox
) -> None:
    plan = make_plan(2)
    high = float(plan.price_high.sum())
    sandbox.fail_next("drop-after", path="/sms")
    assert send_batch(plan[:1]).state.tolist() == ["unknown"]
    with pytest.raises(
        nx.InvalidRequestError, match=f"{high / 2:.4f} spent so far and up to {high / 2:.4f} for 1 mess"
    ):
        send_batch(plan, max_cost=high * 0.9)
    assert send_batch(plan, max_cost=high).state.tolist() == ["unknown", "accepted"]


def test_what_was_not_found_is_sent_again_only_if_the_caller_says_so(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(2)
    sandbox.fail_next("drop-before", path="/sms")
    assert send_batch(plan, workers=1).state.tolist() == ["unknown", "accepted"]
    nx.settle("b", delay=0)
    assert send_batch(plan).state.tolist() == ["not_found", "accepted"]
    assert send_batch(plan, resend_not_found=True).state.tolist() == ["accepted"] * 2
    assert count_received(sandbox) == Counter(people(2))


def test_what_other_batches_cost_does_not_count_against_a_cap(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(2)
    for batch in ("a", "b"):
        assert send_batch(plan, batch, max_cost=float(plan.price_high.sum())).state.tolist() == ["accepted"] * 2


def test_a_bar_is_shown_unless_it_is_declined(
    session: nx.Session, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    nx.send_many(make_plan(1), batch="a", progress=False)
    assert capsys.readouterr().err == ""
    nx.send_many(make_plan(1), batch="b")
    assert "1/1" in capsys.readouterr().err


def test_a_run_is_known_under_the_name_of_its_batch_while_it_lasts(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = session.ledger.open_run

    def open_run(batch: str) -> Any:
        opened.append(batch)
        return real(batch)

    monkeypatch.setattr(session.ledger, "open_run", open_run)
    send_batch(make_plan(1), "b")
    assert opened == ["b"]
