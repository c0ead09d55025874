"""How a command runs: it connects, asks before money is spent, and ends with an exit code that says what happened."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nexmo_nb.cli.output import add_output_options

if TYPE_CHECKING:
    import pandas as pd

    from nexmo_nb.session import Session

EXIT_CODES = {
    0: "done",
    1: "done in part: some messages of a batch were not accepted",
    2: "an option or an argument is wrong, or money would be spent and nobody said yes; nothing was done",
    3: "credentials, or the right to the product, were refused",
    4: "no such number, application, message or call",
    5: "refused by Nexmo",
    6: "too fast; nothing was done, try again later",
    7: "Nexmo, or the database of the state, could not be reached; nothing was done",
    8: "no answer came to a message that left: it may have been sent; see sent and batch settle",
    130: "interrupted",
    141: "whoever reads the output ended",
}
_CODES_OF_ERRORS = {
    "InvalidRequestError": 2,
    "AuthenticationError": 3,
    "NotFoundError": 4,
    "RejectedError": 5,
    "RateLimitedError": 6,
    "UnreachableError": 7,
    "UnknownOutcomeError": 8,
}
PAID_RECORDS = "Nexmo charges for each record that it looks at."
Work = Callable[[argparse.Namespace, "Session"], int]
_INTERRUPTED, _BROKEN_PIPE = 130, 141


def add_common_options(parser: argparse.ArgumentParser, work: Work, *, costs: bool = False) -> None:
    """Add where the command connects, how it shows its frame, and, where it costs money, who says yes; let it run."""
    parser.add_argument(
        "--sandbox",
        action="store_true",
        help="use the sandbox: the one that NEXMO_NB_CONNECT names, else one that ends with the command",
    )
    add_output_options(parser)
    if costs:
        parser.add_argument("--yes", action="store_true", help="do not ask before money is spent")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be done and what it costs, and do nothing"
        )
    parser.set_defaults(run=_run_connected(work))


def _run_connected(work: Work) -> Callable[[argparse.Namespace], int]:
    """Make the function that connects, does the work, and tells an error in a sentence and an exit code."""

    def run(options: argparse.Namespace) -> int:
        import nexmo_nb as nx

        try:
            with _tell_warnings(), nx.connect("sandbox" if options.sandbox else None) as session:
                return work(options, session)
        except BrokenPipeError:
            # Whoever reads has enough, as head does. What is still to be written would fail again when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _BROKEN_PIPE
        except nx.NexmoError as problem:
            print(f"nexmo-nb: {problem}", file=sys.stderr)
            return _CODES_OF_ERRORS[type(problem).__name__]
        except KeyboardInterrupt:
            print("nexmo-nb: interrupted", file=sys.stderr)
            return _INTERRUPTED

    return run


@contextmanager
def _tell_warnings() -> Iterator[None]:
    """Tell a warning in its own words, without the line of code that it comes from."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = lambda message, *_, **__: print(f"nexmo-nb: {message}", file=sys.stderr)
        yield


def find_stop(options: argparse.Namespace, session: Session, what: str) -> int | None:
    """Say what would be done, and give the exit code where it is not to be done; None: go on.

    Money is spent by ``--yes``, or by a yes on a terminal. On the sandbox there is none.
    """
    place = session.describe()
    what = f"{'LIVE' if place.is_live else 'SANDBOX'}, account {session.account.api_key}: {what}"
    if options.dry_run:
        print(what)
        return 0
    if options.yes or not place.is_live:
        return None
    if not sys.stdin.isatty():
        print(f"nexmo-nb: {what} Nobody can be asked here: add --yes, or --dry-run.", file=sys.stderr)
        return 2
    print(f"{what} Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return None if sys.stdin.readline().strip().lower() in ("y", "yes") else 2


def read_text(given: str) -> str:
    """Give a text as it stands, or for ``-`` that of standard input, without the line end after it."""
    return sys.stdin.read().removesuffix("\n") if given == "-" else given


def read_standard_input() -> pd.DataFrame:
    """Read a list from standard input, as `read_contacts` reads a CSV file."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    import nexmo_nb as nx

    with TemporaryDirectory() as folder:
        path = Path(folder) / "contacts.csv"
        path.write_bytes(sys.stdin.buffer.read())
        return nx.read_contacts(path)


def describe_exit_codes() -> str:
    return "exit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items())


def pick(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Pick the options that were given, as arguments of a function."""
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}
