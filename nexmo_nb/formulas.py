"""Text as a spreadsheet reads it: what would become a formula, a number or a date there is made text. Pure.

The sandbox's inbox writes its CSV files by the same rule, `nexmo_nb/sandbox/inbox/exports.js`.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"[=+\-@\t\r\n'＝＋－＠]")
# Digits with the marks of numbers, dates and times; a spreadsheet rounds a phone number, and makes a date of 1-2.
_LIKE_NUMBER = re.compile(r"\s*[0-9.,:/\s-]+(?:e[+-]?[0-9]+)?\s*%?", re.IGNORECASE)


def is_risky(text: str) -> bool:
    """Tell whether a spreadsheet may read a text as something else: a formula, a number, a date, an apostrophe."""
    return bool(_FORMULA.match(text) or _LIKE_NUMBER.fullmatch(text))


def defuse(text: str) -> str:
    """Put an apostrophe before a text that is not safe; `restore` takes it off, and so does `to_e164`."""
    return f"'{text}" if is_risky(text) else text


def restore(text: str) -> str:
    """Take off the apostrophe of `defuse`, which stands before every text that begins with one."""
    return text[1:] if text.startswith("'") and is_risky(text[1:]) else text
