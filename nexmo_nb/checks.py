"""Checks of arguments before anything is sent. Pure.

Each returns the value as the wire wants it, or raises `InvalidRequestError` that names the parameter, what was given
and what is allowed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from numbers import Integral
from typing import Any
from urllib.parse import urlsplit

from nexmo_nb.errors import InvalidRequestError

__all__ = [
    "application_id",
    "choice",
    "country",
    "features",
    "flag",
    "given",
    "hex_octets",
    "number_pattern",
    "refused",
    "seconds",
    "text",
    "url",
    "whole",
]

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile("[0-9a-fA-F]*")

FEATURES = ("SMS", "VOICE", "MMS")
_FEATURE_ORDER = {
    frozenset(names.split(",")): names
    for names in ("SMS", "VOICE", "MMS", "SMS,VOICE", "SMS,MMS", "VOICE,MMS", "SMS,MMS,VOICE")
}


def refused(name: str, value: Any, allowed: str, advice: str = "") -> InvalidRequestError:
    """Make the error for a wrong argument; the caller raises it."""
    shown = repr(value)
    shown = shown if len(shown) <= 80 else f"{shown[:77]}… ({len(shown)} characters)"
    return InvalidRequestError(f"{name}: got {shown}; allowed: {allowed}.{' ' + advice if advice else ''}")


def given(fields: dict[str, Any]) -> dict[str, Any]:
    """Keep what was given: drop the entries that are None."""
    return {name: value for name, value in fields.items() if value is not None}


def text(name: str, value: Any, *, longest: int, shortest: int = 1, lines: bool = False) -> str:
    """Accept a text of at most `longest` characters; control characters only as line breaks and tabs of `lines`."""
    allowed = f"text of {shortest} to {longest} characters"
    if not isinstance(value, str):
        raise refused(name, value, allowed)
    if not shortest <= len(value) <= longest or (shortest and not value.strip()):
        raise refused(name, value, allowed, f"It has {len(value)} characters.")
    if _CONTROL.search(re.sub("[\n\r\t\f]", "", value) if lines else value):
        raise refused(name, value, f"{allowed} without control characters", "Remove them.")
    return value


def whole(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Accept a whole number, also as text, in a range."""
    allowed = f"a whole number from {low:,} to {high:,}" if high is not None else f"a whole number from {low:,}"
    if isinstance(value, str) and re.fullmatch("[0-9]{1,15}", value.strip()):
        value = int(value)
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise refused(name, value, allowed)
    number = int(value)
    if number < low or (high is not None and number > high):
        raise refused(name, number, allowed)
    return number


def seconds(name: str, value: Any) -> float:
    """Accept a time, in UTC unless it says otherwise, as Unix seconds."""
    import pandas as pd

    try:
        at = pd.Timestamp(value)
        at = at.tz_localize("UTC") if at.tzinfo is None else at
        return float(at.timestamp())
    except (TypeError, ValueError):
        raise refused(name, value, "a time, such as '2026-11-24' or a datetime") from None


def flag(name: str, value: Any) -> bool:
    """Accept True, False, 1 or 0."""
    if isinstance(value, bool) or (isinstance(value, Integral) and int(value) in (0, 1)):
        return bool(value)
    raise refused(name, value, "True or False")


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Accept one of a few words, in any case, and return it as listed."""
    words = list(allowed)
    found = {word.lower(): word for word in words}.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise refused(name, value, ", ".join(repr(word) for word in words))
    return found


def url(name: str, value: Any, *, longest: int = 2000) -> str:
    """Accept an absolute http or https address without a login in it."""
    allowed = f"an absolute URL such as 'https://example.org/path', at most {longest:,} characters"
    if not isinstance(value, str) or len(value) > longest or re.search(r"\s", value) or _CONTROL.search(value):
        raise refused(name, value, allowed)
    try:
        parts = urlsplit(value)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise refused(name, value, allowed, "It needs http:// or https:// and a host.")
    if "@" in parts.netloc:
        # The value itself would put a password into the message.
        raise refused(name, "a URL with a login in it", allowed, "Leave the user and password out of the URL.")
    return value


def country(value: Any, name: str = "country") -> str:
    """Accept an ISO 3166-1 alpha-2 code of a country that has phone numbers."""
    from phonenumbers import SUPPORTED_REGIONS  # 20 ms that an import of this package should not cost

    code = value.strip().upper() if isinstance(value, str) else ""
    if code in SUPPORTED_REGIONS:
        return code
    advice = ""
    if code == "UK":
        advice = "Great Britain is 'GB'."
    elif isinstance(value, float) and math.isnan(value):
        advice = "A missing value: pandas reads 'NA' (Namibia) so, unless read_csv gets keep_default_na=False."
    raise refused(name, value, "a two-letter country code of ISO 3166-1, such as 'GB'", advice)


def features(value: Any) -> str:
    """Accept features in any order, as text or list, and return them in the one order that the API documents."""
    names = value.split(",") if isinstance(value, str) else value
    allowed = "any of 'SMS', 'VOICE' and 'MMS', as a list or as text such as 'SMS,VOICE'"
    try:
        wanted = frozenset(name.strip().upper() for name in names)
    except (TypeError, AttributeError):
        raise refused("features", value, allowed) from None
    if wanted not in _FEATURE_ORDER:
        raise refused("features", value, allowed)
    return _FEATURE_ORDER[wanted]


def number_pattern(value: Any) -> str:
    """Accept a few digits of a phone number, as text (leading zeros count) or a whole number."""
    allowed = "1 to 15 digits, such as '4477'"
    if isinstance(value, Integral) and not isinstance(value, bool):
        value = str(int(value))
    if not isinstance(value, str):
        raise refused("pattern", value, allowed, "Give it as text, so that leading zeros stay.")
    digits = re.sub(r"[\s()+.]", "", value)
    if not re.fullmatch("[0-9]{1,15}", digits):
        raise refused("pattern", value, allowed, "Where it must stand is said by match='starts', 'contains' or 'ends'.")
    return digits


def hex_octets(name: str, value: Any) -> str:
    """Accept octets written in hexadecimal digits, two each, as text or bytes."""
    allowed = "octets as hexadecimal digits, two each, such as '0605040B8423F0'"
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex().upper()
    digits = re.sub(r"\s", "", value) if isinstance(value, str) else ""
    if not digits or len(digits) % 2 or not _HEX.fullmatch(digits):
        raise refused(name, value, allowed)
    return digits.upper()


def application_id(value: Any, name: str = "application_id") -> str:
    """Accept a UUID: nothing else may become part of a path."""
    code = value.strip() if isinstance(value, str) else ""
    if not _UUID.fullmatch(code):
        raise refused(name, value, "a UUID, as in the column 'id' of applications()")
    return code.lower()
