"""Texts counted by columns are counted as one by one, and what is not plain is left out."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nexmo_nb.text.content import clean_text, find_leftover_name
from nexmo_nb.text.gsm import BASIC, EXTENSION, count_segments
from nexmo_nb.text.plain import BLANKS, VISIBLE, count_plain_texts, keep_gsm

LONGEST = 3200
PLAIN_PIECES = ["a", "é", "ã", "€", "^", "\n", "\r", "\u00a0", " ", "я", "字", "😀", "한", "ẽ"]
ODD_PIECES = [
    "{",
    "}",
    "_x000D_",
    "\u0301",
    "\x00",
    "\t",
    "\u2028",
    "\ufe0f",
    "\u200d",
    "\f",
    "\u1161",
    "\u212b",
    "\u0085",
]


def read(texts: list[str | None], kind: str = "auto") -> dict[str, tuple[str, int]]:
    found = count_plain_texts(pa.array(texts, pa.string()), kind, LONGEST)
    rows = zip(found.places, found.texts.to_pylist(), found.encodings, found.parts.tolist(), strict=True)
    for place, text, _, _ in rows:
        assert texts[place] == text
    return {
        str(texts[place]): (encoding, parts) for place, encoding, parts in zip(found.places, *found[2:], strict=True)
    }


def list_visible() -> list[str]:
    pairs = re.findall("(.)-(.)", VISIBLE)
    assert "".join(f"{first}-{last}" for first, last in pairs) == VISIBLE
    return [chr(code) for first, last in pairs for code in range(ord(first), ord(last) + 1)]


def test_characters_that_are_plain_are_seen_and_stand_for_themselves() -> None:
    for character in list_visible():
        assert character.isprintable()
        assert not character.isspace()
        assert unicodedata.is_normalized("NFC", character)
        assert unicodedata.combining(character) == 0
        assert not unicodedata.category(character).startswith("M")
        assert not "\u1100" <= character <= "\u11ff"
    assert not set(list_visible()) & {"{"}
    assert all(character.isspace() for character in BLANKS)


def test_plain_texts_are_what_people_write() -> None:
    texts = ["Olá João, faltam 3 dias", "Привет", "你好", "5 €", "[a]~", "😀", " \n x", "שלום", "مرحبا", "Ünï-ẽ – «a»"]
    assert list(read(texts)) == texts


@pytest.mark.parametrize("kind", ["auto", "text", "unicode"])
@pytest.mark.parametrize("piece", PLAIN_PIECES)
def test_parts_of_every_length_are_those_of_one_text(piece: str, kind: str) -> None:
    lengths = [1, 34, 35, 36, 69, 70, 71, 79, 80, 81, 133, 134, 135, 159, 160, 161, 305, 306, 307, 459, 460, 3198, 3199]
    texts = [f"x{piece * length}" for length in lengths]
    found = read(texts, kind)
    for text, (encoding, parts) in found.items():
        expected = count_segments(clean_text(text), "ucs2" if kind == "unicode" else None)
        assert (encoding, parts) == expected[:2]
    # A part must not split a pair: where there are some, only texts of one part are plain.
    assert (len(found) >= 2) == (kind != "text" or piece in BASIC + EXTENSION)


@given(st.lists(st.sampled_from([*PLAIN_PIECES * 3, *ODD_PIECES]) | st.text(max_size=3), max_size=200).map("".join))
@example("\n")
@example("\u00a0 \r")
@example("")
def test_any_text_is_left_out_or_counted_as_it_is(text: str) -> None:
    for kind in ("auto", "text", "unicode"):
        for found, (encoding, parts) in read([text], kind).items():
            assert clean_text(found) == found
            assert found.strip()
            assert find_leftover_name(found) is None
            assert (encoding, parts) == count_segments(found, "ucs2" if kind == "unicode" else None)[:2]
            assert kind != "text" or encoding == "gsm7"


@pytest.mark.parametrize("piece", ODD_PIECES[:1] + ODD_PIECES[2:])
def test_odd_texts_are_left_out(piece: str) -> None:
    assert read([f"a{piece}b", None, "", " ", "a" * (LONGEST + 1), "b"]) == {"b": ("gsm7", 1)}


def test_only_texts_in_gsm_are_kept_as_they_are_spelled() -> None:
    texts = [BASIC, EXTENSION, "á", "", None, "a€"]
    assert keep_gsm(pa.array(texts)).to_pylist() == [BASIC, EXTENSION, None, "", None, "a€"]
