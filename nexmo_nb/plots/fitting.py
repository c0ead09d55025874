"""Making what is drawn fit, by matplotlib's own measures: values beside bars, legends above data, labels apart."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nexmo_nb.plots.labels import format_amount, write_ticks
from nexmo_nb.plots.panels import get_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALL, SMALLEST = 8.0, 4.0
_GAP = 4.0
_MOST_LEGEND_COLUMNS = 4
_LARGEST_LEGEND, _WIDEST_LEGEND = 0.6, 0.94
_MOST_VALUES = 15
_MOST_NUMBERS = 8
_LEAST_FOR_DATA = 0.4
_SHORTEST_TITLE = 12


class Value(NamedTuple):
    """A text to write beside a bar's end."""

    x: float
    y: float
    text: str


class Drawing(NamedTuple):
    """What is on Axes, and what is still to be put there once their size is known.

    `is_wide` tells that bars lie on their side. `values` are those to write; with `must` they are wanted, else they are
    written where there are few. `periods` are the names of the bars' places.
    """

    axes: Axes
    is_wide: bool = True
    values: Sequence[Value] = ()
    must: bool | None = None
    legend: str | None = None
    periods: Sequence[tuple[str, str]] = ()


def finish(drawings: Iterable[Drawing]) -> Axes:
    """Lay out the figure, put what is left where it fits, and return the first Axes."""
    done = list(drawings)
    figure = get_figure(done[0].axes)
    figure.draw_without_rendering()  # gives constrained Axes their size
    are_wrapped = [_wrap_title(drawing.axes, figure) for drawing in done]
    if any(are_wrapped):
        figure.draw_without_rendering()
    for drawing in done:
        axes = drawing.axes
        share = 0.0 if drawing.legend is None else _add_legend(axes, drawing.legend)
        if drawing.values and (drawing.must or (drawing.must is None and len(drawing.values) <= _MOST_VALUES)):
            _write_values(drawing, share)
        if drawing.periods:
            _name_places(axes, drawing.periods)
        else:
            _thin_numbers(axes, "x")
        if drawing.is_wide:
            _shrink_labels(axes)
        else:
            _thin_numbers(axes, "y")
    return done[0].axes


def label_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Label rows from the top down."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)


def show_numbers(axes: Axes, side: str, formatter: Any = format_amount) -> None:
    """Write the numbers of an axis with commas."""
    getattr(axes, f"{side}axis").set_major_formatter(formatter)


def find_overlap(texts: Iterable[Any], *, gap: float = 0.0) -> bool:
    """Tell whether two texts are on each other, by the boxes in which they are drawn."""
    boxes = [text.get_window_extent() for text in texts if text.get_text() and text.get_visible()]
    boxes.sort(key=lambda box: (round(box.y0), box.x0))
    return any(
        one.x0 - gap < two.x1 and two.x0 - gap < one.x1 and one.y0 < two.y1 and two.y0 < one.y1
        for place, one in enumerate(boxes)
        for two in boxes[place + 1 :]
    )


def _list_labels(axis: Any) -> list[Any]:
    """List the labels that are seen: an axis has some beyond its ends as well."""
    low, high = sorted(axis.get_view_interval())
    pairs = zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=False)
    return [label for place, label in pairs if low <= place <= high]


def _wrap_title(axes: Axes, figure: Any) -> bool:
    """Wrap a title so that it stays within the figure, and tell whether it was changed."""
    before = axes.get_title()
    text, length = " ".join(before.split()), max(map(len, before.split("\n")), default=0)
    while length > _SHORTEST_TITLE:
        box = axes.title.get_window_extent()
        if box.x0 >= figure.bbox.x0 + _GAP and box.x1 <= figure.bbox.x1 - _GAP:
            break
        length -= 2
        axes.set_title("\n".join(textwrap.wrap(text, length)))
    return axes.get_title() != before


def _write_values(drawing: Drawing, share: float) -> None:
    """Write values beside the ends of bars, and make room for them; none where they would be on each other.

    `share` of the height is the legend's.
    """
    axes = drawing.axes
    options: dict[str, Any] = {"fontsize": SMALL, "textcoords": "offset points", "color": "#333333"}
    if drawing.is_wide:
        options |= {"xytext": (_GAP, 0), "va": "center", "ha": "left"}
    else:
        options |= {"xytext": (0, _GAP / 2), "va": "bottom", "ha": "center"}
    texts = [axes.annotate(value.text, (value.x, value.y), **options) for value in drawing.values]
    if not drawing.is_wide and find_overlap(texts, gap=_GAP):
        for text in texts:
            text.set_rotation(90)
    is_fitting = _make_room(drawing, [text.get_window_extent() for text in texts], share)
    if not is_fitting or find_overlap(texts):
        for text in texts:
            text.remove()


def _make_room(drawing: Drawing, boxes: Sequence[Any], share: float) -> bool:
    """Lengthen the axis along which bars lie until the texts beside them fit; False if they cannot."""
    axes = drawing.axes
    low, high = axes.get_xlim() if drawing.is_wide else axes.get_ylim()
    share = 0.0 if drawing.is_wide else share
    window = axes.get_window_extent()
    room = (1 - share) * (window.width if drawing.is_wide else window.height)
    ends = [(high - low) * (1 - share)]
    for value, box in zip(drawing.values, boxes, strict=True):
        free = room - (box.width if drawing.is_wide else box.height) - 3 * _GAP
        if free < _LEAST_FOR_DATA * room:
            return False
        ends.append(((value.x if drawing.is_wide else value.y) - low) * room / free)
    (axes.set_xlim if drawing.is_wide else axes.set_ylim)(low, low + max(ends) / (1 - share))
    return True


def _add_legend(axes: Axes, title: str) -> float:
    """Put the legend into a strip above the data, which is made for it: it covers nothing, wherever the Axes are.

    Returns the share of the height that it takes.
    """
    handles, names = axes.get_legend_handles_labels()
    box = axes.get_window_extent()
    size = SMALL + 1
    for columns in (*range(min(len(names), _MOST_LEGEND_COLUMNS), 0, -1), 1, 1, 1):
        legend = axes.legend(
            handles, names, title=title, ncols=columns, loc="upper left", frameon=False, fontsize=size,
            title_fontsize=size, borderaxespad=0.0, columnspacing=1.2, handlelength=1.2, borderpad=0.2,
        )  # fmt: skip
        extent = legend.get_window_extent()
        if extent.width <= _WIDEST_LEGEND * box.width and extent.height <= _LARGEST_LEGEND * box.height:
            break
        size = size if columns > 1 else max(SMALLEST, 0.75 * size)
    share = min(_LARGEST_LEGEND, (extent.height + _GAP) / box.height)
    low, high = axes.get_ylim()
    axes.set_ylim(low, low + (high - low) / (1 - share))
    return share


def _name_places(axes: Axes, periods: Sequence[tuple[str, str]]) -> None:
    """Name the places of bars: every one, or else as many as fit, the first among them."""
    for step in range(1, len(periods) + 1):
        places = list(range(0, len(periods), step))
        axes.set_xticks(places, write_ticks([periods[place] for place in places]))
        if not find_overlap(_list_labels(axes.xaxis), gap=_GAP):
            return


def _thin_numbers(axes: Axes, side: str) -> None:
    """Show fewer numbers on an axis until none is on another."""
    from matplotlib.ticker import AutoLocator, MaxNLocator

    axis = getattr(axes, f"{side}axis")
    if not isinstance(axis.get_major_locator(), (AutoLocator, MaxNLocator)):
        return
    for most in range(_MOST_NUMBERS, 0, -1):
        # Said, for matplotlib's own choice changes when the layout does.
        axis.get_major_locator().set_params(nbins=most)
        if not find_overlap(_list_labels(axis), gap=2 * _GAP if side == "x" else 0.0):
            return


def _shrink_labels(axes: Axes) -> None:
    """Write the names of rows smaller until none is on another."""
    size = max((float(label.get_fontsize()) for label in axes.get_yticklabels()), default=SMALLEST)
    while size > SMALLEST and find_overlap(_list_labels(axes.yaxis)):
        size *= 0.9
        axes.tick_params(axis="y", labelsize=size)
