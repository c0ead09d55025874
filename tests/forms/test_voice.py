"""The form for voice messages: a call is placed once, and refused before it is placed."""

from __future__ import annotations

import pytest
from form_helpers import read_html

import nexmo_nb as nx
from nexmo_nb.forms import VoiceForm
from nexmo_nb.sandbox import Sandbox


@pytest.fixture
def voice(session: nx.Session) -> VoiceForm:
    form = nx.voice_form()
    form.to.value, form.text.value = "+44 7700 900123", "Hello"
    return form


def test_a_call_is_placed_once(voice: VoiceForm, sandbox: Sandbox) -> None:
    assert voice.machine_detection.label == "speaks at once"
    voice.language.value, voice.repeat.value = "pt-pt", 2
    voice.preview.click()
    assert "a minute" in read_html(voice)
    assert sandbox.calls == []
    for _ in range(3):
        voice.send.click()
    assert len(sandbox.calls) == 1
    assert sandbox.calls[0]["ncco"][0]["language"] == "pt-PT"


def test_a_wrong_call_is_said_before_it_is_placed(voice: VoiceForm, sandbox: Sandbox) -> None:
    voice.callback.value, voice.to.value, voice.text.value = "nowhere", "x", ""
    voice.preview.click()
    assert voice.message.startswith("Correct these 3 fields first. To: Got 'x'; ")
    assert "Text: This is needed: text, Recording, or both." in voice.message
    assert "Event URL: Got 'nowhere'" in voice.message
    assert voice.send.disabled
    assert sandbox.calls == []


def test_only_voices_that_the_account_can_have_are_offered(session: nx.Session, sandbox: Sandbox) -> None:
    assert [value for _, value in nx.voice_form().voice.options][:3] == ["female", "0", "1"]
    with nx.connect(sandbox.url, api_key=sandbox.api_key, api_secret=sandbox.api_secret) as unsigned:
        assert [value for _, value in nx.voice_form(session=unsigned).voice.options] == ["female", "male"]


def test_own_numbers_that_can_call_are_offered_and_taken(voice: VoiceForm, sandbox: Sandbox) -> None:
    owned = nx.owned_numbers()
    able = owned[owned.voice].msisdn.tolist()
    assert [label.split()[0] for label in voice.sender.options] == able
    voice.sender.value = voice.sender.options[0]
    voice.preview.click()
    voice.send.click()
    assert sandbox.calls[0]["from"]["number"] == able[0]


def test_a_national_number_goes_to_the_region_that_is_named(voice: VoiceForm, sandbox: Sandbox) -> None:
    voice.to.value, voice.region.value = "213 456 789", "Portugal"
    voice.preview.click()
    assert "Careful" not in read_html(voice)
    voice.send.click()
    assert sandbox.calls[0]["to"] == "351213456789"
    assert "region=&#x27;Portugal&#x27;)" in read_html(voice)


def test_a_doubtful_number_is_shown_before_it_is_called(voice: VoiceForm, sandbox: Sandbox) -> None:
    voice.to.value = "+351 999 345 678"
    voice.preview.click()
    assert "no valid number of Portugal" in read_html(voice)
    voice.send.click()
    assert len(sandbox.calls) == 1
    voice.to.value = "351999345678"
    voice.preview.click()
    assert "name the region" in voice.message
    assert voice.send.disabled


def test_a_person_who_said_stop_is_refused_at_the_number(voice: VoiceForm, sandbox: Sandbox) -> None:
    nx.suppress("+44 7700 900000")
    voice.to.value, voice.text.value = "+44 7700 900000", "Hello"
    voice.preview.click()
    assert "do-not-send list" in voice.message
    assert voice.send.disabled
    voice.to.value = "+44 7700 900001"
    voice.preview.click()
    nx.suppress("+44 7700 900001")
    voice.send.click()
    assert "do-not-send list" in voice.message
    assert "nexmo-nb-wrong" in voice._boxes["to"]._dom_classes
    assert sandbox.calls == []
