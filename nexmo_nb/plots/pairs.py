"""Two bars a row: what was expected above what came."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from nexmo_nb.plots.fitting import Drawing, Value, label_rows, show_numbers
from nexmo_nb.plots.labels import LINE_LENGTH, make_labels
from nexmo_nb.plots.panels import BLUE, SKY, Options, Panel


def count_rows_of_pairs(panel: Panel) -> int:
    """Count the rows for which a panel has room; on Axes of the caller's own the legend needs some of it."""
    return panel.most_rows if panel.is_new else max(1, (panel.most_rows - 3) // 2)


def draw_pairs(
    panel: Panel,
    rows: pd.DataFrame,
    columns: tuple[str, str],
    names: Iterable[str],
    options: Options,
    *,
    write: Callable[[float], str],
) -> Drawing:
    """Draw two columns of a frame as bars, the first above the second; `write` writes a bar's value."""
    written = []
    for column, offset, colour in zip(columns, (-0.2, 0.2), (SKY, BLUE), strict=True):
        amounts, places = rows[column].astype(float).fillna(0.0), [place + offset for place in range(len(rows))]
        panel.axes.barh(places, amounts, 0.38, color=colour, label=column)
        written += [Value(amount, place, write(amount)) for amount, place in zip(amounts, places, strict=True)]
    length, lines = (LINE_LENGTH, 2) if panel.is_new else (LINE_LENGTH // 2, 1)
    label_rows(panel.axes, make_labels(names, length, lines))
    show_numbers(panel.axes, "x")
    return Drawing(panel.axes, values=written, must=options.values, legend="")
