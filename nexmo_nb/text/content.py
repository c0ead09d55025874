"""The text of a message as it is sent: accents composed, and nothing in it that would arrive damaged. Pure."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from nexmo_nb.text.cells import TextProblem

_DAMAGED = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_NAMES = {
    0x00: "NUL", 0x07: "BEL", 0x08: "BS", 0x09: "tab", 0x0B: "vertical tab", 0x0C: "form feed", 0x1A: "SUB",
    0x1B: "ESC", 0x7F: "DEL", 0x85: "NEL",
}  # fmt: skip
# Excel writes a carriage return of a cell as _x000D_, before the line feed or alone.
_LINE_ENDS = re.compile("_x000[dD]_(?:\r?\n)?|[\u2028\u2029]")
# One to four words in braces, as {name}, {{first_name}}, { first name } or {days:d}; neither {} nor {1} is one.
_LEFTOVER = re.compile(r"\{?\{\s*[^\W\d]\w*(?:[ .-]\w+){0,3}\s*(?:[!:][^{}]{0,40})?\}\}?")


def clean_text(text: str) -> str:
    r"""Give a text as it is sent, or refuse what would arrive damaged.

    Raises
    ------
    TextProblem
        If it holds a control character other than a line end, or half of a surrogate pair.

    Examples
    --------
    >>> clean_text("Cafe\u0301_x000D_\nopen")
    'Café\nopen'
    """
    text = normalize_text(text)
    if not text.isprintable() and (damaged := _DAMAGED.search(text)):
        raise _find_damage(damaged)
    return text


def _find_damage(found: re.Match[str]) -> TextProblem:
    code = ord(found[0])
    if code >= 0xD800:
        return TextProblem(
            "text_encoding",
            "It holds half of a surrogate pair, which no encoding can carry: remove the damaged character.",
        )
    name = _CONTROL_NAMES.get(code, f"U+{code:04X}")
    return TextProblem("text_control", f"It holds a control character, {name}, at position {found.start()}: remove it.")


def normalize_text(text: str) -> str:
    """Compose accents, and write line ends of spreadsheets and Unicode as the others are; refuse nothing."""
    if text.isascii() and "_x000" not in text:
        return text
    text = compose_accents(text)
    return _LINE_ENDS.sub("\n", text) if "_x000" in text or not text.isprintable() else text


def compose_accents(text: str) -> str:
    r"""Compose letters and the accents that follow them, and Hangul from its parts; all else stays as it is.

    Whole NFC would also put other characters in the place of some that stand alone, such as ideographs.

    >>> compose_accents("e\u0301") == "\u00e9"
    True
    """
    if unicodedata.is_normalized("NFC", text):
        return text
    starts = [place for place, character in enumerate(text) if not place or not _joins_before(character)]
    runs = (text[start:end] for start, end in pairwise([*starts, len(text)]))
    return "".join(map(_compose_run, runs))


def _joins_before(character: str) -> bool:
    """Tell whether a character may compose with the one before it: a mark, or a vowel or final consonant of Hangul."""
    return unicodedata.category(character)[0] == "M" or "\u1161" <= character <= "\u11c2"


def _compose_run(run: str) -> str:
    """Compose a character and the marks after it, but only where some of them join."""
    composed = unicodedata.normalize("NFC", run)
    return composed if len(composed) < len(run) else run


def find_leftover_name(text: str) -> str | None:
    """Find a name in braces that nothing was filled in for; None where there is none.

    >>> find_leftover_name("Hello {first_name}, 5 {}")
    '{first_name}'
    """
    found = _LEFTOVER.search(text) if "{" in text else None
    return found[0] if found else None
