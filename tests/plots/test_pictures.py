"""Pictures as people see them: by matplotlib's own boxes no label is on another, and nothing covers the data.

PICTURES names a folder into which they are written, to be looked at; else only one with a fault is, beside the test's
own files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nexmo_nb as nx

Build = Callable[[int, int], pd.DataFrame]


@pytest.fixture(autouse=True)
def closed(pyplot: Any) -> Iterator[None]:
    yield
    pyplot.close("all")


def name(n: int, length: int) -> str:
    """Name a group in so many characters, those that tell it apart in the middle and at the end."""
    return f"{'Spring campaign for customers ' * 9}"[: max(0, length - 8)] + f" no.{n:04}" if length else f"C{n}"


def amounts(count: int, scale: float = 1.0) -> Any:
    return scale * (0.3 + np.random.default_rng(7).random(count)) * np.arange(1, count + 1)


def build_costs(groups: int, length: int = 0) -> pd.DataFrame:
    median = amounts(groups)
    table = pd.DataFrame({"country": [name(n, length) for n in range(groups)], "monthly_median": median})
    table = table.assign(monthly_low=0.8 * median, monthly_high=1.7 * median, currency="EUR")
    return pd.concat([table.assign(type=kind) for kind in ("landline", "mobile-lvn", "landline-toll-free")])


def build_prices(groups: int, length: int = 0) -> pd.DataFrame:
    names = [name(n, length) for n in range(groups)]
    table = pd.DataFrame({"network_name": names, "price": amounts(groups, 0.001), "currency": "EUR"})
    return table.assign(country="NA", country_name="Namibia")


def build_spend(
    groups: int, length: int = 0, periods: int = 12, freq: str = "MS", scale: float = 1000.0
) -> pd.DataFrame:
    starts = pd.date_range("2025-01-01", periods=periods, freq=freq, tz="UTC")
    tables = [
        pd.DataFrame({"campaign": name(n, length), "period": starts, "spend": amounts(periods, scale / (n + 1))})
        for n in range(groups)
    ]
    return pd.concat(tables).assign(currency="EUR")


def build_estimate(groups: int, length: int = 0) -> pd.DataFrame:
    actual = amounts(groups, 900.0)
    table = pd.DataFrame({"campaign": [name(n, length) for n in range(groups)], "currency": "EUR"})
    return table.assign(estimate=actual * 1.2, actual=actual)


def build_records(groups: int, length: int = 0) -> pd.DataFrame:
    counts = np.arange(groups, 0, -1) * 37
    return pd.DataFrame({"status": np.repeat(["delivered", *(name(n, length) for n in range(1, groups))], counts)})


def build_anomalies(groups: int, length: int = 0) -> pd.DataFrame:
    usual = amounts(groups, 90.0)
    table = pd.DataFrame({"country": [name(n, length) for n in range(groups)], "messages": (usual * 3.4).astype(int)})
    period = pd.date_range("2025-01-01", periods=groups, freq="D", tz="UTC")
    return table.assign(period=period, prefix=None, usual=usual)


PLOTS: dict[str, tuple[Callable[..., Any], Build]] = {
    "number_costs": (nx.plot_number_costs, build_costs),
    "prices": (nx.plot_prices, build_prices),
    "spend": (nx.plot_spend, build_spend),
    "estimate": (nx.plot_estimate, build_estimate),
    "anomalies": (nx.plot_anomalies, build_anomalies),
    "delivery": (nx.plot_delivery, build_records),
}
SOME_SLOW = [pytest.param(1, marks=pytest.mark.slow), 3, pytest.param(30, marks=pytest.mark.slow), 200]
EACH = pytest.mark.parametrize("plot", PLOTS)


def find_faults(figure: Any) -> list[str]:
    """Find texts that are on each other or outside the picture, and legends that cover data."""
    figure.draw_without_rendering()
    faults = []
    for axes in figure.axes:
        labels = [*find_labels(axes.xaxis), *find_labels(axes.yaxis), axes.xaxis.label, axes.yaxis.label, axes.title]
        labels += [axes.xaxis.get_offset_text(), axes.yaxis.get_offset_text()]
        shown = labels if axes.axison else [axes.title]
        texts = [text for text in (*shown, *axes.texts) if text.get_text() and text.get_visible()]
        boxes = [(text.get_text(), shrink(text.get_window_extent())) for text in texts]
        faults += [f"{a!r} on {b!r}" for (a, one), (b, two) in combinations(boxes, 2) if overlap(one, two)]
        faults += [f"{text!r} outside" for text, box in boxes if not contains(figure.bbox, box)]
        legend = axes.get_legend()
        if legend is not None:
            box = shrink(legend.get_window_extent())
            faults += [f"legend on {kind}" for kind, data in find_data(axes) if overlap(box, data)]
            faults += [f"legend on {text!r}" for text, other in boxes if overlap(box, other)]
            faults += ["legend outside"] * (not contains(figure.bbox, box))
    return faults


def find_labels(axis: Any) -> list[Any]:
    """Give the labels of the ticks that are drawn; an axis has some beyond its ends."""
    low, high = sorted(axis.get_view_interval())
    return [
        label for at, label in zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=True) if low <= at <= high
    ]


def find_data(axes: Any) -> Iterator[tuple[str, Any]]:
    """Give the boxes of bars, and of the points of lines and dots."""
    from matplotlib.transforms import Bbox

    yield from (("bar", bar.get_window_extent()) for bar in axes.patches if bar.get_width() and bar.get_height())
    points = [line.get_xydata() for line in axes.lines if line.get_transform() == axes.transData]
    points += [dots.get_offsets() for dots in axes.collections if len(dots.get_offsets()) > 1]
    for x, y in axes.transData.transform(np.concatenate(points)) if points else ():
        yield "point", Bbox.from_extents(x - 1, y - 1, x + 1, y + 1)


def shrink(box: Any) -> Any:
    """Take half a pixel off each side, for a label that ends where the next begins is not on it."""
    return box.padded(-0.5)


def overlap(one: Any, two: Any) -> bool:
    return bool(one.x0 < two.x1 and two.x0 < one.x1 and one.y0 < two.y1 and two.y0 < one.y1)


def contains(outer: Any, inner: Any) -> bool:
    return bool(outer.x0 <= inner.x0 and inner.x1 <= outer.x1 and outer.y0 <= inner.y0 and inner.y1 <= outer.y1)


@pytest.fixture
def look(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[Any], None]:
    """Find no fault in the picture of Axes."""

    def check(axes: Any) -> None:
        faults = find_faults(axes.figure)
        if faults or "PICTURES" in os.environ:
            folder = Path(os.environ.get("PICTURES", tmp_path))
            folder.mkdir(exist_ok=True)
            axes.figure.savefig(folder / f"{request.node.name.replace('[', '-').rstrip(']')}.png")
        assert faults == []

    return check


@EACH
@pytest.mark.parametrize("groups", SOME_SLOW)
def test_groups(look: Callable[[Any], None], plot: str, groups: int) -> None:
    draw, build = PLOTS[plot]
    look(draw(build(groups, 0)))


@pytest.mark.slow
@EACH
@pytest.mark.parametrize("groups", [3, 30, 200])
def test_labels_of_sixty_characters(look: Callable[[Any], None], plot: str, groups: int) -> None:
    draw, build = PLOTS[plot]
    look(draw(build(groups, 60)))


@EACH
def test_two_currencies(look: Callable[[Any], None], plot: str) -> None:
    draw, build = PLOTS[plot]
    table = build(5, 60)
    look(draw(pd.concat([table, table.assign(currency="USD")])))


@pytest.mark.slow
@EACH
@pytest.mark.parametrize("groups", [3, 200])
@pytest.mark.parametrize("size", [(3.6, 3.0), (5.0, 2.2)])
def test_small_axes_of_the_callers_own(
    look: Callable[[Any], None], pyplot: Any, plot: str, groups: int, size: tuple[float, float]
) -> None:
    draw, build = PLOTS[plot]
    figure, mine = pyplot.subplots(figsize=size, layout="constrained")
    look(draw(build(groups, 24), ax=mine, title="What we paid in the first half of the year, by campaign"))
    assert figure.axes == [mine]


@pytest.mark.slow
@EACH
def test_values_that_are_wanted(look: Callable[[Any], None], plot: str) -> None:
    draw, build = PLOTS[plot]
    look(draw(build(20, 0), values=True, title="As I call it"))


@pytest.mark.slow
@EACH
def test_nothing(look: Callable[[Any], None], plot: str) -> None:
    draw, build = PLOTS[plot]
    look(draw(build(1, 0).iloc[:0]))


@pytest.mark.parametrize(
    ("periods", "freq"),
    [
        (1, "MS"),
        pytest.param(2, "D", marks=pytest.mark.slow),
        (31, "D"),
        pytest.param(60, "D", marks=pytest.mark.slow),
        pytest.param(365, "D", marks=pytest.mark.slow),
        pytest.param(24, "h", marks=pytest.mark.slow),
        (52, "W-MON"),
        pytest.param(40, "QS", marks=pytest.mark.slow),
        (14, "YS"),
        pytest.param(2000, "h", marks=pytest.mark.slow),
    ],
)
def test_periods(look: Callable[[Any], None], periods: int, freq: str) -> None:
    look(nx.plot_spend(build_spend(4, 30, periods, freq)))


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1e-6, 0.04, 1e6, 1e9])
def test_amounts_small_and_large(look: Callable[[Any], None], scale: float) -> None:
    look(nx.plot_spend(build_spend(2, 10, 12, "MS", scale), values=True))


def test_a_fault_would_be_found(pyplot: Any) -> None:
    figure, axes = pyplot.subplots(figsize=(4, 2))
    axes.bar(range(30), 1, label="data")
    axes.set_xticks(range(30), [f"a long name {n}" for n in range(30)])
    axes.set_ylim(0, 1)
    axes.legend(loc="upper right")
    found = " ".join(find_faults(figure))
    assert "on 'a long name 1'" in found
    assert "legend on bar" in found
