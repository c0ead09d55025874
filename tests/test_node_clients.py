"""Vonage's library for Node and its command line against the sandbox, as the guide shows it.

Both are installed by npm, which takes half a minute and needs its registry: only where CI is set.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexmo_nb.sandbox import Sandbox

GUIDE = Path(__file__).parent.parent / "docs" / "sandbox_clients.md"
PACKAGES = ("@vonage/server-sdk@3.27.0", "@vonage/cli@1.2.4")
ADDRESS = "http://127.0.0.1:8787"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("CI"), reason="installs Vonage's clients for Node where CI is set only"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="Vonage's clients for Node need npm"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the clients are installed."""
    folder = tmp_path_factory.mktemp("node")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", *PACKAGES]
    subprocess.run(command, cwd=folder, check=True, timeout=300)
    return folder


@pytest.fixture(params=["http", "https"])
def reached(request: pytest.FixtureRequest) -> Iterator[tuple[Sandbox, str]]:
    """A sandbox, and the address by which it is reached."""
    with Sandbox(tls=True) as sandbox:
        yield sandbox, sandbox.url.replace("http", request.param, 1)


def read_blocks(language: str) -> list[tuple[str, str]]:
    """Read the guide's blocks of a language, each with the block that follows it."""
    pattern = rf"```{language}\n(.*?)```\n+```\w+\n(.*?)```"
    return re.findall(pattern, GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def run_node(folder: Path, *words: str, **variables: str | None) -> str:
    env = {name: value for name, value in {**os.environ, **variables}.items() if value is not None}
    run = subprocess.run(["node", *words], cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_recipe_for_node_prints_what_it_shows(folder: Path, reached: tuple[Sandbox, str]) -> None:
    sandbox, address = reached
    code, shown = read_blocks("js")[0]
    (folder / "recipe.cjs").write_text(code.replace(ADDRESS, address))
    assert run_node(folder, "recipe.cjs", NODE_EXTRA_CA_CERTS=sandbox.certificate) == shown
    assert [message["text"] for message in sandbox.messages] == ["Hello"]
    assert [call["text"] for call in sandbox.calls] == ["Your parcel is here."]


def test_the_command_line_prints_what_the_guide_shows(folder: Path) -> None:
    code, commands = read_blocks("js")[1]
    [(_, shown)] = [pair for pair in read_blocks("sh") if pair[0] == commands]
    (folder / "sandbox.cjs").write_text(code)
    with Sandbox() as sandbox:
        login = {"VONAGE_API_KEY": sandbox.api_key, "VONAGE_API_SECRET": sandbox.api_secret}
        variables = {**login, "SANDBOX": sandbox.url, "NODE_OPTIONS": "--require ./sandbox.cjs"}
        words = [shlex.split(line)[2:] for line in commands.splitlines() if line.startswith("npx vonage")]
        program = "node_modules/@vonage/cli/bin/run.cjs"
        printed = [run_node(folder, program, *each, **variables) for each in words]
        assert len(printed) == len(shown.splitlines()) == 4
        for output, line in zip(printed, shown.splitlines(), strict=True):
            assert line.split() in [each.split() for each in output.splitlines()]
        assert "447414711001" in sandbox.world.owned
        asked = [(entry["method"], entry["path"]) for entry in sandbox.requests]
        assert asked[1:] == [("GET", "/number/search"), ("POST", "/number/buy"), ("POST", "/v2/applications")]
