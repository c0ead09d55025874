"""Rows with a warning or without a price, and caps below the estimate: refused, left out or sent, as you say."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import count_received, make_plan, people, send_batch
from helpers import digests_of

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

LANDLINE = "+351911 is a landline number of Portugal; few of them get SMS."


def doubt(plan: pd.DataFrame, *places: int, code: str = "not_mobile") -> pd.DataFrame:
    """Give a plan in which some rows have a warning."""
    words = [LANDLINE if n in places else None for n in range(len(plan))]
    codes = [code if n in places else None for n in range(len(plan))]
    text = {"warning": pd.array(words, dtype="string"), "warning_code": pd.array(codes, dtype="string")}
    return plan.assign(**text)


def without_price(plan: pd.DataFrame, *places: int) -> pd.DataFrame:
    plan = plan.copy()
    plan.iloc[list(places), [plan.columns.get_loc("price_low"), plan.columns.get_loc("price_high")]] = float("nan")
    return plan


# --- doubts ----------------------------------------------------------------------------------------------------------


def test_doubts_are_refused_before_anything_is_sent_or_recorded(session: nx.Session, sandbox: Sandbox) -> None:
    plan = doubt(make_plan(9), 0, 2, 3, 4, 5, 6)
    plan.loc[6, "warning_code"] = "premium"
    plan.index = pd.Index([f"p{n}" for n in range(9)])
    reason = (
        r"^plan: got 6 rows with a warning \(not_mobile: 5, premium: 1\), the first in rows 'p0', 'p2', 'p3', 'p4', "
    )
    with pytest.raises(nx.InvalidRequestError, match=reason) as caught:
        send_batch(plan)
    assert "'p6'" not in str(caught.value)
    assert "doubtful='send'" in str(caught.value)
    assert "doubtful='skip'" in str(caught.value)
    assert (sandbox.messages, len(nx.sent())) == ([], 0)


def test_doubts_that_are_skipped_are_neither_sent_nor_recorded(session: nx.Session, sandbox: Sandbox) -> None:
    found = send_batch(doubt(make_plan(3), 1), doubtful="skip")
    assert found.state.tolist() == ["accepted", "skipped", "accepted"]
    assert (found.error[1], found.parts[1], found.to[1]) == (LANDLINE, 0, people(3)[1])
    assert len(nx.sent("b")) == len(sandbox.messages) == 2


def test_doubts_that_are_sent_are_sent_as_the_others(session: nx.Session, sandbox: Sandbox) -> None:
    assert send_batch(doubt(make_plan(3), 1), doubtful="send").state.tolist() == ["accepted"] * 3


def test_what_was_sent_before_is_no_doubt_any_more(session: nx.Session, sandbox: Sandbox) -> None:
    plan = doubt(make_plan(4), 1, 2)
    sandbox.fail_next("drop-after", path="/sms")
    send_batch(plan.iloc[1:3], doubtful="send", workers=1)
    for choice in ("refuse", "skip", "send"):
        assert send_batch(plan, doubtful=choice).state.tolist() == ["accepted", "unknown", "accepted", "accepted"]
    with pytest.raises(nx.InvalidRequestError, match="^plan: got 1 rows with a warning"):
        send_batch(doubt(make_plan(5), 1, 2, 4))
    assert count_received(sandbox) == Counter(people(4))


def test_a_doubt_that_is_planned_or_would_be_sent_again_is_one_still(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(2)
    sandbox.fail_next("no-credit", times=9, path="/sms")
    with pytest.raises(nx.RejectedError):
        send_batch(plan, workers=1)
    sandbox.world.failures.clear()
    with pytest.raises(nx.InvalidRequestError, match="1 rows with a warning"):
        send_batch(doubt(plan, 0))
    assert send_batch(doubt(plan, 0), doubtful="skip").state.tolist() == ["skipped", "accepted"]
    sandbox.fail_next("drop-before", path="/sms")
    assert send_batch(doubt(plan, 0), doubtful="send").state.tolist() == ["unknown", "accepted"]
    assert nx.settle("b", delay=0).state.tolist() == ["not_found"]
    assert send_batch(doubt(plan, 0)).state.tolist() == ["not_found", "accepted"]
    with pytest.raises(nx.InvalidRequestError, match="1 rows with a warning"):
        send_batch(doubt(plan, 0), resend_not_found=True)


def test_a_row_with_a_problem_is_no_doubt(session: nx.Session, sandbox: Sandbox) -> None:
    plan = doubt(make_plan(2), 0)
    plan.loc[0, "problem"] = "to: no"
    assert send_batch(plan).state.tolist() == ["problem", "accepted"]


def test_a_warning_without_a_code_is_counted(session: nx.Session, sandbox: Sandbox) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"1 rows with a warning \(other: 1\), in row 0;"):
        send_batch(doubt(make_plan(2), 0).drop(columns="warning_code"))


# --- prices ----------------------------------------------------------------------------------------------------------


def test_a_cap_names_the_rows_without_a_price(session: nx.Session, sandbox: Sandbox) -> None:
    plan = without_price(make_plan(8), *range(6)).set_axis(list("abcdefgh"))
    with pytest.raises(
        nx.InvalidRequestError, match=r"^max_cost: got 5\.0; .*6 rows have none, .*'a', 'b', 'c', 'd', 'e':"
    ):
        send_batch(plan, max_cost=5)
    assert (sandbox.messages, len(nx.sent())) == ([], 0)


def test_rows_without_a_price_can_be_skipped_and_the_others_are_under_the_cap(
    session: nx.Session, sandbox: Sandbox
) -> None:
    plan = without_price(make_plan(4), 1)
    high = float(plan.price_high.sum())
    with pytest.raises(nx.InvalidRequestError, match="for 3 messages"):
        send_batch(plan, max_cost=high - 0.01, unpriced="skip")
    found = send_batch(plan, max_cost=high, unpriced="skip")
    assert found.state.tolist() == ["accepted", "skipped", "accepted", "accepted"]
    assert found.error[1].startswith("price: none is known")
    # Without a cap, a price is not needed.
    assert send_batch(plan, unpriced="skip").state.tolist() == ["accepted"] * 4
    # What was sent needs no price any more.
    assert send_batch(plan, max_cost=2 * high).state.tolist() == ["accepted"] * 4


def test_a_row_that_is_planned_again_after_the_decision_is_not_sent_in_this_run(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has an unpriced row in flight while this run decides, and gives it back right after."""
    plan = without_price(make_plan(2), 0)
    sandbox.fail_next("no-credit", times=9, path="/sms")
    with pytest.raises(nx.RejectedError):
        send_batch(plan, workers=1)
    sandbox.world.failures.clear()
    code = session.ledger.read_sends(batch="b")[0]["id"]
    session.ledger.record_and_claim([], digests_of(session.ledger, [code]))
    real = session.ledger.add_batch

    def add(*arguments: Any, **options: Any) -> Any:
        refused = nx.RateLimitedError("too fast")
        session.ledger.record_and_claim([nx.state.sends.Outcome(code, None, refused)], {})
        return real(*arguments, **options)

    monkeypatch.setattr(session.ledger, "add_batch", add)
    assert send_batch(plan, max_cost=1).state.tolist() == ["planned", "accepted"]


# --- the cap ---------------------------------------------------------------------------------------------------------


def test_a_cap_that_stops_sends_in_order_what_it_allows(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(10).set_axis([f"p{n}" for n in range(10)])
    price = float(plan.price_high.iloc[0])
    with pytest.raises(nx.InvalidRequestError, match=r"on_cap='stop'"):
        send_batch(plan, max_cost=4.5 * price)
    with pytest.warns(UserWarning, match=r"^Stopped before max_cost=.* passed: .*The first that is left is row 'p4'"):
        found = send_batch(plan, max_cost=4.5 * price, on_cap="stop")
    sent_up_to = (found.state == "accepted").sum()
    assert found.state.tolist() == ["accepted"] * sent_up_to + ["planned"] * (10 - sent_up_to)
    assert sent_up_to == 4
    with pytest.warns(UserWarning, match="Stopped before max_cost"):
        send_batch(plan, max_cost=0.0, on_cap="stop")
    assert sum(float(message["price"]) for message in sandbox.messages) <= 4.5 * price
    assert set(send_batch(plan, max_cost=11 * price, on_cap="stop").state) == {"accepted"}
    assert count_received(sandbox) == Counter(people(10))


@pytest.mark.parametrize("dearer", [1.7, 5.0])
def test_a_cap_that_stops_is_kept_even_if_messages_are_dearer(
    session: nx.Session, sandbox: Sandbox, dearer: float
) -> None:
    plan = make_plan(30)
    cap = float(plan.price_high.sum()) / 3
    plan[["price_low", "price_high"]] /= dearer
    with pytest.warns(UserWarning, match="Stopped before max_cost"):
        send_batch(plan, max_cost=cap, on_cap="stop")
    assert 0.5 * cap < sum(float(message["price"]) for message in sandbox.messages) <= cap


def test_a_price_below_zero_or_without_end_is_no_price(session: nx.Session, sandbox: Sandbox) -> None:
    for price in (-0.01, float("inf")):
        plan = make_plan(3)
        plan.loc[1, "price_high"] = price
        with pytest.raises(nx.InvalidRequestError, match="^plan: got 'a price that is none'"):
            send_batch(plan, max_cost=5, on_cap="stop")
    assert sandbox.messages == []


@pytest.mark.parametrize("name", ["doubtful", "unpriced", "on_cap"])
@pytest.mark.parametrize("value", ["no", None, True, ""])
def test_a_wrong_choice_is_refused(session: nx.Session, sandbox: Sandbox, name: str, value: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{name}: got"):
        send_batch(make_plan(1), **{name: value})
    assert sandbox.messages == []


def test_choices_go_together(session: nx.Session, sandbox: Sandbox) -> None:
    """A row that is skipped for its warning needs no price, and costs nothing."""
    plan = without_price(doubt(make_plan(4), 0, 1), 1, 2)
    high = float(plan.price_high.iloc[3])
    found = send_batch(plan, doubtful="skip", unpriced="skip", max_cost=high)
    assert found.state.tolist() == ["skipped", "skipped", "skipped", "accepted"]
    assert found.error.tolist()[:2] == [LANDLINE] * 2
    assert found.error[2].startswith("price: ")
    with pytest.raises(nx.InvalidRequestError, match="1 rows have none, in row 2:"):
        send_batch(plan, doubtful="skip", max_cost=high)
