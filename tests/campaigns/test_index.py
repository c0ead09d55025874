"""The index of a plan is the user's: an outcome has it again, so that results stand beside the right people."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from campaign_helpers import make_plan, people, send_batch
from hypothesis import given
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.campaigns.rows import show_label
from nexmo_nb.sandbox import Sandbox

INDEXES = [
    pd.RangeIndex(100, 104),
    pd.Index([7, 3, 5, 1], name="id"),
    pd.Index(["Ana", "Rui", "Eva", "Zé"]),
    pd.Index(["same", "same", "same", "same"]),
    pd.Index([1.5, None, None, 2.0]),
    pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1), ("b", 1)], names=["group", "to"]),
    pd.date_range("2026-01-01", periods=4, tz="UTC"),
    pd.CategoricalIndex(["x", "y", "x", "y"]),
]


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: f"{type(index).__name__} {index[0]}")
def test_an_outcome_has_the_index_of_its_plan(session: nx.Session, sandbox: Sandbox, index: Any) -> None:
    plan = make_plan(4, "a" * 200).set_axis(index)
    plan.iloc[2, plan.columns.get_loc("problem")] = "to: no"
    found = send_batch(plan)
    pd.testing.assert_index_equal(found.index, index, exact=True)
    assert found.to.tolist() == people(4)
    assert found.state.tolist() == ["accepted", "accepted", "problem", "accepted"]
    assert nx.fit_budget(plan, 0).index.equals(index)
    assert len(nx.summary(plan)) == 2
    fate = nx.delivery(found)
    assert fate.index.tolist()[:2] == [index[0], index[0]] or pd.isna(index[0])
    assert fate.index.names == index.names
    assert fate.to.tolist() == [people(4)[n] for n in (0, 0, 1, 1, 2, 3, 3)]


def test_results_of_a_part_of_a_table_come_to_the_right_people(session: nx.Session, sandbox: Sandbox) -> None:
    table = pd.DataFrame({"to": people(10), "name": list("abcdefghij")})
    plan = make_plan(10)
    some = plan[plan.index % 3 == 1]
    table["state"] = send_batch(some).state
    assert table.name[table.state == "accepted"].tolist() == ["b", "e", "h"]


def test_the_frame_of_an_error_has_the_index_too(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("no-credit", times=9, path="/sms")
    with pytest.raises(nx.RejectedError) as caught:
        send_batch(make_plan(2).set_axis(["Ana", "Rui"]), workers=1)
    assert caught.value.parts is not None
    assert caught.value.parts.index.tolist() == ["Ana", "Rui"]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("text", "x" * 4000, r"^text: got .* It stands in row 'Rui' of the plan"),
        ("sender", "?", r"^sender: got .* It stands in row 'Rui' of the plan"),
        ("to", "+351 912 345 678", r"^plan: got .* It stands in row 'Rui'"),
    ],
)
def test_what_is_wrong_with_a_row_names_its_label(
    session: nx.Session, sandbox: Sandbox, column: str, value: str, reason: str
) -> None:
    plan = make_plan(2).set_axis(["Ana", "Rui"])
    plan.loc["Rui", column] = value
    with pytest.raises(nx.InvalidRequestError, match=reason):
        send_batch(plan)
    assert sandbox.messages == []


def test_an_option_that_is_wrong_is_no_rows_fault(session: nx.Session) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^ttl: got 5") as caught:
        send_batch(make_plan(1), ttl=5)
    assert "stands in row" not in str(caught.value)


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        (7, "7"),
        ("Ana", "'Ana'"),
        (("a", 1), "('a', 1)"),
        (None, "None"),
        (pd.Timestamp("2026-01-02"), "2026-01-02 00:00:00"),
    ],
)
def test_a_label_is_shown_as_people_know_it(label: Any, shown: str) -> None:
    assert show_label(label) == shown


@given(st.one_of(st.text(), st.tuples(st.text(), st.integers())))
def test_a_label_is_shown_on_one_short_line(label: Any) -> None:
    assert "\n" not in show_label(label)
    assert len(show_label(label)) < 140
