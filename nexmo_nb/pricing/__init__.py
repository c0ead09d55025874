"""The account's balance, and the prices of messages and calls by network."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.countries import check_countries
from nexmo_nb.errors import NexmoError, NotFoundError, RejectedError, UnreachableError
from nexmo_nb.frames import frame
from nexmo_nb.pricing import changes
from nexmo_nb.pricing.request import (
    PRODUCTS,
    PricedProduct,
    build_balance_request,
    build_country_prices_request,
    build_prices_request,
)
from nexmo_nb.pricing.response import (
    COLUMNS,
    COUNTRY_LISTING,
    build_history_rows,
    parse_balance,
    parse_country_prices,
    parse_prices,
)
from nexmo_nb.session import Session, session_or_current

__all__ = ["balance", "price_changes", "prices"]

REFUSED = (401, 403, 404, 410)
"""Statuses of the price list by network after which the one by country is read."""
MOST_SINGLE_REQUESTS = 3
"""Countries up to which each has a request of its own; Nexmo allows one a second, and the whole list is one request."""


def balance(*, session: Session | None = None) -> float:
    """Read the account's balance.

    Parameters
    ----------
    session : Session, optional
        Default: the current one.

    Returns
    -------
    float
        In the account's currency (``session.account.currency``); never from the cache.

    Raises
    ------
    NexmoError
        If it cannot be read.

    Notes
    -----
    ``GET /account/get-balance``, https://developer.vonage.com/en/api/account.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.balance()
    25.0
    """
    session = session_or_current(session)
    found = parse_balance(session.call(build_balance_request()))
    session.note_balance(found)
    return found


def prices(
    country: str | Iterable[str] | None = None,
    *,
    product: PricedProduct = "sms",
    refresh: bool = False,
    session: Session | None = None,
) -> pd.DataFrame:
    """Read the account's own price list.

    Parameters
    ----------
    country : str or iterable of str, optional
        Codes of ISO 3166-1, or names. Default: all countries, in one request.
    product : {"sms", "voice"}
        Prices of a part of an SMS, or of a minute of a call.
    refresh : bool
        True: ask the server again. Default: a cached list of up to a day is used.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a country and network: ``country, country_name, prefix, network_code, network_name, network_type, mcc,
        mnc`` (text), ``price`` (float, a part or a minute, in ``currency``), ``detail`` (text: ``network``, or
        ``country`` where the price is that of a whole country), ``rate_increment`` (float: seconds by which calls are
        charged, where the list tells them), ``default_price`` (float: the price of the country beside those of its
        networks), ``aliases, ranges`` (text: other codes of the network, and prefixes of its numbers, with commas). A
        country without networks has one row with its default price. A country that the list does not have has no row.

    Raises
    ------
    NexmoError
        If the list cannot be read, or does not say of which country its prices are; an `InvalidRequestError` if an
        argument is wrong: nothing is sent.

    Warns
    -----
    UserWarning
        If prices are those of the second version of the list: a network may cost more than its country.

    Notes
    -----
    ``GET /account/get-pricing`` or ``get-full-pricing``, one a second, https://developer.vonage.com/en/api/pricing.
    Where these are refused or gone (HTTP 401, 403, 404 or 410), ``GET /v2/account/pricing``, which is coarser: it has
    no networks, and `price_changes` does not follow it.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.prices("NA").country.unique().tolist()
    ['NA']
    """
    session = session_or_current(session)
    product = validation.check_choice("product", product, PRODUCTS)
    refresh = validation.check_bool("refresh", refresh)
    if country is None:
        return frame(_read_prices(session, product, None, refresh), COLUMNS)
    codes = check_countries(country)
    asked = codes if len(codes) <= MOST_SINGLE_REQUESTS else [None]
    rows = [row for code in asked for row in _read_prices(session, product, code, refresh)]
    found = [row for row in rows if row["country"] in codes]
    lacking = sorted(set(codes) - {row["country"] for row in found})
    if lacking and any(row["country"] is None for row in rows):
        raise UnreachableError(
            f"Could not read the {product} prices of {', '.join(lacking)}: the list has countries that it does not "
            "name. Ask for one country at a time."
        )
    return frame(found, COLUMNS)


def price_changes(
    *, since: str | date | datetime | None = None, product: PricedProduct | None = None, session: Session | None = None
) -> pd.DataFrame:
    """Show which prices changed between the price lists that were read on this machine.

    Parameters
    ----------
    since : str or datetime, optional
        Only changes seen at or after a time, as text in ISO 8601; UTC unless it says otherwise. Default: all.
    product : {"sms", "voice"}, optional
        Default: both.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a change, oldest first: ``product, country, country_name, network_code, network_name`` (text),
        ``price_before, price_after`` (float, in ``currency``; missing before a network was listed and after it was
        not), ``change`` (float, as a fraction: 0.05 is 5 % more; missing where a price is), ``seen`` (time in UTC).

    Raises
    ------
    InvalidRequestError
        If an argument is wrong.

    Notes
    -----
    No request is made: `prices` keeps what it reads, once a day at most, so a change may be seen later than it was
    made. The first list of a country is no change. Prices: https://developer.vonage.com/en/api/pricing.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> before = nx.prices("PT")
    >>> session.sandbox.reprice("PT", 1.10)
    >>> after = nx.prices("PT", refresh=True)
    >>> nx.price_changes()[["country", "network_name", "change"]].round(3).values.tolist()[0]
    ['PT', 'Vodafone', 0.1]
    """
    session = session_or_current(session)
    product = None if product is None else validation.check_choice("product", product, PRODUCTS)
    start = float("-inf") if since is None else validation.check_time("since", since)
    found = changes.find_changes(session.price_history.read_prices())
    rows = [row for row in found if row["seen"] >= start and product in (None, row["product"])]
    return frame(rows, changes.COLUMNS)


def _read_prices(session: Session, product: str, country: str | None, refresh: bool) -> list[dict[str, Any]]:
    """Read the prices of one country or of all, and keep them in the price history unless they come from the cache."""
    request = build_prices_request(product, country)
    try:
        answer = session.read_with_source(request, refresh=refresh)
    except NexmoError as problem:
        if problem.status not in REFUSED:
            if country is None or not isinstance(problem, (RejectedError, NotFoundError)):
                raise
            return []  # it is not documented what the API answers for a country that it does not know
        return _read_country_prices(session, product, country, refresh, problem)
    try:
        rows = parse_prices(answer.body, country, session.account.currency)
    except UnreachableError:
        session.drop_cached(request.family)  # otherwise the cache would give the same answer for a day
        raise
    if not answer.cached:
        history = build_history_rows(rows)
        countries = [country] if country else [row["country"] for row in history]
        session.price_history.record_prices(product, countries, history)
    return rows


def _read_country_prices(
    session: Session, product: str, country: str | None, refresh: bool, refusal: NexmoError
) -> list[dict[str, Any]]:
    """Read the second version of the price list, after a refusal of the first one."""
    request = build_country_prices_request(product, country)
    try:
        pages = session.read_pages(request, COUNTRY_LISTING, refresh=refresh)
    except NexmoError as problem:
        if country is not None and isinstance(problem, NotFoundError) and isinstance(refusal, NotFoundError):
            return []
        raise refusal from None
    rows = parse_country_prices(pages.rows, country, session.account.currency)
    if rows and all(row["country"] is None for row in rows):
        raise UnreachableError("Could not read the price list: it does not say of which countries it is. Try again.")
    if rows:
        warnings.warn(
            f"Prices are those of whole countries, because the list by network was refused (HTTP {refusal.status}): a "
            "network may cost more.",
            stacklevel=4,
        )
    return rows
