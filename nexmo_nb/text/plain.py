"""Texts of a column that arrive as they are written, and how many parts each takes, all at once. Pure, over Arrow.

`content` and `gsm` read any text. What is plain they leave as it is, and count the same (tested): characters that show
something, none of which composes with another, and no name in braces. Long texts with pairs that a part must not split
are left to them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nexmo_nb.text.gsm import BASIC, EXTENSION, GSM_PART, GSM_SINGLE, UCS2_PART, UCS2_SINGLE

VISIBLE = (
    "!-z|-~\u00a1-\u00ac\u00ae-\u02ff"  # Latin, without the brace that opens
    "\u038e-\u03a1\u03a3-\u0482\u048a-\u052f"  # Greek, Cyrillic
    "\u05d0-\u05ea\u0621-\u063a\u0641-\u064a"  # Hebrew, Arabic
    "\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20c0"  # Latin with more accents, punctuation, currencies
    "\u3001-\u3029\u3041-\u3096\u309b-\u30ff\u3400-\u9fff\uac00-\ud7a3"  # Chinese, Japanese, Korean
    "\U0001f300-\U0001f6d7\U0001f900-\U0001fa53"  # emojis
)
"""Ranges of characters that are seen, and that stand for themselves beside any other of them."""
BLANKS = " \n\r\u00a0"
_PLAIN = f"^[{BLANKS}]*[{VISIBLE}][{VISIBLE}{BLANKS}]*$"
_ESCAPED = "_x000"


class PlainTexts(NamedTuple):
    """Texts as arrays: their places, and the encoding and the number of parts of each."""

    places: Any
    texts: pa.Array
    encodings: Any
    parts: Any


def count_plain_texts(texts: pa.Array, kind: str, longest: int) -> PlainTexts:
    """Count the parts of the plain texts of a column.

    `kind` is ``"auto"``, ``"text"``, with which texts outside GSM-7 are left out, or ``"unicode"``; `longest` is the
    number of characters that a text can have.
    """
    lengths = pc.fill_null(pc.utf8_length(texts), 0).to_numpy(zero_copy_only=False)
    is_plain = _match(texts, _PLAIN) & (lengths <= longest)
    is_plain &= ~pc.fill_null(pc.match_substring(texts, _ESCAPED), fill_value=True).to_numpy(zero_copy_only=False)
    places = np.flatnonzero(is_plain)
    texts, lengths = texts.take(pa.array(places)), lengths[places].astype("int64")
    is_gsm = np.zeros(len(places), dtype=bool)
    pairs = np.zeros(len(places), dtype="int64")
    if kind != "unicode":
        is_gsm = _match(texts, _write_class(BASIC, "^[{}]*$"))
        others = np.flatnonzero(~is_gsm)
        is_extended = _match(texts.take(pa.array(others)), _write_class(BASIC + EXTENSION, "^[{}]*$"))
        extended = others[is_extended]
        is_gsm[extended] = True
        pairs[extended] = _count(texts.take(pa.array(extended)), _write_class(EXTENSION, "[{}]"))
    wide = np.flatnonzero(~is_gsm)
    pairs[wide] = _count(texts.take(pa.array(wide)), "[\U00010000-\U0010ffff]")
    parts = _count_parts(lengths + pairs, is_gsm)
    is_counted = ((pairs == 0) | (parts == 1)) & (is_gsm | (kind != "text"))
    encodings = np.where(is_gsm, "gsm7", "ucs2").astype(object)
    return PlainTexts(places[is_counted], texts.filter(pa.array(is_counted)), encodings[is_counted], parts[is_counted])


def keep_gsm(texts: pa.Array) -> pa.Array:
    """Give the texts that GSM-7 has every character of; the others are missing."""
    return pc.if_else(pc.match_substring_regex(texts, _write_class(BASIC + EXTENSION, "^[{}]*$")), texts, None)


def _count_parts(units: Any, is_gsm: Any) -> Any:
    """Count the parts of texts of so many units, none of which is half of a pair."""
    single, part = np.where(is_gsm, GSM_SINGLE, UCS2_SINGLE), np.where(is_gsm, GSM_PART, UCS2_PART)
    return np.where(units <= single, 1, -(-units // part))


def _count(texts: pa.Array, pattern: str) -> Any:
    return pc.count_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)


def _match(texts: pa.Array, pattern: str) -> Any:
    return pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=False).to_numpy(zero_copy_only=False)


def _write_class(characters: str, pattern: str) -> str:
    """Write a pattern with a class of characters."""
    return pattern.format("".join(f"\\x{{{ord(character):x}}}" for character in characters))
