"""Phone numbers: to E.164 digits, and the country of one. Pure, over `phonenumbers` (Google's metadata)."""

from __future__ import annotations

import re
from functools import cache
from numbers import Integral
from typing import Any, NamedTuple

from nexmo_nb.validation import check_country, invalid_argument

__all__ = ["check_sender", "country_of", "msisdn", "parse_number_and_country", "to_e164"]

_WRITTEN = re.compile(r"[+＋]?\s*[\d(][\d\s().\-/\u2010-\u2015\u00a0\u202f]*")
# By the error types of phonenumbers.NumberParseException.
_UNREADABLE = {0: "No country has this code.", 2: "It is too short.", 3: "It is too short.", 4: "It is too long."}
_SEPARATORS = str.maketrans("", "", " ().-/")
# The kinds of numbers in phonenumbers' metadata, every one of which makes a number one of its country.
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
_ALLOWED = "a phone number with its country code, such as '+44 7700 900000', '00447700900000' or 447700900000"


def to_e164(value: Any, region: str | None = None, *, name: str = "to") -> str:
    """Write a phone number as the API wants it: digits only, country code first.

    Parameters
    ----------
    value : str or int
        A number in any usual spelling: ``+44 7700 900000``, ``0044…``, spaces, dots, hyphens and brackets are fine.
    region : str, optional
        Country (ISO 3166-1 alpha-2) whose national numbers are meant where there is no country code. Default: every
        number must have its country code.
    name : str
        What to call the value in an error.

    Returns
    -------
    str
        7 to 15 digits without ``+``.

    Raises
    ------
    InvalidRequestError
        If it is no possible number: letters, a float, a length that its country does not have. A possible number
        need not be in use.

    Notes
    -----
    Numbers on the wire carry no ``+``: https://developer.vonage.com/en/numbers/guides/number-format.

    Examples
    --------
    >>> to_e164("+44 (0)7700 900000")
    '447700900000'
    >>> to_e164("912 345 678", region="PT")
    '351912345678'
    """
    return parse_number_and_country(value, region, name=name)[0]


def parse_number_and_country(value: Any, region: str | None = None, *, name: str = "to") -> tuple[str, str | None]:
    """Do the work of `to_e164` and `country_of` in one go."""
    import phonenumbers

    written = _written(name, value)
    region = None if region is None else check_country(region, "region")
    found = _plain(written, region)
    if found is not None:
        return found
    digits = re.sub(r"\D", "", written)
    international = written[0] in "+＋"
    if not international and digits.startswith("00"):
        written, international = "+" + digits[2:], True
    if not international and region is None:
        if digits.startswith("0"):
            raise invalid_argument(name, value, _ALLOWED, "It looks like a national number: add the country code.")
        written = "+" + digits
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException as problem:
        raise invalid_argument(name, value, _ALLOWED, _UNREADABLE.get(problem.error_type, "")) from None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise invalid_argument(name, value, _ALLOWED, _why(reason))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:], _region(number)


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
    return _region(parsed)


class _Rules(NamedTuple):
    """What decides on the numbers of a calling code: lengths, beginnings that may be taken off, countries."""

    code: str
    lengths: frozenset[int]
    prefix: re.Pattern[str] | None
    regions: tuple[str, ...]


def _plain(written: str, region: str | None) -> tuple[str, str | None] | None:
    """Locate a number that stands in full, by phonenumbers' own tables; None where it has to look itself.

    It takes 40 µs a number, most of them to find that nothing has to be rewritten; a plan has a million.
    """
    digits = written.removeprefix("+").translate(_SEPARATORS)
    if not digits.isascii() or not digits.isdigit() or len(written) > 40:
        return None
    if written[0] != "+" and digits.startswith("00"):
        digits = digits[2:]
    elif written[0] != "+" and region is not None:
        return None
    rules = _rules(digits[:1]) or _rules(digits[:2]) or _rules(digits[:3])
    national = digits[len(rules.code) :] if rules else ""
    if rules is None or len(national) not in rules.lengths:
        return None
    if rules.prefix is not None and rules.prefix.match(national):
        return None
    regions = rules.regions
    code = regions[0] if len(regions) == 1 else _first_match(regions, national)
    return digits, None if code in ("ZZ", "001") else code


@cache
def _rules(code: str) -> _Rules | None:
    """Gather the rules of a calling code, once; None where it is none."""
    import phonenumbers as pn

    regions = pn.COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code and code[0] != "0" else None
    if not regions:
        return None
    samples = {n: pn.PhoneNumber(country_code=int(code), national_number=int("1" * n)) for n in range(2, 16)}
    possible = pn.ValidationResult.IS_POSSIBLE
    lengths = frozenset(n for n, each in samples.items() if pn.is_possible_number_with_reason(each) == possible)
    metadata: Any = pn.PhoneMetadata.metadata_for_region_or_calling_code(int(code), regions[0])
    prefix = metadata.national_prefix_for_parsing
    return _Rules(code, lengths, re.compile(prefix) if prefix else None, regions)


def _first_match(regions: tuple[str, ...], national: str) -> str:
    """Find the country, among those of one code, that has the number; the main one where none has."""
    length = len(national)
    return next((region for region in regions if _numbers_of(region, length).match(national)), regions[0])


@cache
def _numbers_of(region: str, length: int) -> re.Pattern[str]:
    """Make one pattern of what `phonenumbers.region_code_for_number` tries kind by kind."""
    import phonenumbers

    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if metadata.leading_digits is not None:
        return re.compile(metadata.leading_digits)

    def pattern(kind: Any) -> str | None:
        allowed = kind is not None and (not kind.possible_length or length in kind.possible_length)
        return kind.national_number_pattern if allowed else None

    general = pattern(metadata.general_desc)
    kinds = [found for name in _KINDS if (found := pattern(getattr(metadata, name)))]
    return re.compile(rf"(?=(?:{general})\Z)(?:{'|'.join(kinds)})\Z" if general and kinds else "(?!)")


def _region(number: Any) -> str | None:
    import phonenumbers

    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(number.country_code, ())
    # Most codes are one country's alone; the others' area codes have to be looked at.
    code = regions[0] if len(regions) == 1 else phonenumbers.region_code_for_number(number)
    code = code or phonenumbers.region_code_for_country_code(number.country_code)
    return None if code in ("ZZ", "001") else str(code)


def msisdn(value: Any) -> str:
    """Accept a number as the lists of numbers give it: digits with country code, as text or whole number."""
    digits = re.sub(r"\D", "", _written("msisdn", value))
    if not digits.isascii() or not 3 <= len(digits) <= 15 or digits.startswith("00"):
        raise invalid_argument("msisdn", value, "3 to 15 digits, country code first, as in the column 'msisdn'")
    return digits


def check_sender(value: Any, *, name: str = "sender") -> str:
    """Accept a sender: a number of at most 15 digits, or a name of at most 11 letters and digits.

    Spaces of a name do not count. Which senders a country lets through is Nexmo's to say:
    https://developer.vonage.com/en/messaging/sms/guides/custom-sender-id.
    """
    allowed = "a phone number of at most 15 digits, or a name of at most 11 letters (A-Z, a-z) and digits"
    if not _writable(value):
        raise invalid_argument(name, value, allowed)
    written = str(value).strip()
    if _WRITTEN.fullmatch(written) and re.search(r"\d", written):
        digits = re.sub(r"\D", "", written)
        digits = digits[2:] if digits.startswith("00") else digits
        if not digits.isascii() or not 1 <= len(digits) <= 15:
            raise invalid_argument(name, value, allowed)
        return digits
    if not re.fullmatch("[A-Za-z0-9 ]+", written) or len(written.replace(" ", "")) > 11:
        raise invalid_argument(name, value, allowed)
    return written


def _written(name: str, value: Any) -> str:
    """Take the number as text; anything that a spreadsheet may have damaged is refused."""
    if not _writable(value):
        advice = ""
        if isinstance(value, float):
            advice = "A float has lost digits or gained a '.0': read the column as text (dtype=str)."
        raise invalid_argument(name, value, _ALLOWED, advice)
    written = str(value).strip()
    if not written or not _WRITTEN.fullmatch(written) or not re.search(r"\d", written):
        raise invalid_argument(name, value, _ALLOWED)
    return written


def _writable(value: Any) -> bool:
    """Tell whether a value is text, or a whole number that can be written out."""
    whole = isinstance(value, Integral) and not isinstance(value, bool) and abs(int(value)) < 10**18
    return isinstance(value, str) or whole


def _why(reason: int) -> str:
    from phonenumbers import ValidationResult

    words = {
        ValidationResult.TOO_SHORT: "It is too short for its country.",
        ValidationResult.TOO_LONG: "It is too long for its country.",
        ValidationResult.INVALID_LENGTH: "Its country has no numbers of this length.",
        ValidationResult.INVALID_COUNTRY_CODE: "No country has this code.",
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "It is a local number: add area and country code.",
    }
    return words.get(reason, "")
