"""The HTML of the page. Every text that somebody wrote is escaped here."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from nexmo_nb.report_page.figures import Figure, Table

# The browser itself is told to ask no host for anything.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class Picture(NamedTuple):
    """A plot as SVG, wide and narrow, with what it is and where its numbers are."""

    title: str
    note: str
    wide: str
    narrow: str


def build_page(
    title: str, span: str, figures: Iterable[Figure], pictures: Iterable[Picture], tables: Sequence[Table]
) -> str:
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    cards = "".join(f"<div><dt>{escape(each.name)}</dt><dd>{escape(each.text)}</dd></div>" for each in figures)
    body = "\n".join([*map(_format_picture, pictures), *map(_format_table, tables)])
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
<header><h1>{escape(title)}</h1><p>{escape(span)}</p></header>
<main>
<dl class="figures">{cards}</dl>
{body}
</main>
<footer><p>Made with nexmo_nb. Amounts are without tax; currencies are never added.</p></footer>
</body>
</html>
"""


def _format_picture(picture: Picture) -> str:
    alternative = escape(f"Plot: {picture.title}. {picture.note}")
    return (
        f"<section><h2>{escape(picture.title)}</h2><picture>"
        f'<source media="screen and (max-width: 600px)" srcset="{_embed(picture.narrow)}">'
        f'<img src="{_embed(picture.wide)}" alt="{alternative}"></picture></section>'
    )


def _embed(svg: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _format_table(table: Table) -> str:
    heading = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.heading)
    *rows, total = (_format_row(row) for row in table.rows)
    title = escape(table.title)
    # A table that is wider than a phone is scrolled by itself, by keys as well.
    return (
        f'<section><h2>{title}</h2><div class="scroll" role="region" aria-label="{title}" tabindex="0"><table>'
        f"<thead><tr>{heading}</tr></thead><tbody>{''.join(rows)}</tbody><tfoot>{total}</tfoot></table></div></section>"
    )


def _format_row(cells: Sequence[str]) -> str:
    name, *numbers = map(escape, cells)
    return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{number}</td>" for number in numbers)}</tr>'
