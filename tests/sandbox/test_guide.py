"""What ``docs/sandbox.md`` shows is run, and tells of everything that there is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import nexmo_nb
from nexmo_nb import testing
from nexmo_nb.cli.sandbox import add_sandbox
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.control import CONTROLS

GUIDE = Path(nexmo_nb.__file__).parents[1] / "docs" / "sandbox.md"
pytestmark = pytest.mark.skipif(not GUIDE.exists(), reason="runs in a checkout only")
HERE = "http://127.0.0.1:8787"


def read_guide() -> str:
    return GUIDE.read_text(encoding="utf-8")


def list_runs() -> list[tuple[str, str]]:
    """List the lines of the shell, each with the JSON that stands below it as its answer, if any."""
    blocks = re.findall(r"```sh\n(.*?)```(?:\n+```json\n(.*?)```)?", read_guide(), re.DOTALL)
    return [(line, shown) for code, shown in blocks for line in code.splitlines()]


@pytest.fixture
def fresh() -> Iterator[Sandbox]:
    """A sandbox of which no test took a snapshot yet: the guide shows the first one."""
    with Sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.mark.slow
def test_what_the_guide_shows_is_answered_as_it_shows(fresh: Sandbox, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if not curl:
        pytest.fail("curl is missing") if os.environ.get("CI") else pytest.skip("curl is missing")
    (tmp_path / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    runs, number = list_runs(), next(iter(fresh.world.owned))
    assert len(runs) >= len(CONTROLS)
    for line, shown in runs:
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        command = ["sh", "-c", line.replace(HERE, fresh.url).replace("NUMBER", number)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        assert not shown or json.loads(done.stdout) == json.loads(shown)


def test_the_guide_calls_every_address_of_the_sandbox() -> None:
    called = set()
    for line, _ in list_runs():
        path = re.search(f"{HERE}/_sandbox/([a-z]+)", line)
        if path:
            called.add(("POST" if " -d " in line or "-X POST" in line else "GET", path[1]))
    assert called == set(CONTROLS)


def test_the_guide_names_every_option_and_every_fixture() -> None:
    import argparse

    parser = argparse.ArgumentParser()
    add_sandbox(parser.add_subparsers())
    options = re.findall("--[a-z-]+", subparser_help(parser))
    assert set(re.findall("`(--[a-z-]+)", read_guide())) == {*options} - {"--help"}
    fixtures = [name for name in vars(testing) if name.startswith("nexmo_sandbox")]
    assert set(re.findall("`(nexmo_sandbox[a-z_]*)`", read_guide())) == set(fixtures)


def subparser_help(parser: object) -> str:
    action = parser._subparsers._group_actions[0]  # type: ignore[attr-defined]
    return str(action.choices["sandbox"].format_help())
