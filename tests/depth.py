"""How much of a wide field its tests try: all of it, or by the profile `quick` what `make check` has time for.

Of what has no end, `pytest --hypothesis-profile=long` tries twenty times as much, other examples each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import settings

Case = TypeVar("Case")
FULL, QUICK, LONG = 100, 10, 2_000


def register_profile() -> None:
    """Let a run be told to be quick, or long; the profiles are for machines that others use as well, as of all."""
    settings.register_profile("quick", settings.get_profile("ci"), max_examples=QUICK)
    settings.register_profile("long", settings.get_profile("ci"), max_examples=LONG, derandomize=False)


def is_quick() -> bool:
    return settings.default.max_examples == QUICK


def count_examples(full: int) -> int:
    """Give how many examples to try, of so many in a full run."""
    return max(1, full * settings.default.max_examples // FULL)


def take_some(cases: Sequence[Case], step: int) -> Sequence[Case]:
    """Take one case of each `step`, and in a full run all."""
    return cases[::step] if is_quick() else cases
