"""What a plan adds up to: what can be sent, what is in doubt, and what has no price."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from campaign_helpers import make_plan, people

import nexmo_nb as nx
from nexmo_nb.campaigns.plan_sums import check_plan, find_doubtful

COLUMNS = ["country", "recipients", "parts", "price_low", "price_high", "currency", "problems", "doubtful", "unpriced"]


def test_doubts_and_rows_without_a_price_are_counted(session: nx.Session) -> None:
    plan = nx.plan_sms([*people(4), "+44 7700 900000"], "Hello", sender="Demo")
    plan["warning"] = pd.array(["odd", "odd", None, None, "odd"], dtype="string")
    plan.loc[0, "problem"] = "to: no"
    plan.loc[3, ["price_low", "price_high"]] = float("nan")
    found = nx.summary(plan.set_axis(["x"] * 5))
    assert found.columns.tolist() == COLUMNS
    assert found[["country", "recipients", "problems", "doubtful", "unpriced"]].values.tolist() == [
        ["GB", 1, 0, 1, 0],
        ["PT", 3, 1, 1, 1],
        ["total", 4, 1, 2, 1],
    ]
    good = plan[plan.problem.isna()]
    for name in ("price_low", "price_high"):
        sums = [good[name].iloc[-1], good[name].iloc[:-1].sum(), good[name].sum()]
        assert found[name].tolist() == pytest.approx(sums)
    assert (found.doubtful.dtype, found.unpriced.dtype) == ("int64", "int64")


def test_a_plan_of_before_has_no_doubts(session: nx.Session) -> None:
    new = ["kind", "problem_code", "warning", "warning_code", "duplicate_of"]
    plan = make_plan(3, prices=False).drop(columns=new, errors="ignore")
    found = nx.summary(plan)
    assert found[["doubtful", "unpriced"]].values.tolist() == [[0, 3], [0, 3]]
    assert found[["price_low", "price_high", "currency"]].isna().all(axis=None)
    assert find_doubtful(plan).dtype == "bool"


@pytest.mark.parametrize("name", ["warning", "warning_code", "problem", "text"])
@pytest.mark.parametrize("value", [5, b"x", ["x"]])
def test_something_else_than_text_is_no_plan(session: nx.Session, name: str, value: Any) -> None:
    plan = make_plan(1)
    plan[name] = pd.Series([value], dtype=object)
    with pytest.raises(nx.InvalidRequestError, match="^plan: got"):
        nx.summary(plan)


def row(
    country: str | None, currency: str | None, problem: str | None = None, high: float | None = 0.2
) -> dict[str, Any]:
    money = {"price_low": None if high is None else high / 2, "price_high": high, "currency": currency}
    texts = {"to": "447700900001", "sender": "Demo", "text": "Hello", "encoding": "gsm7"}
    return {**texts, "country": country, **money, "parts": 0 if problem else 2, "problem": problem, "warning": None}


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        # What cannot be sent has no currency of its own, and makes no line of its own.
        (
            [row("PT", "EUR"), row("PT", None, "to: no", None), row(None, None, "to: no", None)],
            [["PT", 1, 2, 0.1, 0.2, "EUR", 1, 0, 0], ["unknown", 0, 0, None, None, "EUR", 1, 0, 0],
             ["total", 1, 2, 0.1, 0.2, "EUR", 2, 0, 0]],
        ),
        # Where there are several, they are not added.
        (
            [row("PT", "EUR"), row("PT", "USD", high=0.4), row("PT", None, "to: no", None)],
            [["PT", 1, 2, 0.1, 0.2, "EUR", 0, 0, 0], ["PT", 1, 2, 0.2, 0.4, "USD", 0, 0, 0],
             ["PT", 0, 0, None, None, None, 1, 0, 0], ["total", 1, 2, 0.1, 0.2, "EUR", 0, 0, 0],
             ["total", 1, 2, 0.2, 0.4, "USD", 0, 0, 0], ["total", 0, 0, None, None, None, 1, 0, 0]],
        ),
        # One row with a price among two makes a sum; none makes none.
        (
            [row("PT", "EUR"), row("PT", "EUR", high=None), row("GB", "EUR", high=None)],
            [["GB", 1, 2, None, None, "EUR", 0, 0, 1], ["PT", 2, 4, 0.1, 0.2, "EUR", 0, 0, 1],
             ["total", 3, 6, 0.1, 0.2, "EUR", 0, 0, 2]],
        ),
        ([row("PT", None, high=None)], [["PT", 1, 2, None, None, None, 0, 0, 1],
                                        ["total", 1, 2, None, None, None, 0, 0, 1]]),
        ([], []),
    ],
)  # fmt: skip
def test_each_country_and_currency_is_a_line_and_nothing_else(rows: list[dict[str, Any]], lines: list[Any]) -> None:
    table = pd.DataFrame(rows, columns=list(row("PT", "EUR")))
    table = table.astype(dict.fromkeys(("price_low", "price_high"), "float64") | {"parts": "int64"})
    # An index may be called as a column is.
    found = nx.summary(table.set_index(pd.Index(["x"] * len(rows), name="country"))).astype(object)
    assert found.where(found.notna(), None).values.tolist() == lines


def plan_with(**cells: Any) -> pd.DataFrame:
    return pd.DataFrame([{**row("PT", "EUR"), **cells}])


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (5, "plan: got 'int'; allowed: a frame of plan_sms() with the columns to, sender, text, country, encoding, "
         "parts, price_low, price_high, currency, problem."),
        (plan_with(parts="2"), "frame: got 'str in parts'; allowed: numbers in parts."),
        (plan_with(price_low="0.1"), "frame: got 'str in price_low'; allowed: numbers in price_low."),
        (plan_with(price_high="0.2"), "frame: got 'str in price_high'; allowed: numbers in price_high."),
        (plan_with(text=b"x"), "plan: got b'x'; allowed: a frame of plan_sms(), with text in its columns of text."),
        *[
            (plan_with(**{name: price}),
             "plan: got 'a price that is none'; allowed: a frame of plan_sms(), with prices of 0 or more.")
            for name in ("price_low", "price_high")
            for price in (-0.0001, float("inf"))
        ],
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused_in_words(plan: Any, words: str) -> None:
    with pytest.raises(nx.InvalidRequestError) as caught:
        check_plan(plan)
    assert str(caught.value).replace("object in", "str in") == words


@pytest.mark.parametrize("missing", [None, pd.NA, float("nan")])
def test_a_plan_may_hold_prices_of_zero_and_cells_of_any_kind_of_missing_value(missing: Any) -> None:
    cells = {"text": missing, "sender": "Demo", "price_low": 0, "price_high": missing}
    check_plan(plan_with(**cells).astype(dict.fromkeys(cells, object)))
    check_plan(plan_with(price_low=0, price_high=missing).astype({"price_low": "int64", "price_high": "Float64"}))


def test_parts_without_end_are_refused(session: nx.Session) -> None:
    plan = nx.plan_sms(["+351 912 345 678"], "Hello", sender="Demo").astype({"parts": "float64"})
    plan.loc[0, "parts"] = float("inf")
    with pytest.raises(nx.InvalidRequestError, match="^plan: got 'parts without end'"):
        nx.summary(plan)
