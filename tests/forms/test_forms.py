"""Forms: nothing is sent without a preview, and what was previewed is sent once, however it is clicked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ipywidgets
import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.forms import SmsForm, VoiceForm
from nexmo_nb.sandbox import Sandbox


def shown(form: Any) -> str:
    """Everything that the form shows as markup."""
    return form._message_area.value + form._preview_area.value + form._result_area.value


@pytest.fixture
def form(session: nx.Session) -> SmsForm:
    form = nx.sms_form()
    form.sender.value, form.to.value, form.text.value = "Demo", "+44 7700 900123", "Hello"
    return form


def texts(sandbox: Sandbox) -> list[str]:
    return [message["text"] for message in sandbox.messages]


def test_nothing_is_sent_without_a_preview(form: SmsForm, sandbox: Sandbox) -> None:
    assert form.send.disabled
    form.send.click()
    assert texts(sandbox) == []


def test_a_preview_shows_what_would_be_sent_and_sends_nothing(form: SmsForm, sandbox: Sandbox) -> None:
    form.preview.click()
    assert "447700900123" in shown(form)
    assert "GB" in shown(form)
    assert "0.0333" in shown(form)
    assert not form.send.disabled
    assert texts(sandbox) == []


def test_however_often_it_is_clicked_one_message_leaves(form: SmsForm, sandbox: Sandbox) -> None:
    form.preview.click()
    for _ in range(3):
        form.send.click()
    assert texts(sandbox) == ["Hello"]
    assert form.send.disabled
    assert form.result is not None
    assert form.result.meaning.tolist() == ["accepted"]
    assert "Balance: 24.9" in shown(form)
    assert "nx.send_sms(&#x27;447700900123&#x27;, &#x27;Hello&#x27;, sender=&#x27;Demo&#x27;)" in shown(form)


@pytest.mark.parametrize("field", ["sender", "to", "text", "type", "ttl", "client_ref"])
def test_any_change_makes_the_preview_void(form: SmsForm, sandbox: Sandbox, field: str) -> None:
    form.preview.click()
    control = form.fields[field] if field in form.fields else getattr(form, field)
    control.value = {"type": "unicode", "to": "+44 7700 900124", "ttl": "30000"}.get(field, "Other")
    assert form.send.disabled
    form.send.click()
    assert texts(sandbox) == []
    assert "preview again" in form.message


def test_a_wrong_field_is_said_in_words_and_stays(form: SmsForm, sandbox: Sandbox) -> None:
    form.to.value = "07700 900123"
    form.preview.click()
    assert "national number" in form.message
    assert form.send.disabled
    assert (form.to.value, form.text.value, form.preview.disabled) == ("07700 900123", "Hello", False)


@pytest.mark.parametrize(("kind", "says"), [("no-credit", "Top up"), ("drop-after", "settle()"), ("429", "Rate Limit")])
def test_a_failed_send_is_said_in_words_and_leaves_every_field(
    form: SmsForm, sandbox: Sandbox, kind: str, says: str
) -> None:
    form.preview.click()
    sandbox.fail_next(kind, times=3, path="/sms")
    form.send.click()
    form.send.click()
    assert says in form.message
    assert (form.to.value, form.text.value, form.sender.value) == ("+44 7700 900123", "Hello", "Demo")
    assert len([r for r in sandbox.requests if r["path"] == "/sms/json"]) == (3 if kind == "429" else 1)


def test_a_preview_warns_of_a_message_that_may_have_been_sent(form: SmsForm, sandbox: Sandbox) -> None:
    form.preview.click()
    sandbox.fail_next("drop-after", path="/sms")
    form.send.click()
    form.preview.click()
    assert "nobody knows whether it arrived" in shown(form)


def test_several_recipients_are_planned_and_sent_once(form: SmsForm, sandbox: Sandbox) -> None:
    form.to.value = "+44 7700 900123\n+351 912 345 678; 447700900123, 12"
    form.preview.click()
    assert "2 of 4 can be sent" in shown(form)
    form.send.click()
    form.send.click()
    assert sorted(message["to"] for message in sandbox.messages) == ["351912345678", "447700900123"]
    assert form.result is not None
    assert form.result.state.tolist() == ["accepted", "accepted", "problem", "problem"]


def test_braces_that_are_typed_are_only_braces(form: SmsForm, sandbox: Sandbox) -> None:
    form.text.value = "{name} {"
    form.preview.click()
    form.send.click()
    assert texts(sandbox) == ["{name} {"]


def test_a_frame_fills_the_text(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.sms_form(pd.DataFrame({"to": ["447700900123", "447700900124"], "name": ["Ana", "Rui"]}))
    form.sender.value, form.text.value = "Demo", "Hi {name}"
    form.preview.click()
    form.send.click()
    assert sorted(texts(sandbox)) == ["Hi Ana", "Hi Rui"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("binary", {"udh": "0605040B8423F0", "body": "0102"}),
        ("wappush", {"title": "News", "url": "https://example.org"}),
        ("vcard", {"vcard": "BEGIN:VCARD\nEND:VCARD"}),
        ("vcal", {"vcal": "BEGIN:VCALENDAR\nEND:VCALENDAR"}),
    ],
)
def test_other_types_show_their_own_fields_and_send_them(
    form: SmsForm, sandbox: Sandbox, kind: str, fields: dict[str, str]
) -> None:
    form.type.value = kind
    visible = {name for name, control in form.fields.items() if control.layout.display != "none"}
    assert set(fields) <= visible
    assert form.text.layout.display == "none"
    for name, value in fields.items():
        form.fields[name].value = value
    form.preview.click()
    form.send.click()
    form.send.click()
    assert [message["type"] for message in sandbox.messages] == [kind]


def test_every_option_reaches_the_wire(form: SmsForm, sandbox: Sandbox) -> None:
    for name, value in {"client_ref": "r1", "ttl": "30000", "message_class": "0", "status_report_req": True}.items():
        form.fields[name].value = value
    form.preview.click()
    form.send.click()
    assert form.fields["trusted_number"].label == "as the account says"
    sent = next(r["form"] for r in sandbox.requests if r["path"] == "/sms/json")
    shown = [sent[name] for name in ("client-ref", "ttl", "message-class", "status-report-req")]
    assert shown == ["r1", "30000", "0", "1"]


def test_the_counter_follows_the_typing(form: SmsForm) -> None:
    assert form.counter.value == "gsm7, 1 part(s), 155 left"
    form.text.value = "Olá"
    assert form.counter.value == "ucs2, 1 part(s), 67 left; unicode because of á"


def test_own_numbers_are_offered_as_senders(form: SmsForm) -> None:
    assert list(form.sender.options) == nx.owned_numbers().msisdn.tolist()


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def test_hostile_text_is_shown_as_text(form: SmsForm, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    form.text.value = HOSTILE
    form.preview.click()
    assert "<script" not in shown(form)
    assert "&lt;script&gt;" in shown(form)
    monkeypatch.setitem(__import__("nexmo_nb.sandbox.sms", fromlist=["TEXTS"]).TEXTS, 5, HOSTILE)
    sandbox.fail_next("status", code=5, path="/sms")
    form.send.click()
    assert "alert(1)" in form.message
    assert "<script" not in shown(form) + form.counter.value
    assert "<img" not in shown(form)


def test_no_secret_is_in_the_widgets_state(form: SmsForm, sandbox: Sandbox) -> None:
    form.preview.click()
    form.send.click()
    state = json.dumps(ipywidgets.Widget.get_manager_state(), default=str)
    assert "900123" in state
    assert sandbox.api_secret not in state
    assert sandbox.signature_secret not in state
    assert "PRIVATE KEY" not in state


def test_a_wait_for_the_limit_is_shown_in_the_form(form: SmsForm, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    real = form.session.throttle.acquire

    def acquire(*arguments: Any) -> None:
        form.session.throttle.notify("Waiting about 7 s")
        said.append(form.message)
        assert form.preview.disabled
        real(*arguments)

    monkeypatch.setattr(form.session.throttle, "acquire", acquire)
    form.preview.click()
    assert said == ["Waiting about 7 s"]
    assert not form.session.throttle.countdown


def test_a_long_wait_counts_down_in_the_form(form: SmsForm, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    throttle = form.session.throttle

    def waited(*_: Any) -> float:
        return max(0.0, 3.0 - len(said))

    monkeypatch.setattr(throttle, "seconds_until_free", waited)
    monkeypatch.setattr(throttle, "try_acquire", lambda wanted, *_: (0 if waited() else len(wanted), waited()))
    monkeypatch.setattr(throttle, "_sleep", lambda _: said.append(form.message))
    form.preview.click()
    assert [text.split(":")[0] for text in said] == ["Waiting about 3 s", "Waiting about 2 s", "Waiting about 2 s"]


@pytest.fixture
def voice(session: nx.Session) -> VoiceForm:
    form = nx.voice_form()
    form.to.value, form.text.value = "+44 7700 900123", "Hello"
    return form


def test_a_call_is_placed_once(voice: VoiceForm, sandbox: Sandbox) -> None:
    assert voice.machine_detection.label == "speaks at once"
    voice.language.value, voice.repeat.value = "pt-pt", 2
    voice.preview.click()
    assert "a minute" in shown(voice)
    assert sandbox.calls == []
    for _ in range(3):
        voice.send.click()
    assert len(sandbox.calls) == 1
    assert sandbox.calls[0]["ncco"][0]["language"] == "pt-PT"


def test_a_wrong_call_is_said_before_it_is_placed(voice: VoiceForm, sandbox: Sandbox) -> None:
    for field, value, says in (("language", "english", "language"), ("voice", "male", "tts"), ("to", "x", "to: got")):
        before = getattr(voice, field).value
        getattr(voice, field).value = value
        voice.preview.click()
        assert says in voice.message
        assert voice.send.disabled
        getattr(voice, field).value = before
    voice.text.value = ""
    voice.preview.click()
    assert "audio_url" in voice.message
    assert sandbox.calls == []


URLS = {"answer_url": "https://example.org/a", "event_url": "https://example.org/e"}


def writes(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [(r["method"], r["path"].split("/")[2]) for r in sandbox.requests if r["method"] != "GET"]


def test_an_application_is_created_once_and_its_key_is_in_no_widget(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.application_form()
    for name, value in {"name": "Survey", **URLS}.items():
        form.fields[name].value = value
    form.preview.click()
    assert "Survey" in shown(form)
    assert writes(sandbox) == []
    for _ in range(3):
        form.send.click()
    assert writes(sandbox) == [("POST", "applications")]
    assert form.result is not None
    key = Path(form.result.private_key_path[0]).read_text()
    state = json.dumps(ipywidgets.Widget.get_manager_state(), default=str)
    assert key.splitlines()[2] not in state
    assert "Survey" in [label.split(" (")[0] for label, _ in form.pick.options]


def test_an_edit_shows_before_and_after_and_changes_only_that(session: nx.Session, sandbox: Sandbox) -> None:
    before = nx.applications().iloc[0]
    form = nx.application_form()
    form.pick.value = before.id
    assert form.fields["answer_url"].value == before.answer_url
    form.preview.click()
    assert "at least one change" in form.message
    form.fields["answer_url"].value = "https://example.org/new"
    form.preview.click()
    assert f"<s>{before.answer_url}</s>" in shown(form)
    assert "<b>https://example.org/new</b>" in shown(form)
    form.send.click()
    after = nx.application(before.id).iloc[0]
    assert after.answer_url == "https://example.org/new"
    assert after.drop("answer_url").equals(before.drop("answer_url"))


def test_an_edit_of_the_type_shows_nothing_where_nothing_was(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.application_form()
    form.pick.value = next(row.id for row in nx.applications().itertuples() if row.type == "messages")
    for name, value in {"type": "voice", **URLS}.items():
        form.fields[name].value = value
    form.preview.click()
    assert f"<s></s></td><td><b>{URLS['answer_url']}</b>" in shown(form)
    form.send.click()
    assert form.result is not None
    assert nx.application(form.result.id[0]).type[0] == "voice"


def test_an_application_is_deleted_only_by_its_name(session: nx.Session, sandbox: Sandbox) -> None:
    first = nx.applications().iloc[0]
    form = nx.application_form()
    form.pick.value = first.id
    form.delete.value = "something else"
    form.preview.click()
    assert "the name of the application" in form.message
    form.delete.value = first["name"]
    form.preview.click()
    form.send.click()
    form.send.click()
    assert writes(sandbox) == [("DELETE", "applications")]
    assert first.id not in nx.applications().id.tolist()


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("answer_url", "nowhere"), ("event_url", "")])
def test_a_wrong_application_is_said_before_it_is_sent(
    session: nx.Session, sandbox: Sandbox, field: str, value: str
) -> None:
    form = nx.application_form()
    for name, good in {"name": "Survey", **URLS, field: value}.items():
        form.fields[name].value = good
    form.preview.click()
    assert form.message.startswith(f"{field}: got")
    assert form.send.disabled
    assert writes(sandbox) == []


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
    assert "a month" in shown(form)
    for _ in range(3):
        form.send.click()
    assert writes(sandbox) == [("POST", "buy")]
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
    assert writes(sandbox) == []
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
    for countries, says in (("UK", "'GB'"), ("", "country codes")):
        form.countries.value = countries
        form.search.click()
        assert says in form.message
