"""The form for numbers: a number is rented or given back once, after it was typed again."""

from __future__ import annotations

from form_helpers import list_writes, read_html

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox


def test_a_number_is_rented_once_after_it_was_typed_again(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.number_form()
    form.countries.value, form.sms.value, form.voice.value = "pt, GB", True, True
    form.search.click()
    assert form.found is not None
    assert set(form.found.country) == {"PT", "GB"}
    assert form.found.monthly_cost.is_monotonic_increasing
    form.preview.click()
    assert "once more" in form.message
    number = form.pick.value
    form.confirm.value = f"+{number}"
    form.preview.click()
    assert "a month" in read_html(form)
    for _ in range(3):
        form.send.click()
    assert list_writes(sandbox) == [("POST", "buy")]
    assert number in nx.owned_numbers().msisdn.tolist()
    assert number not in form.found.msisdn.tolist()


def test_a_number_is_given_back_once_after_it_was_typed_again(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.number_form()
    form.action.value, form.countries.value = "give back", ""
    form.search.click()
    number = form.pick.value
    form.confirm.value = number
    form.preview.click()
    form.confirm.value = number + "0"
    form.send.click()
    assert list_writes(sandbox) == []
    form.confirm.value = number
    form.preview.click()
    form.send.click()
    assert number not in nx.owned_numbers().msisdn.tolist()


def test_what_was_found_is_sorted_anew_without_asking_and_forgotten_with_another_action(
    session: nx.Session, sandbox: Sandbox
) -> None:
    form = nx.number_form()
    form.search.click()
    asked = len(sandbox.requests)
    form.sort.value = "msisdn"
    assert form.found is not None
    assert form.found.msisdn.is_monotonic_increasing
    assert form.pick.value == form.found.msisdn[0]
    assert len(sandbox.requests) == asked
    form.action.value = "give back"
    form.confirm.value = "1"
    form.preview.click()
    assert "search first" in form.message


def test_a_wrong_search_is_said_in_words(session: nx.Session) -> None:
    form = nx.number_form()
    form.preview.click()
    assert "search first" in form.message
    for countries, says in (("Congo", "give the code"), ("", "countries such as")):
        form.countries.value = countries
        form.search.click()
        assert says in form.message


def test_countries_may_be_names_and_codes_stand_with_spaces_between_them(session: nx.Session) -> None:
    form = nx.number_form()
    for typed, codes in (
        ("United Kingdom, pt", {"GB", "PT"}),
        ("gb PT\nUS;", {"GB", "PT", "US"}),
        ("Deutschland", {"DE"}),
    ):
        form.countries.value = typed
        form.search.click()
        assert form.found is not None
        assert set(form.found.country) == codes
    form.action.value, form.countries.value = "give back", "Portugal"
    form.search.click()
    assert set(form.found.country) == {"PT"}
