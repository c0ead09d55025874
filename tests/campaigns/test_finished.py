"""A plan that its batch has sent as a whole is looked up by columns, and looks as a run with nothing left to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.campaigns import batch as batches
from nexmo_nb.campaigns.finished import read_finished
from nexmo_nb.sandbox import Sandbox

PEOPLE = ["+351 912 345 678", "+44 7700 900000", "no number", "+44 7700 900001", "+351 912 345 679"]
TEXTS = ["Hello", "Olá, ç 😀", "x", "a" * 200, "b" * 400]


def make_plan(**changes: Any) -> pd.DataFrame:
    plan = nx.plan_sms(PEOPLE, "Hello", sender="Demo")
    plan.index = pd.Index(["e", "d", "c", "b", "a"], name="who")
    return plan.assign(**changes)


def run(plan: pd.DataFrame, **options: Any) -> pd.DataFrame:
    return nx.send_many(plan, batch="b", progress=False, doubtful="send", **options)


def run_by_rows(plan: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, **options: Any) -> pd.DataFrame:
    with monkeypatch.context() as patch:
        patch.setattr(batches, "read_finished", lambda *_: None)
        return run(plan, **options)


def change(session: nx.Session, statement: str) -> None:
    session.ledger._database.transact(lambda connection: connection.execute(statement))


@pytest.mark.parametrize("template", ["Hello", "Olá 😀 {name}", "a" * 200])
@pytest.mark.parametrize("prices", [False, True])
def test_it_is_the_frame_of_a_run_with_nothing_left(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, template: str, prices: bool
) -> None:
    people = pd.DataFrame({"to": PEOPLE, "name": ["A", "B", "C", "D", "E"]}, index=list("vwxyz"))
    plan = nx.plan_sms(people, template, sender="Demo", prices=prices)
    first = run(plan)
    sent = len(sandbox.messages)
    assert read_finished(plan, "b", session.ledger) is not None
    again = run(plan)
    pd.testing.assert_frame_equal(again, run_by_rows(plan, monkeypatch))
    pd.testing.assert_frame_equal(again, first)
    assert again.attrs == first.attrs
    assert len(sandbox.messages) == sent == 4


def test_a_part_of_a_plan_is_finished_as_well_and_in_its_own_order(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan()
    run(plan)
    for part in (plan.iloc[::-1], plan.iloc[[3, 0]], plan.iloc[[2]], plan.iloc[:0]):
        pd.testing.assert_frame_equal(run(part), run_by_rows(part, monkeypatch))


def test_a_finished_plan_is_not_read_row_by_row(session: nx.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan()
    run(plan)
    monkeypatch.setattr(batches, "read_rows", lambda *_: pytest.fail("read"))
    assert run(plan).state.tolist() == ["accepted", "accepted", "problem", "accepted", "accepted"]


@pytest.mark.parametrize("state", ["planned", "sending", "partial", "rejected", "unknown", "not_found"])
def test_a_batch_with_a_row_in_any_other_state_is_left_to_the_run(session: nx.Session, state: str) -> None:
    plan = make_plan()
    run(plan)
    change(session, f"UPDATE sends SET state = '{state}' WHERE recipient = '447700900001'")
    assert read_finished(plan, "b", session.ledger) is None
    assert read_finished(plan.iloc[:2], "b", session.ledger) is not None  # the others are done


def double(plan: pd.DataFrame) -> pd.DataFrame:
    return plan.iloc[[0, 1, 0]]


@pytest.mark.parametrize(
    "edit",
    [
        lambda plan: plan.assign(text="Bye"),
        lambda plan: plan.assign(sender="Other"),
        lambda plan: plan.assign(encoding="ucs2"),
        lambda plan: plan.assign(to="447700900009"),
        lambda plan: plan.assign(to="+" + plan["to"]),
        lambda plan: plan.assign(to=plan["to"].mask(plan.problem.isna(), "  447700900000")),
        lambda plan: plan.assign(parts=0),
        lambda plan: plan.assign(parts=pd.NA),
        lambda plan: plan.assign(problem=None),
        double,
    ],
)
def test_a_plan_that_is_not_what_was_sent_is_left_to_the_run(
    session: nx.Session, edit: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    plan = make_plan()
    run(plan)
    assert read_finished(plan, "b", session.ledger) is not None
    assert read_finished(edit(plan), "b", session.ledger) is None
    assert read_finished(plan, "another", session.ledger) is None


def test_a_batch_under_two_names_that_are_the_same_is_left_to_the_run(session: nx.Session) -> None:
    plan = make_plan()
    run(plan)
    change(
        session,
        "INSERT INTO sends (id, kind, batch, digest, recipient, state, created) SELECT 'x' || id, kind, 'b ', digest,"
        " recipient, state, created FROM sends",
    )
    session.ledger._spellings._odd.clear()
    assert read_finished(plan, "b", session.ledger) is None


def test_what_a_run_refuses_is_refused(session: nx.Session) -> None:
    plan = make_plan()
    run(plan)
    with pytest.raises(nx.InvalidRequestError, match="^options: got"):
        run(plan, odd=1)
    with pytest.raises(nx.InvalidRequestError, match="^ttl: got"):
        run(plan, ttl=1)
    nx.budget(day=100.0)
    change(session, "UPDATE sends SET currency = 'USD'")
    change(session, "UPDATE totals SET currency = 'USD' WHERE currency = 'EUR'")
    with pytest.raises(nx.InvalidRequestError, match="^budget: got"):
        run(plan)
    nx.budget(day="none")
    change(session, "UPDATE generation SET number = 0")
    with pytest.raises(nx.InvalidRequestError, match="older copy"):
        run(plan)


def test_a_finished_batch_that_was_forgotten_is_refused(session: nx.Session) -> None:
    plan = make_plan()
    run(plan)
    nx.forget(before="2100-01-01")
    with pytest.raises(nx.InvalidRequestError, match="a batch that was not forgotten"):
        run(plan)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_left_of_a_batch_a_run_gives_the_same_by_columns_and_by_rows(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    """Rows are changed in the ledger and in the plan; what is found by columns is what the run would say."""
    people = data.draw(st.lists(st.sampled_from(PEOPLE), min_size=1, unique=True))
    texts = data.draw(st.lists(st.sampled_from(TEXTS), min_size=len(people), max_size=len(people)))
    frame = pd.DataFrame({"to": people, "text": texts})
    plan = nx.plan_sms(frame, "{text}", sender="Demo", prices=data.draw(st.booleans()))
    name = f"batch {len(sandbox.messages)} {len(sandbox.requests)}"
    nx.send_many(plan, batch=name, progress=False, doubtful="send")
    state = data.draw(st.sampled_from(["accepted", "partial", "rejected", "unknown"]))
    change(session, f"UPDATE sends SET state = '{state}', code = '7' WHERE batch = '{name}' AND place = 0")
    found = read_finished(plan, name, session.ledger)
    with monkeypatch.context() as patch:
        patch.setattr(batches, "read_finished", lambda *_: None)
        rows = nx.send_many(plan, batch=name, progress=False, doubtful="send")
    if found is None:
        assert set(rows.state) - {"accepted", "problem"} or rows.code.notna().any()
    else:
        pd.testing.assert_frame_equal(found, rows)
