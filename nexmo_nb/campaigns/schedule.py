"""When the messages of a batch may leave: from a moment on, between two times of day, on some days. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, NamedTuple

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.times import read_time
from nexmo_nb.validation import as_list, invalid_argument

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FULL_DAY = 1440  # minutes
_EVERY_DAY = tuple(range(7))
_HAS_OFFSET = re.compile(r"(?:Z|[+-]\d{2}:\d{2})\s*$")
_CLOCK_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_LATE = re.compile(r"(\d{1,4})\s*([mhd])")
_UNITS = {"m": 60, "h": 3600, "d": 86_400}
_AT = "a time such as '2026-12-01T09:00' (in each recipient's time zone) or '2026-12-01T09:00+01:00', or a datetime"
_WINDOW = "two times of one day, such as ('09:00', '20:00'), at which sending begins and ends"
_DAYS = "days such as 'Mon-Sat', 'Sun,Tue' or ['Mon', 'Wed']"
_LATENESS = "how long after `at` a message may still leave: a timedelta, or text such as '90m', '4h' or '2d'"


class Schedule(NamedTuple):
    """When messages may leave, in the time zone of each recipient."""

    at: str = ""  # not before, in ISO 8601: UTC if it has an offset, else in the recipient's zone; empty: any time
    opens: int = 0  # minutes of the day
    closes: int = FULL_DAY
    days: tuple[int, ...] = _EVERY_DAY  # Monday is 0
    late: float | None = None  # seconds after `at` that a message may leave; None: there is no end

    @property
    def has_hours(self) -> bool:
        """Whether there are times at which nothing leaves, again and again."""
        return (self.opens, self.closes, self.days) != (0, FULL_DAY, _EVERY_DAY)

    @property
    def is_local(self) -> bool:
        return bool(self.at) and not self.at.endswith("+00:00")

    @property
    def needs_zones(self) -> bool:
        """Whether it says something else in each time zone."""
        return self.is_local or self.has_hours

    def to_text(self) -> str:
        return json.dumps(self._asdict())

    def describe(self) -> str:
        """Say it: "from 2026-12-01 09:00 on, 09:00 to 20:00, Mon-Sat, in the recipient's time zone"."""
        at = self.at.replace("T", " ").replace("+00:00", " UTC")
        facts = [f"from {at} on"] if at else []
        if self.late is not None:
            facts.append(f"at most {timedelta(seconds=self.late)} later")
        if (self.opens, self.closes) != (0, FULL_DAY):
            facts.append(f"{_show_minutes(self.opens)} to {_show_minutes(self.closes)}")
        if self.days != _EVERY_DAY:
            facts.append(_show_days(self.days))
        where = ", in the recipient's time zone" if self.needs_zones else ""
        return (", ".join(facts) or "at any time") + where


def parse_schedule(text: str) -> Schedule:
    """Read what `Schedule.to_text` wrote."""
    fields = json.loads(text)
    return Schedule(**{**fields, "days": tuple(fields["days"])})


def read_schedule(at: Any, window: Any, days: Any, late: Any, kept: Schedule | None = None) -> Schedule | None:
    """Read the arguments of `send_many`; what is not given is as it was kept. None: there is no schedule.

    A batch that has one keeps it: what is given may allow nothing that it did not.
    """
    if at is None and window is None and days is None and late is None:
        return kept
    schedule = kept or Schedule()
    if at is not None:
        schedule = schedule._replace(at=_read_at(at))
    if window is not None:
        opens, closes = _read_window(window)
        schedule = schedule._replace(opens=opens, closes=closes)
    if days is not None:
        schedule = schedule._replace(days=_read_days(days))
    if late is not None:
        if not schedule.at:
            raise invalid_argument("late", late, "nothing without `at`", "It says how late after `at` is too late.")
        schedule = schedule._replace(late=_read_late(late))
    if kept is not None and not is_narrower(schedule, kept):
        raise InvalidRequestError(
            f"window: got a batch that is to be sent {kept.describe()}, and now {schedule.describe()}; allowed: the "
            "same, or less of it, or leave these arguments out. Quiet hours of a batch hold for all its runs. Nothing "
            "was sent. For other hours, discard() the batch before: what was sent stays, and nobody gets it twice."
        )
    return schedule


def is_narrower(schedule: Schedule, kept: Schedule) -> bool:
    """Tell whether a schedule allows no moment that the kept one does not; if in doubt, it does."""
    if schedule.opens < kept.opens or schedule.closes > kept.closes or not set(schedule.days) <= set(kept.days):
        return False
    is_later = not kept.at or (schedule.is_local == kept.is_local and schedule.at >= kept.at)
    if kept.late is None:
        return is_later
    return schedule.at == kept.at and schedule.late is not None and schedule.late <= kept.late


def _read_at(value: Any) -> str:
    """Read a moment: with an offset it is that of UTC, and without one it has another place in each time zone."""
    if isinstance(value, datetime):
        moment = value
        has_zone = value.tzinfo is not None
    elif isinstance(value, str):
        try:
            moment = read_time(value)
        except ValueError as problem:
            raise invalid_argument("at", value, _AT, str(problem)) from None
        has_zone = _HAS_OFFSET.search(value) is not None
    elif isinstance(value, date):
        moment, has_zone = datetime.combine(value, time()), False
    else:
        raise invalid_argument("at", value, _AT)
    try:
        moment = moment.astimezone(timezone.utc) if has_zone else moment.replace(tzinfo=None)
        written = moment.isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        written = ""  # NaT of pandas is a datetime, and no moment
    if not written.startswith("2"):
        raise invalid_argument("at", value, _AT)
    return written


def _read_window(value: Any) -> tuple[int, int]:
    given = value.split("-") if isinstance(value, str) else as_list("window", value, _WINDOW)
    if len(given) != 2:
        raise invalid_argument("window", value, _WINDOW)
    opens, closes = (_read_minutes(each, value) for each in given)
    if opens < closes:
        return opens, closes
    advice = "It begins when it ends."
    if opens > closes:
        advice = "It would go on over midnight, and messages would leave at night: write it the other way round."
    raise invalid_argument("window", value, _WINDOW, advice)


def _read_minutes(value: Any, window: Any) -> int:
    """Read a time of day, such as 09:00, to minutes; 24:00 is the end of the day."""
    if isinstance(value, time):
        value = f"{value.hour}:{value.minute:02}" if not (value.second or value.microsecond or value.tzinfo) else ""
    found = _CLOCK_TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else FULL_DAY + 1
    if found is None or int(found[2]) > 59 or minutes > FULL_DAY:
        raise invalid_argument("window", window, _WINDOW, "Times are written as '09:00', up to '24:00'.")
    return minutes


def _read_days(value: Any) -> tuple[int, ...]:
    parts = re.split(r"[,;\s]+", value.strip()) if isinstance(value, str) else as_list("days", value, _DAYS)
    found: set[int] = set()
    for part in parts:
        first, dash, last = part.partition("-") if isinstance(part, str) else ("", "", "")
        begin = _read_day(first, value)
        end = _read_day(last, value) if dash else begin
        found |= {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    if not found:
        raise invalid_argument("days", value, _DAYS)
    return tuple(sorted(found))


def _read_day(word: str, days: Any) -> int:
    written = word.strip().lower()
    for day, (short, long) in enumerate(zip(DAYS, _LONG_DAYS, strict=True)):
        if written in (short.lower(), long):
            return day
    raise invalid_argument("days", days, _DAYS, f"{word!r} is no day: Mon, Tue, Wed, Thu, Fri, Sat, Sun.")


def _read_late(value: Any) -> float:
    seconds = -1.0
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, str) and (found := _LATE.fullmatch(value.strip().lower())):
        seconds = float(int(found[1]) * _UNITS[found[2]])
    if not seconds > 0:
        raise invalid_argument("late", value, _LATENESS)
    return seconds


def _show_minutes(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _show_days(days: Sequence[int]) -> str:
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
    return ",".join(DAYS[day] for day in days)
