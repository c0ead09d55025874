"""Counting parts: exact at every boundary, against a count done the slow and plain way."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.sandbox.segments import is_gsm_character, split_gsm, split_ucs2
from nexmo_nb.text.gsm import BASIC, EXTENSION, outside_gsm, segments


def by_hand(costs: list[int], single: int, size: int) -> int:
    """Put characters into parts one after the other, each whole."""
    if sum(costs) <= single:
        return 1 if costs else 0
    parts, room = 1, size
    for cost in costs:
        if cost > room:
            parts, room = parts + 1, size
        room -= cost
    return parts


def test_the_alphabet_has_127_characters_and_10_extended_ones() -> None:
    assert (len(set(BASIC)), len(set(EXTENSION)), set(BASIC) & set(EXTENSION)) == (127, 10, set())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("gsm7", 0, 0, 160)),
        ("a" * 160, ("gsm7", 1, 160, 0)),
        ("a" * 161, ("gsm7", 2, 161, 145)),
        ("a" * 306, ("gsm7", 2, 306, 0)),
        ("a" * 307, ("gsm7", 3, 307, 152)),
        ("€" * 80, ("gsm7", 1, 160, 0)),
        ("a" * 152 + "€" + "a" * 152, ("gsm7", 3, 306, 152)),
        ("€" * 153, ("gsm7", 3, 306, 151)),
        ("\f", ("gsm7", 1, 2, 158)),
        ("Ç", ("gsm7", 1, 1, 159)),
        ("ç", ("ucs2", 1, 1, 69)),
        ("\t", ("ucs2", 1, 1, 69)),
        ("\u00a0", ("ucs2", 1, 1, 69)),
        ("\x1b", ("ucs2", 1, 1, 69)),
        ("`", ("ucs2", 1, 1, 69)),
        ("ы" * 70, ("ucs2", 1, 70, 0)),
        ("ы" * 71, ("ucs2", 2, 71, 63)),
        ("ы" * 66 + "😀" + "ы" * 66, ("ucs2", 3, 134, 66)),
        ("😀" * 35, ("ucs2", 1, 70, 0)),
        ("😀" * 67, ("ucs2", 3, 134, 65)),
    ],
)
def test_edges_that_catch_everyone(text: str, expected: tuple[str, int, int, int]) -> None:
    assert segments(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 70, ("ucs2", 1, 70, 0)),
        ("a" * 71, ("ucs2", 2, 71, 63)),
        ("€", ("ucs2", 1, 1, 69)),
        ("€" * 71, ("ucs2", 2, 71, 63)),
        # The first half of a pair is the last unit of a part, for the lowest and the highest pair.
        *(("ы" * 66 + pair + "ы" * 66, ("ucs2", 3, 134, 66)) for pair in ("\U00010000", "\U0010ffff")),
        # The second half is, and the pair is whole.
        *(("ы" * 65 + pair + "ы" * 67, ("ucs2", 2, 134, 0)) for pair in ("\U0001f400", "\U0010ffff")),
    ],
)
def test_a_text_that_is_to_be_unicode_is_counted_so(text: str, expected: tuple[str, int, int, int]) -> None:
    assert segments(text, encoding="ucs2") == expected


@given(st.text(st.sampled_from("a€é^"), max_size=700))
def test_septets_fill_parts_without_splitting_a_pair(text: str) -> None:
    costs = [2 if c in EXTENSION else 1 for c in text]
    found = segments(text)
    assert (found.encoding, found.parts, found.units) == ("gsm7", by_hand(costs, 160, 153), sum(costs))


@given(st.text(st.sampled_from("aы😀"), max_size=400))
def test_utf16_units_fill_parts_without_splitting_a_pair(text: str) -> None:
    costs = [2 if c > "\uffff" else 1 for c in text]
    found = segments(text, encoding="ucs2")
    assert (found.parts, found.units) == (by_hand(costs, 70, 67), sum(costs))


@given(st.text(st.sampled_from("a€ы😀"), max_size=500))
def test_what_remains_is_what_still_fits(text: str) -> None:
    found = segments(text)
    more = segments(text + "a" * found.remaining, encoding=found.encoding)
    over = segments(text + "a" * (found.remaining + 1), encoding=found.encoding)
    assert more.parts == max(found.parts, 1)
    assert over.parts == more.parts + 1


@pytest.mark.slow
def test_twenty_thousand_random_texts_are_cut_as_by_the_sandbox() -> None:
    """The sandbox counts by a splitter of its own, character by character."""
    dice = random.Random(1)
    letters = "ab@£ \n€[]^{}\f", "aé€😀ы\u00a0", "ы😀"
    for _ in range(20_000):
        near = dice.choice((0, 70, 134, 153, 160, 306, 460)) + dice.randint(-8, 8)
        text = "".join(dice.choices(dice.choice(letters), k=max(1, near)))
        pieces = split_gsm(text) if all(map(is_gsm_character, text)) else split_ucs2(text)
        assert segments(text).parts == len(pieces), text


def test_strangers_are_listed_once_in_order() -> None:
    assert outside_gsm("Olá, ção, á") == ["á", "ç", "ã"]


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="surrogate"):
        segments("\ud83d")


@pytest.mark.parametrize("text", [None, 5, b"abc"])
def test_only_text_is_counted(text: object) -> None:
    with pytest.raises(InvalidRequestError, match="text: got"):
        segments(text)  # type: ignore[arg-type]


def test_gsm7_asked_for_and_impossible_names_the_characters() -> None:
    with pytest.raises(InvalidRequestError, match="'á'"):
        segments("Olá", encoding="gsm7")


@pytest.mark.parametrize(
    ("text", "encoding", "words"),
    [
        (5, None, "text: got a int, allowed is str."),
        ("a", "gsm", "encoding: got 'gsm', allowed are 'gsm7' and 'ucs2'."),
        ("a", "x" * 30, f"encoding: got '{'x' * 20}', allowed are 'gsm7' and 'ucs2'."),
        ("a", 7, "encoding: got a int, allowed are 'gsm7' and 'ucs2'."),
        ("\udc00", None, "text: holds half of a surrogate pair, which no encoding can carry; remove it."),
    ],
)
def test_a_refusal_says_what_is_allowed(text: object, encoding: object, words: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        segments(text, encoding=encoding)  # type: ignore[arg-type]
    assert str(caught.value) == words
