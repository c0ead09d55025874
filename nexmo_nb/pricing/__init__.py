"""The account's money: what is left, and what Nexmo asks for a message or a minute, by network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.errors import NotFoundError, RejectedError, UnreachableError
from nexmo_nb.frames import TIME, Column, frame, parse_number, to_text
from nexmo_nb.session import Request, Session, field, session_or_current

__all__ = ["balance", "price_changes", "prices"]

COLUMNS = (
    Column("country"),
    Column("country_name"),
    Column("prefix"),
    Column("network_code"),
    Column("network_name"),
    Column("network_type"),
    Column("mcc"),
    Column("mnc"),
    Column("price", "float64"),
    Column("currency"),
)
CHANGE_COLUMNS = (
    Column("product"),
    *COLUMNS[:2],
    Column("network_code"),
    Column("network_name"),
    Column("price_before", "float64"),
    Column("price_after", "float64"),
    Column("change", "float64"),
    Column("currency"),
    Column("seen", TIME),
)
NOTED = ("network_code", "country_name", "network_name", "price", "currency")
PRODUCTS = ("sms", "voice")
# Above so many countries the whole list costs fewer requests, of which one a second is allowed.
FEW = 3


def balance(*, session: Session | None = None) -> float:
    """Tell what the account has left.

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
    body = session_or_current(session).call(Request("read the balance", "GET", "/account/get-balance"))
    value = parse_number(field(body, "value"))
    if math.isnan(value):
        raise UnreachableError("Could not read the balance: the answer holds none. Try again.")
    return value


def prices(
    country: str | Iterable[str] | None = None,
    *,
    product: str = "sms",
    refresh: bool = False,
    session: Session | None = None,
) -> pd.DataFrame:
    """Read the account's own price list.

    Parameters
    ----------
    country : str or iterable of str, optional
        ISO 3166-1 alpha-2 codes. Default: all countries, in one request.
    product : {"sms", "voice"}
        Prices of a part of an SMS, or of a minute of a call.
    refresh : bool
        True: ask anew. Default: a list up to a day old will do.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a country and network: ``country, country_name, prefix, network_code, network_name, network_type, mcc,
        mnc`` (text), ``price`` (float, a part or a minute, in ``currency``). A country without networks has one row
        with its default price. A country that the list does not have has no row.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong; nothing is sent.
    NexmoError
        If the list cannot be read.

    Notes
    -----
    ``GET /account/get-pricing`` and ``get-full-pricing``, https://developer.vonage.com/en/api/pricing; one request a
    second.

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
    given = (
        None if country is None else validation.as_list("country", country, "country codes of ISO 3166-1, such as 'GB'")
    )
    codes = None if given is None else list(dict.fromkeys(validation.check_country(code) for code in given))
    if codes is not None and len(codes) <= FEW:
        bodies = [body for code in codes for body in _one(code, product, refresh, session)]
    else:
        path = f"/account/get-full-pricing/outbound/{product}"
        ask = Request(f"read the {product} price list", "GET", path, family="pricing")
        bodies = _read(session, ask, refresh, product, None)
    rows = [row for body in bodies for row in _flat(body, session.account.currency)]
    return frame([row for row in rows if codes is None or row["country"] in codes], COLUMNS)


def price_changes(
    *, since: str | date | datetime | None = None, product: str | None = None, session: Session | None = None
) -> pd.DataFrame:
    """Show which prices changed between the price lists that were read on this machine.

    Parameters
    ----------
    since : str or datetime, optional
        Only changes seen at or after a time; UTC unless it says otherwise. Default: all.
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
    Nothing is asked of Nexmo: `prices` keeps what it reads, and reads the list anew once a day at most. So a change
    shows with the day on which it was seen, which may be later than it was made. The first list of a country is no
    change. Prices: https://developer.vonage.com/en/api/pricing.

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
    history = session_or_current(session).price_history
    wanted = None if product is None else validation.check_choice("product", product, PRODUCTS)
    start = float("-inf") if since is None else validation.check_time("since", since)
    first: dict[tuple[str, str], float] = {}
    last: dict[tuple[str, str, str], dict[str, Any]] = {}
    rows = []
    for row in history.read_prices():
        begun = first.setdefault((row["product"], row["country"]), row["seen"])
        place = (row["product"], row["country"], row["network_code"])
        before, last[place] = last.get(place), row
        if row["seen"] > begun and row["seen"] >= start and wanted in (None, row["product"]):
            rows.append(_change(before or {}, row))
    return frame(rows, CHANGE_COLUMNS)


def _change(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    old, new = before.get("price"), after["price"]
    same = before.get("currency") == after["currency"]
    change = new / old - 1 if old and new is not None and same else None
    return {**after, "price_before": old, "price_after": new, "change": change}


def _read(session: Session, ask: Request, refresh: bool, product: str, code: str | None) -> list[Mapping[str, Any]]:
    """Read a list, and note what it says if it is new."""
    reading = session.read_with_source(ask, refresh=refresh)
    body = reading.body
    try:
        bodies = _countries(body) if code is None else [_of(code, body)] if body else []
        flat = [row for each in bodies for row in _flat(each, session.account.currency) if row.get("country")]
    except UnreachableError:
        session.drop_cached(ask.family)  # else it would be shown again, for a day
        raise
    if not reading.cached:
        rows = [{**dict.fromkeys(NOTED), **row, "price": _price(row.get("price"))} for row in flat]
        session.price_history.record_prices(
            product, [str(row["country"]) for row in rows] if code is None else [code], rows
        )
    return bodies


def _price(value: Any) -> float | None:
    price = parse_number(value)
    return None if math.isnan(price) else price


def _of(code: str, body: Any) -> Mapping[str, Any]:
    """Take the answer for one country, which need not name it."""
    if not isinstance(body, dict) or (body.get("countryCode") or code) != code:
        raise UnreachableError(f"Could not read the prices of {code}: the answer is not of this country. Try again.")
    return {**body, "countryCode": code}


def _countries(body: Any) -> list[Mapping[str, Any]]:
    return _objects(field(body, "countries"), "countries")


def _objects(found: Any, what: str) -> list[Mapping[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UnreachableError(f"Could not read the price list: the answer holds no list of {what}. Try again.")
    return found


def _flat(country: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    """Flatten a country into a row a network."""
    if not country:
        return []
    shared = {
        "country": to_text(country.get("countryCode")),
        "country_name": to_text(country.get("countryDisplayName") or country.get("countryName")),
        "prefix": country.get("dialingPrefix"),
        "currency": to_text(country.get("currency") or currency),
    }
    rows = [
        {
            **shared,
            "network_code": to_text(network.get("networkCode")),
            "network_name": to_text(network.get("networkName")),
            "network_type": network.get("type"),
            "mcc": network.get("mcc"),
            "mnc": network.get("mnc"),
            "price": network.get("price"),
            "currency": to_text(network.get("currency") or shared["currency"]),
        }
        for network in _objects(country.get("networks") or [], "networks")
    ]
    if not rows and country.get("defaultPrice") is not None:
        rows = [{**shared, "price": country["defaultPrice"]}]
    return rows


def _one(code: str, product: str, refresh: bool, session: Session) -> list[Mapping[str, Any]]:
    """Read the prices of one country."""
    path = f"/account/get-pricing/outbound/{product}"
    ask = Request(f"read {product} prices of {code}", "GET", path, family="pricing", params={"country": code})
    try:
        return _read(session, ask, refresh, product, code)
    except (RejectedError, NotFoundError):
        # What the API answers for a country that it does not know is not documented.
        return []
