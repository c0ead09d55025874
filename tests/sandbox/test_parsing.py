"""What a client wrote: pairs and JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexmo_nb.sandbox.parsing import DEEPEST, parse_json, parse_pairs

texts = st.text(st.characters(exclude_categories=["Cs"]))


def nest(levels: int) -> str:
    return "[" * levels + "]" * levels


@given(st.dictionaries(texts, st.one_of(texts, st.integers(-(2**63), 2**63), st.booleans(), st.none())))
def test_json_in_utf_8_is_read(value: dict[str, Any]) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"NaN",
        b"-Infinity",
        b"1e999",
        b'"\\ud800"',
        b'{"\\udfff": 1}',
        b"9" * 5000,
        '{"a": 1}'.encode("utf-16"),
        nest(DEEPEST + 1).encode(),
        nest(100_000).encode(),
        (b'{"a":' * 60) + b"1" + b"}" * 60,
    ],
)
def test_other_json_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        parse_json(content)


def test_json_may_be_nested_as_deeply_as_said() -> None:
    assert parse_json(nest(DEEPEST).encode())


@pytest.mark.parametrize(
    ("encoded", "pairs"),
    [
        ("", {}),
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a=%C3%A9+%2B%25", {"a": "é +%"}),
        ("a=1&a=2", {"a": "2"}),
    ],
)
def test_pairs_are_read(encoded: str, pairs: dict[str, str]) -> None:
    assert parse_pairs(encoded) == pairs


@pytest.mark.parametrize("encoded", ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%C3", "a=é", "a=%ED%A0%80"])
def test_other_pairs_are_refused(encoded: str) -> None:
    with pytest.raises(ValueError, match="."):
        parse_pairs(encoded)
