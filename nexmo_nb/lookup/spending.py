"""What lookups cost: how much they may, before they are made, and what each did."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError


class Costs(NamedTuple):
    """What an insight costs by the account's contract, in a currency; None: nobody knows."""

    price: float | None
    currency: str

    def of(self, insights: int) -> float:
        """Give what insights cost, each at its price, whatever it said: whether a failed one is charged is not told."""
        return math.nan if self.price is None and insights else insights * (self.price or 0.0)

    def describe(self, insights: int) -> str:
        if self.price is None:
            return "Nexmo charges for each, by your contract: price=… says what it costs"
        return f"at most {self.of(insights):,.4f} {self.currency} ({self.price:g} an insight, as you said)"


def read_costs(price: Any, currency: str) -> Costs:
    return Costs(None if price is None else validation.check_amount("price", price), currency)


def check_bounds(numbers: int, insights: int, costs: Costs, *, max_cost: float | None, max_numbers: int | None) -> None:
    """Refuse more than a caller wants to ask or pay for, before anything is asked."""
    if max_numbers is not None and numbers > max_numbers:
        raise InvalidRequestError(
            f"max_numbers: got {max_numbers:,}, but {numbers:,} numbers would be looked up, {insights:,} insights: "
            f"{costs.describe(insights)}. Allowed: fewer numbers, or a higher max_numbers (None: no bound). Nothing "
            "was asked."
        )
    if max_cost is None or not insights:
        return
    if costs.price is None:
        advice = "What an insight costs stands in your contract; no cap can be kept without it. Nothing was asked."
        raise validation.invalid_argument("price", None, "the price of an insight with max_cost", advice)
    if costs.of(insights) > max_cost and not math.isclose(costs.of(insights), max_cost, rel_tol=1e-9):
        allowed = f"at least {costs.of(insights):.4f}, what {insights:,} insights of {numbers:,} numbers cost"
        raise validation.invalid_argument("max_cost", max_cost, allowed, "Nothing was asked.")
