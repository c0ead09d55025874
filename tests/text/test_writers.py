"""The values of a column are written in one format."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexmo_nb.text.writers import make_writer


def write_all(column: Any) -> list[str]:
    """Write all values of a column that are not missing, as Python's own values."""
    values = column.dropna().tolist() if isinstance(column, pd.Series) else column
    return list(map(make_writer(column), values))


DAYS = pd.to_datetime(["2026-11-24", "2026-11-25", None])
TIMES = pd.to_datetime(["2026-11-24 09:30", "2026-11-25 00:00"])
PRICES = [Decimal("12.50"), Decimal("3.25"), None]


@pytest.mark.parametrize(
    ("column", "written"),
    [
        (pd.Series([3.0, 4.0, None]), ["3", "4"]),
        (pd.Series([3.0, 3.5]), ["3.0", "3.5"]),
        (pd.Series([12.5, 3.25]), ["12.50", "3.25"]),
        ([3, 3.5], ["3.0", "3.5"]),
        ([3, 3.5, "three"], ["3.0", "3.5", "three"]),
        (pd.Series([3, 3.5, "three", None], dtype=object), ["3.0", "3.5", "three"]),
        # What floats add up to.
        (pd.Series([0.1 + 0.2, 1.0]), ["0.3", "1.0"]),
        (pd.Series([1 / 3, 0.5]), ["0.3333333333", "0.5000000000"]),
        (pd.Series([123456789.12]), ["123456789.12"]),
        (pd.Series([-0.0, 2.0]), ["0", "2"]),
        (pd.Series([1e22]), ["10000000000000000000000"]),
        (pd.Series([1234567.0]), ["1234567"]),
        # A narrow float is the number that it was given as.
        (pd.Series([0.1, 0.25], dtype="float32"), ["0.10", "0.25"]),
        (pd.Series([0.1, None], dtype="Float32"), ["0.1"]),
        (pd.Series([0.1, None], dtype="float[pyarrow]"), ["0.1"]),
        ([np.float32(0.1), np.float64(0.25)], ["0.10", "0.25"]),
        (pd.Series([3.0, None], dtype="double[pyarrow]"), ["3"]),
        (pd.Series([3.0, 3.5, None], dtype="double[pyarrow]"), ["3.0", "3.5"]),
        (pd.Series([3.0, 3.5, None], dtype="Float64"), ["3.0", "3.5"]),
        (pd.Series([3.0, 3.5]).astype("category"), ["3.0", "3.5"]),
        (pd.Series(PRICES), ["12.50", "3.25"]),
        (pd.Series(PRICES, dtype=pd.ArrowDtype(pa.decimal128(10, 4))), ["12.50", "3.25"]),
        (pd.Series([Decimal("3.00"), Decimal(4)]), ["3", "4"]),
        (pd.Series([1234567, None], dtype="Int64"), ["1234567"]),
        (pd.Series([1234567]), ["1234567"]),
        (pd.Series([True, False]), ["True", "False"]),
        (pd.Series([True, None], dtype="boolean"), ["True"]),
        (pd.Series(["3", " a "]), ["3", " a "]),
        (pd.Series(["3", None], dtype="string[pyarrow]"), ["3"]),
        (pd.Series(DAYS), ["2026-11-24", "2026-11-25"]),
        (pd.Series(TIMES), ["2026-11-24 09:30", "2026-11-25 00:00"]),
        (pd.Series(DAYS, dtype="timestamp[us][pyarrow]"), ["2026-11-24", "2026-11-25"]),
        (pd.Series(TIMES, dtype="timestamp[ns][pyarrow]"), ["2026-11-24 09:30", "2026-11-25 00:00"]),
        (pd.Series(TIMES.tz_localize("Europe/Lisbon")), ["2026-11-24 09:30", "2026-11-25 00:00"]),
        (pd.Series([date(2026, 1, 2)]), ["2026-01-02"]),
        (pd.Series([date(2026, 1, 2)], dtype="date32[pyarrow]"), ["2026-01-02"]),
        ([date(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5)], ["2026-01-02 00:00", "2026-01-02 03:04"]),
        ([np.datetime64("2026-01-02"), np.datetime64("2026-01-02T03:04")], ["2026-01-02 00:00", "2026-01-02 03:04"]),
        ([time(9, 30)], ["09:30:00"]),
        ([], []),
        (pd.Series([], dtype=float), []),
        (pd.Series([None, None]), []),
    ],
)
def test_a_column_is_written_in_one_format(column: Any, written: list[str]) -> None:
    assert write_all(column) == written


@pytest.mark.parametrize("value", [b"Ana", ["Ana"], {"a": 1}, ("Ana",), {1}, np.array([1])])
def test_what_is_several_values_is_no_text(value: Any) -> None:
    with pytest.raises(TypeError, match="is no text"):
        make_writer([value])(value)


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 4)), min_size=1))
def test_what_is_written_is_the_number_with_as_many_decimals_as_all_others(values: list[float]) -> None:
    written = write_all(pd.Series(values))
    assert [float(text) for text in written] == values
    assert len({len(text.partition(".")[2]) for text in written}) == 1


def test_a_number_as_long_as_the_memory_is_not_written() -> None:
    write = make_writer([Decimal("1E+999999999"), 0.5])
    assert write(0.5) == "0.5"
    with pytest.raises(ValueError, match="too many digits"):
        write(Decimal("1E+999999999"))


CELLS = [st.floats(), st.decimals(-(10**20), 10**20), st.integers(), st.none(), st.text(), st.dates(), st.datetimes()]


@given(st.lists(st.one_of(CELLS)))
def test_any_list_has_a_writer(values: list[Any]) -> None:
    assert all(isinstance(text, str) for text in write_all(values))
