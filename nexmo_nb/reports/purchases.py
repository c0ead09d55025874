"""Reports are bought month by month: what they may cost is said and checked before, and what they cost after."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb.errors import InvalidRequestError, UnreachableError
from nexmo_nb.frames import parse_number
from nexmo_nb.options import get_report_budget
from nexmo_nb.reports.kept import Kept, Piece, split_at
from nexmo_nb.reports.parquet import Place
from nexmo_nb.reports.report_jobs import is_requested, request_report, wait_until_ready
from nexmo_nb.reports.request import DAY, Fields, RecordsQuery, build_span_fields
from nexmo_nb.reports.spending import (
    Count,
    RecordPrice,
    announce,
    check_budget,
    describe_cost,
    estimate_count,
    note_spending,
    tell_spending,
)
from nexmo_nb.session import Session


class Month(NamedTuple):
    """A month of a query: its span, the request of its report, and the file for its records, if any."""

    start: float
    end: float
    fields: Fields
    path: Place | None


class Bounds(NamedTuple):
    """What a purchase may be: at most so many records, at which price; `densities` are of records that are known."""

    max_records: int | None
    price: RecordPrice
    densities: Sequence[float] = ()
    refresh: bool = False


class Order(NamedTuple):
    """A report that was requested: its id, and whether it is this call that pays for it."""

    report_id: str
    is_new: bool


def split_by_month(start: float, end: float) -> Iterator[tuple[float, float]]:
    """Split a span at the beginnings of months, in UTC."""
    while start < end:
        next_month = pd.Timestamp(start, unit="s", tz="UTC").normalize() + pd.offsets.MonthBegin()
        stop = min(next_month.timestamp(), end)
        yield start, stop
        start = stop


def split_purchases(query: RecordsQuery, pieces: Iterable[Piece], bounds: Bounds) -> list[Month]:
    """Split what is to be bought by months.

    With a budget, and where nothing is known of such records, the first day alone comes first: it tells of the others.
    """
    spans = [Piece(*span) for piece in pieces for span in split_by_month(piece.start, piece.end)]
    if spans and not bounds.densities and get_report_budget(bounds.price.currency) is not None:
        spans[:1] = split_at(spans[0], spans[0].start + DAY)
    return [Month(each.start, each.end, build_span_fields(query, each.start, each.end), None) for each in spans]


def buy_reports(
    session: Session, query: RecordsQuery, months: Sequence[Month], bounds: Bounds
) -> Iterator[tuple[Month, Mapping[str, Any]]]:
    """Request the reports of months, and yield each with its status when it is ready.

    The first report tells how many records all will have. The others are requested after it, and before it is read, so
    that Nexmo makes them in the meantime; with a budget, each after the one before.
    """
    if not months:
        return
    what, price = query.description, bounds.price
    seconds = [month.end - month.start for month in months]
    estimate = estimate_count(bounds.densities, math.fsum(seconds))
    check_budget(estimate or Count(1, 1), price, what)
    announce(session, estimate, price, what)
    first, *others = months
    status, count, paid = _wait_for(session, first, _order(session, first, bounds, what), price, what)
    _check_rest(session, query, count, seconds, bounds, is_announced=estimate is not None)
    has_budget = get_report_budget(price.currency) is not None
    orders = [None if has_budget else _order(session, month, bounds, what) for month in others]
    yield first, status
    for n, (month, order) in enumerate(zip(others, orders, strict=True), start=1):
        if order is None:
            rest = estimate_count([count / sum(seconds[:n])], sum(seconds[n:]))
            check_budget(rest or Count(1, 1), price, what)
        status, more, more_paid = _wait_for(session, month, order or _order(session, month, bounds, what), price, what)
        count, paid = count + more, paid + more_paid
        yield month, status
    tell_spending(session, paid, price, what, paid_before=count - paid)


def warn_if_paid_again(query: RecordsQuery, kept: Iterable[Kept], missing: Sequence[Piece]) -> None:
    """Warn where records are bought with texts that were bought without before."""
    if not query.filters.get("include_message"):
        return
    without = [each for each in kept if not each.has_texts]
    if any(piece.start < each.end and each.start < piece.end for piece in missing for each in without):
        warnings.warn(
            f"To {query.description}, with texts, is paid again: they were read without texts before. Where texts are "
            "needed, include_message=True in the first place costs once.",
            stacklevel=4,
        )


def check_record_count(count: float, max_records: int | None, price: RecordPrice) -> None:
    """Refuse more records than the caller wants to pay for; a count that is not known is not refused."""
    if max_records is not None and count > max_records:
        raise InvalidRequestError(
            f"max_records: got {max_records:,}, but this is about {describe_cost(Count(count, count), price)}. "
            "Allowed: a shorter time, narrower filters, or a higher max_records (None: no bound). What was ordered so "
            "far is not charged again for three days."
        )


def _order(session: Session, month: Month, bounds: Bounds, what: str) -> Order:
    is_new = bounds.refresh or not is_requested(session, month.fields)
    return Order(request_report(session, month.fields, what, refresh=bounds.refresh), is_new)


def _wait_for(
    session: Session, month: Month, order: Order, price: RecordPrice, what: str
) -> tuple[Mapping[str, Any], float, float]:
    """Wait for a report; give its status, how many records it has, and how many of them were paid for now."""
    status = wait_until_ready(session, month.fields, what, order.report_id)
    count = parse_number(status.get("items_count"))
    paid = count if order.is_new else 0.0
    if paid > 0:
        note_spending(paid, price)
    return status, count, paid


def _check_rest(
    session: Session, query: RecordsQuery, count: float, seconds: Sequence[float], bounds: Bounds, *, is_announced: bool
) -> None:
    """Refuse what all months may cost, as far as the first one tells, if it is more than the caller wants to pay."""
    has_bound = bounds.max_records is not None or get_report_budget(bounds.price.currency) is not None
    if has_bound and len(seconds) > 1 and not count >= 0:
        raise UnreachableError(f"Could not {query.description}: the first report does not say how many it holds.")
    check_record_count(count * sum(seconds) / seconds[0], bounds.max_records, bounds.price)
    rest = estimate_count([count / seconds[0]], sum(seconds[1:]))
    if len(seconds) > 1 and rest is not None and count >= 0:
        check_budget(rest, bounds.price, query.description)
        if not is_announced:
            announce(session, rest + Count(count, count), bounds.price, query.description)
