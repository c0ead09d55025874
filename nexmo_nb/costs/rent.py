"""What rented numbers cost over a span, as lines of a bill: an estimate, for Nexmo reports no rent. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from nexmo_nb.costs.bill_lines import BILL_COLUMNS
from nexmo_nb.frames import Column, frame

RENT = "NUMBERS"
RENT_COLUMNS = (*map(Column, ("country", "type")), Column("monthly_low", "float64"), Column("currency"))
"""What is needed of the numbers for rent, as `number_costs` tells it."""


def build_rent(numbers: pd.DataFrame, offered: pd.DataFrame, span: tuple[float, float], owner: Any) -> pd.DataFrame:
    """Build the lines of a bill for the numbers of an account, a line a month, country and type.

    `offered` has the columns `RENT_COLUMNS`, `span` is in Unix seconds, `owner` is the account with its currency. A
    month that the span has a part of costs that part.
    """
    costs = {(row.country, row.type): (row.monthly_low, row.currency) for row in offered.itertuples()}
    unknown = (0.0, owner.currency)
    counts: Any = numbers.groupby(["country", "type"], dropna=False).size().items()
    kinds = [(*key, count) for key, count in counts]
    rows = [
        {
            "day": day.timestamp(),
            "product": RENT,
            "channel": None if pd.isna(kind) else kind,
            "country": None if pd.isna(country) else country,
            "account": owner.api_key,
            "messages": 0,
            "parts": 0,
            "seconds": 0.0,
            "amount": round(count * share * costs.get((country, kind), unknown)[0], 8),
            "currency": costs.get((country, kind), unknown)[1],
            "estimated": True,
        }
        for day, share in split_months(*span)
        for country, kind, count in kinds
    ]
    return frame(rows, BILL_COLUMNS)


def split_months(start: float, end: float) -> Iterator[tuple[pd.Timestamp, float]]:
    """Split a span at the beginnings of months, in UTC: give the first day of each, and which share of it is there."""
    while start < end:
        at = pd.Timestamp(start, unit="s", tz="UTC")
        month = at.normalize().replace(day=1)
        following = month + pd.offsets.MonthBegin()
        stop = min(end, following.timestamp())
        yield at.normalize(), (stop - start) / (following - month).total_seconds()
        start = stop
