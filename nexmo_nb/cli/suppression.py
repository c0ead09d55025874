"""The command ``suppress``: who is not to be sent to, and is put on that list or taken off it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from nexmo_nb.cli.output import write_frame
from nexmo_nb.cli.running import add_common_options, pick, read_standard_input

if TYPE_CHECKING:
    from nexmo_nb.session import Session


def add_suppression(commands: Any) -> None:
    actions = commands.add_parser("suppress", help="the do-not-send list: add, list, remove").add_subparsers(
        required=True, metavar="action"
    )
    parser = actions.add_parser("add", help="put people on the list: nothing is sent to them any more")
    _add_numbers(parser)
    parser.add_argument("--reason", help="why; the list and refusals show it")
    add_common_options(parser, _add)
    parser = actions.add_parser("list", help="who is on the list, since when, and why")
    add_common_options(parser, _list)
    parser = actions.add_parser("remove", help="take people off the list, who agreed to be written to again")
    _add_numbers(parser)
    add_common_options(parser, _remove)


def _add_numbers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("numbers", nargs="+", help="numbers; or a CSV or Excel file; or -: CSV from standard input")
    parser.add_argument("--to", default="to", help="the column of numbers of a file (default: to)")
    parser.add_argument("--region", help="country of numbers without their code, or the column that names it")
    parser.add_argument("--doubtful", choices=("refuse", "accept"), help="what becomes of odd numbers")


def _add(options: argparse.Namespace, _: Session) -> int:
    import nexmo_nb as nx

    arguments = pick(options, "reason", "to", "region", "doubtful")
    write_frame(nx.suppress(_read_numbers(options), **arguments), options)
    return 0


def _list(options: argparse.Namespace, _: Session) -> int:
    import nexmo_nb as nx

    write_frame(nx.suppressed(), options)
    return 0


def _remove(options: argparse.Namespace, _: Session) -> int:
    import nexmo_nb as nx

    write_frame(nx.unsuppress(_read_numbers(options), **pick(options, "to", "region", "doubtful")), options)
    return 0


def _read_numbers(options: argparse.Namespace) -> Any:
    """Read the list that is named, or take the numbers that are given."""
    if options.numbers == ["-"]:
        return read_standard_input()
    return options.numbers[0] if len(options.numbers) == 1 else options.numbers
