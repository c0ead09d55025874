"""A sheet of an Excel workbook as rows of text, by openpyxl."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError

_INSTALL = "Reading Excel needs openpyxl: pip install 'nexmo_nb[excel]'. Or save the list as CSV (UTF-8)."
_WORKBOOK = "an Excel workbook (.xlsx, .xlsm)"
_LARGEST = 1e21
_ZEROS = re.compile("0{2,30}")


def read_sheet(data: bytes, sheet: Any, path: str) -> tuple[dict[str, str], Iterator[tuple[int, list[str | None]]]]:
    """Read one sheet of a workbook as text: its title, and its rows with their numbers; raises as `read_cells` does."""
    title, rows = read_cells(data, sheet, path)
    texts = [(number, [_to_text(cell) for cell in cells]) for number, cells in enumerate(rows, start=1)]
    return {"sheet": title}, iter(texts)


def read_cells(data: bytes, sheet: Any, path: str, *, alone: bool = False) -> tuple[str, list[Any]]:
    """Read one sheet of a workbook: its title, and its rows of cells.

    Without a `sheet` it is the first one; with `alone`, it must be the only one then.

    Raises
    ------
    InvalidRequestError
        If openpyxl is not installed or cannot read the workbook, or there is no such sheet.
    """
    try:
        import openpyxl
    except ImportError:
        raise validation.invalid_argument("path", path, _WORKBOOK, _INSTALL) from None
    try:
        # openpyxl warns of what it does not keep, such as rules for entering data; we want the cells only.
        with warnings.catch_warnings(action="ignore"):
            workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            chosen = _choose_sheet(workbook.worksheets, sheet, alone=alone)
            # Some programs write a wrong size of the sheet, by which cells would be lost.
            chosen.reset_dimensions()
            rows = list(chosen.rows)
            workbook.close()
    except InvalidRequestError:
        raise
    except Exception as problem:  # whatever a damaged file makes zipfile, the XML parser and openpyxl raise
        reason = f"It cannot be read ({type(problem).__name__}: {problem}): open it in Excel, and save it again."
        raise validation.invalid_argument("path", path, _WORKBOOK, reason) from None
    return str(chosen.title), rows


def _choose_sheet(sheets: list[Any], wanted: Any, *, alone: bool) -> Any:
    titles = ", ".join(f"{number} {each.title!r}" for number, each in enumerate(sheets, start=1))
    allowed = f"a sheet by name or number; there are {titles or 'none'}"
    if wanted is None and (len(sheets) == 1 if alone else sheets):
        return sheets[0]
    if isinstance(wanted, str):
        same = [each for each in sheets if each.title == wanted]
        similar = [each for each in sheets if each.title.strip().casefold() == wanted.strip().casefold()]
        if same or len(similar) == 1:
            return (same or similar)[0]
    elif isinstance(wanted, int) and not isinstance(wanted, bool) and 1 <= wanted <= len(sheets):
        return sheets[wanted - 1]
    raise validation.invalid_argument("sheet", wanted, allowed)


def _to_text(cell: Any) -> str | None:
    """Write the value of a cell as text; an empty one is None."""
    value = cell.value
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return _write_number(value, cell.number_format)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def _write_number(value: float, number_format: Any) -> str:
    """Write a number with all of its digits, where Excel shows 4.47701E+11."""
    if value != int(value) or abs(value) >= _LARGEST:
        # Excel calculates with 15 digits; more would show how a computer writes 0.1.
        return f"{value:.15g}"
    digits = str(int(value))
    # A format of zeros is how people keep the zeros in front of a number.
    return digits.zfill(len(number_format)) if _ZEROS.fullmatch(str(number_format)) else digits
