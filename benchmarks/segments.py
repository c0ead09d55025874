"""How many characters a second `segments` counts, beside the libraries for it.

Run: python benchmarks/segments.py
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import smsutil
from common import Figure, options, report, turns

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it is written for an older pydantic
    from sms.counter import SMSCounter

from nexmo_nb.text.gsm import segments

TEXTS = {
    "140 characters, basic table": "Your parcel is at the door, please have your code: the driver asks. ! " * 2,
    "1,000 characters, basic table": "Your parcel is at the door. " * 36,
    "140 characters, two of the extension": "Your parcel costs 5 €, please have it ready for the driver at the door"
    * 2,
    "70 characters, unicode": "Olá! A sua encomenda está à porta. Tenha o seu código pronto, por favor",
}


def main() -> None:
    chosen = options(__doc__)
    times, runs = (500, 3) if chosen.quick else (3000, 9)

    def several(count: Callable[[str], object], text: str, factor: int = 1) -> Callable[[], None]:
        def work() -> None:
            for _ in range(times * factor):
                count(text)

        return work

    figures = []
    for name, text in TEXTS.items():
        # Ours counts ten times as many, so that all take about as long.
        spent = turns(
            {
                "ours": several(segments, text, 10),
                "smsutil": several(smsutil.split, text),
                "sms-counter": several(SMSCounter().count, text),
            },
            runs,
        )
        speed = {who: len(text) * times / each.cpu / 1e6 for who, each in spent.items()}
        speed["ours"] *= 10
        best = max(speed["smsutil"], speed["sms-counter"])
        goal = "at least 10 times the best library" if "basic" in name else ""
        figures.append(
            Figure(
                f"`segments`, million characters a second, {name}",
                f"{speed['ours']:.0f}",
                f"smsutil {speed['smsutil']:.1f}, sms-counter {speed['sms-counter']:.1f}",
                f"{speed['ours'] / best:.1f}",
                goal,
                speed["ours"] >= 10 * best if goal else None,
            )
        )
    report(figures, chosen.json)


if __name__ == "__main__":
    main()
