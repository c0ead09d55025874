"""In how many parts an SMS travels, by the fields of its request. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from nexmo_nb.text.gsm import segments

OCTETS = 128
"""Of a part that carries octets: 140 less the headers of ports and of a message in several parts, at the worst."""


def count_parts(fields: Mapping[str, str]) -> int:
    """Count the parts of a text; of anything else, the most that it can need."""
    if fields["type"] in ("text", "unicode"):
        return segments(fields["text"], encoding="ucs2" if fields["type"] == "unicode" else "gsm7").parts
    if fields["type"] == "binary":
        return 1
    octets = sum(len(fields[name].encode()) for name in ("vcard", "vcal", "title", "url") if name in fields)
    return max(1, -(-octets // OCTETS))
