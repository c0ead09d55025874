"""What was never sent does not look like something that was: refused batches, planned rows, and how to discard them."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import count_received, make_plan, people, send_batch
from helpers import digests_of

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox


def stop_for_want_of_credit(sandbox: Sandbox, plan: pd.DataFrame, sent: int, batch: str = "b") -> None:
    """Send some rows of a plan, and have the rest stay planned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cap = float(plan.price_high.iloc[:sent].sum())
        send_batch(plan, batch, max_cost=cap, on_cap="stop")


@pytest.mark.parametrize(
    "refused",
    [
        {"max_cost": 0.01},
        {"max_cost": 5, "prices": False},
        {"max_cost": 5, "currency": "several"},
        {"warning": "doubtful"},
    ],
)
def test_a_batch_that_is_refused_leaves_nothing_behind(
    session: nx.Session, sandbox: Sandbox, refused: dict[str, Any]
) -> None:
    plan = make_plan(4, prices=refused.get("prices", True))
    if "warning" in refused:
        plan["warning"] = pd.array(["doubtful"] * 4, dtype="string")
    if "currency" in refused:
        plan.loc[0, "currency"] = "USD"
    with pytest.raises(nx.InvalidRequestError):
        send_batch(plan, **{name: value for name, value in refused.items() if name == "max_cost"})
    assert nx.sent(planned=True).empty
    assert sandbox.messages == []


def test_a_batch_that_was_begun_keeps_what_it_sent_when_its_rest_is_refused(session: nx.Session) -> None:
    send_batch(make_plan(2))
    before = nx.sent(planned=True)
    with pytest.raises(nx.InvalidRequestError, match="spent so far"):
        send_batch(make_plan(9), max_cost=float(before.price.sum()) + 0.01)
    pd.testing.assert_frame_equal(nx.sent(planned=True), before)


def test_planned_rows_are_shown_only_if_they_are_asked_for(session: nx.Session, sandbox: Sandbox) -> None:
    stop_for_want_of_credit(sandbox, make_plan(5), 2)
    assert nx.sent("b").state.tolist() == nx.sent().state.tolist() == ["accepted"] * 2
    assert nx.sent("b", planned=True).state.tolist() == ["accepted"] * 2 + ["planned"] * 3
    with pytest.raises(nx.InvalidRequestError, match="^planned: got"):
        nx.sent(planned="yes")  # type: ignore[arg-type]


def test_what_is_discarded_is_gone_and_what_was_sent_stays(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(5)
    stop_for_want_of_credit(sandbox, plan, 2)
    stop_for_want_of_credit(sandbox, plan, 1, "other")
    assert nx.discard("b") == 3
    assert nx.discard("b") == nx.discard("no such batch") == 0
    assert nx.sent("b", planned=True).state.tolist() == ["accepted"] * 2
    assert len(nx.sent("other", planned=True)) == 5
    assert set(send_batch(plan).state) == {"accepted"}
    assert count_received(sandbox) == Counter([*people(5), people(1)[0]])


def test_what_was_looked_up_and_planned_again_may_have_left_and_is_not_discarded(
    session: nx.Session, sandbox: Sandbox
) -> None:
    plan = make_plan(2)
    sandbox.fail_next("drop-before", times=2, path="/sms")
    send_batch(plan)
    nx.settle(delay=0)
    assert nx.sent().state.tolist() == ["not_found"] * 2
    sandbox.fail_next("no-credit", times=9, path="/sms")
    with pytest.raises(nx.RejectedError):
        send_batch(plan, resend_not_found=True)
    assert nx.sent("b", planned=True).state.tolist() == ["planned"] * 2
    assert nx.discard("b") == 0
    assert nx.sent("b").state.tolist() == ["not_found"] * 2


def test_a_row_that_returned_to_the_plan_before_it_left_is_discarded(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("no-credit", times=9, path="/sms")
    with pytest.raises(nx.RejectedError):
        send_batch(make_plan(3))
    assert nx.discard("b") == 3
    assert nx.sent(planned=True).empty


def test_a_batch_that_is_being_sent_is_not_discarded(session: nx.Session, sandbox: Sandbox) -> None:
    stop_for_want_of_credit(sandbox, make_plan(3), 1)
    other = nx.state.ledger.Ledger(session.ledger.path)
    with other.open_run("b"), pytest.raises(nx.InvalidRequestError, match="^batch: got 'b'.*not being sent right now"):
        nx.discard("b")
    assert nx.discard("b") == 2
    other.close()


def test_a_run_of_a_process_that_died_does_not_keep_a_batch(session: nx.Session, sandbox: Sandbox) -> None:
    stop_for_want_of_credit(sandbox, make_plan(3), 1)
    other = nx.state.ledger.Ledger(session.ledger.path)
    run = other.open_run("b")
    run.__enter__()
    other._owner.close()  # as the system does when a process ends
    assert nx.discard("b") == 2
    other.close()


def test_a_row_under_way_is_not_discarded(session: nx.Session, sandbox: Sandbox) -> None:
    stop_for_want_of_credit(sandbox, make_plan(3), 1)
    waiting = nx.sent("b", planned=True).client_ref.isna()
    assert waiting.sum() == 2
    ids = [row["id"] for row in session.ledger.read_sends(batch="b", state="planned")]
    session.ledger.record_and_claim([], digests_of(session.ledger, ids[:1]))
    assert nx.discard("b") == 1
    assert nx.sent("b").state.tolist() == ["accepted", "sending"]


def test_the_numbers_of_what_is_discarded_are_gone_from_the_disk(session: nx.Session, sandbox: Sandbox) -> None:
    stop_for_want_of_credit(sandbox, make_plan(3, "A text that nobody got"), 1)
    last = people(3)[-1]
    path = session.ledger.path
    assert nx.discard("b") == 2
    kept = b"".join(each.read_bytes() for each in path.parent.glob("ledger.sqlite*"))
    assert last.encode() not in kept
    assert people(1)[0].encode() in kept


def test_every_frame_of_ones_own_messages_tells_country_network_and_text(session: nx.Session) -> None:
    plan = nx.plan_sms(["+351 912 345 678", "12", "+44 7700 900000"], "Hello", sender="Demo")
    outcome = send_batch(plan)
    place = ["country", "country_name", "text"]
    portugal, britain = ["PT", "Portugal", "Hello"], ["GB", "United Kingdom", "Hello"]
    assert outcome[place].iloc[[0, 2]].values.tolist() == [portugal, britain]
    assert outcome[[*place, "network"]].iloc[1].isna().all()
    assert nx.sent()[place].values.tolist() == [portugal, britain]
    assert nx.delivery("b")[place].values.tolist() == [portugal, britain]
    assert nx.sent().network.tolist() == outcome.network.dropna().tolist() == nx.delivery("b").network.tolist()
    assert nx.sent().network.str.startswith(("268", "234")).all()
    by_country = nx.spend(nx.sent(), by="country")
    assert set(by_country.country) == {"PT", "GB"}


def test_delivery_of_ids_and_of_parts_tells_where_the_records_say_it_went(session: nx.Session) -> None:
    parts = nx.send_sms("+351 912 345 678", "Hello", sender="Demo")
    for found in (nx.delivery(parts), nx.delivery(parts.message_id.tolist())):
        assert found[["country", "country_name", "network"]].values.tolist() == [["PT", "Portugal", parts.network[0]]]


def test_a_recipient_that_was_forgotten_has_no_country_any_more(session: nx.Session) -> None:
    nx.send_sms("+351 912 345 678", "Hello", sender="Demo")
    nx.forget(before="2100-01-01")
    assert nx.sent()[["to", "country", "country_name", "text"]].isna().all(axis=None)
    assert nx.sent().network.notna().all()
