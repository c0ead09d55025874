"""What messages cost: in all, for each that was delivered, compared with the estimate, and with shorter texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.costs.aggregate import TIME_COLUMNS, aggregate_groups, check_group_columns, find_times, round_amounts
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import Column, frame
from nexmo_nb.text.spelling import explain_encoding

SAVINGS_COLUMNS = (
    *map(Column, ("text", "suggestion", "encoding")),
    Column("parts", "int64"),
    Column("parts_after", "int64"),
    Column("spend", "float64"),
    Column("saved", "float64"),
    Column("currency"),
)
Frequency = Literal["D", "W", "M"]


def spend(messages: pd.DataFrame, by: str | Iterable[str] = (), *, freq: Frequency | None = None) -> pd.DataFrame:
    """Add up what was spent, by any columns and by day, week or month.

    Parameters
    ----------
    messages : DataFrame
        Of `records`, `sent`, `send_sms` or `delivery`, or any with ``price, currency``. Where there is a
        ``final_price``, it counts before ``price``.
    by : str or iterable of str
        Columns to group by, such as ``["country", "network"]``. Default: none.
    freq : {"D", "W", "M"}, optional
        Also by day, week (from Monday) or month, in UTC. Default: over all time.

    Returns
    -------
    pandas.DataFrame
        One row a group and currency: the columns of `by`, with `freq` also ``period`` (its beginning, in UTC),
        ``currency, messages`` (int: rows of the frame; a record is a part of a message, see
        https://developer.vonage.com/en/api/reports), ``spend`` (float), ``unpriced`` (int: rows without a price).
        By period, or else the largest first. Rows that lack a value to group by stand in a group of their own.

    Raises
    ------
    InvalidRequestError
        If a column is missing, or `freq` is none of the three.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.spend(parts, by="to")[["to", "currency", "messages", "spend"]].values.tolist()
    [['447700900000', 'EUR', 1, 0.042291]]
    """
    names = check_group_columns(messages, by, "price")
    prices = _get_prices(messages)
    rows = messages.assign(price=prices, unpriced=prices.isna().astype("int64"))
    if freq is not None:
        rows = rows.assign(period=_get_periods(messages, freq))
        names = [*(name for name in names if name != "period"), "period"]
    sums = {"messages": ("price", "size"), "spend": ("price", "sum"), "unpriced": ("unpriced", "sum")}
    table = round_amounts(aggregate_groups(rows, names, **sums), "spend")
    if freq is not None:
        return table.sort_values(["period", *names[:-1]], kind="stable", ignore_index=True)
    return table.sort_values("spend", ascending=False, kind="stable", ignore_index=True)


def cost_per_delivered(messages: pd.DataFrame, by: str | Iterable[str] = ()) -> pd.DataFrame:
    """Compute the cost of a delivered part; the parts that were not delivered are paid for, too.

    Parameters
    ----------
    messages : DataFrame
        Of `records`, or of `delivery`, or of `sent` after it.
    by : str or iterable of str
        Columns to group by, such as ``["country", "network_name"]``. Default: none.

    Returns
    -------
    pandas.DataFrame
        One row a group and currency, most expensive first: the columns of `by`, ``currency, messages, delivered`` (int,
        as the operator says: https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts),
        ``delivery_rate`` (float, 0 to 1), ``spend, cost_per_delivered`` (float; missing where nothing was delivered).

    Raises
    ------
    InvalidRequestError
        If a column is missing, or nothing in the frame says what was delivered.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.cost_per_delivered(nx.delivery(parts))[["delivered", "cost_per_delivered"]].values.tolist()
    [[1.0, 0.042291]]
    """
    names = check_group_columns(messages, by, "price")
    is_delivered = _get_delivery_statuses(messages).eq("delivered").fillna(value=False)
    rows = messages.assign(price=_get_prices(messages), delivered=is_delivered.astype("int64"))
    sums = {"messages": ("delivered", "size"), "delivered": ("delivered", "sum"), "spend": ("price", "sum")}
    table = aggregate_groups(rows, names, "delivery_rate", "cost_per_delivered", **sums)
    table = round_amounts(table, "spend")
    table.insert(len(names) + 3, "delivery_rate", table["delivered"] / table["messages"])
    table["cost_per_delivered"] = table["spend"] / table["delivered"].where(table["delivered"] > 0)
    table = round_amounts(table, "cost_per_delivered")
    return table.sort_values("cost_per_delivered", ascending=False, kind="stable", ignore_index=True)


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
        One row a group and currency: the columns of `by`, ``currency, messages`` (int), ``estimate`` (float: prices at
        acceptance, see https://developer.vonage.com/en/api/sms, of messages whose final price is known), ``actual``
        (float), ``difference`` (float: actual less estimate), ``open`` (int: messages whose final price is not known
        yet; in neither sum).

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
    is_known = messages["final_price"].notna()
    rows = messages.assign(
        estimate=messages["price"].where(is_known), actual=messages["final_price"], open=(~is_known).astype("int64")
    )
    sums = {name: (name, "sum") for name in ("estimate", "actual", "open")}
    table = aggregate_groups(rows, names, "difference", messages=("open", "size"), **sums)
    table = round_amounts(table, "estimate", "actual")
    table.insert(len(table.columns) - 1, "difference", table["actual"] - table["estimate"])
    return round_amounts(table, "difference")


def shorter_texts(messages: pd.DataFrame) -> pd.DataFrame:
    """Find texts that would need fewer parts in another spelling, and what that would save.

    Parameters
    ----------
    messages : DataFrame
        With ``text, price, currency``: of `records` with ``include_message=True`` (one row a part), or of `sent`.

    Returns
    -------
    pandas.DataFrame
        One row a text and currency that would save something, the most first: ``text, suggestion`` (in GSM-7, as
        `explain_encoding` spells it: read it before you send it, for it may say something else), ``encoding`` (text),
        ``parts, parts_after`` (int), ``spend, saved`` (float, in ``currency``).

    Raises
    ------
    InvalidRequestError
        If a column is missing.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Olá! " + "Your table is ready. " * 4, sender="Demo")
    >>> nx.shorter_texts(nx.sent())[["parts", "parts_after", "saved"]].values.tolist()
    [[2.0, 1.0, 0.042291]]
    """
    names = check_group_columns(messages, "text", "price")
    rows = messages[messages["text"].notna()]
    costs = aggregate_groups(rows.assign(price=_get_prices(rows)), names, spend=("price", "sum"))
    savings = [saving for saving in map(_find_saving, costs.to_dict("records")) if saving is not None]
    table = round_amounts(frame(savings, SAVINGS_COLUMNS), "spend", "saved")
    return table.sort_values("saved", ascending=False, kind="stable", ignore_index=True)


def _find_saving(cost: dict[Any, Any]) -> dict[str, Any] | None:
    """Compare a text with its suggestion, as a row of `SAVINGS_COLUMNS`; None where that saves nothing."""
    explained = explain_encoding(str(cost["text"]))
    before, after = explained.attrs["before"], explained.attrs["after"]
    if after.parts >= before.parts:
        return None
    return {
        "text": cost["text"],
        "suggestion": explained.attrs["replaced"],
        "encoding": before.encoding,
        "parts": before.parts,
        "parts_after": after.parts,
        "spend": cost["spend"],
        "saved": cost["spend"] * (before.parts - after.parts) / before.parts,
        "currency": None if pd.isna(cost["currency"]) else cost["currency"],
    }


def _get_prices(table: pd.DataFrame) -> Any:
    """Return what each row cost: the final price where it is known."""
    return table["final_price"].fillna(table["price"]) if "final_price" in table else table["price"]


def _get_delivery_statuses(table: pd.DataFrame) -> Any:
    name = "delivery" if "delivery" in table else "status"
    # The status of a frame of `send_sms`, which has a balance, is that of sending.
    if name not in table or (name == "status" and "balance" in table):
        raise _lacking_column(table, "a frame that says what arrived; pass it to delivery()")
    validation.check_frame(table, words=[name])
    return table[name].astype("string").str.lower()


def _get_periods(table: pd.DataFrame, freq: str) -> Any:
    """Return the beginning of each row's day, week or month."""
    freq = validation.check_choice("freq", freq, get_args(Frequency))
    times = find_times(table)
    if times is None:
        raise _lacking_column(table, f"a frame with one of {', '.join(TIME_COLUMNS)}")
    day = times.dt.floor("D")
    days_since_start = {"D": 0, "W": day.dt.day_of_week, "M": day.dt.day - 1}[freq]
    return day - pd.to_timedelta(days_since_start, unit="D")


def _lacking_column(table: pd.DataFrame, allowed: str) -> InvalidRequestError:
    return validation.invalid_argument("frame", ", ".join(map(str, table.columns)), allowed)
