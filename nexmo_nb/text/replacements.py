"""Spellings in GSM-7 for the characters that it does not have, where the sense stays. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import partial

from nexmo_nb.text.gsm import BASIC, EXTENSION

_ALPHABET = frozenset(BASIC + EXTENSION)
_QUOTES = dict.fromkeys("\u2018\u2019\u201a\u201b`\u00b4\u2032\u2039\u203a\u02bb\u02bc\u2035", "'") | dict.fromkeys(
    "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u2036", '"'
)
_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043", "-")
_BULLETS = dict.fromkeys("\u2022\u2023\u25cf\u25cb\u25e6\u25a0\u25a1\u25aa\u25ab\u2756", "-") | dict.fromkeys(
    "\u25b6\u25b8\u25ba\u27a4", ">"
)
# Marks without width: joiners, marks of direction, variation selectors.
_INVISIBLE = dict.fromkeys(
    map(
        chr,
        [
            0x00AD,
            0x034F,
            0x061C,
            0x180E,
            *range(0x200B, 0x2010),
            *range(0x202A, 0x202F),
            *range(0x2060, 0x2065),
            *range(0x2066, 0x2070),
            0xFE0E,
            0xFE0F,
            0xFEFF,
        ],
    ),
    "",
)
# Capitals that look as Latin ones do. GSM-7 has the others.
_GREEK_CAPITALS = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
_SYMBOLS = {
    "\t": " ", "\u2026": "...", "\u2028": "\n", "\u2029": "\n", "\u02dc": "~", "\u02c6": "^", "\u00a6": "|",
    "\u2044": "/", "\u2215": "/", "\u00f7": "/", "\u00d7": "x", "\u2217": "*", "\u2236": ":", "\u2248": "~",
    "\u00b1": "+/-", "\u2264": "<=", "\u2265": ">=", "\u2206": "Δ", "\u00b5": "u",
    "\u2192": "->", "\u2190": "<-", "\u2194": "<->", "\u21d2": "=>", "\u2605": "*", "\u2606": "*",
    "\u2713": "OK", "\u2714": "OK", "\u2611": "OK", "\u2717": "x", "\u2718": "x",
    "\u00a9": "(c)", "\u00ae": "(r)", "\u2122": "(tm)", "\u00a2": "c", "\u20a4": "£", "\u20b9": "Rs", "\u20ba": "TL",
    "\u20aa": "ILS", "\u20a6": "NGN", "\u20a9": "KRW", "\u20ab": "VND", "\u20b1": "PHP", "\u20b4": "UAH",
    "\u20bd": "RUB", "\u0140": "l.", "\u013f": "L.", "\u0142": "l", "\u0141": "L", "\u0111": "d", "\u0110": "D",
    "\u00f0": "d", "\u00d0": "D", "\u0127": "h", "\u0126": "H", "\u0167": "t", "\u0166": "T", "\u0131": "i",
    "\u0153": "oe", "\u00fe": "th", "\u1e9e": "SS",
}  # fmt: skip
_SPELLINGS = {**_QUOTES, **_DASHES, **_BULLETS, **_INVISIBLE, **_GREEK_CAPITALS, **_SYMBOLS}
# The accents that GSM-7 has, for letters that have another.
_ACCENTED = {"a": "à", "i": "ì", "o": "ò", "u": "ù"}
_OVERLAY = 1
"""The combining class of strokes through a character, such as that of ≠: without it, it says something else."""


def find_replacement(text: str, place: int, *, keep_accents: bool = False) -> str | None:
    """Find a spelling in GSM-7 of the character at a place; None where none has the same sense."""
    character, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    if character in _ALPHABET:
        return character
    if character in _SPELLERS:
        return _SPELLERS[character](before, after)
    if character in _SPELLINGS:
        return _SPELLINGS[character]
    return _spell_decomposed(character, before, keep_accents=keep_accents)


def _spell_middle_dot(before: str, after: str) -> str:
    """Spell a dot that multiplies, that is part of a Catalan word, or that parts what stands beside it."""
    if before.isdecimal() and after.isdecimal():
        return "*"
    return "." if before.isalpha() and after.isalpha() else "-"


def _spell_per_mille(before: str, _after: str) -> str:
    return f"{' ' * before.isdecimal()}o/oo"


def _spell_ordinal(_before: str, after: str) -> str | None:
    """Spell the raised o of 1º; where it stands for degrees, an o would say nothing."""
    return None if after in ("C", "F") else "o"


def _spell_two_letters(spelling: str, before: str, after: str) -> str:
    """Spell a capital that takes two letters; both are capitals only where the letter beside it is one."""
    beside = after if after.isalpha() else before
    return spelling if beside.isupper() else spelling.capitalize()


# By the characters beside them.
_SPELLERS: dict[str, Callable[[str, str], str | None]] = {
    **dict.fromkeys("\u00b7\u2219\u22c5", _spell_middle_dot),
    "\u2030": _spell_per_mille,
    "\u00ba": _spell_ordinal,
    "\u0152": partial(_spell_two_letters, "OE"),
    "\u00de": partial(_spell_two_letters, "TH"),
}


def _spell_decomposed(character: str, before: str, *, keep_accents: bool) -> str | None:
    """Spell what Unicode takes apart: letters without accents, ligatures, fractions, raised and circled characters."""
    kind = unicodedata.decomposition(character).partition(">")[0].lstrip("<")
    parts = unicodedata.normalize("NFKD", character)
    marks = [part for part in parts if unicodedata.combining(part)]
    bare = "".join(_SPELLINGS.get(part, part) for part in parts if part not in marks)
    if any(unicodedata.combining(mark) == _OVERLAY for mark in marks) or not set(bare) <= _ALPHABET:
        return None
    if not bare.strip() and (marks or not bare):
        # A mark after a letter that it does not join is left out, as other accents are; one that stands alone is not.
        return "" if parts == character else None
    if keep_accents and marks in (["\u0301"], ["\u0300"]):
        return _ACCENTED.get(bare, bare)
    return _set_apart(kind, bare, before)


def _set_apart(kind: str, bare: str, before: str) -> str | None:
    """Set a spelling apart from a digit before it, with which it would make another number."""
    if kind == "circle":
        return f"({bare})"
    is_after_digit = before.isdecimal()
    if kind == "super":
        is_raised = unicodedata.decomposition(before).startswith("<super>") if before else False
        return bare if is_raised or before.isalpha() or bare.isalpha() else f"^{bare}"
    if kind == "sub" and is_after_digit:
        return None
    return f" {bare}" if kind == "fraction" and is_after_digit else bare
