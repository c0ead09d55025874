"""Where a text comes from, and what is said where a row gets none: word for word, for people read it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from campaign_helpers import people

import nexmo_nb as nx


def plan(table: Any, text: Any, **options: Any) -> pd.DataFrame:
    return nx.plan_sms(table, text, sender="Demo", prices=False, **options)


TABLE = pd.DataFrame({"to": people(3), "lang": ["pt_BR", "EN", "fr"], "name": ["Ana", "Bob", "Eve"]})
SPOKEN = {"pt": "Olá {name}", "en": "Hello {name}"}


def test_each_gets_the_text_of_his_language_and_who_has_none_is_named(session: nx.Session) -> None:
    found = plan(TABLE, SPOKEN, language="lang")
    assert found.text.fillna("").tolist() == ["Olá Ana", "Hello Bob", ""]
    assert found.problem.fillna("").tolist() == ["", "", "text: There is no text in the language 'fr' of 'lang'."]


@pytest.mark.parametrize(
    ("spoken", "text"),
    [
        ("zh-hant-tw", "traditional"), ("zh_Hant", "traditional"), ("zh-TW", "any"), (" ZH ", "any"), ("zh", "any"),
        ("zhx", None), ("", None), (None, None), (5, None), ("-", None), ("hant", None),
    ],
)  # fmt: skip
def test_the_nearest_text_of_a_language_is_taken(session: nx.Session, spoken: Any, text: str | None) -> None:
    table = pd.DataFrame({"to": people(1), "lang": pd.Series([spoken], dtype=object)})
    found = plan(table, {"zh": "any", "zh-hant": "traditional"}, language="lang")
    assert found.text.fillna("").tolist() == [text or ""]
    assert found.problem_code.fillna("").tolist() == ["" if text else "text_unknown_language"]


def test_a_number_is_no_language(session: nx.Session) -> None:
    table = pd.DataFrame({"to": people(2), "lang": pd.Series([5, None], dtype=object)})
    texts = {"5": "five", "none": "nothing", "nan": "nothing", "<na>": "nothing"}
    assert plan(table, texts, language="lang").problem_code.tolist() == ["text_unknown_language"] * 2


def test_texts_of_no_language_are_no_text_of_an_empty_cell(session: nx.Session) -> None:
    table = pd.DataFrame({"to": people(2), "lang": ["", "en"]})
    assert plan(table, {"": "nothing", "en": "Hello"}, language="lang").text.fillna("").tolist() == ["", "Hello"]


LABELLED = pd.Series(["a", "b", "b"], index=["x", "y", "y"])


@pytest.mark.parametrize(
    ("table", "text", "options", "words"),
    [
        (TABLE, SPOKEN, {"language": "tongue"},
         "language: got 'tongue'; allowed: a column; there are to, lang, name."),
        (TABLE, {"pt-BR": "a", "pt_br": "b"}, {"language": "lang"},
         "text: got 'pt-BR, pt_br'; allowed: one text for each language."),
        (TABLE, LABELLED, {}, "text: got 'a Series whose labels repeat'; allowed: a Series with the index of the "
         "recipients, or labels that are unique."),
        (TABLE, pd.Series(["a"], index=pd.MultiIndex.from_tuples([("x", 1)])), {},
         "text: got 'a Series with other labels'; allowed: one with the index of the recipients."),
        (TABLE, "Hello", {"language": "lang"}, "language: got 'lang'; allowed: the name of a column, together with a "
         "mapping of languages to texts."),
        (people(2), pd.Series(["a", "b"], index=[1, 0]), {}, "text: got 'a Series with labels, and recipients without "
         "any'; allowed: recipients with the index of the texts, as a frame or a Series. Give the texts as "
         "text.reset_index(drop=True), if they are in the order of the list."),
    ],
)  # fmt: skip
def test_texts_that_fit_no_row_are_refused(
    session: nx.Session, table: Any, text: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(nx.InvalidRequestError) as caught:
        plan(table, text, **options)
    assert str(caught.value) == words


def test_a_series_of_texts_is_read_by_its_labels(session: nx.Session) -> None:
    table = pd.DataFrame({"to": people(3)}, index=["x", "y", "z"])
    assert plan(table, pd.Series({"z": "c", "x": "a", "y": "b"})).text.tolist() == ["a", "b", "c"]
    repeated = table.set_axis(["x", "y", "y"])
    assert plan(repeated, LABELLED).text.tolist() == ["a", "b", "b"]


class Odd:
    def __str__(self) -> str:
        raise ZeroDivisionError


def fail(row: dict[str, Any]) -> str:
    raise LookupError(f"no {row['name']}\nhere")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (fail, "text_format", "text: The function raised LookupError: no Ana here"),
        (lambda _: 5, "text_missing", "text: The function gave int, no text."),
        (lambda _: " ", "text_missing", "text: It is empty."),
        (pd.Series([Odd()], dtype=object), "text_format", "text: It cannot be written (ZeroDivisionError)."),
        (lambda _: "a" * 3201, "text_too_long", "text: It has 3,201 characters; allowed: 1 to 3,200."),
    ],
)
def test_a_text_that_cannot_be_written_is_a_problem_of_its_row(
    session: nx.Session, text: Any, code: str, words: str
) -> None:
    assert plan(TABLE[:1], text)[["problem_code", "problem"]].values.tolist() == [[code, words]]


def test_a_column_of_texts_is_filled_only_where_it_is_asked_for(session: nx.Session) -> None:
    table = TABLE.assign(text=["Olá {name}", "{odd}", "{"])
    filled = plan(table, None, fill=True)
    assert filled.text.fillna("").tolist() == ["Olá Ana", "", ""]
    assert filled.problem_code.fillna("").tolist()[0] == ""
    assert filled.problem.notna().tolist() == [False, True, True]
    assert plan(table, None).text.tolist() == ["Olá {name}", "{odd}", "{"]
    with pytest.raises(nx.InvalidRequestError, match="^text: got None; allowed: a text, .* a column 'text'[.]$"):
        plan(TABLE, None)


def test_a_name_in_braces_that_is_left_over_is_in_doubt(session: nx.Session) -> None:
    found = plan(TABLE[:1], pd.Series(["Hi {nmae}"]))
    assert found.text.tolist() == ["Hi {nmae}"]
    assert found[["warning_code", "warning"]].values.tolist() == [
        ["leftover_name", "text: {nmae} stands in what would be sent: is it the name of a column?"]
    ]


def test_a_cell_that_holds_an_error_is_named_by_its_column(session: nx.Session) -> None:
    found = plan(TABLE.assign(text="#REF!"), None)
    assert found.problem.str.contains("'text'").all()


@pytest.mark.parametrize(
    ("length", "kind", "problem"),
    [
        (3200, "auto", None),
        (3201, "auto", "text: It has 3,201 characters; allowed: 1 to 3,200."),
        (1, "text", None),
    ],
)
def test_a_text_has_its_bounds(session: nx.Session, length: int, kind: str, problem: str | None) -> None:
    found = plan(people(1), lambda _: "a" * length, type=kind).problem
    assert found.isna()[0] if problem is None else found[0] == problem


def test_what_gsm_lacks_is_named_where_only_gsm_is_allowed(session: nx.Session) -> None:
    found = plan(people(1), lambda _: "ж" + "ёабвгдеєзи" + "й", type="text")
    words = "text: Outside GSM-7 are 'ж' 'ё' 'а' 'б' 'в' 'г' 'д' 'е' 'є' 'з': replace them, or plan with type='auto'."
    assert found[["problem_code", "problem"]].values.tolist() == [["text_encoding", words]]
    assert plan(people(1), lambda _: "a", type="unicode").encoding.tolist() == ["ucs2"]
