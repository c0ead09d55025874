"""A report of 1,000,000 records into a frame beside pandas alone, and of 5,000,000 into Parquet in little memory.

Run: python benchmarks/records.py
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
from common import Figure, options, report, turns

from nexmo_nb.csv_reader import read_text_csv
from nexmo_nb.frames import apply_dtypes, concat_frames, text_frame
from nexmo_nb.reports.parquet import count_rows, write_parquet
from nexmo_nb.reports.response import get_columns

COLUMNS = get_columns("SMS", "outbound")
CHUNK = 200_000


def make(path: Path, rows: int) -> None:
    """Write a report of so many records, all of them different."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("r.csv", "w") as out,
    ):
        out.write((",".join(COLUMNS) + "\n").encode())
        values = dict.fromkeys(COLUMNS, "")
        for n in range(rows):
            values |= {
                "message_id": f"{n:08x}-0000-4000-8000-{n:012x}",
                "direction": "outbound",
                "from": "Demo",
                "to": f"4477{n % 10**8:08d}",
                "country": "NA",
                "network": "64901",
                "date_received": f"2025-03-04T{n % 24:02d}:06:{n % 60:02d}+00:00",
                "date_finalized": f"2025-03-04T{n % 24:02d}:07:{n % 60:02d}.123+00:00",
                "latency": str(n % 60_000),
                "status": "delivered",
                "total_price": f"0.0{n % 900 + 100}0000",
            }
            out.write((",".join(values.values()) + "\n").encode())


def to_parquet(path: Path) -> None:
    """Do what `records(to=…)` does with a report that it has downloaded; runs in a process of its own."""
    with zipfile.ZipFile(path) as archive, archive.open("r.csv") as file:
        start = time.perf_counter()
        chunks = (apply_dtypes(text, COLUMNS) for text in read_text_csv(file, CHUNK))
        out = path.with_suffix(".parquet")
        write_parquet(out, chunks, apply_dtypes(text_frame([], list(COLUMNS)), COLUMNS))
        took = time.perf_counter() - start
    print(json.dumps([count_rows(out), took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def by_pandas(path: Path) -> int:
    """Read the file by pandas alone, to the same dtypes."""
    kinds = {name: "float64" if column.dtype == "float64" else "string" for name, column in COLUMNS.items()}
    times = [name for name, column in COLUMNS.items() if column.dtype.startswith("datetime")]
    dtypes: Any = {key: kind for key, kind in kinds.items() if key not in times}
    with zipfile.ZipFile(path) as archive, archive.open("r.csv") as file:
        return len(pd.read_csv(file, dtype=dtypes, parse_dates=times, keep_default_na=False, na_values=[""]))


def ours(path: Path) -> int:
    """Do what `records()` does with a report that it has downloaded."""
    with zipfile.ZipFile(path) as archive, archive.open("r.csv") as file:
        return len(
            concat_frames(
                [apply_dtypes(text, COLUMNS) for text in read_text_csv(file, CHUNK)],
                apply_dtypes(text_frame([]), COLUMNS),
            )
        )


def main() -> None:
    chosen = options(__doc__)
    frame_rows, file_rows, runs = (50_000, 100_000, 2) if chosen.quick else (1_000_000, 5_000_000, 3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.zip"
        make(path, frame_rows)
        assert ours(path) == frame_rows
        spent = turns({"ours": lambda: ours(path), "pandas": lambda: by_pandas(path)}, runs, warm=0)
        make(path, file_rows)
        command = [sys.executable, __file__, "parquet", str(path)]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows, took, peak = json.loads(shown)
    mine, theirs = spent["ours"].cpu, spent["pandas"].cpu
    report(
        [
            Figure(
                f"`records`, a CSV of {frame_rows:,} rows to a typed frame, CPU",
                f"{mine:.2f} s (clock {spent['ours'].wall:.2f})",
                f"`pd.read_csv` with the same dtypes {theirs:.2f} s (clock {spent['pandas'].wall:.2f})",
                f"{mine / theirs:.2f}",
                "at most 1.5",
                mine <= 1.5 * theirs,
            ),
            Figure(f"`records(to=…)`, {rows:,} rows into Parquet", f"{took:.1f} s, at most {peak:,.0f} MB of memory"),
        ],
        chosen.json,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["parquet"]:
        to_parquet(Path(sys.argv[2]))
    else:
        main()
