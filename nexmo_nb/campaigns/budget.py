"""Plans that fit an amount of money. Pure."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.dask_frames import is_dask
from nexmo_nb.campaigns.decisions import TOLERANCE
from nexmo_nb.campaigns.summary import check_plan
from nexmo_nb.contacts.duplicates import write_cells

OVER_BUDGET = "over_budget"


def fit_budget(plan: pd.DataFrame, amount: float) -> pd.DataFrame:
    """Keep as many rows of a plan, in its order, as an amount of money buys; mark the others as a problem.

    Parameters
    ----------
    plan : DataFrame
        As `plan_sms` returns it. Sort it before, if some people matter more than others.
    amount : float
        In the plan's currency. Each row counts its ``price_high``; a row with a problem costs nothing.

    Returns
    -------
    pandas.DataFrame
        The plan, with the same index and columns. From the first row on that the amount does not buy, and where a row
        has no price, ``problem`` says so, ``problem_code`` (if the plan has it) is ``over_budget``, ``parts`` is 0, and
        the prices are missing. The plan that was given stays as it is.

    Raises
    ------
    InvalidRequestError
        If it is no plan, or has prices in several currencies; if the amount is none.

    Notes
    -----
    What comes back can be sent with ``send_many(..., max_cost=amount)``. To send the others later, send the plan that
    was given, or one that is fitted to a larger amount, under the same batch name: nobody is sent to twice.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+351 912 345 678", "+351 912 345 679"], "Hello", sender="Demo")
    >>> nx.fit_budget(plan, float(plan.price_high.iloc[0])).problem.isna().tolist()
    [True, False]
    """
    amount = validation.check_amount("amount", amount)
    if is_dask(plan):
        from nexmo_nb.campaigns.dask_plan import fit_partitions  # Dask is an extra

        fitted: pd.DataFrame = fit_partitions(plan, amount)
        return fitted
    check_plan(plan)
    found = measure_rows(plan).currencies
    if len(found) > 1:
        raise validation.invalid_argument("plan", ", ".join(found), "a plan in one currency", "Plan each by itself.")
    return fit_rows(plan, amount, amount)


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
