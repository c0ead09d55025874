"""Everything that a country costs, in one frame: messages, calls and the rent of numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.contacts.countries import check_country, name_country
from nexmo_nb.frames import Column, frame
from nexmo_nb.numbers import search_numbers
from nexmo_nb.pricing import prices
from nexmo_nb.pricing.request import PRODUCTS
from nexmo_nb.session import Session, session_or_current

COLUMNS = (
    *map(Column, ("country", "country_name", "item", "kind", "network_code", "unit")),
    Column("price_low", "float64"),
    Column("price_high", "float64"),
    Column("currency"),
    Column("source"),
)
UNITS = {"sms": "part", "voice": "minute"}
_RENT = (("number_rent", "month", "monthly_cost"), ("number_setup", "once", "setup_cost"))


def price_book(
    country: str, *, inbound: AnyFrame | None = None, refresh: bool = False, session: Session | None = None
) -> pd.DataFrame:
    """Put together what a country costs: SMS out and in, calls, and the rent of numbers.

    Parameters
    ----------
    country : str
        A code of ISO 3166-1, or a name.
    inbound : DataFrame, optional
        Of ``records("SMS", direction="inbound")``: no list has prices of inbound SMS, so they are those that were
        charged. Default: their row has no price.
    refresh : bool
        True: ask the server again. Default: cached lists are used.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a price: ``country, country_name, item`` (sms, sms_inbound, voice, number_rent, number_setup), ``kind``
        (name of the network, or type of the number), ``network_code, unit`` (part, minute, month, once; text),
        ``price_low, price_high`` (float, in ``currency``: the same for a network; of numbers the cheapest and the
        dearest for rent), ``source`` (text: ``network`` or ``country``, as in `prices`; ``offers``, ``records``, or
        ``none``).

    Raises
    ------
    NexmoError
        If a list cannot be read; an `InvalidRequestError` if an argument is wrong: nothing is sent.

    Notes
    -----
    `prices` and `search_numbers`, all pages of it: https://developer.vonage.com/en/api/pricing.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> book = nx.price_book("PT")
    >>> book[book.item == "number_rent"][["kind", "price_low", "currency"]].values.tolist()[0]
    ['landline', 1.56, 'EUR']
    """
    session = session_or_current(session)
    code = check_country(country)
    refresh = validation.check_bool("refresh", refresh)
    received = _list_inbound(code, to_pandas(inbound))
    rows: list[dict[str, Any]] = []
    for product in PRODUCTS:
        rows += _list_networks(product, prices(code, product=product, refresh=refresh, session=session))
        rows += received if product == "sms" else []
    rows += _list_numbers(search_numbers(code, refresh=refresh, session=session))
    shared = {"country": code, "country_name": name_country(code), "currency": session.account.currency}
    return frame([{**shared, **row} for row in rows], COLUMNS)


def _list_networks(product: str, listed: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "item": product,
            "kind": row["network_name"] if row["network_name"] is not None else row["network_type"],
            "network_code": row["network_code"],
            "unit": UNITS[product],
            "price_low": row["price"],
            "price_high": row["price"],
            "currency": row["currency"],
            "source": row["detail"],
        }
        for row in listed.astype(object).where(listed.notna(), None).to_dict("records")
    ]


def _list_inbound(country: str, inbound: pd.DataFrame | None) -> list[dict[str, Any]]:
    """List what inbound SMS of a country were charged, by currency; one row without a price where that is not known."""
    unknown = [{"item": "sms_inbound", "unit": "part", "source": "none"}]
    if inbound is None:
        return unknown
    words = ("country", "direction", "currency")
    validation.check_frame(inbound, *words, "price", numbers=["price"], words=words)
    is_meant = inbound["direction"].eq("inbound") & inbound["country"].eq(country) & inbound["price"].notna()
    charged = inbound[is_meant.fillna(value=False)].groupby("currency")["price"]
    return [
        {**unknown[0], "price_low": low, "price_high": high, "currency": currency, "source": "records"}
        for currency, low, high in zip(charged.min().index, charged.min(), charged.max(), strict=True)
    ] or unknown


def _list_numbers(offered: pd.DataFrame) -> list[dict[str, Any]]:
    """List the cheapest and the dearest number of each type that is for rent."""
    rows = []
    for item, unit, name in _RENT:
        groups = offered[offered[name].notna()].groupby(["type", "currency"])[name]
        rows += [
            {"item": item, "kind": kind, "unit": unit, "price_low": low, "price_high": high, "currency": currency}
            for (kind, currency), low, high in zip(groups.min().index, groups.min(), groups.max(), strict=True)
        ]
    return [{**row, "source": "offers"} for row in rows]
