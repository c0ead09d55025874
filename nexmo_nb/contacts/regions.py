"""The country of the national numbers of a list: named for all rows, named by a column, or found out. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from nexmo_nb import validation
from nexmo_nb.contacts.cells import UnreadableNumber, show_cell
from nexmo_nb.contacts.columns import Reader, make_reader, read_texts
from nexmo_nb.contacts.countries import check_region, find_region_code, is_country, list_regions
from nexmo_nb.contacts.numbers import find_national_reading

SAMPLE = 500
"""Numbers that are tried as national ones of every country, where no country has most of a list."""
_FEWEST = 5
"""Numbers that tell nothing about the country of a list if there are fewer."""
_MOST_NAMES = 500
"""Different names of countries, in all their spellings, of which each is looked at by columns."""


class Regions(NamedTuple):
    """The country of national numbers: one for all rows, or a column with one a row; neither if there are none."""

    code: str | None = None
    column: Any = None


def read_regions(region: Any, columns: Mapping[str, Any]) -> Regions:
    """Read the argument `region`: a country, or the name of a column of countries."""
    if region is None:
        return Regions()
    if isinstance(region, str) and region in columns:
        if is_country(region):
            raise validation.invalid_argument(
                "region", region, "a country or a column", "It is both: give the column another name."
            )
        return Regions(column=columns[region])
    return Regions(check_region(region))


def make_region_reader(regions: Regions) -> Reader:
    """Make a function that reads the regions of the rows at some places, as they stand in the list."""
    if regions.column is None:
        return lambda places: [regions.code] * len(places)
    return make_reader(regions.column)


def split_by_region(regions: Regions, piece: slice) -> list[tuple[Any, str | None]]:
    """Split rows by the country that they name: the places of each; rows that name none, or no country, are left out.

    So are all rows where there are so many names that few rows have the same.
    """
    places = np.arange(piece.start, piece.stop)
    if regions.column is None:
        return [(places, regions.code)]
    names = read_texts(regions.column, piece).dictionary_encode()
    found: list[tuple[Any, str | None]] = []
    if len(names.dictionary) > _MOST_NAMES:
        return found
    by_row = pc.fill_null(names.indices, -1).to_numpy(zero_copy_only=False)
    for n, name in enumerate(names.dictionary.to_pylist()):
        with suppress(UnreadableNumber):
            found.append((places[by_row == n], find_region(name)))
    return found


def find_region(value: Any) -> str | None:
    """Find the country that a row names; a row that names none has numbers with their country code.

    Raises
    ------
    UnreadableNumber
        If no country is called so.
    """
    if value is None or validation.is_missing(value) or (isinstance(value, str) and not value.strip()):
        return None
    found = _find_code(value) if isinstance(value, str) else None
    if found is None:
        raise UnreadableNumber("unknown_region", f"No country is called {show_cell(value)!r}: give its code.")
    return found


class CountryCounts(NamedTuple):
    """What tells to which country most of a list, or of a part of it, belongs."""

    countries: Mapping[str, int]  # how many valid numbers of each there are, as they stand
    readable: int  # all numbers that can be read
    uncertain: Sequence[tuple[str, bool]]  # some numbers without a plus, and whether they are valid as they stand


def join_counts(parts: Sequence[CountryCounts]) -> CountryCounts:
    """Join what parts of a list tell."""
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part.countries)
    uncertain = [each for part in parts for each in part.uncertain]
    sample = uncertain[:: max(1, len(uncertain) // SAMPLE)]
    return CountryCounts(dict(total), sum(part.readable for part in parts), sample)


def find_home(counts: CountryCounts) -> str | None:
    """Find the country to which most of a list belongs.

    Where no country has most of the list, the uncertain numbers may be national ones of one: if more of them are valid
    there than as they stand.
    """
    countries, readable, uncertain = counts
    most = max(countries, key=lambda country: countries[country], default=None)
    if most is not None and countries[most] * 2 > readable:
        return most
    if len(uncertain) < _FEWEST:
        return None
    numbers = [re.sub(r"\D", "", digits) for digits, _ in uncertain]
    least = max(len(uncertain) / 2, sum(is_valid for _, is_valid in uncertain))
    shares = {
        region: sum(find_national_reading(each, region) is not None for each in numbers) for region in list_regions()
    }
    best = max(shares, key=lambda region: shares[region])
    return best if shares[best] > least else None


# Without the advice of `check_region`, which takes milliseconds: a column can hold a hundred thousand names of towns.
_find_code = lru_cache(maxsize=4096)(find_region_code)
