"""What is left to send of a plan that is sent in parts, added up before anything leaves. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

from nexmo_nb.campaigns.rows import Notable, Row, find_notable

NONE = Notable(Counter(), [])


class Survey(NamedTuple):
    """What a run has to decide about its rows; those that are left out for one thing do not count for the next."""

    rows: int = 0  # that can be sent, or were
    doubtful: Notable = NONE
    unpriced: Notable = NONE
    high: float = 0.0  # what those that are left may cost
    messages: int = 0
    currencies: Collection[str] = frozenset()

    def join(self, other: Survey) -> Survey:
        """Add what comes after this one."""
        return Survey(
            self.rows + other.rows,
            self.doubtful.join(other.doubtful),
            self.unpriced.join(other.unpriced),
            math.fsum((self.high, other.high)),
            self.messages + other.messages,
            {*self.currencies, *other.currencies},
        )


def survey_rows(rows: int, waiting: Iterable[Row], *, skip_doubtful: bool) -> Survey:
    """Survey the rows that wait, of so many that can be sent; without those in doubt, if these are left out."""
    kept = [row for row in waiting if row.warning is None or not skip_doubtful]
    priced = [row for row in kept if row.estimate is not None]
    return Survey(
        rows,
        find_notable([row for row in kept if row.warning is not None]),
        find_notable([row for row in kept if row.estimate is None]),
        math.fsum(row.estimate.high for row in priced if row.estimate is not None),
        len(kept),
        {row.currency for row in kept if row.currency is not None},
    )
