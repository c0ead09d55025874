"""Frames: the same columns and dtypes whatever the rows."""

from __future__ import annotations

import pandas as pd
import pytest

from nexmo_nb.frames import Column, frame

COLUMNS = (Column("name"), Column("price", "float64"), Column("part", "int64"), Column("sms", "bool"))


def test_an_empty_frame_has_the_columns_and_dtypes_of_a_full_one() -> None:
    full = frame([{"name": "a", "price": "0.5", "part": "2", "sms": True}], COLUMNS)
    pd.testing.assert_series_equal(frame([], COLUMNS).dtypes, full.dtypes)
    assert [str(dtype) for dtype in full.dtypes] == ["string", "float64", "int64", "bool"]


def test_values_are_read_as_the_wire_gives_them() -> None:
    row = frame([{"name": 447700900000, "price": "0.03330000", "part": 1, "sms": 0}], COLUMNS).iloc[0]
    assert row.tolist() == ["447700900000", 0.0333, 1, False]


@pytest.mark.parametrize("price", [None, "", "free", [1]])
def test_what_is_no_number_is_missing(price: object) -> None:
    table = frame([{"name": None, "price": price, "part": 1}], COLUMNS)
    assert table.name.isna().all()
    assert table.price.isna().all()


def test_facts_about_the_whole_come_along() -> None:
    assert frame([], COLUMNS, {"count": 7}).attrs == {"count": 7}


def test_namibia_is_a_country() -> None:
    assert frame([{"name": "NA"}, {"name": None}], (Column("name"),)).name.isna().tolist() == [False, True]
