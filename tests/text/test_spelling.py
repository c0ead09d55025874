"""Which characters cost what, and how else to write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.text.content import normalize_text
from nexmo_nb.text.gsm import BASIC, EXTENSION
from nexmo_nb.text.spelling import spell_in_gsm

DTYPES = ["string", "string", "int64", "string", "string", "string"]


def test_it_names_the_characters_that_cost_and_where_they_stand() -> None:
    shown = nx.explain_encoding("Olá, 5 € à Zoë á")
    assert shown.character.tolist() == ["á", "€", "ë"]
    assert shown.name.tolist() == [
        "LATIN SMALL LETTER A WITH ACUTE",
        "EURO SIGN",
        "LATIN SMALL LETTER E WITH DIAERESIS",
    ]
    assert shown[["count", "positions", "cost"]].values.tolist() == [
        [2, "2,15", "forces ucs2"],
        [1, "7", "two septets"],
        [1, "13", "forces ucs2"],
    ]


def test_parts_before_and_after() -> None:
    shown = nx.explain_encoding("á" * 140)
    assert (shown.attrs["before"].parts, shown.attrs["after"].parts) == (3, 1)
    assert shown.attrs["replaced"] == "a" * 140


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Don’t – wait…", "Don't - wait..."),
        ("a\u00a0b\u202fc", "a b c"),
        ("„Ja“ «oui» ‹non›", '"Ja" "oui" \'non\''),
        ("açaí ção ŝ ű İ ı", "acai cao s u I i"),
        # What GSM-7 has stays.
        ("áéèùìòàÇäöüñåøæßÉ", "aéèùìòàÇäöüñåøæßÉ"),
        ("e\u0301a\u0301", "éa"),
        ("½ ¼ ¾ 1½ 1 ½", "1/2 1/4 3/4 1 1/2 1 1/2"),
        ("Œuvre ŒUVRE cœur BŒ Œ", "Oeuvre OEUVRE coeur BOE Oe"),
        ("Þór ÞÓR þ ð", "Thor THOR th d"),
        ("● one • two ▪ three", "- one - two - three"),
        ("✓ paid → next ← back ✗", "OK paid -> next <- back x"),
        ("5‰ of 50¢", "5 o/oo of 50c"),
        ("1ª 1º nº", "1a 1o no"),
        ("m² 10² 10⁻³ (a)³", "m2 10^2 10^-3 (a)^3"),
        ("CO₂", "CO2"),
        ("① Ⅳ № ﬁ ㎏", "(1) IV No fi kg"),
        ("3·4 a · b col·legi", "3*4 a - b col.legi"),
        ("≤ ≥ ± ÷ × − ≈", "<= >= +/- / x - ~"),
        ("₹5 5₺ ₫", "Rs5 5TL VND"),
        ("ΚΑΛΗΜΕΡΑ ΆΪ", "KAΛHMEPA AI"),
        ("Dobrý den, Łódź, Đà Nẵng", "Dobry den, Lodz, Dà Nang"),
        ("a\u200bb\ufeffc\u00add", "abcd"),
        ("x\u030c", "x"),
        ("𝗛𝗲𝗹𝗹𝗼 ｆｕｌｌ", "Hello full"),
        ("5 € [a]", "5 € [a]"),
        ("", ""),
    ],
)
def test_texts_are_spelled_in_gsm7_with_the_same_sense(text: str, spelled: str) -> None:
    assert spell_in_gsm(text) == spelled
    assert nx.explain_encoding(text).attrs["replaced"] == spelled


@pytest.mark.parametrize(
    "text",
    [
        "Olá 😀",
        "Olá… ы",
        "👩\u200d👩\u200d👧 ‘hi’",
        "❤\ufe0f é…",
        "“1\ufe0f\u20e3”",
        "Καλημέρα ΚΑΛΗ",
        # Without the stroke or the degree, something else would be said.
        "20°C",
        "20 ºC",
        "20 ℃",
        "a ≠ b",
        "a ≮ b",
        "2\u03360",
        "10₂",
        "¨",
        "a¸",
        "á\x00",
    ],
)
def test_what_cannot_be_spelled_as_a_whole_is_not_touched(text: str) -> None:
    assert spell_in_gsm(text) == spell_in_gsm(text, keep_accents=True) == text
    shown = nx.explain_encoding(text)
    assert shown.attrs["replaced"] == text
    assert shown.attrs["after"] == shown.attrs["before"]
    assert shown.replacement.isna().any()


def test_accents_can_be_kept_where_gsm7_has_another_one() -> None:
    shown = nx.explain_encoding("áíóú ãâ ÁÍ", keep_accents=True)
    assert shown.attrs["replaced"] == "àìòù aa AI"
    assert shown.replacement.tolist() == ["à", "ì", "ò", "ù", "a", "a", "A", "I"]


def test_whether_accents_are_kept_is_yes_or_no() -> None:
    with pytest.raises(nx.InvalidRequestError, match="^keep_accents: got"):
        nx.explain_encoding("á", keep_accents="yes")  # type: ignore[arg-type]


def test_the_replacement_that_is_shown_is_that_of_the_first_place() -> None:
    assert nx.explain_encoding("1½ ½").replacement.tolist() == [" 1/2"]


@given(st.text(st.one_of(st.sampled_from("aZ5 é’½Œ²·º\u0301Κ😀"), st.characters(exclude_categories=["Cs"]))))
def test_a_spelling_is_in_gsm7_or_the_text_itself(text: str) -> None:
    for keep_accents in (False, True):
        spelled = spell_in_gsm(text, keep_accents=keep_accents)
        assert spelled == text or nx.segments(spelled).encoding == "gsm7"
        assert spell_in_gsm(spelled, keep_accents=keep_accents) == spelled
        assert nx.explain_encoding(text, keep_accents=keep_accents).attrs["replaced"] == spelled


@given(st.text(st.sampled_from(BASIC + EXTENSION)))
def test_a_text_in_gsm7_stays(text: str) -> None:
    assert spell_in_gsm(text) == text


def test_a_text_without_costly_characters_gives_the_same_columns() -> None:
    empty = nx.explain_encoding("Hello")
    assert (len(empty), [str(dtype) for dtype in empty.dtypes]) == (0, DTYPES)
    assert [str(dtype) for dtype in nx.explain_encoding("á").dtypes] == DTYPES


@given(st.text(max_size=50).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)))
def test_every_replacement_is_in_the_alphabet(text: str) -> None:
    shown = nx.explain_encoding(text)
    assert set("".join(shown.replacement.dropna())) <= set(BASIC + EXTENSION)
    assert shown.attrs["after"].encoding in ("gsm7", shown.attrs["before"].encoding)
    assert sum(shown["count"]) == sum(1 for c in normalize_text(text) if c not in BASIC)


def test_only_text_is_explained() -> None:
    with pytest.raises(nx.InvalidRequestError, match="^text: got"):
        nx.explain_encoding(None)  # type: ignore[arg-type]
