"""Print the lowest versions that pyproject.toml promises, as constraints for pip: what is needed, and for the tests."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
for requirement in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
    if not re.fullmatch(r"[a-z0-9-]+>=[0-9]+(\.[0-9]+)*", requirement):
        raise SystemExit(f"pyproject.toml: got {requirement!r}; allowed: a name, '>=' and the lowest version.")
    print(requirement.replace(">=", "=="))
