"""A cell that should hold one phone number, as text with ASCII digits; or the reason why it holds none. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal
from numbers import Integral
from typing import Any

from nexmo_nb.validation import is_missing

PROBLEMS = {
    "missing": "The cell is empty, or says so.",
    "unreadable": "It is no phone number: letters or marks that numbers do not have.",
    "several_numbers": "The cell holds more than one number.",
    "extension": "The number has an extension, which nobody can send to.",
    "decimal": "The number has a decimal point, or is a float: digits may be lost or gained.",
    "rounded": "A spreadsheet rounded the number: its last digits are lost.",
    "no_country_code": "It is a national number, and its country is not known.",
    "unknown_country_code": "No country has the calling code with which it begins.",
    "too_short": "It has fewer digits than any number of its country.",
    "too_long": "It has more digits than any number of its country.",
    "wrong_length": "Its country has no numbers of this length.",
    "renumbered": "Its country changed its numbers; the message gives the number of today.",
    "unknown_region": "The country named for this row is none.",
    "duplicate": "An earlier row has the same number.",
}
"""What keeps a number from being used: the codes of the column ``problem_code``."""

WRITTEN = re.compile(r"\+?[^\S\r\n]*[\d(](?:[\d().\-/]|[^\S\r\n])*")
"""A phone number as people write it, after `clean_written`; a line break parts two numbers."""
# A point may be a decimal point, and a slash may part two numbers.
_PLAIN = re.compile(r"\+?[\d(][\d() \-]*", re.ASCII)
LONGEST_CELL = 200
MOST_DIGITS = 10**18
# Marks without width, and those that turn the direction of writing: they come along from other programs.
_INVISIBLE = dict.fromkeys(
    [
        0x00AD,
        0x061C,
        0x180E,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        0xFE0E,
        0xFE0F,
        0xFEFF,
    ]
)
_DASHES = dict.fromkeys([*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0xFF0D], "-")
_PLUSES = dict.fromkeys([0xFE62, 0xFF0B], "+")
_MARKS: dict[int, Any] = {**_INVISIBLE, **_DASHES, **_PLUSES}
_SCHEME = re.compile(r"(?:tel|sms|callto|whatsapp|mobile|phone)\s*:\s*(?://)?", re.IGNORECASE)
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_QUOTES = "'\"`´\u2018\u2019\u201c\u201d"
_MISSING = {"", "nan", "none", "null", "nil", "n/a", "#n/a", "na", "<na>", "nat", "-", "--", "?", "#ref!", "#value!"}
_DECIMAL = re.compile(r"([+-]?\d+)[.,](\d+)")
_EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d+)?\s*[eE]\s*[+-]?\d{1,3}")
_EXTENSION = re.compile(
    r"(?<![^\W\d_])(?:ext|extn|extension|x|#|durchwahl|dw|ramal|anexo|poste|int)[\s.:#]*\d", re.IGNORECASE
)
_PLUS = re.compile(r"\+")
# A slash within a number stands behind an area code, and no number goes on with a 0 there.
_TWO_NATIONAL = re.compile(r"\(?0[\d\s().\-]{5,}/\s*\(?0[\d\s().\-]{5,}")
# "1234567/8" stands for two numbers, 1234567 and 1234568.
_SHORTENED = re.compile(r".*\d[\d\s().\-]{4,}/\s*\d{1,2}\s*", re.DOTALL)
# Zeros behind a point that are decimals, or could be: 912 345 678.0, but not 06.12.34.56.00.
_ZERO_DECIMALS = re.compile(r".*\.0|(?:.*\d{5}|[^.]*)\.00", re.DOTALL)
_SEPARATOR_OF_NUMBERS = re.compile(r"[;,|\n\r]|\bor\b|\band\b|\bund\b|\boder\b|\bou\b|\be\b|\by\b|&", re.IGNORECASE)


class RoundedNumber(float):
    """A float that stands for a phone number whose last digits are lost."""


class UnreadableNumber(Exception):  # noqa: N818 - it is a finding, and its caller makes the error
    """A cell does not hold one phone number. `code` is one of `PROBLEMS`; `reason` says what to do."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


def read_written(value: Any) -> str:
    """Read a cell as the text of one phone number: ASCII digits, marks of numbers, at most one plus, in front."""
    if not isinstance(value, str):
        return _read_other(value)
    if len(value) > LONGEST_CELL:
        raise UnreadableNumber("unreadable", f"It has {len(value):,} characters.")
    written = value if value.isascii() else clean_written(value)
    if _PLAIN.fullmatch(written):
        return written
    written = _unwrap(written)
    if WRITTEN.fullmatch(written) and not _holds_two(written):
        return _drop_decimals(written)
    raise _find_problem(written)


def clean_written(text: str) -> str:
    """Write digits of every script in ASCII, and leave out the marks that nobody sees."""
    text = text.translate(_MARKS)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _read_other(value: Any) -> str:
    """Read a whole number that is no text, or say what it is."""
    if isinstance(value, Integral) and not isinstance(value, bool) and 0 <= int(value) < MOST_DIGITS:
        return str(int(value))
    if (
        isinstance(value, Decimal)
        and value.is_finite()
        and value == value.to_integral_value()
        and 0 <= value < MOST_DIGITS
    ):
        return str(int(value))
    if is_missing(value):
        raise UnreadableNumber("missing", "It is a missing value.")
    if isinstance(value, RoundedNumber) or (isinstance(value, float) and is_rounded(value)):
        raise UnreadableNumber(
            "rounded", "Excel or a float column rounded it: take the number from the source, and read it as text."
        )
    if isinstance(value, (float, Decimal)) or type(value).__name__.startswith("float"):
        raise UnreadableNumber(
            "decimal", "A float has lost digits or gained a '.0': read the column as text (dtype=str)."
        )
    if isinstance(value, Integral) and not isinstance(value, bool):
        raise UnreadableNumber("unreadable", "It is negative." if int(value) < 0 else "It is too large.")
    raise UnreadableNumber("unreadable", f"It is a {type(value).__name__}, no text.")


def _unwrap(written: str) -> str:
    """Take off what spreadsheets and programs put around a number: quotes, ``="…"``, ``tel:``, a last separator."""
    previous = None
    while written != previous:
        previous = written
        written = written.strip().rstrip(";,").strip()
        formula = _FORMULA.fullmatch(written)
        written = formula[1] if formula else written.strip(_QUOTES)
        written = _SCHEME.sub("", written, count=1) if _SCHEME.match(written) else written
    # A plus in brackets is a plus: "(+44) 7700 900123".
    return re.sub(r"^\(\s*\+\s*(\d+)\s*\)", r"+\1 ", written)


def _drop_decimals(written: str) -> str:
    """Take off decimals that are all zero; refuse others, which could be digits of the number or none."""
    decimal = _DECIMAL.fullmatch(written)
    if decimal is None and not _ZERO_DECIMALS.fullmatch(written):
        return written
    if decimal is None:
        raise UnreadableNumber(
            "decimal", "It ends as a decimal number does: write it without the point, if it is none."
        )
    whole, decimals = decimal.groups()
    if set(decimals) == {"0"} and len(whole.lstrip("+")) > len(decimals):
        return whole
    raise UnreadableNumber("decimal", "A single point is a decimal point: write the number without it, if it is none.")


def _holds_two(written: str) -> bool:
    return any(pattern.fullmatch(written) for pattern in (_TWO_NATIONAL, _SHORTENED))


def _find_problem(written: str) -> UnreadableNumber:
    """Find out why a text is not one phone number."""
    separator = _PLUS if written.count("+") > 1 else _SEPARATOR_OF_NUMBERS
    pieces = [re.sub(r"\D", "", piece) for piece in separator.split(written)]
    has_several = sum(len(piece) >= 5 for piece in pieces) > 1 or _holds_two(written)
    code, reason = "unreadable", _find_odd_mark(written)
    if written.casefold() in _MISSING or not any(c.isalnum() for c in written):
        code, reason = "missing", "It is empty, or says so."
    elif _EXPONENT.fullmatch(written):
        code, reason = "rounded", "A spreadsheet rounded it to this form: take the number from the source."
    elif _DECIMAL.fullmatch(written) and not has_several:
        code, reason = "decimal", "It has decimals, or is negative: give the number without them."
    elif _EXTENSION.search(written):
        code, reason = "extension", "It has an extension: leave it out, if the number works without it."
    elif has_several:
        code, reason = "several_numbers", "It holds more than one number: give each a row of its own."
    return UnreadableNumber(code, reason)


def _find_odd_mark(written: str) -> str:
    if not any(c.isdigit() for c in written):
        return "It has no digits."
    odd = next((c for c in written if c != "+" and not WRITTEN.fullmatch(f"0{c}")), None)
    return "It cannot be read: a '+' can only be in front." if odd is None else f"{odd!r} stands in no phone number."


def is_rounded(number: float) -> bool:
    """Tell whether a float has no more than the six digits that a spreadsheet shows of it, as in 4.47701E+11."""
    return number >= 1e9 and math.isfinite(number) and len(str(int(number)).rstrip("0")) <= 6


def show_cell(value: Any) -> str | None:
    """Show what stands in a cell, if it can be written."""
    is_small = isinstance(value, Integral) and abs(int(value)) < MOST_DIGITS
    return str(value)[:80] if is_small or isinstance(value, (str, float, Decimal)) else None
