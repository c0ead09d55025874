"""Phone numbers as people write them, to E.164 digits, or refused with the reason. Pure, over `phonenumbers`."""

from __future__ import annotations

import re
from numbers import Integral
from typing import Any

from nexmo_nb.contacts.countries import find_country, find_parsed_country, find_rules, is_complete
from nexmo_nb.validation import check_country, invalid_argument

_WRITTEN = re.compile(r"[+＋]?\s*[\d(][\d\s().\-/\u2010-\u2015\u00a0\u202f]*")
# By the error types of phonenumbers.NumberParseException.
_UNREADABLE = {0: "No country has this code.", 2: "It is too short.", 3: "It is too short.", 4: "It is too long."}
_SEPARATORS = str.maketrans("", "", " ().-/")
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
    written = _read_written(name, value)
    region = None if region is None else check_country(region, "region")
    # A number that is complete as it stands needs no parser, which takes 40 µs a number; a plan has up to a million.
    digits = _extract_digits(written, region)
    rules = None if digits is None else find_rules(digits)
    if digits is not None and rules is not None and is_complete(digits, rules):
        return digits, find_country(digits, rules)
    return _parse_with_library(name, value, written, region)


def _extract_digits(written: str, region: str | None) -> str | None:
    """Extract the digits of a number that has its country code; None where only the library can tell."""
    digits = written.removeprefix("+").translate(_SEPARATORS)
    if not digits.isascii() or not digits.isdigit() or len(written) > 40:
        return None
    if written.startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    return digits if region is None else None


def _parse_with_library(name: str, value: Any, written: str, region: str | None) -> tuple[str, str | None]:
    """Parse a number in any spelling, or refuse it."""
    import phonenumbers

    digits = re.sub(r"\D", "", written)
    if written[0] not in "+＋":
        if digits.startswith("00"):
            written = "+" + digits[2:]
        elif region is None and digits.startswith("0"):
            raise invalid_argument(name, value, _ALLOWED, "It looks like a national number: add the country code.")
        elif region is None:
            written = "+" + digits
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException as problem:
        raise invalid_argument(name, value, _ALLOWED, _UNREADABLE.get(problem.error_type, "")) from None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise invalid_argument(name, value, _ALLOWED, _explain_impossible(reason))
    digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    return digits, find_parsed_country(number)


def check_msisdn(value: Any) -> str:
    """Accept a number as the lists of numbers give it: digits with country code, as text or whole number."""
    digits = re.sub(r"\D", "", _read_written("msisdn", value))
    if not digits.isascii() or not 3 <= len(digits) <= 15 or digits.startswith("00"):
        raise invalid_argument("msisdn", value, "3 to 15 digits, country code first, as in the column 'msisdn'")
    return digits


def check_sender(value: Any, *, name: str = "sender") -> str:
    """Accept a sender: a number of at most 15 digits, or a name of at most 11 letters and digits.

    Spaces of a name do not count. Which senders are allowed differs by country:
    https://developer.vonage.com/en/messaging/sms/guides/custom-sender-id.
    """
    allowed = "a phone number of at most 15 digits, or a name of at most 11 letters (A-Z, a-z) and digits"
    if not _is_writable(value):
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


def _read_written(name: str, value: Any) -> str:
    """Read the number as text; refuse what a spreadsheet may have damaged."""
    if not _is_writable(value):
        advice = ""
        if isinstance(value, float):
            advice = "A float has lost digits or gained a '.0': read the column as text (dtype=str)."
        raise invalid_argument(name, value, _ALLOWED, advice)
    written = str(value).strip()
    if not written or not _WRITTEN.fullmatch(written) or not re.search(r"\d", written):
        raise invalid_argument(name, value, _ALLOWED)
    return written


def _is_writable(value: Any) -> bool:
    """Tell whether a value is text, or a whole number that can be written out."""
    whole = isinstance(value, Integral) and not isinstance(value, bool) and abs(int(value)) < 10**18
    return isinstance(value, str) or whole


def _explain_impossible(reason: int) -> str:
    from phonenumbers import ValidationResult

    words = {
        ValidationResult.TOO_SHORT: "It is too short for its country.",
        ValidationResult.TOO_LONG: "It is too long for its country.",
        ValidationResult.INVALID_LENGTH: "Its country has no numbers of this length.",
        ValidationResult.INVALID_COUNTRY_CODE: "No country has this code.",
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "It is a local number: add area and country code.",
    }
    return words.get(reason, "")
