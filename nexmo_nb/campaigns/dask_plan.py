"""Plans of lists in Dask: each partition is planned by itself, by what all of the list decides.

What a list decides as a whole is read from it when the plan is made: the country of most of its numbers, the formats of
its columns, and which numbers stand in it twice. The rows are planned when they are needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from nexmo_nb.campaigns.dask_frames import build_values, compute_parts, map_parts, read_empty
from nexmo_nb.campaigns.plan_fit import fit_rows, measure_rows
from nexmo_nb.campaigns.plan_rows import (
    ListFacts,
    PlanOptions,
    add_prices,
    plan_rows,
    read_facts,
    read_price_ranges,
)
from nexmo_nb.campaigns.plan_sums import add_lines, check_plan, count_lines
from nexmo_nb.campaigns.suppression import list_known, mark_listed
from nexmo_nb.contacts.duplicates import mark_duplicates, write_cells
from nexmo_nb.contacts.regions import join_counts
from nexmo_nb.frames import concat_frames, repeat_missing
from nexmo_nb.session import Session
from nexmo_nb.text.writers import Format
from nexmo_nb.validation import invalid_argument


class Wanted(NamedTuple):
    """What the rows of each partition are planned by."""

    text: Any
    options: PlanOptions
    facts: ListFacts


NO_ROOM = -1.0  # for which not even what is free is bought
MARKS = ("problem", "problem_code", "duplicate_of")


def plan_partitions(
    recipients: Any, text: Any, options: PlanOptions, session: Session | None, keeper: Session | None
) -> Any:
    """Plan a frame or series of Dask, as `plan_sms` does; without a session, without prices.

    The session `keeper` has the do-not-send list, of which those who were forgotten are not marked: to find them takes
    a key, which stays where it is. They are refused all the same.
    """
    if isinstance(text, pd.Series) or hasattr(text, "map_partitions"):
        allowed = "a text, a mapping, a function, or recipients with a column 'text'"
        raise invalid_argument("text", "a Series", allowed, "Make it a column of the frame: frame.assign(text=…).")
    table = recipients.to_frame(name=options.to) if recipients.ndim == 1 else recipients
    empty = read_empty(table)
    if isinstance(options.to, str) and options.to not in map(str, empty.columns):
        names = ", ".join(map(str, empty.columns))
        raise invalid_argument("to", options.to, f"the name of the column of numbers; there are {names}")
    plan_rows(empty, text, options)  # what is wrong with an argument is said before anything is read
    ranges = None if session is None else read_price_ranges(None, session)
    wanted = Wanted(text, options, _join_facts(compute_parts(table, read_facts, text, options)))
    marks = _find_repeated(table, wanted)
    listed = {} if keeper is None else list_known(keeper)
    planned = _plan_part(empty, marks[0].iloc[:0], wanted, ranges, listed)
    return map_parts(table, _plan_part, marks, wanted, ranges, listed, empty=planned)


def add_up_partitions(plan: Any) -> pd.DataFrame:
    """Add a plan up, as `summary` does."""
    check_plan(read_empty(plan))
    return add_lines(concat_frames(compute_parts(plan, count_lines), count_lines(read_empty(plan))))


def fit_partitions(plan: Any, amount: float) -> Any:
    """Keep as many rows as an amount buys, as `fit_budget` does; the prices are added up when it is called."""
    empty = read_empty(plan)
    check_plan(empty)
    parts = compute_parts(plan, measure_rows)
    currencies = set().union(*(part.currencies for part in parts))
    if len(currencies) > 1:
        raise invalid_argument("plan", ", ".join(sorted(currencies)), "a plan in one currency", "Plan each by itself.")
    rooms, room = [], amount
    for part in parts:
        rooms.append(room)
        # After the first row that the amount does not buy, none is bought.
        room = room - part.high if part.fits(room) else NO_ROOM
    return map_parts(plan, _fit_part, build_values(rooms), amount, empty=fit_rows(empty, amount, amount))


def find_repeated_numbers(keys: Any) -> pd.DataFrame:
    """Find the rows whose number, in the column ``to``, stands in a frame twice; rows come in no order."""
    found: pd.DataFrame = keys.shuffle(on="to").map_partitions(_keep_repeated, meta=read_empty(keys)).compute()
    return found


def _plan_part(
    part: Any, marks: pd.DataFrame, wanted: Wanted, ranges: pd.DataFrame | None, listed: Mapping[str, str]
) -> pd.DataFrame:
    plan: pd.DataFrame = plan_rows(part, *wanted)
    places = marks["place"].tolist()
    for name in MARKS:
        write_cells(plan, name, places, marks[name].tolist())
    write_cells(plan, "parts", places, [0] * len(places))
    if ranges is not None:
        add_prices(plan, ranges)
    mark_listed(plan, listed)
    return plan


def _fit_part(part: pd.DataFrame, room: pd.DataFrame, amount: float) -> pd.DataFrame:
    fitted: pd.DataFrame = fit_rows(part, amount, float(room["value"].iloc[0]))
    return fitted


def _join_facts(parts: list[ListFacts]) -> ListFacts:
    names = parts[0].formats
    return ListFacts(
        join_counts([part.countries for part in parts]),
        {name: reduce(Format.join, (part.formats[name] for part in parts)) for name in names},
        frozenset().union(*(part.fractions for part in parts)),
    )


def _find_repeated(table: Any, wanted: Wanted) -> list[pd.DataFrame]:
    """Find the rows that repeat another one, wherever that stands: for each partition their places and `MARKS`."""
    numbers = build_values(range(table.npartitions))
    empty = _list_keys(read_empty(table), numbers[0], wanted)
    found = find_repeated_numbers(map_parts(table, _list_keys, numbers, wanted, empty=empty))
    found = found.sort_values(["part", "place"], kind="stable")
    found = found.assign(**{name: repeat_missing(len(found)) for name in MARKS})
    found = found.iloc[mark_duplicates(found, wanted.options.keep, ("to", "text"))][["part", "place", *MARKS]]
    return [found[found["part"] == number].reset_index(drop=True) for number in range(table.npartitions)]


def _list_keys(part: Any, number: pd.DataFrame, wanted: Wanted) -> pd.DataFrame:
    """List what tells whether a row repeats another one, of the rows that can be sent."""
    plan = plan_rows(part, *wanted)
    keys = plan[["to", "text"]].assign(part=int(number["value"].iloc[0]), place=np.arange(len(plan)))
    if wanted.options.keep != "all":  # texts are as long as all the rest, and are compared only where they count
        keys["text"] = repeat_missing(len(keys))
    return keys[plan["problem"].isna().to_numpy()]


def _keep_repeated(keys: pd.DataFrame) -> pd.DataFrame:
    return keys[keys["to"].duplicated(keep=False)]
