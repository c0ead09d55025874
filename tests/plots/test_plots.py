"""Plots: bars as long as the numbers, words that say what they are, and never two currencies in one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.plots.labels import cut_middle, find_step, format_amount, format_value, make_labels
from nexmo_nb.plots.spend import sum_by_period


@pytest.fixture(autouse=True)
def closed(pyplot: Any) -> Iterator[None]:
    yield
    pyplot.close("all")
    nx.set_options(mask=False)


COSTS = pd.DataFrame(
    {
        "country": ["PT", "NA", "GB"],
        "currency": "EUR",
        "monthly_low": [1.0, 8.0, 0.5],
        "monthly_median": [1.3, 9.9, 0.8],
        "monthly_high": [2.0, 12.0, 0.9],
    }
)
PRICES = pd.DataFrame(
    {
        "country": ["NA", "NA"],
        "country_name": "Namibia",
        "network_name": ["MTC", "TN Mobile"],
        "price": [0.06, 0.07],
        "currency": "EUR",
    }
)
SPEND = pd.DataFrame(
    {
        "tag": ["a", "b", "a", None],
        "period": pd.to_datetime(["2025-01-01", "2025-01-01", "2025-02-01", "2025-02-01"], utc=True),
        "currency": "EUR",
        "messages": 1,
        "spend": [1.0, 2.0, 4.0, 8.0],
        "unpriced": 0,
    }
)
RECORDS = pd.DataFrame({"status": ["delivered"] * 6 + ["failed", "failed", "rejected", None]})
COMPARED = pd.DataFrame({"country": ["NA", "GB"], "currency": "EUR", "estimate": [1.0, 3.0], "actual": [2.0, 4.0]})
UNUSUAL = pd.DataFrame(
    {
        "period": pd.to_datetime(["2025-07-28", "2025-05-07"], utc=True),
        "country": ["NL", "ES"],
        "prefix": [None, "34612"],
        "messages": [54, 40],
        "usual": [20.0, 10.0],
    }
)
PLOTS: list[tuple[Callable[..., Any], pd.DataFrame]] = [
    (nx.plot_number_costs, COSTS),
    (nx.plot_prices, PRICES),
    (nx.plot_spend, SPEND),
    (nx.plot_estimate, COMPARED),
]


def ticks(axes: Any, side: str) -> list[str]:
    return [label.get_text() for label in getattr(axes, f"get_{side}ticklabels")()]


def test_number_costs_are_sorted_bars_with_their_spread() -> None:
    axes = nx.plot_number_costs(COSTS)
    assert ticks(axes, "y") == ["GB", "PT", "NA"]
    bars = {round(bar.get_y() + bar.get_height() / 2): bar.get_width() for bar in axes.patches}
    assert bars == {0: 0.8, 1: 1.3, 2: 9.9}
    assert (axes.get_title(), axes.get_xlabel()) == ("What a number costs a month", "EUR a month")
    assert axes.get_legend() is None


def test_types_have_bars_and_a_legend_of_their_own() -> None:
    both = pd.concat([COSTS.assign(type="landline"), COSTS.assign(type="mobile-lvn", monthly_low=0.1)])
    axes = nx.plot_number_costs(both)
    assert len(axes.patches) == 6
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["landline", "mobile-lvn"]


def test_too_many_countries_are_cut_and_said() -> None:
    many = pd.concat(
        [COSTS.assign(country=f"{n}", monthly_low=0.0, monthly_median=float(n), monthly_high=50.0) for n in range(40)]
    )
    axes = nx.plot_number_costs(many)
    assert len(ticks(axes, "y")) == 30
    assert "the 30 cheapest of 40" in axes.get_title()


def test_networks_are_named_where_there_is_one_country() -> None:
    axes = nx.plot_prices(PRICES)
    assert ticks(axes, "y") == ["MTC", "TN Mobile"]
    assert axes.collections[0].get_offsets().tolist() == [[0.06, 0], [0.07, 1]]
    assert axes.get_title() == "Price by network, Namibia"
    two = pd.concat([PRICES, PRICES.assign(country="GB", price=0.01)])
    assert ticks(nx.plot_prices(two), "y") == ["GB", "NA"]


def test_networks_without_a_name_share_a_line_and_the_dearest_are_cut_with_a_word() -> None:
    some = pd.concat([PRICES, PRICES.assign(network_name=pd.NA)]).drop(columns="country_name")
    axes = nx.plot_prices(some)
    assert sorted(ticks(axes, "y")) == ["MTC", "TN Mobile", "no name"]
    assert len(axes.collections[0].get_offsets()) == 4
    many = pd.concat([PRICES.head(1).assign(network_name=f"n{n}", price=n / 1000) for n in range(1, 36)])
    axes = nx.plot_prices(many)
    assert len(ticks(axes, "y")) == 30
    assert axes.get_title() == "Price by network, Namibia: the 30 cheapest of 35"


def test_small_prices_are_written_out() -> None:
    axes = nx.plot_prices(PRICES.assign(price=[0.00006, 0.00007]))
    assert axes.xaxis.get_offset_text().get_text() == ""
    assert "0.00006" in ticks(axes, "x")
    assert [text.get_text() for text in axes.texts] == [" 0.00006", " 0.00007"]


def test_numbers_themselves_are_taken_as_they_come(session: nx.Session) -> None:
    found = nx.search_numbers(["GB", "PT"], limit=20)
    axes = nx.plot_number_costs(found)
    assert set(ticks(axes, "y")) == {"GB", "PT"}
    assert [text.get_text() for text in axes.get_legend().get_texts()] == sorted(found.type.unique())
    owned = nx.plot_number_costs(nx.owned_numbers())
    assert [text.get_text() for text in owned.texts] == ["None of these numbers has a known cost."]
    assert nx.plot_number_costs(nx.idle_numbers(nx.owned_numbers(), [])).patches


def test_numbers_without_a_type_and_with_rounding_are_drawn() -> None:
    some = COSTS.assign(type=pd.array(["landline", None, None], dtype="string"), monthly_low=0.3, monthly_high=0.3)
    axes = nx.plot_number_costs(some.assign(monthly_median=0.1 + 0.2))
    assert len(axes.patches) == 3
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["landline", "no type"]


def test_hours_have_bars_with_names_and_every_group_its_place() -> None:
    hours = pd.to_datetime(["2025-01-01 00:00", "2025-01-01 01:00", "2025-01-01 03:00"], utc=True)
    axes = nx.plot_spend(SPEND.head(3).assign(period=hours, tag=["_a", "$b$", "c" * 60]))
    assert ticks(axes, "x") == ["00:00\n2025-01-01", "01:00", "02:00", "03:00"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "c" * 14 + "…" + "c" * 13, r"\$b\$", " _a",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "freq", "names"),
    [
        ("2025-12-30", "D", ["30\nDec 2025", "31", "01\nJan 2026"]),
        ("2025-12-22", "W-MON", ["22 Dec\n2025", "29 Dec", "05 Jan\n2026"]),
        ("2025-11-01", "MS", ["Nov\n2025", "Dec", "Jan\n2026"]),
        ("2025-07-01", "QS", ["Q3\n2025", "Q4", "Q1\n2026"]),
        ("2024-01-01", "YS", ["2024", "2025", "2026"]),
    ],
)
def test_periods_have_their_names_and_what_changes_with_them(start: str, freq: str, names: list[str]) -> None:
    periods = pd.date_range(start, periods=3, freq=freq, tz="Europe/Lisbon")
    axes = nx.plot_spend(SPEND.head(3).assign(period=periods))
    assert ticks(axes, "x") == names


def test_one_period_is_one_bar_with_its_name() -> None:
    axes = nx.plot_spend(SPEND.head(1))
    assert ticks(axes, "x") == ["from 2025-01-01"]
    assert len(axes.patches) == 1


def test_a_period_without_costs_has_its_place_and_one_in_part_a_star() -> None:
    axes = nx.plot_spend(SPEND.iloc[[0, 2]].assign(period=pd.to_datetime(["2025-01-01", "2025-01-03"], utc=True)))
    assert ticks(axes, "x") == ["01\nJan 2025", "02", "03"]
    axes = nx.plot_spend(SPEND.assign(partial=[True, True, False, False]))
    assert ticks(axes, "x") == ["Jan*\n2025", "Feb"]
    assert axes.get_xlabel() == "* only a part of the period"


def test_a_year_of_days_is_lines_that_add_up() -> None:
    days = pd.date_range("2025-01-01", periods=365, tz="UTC")
    year = pd.concat([SPEND.head(1).assign(period=day, tag=tag) for day in days for tag in "ab"])
    axes = nx.plot_spend(year)
    assert not axes.patches
    assert [line.get_ydata().sum() for line in axes.lines] == [365.0, 365.0]


def test_spend_is_stacked_and_what_has_no_group_is_shown() -> None:
    axes = nx.plot_spend(SPEND)
    tops = sorted(round(bar.get_y() + bar.get_height(), 6) for bar in axes.patches if bar.get_height())
    assert tops[-1] == 12.0
    assert sum(bar.get_height() for bar in axes.patches) == 15.0
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["none", "a", "b"]
    assert axes.get_ylabel() == "EUR"


def test_more_groups_than_colours_become_other_and_nothing_is_lost() -> None:
    many = pd.concat([SPEND.head(1).assign(tag=f"t{n}", spend=float(n)) for n in range(1, 13)])
    axes = nx.plot_spend(many)
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert len(names) == 8
    assert names[-1] == "other"
    assert sum(bar.get_height() for bar in axes.patches) == sum(range(1, 13))


def test_the_funnel_counts_every_part_once() -> None:
    axes = nx.plot_delivery(RECORDS)
    found = dict(zip(ticks(axes, "y"), [bar.get_width() for bar in axes.patches], strict=True))
    assert found == {
        "sent": 10,
        "not rejected": 9,
        "delivered": 6,
        "failed": 2,
        "rejected": 1,
        "no record yet": 1,
    }
    assert "6 (60.0%)" in [text.get_text() for text in axes.texts]


def test_estimate_and_actual_stand_side_by_side() -> None:
    axes = nx.plot_estimate(COMPARED)
    assert ticks(axes, "y") == ["GB", "NA"]
    assert [bar.get_width() for bar in axes.patches] == [3.0, 1.0, 4.0, 2.0]
    assert axes.get_xlabel() == "EUR"
    many = pd.concat([COMPARED.head(1).assign(country=f"a long name {n}", actual=float(n)) for n in range(40)])
    assert nx.plot_estimate(many).get_title() == "Estimate and actual cost, by country: the 30 dearest of 40"


@pytest.mark.parametrize(("plot", "table"), PLOTS)
def test_two_currencies_are_two_panels_and_never_one(
    pyplot: Any, plot: Callable[..., Any], table: pd.DataFrame
) -> None:
    both = pd.concat([table, table.assign(currency="USD")])
    panels = plot(both).figure.axes
    assert [bool("EUR" in panel.get_title()) for panel in panels] == [True, False]
    labels = [f"{panel.get_xlabel()}{panel.get_ylabel()}" for panel in panels]
    assert ["EUR" in label for label in labels] == ["USD" not in label for label in labels] == [True, False]
    with pytest.raises(nx.InvalidRequestError, match="allowed: 2, one a currency"):
        plot(both, ax=pyplot.subplots()[1])
    mine = pyplot.subplots(1, 2)[1]
    assert plot(both, ax=mine, title="Mine") is mine[0]
    assert [each.get_title() for each in mine] == ["Mine, EUR", "Mine, USD"]


def test_what_has_a_cost_and_no_currency_is_drawn_by_itself() -> None:
    some = pd.concat([PRICES, PRICES.assign(currency="USD"), PRICES.assign(currency=None)])
    assert len(nx.plot_prices(some).figure.axes) == 3
    assert len(nx.plot_prices(some.assign(price=some.price.where(some.currency.notna()))).figure.axes) == 2


@pytest.mark.parametrize(
    ("plot", "table", "sentence"),
    [
        (nx.plot_number_costs, COSTS, "There are no numbers to compare."),
        (nx.plot_prices, PRICES, "There are no prices to show."),
        (nx.plot_spend, SPEND, "Nothing was sent in this time."),
        (nx.plot_estimate, COMPARED, "There are no costs to compare."),
        (nx.plot_delivery, RECORDS, "There are no messages to show."),
        (nx.plot_anomalies, UNUSUAL, "Nothing leaves its own past."),
    ],
)
def test_nothing_to_show_is_said_and_a_row_alone_is_drawn(
    plot: Callable[..., Any], table: pd.DataFrame, sentence: str
) -> None:
    empty = plot(table.iloc[:0])
    assert [text.get_text() for text in empty.texts] == [sentence]
    one = plot(table.head(1))
    assert one.get_title()
    assert one.patches or one.collections


def test_what_leaves_its_past_stands_beside_what_is_usual_the_furthest_first() -> None:
    axes = nx.plot_anomalies(UNUSUAL)
    assert ticks(axes, "y") == ["2025-07-28 NL", "2025-05-07 ES 34612"]
    assert [bar.get_width() for bar in axes.patches] == [20.0, 10.0, 54.0, 40.0]
    assert ticks(nx.plot_anomalies(UNUSUAL, top=1), "y") == ["2025-07-28 NL"]
    hours = UNUSUAL.assign(period=UNUSUAL.period + pd.Timedelta("9h"))
    assert ticks(nx.plot_anomalies(hours), "y")[0] == "2025-07-28 09 h NL"


def test_costs_that_are_not_known_are_said() -> None:
    assert nx.plot_spend(SPEND.assign(spend=float("nan"))).texts[0].get_text() == "None of these costs is known yet."
    assert (
        nx.plot_prices(PRICES.assign(price=float("nan"))).texts[0].get_text() == "None of these networks has a price."
    )


@pytest.mark.parametrize(("plot", "table"), [*PLOTS, (nx.plot_delivery, RECORDS), (nx.plot_anomalies, UNUSUAL)])
def test_title_rows_and_values_are_the_callers(plot: Callable[..., Any], table: pd.DataFrame) -> None:
    axes = plot(table, title="What $ I say", values=False)
    assert axes.get_title() == r"What \$ I say"
    assert not axes.texts
    assert plot(table, values=True).texts
    for wrong in ({"title": 1}, {"top": 0}, {"values": "yes"}, {"ax": [1]}):
        with pytest.raises(nx.InvalidRequestError, match=next(iter(wrong))):
            plot(table, **wrong)


def test_only_as_many_rows_as_are_asked_for() -> None:
    assert ticks(nx.plot_number_costs(COSTS, top=2), "y") == ["GB", "PT"]
    assert ticks(nx.plot_prices(PRICES, top=1), "y") == ["MTC"]
    assert ticks(nx.plot_estimate(COMPARED, top=1), "y") == ["GB"]
    assert [text.get_text() for text in nx.plot_spend(SPEND, top=1).get_legend().get_texts()] == ["none", "other"]
    assert ticks(nx.plot_delivery(RECORDS, top=1), "y")[3:] == ["failed", "other (2)"]
    many = pd.concat([COSTS.head(1).assign(country=f"{n}") for n in range(70)])
    assert len(ticks(nx.plot_number_costs(many, top=60), "y")) == 60


@pytest.mark.parametrize(("plot", "table"), [*PLOTS, (nx.plot_delivery, RECORDS)])
def test_it_draws_where_it_is_told_and_refuses_what_does_not_fit(
    pyplot: Any, plot: Callable[..., Any], table: pd.DataFrame
) -> None:
    mine = pyplot.subplots()[1]
    assert plot(table, ax=mine) is mine
    with pytest.raises(nx.InvalidRequestError, match="a frame with"):
        plot(table[["country"]] if "country" in table else pd.Series([1]).to_frame("x"))


def test_phone_numbers_in_labels_are_masked() -> None:
    nx.set_options(mask=True)
    axes = nx.plot_spend(SPEND.assign(tag=["447700900123", "447700900124", "447700900123", "447700900123"]))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["•••••••••123", "•••••••••124"]


def test_without_matplotlib_the_line_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(nx.InvalidRequestError, match=r"pip install 'nexmo_nb\[plot\]'"):
        nx.plot_prices(PRICES)


def test_a_group_called_other_takes_in_the_rest() -> None:
    names = ["other", *(f"t{n}" for n in range(9))]
    spend = pd.DataFrame({"period": SPEND.period[0], "spend": [20.0, *range(1, 10)]})
    table = sum_by_period(spend, pd.Series(names))
    assert list(table.columns) == ["other", "t8", "t7", "t6", "t5", "t4", "t3"]
    assert table["other"].tolist() == [20.0 + 1 + 2 + 3]


def test_money_may_stand_among_objects() -> None:
    spend = pd.DataFrame({"period": [*SPEND.period], "spend": pd.Series([1.0, 2, None, 8.0], dtype=object)})
    table = sum_by_period(spend, pd.Series(["a", "b", "a", "b"]))
    assert table.dtypes.eq("float64").all()
    assert table.to_dict("list") == {"b": [2.0, 8.0], "a": [1.0, 0.0]}


def test_names_are_wrapped_cut_in_their_middle_and_stay_apart() -> None:
    assert cut_middle("abcdefgh", 8) == "abcdefgh"
    assert cut_middle("abcdefghi", 8) == "abcd…ghi"
    assert make_labels(["one two three", "x" * 20], 8, 2) == ["one two\nthree", "xxxxxxxx\n…xxxxxxx"]
    assert make_labels(["a" * 30 + "1" + "a" * 30, "a" * 30 + "2" + "a" * 30, None], 10) == [
        "aaaaa…aaaa", "aaaaa…aaaa (2)", "None",
    ]  # fmt: skip


def test_amounts_have_commas_and_no_more_decimals_than_they_need() -> None:
    assert [format_amount(x) for x in (1234567.0, 0.1 + 0.2, -0.0, 6e-5)] == ["1,234,567", "0.3", "0", "0.00006"]
    assert [format_value(x) for x in (277190.4, 0.042291, 0.0, -0.5)] == ["277,190.40", "0.04229", "0", "-0.5"]


def test_the_length_of_periods_is_told_by_their_beginnings() -> None:
    for freq, step in (("h", "h"), ("D", "D"), ("W", "W"), ("MS", "M"), ("QS", "Q"), ("YS", "Y")):
        assert find_step(pd.date_range("2025-01-01", periods=4, freq=freq)) == step
    assert find_step(pd.DatetimeIndex(["2025-01-01"])) == "D"


def test_axes_of_the_callers_own_have_as_many_groups_as_fit(pyplot: Any) -> None:
    many = pd.concat([SPEND.head(1).assign(tag=f"t{n}") for n in range(9)])
    for height, shown in ((4, 8), (1.2, 3)):
        axes = nx.plot_spend(many, ax=pyplot.subplots(figsize=(6, height), layout="constrained")[1])
        assert len(axes.get_legend().get_texts()) == shown
