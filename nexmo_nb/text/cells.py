"""A cell whose value goes into a text: what keeps it from being written. Pure."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

import numpy as np

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.validation import is_missing

PROBLEMS = {
    "text_missing": "The column is not there, or its cell is empty.",
    "text_error_value": "The cell holds what a spreadsheet or program writes where a value is missing.",
    "text_format": "The value does not go with its format, or cannot be written.",
    "text_control": "The text holds a control character that is no line end.",
    "text_encoding": "The text holds a character that its encoding cannot carry.",
    "text_too_long": "The text is longer than a message can be.",
    "text_unknown_language": "There is no text in the language of this row.",
}
"""What keeps a text from being sent: codes of the column ``problem_code``."""

# What Excel and LibreOffice show for an error, in English, German, French, Spanish, Portuguese and Italian, and how
# programs write a missing value.
_ERROR_VALUES = frozenset([
    "nan", "none", "null", "nat", "<na>", "inf", "-inf",
    "#n/a", "#ref!", "#value!", "#div/0!", "#name?", "#num!", "#null!", "#spill!", "#calc!", "#field!", "#getting_data",
    "#nv", "#bezug!", "#wert!", "#zahl!", "#überlauf!", "#valeur!", "#nom?", "#nombre!", "#nul!", "#n/d", "#valor!",
    "#nome?", "#núm!", "#nulo!", "#rif!", "#valore!", "#¡ref!", "#¡valor!", "#¡div/0!", "#¿nombre?", "#¡num!",
    "#¡nulo!",
])  # fmt: skip
_LETTERS = re.compile("[!-~]")
# Characters that Unicode calls printable, though they show nothing by themselves.
_BLANK = frozenset(
    map(
        chr,
        [
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
            *range(0x180B, 0x180E),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ],
    )
)


class TextProblem(InvalidRequestError):  # noqa: N818 - it is a finding about a row
    """A text cannot be sent: `code` is one of `PROBLEMS`, `reason` says what was found, and what to do."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"text: {reason}", code=code, parameter="text")
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.reason)


def check_cell(name: str, value: Any) -> None:
    """Refuse a cell that is empty, or filled with what stands for a missing value."""
    if type(value) is int:
        return
    if isinstance(value, str):
        stripped = value.strip()
        if not stripped:
            raise TextProblem("text_missing", f"The column {name!r} is empty.")
        if stripped.casefold() in _ERROR_VALUES:
            raise TextProblem("text_error_value", f"The column {name!r} holds {stripped!r}: its value is missing.")
        if not _LETTERS.search(value) and not any(map(_is_visible, value)):
            raise TextProblem("text_error_value", f"The column {name!r} holds nothing that can be seen.")
    elif is_missing(value) or (isinstance(value, (np.datetime64, np.timedelta64)) and np.isnat(value)):
        raise TextProblem("text_missing", f"The column {name!r} is empty.")
    elif (isinstance(value, Decimal) and not value.is_finite()) or (
        isinstance(value, (float, np.floating)) and not math.isfinite(value)
    ):
        raise TextProblem("text_error_value", f"The column {name!r} holds {value}, which is no number.")


def _is_visible(character: str) -> bool:
    return character.isprintable() and not character.isspace() and character not in _BLANK
