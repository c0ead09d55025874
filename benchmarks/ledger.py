"""What a ledger with many sends costs: opening it, and one send more.

Run: python benchmarks/ledger.py
"""

from __future__ import annotations

import sqlite3
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

from common import RAISED, Figure, once, options, plot, report, served, turns

import nexmo_nb as nx

NUMBERS = count(351910000001)


def fill(path: Path, rows: int) -> None:
    """Multiply the one send in a ledger, with its part."""
    with sqlite3.connect(path) as connection:
        for table, own, other in (("sends", "id", "client_ref"), ("parts", "send", "message_id")):
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            made = {own: "printf('%040x', n)", other: "printf('%040x', n)"}
            columns = ", ".join(made.get(name, name) for name in names)
            connection.execute(
                f"WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {rows - 1})"
                f" INSERT INTO {table} ({', '.join(names)}) SELECT {columns} FROM counted, {table}"
            )
    connection.close()


def measure(url: str, rows: int, times: int, runs: int) -> tuple[float, float, float]:
    """Milliseconds to open a ledger of so many sends, and for a send by the clock and of CPU."""
    with tempfile.TemporaryDirectory() as folder:
        with nx.connect(url, state_dir=folder, **RAISED):
            nx.send_sms(str(next(NUMBERS)), "Hello", sender="Demo")
        path = next(Path(folder).rglob("ledger.sqlite"))
        fill(path, rows)

        def opened() -> None:
            with nx.connect(url, state_dir=folder, **RAISED) as session:
                opening.append(once(lambda: session.ledger).wall)

        opening: list[float] = []
        for _ in range(runs + 1):
            opened()
        with nx.connect(url, state_dir=folder, **RAISED):
            spent = turns(
                {"send": lambda: [nx.send_sms(str(next(NUMBERS)), "Hello", sender="Demo") for _ in range(times)]},
                runs,
            )["send"]
    middle = sorted(opening[1:])[runs // 2]
    return 1000 * middle, 1000 * spent.wall / times, 1000 * spent.cpu / times


def draw(axes: Any, sizes: list[int], found: list[tuple[float, float, float]]) -> None:
    for place, name in enumerate(("opening the ledger", "a send, clock", "a send, CPU")):
        axes.plot(sizes, [each[place] for each in found], marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="sends in the ledger", ylabel="ms", title="A growing ledger")
    axes.legend()


def main() -> None:
    chosen = options(__doc__)
    sizes = [1000, 10_000] if chosen.quick else [1000, 10_000, 100_000, 1_000_000]
    with served() as url:
        found = [measure(url, size, 20 if chosen.quick else 100, 3 if chosen.quick else 5) for size in sizes]
    plot("ledger", lambda axes: draw(axes, sizes, found))
    words = ", ".join(f"{size:,}: {each[0]:.1f}" for size, each in zip(sizes, found, strict=True))
    sends = ", ".join(f"{size:,}: {each[2]:.2f}" for size, each in zip(sizes, found, strict=True))
    report(
        [
            Figure("Opening a ledger by its sends, ms ([picture](ledger.png))", words),
            Figure("A send by the ledger's sends, ms of CPU", sends),
        ],
        chosen.json,
    )


if __name__ == "__main__":
    main()
