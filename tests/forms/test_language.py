"""Forms speak the language that was chosen, wherever they say something."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from form_helpers import read_html

import nexmo_nb as nx
from nexmo_nb.forms.widgets import list_widgets
from nexmo_nb.forms.words import LANGUAGES
from nexmo_nb.options import Language
from nexmo_nb.sandbox import Sandbox

FORMS = [nx.sms_form, nx.voice_form, nx.number_form, nx.application_form]
# The same in both languages.
SHARED = {"SMS", "MMS", "Id", "Interface"}


def list_texts(form: Any) -> set[str]:
    """The texts of the form itself: labels, buttons, hints, choices, titles; not countries, numbers and names."""
    found: set[str] = set()
    for each in list_widgets(form):
        found |= {getattr(each, name, "") or "" for name in ("description", "placeholder", "tooltip")}
        found |= set(getattr(each, "_options_labels", ()))
        found |= set(re.findall(r"<h\d>(.*?)</h\d>", str(getattr(each, "value", ""))))
    return found


def test_there_are_words_for_each_language_that_can_be_chosen() -> None:
    assert set(get_args(Language)) == set(LANGUAGES)


@pytest.mark.parametrize("make", FORMS, ids=lambda make: make.__name__)
def test_no_form_mixes_languages(session: nx.Session, make: Any) -> None:
    english, portuguese = (set(LANGUAGES[name].values()) for name in ("en", "pt"))
    shown = list_texts(make(language="pt"))
    assert shown & (english - portuguese - SHARED) == set()
    assert len(shown & portuguese) > 10


def test_the_option_is_the_language_of_forms_that_are_made_later(session: nx.Session) -> None:
    before = nx.sms_form()
    nx.set_options(language="pt")
    assert (before.send.description, nx.sms_form().send.description) == ("Send", "Enviar")
    assert nx.sms_form(language="en").send.description == "Send"


def test_a_language_without_words_is_refused(session: nx.Session) -> None:
    with pytest.raises(nx.InvalidRequestError, match="language: got 'fr'; allowed: 'en', 'pt'"):
        nx.sms_form(language="fr")  # type: ignore[arg-type]
    with pytest.raises(nx.InvalidRequestError, match="language: got 'fr'"):
        nx.set_options(language="fr")  # type: ignore[arg-type]
    assert nx.set_options()["language"] == "en"


def test_a_send_is_told_in_portuguese_from_preview_to_outcome(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.sms_form(language="pt")
    form.preview.click()
    assert form.message.startswith("Corrija primeiro estes 3 campos. De: Isto é necessário:")
    form.sender.value, form.to.value, form.text.value = "Demo", "+351 912 345 678\n+44 7700 900123\n12", "Olá"
    form.preview.click()
    shown = read_html(form)
    assert "Reino Unido" in shown
    assert "2 de 3 seriam enviadas" in shown
    assert "Não podem ser enviadas: 1 de 3" in shown
    assert "SIMULAÇÃO" in form.children[0].value
    form.send.click()
    assert form.message == "2 aceites, 1 não podem ser enviadas."
    assert len(sandbox.messages) == 2
