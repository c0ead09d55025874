"""One page for a manager: what was sent, what it cost, and what became of it."""

from __future__ import annotations

from pathlib import Path

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.plots import plot_delivery, plot_spend
from nexmo_nb.plots.svg import draw_svg
from nexmo_nb.private_files import expand_path, replace_text_file
from nexmo_nb.report_page.figures import (
    build_figures,
    build_tables,
    find_status,
    name_span,
    prepare_rows,
    sum_over_time,
)
from nexmo_nb.report_page.page import Picture, build_page

WIDE, NARROW = (8.0, 3.6), (4.0, 3.4)
"""Inches of a picture on a screen or paper, and on a phone."""

__all__ = ["report"]


def report(records: AnyFrame, path: str | Path, *, title: str | None = None) -> Path:
    """Write a page for a manager: figures, tables and plots of what was sent and what it cost, in one HTML file.

    Parameters
    ----------
    records : DataFrame
        Of `records`, `sent`, `delivery` or `bill`; any with ``price`` or ``amount``, and ``currency``.
    path : str or Path
        The file, whose name ends in ``.html``. Only its owner can read it.
    title : str, optional
        Its heading. Default: "What messages cost".

    Returns
    -------
    Path
        The path of the file, with ``~`` expanded.

    Raises
    ------
    InvalidRequestError
        If a column is missing, matplotlib is not installed, or the file cannot be written. An existing file is then
        left as it was.

    Notes
    -----
    The page needs no other file and no network: plots are pictures in it, and it asks no host for anything. It can be
    read on a phone, and printed. It shows sums by time, country, network, product, status, account and tag, never a
    row, so that no recipient is in it; currencies are never added. Of each table the fifteen largest rows are shown,
    and the others summed up.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.report(nx.records(), "costs.html").name
    'costs.html'
    """
    heading = "What messages cost" if title is None else validation.check_text("title", title, longest=200)
    target = expand_path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise validation.invalid_argument("path", str(path), "a name that ends in .html")
    records = to_pandas(records)
    rows = prepare_rows(records)
    pictures = []
    over_time = sum_over_time(rows)
    if over_time is not None:
        panels = max(1, over_time["currency"].nunique())
        shots = [draw_svg(plot_spend, over_time, *size, panels=panels) for size in (WIDE, NARROW)]
        pictures.append(Picture("Spent over time", "The table by period has the same amounts.", *shots))
    if find_status(rows) and "amount" not in records:
        shots = [draw_svg(plot_delivery, rows, *size) for size in (WIDE, NARROW)]
        pictures.append(Picture("What became of the parts", "The table by status has the same counts.", *shots))
    page = build_page(heading, name_span(rows), build_figures(rows), pictures, build_tables(rows))
    with replace_text_file(path) as file:
        file.write(page)
    return target
