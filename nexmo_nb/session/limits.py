"""The limits that a caller of `connect` gives, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexmo_nb.contacts.numbers import check_sender
from nexmo_nb.state.limits import FAMILY_LIMITS, Limit
from nexmo_nb.state.throttle import SLOT_LIFETIME
from nexmo_nb.validation import check_choice, check_int, invalid_argument


def check_seconds(name: str, value: Any, longest: float) -> float:
    """Accept a number of seconds."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= longest:
        raise invalid_argument(name, value, f"seconds, more than 0 and at most {longest:g}")
    return float(value)


def check_limits(values: Mapping[str, tuple[int, float]] | None) -> dict[str, Limit]:
    """Accept limits by family or own number, and give them with Nexmo's own."""
    limits = dict(FAMILY_LIMITS)
    if values is not None and not isinstance(values, Mapping):
        raise invalid_argument("limits", values, "a mapping of families or own numbers to (calls, seconds)")
    for name, pair in (values or {}).items():
        family = _check_limited(name)
        try:
            calls, seconds = pair
        except (TypeError, ValueError):
            raise invalid_argument("limits", pair, "(calls, seconds) for each family or number") from None
        limits[family] = Limit(
            check_int("limits", calls, 1, 1_000_000), check_seconds("limits", seconds, SLOT_LIFETIME)
        )
    return limits


def _check_limited(name: Any) -> str:
    """Accept what a limit is of: a family, or a number of the account, as digits."""
    is_number = isinstance(name, int) or (isinstance(name, str) and name.strip()[:1] in tuple("+0123456789"))
    return check_sender(name, name="limits") if is_number else check_choice("limits", name, FAMILY_LIMITS)
