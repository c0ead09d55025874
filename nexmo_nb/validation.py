"""Checks of arguments before anything is sent. Pure.

Each returns the value as the wire wants it, or raises `InvalidRequestError` that names the parameter, what was given
and what is allowed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from numbers import Integral, Real
from typing import Any
from urllib.parse import urlsplit

from nexmo_nb.errors import InvalidRequestError

__all__ = [
    "as_list",
    "check_application_id",
    "check_bool",
    "check_choice",
    "check_country",
    "check_features",
    "check_frame",
    "check_hex",
    "check_int",
    "check_number_pattern",
    "check_text",
    "check_time",
    "check_url",
    "drop_none",
    "invalid_argument",
    "is_missing",
]

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile("[0-9a-fA-F]*")

LATEST = 7_258_118_400.0
"""Unix seconds of the year 2200."""

FEATURES = ("SMS", "VOICE", "MMS")
_FEATURE_ORDER = {
    frozenset(names.split(",")): names
    for names in ("SMS", "VOICE", "MMS", "SMS,VOICE", "SMS,MMS", "VOICE,MMS", "SMS,MMS,VOICE")
}


def invalid_argument(name: str, value: Any, allowed: str, advice: str = "") -> InvalidRequestError:
    """Make the error for a wrong argument; the caller raises it."""
    shown = _shown(value)
    shown = shown if len(shown) <= 80 else f"{shown[:77]}… ({len(shown)} characters)"
    allowed = _line(allowed)
    allowed = allowed if len(allowed) <= 600 else f"{allowed[:599]}…"
    return InvalidRequestError(f"{name}: got {shown}; allowed: {allowed}.{' ' + advice if advice else ''}")


def _shown(value: Any) -> str:
    """Show a value on one line; some cannot be shown, such as a number of thousands of digits."""
    try:
        shown = repr(value)
    except Exception:  # whatever a value does to be seen, it must not hide what is wrong with it
        return f"a {type(value).__name__}"
    return _line(shown)


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text).split())


def is_missing(value: Any) -> bool:
    """Tell whether a cell holds nothing."""
    import pandas as pd

    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def drop_none(fields: dict[str, Any]) -> dict[str, Any]:
    """Keep what was given: drop the entries that are None."""
    return {name: value for name, value in fields.items() if value is not None}


def check_text(name: str, value: Any, *, longest: int, shortest: int = 1, lines: bool = False) -> str:
    """Accept a text of at most `longest` characters; control characters only as line breaks and tabs of `lines`."""
    allowed = f"text of {shortest} to {longest} characters"
    if not isinstance(value, str):
        raise invalid_argument(name, value, allowed)
    if not shortest <= len(value) <= longest or (shortest and not value.strip()):
        raise invalid_argument(name, value, allowed, f"It has {len(value)} characters.")
    if _CONTROL.search(re.sub("[\n\r\t\f]", "", value) if lines else value):
        raise invalid_argument(name, value, f"{allowed} without control characters", "Remove them.")
    return value


def check_int(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Accept a whole number, also as text, in a range."""
    allowed = f"a whole number from {low:,} to {high:,}" if high is not None else f"a whole number from {low:,}"
    if isinstance(value, str) and re.fullmatch("[0-9]{1,15}", value.strip()):
        value = int(value)
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise invalid_argument(name, value, allowed)
    number = int(value)
    if abs(number) >= 10**18:
        raise invalid_argument(name, number, allowed, "It is too large.")
    if number < low or (high is not None and number > high):
        raise invalid_argument(name, number, allowed)
    return number


def check_time(name: str, value: Any) -> float:
    """Accept a time, in UTC unless it says otherwise, as Unix seconds."""
    import numpy as np
    import pandas as pd

    allowed = "a time of the years 1970 to 2200, such as '2026-11-24' or a datetime"
    if not isinstance(value, (str, date, np.datetime64)):
        # A number would be taken for nanoseconds.
        raise invalid_argument(name, value, allowed)
    try:
        at = pd.Timestamp(value)
        at = at.tz_localize("UTC") if at.tzinfo is None else at
        found = float(at.timestamp())
    except (TypeError, ValueError, OverflowError, AttributeError):
        raise invalid_argument(name, value, allowed) from None
    if not 0 <= found < LATEST:
        raise invalid_argument(name, value, allowed)
    return found


def check_bool(name: str, value: Any) -> bool:
    """Accept True, False, 1 or 0."""
    if isinstance(value, bool) or (isinstance(value, Integral) and int(value) in (0, 1)):
        return bool(value)
    raise invalid_argument(name, value, "True or False")


def check_choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Accept one of a few words, in any case, and return it as listed."""
    words = list(allowed)
    found = {word.lower(): word for word in words}.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise invalid_argument(name, value, ", ".join(repr(word) for word in words))
    return found


def as_list(name: str, value: Any, allowed: str) -> list[Any]:
    """Accept several values, or a text for one; a frame or a mapping, which would give its names, is refused."""
    if isinstance(value, str):
        return [value]
    frames = type(value).__name__ == "DataFrame"
    if frames or isinstance(value, (bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
        raise invalid_argument(name, value, allowed)
    try:
        return list(value)
    except TypeError:  # an array without a dimension says that it can be gone through, and cannot
        raise invalid_argument(name, value, allowed) from None


def check_frame(
    value: Any, *needed: str, numbers: Iterable[str] = (), times: Iterable[str] = (), words: Iterable[str] = ()
) -> None:
    """Check that a value is a frame with columns of these names; the others, where it has them, hold what they say."""
    import pandas as pd

    if not isinstance(value, pd.DataFrame):
        raise invalid_argument("frame", value, "a DataFrame")
    names = ", ".join(map(str, value.columns))
    if value.columns.nlevels > 1 or not value.columns.is_unique:
        raise invalid_argument("frame", names, "a frame whose columns have names of their own")
    lacking = [name for name in dict.fromkeys(needed) if name not in value.columns]
    if lacking:
        raise invalid_argument("frame", names, f"a frame with {', '.join(lacking)}")
    for name in dict.fromkeys(numbers):
        if name in value.columns and not _numeric(value[name]):
            raise invalid_argument("frame", f"{value[name].dtype} in {name}", f"numbers in {name}")
    for name in dict.fromkeys(times):
        if name in value.columns and not isinstance(value[name].dtype, pd.DatetimeTZDtype):
            raise invalid_argument("frame", f"{value[name].dtype} in {name}", f"times in UTC in {name}")
    for name in dict.fromkeys(words):
        if name in value.columns and not all(map(_plain, value[name] if value[name].dtype == object else ())):
            raise invalid_argument("frame", f"objects in {name}", f"text, without half of a surrogate pair, in {name}")


def _plain(cell: Any) -> bool:
    """Tell whether a cell can be written as text."""
    if isinstance(cell, str):
        return not _SURROGATE.search(cell)
    return is_missing(cell) or isinstance(cell, (Real, date))


def _numeric(column: Any) -> bool:
    import pandas as pd

    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_complex_dtype(column.dtype):
        return False
    known = (value for value in column if not is_missing(value))
    return pd.api.types.is_numeric_dtype(column.dtype) or (
        column.dtype == object and all(isinstance(value, Real) and not isinstance(value, bool) for value in known)
    )


def check_url(name: str, value: Any, *, longest: int = 2000) -> str:
    """Accept an absolute http or https address without a login in it."""
    allowed = f"an absolute URL such as 'https://example.org/path', at most {longest:,} characters"
    if not isinstance(value, str) or len(value) > longest or re.search(r"\s", value) or _CONTROL.search(value):
        raise invalid_argument(name, value, allowed)
    try:
        parts = urlsplit(value)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise invalid_argument(name, value, allowed, "It needs http:// or https:// and a host.")
    if "@" in parts.netloc:
        # The value itself would put a password into the message.
        raise invalid_argument(name, "a URL with a login in it", allowed, "Leave the user and password out of the URL.")
    return value


def check_country(value: Any, name: str = "country") -> str:
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
    raise invalid_argument(name, value, "a two-letter country code of ISO 3166-1, such as 'GB'", advice)


def check_features(value: Any) -> str:
    """Accept features in any order, as text or list, and return them in the one order that the API documents."""
    names = value.split(",") if isinstance(value, str) else value
    allowed = "any of 'SMS', 'VOICE' and 'MMS', as a list or as text such as 'SMS,VOICE'"
    try:
        wanted = frozenset(name.strip().upper() for name in names)
    except (TypeError, AttributeError):
        raise invalid_argument("features", value, allowed) from None
    if wanted not in _FEATURE_ORDER:
        raise invalid_argument("features", value, allowed)
    return _FEATURE_ORDER[wanted]


def check_number_pattern(value: Any) -> str:
    """Accept a few digits of a phone number, as text (leading zeros count) or a whole number."""
    allowed = "1 to 15 digits, such as '4477'"
    if isinstance(value, Integral) and not isinstance(value, bool) and 0 <= int(value) < 10**15:
        value = str(int(value))
    if not isinstance(value, str):
        raise invalid_argument("pattern", value, allowed, "Give it as text, so that leading zeros stay.")
    digits = re.sub(r"[\s()+.]", "", value)
    if not re.fullmatch("[0-9]{1,15}", digits):
        raise invalid_argument(
            "pattern", value, allowed, "Where it must stand is said by match='starts', 'contains' or 'ends'."
        )
    return digits


def check_hex(name: str, value: Any) -> str:
    """Accept octets written in hexadecimal digits, two each, as text or bytes."""
    allowed = "octets as hexadecimal digits, two each, such as '0605040B8423F0'"
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).hex()
    digits = re.sub(r"\s", "", value) if isinstance(value, str) else ""
    if not digits or len(digits) % 2 or not _HEX.fullmatch(digits):
        raise invalid_argument(name, value, allowed)
    return digits.upper()


def check_application_id(value: Any, name: str = "application_id") -> str:
    """Accept a UUID: nothing else may become part of a path."""
    code = value.strip() if isinstance(value, str) else ""
    if not _UUID.fullmatch(code):
        raise invalid_argument(name, value, "a UUID, as in the column 'id' of applications()")
    return code.lower()
