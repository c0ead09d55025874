"""Times as text: ISO 8601 is read exactly, and what has two readings is refused with both."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.times import read_time

UTC = timezone.utc
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DATES = st.dates(date(1970, 1, 2), date(2199, 12, 30))
TIMES = st.datetimes(datetime(1970, 1, 3), datetime(2199, 12, 29))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(day=DATES)
def test_any_date_in_iso_is_read_as_its_midnight_in_utc(day: date) -> None:
    seconds = (datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH).total_seconds()
    assert validation.check_time("before", day.isoformat()) == seconds
    assert validation.check_time("before", day) == seconds
    assert validation.check_time("before", np.datetime64(day)) == seconds


@given(
    at=TIMES, zone=st.none() | ZONES, mark=st.sampled_from("T "), precision=st.sampled_from(["auto", "milliseconds"])
)
def test_any_time_in_iso_is_read_exactly(at: datetime, zone: timezone | None, mark: str, precision: str) -> None:
    if precision == "milliseconds":
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    meant = at.replace(tzinfo=zone or UTC)
    written = at.replace(tzinfo=zone).isoformat(mark, precision)
    assert read_time(written) == meant
    assert validation.check_time("before", written) == validation.check_time("before", meant)


@given(at=TIMES)
def test_minutes_and_a_z_are_enough(at: datetime) -> None:
    at = at.replace(second=0, microsecond=0)
    assert read_time(f"{at:%Y-%m-%dT%H:%M}Z") == read_time(f" {at:%Y-%m-%d %H:%M} ") == at.replace(tzinfo=UTC)


@given(
    day=DATES,
    form=st.sampled_from(["%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%Y{0}%m{0}%d", "%d{0}%m{0}%y", "%y{0}%m{0}%d"]),
    mark=st.sampled_from(["/", ".", " "]),
    clock=st.sampled_from(["", " 09:30", "T09:30:00"]),
)
def test_any_form_with_other_marks_is_refused_and_the_meant_date_is_among_those_shown(
    day: date, form: str, mark: str, clock: str
) -> None:
    with pytest.raises(InvalidRequestError, match="^before: got .*year first") as caught:
        validation.check_time("before", day.strftime(form.format(mark)) + clock)
    shown = day if "Y" in form else day.replace(year=2000 + day.year % 100)
    assert repr(shown.isoformat()) in str(caught.value)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("12/01/2026", "'2026-12-01' or '2026-01-12'"),
        ("12.01.2026", "'2026-12-01' or '2026-01-12'"),
        ("01-02-2026", "'2026-01-02' or '2026-02-01'"),
        ("05/11/2026 10:00", "'2026-05-11' or '2026-11-05'"),
        ("12/01/26", "'2026-12-01', '2026-01-12' or '2012-01-26'"),
        ("05/05/2026", "Is it '2026-05-05'"),
        ("31/12/2026", "Is it '2026-12-31'"),
        ("2026-1-2", "Is it '2026-01-02'"),
        ("2026/01/12", "Is it '2026-01-12'"),
        ("20261124", "Is it '2026-11-24'"),
    ],
)
def test_what_else_a_date_can_mean_is_shown_as_iso(written: str, shown: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"{shown}.*year first") as caught:
        validation.check_time("before", written)
    assert "ISO 8601, such as '2026-11-24'" in str(caught.value)


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        *((word, "another time each day") for word in ("today", "Yesterday", "now", "tomorrow")),
        *(
            (text, "four digits")
            for text in ("Nov 5", "5 Nov 2026", "2026", "2026-11", "10:00", "", "24112026", "26-W4")
        ),
        *(
            (f"2026-11-24{end}", "time of day")
            for end in (" 9:30", "T09", " 09:30 CET", " 09:30+0100", " 9.30", "T0930")
        ),
        *((text, "calendar or the clock") for text in ("2026-02-30", "2026-13-01", "2026-11-24 24:00")),
        ("2026-11-24T09:30+25:00", "calendar or the clock"),
        ("1969-12-31", "1970 to 2200"),
        ("2200-01-01", "1970 to 2200"),
        ("\u0662\u0660\u0662\u0666-11-24", "four digits"),
    ],
)
def test_other_texts_are_refused_with_what_to_write(written: str, advice: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^before: got .*{advice}"):
        validation.check_time("before", written)


@given(text=st.text(max_size=30))
@example("24:00")
def test_every_text_is_read_or_refused_in_words(text: str) -> None:
    with suppress(InvalidRequestError):
        assert validation.check_time("before", text) >= 0


@pytest.mark.parametrize("value", [5, 1.7e9, True, None, pd.NaT, np.datetime64("NaT", "ns"), ["2026-11-24"]])
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="^before: got .*ISO 8601"):
        validation.check_time("before", value)


@pytest.mark.parametrize("value", [pd.Timestamp("2026-11-24T01:00", tz="Europe/Paris"), datetime(2026, 11, 24)])
def test_a_time_as_an_object_is_read(value: datetime) -> None:
    assert validation.check_time("before", value) == datetime(2026, 11, 24, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("forget", "before"),
        ("idle_numbers", "until"),
        ("price_changes", "since"),
        ("records", "start"),
        ("records", "end"),
        ("sent", "since"),
        ("sent", "until"),
    ],
)
def test_every_function_refuses_a_date_with_two_readings(session: nx.Session, function: str, name: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{name}: got '12/01/2026'.*'2026-12-01' or '2026-01-12'"):
        getattr(nx, function)(**{name: "12/01/2026"})
