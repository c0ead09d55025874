"""The list of a campaign: read from a file, its columns guessed, its languages counted, a name and an amount. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb.arrow_frames import to_pandas
from nexmo_nb.campaigns.texts import write_code
from nexmo_nb.contacts.files import parse_contacts
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.text.template import compile_template
from nexmo_nb.validation import invalid_argument, is_missing

MOST_LANGUAGES = 30
NO_COLUMN = ""
REGIONS = "nexmo_nb: country"
"""The column of countries that is added to a list; no text can name it, for a colon begins a format."""
# What people call the columns, in some languages; of several that are there, the first of these counts.
_NUMBERS = (
    "to", "msisdn", "phone", "mobile", "cell", "telephone", "tel", "number", "telefon", "telemóvel", "telemovel",
    "telefone", "celular", "móvil", "teléfono", "téléphone", "handy", "número", "numero",
)  # fmt: skip
_LANGUAGES = ("language", "lang", "locale", "idioma", "língua", "lingua", "langue", "sprache")
_COUNTRIES = ("country", "region", "país", "pais", "pays", "land")
_SAMPLE = 50
_FEWEST_DIGITS = 7


class Columns(NamedTuple):
    """Which columns of a list have the numbers, the languages and the countries; empty where none has."""

    to: str = NO_COLUMN
    language: str = NO_COLUMN
    country: str = NO_COLUMN


def read_upload(name: str, content: Any) -> pd.DataFrame:
    """Read an uploaded file; the rows count from 1."""
    table = parse_contacts(Path(Path(name).name), bytes(content))
    table.index = pd.RangeIndex(1, len(table) + 1)
    return table


def check_list(table: Any) -> pd.DataFrame:
    """Accept a frame whose columns can be told apart, and give a copy of it, for its owner may change it."""
    allowed = "a DataFrame whose columns have names of their own"
    table = to_pandas(table)
    if not isinstance(table, pd.DataFrame):
        raise invalid_argument("recipients", table, allowed)
    if len(set(list_names(table))) < table.shape[1]:
        raise invalid_argument("recipients", ", ".join(list_names(table)), allowed)
    return table.copy()


def list_names(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table.columns]


def list_fields(names: Sequence[str]) -> list[str]:
    """List the columns that a text can name in braces."""

    def is_field(name: str) -> bool:
        try:
            return compile_template(f"{{{name}}}").names == (name,)
        except InvalidRequestError:
            return False

    return [name for name in names if is_field(name)]


def guess_columns(table: pd.DataFrame) -> Columns:
    """Guess which column is which by its name; the numbers, if no name tells, by what stands in the first rows."""
    names = list_names(table)
    number = _find_name(names, _NUMBERS) or _find_numbers(table)
    others = [name for name in names if name != number]
    return Columns(number, _find_name(others, _LANGUAGES), _find_name(others, _COUNTRIES))


def count_languages(column: pd.Series[Any]) -> dict[str, int]:
    """Count the rows of each language, by its code as texts are found by it: pt_BR and PT-br are one."""
    codes = (write_code(value) for value in column if isinstance(value, str) and value.strip())
    return dict(Counter(codes).most_common())


def list_untold(texts: Mapping[str, str]) -> list[str]:
    """List the languages whose rows would get no text: pt-br gets that of pt."""
    filled = {code for code, text in texts.items() if text.strip()}

    def is_told(code: str) -> bool:
        parts = code.split("-")
        return any("-".join(parts[:n]) in filled for n in range(1, len(parts) + 1))

    return [code for code in texts if code and not is_told(code)]


def add_regions(table: pd.DataFrame, country: str, region: str | None) -> pd.DataFrame:
    """Add the column of countries: that of the list, and `region` where it has none."""
    column = table[_find_label(table, country)]
    values = [region if is_missing(value) or not str(value).strip() else value for value in column]
    return table.assign(**{REGIONS: pd.Series(values, index=table.index, dtype=object)})


def read_column(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    column: pd.Series[Any] = table[_find_label(table, name)]
    return column


def read_amount(written: str) -> float | None:
    """Read an amount of money as people write it; nothing is no amount."""
    plain = written.strip()
    if not plain:
        return None
    if not re.fullmatch(r"[0-9]{1,12}([.,][0-9]{1,2})?", plain):
        raise invalid_argument("max_cost", written, "an amount such as 40 or 40.50, or nothing")
    return float(plain.replace(",", "."))


def name_batch(word: str, day: date, is_taken: Callable[[str], bool]) -> str:
    """Name a batch after its day; a name that is taken gets a number."""
    name, number = f"{word} {day:%Y-%m-%d}", 1
    while is_taken(name):
        number += 1
        name = f"{word} {day:%Y-%m-%d} ({number})"
    return name


def check_texts(texts: Mapping[str, str], names: Sequence[str]) -> None:
    """Refuse texts of which none is filled, or that name what is no column."""
    filled = [text for text in texts.values() if text.strip()]
    if not filled:
        raise invalid_argument("text", "", "a text of at least one character")
    for text in filled:
        for name in compile_template(text).names:
            if name not in names:
                fields = ", ".join(f"{{{each}}}" for each in names)
                raise invalid_argument("text", f"{{{name}}}", f"the columns of the list, {fields}")


def _find_name(names: Sequence[str], hints: Sequence[str]) -> str:
    """Find the name that is a hint, else the first that contains one as a word."""
    plain = {name.strip().casefold(): name for name in reversed(names)}
    whole = next((plain[hint] for hint in hints if hint in plain), None)
    if whole is not None:
        return whole
    words = {name: re.findall(r"[^\W_]+", name.casefold()) for name in names}
    return next((name for hint in hints for name in names if hint in words[name]), NO_COLUMN)


def _find_numbers(table: pd.DataFrame) -> str:
    """Find the first column of whose cells most could be phone numbers."""
    for name in list_names(table):
        cells = [str(cell) for cell in read_column(table, name).head(_SAMPLE) if not is_missing(cell)]
        if cells and sum(len(re.findall(r"[0-9]", cell)) >= _FEWEST_DIGITS for cell in cells) * 2 > len(cells):
            return name
    return NO_COLUMN


def _find_label(table: pd.DataFrame, name: str) -> Any:
    return next(label for label in table.columns if str(label) == name)
