"""Countries: their codes, names and calling codes, and how a country is named in an argument or a list."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.frames import Column, frame

LONGEST_NAME = 100
COLUMNS = (Column("code"), Column("name"), Column("calling_code"))

# Countries without numbers of their own, with the calling code that is used there.
_WITHOUT_NUMBERS = {"AQ": "672", "BV": "47", "GS": "500", "HM": "672", "PN": "64", "TF": "262", "UM": "1"}
# Names that the metadata lacks, or gives in another form than people use.
_NAMES = {"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo", "PN": "Pitcairn Islands"}
_ENGLISH_NAMES = {"CG": "Congo (Brazzaville)", "CD": "Congo (Kinshasa)"}
_OTHER_NAMES = {
    "america": ("US",),
    "burma": ("MM",),
    "cape verde": ("CV",),
    "congo": ("CD", "CG"),
    "czechia": ("CZ",),
    "democratic republic of the congo": ("CD",),
    "east timor": ("TL",),
    "england": ("GB",),
    "eswatini": ("SZ",),
    "great britain": ("GB",),
    "holland": ("NL",),
    "ivory coast": ("CI",),
    "kongo": ("CD", "CG"),
    "korea": ("KP", "KR"),
    "macao": ("MO",),
    "macau": ("MO",),
    "micronesia": ("FM",),
    "north macedonia": ("MK",),
    "northern ireland": ("GB",),
    "republic of the congo": ("CG",),
    "republic of ireland": ("IE",),
    "russian federation": ("RU",),
    "scotland": ("GB",),
    "tschechien": ("CZ",),
    "turkiye": ("TR",),
    "u k": ("GB",),
    "u s": ("US",),
    "u s a": ("US",),
    "uae": ("AE",),
    "uk": ("GB",),
    "united states of america": ("US",),
    "usa": ("US",),
    "vatican city": ("VA",),
    "vereinigte staaten": ("US",),
    "viet nam": ("VN",),
    "virgin islands": ("VG", "VI"),
    "wales": ("GB",),
}


def countries() -> pd.DataFrame:
    """List the countries, with the codes that every function takes and the names that it takes as well.

    Returns
    -------
    pandas.DataFrame
        One row a country, by code: ``code`` (ISO 3166-1 alpha-2, and AC, TA and XK, which have numbers of their own),
        ``name`` (English), ``calling_code`` (digits; the one used there where a country has no numbers of its own).

    Raises
    ------
    NexmoError
        Never: nothing is asked.

    Notes
    -----
    Names and calling codes are those of ``phonenumbers``, which is Google's libphonenumber.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> table = nx.countries()
    >>> table[table.code.isin(["GB", "PT"])].values.tolist()
    [['GB', 'United Kingdom', '44'], ['PT', 'Portugal', '351']]
    """
    codes = sorted(_read_calling_codes())
    rows = [{"code": code, "name": name_country(code), "calling_code": _read_calling_codes()[code]} for code in codes]
    return frame(rows, COLUMNS)


@cache
def name_country(code: str, language: str = "en") -> str:
    """Give the name of a country, in English where it is not known in a language."""
    english = _ENGLISH_NAMES.get(code) or _read_name(code, "en") or _NAMES.get(code, code)
    return english if language == "en" else _read_name(code, language) or english


def check_country(value: Any, name: str = "country") -> str:
    """Accept a country by its code of ISO 3166-1, or by a name that it has in some language, and return the code."""
    written = value.strip() if isinstance(value, str) else ""
    code = written.upper()
    if code in _read_calling_codes():
        return code
    allowed = "a country: a two-letter code of ISO 3166-1, such as 'GB', or a name, such as 'Portugal'"
    found = _find_by_name(written)
    if len(found) == 1:
        return found[0]
    advice = ""
    if found:
        advice = f"It can be {' or '.join(f'{code} ({name_country(code)})' for code in found)}: give the code."
    elif isinstance(value, float) and math.isnan(value):
        advice = "A missing value: pandas reads 'NA' (Namibia) so, unless read_csv gets keep_default_na=False."
    elif similar := _find_similar(written):
        advice = f"Did you mean {' or '.join(f'{code} ({name_country(code)})' for code in similar)}?"
    raise validation.invalid_argument(name, value, allowed, advice)


def check_region(value: Any, name: str = "region") -> str:
    """Accept a country that has national numbers."""
    code = check_country(value, name)
    if code in _WITHOUT_NUMBERS:
        raise validation.invalid_argument(name, value, "a country with numbers of its own", f"{code} has none.")
    return code


def find_region_code(value: str) -> str | None:
    """Find the country that has national numbers and is called so; None where there is none, or more than one."""
    written = value.strip()
    found = (written.upper(),) if written.upper() in _read_calling_codes() else _find_by_name(written)
    return found[0] if len(found) == 1 and found[0] not in _WITHOUT_NUMBERS else None


def find_country(name: Any, calling_code: Any) -> str | None:
    """Find the country that a list names, by its name, or else by its calling code; None where these fit several."""
    found = _find_by_name(name.strip()) if isinstance(name, str) else ()
    digits = str(calling_code)
    if len(found) > 1:
        found = tuple(code for code in found if _read_calling_codes()[code] == digits)
    elif not found:
        found = tuple(code for code, each in _read_calling_codes().items() if each == digits)
    return found[0] if len(found) == 1 else None


def is_country(value: str) -> bool:
    """Tell whether a text is the code of a country, or a name of one."""
    return value.strip().upper() in _read_calling_codes() or len(_find_by_name(value.strip())) == 1


@cache
def list_regions() -> tuple[str, ...]:
    """List the codes of the countries that have national numbers, by calling code, the main country of each first."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return tuple(code for codes in COUNTRY_CODE_TO_REGION_CODE.values() for code in codes if code != "001")


def check_countries(value: Any, name: str = "country") -> list[str]:
    """Accept one country or several, and give the code of each of them once."""
    several = isinstance(value, Iterable) and not isinstance(value, str)
    codes = validation.as_list(name, value, "countries, such as 'GB' or 'Portugal'") if several else [value]
    return list(dict.fromkeys(check_country(code, name) for code in codes))


@cache
def _read_calling_codes() -> dict[str, str]:
    from phonenumbers import SUPPORTED_REGIONS, country_code_for_region  # importing it takes 20 ms

    return {code: str(country_code_for_region(code)) for code in SUPPORTED_REGIONS} | _WITHOUT_NUMBERS


@cache
def _read_names() -> dict[str, tuple[str, ...]]:
    """Read the names of the countries in every language; a name that several have gives all of them."""
    found: dict[str, set[str]] = {}
    for code in _read_calling_codes():
        for language in _load_names().get(code, ()):
            found.setdefault(_fold(_read_name(code, language) or ""), set()).add(code)
        found.setdefault(_fold(name_country(code)), set()).add(code)
        found.setdefault(_fold(_NAMES.get(code, code)), set()).add(code)
    # What a name means in English comes before what it means elsewhere.
    english = {_fold(name_country(code)): (code,) for code in _read_calling_codes()}
    return {name: tuple(sorted(codes)) for name, codes in found.items() if name} | english | _OTHER_NAMES


@cache
def _load_names() -> dict[str, dict[str, str]]:
    """Load the names alone: the package that they are in loads the places of all numbers, 0.3 s and 100 MB."""
    import phonenumbers

    path = Path(phonenumbers.__file__).parent / "geodata" / "locale.py"
    spec = spec_from_file_location("phonenumbers.geodata.locale", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    names: dict[str, dict[str, str]] = module.LOCALE_DATA
    return names


def _read_name(code: str, language: str) -> str | None:
    """Read a country's name; the metadata refers to another language where its name is the same."""
    # Each name is looked at once: one of the metadata refers to itself.
    names = dict(_load_names().get(code, {}))
    name = names.pop(language, None)
    while name is not None and name.startswith("*"):
        name = names.pop(name[1:], None)
    return name


def _find_by_name(written: str) -> tuple[str, ...]:
    return _read_names().get(_fold(written), ()) if 1 < len(written) <= LONGEST_NAME else ()


def _find_similar(written: str) -> list[str]:
    """Find countries whose English name has the same words, or is spelled almost so."""
    from difflib import get_close_matches

    english = {_fold(name_country(code)): code for code in _read_calling_codes()}
    folded = _fold(written[:LONGEST_NAME])
    if len(folded) < 4:
        return []
    within = [code for name, code in english.items() if re.search(rf"\b{re.escape(folded)}\b", name)]
    return sorted(within)[:5] or [english[name] for name in get_close_matches(folded, english, n=3, cutoff=0.75)]


def _fold(name: str) -> str:
    """Write a name without accents, case, marks and articles, to compare it."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.sub(r"[\W_]+", " ", bare.casefold()).split()
    return " ".join(words[1:] if words[:1] == ["the"] else words)
