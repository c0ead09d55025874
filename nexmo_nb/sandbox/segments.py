"""How many parts a message takes, counted anew from the standard: the sandbox must not share the client's mistakes."""

from __future__ import annotations

__all__ = ["in_gsm", "split_gsm", "split_ucs2"]

# 3GPP TS 23.038, one row of the code table a line; ESC stands at 1/B and is no character.
_ROWS = (
    "@£$¥èéùìòÇ\nØø\rÅå",
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ",
    " !\"#¤%&'()*+,-./",
    "0123456789:;<=>?",
    "¡ABCDEFGHIJKLMNO",
    "PQRSTUVWXYZÄÖÑÜ§",
    "¿abcdefghijklmno",
    "pqrstuvwxyzäöñüà",
)
_SEPTETS = {character: 1 for row in _ROWS for character in row} | dict.fromkeys("\f^{}\\[~]|€", 2)


def in_gsm(character: str) -> bool:
    """Tell whether GSM-7 has a character."""
    return character in _SEPTETS


def split_gsm(text: str) -> list[str]:
    """Cut a GSM-7 text into its parts."""
    return _split(text, [_SEPTETS.get(character, 1) for character in text], 160, 153)


def split_ucs2(text: str) -> list[str]:
    """Cut a text into its parts of UTF-16 units."""
    return _split(text, [2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def _split(text: str, costs: list[int], single: int, size: int) -> list[str]:
    if sum(costs) <= single:
        return [text]
    parts, start, used = [], 0, 0
    for place, cost in enumerate(costs):
        if used + cost > size:
            parts.append(text[start:place])
            start, used = place, 0
        used += cost
    return [*parts, text[start:]]
