"""The commands that send: ``send`` and ``call``, ``plan`` and ``batch``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from nexmo_nb.cli.batches import add_batch_actions
from nexmo_nb.cli.output import write_frame
from nexmo_nb.cli.running import (
    add_common_options,
    find_stop,
    pick,
    read_standard_input,
    read_text,
)

if TYPE_CHECKING:
    import pandas as pd

    from nexmo_nb.session import Session


def add_sends(commands: Any) -> None:
    _add_send(commands)
    _add_call(commands)
    parser = commands.add_parser("plan", help="check a list of people and say what a batch would cost; send nothing")
    _add_plan_arguments(parser)
    parser.add_argument("--rows", action="store_true", help="show each row, not the sums by country")
    add_common_options(parser, _plan)
    actions = commands.add_parser("batch", help="send a list of people one text each, once").add_subparsers(
        required=True, metavar="action"
    )
    _add_batch_send(actions)
    parser = actions.add_parser("due", help="send what is due of the batches that `batch send --no-wait` kept")
    add_common_options(parser, _send_due, costs=True)
    add_batch_actions(actions)


def _add_send(commands: Any) -> None:
    parser = commands.add_parser("send", help="send one SMS")
    parser.add_argument("to", help="a number with its country code")
    parser.add_argument("text", help="-: standard input")
    parser.add_argument("--sender", required=True, help="a number of yours, or a name")
    parser.add_argument("--key", help="with the same key, a message is sent once ever")
    parser.add_argument("--region", help="country of a number without its code")
    _add_api(parser)
    add_common_options(parser, _send, costs=True)


def _add_call(commands: Any) -> None:
    parser = commands.add_parser("call", help="place one voice call that says a text")
    parser.add_argument("to", help="a number with its country code")
    parser.add_argument("text", help="-: standard input")
    parser.add_argument("--sender", help="a number of yours")
    parser.add_argument("--language", help="such as en-gb (default: en-us)")
    parser.add_argument("--key", help="with the same key, a call is placed once ever")
    parser.add_argument("--region", help="country of a number without its code")
    add_common_options(parser, _call, costs=True)


def _add_batch_send(actions: Any) -> None:
    parser = actions.add_parser("send", help="send a batch; run again, it goes on where it stopped")
    _add_plan_arguments(parser)
    parser.add_argument("--batch", required=True, help="its name: each person gets each text of a batch once")
    parser.add_argument("--max-cost", type=float, help="the most that the batch may cost")
    parser.add_argument("--on-cap", choices=("refuse", "stop"), help="what to do where it would cost more")
    parser.add_argument("--doubtful", choices=("refuse", "skip", "send"), help="what becomes of doubtful rows")
    parser.add_argument("--unpriced", choices=("refuse", "skip"), help="what becomes of rows without a price")
    parser.add_argument("--at", help="not before this moment, such as 2026-12-01T09:00, in each recipient's time zone")
    parser.add_argument("--window", help="the hours there in which messages may leave, such as 09:00-20:00")
    parser.add_argument("--days", help="the days there, such as Mon-Sat or Sun,Tue")
    parser.add_argument("--late", help="how long after --at a message may still leave, such as 4h")
    parser.add_argument(
        "--no-wait", dest="wait", action="store_false", default=None, help="keep the batch for `batch due`, and return"
    )
    _add_api(parser)
    add_common_options(parser, _send_batch, costs=True)


def _add_api(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--api", choices=("sms", "messages"), help="what it travels by (default: the SMS API)")


def _add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contacts", help="a CSV or Excel file; -: CSV from standard input")
    parser.add_argument("--text", help="the text, with {columns} in braces; -: standard input (default: column text)")
    parser.add_argument("--sender", required=True, help="a number of yours, or a name")
    parser.add_argument("--to", default="to", help="the column of numbers (default: to)")
    parser.add_argument("--region", help="country of numbers without their code, or the column that names it")


def _send(options: argparse.Namespace, session: Session) -> int:
    import nexmo_nb as nx

    text = read_text(options.text)
    plan = nx.plan_sms([options.to], text, sender=options.sender, **pick(options, "region"))
    what = f"1 message in {plan.parts[0]} parts to {options.to}, {_describe_cost(plan)}."
    if (code := find_stop(options, session, what)) is not None:
        return code
    arguments = pick(options, "key", "region", "api")
    write_frame(nx.send_sms(options.to, text, sender=options.sender, **arguments), options)
    return 0


def _call(options: argparse.Namespace, session: Session) -> int:
    import nexmo_nb as nx

    text = read_text(options.text)
    if (code := find_stop(options, session, f"1 call to {options.to}, charged by its length.")) is not None:
        return code
    write_frame(nx.send_voice(options.to, text, **pick(options, "sender", "language", "key", "region")), options)
    return 0


def _plan(options: argparse.Namespace, _: Session) -> int:
    import nexmo_nb as nx

    plan = _read_plan(options)
    write_frame(plan if options.rows else nx.summary(plan), options)
    return 0


def _send_batch(options: argparse.Namespace, session: Session) -> int:
    import nexmo_nb as nx

    plan = _read_plan(options)
    count = int(plan.problem.isna().sum())
    what = f"batch {options.batch!r}, {count} of {len(plan)} rows, {_describe_cost(plan)}."
    if (code := find_stop(options, session, what)) is not None:
        return code
    arguments = pick(
        options, "max_cost", "on_cap", "doubtful", "unpriced", "at", "window", "days", "late", "wait", "api"
    )
    done = nx.send_many(plan, batch=options.batch, progress=sys.stderr.isatty(), **arguments)
    write_frame(done, options)
    fine = ["accepted"] if options.wait is None else ["accepted", "planned"]
    return 0 if done.state.isin(fine).all() else 1


def _send_due(options: argparse.Namespace, session: Session) -> int:
    import nexmo_nb as nx

    waiting = session.ledger.schedules.list_scheduled()
    if (code := find_stop(options, session, f"what is due of {len(waiting)} batches that wait.")) is not None:
        return code
    done = nx.run_due()
    write_frame(done, options)
    return 0 if done.error.isna().all() and not done[["refused", "unknown"]].any(axis=None) else 1


def _read_plan(options: argparse.Namespace) -> pd.DataFrame:
    import nexmo_nb as nx

    if options.contacts == "-" == options.text:
        raise nx.InvalidRequestError("--text: got '-' twice; allowed: standard input for the list or for the text.")
    contacts = read_standard_input() if options.contacts == "-" else nx.read_contacts(options.contacts)
    text = None if options.text is None else read_text(options.text)
    return nx.plan_sms(contacts, text, sender=options.sender, to=options.to, **pick(options, "region"))


def _describe_cost(plan: pd.DataFrame) -> str:
    costs = plan[plan.problem.isna()].groupby("currency", dropna=False).price_high.sum()
    return " + ".join(f"at most {amount:.4f} {currency}" for currency, amount in costs.items()) or "nothing to send"
