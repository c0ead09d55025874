"""What the campaign form makes of a list, and of what is typed beside it; and the files that it hands out."""

from __future__ import annotations

import io
from datetime import date

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.campaigns.progress import WORDS
from nexmo_nb.forms.campaign_list import (
    Columns,
    check_texts,
    count_languages,
    guess_columns,
    list_fields,
    list_untold,
    name_batch,
    read_amount,
)
from nexmo_nb.forms.downloads import name_file, write_csv
from nexmo_nb.forms.words import LANGUAGES


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["name", "phone", "language", "country"], Columns("phone", "language", "country")),
        (["Nome", "Telemóvel", "Idioma", "País"], Columns("Telemóvel", "Idioma", "País")),
        (["phone", "mobile_number", "to"], Columns("to")),
        (["Customer phone", "lang_code", "home country"], Columns("Customer phone", "lang_code", "home country")),
        (["tomorrow", "island"], Columns()),
    ],
)
def test_columns_are_guessed_by_their_names(names: list[str], expected: Columns) -> None:
    assert guess_columns(pd.DataFrame([["x"] * len(names)], columns=names)) == expected


def test_numbers_without_a_name_are_guessed_by_what_stands_there() -> None:
    table = pd.DataFrame({"a": ["Ana", "Rui"], "b": ["+44 7700 900123", None], "c": ["07700 900124", "x"]})
    assert guess_columns(table).to == "b"


def test_only_what_a_text_can_name_is_offered_as_a_field() -> None:
    names = ["name", "First name", "a.b", "a[0]", "a:b", "a{b", "!", ""]
    assert list_fields(names) == ["name", "First name"]


def test_languages_are_counted_as_texts_are_found_by_them() -> None:
    assert count_languages(pd.Series(["pt", "PT ", "pt_BR", None, "", "en"])) == {"pt": 2, "pt-br": 1, "en": 1}
    assert list_untold({"pt": "Oi", "pt-br": "", "en": " ", "": ""}) == ["en"]


@pytest.mark.parametrize(
    ("written", "amount"), [("", None), (" ", None), ("40", 40), ("40,5", 40.5), (" 40.50 ", 40.5)]
)
def test_amounts_are_read_as_people_write_them(written: str, amount: float | None) -> None:
    assert read_amount(written) == amount


@pytest.mark.parametrize("written", ["1,000", "1.000,50", "-1", "forty", "EUR 40", "1e3", "٤٠"])
def test_an_amount_that_could_be_another_one_is_refused(written: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match="such as 40 or 40.50"):
        read_amount(written)


def test_a_batch_is_named_after_the_first_free_name_of_its_day() -> None:
    taken = {"campaign 2026-11-27", "campaign 2026-11-27 (2)"}
    assert name_batch("campaign", date(2026, 11, 27), taken.__contains__) == "campaign 2026-11-27 (3)"


def test_a_text_may_name_columns_only() -> None:
    check_texts({"en": "Hi {name}", "pt": ""}, ["name"])
    with pytest.raises(nx.InvalidRequestError, match="allowed: the columns of the list, {name}"):
        check_texts({"": "Hi {nobody}"}, ["name"])
    with pytest.raises(nx.InvalidRequestError, match="at least one character"):
        check_texts({"en": " ", "pt": ""}, ["name"])


def test_no_cell_of_a_file_is_a_formula_or_loses_digits() -> None:
    cells = ["=1+1", "+44 7700 900123", "-5.00", "-1+1", "@SUM(A1)", "\t=1", "+cmd|' /C calc'!A0", "a=b", None]
    table = pd.DataFrame({"=name": cells, "amount": [-1.5] * len(cells)})
    found = pd.read_csv(io.BytesIO(write_csv(table)), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    assert found["'=name"].tolist() == [
        "'=1+1", "'+44 7700 900123", "'-5.00", "'-1+1", "'@SUM(A1)", "'\t=1", "'+cmd|' /C calc'!A0", "a=b", "",
    ]  # fmt: skip
    assert set(found.amount) == {"-1.5"}


@pytest.mark.parametrize(("name", "file"), [("a b", "a b.csv"), ("../a/b:c", "_a_b_c.csv"), ("..", "campaign.csv")])
def test_a_name_becomes_that_of_a_file(name: str, file: str) -> None:
    assert name_file(name) == file


def test_every_language_has_the_words_of_the_progress() -> None:
    for words in LANGUAGES.values():
        assert {name for name in words if name.startswith("progress_")} == {f"progress_{name}" for name in WORDS}
    assert {name: LANGUAGES["en"][f"progress_{name}"] for name in WORDS} == dict(WORDS)
