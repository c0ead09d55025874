"""Plans: every row checked, priced, and added up; nothing is sent."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from campaign_helpers import people

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

PLAN_DTYPES = {
    "to": "string",
    "sender": "string",
    "text": "string",
    "country": "string",
    "encoding": "string",
    "parts": "int64",
    "price_low": "float64",
    "price_high": "float64",
    "currency": "string",
    "problem": "string",
}


def test_a_plan_says_who_gets_what_in_how_many_parts_at_what_price(session: nx.Session, sandbox: Sandbox) -> None:
    table = pd.DataFrame({"to": ["+351 912 345 678", "0044 7700 900000"], "name": ["Ana", "Rui"], "days": [3, 10]})
    found = nx.plan_sms(table, "Olá {name}, faltam {days} dias", sender="Demo")
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == PLAN_DTYPES
    assert found.to.tolist() == ["351912345678", "447700900000"]
    assert found.text.tolist() == ["Olá Ana, faltam 3 dias", "Olá Rui, faltam 10 dias"]
    assert found.country.tolist() == ["PT", "GB"]
    assert (found.encoding.unique().tolist(), found.parts.tolist()) == (["ucs2"], [1, 1])
    assert found.problem.isna().all()
    prices = nx.prices("PT").price
    assert (found.price_low[0], found.price_high[0]) == (prices.min(), prices.max())
    assert sandbox.messages == []


def test_an_empty_plan_has_the_same_columns(session: nx.Session) -> None:
    for empty in ([], pd.Series([], dtype=str), pd.DataFrame({"to": []})):
        found = nx.plan_sms(empty, "Hello", sender="Demo")
        assert {name: str(dtype) for name, dtype in found.dtypes.items()} == PLAN_DTYPES


@pytest.mark.parametrize(
    "recipients",
    [
        ["351912345678"],
        [351912345678],
        pd.Series([351912345678]),
        pd.Series([351912345678.0, float("nan")]),
        pd.DataFrame({"to": [351912345678]}),
        [{"to": "351912345678"}],
        iter(["+351 912 345 678"]),
    ],
)
def test_recipients_come_in_any_usual_form(session: nx.Session, recipients: Any) -> None:
    assert nx.plan_sms(recipients, "Hello", sender="Demo", prices=False).to[0] == "351912345678"


def test_another_column_and_a_region(session: nx.Session) -> None:
    found = nx.plan_sms(
        pd.DataFrame({"phone": ["912 345 678"]}), "Hi", sender="Demo", to="phone", region="PT", prices=False
    )
    assert found.to.tolist() == ["351912345678"]


@pytest.mark.parametrize(
    ("row", "text", "problem"),
    [
        ({"to": "4477"}, "Hi", "too short"),
        ({"to": None}, "Hi", "got None"),
        ({"to": "351912345678", "name": None}, "Hi {name}", "column 'name' is empty"),
        ({"to": "351912345678", "name": float("nan")}, "Hi {name}", "column 'name' is empty"),
        ({"to": "351912345678", "name": "  "}, "Hi {name}", "column 'name' is empty"),
        ({"to": "351912345678"}, "Hi {name}", "no column 'name'"),
        ({"to": "351912345678", "n": "x"}, "Hi {n:d}", "cannot be filled"),
        ({"to": "351912345678", "n": "x" * 3300}, "Hi {n}", "3,303 characters"),
        ({"to": "351912345678", "text": ""}, None, "empty"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_in_the_row(
    session: nx.Session, row: dict[str, Any], text: Any, problem: str
) -> None:
    good = {"to": "351912345679", "name": "Ana", "n": 5, "text": "Hi"}
    other = {name: value for name, value in good.items() if name in row}
    found = nx.plan_sms([row, other], text, sender="Demo", prices=False)
    assert problem in found.problem[0]
    assert found.parts[0] == 0


def test_a_half_filled_text_is_never_planned(session: nx.Session) -> None:
    found = nx.plan_sms([{"to": "351912345678", "a": "x", "b": None}], "{a} and {b}", sender="Demo", prices=False)
    assert found.text.isna().all()


def test_the_second_row_of_a_number_is_a_problem_however_it_is_spelled(session: nx.Session) -> None:
    found = nx.plan_sms(["351912345678", "+351 912 345 678", "00351912345678"], "Hi", sender="Demo", prices=False)
    assert found.problem.isna().tolist() == [True, False, False]
    assert "row 0" in found.problem[1]


def test_a_plan_of_many_pieces_is_as_one_of_a_single_piece(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame(
        {
            "to": ["351912345678", "12", None, "447700900000", "+351 912 345 678", "264811234567"],
            "days": [1, 2, None, 4, 5, 6],
        }
    )
    whole = nx.plan_sms(table, "{days} days", sender="Demo")
    monkeypatch.setattr("nexmo_nb.campaigns.plan.AT_ONCE", 2)
    pd.testing.assert_frame_equal(nx.plan_sms(table, "{days} days", sender="Demo"), whole)
    assert whole.text.dropna().tolist() == ["1 days", "4 days", "5 days", "6 days"]
    assert whole.problem[4] == "to: the same number stands in row 0"


def test_a_row_that_cannot_be_sent_keeps_no_other_from_its_number(session: nx.Session) -> None:
    rows = [{"to": "351912345678", "name": name} for name in (None, "Ana", "Rui", "Eva")]
    found = nx.plan_sms(rows, "Hi {name}", sender="Demo")
    assert found.parts.tolist() == [0, 1, 0, 0]
    assert found.problem.tolist()[2:] == ["to: the same number stands in row 1"] * 2
    assert found.price_high.notna().tolist() == found.currency.notna().tolist() == [False, True, False, False]


def test_two_columns_of_one_name_are_refused(session: nx.Session) -> None:
    table = pd.DataFrame([["351912345678", "Ana", "Eva"]], columns=["to", "name", "name"])
    with pytest.raises(nx.InvalidRequestError, match="names of their own"):
        nx.plan_sms(table, "Hi {name}", sender="Demo", prices=False)


def test_whole_numbers_of_a_column_with_a_gap_stay_whole_in_the_text(session: nx.Session) -> None:
    table = pd.DataFrame({"to": people(2), "days": [3, None]})
    assert nx.plan_sms(table, "{days} days", sender="Demo", prices=False).text.fillna("").tolist() == ["3 days", ""]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"recipients": "351912345678"}, "recipients"),
        ({"recipients": 5}, "recipients"),
        ({"recipients": pd.DataFrame({"phone": ["1"]})}, "to"),
        ({"text": "Hi {"}, "text"),
        ({"text": "Hi {}"}, "text"),
        ({"text": "Hi {name.first}"}, "text"),
        ({"text": None}, "text"),
        ({"text": 5}, "text"),
        ({"sender": "TwelveLetter"}, "sender"),
        ({"type": "binary"}, "type"),
        ({"region": "UK"}, "region"),
    ],
)
def test_what_no_row_could_mend_is_refused(session: nx.Session, arguments: dict[str, Any], names: str) -> None:
    call = {"recipients": people(1), "text": "Hi", "sender": "Demo", "prices": False, **arguments}
    with pytest.raises(nx.InvalidRequestError, match=f"^{names}: got"):
        nx.plan_sms(call.pop("recipients"), call.pop("text"), **call)


def test_braces_can_be_written(session: nx.Session) -> None:
    assert nx.plan_sms(people(1), "{{ok}}", sender="Demo", prices=False).text.tolist() == ["{ok}"]


def test_a_plan_adds_up_by_country(session: nx.Session) -> None:
    found = nx.plan_sms([*people(3), "+44 7700 900000", "12"], "Hello", sender="Demo")
    total = nx.summary(found)
    shown = total.set_index(["country", "currency"])
    assert shown.loc[("PT", "EUR"), "recipients"] == 3
    assert shown.loc[("total", "EUR"), "price_high"] == pytest.approx(found.price_high.sum())
    assert total.country.tolist() == ["GB", "PT", "unknown", "total"]
    assert total.problems.tolist() == [0, 0, 1, 1]


def test_the_summary_of_nothing_is_empty(session: nx.Session) -> None:
    assert len(nx.summary(nx.plan_sms([], "Hello", sender="Demo"))) == 0
    with pytest.raises(nx.InvalidRequestError, match="^plan: got"):
        nx.summary(pd.DataFrame())
