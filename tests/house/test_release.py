"""What is released is whole: the wheel alone is enough, and a release is of one version everywhere."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

import nexmo_nb as nx

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="runs in a checkout only")
DAY = re.compile(r"## (\S+) \((\d{4}-\d\d-\d\d|unreleased)\)")


def load_script(name: str) -> ModuleType:
    spec = spec_from_file_location(name, ROOT / f".ci/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_wheel_alone_is_enough(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
    listed = subprocess.run(["git", "ls-files", "nexmo_nb", "notebooks"], cwd=ROOT, capture_output=True, text=True)
    files = {
        path.replace("notebooks/", "nexmo_nb/examples/notebooks/") if path.startswith("notebooks/") else path: path
        for path in listed.stdout.split()
    }
    assert files.keys() <= held.keys()
    assert [name for name, path in files.items() if (ROOT / path).read_bytes() != held[name]] == []
    used = subprocess.run(
        [sys.executable, ROOT / ".ci/try_wheel.py", wheel, "--borrow"], capture_output=True, text=True, cwd=tmp_path
    )
    assert (used.returncode, used.stdout) == (0, f"{wheel.name} can be used by itself.\n"), used.stderr


def test_what_is_cited_is_the_version_on_top_of_the_changelog() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    first = DAY.search((ROOT / "CHANGELOG.md").read_text())
    assert first is not None
    assert first.groups() == (cited["version"], str(cited.get("date-released", "unreleased")))
    assert cited["version"] == nx.__version__
    project = read_project()
    assert (cited["license"], cited["type"]) == (project["license"], "software")


def read_project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def read_workflows() -> dict[str, Any]:
    return {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*.yml")}


def list_steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_the_versions_of_python_that_are_tested_are_those_that_are_promised() -> None:
    tested = read_workflows()["test"]["jobs"]["newest"]["strategy"]["matrix"]
    assert tested["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    project = read_project()
    named = [found[1] for each in project["classifiers"] if (found := re.fullmatch(r".*:: (3\.\d+)", each))]
    assert tested["python"] == named
    assert project["requires-python"] == f">={named[0]}"


def test_workflows_call_what_there_is_and_name_actions_by_their_full_version() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    workflows = read_workflows()
    assert sorted(workflows) == ["docs", "release", "test"]
    called: dict[str, list[str]] = {}
    for name, workflow in workflows.items():
        steps = list_steps(workflow)
        commands = [found for step in steps if (found := re.fullmatch(r"(make|./.ci/run)(.*)", step.get("run", "")))]
        called[name] = [word for command in commands for word in command[2].split() if "=" not in word]
        actions = [step["uses"] for step in steps if "uses" in step]
        assert [action for action in actions if not re.fullmatch(r"[\w/-]+@v\d+\.\d+\.\d+", action)] == []
    assert called == {"test": ["quick", "lowest", "check", "test"], "docs": ["docs"], "release": ["release"]}
    assert {target for words in called.values() for target in words} <= targets


def test_a_release_is_published_without_a_token_and_with_attestations_after_it_was_built_whole() -> None:
    jobs = read_workflows()["release"]["jobs"]
    publish = jobs["publish"]
    assert (publish["needs"], publish["permissions"]) == ("build", {"id-token": "write"})
    [step] = [step for step in publish["steps"] if step["uses"].startswith("pypa/gh-action-pypi-publish@")]
    assert step["with"] == {"attestations": True}
    assert "permissions" not in jobs["build"]


def test_the_hooks_before_a_commit_are_checks_of_make_check() -> None:
    [repo] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repo["repo"] == "local"
    makefile = (ROOT / "Makefile").read_text()
    entries = [hook["entry"] for hook in repo["hooks"]]
    assert [entry.split()[0] for entry in entries] == [".venv/bin/ruff", ".venv/bin/ruff", "make", ".venv/bin/pytest"]
    assert all(words in makefile for words in ("$(BIN)/ruff format --check", "$(BIN)/ruff check", "\ntypes:"))


def test_forms_for_issues_can_be_read() -> None:
    for name in ("fault", "wish"):
        form = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{name}.yml").read_text())
        assert form.keys() == {"name", "description", "body"}
        assert {part["type"] for part in form["body"]} <= {"markdown", "textarea", "input", "dropdown", "checkboxes"}
        ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert len(ids) == len(set(ids))


def test_conda_gets_the_same_package() -> None:
    recipe = yaml.safe_load((ROOT / "conda.recipe/recipe.yaml").read_text())
    project = read_project()
    lowest = project["requires-python"].removeprefix(">=")
    assert recipe["context"] == {"version": nx.__version__, "python_min": lowest}
    # There, tzdata is that of the system.
    needed = [re.sub("^tzdata", "python-tzdata", name).replace(">=", " >=") for name in project["dependencies"]]
    assert recipe["requirements"]["run"] == ["python >=${{ python_min }}", *needed]
    [script] = project["scripts"].items()
    assert recipe["build"]["python"]["entry_points"] == [" = ".join(script)]


def test_binder_installs_this_project_and_runs_the_sandbox() -> None:
    folder = ROOT / ".binder"
    [extras] = re.findall(r"^--editable \.\[(.*)\]$", (folder / "requirements.txt").read_text(), re.MULTILINE)
    assert set(extras.split(",")) <= set(read_project()["optional-dependencies"])
    version = (folder / "runtime.txt").read_text().strip().removeprefix("python-")
    assert f"Programming Language :: Python :: {version}" in read_project()["classifiers"]
    started = subprocess.run(
        [folder / "start", "sh", "-c", "echo $NEXMO_NB_CONNECT"], capture_output=True, text=True, check=True
    )
    assert started.stdout == "sandbox\n"


def make_release(folder: Path, version: str = "1.2.3", day: str = "2026-12-01") -> None:
    """Make a repository whose only commit is a release."""
    (folder / "nexmo_nb").mkdir()
    (folder / "nexmo_nb/__init__.py").write_text(f'__version__ = "{version}"\n')
    (folder / "CHANGELOG.md").write_text(f"# Changelog\n\n## {version} ({day})\n\n- New.\n\n## 1.0.0 (2026-01-01)\n")
    (folder / "CITATION.cff").write_text(f"cff-version: 1.2.0\nversion: {version}\ndate-released: {day}\n")
    run_git(folder, "init", "-q")
    run_git(folder, "add", ".")
    run_git(folder, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "Release")
    run_git(folder, "tag", f"v{version}")


def run_git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True)


def replace_text(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


def test_a_release_has_its_tag_and_one_version_everywhere(tmp_path: Path) -> None:
    make_release(tmp_path)
    find_problems = load_script("check_release").find_problems
    assert list(find_problems(tmp_path)) == []

    replace_text(tmp_path / "CITATION.cff", "2026-12-01", "2026-12-02")
    [changes, cited] = find_problems(tmp_path)
    assert changes == "the tree has changes: commit them, or put them away"
    assert "CITATION.cff has version '1.2.3' and date-released '2026-12-02'" in cited

    replace_text(tmp_path / "CHANGELOG.md", "2026-12-01", "unreleased")
    replace_text(tmp_path / "nexmo_nb/__init__.py", "1.2.3", "1.2.4")
    found = list(find_problems(tmp_path))
    assert len(found) == 4
    assert "the commit has no tag v1.2.4" in found[1]
    assert "CHANGELOG.md begins with '1.2.3 (unreleased)'; allowed: 1.2.4, and its day in brackets" in found[2]
