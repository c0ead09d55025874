"""Estimated costs beside what was charged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nexmo_nb.arrow_frames import AnyFrame
from nexmo_nb.plots.fitting import Drawing, finish
from nexmo_nb.plots.labels import format_value
from nexmo_nb.plots.pairs import count_rows_of_pairs, draw_pairs
from nexmo_nb.plots.panels import (
    Options,
    Panel,
    add_currency,
    build_title,
    check_columns,
    check_options,
    find_group_column,
    get_text,
    open_panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OWN = ("messages", "parts", "estimate", "actual", "difference", "open")


def plot_estimate(
    comparison: AnyFrame,
    *,
    title: str | None = None,
    top: int | None = None,
    values: bool | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> Axes:
    """Draw estimated costs beside what was charged in the end.

    Parameters
    ----------
    comparison : DataFrame
        Of `estimate_vs_actual`, by one column or none.
    title : str, optional
        Default: what is drawn, and of how many groups.
    top : int, optional
        At most so many groups, the dearest, 1 to 60. Default: 30, or as many as `ax` has room for.
    values : bool, optional
        Whether amounts are written beside the bars. Default: where there are at most seven groups.
    ax : Axes or sequence of Axes, optional
        Where to draw; of several currencies, one Axes each. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Two bars a group, the dearest on top. Two currencies are two panels: the first is returned, ``.figure.axes`` has
        all.

    Raises
    ------
    InvalidRequestError
        If a column is missing, an argument is wrong, or matplotlib is not installed.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+44 7700 900000"], "Hello", sender="Demo")
    >>> outcome = nx.send_many(plan, batch="hello", progress=False)
    >>> nx.plot_estimate(nx.estimate_vs_actual(nx.delivery("hello"))).get_xlabel()
    'EUR'
    """
    options = check_options(title, top, values)
    comparison = check_columns(comparison, "estimate", "actual", "currency")
    column = find_group_column(comparison, "comparison", "estimate_vs_actual()", _OWN)
    panels = open_panels(comparison, "actual", options, ax, lambda rows: 2.2 + 0.42 * min(options.top, len(rows)))
    return finish([_draw(panel, panels, column, options) for panel in panels])


def _draw(panel: Panel, panels: list[Panel], column: str, options: Options) -> Drawing:
    axes = panel.axes
    rows = panel.rows.sort_values("actual", ascending=False, kind="stable").head(count_rows_of_pairs(panel))
    title = "Estimate and actual cost" + (f", by {column.replace('_', ' ')}" if column else "")
    panel.set_title(add_currency(build_title(title, len(rows), len(panel.rows), "dearest"), panels, panel))
    axes.set_xlabel(panel.currency)
    if rows.empty:
        panel.say("There are no costs to compare.")
        return Drawing(axes)
    names = get_text(rows, column, "none") if column else ["all"] * len(rows)
    return draw_pairs(panel, rows, ("estimate", "actual"), names, options, write=format_value)
