"""The sender of each row of a plan: by its country, out of a pool of numbers, or out of a column; and its doubts. Pure.

Out of a pool the same person always gets the same number: the one that the ledger last sent to them from, if it is in
the pool, else that of the highest hash of number and person (rendezvous hashing). So no machine needs to know what
another one chose, and where a number joins or leaves the pool, nobody changes who need not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.countries import check_country
from nexmo_nb.contacts.duplicates import write_cells
from nexmo_nb.contacts.numbers import check_sender
from nexmo_nb.contacts.sender_rules import find_sender_doubt
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import to_text_array

Pool = tuple[str, ...]
_NEEDED = "a number or name, one for each country ({'US': '14155550100', None: 'Acme'}), a column, or a pool of numbers"


class Senders(NamedTuple):
    """Who the rows are from: the senders of each country, None being all others, of which a person has one.

    `column` comes before them, where it is filled. `kept` are the senders that people had before, and have again, where
    the hash of a pool would give them another.
    """

    by_country: Mapping[str | None, Pool]
    column: str | None = None
    kept: Mapping[Pool, Mapping[str, str]] = {}

    def list_pools(self) -> list[Pool]:
        return [pool for pool in dict.fromkeys(self.by_country.values()) if len(pool) > 1]


def check_senders(sender: Any, pool: Any, column: Any) -> Senders:
    """Accept the arguments of `plan_sms` that say who its messages are from."""
    given = sender if isinstance(sender, Mapping) else {} if sender is None else {None: sender}
    by_country: dict[str | None, Pool] = {
        _check_key("sender", key): (check_sender(value),) for key, value in given.items()
    }
    pools = pool if isinstance(pool, Mapping) else {} if pool is None else {None: pool}
    for key, numbers in pools.items():
        code = _check_key("pool", key)
        if code in by_country:
            named = "all other countries" if code is None else code
            raise validation.invalid_argument("pool", key, f"countries that sender does not name; it names {named}")
        by_country[code] = _check_pool(numbers)
    if column is not None and (not isinstance(column, str) or not column):
        raise validation.invalid_argument("sender_column", column, "the name of a column of senders")
    if not by_country and column is None:
        raise validation.invalid_argument("sender", sender, _NEEDED)
    return Senders(by_country, column)


def choose_from(pool: Sequence[str], to: str) -> str:
    """Choose the number of a pool that a person gets."""
    return max(pool, key=lambda number: hashlib.sha256(f"{number} {to}".encode()).digest())


def find_kept(pools: Iterable[Pool], last: Mapping[str, Iterable[tuple[str, float]]]) -> dict[Pool, dict[str, str]]:
    """Find who of a pool had another number than the hash gives; `last` has when each number last wrote to whom."""
    kept: dict[Pool, dict[str, str]] = {}
    for pool in pools:
        latest: dict[str, tuple[float, str]] = {}
        for number in pool:
            for to, at in last.get(number, ()):
                latest[to] = max(latest.get(to, (at, number)), (at, number))
        kept[pool] = {to: number for to, (_, number) in latest.items() if choose_from(pool, to) != number}
    return kept


def add_senders(plan: pd.DataFrame, columns: Mapping[str, Any], senders: Senders) -> None:
    """Give each row of a plan its sender, or the problem that it has none, and the doubts of its country."""
    if senders.column is None and set(senders.by_country) == {None} and len(senders.by_country[None]) == 1:
        plan["sender"] = pd.array([senders.by_country[None][0]], dtype="string").repeat(len(plan))
    else:
        chosen, problems = _choose_all(plan, _read_cells(columns, senders.column, len(plan)), senders)
        plan["sender"] = to_text_array(np.array(chosen, dtype=object))
        _add_problems(plan, problems)
    _add_doubts(plan)


def _check_key(name: str, key: Any) -> str | None:
    return None if key is None else check_country(key, name)


def _check_pool(numbers: Any) -> Pool:
    allowed = "a list of numbers of yours, each once"
    if isinstance(numbers, (str, Mapping)) or not isinstance(numbers, Iterable):
        raise validation.invalid_argument("pool", numbers, allowed)
    pool = tuple(check_sender(number, name="pool") for number in numbers)
    odd = next((number for number in pool if not number.isdecimal() or pool.count(number) > 1), None)
    if not pool or odd is not None:
        raise validation.invalid_argument("pool", odd if pool else [], allowed)
    return pool


def _read_cells(columns: Mapping[str, Any], name: str | None, rows: int) -> list[Any]:
    if name is None:
        return [None] * rows
    if name not in columns:
        raise validation.invalid_argument(
            "sender_column", name, f"the name of a column; there are {', '.join(columns)}"
        )
    return [None if validation.is_missing(cell) or cell == "" else cell for cell in columns[name]]


def _choose_all(
    plan: pd.DataFrame, cells: Sequence[Any], senders: Senders
) -> tuple[list[str | None], dict[int, tuple[str, str]]]:
    """Choose the sender of each row, None where it has none; and the problems, by place, with their codes."""
    chosen: list[str | None] = []
    problems: dict[int, tuple[str, str]] = {}
    countries = plan["country"].astype(object).where(plan["country"].notna(), None)
    for place, (to, country, cell) in enumerate(zip(plan["to"].tolist(), countries, cells, strict=True)):
        try:
            chosen.append(_choose(to, country, cell, senders))
        except InvalidRequestError as problem:
            chosen.append(None)
            problems[place] = (str(problem), "sender_unreadable" if cell is not None else "sender_missing")
    return chosen, problems


def _choose(to: Any, country: Any, cell: Any, senders: Senders) -> str:
    if cell is not None:
        return check_sender(cell)
    pool = senders.by_country.get(country, senders.by_country.get(None, ()))
    if not pool:
        place = country or "numbers without a country"
        raise InvalidRequestError(f"sender: none is given for {place}; under None stands that of all others.")
    if len(pool) == 1 or not isinstance(to, str):
        return pool[0]
    return senders.kept.get(pool, {}).get(to) or choose_from(pool, to)


def _add_problems(plan: pd.DataFrame, problems: Mapping[int, tuple[str, str]]) -> None:
    is_good = plan["problem"].isna().to_numpy()
    places = [place for place in problems if is_good[place]]
    texts = [problems[place] for place in places]
    values: dict[str, list[Any]] = {
        "problem": [text for text, _ in texts],
        "problem_code": [code for _, code in texts],
        "parts": [0] * len(places),
        "warning": [pd.NA] * len(places),
        "warning_code": [pd.NA] * len(places),
    }
    for name, cells in values.items():
        write_cells(plan, name, places, cells)


def _add_doubts(plan: pd.DataFrame) -> None:
    """Add what is doubtful about senders in their countries to the warnings; the code of an earlier one stays."""
    codes, senders = pd.factorize(plan["sender"])
    regions, countries = pd.factorize(plan["country"])
    is_open = plan["problem"].isna().to_numpy() & (codes >= 0) & (regions >= 0)
    pairs = np.where(is_open, codes * max(1, len(countries)) + regions, -1)
    for pair in (int(each) for each in np.unique(pairs) if each >= 0):
        sender, country = senders[pair // len(countries)], countries[pair % len(countries)]
        if doubt := find_sender_doubt(sender, country):
            places = np.flatnonzero(pairs == pair).tolist()
            before = plan["warning"].iloc[places].tolist()
            texts = [doubt[1] if validation.is_missing(text) else f"{text} {doubt[1]}" for text in before]
            write_cells(plan, "warning", places, texts)
            is_first = [place for place, text in zip(places, before, strict=True) if validation.is_missing(text)]
            write_cells(plan, "warning_code", is_first, [doubt[0]] * len(is_first))
