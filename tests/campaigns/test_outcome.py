"""What became of sends: which are shown, whose they are, and how an argument that is wrong is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import make_plan, people, send_batch
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.campaigns.outcome import outcome_frame, plan_outcome_frame
from nexmo_nb.sandbox import Sandbox

ROW = {
    "id": "i1", "batch": "b", "key": None, "kind": "sms", "state": "planned", "recipient": "1", "sender": "S",
    "body": "Hi", "parts": None, "price": None, "currency": None, "message_ids": None, "delivery": None,
    "final_price": None, "client_ref": "r", "created": 1.0, "started": None, "finished": None, "code": None,
    "error": None,
}  # fmt: skip


@pytest.fixture
def dated(session: nx.Session) -> nx.Session:
    """A session that sent batches "a", "b" and "c" on the first three days of March 2025."""
    for day, batch in enumerate(["a", "b", "c"], 1):
        session.ledger.clock = lambda day=day: pd.Timestamp(2025, 3, day, tz="UTC").timestamp()
        send_batch(make_plan(1), batch)
    return session


@pytest.mark.parametrize(
    ("wanted", "batches"),
    [
        ({}, ["a", "b", "c"]),
        ({"batch": "b"}, ["b"]),
        ({"batch": "d"}, []),
        ({"since": "2025-03-02"}, ["b", "c"]),
        ({"since": "2025-03-02T00:00:01"}, ["c"]),
        ({"until": "2025-03-02"}, ["a"]),
        ({"until": "2025-03-02T00:00:01"}, ["a", "b"]),
        ({"since": "2025-03-02", "until": "2025-03-03"}, ["b"]),
        ({"batch": "a", "since": "2025-03-02"}, []),
    ],
)
def test_only_what_is_asked_for_is_shown(dated: nx.Session, wanted: dict[str, str], batches: list[str]) -> None:
    assert nx.sent(**wanted).batch.tolist() == batches  # type: ignore[arg-type]


def test_what_was_sent_before_a_time_is_forgotten_and_nothing_else(dated: nx.Session) -> None:
    assert nx.forget(before="2025-03-03") == 2
    assert nx.sent().to.isna().tolist() == [True, True, False]


READERS: dict[str, Callable[[nx.Session | None], Any]] = {
    "sent": lambda session: len(nx.sent(session=session)),
    "settle": lambda session: len(nx.settle(session=session)),
    "forget": lambda session: nx.forget(before="2100-01-01", session=session),
}


@pytest.mark.parametrize("name", READERS)
def test_the_session_that_is_given_is_used_and_not_the_current_one(sandbox: Sandbox, name: str) -> None:
    kinds = {"settle": "drop-after"}
    one = connected(sandbox)
    if name in kinds:
        sandbox.fail_next(kinds[name], path="/sms")
    nx.send_many(make_plan(1), batch="b", progress=False, session=one)
    with Sandbox(limits=False) as other:
        connected(other)
        assert READERS[name](None) == 0
        assert READERS[name](one) == 1
        one.close()


LONG = "x" * 200


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: nx.sent(LONG + "x"), "batch"),
        (lambda: nx.sent(5), "batch"),  # type: ignore[arg-type]
        (lambda: nx.sent(since="soon"), "since"),
        (lambda: nx.sent(until="soon"), "until"),
        (lambda: nx.forget(before="soon"), "before"),
        (lambda: nx.settle(LONG + "x"), "batch"),
        (lambda: nx.settle(5), "batch"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_argument_is_refused_by_its_name(session: nx.Session, call: Callable[[], Any], name: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{name}: got (5|'soon'|'x)"):
        call()


def test_the_longest_name_of_a_batch_is_a_name_everywhere(session: nx.Session) -> None:
    send_batch(make_plan(1), LONG)
    assert (len(nx.sent(LONG)), len(nx.settle(LONG))) == (1, 0)


def test_a_row_that_was_not_sent_has_no_parts() -> None:
    found = outcome_frame([ROW, {**ROW, "parts": 3}])
    assert found[["to", "text", "parts"]].values.tolist() == [["1", "Hi", 0], ["1", "Hi", 3]]


@pytest.mark.parametrize(
    ("send", "expected"),
    [
        ({"state": "accepted", "parts": 2, "price": 0.5}, ["accepted", 2, 0.5, None, "accepted", None]),
        ({"state": "accepted", "code": "9"}, ["accepted", 0, None, "9", "accepted", None]),
        ({"state": "partial", "parts": 3, "code": "1"}, ["partial", 3, None, "1", "throttled", None]),
        ({"state": "rejected", "code": "9", "error": "no"}, ["rejected", 0, None, "9", "no credit", "no"]),
        ({"state": "rejected"}, ["rejected", 0, None, None, None, None]),
        ({"state": "unknown", "code": "9"}, ["unknown", 0, None, "9", None, None]),
        ({"state": "sending"}, ["sending", 0, None, None, None, None]),
        ({"state": "planned"}, ["planned", 0, None, None, None, None]),
        ({"state": "not_found", "code": "1"}, ["not_found", 0, None, "1", None, None]),
    ],
)
def test_a_row_of_a_batch_shows_what_the_ledger_knows(send: dict[str, Any], expected: list[Any]) -> None:
    plan = pd.DataFrame({"to": ["1"], "problem": [None]}, index=["x"])
    found = plan_outcome_frame(plan, {}, {0: "i1"}, [{**ROW, **send}])
    assert found.index.tolist() == ["x"]
    row = found[["state", "parts", "price", "code", "meaning", "error"]].astype(object)
    assert row.where(row.notna(), None).values.tolist() == [expected]


def test_rows_that_are_not_sent_say_why() -> None:
    plan = pd.DataFrame({"to": people(4), "problem": [None, None, "to: no", None]}, index=[7, 7, 8, 9])
    found = plan_outcome_frame(plan, {1: "its number is in doubt"}, {0: "i1", 3: "gone"}, [ROW])
    assert found.index.tolist() == [7, 7, 8, 9]
    assert found.to.tolist() == people(4)
    assert found.state.tolist() == ["planned", "skipped", "problem", "planned"]
    assert found.parts.tolist() == [0, 0, 0, 0]
    assert found.error.fillna("").tolist() == [
        "",
        "its number is in doubt",
        "to: no",
        "another run of this batch gave this row another content meanwhile, and this one was not sent",
    ]
