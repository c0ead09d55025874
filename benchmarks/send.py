"""One SMS by `send_sms`, with ledger and throttle, beside bare requests and the official SDK, which record nothing.

Run: python benchmarks/send.py
"""

from __future__ import annotations

from itertools import count

from common import Figure, bare, connected, options, report, sdk, sdk_send, served, turns

import nexmo_nb as nx


def main() -> None:
    """Send by each in turn, some hundred times a turn."""
    chosen = options(__doc__)
    times, runs = (50, 3) if chosen.quick else (300, 7)
    numbers = count(351910000001)
    with served() as url, connected(url):
        plain, client = bare(url), sdk(url)

        def by_requests() -> None:
            for _ in range(times):
                form = {"to": str(next(numbers)), "from": "Demo", "text": "Hello"}
                plain.post(f"{url}/sms/json", data=form, timeout=30).json()

        def by_sdk() -> None:
            for _ in range(times):
                sdk_send(client, str(next(numbers)))

        def ours() -> None:
            for _ in range(times):
                nx.send_sms(str(next(numbers)), "Hello", sender="Demo")

        spent = turns({"ours": ours, "requests": by_requests, "sdk": by_sdk}, runs)
    figures = []
    for kind, name in (("wall", "clock"), ("cpu", "CPU")):
        mine, theirs, official = (1000 * getattr(spent[who], kind) / times for who in ("ours", "requests", "sdk"))
        figures.append(
            Figure(
                f"`send_sms`, one, {name} a call",
                f"{mine:.2f} ms",
                f"requests {theirs:.2f} ms, SDK {official:.2f} ms",
                f"+{mine - theirs:.2f} ms",
                "at most +1.0 ms over requests",
                mine - theirs <= 1.0,
            )
        )
    report(figures, chosen.json)


if __name__ == "__main__":
    main()
