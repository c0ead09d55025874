"""A report of 1,000,000 records into a frame, and of 5,000,000 into Parquet, beside pandas, duckdb and polars alone.

Each reads the same CSV out of the same zip to the same dtypes. duckdb reads files only, so it unpacks the zip first.

Run: python benchmarks/records.py
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import pandas as pd
from common import Figure, options, report, turns

from nexmo_nb.csv_reader import read_text_csv
from nexmo_nb.reports.columns import get_columns
from nexmo_nb.reports.parquet import count_rows, write_parquet
from nexmo_nb.reports.readers import ROWS_AT_A_TIME
from nexmo_nb.reports.response import build_records_frame, join_records, parse_records

KIND = ("SMS", "outbound", "EUR")
COLUMNS = get_columns(*KIND[:2])
FLOATS = [name for name, column in COLUMNS.items() if column.dtype == "float64"]
TIMES = [name for name, column in COLUMNS.items() if column.dtype.startswith("datetime")]
LARGEST_FILE = 30  # MB


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


@contextmanager
def unzipped(path: Path) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(path) as archive, archive.open("r.csv") as file:
        yield file


def ours(path: Path) -> int:
    """Do what `records()` does with a report that it has downloaded."""
    with unzipped(path) as file:
        parts = [parse_records(text, *KIND) for text in read_text_csv(file, ROWS_AT_A_TIME)]
    return len(join_records(parts, build_records_frame([], *KIND)))


def ours_to_parquet(path: Path, out: Path) -> None:
    """Do what `records(to=…)` does with a report that it has downloaded."""
    with unzipped(path) as file:
        parse = partial(parse_records, product="SMS", direction="outbound", currency="EUR")
        write_parquet(out, map(parse, read_text_csv(file, ROWS_AT_A_TIME)), build_records_frame([], *KIND))


def by_pandas(path: Path) -> int:
    dtypes: Any = {name: "float64" if name in FLOATS else "string" for name in COLUMNS if name not in TIMES}
    with unzipped(path) as file:
        return len(pd.read_csv(file, dtype=dtypes, parse_dates=TIMES, keep_default_na=False, na_values=[""]))


@contextmanager
def open_in_duckdb(path: Path) -> Iterator[Any]:
    import duckdb

    types = {name: "DOUBLE" if name in FLOATS else "TIMESTAMPTZ" if name in TIMES else "VARCHAR" for name in COLUMNS}
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, zipfile.ZipFile(path) as archive:
        csv = archive.extract("r.csv", folder)
        with duckdb.connect() as connection:
            yield connection.sql(f"SELECT * FROM read_csv('{csv}', header=true, columns={types})")


def by_duckdb(path: Path) -> int:
    with open_in_duckdb(path) as rows:
        return len(rows.to_arrow_table())


def duckdb_to_parquet(path: Path, out: Path) -> None:
    with open_in_duckdb(path) as rows:
        rows.write_parquet(str(out), compression="zstd")


def open_in_polars(path: Path) -> Any:
    import polars as pl

    types = {name: pl.Float64 if name in FLOATS else pl.String for name in COLUMNS}
    with unzipped(path) as file:
        rows = pl.scan_csv(file.read(), schema=types)
    times = [pl.col(name).str.to_datetime("%+", time_unit="ns", time_zone="UTC") for name in TIMES]
    return rows.with_columns(times)


def by_polars(path: Path) -> int:
    return len(open_in_polars(path).collect())


def polars_to_parquet(path: Path, out: Path) -> None:
    open_in_polars(path).sink_parquet(out, compression="zstd")


WRITERS: dict[str, Callable[[Path, Path], None]] = {
    "ours": ours_to_parquet,
    "duckdb": duckdb_to_parquet,
    "polars": polars_to_parquet,
}


def write(name: str, path: Path) -> None:
    """Write a report to Parquet, and print CPU, memory and size; runs in a process of its own."""
    out = path.with_suffix(f".{name}.parquet")
    start = time.process_time()
    WRITERS[name](path, out)
    took = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([count_rows(out), took, peak, out.stat().st_size / 1e6]))


def measure_writers(path: Path, rows: int, runs: int) -> dict[str, list[float]]:
    """Let the writers take turns; give the medians of CPU, memory and size of each."""
    found: dict[str, list[list[float]]] = {name: [] for name in WRITERS}
    for _ in range(runs):
        for name in WRITERS:
            command = [sys.executable, __file__, "write", name, str(path)]
            shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            count, *figures = json.loads(shown)
            assert count == rows
            found[name].append(figures)
    return {name: [statistics.median(each) for each in zip(*figures, strict=True)] for name, figures in found.items()}


def main() -> None:
    chosen = options(__doc__)
    frame_rows, file_rows, runs = (50_000, 100_000, 2) if chosen.quick else (1_000_000, 5_000_000, 3)
    readers = {"ours": ours, "pandas": by_pandas, "duckdb": by_duckdb, "polars": by_polars}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.zip"
        make(path, file_rows)
        # First, for the peak of a process begins with the memory of the one that starts it.
        written = measure_writers(path, file_rows, runs)
        make(path, frame_rows)
        assert {read(path) for read in readers.values()} == {frame_rows}
        spent = turns({name: lambda read=read: read(path) for name, read in readers.items()}, runs, warm=0)
    ratio = spent["ours"].cpu / spent["pandas"].cpu
    (cpu, peak, size), theirs = written["ours"], written["duckdb"]
    report(
        [
            Figure(
                f"`records`, a zipped CSV of {frame_rows:,} rows to a typed frame, CPU",
                f"{spent['ours'].cpu:.2f} s (clock {spent['ours'].wall:.2f})",
                ", ".join(
                    f"{name} {spent[name].cpu:.2f} s (clock {spent[name].wall:.2f})" for name in list(readers)[1:]
                ),
                f"{ratio:.2f}",
                "at most 0.5 of pandas",
                ratio <= 0.5,
            ),
            Figure(
                f"`records(to=…)`, {file_rows:,} rows of it into Parquet, CPU",
                f"{cpu:.1f} s, at most {peak:,.0f} MB of memory, a file of {size:.0f} MB",
                ", ".join(
                    "{} {:.1f} s, {:,.0f} MB, {:.0f} MB".format(name, *written[name]) for name in list(WRITERS)[1:]
                ),
                f"{cpu / theirs[0]:.2f}",
                f"duckdb's CPU, a file of at most {LARGEST_FILE} MB",
                cpu <= theirs[0] and size <= LARGEST_FILE,
            ),
        ],
        chosen.json,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
