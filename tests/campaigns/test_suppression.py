"""The do-not-send list as its users meet it: numbers in, plans, single sends, calls and batches that keep to it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import count_received, make_plan, people, send_batch

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

ANA, RUI, EVA = people(3)


def suppress_all(*numbers: str) -> None:
    nx.suppress([f"+{number}" for number in numbers])


@pytest.mark.parametrize(
    "given",
    [
        "+351 912 340 001",
        "00351912340001",
        ["(+351) 912-340-001"],
        pd.Series([f"+{ANA}"]),
        pd.DataFrame({"to": [f"+{ANA}"], "name": ["Ana"]}),
        [{"to": f"+{ANA}"}, {"to": f"00{ANA}"}],
        "people.csv",
        Path("people.csv"),
    ],
)
def test_numbers_come_in_any_spelling_and_in_whatever_holds_them(session: nx.Session, given: Any) -> None:
    Path("people.csv").write_text(f"to;name\n+{ANA};Ana\n", encoding="utf-8")
    found = nx.suppress(given, reason="asked")
    assert found.values.tolist() == [[ANA, "PT", True, True, 0]]
    assert nx.suppressed()[["to", "country", "source", "reason"]].values.tolist() == [[ANA, "PT", "hand", "asked"]]
    assert nx.suppressed().number.isna().all()
    assert nx.unsuppress(given).values.tolist() == [[ANA, "PT", False, True, 0]]
    assert nx.suppressed().empty


def test_a_list_has_its_own_column_and_region(session: nx.Session) -> None:
    table = pd.DataFrame({"phone": ["912 340 001", "7911 123456"], "land": ["Portugal", "GB"]})
    assert nx.suppress(table, to="phone", region="land").to.tolist() == [ANA, "447911123456"]
    assert nx.suppress("912340002", region="PT").to.tolist() == [RUI]
    assert nx.suppress([]).empty


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([f"+{ANA}", "12"], "got 1 that cannot be taken (too_short: 1), in row 1"),
        (pd.Series([f"+{ANA}", None], index=["Ana", "Rui"]), "(missing: 1), in row 'Rui'"),
        (["+351912300000"], "(looks_rounded: 1), in row 0"),
        (["+351999999999"], "(not_valid: 1), in row 0"),
        ([f"+{number}" for number in people(8)] + ["912340001"], "in row 8"),
        (["forgotten_abc"], "unreadable"),
    ],
)
def test_a_number_in_doubt_is_refused_with_its_row_and_nobody_is_put_on_the_list(
    session: nx.Session, given: Any, said: str
) -> None:
    for work in (nx.suppress, nx.unsuppress):
        with pytest.raises(nx.InvalidRequestError) as caught:
            work(given)
        assert str(caught.value).startswith("numbers: got 1 that")
        assert said in str(caught.value)
        assert "Nothing was changed" in str(caught.value)
    assert nx.suppressed().empty


def test_a_number_that_is_only_odd_is_taken_where_one_says_so_and_a_landline_at_once(session: nx.Session) -> None:
    assert nx.suppress(["+351912300000", "+351999999999"], doubtful="accept").suppressed.all()
    assert nx.suppress("+351210123456").suppressed.all()
    for doubtful in ("refuse", "accept"):
        with pytest.raises(nx.InvalidRequestError, match="looks_national"):
            nx.suppress([*(f"+49151234567{n:02d}" for n in range(30)), "15123456789"], doubtful=doubtful)  # type: ignore[arg-type]


def test_a_plan_marks_who_is_on_the_list_also_where_they_are_forgotten_or_it_has_no_prices(session: nx.Session) -> None:
    suppress_all(RUI)
    for prices in (True, False):
        plan = make_plan(3, prices=prices)
        assert plan.problem_code.fillna("").tolist() == ["", "suppressed", ""]
        assert plan.problem[1].startswith(f"to: +{RUI} is on the do-not-send list since 20")
    nx.forget(before="2100-01-01")
    assert make_plan(3).problem_code.fillna("").tolist() == ["", "suppressed", ""]
    assert nx.suppressed().to[0].startswith("forgotten_")
    nx.unsuppress(f"+{RUI}")
    assert make_plan(3).problem_code.isna().all()


def test_a_plan_without_a_session_is_made_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_plan(2, prices=False).problem.isna().all()


def test_single_messages_and_calls_are_refused_unless_a_reason_is_given(session: nx.Session, sandbox: Sandbox) -> None:
    before = nx.send_sms(f"+{ANA}", "Hello", sender="Demo", key="k")
    suppress_all(ANA)
    assert nx.send_sms(f"+{ANA}", "Hello", sender="Demo", key="k").equals(before)
    sends = (
        partial(nx.send_sms, "912340001", "Hi", sender="Demo", region="PT"),
        partial(nx.send_voice, f"+{ANA}", "Hi"),
    )
    for send in sends:
        with pytest.raises(nx.InvalidRequestError, match="^to: got .*do-not-send list") as caught:
            send()
        assert caught.value.parameter == "to"
        send(even_if_suppressed="product recall")
        for wrong in (True, "", " ", 1, "x" * 201, "a\x00b"):
            with pytest.raises(nx.InvalidRequestError, match="^even_if_suppressed: "):
                send(even_if_suppressed=wrong)
    assert (len(sandbox.messages), len(sandbox.calls)) == (2, 1)
    shown = nx.sent()
    assert shown.even_if_suppressed.fillna("").tolist() == ["", "product recall", "product recall"]
    assert shown.state.tolist() == ["accepted"] * 3


def test_who_says_stop_while_a_single_message_or_call_waits_for_its_slot_does_not_get_it(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire = session.throttle.acquire

    def acquire_late(*arguments: Any, **options: Any) -> None:
        suppress_all(ANA)
        acquire(*arguments, **options)

    monkeypatch.setattr(session.throttle, "acquire", acquire_late)
    for send in (partial(nx.send_sms, sender="Demo", key="k"), nx.send_voice):
        nx.unsuppress(f"+{ANA}")
        with pytest.raises(nx.InvalidRequestError, match="is on the do-not-send list") as caught:
            send(f"+{ANA}", "Hello")
        assert caught.value.code == "suppressed"
    assert sandbox.messages == sandbox.calls == []
    assert nx.sent(planned=True).empty
    nx.unsuppress(f"+{ANA}")
    assert nx.send_sms(f"+{ANA}", "Hello", sender="Demo", key="k", even_if_suppressed="a recall").status.tolist() == [
        "0"
    ]


def test_a_batch_refuses_whom_its_plan_of_before_still_has_and_says_so(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(3)
    suppress_all(RUI)
    result = send_batch(plan, max_cost=10)
    assert result.state.tolist() == ["accepted", "rejected", "accepted"]
    assert result[["code", "meaning"]].iloc[1].tolist() == ["suppressed", "on the do-not-send list"]
    assert f"+{RUI} is on the do-not-send list" in result.error[1]
    assert count_received(sandbox) == {ANA: 1, EVA: 1}
    spent = sum(float(message["price"]) for message in sandbox.messages)
    assert nx.budget().spent.tolist() == pytest.approx([spent] * 2)
    nx.unsuppress(f"+{RUI}")
    assert send_batch(plan).state.tolist() == ["accepted", "rejected", "accepted"]
    assert count_received(sandbox) == {ANA: 1, EVA: 1}


def test_a_batch_that_is_resumed_leaves_out_who_said_stop_meanwhile(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(3)
    sandbox.fail_next("no-credit")
    with pytest.raises(nx.RejectedError):
        send_batch(plan, workers=1)
    assert set(nx.sent("b", planned=True).state) == {"planned"}
    suppress_all(ANA, EVA)
    assert send_batch(make_plan(3)).state.tolist() == ["problem", "accepted", "problem"]
    found = nx.batch("b")
    assert found.left == 0
    assert found.counts.meaning.tolist() == ["accepted", "on the do-not-send list"]
    assert send_batch(plan).state.tolist() == ["rejected", "accepted", "rejected"]
    assert count_received(sandbox) == {RUI: 1}


def test_somebody_who_says_stop_while_a_batch_is_under_way_does_not_get_it(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, answer = make_plan(40), sandbox.answer

    def answer_and_suppress(request: Any) -> Any:
        found = answer(request)
        if request.path == "/sms/json" and len(sandbox.messages) == 1:
            suppress_all(*people(40)[30:])
        return found

    monkeypatch.setattr(sandbox, "answer", answer_and_suppress)
    result = send_batch(plan, workers=1)
    assert result.state.tolist() == ["accepted"] * 30 + ["rejected"] * 10
    assert set(count_received(sandbox)) == set(people(30))


def test_a_batch_with_a_reason_reaches_everybody_and_shows_it_where_it_mattered(
    session: nx.Session, sandbox: Sandbox
) -> None:
    suppress_all(RUI)
    plan = make_plan(3)
    assert send_batch(plan, max_cost=10).state.tolist() == ["accepted", "problem", "accepted"]
    result = send_batch(plan, max_cost=10, even_if_suppressed="recall")
    assert result.state.tolist() == ["accepted"] * 3
    assert count_received(sandbox) == {ANA: 1, RUI: 1, EVA: 1}
    assert dict(nx.sent().set_index("to").even_if_suppressed.dropna()) == {RUI: "recall"}
    with pytest.raises(nx.InvalidRequestError, match="^even_if_suppressed: got True"):
        send_batch(plan, even_if_suppressed=True)
    nx.forget(before="2100-01-01")
    assert nx.sent().even_if_suppressed.isna().all()


def test_another_account_has_another_list(session: nx.Session) -> None:
    suppress_all(ANA)
    with Sandbox(limits=False) as other:
        nx.connect(other.url, api_key="other", api_secret="x" * 16)
        assert nx.suppressed().empty
