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
    """What the metadata says about the numbers of a calling code.

    `lengths` are those of numbers without the code. `prefix` is what such a number may begin with and must lose, such
    as a 0 that is dialled within the country. `regions` share the code, the main one first.
    """

    code: str
    lengths: frozenset[int]
    prefix: re.Pattern[str] | None
    regions: tuple[str, ...]


def find_rules(digits: str) -> Rules | None:
    """Find the rules of the calling code with which digits begin; None where it is none."""
    return _read_rules(digits[:1]) or _read_rules(digits[:2]) or _read_rules(digits[:3])


def is_complete(digits: str, rules: Rules) -> bool:
    """Tell whether digits are a whole number as they are: of a possible length, with nothing to take off."""
    national = digits[len(rules.code) :]
    return len(national) in rules.lengths and (rules.prefix is None or not rules.prefix.match(national))


def find_country_and_kind(digits: str, rules: Rules) -> tuple[str | None, str | None]:
    """Find the country (ISO 3166-1 alpha-2) and the kind of a complete number.

    The country is None where there is none, such as of satellite numbers. The kind is None where the number is not
    valid: no operator can have it; then the country is the main one of the code.
    """
    national = digits[len(rules.code) :]
    for country, leading, pattern in _build_patterns(rules.code, len(national)):
        # A region with leading digits of its own has all that begin with them, valid or not.
        if leading is None:
            if found := pattern.match(national):
                return country, KINDS[str(found.lastgroup)]
        elif leading.match(national):
            found = pattern.match(national)
            return country, KINDS[str(found.lastgroup)] if found else None
    return _drop_no_country(rules.regions[0]), None


def find_national_kind(national: str, region: str, code: str) -> str | None:
    """Find the kind of a number without its calling code in one country; None where it is not valid there."""
    found = _build_pattern(region, code, len(national)).match(national)
    return KINDS[str(found.lastgroup)] if found else None


@cache
def find_calling_code(region: str) -> str:
    """Find the calling code of a country."""
    import phonenumbers

    return str(phonenumbers.country_code_for_region(region))


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


def _drop_no_country(region: str) -> str | None:
    return None if region in NO_COUNTRY else region


@cache
def _read_rules(code: str) -> Rules | None:
    """Read the rules of a calling code out of the metadata; None where it is none."""
    import phonenumbers as pn

    regions = pn.COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code and code[0] != "0" else None
    if not regions:
        return None
    samples = {n: pn.PhoneNumber(country_code=int(code), national_number=int("1" * n)) for n in range(2, 16)}
    possible = pn.ValidationResult.IS_POSSIBLE
    lengths = frozenset(n for n, each in samples.items() if pn.is_possible_number_with_reason(each) == possible)
    metadata: Any = pn.PhoneMetadata.metadata_for_region_or_calling_code(int(code), regions[0])
    prefix = metadata.national_prefix_for_parsing
    return Rules(code, lengths, re.compile(prefix) if prefix else None, regions)


@cache
def _build_patterns(code: str, length: int) -> tuple[tuple[str | None, re.Pattern[str] | None, re.Pattern[str]], ...]:
    """Build for each country of a code: the country, its leading digits, and the pattern of its numbers of a length."""
    rules = _read_rules(code)
    regions = rules.regions if rules else ()
    return tuple(
        (_drop_no_country(region), _read_leading_digits(region), _build_pattern(region, code, length))
        for region in regions
    )


@cache
def _read_leading_digits(region: str) -> re.Pattern[str] | None:
    import phonenumbers

    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return None if metadata is None or metadata.leading_digits is None else re.compile(metadata.leading_digits)


@cache
def _build_pattern(region: str, code: str, length: int) -> re.Pattern[str]:
    """Build one pattern of the numbers of a country and a length, with a named group for each kind."""
    import phonenumbers

    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)

    def read_pattern(kind: Any) -> str | None:
        is_possible = kind is not None and (not kind.possible_length or length in kind.possible_length)
        return kind.national_number_pattern if is_possible else None

    general = read_pattern(metadata.general_desc)
    patterns = {name: read_pattern(getattr(metadata, name, None)) for name in KINDS}
    fixed, mobile = patterns["fixed_line"], patterns["mobile"]
    if fixed and mobile:
        patterns["fixed_or_mobile"] = rf"(?=(?:{fixed})\Z)(?:{mobile})"
    kinds = "|".join(rf"(?P<{name}>(?:{pattern})\Z)" for name, pattern in patterns.items() if pattern)
    return re.compile(rf"(?=(?:{general})\Z)(?:{kinds})" if general and kinds else "(?!)")
