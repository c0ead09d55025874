"""Cells of a list: the text of one phone number, whatever was put around it, or the reason why there is none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexmo_nb.contacts.cells import (
    LONGEST_CELL,
    PROBLEMS,
    RoundedNumber,
    UnreadableNumber,
    clean_written,
    is_rounded,
    read_written,
)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("+44 7700 900123", "+44 7700 900123"),
        (447700900123, "447700900123"),
        (np.int64(447700900123), "447700900123"),
        (Decimal(447700900123), "447700900123"),
        (Decimal("447700900123.0"), "447700900123"),
        ("447700900123.0", "447700900123"),
        ("+447700900123.00", "+447700900123"),
        ("(+44) 7700 900123", "+44  7700 900123"),
        ("( + 44 ) 7700 900123", "+44  7700 900123"),
        ('="447700900123"', "447700900123"),
        ('="+44 7700 900123"', "+44 7700 900123"),
        ("'+447700900123", "+447700900123"),
        ('"+447700900123"', "+447700900123"),
        ("“07700 900123”", "07700 900123"),
        ("tel:+44-7700-900123", "+44-7700-900123"),
        ("TEL: +447700900123", "+447700900123"),
        ("sms://+447700900123", "+447700900123"),
        ("whatsapp:+447700900123", "+447700900123"),
        ("+447700900123;", "+447700900123"),
        ("+447700900123 ;, ", "+447700900123"),
        ("\ufeff+44\u200e7700\u200b900123\u202c", "+447700900123"),
        ("07700\u2011900\u2013123", "07700-900-123"),
        ("\uff0b４４7700900123", "+447700900123"),
        ("٠٧٧٠٠٩٠٠١٢٣", "07700900123"),
        ("০৭৭০০৯০০১২৩", "07700900123"),
        ("07700.900.123", "07700.900.123"),
        ("030/123 456", "030/123 456"),
        ("030/123 456\r\n", "030/123 456"),
    ],
)
def test_what_was_put_around_a_number_comes_off(cell: Any, written: str) -> None:
    assert read_written(cell) == written


REFUSED: list[tuple[str, list[Any]]] = [
    (
        "missing",
        ["", " ", "\u200b", "\u00a0", "nan", "NaN", "None", "NULL", "n/a", "#N/A", "-", "--", "?", "#REF!"],
    ),
    ("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT, "<NA>", "NA", '=""', "''", "...", "+"]),
    ("unreadable", ["abc", "ask her", "ana@example.org", "07700 9OO123", "07700x", "1-800-FLOWERS", "44+7700900123"]),
    (
        "unreadable",
        ["07700 900123 (Ann)", "=A1+7700900123", True, b"447700900123", date(2026, 1, 2), [1], object()],
    ),
    ("unreadable", [-447700900123, 10**18, "1" * (LONGEST_CELL + 1), np.bool_(True)]),
    ("several_numbers", ["07700 900123; 07700 900124", "07700900123,07700900124", "+447700900123+447700900124"]),
    ("several_numbers", ["07700900123 | 07700900124", "07700 900123 or 07700 900124", "07700900123\n07700900124"]),
    ("several_numbers", ["07700900123 & 07700900124", "912345678 e 912345679", "0151 234567 oder 0151 234568"]),
    ("several_numbers", ["+44 7700 900123 / +44 7700 900124", "030 1234 / 030 1235", "(030)1234/(030)1235"]),
    ("extension", ["+1 202 555 0123 x4", "07700900123 ext. 5", "020 7946 0958 extn 12", "+49 30 123456 Durchwahl 7"]),
    ("extension", ["+12025550123#4", "020 7946 0958 extension:12", "+55 11 2345-6789 ramal 12"]),
    ("decimal", ["447700900123.5", "447700900123,5", "447700900123,0", "4477.00900123", "-447700900123.5", "0.0"]),
    ("decimal", [447700900123.5, 447700900123.0, Decimal("4477.5"), np.float32(447700.0), float("inf")]),
    ("rounded", ["4.47701E+11", "4,47701E+11", "4.47701e11", "+4.47701E+11", "5E+10", "1.2 E +5"]),
    ("rounded", [4.47701e11, np.float64(3.364e10), RoundedNumber(447700900123.0)]),
]


@pytest.mark.parametrize(("code", "cell"), [(code, cell) for code, cells in REFUSED for cell in cells])
def test_what_is_no_number_has_a_code_and_a_reason(code: str, cell: Any) -> None:
    with pytest.raises(UnreadableNumber) as found:
        read_written(cell)
    assert found.value.code == code
    assert found.value.reason.endswith(".")


def test_each_problem_is_explained() -> None:
    assert all(words.endswith(".") for words in PROBLEMS.values())


@given(st.text(max_size=60) | st.integers() | st.floats() | st.none() | st.booleans() | st.binary(max_size=9))
def test_every_cell_is_text_of_a_number_or_has_a_problem(cell: Any) -> None:
    try:
        written = read_written(cell)
    except UnreadableNumber as problem:
        written, code = "0", problem.code
    else:
        code = "missing"
    assert code in PROBLEMS
    assert written.isascii()
    assert any(c.isdigit() for c in written)
    assert "+" not in written[1:]


@given(st.integers(0, 10**15))
def test_a_whole_number_keeps_its_digits(number: int) -> None:
    assert read_written(number) == read_written(np.int64(number)) == read_written(str(number)) == str(number)


@given(st.text(max_size=30))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean_written(clean_written(text)) == clean_written(text)


@pytest.mark.parametrize(
    ("number", "answer"),
    [(4.47701e11, True), (447700900123.0, False), (1e9, True), (912345.0, False), (float("inf"), False)],
)
def test_a_float_of_six_digits_is_rounded(number: float, answer: bool) -> None:
    assert is_rounded(number) is answer


@pytest.mark.parametrize(
    "cell",
    [
        "+43 664 123456.0",
        "0664 123456.0",
        "(+43) 664123456.0",
        "+43-664123456.00",
        "+43.664123456.0",
        "+43.664123456.00",
        "912 345 678.0;",
    ],
)
def test_zeros_behind_a_point_are_no_digits_of_a_number_that_is_written_with_marks(cell: str) -> None:
    with pytest.raises(UnreadableNumber) as caught:
        read_written(cell)
    assert caught.value.code == "decimal"


@pytest.mark.parametrize("cell", ["06.12.34.56.00", "+33.6.12.34.56.00", "+1.202.555.0100", "+1 202-555.0100"])
def test_points_between_groups_of_digits_are_no_decimal_points(cell: str) -> None:
    assert read_written(cell) == cell


@pytest.mark.parametrize("cell", ["+43 664 1234567/8", "0664/1234567/8", "+49 30 1234567 / 68"])
def test_a_second_number_shortened_to_its_last_digits_is_another_number(cell: str) -> None:
    with pytest.raises(UnreadableNumber) as caught:
        read_written(cell)
    assert caught.value.code == "several_numbers"
