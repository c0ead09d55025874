"""The numbers of a column that are written plainly and mean one number for certain, read all at once. Pure, over Arrow.

`numbers.read_number` reads any cell. What is read here it reads to the same number (tested for every kind of number of
every country, in many spellings, with and without a region); all else is left to it: letters and marks, decimals, what
is too short or too long, what is dialled in one country only.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nexmo_nb.contacts.cells import LONGEST_CELL
from nexmo_nb.contacts.numbers import MOBILE_KINDS
from nexmo_nb.contacts.plain_kinds import MOST_DIGITS, find_countries_and_kinds, is_national, match
from nexmo_nb.contacts.renumbering import CALLING_CODES
from nexmo_nb.contacts.rules import find_calling_code, has_national_prefix, read_dialling

_WRITTEN = r"^\+?[0-9(][0-9() \-]*$"
_FEWEST_DIGITS = 4
_PERHAPS_RENUMBERED = f"^(?:{'|'.join(CALLING_CODES)})"


class PlainNumbers(NamedTuple):
    """Numbers as arrays: the places of their cells, and what `numbers.Number` says of each.

    `is_certain` tells of which `numbers.find_warning` finds nothing; what it finds of the others is to be asked.
    """

    places: Any
    digits: pa.Array
    country: Any
    kind: Any
    has_code: Any
    is_certain: Any


def read_plain_numbers(texts: pa.Array, region: str | None) -> list[PlainNumbers]:
    """Read the plain numbers of a column of text, in groups; `region` is the country of national numbers, if any."""
    is_short = _is_between(texts, 1, LONGEST_CELL)
    places = np.flatnonzero(is_short & match(texts, _WRITTEN))
    digits = texts.take(pa.array(places))
    has_plus = _to_bools(pc.starts_with(digits, "+"))
    for mark in "+ -()":
        digits = pc.replace_substring(digits, mark, "")
    has_zeros = _to_bools(pc.starts_with(digits, "00")) & ~has_plus
    has_neither = ~has_plus & ~has_zeros
    if region is not None and read_dialling(region).international != "00":
        # What is dialled there before a calling code may be longer than 00, or something else.
        has_zeros[:] = False
    found = [
        _read_international(*_choose(places, digits, has_plus), has_code=True),
        _read_international(*_drop_first(*_choose(places, digits, has_zeros), 2), has_code=True),
    ]
    rest = _choose(places, digits, has_neither)
    if region is None:
        return [*found, _read_international(*rest, has_code=False)]
    return [*found, _read_national(*rest, region)]


def _read_international(places: Any, digits: pa.Array, *, has_code: bool) -> PlainNumbers:
    """Read digits that begin with a calling code; `has_code` tells whether they certainly do."""
    places, digits = _choose(places, digits, _is_between(digits, _FEWEST_DIGITS, MOST_DIGITS))
    country, kind, is_plain = find_countries_and_kinds(digits)
    is_plain &= pd.notna(kind) | ~match(digits, _PERHAPS_RENUMBERED)
    is_certain = pd.Series(kind).isin(MOBILE_KINDS).to_numpy() & ~_to_bools(pc.ends_with(digits, "00000"))
    if not has_code:
        is_certain &= ~_is_also_national(digits, country)
    digits = digits.filter(pa.array(is_plain))
    has_codes = np.full(len(digits), has_code)
    return PlainNumbers(places[is_plain], digits, country[is_plain], kind[is_plain], has_codes, is_certain[is_plain])


def _is_also_national(digits: pa.Array, country: Any) -> Any:
    """Tell which numbers that begin with their calling code are national ones as well, dialled as they stand."""
    found = np.zeros(len(digits), dtype=bool)
    for each in pd.unique(country):
        if each is not None and not has_national_prefix(each):
            places = np.flatnonzero(country == each)
            found[places] = is_national(digits.take(pa.array(places)), each)
    return found


def _read_national(places: Any, digits: pa.Array, region: str) -> PlainNumbers:
    """Read digits that have no plus and no 00; what is none of a country, with or without its code, is left out."""
    code, dialling = find_calling_code(region), read_dialling(region)
    is_whole = _to_bools(pc.starts_with(digits, code))
    is_plain = ~match(digits, _begin(dialling.international))
    if not has_national_prefix(region):
        is_plain &= ~(is_whole & is_national(digits, region))
    national = digits
    if dialling.national is not None:
        national = pc.replace_substring_regex(digits, _begin(dialling.national), "", max_replacements=1)
    if dialling.group:
        group = pc.replace_substring_regex(digits, rf"^(?:{dialling.national}).*$", rf"\{dialling.group}")
        is_plain &= is_whole | ~match(digits, _begin(dialling.national)) | _is_between(group, 0, 0)
    whole = pc.if_else(pa.array(is_whole), digits, pc.binary_join_element_wise(code, national, ""))
    found = _read_international(*_choose(places, whole, is_plain), has_code=True)
    is_own = (found.country == region) & pd.notna(found.kind)
    return PlainNumbers(*(each.filter(pa.array(is_own)) if each is found.digits else each[is_own] for each in found))


def _begin(pattern: str | None) -> str | None:
    """Write the pattern of what begins as another says."""
    return None if pattern is None else f"^(?:{pattern})"


def _drop_first(places: Any, digits: pa.Array, count: int) -> tuple[Any, pa.Array]:
    return places, pc.utf8_slice_codeunits(digits, count)


def _choose(places: Any, digits: pa.Array, chosen: Any) -> tuple[Any, pa.Array]:
    return places[chosen], digits.filter(pa.array(chosen))


def _is_between(texts: pa.Array, least: int, most: int) -> Any:
    """Tell which texts have an allowed number of bytes, as an array of bool; missing ones have not."""
    lengths = pc.fill_null(pc.binary_length(texts), 0).to_numpy(zero_copy_only=False)
    return (lengths >= least) & (lengths <= most)


def _to_bools(found: pa.Array) -> Any:
    return found.to_numpy(zero_copy_only=False)
