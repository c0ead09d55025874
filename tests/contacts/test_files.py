"""Contact lists as people have them: every separator, encoding and kind of cell comes in as the text it is."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from depth import count_examples
from helpers import tried
from hypothesis import given, settings
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.contacts import files


def written(folder: Path, content: str | bytes, name: str = "list.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def workbook(folder: Path, *rows: list[Any], name: str = "list.xlsx", **formats: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "People"
    for row in rows:
        sheet.append(row)
    for place, number_format in formats.items():
        sheet[place].number_format = number_format
    book.create_sheet("Others").append(["only"])
    book.save(folder / name)
    return folder / name


def cells(frame: pd.DataFrame) -> list[list[Any]]:
    return [frame.columns.tolist(), *frame.astype(object).where(frame.notna(), None).values.tolist()]


# --- CSV -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_out(tmp_path: Path, separator: str) -> None:
    lines = [["phone", "name", "amount"], ["07700900123", "Ann", "12"], ["+447700900124", "NA", ""]]
    frame = nx.read_contacts(written(tmp_path, "\n".join(map(separator.join, lines))))
    assert cells(frame) == [lines[0], lines[1], ["+447700900124", "NA", None]]
    assert frame.attrs == {"encoding": "utf-8", "separator": separator}
    assert {str(dtype) for dtype in frame.dtypes} == {"string"}


def test_decimal_commas_do_not_hide_the_semicolon(tmp_path: Path) -> None:
    frame = nx.read_contacts(written(tmp_path, "phone;amount\n+351912345678;12,50\n+351912345679;7,00\n"))
    assert frame.amount.tolist() == ["12,50", "7,00"]


def test_prose_with_commas_does_not_hide_the_semicolon(tmp_path: Path) -> None:
    frame = nx.read_contacts(written(tmp_path, "name, first;phone\nDoe, Ann;0770\nPoe, Bob;0771\n"))
    assert cells(frame)[1] == ["Doe, Ann", "0770"]


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ("phone\n07700 900123\n", ["07700 900123"]),
        ("phone\n+447700900123;\n+447700900124\n", ["+447700900123;", "+447700900124"]),
        ("phone\n07700 900123, 07700 900124\n", ["07700 900123, 07700 900124"]),
        ("Phone (private, work)\n0770\n0771\n", ["0770", "0771"]),
    ],
)
def test_a_list_of_one_column_needs_no_separator(tmp_path: Path, content: str, column: list[str]) -> None:
    frame = nx.read_contacts(written(tmp_path, content))
    assert frame.shape[1] == 1
    assert frame.iloc[:, 0].tolist() == column


@pytest.mark.parametrize("first", ["sep=;\n", "SEP=;\r\n", '"sep=;"\n', "\ufeffsep=;\r"])
def test_the_separator_line_of_excel_is_no_data(tmp_path: Path, first: str) -> None:
    frame = nx.read_contacts(written(tmp_path, f"{first}a,b;c\n1,2;3\n"))
    assert cells(frame) == [["a,b", "c"], ["1,2", "3"]]


def test_a_separator_that_is_given_counts(tmp_path: Path) -> None:
    frame = nx.read_contacts(written(tmp_path, "sep=;\na,b;c\n1,2;3\n"), sep=",")
    assert cells(frame) == [["a", "b;c"], ["1", "2;3"]]


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_found_out(tmp_path: Path, stored: str, found: str) -> None:
    frame = nx.read_contacts(written(tmp_path, "name;phone\nJosé €;0770\nZoë;0771\n", encoding=stored))
    assert cells(frame)[:2] == [["name", "phone"], ["José €", "0770"]]
    assert frame.attrs["encoding"] == found


def test_a_byte_order_mark_of_big_endian_utf_16_is_heeded(tmp_path: Path) -> None:
    frame = nx.read_contacts(written(tmp_path, "\ufeffname;phone\nJosé;0770\n", encoding="utf-16-be"))
    assert cells(frame) == [["name", "phone"], ["José", "0770"]]


def test_an_encoding_that_is_given_counts(tmp_path: Path) -> None:
    frame = nx.read_contacts(written(tmp_path, "name;phone\nŁucja;0770\n", encoding="cp1250"), encoding="CP1250")
    assert cells(frame)[1] == ["Łucja", "0770"]
    assert frame.attrs["encoding"] == "cp1250"


def test_utf_8_with_one_bad_byte_is_not_read_as_something_else(tmp_path: Path) -> None:
    path = written(tmp_path, "name;phone\nJosé;0770\n".encode() + b"Zo\xeb;0771\n")
    with pytest.raises(nx.InvalidRequestError, match="but for a byte in line 3"):
        nx.read_contacts(path)
    assert nx.read_contacts(path, encoding="cp1252").name.tolist() == ["JosÃ©", "Zoë"]


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n\r\t\x0b\x85"), max_size=8),
            min_size=2,
            max_size=2,
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@settings(max_examples=count_examples(60), deadline=None)
def test_no_cell_is_changed(tmp_path_factory: Any, rows: list[list[str]], separator: str, encoding: str) -> None:
    path = tmp_path_factory.mktemp("lists") / "list.csv"
    quoted = [separator.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [["a", "b"], *rows]]
    path.write_bytes("\r\n".join(quoted).encode(encoding))
    found = cells(nx.read_contacts(path, sep=separator))
    assert found[1:] == [[cell or None for cell in row] for row in rows if any(row)]


def test_what_looks_like_something_else_stays_text(tmp_path: Path) -> None:
    odd = ["007", "+44", "NA", "nan", "1e5", "12.0", " a ", "TRUE", "2026-01-02", '="0770"', "#N/A", "-"]
    frame = nx.read_contacts(written(tmp_path, "a;b\n" + "".join(f"{cell};x\n" for cell in odd)))
    assert frame.a.tolist() == odd


def test_line_breaks_quotes_and_separators_stand_in_quotes(tmp_path: Path) -> None:
    frame = nx.read_contacts(written(tmp_path, 'a;b\r\n"x;\r\ny";"say ""hi"""\r\n'))
    assert cells(frame)[1] == ["x;\r\ny", 'say "hi"']


def test_rows_may_be_short_and_may_end_in_separators(tmp_path: Path) -> None:
    frame = nx.read_contacts(written(tmp_path, "a;b;;\n1\n\n2;3;;\n;;;\n4;5;6;;;\n"))
    assert cells(frame) == [["a", "b", "column_3"], ["1", None, None], ["2", "3", None], ["4", "5", "6"]]


def test_a_row_that_is_too_long_is_named_by_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, 'sep=,\na,b\n"1\n1",2\n3,4,5\n')
    with pytest.raises(nx.InvalidRequestError, match=r"line 5 has 3 cells, and the header 2.*','.*sep=") as error:
        nx.read_contacts(path)
    assert path.name in str(error.value)


def test_a_short_list_with_a_row_that_is_too_long_is_not_taken_for_one_column(tmp_path: Path) -> None:
    with pytest.raises(nx.InvalidRequestError, match="line 2 has 4 cells, and the header 2"):
        nx.read_contacts(written(tmp_path, "name;phone\nA;07;;x\n"))


def test_a_quote_that_never_ends_is_refused(tmp_path: Path) -> None:
    with pytest.raises(nx.InvalidRequestError, match="quotes of the row in line 3 are not paired"):
        nx.read_contacts(written(tmp_path, 'a;b\n1;2\n3;"4\n5;6\n'))


def test_every_column_gets_a_name_of_its_own(tmp_path: Path) -> None:
    frame = nx.read_contacts(written(tmp_path, " name ;;name;name_2;\ufeffphone;name;\n1;2;3;4;5;6;7\n"))
    assert frame.columns.tolist() == ["name", "column_2", "name_3", "name_2", "phone", "name_4", "column_7"]


def test_a_header_alone_gives_an_empty_frame(tmp_path: Path) -> None:
    frame = nx.read_contacts(written(tmp_path, "name;phone\n"))
    assert cells(frame) == [["name", "phone"]]
    assert {str(dtype) for dtype in frame.dtypes} == {"string"}


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "sep=;\n", "sep=;\n;;\n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match="It is empty"):
        nx.read_contacts(written(tmp_path, content))


def test_huge_cells_are_read(tmp_path: Path) -> None:
    frame = nx.read_contacts(written(tmp_path, f"a;b\n{'x' * 400_000};1\n"))
    assert frame.a.str.len().tolist() == [400_000]


@pytest.mark.parametrize("junk", [bytes(range(256)) * 20, b"\x89PNG\r\n\x1a\n" + b"\0" * 99, b"a;b\n1;\x002\n"])
def test_what_is_no_text_is_refused(tmp_path: Path, junk: bytes) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^path: got .*allowed: a CSV file"):
        nx.read_contacts(written(tmp_path, junk))


@pytest.mark.parametrize("encoding", ["utf8-ish", "zlib", "idna\x00", 8])
def test_only_encodings_of_text_are_taken(tmp_path: Path, encoding: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^encoding: got"):
        nx.read_contacts(written(tmp_path, "a;b\n1;2\n"), encoding=encoding)


def test_what_the_encoding_cannot_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(nx.InvalidRequestError, match="It is not in utf-8"):
        nx.read_contacts(written(tmp_path, b"a;b\n\xff;2\n"), encoding="utf-8")


@pytest.mark.parametrize("sep", ["", ";;", "\n", '"', 5])
def test_a_separator_is_one_character(tmp_path: Path, sep: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^sep: got"):
        nx.read_contacts(written(tmp_path, "a;b\n1;2\n"), sep=sep)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(nx.InvalidRequestError, match="No such file"):
        nx.read_contacts(tmp_path / "none.csv")
    with pytest.raises(nx.InvalidRequestError, match=r"Is a directory|Permission denied"):
        nx.read_contacts(tmp_path)
    with pytest.raises(nx.InvalidRequestError, match="^path: got 5"):
        nx.read_contacts(5)  # type: ignore[arg-type]


def test_what_to_csv_wrote_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "a;b\n1;Zoë, 'x'\n;2\n")
    frame = nx.read_contacts(path)
    assert nx.read_contacts(nx.to_csv(frame, tmp_path / "copy.csv")).equals(frame)


# --- Excel -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (447701234567, "447701234567"),
        (447701234567.0, "447701234567"),
        ("07700 900123", "07700 900123"),
        ("NA", "NA"),
        (12.5, "12.5"),
        (0.1 + 0.2, "0.3"),
        (-3, "-3"),
        (True, "TRUE"),
        (False, "FALSE"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 14, 30), "2026-03-01T14:30:00"),
        (time(14, 30), "14:30:00"),
        ("#N/A", "#N/A"),
        (None, None),
        ("", None),
    ],
)
def test_a_cell_of_excel_is_read_as_text(tmp_path: Path, value: Any, text: str | None) -> None:
    assert cells(nx.read_contacts(workbook(tmp_path, ["a", "b"], ["x", value])))[1] == ["x", text]


def test_a_number_of_many_digits_is_no_rounded_one(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["phone"], [447701234567], A2="0.00E+00")
    assert nx.read_contacts(path).phone.tolist() == ["447701234567"]


def test_zeros_that_a_format_shows_are_kept(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["phone", "share"], [7700900123, 0.25], A2="00000000000", B2="0%")
    assert cells(nx.read_contacts(path))[1] == ["07700900123", "0.25"]


def test_a_formula_gives_its_value(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["phone"], ["=A1"])
    replaced = re.compile(rb"<f>A1</f><v ?/?>(</v>)?")
    changed = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, replaced.sub(b"<f>A1</f><v>447700900123</v>", old.read(name)))
    assert nx.read_contacts(written(tmp_path, changed.getvalue(), "new.xlsx")).phone.tolist() == ["447700900123"]


def test_a_sheet_is_chosen_by_name_or_number(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["name", None, "name"], [1, 2, 3], [None, None, None])
    first = nx.read_contacts(path)
    assert cells(first) == [["name", "column_2", "name_2"], ["1", "2", "3"]]
    assert first.attrs == {"sheet": "People"}
    assert [nx.read_contacts(path, sheet=which).attrs["sheet"] for which in (1, 2, "Others", "people ")] == [
        "People",
        "Others",
        "Others",
        "People",
    ]
    for wrong in ("none", 0, 3, True, 1.0):
        with pytest.raises(nx.InvalidRequestError, match="^sheet: got .* 1 'People', 2 'Others'"):
            nx.read_contacts(path, sheet=wrong)  # type: ignore[arg-type]


def test_a_row_of_excel_that_is_too_long_is_named(tmp_path: Path) -> None:
    with pytest.raises(nx.InvalidRequestError, match="line 3 has 3 cells, and the header 2"):
        nx.read_contacts(workbook(tmp_path, ["a", "b"], [1], [1, 2, 3]))


def test_empty_sheets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(nx.InvalidRequestError, match="It is empty"):
        nx.read_contacts(workbook(tmp_path))


@pytest.mark.parametrize("name", ["list.xls", "list.ods", "list.xlsb"])
def test_other_spreadsheets_are_to_be_saved_as_xlsx_or_csv(tmp_path: Path, name: str) -> None:
    for content in (b"PK\x03\x04junk", b"\xd0\xcf\x11\xe0junk", b"<html>"):
        with pytest.raises(nx.InvalidRequestError, match=r"save it as \.xlsx, or as CSV"):
            nx.read_contacts(written(tmp_path, content, name))


@pytest.mark.parametrize("content", [b"a;b\n1;2\n", b"PK\x03\x04junk", b"\xd0\xcf\x11\xe0junk"])
def test_a_workbook_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^path: got .*list\.xlsx"):
        nx.read_contacts(written(tmp_path, content, "list.xlsx"))


def test_damaged_workbooks_are_refused_if_they_cannot_be_read(tmp_path: Path) -> None:
    whole = workbook(tmp_path, ["a"], [1]).read_bytes()
    for place in range(30, len(whole), 97):
        damaged = written(tmp_path, whole[:place] + b"\xff\xff\xff" + whole[place + 3 :], "damaged.xlsx")
        found = tried(lambda damaged=damaged: nx.read_contacts(damaged), "")
        assert isinstance(found, pd.DataFrame) or "damaged.xlsx" in str(found)


def test_arguments_of_the_other_kind_of_file_are_refused(tmp_path: Path) -> None:
    book, text = workbook(tmp_path, ["a"], [1]), written(tmp_path, "a;b\n1;2\n")
    for call, name in (
        (lambda: nx.read_contacts(book, sep=";"), "sep"),
        (lambda: nx.read_contacts(book, encoding="utf-8"), "encoding"),
        (lambda: nx.read_contacts(text, sheet=1), "sheet"),
    ):
        with pytest.raises(nx.InvalidRequestError, match=f"^{name}: got"):
            call()


def test_without_openpyxl_the_error_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path, ["a"], [1])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(nx.InvalidRequestError, match=re.escape("pip install 'nexmo_nb[excel]'")):
        nx.read_contacts(path)


def test_no_more_text_is_split_than_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_SAMPLE_CHARACTERS", 100)
    frame = nx.read_contacts(written(tmp_path, "a;b\n" + "1,1;2\n" * 500))
    assert frame.shape == (500, 2)
