"""Batches beside the official SDK's loop: CPU a message, and the pace against a server with latency and a limit.

Run: python benchmarks/batch.py
"""

from __future__ import annotations

from itertools import count
from typing import Any

from common import Figure, connected, log, options, plot, report, sdk, sdk_send, served, turns

import nexmo_nb as nx

BATCHES = count()
LATENCY = 0.15
LIMIT = 30


def people(number: int) -> list[str]:
    return [f"35191{n:07d}" for n in range(1, number + 1)]


def send(plan: Any, workers: int | None = None) -> None:
    done = nx.send_many(plan, batch=f"bench {next(BATCHES)}", workers=workers, progress=False)
    assert set(done.state) == {"accepted"}


def cpu(messages: int, runs: int) -> Figure:
    """Send without latency and limits, to see what a message costs this process."""
    with served() as url, connected(url):
        client = sdk(url)
        plan = nx.plan_sms(people(messages), "Hello", sender="Demo", prices=False)

        def loop() -> None:
            for to in people(messages):
                sdk_send(client, to)

        spent = turns({"ours": lambda: send(plan), "sdk": loop}, runs, warm=0)
    mine, theirs = (1000 * spent[name].cpu / messages for name in ("ours", "sdk"))
    wall = [1000 * spent[name].wall / messages for name in ("ours", "sdk")]
    return Figure(
        f"`send_many`, {messages:,} messages, every one on the disk before and after, CPU a message",
        f"{mine:.2f} ms (clock {wall[0]:.2f})",
        f"SDK's loop, which records nothing: {theirs:.2f} ms (clock {wall[1]:.2f})",
        f"{mine / theirs:.2f}",
        "at most 1.0 of the SDK's loop",
        mine <= theirs,
    )


def pace(url: str) -> float:
    """Sustained messages a second, by the sandbox's own log.

    A second may begin with a burst, so a message is looked at beside the one `LIMIT` places before it.
    """
    at = [entry["at"] for entry in log(url) if entry["path"] == "/sms/json" and not entry["throttled"]]
    places = min(LIMIT, len(at) // 2)
    spans = [later - earlier for earlier, later in zip(at, at[places:], strict=False)]
    return places * len(spans) / sum(spans)


def ours_at(messages: int, workers: int | None = None, latency: float = LATENCY) -> tuple[float, int]:
    """Send against latency and a limit of 30 a second; the pace, and how often the server refused for speed."""
    with served(latency=latency, limits=True) as url, connected(url, calls=2000, period=60.0, limits=None):
        send(nx.plan_sms(people(messages), "Hello", sender="Demo", prices=False), workers)
        return pace(url), sum(entry["throttled"] for entry in log(url))


def sdk_at(messages: int) -> float:
    with served(latency=LATENCY, limits=True) as url:
        client = sdk(url)
        for to in people(messages):
            sdk_send(client, to)
        return pace(url)


def growth(seconds: float) -> list[tuple[int, float]]:
    """Pace by number of workers."""
    paces = []
    for workers in (1, 2, 4, 8, 16, 32):
        messages = int(min(LIMIT, workers / LATENCY) * seconds)
        paces.append((workers, ours_at(messages, workers)[0]))
    return paces


def slow(latency: float, messages: int) -> Figure:
    """Send with as many workers as the latency needs, which nobody tells."""
    found, refused = ours_at(messages, latency=latency)
    return Figure(
        f"`send_many`, {1000 * latency:,.0f} ms latency, limit 30/s",
        f"{found:.1f} messages/s, {refused} refusals for speed",
        f"8 workers {8 / latency:.0f} messages/s at most",
        f"{found / (8 / latency):.1f}",
        "at least 29 messages/s",
        found >= 29,
    )


def draw(axes: Any, paces: list[tuple[int, float]], theirs: float) -> None:
    axes.plot(*zip(*paces, strict=True), marker="o", label="send_many")
    axes.axhline(LIMIT, color="grey", linestyle="--", label="limit, 30/s")
    axes.axhline(theirs, color="tab:orange", linestyle=":", label="SDK's loop")
    axes.set_xscale("log", base=2)
    axes.set_xticks([x for x, _ in paces], [str(x) for x, _ in paces])
    axes.set(xlabel="workers", ylabel="messages/s", title="Pace of send_many, 150 ms latency", ylim=(0, 33))
    axes.legend()


def main() -> None:
    chosen = options(__doc__)
    quick = chosen.quick
    figures = [cpu(300 if quick else 5000, 1 if quick else 3)]
    mine, refused = ours_at(120 if quick else 600)
    theirs = sdk_at(20 if quick else 60)
    figures.append(
        Figure(
            "`send_many`, 150 ms latency, limit 30/s",
            f"{mine:.1f} messages/s, {refused} refusals for speed",
            f"SDK's loop {theirs:.1f} messages/s",
            f"{mine / theirs:.1f}",
            "at least 29 messages/s",
            mine >= 29,
        )
    )
    figures += [slow(latency, 200 if quick else 900) for latency in (0.5, 1.0)]
    paces = growth(2 if quick else 8)
    plot("workers", lambda axes: draw(axes, paces, theirs))
    words = ", ".join(f"{workers}: {found:.1f}" for workers, found in paces)
    figures.append(Figure("`send_many` by workers, messages/s ([picture](workers.png))", words))
    report(figures, chosen.json)


if __name__ == "__main__":
    main()
