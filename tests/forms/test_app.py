"""The app: all forms on one page, for people who never code."""

from __future__ import annotations

from pathlib import Path

import pytest
from form_helpers import read_html

import nexmo_nb as nx
from nexmo_nb.errors import UnknownOutcomeError
from nexmo_nb.forms.app import FORMS, App
from nexmo_nb.forms.sms import SmsForm
from nexmo_nb.sandbox import Sandbox


@pytest.fixture
def app(session: nx.Session) -> App:
    return App(session)


def send_text(app: App) -> SmsForm:
    form = app.forms["sms"]
    assert isinstance(form, SmsForm)
    form.sender.value, form.to.value, form.text.value = "Demo", "+44 7700 900123", "Hello"
    form.preview.click()
    form.send.click()
    return form


def test_a_form_is_made_when_its_tab_is_chosen_and_keeps_what_was_typed(app: App) -> None:
    assert list(app.forms) == ["sms"]
    form = app.forms["sms"]
    app.tabs.selected_index = list(FORMS).index("numbers")
    assert list(app.forms) == ["sms", "numbers"]
    app.tabs.selected_index = 0
    assert app.forms["sms"] is form
    assert [len(place.children) for place in app.tabs.children] == [1, 0, 0, 1, 0]


def test_each_tab_has_the_title_of_its_form(app: App) -> None:
    for place, title in enumerate(app.tabs.titles):
        app.tabs.selected_index = place
        assert f"<h3>{title}</h3>" in app.tabs.children[place].children[0].children[0].value
    assert list(app.forms) == list(FORMS)


def test_no_form_of_the_app_shows_the_call_that_does_the_same(app: App) -> None:
    form = send_text(app)
    assert form.message == "1 accepted."
    assert "<table>" in read_html(form)
    assert "<details>" not in read_html(form)


def test_forms_outside_the_app_show_the_call(app: App) -> None:
    form = nx.voice_form()
    form.to.value, form.text.value = "+44 7700 900123", "Hello"
    form.preview.click()
    form.send.click()
    assert "nx.send_voice(" in read_html(form)


def test_the_badge_on_top_changes_with_that_of_the_form(app: App) -> None:
    assert "balance not read yet" in app._badge_area.value
    send_text(app)
    assert "balance EUR 24." in app._badge_area.value
    for place in range(len(FORMS)):
        app.tabs.selected_index = place
        assert app._badge_area.value in app.tabs.children[place].children[0].children[0].value


def test_where_nobody_knows_what_became_of_a_send_the_advice_names_no_function(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = app.forms["sms"]
    said, _ = form.describe_failure(UnknownOutcomeError("No answer."))
    assert said == "No answer. Look at your account before you do it again."


def test_the_app_says_whether_what_is_sent_reaches_people(
    sandbox: Sandbox, session: nx.Session, tmp_path: Path
) -> None:
    live = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret, "state_dir": tmp_path / "live"}
    for options, badge, said in (
        ({}, "SANDBOX", "nothing costs money"),
        (live, "LIVE", "What you send here reaches people, and costs money."),
    ):
        with nx.connect(sandbox.url, **options) as connected:
            app = App(connected)
            assert f">{badge}</span>" in app._badge_area.value
            assert said in app.children[2].value


def test_an_account_that_is_refused_is_told_in_each_form(sandbox: Sandbox, tmp_path: Path) -> None:
    with nx.connect(sandbox.url, api_key="wrong", api_secret="wrong", state_dir=tmp_path / "wrong") as connected:
        app = App(connected)
        for place in range(len(FORMS)):
            app.tabs.selected_index = place
        assert list(app.forms) == list(FORMS)
        assert "could not be read" in app.forms["sms"].message
        assert app.forms["applications"].message
