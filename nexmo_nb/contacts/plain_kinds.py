"""Country and kind of many E.164 digits at once, where both are beyond doubt. Pure, over Arrow.

`rules` asks one pattern about one number; here each pattern of the metadata is asked about a column, and what Python's
patterns find by looking ahead is found one after the other. Both say the same (tested for every kind of every country).
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nexmo_nb.contacts.rules import (
    KINDS,
    Rules,
    drop_no_country,
    find_calling_code,
    find_rules,
    list_code_regions,
    read_leading_digits,
    read_patterns,
)

MOST_DIGITS = 15
"""Digits of the longest number; what has more is none."""
FEWEST = 20
"""Numbers of one calling code and length that are looked at together: preparing the patterns takes as long as these."""
_TENS = 10 ** np.arange(MOST_DIGITS + 1, dtype="int64")


class _Patterns(NamedTuple):
    """What numbers of a country and a length look like: all of them, and those of each kind; None where there are none.

    `rare` is what any kind but mobile and landline numbers looks like, and `others` has the pattern of each such kind.
    """

    every: str | None
    fixed: str | None
    mobile: str | None
    rare: str | None
    others: dict[str, str | None]


def find_countries_and_kinds(digits: pa.Array) -> tuple[Any, Any, Any]:
    """Find the countries and kinds of E.164 digits, as `rules` does, and which are complete: three arrays.

    Digits whose calling code and length few others have are given as incomplete: they are sooner read one by one.
    """
    countries, kinds = (np.full(len(digits), None, dtype=object) for _ in range(2))
    is_complete = np.zeros(len(digits), dtype=bool)
    for rules, length, places in _group_by_rules(digits):
        if len(places) < FEWEST:
            continue
        found = _find_kinds_of_code(digits.take(pa.array(places)), rules, length)
        countries[places], kinds[places], is_complete[places] = found
    return countries, kinds, is_complete


def _group_by_rules(digits: pa.Array) -> list[tuple[Rules, int, Any]]:
    """Give the rules and places of the digits of each calling code and length."""
    lengths = pc.binary_length(digits).to_numpy(zero_copy_only=False)
    starts = digits.cast(pa.int64()).to_numpy() // _TENS[np.maximum(lengths - 3, 0)]
    groups, keys = pd.factorize(starts * (MOST_DIGITS + 1) + lengths)
    ends = np.cumsum(np.bincount(groups, minlength=len(keys)))
    found: dict[tuple[str, int], tuple[Rules, list[Any]]] = {}
    for key, places in zip(keys.tolist(), np.split(np.argsort(groups, kind="stable"), ends)[: len(keys)], strict=True):
        start, length = divmod(key, MOST_DIGITS + 1)
        rules = find_rules(f"{start:03d}".ljust(length, "0"))
        if rules is not None:
            found.setdefault((rules.code, length), (rules, []))[1].append(places)
    return [(rules, length, np.sort(np.concatenate(parts))) for (_, length), (rules, parts) in found.items()]


def is_national(digits: pa.Array, region: str) -> Any:
    """Tell which digits are valid national numbers of a country, of any kind, as they stand: an array of bool."""
    found = np.zeros(len(digits), dtype=bool)
    lengths = pc.binary_length(digits).to_numpy(zero_copy_only=False)
    for length in np.unique(lengths).tolist():
        places = np.flatnonzero(lengths == length)
        patterns = _read_patterns(region, find_calling_code(region), length, "")
        found[places] = pd.notna(_find_kinds(digits.take(pa.array(places)), patterns))
    return found


def match(texts: pa.Array, pattern: str | None) -> Any:
    """Tell which texts a pattern finds, as an array of bool."""
    if pattern is None:
        return np.zeros(len(texts), dtype=bool)
    return pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=False).to_numpy(zero_copy_only=False)


def _find_kinds_of_code(digits: pa.Array, rules: Rules, length: int) -> tuple[Any, Any, Any]:
    """Find the countries and kinds of digits of one length that begin with one calling code, and which are complete."""
    countries, kinds = (np.full(len(digits), None, dtype=object) for _ in range(2))
    code = rules.code
    is_complete = np.full(len(digits), rules.has_length)
    if rules.prefix is not None:
        is_complete &= ~match(digits, f"^{code}(?:{rules.prefix.pattern})")
    countries[is_complete] = rules.country
    left = np.flatnonzero(is_complete)
    for region in list_code_regions(code):
        if not len(left):
            break
        rest, leading = digits.take(pa.array(left)), read_leading_digits(region)
        # A country with leading digits of its own has all that begin with them, valid or not.
        own = np.arange(len(left)) if leading is None else np.flatnonzero(match(rest, f"^{code}(?:{leading})"))
        found = _find_kinds(rest.take(pa.array(own)), _read_patterns(region, code, length - len(code), code))
        if leading is None:
            own, found = own[is_valid := pd.notna(found)], found[is_valid]
        countries[left[own]], kinds[left[own]] = drop_no_country(region), found
        left = np.delete(left, own)
    return countries, kinds, is_complete


def _find_kinds(digits: pa.Array, patterns: _Patterns) -> Any:
    """Find the kinds of the numbers of a country that have a length, as an array of objects; None: it is not valid."""
    kinds = np.full(len(digits), None, dtype=object)
    is_valid = match(digits, patterns.every)
    if not is_valid.any():
        return kinds
    is_fixed, is_mobile, is_rare = (match(digits, each) for each in patterns[1:4])
    kinds[is_mobile], kinds[is_fixed] = KINDS["mobile"], KINDS["fixed_line"]
    kinds[is_mobile & is_fixed] = KINDS["fixed_or_mobile"]
    if is_rare.any():
        rare = np.flatnonzero(is_rare)
        # The first kind whose pattern fits is that of the number, so that it is written last.
        for name, pattern in reversed(patterns.others.items()):
            kinds[rare[match(digits.take(pa.array(rare)), pattern)]] = KINDS[name]
    kinds[~is_valid] = None
    return kinds


@cache
def _read_patterns(region: str, code: str, length: int, start: str) -> _Patterns:
    """Read the patterns of the numbers of a country that have a length behind `start`."""
    every, kinds = read_patterns(region, code, length)

    def write(*patterns: str | None) -> str | None:
        chosen = [each for each in patterns if each]
        return f"^{start}(?:{'|'.join(chosen)})$" if chosen else None

    fixed, mobile = kinds.pop("fixed_line", None), kinds.pop("mobile", None)
    others = {name: write(kinds[name]) for name in KINDS if name in kinds}
    return _Patterns(write(every), write(fixed), write(mobile), write(*kinds.values()), others)
