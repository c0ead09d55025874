"""The package in marimo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NOTEBOOK = ROOT / "docs/marimo_example.py"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not NOTEBOOK.exists(), reason="runs in a checkout only"),
]


def export(notebook: Path, folder: Path) -> str:
    """Run a notebook, and give the page that marimo makes of it."""
    page = folder / "page.html"
    command = [sys.executable, "-m", "marimo", "export", "html", "--no-include-code", str(notebook), "-o", str(page)]
    environment = {
        **os.environ,
        "NEXMO_NB_STATE_DIR": str(folder / "state"),
        "PYTHONPATH": str(ROOT),
        "XDG_CONFIG_HOME": str(folder),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return page.read_text(encoding="utf-8")


FORM = """
@app.cell
def _(nx):
    nx.sms_form()
    return


if __name__"""


def test_the_example_shows_its_tables_and_plots_and_a_form_is_not_shown(tmp_path: Path) -> None:
    """Where marimo shows forms, what is said in docs/marimo.md changes."""
    notebook = tmp_path / "example.py"
    notebook.write_text(NOTEBOOK.read_text(encoding="utf-8").replace("\nif __name__", FORM), encoding="utf-8")
    page = export(notebook, tmp_path)
    assert page.count("data:image/png") == 2
    for shown in ("monthly_median", "Hello Ana", "accepted", "spend", "application/vnd.jupyter.widget-view+json"):
        assert shown in page
    assert "Traceback" not in page
