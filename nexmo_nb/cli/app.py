"""The command ``app``: the forms for people who never code, on the sandbox or, after a yes, on the real account."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nexmo_nb.cli.notebooks import check_server, run_server, run_server_on_sandbox

NOTEBOOK = Path(__file__).with_name("app.ipynb")
"""The notebook of the app. It connects to NEXMO_NB_CONNECT, in the folder NEXMO_NB_APP_FOLDER."""
LIVE_OPTIONS = re.compile(r"--port=\d+")
"""What a live app takes for Voila. Others could open it to other machines, or show what is hidden."""
# A token, because the other users of the machine reach a server on it as well. Voila makes it, so that it is in no
# list of processes; and Voila opens a browser without it, so that the person opens the address that it prints.
LIVE_SERVER = ("--Voila.ip=127.0.0.1", "--Voila.auto_token=True", "--no-browser")
QUESTION = "Messages sent here cost money. Go on? [yes/no] "


def add_app(commands: Any) -> None:
    """Add the command; `further` are options that go to Voila."""
    parser = commands.add_parser(
        "app",
        help="show the forms as an app, by Voila, connected to a sandbox or, with --live, to your account",
        description="Show the forms as an app, by Voila, connected to a sandbox. Further options go to Voila.",
        epilog="With --live, the app is for this machine alone: it listens on 127.0.0.1, asks for the token in the "
        "address that it prints, and takes --port=NUMBER for Voila and nothing else. To let others in, put a server "
        "before it that asks who they are.",
    )
    parser.add_argument("notebook", nargs="?", type=Path, default=NOTEBOOK, help="one of your own (default: the app's)")
    parser.add_argument("--language", help="the language of the app (default: en)")
    parser.add_argument(
        "--live",
        action="store_true",
        help="connect to the account that connect() finds, after a question; its key and secret are looked for in the "
        "environment, the keyring and the Vonage CLI's files",
    )
    parser.add_argument("--yes", action="store_true", help="answer the question of --live with yes")
    parser.set_defaults(run=_run_app, further=[])


def _run_app(options: argparse.Namespace) -> int:
    """Show the app until it ends; return Voila's exit code, 1 after a no, or 2 if it cannot start."""
    wrong = _find_wrong_option(options)
    if wrong:
        print(wrong, file=sys.stderr)
        return 2
    if check_server(["voila"], options.notebook, extra="app") is None:
        return 2
    settings = {"NEXMO_NB_APP_FOLDER": os.getcwd()}
    if options.language:
        settings["NEXMO_NB_LANGUAGE"] = options.language
    words = ["voila", str(options.notebook), *options.further]
    if not options.live:
        return run_server_on_sandbox(words, settings)
    return _run_live(words, settings, options)


def _run_live(words: list[str], settings: Mapping[str, str], options: argparse.Namespace) -> int:
    from nexmo_nb.errors import InvalidRequestError

    try:
        print(_describe_account(options.notebook), flush=True)
    except InvalidRequestError as problem:
        print(f"--live: {problem} Without --live, the app runs on the sandbox.", file=sys.stderr)
        return 2
    if not options.yes:
        if not sys.stdin or not sys.stdin.isatty():
            print("--live: there is no terminal to ask on; --yes goes on without the question.", file=sys.stderr)
            return 2
        if not _ask_for_yes():
            print("Nothing was started.", file=sys.stderr)
            return 1
    print("Open the address that Voila prints, with its token; Ctrl-C here ends the app.", flush=True)
    return run_server([*words, *LIVE_SERVER], {**settings, "NEXMO_NB_CONNECT": "live"})


def _find_wrong_option(options: argparse.Namespace) -> str | None:
    if options.language:
        from nexmo_nb.forms.words import LANGUAGES

        if options.language not in LANGUAGES:
            return f"--language: got {options.language[:40]!r}; allowed: {', '.join(LANGUAGES)}."
    if options.live and options.notebook.is_dir():
        return f"got {str(options.notebook)!r}; allowed: one notebook with --live, for each may find another account."
    refused = [each for each in options.further if not LIVE_OPTIONS.fullmatch(each)] if options.live else []
    if refused:
        shown = refused[0].partition("=")[0][:40]  # what follows may be anything, also a secret
        return f"{shown}: not with --live; allowed: --port=NUMBER. `nexmo-nb app --help` says why."
    return None


def _describe_account(notebook: Path) -> str:
    """Tell whose account the app would use; InvalidRequestError: none is found.

    The app's kernels look for the credentials themselves: what is found here goes into no environment of theirs. They
    can ask nobody, so neither does this.
    """
    from nexmo_nb.credentials import Account, find_credentials

    # Where a kernel looks for `.vonagerc`; that of the app's own notebook goes to the folder of this process.
    folder = None if notebook == NOTEBOOK else notebook.resolve().parent
    credentials, sources = find_credentials({}, folder=folder, ask=lambda _: "")
    account = Account(**credentials, sources=sources)  # type: ignore[arg-type]
    hosts = f"{account.rest_host} and {account.api_host}"
    return f"LIVE: the account with the key {account.api_key} (from: {sources['api_key']}) at {hosts}"


def _ask_for_yes() -> bool:
    try:
        return input(QUESTION).strip() == "yes"
    except (EOFError, KeyboardInterrupt):
        print()
        return False
