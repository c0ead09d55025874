"""What was spent over time: stacked bars, or lines where there are many periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from nexmo_nb.arrow_frames import AnyFrame
from nexmo_nb.plots.fitting import Drawing, Value, finish, show_numbers
from nexmo_nb.plots.labels import LINE_LENGTH, find_step, format_value, make_labels, name_periods, write_ticks
from nexmo_nb.plots.panels import (
    COLOURS,
    GREY,
    OTHER,
    Options,
    Panel,
    add_currency,
    check_columns,
    check_options,
    find_group_column,
    get_figure,
    get_text,
    open_panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_GROUPS = len(COLOURS)
MOST_BARS = 60
_OWN = ("period", "spend", "messages", "parts", "unpriced", "partial")
_GAPS = {"h": pd.Timedelta(hours=1), "D": pd.Timedelta(days=1), "W": pd.Timedelta(days=7)}
_IN_PART = "* only a part of the period"


def plot_spend(
    spend: AnyFrame,
    *,
    title: str | None = None,
    top: int | None = None,
    values: bool | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> Axes:
    """Draw what was spent over time: stacked bars, and lines where there are more than sixty periods.

    Parameters
    ----------
    spend : DataFrame
        Of `spend` with `freq`, and by one column or none.
    title : str, optional
        Default: what is drawn.
    top : int, optional
        At most so many groups, the largest, 1 to 7, for more colours nobody tells apart; the rest is "other". Default:
        7.
    values : bool, optional
        Whether the sum is written above each bar. Default: where there are at most fifteen bars, and it fits.
    ax : Axes or sequence of Axes, optional
        Where to draw; of several currencies, one Axes each. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        A bar a period, with its name; periods without costs in between are there as well, and a star marks those that
        the records cover in part only. Two currencies are two panels: the first is returned, ``.figure.axes`` has all.

    Raises
    ------
    InvalidRequestError
        If a column is missing, an argument is wrong, or matplotlib is not installed.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.plot_spend(nx.spend(nx.records(), by="country", freq="D")).get_ylabel()
    'EUR'
    """
    options = check_options(title, top, values, usual=MOST_GROUPS, most=MOST_GROUPS)
    spend = check_columns(spend, "period", "spend", "currency")
    column = find_group_column(spend, "spend", "spend()", _OWN)
    panels = open_panels(spend, "spend", options, ax, lambda _: 4.2)
    return finish([_draw(panel, panels, column, options) for panel in panels])


def sum_by_period(spend: pd.DataFrame, names: pd.Series[str], most: int = MOST_GROUPS) -> pd.DataFrame:
    """Return a row a period and a column a group: the largest first, and the sum of the others.

    The rows are in the time of the clock, without gaps where the periods are regular.
    """
    ranked = spend["spend"].groupby(names).sum().sort_values(ascending=False).index
    largest = list(ranked[:most])
    groups = names.where(names.isin(largest), OTHER)
    # Numbers that stand among objects would stay objects, which pandas before 3 fills with a warning only.
    amounts = spend.assign(group=groups, spend=pd.to_numeric(spend["spend"]))
    table = amounts.pivot_table(index="period", columns="group", values="spend", aggfunc="sum")
    others = [OTHER] if len(ranked) > most and OTHER not in largest else []
    table = table.reindex(columns=[*largest, *others]).fillna(0.0)
    table.index = pd.DatetimeIndex(table.index).tz_localize(None)
    return _fill_gaps(table.groupby(level=0).sum())


def _fill_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """Add the periods in which nothing was spent; those that are regular in no way stay as they are."""
    periods = pd.DatetimeIndex(table.index)
    months = {"M": 1, "Q": 3, "Y": 12}.get(step := find_step(periods))
    gap = pd.DateOffset(months=months) if months else _GAPS[step]
    whole = pd.date_range(periods.min(), periods.max(), freq=gap)
    is_regular = table.index.isin(whole).all() and len(whole) <= 20 * len(table)
    return table.reindex(whole, fill_value=0.0) if is_regular else table


def _draw(panel: Panel, panels: list[Panel], column: str, options: Options) -> Drawing:
    axes, words = panel.axes, column.replace("_", " ")
    title = "Spent over time" + (f", by {words}" if column else "")
    panel.set_title(add_currency(title, panels, panel))
    axes.set_ylabel(panel.currency)
    rows = panel.rows[panel.rows["period"].notna() & panel.rows["spend"].notna()]
    if rows.empty:
        panel.say("Nothing was sent in this time." if panel.rows.empty else "None of these costs is known yet.")
        return Drawing(axes)
    most = options.top if panel.is_new else min(options.top, max(2, panel.room // 2))
    table = sum_by_period(rows, get_text(rows, column, "none"), most)
    labels = make_labels(table.columns, LINE_LENGTH - 6)
    colours = [GREY if name == OTHER else COLOURS[n % len(COLOURS)] for n, name in enumerate(table.columns)]
    legend = words if column and len(table.columns) > 1 else None
    show_numbers(axes, "y")
    if len(table) > MOST_BARS:
        return _draw_lines(axes, table, labels, colours, legend)
    bottom = pd.Series(0.0, index=table.index)
    for name, label, colour in zip(table.columns, labels, colours, strict=True):
        axes.bar(range(len(table)), table[name], 0.85, bottom, color=colour, label=label)
        bottom += table[name]
    axes.set_xlim(-0.6, max(len(table) - 0.4, 1.6) if len(table) > 1 else 0.6)
    if len(table) == 1:
        axes.set_xlim(-1.5, 1.5)
    written = [Value(place, total, format_value(total)) for place, total in enumerate(bottom)]
    named = _name_bars(axes, rows, table.index)
    axes.set_xticks([0], write_ticks(named[:1]))  # as high as all of them will be
    return Drawing(axes, is_wide=False, values=written, must=options.values, legend=legend, periods=named)


def _name_bars(axes: Axes, rows: pd.DataFrame, periods: Any) -> list[tuple[str, str]]:
    """Name the bars, with a star at those of periods that the rows cover in part only."""
    named = name_periods(periods, find_step(periods))
    if "partial" not in rows or not rows["partial"].any():
        return named
    in_part = set(rows["period"][rows["partial"].astype(bool)].dt.tz_localize(None))
    axes.set_xlabel(_IN_PART)
    return [(f"{name}*" if at in in_part else name, rest) for at, (name, rest) in zip(periods, named, strict=True)]


def _draw_lines(axes: Axes, table: pd.DataFrame, labels: list[str], colours: list[str], legend: str | None) -> Drawing:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    for name, label, colour in zip(table.columns, labels, colours, strict=True):
        axes.plot(table.index, table[name], color=colour, label=label, linewidth=1.3)
    if len(labels) == 1:
        axes.fill_between(table.index, table[table.columns[0]], color=colours[0], alpha=0.15, linewidth=0)
    axes.set_xlim(table.index[0], table.index[-1])
    axes.set_ylim(bottom=min(0.0, float(table.min().min())))
    most = max(3, min(12, int(get_figure(axes).get_figwidth() * 1.2)))
    locator = AutoDateLocator(maxticks=most)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    return Drawing(axes, is_wide=False, legend=legend)
