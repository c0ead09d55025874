"""Countries that changed all their numbers of a kind, and what a number of before is today. Pure.

Each rule is certain: the number of before cannot be one of today, because no number of today has its length.

- Mexico, 2019: the 1 between 52 and a mobile number went away.
- Argentina: the 15 that is dialled before a mobile number within the country is a 9 after 54 from abroad, never both.
- Brazil, 2012 to 2016: a 9 came before mobile numbers of eight digits.
- Ivory Coast, 2021: 01, 05 or 07 came before mobile numbers of eight digits, by their operator, which the second told.
- Benin, 2024: 01 came before every number.

Sources: the national plans that the ITU publishes, https://www.itu.int/oth/T0202.aspx?parent=T0202.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple


class Change(NamedTuple):
    """A change of numbers: what those of before look like, what they are today, and how it is told."""

    before: re.Pattern[str]
    today: Callable[[re.Match[str]], str]
    story: str


_IVORIAN = {
    "0": "01",
    "1": "01",
    "2": "01",
    "3": "01",
    "4": "05",
    "5": "05",
    "6": "05",
    "7": "07",
    "8": "07",
    "9": "07",
}
CHANGES = (
    Change(
        re.compile(r"521(\d{10})"), lambda found: f"52{found[1]}", "Mexico took the 1 out of mobile numbers in 2019"
    ),
    Change(
        re.compile(r"549(\d{2})15(\d{8})|549(\d{3})15(\d{7})|549(\d{4})15(\d{6})"),
        lambda found: f"549{''.join(group for group in found.groups() if group)}",
        "Argentine mobile numbers have the 9 from abroad or the 15 at home, never both",
    ),
    Change(
        re.compile(r"55([1-9]{2})([689]\d{7})"),
        lambda found: f"55{found[1]}9{found[2]}",
        "Brazil put a 9 before mobile numbers by 2016",
    ),
    Change(
        re.compile(r"225((?:[0457]|8(?=[4-9]))(\d)\d{6})"),
        lambda found: f"225{_IVORIAN[found[2]]}{found[1]}",
        "Ivory Coast put two digits before its numbers in 2021",
    ),
    Change(
        re.compile(r"229([24-69]\d{7})"), lambda found: f"22901{found[1]}", "Benin put 01 before its numbers in 2024"
    ),
)

CALLING_CODES = ("52", "54", "55", "225", "229")
"""The calling codes of these countries: no other number changed."""


def find_change(digits: str) -> tuple[str, str] | None:
    """Find what a number of before is today, and the sentence that says so; None where no rule is certain."""
    for change in CHANGES:
        found = change.before.fullmatch(digits)
        if found:
            today = change.today(found)
            return today, f"{change.story}: the number is +{today} now."
    return None
