"""Alarms: hours and days in which far more was sent to a country or a prefix than it was used to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Literal, get_args

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.costs.aggregate import TIME_COLUMNS, aggregate_groups, find_times, round_amounts
from nexmo_nb.costs.messages import read_prices
from nexmo_nb.costs.parts import count_parts, drop_unsent
from nexmo_nb.costs.periods import check_zone, find_bounds, localize
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
    records: pd.DataFrame,
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
    records : DataFrame
        Of `records`, of SMS that were sent or of calls, or any with ``to, country, price, currency`` and times; better
        of some months. What came in, never left or was refused is left out.
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
        If a column is missing, or an argument is wrong.

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
    """
    slot = validation.check_choice("freq", freq, get_args(Slot))
    factor = _check_factor(times)
    least = validation.check_int("at_least", at_least, 1)
    width = validation.check_int("digits", digits, 0, 15)
    zone = check_zone(tz)
    items = _read_items(records, slot, width, zone)
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


def _read_items(records: Any, slot: str, digits: int, zone: Any) -> pd.DataFrame:
    """Read what was sent, a row a part, with its period by the clock of the zone."""
    words = ("country", "currency", "delivery")
    validation.check_frame(records, "to", "country", "price", "currency", numbers=("price", "final_price"), words=words)
    if find_times(records) is None:
        allowed = f"a frame with one of {', '.join(TIME_COLUMNS)}"
        raise validation.invalid_argument("frame", ", ".join(map(str, records.columns)), allowed)
    rows = drop_unsent(records)
    if "direction" in rows:
        rows = rows[rows["direction"].ne("inbound").fillna(value=True).astype(bool)].reset_index(drop=True)
    counts = count_parts(rows)
    starts, _ = find_bounds(find_times(rows), slot, zone)
    return rows.assign(
        period=starts.dt.tz_localize(None),
        prefix=rows["to"].astype(pd.StringDtype()).str[:digits],
        country=rows["country"].astype(pd.StringDtype()),
        messages=counts.messages.where(~counts.message.duplicated(), 0),
        price=read_prices(rows, counts),
        part_delivery_rate=_read_delivered(rows),
    )


def _read_delivered(rows: pd.DataFrame) -> Any:
    """Tell of each part whether it was delivered, as 1 or 0; missing where nothing tells."""
    name = "delivery" if "delivery" in rows else "status"
    if name not in rows or "message_id" not in rows or "balance" in rows:
        return pd.Series(float("nan"), index=rows.index)
    return rows[name].astype(pd.StringDtype()).str.lower().eq("delivered").fillna(value=False).astype("float64")


def _find_unusual(items: pd.DataFrame, level: list[str], factor: float, least: int) -> pd.DataFrame:
    """Find the periods that leave their past, of each country or prefix."""
    keys = [*level, "currency"]
    sums = {
        "messages": ("messages", "sum"),
        "spend": ("price", "sum"),
        "part_delivery_rate": ("part_delivery_rate", "mean"),
    }
    counts = aggregate_groups(items, [*level, "period"], **sums)
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
