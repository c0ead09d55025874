"""The times at which a message may leave by its schedule, in all time zones in which its recipient may be. Pure.

A zone is taken apart where its clocks change: between two changes, a local time is a time of UTC and an offset. An hour
that is skipped is no opening, and one that comes twice is as open as its clock says, both times.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from functools import reduce
from typing import NamedTuple
from zoneinfo import ZoneInfo

from nexmo_nb.campaigns.schedule import Schedule
from nexmo_nb.contacts.time_zones import load_zone

DAY = 86_400
SPANS = (10, 60, 400)  # days ahead in which the next opening is looked for, one after the other
_THURSDAY = 3  # on which Unix time begins
_EPOCH = datetime(1970, 1, 1)


class Opening(NamedTuple):
    """A time in which a message may leave, from its begin to just before its end, in Unix seconds."""

    begin: float
    end: float

    def has(self, moment: float) -> bool:
        return self.begin <= moment < self.end


ALWAYS = Opening(-math.inf, math.inf)


def find_opening(schedule: Schedule, zones: Sequence[str], now: float) -> Opening | None:
    """Find the opening that is now, or the next one; None where there is none any more, or none within a year.

    `zones` are all those in which the recipient may be: it is an opening in each of them.
    """
    if not zones and schedule.needs_zones:
        return None
    loaded = [load_zone(name) for name in zones]
    span = find_span(schedule, loaded)
    if not schedule.has_hours:
        return span if span.end > now and span.begin < span.end else None
    start = max(now, span.begin)
    for days in SPANS:
        begin, end = start - DAY, min(span.end, start + days * DAY)
        lists = (list_openings(schedule, zone, begin, end) for zone in loaded)
        for opening in reduce(intersect, lists):
            found = Opening(max(opening.begin, span.begin), opening.end)
            if found.end > start and found.begin < found.end:
                return found
    return None


def find_span(schedule: Schedule, zones: Iterable[ZoneInfo]) -> Opening:
    """Find the time from `at` on, and until it is too late, in all zones."""
    if not schedule.at:
        return ALWAYS
    moment = datetime.fromisoformat(schedule.at)
    starts = [_find_local(moment, zone) for zone in zones] if schedule.is_local else [moment.timestamp()]
    end = math.inf if schedule.late is None else min(starts) + schedule.late
    return Opening(max(starts), end)


def list_openings(schedule: Schedule, zone: ZoneInfo, begin: float, end: float) -> list[Opening]:
    """List the openings of one zone between two times, those that meet as one."""
    found: list[Opening] = []
    for first, last, offset in _list_segments(zone, begin, end):
        for day in range(math.floor((first + offset) / DAY), math.floor((last + offset) / DAY) + 1):
            if (day + _THURSDAY) % 7 not in schedule.days:
                continue
            midnight = day * DAY - offset
            opens = max(first, midnight + schedule.opens * 60)
            closes = min(last, midnight + schedule.closes * 60)
            if found and found[-1].end == opens < closes:
                found[-1] = Opening(found[-1].begin, closes)
            elif opens < closes:
                found.append(Opening(opens, closes))
    return found


def intersect(ones: Sequence[Opening], others: Sequence[Opening]) -> list[Opening]:
    """List the times that are in an opening of both lists, which are in order."""
    found, one, other = [], 0, 0
    while one < len(ones) and other < len(others):
        first, second = ones[one], others[other]
        begin, end = max(first.begin, second.begin), min(first.end, second.end)
        if begin < end:
            found.append(Opening(begin, end))
        if first.end <= second.end:
            one += 1
        else:
            other += 1
    return found


def show_moment(moment: float) -> str:
    """Show a time, in UTC, to the minute: a begin is rounded up, so that it is not too early."""
    minutes = math.ceil(moment / 60)
    return f"{datetime.fromtimestamp(minutes * 60, timezone.utc):%a %Y-%m-%d %H:%M} UTC"


def show_wait(seconds: float) -> str:
    """Show how long something is off: "2 d 3 h", "7 h 59 min", "12 min" or "40 s"."""
    whole = timedelta(seconds=math.ceil(max(0.0, seconds)))
    hours, rest = divmod(whole.seconds, 3600)
    if whole.days:
        return f"{whole.days} d {hours} h"
    if hours:
        return f"{hours} h {rest // 60:02} min"
    return f"{rest // 60} min {rest % 60:02} s" if rest >= 60 else f"{rest} s"


def _find_local(moment: datetime, zone: ZoneInfo) -> float:
    """Find from when on the clocks of a zone never show less than a local time."""
    local = (moment - _EPOCH).total_seconds()
    start = local + 2 * DAY
    for first, last, offset in reversed(list(_list_segments(zone, local - 2 * DAY, start))):
        begins = max(first, local - offset)
        if begins >= last:
            break
        start = begins
        if begins > first:
            break
    return start


def _list_segments(zone: ZoneInfo, begin: float, end: float) -> Iterator[tuple[float, float, float]]:
    """List the times between two changes of a zone's clocks: begin, end, and offset from UTC in seconds."""
    first, here, offset = begin, begin, _find_offset(zone, begin)
    while here < end:
        there = min(here + DAY, end)
        if (later := _find_offset(zone, there)) != offset:
            change = _find_change(zone, here, there, offset)
            yield first, change, offset
            first, offset = change, later
        here = there
    if first < end:
        yield first, end, offset


def _find_change(zone: ZoneInfo, low: float, high: float, offset: float) -> float:
    """Find the second at which the clocks change between two times, at the first of which they have an offset."""
    begin, end = math.floor(low), math.ceil(high)
    while end - begin > 1:
        middle = (begin + end) // 2
        if _find_offset(zone, middle) == offset:
            begin = middle
        else:
            end = middle
    return float(end)


def _find_offset(zone: ZoneInfo, moment: float) -> float:
    return (datetime.fromtimestamp(moment, zone).utcoffset() or timedelta()).total_seconds()
