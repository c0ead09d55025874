"""Files that a form hands out: CSV that Excel opens as it is, and in which no cell is a formula. Pure."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from nexmo_nb.csv_files import to_csv

_ODD = re.compile(r"[^\w .()-]+")


def write_csv(table: pd.DataFrame) -> bytes:
    """Write a frame as CSV that a spreadsheet opens without a formula, and with all digits of a number."""
    with TemporaryDirectory() as folder:
        return to_csv(table, Path(folder, "table.csv"), excel=True).read_bytes()


def name_file(name: str) -> str:
    """Make a name that every system takes for a file."""
    plain = _ODD.sub("_", name).strip(" .")
    return f"{plain or 'campaign'}.csv"
