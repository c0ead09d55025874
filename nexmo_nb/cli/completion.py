"""The command ``completion``: what a shell runs so that the tabulator completes commands and options."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any


def add_completion(commands: Any) -> None:
    parser = commands.add_parser(
        "completion",
        help="print what makes a shell complete commands and options",
        description='bash, in ~/.bashrc: eval "$(nexmo-nb completion bash)". zsh, in ~/.zshrc: the same with zsh. '
        "fish: nexmo-nb completion fish > ~/.config/fish/completions/nexmo-nb.fish",
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))
    parser.set_defaults(run=_print_completion)


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks what may come next, and end; do nothing for everybody else."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)


def _print_completion(options: argparse.Namespace) -> int:
    try:
        from argcomplete.shell_integration import shellcode
    except ImportError:
        print(
            "completion: argcomplete is not installed. Install it: pip install 'nexmo_nb[completion]'", file=sys.stderr
        )
        return 2
    print(shellcode(["nexmo-nb"], shell=options.shell))
    return 0
