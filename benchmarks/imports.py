"""What `import nexmo_nb` and the help of the command line cost, and what is loaded before it is used.

Run: python benchmarks/imports.py
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile

from common import Figure, options, report

LATER = ("pandas", "requests", "requests_cache", "ipywidgets", "matplotlib", "jwt", "phonenumbers", "tqdm")
HELP = "import sys; from nexmo_nb.cli import main; sys.argv = ['nexmo-nb', '--help']; main()"
PROGRAMS = {
    "python": "pass",
    "pandas": "import pandas",
    "package": "import nexmo_nb",
    "names": "from nexmo_nb import *",
    "connected": "import nexmo_nb; nexmo_nb.connect('sandbox').close()",
    "help": HELP,
}


def spent(code: str, environment: dict[str, str]) -> float:
    """Give the seconds of CPU, user and system, of a process that runs some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    chosen = options(__doc__)
    loaded = f"import sys, nexmo_nb; print(*({set(LATER)} & set(sys.modules)))"
    early = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    with tempfile.TemporaryDirectory() as folder:
        # As installed packages are: compiled once, by the first round.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "NEXMO_NB_STATE_DIR": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        rounds = [
            {name: spent(code, environment) for name, code in PROGRAMS.items()}
            for _ in range(1 + (3 if chosen.quick else 15))
        ][1:]
    cpu = {name: statistics.median(each[name] for each in rounds) for name in PROGRAMS}
    pandas = f"`import pandas` {1000 * cpu['pandas']:.0f} ms, Python alone {1000 * cpu['python']:.0f} ms"

    def over(name: str) -> str:
        return f"{1000 * (cpu[name] - cpu['pandas']):+.0f} ms"

    report(
        [
            Figure(
                "`import nexmo_nb`, CPU of the process",
                f"{1000 * cpu['package']:.0f} ms; loaded too early: {', '.join(early) or 'nothing'}",
                pandas,
                over("package"),
                f"at most +150 ms over pandas, and none of {', '.join(LATER)}",
                cpu["package"] - cpu["pandas"] <= 0.15 and not early,
            ),
            Figure("and every public name", f"{1000 * cpu['names']:.0f} ms", pandas, over("names")),
            Figure(
                "the same, and a session on a sandbox", f"{1000 * cpu['connected']:.0f} ms", pandas, over("connected")
            ),
            Figure(
                "`nexmo-nb --help`, CPU of the process",
                f"{1000 * cpu['help']:.0f} ms",
                goal="at most 250 ms",
                reached=cpu["help"] <= 0.25,
            ),
        ],
        chosen.json,
    )


if __name__ == "__main__":
    main()
