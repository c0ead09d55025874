"""The parts of a message, counted from the standard alone: the sandbox must not share a mistake of the client."""

from __future__ import annotations

# 3GPP TS 23.038, one column of its code table per line. ESC, at 1/B, is no character.
_COLUMNS = (
    "@£$¥èéùìòÇ\nØø\rÅå",
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ",
    " !\"#¤%&'()*+,-./",
    "0123456789:;<=>?",
    "¡ABCDEFGHIJKLMNO",
    "PQRSTUVWXYZÄÖÑÜ§",
    "¿abcdefghijklmno",
    "pqrstuvwxyzäöñüà",
)
_SEPTETS = {character: 1 for column in _COLUMNS for character in column} | dict.fromkeys("\f^{}\\[~]|€", 2)


def is_gsm_character(character: str) -> bool:
    return character in _SEPTETS


def split_gsm(text: str) -> list[str]:
    return _split(text, [_SEPTETS.get(character, 1) for character in text], 160, 153)


def split_ucs2(text: str) -> list[str]:
    # A part is filled with units of UTF-16.
    return _split(text, [2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def _split(text: str, lengths: list[int], single: int, several: int) -> list[str]:
    """Split a text whose characters have these lengths; `single` and `several` are the room of a part."""
    if sum(lengths) <= single:
        return [text]
    parts, start, used = [], 0, 0
    for place, length in enumerate(lengths):
        if used + length > several:
            parts.append(text[start:place])
            start, used = place, 0
        used += length
    return [*parts, text[start:]]
