"""Costs of 5,000,000 records in a folder of Parquet files, beside DuckDB adding up the same prices.

Each run is a process of its own. DuckDB only adds up; `spend` and the others find as well which parts are one message.

Run: python benchmarks/costs.py
"""

from __future__ import annotations

import importlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import Figure, options, report

import nexmo_nb as nx
from nexmo_nb.reports.parquet import write_parquet

FILES, CHUNK = 10, 100_000
MOST_CPU, MOST_MEMORY = 2.0, 500
FUNCTIONS: dict[str, str] = {"spend": "country", "cost_per_delivered": "network_name", "estimate_vs_actual": "country"}
PRICE = "coalesce(final_price, price)"
QUERIES = {
    "spend": f"SELECT country, currency, count(*), sum({PRICE}) FROM records GROUP BY ALL",
    "cost_per_delivered": f"SELECT network_name, currency, sum({PRICE}), count(*) FILTER (status = 'delivered') "
    "FROM records GROUP BY ALL",
    "estimate_vs_actual": "SELECT country, currency, sum(price) FILTER (final_price IS NOT NULL), sum(final_price) "
    "FROM records GROUP BY ALL",
}
LACKING = {"": "", "without `concatenated`": "concatenated"}
"""Where records do not say which are parts of a longer message, any of them may be one."""


def build(first: int, rows: int, without: str) -> pd.DataFrame:
    """Build records of SMS, of which one in seven is followed by a second part, by time."""
    draw = np.random.default_rng(first)
    place = np.arange(first, first + rows)
    message = place - (place % 8 == 7)
    is_part = place % 8 >= 6
    network = message * 7919 % 900
    columns: dict[str, Any] = {
        "account_id": "abcd1234",
        "message_id": place,
        "client_ref": message * 1_000_003 + 10**12,
        "sender": np.array(["Demo", "Shop", "447700900000"])[message % 3],
        "to": message * 7_919 % 10**9 + 447 * 10**9,
        "direction": "outbound",
        "country": [f"{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in network % 200],
        "network_name": network,
        "status": np.array(["delivered", "delivered", "failed"])[draw.integers(0, 3, rows)],
        "concatenated": np.where(is_part, "TRUE", "FALSE"),
        "currency": np.where(network % 10 == 0, "USD", "EUR"),
    }
    table = pd.DataFrame(columns, index=pd.RangeIndex(rows)).astype("string")
    price = np.round(0.02 + network * 0.0001, 4)
    return table.assign(
        received=pd.to_datetime(1_735_689_600 + message * 5, unit="s", utc=True).as_unit("ns"),
        price=price,
        final_price=np.where(draw.random(rows) < 0.9, price, np.nan),
    ).drop(columns=[without] if without else [])


def make(folder: Path, rows: int, without: str = "") -> None:
    """Write a folder of records, as `records(to=…)` does."""
    folder.mkdir()
    each = rows // FILES
    for n in range(FILES):
        starts = range(n * each, (n + 1) * each, CHUNK)
        frames = (build(start, min(CHUNK, (n + 1) * each - start), without) for start in starts)
        write_parquet(folder / f"{n}.parquet", frames, build(0, 0, without))


def run_ours(name: str, folder: str) -> int:
    return len(getattr(nx, name)(folder, FUNCTIONS[name]))


def run_duckdb(name: str, folder: str) -> int:
    import duckdb

    query = QUERIES[name].replace("records", f"read_parquet('{folder}/*.parquet')")
    return len(duckdb.sql(query).fetchall())


def measure(who: str, name: str, folder: Path) -> tuple[float, float, int]:
    """Run one function in a process of its own: seconds of CPU, megabytes at most, and rows found."""
    command = [sys.executable, __file__, who, name, str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cpu, peak, rows = json.loads(found)
    return cpu, peak, rows


def compare(name: str, folder: Path, rows: int, words: str, runs: int) -> Figure:
    """Let both run in turn."""
    found: dict[str, list[tuple[float, float, int]]] = {who: [] for who in ("ours", "duckdb")}
    for _ in range(runs):
        for who, each in found.items():
            each.append(measure(who, name, folder))
    (mine, peak, groups), (theirs, other_peak, other_groups) = (
        tuple(statistics.median(run[n] for run in each) for n in range(3)) for each in found.values()
    )
    assert groups == other_groups
    return Figure(
        f"`{name}` of a folder of {rows:,} records{f' {words}' if words else ''}, CPU",
        f"{mine:.2f} s, at most {peak:,.0f} MB of memory",
        f"DuckDB adding up alone {theirs:.2f} s, at most {other_peak:,.0f} MB",
        f"{mine / theirs:.1f}",
        "" if words else f"at most {MOST_CPU:.0f} s and {MOST_MEMORY} MB",
        None if words else mine <= MOST_CPU and peak <= MOST_MEMORY,
    )


def main() -> None:
    chosen = options(__doc__)
    rows, runs = (100_000, 1) if chosen.quick else (5_000_000, 3)
    figures = []
    with tempfile.TemporaryDirectory() as home:
        for words, without in LACKING.items():
            folder = Path(home) / (without or "all")
            make(folder, rows, without)
            figures += [compare(name, folder, rows, words, runs) for name in FUNCTIONS]
    report(figures, chosen.json)


def run(who: str, name: str, folder: str) -> None:
    """Run one function and print what it took, without what the imports took."""
    work = run_ours if who == "ours" else run_duckdb
    importlib.import_module("duckdb" if who == "duckdb" else "pyarrow.parquet")
    getattr(nx, name)  # which loads the costs

    before = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    groups = work(name, folder)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([sum(spent[:2]) - before, spent.ru_maxrss / 1024, groups]))


if __name__ == "__main__":
    if sys.argv[1:2] in (["ours"], ["duckdb"]):
        run(*sys.argv[1:4])
    else:
        main()
