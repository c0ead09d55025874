"""Plots of costs and deliveries, each on one Axes of matplotlib, which is imported with the first plot.

The colours are those of Okabe and Ito, which colour-blind people can tell apart: https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.masking import mask_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, RED, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7"
SKY, YELLOW, GREY = "#56B4E9", "#F0E442", "#999999"
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW)
MOST_ROWS = 30
MOST_GROUPS = 7
MOST_BARS_WITH_GAPS = 60
LONGEST_LABEL = 40
CHARACTERS_BESIDE = 120
"""Characters of labels that fit beside each other; longer ones are turned."""
OTHER = "other"
NO_RECORD = "no record yet"


def plot_number_costs(costs: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what numbers cost a month by country: a bar to the median, and a line from the lowest to the highest.

    Parameters
    ----------
    costs : DataFrame
        Of `number_costs` by country, or by country and type.
    ax : Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The cheapest on top; at most thirty countries.

    Raises
    ------
    InvalidRequestError
        If a column is missing, there are several currencies, or matplotlib is not installed.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> costs = nx.number_costs(nx.search_numbers(["GB", "PT"], limit=20), by="country")
    >>> nx.plot_number_costs(costs).get_xlabel()
    'EUR a month'
    """
    currency = _check_currency(costs, "country", "currency", "monthly_low", "monthly_median", "monthly_high")
    ranked = costs.groupby("country", sort=False)["monthly_median"].min().sort_values()
    countries = [str(country) for country in ranked.index[:MOST_ROWS]]
    types = _get_column_text(costs, "type", "no type")
    kinds = sorted(types.unique())
    title = _build_title("What a number costs a month", len(countries), len(ranked), "cheapest", " countries")
    height = 2.0 + 0.28 * len(countries) * max(1, len(kinds)) ** 0.5
    axes = _prepare_axes(ax, height, title, countries, xlabel=f"{currency} a month".strip())
    if not countries:
        return axes
    thickness = 0.8 / len(kinds)
    for n, kind in enumerate(kinds):
        rows = costs[(types == kind) & costs["country"].isin(countries)].drop_duplicates("country")
        offset = (n - (len(kinds) - 1) / 2) * thickness
        places = [countries.index(str(country)) + offset for country in rows["country"]]
        low, median, high = (rows[f"monthly_{name}"].to_numpy() for name in ("low", "median", "high"))
        # Rounding may put the median of equal numbers a last digit above or below them.
        spread = [(median - low).clip(0), (high - median).clip(0)]
        axes.barh(places, median, thickness * 0.9, color=COLOURS[n % len(COLOURS)], label=kind or None)
        axes.errorbar(median, places, xerr=spread, fmt="none", ecolor="#333333", elinewidth=1, capsize=2)
    _label_rows(axes, countries)
    axes.set_xlim(left=0)
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    if len(kinds) > 1:
        _add_legend_beside(axes, "type")
    return axes


def plot_prices(prices: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a price list: a dot for each network on its country's row, or on a row of its own for a single country.

    Parameters
    ----------
    prices : DataFrame
        Of `prices`.
    ax : Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The cheapest on top; at most thirty countries.

    Raises
    ------
    InvalidRequestError
        If a column is missing, there are several currencies, or matplotlib is not installed.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.plot_prices(nx.prices("FR")).get_title()
    'Price by network, France'
    """
    currency = _check_currency(prices, "country", "network_name", "price", "currency")
    rows = prices[prices["price"].notna()]
    is_one_country = rows["country"].nunique() == 1
    names = _get_column_text(rows, "network_name" if is_one_country else "country", "no name")
    ranked = rows["price"].groupby(names, sort=False).median().sort_values(kind="stable")
    lines = list(ranked.index[:MOST_ROWS])
    title = "Price by country and network"
    if is_one_country:
        title = f"Price by network, {rows['country_name' if 'country_name' in rows else 'country'].iloc[0]}"
    title = _build_title(title, len(lines), len(ranked), "cheapest")
    axes = _prepare_axes(ax, 1.6 + 0.3 * len(lines), title, lines, xlabel=f"{currency} a part or a minute".strip())
    if not lines:
        return axes
    is_shown = names.isin(lines)
    shown_prices = rows["price"][is_shown]
    axes.scatter(shown_prices, [lines.index(name) for name in names[is_shown]], s=42, color=BLUE, alpha=0.8, zorder=3)
    _label_rows(axes, lines)
    axes.set_xlim(0, 1.06 * shown_prices.max() or 1)
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    axes.grid(axis="y", color="#dddddd", zorder=0)
    return axes


def plot_spend(spend: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what was spent over time as stacked bars.

    Parameters
    ----------
    spend : DataFrame
        Of `spend` with `freq`, and by one column or none.
    ax : Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The seven largest groups; the rest is "other".

    Raises
    ------
    InvalidRequestError
        If a column is missing, there are several currencies, or matplotlib is not installed.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.plot_spend(nx.spend(nx.records(), by="country", freq="D")).get_ylabel()
    'EUR'
    """
    currency = _check_currency(spend, "period", "spend", "currency")
    own = ("period", "spend", "currency", "messages", "parts", "unpriced", "partial")
    column = _find_group_column(spend, "spend", "spend()", own)
    words = column.replace("_", " ")
    title = "Spent over time" + (f", by {words}" if column else "")
    axes = _prepare_axes(ax, 4.0, title, spend, ylabel=currency)
    if spend.empty:
        return axes
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    table = sum_by_period(spend, _get_column_text(spend, column, "none"))
    width = get_bar_width(table.index)
    bottom = pd.Series(0.0, index=table.index)
    for n, name in enumerate(table.columns):
        colour = GREY if name == OTHER else COLOURS[n % len(COLOURS)]
        axes.bar(table.index, table[name], width, bottom, color=colour, label=_format_label(name), align="edge")
        bottom += table[name]
    locator = AutoDateLocator(maxticks=13)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.ticklabel_format(axis="y", style="plain", useOffset=False)
    if column and len(table.columns) > 1:
        _add_legend_beside(axes, words)
    return axes


def plot_delivery(records: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many parts were sent, not rejected and delivered, and what became of the others.

    Parameters
    ----------
    records : DataFrame
        Of `records`, or of `delivery`.
    ax : Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Three bars for the stages, and a bar for each other status.

    Raises
    ------
    InvalidRequestError
        If a column is missing, or matplotlib is not installed.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.plot_delivery(nx.records()).get_title()
    'What became of 1 part'
    """
    _check_columns(records)
    name = "delivery" if "delivery" in records else "status"
    _check_columns(records, name)
    counts = _get_column_text(records, name, NO_RECORD).str.lower().value_counts()
    total, rejected, delivered = (int(n) for n in (counts.sum(), counts.get("rejected", 0), counts.get("delivered", 0)))
    title = f"What became of {total:,} part{'s' if total != 1 else ''}"
    axes = _prepare_axes(ax, 2.2 + 0.35 * len(counts), title, counts, xlabel="parts")
    if counts.empty:
        return axes
    bars = [("sent", total, SKY), ("not rejected", total - rejected, BLUE), ("delivered", delivered, GREEN)]
    for status, count in counts.drop("delivered", errors="ignore").items():
        bars.append((str(status), int(count), GREY if status == NO_RECORD else RED))
    for place, (_, count, colour) in enumerate(bars):
        axes.barh(place, count, 0.75, color=colour)
        axes.text(count, place, f"  {count:,} ({count / total:.1%})", va="center")
    _label_rows(axes, [label for label, *_ in bars])
    axes.set_xlim(0, total * 1.25)
    axes.locator_params(axis="x", integer=True)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    return axes


def plot_estimate(comparison: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw estimated costs beside what was charged in the end.

    Parameters
    ----------
    comparison : DataFrame
        Of `estimate_vs_actual`, by one column or none.
    ax : Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Two bars a group.

    Raises
    ------
    InvalidRequestError
        If a column is missing, there are several currencies, or matplotlib is not installed.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+44 7700 900000"], "Hello", sender="Demo")
    >>> outcome = nx.send_many(plan, batch="hello", progress=False)
    >>> nx.plot_estimate(nx.estimate_vs_actual(nx.delivery("hello"))).get_ylabel()
    'EUR'
    """
    currency = _check_currency(comparison, "estimate", "actual", "currency")
    own = ("currency", "messages", "parts", "estimate", "actual", "difference", "open")
    column = _find_group_column(comparison, "comparison", "estimate_vs_actual()", own)
    rows = comparison.sort_values("actual", ascending=False).head(MOST_ROWS)
    title = "Estimate and actual cost" + (f", by {column.replace('_', ' ')}" if column else "")
    title = _build_title(title, len(rows), len(comparison), "dearest")
    axes = _prepare_axes(ax, 4.0, title, rows, ylabel=currency)
    if rows.empty:
        return axes
    places = range(len(rows))
    axes.bar([place - 0.2 for place in places], rows["estimate"], 0.38, color=SKY, label="estimate")
    axes.bar([place + 0.2 for place in places], rows["actual"], 0.38, color=BLUE, label="actual")
    names = _get_column_text(rows, column, "none") if column else ["all"] * len(rows)
    labels = [_format_label(name) for name in names]
    fits = len(labels) * (2 + max(map(len, labels))) <= CHARACTERS_BESIDE
    axes.set_xticks(list(places), labels, rotation=0 if fits else 90)
    axes.ticklabel_format(axis="y", style="plain", useOffset=False)
    axes.legend(frameon=False)
    return axes


def _check_columns(table: Any, *needed: str) -> None:
    text = ("country", "currency", "network_name", "status", "delivery", "period")
    numbers, times = set(needed) - set(text), {"period"} & set(needed)
    words = [name for name in table.columns if name not in numbers] if isinstance(table, pd.DataFrame) else ()
    validation.check_frame(table, *needed, numbers=numbers, times=times, words=words)


def _check_currency(table: Any, *needed: str) -> str:
    """Check that a frame has some columns and one currency, and return the currency."""
    _check_columns(table, *needed)
    currencies = sorted(map(str, table["currency"].dropna().unique()))
    if len(currencies) > 1:
        advice = "Choose one: frame[frame.currency == …]; they are never added."
        raise validation.invalid_argument("frame", ", ".join(currencies), "one currency", advice)
    return currencies[0] if currencies else ""


def _find_group_column(table: pd.DataFrame, argument: str, function: str, own: tuple[str, ...]) -> str:
    """Return the column by which a function grouped a frame: the one that is not its own; "" where there is none."""
    columns = [str(name) for name in table.columns if name not in own]
    if len(columns) > 1:
        allowed = f"a frame of {function} by one column or none"
        raise validation.invalid_argument(argument, ", ".join(columns), allowed)
    return columns[0] if columns else ""


def _get_column_text(table: pd.DataFrame, column: str, missing: str) -> pd.Series[str]:
    """Return the text of a column, with a word for missing values; empty texts where there is no such column."""
    return table[column].astype("string").fillna(missing) if column in table else pd.Series("", index=table.index)


def _build_title(title: str, shown: int, total: int, kind: str, things: str = "") -> str:
    """Return a title that says so if not all rows are shown."""
    return title if shown == total else f"{title}: the {shown} {kind} of {total}{things}"


def sum_by_period(spend: pd.DataFrame, names: pd.Series[str]) -> pd.DataFrame:
    """Return a row a period and a column a group: the largest first, and the sum of the others."""
    ranked = spend["spend"].groupby(names).sum().sort_values(ascending=False).index
    largest = list(ranked[:MOST_GROUPS])
    groups = names.where(names.isin(largest), OTHER)
    # Numbers that stand among objects would stay objects, which pandas before 3 fills with a warning only.
    amounts = spend.assign(group=groups, spend=pd.to_numeric(spend["spend"]))
    table = amounts.pivot_table(index="period", columns="group", values="spend", aggfunc="sum")
    others = [OTHER] if len(ranked) > MOST_GROUPS and OTHER not in largest else []
    return table.reindex(columns=[*largest, *others]).fillna(0.0)


def get_bar_width(periods: pd.Index) -> float:
    """Return the width of bars in days: the shortest period, with gaps unless there are very many bars."""
    step = periods.to_series().diff().min()
    days = step / pd.Timedelta(days=1) if pd.notna(step) else 1.0
    return float(days if len(periods) > MOST_BARS_WITH_GAPS else 0.85 * days)


def _prepare_axes(ax: Axes | None, height: float, title: str, rows: Any, *, xlabel: str = "", ylabel: str = "") -> Axes:
    """Return the Axes to draw on, with title and labels; without rows they say that there is nothing to show."""
    try:
        from matplotlib import axes as matplotlib_axes
        from matplotlib import pyplot
    except ImportError:
        raise InvalidRequestError("matplotlib is not installed: pip install 'nexmo_nb[plot]'") from None
    if ax is not None and not isinstance(ax, matplotlib_axes.Axes):
        raise validation.invalid_argument("ax", ax, "Axes of matplotlib")
    axes = pyplot.subplots(figsize=(8.0, min(height, 12.0)), layout="constrained")[1] if ax is None else ax
    axes.spines[["top", "right"]].set_visible(False)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    if not len(rows):
        axes.text(0.5, 0.5, "nothing to show", transform=axes.transAxes, ha="center", va="center")
        axes.set(xticks=[], yticks=[])
    return axes


def _format_label(value: Any) -> str:
    """Return a name as matplotlib shows it literally, shortened, and with phone numbers masked if that is set."""
    text = mask_numbers(str(value))
    text = text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
    # matplotlib leaves labels that begin with an underscore out of legends, and reads text in dollars as a formula.
    return (f" {text}" if text.startswith("_") else text).replace("$", r"\$")


def _label_rows(axes: Axes, names: list[str]) -> None:
    """Label the rows from the top down."""
    axes.set_yticks(range(len(names)), [_format_label(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)


def _add_legend_beside(axes: Axes, title: str) -> None:
    axes.legend(title=title, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
