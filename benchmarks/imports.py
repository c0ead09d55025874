"""What `import nexmo_nb` costs beside the two libraries that it cannot do without, and what it leaves for later.

Run: python benchmarks/imports.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from common import Figure, options, report, turns

LATER = ("ipywidgets", "matplotlib", "jwt", "phonenumbers", "tqdm", "cryptography")


def main() -> None:
    chosen = options(__doc__)
    loaded = f"import sys, nexmo_nb; print(*({set(LATER)} & set(sys.modules)))"
    early = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    with tempfile.TemporaryDirectory() as folder:
        # As installed packages are: compiled once, by the warm-up.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def starts(code: str) -> None:
            subprocess.run([sys.executable, "-c", code], check=True, env=environment)

        spent = turns(
            {
                "ours": lambda: starts("import nexmo_nb"),
                "theirs": lambda: starts("import pandas, requests_cache"),
                "python": lambda: starts("pass"),
            },
            5 if chosen.quick else 25,
        )
    mine, theirs = (1000 * (spent[name].wall - spent["python"].wall) for name in ("ours", "theirs"))
    report(
        [
            Figure(
                "`import nexmo_nb`",
                f"{mine:.0f} ms; loaded too early: {', '.join(early) or 'nothing'}",
                f"`import pandas, requests_cache` {theirs:.0f} ms",
                f"{mine / theirs:.2f}",
                f"at most 1.15, and none of {', '.join(LATER)}",
                mine <= 1.15 * theirs and not early,
            )
        ],
        chosen.json,
    )


if __name__ == "__main__":
    main()
