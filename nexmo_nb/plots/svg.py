"""A plot as a picture in text, for a page of one file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pandas as pd

from nexmo_nb.errors import InvalidRequestError


def draw_svg(plot: Callable[..., Any], table: pd.DataFrame, width: float, height: float, *, panels: int = 1) -> str:
    """Draw a table by one of our plots, `panels` of so many inches below each other; the same gives the same text."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise InvalidRequestError("matplotlib is not installed: pip install 'nexmo_nb[plot]'") from None
    figure = Figure(figsize=(width, height * panels), layout="constrained")
    plot(table, ax=list(figure.subplots(panels, 1, squeeze=False)[:, 0]))
    written = io.StringIO()
    with rc_context({"svg.hashsalt": "nexmo_nb"}):
        # By default the file would name its program's host, and the time.
        figure.savefig(written, format="svg", metadata={"Creator": None, "Date": None})
    return written.getvalue()
