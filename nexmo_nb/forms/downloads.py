"""Files that a form hands out: CSV that Excel opens as it is, and in which no cell is a formula. Pure."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from nexmo_nb.csv_files import to_csv

_ODD = re.compile(r"[^\w .()-]+")
_BOM = b"\xef\xbb\xbf"
# What a spreadsheet calculates; a number, of a phone or not, stays as it is.
_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"\s*[+\-]?[0-9][0-9 ().,\u00a0]*")


def write_csv(table: pd.DataFrame) -> bytes:
    """Write a frame as CSV, with the mark by which Excel knows UTF-8."""
    safe = table.rename(columns=_defuse).apply(_defuse_column)
    with TemporaryDirectory() as folder:
        return _BOM + to_csv(safe, Path(folder, "table.csv")).read_bytes()


def name_file(name: str) -> str:
    """Make a name that every system takes for a file."""
    plain = _ODD.sub("_", name).strip(" .")
    return f"{plain or 'campaign'}.csv"


def _defuse_column(column: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    return column.astype(object).map(_defuse, na_action="ignore")


def _defuse(cell: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
