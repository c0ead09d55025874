"""The commands about batches that were sent: ``batch list``, ``status``, ``retry`` and ``settle``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from nexmo_nb.cli.output import is_for_people, write_frame
from nexmo_nb.cli.running import PAID_RECORDS, add_common_options, find_stop, pick, read_text

if TYPE_CHECKING:
    from nexmo_nb.session import Session


def add_batch_actions(actions: Any) -> None:
    add_common_options(actions.add_parser("list", help="all batches of the account"), _list_batches)
    for name, words, work in (
        ("status", "what became of a batch, in counts, and its last run", _show_status),
        ("settle", "look up messages that got no answer, in Nexmo's records, which cost money", _settle),
    ):
        parser = actions.add_parser(name, help=words)
        parser.add_argument("batch", help="its name")
        add_common_options(parser, work, costs=work is _settle)
    _add_retry(actions)


def _add_retry(actions: Any) -> None:
    parser = actions.add_parser("retry", help="send again what was refused, and nothing else")
    parser.add_argument("batch", help="its name")
    parser.add_argument("--codes", help="of which refusals, such as 5,15, or all (default: those that may pass now)")
    parser.add_argument("--sender", help="another sender (default: the one that was refused)")
    parser.add_argument("--text", help="another text; -: standard input (default: the one that was refused)")
    parser.add_argument("--max-cost", type=float, help="the most that the batch may cost (default: as before)")
    parser.add_argument("--on-cap", choices=("refuse", "stop"), help="what to do where it would cost more")
    parser.add_argument("--doubtful", choices=("refuse", "skip", "send"), help="what becomes of doubtful rows")
    add_common_options(parser, _retry, costs=True)


def _list_batches(options: argparse.Namespace, _: Session) -> int:
    import nexmo_nb as nx

    write_frame(nx.batches(), options)
    return 0


def _show_status(options: argparse.Namespace, _: Session) -> int:
    import nexmo_nb as nx

    found = nx.batch(options.batch)
    if is_for_people(options):
        print(found)
    else:
        write_frame(found.counts, options)
    return 0


def _retry(options: argparse.Namespace, session: Session) -> int:
    import nexmo_nb as nx

    refused = nx.batch(options.batch).refused
    what = f"batch {options.batch!r}, what can be sent again of {refused} messages that were refused."
    if (code := find_stop(options, session, what)) is not None:
        return code
    arguments = pick(options, "sender", "max_cost", "on_cap", "doubtful")
    if options.codes is not None:
        arguments["codes"] = "all" if options.codes == "all" else options.codes.split(",")
    if options.text is not None:
        arguments["text"] = read_text(options.text)
    done = nx.retry(options.batch, progress=sys.stderr.isatty(), **arguments)
    write_frame(done, options)
    return 0 if (done.state == "accepted").all() else 1


def _settle(options: argparse.Namespace, session: Session) -> int:
    import nexmo_nb as nx

    if (code := find_stop(options, session, PAID_RECORDS)) is not None:
        return code
    write_frame(nx.settle(options.batch), options)
    return 0
