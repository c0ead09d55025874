"""Periods by pandas' names: when each begins in a time zone, and whether rows cover all of it. Pure.

The names are those of pandas before and since version 3, which dropped some; periods themselves have one name in both.
"""

from __future__ import annotations

import re
from datetime import timedelta, tzinfo
from typing import Any

import pandas as pd

from nexmo_nb import validation

ALLOWED = (
    "a name of pandas: 'h', 'D', 'W' (from Monday) or 'W-SUN' (until Sunday), 'MS', 'QS', 'YS' or 'Y', and 'YS-APR' or "
    "'QS-APR' for a year that begins in April"
)
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAME = re.compile(r"(h|H|D|W|MS|ME|M|QS|QE|Q|YS|YE|Y|AS|A)(?:-([A-Z]{3}))?")
# What rows cover begins and ends with the unit of their first and last time: a day with its first hour, for instance.
_UNITS = {"h": "min", "D": "h"}


def parse_frequency(freq: Any) -> str:
    """Return the name of pandas' period for a frequency; the anchor of a period is its last day or month.

    >>> [parse_frequency(name) for name in ("H", "W", "MS", "QS", "YS-APR", "Y-MAR")]
    ['h', 'W-SUN', 'M', 'Q-DEC', 'Y-MAR', 'Y-MAR']
    """
    found = _NAME.fullmatch(freq.strip()) if isinstance(freq, str) else None
    unit, anchor = (found[1], found[2]) if found else ("", None)
    kind = {"H": "h", "A": "Y"}.get(unit[:1], unit[:1])
    if kind in ("h", "D", "M") and anchor is None:
        return kind
    if kind == "W" and (anchor or "SUN") in _DAYS:
        return f"W-{anchor or 'SUN'}"
    if kind in ("Q", "Y") and (anchor or "JAN") in _MONTHS:
        begins = unit.endswith("S")
        month = _MONTHS.index(anchor or ("JAN" if begins else "DEC")) - begins
        return f"{kind}-{_MONTHS[month]}"
    raise validation.invalid_argument("freq", freq, ALLOWED)


def check_zone(tz: Any) -> Any:
    """Accept a time zone by its name, or as Python's object."""
    allowed = "a time zone by its name, such as 'Europe/Lisbon', or 'UTC'"
    try:
        if isinstance(tz, (str, tzinfo)) and (zone := pd.Timestamp(0, tz=tz).tzinfo) is not None:
            return zone
    except (LookupError, ValueError, TypeError, OSError):  # pandas 2 and 3 raise errors of other libraries
        pass
    raise validation.invalid_argument("tz", tz, allowed)


def find_partial(starts: Any, edges: Any, freq: str, zone: Any, covers: tuple[Any, Any] | None) -> Any:
    """Tell of periods by their beginnings whether the rows cover them in part only.

    `edges` are times of rows, with the first and the last of them; `covers` are the times from which, and before which,
    there would be rows.
    """
    if covers is None:
        firsts, lasts = find_bounds(edges.dropna(), _UNITS.get(freq, "D"), zone)
        covers = firsts.min(), lasts.max()
    starts, ends = find_bounds(starts, freq, zone)
    return (starts < covers[0]) | (ends > covers[1])


def find_bounds(times: Any, freq: str, zone: Any) -> tuple[Any, Any]:
    """Return when the period of each time begins, and when the next one does."""
    starts = find_starts(times, freq, zone)
    if freq in ("h", "min"):
        return starts, starts + timedelta(hours=1 if freq == "h" else 1 / 60)
    periods = times.dt.tz_convert(zone).dt.tz_localize(None).dt.to_period(freq)
    return starts, localize((periods + 1).dt.start_time, zone)


def find_starts(times: Any, freq: str, zone: Any) -> Any:
    """Return when the period of each time begins; `freq` is a name of `parse_frequency`, or a minute."""
    local = times.dt.tz_convert(zone)
    if freq in ("h", "min"):
        # What is past of the hour is taken off, because in autumn an hour of the clock comes twice.
        past = pd.to_timedelta(local.dt.second * 10**6 + local.dt.microsecond, unit="us")
        past += pd.to_timedelta(local.dt.nanosecond, unit="ns")
        if freq == "h":
            past += pd.to_timedelta(local.dt.minute, unit="min")
        return (local - past).dt.as_unit("ns")
    return localize(local.dt.tz_localize(None).dt.to_period(freq).dt.start_time, zone)


def localize(naive: Any, zone: Any) -> Any:
    """Give times of the clock their zone; one that the clock jumps over is the next, and of two the first counts."""
    first = pd.Series(True, index=naive.index).to_numpy()
    return naive.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward").dt.as_unit("ns")
