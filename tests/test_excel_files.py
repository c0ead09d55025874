"""Excel: what goes out comes back, and a person who opens the file sees numbers, times and money as they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from depth import count_examples
from hypothesis import given, settings
from hypothesis import strategies as st

import nexmo_nb as nx

TEXTS = st.one_of(
    st.none(),
    st.sampled_from(
        ["=1+1", "'x", "NA", "007", "+44", "x\ry", "x\r\ny", " x ", "_x000D_", "_x005F_x", "#N/A", "\x1b", "🎉"]
    ),
    st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=20),
)
# Excel calculates with 15 digits, which is more than an amount of this toolkit has.
AMOUNTS = st.floats(-1e6, 1e6).map(lambda value: round(value, 8)) | st.just(float("nan"))


def read_cell(path: Path, place: str) -> Any:
    return openpyxl.load_workbook(path).worksheets[0][place]


@settings(max_examples=count_examples(60), deadline=None)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS, AMOUNTS), min_size=1, max_size=6))
def test_text_and_numbers_survive_the_round_trip(rows: list[tuple[Any, Any, float]]) -> None:
    frame = pd.DataFrame(
        {
            "parts": pd.Series(range(len(rows)), dtype="int64"),  # a row without anything would be the end
            "msisdn": pd.array([a for a, _, _ in rows], dtype="string"),
            "mine": pd.array([b for _, b, _ in rows], dtype="string"),
            "price": pd.Series([c for _, _, c in rows], dtype="float64"),
        }
    )
    pd.testing.assert_frame_equal(nx.read_excel(nx.to_excel(frame, "round.xlsx")), frame, check_exact=True)


def test_every_frame_of_the_toolkit_survives(session: nx.Session) -> None:
    nx.send_sms("+264 81 1234567", "Hello, “you”", sender="Demo", key="0042")
    frames = {
        "searched": nx.search_numbers(["NA", "US"], limit=5),
        "owned": nx.owned_numbers(),
        "applications": nx.applications(),
        "prices": nx.prices("NA"),
        "records": nx.records(),
        "sent": nx.sent(),
        "delivery": nx.delivery(nx.sent()),
        "spend": nx.spend(nx.records(), by="country", freq="D"),
        "plan": nx.plan_sms(["+44 7700 900000", "nonsense"], "Hello", sender="Demo"),
        "empty": nx.prices("NA").iloc[:0],
    }
    path = nx.to_excel(frames, "all.xlsx")
    assert path.stat().st_mode & 0o777 == 0o600
    for name, frame in frames.items():
        again = nx.read_excel(path, sheet=name)
        for column in again.select_dtypes("datetimetz"):
            pd.testing.assert_series_equal(again[column], frame[column].dt.round("ms"))
            frame[column] = again[column]
        pd.testing.assert_frame_equal(again, frame.astype(again.dtypes.to_dict()), check_exact=True)


def test_a_person_sees_numbers_times_and_money_as_they_are() -> None:
    at = pd.to_datetime(["2026-01-31 12:30:15", None], utc=True)
    frame = pd.DataFrame(
        {
            "to": ["447700900123", "=1+1"],
            "other": [447700900123, 1],
            "received": at.tz_convert("Asia/Tokyo"),
            "price": [0.042291, 1234.5],
            "currency": ["EUR", None],
            "messages": [12345, 1],
            "delivery_rate": [0.5, 1.0],
            "sms": [True, False],
            "day": pd.to_datetime(["2026-01-31", None]),
        }
    )
    path = nx.to_excel(frame, "seen.xlsx")
    cells = {name: read_cell(path, f"{letter}2") for name, letter in zip(frame.columns, "ABCDEFGHI", strict=True)}
    assert (cells["to"].value, cells["to"].number_format, cells["to"].data_type) == ("447700900123", "@", "s")
    assert (cells["other"].value, cells["other"].data_type) == ("447700900123", "s")
    assert str(cells["received"].value) == "2026-01-31 12:30:15"
    assert read_cell(path, "C1").value == "received (UTC)"
    assert cells["price"].number_format == '#,##0.00###### "EUR"'
    assert read_cell(path, "D3").number_format == "#,##0.00######"
    assert cells["messages"].number_format == "#,##0"
    assert cells["delivery_rate"].number_format == "0.0%"
    assert cells["sms"].value is True
    assert cells["day"].number_format == "yyyy-mm-dd"
    formula = read_cell(path, "A3")
    assert (formula.value, formula.data_type, formula.quotePrefix) == ("=1+1", "s", True)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:I3")


def test_times_before_excels_own_are_text_and_come_back() -> None:
    frame = pd.DataFrame(
        {"received": pd.to_datetime(["1890-05-06 07:08:09", "2026-01-01 00:00:00"], utc=True).as_unit("ns")}
    )
    pd.testing.assert_frame_equal(nx.read_excel(nx.to_excel(frame, "old.xlsx")), frame)


def test_what_a_person_added_in_excel_is_read() -> None:
    book = openpyxl.Workbook()
    for row in (["to", "price", "note", None], [447700900123, 1, None, None], [4.477e11, 2.5, 7, None], [None] * 4):
        book.active.append(row)
    book.save("by_hand.xlsx")
    found = nx.read_excel("by_hand.xlsx")
    assert found.to.tolist() == ["447700900123", "447700000000"]
    assert found.price.tolist() == [1.0, 2.5]
    assert found.note.tolist() == [pd.NA, "7"]


def test_of_several_sheets_one_is_named() -> None:
    frame = pd.DataFrame({"to": ["1"]})
    path = nx.to_excel({"a": frame, "b": frame.assign(to="2")}, "two.xlsx")
    assert nx.read_excel(path, sheet=2).to.tolist() == nx.read_excel(path, sheet="b").to.tolist() == ["2"]
    with pytest.raises(nx.InvalidRequestError, match="1 'a', 2 'b'"):
        nx.read_excel(path)


FRAME = pd.DataFrame({"to": ["1"]})


@pytest.mark.parametrize(
    ("frames", "path", "says"),
    [
        ([1], "x.xlsx", "a DataFrame"),
        ({}, "x.xlsx", "frames"),
        ({"a": 1}, "x.xlsx", r"frames\['a'\]"),
        ({"a/b": FRAME}, "x.xlsx", "names of sheets"),
        ({"a" * 32: FRAME}, "x.xlsx", "names of sheets"),
        ({"a": FRAME, "A": FRAME}, "x.xlsx", "names of sheets"),
        (pd.DataFrame([["1", "2"]], columns=["to", "to"]), "x.xlsx", "names of their own"),
        (pd.DataFrame({"to": ["x" * 32_768]}), "x.xlsx", "32,767"),
        (pd.DataFrame({"to": pd.Series(["\ud800"], dtype=object)}), "x.xlsx", "UTF-8"),
        (FRAME, "x.csv", r"\.xlsx"),
        (FRAME, "nowhere/x.xlsx", "path"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(frames: Any, path: str, says: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=says):
        nx.to_excel(frames, path)
    assert not list(Path().glob("x.xlsx*"))


def test_a_frame_that_no_sheet_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexmo_nb.excel_files.MOST_ROWS", 2)
    nx.to_excel(pd.DataFrame({"to": ["1"] * 2}), "x.xlsx")
    with pytest.raises(nx.InvalidRequestError, match="at most 2 rows"):
        nx.to_excel(pd.DataFrame({"to": ["1"] * 3}), "x.xlsx")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "It is empty"),
        ([["to", "to"], ["1", "2"]], "headings of their own"),
        ([["to", None], ["1", "2"]], "headings of their own"),
        ([["price"], ["ten"]], "price: got 'ten'"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(rows: list[list[Any]], says: str) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save("bad.xlsx")
    with pytest.raises(nx.InvalidRequestError, match=says):
        nx.read_excel("bad.xlsx")
    Path("torn.xlsx").write_bytes(Path("bad.xlsx").read_bytes()[:100])
    for path in ("torn.xlsx", "none.xlsx"):
        with pytest.raises(nx.InvalidRequestError, match="path"):
            nx.read_excel(path)


def test_without_openpyxl_the_line_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    path = nx.to_excel(FRAME, "x.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    for call in (lambda: nx.to_excel(FRAME, "y.xlsx"), lambda: nx.read_excel(path)):
        with pytest.raises(nx.InvalidRequestError, match=r"pip install 'nexmo_nb\[excel\]'"):
            call()
