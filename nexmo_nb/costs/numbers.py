"""What numbers cost: by group, the cheapest for rent, and those that are paid for and not used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.costs.aggregate import (
    TIME_COLUMNS,
    aggregate_groups,
    check_group_columns,
    find_times,
    round_amounts,
)
from nexmo_nb.costs.sources import Frames, open_each, open_source, read_whole
from nexmo_nb.frames import TIME, Column, frame
from nexmo_nb.numbers import owned_numbers, search_numbers
from nexmo_nb.numbers.request import NumberType
from nexmo_nb.numbers.response import ROUTES
from nexmo_nb.reports import Direction, records
from nexmo_nb.reports.columns import Product
from nexmo_nb.session import Session, session_or_current

OWNED_COLUMNS = ("country", "msisdn", "type", *ROUTES)
IDLE_COLUMNS = (
    *map(Column, ("country", "msisdn", "type", "why")),
    Column("since", TIME),
    Column("monthly_cost", "float64"),
    Column("currency"),
)
# Product and direction of the records that tell whether a number is used. Not those of the Messages API: it needs an
# application, and a number with one is not idle.
TRAFFIC: tuple[tuple[Product, Direction | None], ...] = (
    ("SMS", "outbound"),
    ("SMS", "inbound"),
    ("VOICE-CALL", None),
    ("VOICE-FAILED", None),
    ("VOICE-TTS", None),
)
USERS = ("sender", "to", "forced_from", "changed_from")
"""The columns of records whose numbers were in use."""
_WHY = "no message or call since {since:%Y-%m-%d}, and no application, inbound URL, voice callback or messages callback"


def number_costs(numbers: Frames, by: str | Iterable[str] = ("country", "type")) -> pd.DataFrame:
    """Compare what numbers cost a month and once, by country and type or any other columns.

    Parameters
    ----------
    numbers : DataFrame, path, frame of another library or iterable of frames
        Of `search_numbers`, or any with ``monthly_cost, setup_cost, currency``. Costs are those of
        https://developer.vonage.com/en/api/numbers, without tax. Also as files and frames as `spend` takes them; the
        columns needed are held whole.
    by : str or iterable of str
        Columns to group by. Default: country and type.

    Returns
    -------
    pandas.DataFrame
        One row a group and currency, cheapest first: the columns of `by`, ``currency, numbers`` (int, those with a
        known cost), ``monthly_low, monthly_median, monthly_high, monthly_total, setup_low, setup_high`` (float).

    Raises
    ------
    InvalidRequestError
        If a column is missing.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> costs = nx.number_costs(nx.search_numbers(["GB", "PT"]), by="country")
    >>> costs[["country", "currency", "monthly_low"]].values.tolist()
    [['GB', 'EUR', 0.8], ['PT', 'EUR', 1.3]]
    >>> nx.search_numbers(["GB", "PT"]).to_parquet("numbers.parquet")
    >>> nx.number_costs("numbers.parquet", by="country")["monthly_low"].tolist()
    [0.8, 1.3]
    """
    source = open_source(numbers)
    names = check_group_columns(source.empty, by, "monthly_cost", "setup_cost")
    table = read_whole(source, [*names, "monthly_cost", "setup_cost", "currency"])
    check_group_columns(table, names, "monthly_cost", "setup_cost")
    table = aggregate_groups(
        table[table["monthly_cost"].notna()],
        names,
        numbers=("monthly_cost", "size"),
        monthly_low=("monthly_cost", "min"),
        monthly_median=("monthly_cost", "median"),
        monthly_high=("monthly_cost", "max"),
        monthly_total=("monthly_cost", "sum"),
        setup_low=("setup_cost", "min"),
        setup_high=("setup_cost", "max"),
    )
    return table.sort_values("monthly_median", kind="stable", ignore_index=True)


def cheapest_numbers(
    countries: str | Iterable[str],
    *,
    features: str | Iterable[str] | None = None,
    type: NumberType | None = None,
    each: int = 1,
    session: Session | None = None,
) -> pd.DataFrame:
    """Search the cheapest numbers of each country.

    Parameters
    ----------
    countries : str or iterable of str
        Codes of ISO 3166-1, or names.
    features, type
        As for `search_numbers`, which is asked for all numbers of the countries.
    each : int
        How many of each country.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        The columns of `search_numbers` and ``first_year`` (float, in ``currency``: the setup and twelve months), by
        which rows are sorted. A country without such a number has no row.

    Raises
    ------
    NexmoError
        If any page of any country cannot be read; an `InvalidRequestError` if an argument is wrong: nothing is sent.

    Notes
    -----
    ``GET /number/search``, https://developer.vonage.com/en/api/numbers.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.cheapest_numbers(["PT", "GB"], features=["SMS", "VOICE"])[["country", "monthly_cost"]].values.tolist()
    [['GB', 0.8], ['PT', 1.3]]
    """
    each = validation.check_int("each", each, 1)
    numbers = search_numbers(countries, features=features, type=type, session=session)
    numbers["first_year"] = numbers["setup_cost"].fillna(0.0) + 12 * numbers["monthly_cost"]
    numbers = round_amounts(numbers, "first_year")
    ranked = numbers[numbers["monthly_cost"].notna()].sort_values(["first_year", "msisdn"], kind="stable")
    return ranked.groupby(["country", "currency"], sort=False).head(each).reset_index(drop=True)


def idle_numbers(
    numbers: AnyFrame | None = None,
    traffic: Frames | None = None,
    *,
    days: int = 90,
    until: str | date | datetime | None = None,
    max_records: int | None = 100_000,
    session: Session | None = None,
) -> pd.DataFrame:
    """Find numbers that are paid for and not used: without traffic, and without anywhere for it to go.

    Parameters
    ----------
    numbers : DataFrame, optional
        Of `owned_numbers`. Default: it is asked for.
    traffic : DataFrame, path, frame of another library or iterable of them, optional
        Of `records`, over at least the time in question, also as files and frames as `spend` takes them, which need not
        have the same columns. Default: if any number leads nowhere, the records of SMS and calls, failed and legacy
        ones as well, in both directions are asked for; each record costs money.
    days : int
        How long a number may be without traffic.
    until : str or datetime, optional
        The end of that time, as text in ISO 8601; UTC unless it says otherwise. Default: now.
    max_records : int, optional
        As for `records`.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row an idle number, most expensive first: ``country, msisdn, type, why`` (text), ``since`` (time in UTC: its
        last message or call in `traffic`, or else the beginning of the time that was looked at; it may be idle for
        longer), ``monthly_cost`` (float, in ``currency``: what the cheapest number of its country and type costs now,
        for Nexmo does not tell what an owned one costs; missing where there is none for rent). The sum by currency is
        the monthly waste.

    Raises
    ------
    NexmoError
        If something cannot be read; an `InvalidRequestError` if an argument is wrong.

    Notes
    -----
    A number is in use if anything went to it or from it, or if it leads somewhere: to an application, an inbound URL, a
    voice callback or a messages callback. ``GET /number/search`` for the countries' prices,
    https://developer.vonage.com/en/api/numbers.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> idle = nx.idle_numbers(days=7)
    >>> owned = nx.owned_numbers().set_index("msisdn")
    >>> bool(owned.loc[idle.msisdn].app_id.isna().all())
    True
    """
    session = session_or_current(session)
    seconds = validation.check_int("days", days, 1, 396) * 86_400.0
    end = session.ledger.clock() if until is None else validation.check_time("until", until)
    owned = owned_numbers(session=session) if numbers is None else to_pandas(numbers)
    validation.check_frame(owned, *OWNED_COLUMNS, words=OWNED_COLUMNS)
    since, before = (pd.Timestamp(at, unit="s", tz="UTC") for at in (end - seconds, end))
    leads_nowhere = ~np.logical_or.reduce([_is_filled(owned[name]) for name in ROUTES])
    if traffic is None:
        read = partial(records, start=since, end=before, max_records=max_records, progress=False, session=session)
        traffic = [read(product, direction=direction) for product, direction in TRAFFIC] if leads_nowhere.any() else []
    last = _find_last_uses(traffic, before)
    rows = [
        {**row, "since": (seen or since).timestamp(), "why": _WHY.format(since=seen or since)}
        for row in _to_dicts(owned[leads_nowhere])
        if (seen := last.get(str(row["msisdn"]))) is None or seen < since
    ]
    costs = _find_lowest_costs({row["country"] for row in rows}, session)
    unknown = {"monthly_cost": None, "currency": session.account.currency}
    priced = [{**row, **costs.get((row["country"], row["type"]), unknown)} for row in rows]
    return frame(priced, IDLE_COLUMNS).sort_values("monthly_cost", ascending=False, kind="stable", ignore_index=True)


def _is_filled(column: Any) -> Any:
    return column.astype("string").str.strip().fillna("").ne("").to_numpy(dtype="bool")


def _find_last_uses(traffic: Any, until: pd.Timestamp) -> dict[str, pd.Timestamp]:
    """Return when each number last sent or received anything before `until`, as far as the traffic tells.

    A row without a time is as good as one just now: what may be in use is not idle.
    """
    last: dict[str, pd.Timestamp] = {}
    for source in open_each(traffic):
        validation.check_frame(source.empty, "sender", "to")
        for table in source.read([name for name in (*USERS, *TIME_COLUMNS) if name in source.empty]):
            for number, at in _find_uses(table, until):
                last[number] = max(at, last.get(number, at))
    return last


def _find_uses(table: pd.DataFrame, until: pd.Timestamp) -> Iterator[tuple[str, pd.Timestamp]]:
    """Find when each number was last in use by one table."""
    validation.check_frame(table, words=USERS)
    times = find_times(table)
    times = pd.Series(until, index=table.index) if times is None else times.fillna(until)
    within = times <= until
    for name in (name for name in USERS if name in table):
        digits = table[name][within].astype("string").str.replace(r"\D", "", regex=True)
        yield from ((str(number), at) for number, at in times[within].groupby(digits).max().items())


def _find_lowest_costs(countries: set[Any], session: Session) -> dict[tuple[Any, Any], dict[str, Any]]:
    """Return what the cheapest number for rent costs a month, by country and type."""
    known = sorted(country for country in countries if country is not None)
    if not known:
        return {}
    offered = search_numbers(known, session=session)
    lowest = aggregate_groups(offered, ["country", "type"], monthly_cost=("monthly_cost", "min"))
    return {(row["country"], row["type"]): row for row in _to_dicts(lowest)}


def _to_dicts(table: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return rows as dicts, with None for missing values."""
    return table.astype(object).where(table.notna(), None).to_dict("records")
