"""The rows of a plan: who would get what, in how many parts, and what stands in the way; then repeats and prices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from nexmo_nb.campaigns.senders import Senders, add_senders
from nexmo_nb.campaigns.texts import GIVEN, NO_TEXT, TEXT_COLUMNS, Source, check_labels, check_text, choose_source
from nexmo_nb.contacts.clean import count_countries, read_numbers
from nexmo_nb.contacts.columns import (
    ROWS_AT_ONCE,
    list_others,
    list_pieces,
    make_reader,
    read_columns,
    read_index,
)
from nexmo_nb.contacts.duplicates import mark_duplicates, write_cells
from nexmo_nb.contacts.regions import CountryCounts, read_regions
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
from nexmo_nb.pricing import prices as read_prices
from nexmo_nb.session import Session
from nexmo_nb.sms.request import LONGEST_TEXT
from nexmo_nb.text.plain import count_plain_texts, keep_gsm
from nexmo_nb.text.writers import Format, find_format

COLUMNS = (
    Column("to"), Column("sender"), Column("text"), Column("country"), Column("kind"), Column("encoding"),
    Column("parts", "int64"), Column("price_low", "float64"), Column("price_high", "float64"), Column("currency"),
    Column("problem"), Column("problem_code"), Column("warning"), Column("warning_code"), Column("duplicate_of"),
)  # fmt: skip


class PlanOptions(NamedTuple):
    """How a list is planned; the names are those of `plan_sms`, and the values checked."""

    senders: Senders  # sender, pool, sender_column
    to: str
    region: str | None
    language: str | None
    fill: bool
    kind: str  # type
    spell: bool  # spelling
    keep: str  # duplicates


class ListFacts(NamedTuple):
    """What a list decides as a whole about each of its rows."""

    countries: CountryCounts
    formats: dict[str, Format]  # of the columns that the texts are made of
    fractions: frozenset[str] = frozenset()  # columns of floats that are not all whole


def read_facts(recipients: Any, text: Any, options: PlanOptions) -> ListFacts:
    """Read what a part of a list has to say about all of the list."""
    columns = read_columns(recipients, options.to)
    index = read_index(recipients, len(columns[options.to]))
    source = choose_source(text, columns, index, language=options.language, fill=options.fill)
    floats = (name for name, column in source.columns.items() if pd.api.types.is_float_dtype(column))
    return ListFacts(
        count_countries(columns[options.to], read_regions(options.region, columns)),
        {name: find_format(column) for name, column in source.columns.items()},
        frozenset(name for name in floats if (columns[name].dropna() % 1 != 0).any()),
    )


def plan_rows(recipients: Any, text: Any, options: PlanOptions, facts: ListFacts | None = None) -> pd.DataFrame:
    """Plan each row by itself, without prices; rows may repeat each other. `facts` are those of the whole list."""
    columns = read_columns(recipients, options.to)
    index = read_index(recipients, len(columns[options.to]))
    for name in facts.fractions if facts else ():
        # In this part all may be whole, and must be written as in the others.
        columns[name] = columns[name].astype(object)
    formats = facts.formats if facts else {}
    source = choose_source(text, columns, index, language=options.language, fill=options.fill, formats=formats)
    check_labels(text, recipients, index)
    countries = facts.countries if facts else None
    numbers = read_numbers(columns[options.to], read_regions(options.region, columns), countries)
    usable = numbers["problem"].isna().to_numpy(dtype=bool)
    texts = _write_texts(source, usable, options.kind, spell=options.spell)
    plan = _join_texts(numbers, texts)
    add_senders(plan, columns, options.senders)
    plan.index = index
    if options.spell:
        plan[GIVEN] = texts[GIVEN].array
    return plan


def mark_repeated(plan: pd.DataFrame, keep: str) -> None:
    """Mark the rows that repeat another one, as `plan_sms` says."""
    marked = mark_duplicates(plan, keep, ("to", "text"))
    write_cells(plan, "parts", marked, [0] * len(marked))


def list_countries(plan: pd.DataFrame) -> list[str]:
    """List the countries to which something would go."""
    return sorted(plan["country"][plan["problem"].isna()].dropna().unique())


def read_price_ranges(countries: list[str] | None, session: Session) -> pd.DataFrame:
    """Read the lowest and the highest price of a part in some countries, or in all, by their codes."""
    table = read_prices(countries, session=session).groupby("country")
    return table.agg(low=("price", "min"), high=("price", "max"), currency=("currency", "first"))


def add_prices(plan: pd.DataFrame, ranges: pd.DataFrame) -> None:
    """Give each row that can be sent its lowest and highest price."""
    # By the few countries: an index of a country for each row would take more memory than the plan.
    rows, countries = pd.factorize(plan["country"].where(plan["problem"].isna()))
    by_country = ranges.reindex([*countries, None])
    plan["price_low"] = by_country["low"].to_numpy()[rows] * plan["parts"]
    plan["price_high"] = by_country["high"].to_numpy()[rows] * plan["parts"]
    plan["currency"] = by_country["currency"].array.take(rows)


def _write_texts(source: Source, usable: Any, kind: str, *, spell: bool) -> pd.DataFrame:
    """Write and check the texts of the rows whose number can be used: plain ones by columns, the others one by one."""
    readers = {name: make_reader(column) for name, column in source.columns.items()}
    pieces = []
    for piece in list_pieces(len(usable)):
        places = np.flatnonzero(usable[piece]) + piece.start
        parts = [_write_plain(source, places, kind, spell=spell)]
        others = list_others(piece, [parts[0][0], np.flatnonzero(~usable[piece]) + piece.start])
        for some in (others[each] for each in list_pieces(len(others), ROWS_AT_ONCE)):
            cells = {name: read(some) for name, read in readers.items()}
            values = ({name: each[n] for name, each in cells.items()} for n in range(len(some)))
            rows = [check_text(source, row, kind, spell=spell) for row in values]
            parts.append((some, frame_from_tuples(rows, TEXT_COLUMNS)))
        unused = list_others(piece, [places])
        parts.append((unused, frame_from_tuples([NO_TEXT] * len(unused), TEXT_COLUMNS)))
        pieces.append(join_frames(parts))
    return concat_frames(pieces, frame([], TEXT_COLUMNS))


def _write_plain(source: Source, places: Any, kind: str, *, spell: bool) -> tuple[Any, pd.DataFrame]:
    """Write the texts of many rows; give the places of those that are plain, and their rows of `TEXT_COLUMNS`."""
    texts = source.write_many(places)
    # What GSM-7 has is spelled as it is.
    plain = count_plain_texts(keep_gsm(texts) if spell else texts, kind, LONGEST_TEXT)
    text, nothing = to_text_array(plain.texts), repeat_missing(len(plain.texts))
    values = dict.fromkeys([column.name for column in TEXT_COLUMNS], nothing)
    values |= {"text": text, "encoding": to_text_array(plain.encodings), "parts": plain.parts}
    values |= {GIVEN: text} if spell else {}
    return places[plain.places], frame_from_columns(values, TEXT_COLUMNS)


def _join_texts(numbers: pd.DataFrame, texts: pd.DataFrame) -> pd.DataFrame:
    """Put numbers and texts side by side; what a number has comes before what its text has."""
    checked = {
        name: _fill_missing(numbers[name], texts[name])
        for name in ("problem", "problem_code", "warning", "warning_code")
    }
    doubtful_twice = numbers["warning"].notna() & texts["warning"].notna()
    if doubtful_twice.any():
        checked["warning"] = checked["warning"].mask(doubtful_twice, numbers["warning"] + " " + texts["warning"])
    nothing: dict[str, Any] = {
        "price_low": float("nan"),
        "price_high": float("nan"),
        "currency": pd.NA,
        "sender": pd.NA,
    }
    plan = numbers.assign(**{name: texts[name] for name in ("text", "encoding", "parts")}, **checked, **nothing)
    plan = plan.astype({"sender": "string", "currency": "string"})
    # What cannot be sent is in no doubt.
    if (plan["warning"].notna() & plan["problem"].notna()).any():
        plan[["warning", "warning_code"]] = plan[["warning", "warning_code"]].where(plan["problem"].isna())
    return plan[[column.name for column in COLUMNS]]


def _fill_missing(first: pd.Series[Any], second: pd.Series[Any]) -> pd.Series[Any]:
    """Fill what is missing in a column; where all or nothing is, without a copy, which for a million rows is large."""
    if second.isna().all():
        return first
    return second if first.isna().all() else first.fillna(second)
