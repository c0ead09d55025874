"""Alarms: what leaves its own past is shown, and nothing else."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

START = pd.Timestamp("2025-03-03T12:00", tz="UTC")  # a Monday


def build_records(counts: dict[str, int], **columns: Any) -> pd.DataFrame:
    """Build SMS by day: so many on each, to one country and prefix."""
    days = [pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=12) for day, count in counts.items() for _ in range(count)]
    table = pd.DataFrame({"received": pd.DatetimeIndex(days, tz="UTC").as_unit("ns"), "price": 0.05, "currency": "EUR"})
    table["message_id"] = pd.array([f"m{n}" for n in range(len(table))], dtype="string")
    table["to"] = pd.array([f"4477009{n:05d}" for n in range(len(table))], dtype="string")
    fixed = {"country": "GB", "status": "delivered", **columns}
    return table.assign(**{name: pd.array([value] * len(table), dtype="string") for name, value in fixed.items()})


def build_weeks(*counts: int, day: str = "2025-03-03") -> dict[str, int]:
    """Give counts to successive same weekdays."""
    first = pd.Timestamp(day)
    return {str((first + pd.Timedelta(weeks=n)).date()): count for n, count in enumerate(counts)}


# The first day of a frame is not compared with: here it is a day before the others.
EVE = {"2025-03-02": 1}
CASES: list[tuple[str, dict[str, int], dict[str, Any], list[tuple[int, float, int]]]] = [
    ("as always", build_weeks(30, 30, 30, 30), {}, []),
    ("three times as many are not more", build_weeks(10, 10, 10, 30), {}, []),
    ("one more is", build_weeks(10, 10, 10, 31), {}, [(31, 10.0, 3)]),
    ("two weeks are no past", build_weeks(10, 10, 90), {}, []),
    ("few messages are never shown", build_weeks(1, 1, 1, 19), {}, []),
    ("but those that are enough", build_weeks(1, 1, 1, 20), {}, [(20, 1.0, 3)]),
    ("and with another bound", build_weeks(1, 1, 1, 19), {"at_least": 19}, [(19, 1.0, 3)]),
    ("by another factor", build_weeks(10, 10, 10, 21), {"times": 2}, [(21, 10.0, 3)]),
    ("the median, not the mean", build_weeks(10, 200, 10, 10, 40), {"at_least": 39}, [(200, 10.0, 0), (40, 10.0, 4)]),
    ("weeks without any count as none", build_weeks(30, 0, 0, 0, 30), {}, [(30, 0.0, 4)]),
    ("no more than eight weeks", build_weeks(*[90] * 5, *[10] * 8, 31), {}, [(31, 10.0, 8)]),
    ("other weekdays do not count", {**build_weeks(90, 90, 90), **build_weeks(5, 5, 5, 25, day="2025-03-04")}, {},
     [(25, 5.0, 3)]),
    ("in no week before", {**build_weeks(5, 5, 5, 5), "2025-03-29": 40}, {}, [(40, 0.0, 3)]),
]  # fmt: skip


@pytest.mark.parametrize(("counts", "options", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_day_is_compared_with_its_own_weekday(
    counts: dict[str, int], options: dict[str, Any], found: list[tuple[int, float, int]]
) -> None:
    shown = nx.anomalies(build_records({**EVE, **counts}), digits=0, **options)
    rows = [tuple(row) for row in shown[["messages", "usual", "weeks"]].values.tolist()]
    assert rows == [row for row in found if row[2] >= 3]


def test_the_first_day_which_may_be_cut_is_not_compared_with() -> None:
    assert nx.anomalies(build_records(build_weeks(10, 10, 10, 40))).empty


def test_a_country_and_its_prefix_are_both_shown_with_what_they_cost() -> None:
    shown = nx.anomalies(build_records({**EVE, **build_weeks(10, 10, 10, 40)}), digits=4)
    assert shown.prefix.fillna("").tolist() == ["", "4477"]
    assert shown.country.tolist() == ["GB", "GB"]
    assert shown[["spend", "extra", "times", "part_delivery_rate"]].values.tolist() == [[2.0, 1.5, 4.0, 1.0]] * 2
    assert shown.period.tolist() == [pd.Timestamp("2025-03-24", tz="UTC")] * 2


def test_a_prefix_shows_where_its_country_does_not() -> None:
    table = build_records({**EVE, **build_weeks(100, 100, 100, 120)})
    last = table.received == table.received.max()
    moved = last & (table.index % 4 == 0)
    table.loc[moved, "to"] = "447999" + table.to[moved].str[-6:]
    shown = nx.anomalies(table)
    assert shown.prefix.tolist() == ["447999"]
    assert shown.usual.tolist() == [0.0]
    assert shown.times.isna().all()


@pytest.mark.parametrize(
    ("columns", "counts", "says"),
    [
        ({}, build_weeks(10, 10, 10, 40), "usually 10.* no campaign of yours"),
        ({"status": "failed"}, build_weeks(10, 10, 10, 40), r"Only 0% arrived.*Fraud Defender"),
        ({}, {**build_weeks(5, 5, 5, 5), "2025-03-29": 40}, "none at that time.*do not mean to send there"),
        ({"country": None}, build_weeks(10, 10, 10, 40), "to an unknown country"),
    ],
)
def test_the_advice_says_what_to_do(columns: dict[str, Any], counts: dict[str, int], says: str) -> None:
    assert nx.anomalies(build_records({**EVE, **counts}, **columns), digits=0).advice.str.contains(says).tolist() == [
        True
    ]


def test_parts_are_not_messages_and_what_came_in_does_not_count() -> None:
    table = build_records({**EVE, **build_weeks(10, 10, 10, 31)})
    twice = pd.concat([table, table.assign(message_id="x" + table.message_id)])  # two parts each
    assert nx.anomalies(twice, digits=0).messages.tolist() == [31]
    assert nx.anomalies(table.assign(direction="inbound")).empty
    assert nx.anomalies(table.assign(state="planned")).empty


def test_an_hour_is_compared_with_the_same_hour_by_the_clock_of_the_zone() -> None:
    # The clocks of Berlin change on 30 March: from then on, noon there is ten and not eleven o'clock in UTC.
    weeks = pd.date_range("2025-03-10T12:15", periods=5, freq="7D", tz="Europe/Berlin")
    counts = [10, 10, 10, 10, 40]
    table = build_records({"2025-03-03": sum(counts) + 1})
    times = [
        weeks[0] - pd.Timedelta(days=1),
        *(at for at, count in zip(weeks, counts, strict=True) for _ in range(count)),
    ]
    table["received"] = pd.DatetimeIndex([at.tz_convert("UTC") for at in times]).as_unit("ns")
    shown = nx.anomalies(table, freq="h", digits=0, tz="Europe/Berlin")
    assert shown[["messages", "usual", "weeks"]].values.tolist() == [[40, 10, 4]]
    assert str(shown.period[0]) == "2025-04-07 12:00:00+02:00"
    assert len(nx.anomalies(table, freq="h", digits=0)) == 1
    assert nx.anomalies(table, freq="h", digits=0).usual.tolist() == [0.0]


def test_nothing_unusual_is_an_empty_frame_of_the_same_form() -> None:
    full = nx.anomalies(build_records({**EVE, **build_weeks(10, 10, 10, 40)}))
    for table in (build_records(EVE), build_records({})):
        empty = nx.anomalies(table)
        assert empty.empty
        assert empty.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"freq": "W"}, "freq"),
        ({"times": 0.5}, "times"),
        ({"times": True}, "times"),
        ({"times": float("nan")}, "times"),
        ({"at_least": 0}, "at_least"),
        ({"digits": 16}, "digits"),
        ({"tz": "Mars"}, "tz"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{says}: "):
        nx.anomalies(build_records(EVE), **options)


@pytest.mark.parametrize("name", ["to", "country", "price", "currency", "received"])
def test_a_frame_without_what_is_needed_is_refused(name: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=name):
        nx.anomalies(build_records(EVE).drop(columns=name))


@pytest.mark.slow
def test_the_sandboxs_months_hold_no_false_alarm_and_show_a_true_one(session: nx.Session, sandbox: Sandbox) -> None:
    records = nx.records(start="2025-03-01", end="2025-05-01", max_records=None, progress=False)
    assert nx.anomalies(records).empty
    pumped = records[records.country == "GB"].head(300).copy()
    pumped["received"] = pd.Timestamp("2025-04-20T03:00", tz="UTC")
    pumped["to"] = pd.array([f"4477999{n:05d}" for n in range(len(pumped))], dtype="string")
    shown = nx.anomalies(pd.concat([records, pumped], ignore_index=True))
    assert shown.period.dt.strftime("%Y-%m-%d").unique().tolist() == ["2025-04-20"]
    assert "447799" in set(shown.prefix.dropna())
