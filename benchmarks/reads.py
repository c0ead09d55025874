"""One read: from the cache to a frame, and what cache and throttle add to a call that is not in the cache.

Run: python benchmarks/reads.py
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from common import Figure, connected, log, options, report, served, turns

import nexmo_nb as nx


def cached(times: int, runs: int) -> list[Figure]:
    with served(owned=100) as url, connected(url, period=60.0) as session:
        nx.owned_numbers()
        before, used = len(log(url)), session.throttle.status().used
        spent = turns({"ours": lambda: [nx.owned_numbers() for _ in range(times)]}, runs)["ours"]
        # The log itself is not in the log.
        requests, slots = len(log(url)) - before, session.throttle.status().used - used
    mine = 1000 * spent.wall / times
    return [
        Figure(
            "Cached `owned_numbers` to a frame of 100 rows",
            f"{mine:.2f} ms; {requests} requests, {slots} slots",
            goal="at most 1.5 ms, no slot, no request",
            reached=mine <= 1.5 and not requests and not slots,
        )
    ]


def overhead(times: int, runs: int) -> list[Figure]:
    """Compare calls of sessions with cache and throttle, and with neither."""

    def read(session: nx.Session, work: Callable[..., object]) -> Callable[[], None]:
        def several() -> None:
            for _ in range(times):
                work(session=session)

        return several

    patterns = count()

    def kept(session: nx.Session) -> object:
        return nx.search_numbers("NA", pattern=f"{next(patterns):07d}", match="contains", session=session)

    with served() as url, connected(url) as full, connected(url, cache=False) as bare:
        # Past the cache, past the throttle: what is left is the session's own work and requests.
        bare.throttle.acquire = lambda *_: None  # type: ignore[method-assign]
        bare.throttle.confirm = lambda *_: None  # type: ignore[method-assign]
        bare.throttle.is_late = lambda *_: False  # type: ignore[method-assign]
        spent = turns(
            {
                "full": read(full, nx.balance),
                "bare": read(bare, nx.balance),
                "full kept": read(full, kept),
                "bare kept": read(bare, kept),
            },
            runs,
        )
    figures = []
    for name, words in (("", "not kept (`balance`)"), (" kept", "looked for in the cache and kept (`search_numbers`)")):
        full_us, bare_us = (1e6 * spent[f"{who}{name}"].wall / times for who in ("full", "bare"))
        goal = {} if name else {"goal": "at most 150 µs", "reached": full_us - bare_us <= 150}
        figures.append(
            Figure(
                f"Throttle and cache of an uncached call whose answer is {words}",
                f"{full_us - bare_us:.0f} µs",
                f"the call with them {full_us:.0f} µs, without {bare_us:.0f} µs",
                **goal,  # type: ignore[arg-type]
            )
        )
    return figures


def main() -> None:
    chosen = options(__doc__)
    times, runs = (50, 3) if chosen.quick else (300, 9)
    report([*cached(times, runs), *overhead(times, runs)], chosen.json)


if __name__ == "__main__":
    main()
