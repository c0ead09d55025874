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

FOLDER = Path("nexmo-notebooks")
"""Where the notebooks are copied to, in the folder that the command is run in."""
SERVERS = ("jupyterlab", "notebook")
"""Modules that show notebooks, the first that is installed is taken."""


def add_notebooks(commands: Any) -> None:
    """Add the command ``lab`` to the subparsers of the command line.

    The default of ``further`` tells `nexmo_nb.cli.main` that a command accepts options that the parser does not know.
    """
    lab = commands.add_parser(
        "lab",
        help="open JupyterLab on the notebooks, connected to a sandbox; further options go to JupyterLab",
        description="Open JupyterLab, or Jupyter Notebook where that is installed instead, connected to a sandbox. "
        "Further options go to it, such as --no-browser.",
        epilog=f"Without a folder, the notebooks that come with nexmo_nb are copied into ./{FOLDER}, with a list to "
        "try them with, and opened. A file that is there already stays as it is.",
    )
    lab.add_argument("folder", nargs="?", type=Path, help="a folder or notebook of yours to open instead")
    lab.set_defaults(run=_run_lab, further=[])


def check_server(libraries: Sequence[str], path: Path, *, extra: str) -> str | None:
    """Choose the library that shows notebooks on a path that exists; None: say on stderr what lacks."""
    if not path.exists():
        print(f"got {str(path)!r}; allowed: a folder or notebook that exists.", file=sys.stderr)
        return None
    found = next((library for library in libraries if importlib.util.find_spec(library) is not None), None)
    if found is None:
        print(f"{libraries[0]} is not installed: pip install 'nexmo_nb[{extra}]'", file=sys.stderr)
    return found


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
    folder = options.folder or FOLDER
    if options.folder is None and not _copy_examples():
        return 2
    server = check_server(SERVERS, folder, extra="lab")
    if server is None:
        return 2
    return run_server_on_sandbox([server, str(folder), *options.further], {})


def _copy_examples() -> bool:
    """Copy the notebooks and say what was written and what was kept; False: they cannot be."""
    from nexmo_nb.errors import InvalidRequestError
    from nexmo_nb.examples.shipped import copy_examples

    try:
        written, kept = copy_examples(FOLDER)
    except InvalidRequestError as problem:
        print(problem, file=sys.stderr)
        return False
    print(f"{FOLDER.absolute()}: {len(written)} file{'' if len(written) == 1 else 's'} copied.", flush=True)
    if kept:
        print(f"Kept as they were, for they are there already: {', '.join(kept)}.", flush=True)
    return True
