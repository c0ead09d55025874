"""Run every measurement, one after the other, and write RESULTS.md.

Run: make bench, or python benchmarks/run_all.py
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import FOLDER, Figure, options

SCRIPTS = (
    "imports",
    "segments",
    "reads",
    "send",
    "listing",
    "plan",
    "records",
    "costs",
    "server",
    "ledger",
    "batch",
    "forms",
    "throttle",
)
VERSIONS = (
    "nexmo_nb",
    "vonage",
    "requests",
    "requests-cache",
    "pandas",
    "numpy",
    "pyarrow",
    "duckdb",
    "polars",
    "phonenumbers",
    "smsutil",
    "sms-counter",
)
PICTURES = {
    "pages": "CPU of a list of numbers by its pages of 100 rows",
    "ledger": "Opening the ledger, and a send, by the sends that the ledger holds",
    "workers": "Messages a second of a batch by its workers",
}
HEAD = """# Measured

{date}, {cores} cores, Python {python}, {system}; {versions}. Load of the machine before the run: {load}.

`make bench` measures all of it in one run, beside what one would use otherwise: requests alone, the official SDK,
pandas, duckdb or polars. Every client speaks to the embedded sandbox in a process of its own, on 127.0.0.1. CPU is that
of the client's process, user and system; clock is what passes, and holds the sandbox's work as well. Figures are
medians of several runs, after a warm-up, the competitors in turn (A B A B). Absolute times differ on other machines,
ratios less.
"""


def run(name: str, quick: bool) -> list[Figure]:
    """Run a script in a process of its own."""
    print(f"== {name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.json"
        command = [sys.executable, str(FOLDER / f"{name}.py"), "--json", str(path), *(["--quick"] if quick else [])]
        subprocess.run(command, check=True)
        return [Figure(**each) for each in json.loads(path.read_text(encoding="utf-8"))]


def table(name: str, figures: list[Figure]) -> str:
    """Write a script's figures as a table, with the command that gives them."""
    lines = [
        f"\n## `python benchmarks/{name}.py`\n",
        "| what | nexmo_nb | beside | ratio | goal | reached |",
        "|---|---|---|---|---|---|",
    ]
    for each in figures:
        reached = {True: "yes", False: "**no**", None: ""}[each.reached]
        lines.append(f"| {' | '.join([each.what, each.value, each.beside, each.ratio, each.goal, reached])} |")
    return "\n".join(lines) + "\n"


def version(name: str) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"no {name}"


def head() -> str:
    return HEAD.format(
        date=datetime.datetime.now(datetime.timezone.utc).date(),
        cores=os.cpu_count(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        versions=", ".join(map(version, VERSIONS)),
        load=f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown",
    )


def main() -> None:
    chosen = options(__doc__)
    begun, text = time.monotonic(), head()
    for name in SCRIPTS:
        text += table(name, run(name, chosen.quick))
    text += "\n## How cost grows\n" + "".join(f"\n![{words}]({name}.png)\n" for name, words in PICTURES.items())
    print(f"{time.monotonic() - begun:.0f} s in all")
    if chosen.quick:
        print("RESULTS.md is left as it is: quick runs give no figures to quote.")
        return
    (FOLDER / "RESULTS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
