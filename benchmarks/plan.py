"""What a plan of many rows takes, with prices: time of the processor, and memory at most.

Run: python benchmarks/plan.py
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from common import Figure, connected, once, options, report, served

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


def spoil(table: pd.DataFrame) -> pd.DataFrame:
    """Make a row in five odd: half of them by their number, and half by a name that is missing."""
    numbers, names = table["to"].tolist(), table["name"].tolist()
    numbers[::10] = [f"tel:+{number}" for number in numbers[::10]]
    names[5::10] = [None] * len(names[5::10])
    return table.assign(to=pd.Series(numbers, dtype=object), name=pd.Series(names, dtype=object))


def plan(table: pd.DataFrame) -> pd.DataFrame:
    return nx.plan_sms(table, "Olá {name}, faltam {days} dias", sender="Demo")


def measure(url: str, count: int, kind: Any, work: str) -> None:
    """Work once, in a process of its own, and print seconds, memory on top of the table, and that of the table."""
    table = people(count, kind)
    table = spoil(table) if work == "odd" else table
    run = nx.clean_contacts if work == "clean" else plan
    with connected(url):
        run(table.head(1000))
        before = resident()
        spent = once(lambda: check(run(table), work))
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    print(json.dumps([spent.cpu, more, int(table.memory_usage(deep=True).sum())]))


def check(found: pd.DataFrame, work: str) -> None:
    """Make sure that what was measured is what was meant."""
    assert found.problem.isna().all() or work == "odd"
    assert work == "clean" or found.price_high.notna().equals(found.problem.isna())


def measure_all(count: int, runs: int) -> dict[str, tuple[float, float, float]]:
    """Measure each kind of work several times, and give the run with the median of its seconds."""
    found: dict[str, tuple[float, float, float]] = {}
    with served() as url:
        for kind, work in (("object", "plan"), ("str", "plan"), ("object", "odd"), ("object", "clean")):
            command = [sys.executable, __file__, "child", url, str(count), kind, work]
            lines = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(runs)]
            found[f"{work} {kind}"] = sorted(json.loads(line) for line in lines)[runs // 2]
    return found


def main() -> None:
    chosen = options(__doc__)
    count = 50_000 if chosen.quick else 1_000_000
    found = measure_all(count, 1 if chosen.quick else 3)
    seconds, more, table = found["plan object"]
    _, more_str, table_str = found["plan str"]
    mega = 2**20
    report(
        [
            Figure(
                f"`plan_sms`, {count:,} rows with a template and prices, CPU",
                f"{seconds:.1f} s",
                goal="at most 4 s",
                reached=seconds <= 4,
            ),
            Figure(
                f"`plan_sms`, {count:,} rows, memory at most, text in Python objects",
                f"{more / mega:.0f} MB more",
                f"the table itself {table / mega:.0f} MB",
                f"{more / table:.2f}",
                "at most 3",
                more <= 3 * table,
            ),
            Figure(
                "the same, text as this pandas keeps `str`",
                f"{more_str / mega:.0f} MB more",
                f"the table itself {table_str / mega:.0f} MB",
                f"{more_str / table_str:.2f}",
            ),
            Figure(f"`plan_sms`, {count:,} rows, one in five of them odd, CPU", f"{found['odd object'][0]:.1f} s"),
            Figure(f"`clean_contacts`, {count:,} rows, CPU", f"{found['clean object'][0]:.1f} s"),
        ],
        chosen.json,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        measure(sys.argv[2], int(sys.argv[3]), {"object": object, "str": str}[sys.argv[4]], sys.argv[5])
    else:
        main()
