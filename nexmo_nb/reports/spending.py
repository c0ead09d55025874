"""What it costs to read records: what one costs, how many there may be, and the budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from nexmo_nb.errors import InvalidRequestError, NexmoError
from nexmo_nb.frames import parse_number
from nexmo_nb.options import add_report_spending, get_report_budget, get_report_price
from nexmo_nb.reports.columns import FREE
from nexmo_nb.reports.request import DAY, RecordsQuery, build_page_request, build_span_fields
from nexmo_nb.reports.response import parse_page
from nexmo_nb.session import Session

LISTED = 0.0004
"""EUR that Nexmo asks for a record by its list of 2020, https://www.vonage.com/communications-apis/reports/pricing."""
MARGIN = 0.25
"""By how much the days of other months may differ from those that are known."""
SMALLEST = 0.01
"""What costs less is not told."""
LEARNED_FROM = 31 * DAY


class RecordPrice(NamedTuple):
    """What a record costs, between two amounts where prices are tiered, and where that is known from."""

    lowest: float
    highest: float
    currency: str
    source: str


class Count(NamedTuple):
    """How many records there are, between two numbers."""

    lowest: float
    highest: float

    def __add__(self, other: object) -> Count:
        return Count(self[0] + other[0], self[1] + other[1]) if isinstance(other, Count) else NotImplemented


_learned: WeakKeyDictionary[Session, RecordPrice] = WeakKeyDictionary()


def find_price(session: Session, product: str, *, learn: bool) -> RecordPrice:
    """Find what a record costs: by `set_options`, by what earlier reports cost, or else by the list of 2020.

    With `learn`, Nexmo is asked what reports cost lately, once a session; that is free.
    """
    if product in FREE:
        return RecordPrice(0.0, 0.0, "EUR", "it is free")
    chosen = get_report_price()
    if chosen is not None:
        return RecordPrice(chosen, chosen, session.account.currency, "by set_options")
    if learn and session not in _learned:
        _learned[session] = _ask_price(session) or RecordPrice(LISTED, LISTED, "EUR", "by the list of 2020")
    return _learned.get(session, RecordPrice(LISTED, LISTED, "EUR", "by the list of 2020"))


def estimate_count(densities: Sequence[float], seconds: float) -> Count | None:
    """Estimate how many records a time has, given how many a second there were in others; None if none is known."""
    if not densities:
        return None
    return Count(min(densities) * (1 - MARGIN) * seconds, max(densities) * (1 + MARGIN) * seconds)


def describe_cost(count: Count, price: RecordPrice) -> str:
    """Say how many records they are, and what they cost."""
    lowest, highest = count.lowest * price.lowest, count.highest * price.highest
    records = f"{count.highest:,.0f} records"
    if round(count.lowest) != round(count.highest):
        records = f"about {count.lowest:,.0f} to {records}"
    amount = f"{highest:,.2f} {price.currency}"
    if f"{lowest:,.2f}" != f"{highest:,.2f}":
        amount = f"{lowest:,.2f} to {amount}"
    each = f"{price.highest:g}" if price.lowest == price.highest else f"{price.lowest:g} to {price.highest:g}"
    return f"{records}, about {amount} ({each} {price.currency} a record, {price.source})"


def check_budget(count: Count, price: RecordPrice, what: str) -> None:
    """Refuse what could cost more than is left of the budget of `set_options`."""
    budget = get_report_budget(price.currency)
    if budget is not None and count.highest * price.highest > budget:
        raise InvalidRequestError(
            f"report_budget: {max(budget, 0):,.2f} {price.currency} are left, but to {what} is "
            f"{describe_cost(count, price)}. Allowed: a shorter time, narrower filters, or a higher "
            "set_options(report_budget=…). What was read so far is not charged again."
        )


def note_spending(count: float, price: RecordPrice) -> None:
    """Take what was read from the budget."""
    add_report_spending(price.currency, count * price.highest)


def tell_spending(session: Session, count: float, price: RecordPrice, what: str, *, paid_before: float = 0.0) -> None:
    """Say, after a read, what was paid for."""
    if count * price.highest >= SMALLEST:
        more = f" {paid_before:,.0f} more were paid before." if paid_before else ""
        session.throttle.notify(f"Paid to {what}: {describe_cost(Count(count, count), price)}.{more}")


def announce(session: Session, count: Count | None, price: RecordPrice, what: str) -> None:
    """Say, before anything is paid, what a read will cost."""
    if price.highest == 0 or (count is not None and count.highest * price.highest < SMALLEST):
        return
    if count is None:
        told = "how many records is known when the first report is made"
        told += f"; each costs {price.highest:g} {price.currency}, {price.source}"
    else:
        told = describe_cost(count, price)
    session.throttle.notify(f"To {what}: {told}.")


def _ask_price(session: Session) -> RecordPrice | None:
    """Read what reports cost lately; None where Nexmo does not say."""
    end = session.ledger.clock()
    query = RecordsQuery(session.account.api_key, "REPORTS-USAGE", None, end - LEARNED_FROM, end, {})
    what = "look what reports cost"
    try:
        rows = parse_page(session.call(build_page_request(build_span_fields(query, query.start, end), what)), what)
    except NexmoError:
        return None  # it is only an estimate that is missing
    charged = [row for row in rows if str(row.get("is_charged")).upper() == "TRUE"]
    prices = {(str(row.get("currency") or "EUR"), parse_number(row.get("price"))) for row in charged}
    currencies = {currency for currency, amount in prices if amount > 0}
    if len(currencies) != 1:
        return None
    amounts = [amount for _, amount in prices if amount > 0]
    return RecordPrice(min(amounts), max(amounts), currencies.pop(), "by REPORTS-USAGE of the last month")
