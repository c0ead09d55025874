"""Where plots are drawn: a panel for each currency, with a title, and a sentence where there is nothing to draw.

The colours are those of Okabe and Ito, which colour-blind people can tell apart: https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import to_pandas
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.plots.labels import escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, RED, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7"
SKY, YELLOW, GREY = "#56B4E9", "#F0E442", "#999999"
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW)
OTHER = "other"
WIDTH, TALLEST = 8.0, 24.0
MOST_ROWS, MOST_ROWS_ASKED = 30, 60
_POINTS_PER_ROW = 13.0
"""Points from one row to the next, at least; a label has about ten."""
_NO_CURRENCY = "no currency"
Place = Any
"""Axes, or several of them, one a currency; None for a new figure."""


def get_figure(axes: Axes) -> Any:
    """Return the whole figure, also where the Axes are in a part of one."""
    return getattr(axes.get_figure(), "figure", None)


class Options(NamedTuple):
    """What the caller of a plot said about it, checked."""

    title: str | None
    top: int
    values: bool | None


class Panel(NamedTuple):
    """Axes, and what to draw on them: of its rows, `room` fit there, and `most_rows` are wanted as well."""

    axes: Axes
    currency: str
    rows: pd.DataFrame
    title: str | None
    room: int
    most_rows: int
    is_new: bool

    def set_title(self, title: str) -> None:
        """Set the title: the caller's before ours, in as many lines as it needs."""
        points = float(self.axes.title.get_fontsize()) * 0.55
        width = max(20, int(get_figure(self.axes).get_figwidth() * 0.9 * 72 / points))
        self.axes.set_title("\n".join(textwrap.wrap(escape(self.title or title), width)))

    def say(self, sentence: str) -> None:
        """Say in the middle why there is nothing to see."""
        width = max(20, int(get_figure(self.axes).get_figwidth() * 9))
        text = "\n".join(textwrap.wrap(escape(sentence), width))
        self.axes.text(0.5, 0.5, text, transform=self.axes.transAxes, ha="center", va="center")
        self.axes.set_axis_off()


def check_options(title: Any, top: Any, values: Any, *, usual: int = MOST_ROWS, most: int = MOST_ROWS_ASKED) -> Options:
    checked = None if title is None else validation.check_text("title", title, longest=300, lines=True)
    number = usual if top is None else validation.check_int("top", top, 1, most)
    return Options(checked, number, None if values is None else validation.check_bool("values", values))


def check_columns(given: Any, *needed: str) -> pd.DataFrame:
    """Check that a frame can be drawn, and give it as one of pandas."""
    table: Any = to_pandas(given)
    text = ("country", "currency", "network_name", "status", "delivery", "period", "prefix")
    numbers, times = set(needed) - set(text), {"period"} & set(needed)
    words = [name for name in table.columns if name not in numbers] if isinstance(table, pd.DataFrame) else ()
    validation.check_frame(table, *needed, numbers=numbers, times=times, words=words)
    checked: pd.DataFrame = table
    return checked


def open_panels(
    table: pd.DataFrame, amount: str | None, options: Options, ax: Place, measure: Callable[[pd.DataFrame], float]
) -> list[Panel]:
    """Open a panel for each currency of a frame, from top to bottom; `measure` gives its height in inches.

    A row without a currency goes with the only one, or, if it has an amount, into a panel of its own. Without `amount`
    there is one panel.
    """
    tables = _split_currencies(table, amount)
    heights = [min(TALLEST, measure(rows)) for rows in tables.values()]
    places = _find_places(ax, heights)
    panels = []
    for (currency, rows), axes, height in zip(tables.items(), places, heights, strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        inches = height - 1.2 if ax is None else axes.get_window_extent().height / get_figure(axes).dpi
        title = f"{options.title}, {currency}" if options.title and len(tables) > 1 else options.title
        room = max(1, int(inches * 72 / _POINTS_PER_ROW))
        panels.append(Panel(axes, currency, rows, title, room, min(room, options.top), ax is None))
    return panels


def add_currency(title: str, panels: Sequence[Panel], panel: Panel) -> str:
    """Name the currency in the title where a figure has several."""
    return f"{title}, {panel.currency}" if len(panels) > 1 else title


def build_title(title: str, shown: int, total: int, kind: str, things: str = "") -> str:
    """Return a title that says so if not all rows are shown."""
    return title if shown == total else f"{title}: the {shown} {kind} of {total:,}{things}"


def find_group_column(table: pd.DataFrame, argument: str, function: str, own: Sequence[str]) -> str:
    """Return the column by which a function grouped a frame; "" where there is none.

    Those functions put the columns of their groups before the currency, and their own after it.
    """
    names = [str(name) for name in table.columns]
    columns = [name for name in names[: names.index("currency")] if name not in own]
    if len(columns) > 1:
        raise validation.invalid_argument(argument, ", ".join(columns), f"a frame of {function} by one column or none")
    return columns[0] if columns else ""


def get_text(table: pd.DataFrame, column: str, missing: str) -> pd.Series[str]:
    """Return the text of a column, with a word for missing values; empty texts where there is no such column."""
    return table[column].astype("string").fillna(missing) if column in table else pd.Series("", index=table.index)


def _split_currencies(table: pd.DataFrame, amount: str | None) -> dict[str, pd.DataFrame]:
    if amount is None:
        return {"": table}
    codes = table["currency"].astype("string")
    currencies = sorted(codes.dropna().unique())
    if len(currencies) < 2:
        return {currencies[0] if currencies else "": table}
    tables = {str(currency): table[codes.eq(currency).fillna(value=False)] for currency in currencies}
    lacking = table[codes.isna() & table[amount].notna()]
    return {**tables, **({_NO_CURRENCY: lacking} if len(lacking) else {})}


def _find_places(ax: Place, heights: Sequence[float]) -> list[Axes]:
    try:
        from matplotlib import axes as matplotlib_axes
        from matplotlib import pyplot
    except ImportError:
        raise InvalidRequestError("matplotlib is not installed: pip install 'nexmo_nb[plot]'") from None
    if ax is None:
        size = (WIDTH, sum(heights))
        grid = pyplot.subplots(
            len(heights), 1, figsize=size, height_ratios=heights, layout="constrained", squeeze=False
        )
        return list(grid[1][:, 0])
    given = [ax] if isinstance(ax, matplotlib_axes.Axes) else _list_axes(ax)
    if not given or not all(isinstance(each, matplotlib_axes.Axes) for each in given):
        raise validation.invalid_argument("ax", ax, "Axes of matplotlib, or several, one a currency")
    if len(given) != len(heights):
        advice = "Amounts of several currencies are never drawn together: give as many, or none."
        raise validation.invalid_argument("ax", f"{len(given)} Axes", f"{len(heights)}, one a currency", advice)
    return given


def _list_axes(ax: Any) -> list[Any]:
    try:
        return list(getattr(ax, "flat", ax))
    except TypeError:
        return []
