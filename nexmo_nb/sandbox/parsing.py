"""What a client wrote, read strictly: pairs of a query or form, and JSON. ValueError for anything else."""

from __future__ import annotations

import json
import re
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

DEEPEST = 50
"""Levels of nesting in JSON. A deeper value would exhaust the stack of the code that copies and writes it."""


def parse_pairs(encoded: str) -> dict[str, str]:
    """Parse pairs as a URL writes them: ASCII, with each other byte of UTF-8 as % and two hexadecimal digits."""
    if not encoded.isascii() or re.search("%(?![0-9A-Fa-f]{2})", encoded):
        raise ValueError("it is not percent-encoded")
    return dict(parse_qsl(encoded, keep_blank_values=True, errors="strict"))


def is_form(content: bytes) -> bool:
    """Tell whether a body is one of a form for sure, whatever its type says.

    An official client says of a form that it is JSON, once it has sent JSON.
    """
    return re.fullmatch(rb"[\w.~*+%-]+=[\w.~*+%=&-]*", content) is not None


def drop_nulls(value: Any) -> Any:
    """Copy JSON without the members of objects that are null: a null stands for what was not given."""
    if isinstance(value, dict):
        return {name: drop_nulls(inner) for name, inner in value.items() if inner is not None}
    return [drop_nulls(inner) for inner in value] if isinstance(value, list) else value


def parse_json(content: bytes) -> Any:
    """Parse JSON in UTF-8. What could not be written again (NaN, half of a surrogate pair) is refused."""
    try:
        value = json.loads(content.decode())
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    level = [value]
    for _ in range(DEEPEST):  # no recursion, which would exhaust the stack
        holders = [
            each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list))
        ]
        level = list(chain.from_iterable(holders))
    if level:
        raise ValueError("it is nested too deeply")
    return value
