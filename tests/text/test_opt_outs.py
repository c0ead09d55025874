"""What people write to be left alone: read in their languages, with whatever case, accents and marks they use."""

from __future__ import annotations

import pytest

from nexmo_nb.text.opt_outs import FIRST, POLITE, WHOLE, find_kind


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", " Stop! ", "S T O P", "s.t.o.p.", "“Stop”", "stóp", "ＳＴＯＰ", "st\u200bop", "stop?",
        "Stop sending me this", "STOP\nhttps://example.org", "please stop", "Bitte: abmelden", "por favor, PARAR!",
        "Arrêt", "arre\u0302t", "ARRETEZ svp", "s'il vous plaît stop", "Basta!", "Cancel.", "FIM", "baja", "einde",
        "🛑 stop", "opt-out", "OPT OUT NOW", "dość",
    ],
)  # fmt: skip
def test_these_want_to_be_left_alone(text: str) -> None:
    assert find_kind(text) == "stop"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Cancel my table for two", "text"), ("Fin août", "text"), ("don't stop", "text"), ("non-stop", "text"),
        ("stopping by at five", "text"), ("não parar", "text"), ("stop2end", "text"), ("", "text"), ("please", "text"),
        (None, "text"), (float("nan"), "text"), ("Yes", "text"), ("START", "start"), ("un-stop!", "start"),
        ("Alta", "start"), ("start sending again", "text"), ("Help", "help"), ("help me stop this", "help"),
        ("¡Ayuda!", "help"), ("info", "help"), ("info about trains", "text"),
    ],
)  # fmt: skip
def test_these_want_something_else(text: object, kind: str) -> None:
    assert find_kind(text) == kind


def test_every_word_of_the_table_is_of_its_kind_as_the_whole_message_with_please_before_it() -> None:
    for table in (FIRST, WHOLE):
        for kind, languages in table.items():
            for word in ", ".join(languages.values()).split(", "):
                assert find_kind(word) == find_kind(f"{word.upper()}!") == kind, word
                assert {find_kind(f"{polite} {word}") for polite in POLITE} == {kind}, word
    for kind, languages in FIRST.items():
        for word in ", ".join(languages.values()).split(", "):
            assert find_kind(f"{word} 12 34") == kind, word
    assert {language for languages in FIRST.values() for language in languages} >= {
        "en",
        "pt",
        "es",
        "fr",
        "de",
        "it",
        "nl",
    }
