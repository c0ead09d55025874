"""What a batch may cost: its own cap and the account's budget, and what was spent of them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from nexmo_nb import validation
from nexmo_nb.campaigns.decisions import TOLERANCE, Estimate

PAID_STATES = ("accepted", "partial", "sending", "unknown")  # in which a message may have cost something


def sum_spent(sends: Iterable[Mapping[str, Any]], estimates: Mapping[str, Estimate]) -> float:
    """Add up what a batch cost; a message that may have been paid for, at an unknown price, counts as its estimate.

    `estimates` has them by the ids of the sends.
    """
    total = 0.0
    for send in sends:
        if send["price"] is not None:
            total += send["price"]
        elif send["state"] in PAID_STATES:
            total += estimates.get(str(send["id"]), Estimate()).high
    return total


class Cap(NamedTuple):
    """An amount that must not be passed, and what of it was spent so far: `max_cost`, or the budget of a period."""

    amount: float
    spent: float
    period: str = ""
    currency: str | None = None  # None: that of the plan

    @property
    def left(self) -> float:
        return self.amount - self.spent

    @property
    def parameter(self) -> str:
        return "budget" if self.period else "max_cost"

    def show(self) -> str:
        return f"the budget of {self.amount:g} a {self.period}" if self.period else f"max_cost={self.amount}"


def check_cap(cap: Cap, *, high: float, messages: int, currencies: Collection[str], may_stop: bool) -> float:
    """Give what is left of a cap, or refuse one that cannot be kept.

    The messages that are not sent yet cost `high` by their high estimates, in some `currencies`. With `may_stop`, a cap
    below that is one at which the run stops.
    """
    refuse = partial(validation.invalid_argument, cap.parameter, cap.amount)
    if len({*currencies} | ({cap.currency} - {None})) > 1:
        one = "one currency" if cap.currency is None else f"{cap.currency}, as the budget is"
        raise refuse(f"a plan in {one}", "Amounts of several cannot be added.")
    if messages and high > cap.left + TOLERANCE and not may_stop:
        so_far = f"this {cap.period}" if cap.period else "so far"
        raise refuse(
            f"at least {cap.spent + high:.4f}: {cap.spent:.4f} spent {so_far} and up to {high:.4f} for {messages} "
            "messages",
            f"Nothing was sent. Raise the {'budget' if cap.period else 'cap'}, plan fewer recipients (see fit_budget), "
            "or pass on_cap='stop' to send as many as it allows.",
        )
    return cap.left
