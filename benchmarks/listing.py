"""A long list of numbers as a typed frame, beside the official SDK with `pd.DataFrame`, and parsing its JSON alone.

Run: python benchmarks/listing.py
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from common import Figure, Spent, bare, connected, log, once, options, plot, report, sdk, served, turns

import nexmo_nb as nx
from nexmo_nb.frames import frame_from_columns
from nexmo_nb.numbers.response import OWNED_COLUMNS, parse_columns


def by_sdk(client: Any) -> pd.DataFrame:
    """Read all pages with the SDK, in the way of its documentation, and put them into a frame."""
    from vonage_numbers import ListOwnedNumbersFilter

    rows: list[dict[str, Any]] = []
    index: int | None = 1
    while index is not None:
        found, _, index = client.numbers.list_owned_numbers(ListOwnedNumbersFilter(size=100, index=index))
        rows += [each.model_dump() for each in found]
    return pd.DataFrame(rows)


def whole(pages: int, runs: int) -> Figure:
    with served(owned=pages * 100) as url, connected(url) as session:
        client = sdk(url)

        def ours() -> pd.DataFrame:
            session.cache.clear()
            return nx.owned_numbers()

        assert len(by_sdk(client)) == len(ours()) == pages * 100
        spent = turns({"ours": ours, "sdk": lambda: by_sdk(client)}, runs)
    mine, theirs = spent["ours"], spent["sdk"]
    return Figure(
        f"`owned_numbers`, {pages * 100:,} rows in {pages} pages, none in the cache, CPU",
        f"{mine.cpu * 1000:.0f} ms (clock {mine.wall * 1000:.0f})",
        f"SDK and `pd.DataFrame` {theirs.cpu * 1000:.0f} ms (clock {theirs.wall * 1000:.0f})",
        f"{mine.cpu / theirs.cpu:.2f}",
        "at most 0.6",
        mine.cpu <= 0.6 * theirs.cpu,
    )


def apart(pages: int, runs: int) -> Figure:
    """Parse and build the frame without transport, beside parsing alone."""
    with served(owned=pages * 100) as url:
        session = bare(url)
        bodies = [
            session.get(f"{url}/account/numbers", params={"size": 100, "index": n + 1}, timeout=30).content
            for n in range(pages)
        ]

    def parse() -> list[dict[str, Any]]:
        return [row for body in bodies for row in json.loads(body)["numbers"]]

    def build() -> pd.DataFrame:
        return frame_from_columns(parse_columns(parse(), "EUR"), OWNED_COLUMNS)

    spent = turns({"ours": build, "json": parse}, runs)
    mine, theirs = (1000 * spent[name].cpu for name in ("ours", "json"))
    return Figure(
        f"{pages * 100:,} rows from JSON text to the typed frame, CPU",
        f"{mine:.0f} ms",
        f"`json.loads` alone {theirs:.0f} ms",
        f"{mine / theirs:.2f}",
        "at most 3",
        mine <= 3 * theirs,
    )


def growth(sizes: list[int]) -> tuple[list[Spent], list[Spent]]:
    """Time lists of so many pages, once each (a thousand take their time)."""
    ours, theirs = [], []
    for pages in sizes:
        with served(owned=pages * 100) as url, connected(url):
            client = sdk(url)
            ours.append(once(nx.owned_numbers))
            theirs.append(once(lambda client=client: by_sdk(client)))
    return ours, theirs


COUNTRIES = nx.countries().code.tolist()[:20]
PACE = 3 / 1.1
"""Searches a second, as the limit of the session's has them."""


def countries(latency: float) -> Figure:
    """Search twenty countries under Nexmo's limits, by the clock, which the limit and the latency decide."""
    with served(latency=latency, limits=True) as url, connected(url, calls=100, period=60.0, limits=None):
        spent = once(lambda: nx.search_numbers(COUNTRIES, limit=100))
        asked = [entry for entry in log(url) if entry["path"] == "/number/search"]
    least = (len(COUNTRIES) - 3) / PACE + latency
    apart = max((len(COUNTRIES) - 3) / (3 / (1 + latency)) + latency, len(COUNTRIES) * latency)
    return Figure(
        f"`search_numbers` of {len(COUNTRIES)} countries, {1000 * latency:,.0f} ms latency, limit 3/s, clock",
        f"{spent.wall:.1f} s, {sum(entry['throttled'] for entry in asked)} refusals for speed",
        f"the limit alone {least:.1f} s; one after the other {apart:.1f} s",
        f"{spent.wall / least:.2f}",
        "at most 1.2 of the limit alone",
        spent.wall <= 1.2 * least,
    )


def plan_prices(latency: float) -> Figure:
    """Read the prices of a plan over twenty countries: the whole list, in one request."""
    with served(latency=latency, limits=True) as url, connected(url, calls=100, period=60.0, limits=None):
        spent = once(lambda: nx.prices(COUNTRIES))
        asked = len([entry for entry in log(url) if "pricing" in entry["path"]])
    return Figure(
        f"Prices of a plan over {len(COUNTRIES)} countries, {1000 * latency:,.0f} ms latency, limit 1/s, clock",
        f"{spent.wall:.1f} s, {asked} request",
        f"a request for each {len(COUNTRIES) - 1 + latency:.0f} s",
        goal="one request",
        reached=asked == 1,
    )


def draw(axes: Any, sizes: list[int], ours: list[Spent], theirs: list[Spent]) -> None:
    axes.plot(sizes, [each.cpu for each in ours], marker="o", label="owned_numbers")
    axes.plot(sizes, [each.cpu for each in theirs], marker="s", label="SDK and pd.DataFrame")
    axes.set(xscale="log", yscale="log", xlabel="pages of 100 rows", ylabel="CPU, s", title="A list by its length")
    axes.legend()


def main() -> None:
    chosen = options(__doc__)
    pages, runs = (10, 1) if chosen.quick else (100, 5)
    figures = [whole(pages, 3 * runs), apart(pages, 3 * runs)]
    figures += [countries(latency) for latency in ((0.5,) if chosen.quick else (0.0, 0.5, 1.0))]
    figures.append(plan_prices(0.5))
    sizes = [1, 10] if chosen.quick else [1, 10, 100, 1000]
    ours, theirs = growth(sizes)
    plot("pages", lambda axes: draw(axes, sizes, ours, theirs))
    words = ", ".join(f"{size:,}: {1000 * each.cpu / size:.2f}" for size, each in zip(sizes, ours, strict=True))
    beside = ", ".join(f"{size:,}: {1000 * each.cpu / size:.2f}" for size, each in zip(sizes, theirs, strict=True))
    figures.append(Figure("A list by its pages, ms of CPU a page ([picture](pages.png))", words, f"SDK {beside}"))
    report(figures, chosen.json)


if __name__ == "__main__":
    main()
