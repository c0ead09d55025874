"""The time zones in which a phone number may be, by the tables of phonenumbers. Pure."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

from nexmo_nb.validation import invalid_argument


@lru_cache(maxsize=65_536)
def find_zones(digits: str) -> tuple[str, ...]:
    """Find the zones of E.164 digits, all in which its owner may be; none where nothing is known.

    A number of no known kind, as those set aside for films, may be anywhere under its calling code.
    """
    import phonenumbers
    from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number
    from phonenumbers.tzdata import TIMEZONE_DATA

    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return ()
    zones = time_zones_for_number(number)
    if UNKNOWN_TIMEZONE in zones:
        zones = TIMEZONE_DATA.get(str(number.country_code), ())
    return tuple(zones)


@lru_cache(maxsize=1024)
def load_zone(name: str) -> ZoneInfo:
    """Load a zone of the IANA database, such as ``Europe/Moscow``."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):  # it has no such zone, or the name is none
        allowed = "the name of a time zone, such as 'Europe/Moscow', as in the column 'time_zone' of a plan"
        raise invalid_argument(
            "time_zone", name, allowed, "If it is right, bring the tables up to date: pip install -U tzdata"
        ) from None
