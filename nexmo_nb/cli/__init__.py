"""The commands: ``nexmo-nb demo``, ``lab``, ``app`` and ``sandbox``. Each parses, calls one function and prints."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words of the command line. Default: those of this process.

    Returns
    -------
    int
        Exit code: 0 where all went well.
    """
    parser = argparse.ArgumentParser(prog="nexmo-nb", description="Nexmo (Vonage) for notebooks.")
    commands = parser.add_subparsers(required=True, metavar="command")
    demo = commands.add_parser("demo", help="do all nine actions on the embedded sandbox and print each frame")
    demo.set_defaults(run=lambda _: _demo())
    lab = commands.add_parser(
        "lab", help="open JupyterLab on the notebooks, connected to a sandbox; further options go to JupyterLab"
    )
    lab.add_argument("folder", nargs="?", default="notebooks", help="folder to open (default: notebooks)")
    lab.set_defaults(run=lambda options: _lab(options.folder, options.further))
    app = commands.add_parser("app", help="show the forms as an app, by Voila, connected to a sandbox")
    app.add_argument("folder", nargs="?", default="notebooks/04_forms.ipynb", help="notebook to show")
    app.set_defaults(run=lambda options: _app(options.folder, options.further))
    sandbox = commands.add_parser("sandbox", help="run the sandbox alone until Ctrl-C, for other processes")
    sandbox.add_argument("--port", type=int, default=8787, help="port on 127.0.0.1 (default: 8787; 0: any)")
    sandbox.add_argument("--seed", type=int, default=0, help="which made-up world (default: 0)")
    sandbox.add_argument("--latency", type=float, default=0.0, help="seconds before each answer (default: 0)")
    sandbox.add_argument("--no-limits", action="store_true", help="leave out Nexmo's published rate limits")
    sandbox.set_defaults(run=_sandbox)
    options, further = parser.parse_known_args(arguments)
    options.further = further
    if further and "folder" not in options:
        parser.error(f"unrecognized arguments: {' '.join(further)}")
    code: int = options.run(options)
    return code


def _sandbox(options: argparse.Namespace) -> int:
    from nexmo_nb.sandbox import serve

    serve(options.port, seed=options.seed, latency=options.latency, limits=not options.no_limits)
    return 0


def _lab(folder: str, further: list[str]) -> int:
    return _served(folder, "jupyterlab", ["jupyter", "lab", folder, *further], "lab")


def _app(notebook: str, further: list[str]) -> int:
    return _served(notebook, "voila", ["voila", notebook, *further], "app")


def _served(path: str, library: str, command: list[str], extra: str) -> int:
    """Run a server of notebooks beside a sandbox to which they connect."""
    from nexmo_nb.sandbox import Sandbox

    if not Path(path).exists():
        print(f"folder: got {path!r}; allowed: a folder or notebook that exists.", file=sys.stderr)
        return 2
    if importlib.util.find_spec(library) is None:
        print(f"{library} is not installed: pip install 'nexmo_nb[{extra}]'", file=sys.stderr)
        return 2
    with Sandbox() as sandbox:
        print(f"The sandbox: {sandbox.url} (open it to see what arrives)", flush=True)
        try:
            environment = {**os.environ, "NEXMO_NB_CONNECT": sandbox.url}
            return subprocess.call([sys.executable, "-m", *command], env=environment)  # noqa: S603
        except KeyboardInterrupt:
            return 0


def _demo() -> int:
    import nexmo_nb as nx

    with nx.connect("sandbox", cache=False):
        for words, call, result in _nine_actions(nx):
            print(f"\n{words}\n>>> {call}")
            print("(no rows)" if result is None else result.to_string(index=False, max_colwidth=38))
    print("\nAll nine actions answered, and nothing was spent: this was the sandbox. Next: make lab")
    return 0


def _nine_actions(nx: Any) -> Iterator[tuple[str, str, pd.DataFrame | None]]:
    """Do the actions one after the other: what it is, the call, the frame."""
    yield (
        "1. Numbers for rent, several countries in one frame.",
        'nx.search_numbers(["GB", "PT", "US"], features=["SMS", "VOICE"], limit=2)',
        nx.search_numbers(["GB", "PT", "US"], features=["SMS", "VOICE"], limit=2),
    )
    yield "2. Numbers that the account has.", "nx.owned_numbers(limit=4)", nx.owned_numbers(limit=4).iloc[:, :10]
    columns = ["id", "name", "type", "answer_url", "answer_method"]
    made = nx.create_application("Survey", answer_url="https://example.org/a", event_url="https://example.org/e")
    yield (
        "3. A new application; its private key is in a file that only you can read.",
        'nx.create_application("Survey", answer_url="https://example.org/a", event_url="https://example.org/e")',
        made[columns],
    )
    yield "4. All applications.", "nx.applications()", nx.applications()[columns]
    code = made.id[0]
    yield "5. One application by its id.", f'nx.application("{code}")', nx.application(code)[columns]
    changed = nx.update_application(code, name="Survey 2", answer_method="POST")
    yield (
        "6. A change; what is not named keeps its value.",
        f'nx.update_application("{code}", name="Survey 2", answer_method="POST")',
        changed[columns],
    )
    yield "7. Delete it.", f'nx.delete_application("{code}")', nx.delete_application(code)
    yield (
        "8. An SMS; one row a part, with what it cost.",
        'nx.send_sms("+44 7700 900000", "Olá! Your parcel is at the door.", sender="Demo")',
        nx.send_sms("+44 7700 900000", "Olá! Your parcel is at the door.", sender="Demo").drop(columns="error_text"),
    )
    yield (
        "9. A voice message.",
        'nx.send_voice("+44 7700 900000", "Your code is 1 2 3", language="en-gb")',
        nx.send_voice("+44 7700 900000", "Your code is 1 2 3", language="en-gb"),
    )
