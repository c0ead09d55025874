"""What countries do with a sender, by Nexmo's documentation, and how fast messages may leave from a number."""

from __future__ import annotations

import re

from nexmo_nb.sandbox.data import Country, build_msisdn, hash_to_int
from nexmo_nb.sandbox.world import World

# Long numbers of the United States and Canada; those that are free to call have a pace of their own.
LONG_NUMBER = re.compile("[+]?1(?!800|833|844|855|866|877|888)[2-9][0-9]{2}[2-9][0-9]{6}")
MESSAGES_A_SECOND = 1
LONGEST_SHORT_CODE = 8
# Countries in which the API refuses names, and long numbers of other countries; that replace names, or numbers.
# Where a name must be registered, the sandbox takes it for registered.
NO_NAMES = ("CA", "US")
LOCAL_NUMBERS = ("CA", "US")
NAMES_REPLACED = ("BR", "CN", "MX")
NUMBERS_REPLACED = ("CN", "FR", "IN", "MX")


def acquire_sender_slot(world: World, sender: str) -> float:
    """Take the slot of a number in the current second; otherwise return the seconds until it is free."""
    if LONG_NUMBER.fullmatch(sender) is None:
        return 0.0
    return world.acquire_slot(f"from {sender.lstrip('+')}", MESSAGES_A_SECOND)


def is_refused(sender: str, country: Country) -> bool:
    digits = sender.lstrip("+")
    if not digits.isdecimal():
        return country.code in NO_NAMES
    is_local = len(digits) <= LONGEST_SHORT_CODE or digits.startswith(country.prefix)
    return country.code in LOCAL_NUMBERS and not is_local


def find_shown_sender(sender: str, country: Country) -> str:
    """Find the sender that people see: where the country replaces it, a number of its own."""
    replaced = NUMBERS_REPLACED if sender.lstrip("+").isdecimal() else NAMES_REPLACED
    if country.code not in replaced:
        return sender
    return build_msisdn(country, "mobile-lvn", hash_to_int("sender", country.code, sender))
