"""A CSV read by Arrow is the frame that pandas makes of it, and what pandas raises, whatever stands in the file."""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nexmo_nb import csv_reader
from nexmo_nb.csv_reader import read_text_csv
from nexmo_nb.frames import SPAN, TIME, Column, apply_dtypes, parse_number

HEADER = b"message_id,to,text\n"
ROW = b"0A-1,447700900000,Hello\n"
ODD = {
    "quotes": b'1,"a ""b"" c",""""\n',
    "text behind a closing quote": b'1,"a"b"c",2\n',
    "quotes within a text": b'1,5" pipe,x"y\n',
    "a text that ends with a quote": b'1,a",b\n2,c,d\n',
    "a comma within quotes behind a space": b'1, "a,b",c\n',
    "line ends within quotes": b'1,"a\nb","c\r\nd"\n2,"\n","\r\n"\n',
    "a last cell that ends with a line end": b'1,a,"b\n"\n',
    "an end within quotes": b'1,a,"b\n2,c,d\n',
    "an end within quotes after a stray one": b'1,a"b,"c\n2,d,e\n',
    "empty cells": b",,\n1,,\n,,2\n",
    "empty texts in quotes": b'"","",""\n1,"",x\n',
    "words for nothing": b"NA,NaN,null\nNone,nan,N/A\n,<NA>,#N/A\n",
    "CRLF": b"1,2,3\r\n4,5,6\r\n",
    "CR": b"1,2,3\r4,5,6\r",
    "a CR within quotes": b'1,"2\r",3\n',
    "no line end": b"1,2,3",
    "empty lines": b"\n\r\n1,2,3\n\n\n4,5,6\n\n",
    "lines of spaces": b"1,2,3\n   \n4,5,6\n  ",
    "too short": b"1,2,3\n4,5\n6\n7,8,9\n",
    "too long": b"1,2,3\n4,5,6,7\n8,9,10\n",
    "too long from the first on": b"1,2,3,4\n5,6,7,8\n",
    "a comma too many in each": b"1,2,3,\n4,5,6,\n",
    "leading zeros and signs": b"007,+447700900000,-0\n1e3,0x1F,1_000\n",
    "spaces": b" 1 ,\t2\t,  \n",
    "other scripts": "é,中文,🙂\n".encode(),
    "no UTF-8": b"1,\xff,3\n",
    "surrogates": b"1,\xed\xa0\x80,3\n",
    "NUL": b"1,a\0b,\0\n2,c,d\n",
    "a byte order mark at a row": "1,2,3\n\ufeff4,5,6\n".encode(),
    "a backslash": b'1,"a\\",b\n',
    "no rows": b"",
}
HEADERS = {
    "a byte order mark": "\ufeffmessage_id,to\n".encode(),
    "a byte order mark and quotes": '\ufeff"message_id","to"\n'.encode(),
    "the same name twice": b"to,to\n",
    "the same name three times": b"to,to.1,to\n",
    "no name": b"to,\n",
    "names of spaces": b" to , \n",
    "a line end in a name": b'"a\nb",to\n',
    "empty lines before": b"\n\nmessage_id,to\n",
    "one column": b"to\n",
    "a NUL": b"a\0b,to\n",
    "no header": b"",
    "numbers": b"1,2\n",
}


def read_by_pandas(data: bytes) -> pd.DataFrame:
    """Read a file as the reader of reports did before Arrow."""
    text = pd.read_csv(io.BytesIO(data), dtype="string", keep_default_na=False, na_values=[""])
    if not isinstance(text.index, pd.RangeIndex):
        raise ValueError("a row has more cells than the header")
    return text


def read(data: bytes, chunk: int) -> pd.DataFrame:
    return pd.concat(read_text_csv(io.BytesIO(data), chunk), ignore_index=True)


def assert_same(data: bytes, chunk: int = 100) -> None:
    # Older pandas cut a row that is too long off where a part begins, so there are no parts in general.
    try:
        wanted = read_by_pandas(data)
    except ValueError as problem:
        with pytest.raises(type(problem)):
            read(data, chunk)
    else:
        pd.testing.assert_frame_equal(read(data, chunk), wanted)


@pytest.fixture(params=[32, 1 << 20], ids=["small blocks", "one block"])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """So many bytes are read at a time."""
    monkeypatch.setattr(csv_reader, "BLOCK", request.param)
    return int(request.param)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("before", [0, 1, 5])
@pytest.mark.parametrize("after", [0, 5])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_rows_are_read_as_pandas_reads_them(odd: bytes, before: int, after: int) -> None:
    assert_same(HEADER + before * ROW + odd + after * ROW)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("rows", [b"", b"1,2\n" * 9, b"1\n\n  \n2\n", b"1,2,3\n"])
@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_odd_headers_are_read_as_pandas_reads_them(header: bytes, rows: bytes) -> None:
    assert_same(header + rows)


# Older pandas repeats rows where a carriage return alone stands before a space: that is not to be kept.
CELLS = st.text(st.sampled_from('ab1 ",\n\0é\ufeff'), max_size=6)
QUOTED = CELLS.map(lambda cell: '"' + cell.replace('"', '""').replace("b", "\r\n") + '"')
LINES = st.lists(st.one_of(CELLS, QUOTED), min_size=2, max_size=2).map(",".join)
SOUND_LINES = st.lists(QUOTED, min_size=2, max_size=2).map(",".join)


@given(
    st.lists(SOUND_LINES, max_size=8),
    st.lists(LINES, max_size=2),
    st.lists(SOUND_LINES, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([16, 64, 1 << 20]),
)
@example(['"a","\r\n"'] * 4, ['"'], ['"",""'] * 4, "\n", 16)
def test_any_cells_are_read_as_pandas_reads_them(
    before: list[str], odd: list[str], after: list[str], end: str, size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "BLOCK", size)
        assert_same((end.join(["x,y", *before, *odd, *after]) + end).encode())


def count_rows_by_pandas(data: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    """Count the rows that pandas reads, of a file that is read by blocks to its end."""
    counts = [0]
    read_block = csv_reader._read_by_pandas

    def count(*values: Any, **more: Any) -> Any:
        table = read_block(*values, **more)
        counts.append(len(table))
        return table

    monkeypatch.setattr(csv_reader, "_read_by_pandas", count)
    monkeypatch.setattr(csv_reader, "_read_whole", None)
    assert_same(data)
    return sum(counts)


def test_sound_rows_with_quotes_and_line_ends_need_no_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK", 64)
    rows = b'1,"a ""b"", \n c","\r\n."\r\n' + ROW + b',"",NA\n'
    assert count_rows_by_pandas(HEADER + 50 * rows, monkeypatch) == 0


@pytest.mark.parametrize("odd", [b"1,2\n", b"1,2,a\0b\n", b"1,2,\r3\n", b" \n", b"1,2,\xf0\x9f\x99\x82\r\n\r"])
def test_pandas_reads_the_block_of_an_odd_row_and_no_other(monkeypatch: pytest.MonkeyPatch, odd: bytes) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK", 10 * len(ROW))
    rows = count_rows_by_pandas(HEADER + 50 * ROW + odd + 50 * ROW, monkeypatch)
    assert 0 < rows <= 12


def test_parts_hold_the_rows_that_are_asked_for_and_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK", 2 * len(ROW))
    parts = list(read_text_csv(io.BytesIO(HEADER + 95 * ROW), 20))
    assert sum(map(len, parts)) == 95
    assert all(20 <= len(part) < 24 for part in parts[:-1])


def test_what_pandas_alone_can_read_goes_on_behind_the_rows_that_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK", 40)
    skipped = []
    read_whole = csv_reader._read_whole

    def note(*values: Any, skip: int) -> Any:
        skipped.append(skip)
        return read_whole(*values, skip=skip)

    monkeypatch.setattr(csv_reader, "_read_whole", note)
    numbered = b"".join(b'%d,"\n%d",c\n' % (n, n) for n in range(40))
    assert_same(HEADER + numbered + b'40,a"b,c\n' + numbered, chunk=7)
    assert len(skipped) == 1
    assert 30 < skipped[0] <= 41


def test_a_damaged_zip_is_no_shorter_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK", 1000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("r.csv", HEADER + 1000 * ROW)
    damaged = packed.getvalue().replace(ROW, ROW.replace(b"Hello", b"Hallo"), 1)
    with (
        zipfile.ZipFile(io.BytesIO(damaged)) as archive,
        archive.open("r.csv") as file,
        pytest.raises(zipfile.BadZipFile),
    ):
        list(read_text_csv(file, 100))


# --- numbers and times ------------------------------------------------------------------------------------------------


def parse(cells: list[str | None], dtype: str) -> pd.Series[Any]:
    text = pd.DataFrame({"x": pd.array(cells, dtype=pd.StringDtype())})
    return apply_dtypes(text, {"x": Column("x", dtype)})["x"]


NUMBERS = [
    *("0.0333", "1,5", " 1.2 ", "007", "+1.5", "-0", "1e5", "1e400", "-1e400", "1e-400", ".5", "5.", "", " ", "1_000"),
    *("inf", "-Infinity", "NaN", "nan", "NA", "null", "0x10", "1E+05", "١", "1.2.3", "true", "9007199254740993"),
    *("0.1234567890123456789", "4.9e-324", "\t1", "1\n", "1\xa0", "--1", "nan(1)", "1f"),
]
TIMES = [
    *("2025-03-04T05:06:07Z", "2025-03-04T05:06:07+00:00", "2025-03-04 05:06:07+0130", "2025-03-04T05:06:07.123-05:30"),
    *("2025-03-04T05:06:07.123456Z", "2025-03-04T05:06:07.123456789Z", "2025-03-04T05:06:07.1234567891Z"),
    *("2025-03-04", "2025-03-04T05:06:07", "2025-03-04T05Z", "20250304T050607Z", "2025-03-04T05:06:07z", "garbage", ""),
    *("1699-12-31T23:59:59Z", "1700-01-01T00:00:00Z", "2200-01-01T00:00:00Z", "2200-01-01T00:00:00.000001Z"),
    *("1700-01-01T00:00:00+00:01", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "2554-07-21T23:34:33.709551Z"),
    *("2025-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2025-03-04T24:00:00Z", "2025-03-04T23:59:60Z", "NaT"),
    *("2025-03-04T05:06:07+24:00", "2025-03-04T05:06:07+01:60", " 2025-03-04T05:06:07Z", "2025-03-04T05:06:07,5Z"),
]


def check_numbers(cells: list[str | None]) -> None:
    wanted = pd.Series([math.nan if cell is None else parse_number(cell) for cell in cells], dtype="float64", name="x")
    pd.testing.assert_series_equal(parse(cells, "float64"), wanted, rtol=0, atol=0)


def check_times(cells: list[str | None]) -> None:
    text = pd.Series(pd.array([cell or None for cell in cells], dtype=pd.StringDtype()), name="x")
    times = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
    wanted = times.where(times.between(*SPAN)).dt.as_unit("ns")
    found = parse(cells, TIME)
    pd.testing.assert_series_equal(found, wanted)
    assert str(found.dtype) == TIME


@pytest.mark.parametrize("cell", NUMBERS)
def test_a_number_is_the_one_that_python_reads_alone_and_among_others(cell: str) -> None:
    check_numbers([cell])
    check_numbers(["0.1", cell, None])


@pytest.mark.parametrize("cell", TIMES)
def test_a_time_is_the_one_that_pandas_reads_alone_and_among_others(cell: str) -> None:
    check_times([cell])
    check_times(["2025-03-04T05:06:07.250Z", cell, None])


@given(st.lists(st.one_of(st.none(), st.sampled_from(NUMBERS), st.floats().map(repr), st.text(max_size=4)), max_size=4))
def test_any_texts_become_the_numbers_that_python_reads(cells: list[str | None]) -> None:
    check_numbers(cells)


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.sampled_from(TIMES),
            st.datetimes().map(lambda time: f"{time.isoformat()}Z"),
            st.from_regex(
                r"\A2\d{3}-[01]\d-[0-3]\d[T ][0-2]\d:[0-6]\d(:[0-6]\d(\.\d{1,7})?)?(Z|[+-][0-2]\d(:?\d\d)?)?\Z"
            ),
        ),
        max_size=4,
    )
)
def test_any_texts_become_the_times_that_pandas_reads(cells: list[str | None]) -> None:
    check_times(cells)


def test_sound_numbers_and_times_are_read_by_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexmo_nb.frames.parse_number", None)
    monkeypatch.setattr("nexmo_nb.frames._parse_floats", None)
    assert parse(["0.0333", "-1e5", None, "1e308"], "float64").tolist()[:2] == [0.0333, -1e5]
    monkeypatch.setattr(pd, "to_datetime", None)
    found = parse(["2025-03-04T05:06:07+01:00", None, "2025-03-04T05:06:07.123Z"], TIME)
    assert found[2].isoformat() == "2025-03-04T05:06:07.123000+00:00"
    assert found[0].hour == 4
