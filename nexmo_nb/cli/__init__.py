"""The command line: ``nexmo-nb demo``, ``lab``, ``app``, ``sandbox`` and ``backup``; each module holds some of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from nexmo_nb.cli.app import add_app
from nexmo_nb.cli.backup import add_backup
from nexmo_nb.cli.demo import add_demo
from nexmo_nb.cli.notebooks import add_notebooks
from nexmo_nb.cli.sandbox import add_sandbox

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default that of this process, and return its exit code."""
    parser = argparse.ArgumentParser(prog="nexmo-nb", description="Nexmo (Vonage) for notebooks.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for add_commands in (add_demo, add_notebooks, add_app, add_sandbox, add_backup):
        add_commands(commands)
    options, further = parser.parse_known_args(arguments)
    if further and "further" not in options:
        parser.error(f"unrecognized arguments: {' '.join(further)}")
    options.further = further
    exit_code: int = options.run(options)
    return exit_code
