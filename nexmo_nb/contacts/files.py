"""Contact lists as people have them: CSV of any separator and encoding, or Excel. Cells stay text; nothing is lost."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.excel import read_sheet
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import Column, frame_from_columns

Row = tuple[int, Sequence[str | None]]
"""The number of a row's first line, and its cells."""

_ALLOWED = "a CSV file or an Excel workbook (.xlsx, .xlsm), whose first row has the names of the columns"
_EXCEL = (".xlsx", ".xlsm", ".xltx", ".xltm")
_FOREIGN = (".xls", ".xlsb", ".ods", ".fods", ".numbers", ".odt", ".doc", ".docx", ".pdf")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SAVE_AS = "Open it in Excel or LibreOffice, and save it as .xlsx, or as CSV (UTF-8)."
# The longer marks first: that of UTF-32 LE begins as that of UTF-16 LE does.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONG_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_SEPARATOR_LINE = re.compile('"?sep=([^"\r\n])"?(?:\r\n|\r|\n|$)', re.IGNORECASE)
# Where two go equally well with a file, it is the first of them: a comma stands in prose and in decimals as well.
_SEPARATORS = ("\t", ";", "|", ",")
_LONGEST_PATH = 76
_SAMPLE_ROWS, _SAMPLE_CHARACTERS = 100, 200_000


def read_contacts(
    path: str | Path, *, sep: str | None = None, encoding: str | None = None, sheet: str | int | None = None
) -> pd.DataFrame:
    r"""Read a list of contacts from a CSV file or an Excel workbook, every cell as text.

    Parameters
    ----------
    path : str or Path
        The file; its first row has the names of the columns.
    sep : str, optional
        What separates the cells of a CSV file. Default: what a first line such as ``sep=;`` says, or the one of comma,
        semicolon, tab and ``|`` that goes best with the rows.
    encoding : str, optional
        How a CSV file is encoded, such as ``"cp1250"``. Default: what its byte order mark says, else UTF-8 or UTF-16 if
        it is one of them, else Windows-1252, which Excel writes in western Europe and America.
    sheet : str or int, optional
        The sheet of an Excel workbook, by its name, or by its number from 1. Default: the first.

    Returns
    -------
    pandas.DataFrame
        The rows and columns of the file, all text; an empty cell is a missing value, and "NA" is no empty cell. Rows
        without a filled cell are left out. A column without a name is called ``column_1`` after its place, and a name
        that stands twice gets a number. ``frame.attrs`` says how the file was read: ``encoding`` and ``separator``, or
        ``sheet``.

    Raises
    ------
    InvalidRequestError
        If the file cannot be read, is empty, or is of another kind, or a row has more cells than the header.

    Notes
    -----
    Of an Excel workbook the values are read, not the formulas: a whole number as its digits, a date in ISO 8601, a
    truth value as TRUE or FALSE, an error as it is shown (``#N/A``). It takes ``pip install 'nexmo_nb[excel]'``.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> from pathlib import Path
    >>> size = Path("people.csv").write_text("sep=;\nphone;name\n07700 900123;NA\n", encoding="utf-16")
    >>> table = nx.read_contacts("people.csv")
    >>> table.values.tolist(), table.attrs
    ([['07700 900123', 'NA']], {'encoding': 'utf-16', 'separator': ';'})
    """
    source = _expand_path(path)
    try:
        data = source.read_bytes()
    except (OSError, ValueError) as problem:
        raise _make_error(source, str(getattr(problem, "strerror", None) or problem)) from None
    return parse_contacts(source, data, sep=sep, encoding=encoding, sheet=sheet)


def parse_contacts(
    source: Path,
    data: bytes,
    *,
    sep: str | None = None,
    encoding: str | None = None,
    sheet: str | int | None = None,
) -> pd.DataFrame:
    """Read the content of a file as `read_contacts` does; `source` is what it is called."""
    suffix = source.suffix.lower()
    rows: Iterator[Row]
    if data.startswith(_ZIP) and suffix not in _FOREIGN:
        _check_unused("Excel workbook", sep=sep, encoding=encoding)
        attrs, rows = read_sheet(data, sheet, _shorten_path(source))
    else:
        _check_is_text(source, data, suffix)
        _check_unused("CSV file", sheet=sheet)
        attrs, rows = _read_text(source, data, sep, encoding)
    return _build_frame(source, rows, attrs)


def _expand_path(path: Any) -> Path:
    try:
        return Path(path).expanduser()
    except (TypeError, RuntimeError):
        raise validation.invalid_argument("path", path, "the name of a file") from None


def _make_error(source: Path, advice: str) -> InvalidRequestError:
    return validation.invalid_argument("path", _shorten_path(source), _ALLOWED, advice)


def _shorten_path(source: Path) -> str:
    """Keep the end of a long path, which has the name of the file."""
    written = str(source)
    return written if len(written) <= _LONGEST_PATH else f"…{written[1 - _LONGEST_PATH :]}"


def _check_unused(kind: str, **arguments: Any) -> None:
    """Refuse arguments that go with another kind of file, rather than leave them unheeded."""
    for name, value in arguments.items():
        if value is not None:
            raise validation.invalid_argument(name, value, f"nothing, for the file is a {kind}", f"Leave {name} out.")


def _check_is_text(source: Path, data: bytes, suffix: str) -> None:
    """Refuse files of other programs."""
    if data.startswith(_OLE):
        raise _make_error(source, f"It is an old Excel file, or one with a password. {_SAVE_AS}")
    if suffix in _FOREIGN:
        raise _make_error(source, f"It is a {suffix} file. {_SAVE_AS}")
    if suffix in _EXCEL:
        raise _make_error(source, f"It is no Excel workbook, though its name ends in {suffix}. {_SAVE_AS}")


# --- CSV: the encoding, the separator, the rows ----------------------------------------------------------------------


def _read_text(
    source: Path, data: bytes, sep: str | None, encoding: str | None
) -> tuple[dict[str, str], Iterator[Row]]:
    if sep is not None and (not isinstance(sep, str) or len(sep) != 1 or sep in '"\r\n'):
        raise validation.invalid_argument("sep", sep, "one character, such as ';' or '\\t'")
    encoding = _choose_encoding(source, data) if encoding is None else _check_encoding(encoding)
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as problem:
        raise _make_error(source, f"It is not in {encoding} ({problem}): name its encoding, as encoding=….") from None
    found = _SEPARATOR_LINE.match(text)
    text = text[found.end() :] if found else text
    if len(_CONTROL.findall(text)) * 100 > len(text) or "\x00" in text:
        raise _make_error(source, "It holds no text, or is in another encoding than " + encoding + ".")
    chosen = sep or (found[1] if found else _choose_separator(text))
    return {"encoding": encoding, "separator": chosen}, _read_rows(source, text, chosen, skipped=bool(found))


def _check_encoding(encoding: Any) -> str:
    try:
        # Python also has "encodings" that are none of text, such as "zlib".
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except (TypeError, LookupError, ValueError):
        pass
    raise validation.invalid_argument(
        "encoding", encoding, "an encoding that Python knows, such as 'utf-8' or 'cp1252'"
    )


def _choose_encoding(source: Path, data: bytes) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    # Most characters of UTF-16 have a zero byte: the second one in LE, the first one in BE.
    first, second = data[::2].count(0), data[1::2].count(0)
    if max(first, second) * 8 > len(data):
        return "utf-16-le" if second > first else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as problem:
        if _LONG_CHARACTER.search(data):
            # Read as Windows-1252, "é" would become "Ã©" and reach people so.
            line = data.count(b"\n", 0, problem.start) + 1
            raise _make_error(
                source,
                f"It is in UTF-8, but for a byte in line {line}: mend that line, or name the encoding, as "
                "encoding='cp1252'.",
            ) from None
        return "cp1252"
    return "utf-8"


def _choose_separator(text: str) -> str:
    """Choose the separator that splits the header, and most rows into as many cells; a comma where none does."""
    splits = {each: _split_sample(text, each) for each in _SEPARATORS}
    shares = {each: _rate_split(rows) for each, rows in splits.items()}
    good = [each for each in _SEPARATORS if len(splits[each][0]) > 1 and shares[each][0] >= 0.5]
    if good:
        return max(good, key=lambda each: shares[each][1:])
    # One column: the separator that stands in none of its cells.
    return max(reversed(_SEPARATORS), key=lambda each: shares[each][2])


def _rate_split(rows: list[list[str]]) -> tuple[float, float, float]:
    """Give the shares of rows that are split, that also fit the header, and that are as long as it."""
    width, body = len(rows[0]), rows[1:] or rows
    split = [row for row in body if len(row) > 1]
    fitting = sum(not any(row[width:]) for row in split)
    exact = sum(len(row) == width for row in body)
    return len(split) / len(body), fitting / len(body), exact / len(body)


def _split_sample(text: str, separator: str) -> list[list[str]]:
    """Split the first rows of a text; there is always one."""
    rows = _split(io.StringIO(text[:_SAMPLE_CHARACTERS], newline=""), separator)
    return [row for row, _ in zip(rows, range(_SAMPLE_ROWS), strict=False) if any(row)] or [[""]]


def _split(lines: io.StringIO, separator: str) -> Iterator[list[str]]:
    """Split text as it may be, quotes that never end among it."""
    try:
        yield from csv.reader(lines, delimiter=separator)
    except csv.Error:
        return


def _read_rows(source: Path, text: str, separator: str, *, skipped: bool) -> Iterator[Row]:
    # Strict: a quote that never ends would make one cell of all the rows that follow.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    before, limit = int(skipped), csv.field_size_limit()
    line = before + 1
    try:
        csv.field_size_limit(max(limit, len(text) + 1))
        for cells in reader:
            yield line, [cell or None for cell in cells]
            line = before + reader.line_num + 1
    except csv.Error as problem:
        raise _make_error(
            source,
            f"The quotes of the row in line {line} are not paired ({problem}): a quote within a quoted cell is written "
            "twice.",
        ) from None
    finally:
        csv.field_size_limit(limit)


# --- rows to a frame -------------------------------------------------------------------------------------------------


def _build_frame(source: Path, rows: Iterator[Row], attrs: dict[str, str]) -> pd.DataFrame:
    filled = ((line, cells) for line, cells in rows if any(cell is not None for cell in cells))
    _, header = next(filled, (0, ()))
    if not header:
        raise _make_error(source, "It is empty.")
    width = len(header)
    table: list[Sequence[str | None]] = []
    for line, cells in filled:
        if any(cell is not None for cell in cells[width:]):
            how = f", read with the separator {attrs['separator']!r}" if "separator" in attrs else ""
            raise _make_error(
                source,
                f"The row in line {line} has {len(cells)} cells, and the header {width}{how}: put a cell that holds "
                "the separator in quotes, or name the separator, as sep=….",
            )
        table.append([*cells[:width], *[None] * (width - len(cells))])
    columns = [list(column) for column in zip(*table, strict=True)] or [[] for _ in header]
    named = max((n for n, name in enumerate(header) if (name or "").strip()), default=0)
    # Spreadsheets write many columns without a name or a cell behind the last one.
    while len(columns) > named + 1 and not any(cell is not None for cell in columns[-1]):
        columns.pop()
    names = _name_columns(header[: len(columns)])
    return frame_from_columns(dict(zip(names, columns, strict=True)), [Column(name) for name in names], attrs)


def _name_columns(header: Sequence[str | None]) -> list[str]:
    """Give each column a name of its own."""
    written = [(name or "").replace("\ufeff", "").strip() for name in header]
    wanted = [name or f"column_{place}" for place, name in enumerate(written, start=1)]
    names: list[str] = []
    for name in wanted:
        unique, number = name, 1
        while unique in names or (number > 1 and unique in wanted):
            number += 1
            unique = f"{name}_{number}"
        names.append(unique)
    return names
