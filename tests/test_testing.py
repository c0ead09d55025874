"""The plugin of pytest that comes with the package, in runs of its own."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import nexmo_nb as nx

ROOT = Path(nx.__file__).parents[1]
USED = """
import urllib.request

seen = {}

def test_a_test_has_one_of_its_own(nexmo_sandbox, nexmo_sandbox_module, nexmo_sandbox_session):
    seen.update(own=nexmo_sandbox.url, module=nexmo_sandbox_module.url, session=nexmo_sandbox_session.url)
    assert len(set(seen.values())) == 3
    for _ in range(3):  # no limit of one a second
        key = f"api_key={nexmo_sandbox.api_key}&api_secret={nexmo_sandbox.api_secret}"
        urllib.request.urlopen(f"{nexmo_sandbox.url}/account/numbers?{key}").close()

def test_files_and_runs_share_theirs(nexmo_sandbox_module, nexmo_sandbox_session):
    assert (nexmo_sandbox_module.url, nexmo_sandbox_session.url) == (seen["module"], seen["session"])
"""
UNUSED = """
import sys

def test_nothing_is_there():
    found = [name for name in sys.modules if name.startswith(("nexmo_nb.", "pandas", "requests"))]
    assert found == ["nexmo_nb.testing"]
"""


def run_pytest(folder: Path) -> str:
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "nexmo_nb.testing"]
    # Without the plugins of other packages, which load what they like.
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_each_fixture_gives_a_sandbox_for_as_long_as_it_says_and_one_alone_for_a_test(tmp_path: Path) -> None:
    (tmp_path / "test_used.py").write_text(USED)
    (tmp_path / "test_used_elsewhere.py").write_text("""
def test_another_file_has_another(nexmo_sandbox_module, nexmo_sandbox_session):
    import test_used
    assert nexmo_sandbox_module.url != test_used.seen["module"]
    assert nexmo_sandbox_session.url == test_used.seen["session"]
""")
    assert "3 passed" in run_pytest(tmp_path)


@pytest.mark.slow
def test_a_run_that_does_not_use_it_loads_and_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_unused.py").write_text(UNUSED)
    assert "1 passed" in run_pytest(tmp_path)


@pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="runs in a checkout only")
def test_pytest_finds_it_by_the_packages_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["pytest11"] == {"nexmo_nb": "nexmo_nb.testing"}
