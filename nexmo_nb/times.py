"""Times written as text: ISO 8601 is read, and everything else refused with what it could mean. Pure.

Only a year of four digits that stands first says which number is the month; a text such as 12/01/2026 has two readings,
and which one a program takes depends on where its author lives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timezone

FORMS = "'2026-11-24', '2026-11-24 09:30' or '2026-11-24T09:30:00Z'"
"""How a time may be written, for messages."""

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
# Three numbers with the same mark between them, and perhaps a time of day after them.
_THREE_NUMBERS = re.compile(r"(\d{1,4})\s*([/.\-, ])\s*(\d{1,2})\s*\2\s*(\d{1,4})(?:[T ,].*)?", re.ASCII)
_EIGHT_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?\d{4,6}Z?)?", re.ASCII)
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]?(.*)", re.ASCII)
_RELATIVE = {"now", "today", "yesterday", "tomorrow", "midnight", "noon"}


def read_time(text: str) -> datetime:
    """Read a time in ISO 8601, in UTC unless it names another zone.

    Raises
    ------
    ValueError
        If it is none; its message is the advice, which shows every date that was perhaps meant.
    """
    written = text.strip()
    if not _ISO.fullmatch(written):
        raise ValueError(_advise(written))
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError("The calendar or the clock does not have it.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=timezone.utc)


def _advise(written: str) -> str:
    """Say what a text that is not ISO 8601 could mean, and what to write instead."""
    if written.casefold() in _RELATIVE:
        return "It means another time each day: write the date, or give a datetime such as datetime.now(timezone.utc)."
    dates = [each.isoformat() for each in _list_readings(written)]
    if len(dates) > 1:
        shown = f"{', '.join(map(repr, dates[:-1]))} or {dates[-1]!r}"
        return f"It can be {shown}: write the one that is meant, year first."
    if dates:
        return f"Is it {dates[0]!r}? Write it so, year first."
    found = _ISO_DATE.fullmatch(written)
    if found and found[2]:
        return "Write the time of day as '09:30' or '09:30:00', and its zone as 'Z' or '+01:00'."
    return "Write the year with four digits, then the month and the day with two each."


def _list_readings(written: str) -> list[date]:
    """List the dates that a text can mean, each once: month first, day first, then year first."""
    if found := _EIGHT_DIGITS.fullmatch(written):
        return list(_make_dates([(found[1], found[2], found[3])]))
    found = _THREE_NUMBERS.fullmatch(written)
    if found is None or _ISO_DATE.fullmatch(written):
        return []
    first, middle, last = found[1], found[3], found[4]
    if len(first) > 2:
        return list(_make_dates([(first, middle, last)]))
    readings = [(last, first, middle), (last, middle, first)]
    if len(last) <= 2:
        readings.append((first, middle, last))
    return list(dict.fromkeys(_make_dates(readings)))


def _make_dates(readings: list[tuple[str, str, str]]) -> Iterator[date]:
    """Make dates of years, months and days, where the calendar has them; a year of two digits is of this century."""
    for year, month, day in readings:
        try:
            yield date(int(year) + (2000 if len(year) <= 2 else 0), int(month), int(day))
        except ValueError:
            continue
