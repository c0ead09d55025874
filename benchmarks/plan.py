"""How long a plan of many rows takes, without prices. Run: python benchmarks/plan.py [rows]"""

from __future__ import annotations

import sys
import time

import pandas as pd

import nexmo_nb as nx


def main(count: int = 100_000) -> None:
    """Plan numbers of four countries with a template of two names."""
    shapes = ("44740%07d", "35191%07d", "49151%07d", "1415%07d")
    table = pd.DataFrame({"to": [shapes[n % 4] % n for n in range(count)], "name": "Ana", "days": 3})
    begun = time.perf_counter()
    plan = nx.plan_sms(table, "Olá {name}, faltam {days} dias", sender="Demo", prices=False)
    print(f"{count:,} rows: {time.perf_counter() - begun:.2f} s, {int(plan.problem.notna().sum())} problems")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
