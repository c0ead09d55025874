"""Say what keeps this commit from being released; print its version if nothing does. It changes and publishes nothing.

A release is a commit with the tag v1.2.3, from a tree without changes, whose version stands in the package, in
CITATION.cff and on top of CHANGELOG.md, the last two with the day.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def find_problems(root: Path) -> Iterator[str]:
    version = find(root / "nexmo_nb/__init__.py", r'^__version__ = "(\d+\.\d+\.\d+)"$')
    if run_git(root, "status", "--porcelain"):
        yield "the tree has changes: commit them, or put them away"
    if f"v{version}" not in run_git(root, "tag", "--points-at", "HEAD").split():
        yield f"the commit has no tag v{version}, the version of nexmo_nb/__init__.py: git tag v{version}"
    day = find(root / "CHANGELOG.md", r"\A# Changelog\n+## (.*)$")
    if not re.fullmatch(rf"{re.escape(version)} \(\d{{4}}-\d\d-\d\d\)", day):
        yield f"CHANGELOG.md begins with {day!r}; allowed: {version}, and its day in brackets"
    cited = find(root / "CITATION.cff", r"^version: (.*)$"), find(root / "CITATION.cff", r"^date-released: (.*)$")
    if f"{cited[0]} ({cited[1]})" != day:
        yield f"CITATION.cff has version {cited[0]!r} and date-released {cited[1]!r}; allowed: those of CHANGELOG.md"


def find(path: Path, pattern: str) -> str:
    found = re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""


def run_git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    top = Path(__file__).parents[1]
    problems = list(find_problems(top))
    print("\n".join(problems) or find(top / "nexmo_nb/__init__.py", r'^__version__ = "(.*)"$'))
    sys.exit(bool(problems))
