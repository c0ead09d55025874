"""How many characters a second `segments` counts. Run: python benchmarks/segments.py"""

from __future__ import annotations

import timeit

from nexmo_nb.gsm import segments

TEXTS = {
    "140 characters, basic table": "Your parcel is at the door, please have your code ready: the driver asks for it. "
    * 2,
    "1,000 characters, basic table": "Your parcel is at the door. " * 36,
    "140 characters, one of the extension": "Your parcel costs 5 €, please have it ready for the driver. " * 2,
    "70 characters, unicode": "Olá! A sua encomenda está à porta. Tenha o seu código pronto, por favor",
}

for name, text in TEXTS.items():
    runs = 20_000
    seconds = min(timeit.repeat(lambda text=text: segments(text), number=runs, repeat=5))
    print(f"{name}: {len(text) * runs / seconds / 1e6:.0f} million characters/s")
