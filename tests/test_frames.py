"""Frames: the same columns and dtypes whatever the rows."""

from __future__ import annotations

import pandas as pd
import pytest

from nexmo_nb.frames import Column, frame, frame_from_columns

COLUMNS = (Column("name"), Column("price", "float64"), Column("part", "int64"), Column("sms", "bool"))


def test_an_empty_frame_has_the_columns_and_dtypes_of_a_full_one() -> None:
    full = frame([{"name": "a", "price": "0.5", "part": "2", "sms": True}], COLUMNS)
    pd.testing.assert_series_equal(frame([], COLUMNS).dtypes, full.dtypes)
    assert [str(dtype) for dtype in full.dtypes] == ["string", "float64", "int64", "bool"]


def test_values_are_read_as_the_wire_gives_them() -> None:
    row = frame([{"name": 447700900000, "price": "0.03330000", "part": 1, "sms": 0}], COLUMNS).iloc[0]
    assert row.tolist() == ["447700900000", 0.0333, 1, False]


@pytest.mark.parametrize("price", [None, "", "free", [1], {}, pd.NA])
def test_what_is_no_number_is_missing(price: object) -> None:
    table = frame([{"name": None, "price": price, "part": 1}], COLUMNS)
    assert table.name.isna().all()
    assert table.price.isna().all()


def test_facts_about_the_whole_come_along() -> None:
    assert frame([], COLUMNS, {"count": 7}).attrs == {"count": 7}


def test_namibia_is_a_country() -> None:
    assert frame([{"name": "NA"}, {"name": None}], (Column("name"),)).name.isna().tolist() == [False, True]


def test_one_price_that_is_no_number_leaves_the_others_as_they_are() -> None:
    prices = ["0.1", None, [1, 2], "0.30000000", 7, "x", True]
    found = frame([{"name": "a", "price": price, "part": 1} for price in prices], COLUMNS).price
    assert found.fillna(-1).tolist() == [0.1, -1, -1, 0.3, 7, -1, -1]


def test_a_frame_of_columns_is_that_of_its_rows() -> None:
    rows = [{"name": 1, "price": "0.5", "part": "2", "sms": 1}, {"name": None, "price": None, "part": 3, "sms": None}]
    values = {column.name: [row[column.name] for row in rows] for column in COLUMNS}
    pd.testing.assert_frame_equal(frame_from_columns(values, COLUMNS), frame(rows, COLUMNS))


def test_frames_share_nothing_that_can_be_changed() -> None:
    rows = [{"name": "a", "price": 1, "part": 1, "sms": True}, {"name": "b", "price": 2, "part": 2, "sms": False}]
    one, two = (frame(rows, (*COLUMNS, Column("other"))) for _ in range(2))
    one.columns.name = "mine"
    one.loc[0, "name"] = "changed"
    one.loc[1, "other"] = "new"
    assert one.name.tolist() == ["changed", "b"]
    assert one.other.isna().tolist() == [True, False]
    assert two.columns.name is None
    assert two.name.tolist() == ["a", "b"]
    assert two.other.isna().all()


@pytest.mark.parametrize("rows", [1, 3, 2000])
def test_few_rows_and_many_make_the_same_columns(rows: int) -> None:
    columns = (Column("a"), Column("b"), Column("c"))
    table = frame(({"a": f"a{n}", "b": None, "c": n} for n in range(rows)), columns)
    assert table.a.tolist() == [f"a{n}" for n in range(rows)]
    assert table.b.isna().all()
    assert table.c.tolist() == [str(n) for n in range(rows)]
    assert [str(dtype) for dtype in table.dtypes] == ["string"] * 3
