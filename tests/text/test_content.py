"""Texts as they are sent: composed, without what would arrive damaged; and names in braces that were left over."""

from __future__ import annotations

import contextlib
import unicodedata

import pytest
from helpers import ending
from hypothesis import given
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.text.cells import TextProblem
from nexmo_nb.text.content import clean_text, compose_accents, find_leftover_name, normalize_text

TEXTS = st.text(st.one_of(st.sampled_from("aeo é\u0301\u0323각Ångö\n"), st.characters(exclude_categories=["Cs", "Cc"])))


@given(TEXTS)
def test_a_composed_text_takes_as_many_parts_as_its_nfc(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert compose_accents(decomposed) == composed
    assert nx.segments(decomposed) == nx.segments(composed)


@given(TEXTS)
def test_a_text_looks_as_before_and_is_never_longer(text: str) -> None:
    composed = compose_accents(text)
    assert unicodedata.normalize("NFC", composed) == unicodedata.normalize("NFC", text)
    assert len(composed) <= len(text)
    assert compose_accents(composed) == composed


@pytest.mark.parametrize(
    "text",
    [
        "豈",  # a compatibility ideograph
        "\u212b",  # the sign of Ångström
        "\u2126 \u212a",
        "\u0958",  # NFC would write it with two characters
        "\u037e",
        "e\u200d\u0301",
        "q\u0307\u0323",
        "👩\u200d👩\u200d👧 1\ufe0f\u20e3",
    ],
)
def test_what_composes_with_nothing_stays(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Cafe\u0301", "Café"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("豈 e\u0301", "豈 é"),
        ("a_x000D_\nb", "a\nb"),
        ("a_x000D_b", "a\nb"),
        ("a_x000d_\r\nb", "a\nb"),
        ("a\u2028b\u2029c", "a\nb\nc"),
        ("a\r\nb\rc\nd", "a\r\nb\rc\nd"),
        ("a_x000", "a_x000"),
        ("", ""),
        (" Hello ", " Hello "),
    ],
)
def test_a_text_is_sent_as_it_reads(text: str, clean: str) -> None:
    assert clean_text(text) == clean
    assert nx.segments(text) == nx.segments(clean)


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\x00", "NUL"),
        ("\x07", "BEL"),
        ("\t", "tab"),
        ("\v", "vertical tab"),
        ("\f", "form feed"),
        ("\x1b", "ESC"),
        ("\x01", "U+0001"),
        ("\x7f", "DEL"),
        ("\x85", "NEL"),
        ("\x9f", "U+009F"),
    ],
)
def test_control_characters_are_refused_by_name(character: str, name: str) -> None:
    for text in (f"a{character}b", f"é{character}", character):
        with pytest.raises(TextProblem, match=f"control character, {name.replace('+', '.')}, at position") as caught:
            clean_text(text)
        assert caught.value.code == "text_control"
        assert str(caught.value).isprintable()


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(TextProblem, match="surrogate") as caught:
        clean_text("a\ud83d")
    assert caught.value.code == "text_encoding"


@given(st.text())
def test_any_text_is_clean_or_refused(text: str) -> None:
    with contextlib.suppress(TextProblem):
        assert clean_text(clean_text(text)) == clean_text(text) == normalize_text(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hi {name}, {days} days", "{name}"),
        ("Hi {first_name}", "{first_name}"),
        ("Hi {{name}}", "{{name}}"),
        ("Hi { name }", "{ name }"),
        ("Hi {first name}", "{first name}"),
        ("Hi ${name}", "{name}"),
        ("Hi {user.name}", "{user.name}"),
        ("{price:.2f}", "{price:.2f}"),
        ("{name!r}", "{name!r}"),
        ("{Straße}", "{Straße}"),
        ("{имя}", "{имя}"),
        ("{x1}", "{x1}"),
        ("{} {name}", "{name}"),
        ("{}", None),
        ("{1}", None),
        ("{{1}}", None),
        ('{"name": 1}', None),
        ("{name", None),
        ("name}", None),
        ("{see you soon, my very dear friend}", None),
        ("{name, days}", None),
        (":-{ hello", None),
        ("[name]", None),
        ("", None),
    ],
)
def test_a_name_in_braces_is_left_over(text: str, name: str | None) -> None:
    assert find_leftover_name(text) == name


@pytest.mark.parametrize(
    "text", ["{" * 3200, "{ " * 1600, "{a " * 1000, "{" + "a_" * 1600, "{a" + " " * 3200, "{a:" * 1000]
)
def test_no_text_takes_long_to_search(text: str) -> None:
    # So often that a search that goes back at each place would take hours.
    with ending():
        assert find_leftover_name(text[0] + text[1:] * 300) is None
