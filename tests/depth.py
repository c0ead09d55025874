"""How much of a wide field its tests try: all of it, or, by the profile `quick`, what `make check` has time for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import settings

Case = TypeVar("Case")
FULL, QUICK = 100, 10


def register_profile() -> None:
    """Let a run be told to be quick; the profile is for machines that others use as well, like that of all runs."""
    settings.register_profile("quick", settings.get_profile("ci"), max_examples=QUICK)


def is_quick() -> bool:
    return settings.default.max_examples == QUICK


def count_examples(full: int) -> int:
    """Give how many examples to try, of so many in a full run."""
    return max(1, full * QUICK // FULL) if is_quick() else full


def take_some(cases: Sequence[Case], step: int) -> Sequence[Case]:
    """Take one case of each `step`, and in a full run all."""
    return cases[::step] if is_quick() else cases
