"""A price list, by country and network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from nexmo_nb.arrow_frames import AnyFrame
from nexmo_nb.plots.fitting import Drawing, Value, finish, label_rows, show_numbers
from nexmo_nb.plots.labels import LINE_LENGTH, format_value, make_labels
from nexmo_nb.plots.panels import (
    BLUE,
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


def plot_prices(
    prices: AnyFrame,
    *,
    title: str | None = None,
    top: int | None = None,
    values: bool | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> Axes:
    """Draw a price list: a dot for each network on its country's row, or on a row of its own for a single country.

    Parameters
    ----------
    prices : DataFrame
        Of `prices`.
    title : str, optional
        Default: what is drawn, and of how many rows.
    top : int, optional
        At most so many rows, the cheapest, 1 to 60. Default: 30, or as many as `ax` has room for.
    values : bool, optional
        Whether the highest price of each row is written beside it. Default: where there are at most fifteen rows.
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
    >>> nx.plot_prices(nx.prices("FR")).get_title()
    'Price by network, France'
    """
    options = check_options(title, top, values)
    prices = check_columns(prices, "country", "network_name", "price", "currency")
    panels = open_panels(
        prices, "price", options, ax, lambda rows: 1.7 + 0.3 * min(options.top, len(_name_rows(rows)[2]))
    )
    return finish([_draw(panel, panels, options) for panel in panels])


def _name_rows(prices: pd.DataFrame) -> tuple[str, pd.Series[str], list[str]]:
    """Return the title, the row of each price, and the rows from the cheapest to the dearest."""
    is_one_country = prices["country"].nunique() == 1
    names = get_text(prices, "network_name" if is_one_country else "country", "no name")
    ranked = prices["price"].groupby(names, sort=False).median().dropna().sort_values(kind="stable")
    title = "Price by country and network"
    if is_one_country:
        title = f"Price by network, {prices['country_name' if 'country_name' in prices else 'country'].iloc[0]}"
    return title, names, list(ranked.index)


def _draw(panel: Panel, panels: list[Panel], options: Options) -> Drawing:
    axes, prices = panel.axes, panel.rows[panel.rows["price"].notna()]
    title, names, ranked = _name_rows(prices)
    lines = ranked[: panel.most_rows]
    panel.set_title(add_currency(build_title(title, len(lines), len(ranked), "cheapest"), panels, panel))
    axes.set_xlabel(f"{panel.currency} a part or a minute".strip())
    if not lines:
        panel.say("There are no prices to show." if panel.rows.empty else "None of these networks has a price.")
        return Drawing(axes)
    is_shown = names.isin(lines)
    shown = prices["price"][is_shown].astype(float)
    axes.scatter(shown, [lines.index(name) for name in names[is_shown]], s=42, color=BLUE, alpha=0.8, zorder=3)
    label_rows(axes, make_labels(lines, LINE_LENGTH if panel.is_new else LINE_LENGTH // 2))
    axes.set_xlim(0, 1.06 * shown.max() or 1)
    show_numbers(axes, "x")
    axes.grid(axis="y", color="#dddddd", zorder=0)
    highest = shown.groupby(names[is_shown], sort=False).max()
    written = [Value(highest[name], place, f" {format_value(highest[name])}") for place, name in enumerate(lines)]
    return Drawing(axes, values=written, must=options.values)
