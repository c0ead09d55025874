"""Which characters cost what, and how else to write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.text.gsm import BASIC, EXTENSION

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
    assert shown.attrs["replaced"] == "à" * 140


@pytest.mark.parametrize(
    ("character", "spelling"),
    [
        ("’", "'"),
        ("–", "-"),
        ("…", "..."),
        ("\u00a0", " "),
        ("ç", "c"),
        ("ã", "a"),
        ("é", None),
        ("😀", None),
        ("ы", None),
        ("ﬁ", "fi"),
    ],
)
def test_spellings(character: str, spelling: str | None) -> None:
    found = nx.explain_encoding(character)
    if character in BASIC:
        assert len(found) == 0
    else:
        assert found.replacement.fillna("none").tolist() == [spelling or "none"]


def test_a_text_without_costly_characters_gives_the_same_columns() -> None:
    empty = nx.explain_encoding("Hello")
    assert (len(empty), [str(dtype) for dtype in empty.dtypes]) == (0, DTYPES)
    assert [str(dtype) for dtype in nx.explain_encoding("á").dtypes] == DTYPES


@given(st.text(max_size=50).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)))
def test_every_replacement_is_in_the_alphabet(text: str) -> None:
    shown = nx.explain_encoding(text)
    assert set("".join(shown.replacement.dropna())) <= set(BASIC + EXTENSION)
    assert shown.attrs["after"].encoding in ("gsm7", shown.attrs["before"].encoding)
    assert sum(shown["count"]) == sum(1 for c in text if c not in BASIC)


def test_only_text_is_explained() -> None:
    with pytest.raises(nx.InvalidRequestError, match="^text: got"):
        nx.explain_encoding(None)  # type: ignore[arg-type]
