"""Alarms: hours and days in which far more was sent to a country or a prefix than it was used to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import tzinfo
from itertools import starmap
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from nexmo_nb import validation
from nexmo_nb.costs.aggregate import (
    TIME_COLUMNS,
    aggregate_groups,
    find_time,
    find_times,
    refuse_columns,
    round_amounts,
)
from nexmo_nb.costs.parts import Counts, match_cells
from nexmo_nb.costs.periods import check_zone, find_starts, localize
from nexmo_nb.costs.records import Measured, add_up, open_records, read_pieces, read_prices
from nexmo_nb.costs.sources import Frames
from nexmo_nb.frames import Column, concat_frames, frame

WEEKS = 8
"""How many weeks of the past a period is compared with."""
FEWEST = 3
"""Without so many weeks of past, nothing is said."""
FEW_ARRIVED = 0.5
Slot = Literal["D", "h"]
_COLUMNS = [
    "period", "country", "prefix", "messages", "usual", "times", "weeks", "spend", "extra", "currency",
    "part_delivery_rate", "advice",
]  # fmt: skip
_WEEKS_BEFORE = frame([{"week": week} for week in range(1, WEEKS + 1)], [Column("week", "int64")])
_LEVELS = (("country",), ("country", "prefix"))


def anomalies(
    records: Frames,
    *,
    freq: Slot = "D",
    times: float = 3.0,
    at_least: int = 20,
    digits: int = 6,
    tz: str | tzinfo = "UTC",
) -> pd.DataFrame:
    """Find days or hours in which far more was sent to a country, or to a prefix, than at the same time of other weeks.

    A period is shown where it has at least `at_least` messages, and more than `times` times its usual number: the
    median of the same weekday (by hour: of the same hour of the same weekday) in the eight weeks before it, of which
    the frame must have three or more. A week in which nothing was sent counts as 0.

    Parameters
    ----------
    records : DataFrame, path, frame of another library or iterable of frames
        Of `records`, of SMS that were sent or of calls, or any with ``to, country, price, currency`` and times; better
        of some months. What came in, never left or was refused is left out.
        Or a folder or files of Parquet, as ``records(to=…)`` writes them, also at addresses such as
        ``"s3://bucket/records"``; a frame of polars, pyarrow, DuckDB or Dask; or an iterable of frames: they are read
        piece by piece, as if they were one frame.
    freq : {"D", "h"}
        Days or hours.
    times : float
        By how much a period must be above its usual number, from 1.
    at_least : int
        Fewer messages than these are never shown.
    digits : int
        How many digits of the recipients' numbers, with country code, are a prefix. 0: only by country.
    tz : str
        The time zone in which days and hours begin. Default: UTC.

    Returns
    -------
    pandas.DataFrame
        One row a period and country or prefix, the dearest first: ``period`` (its beginning, in `tz`), ``country,
        prefix`` (text; a missing prefix stands for the whole country), ``messages`` (int: messages, or calls),
        ``usual`` (float: the median of the weeks before), ``times`` (float: how many times that; missing where it is
        0), ``weeks`` (int: how many were compared), ``spend`` (float, in ``currency``), ``extra`` (float: the share of
        it that is above the usual), ``part_delivery_rate`` (float, 0 to 1; missing where nothing tells),
        ``advice`` (text: what it may be, and what to do).

    Raises
    ------
    InvalidRequestError
        If a column is missing, a file cannot be read, or an argument is wrong.

    Notes
    -----
    Nothing is learned or guessed. The first period of the frame, which may be cut, is not compared with.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> len(nx.anomalies(nx.records()))
    0
    >>> nx.records().to_parquet("november.parquet")
    >>> len(nx.anomalies(["november.parquet"]))
    0
    """
    slot = validation.check_choice("freq", freq, get_args(Slot))
    factor = _check_factor(times)
    least = validation.check_int("at_least", at_least, 1)
    width = validation.check_int("digits", digits, 0, 15)
    zone = check_zone(tz)
    items = _add_up_items(records, slot, width, zone)
    levels = _LEVELS if width else _LEVELS[:1]
    found = [_find_unusual(items, list(level), factor, least) for level in levels]
    table = concat_frames(found, found[0])
    table = table.assign(period=localize(table["period"], zone), advice=_write_advice(table))
    table = round_amounts(table, "spend", "extra")[_COLUMNS]
    return table.sort_values(["extra", "period"], ascending=[False, True], kind="stable", ignore_index=True)


def _check_factor(times: Any) -> float:
    is_number = isinstance(times, (int, float)) and not isinstance(times, bool)
    if not is_number or not 1 <= times < float("inf"):
        raise validation.invalid_argument("times", times, "a number from 1")
    return float(times)


def _add_up_items(given: Any, slot: str, digits: int, zone: Any) -> pd.DataFrame:
    """Add up what was sent by country, prefix and period, by the clock of the zone, with the parts that arrived."""
    records = open_records(given, (), needed=("to", "country"))
    time = find_time(records.columns)
    if time is None or find_times(records.source.empty) is None:
        raise refuse_columns(records.columns, f"a frame with one of {', '.join(TIME_COLUMNS)}")
    status = _find_status(records.columns)

    def measure(rows: pd.DataFrame, counts: Counts) -> Measured:
        rows = rows.assign(
            period=find_starts(find_times(rows), slot, zone).dt.tz_localize(None),
            prefix=rows["to"].astype(pd.StringDtype()).str[:digits],
            country=rows["country"].astype(pd.StringDtype()),
        )
        nothing = np.zeros(len(rows))
        is_delivered = match_cells(rows[status], lambda cell: str(cell).lower() == "delivered") if status else nothing
        told = {"delivered": is_delivered, "told": nothing + (status is not None)}
        return Measured(rows, counts, {"spend": read_prices(rows, counts)}, told)

    wanted = [name for name in ("to", "country", "direction", time, status) if name]
    pieces = read_pieces(records, *wanted, keep=_is_outbound)
    return add_up(records, ["country", "prefix", "period"], starmap(measure, pieces), counts_once=True)


def _is_outbound(rows: pd.DataFrame) -> Any:
    inbound = match_cells(rows["direction"], lambda direction: direction == "inbound") if "direction" in rows else False
    return np.ones(len(rows), dtype=bool) & ~np.array(inbound)


def _find_status(columns: Collection[str]) -> str | None:
    """Find the column that tells of each part whether it was delivered."""
    name = "delivery" if "delivery" in columns else "status"
    return name if name in columns and "message_id" in columns and "balance" not in columns else None


def _find_unusual(items: pd.DataFrame, level: list[str], factor: float, least: int) -> pd.DataFrame:
    """Find the periods that leave their past, of each country or prefix."""
    keys = [*level, "currency"]
    counts = aggregate_groups(
        items, [*level, "period"], **{name: (name, "sum") for name in ("messages", "spend", "delivered", "told")}
    )
    counts["part_delivery_rate"] = counts["delivered"] / counts["told"].where(counts["told"] > 0)
    table = counts[counts["messages"] >= least].reset_index(drop=True)
    past = table[[*keys, "period"]].reset_index().merge(_WEEKS_BEFORE, how="cross")
    past["period"] -= pd.to_timedelta(7 * past["week"], unit="D")
    past = past[past["period"] > items["period"].min()]
    past = past.merge(counts[[*keys, "period", "messages"]], on=[*keys, "period"], how="left")
    by_row = past["messages"].fillna(0).groupby(past["index"])
    table = table.assign(usual=by_row.median(), weeks=by_row.size()).astype({"usual": "float64"})
    table = table.assign(weeks=table["weeks"].fillna(0).astype("int64"))
    table = table[(table["weeks"] >= FEWEST) & (table["messages"] > factor * table["usual"])]
    return table.assign(
        prefix=table["prefix"] if "prefix" in table else pd.Series(pd.NA, index=table.index, dtype=pd.StringDtype()),
        times=table["messages"] / table["usual"].where(table["usual"] > 0),
        extra=table["spend"] * (1 - table["usual"] / table["messages"]),
    )


def _write_advice(table: pd.DataFrame) -> Any:
    texts = [_advise(row) for row in table.to_dict("records")]
    return pd.Series(texts, index=table.index, dtype=pd.StringDtype())


def _advise(row: Mapping[Any, Any]) -> str:
    """Say what happened, what it may be, and what to do."""
    place = "an unknown country" if pd.isna(row["country"]) else str(row["country"])
    place = place if pd.isna(row["prefix"]) else f"numbers that begin with {row['prefix']} ({place})"
    usual = f"usually {row['usual']:,.0f}" if row["usual"] else f"in {row['weeks']} weeks none at that time"
    seen = f"{row['messages']:,} to {place}, {usual}."
    if row["part_delivery_rate"] < FEW_ARRIVED:
        return (
            f"{seen} Only {row['part_delivery_rate']:.0%} arrived, as when somebody orders codes to numbers that "
            "nobody reads: limit how often one person may ask for a code, and block these numbers in the dashboard's "
            "Fraud Defender."
        )
    if not row["usual"]:
        return f"{seen} If you do not mean to send there, block it in the dashboard's Fraud Defender."
    return (
        f"{seen} If it was no campaign of yours, see by sender and account_ref of these records what sent them, and "
        "limit how often one person may ask for a message."
    )
