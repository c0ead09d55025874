"""Excel workbooks, a sheet a frame: numbers stay text, times say that they are UTC, and no text is a formula."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.contacts.excel import read_cells
from nexmo_nb.csv_files import apply_known_dtypes, check_dtypes, find_known_dtype, is_text_like
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.formulas import is_risky
from nexmo_nb.frames import TIME, text_frame
from nexmo_nb.private_files import expand_path, replace_file

MOST_ROWS, MOST_COLUMNS, LONGEST_TEXT, LONGEST_TITLE = 1_048_575, 16_384, 32_767, 31
"""What a sheet can hold; a row is the heading."""
UTC = " (UTC)"
"""What is added to the heading of a column of times, which have no zone in Excel."""
_SUFFIXES = (".xlsx",)
_INSTALL = "Writing Excel needs openpyxl: pip install 'nexmo_nb[excel]'."
_AMOUNT = "#,##0.00######"
_RATES = ("delivery_rate", "message_delivery_rate", "part_delivery_rate", "change")
_SECONDS = ("duration", "seconds", "latency")
_FIRST_DAY = pd.Timestamp("1900-03-01")
"""Before it, Excel has no dates, or wrong ones."""
_MEASURED_ROWS, _WIDEST = 200, 60
# What XML cannot hold is written as Excel does: _x000D_; an underscore that would begin such a word, as _x005F_.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x(?:00[01][0-9A-Fa-f]|005[Ff]|[Ff]{3}[EeFf])_)")
_WRITTEN = re.compile("_x(00[01][0-9A-Fa-f]|005[Ff]|[Ff]{3}[EeFf])_")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def to_excel(frames: AnyFrame | Mapping[str, AnyFrame], path: str | Path) -> Path:
    """Write frames to an Excel workbook, a sheet each, that `read_excel` reads back.

    Parameters
    ----------
    frames : DataFrame or mapping of str to DataFrame
        Frames of this toolkit, or any others; as a mapping, each by the name of its sheet. Indexes are not written.
    path : str or Path
        The file, whose name ends in ``.xlsx``. Only its owner can read it, because it may be a list of phone numbers.

    Returns
    -------
    Path
        The path of the file, with ``~`` expanded.

    Raises
    ------
    InvalidRequestError
        If openpyxl is not installed, a name is none that a sheet can have, a frame does not fit into a sheet, or the
        file cannot be written. An existing file is then left as it was.

    Notes
    -----
    Phone numbers and ids are text. Times are in UTC, without a zone, for Excel has none: the heading says ``(UTC)``;
    they are exact to the millisecond. Amounts are numbers of 15 digits, as everywhere in Excel, with their currency
    beside them; rates are per cent. A text that begins like a formula is marked as text, and stays so when its cell is
    edited.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> path = nx.to_excel({"owned": nx.owned_numbers(), "prices": nx.prices("NA")}, "numbers.xlsx")
    >>> nx.read_excel(path, sheet="owned").equals(nx.owned_numbers())
    True
    """
    sheets = _check_sheets(frames)
    target = expand_path(path)
    try:
        import openpyxl
    except ImportError:
        raise InvalidRequestError(_INSTALL) from None
    workbook = openpyxl.Workbook(write_only=True)
    with replace_file(path, *_SUFFIXES) as file:
        try:
            for title, frame in sheets.items():
                _write_sheet(workbook.create_sheet(title), frame)
        except BaseException:
            for sheet in workbook.worksheets:
                sheet.close()  # else openpyxl keeps its own file open
            raise
        workbook.save(file)
    return target


def read_excel(
    path: str | Path, *, sheet: str | int | None = None, dtype: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Read a sheet of an Excel workbook, with the dtypes of this toolkit's frames.

    Parameters
    ----------
    path : str or Path
        The file. For a list of people to write to, `read_contacts` reads more kinds of files.
    sheet : str or int, optional
        Name or number (from 1) of the sheet. Default: the workbook has only one.
    dtype : mapping, optional
        As for `read_csv`.

    Returns
    -------
    pandas.DataFrame
        With the columns of the sheet, whose first row is the heading. Money, durations and rates are float, counts int,
        times UTC, all others text; an empty cell is a missing value. ``received (UTC)`` is the column ``received``.

    Raises
    ------
    InvalidRequestError
        If openpyxl is not installed, the file cannot be read, there are several sheets and none is named, a column has
        no heading or one that another has, or does not hold what its dtype says.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> path = nx.to_excel(nx.search_numbers("NA", limit=1), "numbers.xlsx")
    >>> nx.read_excel(path).country.tolist()
    ['NA']
    """
    own = check_dtypes(dtype)
    source = expand_path(path)
    try:
        data = source.read_bytes()
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise validation.invalid_argument("path", str(path), "an Excel workbook", str(reason)) from None
    _, rows = read_cells(data, sheet, str(path), alone=True)
    values = [[cell.value for cell in row] for row in rows]
    while values and all(value is None for value in values[-1]):
        values.pop()
    columns = _read_columns(values, str(path))
    texts = {name: [_read_value(value) for value in cells] for name, cells in columns.items()}
    times = {name: TIME for name in columns if name.endswith(UTC) and _holds_times(columns[name])}
    names = [name.removesuffix(UTC) if name in times else name for name in columns]
    table = text_frame((dict(zip(names, row, strict=True)) for row in zip(*texts.values(), strict=True)), names)
    return apply_known_dtypes(table, {**{name.removesuffix(UTC): kind for name, kind in times.items()}, **own})


def _check_sheets(frames: Any) -> dict[str, pd.DataFrame]:
    given = dict(frames) if isinstance(frames, Mapping) else {"nexmo_nb": frames}
    sheets = {title: to_pandas(frame) for title, frame in given.items()}
    if not sheets:
        raise validation.invalid_argument("frames", frames, "a DataFrame, or a mapping of names to DataFrames")
    allowed = f"names of sheets: different texts of 1 to {LONGEST_TITLE} characters without []:*?/\\ and ' at the ends"
    for title, frame in sheets.items():
        is_title = isinstance(title, str) and 1 <= len(title.strip()) <= len(title) <= LONGEST_TITLE
        if not is_title or re.search(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff]|^'|'$", title):
            raise validation.invalid_argument("frames", title, allowed)
        if not isinstance(frame, pd.DataFrame):
            raise validation.invalid_argument(f"frames[{title!r}]", frame, "a DataFrame")
        validation.check_frame(frame)
        if len(frame) > MOST_ROWS or frame.shape[1] > MOST_COLUMNS:
            size = f"{len(frame):,} rows and {frame.shape[1]:,} columns"
            most = f"at most {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns"
            raise validation.invalid_argument(f"frames[{title!r}]", size, most, "to_csv writes any number.")
    if len({title.casefold() for title in sheets}) < len(sheets):
        raise validation.invalid_argument("frames", ", ".join(sheets), allowed)
    return sheets


# --- writing ---------------------------------------------------------------------------------------------------------


def _write_sheet(sheet: Any, frame: pd.DataFrame) -> None:
    """Write a frame cell by cell; a cell is made once for each column and format, for `append` writes it at once."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    make = partial(WriteOnlyCell, sheet)
    heading = []
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        cell = make()
        _set_text(cell, f"{name}{UTC}" if _is_zoned(column) else str(name))
        cell.font, cell.alignment = Font(bold=True), Alignment(vertical="top")
        heading.append(cell)
        sheet.column_dimensions[get_column_letter(position + 1)].width = _measure(column, str(cell.value))
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(1, frame.shape[1]))}{len(frame) + 1}"
    sheet.append(heading)
    currencies = frame["currency"] if "currency" in frame.columns else pd.Series(None, index=frame.index, dtype=object)
    codes = currencies.astype(object).where(currencies.notna(), None).tolist()
    columns = [_list_cells(frame.iloc[:, position], codes, make) for position in range(frame.shape[1])]
    for row in zip(*columns, strict=True):
        sheet.append(row)


def _list_cells(column: pd.Series[Any], currencies: list[Any], make: Callable[[], Any]) -> Iterator[Any]:
    """Give the cells of a column, one after the other, each of which is the one before with another value."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        yield from _list_time_cells(column, make)
        return
    cells: dict[str, Any] = {}
    is_text, name = is_text_like(column), str(column.name)
    is_amount = find_known_dtype(name) == "float64" and name not in (*_RATES, *_SECONDS)
    for value, currency in zip(column.astype(object), currencies, strict=True):
        if validation.is_missing(value):
            yield None
        elif isinstance(value, (bool, int, float)) and not (is_text and type(value) is int) and math.isfinite(value):
            style = _choose_format(name, value, currency if is_amount else None, is_amount=is_amount)
            cell = cells.get(style) or cells.setdefault(style, _make_cell(make, style))
            cell.value = value
            yield cell
        else:
            style = "quoted" if is_risky(str(value)) else "@"
            cell = cells.get(style) or cells.setdefault(style, _make_cell(make, style))
            _set_text(cell, str(value))
            yield cell


def _list_time_cells(column: pd.Series[Any], make: Callable[[], Any]) -> Iterator[Any]:
    is_day = bool((column.dropna() == column.dropna().dt.normalize()).all())
    cell = _make_cell(make, "yyyy-mm-dd" if is_day else "yyyy-mm-dd hh:mm:ss")
    text = _make_cell(make, "@")
    for value in column:
        if value is pd.NaT:
            yield None
        elif value < _FIRST_DAY:
            _set_text(text, value.isoformat())
            yield text
        else:
            cell.value = value.to_pydatetime(warn=False)
            yield cell


def _choose_format(name: str, value: Any, currency: Any, *, is_amount: bool) -> str:
    if isinstance(value, bool):
        return "General"
    if is_amount:
        is_code = isinstance(currency, str) and re.fullmatch("[A-Z]{3}", currency)
        return f'{_AMOUNT} "{currency}"' if is_code else _AMOUNT
    if name in _RATES:
        return "0.0%"
    if isinstance(value, int):
        return "#,##0" if find_known_dtype(name) == "Int64" else "0"
    return "General"


def _make_cell(make: Callable[[], Any], style: str) -> Any:
    cell = make()
    cell.number_format = "@" if style == "quoted" else style
    if style == "quoted":
        cell.quotePrefix = True  # what an apostrophe does that is typed before a text
    return cell


def _set_text(cell: Any, text: str) -> None:
    """Make a text the value of a cell; openpyxl would take one that begins with ``=`` for a formula."""
    if len(text) > LONGEST_TEXT:
        allowed = f"texts of at most {LONGEST_TEXT:,} characters"
        raise validation.invalid_argument(
            "frames", f"a text of {len(text):,} characters", allowed, "to_csv writes any."
        )
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise validation.invalid_argument("frames", text, "text that UTF-8 can write")
    cell.value = _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    cell.data_type = "s"


def _is_zoned(column: pd.Series[Any]) -> bool:
    return isinstance(column.dtype, pd.DatetimeTZDtype)


def _measure(column: pd.Series[Any], heading: str) -> float:
    """Return a width by which the first rows can be read, in characters."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return max(20, len(heading) + 3)
    texts = [str(value) for value in column.head(_MEASURED_ROWS) if not validation.is_missing(value)]
    longest = max((sum(_count_places(text) for text in text) for text in texts), default=0)
    return min(_WIDEST, max(longest + 2, len(heading) + 3, 8))


def _count_places(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "FW" else 1


# --- reading ---------------------------------------------------------------------------------------------------------


def _read_columns(values: list[list[Any]], path: str) -> dict[str, list[Any]]:
    """Return the cells of each column by its heading."""
    width = max(map(len, values), default=0)
    padded = [[*row, *[None] * (width - len(row))] for row in values]
    columns: dict[str, list[Any]] = {}
    for heading, *cells in zip(*padded, strict=True):
        name = _read_value(heading)
        if name is None and all(cell is None for cell in cells):
            continue
        if not name or name in columns:
            said = f"Column {len(columns) + 1} has {'that of another' if name else 'none'}."
            raise validation.invalid_argument("path", path, "a sheet whose columns have headings of their own", said)
        columns[name] = cells
    if not columns:
        raise validation.invalid_argument("path", path, "a sheet with a heading", "It is empty.")
    return columns


def _read_value(value: Any) -> str | None:
    """Write a value as text, as `to_csv` would, for `apply_known_dtypes`."""
    if value is None or isinstance(value, str):
        return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), value) if value else None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != datetime.min.time() else value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _holds_times(cells: list[Any]) -> bool:
    return all(
        isinstance(cell, (date, type(None))) or (isinstance(cell, str) and _ISO_DAY.match(cell)) for cell in cells
    )
