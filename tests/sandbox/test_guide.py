"""``docs/sandbox.md`` tells of everything that there is; what it shows is run with the other pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nexmo_nb
from nexmo_nb import testing
from nexmo_nb.cli.sandbox import add_sandbox
from nexmo_nb.sandbox.control import CONTROLS

GUIDE = Path(nexmo_nb.__file__).parents[1] / "docs" / "sandbox.md"
pytestmark = pytest.mark.skipif(not GUIDE.exists(), reason="runs in a checkout only")
HERE = "http://127.0.0.1:8787"


def read_guide() -> str:
    return GUIDE.read_text(encoding="utf-8")


def list_lines() -> list[str]:
    """List the lines for a shell."""
    return [line for code in re.findall(r"```sh\n(.*?)```", read_guide(), re.DOTALL) for line in code.splitlines()]


def test_the_guide_calls_every_address_of_the_sandbox() -> None:
    called = set()
    for line in list_lines():
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
