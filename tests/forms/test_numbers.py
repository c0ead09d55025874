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
    assert "pick a number" in form.message
    form.pick.picked = number = form.found.msisdn[3]
    form.preview.click()
    assert "once more" in form.message
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
    assert form.found is not None
    form.pick.picked = form.confirm.value = number = form.found.msisdn[1]
    form.preview.click()
    form.confirm.value = number + "0"
    form.send.click()
    assert list_writes(sandbox) == []
    form.confirm.value = number
    form.preview.click()
    form.send.click()
    assert number not in nx.owned_numbers().msisdn.tolist()


def test_what_was_found_is_forgotten_with_another_action(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.number_form()
    form.search.click()
    assert form.found is not None
    form.pick.picked = form.confirm.value = form.found.msisdn[0]
    form.action.value = "give back"
    assert (form.pick.picked, form.send.button_style) == (None, "danger")
    form.preview.click()
    assert form.message.startswith("Search first")
    assert list_writes(sandbox) == []


def test_another_number_that_is_picked_makes_the_preview_void(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.number_form()
    form.search.click()
    assert form.found is not None
    form.pick.picked = form.confirm.value = form.found.msisdn[0]
    form.preview.click()
    assert not form.send.disabled
    form.pick.picked = form.found.msisdn[1]
    form.send.click()
    assert list_writes(sandbox) == []


def test_the_table_shows_every_number_with_its_prices_to_sort_by(session: nx.Session) -> None:
    form = nx.number_form()
    form.search.click()
    assert form.found is not None
    rows = form.pick.content["rows"]
    first = form.found.iloc[0]
    assert len(rows) == len(form.found) > 50
    assert rows[0][0] == rows[0][1] == first.msisdn
    assert rows[0][-2:] == [
        [f"EUR {first.monthly_cost:.2f}", first.monthly_cost],
        [f"EUR {first.setup_cost:.2f}", first.setup_cost],
    ]
    assert [column["heading"] for column in form.pick.content["columns"]][:3] == ["Number", "Country", "Type"]


def test_where_nothing_is_found_the_form_says_what_to_do(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.number_form()
    form.pattern.value = "99999999"
    form.search.click()
    assert "ask for less" in form._empty_area.value


def test_a_wrong_search_is_said_in_words(session: nx.Session) -> None:
    form = nx.number_form()
    form.preview.click()
    assert form.message.startswith("Search first")
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
