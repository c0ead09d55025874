"""GSM-7 and UCS-2: how many parts an SMS takes, and which characters decide it. Pure.

The alphabet is the basic table of 3GPP TS 23.038 with its extension table, whose characters take two septets.
A single message carries 160 septets or 70 UTF-16 units; each part of a longer one 153 or 67, because the header that
joins the parts takes room. A character is never split over two parts.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, get_args

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.text.content import normalize_text

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The 127 characters that take one septet. ESC itself is no character: it announces the extension table."""

EXTENSION = "\f^{}\\[~]|€"
"""The characters that take two septets: ESC and a code."""

_NOT_BASIC = re.compile(f"[^{re.escape(BASIC)}]")
_NOT_GSM = re.compile(f"[^{re.escape(BASIC + EXTENSION)}]")

GSM_SINGLE, GSM_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67
Encoding = Literal["gsm7", "ucs2"]


class Segments(NamedTuple):
    """How a text travels.

    Attributes
    ----------
    encoding : str
        ``"gsm7"`` or ``"ucs2"``.
    parts : int
        Messages that are sent and paid for; 0 for an empty text.
    units : int
        Septets (gsm7) or UTF-16 units (ucs2) of the whole text, without the headers that join the parts.
    remaining : int
        Units that still fit without another part.
    """

    encoding: str
    parts: int
    units: int
    remaining: int


def segments(text: str, *, encoding: Encoding | None = None) -> Segments:
    """Count the parts of a text, exactly.

    Parameters
    ----------
    text : str
        The message. It is counted as `nexmo_nb.send_sms` sends it: accents composed with their letters.
    encoding : {"gsm7", "ucs2"}, optional
        Default: gsm7 where every character allows it, else ucs2. ``"ucs2"`` counts the text as unicode even so.

    Returns
    -------
    Segments
        ``(encoding, parts, units, remaining)``.

    Raises
    ------
    InvalidRequestError
        If `text` is not text or holds half of a surrogate pair, or gsm7 is asked for and cannot hold it.

    Notes
    -----
    Sizes and alphabet: 3GPP TS 23.038 and 23.040; Nexmo documents the same sizes at
    https://developer.vonage.com/en/messaging/sms/guides/concatenation-and-encoding.

    Examples
    --------
    >>> segments("Hello")
    Segments(encoding='gsm7', parts=1, units=5, remaining=155)
    >>> segments("Olá!")
    Segments(encoding='ucs2', parts=1, units=4, remaining=66)
    """
    if not isinstance(text, str):
        raise InvalidRequestError(f"text: got a {type(text).__name__}, allowed is str.", parameter="text")
    if encoding is not None and not (isinstance(encoding, str) and encoding in get_args(Encoding)):
        got = repr(encoding[:20]) if isinstance(encoding, str) else f"a {type(encoding).__name__}"
        raise InvalidRequestError(f"encoding: got {got}, allowed are 'gsm7' and 'ucs2'.")
    return count_segments(normalize_text(text), encoding)


def count_segments(text: str, encoding: str | None) -> Segments:
    """Count the parts of a text that is normalized."""
    if encoding != "ucs2" and not _NOT_BASIC.search(text):
        return _fill_parts("gsm7", len(text), text, GSM_SINGLE, GSM_PART)
    if encoding != "ucs2" and not _NOT_GSM.search(text):
        pairs = re.sub(f"[{re.escape(EXTENSION)}]", "\x1b\\g<0>", text)
        return _fill_parts("gsm7", len(pairs), pairs, GSM_SINGLE, GSM_PART)
    if encoding == "gsm7":
        raise InvalidRequestError(
            f"text: holds characters outside GSM-7 ({outside_gsm(text)[:20]}), allowed with gsm7 is only its alphabet."
        )
    try:
        units = text.encode("utf-16-be")
    except UnicodeEncodeError:
        reason = "text: holds half of a surrogate pair, which no encoding can carry; remove it."
        raise InvalidRequestError(reason) from None
    return _fill_parts("ucs2", len(units) // 2, units, UCS2_SINGLE, UCS2_PART)


def outside_gsm(text: str) -> list[str]:
    """List the different characters of a text that GSM-7 cannot carry, in order of appearance."""
    return list(dict.fromkeys(_NOT_GSM.findall(text)))


def _fill_parts(encoding: str, units: int, coded: str | bytes, single: int, size: int) -> Segments:
    """Fill parts one after the other; `coded` is only read where a part ends."""
    if units <= single:
        return Segments(encoding, 1 if units else 0, units, single - units)
    start, parts = 0, 1
    while units - start > size:
        # A pair whose first half would be the last unit of this part goes to the next one as a whole.
        start += size - 1 if _opens_pair(coded, start + size - 1) else size
        parts += 1
    return Segments(encoding, parts, units, start + size - units)


def _opens_pair(coded: str | bytes, at: int) -> bool:
    """Tell whether a unit is the first half of a pair: ESC, or a high surrogate."""
    if isinstance(coded, str):
        return coded[at] == "\x1b"
    return 0xD8 <= coded[2 * at] <= 0xDB
