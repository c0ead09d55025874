"""The command ``lab``, and what it shares with ``app``: a notebook server beside a sandbox."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def add_notebooks(commands: Any) -> None:
    """Add the command ``lab`` to the subparsers of the command line.

    The default of ``further`` tells `nexmo_nb.cli.main` that a command accepts options that the parser does not know.
    """
    lab = commands.add_parser(
        "lab", help="open JupyterLab on the notebooks, connected to a sandbox; further options go to JupyterLab"
    )
    lab.add_argument("folder", nargs="?", type=Path, default="notebooks", help="folder to open (default: notebooks)")
    lab.set_defaults(run=_run_lab, further=[])


def check_server(library: str, path: Path, *, extra: str) -> bool:
    """Tell whether a notebook server can start: on a path that exists, with its library; say on stderr what lacks."""
    if not path.exists():
        print(f"got {str(path)!r}; allowed: a folder or notebook that exists.", file=sys.stderr)
        return False
    if importlib.util.find_spec(library) is None:
        print(f"{library} is not installed: pip install 'nexmo_nb[{extra}]'", file=sys.stderr)
        return False
    return True


def run_server_on_sandbox(words: Sequence[str], settings: Mapping[str, str]) -> int:
    """Run a notebook server and a sandbox until the server ends; return its exit code."""
    from nexmo_nb.sandbox import Sandbox

    with Sandbox() as sandbox:
        print(f"The sandbox: {sandbox.url} (open it to see what arrives)", flush=True)
        return run_server(words, {**settings, "NEXMO_NB_CONNECT": sandbox.url})


def run_server(words: Sequence[str], settings: Mapping[str, str]) -> int:
    """Run a module of Python with settings added to the environment until it ends; return its exit code."""
    try:
        return subprocess.call([sys.executable, "-m", *words], env={**os.environ, **settings})  # noqa: S603
    except KeyboardInterrupt:
        return 0


def _run_lab(options: argparse.Namespace) -> int:
    if not check_server("jupyterlab", options.folder, extra="lab"):
        return 2
    return run_server_on_sandbox(["jupyter", "lab", str(options.folder), *options.further], {})
