"""The country of a phone number, by the rules of its calling code. Pure, over `phonenumbers` (Google's metadata)."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

# The kinds of numbers in the metadata; a number of any kind belongs to the country.
_KINDS = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
    "fixed_line",
    "mobile",
)
_NO_COUNTRY = ("ZZ", "001")
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


def country_of(number: str) -> str | None:
    """Tell the country (ISO 3166-1 alpha-2) of E.164 digits; None where it has none, such as satellite numbers.

    A number that no operator has (such as the fictional ones of films) counts for the main country of its code.

    Examples
    --------
    >>> country_of("264811234567")
    'NA'
    """
    import phonenumbers

    try:
        parsed = phonenumbers.parse("+" + number)
    except phonenumbers.NumberParseException:
        return None
    return find_parsed_country(parsed)


def find_parsed_country(number: Any) -> str | None:
    """Find the country of a number that `phonenumbers` has parsed."""
    import phonenumbers

    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(number.country_code, ())
    # Most codes belong to one country alone; for the others the area code decides.
    country = regions[0] if len(regions) == 1 else phonenumbers.region_code_for_number(number)
    return _drop_no_country(country or phonenumbers.region_code_for_country_code(number.country_code))


def find_rules(digits: str) -> Rules | None:
    """Find the rules of the calling code with which digits begin; None where it is none."""
    return _read_rules(digits[:1]) or _read_rules(digits[:2]) or _read_rules(digits[:3])


def is_complete(digits: str, rules: Rules) -> bool:
    """Tell whether digits are a whole number as they are: of a possible length, with nothing to take off."""
    national = digits[len(rules.code) :]
    return len(national) in rules.lengths and (rules.prefix is None or not rules.prefix.match(national))


def find_country(digits: str, rules: Rules) -> str | None:
    """Find the country of a complete number: of those that share its code, the first that has it, or the main one."""
    regions = rules.regions
    if len(regions) == 1:
        return _drop_no_country(regions[0])
    national = digits[len(rules.code) :]
    found = (region for region in regions if _build_pattern(region, len(national)).match(national))
    return _drop_no_country(next(found, regions[0]))


def _drop_no_country(region: str) -> str | None:
    return None if region in _NO_COUNTRY else region


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
def _build_pattern(region: str, length: int) -> re.Pattern[str]:
    """Build one pattern of the numbers of a country, which `phonenumbers.region_code_for_number` tries kind by kind."""
    import phonenumbers

    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if metadata.leading_digits is not None:
        return re.compile(metadata.leading_digits)

    def read_pattern(kind: Any) -> str | None:
        is_possible = kind is not None and (not kind.possible_length or length in kind.possible_length)
        return kind.national_number_pattern if is_possible else None

    general = read_pattern(metadata.general_desc)
    kinds = [pattern for name in _KINDS if (pattern := read_pattern(getattr(metadata, name)))]
    return re.compile(rf"(?=(?:{general})\Z)(?:{'|'.join(kinds)})\Z" if general and kinds else "(?!)")
