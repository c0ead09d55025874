"""Plans: who would get what, in how many parts, at what price, and what stands in the way. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.texts import GIVEN, NO_TEXT, TEXT_COLUMNS, Source, check_labels, check_text, choose_source
from nexmo_nb.contacts.clean import read_numbers
from nexmo_nb.contacts.columns import (
    ROWS_AT_ONCE,
    list_others,
    list_pieces,
    make_reader,
    read_columns,
    read_index,
)
from nexmo_nb.contacts.duplicates import DUPLICATES, Duplicates, mark_duplicates, write_cells
from nexmo_nb.contacts.numbers import check_sender
from nexmo_nb.contacts.regions import read_regions
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
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.sms.request import LONGEST_TEXT
from nexmo_nb.text.plain import count_plain_texts, keep_gsm

COLUMNS = (
    Column("to"), Column("sender"), Column("text"), Column("country"), Column("kind"), Column("encoding"),
    Column("parts", "int64"), Column("price_low", "float64"), Column("price_high", "float64"), Column("currency"),
    Column("problem"), Column("problem_code"), Column("warning"), Column("warning_code"), Column("duplicate_of"),
)  # fmt: skip
TextType = Literal["auto", "text", "unicode"]
Spelling = Literal["gsm7"]


def plan_sms(
    recipients: pd.DataFrame | pd.Series | Iterable[Any],
    text: str | Mapping[str, str] | pd.Series | Callable[[dict[str, Any]], str] | None = None,
    *,
    sender: str | int,
    to: str = "to",
    region: str | None = None,
    language: str | None = None,
    fill: bool = False,
    type: TextType = "auto",
    spelling: Spelling | None = None,
    duplicates: Duplicates = "first",
    prices: bool = True,
    session: Session | None = None,
) -> pd.DataFrame:
    """Plan a batch of SMS: check every row and say what it would cost. Nothing is sent.

    Parameters
    ----------
    recipients : DataFrame, Series or iterable
        One row a message. Columns other than `to` may fill the text.
    text : str, mapping, Series or function, optional
        Names in braces are replaced by the row's values, as in ``"Olá {name}, faltam {days} dias"``; write ``{{`` for a
        brace. A format may follow the name: ``{price:.2f}`` (two decimals), ``{day:%d.%m.%Y}`` (a date),
        ``{days:d}`` (a whole number). Without one, all values of a column are written alike: dates without a time as
        ``2026-11-24``, numbers with as many decimals as the one that needs most. A mapping holds a text for each
        language of the column `language`, a Series the text of each row by its label, and a function gets the row as a
        dict and returns its text. Default: the column ``text``.
    sender : str or int
        A number of yours, or a name of at most 11 letters and digits.
    to : str
        Name of the column of numbers.
    region : str, optional
        Country of numbers without a country code: a code, a name, or the name of a column that holds codes or names.
        Default: every number must have its country code.
    language : str, optional
        With a mapping: the column that says which of its texts a row gets; ``pt-BR`` gets ``pt`` if it has none of its
        own.
    fill : bool
        True: the texts of a column or Series have names in braces as well. Default: they are sent as they are.
    type : {"auto", "text", "unicode"}
        Default: text where GSM-7 has every character, else unicode; row by row.
    spelling : {"gsm7"}, optional
        ``"gsm7"``: a text that GSM-7 can carry with other spellings gets them (see `explain_encoding`), and
        ``given_text`` shows it as it was. Default: every text stays as it is.
    duplicates : {"first", "last", "all", "problem"}
        Which of several rows with one number is sent: the first, the last, all that have different texts, or none.
        Default: the first.
    prices : bool
        False: leave the prices out, and ask Nexmo nothing.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a recipient, with the index of `recipients`: ``to`` (digits), ``sender, text, country, kind, encoding``
        (text), ``parts`` (int; 0 where there is a problem), ``price_low, price_high`` (float, of the whole message over
        the networks of the country, in ``currency``), ``problem, problem_code`` (text; missing where the row can be
        sent), ``warning, warning_code`` (text; missing where nothing is doubtful), ``duplicate_of`` (the label of the
        row that is kept). Rows with a problem are never sent; those with a warning only if you say so (`send_many`).

    Raises
    ------
    InvalidRequestError
        If the sender, a column's name or another argument is wrong.
    NexmoError
        If the price list cannot be read.

    Notes
    -----
    Codes of numbers are those of `clean_contacts`. Problem codes of texts: ``text_missing``, ``text_error_value`` (a
    cell holds ``#N/A``, ``nan`` or the like), ``text_control`` (control characters), ``text_too_long``,
    ``text_encoding`` (outside GSM-7 with ``type="text"``), ``text_format``, ``text_unknown_language``. Warning code of
    texts: ``leftover_name`` (a name in braces is left in it). Letters with separate accents are composed, which keeps
    their look.

    Prices come from the account's own list (`nexmo_nb.prices`), which is read once a day. The network of a number is
    not known beforehand, so there is a lowest and a highest price.

    Reads ``/account/get-pricing``, https://developer.vonage.com/en/api/pricing.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> people = [{"to": "+351 912 345 678", "name": "Ana"}, {"to": "12", "name": "Rui"}]
    >>> plan = nx.plan_sms(people, "Hello {name}", sender="Demo")
    >>> plan[["to", "text", "parts"]].values.tolist()
    [['351912345678', 'Hello Ana', 1], ['12', <NA>, 0]]
    """
    sender, has_prices = check_sender(sender), validation.check_bool("prices", prices)
    kind = validation.check_choice("type", type, get_args(TextType))
    keep = validation.check_choice("duplicates", duplicates, DUPLICATES)
    spell = spelling is not None and validation.check_choice("spelling", spelling, get_args(Spelling)) == "gsm7"
    columns = read_columns(recipients, to)
    index = read_index(recipients, len(columns[to]))
    source = choose_source(text, columns, index, language=language, fill=validation.check_bool("fill", fill))
    check_labels(text, recipients, index)
    numbers = read_numbers(columns[to], read_regions(region, columns))
    texts = _write_texts(source, numbers["problem"].isna().to_numpy(dtype=bool), kind, spell=spell)
    plan = _join_texts(numbers, texts, sender)
    plan.index = index
    marked = mark_duplicates(plan, keep, ("to", "text"))
    write_cells(plan, "parts", marked, [0] * len(marked))
    if spell:
        plan[GIVEN] = texts[GIVEN].array
    return _add_prices(plan, session_or_current(session)) if has_prices else plan


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


def _join_texts(numbers: pd.DataFrame, texts: pd.DataFrame, sender: str) -> pd.DataFrame:
    """Put numbers and texts side by side; what a number has comes before what its text has."""
    checked = {
        name: _fill_missing(numbers[name], texts[name])
        for name in ("problem", "problem_code", "warning", "warning_code")
    }
    doubtful_twice = numbers["warning"].notna() & texts["warning"].notna()
    if doubtful_twice.any():
        checked["warning"] = checked["warning"].mask(doubtful_twice, numbers["warning"] + " " + texts["warning"])
    nothing: dict[str, Any] = {"price_low": float("nan"), "price_high": float("nan"), "currency": pd.NA}
    plan = numbers.assign(**{name: texts[name] for name in ("text", "encoding", "parts")}, **checked, **nothing)
    plan = plan.assign(sender=sender).astype({"sender": "string", "currency": "string"})
    # What cannot be sent is in no doubt.
    if (plan["warning"].notna() & plan["problem"].notna()).any():
        plan[["warning", "warning_code"]] = plan[["warning", "warning_code"]].where(plan["problem"].isna())
    return plan[[column.name for column in COLUMNS]]


def _fill_missing(first: pd.Series[Any], second: pd.Series[Any]) -> pd.Series[Any]:
    """Fill what is missing in a column; where all or nothing is, without a copy, which for a million rows is large."""
    if second.isna().all():
        return first
    return second if first.isna().all() else first.fillna(second)


def _add_prices(plan: pd.DataFrame, session: Session) -> pd.DataFrame:
    """Give each row that can be sent its lowest and highest price."""
    # By the few countries: an index of a country for each row would take more memory than the plan.
    rows, countries = pd.factorize(plan["country"].where(plan["problem"].isna()))
    if len(countries):
        table = read_prices(sorted(countries), session=session).groupby("country")
        known = table.agg(low=("price", "min"), high=("price", "max"), currency=("currency", "first"))
        by_country = known.reindex([*countries, None])
        plan["price_low"] = by_country["low"].to_numpy()[rows] * plan["parts"]
        plan["price_high"] = by_country["high"].to_numpy()[rows] * plan["parts"]
        plan["currency"] = by_country["currency"].array.take(rows)
    return plan
