"""Checks of arguments before anything is sent. Pure.

Each check returns the value as the API takes it, or raises an `InvalidRequestError` that names the parameter and says
what was given, what is allowed and, where it helps, what to do.
"""

from __future__ import annotations

import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from numbers import Integral, Real
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.times import FORMS, read_time

Word = TypeVar("Word", bound=str)
HttpMethod = Literal["GET", "POST"]
"""Words that a parameter may have are such a type, of which `typing.get_args` gives those that are checked for."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile("[0-9a-fA-F]*")

_INVISIBLE_CATEGORIES = ("Cf", "Zs", "Zl", "Zp")
# Of other categories: joiners, fillers of Hangul, an empty Braille cell, variation selectors.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

LARGEST_PAGE, DEFAULT_PAGE = 100, 10
"""Rows of a page: the most that the API gives, and what it gives where nothing is said."""
MOST_MONEY = 1e15
LATEST = 7_258_118_400.0
"""Unix seconds of the year 2200."""

_FEATURE_ORDER = {
    frozenset(names.split(",")): names
    for names in ("SMS", "VOICE", "MMS", "SMS,VOICE", "SMS,MMS", "VOICE,MMS", "SMS,MMS,VOICE")
}


def invalid_argument(name: str, value: Any, allowed: str, advice: str = "") -> InvalidRequestError:
    """Make the error for a wrong argument; the caller raises it."""
    shown = show_value(value)
    if len(shown) > 80:
        shown = f"{shown[:50]}…{shown[-26:]} ({len(shown)} characters)"
    allowed = join_lines(allowed)
    if len(allowed) > 600:
        allowed = f"{allowed[:599]}…"
    message = f"{join_lines(name)}: got {shown}; allowed: {allowed}.{' ' + advice if advice else ''}"
    return InvalidRequestError(message, parameter=name, allowed=allowed)


def show_value(value: Any, write: Callable[[Any], str] = repr) -> str:
    """Show a value on one line. Some have no repr, such as an integer of thousands of digits."""
    try:
        return join_lines(write(value))
    except Exception:  # an error in a foreign repr must not hide what is wrong with the argument
        return f"a {type(value).__name__}"


def join_lines(text: str) -> str:
    """Put a text on one line, without characters that cannot be printed."""
    return " ".join("".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text).split())


def is_missing(value: Any) -> bool:
    """Tell whether a cell is empty: None, or a missing value of pandas."""
    import pandas as pd

    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def drop_none(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the entries that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def check_text(name: str, value: Any, *, longest: int, shortest: int = 1, lines: bool = False) -> str:
    """Accept a text of `shortest` to `longest` characters.

    Control characters are refused; with `lines`, line breaks and tabs are accepted.
    """
    allowed = f"text of {shortest} to {longest} characters"
    if not isinstance(value, str):
        raise invalid_argument(name, value, allowed)
    if not shortest <= len(value) <= longest or (shortest and not value.strip()):
        raise invalid_argument(name, value, allowed, f"It has {len(value)} characters.")
    if _CONTROL.search(re.sub("[\n\r\t\f]", "", value) if lines else value):
        raise invalid_argument(name, value, f"{allowed} without control characters", "Remove them.")
    return value


def check_name(name: str, value: Any) -> str:
    """Accept a key or the name of a batch, and return it as it is compared; a warning says where it is another one."""
    allowed = "text of 1 to 200 characters, of which some can be seen"
    found = plain_name(check_text(name, value, longest=200))
    if not found:
        raise invalid_argument(name, value, allowed)
    if found != value:
        warnings.warn(
            f"{name}: {value!a} is taken as {found!r}. Blanks and invisible marks at its ends, and whether an "
            "accent is a character of its own, make no other name of it.",
            stacklevel=3,
        )
    return found


def plain_name(text: str) -> str:
    """Write a name as it is compared: composed (NFC), without blanks and invisible marks at its ends."""
    text = unicodedata.normalize("NFC", text)
    seen = [place for place, character in enumerate(text) if not _is_invisible(character)]
    return text[seen[0] : seen[-1] + 1] if seen else ""


def _is_invisible(character: str) -> bool:
    is_blank = character.isspace() or unicodedata.category(character) in _INVISIBLE_CATEGORIES
    return is_blank or bool(_INVISIBLE.match(character))


def check_int(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Accept a whole number from `low` to `high`, also as text."""
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


def check_page(page: Any, limit: Any) -> tuple[int | None, int | None]:
    """Accept how much of a list is wanted: all of it, its first `limit` rows, or one page of `limit` rows."""
    if page is None:
        return None, None if limit is None else check_int("limit", limit, 1)
    number = check_int("page", page, 1)
    return number, DEFAULT_PAGE if limit is None else check_int("limit", limit, 1, LARGEST_PAGE)


def check_amount(name: str, value: Any, allowed: str = "an amount of the account's currency, 0 or more") -> float:
    """Accept an amount of money, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < MOST_MONEY:
        raise invalid_argument(name, value, allowed)
    return float(value)


def check_time(name: str, value: Any) -> float:
    """Accept a time, as ISO 8601 or an object, in UTC unless it has another zone, and return Unix seconds."""
    import numpy as np
    import pandas as pd

    allowed = f"a time of the years 1970 to 2200 in ISO 8601, such as {FORMS}, or a datetime"
    if not isinstance(value, (str, date, np.datetime64)):
        # pandas would read a number as nanoseconds.
        raise invalid_argument(name, value, allowed)
    advice = ""
    try:
        at = pd.Timestamp(read_time(value) if isinstance(value, str) else value)
        at = at.tz_localize("UTC") if at.tzinfo is None else at
        found = float(at.timestamp())
    except (TypeError, ValueError, OverflowError, AttributeError) as problem:
        found, advice = math.nan, str(problem) if isinstance(value, str) else ""
    if not 0 <= found < LATEST:
        raise invalid_argument(name, value, allowed, advice)
    return found


def check_bool(name: str, value: Any) -> bool:
    """Accept True, False, 1 or 0."""
    if isinstance(value, bool) or (isinstance(value, Integral) and int(value) in (0, 1)):
        return bool(value)
    raise invalid_argument(name, value, "True or False")


def check_choice(name: str, value: Any, allowed: Iterable[Word]) -> Word:
    """Accept one of a few words, in any case, and return it in the case of `allowed`."""
    words = list(allowed)
    found = {word.lower(): word for word in words}.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise invalid_argument(name, value, ", ".join(repr(word) for word in words))
    return found


def as_list(name: str, value: Any, allowed: str) -> list[Any]:
    """Accept several values, or one text; refuse a frame or a mapping, whose iteration gives names."""
    if isinstance(value, str):
        return [value]
    is_frame = type(value).__name__ == "DataFrame"
    if is_frame or isinstance(value, (bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
        raise invalid_argument(name, value, allowed)
    try:
        return list(value)
    except TypeError:  # an array without dimensions has __iter__, which raises
        raise invalid_argument(name, value, allowed) from None


def check_frame(
    value: Any, *needed: str, numbers: Iterable[str] = (), times: Iterable[str] = (), words: Iterable[str] = ()
) -> None:
    """Check that a value is a DataFrame with the `needed` columns.

    Those of the columns `numbers`, `times` and `words` that it has must hold numbers, times in UTC, and texts or other
    plain values.
    """
    import pandas as pd

    if not isinstance(value, pd.DataFrame):
        raise invalid_argument("frame", value, "a DataFrame")
    names = ", ".join(map(str, value.columns))
    if value.columns.nlevels > 1 or not value.columns.is_unique:
        raise invalid_argument("frame", names, "a frame whose columns have names of their own")
    lacking = [name for name in dict.fromkeys(needed) if name not in value.columns]
    if lacking:
        raise invalid_argument("frame", names, f"a frame with {', '.join(lacking)}")
    for check, checked in ((_check_numbers, numbers), (_check_times, times), (_check_words, words)):
        for name in dict.fromkeys(checked):
            if name in value.columns:
                check(name, value[name])


def _check_numbers(name: str, column: Any) -> None:
    if not _has_numbers(column):
        raise invalid_argument("frame", f"{column.dtype} in {name}", f"numbers in {name}")


def _check_times(name: str, column: Any) -> None:
    import pandas as pd

    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        raise invalid_argument("frame", f"{column.dtype} in {name}", f"times in UTC in {name}")


def _check_words(name: str, column: Any) -> None:
    if column.dtype == object and not all(map(_is_plain, column)):
        raise invalid_argument("frame", f"objects in {name}", f"text, without half of a surrogate pair, in {name}")


def _is_plain(cell: Any) -> bool:
    """Tell whether a cell can be written as text."""
    if isinstance(cell, str):
        return not _SURROGATE.search(cell)
    return is_missing(cell) or isinstance(cell, (Real, date))


def _has_numbers(column: Any) -> bool:
    """Tell whether every cell of a column is a real number or missing; True and False are no numbers."""
    from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

    if is_bool_dtype(column.dtype) or is_complex_dtype(column.dtype):
        return False
    if column.dtype != object:
        return bool(is_numeric_dtype(column.dtype))
    return all(is_missing(cell) or (isinstance(cell, Real) and not isinstance(cell, bool)) for cell in column)


def check_exception(value: Any) -> str | None:
    """Accept the reason for which something is sent to people who are on the do-not-send list; None: there is none."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        allowed = "the reason, as text of at most 200 characters: it is recorded with what is sent"
        raise invalid_argument("even_if_suppressed", value, allowed)
    return check_text("even_if_suppressed", value, longest=200)


def check_url(name: str, value: Any, *, longest: int = 2000) -> str:
    """Accept an absolute http or https URL without a login in it."""
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
        # The value is not shown: it may hold a password.
        raise invalid_argument(name, "a URL with a login in it", allowed, "Leave the user and password out of the URL.")
    return value


def check_features(value: Any) -> str:
    """Accept features in any order, as a text or a list, and return them in the order that the API documents."""
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
    """Accept octets, as bytes or as a text of two hexadecimal digits each, and return the digits."""
    allowed = "octets as hexadecimal digits, two each, such as '0605040B8423F0'"
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).hex()
    digits = re.sub(r"\s", "", value) if isinstance(value, str) else ""
    if not digits or len(digits) % 2 or not _HEX.fullmatch(digits):
        raise invalid_argument(name, value, allowed)
    return digits.upper()


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def check_application_id(value: Any, name: str = "application_id") -> str:
    """Accept a UUID; it becomes part of a URL's path, where nothing else may stand."""
    code = value.strip() if isinstance(value, str) else ""
    if not is_uuid(code):
        raise invalid_argument(name, value, "a UUID, as in the column 'id' of applications()")
    return code.lower()
