"""Lists of contacts: every row has a number, a problem or a warning, and stays where it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.contacts.cells import PROBLEMS
from nexmo_nb.contacts.numbers import WARNINGS

US = [f"+1202{exchange}{n:04d}" for n, exchange in enumerate(range(230, 260))]
COLUMNS = ["to", "country", "kind", "problem", "problem_code", "warning", "warning_code", "duplicate_of"]
NOT_ISSUED = "+44 7700 900123"


def codes(contacts: Any, **options: Any) -> list[Any]:
    table = nx.clean_contacts(contacts, **options)
    return table.problem_code.fillna(table.warning_code).fillna("").tolist()


@pytest.mark.parametrize(
    "index",
    [
        pd.Index(["b", "a", "b"]),
        pd.Index([7, 3, 5]),
        pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)]),
        pd.to_datetime(["2026-01-01"] * 3),
    ],
)
def test_a_list_keeps_its_index_and_its_columns(index: pd.Index[Any]) -> None:
    contacts = pd.DataFrame({"phone": [NOT_ISSUED, "12", None], "name": ["Ana", "Rui", "Eva"]}, index=index)
    table = nx.clean_contacts(contacts, "phone")
    assert table.index.equals(index)
    assert table.columns.tolist() == [*COLUMNS, "phone", "name"]
    pd.testing.assert_frame_equal(table[["phone", "name"]], contacts)


def test_a_column_that_has_the_name_of_a_result_is_kept_under_another() -> None:
    contacts = pd.DataFrame({"to": ["07700 900123"], "country": ["United Kingdom"]})
    table = nx.clean_contacts(contacts, region="country")
    assert table[["to", "country", "given_to", "given_country"]].values.tolist() == [
        ["447700900123", "GB", "07700 900123", "United Kingdom"]
    ]


def test_an_empty_list_has_the_same_columns() -> None:
    table = nx.clean_contacts(pd.DataFrame({"to": []}))
    assert {str(dtype) for dtype in table[COLUMNS].dtypes} == {"string"}
    assert len(table) == 0


@pytest.mark.parametrize(
    ("column", "code"),
    [
        (pd.Series([4.47701e11]), "rounded"),
        (pd.Series([4.47701e11], dtype="Float64"), "rounded"),
        (pd.Series([447701234567.0], dtype="float32"), "rounded"),
        (pd.Series([447701230000.0]), "rounded"),
        (pd.Series([447911123456.5]), "decimal"),
        (pd.Series([447911123456.0, np.nan]), ""),
        (pd.Series([447911123456.0], dtype="Float64"), ""),
        (pd.Series([447911123456.0], dtype=pd.ArrowDtype(pa.float64())), ""),
        (pd.Series([Decimal(447911123456)], dtype=pd.ArrowDtype(pa.decimal128(20, 0))), ""),
        (pd.Series([pd.Timestamp("2026-01-01")], dtype=pd.ArrowDtype(pa.timestamp("s"))), "unreadable"),
        (pd.Series([447700900000.0]), ""),
        (pd.Series(["447701000000"]), "looks_rounded"),
        (pd.Series([True]), "unreadable"),
    ],
)
def test_a_column_of_numbers_is_read_where_no_digit_is_lost(column: pd.Series[Any], code: str) -> None:
    assert codes(column)[0] == code


def test_a_number_that_ends_in_zeros_by_chance_is_kept_in_a_column_of_others() -> None:
    column = pd.Series([447911000000.0 + 7 * n + 1 for n in range(999)] + [447911123000.0])
    assert codes(column)[-1] == ""


def test_a_value_that_cannot_be_written_is_a_problem_of_its_row() -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert codes([Odd(), NOT_ISSUED]) == ["unreadable", ""]


def test_a_number_without_a_plus_is_doubted_where_it_can_be_one_of_the_country_of_the_list() -> None:
    assert codes([*US, "2025550123", "3215550123", "6598234567"])[-3:] == ["looks_national"] * 3
    german = [f"+49151234567{n:02d}" for n in range(30)]
    assert codes([*german, "15123456789", "4915123456799"])[-2:] == ["looks_national", ""]


def test_a_list_of_national_numbers_is_doubted_as_such() -> None:
    table = nx.clean_contacts([number.removeprefix("+1") for number in US])
    assert (table.problem.notna() | (table.warning_code == "looks_national")).all()
    assert table.problem.dropna().str.contains("As a number of United States it is").all()


def test_a_list_of_whole_numbers_without_a_plus_is_not_doubted() -> None:
    mixed = ["447911123456", "351912345678", "4915123456789", "33612345678", "34612345678", "12025550123"]
    assert codes(mixed) == [""] * 6
    assert codes([f"351912345{n:03d}" for n in range(1, 60)]) == [""] * 59


def test_numbers_of_examples_are_never_taken_for_national_ones_of_another_country() -> None:
    table = nx.clean_contacts([*(f"447700900{n}" for n in range(100, 120)), "2025550115"])
    assert table.warning.str.contains("of Egypt").sum() == 1
    assert not table.warning.str.contains("most of the list").any()


def test_a_number_with_a_plus_or_a_region_is_never_read_as_one_of_the_country_of_the_list() -> None:
    portuguese = [(f"+35191234567{n}", None) for n in range(10)]
    people = pd.DataFrame([*portuguese, ("+912345678", None), ("912345678", "FR")], columns=["to", "home"])
    table = nx.clean_contacts(people, region="home")
    assert not table.problem.str.contains("name the region").any()


def test_a_duplicate_names_its_row_by_the_label_that_stands_in_the_list() -> None:
    table = nx.clean_contacts(pd.Series(["+351912345678"] * 2, index=[30, 10]))
    assert table.problem.iloc[1] == "to: the same number stands in row 30"


def test_each_row_may_have_a_region_of_its_own() -> None:
    contacts = pd.DataFrame(
        {
            "to": ["07911 123456", "912 345 678", "0151 23456789", "912345678", "0151 23456789"],
            "land": ["United Kingdom", "pt", "Deutschland", None, "Atlantis"],
        }
    )
    table = nx.clean_contacts(contacts, region="land")
    assert table.to.tolist()[:3] == ["447911123456", "351912345678", "4915123456789"]
    assert codes(contacts, region="land")[3:] == ["no_country_code", "unknown_region"]


def test_a_region_that_is_a_country_and_a_column_is_refused() -> None:
    with pytest.raises(nx.InvalidRequestError, match="^region: got 'PT'"):
        nx.clean_contacts(pd.DataFrame({"to": ["912345678"], "PT": ["x"]}), region="PT")


@pytest.mark.parametrize(
    ("keep", "wanted"),
    [
        ("first", ["", "unreadable", "duplicate", "", "duplicate"]),
        ("last", ["duplicate", "unreadable", "duplicate", "", ""]),
        ("all", ["", "unreadable", "duplicate", "", "duplicate"]),
        ("problem", ["duplicate", "unreadable", "duplicate", "", "duplicate"]),
    ],
)
def test_of_rows_with_one_number_those_are_kept_that_the_caller_wants(keep: str, wanted: list[str]) -> None:
    contacts = pd.Series([NOT_ISSUED, "x", "07700900123 ", "+351912345678", "447700900123"], index=list("abcad"))
    table = nx.clean_contacts(contacts, region="GB", duplicates=keep)
    assert table.problem_code.fillna("").tolist() == wanted
    marked = table[table.problem_code == "duplicate"]
    assert set(marked.duplicate_of) <= {"a", "d"}
    assert marked.problem.str.contains("in row '").all()


ANYTHING = st.one_of(
    st.text(max_size=20),
    st.text(alphabet="0123456789+-.() ", max_size=20),
    st.integers(),
    st.floats(),
    st.none(),
    st.booleans(),
    st.decimals(),
    st.dates(),
    st.binary(max_size=5),
)


@given(st.lists(ANYTHING, max_size=12), st.sampled_from([None, "GB", "DE", "US", "IT"]))
def test_whatever_is_given_every_row_has_a_number_a_problem_or_a_warning(cells: list[Any], region: str | None) -> None:
    table = nx.clean_contacts(pd.Series(cells, dtype=object, index=range(5, 5 + len(cells))), region=region)
    assert table.index.tolist() == list(range(5, 5 + len(cells)))
    usable = table[table.problem.isna()]
    assert usable.to.str.fullmatch(r"[1-9]\d{3,16}").all()
    assert table.problem.isna().equals(table.problem_code.isna())
    assert table.warning.isna().equals(table.warning_code.isna())
    assert set(table.problem_code.dropna()) <= set(PROBLEMS)
    assert set(table.warning_code.dropna()) <= set(WARNINGS)


@pytest.mark.parametrize("number", ["\ud800", "+35191234567\ud83d"])
def test_half_of_a_surrogate_pair_is_a_problem_of_its_row_alone(number: str) -> None:
    column = pd.Series([number, "+351912345678"], dtype=object)
    for contacts in (column.tolist(), pd.DataFrame({"to": column})):
        table = nx.clean_contacts(contacts)
        assert table["problem_code"].notna().tolist() == [True, False]
        assert table["to"][1] == "351912345678"
