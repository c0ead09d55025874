"""The notebooks run as they stand, also against a sandbox of another process; nbval compares their outputs."""

from __future__ import annotations

import json
import os
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from leaks import find_leaks

from nexmo_nb.sandbox import Sandbox

if TYPE_CHECKING:
    import nbformat

NOTEBOOKS = sorted((Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))


def cells(path: Path) -> list[dict[str, object]]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


class Run(NamedTuple):
    """A notebook that ran unedited, in a kernel of its own, and what it left behind."""

    notebook: nbformat.NotebookNode
    folder: Path
    sandbox: Sandbox
    requests: int


@cache
def run_notebook(path: Path, folder: Path) -> Run:
    """Run a notebook once for all tests, against a sandbox of another process, with the state of its widgets saved."""
    import nbformat  # seconds that only the slow tests need
    from nbclient import NotebookClient

    with Sandbox() as sandbox:
        key = folder / "private.key.txt"
        key.write_text(sandbox.private_key)
        credentials = {
            "NEXMO_NB_CONNECT": sandbox.url,
            "NEXMO_NB_PROGRESS": "0",
            "NEXMO_NB_STATE_DIR": str(folder / "state"),
            "NEXMO_API_KEY": sandbox.api_key,
            "NEXMO_API_SECRET": sandbox.api_secret,
            "NEXMO_APPLICATION_ID": sandbox.application_id,
            "NEXMO_PRIVATE_KEY": str(key),
        }
        (folder / "run").mkdir()
        notebook = nbformat.read(path, as_version=4)
        resources = {"metadata": {"path": folder / "run"}}
        client = NotebookClient(notebook, timeout=120, store_widget_state=True, resources=resources)
        client.execute(env={**os.environ, **credentials})
        nbformat.write(notebook, folder / "run" / path.name)
        return Run(notebook, folder, sandbox, len(sandbox.requests))


@pytest.fixture
def run(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    if path not in FOLDERS:
        FOLDERS[path] = tmp_path_factory.mktemp(path.stem)
    return run_notebook(path, FOLDERS[path])


WHAT_READING_COSTS = ("To read ", "Paid to read ")
FOLDERS: dict[Path, Path] = {}
EACH = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


@pytest.mark.slow
@EACH
def test_it_runs_unedited_against_a_sandbox_of_another_process(run: Run, path: Path) -> None:
    # What plays with the clock has a sandbox of its own.
    assert run.requests or path.name == "08_campaign.ipynb"


@pytest.mark.slow
@EACH
def test_saved_with_the_state_of_its_widgets_it_holds_no_secret(run: Run, path: Path) -> None:
    find_leaks(run.folder / "run", run.sandbox)
    find_leaks(run.folder / "state", run.sandbox)
    assert ("widgets" in run.notebook.metadata) == (path.name == "04_forms.ipynb")


@EACH
def test_it_is_stored_with_its_outputs_in_order_and_without_errors(path: Path) -> None:
    counts = [cell["execution_count"] for cell in cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    outputs = [output for cell in cells(path) for output in cell["outputs"]]  # type: ignore[attr-defined]
    assert outputs
    assert not [output for output in outputs if output["output_type"] == "error"]
    told = [line for output in outputs if output.get("name") == "stderr" for line in output["text"]]
    assert all(line.startswith(WHAT_READING_COSTS) for line in told)
    assert str(Path.home()) not in path.read_text(encoding="utf-8")


@EACH
def test_its_first_cell_installs_the_package_where_it_is_missing(path: Path) -> None:
    first = cells(path)[0]
    source = "".join(first["source"])  # type: ignore[arg-type]
    assert first["metadata"] == {"tags": ["colab"]}
    assert 'if importlib.util.find_spec("nexmo_nb") is None:\n    %pip install --quiet "nexmo_nb[' in source
    project = tomllib.loads((path.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = source.rpartition("[")[2].partition("]")[0].split(",")
    assert set(extras) <= set(project["optional-dependencies"])
    assert first["outputs"] == []
