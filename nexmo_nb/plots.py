"""Pictures of costs and deliveries, each on one Axes of matplotlib, which is loaded when the first is drawn.

Colours are those of Okabe and Ito, which people who do not see all colours can tell apart:
https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.options import mask_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_delivery", "plot_estimate", "plot_number_costs", "plot_prices", "plot_spend"]

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#999999",
)
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW)
MOST_COUNTRIES = 30
MOST_GROUPS = 7
LONGEST_LABEL = 40


def plot_number_costs(costs: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what numbers cost a month by country: the median as a bar, the lowest and the highest as its line.

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
        If a column is missing, there are several currencies, or matplotlib is.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> costs = nx.number_costs(nx.search_numbers(["GB", "PT"], limit=20), by="country")
    >>> nx.plot_number_costs(costs).get_xlabel()
    'EUR a month'
    """
    currency = _fits(costs, "country", "currency", "monthly_low", "monthly_median", "monthly_high")
    ranked = costs.groupby("country", sort=False)["monthly_median"].min().sort_values()
    kept = [str(country) for country in ranked.index[:MOST_COUNTRIES]]
    types = costs["type"].astype("string").fillna("no type") if "type" in costs else None
    kinds = [None] if types is None else sorted(types.unique())
    axes = _axes(ax, 2.0 + 0.28 * len(kept) * max(1, len(kinds)) ** 0.5)
    title = "What a number costs a month"
    axes.set_title(
        title if len(ranked) <= len(kept) else f"{title}: the {len(kept)} cheapest of {len(ranked)} countries"
    )
    axes.set_xlabel(f"{currency} a month".strip())
    if _nothing(axes, kept):
        return axes
    height = 0.8 / max(1, len(kinds))
    for n, kind in enumerate(kinds):
        part = costs if types is None else costs[types == kind]
        rows = part[part["country"].isin(kept)].drop_duplicates("country")
        places = [kept.index(str(country)) + (n - (len(kinds) - 1) / 2) * height for country in rows["country"]]
        low, median, high = (rows[f"monthly_{name}"].to_numpy() for name in ("low", "median", "high"))
        axes.barh(places, median, height * 0.9, color=COLOURS[n % len(COLOURS)], label=kind)
        # A median of sums of binary fractions may lie a last digit outside.
        spread = [(median - low).clip(0), (high - median).clip(0)]
        axes.errorbar(median, places, xerr=spread, fmt="none", ecolor="#333333", elinewidth=1, capsize=2)
    _rows(axes, kept)
    axes.set_xlim(left=0)
    _plain(axes, "x")
    if len(kinds) > 1:
        _legend_beside(axes, "type")
    return axes


def plot_prices(prices: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a price list: each network a dot on its country's line, named where there is one country.

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
        If a column is missing, there are several currencies, or matplotlib is.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.plot_prices(nx.prices("FR")).get_title()
    'Price by network, France'
    """
    currency = _fits(prices, "country", "network_name", "price", "currency")
    known = prices[prices["price"].notna()]
    alone = known["country"].nunique() == 1
    names = known["network_name" if alone else "country"].astype("string").fillna("no name")
    lines = known["price"].groupby(names, sort=False).median().sort_values(kind="stable")
    kept = list(lines.index[:MOST_COUNTRIES])
    axes = _axes(ax, 1.6 + 0.3 * len(kept))
    country = known["country_name" if "country_name" in known else "country"]
    title = f"Price by network, {country.iloc[0]}" if alone else "Price by country and network"
    axes.set_title(title if len(lines) <= len(kept) else f"{title}: the {len(kept)} cheapest of {len(lines)}")
    axes.set_xlabel(f"{currency} a part or a minute".strip())
    if _nothing(axes, kept):
        return axes
    shown = names.isin(kept)
    places = [kept.index(name) for name in names[shown]]
    axes.scatter(known["price"][shown], places, s=42, color=BLUE, alpha=0.8, zorder=3)
    _rows(axes, kept)
    axes.set_xlim(0, 1.06 * known["price"][shown].max() or 1)
    _plain(axes, "x")
    axes.grid(axis="y", color="#dddddd", zorder=0)
    return axes


def plot_spend(spend: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what was spent over time, the groups on top of each other.

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
        If a column is missing, there are several currencies, or matplotlib is.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.plot_spend(nx.spend(nx.records(), by="country", freq="D")).get_ylabel()
    'EUR'
    """
    currency = _fits(spend, "period", "spend", "currency")
    further = [name for name in spend.columns if name not in ("period", "spend", "currency", "messages", "unpriced")]
    if len(further) > 1:
        raise validation.invalid_argument("spend", ", ".join(further), "a frame of spend() by one column or none")
    axes = _axes(ax, 4.0)
    axes.set_title(f"Spent over time, by {further[0].replace('_', ' ')}" if further else "Spent over time")
    axes.set_ylabel(currency)
    if _nothing(axes, spend):
        return axes
    names = spend[further[0]].astype("string").fillna("none") if further else pd.Series("", index=spend.index)
    largest = spend["spend"].groupby(names).sum().sort_values(ascending=False).index[:MOST_GROUPS]
    groups = names.where(names.isin(largest), "other")
    table = spend.assign(group=groups).pivot_table(index="period", columns="group", values="spend", aggfunc="sum")
    table = table.reindex(columns=[*largest, *({"other"} & set(groups) - set(largest))]).fillna(0.0)
    step = table.index.to_series().diff().min()
    # Gaps between very many bars would only flicker.
    width = (0.85 if len(table) <= 60 else 1.0) * (step / pd.Timedelta(days=1) if pd.notna(step) else 1)
    bottom = pd.Series(0.0, index=table.index)
    for n, name in enumerate(table.columns):
        colour = GREY if name == "other" else COLOURS[n % len(COLOURS)]
        axes.bar(table.index, table[name], width, bottom, color=colour, label=_label(name), align="edge")
        bottom += table[name]
    _dates(axes)
    _plain(axes, "y")
    if further and len(table.columns) > 1:
        _legend_beside(axes, further[0].replace("_", " "))
    return axes


def plot_delivery(records: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many parts were sent, taken by the network and delivered, and what became of the others.

    Parameters
    ----------
    records : DataFrame
        Of `records`, or of `delivery`.
    ax : Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        A funnel of three bars, and a bar for each other fate.

    Raises
    ------
    InvalidRequestError
        If a column is missing, or matplotlib is.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.plot_delivery(nx.records()).get_title()
    'What became of 1 part'
    """
    _columns(records)
    name = "delivery" if "delivery" in records else "status"
    _columns(records, name)
    fates = records[name].astype("string").str.lower().fillna("no record yet").value_counts()
    total, refused = int(fates.sum()), int(fates.get("rejected", 0))
    axes = _axes(ax, 2.2 + 0.35 * len(fates))
    axes.set_title(f"What became of {total:,} part{'s' if total != 1 else ''}")
    axes.set_xlabel("parts")
    if _nothing(axes, fates):
        return axes
    stages = [
        ("sent", total, SKY),
        ("not rejected", total - refused, BLUE),
        ("delivered", int(fates.get("delivered", 0)), GREEN),
    ]
    others = [
        (str(fate), int(count), GREY if fate == "no record yet" else RED)
        for fate, count in fates.items()
        if fate != "delivered"
    ]
    for place, (_, count, colour) in enumerate(stages + others):
        axes.barh(place, count, 0.75, color=colour)
        axes.text(count, place, f"  {count:,} ({count / total:.1%})", va="center")
    _rows(axes, [label for label, *_ in stages + others])
    axes.set_xlim(0, total * 1.25)
    axes.locator_params(axis="x", integer=True)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    return axes


def plot_estimate(comparison: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the estimate beside what was charged in the end.

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
        If a column is missing, there are several currencies, or matplotlib is.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+44 7700 900000"], "Hello", sender="Demo")
    >>> outcome = nx.send_many(plan, batch="hello", progress=False)
    >>> nx.plot_estimate(nx.estimate_vs_actual(nx.delivery("hello"))).get_ylabel()
    'EUR'
    """
    currency = _fits(comparison, "estimate", "actual", "currency")
    known = ("currency", "messages", "estimate", "actual", "difference", "open")
    further = [name for name in comparison.columns if name not in known]
    if len(further) > 1:
        raise validation.invalid_argument(
            "comparison", ", ".join(further), "a frame of estimate_vs_actual() by one column or none"
        )
    axes = _axes(ax, 4.0)
    rows = comparison.sort_values("actual", ascending=False).head(MOST_COUNTRIES)
    title = f"Estimate and actual cost, by {further[0].replace('_', ' ')}" if further else "Estimate and actual cost"
    axes.set_title(title if len(rows) == len(comparison) else f"{title}: the {len(rows)} dearest of {len(comparison)}")
    axes.set_ylabel(currency)
    if _nothing(axes, comparison):
        return axes
    places = range(len(rows))
    axes.bar([place - 0.2 for place in places], rows["estimate"], 0.38, color=SKY, label="estimate")
    axes.bar([place + 0.2 for place in places], rows["actual"], 0.38, color=BLUE, label="actual")
    named = rows[further[0]].astype("string").fillna("none") if further else ["all"] * len(rows)
    labels = [_label(value) for value in named]
    # So many characters fit side by side.
    axes.set_xticks(list(places), labels, rotation=0 if len(labels) * (2 + max(map(len, labels))) <= 120 else 90)
    _plain(axes, "y")
    axes.legend(frameon=False)
    return axes


def _columns(table: Any, *needed: str) -> None:
    text = ("country", "currency", "network_name", "status", "delivery", "period")
    numbers, times = set(needed) - set(text), {"period"} & set(needed)
    further = [name for name in table.columns if name not in numbers] if isinstance(table, pd.DataFrame) else ()
    validation.check_frame(table, *needed, numbers=numbers, times=times, words=further)


def _fits(table: Any, *needed: str) -> str:
    """Give the one currency of a frame that has what is needed."""
    _columns(table, *needed)
    found = sorted(map(str, table["currency"].dropna().unique()))
    if len(found) > 1:
        raise validation.invalid_argument(
            "frame", ", ".join(found), "one currency", "Choose one: frame[frame.currency == …]; they are never added."
        )
    return found[0] if found else ""


def _axes(ax: Axes | None, height: float) -> Axes:
    """Give the axes to draw on, plain and without a box."""
    try:
        from matplotlib import axes as matplotlib_axes
        from matplotlib import pyplot
    except ImportError:
        raise InvalidRequestError("matplotlib is not installed: pip install 'nexmo_nb[plot]'") from None
    if ax is not None and not isinstance(ax, matplotlib_axes.Axes):
        raise validation.invalid_argument("ax", ax, "Axes of matplotlib")
    axes = pyplot.subplots(figsize=(8.0, min(height, 12.0)), layout="constrained")[1] if ax is None else ax
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _nothing(axes: Axes, rows: Any) -> bool:
    """Say so where there is nothing to show."""
    if len(rows):
        return False
    axes.text(0.5, 0.5, "nothing to show", transform=axes.transAxes, ha="center", va="center")
    axes.set_xticks([])
    axes.set_yticks([])
    return True


def _label(value: Any) -> str:
    """Show a name as it is written: not too long, without phone numbers, and neither hidden nor set as a formula."""
    text = mask_numbers(str(value))
    text = text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
    # matplotlib leaves what begins with an underscore out of legends, and sets what stands between dollars.
    return (f" {text}" if text.startswith("_") else text).replace("$", r"\$")


def _rows(axes: Axes, names: list[str]) -> None:
    """Name the lines from the top down."""
    axes.set_yticks(range(len(names)), [_label(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)


def _plain(axes: Axes, axis: Literal["x", "y"]) -> None:
    """Write numbers out, without a power of ten or an offset in a corner."""
    axes.ticklabel_format(axis=axis, style="plain", useOffset=False)


def _legend_beside(axes: Axes, title: str) -> None:
    axes.legend(title=title, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _dates(axes: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=13)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
