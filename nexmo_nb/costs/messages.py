"""What messages cost: in all, for each that was delivered, and compared with the estimate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.costs.aggregate import (
    TIME_COLUMNS,
    aggregate_groups,
    check_group_columns,
    find_times,
    read_floats,
    round_amounts,
)
from nexmo_nb.costs.parts import Counts, count_parts, drop_unsent, is_counted
from nexmo_nb.costs.periods import check_zone, find_periods, parse_frequency
from nexmo_nb.errors import InvalidRequestError

Moment = str | date | datetime


class _Priced(NamedTuple):
    """The rows of a frame that cost something, with what they stand for; ``price`` is that of the row alone."""

    rows: pd.DataFrame
    names: list[str]
    counts: Counts


def spend(
    messages: pd.DataFrame,
    by: str | Iterable[str] = (),
    *,
    freq: str | None = None,
    tz: str | tzinfo = "UTC",
    covers: tuple[Moment, Moment] | None = None,
) -> pd.DataFrame:
    """Add up what was spent, by any columns and by hour, day, week, month, quarter or year.

    Parameters
    ----------
    messages : DataFrame
        Of `records`, `sent`, `send_sms`, `delivery` or `bill`, or any with ``price, currency``. Where there is a
        ``final_price``, it counts before ``price``. What never left or was refused is left out.
    by : str or iterable of str
        Columns to group by, such as ``["country", "network"]``. Default: none.
    freq : str, optional
        Also by period, with a name of pandas: ``"h"``, ``"D"``, ``"W"`` (from Monday) or ``"W-SAT"`` (until Saturday),
        ``"MS"``, ``"QS"``, ``"Y"``, and ``"YS-APR"`` or ``"QS-APR"`` for a year that begins in April. Names of older
        and newer versions (``M``, ``ME``, ``H``, ``YE`` …) mean the same. Default: over all time.
    tz : str
        The time zone in which periods begin, such as ``"Europe/Lisbon"``. Default: UTC.
    covers : tuple of two times, optional
        From, and before when the frame has all there is, as it was asked for: ``("2025-01-01", "2026-01-01")``.
        Default: from the first row's day to the last row's; by day from the first row's hour, by hour from its minute.

    Returns
    -------
    pandas.DataFrame
        One row a group and currency: the columns of `by`, with `freq` also ``period`` (its beginning, in `tz`),
        ``currency, messages`` (int: each once, however many parts it has), ``parts`` (int: what Nexmo charges for; of
        calls and other records as many as messages), ``spend`` (float), ``unpriced`` (int: parts without a price), and
        with `freq` ``partial`` (bool: the frame covers only a part of the period, which is then not to be compared).
        By period, or else the largest first. Rows that lack a value to group by stand in a group of their own. A
        message whose parts are in several groups, as of delivered and failed parts, counts in each.

    Raises
    ------
    InvalidRequestError
        If a column is missing, or `freq`, `tz` or `covers` is wrong.

    Notes
    -----
    A record of an SMS is a part, https://developer.vonage.com/en/api/reports, and does not name its message. Parts are
    taken for one message where account, sender, recipient, ``client_ref`` and, if known, ``udh`` are the same, and they
    were received in the same or the next second. SMS that came in count as a message each.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello! " * 30, sender="Demo")
    >>> nx.spend(parts, by="to")[["to", "currency", "messages", "parts", "spend"]].values.tolist()
    [['447700900000', 'EUR', 1, 2, 0.084582]]
    """
    period_code, zone = None if freq is None else parse_frequency(freq), check_zone(tz)
    rows, names, counts = _read_priced(messages, by, *(() if freq is None else ("period", "partial")))
    rows = rows.assign(unpriced=counts.parts.where(rows["price"].isna(), 0))
    if period_code is not None:
        times = find_times(rows)
        if times is None:
            raise _lacking_column(rows, f"a frame with one of {', '.join(TIME_COLUMNS)}")
        starts, is_partial = find_periods(times, period_code, zone, _check_covers(covers))
        rows = rows.assign(period=starts, partial=is_partial)
        names = [*names, "period"]
    sums = {"spend": ("price", "sum"), "unpriced": ("unpriced", "sum")}
    if period_code is not None:
        sums["partial"] = ("partial", "any")
    table = round_amounts(_aggregate_counts(rows, names, counts, **sums), "spend")
    if period_code is not None:
        return table.sort_values(["period", *names[:-1]], kind="stable", ignore_index=True)
    return table.sort_values("spend", ascending=False, kind="stable", ignore_index=True)


def cost_per_delivered(messages: pd.DataFrame, by: str | Iterable[str] = ()) -> pd.DataFrame:
    """Compute the cost of a delivered message and part; what was not delivered is paid for, too.

    Parameters
    ----------
    messages : DataFrame
        Of `records`, or of `delivery`, or of `sent` after it.
    by : str or iterable of str
        Columns to group by, such as ``["country", "network_name"]``. Default: none.

    Returns
    -------
    pandas.DataFrame
        One row a group and currency, most expensive message first: the columns of `by`, ``currency, messages, parts,
        delivered_messages`` (int: those of which every part was delivered, as the operator says,
        https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts), ``delivered_parts`` (int),
        ``message_delivery_rate, part_delivery_rate`` (float, 0 to 1), ``spend, cost_per_delivered_message,
        cost_per_delivered_part`` (float; missing where nothing was delivered).

    Raises
    ------
    InvalidRequestError
        If a column is missing, or nothing in the frame says what was delivered.

    Notes
    -----
    Which parts are one message is told as by `spend`. Of a message in `sent` whose parts ended differently, no part
    counts as delivered: `delivery` has a row for each part.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello! " * 30, sender="Demo")
    >>> found = nx.cost_per_delivered(nx.delivery(parts))
    >>> found[["delivered_messages", "cost_per_delivered_message", "cost_per_delivered_part"]].values.tolist()
    [[1.0, 0.084582, 0.042291]]
    """
    rates = ("message_delivery_rate", "part_delivery_rate", "cost_per_delivered_message", "cost_per_delivered_part")
    rows, names, counts = _read_priced(messages, by, *rates)
    is_delivered = _get_delivery_statuses(rows).eq("delivered").fillna(value=False).astype("int64")
    is_whole = is_delivered.groupby(counts.message).transform("min")
    rows = rows.assign(
        delivered_messages=is_whole * counts.messages * is_counted(rows, names, counts.message),
        delivered_parts=is_delivered * counts.parts,
    )
    kept = ("delivered_messages", "delivered_parts")
    sums = {**{name: (name, "sum") for name in kept}, "spend": ("price", "sum")}
    table = round_amounts(_aggregate_counts(rows, names, counts, **sums), "spend")
    for place, thing in enumerate(("message", "part")):
        delivered = table[f"delivered_{thing}s"]
        table.insert(len(names) + 5 + place, f"{thing}_delivery_rate", delivered / table[f"{thing}s"])
        table[f"cost_per_delivered_{thing}"] = table["spend"] / delivered.where(delivered > 0)
    table = round_amounts(table, *rates[2:])
    return table.sort_values("cost_per_delivered_message", ascending=False, kind="stable", ignore_index=True)


def estimate_vs_actual(messages: pd.DataFrame, by: str | Iterable[str] = ()) -> pd.DataFrame:
    """Compare the prices that Nexmo named when it accepted messages with what it charged in the end.

    Parameters
    ----------
    messages : DataFrame
        Of `delivery`, given a batch's name, for instance; any with ``price, final_price, currency``.
    by : str or iterable of str
        Columns to group by. Default: none.

    Returns
    -------
    pandas.DataFrame
        One row a group and currency: the columns of `by`, ``currency, messages, parts`` (int), ``estimate`` (float:
        prices at acceptance, see https://developer.vonage.com/en/api/sms, of parts whose final price is known),
        ``actual`` (float), ``difference`` (float: actual less estimate), ``open`` (int: parts whose final price is not
        known yet; in neither sum).

    Raises
    ------
    InvalidRequestError
        If a column is missing.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+44 7700 900000"], "Hello", sender="Demo")
    >>> outcome = nx.send_many(plan, batch="hello", progress=False)
    >>> nx.estimate_vs_actual(nx.delivery("hello"))[["messages", "estimate", "actual"]].values.tolist()
    [[1.0, 0.042291, 0.042291]]
    """
    names = check_group_columns(messages, by, "price", "final_price")
    rows = drop_unsent(messages)
    counts = count_parts(rows)
    actual = read_floats(rows, "final_price")
    is_known = actual.notna()
    rows = rows.assign(
        estimate=(read_floats(rows, "price") * counts.share).where(is_known),
        actual=actual,
        open=counts.parts.where(~is_known, 0),
    )
    sums = {name: (name, "sum") for name in ("estimate", "actual", "open")}
    table = round_amounts(_aggregate_counts(rows, names, counts, "difference", **sums), "estimate", "actual")
    table.insert(len(table.columns) - 1, "difference", table["actual"] - table["estimate"])
    return round_amounts(table, "difference")


def _read_priced(messages: Any, by: Any, *added: str) -> _Priced:
    """Check a frame, and give each row what it cost: the final price where it is known."""
    if isinstance(messages, pd.DataFrame) and "amount" in messages and "price" not in messages:
        messages = messages.assign(price=messages["amount"])  # a bill
    names = check_group_columns(messages, by, "price")
    taken = [name for name in names if name in added]
    if taken:
        raise validation.invalid_argument("by", taken[0], "a column whose name is none of the result's own")
    rows = drop_unsent(messages)
    counts = count_parts(rows)
    return _Priced(rows.assign(price=read_prices(rows, counts)), names, counts)


def read_prices(rows: pd.DataFrame, counts: Counts) -> Any:
    """Return what each row cost: the final price where it is known, else its share of the price."""
    prices = read_floats(rows, "price") * counts.share
    return read_floats(rows, "final_price").fillna(prices) if "final_price" in rows else prices


def _aggregate_counts(
    rows: pd.DataFrame, names: list[str], counts: Counts, *added: str, **sums: tuple[str, str]
) -> pd.DataFrame:
    """Aggregate by some columns and currency, with ``messages`` and ``parts`` first."""
    first = is_counted(rows, names, counts.message)
    rows = rows.assign(messages=counts.messages.where(first, 0), parts=counts.parts)
    return aggregate_groups(rows, names, *added, messages=("messages", "sum"), parts=("parts", "sum"), **sums)


def _get_delivery_statuses(table: pd.DataFrame) -> Any:
    name = "delivery" if "delivery" in table else "status"
    # The status of a frame of `send_sms`, which has a balance, is that of sending.
    if name not in table or (name == "status" and "balance" in table):
        raise _lacking_column(table, "a frame that says what arrived; pass it to delivery()")
    validation.check_frame(table, words=[name])
    return table[name].astype("string").str.lower()


def _check_covers(covers: Any) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    if covers is None:
        return None
    try:
        first, last = (pd.Timestamp(validation.check_time("covers", at), unit="s", tz="UTC") for at in covers)
    except (TypeError, ValueError) as problem:
        if isinstance(problem, InvalidRequestError):
            raise
        raise validation.invalid_argument("covers", covers, "two times, such as ('2025-01-01', '2026-01-01')") from None
    return first, last


def _lacking_column(table: pd.DataFrame, allowed: str) -> InvalidRequestError:
    return validation.invalid_argument("frame", ", ".join(map(str, table.columns)), allowed)
