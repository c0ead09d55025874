"""What the tests in a real browser need, where they are left out, and what axe says of a page."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = [
    name
    for name, there in (
        ("chromium (Debian's package of this name)", CHROMIUM),
        ("playwright (pip install 'nexmo_nb[browser]')", find_spec("playwright")),
        ("axe-playwright-python (pip install 'nexmo_nb[browser]')", find_spec("axe_playwright_python")),
        ("jupyterlab (pip install 'nexmo_nb[browser]')", find_spec("jupyterlab")),
        ("notebook (pip install 'nexmo_nb[browser]')", find_spec("notebook")),
        ("voila (pip install 'nexmo_nb[browser]')", find_spec("voila")),
    )
    if not there
]
NEEDED = f"the browser tests need {', '.join(MISSING)}"
BROWSER_MARKS = [
    pytest.mark.slow,
    # On a person's machine a missing browser is no fault; where every commit is checked it would hide one.
    pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=NEEDED),
    pytest.mark.filterwarnings("default"),
]
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
# Of what passes, one place a rule is told: enough to see that something was looked at.
WCAG_22_AA = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}


def take_screenshot(part: Any, name: str, **options: Any) -> None:
    """Keep what a page, or a part of it, looks like, where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        part.screenshot(path=Path(folder) / f"{name}.png", **options)


def find_violations(page: Any, part: str) -> list[str]:
    """Let axe look for violations of WCAG 2.2 A and AA in that part of a page which a selector names."""
    from axe_playwright_python.sync_playwright import Axe

    assert page.locator(part).count()
    # It is half a megabyte, which a page is given once.
    axe = Axe("null") if page.evaluate("'axe' in window") else Axe()
    found = axe.run(page, context=part, options=WCAG_22_AA).response
    assert found["passes"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found["violations"] for node in rule["nodes"]]
