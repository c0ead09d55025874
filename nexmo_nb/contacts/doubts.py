"""What is doubtful about the one number to which a single message or call goes: said aloud, or refused."""

from __future__ import annotations

import warnings
from typing import Any

from nexmo_nb.contacts.numbers import ALLOWED, check_number, country_of, find_warning
from nexmo_nb.contacts.sender_rules import find_sender_doubt
from nexmo_nb.errors import DoubtfulNumberWarning, DoubtfulSenderWarning
from nexmo_nb.validation import invalid_argument


def find_doubt(to: Any, region: Any = None, *, is_call: bool = False) -> str | None:
    """Find what is doubtful about a number, as a sentence; `region` is the country of national numbers, if any.

    Raises
    ------
    InvalidRequestError
        If it is no number, or it is not certain whose it is.
    """
    code, sentence = find_warning(check_number("to", to, region)) or (None, None)
    if code == "looks_national":
        raise invalid_argument("to", to, ALLOWED, f"{sentence} If it is the number that is meant, write it with a '+'.")
    # A landline gets calls as well as a mobile phone does.
    return None if is_call and code == "not_mobile" else sentence


def warn_of_sender(sender: str, to: str) -> None:
    """Warn of a sender that is doubtful where a number, in digits, is; at the line that called the caller of this."""
    found = find_sender_doubt(sender, country_of(to))
    if found is not None:
        warnings.warn(found[1], DoubtfulSenderWarning, stacklevel=3)


def warn_of_doubt(to: Any, region: Any = None, *, is_call: bool = False) -> None:
    """Warn of a doubtful number, at the line that called the function which calls this one."""
    doubt = find_doubt(to, region, is_call=is_call)
    if doubt is not None:
        warnings.warn(doubt, DoubtfulNumberWarning, stacklevel=3)
