"""Subaccounts: which there are, and what each of them has left."""

from __future__ import annotations

import pandas as pd

from nexmo_nb.frames import frame
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.subaccounts.request import build_list_request
from nexmo_nb.subaccounts.response import COLUMNS, parse_accounts, parse_totals

__all__ = ["subaccounts"]


def subaccounts(*, session: Session | None = None) -> pd.DataFrame:
    """List the account and its subaccounts, with their balances.

    Parameters
    ----------
    session : Session, optional
        One that is connected with the primary account's key. Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row an account, the primary one first: ``api_key, name`` (text), ``is_primary`` (bool), ``balance,
        credit_limit`` (float, in ``currency``; missing where it spends the primary account's; a credit limit is 0 or
        less), ``shares_balance, suspended`` (bool), ``created`` (time in UTC). ``.attrs`` has ``total_balance`` and
        ``total_credit_limit`` of all together, as the API says them.

    Raises
    ------
    AuthenticationError
        If the key is not that of a primary account, or subaccounts are not enabled: Nexmo's support does that.
    NexmoError
        If the list cannot be read.

    Notes
    -----
    ``GET /accounts/{api_key}/subaccounts``, https://developer.vonage.com/en/api/subaccounts; never from the cache. What
    subaccounts send is charged at the primary account's prices; their records are in its reports.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.subaccounts()[["name", "balance", "shares_balance"]].values.tolist()
    [['Demo', 25.0, False], ['Shop', nan, True], ['Support', 2.0, False]]
    """
    session = session_or_current(session)
    request = build_list_request(session.account.api_key)
    body = session.call(request)
    return frame(parse_accounts(request, body, session.account.currency), COLUMNS, parse_totals(body))
