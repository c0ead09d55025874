"""What numbers cost a month, by country and type."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.costs import number_costs
from nexmo_nb.plots.fitting import Drawing, Value, finish, label_rows, show_numbers
from nexmo_nb.plots.labels import escape, format_value, make_labels
from nexmo_nb.plots.panels import (
    COLOURS,
    Options,
    Panel,
    add_currency,
    build_title,
    check_columns,
    check_options,
    get_text,
    open_panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NEEDED = ("country", "currency", "monthly_low", "monthly_median", "monthly_high")


def plot_number_costs(
    costs: AnyFrame,
    *,
    title: str | None = None,
    top: int | None = None,
    values: bool | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> Axes:
    """Draw what numbers cost a month by country: a bar to the median, and a line from the lowest to the highest.

    Parameters
    ----------
    costs : DataFrame
        Of `number_costs` by country, or by country and type; or the numbers themselves, of `search_numbers`,
        `cheapest_numbers` or `idle_numbers`.
    title : str, optional
        Default: what is drawn, and of how many countries.
    top : int, optional
        At most so many countries, the cheapest, 1 to 60. Default: 30, or as many as `ax` has room for.
    values : bool, optional
        Whether the medians are written beside the bars. Default: where there are at most fifteen.
    ax : Axes or sequence of Axes, optional
        Where to draw; of several currencies, one Axes each. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The cheapest on top. Two currencies are two panels: the first is returned, ``.figure.axes`` has all.

    Raises
    ------
    InvalidRequestError
        If a column is missing, an argument is wrong, or matplotlib is not installed.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.plot_number_costs(nx.search_numbers(["GB", "PT"], limit=20)).get_xlabel()
    'EUR a month'
    """
    options = check_options(title, top, values)
    costs = to_pandas(costs)
    table = _aggregate(costs) if _is_of_numbers(costs) else costs
    check_columns(table, *_NEEDED)
    panels = open_panels(table, "monthly_median", options, ax, lambda rows: _measure(rows, options.top))
    nothing = "None of these numbers has a known cost." if len(costs) else "There are no numbers to compare."
    return finish([_draw(panel, panels, options, nothing) for panel in panels])


def _is_of_numbers(costs: Any) -> bool:
    return isinstance(costs, pd.DataFrame) and "monthly_cost" in costs and "monthly_median" not in costs


def _aggregate(numbers: pd.DataFrame) -> pd.DataFrame:
    # Frames of numbers that are owned or idle lack what `number_costs` adds up beside the monthly cost.
    with_setup = numbers if "setup_cost" in numbers else numbers.assign(setup_cost=float("nan"))
    return number_costs(with_setup, ["country", *(["type"] if "type" in numbers else [])])


def _measure(costs: pd.DataFrame, top: int) -> float:
    kinds = max(1, get_text(costs, "type", "no type").nunique())
    return 2.2 + 0.28 * min(top, costs["country"].nunique()) * math.sqrt(kinds)


def _draw(panel: Panel, panels: list[Panel], options: Options, nothing: str) -> Drawing:
    axes, costs = panel.axes, panel.rows[panel.rows["monthly_median"].notna()]
    ranked = costs.groupby("country", sort=False)["monthly_median"].min().sort_values(kind="stable")
    types = get_text(costs, "type", "no type")
    most = max(1, panel.most_rows - 3) if types.nunique() > 1 and not panel.is_new else panel.most_rows
    countries = list(ranked.index[:most])
    heading = build_title("What a number costs a month", len(countries), len(ranked), "cheapest", " countries")
    panel.set_title(add_currency(heading, panels, panel))
    axes.set_xlabel(f"{panel.currency} a month".strip())
    if not countries:
        panel.say(nothing)
        return Drawing(axes)
    kinds = sorted(types[costs["country"].isin(countries)].unique())
    thickness, written = 0.8 / len(kinds), []
    for n, kind in enumerate(kinds):
        rows = costs[(types == kind) & costs["country"].isin(countries)].drop_duplicates("country")
        offset = (n - (len(kinds) - 1) / 2) * thickness
        places = [countries.index(country) + offset for country in rows["country"]]
        low, median, high = (rows[f"monthly_{name}"].to_numpy(dtype=float) for name in ("low", "median", "high"))
        # Rounding may put the median of equal numbers a last digit above or below them.
        spread = [(median - low).clip(0), (high - median).clip(0)]
        axes.barh(places, median, thickness * 0.9, color=COLOURS[n % len(COLOURS)], label=escape(kind) or None)
        axes.errorbar(median, places, xerr=spread, fmt="none", ecolor="#333333", elinewidth=1, capsize=2)
        written += [Value(*item) for item in zip(high, places, map(format_value, median), strict=True)]
    label_rows(axes, make_labels(countries))
    axes.set_xlim(left=0)
    show_numbers(axes, "x")
    return Drawing(axes, values=written, must=options.values, legend="type" if len(kinds) > 1 else None)
