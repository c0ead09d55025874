"""When a message may leave: openings against a slow plain check that goes minute by minute."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from depth import count_examples
from hypothesis import given, settings
from hypothesis import strategies as st

from nexmo_nb.campaigns.openings import Opening, find_opening, show_moment, show_wait
from nexmo_nb.campaigns.schedule import Schedule

ZONES = (
    "Europe/Lisbon", "Atlantic/Azores", "America/New_York", "America/Los_Angeles", "America/Phoenix", "Asia/Kolkata",
    "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Apia", "Pacific/Pago_Pago", "Asia/Kathmandu",
    "Africa/Casablanca",
)  # fmt: skip
# Days about which clocks change somewhere, and others.
MOMENTS = tuple(
    datetime.fromisoformat(f"{day}T00:00+00:00").timestamp()
    for day in ("2026-03-06", "2026-03-27", "2026-04-03", "2026-10-02", "2026-10-23", "2026-10-31", "2026-12-30")
)


def is_open(schedule: Schedule, zones: Sequence[str], moment: float) -> bool:
    """Check plainly whether it is open at a moment by the clocks of all zones, whatever `at` says."""
    for zone in zones:
        local = datetime.fromtimestamp(moment, ZoneInfo(zone))
        minute = local.hour * 60 + local.minute
        if local.weekday() not in schedule.days or not schedule.opens <= minute < schedule.closes:
            return False
    return True


def find_plainly(schedule: Schedule, zones: Sequence[str], now: float, end: float) -> Opening | None:
    """Find the opening that is now or the next one, minute by minute, before an end."""
    moment = now
    while moment < end and not is_open(schedule, zones, moment):
        moment += 60
    if moment >= end:
        return None
    begin = moment
    while moment < end and is_open(schedule, zones, moment):
        moment += 60
    return Opening(begin, moment)


schedules = st.builds(
    lambda opens, length, days: Schedule(opens=opens * 15, closes=min(1440, (opens + length) * 15), days=tuple(days)),
    st.integers(0, 95),
    st.integers(1, 96),
    st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(sorted),
)


@settings(max_examples=count_examples(150), deadline=None)
@given(
    schedules,
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True),
    st.sampled_from(MOMENTS),
    st.integers(0, 3 * 1440),
)
def test_openings_are_those_of_the_clocks_of_all_zones(
    schedule: Schedule, zones: list[str], day: float, minute: int
) -> None:
    now = day + minute * 60
    plain = find_plainly(schedule, zones, now, now + 9 * 86_400)
    found = find_opening(schedule, zones, now)
    if plain is None:
        assert found is None or found.begin >= now + 9 * 86_400
        return
    assert found is not None
    assert max(found.begin, now) == plain.begin
    if plain.end < now + 9 * 86_400:
        # A day that ends as the next one begins is one opening, of whatever length.
        assert found.end == plain.end


@settings(max_examples=count_examples(60), deadline=None)
@given(st.sampled_from(ZONES), st.sampled_from(MOMENTS), st.integers(0, 5 * 1440), st.integers(1, 600))
def test_a_local_moment_is_when_no_clock_shows_less_any_more(zone: str, day: float, minute: int, late: int) -> None:
    local = datetime.fromtimestamp(day + minute * 60, timezone.utc).replace(tzinfo=None)
    schedule = Schedule(at=local.isoformat(), late=late * 60)
    moment = day + minute * 60 + 16 * 3600  # later than in any zone
    while datetime.fromtimestamp(moment - 60, ZoneInfo(zone)).replace(tzinfo=None) >= local:
        moment -= 60
    assert find_opening(schedule, [zone], 0.0) == Opening(moment, moment + late * 60)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


NINE_TO_EIGHT = Schedule(opens=540, closes=1200)
EUROPE = ("Europe/Lisbon", "Atlantic/Azores")


def test_several_zones_have_the_hours_that_all_of_them_have() -> None:
    found = find_opening(NINE_TO_EIGHT, EUROPE, at("2026-12-01T00:00+00:00"))
    assert found == Opening(at("2026-12-01T10:00+00:00"), at("2026-12-01T20:00+00:00"))


def test_zones_that_are_never_open_together_and_a_zone_that_is_not_known_have_no_opening() -> None:
    short = Schedule(opens=540, closes=660)
    assert find_opening(short, ("America/New_York", "America/Los_Angeles"), at("2026-12-01T00:00+00:00")) is None
    assert find_opening(NINE_TO_EIGHT, (), at("2026-12-01T00:00+00:00")) is None


def test_an_opening_that_comes_only_in_summer_is_found_from_winter() -> None:
    schedule = Schedule(opens=600, closes=1140)  # Bucharest is an hour nearer to Anadyr in summer
    found = find_opening(schedule, ("Asia/Anadyr", "Europe/Bucharest"), at("2026-12-01T00:00+00:00"))
    assert found is None
    found = find_opening(schedule._replace(closes=1170), ("Asia/Anadyr", "Europe/Bucharest"), at("2026-12-01T00:00Z"))
    assert found == Opening(at("2027-03-28T07:00Z"), at("2027-03-28T07:30Z"))


def test_a_whole_day_is_open_over_midnight_as_long_as_the_days_allow() -> None:
    found = find_opening(Schedule(days=(0, 1)), ["UTC"], at("2026-11-30T12:00Z"))
    assert found == Opening(at("2026-11-30T00:00Z"), at("2026-12-02T00:00Z"))


def test_nothing_leaves_before_its_moment_nor_when_it_is_too_late() -> None:
    moment = at("2026-12-01T12:00Z")
    schedule = NINE_TO_EIGHT._replace(at="2026-12-01T12:00:00+00:00")
    assert find_opening(schedule, ["UTC"], moment - 9_000) == Opening(moment, at("2026-12-01T20:00Z"))
    late = schedule._replace(late=3600.0)
    assert find_opening(late, ["UTC"], moment - 9_000) == Opening(moment, moment + 3600)
    assert find_opening(late, ["UTC"], moment + 3600) is None
    assert find_opening(Schedule(at=schedule.at), ["UTC"], moment + 1e6) == Opening(moment, math.inf)


def test_a_local_moment_is_that_of_the_latest_zone_and_too_late_is_that_of_the_earliest() -> None:
    schedule = Schedule(at="2026-12-01T09:00:00", late=7200.0)
    assert find_opening(schedule, EUROPE, 0.0) == Opening(at("2026-12-01T10:00Z"), at("2026-12-01T11:00Z"))
    assert find_opening(schedule._replace(late=3600.0), EUROPE, 0.0) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (59.0, "59 s"), (719.5, "12 min 00 s"), (28_740.0, "7 h 59 min"), (183_600.0, "2 d 3 h")],
)
def test_waits_are_shown_in_the_units_that_matter(seconds: float, words: str) -> None:
    assert show_wait(seconds) == words


def test_a_moment_is_shown_in_utc_and_not_too_early() -> None:
    assert show_moment(at("2026-12-01T08:59:30Z")) == "Tue 2026-12-01 09:00 UTC"
