"""The hours of a batch in one run: when each row may leave, which ones never may, and what is kept with the batch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nexmo_nb.campaigns.openings import ALWAYS, DAY, Opening, find_opening, find_span, show_moment
from nexmo_nb.campaigns.rows import MOST_LABELS, Row, show_label, show_labels
from nexmo_nb.campaigns.schedule import Schedule, parse_schedule, read_schedule
from nexmo_nb.contacts.time_zones import find_zones, load_zone
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.session import Session
from nexmo_nb.state.schedules import BatchSchedule
from nexmo_nb.validation import invalid_argument

GRACE = 60.0  # seconds for which a moment that has just passed is no mistake
LONGEST_AHEAD = 366 * DAY


class When(NamedTuple):
    """The arguments of `send_many` that say when; None: as it is kept with the batch."""

    at: Any = None
    window: Any = None
    days: Any = None
    late: Any = None


class Left(NamedTuple):
    """Rows that stay planned because their hours ended before they could leave."""

    rows: int
    over: int  # of these: it is too late for them by `late`, and will be
    next_begin: float | None  # when the hours of the first of the others begin

    def describe(self, batch: str) -> str:
        if self.next_begin is None:
            return f"It is too late for them by `late`: discard({batch!r}) removes them."
        over = f" For {self.over} of them it is too late by `late`." if self.over else ""
        return f"The next hours begin {show_moment(self.next_begin)}.{over}"


class Hours:
    """When rows may leave by a schedule; decided once for a run, by the `now` of its begin. None: at any time.

    `kept` is the schedule that the batch had before.
    """

    def __init__(self, schedule: Schedule | None, now: float, kept: str | None = None) -> None:
        self.schedule, self.now, self.kept = schedule, now, kept
        self._found: dict[tuple[str, ...], Opening | None] = {}

    def find_opening(self, row: Row) -> Opening | None:
        """Find the opening of a row that is now, or its next one; None where it has none."""
        if self.schedule is None:
            return ALWAYS
        zones = list_zones(row)
        if zones not in self._found:
            self._found[zones] = find_opening(self.schedule, zones, self.now)
        return self._found[zones]

    def is_too_late(self, row: Row) -> bool:
        """Tell whether a row has no opening only because it is too late for it."""
        zones = list_zones(row)
        if self.schedule is None or (self.schedule.needs_zones and not zones):
            return False
        return self._find_span(zones).end <= self.now

    def skip_closed(self, rows: Iterable[Row], choice: str) -> dict[int, str]:
        """Choose the rows that may never leave, each with the reason, by place; or refuse the plan."""
        if self.schedule is None:
            return {}
        closed = [row for row in rows if self.find_opening(row) is None and not self.is_too_late(row)]
        if closed and choice == "refuse":
            raise self._closed_error(closed)
        return {row.place: self._find_reason(row) for row in closed}

    def refuse_moment(self, rows: Sequence[Row]) -> None:
        """Refuse a moment that is new, and past for some rows, or far away."""
        if self.schedule is None or not self.schedule.at or _has_moment(self.kept, self.schedule.at):
            return
        grace = max(GRACE, self.schedule.late or 0.0)
        placed = [(row, list_zones(row)) for row in rows]
        spans = [(row, self._find_span(zones)) for row, zones in placed if zones or not self.schedule.is_local]
        past = [row for row, span in spans if span.begin + grace < self.now]
        advice = "Leave it out to send now."
        if past:
            labels = show_labels([show_label(row.label) for row in past[: MOST_LABELS + 1]])
            zone = ", ".join(list_zones(past[0])[:1]) or "any time zone"
            advice = (
                f"It is past for {len(past)} rows, {labels}, in {zone}. Nothing was sent. Leave `at` out to send now, "
                "or say how late it may be: late='4h'."
            )
        if past or any(span.begin > self.now + LONGEST_AHEAD for _, span in spans):
            raise invalid_argument("at", self.schedule.at, "a time to come, at most a year ahead", advice)

    def find_left(self, rows: Sequence[Row], now: float) -> Left | None:
        """Find what is to be said of rows that are left; None where there are none."""
        if not rows:
            return None
        later = Hours(self.schedule, now)
        begins = [max(now, opening.begin) for row in rows if (opening := later.find_opening(row)) is not None]
        return Left(len(rows), len(rows) - len(begins), min(begins, default=None))

    def to_kept(self, rows: Sequence[Row], settings: Mapping[str, Any] | None) -> BatchSchedule:
        """Write what the ledger keeps; where nobody waits, also the `settings` by which the rows are sent when due."""
        text = None if self.schedule is None else self.schedule.to_text()
        zones = [row.time_zone or "" for row in rows]
        if settings is None:
            return BatchSchedule(text, self.kept, zones=None if text is None else zones)
        if text is None:
            allowed = "True, for a batch that has no hours: pass at, window or days"
            raise invalid_argument("wait", False, allowed, "Nothing was sent.")
        written = json.dumps(settings, default=lambda value: value.item())  # of numpy
        return BatchSchedule(text, self.kept, written, zones)

    def _find_span(self, zones: Sequence[str]) -> Opening:
        return ALWAYS if self.schedule is None else find_span(self.schedule, map(load_zone, zones))

    def _find_reason(self, row: Row) -> str:
        """Say why a row may never leave."""
        zones = list_zones(row)
        if not zones:
            return "time_zone: none is known for this number, so it cannot be told when it is night there"
        hours = "" if self.schedule is None else self.schedule.describe()
        return f"time_zone: the number may be in {len(zones)} of them, and there is no time for all of {hours}"

    def _closed_error(self, rows: Sequence[Row]) -> InvalidRequestError:
        shown = show_labels([show_label(row.label) for row in rows[: MOST_LABELS + 1]])
        return InvalidRequestError(
            f"window: got {len(rows)} rows that may never be sent, {shown}; allowed: rows with a time at which it is "
            f"open in every time zone in which the number may be. Nothing was sent. The first: "
            f"{self._find_reason(rows[0])}. Give the plan a column 'time_zone' with names such as 'Europe/Moscow' "
            "where you know better, a wider window, or pass doubtful='skip' to leave these rows out."
        )


def read_hours(session: Session, batch: str, when: When, *, is_retry: bool = False) -> Hours:
    """Read the hours of a batch: those that it was given, which are kept with it, and those that are given now.

    What is tried again keeps the hours that it had, also where the rest of the batch was discarded.
    """
    kept = session.ledger.schedules.read(batch, with_over=is_retry)
    schedule = read_schedule(*when, None if kept is None else parse_schedule(kept))
    return Hours(schedule, session.clock(), kept)


def list_zones(row: Row) -> tuple[str, ...]:
    """List the time zones in which a recipient may be: the one that the plan names, or those of the number."""
    return (row.time_zone,) if row.time_zone else find_zones(row.fields["to"])


def _has_moment(kept: str | None, at: str) -> bool:
    return kept is not None and parse_schedule(kept).at == at
