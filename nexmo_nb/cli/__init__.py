"""The command line ``nexmo-nb``; each module holds a group of its commands."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from nexmo_nb.cli.app import add_app
from nexmo_nb.cli.backup import add_backup
from nexmo_nb.cli.check import add_check
from nexmo_nb.cli.completion import add_completion, complete
from nexmo_nb.cli.demo import add_demo
from nexmo_nb.cli.notebooks import add_notebooks
from nexmo_nb.cli.reads import add_reads
from nexmo_nb.cli.running import describe_exit_codes
from nexmo_nb.cli.sandbox import add_sandbox
from nexmo_nb.cli.sends import add_sends
from nexmo_nb.cli.suppression import add_suppression

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default that of this process, and return its exit code."""
    parser = _make_parser()
    complete(parser)
    options, further = parser.parse_known_args(arguments)
    if further and "further" not in options:
        parser.error(f"unrecognized arguments: {' '.join(further)}")
    options.further = further
    exit_code: int = options.run(options)
    return exit_code


def _make_parser() -> argparse.ArgumentParser:
    from nexmo_nb import __version__

    parser = argparse.ArgumentParser(
        prog="nexmo-nb",
        description="Nexmo (Vonage) for notebooks, and for shells.",
        epilog=describe_exit_codes(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"nexmo_nb {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    groups = (
        add_demo, add_notebooks, add_app, add_sandbox, add_check, add_reads, add_sends, add_suppression, add_backup,
        add_completion,
    )  # fmt: skip
    for add_commands in groups:
        add_commands(commands)
    return parser
