"""A list of contacts as bad as they come, made up by a seed.

Nearly all numbers are set aside by regulators for films and examples and belong to nobody: 07700 900xxx in the United
Kingdom, 555-01xx in North America, 06 39 98 xx xx in France. Where a kind of trouble cannot be shown with them, a few
numbers are made up of zeros or of digits in a row.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.frames import Column, frame

COLUMNS = tuple(Column(name) for name in ("name", "phone", "country", "language", "appointment", "amount"))
_FIRST = "Ana Bob Carla Daniel Eva Filipe Grace Hugo Inês João Kate Luís Maria Noah Olívia Peter Rita Sam Tomás Zoë"
_LAST = (
    "Almeida Baker Costa Dias Evans Ferreira Green Hughes Jones Lopes Martins O’Neill Pereira Quinn Rocha Silva Young"
)
_AREAS = (202, 206, 212, 303, 312, 404, 415, 512, 617, 702)
_START = datetime(2026, 12, 1, 9, 0)
_MOST_ROWS = 1_000_000

Home = tuple[str, str, str]
"""The calling code of a number, what is dialled before it at home, and the number without either."""

# What a country is called in the lists of people of many languages.
_COUNTRIES = {
    "44": ("GB", "GB", "GB", "gb", "UK", "United Kingdom", "Reino Unido", "Vereinigtes Königreich", "Royaume-Uni"),
    "1": ("US", "US", "US", "USA", "United States", "Estados Unidos", "Vereinigte Staaten", "États-Unis"),
    "33": ("FR", "FR", "FR", "France", "França", "Frankreich", "Francia", "フランス"),
}
_AT_HOME: tuple[Callable[[Home], str], ...] = (
    lambda n: f"{n[1]}{n[2]}",
    lambda n: f"{n[1]}{n[2][:4]} {n[2][4:]}",
    lambda n: f"({n[1]}{n[2][:3]}) {n[2][3:6]}-{n[2][6:]}",
    lambda n: n[2],
)
_FROM_ABROAD: tuple[Callable[[Home], str], ...] = (
    lambda n: f"+{n[0]} {n[2][:4]} {n[2][4:]}",
    lambda n: f"+{n[0]}{n[2]}",
    lambda n: f"00{n[0]} {n[2]}",
    lambda n: f"{n[0]}{n[2]}",
    lambda n: f"(+{n[0]}) {n[2][:4]} {n[2][4:]}",
    lambda n: f"+{n[0]}-{n[2][:3]}-{n[2][3:6]}-{n[2][6:]}",
    lambda n: f"+{n[0]}\u00a0{n[2][:4]}\u00a0{n[2][4:]}",
    lambda n: f"\u202a+{n[0]} {n[2]}\u202c",
    lambda n: f"\ufeff+{n[0]}{n[2]}\u200b",
    lambda n: f"tel:+{n[0]}-{n[2]}",
    lambda n: f"'+{n[0]}{n[2]}",
    lambda n: f'="{n[0]}{n[2]}"',
    lambda n: f"{n[0]}{n[2]}.0",
    lambda n: f"+{n[0]} {n[2]};",
    lambda n: f"  +{n[0]} {n[2]} ",
    lambda n: "+" + "".join(chr(ord(digit) + 0xFEE0) for digit in n[0] + n[2]),
)
# Cells that cannot be used, or should be looked at, with the country of their row.
_TROUBLES = (
    # Empty, or an error of a spreadsheet.
    ("", "GB"),
    ("nan", "GB"),
    ("#N/A", "US"),
    ("NULL", ""),
    ("-", "FR"),
    # No number, or more than one.
    ("ask his wife", "GB"),
    ("07700 9OO123", "GB"),
    ("ana@example.org", "FR"),
    ("07700 900401; 07700 900402", "GB"),
    ("+44 7700 900403 or +44 7700 900404", ""),
    ("+33 6 39 98 04 05, +33 6 39 98 04 06", "FR"),
    ("+1 202 555 0107 ext. 12", "US"),
    ("07700 900408 x4", "GB"),
    # Damaged by a spreadsheet.
    ("4.47701E+11", "GB"),
    ("4,47701E+11", ""),
    ("3.36400E+10", "FR"),
    ("447700900409.5", "GB"),
    ("447701000000", "GB"),
    ("33640000000", ""),
    # Without the country that they need, or of none.
    ("07700 900410", ""),
    ("0639980411", ""),
    ("+999 555 0112", ""),
    ("07700 900413", "Atlantis"),
    ("06 39 98 04 14", "??"),
    # Without a plus, and no number of the country with whose code they begin.
    ("2025550115", ""),
    ("6175550116", ""),
    # A digit too few or too many.
    ("+1 202 555 011", "US"),
    ("+1 202 555 01180", ""),
    ("07700 9004190", "GB"),
    ("07700 90042", "GB"),
    ("+33 6 39 98 04 2", "FR"),
    ("+376 123 4567", "AD"),
    # Of their country, but with no place for an SMS, or at a high price.
    ("+44 20 1234 5678", "GB"),
    ("0800 123 4567", "GB"),
    ("+351 21 000 0001", "PT"),
    ("0900 000 0001", "GB"),
    ("+34 803 123 456", "ES"),
    # As they were before their countries changed them.
    ("+52 1 55 0000 0001", "MX"),
    ("+54 9 11 15 0000 0001", "AR"),
    ("+55 11 9000-0001", "BR"),
    ("+225 07 00 00 01", "CI"),
    ("+229 97 00 00 01", "Benin"),
)
_NAMES = (
    "#REF!",
    "#N/A",
    "\u200b",
    "",
    "nan",
    "  Ana   Costa ",
    "MARIA SILVA",
    "Silva, Tomás",
    "Zoë 🌻",
    "Rita\u00a0Dias",
    "Bob\nBaker",
    "{name}",
)
_APPOINTMENTS = ("", "03/12/2026", "soon", "2026-02-30", "4 Dec 2026 15:00", "#VALUE!")
_AMOUNTS = ("", "49,90", "£12.50", "1.234,50", "0", "-5.00", "1e3")


def contacts(rows: int = 500, seed: int = 6) -> pd.DataFrame:
    """Make up a list of contacts with every kind of trouble that such lists have; the same for the same seed.

    Parameters
    ----------
    rows : int
        How many. Below a hundred, some kinds of trouble have no place. Default: 500.
    seed : int
        Another one gives another list. Default: 6.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``phone``, ``country`` (codes, or names in several languages), ``language`` (en, pt), ``appointment``
        and ``amount``; all text, an empty cell is a missing value.

    Raises
    ------
    InvalidRequestError
        If `rows` or `seed` is no whole number, or there are too many rows.

    Examples
    --------
    >>> import nexmo_nb.examples
    >>> table = nexmo_nb.examples.contacts()
    >>> len(table), list(table.columns)
    (500, ['name', 'phone', 'country', 'language', 'appointment', 'amount'])
    """
    rows = validation.check_int("rows", rows, 1, _MOST_ROWS)
    source = random.Random(validation.check_int("seed", seed, 0))  # noqa: S311 - made up, and meant to be the same
    numbers = _make_numbers(source, rows)
    phones = [_spell(number, source) for number in numbers]
    # Some people stand in the list twice, their number in another spelling.
    phones += [_spell(number, source) for number in numbers[rows - rows // 25 :]]
    phones = [*_TROUBLES, *phones[len(_TROUBLES) + len(phones) - rows :]][:rows]
    source.shuffle(phones)
    table = [_make_contact(phone, country, source) for phone, country in phones]
    for name, cells in (("name", _NAMES), ("appointment", _APPOINTMENTS), ("amount", _AMOUNTS)):
        for row, cell in zip(source.sample(table, min(len(cells), rows)), cells, strict=False):
            row[name] = cell
    return frame(({name: cell or None for name, cell in row.items()} for row in table), COLUMNS)


def _make_numbers(source: random.Random, rows: int) -> list[Home]:
    """Make numbers that belong to nobody; none twice before all of a country were taken."""
    pools: list[list[Home]] = [
        [("44", "0", f"7700900{n:03}") for n in range(900)],
        [("1", "", f"{area}55501{n:02}") for area in _AREAS for n in range(100)],
        [("33", "0", f"63998{n:04}") for n in range(10_000)],
    ]
    for pool in pools:
        source.shuffle(pool)
    chosen = source.choices(pools, weights=(5, 2, 3), k=rows)
    return [pool[place % len(pool)] for place, pool in enumerate(chosen)]


def _spell(number: Home, source: random.Random) -> tuple[str, str]:
    """Spell a number as somebody would, and name its country, which a number with its code can do without."""
    country = source.choice(_COUNTRIES[number[0]])
    if source.random() < 0.4:
        return source.choice(_AT_HOME)(number), country
    return source.choice(_FROM_ABROAD)(number), country if source.random() < 0.8 else ""


def _make_contact(phone: str, country: str, source: random.Random) -> dict[str, str]:
    name = f"{source.choice(_FIRST.split())} {source.choice(_LAST.split())}"
    # macOS takes "é" apart, into a letter and its accent.
    name = unicodedata.normalize("NFD", name) if source.random() < 0.1 else name
    appointment = _START + timedelta(days=source.randrange(60), minutes=15 * source.randrange(32))
    return {
        "name": name,
        "phone": phone,
        "country": country,
        "language": source.choice(("en", "en", "pt")),
        "appointment": f"{appointment:%Y-%m-%d %H:%M}",
        "amount": f"{source.randrange(500, 50_000) / 100:.2f}",
    }
