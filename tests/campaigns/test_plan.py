"""Plans: every row checked, priced, and added up; nothing is sent."""

from __future__ import annotations

import difflib
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from campaign_helpers import people
from helpers import connected, ending

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

PLAN_DTYPES = {
    "to": "string",
    "sender": "string",
    "text": "string",
    "country": "string",
    "kind": "string",
    "encoding": "string",
    "parts": "int64",
    "price_low": "float64",
    "price_high": "float64",
    "currency": "string",
    "problem": "string",
    "problem_code": "string",
    "warning": "string",
    "warning_code": "string",
    "duplicate_of": "string",
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
        ("+351 912 345 678",),
    ],
)
def test_recipients_come_in_any_usual_form(session: nx.Session, recipients: Any) -> None:
    assert nx.plan_sms(recipients, "Hello", sender="Demo", prices=False).to[0] == "351912345678"


def test_recipients_that_can_be_read_once_are_enough(session: nx.Session) -> None:
    recipients = iter(["+351 912 345 678"])
    assert nx.plan_sms(recipients, "Hello", sender="Demo", prices=False).to.tolist() == ["351912345678"]


def test_another_column_and_a_region(session: nx.Session) -> None:
    found = nx.plan_sms(
        pd.DataFrame({"phone": ["912 345 678"]}), "Hi", sender="Demo", to="phone", region="PT", prices=False
    )
    assert found.to.tolist() == ["351912345678"]


@pytest.mark.parametrize(
    ("row", "text", "problem"),
    [
        ({"to": "4477"}, "Hi", "too short"),
        ({"to": None}, "Hi", "missing value"),
        ({"to": "351912345678", "name": None}, "Hi {name}", "column 'name' is empty"),
        ({"to": "351912345678", "name": float("nan")}, "Hi {name}", "column 'name' is empty"),
        ({"to": "351912345678", "name": "  "}, "Hi {name}", "column 'name' is empty"),
        ({"to": "351912345678"}, "Hi {name}", "no column 'name'"),
        ({"to": "351912345678", "n": "x"}, "Hi {n:d}", "no format of text"),
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
    monkeypatch.setattr("nexmo_nb.contacts.columns.AT_ONCE", 2)
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
        ({"region": "Atlantis"}, "region"),
        ({"prices": "no"}, "prices"),
        ({"duplicates": "none"}, "duplicates"),
        ({"spelling": "ascii"}, "spelling"),
        ({"fill": "yes"}, "fill"),
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


def test_a_plan_keeps_the_index_of_the_list(session: nx.Session) -> None:
    table = pd.DataFrame({"to": people(4), "is_active": [True, False, True, True]}, index=list("abca"))
    found = nx.plan_sms(table[table.is_active], "Hi", sender="Demo")
    assert found.index.tolist() == ["a", "c", "a"]
    assert found.to.tolist() == [number for n, number in enumerate(people(4)) if n != 1]
    again = nx.plan_sms(pd.Series(people(1) * 2, index=["x", "y"]), "Hi", sender="Demo", prices=False)
    assert (again.problem["y"], again.duplicate_of["y"]) == ("to: the same number stands in row 'x'", "x")


def test_each_row_gets_the_text_of_its_language(session: nx.Session) -> None:
    table = pd.DataFrame({"to": people(4), "lang": ["pt", "EN", "pt-BR", "fr"], "name": ["Ana", "Bob", "Rui", "Zoe"]})
    texts = {"en": "Hi {name}", "pt": "Olá {name}"}
    found = nx.plan_sms(table, texts, language="lang", sender="Demo", prices=False)
    assert found.text.fillna("").tolist() == ["Olá Ana", "Hi Bob", "Olá Rui", ""]
    assert found.problem_code.dropna().tolist() == ["text_unknown_language"]


@pytest.mark.parametrize("language", [None, "tongue"])
def test_texts_by_language_need_the_column_that_tells_it(session: nx.Session, language: str | None) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^language: got"):
        nx.plan_sms(people(1), {"en": "Hi"}, language=language, sender="Demo", prices=False)


def test_a_series_of_texts_goes_by_label_and_not_by_place(session: nx.Session) -> None:
    table = pd.DataFrame({"to": people(3)}, index=["a", "b", "c"])
    texts = pd.Series({"c": "three", "a": "one"})
    found = nx.plan_sms(table, texts, sender="Demo", prices=False)
    assert found.text.fillna("").tolist() == ["one", "", "three"]
    assert found.problem_code.dropna().tolist() == ["text_missing"]
    with pytest.raises(nx.InvalidRequestError, match="labels that are unique"):
        nx.plan_sms(table, pd.Series(["x", "y"], index=["a", "a"]), sender="Demo", prices=False)


def test_a_function_writes_the_text_of_a_row(session: nx.Session) -> None:
    rows = [{"to": number, "n": n} for n, number in enumerate(people(3))]
    found = nx.plan_sms(rows, lambda row: f"{10 // row['n']}" if row["n"] < 2 else None, sender="Demo", prices=False)
    assert found.text.fillna("").tolist() == ["", "10", ""]
    assert found.problem_code.dropna().tolist() == ["text_format", "text_missing"]


def test_a_column_of_texts_is_filled_only_if_the_caller_says_so(session: nx.Session) -> None:
    table = pd.DataFrame(
        {"to": people(4)[1:], "text": ["Hi {name}", "Hi {who}", "Hi {"], "name": ["Ana", "Rui", "Eva"]}
    )
    plain = nx.plan_sms(table, sender="Demo", prices=False)
    assert plain.text.tolist() == table.text.tolist()
    assert plain.warning_code.fillna("").tolist() == ["leftover_name", "leftover_name", ""]
    filled = nx.plan_sms(table, sender="Demo", fill=True, prices=False)
    assert filled.text.fillna("").tolist() == ["Hi Ana", "", ""]
    assert filled.problem_code.fillna("").tolist() == ["", "text_missing", "text_format"]


def test_a_row_whose_number_and_text_are_doubtful_says_both():
    plan = nx.plan_sms(["2025550123"], "Hi {{name}}", sender="Demo", prices=False)
    assert plan.warning_code.tolist() == ["looks_national"]
    assert "It has no '+'" in plan.warning[0]
    assert "{name} stands in what would be sent" in plan.warning[0]


def test_what_a_number_has_comes_before_what_its_text_has(session: nx.Session) -> None:
    doubtful, good = "2025550123", "+351 912 345 678"
    table = pd.DataFrame(
        [
            [good, "Hello"], [doubtful, "Hello"], [good, "{name}"], [doubtful, "{name}"],
            [good, None], ["12", "Hello"], ["12", None], [doubtful, None], ["12", "{name}"],
        ], columns=["to", "text"],
    )  # fmt: skip
    plan = nx.plan_sms(table, sender="447700900001", duplicates="all", prices=False)
    assert plan.sender.tolist() == ["447700900001"] * len(table)
    no_text, too_short, looks_national, leftover = "text_missing", "too_short", "looks_national", "leftover_name"
    codes = [None, None, None, None, no_text, too_short, too_short, no_text, too_short]
    assert plan.problem_code.astype(object).where(plan.problem_code.notna(), None).tolist() == codes
    doubts = [None, looks_national, leftover, looks_national, *[None] * 5]
    assert plan.warning_code.astype(object).where(plan.warning_code.notna(), None).tolist() == doubts
    says_national, says_leftover = plan.warning[1], plan.warning[2]
    assert plan.warning.dropna().tolist() == [
        says_national, says_leftover, f"{says_national} {says_leftover}",
    ]  # fmt: skip
    assert plan.problem.notna().tolist() == [code is not None for code in codes]


def test_a_price_is_that_of_all_parts_and_comes_from_the_session_that_is_given(sandbox: Sandbox) -> None:
    other = connected(sandbox)
    nx.connect("sandbox").close()  # makes a current session that could not ask
    plan = nx.plan_sms([*people(1), "+44 7700 900000", "12"], "a" * 400, sender="Demo", session=other)
    assert plan.parts.tolist() == [3, 3, 0]
    for country, row in zip(("PT", "GB"), plan.itertuples(), strict=False):
        prices = nx.prices(country, session=other).price
        assert prices.min() < prices.max()
        assert (row.price_low, row.price_high) == pytest.approx((3 * prices.min(), 3 * prices.max()))
    assert plan.currency.fillna("").tolist() == ["EUR", "EUR", ""]
    # Only the countries of the plan are asked for, each once.
    assert [request["query"]["country"] for request in sandbox.requests] == ["GB", "PT"]
    other.close()


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("#N/A", "text_error_value"),
        ("nan", "text_error_value"),
        ("NULL", "text_error_value"),
        ("#REF!", "text_error_value"),
        ("\u200b\u200d", "text_error_value"),
        ("A\x00B", "text_control"),
        ("A\x1bB", "text_control"),
        ("A_x000D_\nB", ""),
        ("{x}", "leftover_name"),
    ],
)
def test_what_a_cell_should_not_hold_is_said_by_code(session: nx.Session, cell: str, code: str) -> None:
    found = nx.plan_sms([{"to": people(2)[1], "name": cell}], "Hello {name}", sender="Demo", prices=False)
    assert found.problem_code.fillna(found.warning_code).fillna("").tolist() == [code]


def test_values_of_a_column_are_written_in_one_format(session: nx.Session) -> None:
    table = pd.DataFrame(
        {"to": people(2), "day": pd.to_datetime(["2026-11-24", "2026-12-01"]), "price": [12.5, 3.25], "hours": [3, 3.5]}
    )
    found = nx.plan_sms(table, "{day} {price} {hours} {day:%d.%m.} {price:.1f}", sender="Demo", prices=False)
    assert found.text.tolist() == ["2026-11-24 12.50 3.0 24.11. 12.5", "2026-12-01 3.25 3.5 01.12. 3.2"]


def test_a_text_is_spelled_for_gsm_if_the_caller_says_so(session: nx.Session) -> None:
    texts = ["Ol\u00e1 \u201cAna\u201d", "Ok", "\u041f\u0440\u0438\u0432\u0435\u0442 \u201cAna\u201d"]
    table = pd.DataFrame({"to": people(3), "text": texts})
    found = nx.plan_sms(table, sender="Demo", spelling="gsm7", prices=False)
    assert found.text.tolist() == ['Ola "Ana"', "Ok", texts[2]]
    assert found.given_text.tolist() == texts
    assert found.encoding.tolist() == ["gsm7", "gsm7", "ucs2"]


def test_two_texts_for_one_person_stand_both_if_the_caller_says_so(session: nx.Session) -> None:
    table = pd.DataFrame({"to": people(1) * 3, "text": ["Monday", "Tuesday", "Monday"]})
    found = nx.plan_sms(table, sender="Demo", duplicates="all", prices=False)
    assert found.parts.tolist() == [1, 1, 0]
    assert found.problem[2] == "to: the same number stands in row 0"


def test_a_row_that_cannot_be_sent_is_in_no_doubt(session: nx.Session) -> None:
    found = nx.plan_sms([{"to": "+1 000 000 0000", "name": None}], "Hi {name}", sender="Demo", prices=False)
    assert (found.problem_code[0], found.warning_code.isna()[0]) == ("text_missing", True)


def test_texts_of_another_frame_are_not_given_to_a_list_by_chance(session: nx.Session) -> None:
    table = pd.DataFrame({"to": people(3), "text": ["one", "two", "three"]})
    chosen = table[table.text != "one"]
    for recipients, texts in ((chosen.to.tolist(), table.text), (chosen.to.tolist(), chosen.text)):
        with pytest.raises(nx.InvalidRequestError, match=r"^text: got .*recipients without any"):
            nx.plan_sms(recipients, texts, sender="Demo", prices=False)
    same = nx.plan_sms(chosen.to.tolist(), chosen.text.reset_index(drop=True), sender="Demo", prices=False)
    assert same.text.tolist() == nx.plan_sms(chosen, sender="Demo", prices=False).text.tolist() == ["two", "three"]


def test_a_series_of_texts_with_labels_of_another_kind_is_refused(session: nx.Session) -> None:
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])
    other = pd.MultiIndex.from_tuples([("a", 1, "x"), ("a", 2, "y")])
    for labels in (other, ["a", "b"]):
        with pytest.raises(nx.InvalidRequestError, match="^text: got"):
            nx.plan_sms(pd.DataFrame({"to": people(2)}, index=index), pd.Series(["x", "y"], labels), sender="Demo")


@pytest.mark.parametrize("name", ["to", "text", "country", "currency", "problem"])
def test_an_index_may_be_called_as_a_column_is(session: nx.Session, name: str) -> None:
    table = pd.DataFrame({"to": people(1) * 2, "text": ["One", "Two"]}, index=pd.Index(["x", "y"], name=name))
    plan = nx.plan_sms(table, sender="Demo", duplicates="all")
    assert plan.problem.isna().all()
    assert nx.summary(plan).recipients.tolist() == [2, 2]


class Hostile(float):
    """A value, and an error, that cannot be written."""

    def __str__(self) -> str:
        raise RuntimeError("hostile")

    __repr__ = __str__


class HostileError(Exception):
    __str__ = __repr__ = Hostile.__str__  # type: ignore[assignment]


def test_values_that_cannot_be_written_are_a_problem_of_their_row(session: nx.Session) -> None:
    def write(row: dict[str, Any]) -> str:
        raise HostileError

    rows = [{"to": people(1)[0], "x": Hostile(2)}]
    for text, options in ((write, {}), ({"en": "Hi"}, {"language": "x"}), ("{x!s}", {})):
        found = nx.plan_sms(rows, text, sender="Demo", prices=False, **options)
        assert found.problem_code[0] in ("text_format", "text_unknown_language")
    rows[0]["x"] = Decimal("sNaN")
    found = nx.plan_sms(pd.DataFrame(rows), "{x}", sender="Demo", prices=False)
    assert found.problem_code.tolist() == ["text_error_value"]


def test_columns_whose_names_are_written_alike_are_refused(session: nx.Session) -> None:
    table = pd.DataFrame([[people(1)[0], "number", "text"]], columns=["to", 1, "1"])
    with pytest.raises(nx.InvalidRequestError, match="names of their own"):
        nx.plan_sms(table, "{1}", sender="Demo", prices=False)


def test_a_sparse_column_is_read_as_any_other(session: nx.Session) -> None:
    table = pd.DataFrame({"to": people(2), "x": pd.arrays.SparseArray([0.5, 1.0])})
    assert nx.plan_sms(table, "{x}", sender="Demo", prices=False).text.tolist() == ["0.5", "1.0"]


def test_no_likely_country_is_looked_for_where_regions_of_many_rows_are_none(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compare(*_: Any, **__: Any) -> Any:
        raise AssertionError("a comparison for each row would take minutes")

    monkeypatch.setattr(difflib, "get_close_matches", compare)
    monkeypatch.setattr(difflib, "SequenceMatcher", compare)
    towns = [f"Town {n} of nowhere" for n in range(2000)] + ["Lond on " * 100_000]
    table = pd.DataFrame({"to": ["912 345 678"] * len(towns), "r": towns})
    with ending():
        found = nx.plan_sms(table, "Hi", sender="Demo", region="r", prices=False)
    assert set(found.problem_code) == {"unknown_region"}


@pytest.mark.parametrize("dtype", ["float64", "float32", "Float64", "double[pyarrow]", "float[pyarrow]"])
def test_a_float_column_of_every_kind_fills_a_text(session: nx.Session, dtype: str) -> None:
    for values, texts in (([2.0, None], ["2", ""]), ([2.5, 3.0], ["2.5", "3.0"]), ([np.inf, 2.5], ["", "2.5"])):
        table = pd.DataFrame({"to": people(2), "x": pd.Series(values, dtype=dtype)})
        assert nx.plan_sms(table, "{x}", sender="Demo", prices=False).text.fillna("").tolist() == texts


def test_the_language_of_a_row_finds_the_text_that_is_nearest_to_it(session: nx.Session) -> None:
    texts = {"pt_BR": "Oi", "pt": "Olá", "zh-Hant": "Traditional", "zh": "Simplified"}
    spoken = ["pt-BR", "PT_br", "pt-PT", "zh-Hant-TW", "zh-CN", "p", "-", ""]
    rows = pd.DataFrame({"to": people(len(spoken)), "lang": spoken})
    found = nx.plan_sms(rows, texts, language="lang", sender="Demo", prices=False)
    assert found.text.fillna("").tolist() == ["Oi", "Oi", "Olá", "Traditional", "Simplified", "", "", ""]
    with pytest.raises(nx.InvalidRequestError, match="one text for each language"):
        nx.plan_sms(rows, {"pt-BR": "Oi", "pt_br": "Olá"}, language="lang", sender="Demo", prices=False)


@pytest.mark.parametrize("cell", [["Hello"], b"Hello", {"a": 1}, ("Hello",)])
def test_a_text_that_holds_other_values_is_none(session: nx.Session, cell: Any) -> None:
    found = nx.plan_sms([{"to": people(1)[0], "text": cell}], sender="Demo", prices=False)
    assert found.problem_code.tolist() == ["text_format"]
