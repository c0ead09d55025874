"""Lookups: one row a number, each answer paid for once, said before, capped, and kept whatever happens after it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from campaign_helpers import send_batch
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.lookup.request import USUAL, build_request
from nexmo_nb.lookup.response import describe_number, parse_insights
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.session.response import parse_response

PATH = "/identity-insights/v1/requests"
PORTED, LANDLINE, DROPPED, OFF = "443069990207", "443069990208", "443069990204", "443069990205"
PURPOSE = "FraudPreventionAndDetection"


def count_asked(sandbox: Sandbox) -> int:
    return sum(each["path"] == PATH for each in sandbox.requests)


def test_each_row_is_a_number_with_what_is_known_of_it(session: nx.Session, sandbox: Sandbox) -> None:
    told: list[str] = []
    session.throttle.notify = told.append
    numbers = [f"+{PORTED}", f"+{LANDLINE}", "12", "+351 912 345 678", "00351912345678", f"+{DROPPED}"]
    table = pd.DataFrame({"phone": numbers, "name": "x"}, index=["a", "b", "c", "d", "e", "f"])
    found = nx.lookup(table, to="phone", price=0.01, max_cost=0.08)
    assert told == ["To look up 4 numbers, 8 insights: at most 0.0800 EUR (0.01 an insight, as you said)."]
    assert found.index.tolist() == table.index.tolist()
    assert {str(found[name].dtype) for name in ("ported", "valid", "reachable", "roaming")} == {"boolean"}
    ported, landline = found.loc["a"], found.loc["b"]
    assert (ported.country, ported.network_type, ported.ported) == ("GB", "mobile", True)
    assert ported[["original_carrier_status", "current_carrier_status"]].tolist() == ["OK", "OK"]
    assert pd.isna(ported.error)
    assert (landline.network_type, landline.current_carrier_status) == ("landline", "UNSUPPORTED_NETWORK_TYPE")
    assert landline[["network", "ported"]].isna().all()
    assert "current_carrier: not offered for this type of network" in landline.error
    assert "too short" in found.error["c"] or "few digits" in found.error["c"]
    assert found.number.tolist()[3:5] == ["351912345678"] * 2
    assert found.network["d"] == found.network["e"]
    assert "It may have" in found.error["f"]
    assert found.cost.tolist() == [0.02, 0.02, 0.0, 0.02, 0.0, 0.02]
    requests = [each["json"] for each in sandbox.requests if each["path"] == PATH]
    assert requests[0] == {"phone_number": f"+{PORTED}", "insights": {"original_carrier": {}, "current_carrier": {}}}
    assert {each["auth"] for each in sandbox.requests if each["path"] == PATH} == {"jwt"}
    empty = nx.lookup([])
    assert empty.dtypes.equals(found.dtypes)
    assert len(empty) == 0


def test_an_answer_is_paid_for_once(session: nx.Session, sandbox: Sandbox) -> None:
    first = nx.lookup([PORTED, LANDLINE], price=0.01, region="GB")
    spent = sandbox.balance
    again = nx.lookup([f"+{LANDLINE}", f"+{PORTED}"], price=0.01, max_cost=0.0)
    columns = ["number", "carrier", "network", "network_type", "ported", "error", "looked_up"]
    pd.testing.assert_frame_equal(first[columns].iloc[::-1].reset_index(drop=True), again[columns])
    assert again.cost.tolist() == [0.0, 0.0]
    assert (count_asked(sandbox), sandbox.balance) == (2, spent)
    more = nx.lookup([f"+{PORTED}"], insights=["format", "current_carrier"], price=0.01)
    assert sandbox.requests[-1]["json"]["insights"] == {"format": {}}
    assert (more.cost[0], more.valid[0]) == (0.01, True)
    assert nx.lookup([f"+{PORTED}"], refresh=True, price=0.01).cost[0] == 0.02
    session.insights.clock = lambda: session.ledger.clock() + 31 * 86_400
    assert nx.lookup([f"+{PORTED}"], price=0.01).cost[0] == 0.02
    session.insights.clock = lambda: session.ledger.clock() - 86_400  # set back: how old the answer is, nobody knows
    assert nx.lookup([f"+{PORTED}"], price=0.01).cost[0] == 0.02


def test_another_kernel_pays_for_nothing_twice_and_forget_reaches_it(sandbox: Sandbox, tmp_path: Any) -> None:
    with connected(sandbox, state_dir=tmp_path):
        nx.lookup([f"+{PORTED}"])
    with connected(sandbox, state_dir=tmp_path) as session:
        nx.lookup([f"+{PORTED}"])
        assert count_asked(sandbox) == 1
        nx.forget(before="2100-01-01")
        path = session.insights.path
        assert PORTED.encode() not in b"".join(each.read_bytes() for each in path.parent.glob("notes.sqlite*"))
        nx.lookup([f"+{PORTED}"])
        assert count_asked(sandbox) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_cost": 1}, "^price: got None"),
        ({"price": 0.01, "max_cost": 0.0399}, "^max_cost: got 0.0399; allowed: at least 0.0400"),
        ({"max_numbers": 1}, "^max_numbers: got 1, but 2 numbers"),
        ({"insights": ["roaming"]}, "^purpose: got None"),
        ({"insights": ["caller_name"]}, "^insights: got 'caller_name'"),
        ({"insights": []}, "^insights: got"),
        ({"price": -1}, "^price: got -1"),
        ({"to": "phone", "numbers": pd.DataFrame({"to": [1]})}, "phone"),
    ],
)
def test_nothing_is_asked_where_it_is_refused(
    session: nx.Session, sandbox: Sandbox, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(nx.InvalidRequestError, match=words):
        nx.lookup(**{"numbers": [f"+{PORTED}", f"+{LANDLINE}"], **options})
    assert count_asked(sandbox) == 0


def test_without_an_application_it_says_what_it_needs(sandbox: Sandbox) -> None:
    with connected(sandbox, api_key=sandbox.api_key, api_secret=sandbox.api_secret):
        with pytest.raises(nx.InvalidRequestError, match="application_id= and private_key="):
            nx.lookup([f"+{PORTED}"])
        assert nx.lookup(["12"]).error.notna().all()
    assert count_asked(sandbox) == 0


def test_what_operators_tell_needs_a_purpose_and_is_soon_asked_again(session: nx.Session, sandbox: Sandbox) -> None:
    options: dict[str, Any] = {"insights": ["reachability", "roaming"], "purpose": PURPOSE, "price": 0.5}
    found = nx.lookup([f"+{OFF}", f"+{PORTED}"], **options)
    assert found.reachable.tolist() == [False, True]
    assert found.roaming.tolist() == [False, False]
    wrong = nx.lookup([f"+{OFF}"], **{**options, "purpose": "Marketing", "refresh": True}).iloc[0]
    assert (wrong.reachability_status, pd.isna(wrong.reachable)) == ("INVALID_PURPOSE", True)
    assert nx.lookup([f"+{PORTED}"], **options).cost[0] == 0
    assert not nx.lookup([f"+{OFF}"], **options).reachable[0]  # what the wrong purpose was told is not kept
    session.insights.clock = lambda: session.ledger.clock() + 901
    assert nx.lookup([f"+{PORTED}"], **options).cost[0] == 1.0


def test_what_was_answered_before_an_error_or_an_interrupt_is_kept(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [f"+3519123450{n:02d}" for n in range(5)]
    call, calls = session.call, []

    def stop_at_the_third(request: Any) -> Any:
        calls.append(request)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return call(request)

    monkeypatch.setattr(session, "call", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        nx.lookup(numbers)
    monkeypatch.undo()
    sandbox.fail_next("http", code=401, path=PATH)
    with pytest.raises(nx.AuthenticationError):
        nx.lookup(numbers)
    sandbox.fail_next("drop-before", path=PATH, times=3)
    assert nx.lookup(numbers).error.notna().tolist() == [False, False, True, True, True]
    assert nx.lookup(numbers).network.notna().all()
    # Two, then one that was refused, three without an answer, and these three again: none of the first two.
    asked = [each["json"]["phone_number"] for each in sandbox.requests if each["path"] == PATH]
    assert [asked.count(number) for number in numbers] == [1, 1, 3, 2, 2]


def test_an_interrupt_while_an_answer_is_kept_loses_nothing(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, tries = session.insights.record, []

    def record_at_the_second(number: str, bodies: Any, at: float) -> None:
        tries.append(number)
        if len(tries) == 1:
            raise KeyboardInterrupt
        record(number, bodies, at)

    monkeypatch.setattr(session.insights, "record", record_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        nx.lookup([f"+{PORTED}"])
    monkeypatch.undo()
    nx.lookup([f"+{PORTED}"])
    assert count_asked(sandbox) == 1


def test_after_five_without_an_answer_no_other_is_asked(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("500", path=PATH, times=20)
    with pytest.raises(nx.UnknownOutcomeError):
        nx.lookup([f"+3519123450{n:02d}" for n in range(9)])
    assert count_asked(sandbox) == 5  # each once: what may have cost money is not asked again by itself


def test_what_is_too_fast_is_asked_again_for_nothing_was_done(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("429", path=PATH, times=2)
    assert nx.lookup([f"+{PORTED}"]).error.isna().all()
    assert count_asked(sandbox) == 3


def test_a_number_that_is_refused_does_not_spoil_the_others(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("http", code=422, path=PATH)
    found = nx.lookup([f"+{PORTED}", f"+{LANDLINE}"], price=0.01)
    assert found.error.str.contains("HTTP 422").tolist() == [True, False]
    assert found.cost.tolist() == [0.0, 0.02]


OK = {"status": {"code": "OK"}}


@pytest.mark.parametrize(
    ("insights", "network", "ported", "error"),
    [
        ({"original_carrier": {**OK, "network_code": "268-01"}}, "26801", None, "current_carrier: the answer does not"),
        ({"original_carrier": {"network_code": "26801"}, "current_carrier": 3}, None, None, "(MISSING)"),
        ({"original_carrier": {"status": {"code": "SUPPLIER_ERROR"}}}, None, None, "ask again later"),
        ({"current_carrier": {"status": {"code": "PARTIAL_SUCCESS", "message": "so\nso"}}}, None, None, "so so"),
        ({name: {**OK, "network_code": 26801, "name": ["x"]} for name in USUAL}, "26801", False, None),
        ({name: {**OK, "network_code": "2680", "network_type": 7} for name in USUAL}, None, None, None),
    ],
)
def test_an_answer_in_part_is_a_missing_value_with_its_reason(
    insights: Any, network: str, ported: bool, error: str
) -> None:
    row = describe_number(parse_insights({"insights": insights}, USUAL))
    assert (row["network"], row["ported"], row["carrier"], row["network_type"]) == (network, ported, None, None)
    assert (row["error"] is None) if error is None else (error in row["error"])


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"insights": {}}', b'{"insights": {"roaming": {}}}', b'{"insights": 3}']
)
def test_an_answer_without_what_was_asked_is_none(body: bytes) -> None:
    found = parse_response(build_request(PORTED, USUAL, None), 200, {}, body)
    assert isinstance(found, nx.UnknownOutcomeError)


def test_a_plan_gets_the_price_of_the_network_and_doubts_landlines(session: nx.Session, sandbox: Sandbox) -> None:
    people = pd.DataFrame(
        {"to": [f"+{PORTED}", f"+{LANDLINE}", "12", "+1 415 200 0123", "+44 20 7946 0958", "+351 912 345 678"]},
        index=list("abcdef"),
    )
    plan = nx.plan_sms(people, "Hello " * 40, sender="Demo")
    found = nx.lookup(people.iloc[:5])
    exact = nx.add_lookup(plan, found)
    assert exact.index.tolist() == plan.index.tolist()
    assert [*exact.columns] == [*plan.columns, "network"]
    prices = nx.prices("GB").set_index("network_code").price
    assert exact.price_low["a"] == exact.price_high["a"] == pytest.approx(2 * prices[found.network["a"]])
    assert plan.price_low["a"] < plan.price_high["a"]
    for label in ("b", "f"):
        assert (
            exact.loc[label, ["price_low", "price_high"]].tolist()
            == plan.loc[label, ["price_low", "price_high"]].tolist()
        )
    assert exact.warning_code["b"] == "not_mobile"
    assert pd.isna(exact.warning_code["a"])
    with pytest.raises(nx.InvalidRequestError, match="not_mobile: [12]"):
        send_batch(exact)
    # What the answer says a message costs is what the plan says, where the network is known.
    one = exact.loc[["a"]]
    sent = send_batch(one, max_cost=one.price_high.sum())
    assert sent.state.tolist() == ["accepted"]
    with pytest.raises(nx.InvalidRequestError, match="^found: got"):
        nx.add_lookup(plan, plan)
    assert nx.add_lookup(nx.plan_sms(people, "Hi", sender="Demo", prices=False), found).price_high.isna().all()
