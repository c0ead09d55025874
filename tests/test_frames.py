"""Frames: the same columns and dtypes whatever the rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexmo_nb.frames import TIME, Column, frame, frame_from_columns

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


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def build_times(seconds: list[object]) -> pd.Series:
    return frame_from_columns({"at": seconds}, (Column("at", TIME),))["at"]


@given(
    st.lists(
        st.none() | st.integers(-1 << 32, 1 << 32).flatmap(lambda s: st.integers(0, 999_999).map(lambda u: (s, u)))
    )
)
def test_a_time_is_exact_to_the_microsecond_whatever_is_missing_beside_it(parts: list[tuple[int, int] | None]) -> None:
    seconds = [None if part is None else part[0] + part[1] / 1e6 for part in parts]
    found = build_times(seconds)
    assert str(found.dtype) == TIME
    wanted = [None if part is None else EPOCH + timedelta(seconds=part[0], microseconds=part[1]) for part in parts]
    assert [None if time is pd.NaT else time for time in found] == wanted


def test_times_beside_missing_ones_are_built_whatever_stood_in_the_memory_before() -> None:
    for count in (2, 10, 50, 100) * 10:
        used = [np.full(count, 1.7e308) for _ in range(30)]  # what an array gets that is not filled
        del used
        assert build_times([1.5, *[None] * (count - 1)])[0] == EPOCH + timedelta(seconds=1.5)


@pytest.mark.parametrize("seconds", [1e300, -1e300, float("inf"), -float("inf"), float("nan"), None, 1e11, -1e11])
def test_what_is_no_time_that_a_record_can_have_is_missing(seconds: float | None) -> None:
    assert build_times([seconds, 0.0]).isna().tolist() == [True, False]


def test_the_first_and_the_last_time_that_a_record_can_have_are_times() -> None:
    ends = [pd.Timestamp("1700-01-01", tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC")]
    assert build_times([end.timestamp() for end in ends]).tolist() == ends
    assert build_times([ends[0].timestamp() - 1, ends[1].timestamp() + 1]).isna().all()


def test_no_times_are_times_too() -> None:
    assert str(build_times([]).dtype) == str(build_times([None]).dtype) == TIME


def test_half_of_a_surrogate_pair_costs_no_frame() -> None:
    """A server may write one as ``\\ud800`` in its JSON, and a spreadsheet cut a text in the middle of one."""
    found = frame([{"text": "ok"}, {"text": "a\ud83d"}, {"text": None}], [Column("text")])
    assert found["text"][0] == "ok"
    assert found["text"][1] in ("a\ufffd", "a\ud83d")  # older pandas keeps it
    assert pd.isna(found["text"][2])
