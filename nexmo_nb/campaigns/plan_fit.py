"""How many rows of a plan, or of a part of one, an amount of money buys. Pure."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from nexmo_nb.campaigns.decisions import TOLERANCE
from nexmo_nb.contacts.duplicates import write_cells

OVER_BUDGET = "over_budget"


class Measure(NamedTuple):
    """What rows cost that can be sent, by their high estimates."""

    high: float
    currencies: list[str]

    def fits(self, amount: float) -> bool:
        return self.high <= amount + TOLERANCE


def measure_rows(plan: pd.DataFrame) -> Measure:
    """Add up what the rows of a plan cost that can be sent and have a price."""
    is_priced = (plan["problem"].isna() & plan["price_high"].notna()).to_numpy()
    return Measure(
        math.fsum(plan["price_high"][is_priced].tolist()), plan["currency"][is_priced].dropna().unique().tolist()
    )


def fit_rows(plan: pd.DataFrame, amount: float, room: float) -> pd.DataFrame:
    """Keep as many of some rows as `room` buys, which the rows before them left of an amount."""
    is_sendable = plan["problem"].isna().to_numpy()
    prices = plan["price_high"].to_numpy(dtype="float64", na_value=np.nan)
    has_price = ~np.isnan(prices)
    places = np.flatnonzero(is_sendable & has_price)
    count = _count_affordable(prices[places], room)
    unpriced, dear = np.flatnonzero(is_sendable & ~has_price), places[count:]
    fitted = plan.astype({name: "string" for name in ("problem", "problem_code") if name in plan})
    _mark(fitted, unpriced, "budget: no price is known for this row")
    _mark(fitted, dear, f"budget: {amount:g} is spent on the rows before this one")
    return fitted


def _count_affordable(prices: Any, amount: float) -> int:
    """Count how many of the first prices make no more than an amount."""
    count = int(np.searchsorted(np.cumsum(prices), amount + TOLERANCE, side="right"))
    # A running sum is rounded at each step. What counts is the exact sum, as `send_many` adds the prices up.
    while count < len(prices) and math.fsum(prices[: count + 1]) <= amount + TOLERANCE:
        count += 1
    while count and math.fsum(prices[:count]) > amount + TOLERANCE:
        count -= 1
    return count


def _mark(plan: pd.DataFrame, places: Any, problem: str) -> None:
    """Write a problem into rows, by their place: their labels may stand for several rows."""
    values: dict[str, Any] = {
        "problem": problem,
        "problem_code": OVER_BUDGET,
        "parts": 0,
        "price_low": np.nan,
        "price_high": np.nan,
    }
    for name, value in values.items():
        if name in plan:
            write_cells(plan, name, places.tolist(), [value] * len(places))
