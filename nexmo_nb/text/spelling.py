"""Which characters make a text expensive, and how to spell them more cheaply."""

from __future__ import annotations

import unicodedata
from itertools import takewhile

import pandas as pd

from nexmo_nb.frames import Column, frame
from nexmo_nb.text.content import normalize_text
from nexmo_nb.text.gsm import BASIC, EXTENSION, outside_gsm, segments
from nexmo_nb.text.replacements import find_replacement
from nexmo_nb.validation import check_bool

COLUMNS = (
    Column("character"),
    Column("name"),
    Column("count", "int64"),
    Column("positions"),
    Column("cost"),
    Column("replacement"),
)


def explain_encoding(text: str, *, keep_accents: bool = False) -> pd.DataFrame:
    """Show which characters force a text into unicode, or cost two places, and what to write instead.

    Parameters
    ----------
    text : str
        The message. It is read as `nexmo_nb.send_sms` sends it: accents composed with their letters.
    keep_accents : bool
        True: á, í, ó and ú become à, ì, ò and ù, which GSM-7 has. Default: they become letters without accents.

    Returns
    -------
    pandas.DataFrame
        One row a character, in order of appearance: ``character, name`` (Unicode's), ``count`` (int), ``positions``
        (from 0, joined by commas), ``cost`` (``"forces ucs2"`` or ``"two septets"``), ``replacement`` (a spelling in
        GSM-7, at its first place; missing where none has the same sense). ``.attrs`` hold the `segments` of the text as
        it is (``"before"``) and respelled (``"after"``), and that text (``"replaced"``): in GSM-7, or unchanged where
        one of its characters, such as an emoji, has no replacement.

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
    [['á', 'forces ucs2', 'a'], ['…', 'forces ucs2', '...'], ['€', 'two septets', '']]
    >>> shown.attrs["replaced"], shown.attrs["after"].encoding
    ('Ola... 5 €', 'gsm7')
    """
    before, keep_accents = segments(text), check_bool("keep_accents", keep_accents)
    composed = normalize_text(text)
    places: dict[str, list[int]] = {}
    for place, character in enumerate(composed):
        if character not in BASIC:
            places.setdefault(character, []).append(place)
    rows = [
        {
            "character": character,
            "name": unicodedata.name(character, f"U+{ord(character):04X}"),
            "count": len(found),
            "positions": ",".join(map(str, found)),
            "cost": "two septets" if character in EXTENSION else "forces ucs2",
            "replacement": None
            if character in EXTENSION
            else find_replacement(composed, found[0], keep_accents=keep_accents),
        }
        for character, found in places.items()
    ]
    replaced = spell_in_gsm(text, keep_accents=keep_accents)
    return frame(rows, COLUMNS, {"before": before, "after": segments(replaced), "replaced": replaced})


def spell_in_gsm(text: str, *, keep_accents: bool = False) -> str:
    """Spell a whole text in GSM-7; where that is not possible, give it unchanged, for half of it would save nothing.

    With `keep_accents`, á, í, ó and ú become à, ì, ò and ù; else letters without accents.

    >>> spell_in_gsm("«Olá»"), spell_in_gsm("«Olá» 🎉")
    ('"Ola"', '«Olá» 🎉')
    """
    composed = normalize_text(text)
    if not outside_gsm(composed):
        return composed
    spelled = (find_replacement(composed, place, keep_accents=keep_accents) for place in range(len(composed)))
    pieces = list(takewhile(lambda piece: piece is not None, spelled))
    return "".join(filter(None, pieces)) if len(pieces) == len(composed) else text
