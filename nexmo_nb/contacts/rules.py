"""Country, kind and validity of E.164 digits, by the rules of their calling code. Pure, over `phonenumbers`.

The library's own look-up takes some 40 µs a number, and a plan has up to a million; what is here reads the library's
tables into one pattern a country and length, and says the same (tested for every kind of number of every country).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

KINDS = {
    "premium_rate": "premium",
    "toll_free": "toll-free",
    "shared_cost": "shared-cost",
    "voip": "voip",
    "personal_number": "personal",
    "pager": "pager",
    "uan": "company",
    "voicemail": "voicemail",
    "fixed_or_mobile": "landline or mobile",
    "fixed_line": "landline",
    "mobile": "mobile",
}
"""Kinds of numbers, by their names in the metadata, in the order in which `phonenumbers.number_type` tries them."""
NO_COUNTRY = ("ZZ", "001")
"""How the metadata names what belongs to no country, such as satellite numbers."""


class Rules(NamedTuple):
    """What the metadata says about the numbers of a calling code and a length.

    `has_length` tells whether numbers of the code can have the length. `prefix` is what a number without the code may
    begin with and must lose, such as a 0 that is dialled within the country. `pattern` finds country and kind of a
    number behind its code, and `country` is the main one of the code.
    """

    code: str
    has_length: bool
    prefix: re.Pattern[str] | None
    pattern: re.Pattern[str]
    country: str | None


def find_rules(digits: str) -> Rules | None:
    """Find the rules for digits that begin with a calling code; None where they do not."""
    return _read_rules(digits[:3], len(digits))


def is_complete(digits: str, rules: Rules) -> bool:
    """Tell whether digits are a whole number as they are: of a possible length, with nothing to take off."""
    return rules.has_length and (rules.prefix is None or not rules.prefix.match(digits, len(rules.code)))


def find_country_and_kind(digits: str, rules: Rules) -> tuple[str | None, str | None]:
    """Find the country (ISO 3166-1 alpha-2) and the kind of a complete number.

    The country is None where there is none, such as of satellite numbers. The kind is None where the number is not
    valid: no operator can have it; then the country is the main one of the code.
    """
    found = rules.pattern.match(digits, len(rules.code))
    return _parse_group(str(found.lastgroup)) if found else (rules.country, None)


def find_national_kind(national: str, region: str, code: str) -> str | None:
    """Find the kind of a number without its calling code in one country; None where it is not valid there."""
    found = _build_pattern(region, code, len(national)).match(national)
    return _parse_group(str(found.lastgroup))[1] if found else None


@cache
def find_calling_code(region: str) -> str:
    """Find the calling code of a country."""
    import phonenumbers

    return str(phonenumbers.country_code_for_region(region))


class Dialling(NamedTuple):
    """How numbers are dialled within a country: patterns of what comes before a calling code, and before a number.

    Where the last group of the latter finds something, other digits come in its place: `group` is its number, and 0
    where what comes before a number is always taken away.
    """

    international: str | None
    national: str | None
    group: int


@cache
def read_dialling(region: str) -> Dialling:
    """Read how numbers are dialled within a country."""
    import phonenumbers

    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    national = metadata.national_prefix_for_parsing or None
    group = re.compile(national).groups if national and metadata.national_prefix_transform_rule else 0
    return Dialling(metadata.international_prefix or None, national, group)


@cache
def has_national_prefix(region: str) -> bool:
    """Tell whether numbers are dialled within a country with a prefix before them, mostly a 0."""
    import phonenumbers

    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return metadata is not None and bool(metadata.national_prefix)


@cache
def read_international_prefix(region: str) -> re.Pattern[str]:
    """Read what is dialled before a calling code in a country, such as 00 or 0011."""
    import phonenumbers

    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return re.compile(metadata.international_prefix or "(?!)" if metadata is not None else "(?!)")


def drop_no_country(region: str) -> str | None:
    """Give the country that the metadata names, or None for what belongs to none."""
    return None if region in NO_COUNTRY else region


@cache
def _read_rules(start: str, length: int) -> Rules | None:
    """Read the rules for digits of a length that begin with `start`; None where it begins with no calling code."""
    import phonenumbers as pn

    codes = (start[:size] for size in (1, 2, 3))
    code = next((each for each in codes if each[:1] != "0" and list_code_regions(each)), None)
    if code is None:
        return None
    regions = list_code_regions(code)
    size = length - len(code)
    metadata: Any = pn.PhoneMetadata.metadata_for_region_or_calling_code(int(code), regions[0])
    prefix = metadata.national_prefix_for_parsing
    pattern = "|".join(_write_region_pattern(region, code, size) for region in regions)
    return Rules(
        code,
        size in _read_lengths(code),
        re.compile(prefix) if prefix else None,
        re.compile(pattern),
        drop_no_country(regions[0]),
    )


def list_code_regions(code: str) -> tuple[str, ...]:
    """List the countries of a calling code, the main one first."""
    import phonenumbers

    regions: tuple[str, ...] = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ()) if code else ()
    return regions


@cache
def _read_lengths(code: str) -> frozenset[int]:
    """Read the lengths that numbers of a calling code can have without it."""
    import phonenumbers as pn

    samples = {n: pn.PhoneNumber(country_code=int(code), national_number=int("1" * n)) for n in range(2, 16)}
    possible = pn.ValidationResult.IS_POSSIBLE
    return frozenset(n for n, each in samples.items() if pn.is_possible_number_with_reason(each) == possible)


def _write_region_pattern(region: str, code: str, length: int) -> str:
    """Write the pattern of the numbers of a country among those that share its code."""
    pattern, leading = _write_pattern(region, code, length), read_leading_digits(region)
    # A region with leading digits of its own has all that begin with them, valid or not.
    return pattern if leading is None else f"(?={leading})(?:{pattern}|(?P<in_{region}_>))"


def read_leading_digits(region: str) -> str | None:
    """Read the pattern of the first digits that tell a country from others of its calling code, if it has one."""
    import phonenumbers

    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return None if metadata is None else metadata.leading_digits


@cache
def _build_pattern(region: str, code: str, length: int) -> re.Pattern[str]:
    return re.compile(_write_pattern(region, code, length))


def _write_pattern(region: str, code: str, length: int) -> str:
    """Write one pattern of the numbers of a country and a length, with a group for each kind."""
    general, patterns = read_patterns(region, code, length)
    fixed, mobile = patterns.get("fixed_line"), patterns.get("mobile")
    if fixed and mobile:
        patterns["fixed_or_mobile"] = rf"(?=(?:{fixed})\Z)(?:{mobile})"
    kinds = "|".join(rf"(?P<in_{region}_{name}>(?:{patterns[name]})\Z)" for name in KINDS if name in patterns)
    return rf"(?=(?:{general})\Z)(?:{kinds})" if general and kinds else "(?!)"


def read_patterns(region: str, code: str, length: int) -> tuple[str | None, dict[str, str]]:
    """Read the metadata's patterns of the numbers of a country and a length: of all, and of each kind that it has."""
    import phonenumbers

    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)

    def read_pattern(kind: Any) -> str | None:
        is_possible = kind is not None and (not kind.possible_length or length in kind.possible_length)
        return kind.national_number_pattern if is_possible else None

    patterns = {name: read_pattern(getattr(metadata, name, None)) for name in KINDS}
    return read_pattern(metadata.general_desc), {name: each for name, each in patterns.items() if each}


@cache
def _parse_group(name: str) -> tuple[str | None, str | None]:
    """Parse the name of a group of a pattern: the country, and the kind if the number is valid."""
    _, region, kind = name.split("_", 2)
    return drop_no_country(region), KINDS.get(kind)
