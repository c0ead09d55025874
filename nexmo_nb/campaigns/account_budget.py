"""The budgets of the account: what all batches and single sends together may cost in a day and in a month."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.frames import TIME, Column, frame
from nexmo_nb.session import Session, session_or_current

Amount = float | Literal["none"]
COLUMNS = (
    Column("budget"), Column("amount", "float64"), Column("spent", "float64"), Column("left", "float64"),
    Column("currency"), Column("unpriced", "int64"), Column("since", TIME), Column("until", TIME),
)  # fmt: skip


def budget(*, month: Amount | None = None, day: Amount | None = None, session: Session | None = None) -> pd.DataFrame:
    """Set what everything that is sent from this account may cost, and show what is left of it.

    Parameters
    ----------
    month, day : float or "none", optional
        At most so much, in the account's currency, in a calendar month and in a day, both in UTC. ``"none"``: no limit.
        Default: what was set before stays.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        A row for the day and one for the month: ``budget`` (text: day, month), ``amount, spent, left`` (float, in
        ``currency``; amount and left are missing where there is no limit), ``unpriced`` (int: sends that may have cost
        something, at a price that nobody knows; they are not in ``spent``), ``since, until`` (times in UTC: when the
        period began, and when it ends).

    Raises
    ------
    InvalidRequestError
        If an amount is none, or what was spent is in another currency than a budget that is set.
    UnreachableError
        If the ledger cannot be read or written.

    Notes
    -----
    A budget is kept in the account's state, for all its processes and kernels, and all machines that share it by
    ``connect(state=…)``. What leaves is charged before it does: what could pass the budget is an `InvalidRequestError`,
    and nothing is sent. `send_many` with ``on_cap="stop"`` sends as many as it allows. Without a price nothing is sent:
    `send_sms` and `send_voice` read the price list first, a batch needs a plan with prices.

    A message counts in the period in which it left, with its highest price over the networks of its country until its
    answer tells the price (https://developer.vonage.com/en/api/sms); what is under way, or unknown, counts with that
    estimate, and what Nexmo refused, or `settle` did not find, with nothing. A call counts with the minutes that it
    takes to speak its text, one at least: no answer tells its price. What is sent elsewhere is not seen, and prices
    that `delivery` finds later change nothing.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> table = nx.budget(month=200, day=20)
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.budget()[["budget", "amount", "spent"]].values.tolist()
    [['day', 20.0, 0.042291], ['month', 200.0, 0.042291]]
    """
    session = session_or_current(session)
    amounts = {
        name: None if value == "none" else _check_amount(name, value)
        for name, value in (("day", day), ("month", month))
        if value is not None
    }
    budgets, currency = session.ledger.budgets, session.account.currency
    if amounts:
        budgets.write(amounts, currency)
    return frame(budgets.describe(currency), COLUMNS)


def _check_amount(name: str, value: object) -> float:
    return validation.check_amount(name, value, "'none' (no limit), or an amount of the account's currency, 0 or more")
