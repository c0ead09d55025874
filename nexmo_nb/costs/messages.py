"""What messages cost: in all, for each that was delivered, and compared with the estimate."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, tzinfo
from itertools import starmap
from typing import Any

import numpy as np
import pandas as pd

from nexmo_nb import validation
from nexmo_nb.costs.aggregate import TIME_COLUMNS, find_time, find_times, read_floats, refuse_columns, round_amounts
from nexmo_nb.costs.parts import Counts, match_cells
from nexmo_nb.costs.periods import check_zone, find_partial, find_starts, parse_frequency
from nexmo_nb.costs.records import Measured, add_up, open_records, read_pieces, read_prices
from nexmo_nb.costs.sources import Frames
from nexmo_nb.errors import InvalidRequestError

Moment = str | date | datetime


def spend(
    messages: Frames,
    by: str | Iterable[str] = (),
    *,
    freq: str | None = None,
    tz: str | tzinfo = "UTC",
    covers: tuple[Moment, Moment] | None = None,
) -> pd.DataFrame:
    """Add up what was spent, by any columns and by hour, day, week, month, quarter or year.

    Parameters
    ----------
    messages : DataFrame, path, frame of another library or iterable of frames
        Of `records`, `sent`, `send_sms`, `delivery` or `bill`, or any with ``price, currency``. Where there is a
        ``final_price``, it counts before ``price``. What never left or was refused is left out.
        Or a folder or files of Parquet, as ``records(to=…)`` writes them, also at addresses such as
        ``"s3://bucket/records"``; a frame of polars, pyarrow, DuckDB or Dask; or an iterable of frames: they are read
        piece by piece, as if they were one frame.
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
        If a column is missing, a file cannot be read, or `freq`, `tz` or `covers` is wrong.

    Notes
    -----
    Of files only the columns needed are read, some rows at a time; beside the groups, 21 bytes of each row that may be
    a part of a longer message are held. Frames of `send_sms`, and of `delivery` of `sent`, tell by the order of all
    rows which are one message: their columns needed are held. Amounts are added exactly, so that it does not matter how
    the rows were cut. A record that is there twice counts twice. A column that some files or frames lack is missing
    there; the first of an iterable has all that are needed. Text of files and other libraries is grouped as text, and
    that of a category in a DataFrame as the category.

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
    >>> parts.to_parquet("parts.parquet")
    >>> nx.spend("parts.parquet")[["currency", "messages", "parts", "spend"]].values.tolist()
    [['EUR', 1, 2, 0.084582]]
    """
    code, zone, span = None if freq is None else parse_frequency(freq), check_zone(tz), _check_covers(covers)
    taken = ("messages", "parts", "spend", "unpriced", *(() if code is None else ("period", "partial")))
    records = open_records(messages, by, taken=taken, takes_bill=True)
    time = find_time(records.columns)
    if code is not None and find_times(records.source.empty) is None:
        raise refuse_columns(records.columns, f"a frame with one of {', '.join(TIME_COLUMNS)}")
    edges: list[pd.Timestamp] = []

    def measure(rows: pd.DataFrame, counts: Counts) -> Measured:
        if code is not None:
            times = find_times(rows)
            edges.extend((times.min(), times.max()))
            rows = rows.assign(period=find_starts(times, code, zone))
        price = read_prices(rows, counts).to_numpy()
        return Measured(rows, counts, {"spend": price}, {"unpriced": np.where(np.isnan(price), counts.parts, 0)})

    names = [*records.names, *([] if code is None else ["period"])]
    pieces = read_pieces(records, *([time] if time and code else []))
    table = add_up(records, names, starmap(measure, pieces))
    table = round_amounts(table[[*names, "currency", "messages", "parts", "spend", "unpriced"]], "spend")
    if code is None:
        return table.sort_values("spend", ascending=False, kind="stable", ignore_index=True)
    table["partial"] = find_partial(table["period"], pd.Series(pd.to_datetime(edges, utc=True)), code, zone, span)
    return table.sort_values(["period", *records.names], kind="stable", ignore_index=True)


def cost_per_delivered(messages: Frames, by: str | Iterable[str] = ()) -> pd.DataFrame:
    """Compute the cost of a delivered message and part; what was not delivered is paid for, too.

    Parameters
    ----------
    messages : DataFrame, path, frame of another library or iterable of frames
        Of `records`, or of `delivery`, or of `sent` after it.
        Or a folder or files of Parquet, as ``records(to=…)`` writes them, also at addresses such as
        ``"s3://bucket/records"``; a frame of polars, pyarrow, DuckDB or Dask; or an iterable of frames: they are read
        piece by piece, as if they were one frame.
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
        If a column is missing, a file cannot be read, or nothing says what was delivered.

    Notes
    -----
    Which parts are one message is told as by `spend`, and memory is needed as there. Of a message in `sent` whose parts
    ended differently, no part counts as delivered: `delivery` has a row for each part.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello! " * 30, sender="Demo")
    >>> found = nx.cost_per_delivered(nx.delivery(parts))
    >>> found[["delivered_messages", "cost_per_delivered_message", "cost_per_delivered_part"]].values.tolist()
    [[1.0, 0.084582, 0.042291]]
    >>> nx.delivery(parts).to_parquet("delivery.parquet")
    >>> nx.cost_per_delivered("delivery.parquet")["cost_per_delivered_message"].tolist()
    [0.084582]
    """
    rates = ("message_delivery_rate", "part_delivery_rate", "cost_per_delivered_message", "cost_per_delivered_part")
    sums = ("messages", "parts", "delivered_messages", "delivered_parts")
    records = open_records(messages, by, taken=(*sums, *rates, "spend"), takes_bill=True)
    status = _find_status(records.columns)

    def measure(rows: pd.DataFrame, counts: Counts) -> Measured:
        is_delivered = match_cells(rows[status], lambda cell: str(cell).lower() == "delivered")
        delivered = {"delivered_parts": is_delivered * counts.parts}
        return Measured(rows, counts, {"spend": read_prices(rows, counts)}, delivered, arrived=is_delivered)

    table = add_up(records, records.names, starmap(measure, read_pieces(records, status)))
    table = round_amounts(table[[*records.names, "currency", *sums, "spend"]], "spend")
    for place, thing in enumerate(("message", "part")):
        delivered = table[f"delivered_{thing}s"]
        table.insert(len(records.names) + 5 + place, f"{thing}_delivery_rate", delivered / table[f"{thing}s"])
        table[f"cost_per_delivered_{thing}"] = table["spend"] / delivered.where(delivered > 0)
    table = round_amounts(table, *rates[2:])
    return table.sort_values("cost_per_delivered_message", ascending=False, kind="stable", ignore_index=True)


def estimate_vs_actual(messages: Frames, by: str | Iterable[str] = ()) -> pd.DataFrame:
    """Compare the prices that Nexmo named when it accepted messages with what it charged in the end.

    Parameters
    ----------
    messages : DataFrame, path, frame of another library or iterable of frames
        Of `delivery`, given a batch's name, for instance; any with ``price, final_price, currency``.
        Or a folder or files of Parquet, as ``records(to=…)`` writes them, also at addresses such as
        ``"s3://bucket/records"``; a frame of polars, pyarrow, DuckDB or Dask; or an iterable of frames: they are read
        piece by piece, as if they were one frame.
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
        If a column is missing, or a file cannot be read.

    Notes
    -----
    Which parts are one message is told as by `spend`, and memory is needed as there.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+44 7700 900000"], "Hello", sender="Demo")
    >>> outcome = nx.send_many(plan, batch="hello", progress=False)
    >>> nx.estimate_vs_actual(nx.delivery("hello"))[["messages", "estimate", "actual"]].values.tolist()
    [[1.0, 0.042291, 0.042291]]
    >>> nx.delivery("hello").to_parquet("hello.parquet")
    >>> nx.estimate_vs_actual("hello.parquet")["difference"].tolist()
    [0.0]
    """
    sums = ("messages", "parts", "estimate", "actual", "open")
    records = open_records(messages, by, needed=["final_price"], taken=(*sums, "difference"))
    table = add_up(records, records.names, starmap(_measure_estimate, read_pieces(records)))
    table = round_amounts(table[[*records.names, "currency", *sums]], "estimate", "actual")
    table.insert(len(table.columns) - 1, "difference", table["actual"] - table["estimate"])
    return round_amounts(table, "difference")


def _measure_estimate(rows: pd.DataFrame, counts: Counts) -> Measured:
    """Measure both prices of the rows of which both are known, and what is open."""
    actual = read_floats(rows, "final_price").to_numpy()
    is_open = np.isnan(actual)
    estimate = np.where(is_open, 0.0, read_floats(rows, "price") * counts.share)
    return Measured(
        rows, counts, {"estimate": estimate, "actual": actual}, {"open": np.where(is_open, counts.parts, 0)}
    )


def _find_status(columns: Collection[str]) -> str:
    """Find the column that says what arrived; the status of a frame of `send_sms`, which has a balance, does not."""
    name = "delivery" if "delivery" in columns else "status"
    if name not in columns or (name == "status" and "balance" in columns):
        raise refuse_columns(columns, "a frame that says what arrived; pass it to delivery()")
    return name


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
