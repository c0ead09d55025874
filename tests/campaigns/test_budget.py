"""Fitting a plan to an amount: as many rows, in order, as it buys, and the others say why they are not sent."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import make_plan, send_batch
from hypothesis import given
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox


def priced(*prices: float | None, **columns: Any) -> pd.DataFrame:
    """Make a plan with these high prices."""
    count = len(prices)
    texts = {"to": [f"35191{n:07d}" for n in range(count)], "sender": "Demo", "text": "Hi", "country": "PT"}
    table = pd.DataFrame({**texts, "encoding": "gsm7"}, index=range(count)).astype("string")
    money = {
        "parts": 1,
        "price_low": pd.Series(prices, dtype="float64") / 2,
        "price_high": pd.Series(prices, dtype="float64"),
    }
    empty = pd.array([None] * count, dtype="string")
    currency = pd.array(["EUR"] * count, dtype="string")
    return table.assign(**money, currency=currency, problem=empty, problem_code=empty, **columns)


def test_the_rows_that_the_money_buys_are_kept_in_order() -> None:
    plan = priced(0.1, 0.2, 0.3, 0.1).set_axis(["a", "b", "b", "d"])
    before = plan.copy()
    found = nx.fit_budget(plan, 0.35)
    assert found.problem.isna().tolist() == [True, True, False, False]
    assert found.problem_code.tolist()[2:] == ["over_budget"] * 2
    assert found.problem.iloc[2] == "budget: 0.35 is spent on the rows before this one"
    assert (found.parts.tolist(), found.price_high.isna().tolist()) == ([1, 1, 0, 0], [False, False, True, True])
    assert found.price_low.isna().tolist() == found.price_high.isna().tolist()
    assert found.index.tolist() == ["a", "b", "b", "d"]
    pd.testing.assert_series_equal(found.dtypes, plan.dtypes)
    pd.testing.assert_frame_equal(plan, before)


def test_an_amount_that_is_just_enough_is_enough() -> None:
    # 0.1 + 0.2 is more than 0.3 in binary floating point.
    assert nx.fit_budget(priced(0.1, 0.2), 0.3).problem.isna().all()
    assert nx.fit_budget(priced(0.1), 0).problem.notna().all()
    assert nx.fit_budget(priced(0.0, 0.0), 0).problem.isna().all()


@pytest.mark.parametrize("missing", [None, pd.NA, float("nan")])
def test_a_price_may_be_missing_in_any_way(missing: Any) -> None:
    plan = priced(0.1, 0.2).astype({"price_high": object})
    plan.loc[1, "price_high"] = missing
    assert nx.fit_budget(plan, 5).problem.fillna("").tolist() == ["", "budget: no price is known for this row"]


@pytest.mark.parametrize("price", [1000.1, 10_000.7])
def test_many_prices_are_added_up_exactly(price: float) -> None:
    """A running sum of these is too high, or too low, by more than a rounding is forgiven."""
    exact = math.fsum([price] * 3000)
    plan = priced(*[price] * 3000)
    assert nx.fit_budget(plan, exact).problem.isna().all()
    assert nx.fit_budget(plan, exact - 1e-6).problem.isna().sum() == 2999


@pytest.mark.parametrize("price", [1000.1, 10_000.7])
@pytest.mark.parametrize("count", [1, 2, 2999, 3000])
def test_the_exact_sum_of_the_first_rows_buys_them_and_no_other(price: float, count: int) -> None:
    plan = priced(*[price] * 3002)
    for amount, bought in ((math.fsum([price] * count), count), (math.fsum([price] * count) - 1e-6, count - 1)):
        assert nx.fit_budget(plan, amount).problem.isna().sum() == bought


@pytest.mark.parametrize("dtype", ["float64", "Float64", "object"])
def test_prices_may_be_kept_in_any_way(dtype: str) -> None:
    plan = priced(0.1, None, 0.2)
    plan[["price_low", "price_high"]] = plan[["price_low", "price_high"]].astype(dtype)
    found = nx.fit_budget(plan, 0.1)
    assert found.problem.isna().tolist() == [True, False, False]
    assert found.price_low.isna().tolist() == found.price_high.isna().tolist() == [False, True, True]


def test_a_row_without_a_price_is_left_out_and_a_row_with_a_problem_costs_nothing() -> None:
    plan = priced(None, 5.0, 0.1, 0.1)
    plan.loc[1, ["problem", "problem_code"]] = ["to: no", "too_short"]
    found = nx.fit_budget(plan, 0.1)
    assert found.problem.tolist()[:2] == ["budget: no price is known for this row", "to: no"]
    assert found.problem_code.fillna("").tolist() == ["over_budget", "too_short", "", "over_budget"]


def test_a_plan_of_before_keeps_its_columns() -> None:
    plan = priced(0.1, 0.1).drop(columns="problem_code")
    plan["problem"] = float("nan")  # as a CSV gives a column that is empty
    found = nx.fit_budget(plan, 0.1)
    assert found.columns.tolist() == plan.columns.tolist()
    assert found.problem.isna().tolist() == [True, False]
    plan["problem_code"] = float("nan")
    assert nx.fit_budget(plan, 0.1).problem_code.fillna("").tolist() == ["", "over_budget"]


def test_an_empty_plan_and_one_of_problems_stay_as_they_are() -> None:
    assert len(nx.fit_budget(priced(), 1)) == 0
    plan = priced(0.1)
    plan["problem"] = pd.array(["to: no"], dtype="string")
    pd.testing.assert_frame_equal(nx.fit_budget(plan, 1), plan)


def test_several_currencies_are_refused() -> None:
    plan = priced(0.1, 0.1)
    plan.loc[0, "currency"] = "USD"
    with pytest.raises(
        nx.InvalidRequestError,
        match="^plan: got 'USD, EUR'; allowed: a plan in one currency[.] Plan each by itself[.]$",
    ):
        nx.fit_budget(plan, 1)
    plan.loc[0, "problem"] = "to: no"
    assert nx.fit_budget(plan, 1).problem.isna().tolist() == [False, True]


@pytest.mark.parametrize("amount", [-1, float("nan"), float("inf"), "5", None, True])
def test_a_wrong_amount_is_refused(amount: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^amount: got"):
        nx.fit_budget(priced(0.1), amount)


@given(
    prices=st.lists(st.one_of(st.none(), st.floats(0, 1e6)), max_size=12),
    amount=st.floats(0, 1e7),
)
def test_the_cap_of_the_same_amount_never_refuses_what_was_kept(prices: list[float | None], amount: float) -> None:
    found = nx.fit_budget(priced(*prices), amount)
    kept = found[found.problem.isna()]
    assert math.fsum(kept.price_high) <= amount + 1e-9
    known = [price for price in prices if price is not None]
    if len(kept) < len(known):
        assert math.fsum(known[: len(kept) + 1]) > amount + 1e-9
    assert kept.price_high.tolist() == known[: len(kept)]


def test_a_fitted_plan_is_sent_under_the_cap_and_the_rest_later(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(7)
    amount = float(plan.price_high.iloc[0]) * 3.5
    found = send_batch(nx.fit_budget(plan, amount), max_cost=amount)
    assert found.state.tolist() == ["accepted"] * 3 + ["problem"] * 4
    assert set(send_batch(plan).state) == {"accepted"}
    assert len(sandbox.messages) == 7
