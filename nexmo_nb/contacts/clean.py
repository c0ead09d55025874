"""A list of contacts, row by row: which number is meant, and what stands in the way. Nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame
from nexmo_nb.contacts.cells import UnreadableNumber, clean_written, show_cell
from nexmo_nb.contacts.columns import (
    ROWS_AT_ONCE,
    Reader,
    list_others,
    list_pieces,
    make_number_reader,
    read_columns,
    read_index,
    read_texts,
)
from nexmo_nb.contacts.countries import name_country
from nexmo_nb.contacts.duplicates import DUPLICATES, Duplicates, mark_duplicates, write_cells
from nexmo_nb.contacts.fictional import PATTERN as FICTIONAL
from nexmo_nb.contacts.numbers import Number, find_national_reading, find_warning, read_number
from nexmo_nb.contacts.plain_kinds import is_national, match
from nexmo_nb.contacts.plain_numbers import PlainNumbers, read_plain_numbers
from nexmo_nb.contacts.regions import (
    SAMPLE,
    CountryCounts,
    Regions,
    find_home,
    find_region,
    make_region_reader,
    read_regions,
    split_by_region,
)
from nexmo_nb.frames import (
    Column,
    concat_frames,
    frame,
    frame_from_columns,
    frame_from_tuples,
    join_frames,
    repeat_missing,
    to_text_array,
)

COLUMNS = (
    Column("to"), Column("country"), Column("kind"), Column("problem"), Column("problem_code"), Column("warning"),
    Column("warning_code"), Column("duplicate_of"),
)  # fmt: skip
# Problems that a national number may have if it is read without its country.
_UNCERTAIN_CODES = ("too_short", "too_long", "wrong_length", "unknown_country_code")


class _Part(NamedTuple):
    """Some rows of a list, in order: their places, what was read, and whether the country of each is uncertain."""

    places: Any
    table: pd.DataFrame
    is_uncertain: Any


def clean_contacts(
    contacts: AnyFrame | pd.Series | Sequence[Any],
    to: str = "to",
    *,
    region: str | None = None,
    duplicates: Duplicates = "first",
) -> pd.DataFrame:
    """Read the numbers of a list of contacts, and say of each what stands in the way. Nothing is sent.

    Parameters
    ----------
    contacts : DataFrame, Series or list
        One row a contact.
    to : str
        Name of the column of numbers. Default: ``"to"``.
    region : str, optional
        Country of numbers without a country code: a code, a name, or the name of a column that holds codes or names.
        Default: every number must have its country code.
    duplicates : {"first", "last", "all", "problem"}
        Which of several rows with one number is kept: the first, the last, all of them, or none. The others are
        problems. Default: the first.

    Returns
    -------
    pandas.DataFrame
        The rows of `contacts`, with their index and columns, and before these ``to`` (E.164 digits; what stands in the
        list where it cannot be read), ``country`` (ISO 3166-1 alpha-2), ``kind`` (mobile, landline, landline or mobile,
        toll-free, premium, …; missing where no operator can have the number), ``problem`` and ``problem_code`` (missing
        where the number can be used), ``warning`` and ``warning_code`` (missing where nothing is doubtful),
        ``duplicate_of`` (the label of the row that is kept); all text. A column of `contacts` that has one of these
        names is called ``given_…``, and so are the numbers as they were given, unless their column has another name.

    Raises
    ------
    InvalidRequestError
        If there is no such column, or another argument is wrong.

    Notes
    -----
    Problem codes: ``missing``, ``unreadable``, ``several_numbers``, ``extension``, ``decimal``, ``rounded``,
    ``no_country_code``, ``unknown_country_code``, ``too_short``, ``too_long``, ``wrong_length``, ``renumbered``,
    ``unknown_region``, ``duplicate``. Warning codes: ``looks_national``, ``not_valid``, ``not_mobile``, ``premium``,
    ``looks_rounded``. Kinds and lengths are those of Google's libphonenumber; numbers that regulators set aside for
    films and examples are never doubtful.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> table = nx.clean_contacts(["+351 912 345 678", "00351912345678", "12"])
    >>> table[["to", "kind", "problem_code"]].fillna("").values.tolist()
    [['351912345678', 'mobile', ''], ['351912345678', 'mobile', 'duplicate'], ['12', '', 'too_short']]
    """
    columns = read_columns(contacts, to)
    keep = validation.check_choice("duplicates", duplicates, DUPLICATES)
    table = read_numbers(columns[to], read_regions(region, columns))
    table.index = read_index(contacts, len(table))
    mark_duplicates(table, keep)
    for name, column in columns.items():
        given = name if name not in table else f"given_{name}"
        try:
            table[given] = column
        except UnicodeEncodeError:  # half of a surrogate pair, which pandas holds as an object only
            table[given] = pd.Series(column, index=table.index, dtype=object)
    return table


def read_numbers(column: Any, regions: Regions, counts: CountryCounts | None = None) -> pd.DataFrame:
    """Read a column of numbers into `COLUMNS`, without duplicates; the index counts from 0.

    `counts` are those of a list of which the column is a part.
    """
    table, places = _read_cells(column, regions)
    if len(places) and (home := find_home(counts or _count_countries(table, places))) is not None:
        _doubt_national_numbers(table, places, home)
    return table


def count_countries(column: Any, regions: Regions) -> CountryCounts:
    """Count what tells to which country most of a column of numbers belongs."""
    return _count_countries(*_read_cells(column, regions))


def _read_cells(column: Any, regions: Regions) -> tuple[pd.DataFrame, Any]:
    """Read a column of numbers, each by itself, and give the places of those whose country is uncertain."""
    read, read_region = make_number_reader(column), make_region_reader(regions)
    pieces: list[pd.DataFrame] = []
    uncertain = [np.array([], dtype="int64")]
    for piece in list_pieces(len(column)):
        parts = _read_plain(column, regions, piece)
        parts += _read_others(read, read_region, list_others(piece, [part.places for part in parts]))
        pieces.append(join_frames([(part.places, part.table) for part in parts]))
        uncertain += [part.places[part.is_uncertain] for part in parts]
    return concat_frames(pieces, frame([], COLUMNS)), np.sort(np.concatenate(uncertain))


def _read_plain(column: Any, regions: Regions, piece: slice) -> list[_Part]:
    """Read the cells of a piece that are plain, by columns."""
    found: list[_Part] = []
    for places, region in split_by_region(regions, piece):
        for plain in read_plain_numbers(read_texts(column, places), region):
            found.append(_Part(places[plain.places], _build_plain(plain), ~plain.has_code))
    return found


def _read_others(read: Reader, read_region: Reader, places: Any) -> list[_Part]:
    """Read the other cells one by one."""
    found: list[_Part] = []
    for piece in list_pieces(len(places), ROWS_AT_ONCE):
        cells = zip(read(places[piece]), read_region(places[piece]), strict=True)
        rows = [_read_row(value, region) for value, region in cells]
        found.append(_Part(places[piece], frame_from_tuples(rows, COLUMNS), np.array([row[-1] for row in rows])))
    return found


def _build_plain(plain: PlainNumbers) -> pd.DataFrame:
    """Build the rows of plain numbers, with what is doubtful about them."""
    codes, warnings = (np.full(len(plain.digits), None, dtype=object) for _ in range(2))
    doubtful = np.flatnonzero(~plain.is_certain)
    digits = plain.digits.take(pa.array(doubtful)).to_pylist()
    columns = (each[doubtful].tolist() for each in (plain.country, plain.kind, plain.has_code))
    for place, *number in zip(doubtful.tolist(), digits, *columns, strict=True):
        if found := find_warning(Number(*number)):
            codes[place], warnings[place] = found[0], f"to: {found[1]}"
    nothing = repeat_missing(len(plain.digits))
    given = (plain.digits, plain.country, plain.kind, nothing, nothing, warnings, codes, nothing)
    arrays = (each if each is nothing else to_text_array(each) for each in given)
    return frame_from_columns(dict(zip([column.name for column in COLUMNS], arrays, strict=True)), COLUMNS)


def _read_row(value: Any, region: Any) -> tuple[Any, ...]:
    """Give the values of `COLUMNS`, and whether the country of the number is uncertain."""
    try:
        digits, country, kind, has_code = number = read_number(value, find_region(region))
    except UnreadableNumber as problem:
        shown = show_cell(value)
        is_uncertain = shown is not None and problem.code in _UNCERTAIN_CODES and _may_be_national(shown, region)
        return shown, None, None, f"to: {problem.reason}", problem.code, None, None, None, is_uncertain
    code, warning = find_warning(number) or (None, None)
    return digits, country, kind, None, None, warning and f"to: {warning}", code, None, not has_code


def _may_be_national(shown: str, region: Any) -> bool:
    return "+" not in clean_written(shown) and find_region(region) is None


def _doubt_national_numbers(table: pd.DataFrame, places: Any, home: str) -> None:
    """Doubt the numbers without a plus that may be national ones of the country to which most of the list belongs."""
    is_readable = table["problem"].isna().to_numpy(dtype=bool)
    places = places[table["country"].iloc[places].ne(home).fillna(value=True).to_numpy(dtype=bool)]
    places = _leave_out_certain(table["to"], places, home)
    cells = (table[name].iloc[places].tolist() for name in ("to", "country", "problem"))
    texts: dict[str, dict[int, str]] = {"warning": {}, "warning_code": {}, "problem": {}}
    for place, digits, country, problem in zip(places.tolist(), *cells, strict=True):
        if (other := find_national_reading(digits, home)) is None:
            continue
        if not is_readable[place]:
            advice = f"As a number of {name_country(home)} it is +{other}: name the region."
            texts["problem"][place] = f"{problem} {advice}"
        elif found := find_warning(Number(digits, None if pd.isna(country) else country, None, has_code=False), home):
            texts["warning_code"][place], texts["warning"][place] = found[0], f"to: {found[1]}"
    for name, written in texts.items():
        write_cells(table, name, list(written), list(written.values()))


def _count_countries(table: pd.DataFrame, places: Any) -> CountryCounts:
    """Count what tells to which country most of a list belongs; `places` are those of the uncertain numbers."""
    is_readable = table["problem"].isna().to_numpy(dtype=bool)
    is_known = table["kind"].notna().to_numpy(dtype=bool, copy=True)
    # Numbers of films and examples have no kind, and are meant as they stand.
    kindless = np.flatnonzero(is_readable & ~is_known)
    is_known[kindless] = match(read_texts(table["to"], kindless), f"^(?:{FICTIONAL})$")
    counts = table["country"][is_readable & is_known].value_counts()
    known = {str(country): count for country, count in counts.items()}
    sample = places[:: max(1, len(places) // SAMPLE)]
    uncertain = list(zip(table["to"].iloc[sample].tolist(), is_known[sample].tolist(), strict=True))
    return CountryCounts(known, int(is_readable.sum()), uncertain)


def _leave_out_certain(numbers: pd.Series[Any], places: Any, home: str) -> Any:
    """Leave out the places of digits that are no national numbers of a country; what was not read stays."""
    digits = read_texts(numbers, places)
    is_read = match(digits, "^[0-9]+$")
    is_possible = ~is_read
    is_possible[is_read] = is_national(digits.filter(pa.array(is_read)), home)
    return places[is_possible]
