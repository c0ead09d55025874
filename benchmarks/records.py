"""A report of 1,000,000 records into a frame beside pandas alone, and of 5,000,000 into Parquet in little memory.

python benchmarks/records.py [rows for the frame] [rows for the file]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import pandas as pd

import nexmo_nb
from nexmo_nb.frames import joined, raw, raw_csv, typed
from nexmo_nb.reports.fields import columns_of
from nexmo_nb.reports.parquet import Writer

COLUMNS = columns_of("SMS", "outbound")
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
        chunks = (typed(text, COLUMNS) for text in raw_csv(file, CHUNK))
        out = path.with_suffix(".parquet")
        Writer(out).write(chunks, typed(raw([], list(COLUMNS)), COLUMNS))
        took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{Writer(out).rows():,} records into Parquet: {took:.1f} s, at most {peak:,.0f} MB of memory")


def to_frame(path: Path) -> None:
    """Time the frame beside pandas with the same dtypes."""
    kinds = {name: "float64" if column.dtype == "float64" else "string" for name, column in COLUMNS.items()}
    times = [name for name, column in COLUMNS.items() if column.dtype.startswith("datetime")]
    with zipfile.ZipFile(path) as archive:
        for name in ("pandas", "ours", "pandas", "ours"):
            with archive.open("r.csv") as file:
                start = time.perf_counter()
                if name == "pandas":
                    dtypes = {key: kind for key, kind in kinds.items() if key not in times}
                    rows = len(
                        pd.read_csv(file, dtype=dtypes, parse_dates=times, keep_default_na=False, na_values=[""])
                    )
                else:
                    rows = len(joined([typed(text, COLUMNS) for text in raw_csv(file, CHUNK)], typed(raw([]), COLUMNS)))
                print(f"{rows:,} records into a frame, {name}: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["parquet"]:
        to_parquet(Path(sys.argv[2]))
        sys.exit()
    frame_rows, file_rows = [int(word) for word in [*sys.argv[1:], 1_000_000, 5_000_000][:2]]
    print(f"nexmo_nb {nexmo_nb.__version__}, pandas {pd.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.zip"
        make(path, frame_rows)
        to_frame(path)
        make(path, file_rows)
        subprocess.run([sys.executable, __file__, "parquet", str(path)], check=True)
