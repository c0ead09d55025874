"""What `send_many` takes for at, window, days and late, and which schedule may take the place of another."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.campaigns.schedule import FULL_DAY, Schedule, is_narrower, parse_schedule, read_schedule


def read(at: Any = None, window: Any = None, days: Any = None, late: Any = None, kept: Any = None) -> Any:
    return read_schedule(at, window, days, late, kept)


@pytest.mark.parametrize(
    ("at", "read_as"),
    [
        ("2026-12-01T09:00", "2026-12-01T09:00:00"),
        ("2026-12-01 09:00", "2026-12-01T09:00:00"),
        ("2026-12-01", "2026-12-01T00:00:00"),
        (date(2026, 12, 1), "2026-12-01T00:00:00"),
        (datetime(2026, 12, 1, 9), "2026-12-01T09:00:00"),
        ("2026-12-01T09:00+01:00", "2026-12-01T08:00:00+00:00"),
        ("2026-12-01T09:00Z", "2026-12-01T09:00:00+00:00"),
        (datetime(2026, 12, 1, 9, tzinfo=timezone.utc), "2026-12-01T09:00:00+00:00"),
        (pd.Timestamp("2026-12-01T09:00", tz="Europe/Lisbon"), "2026-12-01T09:00:00+00:00"),
    ],
)
def test_a_moment_with_an_offset_is_that_of_utc_and_one_without_stays_local(at: Any, read_as: str) -> None:
    schedule = read(at)
    assert schedule.at == read_as
    assert schedule.is_local == ("+" not in read_as)


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ("Mon-Sat", (0, 1, 2, 3, 4, 5)),
        ("sun,tue", (1, 6)),
        ("Fri-Mon", (0, 4, 5, 6)),
        (["Monday", "wed"], (0, 2)),
        ("Mon, Wed-Fri", (0, 2, 3, 4)),
    ],
)
def test_days_are_written_in_several_ways(days: Any, found: tuple[int, ...]) -> None:
    assert read(days=days).days == found


@pytest.mark.parametrize("window", [("09:00", "20:00"), ["9:00", "20:00"], "09:00-20:00", (time(9), time(20))])
def test_a_window_is_two_times_of_a_day(window: Any) -> None:
    assert (read(window=window).opens, read(window=window).closes) == (540, 1200)
    assert read(window=("0:00", "24:00")).closes == FULL_DAY


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"at": "01.12.2026"},
            "at: got '01.12.2026'; allowed: a time such as .*It can be '2026-01-12' or '2026-12-01'",
        ),
        ({"at": pd.NaT}, "at: got NaT"),
        ({"at": 5}, "at: got 5"),
        ({"window": ("20:00", "09:00")}, "over midnight, and messages would leave at night: write it the other way"),
        ({"window": ("09:00", "09:00")}, "It begins when it ends"),
        ({"window": "09:00"}, "allowed: two times of one day"),
        ({"window": ("09:00", "24:01")}, "Times are written as '09:00', up to '24:00'"),
        ({"window": ("nine", "ten")}, "Times are written as"),
        ({"window": 9}, "window: got 9"),
        ({"days": "Mon-Someday"}, "'Someday' is no day"),
        ({"days": []}, "allowed: days such as"),
        ({"days": [1]}, "is no day"),
        ({"late": "2h"}, "late: got '2h'; allowed: nothing without `at`"),
        ({"at": "2026-12-01", "late": "soon"}, "allowed: how long after `at` a message may still leave"),
        ({"at": "2026-12-01", "late": timedelta(0)}, "late: got"),
    ],
)
def test_what_is_no_schedule_is_refused_in_words(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=words):
        read(**arguments)


def test_without_arguments_there_is_no_schedule_or_the_kept_one() -> None:
    assert read() is None
    assert read(kept=Schedule(opens=60)) == Schedule(opens=60)


def test_a_schedule_is_kept_as_text_and_told_in_words() -> None:
    schedule = read("2026-12-01T09:00", ("09:00", "20:00"), "Mon-Sat", "1d")
    assert parse_schedule(schedule.to_text()) == schedule
    assert schedule.describe() == (
        "from 2026-12-01 09:00:00 on, at most 1 day, 0:00:00 later, 09:00 to 20:00, Mon-Sat, in the recipient's time "
        "zone"
    )
    assert read("2026-12-01T09:00Z").describe() == "from 2026-12-01 09:00:00 UTC on"
    assert Schedule().describe() == "at any time"
    assert read(days="Sun,Tue").describe() == "Tue,Sun, in the recipient's time zone"


KEPT = Schedule("2026-12-01T09:00:00", 540, 1200, (0, 1, 2, 3, 4), 7200.0)


@pytest.mark.parametrize(
    ("change", "is_less"),
    [
        ({}, True),
        ({"opens": 600, "closes": 1100, "days": (0, 1)}, True),
        ({"opens": 539}, False),
        ({"closes": 1201}, False),
        ({"days": (0, 5)}, False),
        ({"late": 3600.0}, True),
        ({"late": None}, False),
        ({"late": 7201.0}, False),
        ({"at": "2026-12-01T08:00:00"}, False),
        ({"at": "2026-12-01T10:00:00"}, False),  # by as much later it may leave
        ({"at": "2026-12-01T09:00:00+00:00"}, False),
        ({"at": ""}, False),
    ],
)
def test_only_what_allows_less_may_take_the_place_of_a_schedule(change: dict[str, Any], is_less: bool) -> None:
    assert is_narrower(KEPT._replace(**change), KEPT) == is_less


def test_a_moment_may_become_a_later_one_where_it_has_no_end() -> None:
    kept = Schedule("2026-12-01T09:00:00")
    assert is_narrower(Schedule("2026-12-02T09:00:00"), kept)
    assert not is_narrower(Schedule("2026-11-30T09:00:00"), kept)
    assert is_narrower(Schedule("2026-12-02T09:00:00"), Schedule())


def test_wider_hours_than_the_kept_ones_are_refused_with_both() -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"09:00 to 20:00, in .* and now 08:00 to 20:00, .*discard"):
        read(window=("08:00", "20:00"), kept=Schedule(opens=540, closes=1200))
