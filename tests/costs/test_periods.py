"""Periods have pandas' names, begin in a time zone, and say whether the frame covers them whole."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.costs.periods import parse_frequency

FREQUENCIES = {
    "h": "2025-08-14T10:00",
    "H": "2025-08-14T10:00",
    "D": "2025-08-14",
    "W": "2025-08-11",
    "W-SUN": "2025-08-11",
    "W-SAT": "2025-08-10",
    "W-WED": "2025-08-14",
    **dict.fromkeys(("M", "MS", "ME"), "2025-08-01"),
    **dict.fromkeys(("Q", "QS", "QE", "Q-DEC", "QS-JAN", "QE-DEC", "QS-OCT"), "2025-07-01"),
    "QS-FEB": "2025-08-01",
    "Q-OCT": "2025-08-01",
    **dict.fromkeys(("Y", "YS", "YE", "A", "AS", "YS-JAN", "Y-DEC"), "2025-01-01"),
    **dict.fromkeys(("YS-APR", "AS-APR", "Y-MAR", "YE-MAR"), "2025-04-01"),
    "YS-SEP": "2024-09-01",
}


def build_rows(*times: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"received": pd.to_datetime([*times], format="ISO8601", utc=True), "price": 0.05, "currency": "EUR"}
    )


@pytest.mark.parametrize(("freq", "begin"), FREQUENCIES.items())
def test_a_name_of_pandas_means_what_it_means_in_pandas(freq: str, begin: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as that a name is on its way out
        found = nx.spend(build_rows("2025-08-14T10:30:15.123456789Z"), freq=freq)
    assert str(found.dtypes["period"]) == "datetime64[ns, UTC]"
    assert found.period.tolist() == [pd.Timestamp(begin, tz="UTC")]


@pytest.mark.parametrize("freq", ["w", "ms", "2D", "min", "W-ABC", "M-JAN", "QS-SUN", "B", "", 7, pd.offsets.Day()])
def test_no_other_frequency_is_taken(freq: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^freq: .* 'h', 'D', 'W'"):
        parse_frequency(freq)


@pytest.mark.parametrize(
    ("time", "freq", "tz", "begin"),
    [
        ("2025-03-31T23:30Z", "MS", "Europe/Lisbon", "2025-04-01T00:00+01:00"),
        ("2025-12-31T23:30Z", "YS", "Europe/Berlin", "2026-01-01T00:00+01:00"),
        ("2025-01-01T03:00Z", "D", "America/New_York", "2024-12-31T00:00-05:00"),
        ("2025-10-26T00:30Z", "h", "Europe/Berlin", "2025-10-26T02:00+02:00"),
        ("2025-10-26T01:30Z", "h", "Europe/Berlin", "2025-10-26T02:00+01:00"),
        ("2025-06-01T10:10Z", "h", "Asia/Kolkata", "2025-06-01T15:00+05:30"),
        ("2025-04-25T10:00Z", "D", "Africa/Cairo", "2025-04-25T01:00+03:00"),  # whose clocks went from 0:00 to 1:00
        ("2025-04-05T22:00Z", "W", "UTC", "2025-03-31T00:00+00:00"),
    ],
)
def test_a_period_begins_by_the_clock_of_the_zone(time: str, freq: str, tz: str, begin: str) -> None:
    found = nx.spend(build_rows(time), freq=freq, tz=tz).period
    assert found[0] == pd.Timestamp(begin)
    assert found[0].utcoffset() == pd.Timestamp(begin).utcoffset()


@pytest.mark.parametrize("tz", ["Lisbon", "", 1, None, "../etc"])
def test_a_zone_that_is_none_is_refused(tz: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^tz: .* 'Europe/Lisbon'"):
        nx.spend(build_rows("2025-01-01"), freq="D", tz=tz)


@pytest.mark.parametrize(
    ("freq", "times", "covers", "partial"),
    [
        ("MS", ["2025-01-01T10:00", "2025-02-10", "2025-03-31T05:00"], None, [False, False, False]),
        ("MS", ["2025-01-02T00:00", "2025-02-10", "2025-03-30T23:59"], None, [True, False, True]),
        ("MS", ["2025-01-15"], None, [True]),
        ("MS", ["2025-01-02", "2025-03-30"], ("2025-01-01", "2025-04-01"), [False, False]),
        ("MS", ["2025-01-01", "2025-03-31"], ("2025-01-01", "2025-03-31T12:00"), [False, True]),
        ("D", ["2025-01-01T00:40", "2025-01-02T22:59"], None, [False, True]),
        ("D", ["2025-01-01T01:00", "2025-01-02T23:00"], None, [True, False]),
        ("h", ["2025-01-01T05:00:59", "2025-01-01T06:58"], None, [False, True]),
        ("W", ["2025-01-06T23:00", "2025-01-12T01:00"], None, [False]),
        ("YS", ["2025-01-01", "2026-06-01"], None, [False, True]),
    ],
)
def test_a_period_that_is_not_covered_whole_is_marked(
    freq: str, times: list[str], covers: tuple[str, str] | None, partial: list[bool]
) -> None:
    found = nx.spend(build_rows(*times), freq=freq, covers=covers)
    assert str(found.dtypes["partial"]) == "bool"
    assert found.partial.tolist() == partial


def test_partial_is_said_by_the_clock_of_the_zone() -> None:
    rows = build_rows("2025-01-01T00:00", "2025-01-31T23:59")
    assert nx.spend(rows, freq="MS").partial.tolist() == [False]
    assert nx.spend(rows, freq="MS", tz="Europe/Berlin").partial.tolist() == [False, True]
    assert nx.spend(rows, freq="MS", tz="America/New_York").partial.tolist() == [True, False]


@pytest.mark.parametrize("covers", ["2025", ("2025-01-01",), (1, 2), ("2025-01-01", "12/01/2025"), 5])
def test_what_a_frame_covers_is_two_times(covers: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^covers: "):
        nx.spend(build_rows("2025-01-01"), freq="D", covers=covers)


def test_rows_without_a_time_are_a_period_of_their_own() -> None:
    rows = build_rows("2025-01-01", "2025-01-02")
    rows.loc[1, "received"] = pd.NaT
    found = nx.spend(rows, freq="D")
    assert found.period.isna().tolist() == [False, True]
    assert found.messages.tolist() == [1, 1]
    assert nx.spend(rows.tail(1), freq="MS").partial.tolist() == [False]
