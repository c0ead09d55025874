"""What a batch may cost: its own cap and the account's budget, and what was spent of them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import NamedTuple

from nexmo_nb import validation
from nexmo_nb.campaigns.decisions import TOLERANCE
from nexmo_nb.state.budgets import BATCH, Room


class Cap(NamedTuple):
    """An amount that must not be passed, and what of it was spent so far: `max_cost`, or the budget of a period."""

    amount: float
    spent: float
    period: str = ""
    currency: str | None = None  # None: that of the plan
    assumed: float = 0.0  # what of it was spent for messages whose price the ledger does not know

    @property
    def left(self) -> float:
        return self.amount - self.spent

    @property
    def parameter(self) -> str:
        return "budget" if self.period else "max_cost"

    def show(self) -> str:
        return f"the budget of {self.amount:g} a {self.period}" if self.period else f"max_cost={self.amount}"


def describe_room(room: Room) -> Cap:
    """Describe a cap or a budget as the ledger found it."""
    budget = room.budget
    if budget.period == BATCH:
        return Cap(budget.amount, room.spent)
    return Cap(budget.amount, room.spent, budget.period, budget.currency)


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
