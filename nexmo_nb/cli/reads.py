"""The commands that read: numbers, applications, prices, records, and what was sent."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nexmo_nb.cli.output import write_frame
from nexmo_nb.cli.running import PAID_RECORDS, add_common_options, find_stop, pick

if TYPE_CHECKING:
    import pandas as pd

    from nexmo_nb.session import Session

Read = Callable[[argparse.Namespace], "pd.DataFrame"]


def add_reads(commands: Any) -> None:
    _add_lists(commands)
    _add_paid_reads(commands)
    _add_lookup(commands)
    parser = _add_read(commands, "sent", "everything that was sent from this account", _read_sent)
    parser.add_argument("batch", nargs="?", help="of this batch only")
    parser.add_argument("--since", metavar="TIME", help="ISO 8601, such as 2026-12-01")


def _add_lists(commands: Any) -> None:
    _add_read(commands, "balance", "what the account has left", _read_balance)
    parser = _add_read(commands, "numbers", "numbers for rent, with what they cost", _read_numbers)
    parser.add_argument("country", nargs="+", help="codes or names, such as GB or Portugal")
    parser.add_argument("--features", help="what they can do, such as SMS,VOICE")
    parser.add_argument("--pattern", help="digits that they have")
    parser.add_argument("--match", choices=("starts", "contains", "ends"), help="where (default: starts)")
    parser.add_argument("--type", help="mobile-lvn, landline or landline-toll-free")
    parser.add_argument("--limit", type=int, help="at most so many a country")
    parser = _add_read(commands, "owned", "your numbers, and what they are linked to", _read_owned)
    parser.add_argument("--country", help="of this country only")
    parser.add_argument("--pattern", help="digits that they have")
    _add_read(commands, "apps", "your applications", _read_applications)
    parser = _add_read(commands, "prices", "the price list by network", _read_prices)
    parser.add_argument("country", nargs="*", help="codes or names (default: all)")
    parser.add_argument("--product", choices=("sms", "voice"), help="(default: sms)")


def _add_paid_reads(commands: Any) -> None:
    parser = _add_read(commands, "records", "Nexmo's own records of messages and calls", _read_records, is_paid=True)
    parser.add_argument("product", nargs="?", default="SMS", help="(default: SMS)")
    parser.add_argument("--start", metavar="DAY", help="ISO 8601, such as 2026-12-01")
    parser.add_argument("--end", metavar="DAY")
    parser.add_argument("--direction", choices=("outbound", "inbound"))
    parser = _add_read(commands, "bill", "the whole bill, by day, channel, country and tag", _read_bill, is_paid=True)
    parser.add_argument("start", help="first day, ISO 8601")
    parser.add_argument("end", help="the day after the last, ISO 8601")


def _add_lookup(commands: Any) -> None:
    parser = commands.add_parser("lookup", help="whose network numbers are on, by Identity Insights")
    parser.add_argument("number", nargs="+", help="numbers with their country codes")
    parser.add_argument("--region", help="country of numbers without their code")
    parser.add_argument("--insights", help="what is asked, such as original_carrier,current_carrier")
    parser.add_argument("--purpose", help="why, for insights from the operators themselves")
    parser.add_argument("--price", type=float, help="what an insight of a number costs, by your contract")
    parser.add_argument("--max-cost", type=float, help="the most that all may cost; needs --price")
    parser.add_argument("--refresh", action="store_true", help="ask, and pay, again for what is kept")
    add_common_options(parser, _look_up, costs=True)


def _look_up(options: argparse.Namespace, session: Session) -> int:
    import nexmo_nb as nx

    what = f"{len(options.number)} numbers are looked up; Nexmo charges for each that is not kept."
    if (code := find_stop(options, session, what)) is not None:
        return code
    insights = {} if options.insights is None else {"insights": options.insights.split(",")}
    arguments = pick(options, "region", "purpose", "price", "max_cost", "refresh")
    write_frame(nx.lookup(options.number, **insights, **arguments), options)
    return 0


def _add_read(commands: Any, name: str, words: str, read: Read, *, is_paid: bool = False) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=words)

    def work(options: argparse.Namespace, session: Session) -> int:
        if is_paid and (code := find_stop(options, session, PAID_RECORDS)) is not None:
            return code
        write_frame(read(options), options)
        return 0

    add_common_options(parser, work, costs=is_paid)
    return parser


def _read_balance(_: argparse.Namespace) -> pd.DataFrame:
    import nexmo_nb as nx
    from nexmo_nb.frames import Column, frame

    row = {"balance": nx.balance(), "currency": nx.current().account.currency}
    return frame([row], (Column("balance", "float64"), Column("currency")))


def _read_numbers(options: argparse.Namespace) -> pd.DataFrame:
    import nexmo_nb as nx

    features = {} if options.features is None else {"features": options.features.split(",")}
    return nx.search_numbers(options.country, **features, **pick(options, "pattern", "match", "type", "limit"))


def _read_owned(options: argparse.Namespace) -> pd.DataFrame:
    import nexmo_nb as nx

    return nx.owned_numbers(**pick(options, "country", "pattern"))


def _read_applications(_: argparse.Namespace) -> pd.DataFrame:
    import nexmo_nb as nx

    return nx.applications()


def _read_prices(options: argparse.Namespace) -> pd.DataFrame:
    import nexmo_nb as nx

    return nx.prices(options.country or None, **pick(options, "product"))


def _read_records(options: argparse.Namespace) -> pd.DataFrame:
    import nexmo_nb as nx

    return nx.records(options.product, progress=False, **pick(options, "start", "end", "direction"))


def _read_bill(options: argparse.Namespace) -> pd.DataFrame:
    import nexmo_nb as nx

    return nx.bill(options.start, options.end, progress=False)


def _read_sent(options: argparse.Namespace) -> pd.DataFrame:
    import nexmo_nb as nx

    return nx.sent(options.batch, **pick(options, "since"))
