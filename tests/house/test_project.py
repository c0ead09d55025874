"""The project's own files agree with each other."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import nexmo_nb as nx

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="runs in a checkout only")


def test_conda_users_get_the_same_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {*project["dependencies"], *extras["test"], *extras["lab"], f"python{project['requires-python']}"}
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    # There, psycopg brings the library that psycopg-binary has within itself for pip.
    wanted = {each for each in wanted if not each.startswith("psycopg-binary")}
    # There, tzdata is that of the system.
    wanted = {re.sub("^tzdata", "python-tzdata", each) for each in wanted}
    # What conda-forge has not comes by pip.
    listed = {*(line for line in conda if isinstance(line, str)), *conda[-1]["pip"]}
    assert listed - {"pip", "--editable ."} == wanted


def test_the_lowest_versions_are_those_of_pyproject_toml() -> None:
    listed = subprocess.run([sys.executable, ROOT / ".ci/list_lowest.py"], capture_output=True, text=True, check=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bounds = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    assert [line.split("==") for line in listed.stdout.splitlines()] == [bound.split(">=") for bound in bounds]
    assert "make lowest" in (ROOT / ".ci/run").read_text()


def test_the_changelog_knows_this_version() -> None:
    assert f"## {nx.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_tests_that_security_names_are_there() -> None:
    paths = re.findall(r"`(tests/[\w/]+\.py)`", (ROOT / "SECURITY.md").read_text())
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_ci_runs_the_readmes_test_command() -> None:
    assert "make test" in (ROOT / ".ci/run").read_text()
    assert "make test" in (ROOT / "README.md").read_text()
