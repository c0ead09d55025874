"""How long a plan of many rows takes, with prices, and how much memory at most.

Run: python benchmarks/plan.py
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
from common import Figure, connected, options, report, served

import nexmo_nb as nx

SHAPES = ("44740%07d", "35191%07d", "49151%07d", "1415%07d")


def people(count: int, kind: Any) -> pd.DataFrame:
    """Numbers of four countries, a name and a count; made in pieces, so that making them takes no more than they do."""
    pieces = (range(start, min(start + 20_000, count)) for start in range(0, count, 20_000))
    tables = [
        pd.DataFrame({"to": pd.Series([SHAPES[n % 4] % n for n in rows], dtype=kind), "name": "Ana", "days": 3})
        for rows in pieces
    ]
    return pd.concat(tables, ignore_index=True).astype({"name": kind})


def resident() -> int:
    """Bytes of memory that this process has now (Linux); elsewhere the most that it has had."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(url: str, count: int, kind: Any) -> None:
    """Plan once, in a process of its own, and print seconds, memory on top of the table, and that of the table."""
    table = people(count, kind)
    with connected(url):
        nx.plan_sms(table.head(1000), "Olá {name}, faltam {days} dias", sender="Demo")
        before = resident()
        begun = time.perf_counter()
        plan = nx.plan_sms(table, "Olá {name}, faltam {days} dias", sender="Demo")
        seconds = time.perf_counter() - begun
    assert plan.problem.isna().all()
    assert plan.price_high.notna().all()
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    print(json.dumps([seconds, more, int(table.memory_usage(deep=True).sum())]))


def main() -> None:
    chosen = options(__doc__)
    count = 50_000 if chosen.quick else 1_000_000
    runs = 1 if chosen.quick else 3
    found: dict[str, tuple[float, float, float]] = {}
    with served() as url:
        for kind in ("object", "str"):
            command = [sys.executable, __file__, "child", url, str(count), kind]
            lines = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(runs)]
            values = sorted(json.loads(line) for line in lines)
            found[kind] = values[runs // 2]
    seconds, more, table = found["object"]
    _, more_str, table_str = found["str"]
    mega = 2**20
    report(
        [
            Figure(
                f"`plan_sms`, {count:,} rows with a template and prices",
                f"{seconds:.1f} s",
                goal="at most 20 s",
                reached=seconds <= 20,
            ),
            Figure(
                f"`plan_sms`, {count:,} rows, memory at most, text in Python objects",
                f"{more / mega:.0f} MB more",
                f"the table itself {table / mega:.0f} MB",
                f"{more / table:.2f}",
                "at most 4",
                more <= 4 * table,
            ),
            Figure(
                "the same, text as this pandas keeps `str`",
                f"{more_str / mega:.0f} MB more",
                f"the table itself {table_str / mega:.0f} MB",
                f"{more_str / table_str:.2f}",
            ),
        ],
        chosen.json,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        measure(sys.argv[2], int(sys.argv[3]), {"object": object, "str": str}[sys.argv[4]])
    else:
        main()
