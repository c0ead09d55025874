"""The commands ``lab`` and ``app``: a notebook server beside a sandbox to which its notebooks connect."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def add_notebooks(commands: Any) -> None:
    """Add both commands to the subparsers of the command line.

    The default of ``further`` tells `nexmo_nb.cli.main` that a command accepts options that the parser does not know.
    """
    lab = commands.add_parser(
        "lab", help="open JupyterLab on the notebooks, connected to a sandbox; further options go to JupyterLab"
    )
    lab.add_argument("folder", nargs="?", default="notebooks", help="folder to open (default: notebooks)")
    lab.set_defaults(run=_run_lab, further=[])
    app = commands.add_parser("app", help="show the forms as an app, by Voila, connected to a sandbox")
    app.add_argument("folder", nargs="?", default="notebooks/04_forms.ipynb", help="notebook to show")
    app.set_defaults(run=_run_app, further=[])


def _run_lab(options: argparse.Namespace) -> int:
    return _run_server("jupyterlab", ["jupyter", "lab"], options, extra="lab")


def _run_app(options: argparse.Namespace) -> int:
    return _run_server("voila", ["voila"], options, extra="app")


def _run_server(library: str, command: Sequence[str], options: argparse.Namespace, *, extra: str) -> int:
    """Run a notebook server and a sandbox until the server ends; return its exit code, or 2 if it cannot start."""
    from nexmo_nb.sandbox import Sandbox

    if not Path(options.folder).exists():
        print(f"folder: got {options.folder!r}; allowed: a folder or notebook that exists.", file=sys.stderr)
        return 2
    if importlib.util.find_spec(library) is None:
        print(f"{library} is not installed: pip install 'nexmo_nb[{extra}]'", file=sys.stderr)
        return 2
    words = [sys.executable, "-m", *command, options.folder, *options.further]
    with Sandbox() as sandbox:
        print(f"The sandbox: {sandbox.url} (open it to see what arrives)", flush=True)
        try:
            return subprocess.call(words, env={**os.environ, "NEXMO_NB_CONNECT": sandbox.url})  # noqa: S603
        except KeyboardInterrupt:
            return 0
