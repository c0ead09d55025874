"""What became of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from nexmo_nb.arrow_frames import AnyFrame
from nexmo_nb.plots.fitting import Drawing, Value, finish, label_rows, show_numbers
from nexmo_nb.plots.labels import LINE_LENGTH, format_count, make_labels
from nexmo_nb.plots.panels import (
    BLUE,
    GREEN,
    GREY,
    OTHER,
    RED,
    SKY,
    Options,
    Panel,
    check_columns,
    check_options,
    get_text,
    open_panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NO_RECORD = "no record yet"
MOST_STATUSES = 12
_STAGES = 3


def plot_delivery(
    records: AnyFrame,
    *,
    title: str | None = None,
    top: int | None = None,
    values: bool | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how many parts were sent, not rejected and delivered, and what became of the others.

    Parameters
    ----------
    records : DataFrame
        Of `records`, or of `delivery`.
    title : str, optional
        Default: what is drawn, and of how many parts.
    top : int, optional
        At most so many other statuses, the most frequent, 1 to 60; the rest is "other". Default: 12, or as many as `ax`
        has room for.
    values : bool, optional
        Whether counts and shares are written beside the bars. Default: yes, if they fit.
    ax : Axes, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Three bars for the stages, and a bar for each other status.

    Raises
    ------
    InvalidRequestError
        If a column is missing, an argument is wrong, or matplotlib is not installed.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.plot_delivery(nx.records()).get_title()
    'What became of 1 part'
    """
    options = check_options(title, top, values, usual=MOST_STATUSES)
    records = check_columns(records)
    name = "delivery" if "delivery" in records else "status"
    check_columns(records, name)
    counts = get_text(records, name, NO_RECORD).str.lower().value_counts()
    rows = min(options.top + 1, len(counts))
    panel = open_panels(records, None, options, ax, lambda _: 2.4 + 0.35 * rows)[0]
    return finish([_draw(panel, counts, options)])


def _draw(panel: Panel, counts: pd.Series[int], options: Options) -> Drawing:
    axes = panel.axes
    total, rejected, delivered = (int(n) for n in (counts.sum(), counts.get("rejected", 0), counts.get("delivered", 0)))
    panel.set_title(f"What became of {total:,} part{'s' if total != 1 else ''}")
    axes.set_xlabel("parts")
    if counts.empty:
        panel.say("There are no messages to show.")
        return Drawing(axes)
    bars = [("sent", total, SKY), ("not rejected", total - rejected, BLUE), ("delivered", delivered, GREEN)]
    others = counts.drop("delivered", errors="ignore")
    room = min(options.top, len(others)) if panel.is_new else max(1, min(options.top, panel.most_rows - _STAGES - 1))
    for status, count in others.iloc[:room].items():
        bars.append((str(status), int(count), GREY if status == NO_RECORD else RED))
    if len(others) > room:
        bars.append((f"{OTHER} ({len(others) - room})", int(others.iloc[room:].sum()), GREY))
    written = []
    for place, (_, count, colour) in enumerate(bars):
        axes.barh(place, count, 0.75, color=colour)
        written.append(Value(count, place, f"{count:,} ({count / total:.1%})"))
    length = LINE_LENGTH if panel.is_new else LINE_LENGTH // 2
    label_rows(axes, make_labels([label for label, *_ in bars], length))
    axes.set_xlim(left=0)
    axes.locator_params(axis="x", integer=True)
    show_numbers(axes, "x", format_count)
    return Drawing(axes, values=written, must=True if options.values is None else options.values)
