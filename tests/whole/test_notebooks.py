"""The notebooks run as they stand, also against a sandbox of another process; nbval compares their outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nexmo_nb.sandbox import Sandbox

NOTEBOOKS = sorted((Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))


def cells(path: Path) -> list[dict[str, object]]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_it_runs_unedited_against_a_sandbox_of_another_process(path: Path, tmp_path: Path) -> None:
    script = tmp_path / "notebook.py"
    script.write_text("\n\n".join("".join(cell["source"]) for cell in cells(path)))  # type: ignore[arg-type]
    with Sandbox() as elsewhere:
        environment = {**os.environ, "NEXMO_NB_CONNECT": elsewhere.url}
        subprocess.run([sys.executable, str(script)], env=environment, check=True, stdout=subprocess.DEVNULL)
        assert elsewhere.requests


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_it_is_stored_with_its_outputs_in_order_and_without_errors(path: Path) -> None:
    counts = [cell["execution_count"] for cell in cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    outputs = [output for cell in cells(path) for output in cell["outputs"]]  # type: ignore[attr-defined]
    assert outputs
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]
    assert str(Path.home()) not in path.read_text(encoding="utf-8")
