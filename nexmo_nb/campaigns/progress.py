"""How far a batch is, over all its runs: in counts, in money, and in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

WORDS: Mapping[str, str] = {
    "done": "{done} of {total} done: {facts}",
    "accepted": "{count} accepted",
    "refused": "{count} refused",
    "unknown": "{count} unknown",
    "not_found": "{count} not found",
    "elsewhere": "{count} taken by another run",
    "left": "{count} left",
    "cost": "{currency} {cost}",
    "cap": "{currency} {cost} of at most {cap}",
}
"""The words of a progress; those of another language have the same names and places."""
# What a state of the ledger counts as; what is planned is left.
_KINDS = {
    "accepted": "accepted",
    "partial": "accepted",
    "rejected": "refused",
    "unknown": "unknown",
    "not_found": "not_found",
    "sending": "elsewhere",
}


class Progress(NamedTuple):
    """How many messages of a batch are done, and what they cost, earlier runs included."""

    total: int
    accepted: int = 0  # in part as well
    refused: int = 0
    unknown: int = 0
    not_found: int = 0
    elsewhere: int = 0  # another run of the batch has them
    cost: float = 0.0  # as far as it is known
    currency: str = ""
    cap: float | None = None

    @property
    def done(self) -> int:
        return self.accepted + self.refused + self.unknown + self.not_found + self.elsewhere

    @property
    def left(self) -> int:
        return self.total - self.done

    def list_facts(self, words: Mapping[str, str] = WORDS) -> str:
        """List the counts, those that are seldom only where there are some, and the money."""
        seldom = [name for name in ("not_found", "elsewhere") if getattr(self, name)]
        names = ["accepted", "refused", "unknown", *seldom, "left"]
        counts = ", ".join(words[name].format(count=f"{getattr(self, name):,}") for name in names)
        cap = "" if self.cap is None else f"{self.cap:,.2f}"
        money = words["cap" if cap else "cost"].format(currency=self.currency, cost=f"{self.cost:,.2f}", cap=cap)
        return f"{counts} · {money}"

    def describe(self) -> str:
        """Say it in short: "25 done (22 accepted, 3 refused), 296 left"; other counts only where there are some."""
        seldom = [name for name in ("unknown", "not_found", "elsewhere") if getattr(self, name)]
        counts = [WORDS[name].format(count=f"{getattr(self, name):,}") for name in ("accepted", "refused", *seldom)]
        return f"{self.done:,} done ({', '.join(counts)}), {self.left:,} left"

    def to_text(self, words: Mapping[str, str] = WORDS) -> str:
        """Say all of it: "412 of 1,000 done: 400 accepted, 12 refused, 0 unknown, 588 left · EUR 13.32"."""
        return words["done"].format(done=f"{self.done:,}", total=f"{self.total:,}", facts=self.list_facts(words))


def count_done(states: Iterable[str], total: int) -> Progress:
    """Count what is done of the messages in some states."""
    return count_states(Counter(states))._replace(total=total)


def count_states(counts: Mapping[str, int]) -> Progress:
    """Count what is done of so many messages in each state."""
    kinds: Counter[str] = Counter()
    for state, count in counts.items():
        if state in _KINDS:
            kinds[_KINDS[state]] += count
    return Progress(sum(counts.values()), **kinds)  # type: ignore[arg-type] # whole numbers, by the names of its fields


def write_status(batch: str, progress: Progress, *, is_refused: bool = False) -> str:
    """Write where a run ended, and how to go on; `is_refused`: it ended because one message after another was refused.

    Progress counts all runs of the batch.
    """
    advice = ""
    if is_refused:
        advice = (
            " A plan with another text or sender, under the same name, is sent to those who were refused as well; "
            f"retry({batch!r}) sends them the same again, where that may help, or what you give it."
        )
    return (
        f"Batch {batch!r}: {progress.describe()}. Run the same call again to continue; nobody gets the message twice."
        f"{advice}"
    )
