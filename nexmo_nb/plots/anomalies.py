"""Days or hours with far more messages than usual, beside what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from nexmo_nb.arrow_frames import AnyFrame
from nexmo_nb.plots.fitting import Drawing, finish
from nexmo_nb.plots.pairs import count_rows_of_pairs, draw_pairs
from nexmo_nb.plots.panels import (
    Options,
    Panel,
    build_title,
    check_columns,
    check_options,
    get_text,
    open_panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_anomalies(
    found: AnyFrame,
    *,
    title: str | None = None,
    top: int | None = None,
    values: bool | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> Axes:
    """Draw the messages of days or hours that leave their own past, beside what is usual.

    Parameters
    ----------
    found : DataFrame
        Of `anomalies`.
    title : str, optional
        Default: what is drawn, and of how many.
    top : int, optional
        At most so many, those with the most messages more than usual, 1 to 60. Default: 30, or as many as `ax` has room
        for.
    values : bool, optional
        Whether numbers are written beside the bars. Default: where there are at most seven.
    ax : Axes or sequence of one Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Two bars a row of the frame, by its time, country and prefix.

    Raises
    ------
    InvalidRequestError
        If a column is missing, an argument is wrong, or matplotlib is not installed.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> records = nx.records(start="2025-03-01", end="2025-05-01", progress=False)
    >>> nx.plot_anomalies(nx.anomalies(records, times=1.5)).get_xlabel()
    'messages'
    """
    options = check_options(title, top, values)
    found = check_columns(found, "period", "country", "prefix", "messages", "usual")
    panels = open_panels(found, None, options, ax, lambda rows: 2.2 + 0.42 * min(options.top, len(rows)))
    return finish([_draw(panel, options) for panel in panels])


def _draw(panel: Panel, options: Options) -> Drawing:
    axes = panel.axes
    more = (panel.rows["messages"] - panel.rows["usual"]).sort_values(ascending=False, kind="stable")
    rows = panel.rows.loc[more.index[: count_rows_of_pairs(panel)]]
    panel.set_title(build_title("Messages that leave their own past", len(rows), len(panel.rows), "furthest"))
    axes.set_xlabel("messages")
    if rows.empty:
        panel.say("Nothing leaves its own past.")
        return Drawing(axes)
    return draw_pairs(panel, rows, ("usual", "messages"), _name_rows(rows), options, write="{:,.0f}".format)


def _name_rows(rows: pd.DataFrame) -> list[str]:
    """Name rows by their time, with the hour where there is one, their country and their prefix."""
    known = rows["period"].dropna()
    is_hour = bool((known.dt.normalize() != known).any())
    times = rows["period"].dt.strftime("%Y-%m-%d %H h" if is_hour else "%Y-%m-%d").fillna("no time")
    prefixes = get_text(rows, "prefix", "")
    countries = get_text(rows, "country", "no country")
    return [" ".join(filter(None, each)) for each in zip(times, countries, prefixes, strict=True)]
