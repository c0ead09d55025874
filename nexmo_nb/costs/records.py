"""Sums over records of whatever source: a part of each piece, the parts combined, and the table finished.

A part has the sums of its rows by group, and the rows that may share a message with rows of other pieces. Messages are
counted in the end, when all of those are there; all else is added up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from nexmo_nb import validation
from nexmo_nb.costs.aggregate import (
    LIMB,
    TIME_COLUMNS,
    check_group_columns,
    join_amounts,
    number_groups,
    read_floats,
    sort_groups,
    split_amounts,
    sum_groups,
)
from nexmo_nb.costs.parts import (
    COLUMNS,
    Counts,
    Shared,
    count_parts,
    drop_unsent,
    find_several,
    is_ordered,
    list_columns,
    number_messages,
)
from nexmo_nb.costs.sources import Source, decode_texts, open_source, read_whole
from nexmo_nb.frames import concat_frames

ARRIVED = "delivered_messages"
PRICES = ("price", "final_price")
Keep = Callable[[pd.DataFrame], Any]
_KNOWN = {*COLUMNS, *TIME_COLUMNS, "price", "final_price", "amount", "currency", "delivery", "country", "text"}


class Records(NamedTuple):
    """Records whose columns were checked, and the names of those to group by."""

    source: Source
    names: list[str]

    @property
    def columns(self) -> Collection[str]:
        return self.source.empty.columns


class Part(NamedTuple):
    """What a piece gives: its groups with their sums, and the group of each shared row, and whether it arrived."""

    keys: pd.DataFrame
    sums: dict[str, Any]
    shared: Shared
    group: Any
    arrived: Any
    amounts: list[str]


class Measured(NamedTuple):
    """What is added up of the rows of a piece: `amounts` of money, `numbers`, and whether each row `arrived`."""

    rows: pd.DataFrame
    counts: Counts
    amounts: dict[str, Any]
    numbers: dict[str, Any]
    arrived: Any = None


def open_records(
    given: Any, by: Any, *, needed: Collection[str] = (), taken: Collection[str] = (), takes_bill: bool = False
) -> Records:
    """Open records, and check their columns: those to group by, price, currency, and `needed`.

    By the columns `taken`, nothing can be grouped. Where it `takes_bill`, the amount of a bill is the price.
    """

    def check(empty: pd.DataFrame) -> None:
        is_bill = takes_bill and "amount" in empty and "price" not in empty
        validation.check_frame(empty, "amount" if is_bill else "price", "currency")

    by = validation.as_list("by", by, "names of columns")
    source = open_source(given, check, {*_KNOWN, *map(str, by)})
    if takes_bill and "amount" in source.empty and "price" not in source.empty:
        source = _name_price(source)
    names = check_group_columns(source.empty, by, "price")
    validation.check_frame(source.empty, *needed)
    used = [name for name in names if name in taken]
    if used:
        raise validation.invalid_argument("by", used[0], "a column whose name is none of the result's own")
    return Records(source, names)


def read_pieces(records: Records, *wanted: str, keep: Keep | None = None) -> Iterator[tuple[pd.DataFrame, Counts]]:
    """Read rows that cost something, piece by piece, with what they stand for; `wanted` are columns beside the others.

    `keep` tells which rows count. Where the order of all rows tells which are one message, they are one piece.
    """
    columns = records.columns
    names = [*records.names, "currency", *PRICES, *wanted, *list_columns(columns)]
    names = [name for name in dict.fromkeys(names) if name in columns]
    pieces = [read_whole(records.source, names)] if is_ordered(columns) else records.source.read(names)
    for piece in chain([records.source.empty[names]], pieces):
        validation.check_frame(piece, numbers=PRICES, words=[name for name in names if name not in PRICES])
        rows = drop_unsent(piece, columns)
        if keep is not None:
            rows = rows[keep(rows)].reset_index(drop=True)
        yield rows, count_parts(rows, columns)


def add_up(
    records: Records, names: list[str], measured: Iterable[Measured], *, counts_once: bool = False
) -> pd.DataFrame:
    """Add up pieces by some columns and currency: ``messages, parts``, what was measured, and `ARRIVED` if it is known.

    A message whose parts are in several groups counts in each; if it `counts_once`, with its first part.
    """
    keys = [*names, "currency"]
    parts = [_compute_part(keys, piece, records.source.keeps_categories) for piece in measured]
    return _finish(_combine_parts(parts), names, counts_once=counts_once)


def _compute_part(keys: list[str], piece: Measured, keeps_categories: bool) -> Part:
    """Sum a piece up; messages of shared rows, and whether they arrived, are left open."""
    counts, place = piece.counts, piece.counts.place
    messages = counts.messages.copy()
    messages[place] = 0
    values = {"messages": messages, "parts": counts.parts, **piece.numbers}
    arrived = np.zeros(len(messages), dtype=bool) if piece.arrived is None else piece.arrived
    values |= {} if piece.arrived is None else {ARRIVED: messages * arrived}
    for name, amounts in piece.amounts.items():
        values |= split_amounts(name, amounts)
    groups, first = number_groups(piece.rows, keys)
    sums = sum_groups(groups, len(first), values)
    found = piece.rows[keys].iloc[first].reset_index(drop=True)
    found = found if keeps_categories else decode_texts(found)
    return Part(found, sums, counts.shared, groups[place].astype("int32"), arrived[place], [*piece.amounts])


def _combine_parts(parts: list[Part]) -> Part:
    """Put parts after each other; a group that several have stands there several times.

    The list is emptied, so that what is put together is not held twice.
    """
    starts = np.cumsum([0, *(len(part.keys) for part in parts[:-1])])
    keys = concat_frames([part.keys for part in parts], parts[0].keys)
    sums = {name: np.concatenate([part.sums[name] for part in parts]) for name in parts[0].sums}
    amounts = parts[0].amounts
    groups = [part.group + np.int32(start) for part, start in zip(parts, starts, strict=True)]
    arrived = [part.arrived for part in parts]
    key, time = ([part.shared[place] for part in parts] for place in range(2))
    parts.clear()
    return Part(
        keys, sums, Shared(_join_arrays(key), _join_arrays(time)), _join_arrays(groups), _join_arrays(arrived), amounts
    )


def _join_arrays(arrays: list[Any]) -> Any:
    joined = np.concatenate(arrays)
    arrays.clear()
    return joined


def _finish(part: Part, names: list[str], *, counts_once: bool) -> pd.DataFrame:
    """Add up the sums of each group, count the messages that were open, and sort the groups."""
    groups, first = number_groups(part.keys, [*names, "currency"])
    sums = sum_groups(groups, len(first), part.sums)
    group = groups.astype("int32")[part.group]
    is_first, has_arrived = _count_messages(part, group, counts_once=counts_once)
    sums["messages"] += np.bincount(group[is_first], minlength=len(first))
    if ARRIVED in sums:
        sums[ARRIVED] += np.bincount(group[is_first & has_arrived], minlength=len(first))
    amounts = {name: join_amounts(name, sums) for name in part.amounts}
    numbers = {name: sums[name].astype("int64") for name in sums if not name.startswith(LIMB)}
    keys = part.keys.iloc[first].reset_index(drop=True)
    table: pd.DataFrame = keys.assign(**numbers, **amounts).iloc[sort_groups(keys)]
    return table.reset_index(drop=True)


def _count_messages(part: Part, group: Any, *, counts_once: bool) -> tuple[Any, Any]:
    """Tell of each shared row whether its message counts with it, and whether all parts of the message arrived."""
    several = find_several(part.shared.key)
    message = number_messages(Shared(part.shared.key[several], part.shared.time[several]))
    counted = message if counts_once else message * len(part.keys) + group[several]
    is_first, has_arrived = ~several, part.arrived.copy()
    is_first[several] = ~pd.Series(counted).duplicated().to_numpy()
    arrived = np.bincount(message, weights=has_arrived[several])
    has_arrived[several] = (arrived == np.bincount(message))[message]
    return is_first, has_arrived


def _name_price(bill: Source) -> Source:
    """Give a bill its amount as the price of records."""

    def read(names: Collection[str]) -> Iterator[pd.DataFrame]:
        own = dict.fromkeys("amount" if name == "price" else name for name in names)
        return (piece.assign(price=piece["amount"]) for piece in bill.read(list(own)))

    return bill._replace(empty=bill.empty.assign(price=bill.empty["amount"]), read=read)


def read_prices(rows: pd.DataFrame, counts: Counts) -> Any:
    """Return what each row cost: the final price where it is known, else its share of the price."""
    prices = read_floats(rows, "price") * counts.share
    return read_floats(rows, "final_price").fillna(prices) if "final_price" in rows else prices
