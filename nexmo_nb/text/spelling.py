"""Which characters make a text expensive, and how to spell them more cheaply."""

from __future__ import annotations

import unicodedata

import pandas as pd

from nexmo_nb.frames import Column, frame
from nexmo_nb.text.gsm import BASIC, EXTENSION, segments

COLUMNS = (
    Column("character"),
    Column("name"),
    Column("count", "int64"),
    Column("positions"),
    Column("cost"),
    Column("replacement"),
)
# Spellings that a decomposition does not give.
_SPELLINGS = {
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "`": "'", "\u00b4": "'", "\u2032": "'",
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"', "\u2033": '"',
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-",
    "\u2026": "...", "\u2022": "-", "\u00b7": "-", "\t": " ", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
    "\u200b": "", "\u200d": "", "\ufeff": "", "\u00ad": "", "\u2028": "\n", "\u2029": "\n", "\ufe0f": "",
    "\u00d7": "x", "\u00b0": "o", "\u00a9": "(c)", "\u00ae": "(r)", "\u2122": "(tm)", "\u0142": "l", "\u0141": "L",
    "\u0111": "d", "\u0110": "D", "\u0131": "i", "\u20a4": "£",
}  # fmt: skip
# For a letter with an acute or grave accent: one that has an accent says more than one without.
_ACCENTED = {"a": "à", "e": "é", "i": "ì", "o": "ò", "u": "ù", "E": "É"}


def explain_encoding(text: str) -> pd.DataFrame:
    """Show which characters force a text into unicode, or cost two places, and what to write instead.

    Parameters
    ----------
    text : str
        The message as it would be sent.

    Returns
    -------
    pandas.DataFrame
        One row a character, in order of appearance: ``character, name`` (Unicode's), ``count`` (int), ``positions``
        (from 0, joined by commas), ``cost`` (``"forces ucs2"`` or ``"two septets"``), ``replacement`` (a spelling in
        GSM-7; missing where there is none). ``.attrs`` hold the `segments` of the text as it is (``"before"``) and
        with every replacement made (``"after"``), and that text (``"replaced"``).

    Raises
    ------
    InvalidRequestError
        If `text` is not text, or holds half of a surrogate pair.

    Notes
    -----
    Alphabet: 3GPP TS 23.038. A replacement may change what is said: read it before you send it.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> shown = nx.explain_encoding("Olá… 5 €")
    >>> shown[["character", "cost", "replacement"]].fillna("").values.tolist()
    [['á', 'forces ucs2', 'à'], ['…', 'forces ucs2', '...'], ['€', 'two septets', '']]
    >>> shown.attrs["replaced"], shown.attrs["after"].encoding
    ('Olà... 5 €', 'gsm7')
    """
    before = segments(text)
    places: dict[str, list[int]] = {}
    for place, character in enumerate(text):
        if character not in BASIC:
            places.setdefault(character, []).append(place)
    spellings = {character: _find_spelling(character) for character in places}
    rows = [
        {
            "character": character,
            "name": unicodedata.name(character, f"U+{ord(character):04X}"),
            "count": len(found),
            "positions": ",".join(map(str, found)),
            "cost": "two septets" if character in EXTENSION else "forces ucs2",
            "replacement": spellings[character],
        }
        for character, found in places.items()
    ]
    replaced = text.translate({ord(c): spelling for c, spelling in spellings.items() if spelling is not None})
    return frame(rows, COLUMNS, {"before": before, "after": segments(replaced), "replaced": replaced})


def _find_spelling(character: str) -> str | None:
    """Find a spelling in GSM-7: a letter that differs in its accent only, or the letter without accents."""
    if character in EXTENSION:
        return None
    if character in _SPELLINGS:
        return _SPELLINGS[character]
    decomposed = unicodedata.normalize("NFKD", character)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    if bare in _ACCENTED and decomposed[1:2] in ("\u0300", "\u0301"):
        return _ACCENTED[bare]
    is_usable = bare not in ("", character) and set(bare) <= set(BASIC + EXTENSION)
    return bare if is_usable else None
