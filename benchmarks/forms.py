"""How long a form takes to be made, to follow a keystroke, and to show what a long list would cost.

Run: python benchmarks/forms.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from common import Figure, connected, options, report, served
from plan import people

import nexmo_nb as nx

MAKERS = (nx.sms_form, nx.voice_form, nx.number_form, nx.application_form)
LONG_TEXT = ("Olá Ana! " * 178)[:1_590]


def measure(work: Callable[[], object], runs: int) -> float:
    """Milliseconds of the median of several runs, after one that does not count."""
    times = []
    for _ in range(runs + 1):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:]) * 1000


def measure_keystroke(runs: int) -> float:
    form = nx.sms_form()
    count = iter(range(1_000_000_000, 2_000_000_000))

    def press() -> None:
        form.text.value = f"{LONG_TEXT}{next(count)}"  # 1,600 characters

    return measure(press, runs)


def measure_preview(recipients: Any, runs: int) -> float:
    form = nx.sms_form(recipients)
    form.sender.value, form.text.value, form.doubtful.value = "Demo", "Olá {name}, faltam {days} dias", "send"
    form.preview.click()
    assert not form.send.disabled, form.message
    return measure(form.preview.click, runs)


def main() -> None:
    chosen = options(__doc__)
    runs, count = (3, 1_000) if chosen.quick else (9, 10_000)
    with served() as url, connected(url):
        made = {make.__name__: measure(make, runs) for make in MAKERS}
        key, preview = measure_keystroke(runs * 10), measure_preview(people(count, object), runs)
    slowest = max(made, key=lambda name: made[name])
    report(
        [
            Figure(f"`{slowest}`, the slowest form to be made", f"{made[slowest]:.0f} ms", goal="at most 50 ms",
                   reached=made[slowest] <= 50),
            Figure("a keystroke at 1,600 characters", f"{key:.1f} ms", goal="at most 5 ms", reached=key <= 5),
            Figure(f"a preview of {count:,} recipients", f"{preview:.0f} ms", goal="at most 300 ms",
                   reached=preview <= 300),
        ],
        chosen.json,
    )  # fmt: skip


if __name__ == "__main__":
    main()
