"""What became of a send, in counts and words, and what stands in the way of a plan. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb.forms.words import Words
from nexmo_nb.sms.response import meaning_of_status

MOST_ROWS_NAMED = 5
NameRow = Callable[[int], str]
"""How a person knows a row of a plan, by its place from 0."""


class Level(IntEnum):
    """How good an outcome is; the worst decides how it looks."""

    GOOD = 0
    DOUBTFUL = 1
    BAD = 2


class Outcome(NamedTuple):
    text: str
    level: Level = Level.GOOD


class Group(NamedTuple):
    """Rows with one reason: what they have in common, how many, the first of them, and the reason in full."""

    what: str
    rows: int
    which: str
    why: str


# In the order in which they are told.
_LEVELS = {
    "accepted": Level.GOOD,
    "partial": Level.DOUBTFUL,
    "rejected": Level.BAD,
    "unknown": Level.BAD,
    "not_found": Level.BAD,
    "planned": Level.BAD,
    "sending": Level.DOUBTFUL,
    "skipped": Level.DOUBTFUL,
    "problem": Level.DOUBTFUL,
}


def describe_batch(result: pd.DataFrame, words: Words) -> Outcome:
    """Describe what became of the rows of a plan, as `send_many` returns them: "1 accepted, 2 refused: no credit"."""
    pieces = []
    for state, count in _count_states(result):
        said = words.say(f"state_{state}", count=f"{count:,}")
        if state in ("partial", "rejected"):
            said += f": {_count_reasons(result.meaning[result.state.eq(state)], words)}"
        pieces.append(said)
    worst = max((_LEVELS[state] for state, _ in _count_states(result)), default=Level.DOUBTFUL)
    return Outcome(f"{', '.join(pieces) or words.say('nothing')}.", worst)


def describe_parts(parts: pd.DataFrame, words: Words) -> Outcome:
    """Describe what became of one message, as `send_sms` returns its parts, of which one at least was accepted."""
    refused = parts[parts.status.ne("0")]
    if refused.empty:
        return Outcome(f"{words.say('state_accepted', count=1)}.")
    reasons = _count_reasons(refused.status.map(meaning_of_status), words)
    told = words.say("parts_refused", accepted=len(parts) - len(refused), parts=len(parts), reasons=reasons)
    return Outcome(f"{words.say('state_partial', count=1)}: {told}.", Level.DOUBTFUL)


def group_outcomes(result: pd.DataFrame, name_row: NameRow, words: Words) -> list[Group]:
    """Group the rows of a batch that were not simply accepted by their reason, the most frequent first."""
    found: dict[tuple[str, str], list[int]] = {}
    errors, meanings = result.error.fillna(""), result.meaning.fillna("")
    for place, (state, meaning, error) in enumerate(zip(result.state, meanings, errors, strict=True)):
        if state != "accepted":
            # The error of a refusal names the recipient, so that no two are the same.
            found.setdefault((state, meaning or error), []).append(place)
    return [
        Group(
            words.say(f"state_{state}", count=f"{len(places):,}"),
            len(places),
            _name_rows(places, name_row, words),
            _drop_name(errors.iloc[places[0]] or reason or words.say("no_reason")),
        )
        for (state, reason), places in _sort_by_count(found)
    ]


def group_problems(plan: pd.DataFrame, name_row: NameRow, words: Words) -> list[Group]:
    """Group the rows of a plan that cannot be sent by their code, the most frequent first."""
    return _group_by_code(plan.problem_code, plan.problem, name_row, words)


def group_doubts(plan: pd.DataFrame, name_row: NameRow, words: Words) -> list[Group]:
    """Group the rows of a plan that are doubtful by their code, the most frequent first."""
    return _group_by_code(plan.warning_code, plan.warning, name_row, words)


def _group_by_code(codes: Iterable[Any], reasons: pd.Series[Any], name_row: NameRow, words: Words) -> list[Group]:
    found: dict[str, list[int]] = {}
    for place, (code, reason) in enumerate(zip(codes, reasons, strict=True)):
        if not pd.isna(reason):
            found.setdefault("" if pd.isna(code) else code, []).append(place)
    return [
        Group(
            f"{words.say_code(code)}: {len(places):,}",
            len(places),
            _name_rows(places, name_row, words),
            _drop_name(str(reasons.iloc[places[0]])),
        )
        for code, places in _sort_by_count(found)
    ]


def _count_states(result: pd.DataFrame) -> list[tuple[str, int]]:
    counts = Counter(result.state)
    return [(state, counts[state]) for state in _LEVELS if counts[state]]


def _count_reasons(reasons: pd.Series[Any], words: Words) -> str:
    """List reasons, the most frequent first; with their counts if there are several."""
    counts = Counter(reasons.fillna(words.say("no_reason"))).most_common()
    return ", ".join(reason if len(counts) == 1 else f"{reason} ({count:,})" for reason, count in counts)


def _sort_by_count(found: dict[Any, list[int]]) -> list[tuple[Any, list[int]]]:
    return sorted(found.items(), key=lambda group: -len(group[1]))


def _name_rows(places: Sequence[int], name_row: NameRow, words: Words) -> str:
    shown = ", ".join(name_row(place) for place in places[:MOST_ROWS_NAMED])
    left = len(places) - MOST_ROWS_NAMED
    return words.say("more_rows", rows=shown, count=f"{left:,}") if left > 0 else shown


def _drop_name(reason: str) -> str:
    """Leave out the parameter with which a reason begins: the column before it says what it is about."""
    return reason.removeprefix("to: ").removeprefix("text: ")
