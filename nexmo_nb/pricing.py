"""The account's money: what is left, and what Nexmo asks for a message or a minute, by network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from nexmo_nb import checks
from nexmo_nb.errors import NotFoundError, RejectedError, UnreachableError
from nexmo_nb.frames import Column, frame
from nexmo_nb.session import Ask, Session, current

__all__ = ["balance", "prices"]

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
    body = (session or current()).call(Ask("read the balance", "GET", "/account/get-balance"))
    try:
        return float(body["value"])
    except (KeyError, TypeError, ValueError):
        raise UnreachableError("Could not read the balance: the answer holds none. Try again.") from None


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
    session = session or current()
    product = checks.choice("product", product, PRODUCTS)
    given = [country] if isinstance(country, str) else None if country is None else list(country)
    codes = None if given is None else list(dict.fromkeys(checks.country(code) for code in given))
    if codes is not None and len(codes) <= FEW:
        bodies = [_one(code, product, refresh, session) for code in codes]
    else:
        path = f"/account/get-full-pricing/outbound/{product}"
        ask = Ask(f"read the {product} price list", "GET", path, family="pricing")
        bodies = _countries(session.call(ask, refresh=refresh))
    rows = [row for body in bodies for row in _flat(body, session.account.currency)]
    return frame([row for row in rows if codes is None or row["country"] in codes], COLUMNS)


def _one(code: str, product: str, refresh: bool, session: Session) -> Mapping[str, Any]:
    """Read the prices of one country."""
    path = f"/account/get-pricing/outbound/{product}"
    ask = Ask(f"read {product} prices of {code}", "GET", path, family="pricing", query={"country": code})
    try:
        body = session.call(ask, refresh=refresh)
    except (RejectedError, NotFoundError):
        # What the API answers for a country that it does not know is not documented.
        return {}
    return {"countryCode": code, **body} if isinstance(body, dict) and body else {}


def _countries(body: Any) -> list[Mapping[str, Any]]:
    found = body.get("countries") if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise UnreachableError("Could not read the price list: the answer holds no countries. Try again.")
    return [country for country in found if isinstance(country, dict)]


def _flat(country: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    """Flatten a country into a row a network."""
    if not country:
        return []
    shared = {
        "country": country.get("countryCode"),
        "country_name": country.get("countryDisplayName") or country.get("countryName"),
        "prefix": country.get("dialingPrefix"),
        "currency": country.get("currency") or currency,
    }
    rows = [
        {
            **shared,
            "network_code": network.get("networkCode"),
            "network_name": network.get("networkName"),
            "network_type": network.get("type"),
            "mcc": network.get("mcc"),
            "mnc": network.get("mnc"),
            "price": network.get("price"),
            "currency": network.get("currency") or shared["currency"],
        }
        for network in country.get("networks") or []
        if isinstance(network, dict)
    ]
    if not rows and country.get("defaultPrice") is not None:
        rows = [{**shared, "price": country["defaultPrice"]}]
    return rows
