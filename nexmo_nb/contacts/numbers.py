"""Phone numbers as people write them: read to E.164 digits, doubted, or refused with the reason. Pure."""

from __future__ import annotations

import re
from numbers import Integral
from typing import Any, NamedTuple

from nexmo_nb.contacts.cells import MOST_DIGITS, UnreadableNumber, clean_written, read_written
from nexmo_nb.contacts.countries import check_region, name_country
from nexmo_nb.contacts.fictional import is_fictional
from nexmo_nb.contacts.renumbering import find_change
from nexmo_nb.contacts.rules import (
    NO_COUNTRY,
    find_calling_code,
    find_country_and_kind,
    find_national_kind,
    find_rules,
    has_national_prefix,
    is_complete,
    read_international_prefix,
)
from nexmo_nb.validation import check_text, invalid_argument

WARNINGS = {
    "looks_national": "It has no '+', and can be a national number of another country than it begins with.",
    "not_valid": "No operator has such numbers, though their length is possible.",
    "not_mobile": "It is a landline or another number that seldom gets SMS.",
    "premium": "It is a premium or shared-cost number.",
    "looks_rounded": "It ends in a run of zeros, as numbers do that a spreadsheet rounded.",
}
"""Doubts about a number: the codes of the column ``warning_code``. A text may have ``leftover_name`` beside them."""
ALLOWED = "a phone number with its country code, such as '+44 7700 900000', '00447700900000' or 447700900000"
_SEPARATORS = str.maketrans("", "", " ().-/\t\n\r\v\f\u00a0\u202f\u2009")
LONGEST_NUMBER = 15
"""Digits of a number of E.164, its country code included; the API takes no longer one."""
MOBILE_KINDS = ("mobile", "landline or mobile", "pager")
_PREMIUM_KINDS = ("premium", "shared-cost")
# By the error types of phonenumbers.NumberParseException.
_UNPARSED = {0: "unknown_country_code", 1: "too_short", 2: "too_short", 3: "too_short", 4: "too_long"}


class Number(NamedTuple):
    """A phone number that was read.

    `country` is None where it has none, such as a satellite number. `kind` is None where the number is not valid: no
    operator can have it. `has_code` tells whether its country code was written as such, with a plus or 00, or is
    certain by the region.
    """

    digits: str
    country: str | None
    kind: str | None
    has_code: bool


def to_e164(value: Any, region: str | None = None, *, name: str = "to") -> str:
    """Write a phone number as the API wants it: digits only, country code first.

    Parameters
    ----------
    value : str or int
        A number in any usual spelling: ``+44 7700 900000``, ``0044…``, spaces, dots, hyphens and brackets are fine, and
        so are the marks that spreadsheets and programs put around it.
    region : str, optional
        Country whose national numbers are meant where there is no country code. Default: every number must have its
        country code.
    name : str
        What to call the value in an error. Default: ``"to"``.

    Returns
    -------
    str
        7 to 15 digits without ``+``.

    Raises
    ------
    InvalidRequestError
        If it is no possible number: letters, a float, two numbers, a length that its country does not have. A possible
        number need not be in use.

    Notes
    -----
    Numbers on the wire carry no ``+``: https://developer.vonage.com/en/numbers/guides/number-format.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> nx.to_e164("(+44) 7700 900000")
    '447700900000'
    >>> nx.to_e164("912 345 678", region="Portugal")
    '351912345678'
    """
    return check_number(check_text("name", name, longest=50), value, region).digits


def check_number(name: str, value: Any, region: Any = None) -> Number:
    """Accept a phone number; `region` is the country of national numbers, if any."""
    code = None if region is None else check_region(region)
    try:
        return read_number(value, code)
    except UnreadableNumber as problem:
        raise invalid_argument(name, value, ALLOWED, problem.reason) from None


def read_number(value: Any, region: str | None = None) -> Number:
    """Read the number in a cell; `region` is the code of the country of national numbers, None if there are none.

    Raises
    ------
    UnreadableNumber
        If the cell does not hold one possible number.
    """
    number = _read_possible(read_written(value), region)
    if len(number.digits) > LONGEST_NUMBER:
        reason = (
            f"It has {len(number.digits)} digits with its country code, and no number has more than {LONGEST_NUMBER}."
        )
        raise UnreadableNumber("too_long", reason)
    return number


def _read_possible(written: str, region: str | None) -> Number:
    """Read a number of a length that is possible in its country; a few countries leave room for more than E.164."""
    digits = written if written.isdigit() else written.translate(_SEPARATORS)
    if digits.startswith("+"):
        return _read_international(digits[1:], has_code=True)
    if digits.startswith("00"):
        return _read_dialled(digits, region)
    if region is None:
        if digits.startswith("0"):
            raise UnreadableNumber("no_country_code", "It looks like a national number: add the country code.")
        return _read_international(digits, has_code=False)
    return _read_national(written, digits, region)


def country_of(digits: str) -> str | None:
    """Give the country of E.164 digits; None where they have none, such as a satellite number, or are no number."""
    try:
        return read_number(f"+{digits}").country
    except UnreadableNumber:
        return None


def find_warning(number: Number, home: str | None = None) -> tuple[str, str] | None:
    """Find what is doubtful about a number to which an SMS goes: a code of `WARNINGS`, and a sentence.

    `home` is the country to which most of a list belongs.
    """
    found = None if number.has_code else _doubt_country(number, home)
    found = found or _doubt_kind(number)
    return None if found and is_fictional(number.digits) else found


def _doubt_country(number: Number, home: str | None) -> tuple[str, str] | None:
    """Doubt whether a number without a plus begins with its country code."""
    digits, country, kind, _ = number
    either = None
    if home not in (None, country) and (other := find_national_reading(digits, str(home))):
        either = f"+{digits} of {_name(country)}, or +{other} of {_name(home)}, as most of the list"
    elif country is not None and _is_also_national(digits, country):
        either = f"+{digits}, or +{find_calling_code(country)}{digits}"
    if either:
        return "looks_national", f"It has no '+': {either}? Write the one that is meant with its '+'."
    if kind is None:
        found = f"+{digits} is no valid number of {_name(country)}"
        return "looks_national", f"It has no '+', and {found}: add the country code, or name the region."
    return None


def _is_also_national(digits: str, country: str) -> bool:
    """Tell whether a number that begins with its calling code is a national one as well, dialled as it stands."""
    return (
        not has_national_prefix(country) and find_national_kind(digits, country, find_calling_code(country)) is not None
    )


def _doubt_kind(number: Number) -> tuple[str, str] | None:
    """Doubt whether a number exists, and whether an SMS should go to it."""
    digits, country, kind = number[:3]
    if kind is None:
        return "not_valid", f"+{digits} is no valid number of {_name(country)}: is a digit missing, or wrong?"
    if kind in _PREMIUM_KINDS:
        return "premium", f"+{digits} is a {kind} number of {_name(country)}."
    if digits.endswith("00000"):
        return "looks_rounded", f"+{digits} ends in zeros: was it rounded by a spreadsheet?"
    if kind not in MOBILE_KINDS:
        return "not_mobile", f"+{digits} is a {kind} number of {_name(country)}; few of them get SMS."
    return None


def find_national_reading(digits: str, region: str) -> str | None:
    """Find what digits without a plus are as a national number of a country; None where they are no valid one."""
    code = find_calling_code(region)
    # Digits that begin with the code of that country are its own, in full.
    if digits.startswith(code) and find_national_kind(digits[len(code) :], region, code):
        return None
    return code + digits if find_national_kind(digits, region, code) else None


def check_msisdn(value: Any) -> str:
    """Accept a number as the lists of numbers give it: digits with country code, as text or whole number."""
    try:
        digits = re.sub(r"\D", "", read_written(value))
    except UnreadableNumber:
        digits = ""
    if not 3 <= len(digits) <= 15 or digits.startswith("00"):
        raise invalid_argument("msisdn", value, "3 to 15 digits, country code first, as in the column 'msisdn'")
    return digits


def check_sender(value: Any, *, name: str = "sender") -> str:
    """Accept a sender: a number with its country code, a short code, or a name of at most 11 letters and digits.

    Spaces of a name do not count. Which senders are allowed differs by country:
    https://developer.vonage.com/en/messaging/sms/guides/custom-sender-id.
    """
    allowed = (
        "a phone number with its country code, a short code of 3 to 8 digits, or a name of at most 11 letters (A-Z, "
        "a-z) and digits"
    )
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not isinstance(value, str) and not (is_whole and abs(int(value)) < MOST_DIGITS):
        raise invalid_argument(name, value, allowed)
    written = clean_written(str(value)).strip()
    if re.fullmatch("[1-9][0-9]{2,7}", written):
        return written
    if re.fullmatch("[A-Za-z0-9 ]*[A-Za-z][A-Za-z0-9 ]*", written):
        letters = len(written.replace(" ", ""))
        if letters > 11:
            raise invalid_argument(name, value, allowed, f"The name has {letters} letters and digits.")
        return written
    odd = next((c for c in written if not re.match(r"[A-Za-z0-9 +().\-/]", c)), None)
    if odd is not None or re.search("[A-Za-z]", written):
        odd = odd or next(c for c in written if c in "+().-/")
        raise invalid_argument(name, value, allowed, f"No sender can have {odd!r}.")
    try:
        return read_number(written).digits
    except UnreadableNumber as problem:
        reason = problem.reason
    raise invalid_argument(name, value, allowed, reason)


def _read_international(digits: str, *, has_code: bool) -> Number:
    """Read digits that begin with a calling code."""
    rules = find_rules(digits)
    if rules is None:
        raise UnreadableNumber("unknown_country_code", "No country has this code.")
    if is_complete(digits, rules):
        country, kind = find_country_and_kind(digits, rules)
        change = None if kind else find_change(digits)
        if change is None:
            return Number(digits, country, kind, has_code)
        raise UnreadableNumber("renumbered", change[1])
    return _parse(f"+{digits}", None, has_code=has_code)


def _read_dialled(digits: str, region: str | None) -> Number:
    """Read digits that begin with 00; in some countries more is dialled before a calling code, such as 0011."""
    dialled = read_international_prefix(region).match(digits) if region else None
    if dialled and dialled.end() > len("00"):
        found = [_read_foreign(digits[2:]), _read_foreign(digits[dialled.end() :])]
        valid = {each.digits: each for each in found if each is not None}
        if len(valid) == 1:
            return next(iter(valid.values()))._replace(has_code=True)
        if valid:
            shown = " or ".join(f"+{each}" for each in valid)
            raise UnreadableNumber("no_country_code", f"It can be {shown}: write the one that is meant with its '+'.")
    return _read_international(digits[2:], has_code=True)


def _read_national(written: str, digits: str, region: str) -> Number:
    """Read a number without a plus or 00 where the country of national numbers is known."""
    code = find_calling_code(region)
    national = digits[len(code) :]
    if digits.startswith(code) and find_national_kind(national, region, code):
        # A whole number of that country; in doubt only where national numbers are dialled as they stand.
        is_certain = has_national_prefix(region) or find_national_kind(digits, region, code) is None
        return Number(digits, region, find_national_kind(national, region, code), is_certain)
    foreign = _read_foreign(digits)
    try:
        return _parse(written, region, has_code=True)
    except UnreadableNumber as problem:
        if foreign is None or problem.code == "renumbered":
            raise
        reason = f"{problem.reason} With a '+' it is a number of {_name(foreign.country)}."
        raise UnreadableNumber(problem.code, reason) from None


def _read_foreign(digits: str) -> Number | None:
    """Read digits without a plus as a whole number of some country; None where they are no valid one."""
    try:
        number = _read_international(digits, has_code=False)
    except UnreadableNumber:
        return None
    return number if number.kind or is_fictional(number.digits) else None


def _parse(written: str, region: str | None, *, has_code: bool) -> Number:
    """Parse a number in any spelling with the library."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException as problem:
        code = _UNPARSED.get(problem.error_type, "unreadable")
        raise UnreadableNumber(code, _explain_unparsed(code)) from None
    digits = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)[1:]
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        if change := find_change(digits):
            raise UnreadableNumber("renumbered", change[1])
        raise UnreadableNumber(*_explain_impossible(reason))
    rules = find_rules(digits)
    if rules is None:
        raise UnreadableNumber("unknown_country_code", "No country has this code.")
    country, kind = find_country_and_kind(digits, rules)
    if kind is None and (change := find_change(digits)):
        raise UnreadableNumber("renumbered", change[1])
    return Number(digits, country, kind, has_code)


def _explain_unparsed(code: str) -> str:
    words = {
        "unknown_country_code": "No country has this code.",
        "too_short": "It is too short.",
        "too_long": "It is too long.",
    }
    return words.get(code, "It cannot be read.")


def _explain_impossible(reason: int) -> tuple[str, str]:
    from phonenumbers import ValidationResult

    words = {
        ValidationResult.TOO_SHORT: ("too_short", "It is too short for its country."),
        ValidationResult.TOO_LONG: ("too_long", "It is too long for its country."),
        ValidationResult.INVALID_LENGTH: ("wrong_length", "Its country has no numbers of this length."),
        ValidationResult.INVALID_COUNTRY_CODE: ("unknown_country_code", "No country has this code."),
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: (
            "no_country_code",
            "It is a local number: add area and country code.",
        ),
    }
    return words.get(reason, ("unreadable", "It cannot be read."))


def _name(country: str | None) -> str:
    return "no country" if country is None or country in NO_COUNTRY else name_country(country)
