"""How a command shows a frame: as a table, JSON, CSV or a Parquet file."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the choice of a format; without one, a table for people."""
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="print a list of objects, with times in ISO 8601")
    formats.add_argument("--csv", action="store_true", help="print CSV")
    formats.add_argument("--parquet", metavar="FILE", help="write a Parquet file that only you can read")


def is_for_people(options: argparse.Namespace) -> bool:
    """Tell whether a person reads the output, for no other format is asked for."""
    return not (options.parquet or options.json or options.csv)


def write_frame(frame: pd.DataFrame, options: argparse.Namespace) -> None:
    """Write a frame as the options say."""
    if options.parquet:
        from nexmo_nb.private_files import replace_file

        with replace_file(options.parquet, ".parquet") as file:
            frame.to_parquet(file, index=False)
    elif options.json:
        rows = json.loads(frame.to_json(orient="records", date_format="iso", date_unit="ms"))
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    elif options.csv:
        frame.to_csv(sys.stdout, index=False, date_format="%Y-%m-%dT%H:%M:%SZ", lineterminator="\n")
    else:
        # A row is a line, also where a text or a key has several, which older versions of pandas write as they are.
        lines = frame.replace(r"\r?\n", r"\\n", regex=True).to_string(index=False, na_rep="")
        print(lines if len(frame) else "Nothing was found.")
