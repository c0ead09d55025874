"""Forms: nothing is sent without a preview, and what was previewed is sent once, however it is clicked."""

from __future__ import annotations

import json
from typing import Any

import ipywidgets
import pandas as pd
import pytest
from form_helpers import is_shown, read_html

import nexmo_nb as nx
from nexmo_nb.contacts.countries import check_region, list_regions
from nexmo_nb.forms import SmsForm
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.throttle import Grant


@pytest.fixture
def form(session: nx.Session) -> SmsForm:
    nx.balance()  # else a preview would read it, for the badge
    form = nx.sms_form()
    form.sender.value, form.to.value, form.text.value = "Demo", "+44 7700 900123", "Hello"
    return form


def list_texts(sandbox: Sandbox) -> list[str]:
    return [message["text"] for message in sandbox.messages]


def test_nothing_is_sent_without_a_preview(form: SmsForm, sandbox: Sandbox) -> None:
    assert form.send.disabled
    form.send.click()
    assert list_texts(sandbox) == []


def test_a_preview_shows_what_would_be_sent_and_sends_nothing(form: SmsForm, sandbox: Sandbox) -> None:
    form.preview.click()
    assert "447700900123" in read_html(form)
    assert "United Kingdom" in read_html(form)
    assert "EUR 0.0333 to 0.0423" in read_html(form)
    assert not form.send.disabled
    assert list_texts(sandbox) == []


def test_however_often_it_is_clicked_one_message_leaves(form: SmsForm, sandbox: Sandbox) -> None:
    form.preview.click()
    for _ in range(3):
        form.send.click()
    assert list_texts(sandbox) == ["Hello"]
    assert form.send.disabled
    assert form.result is not None
    assert form.result.meaning.tolist() == ["accepted"]
    assert "Balance: EUR 24.9" in read_html(form)
    assert "nx.send_sms(&#x27;+44 7700 900123&#x27;, &#x27;Hello&#x27;, sender=&#x27;Demo&#x27;)" in read_html(form)


def test_national_numbers_go_to_the_region_that_is_named(form: SmsForm, sandbox: Sandbox) -> None:
    form.to.value, form.region.value = "912 345 678", "Portugal"
    form.preview.click()
    form.send.click()
    assert [message["to"] for message in sandbox.messages] == ["351912345678"]
    assert "nx.send_sms(&#x27;912 345 678&#x27;, &#x27;Hello&#x27;, " in read_html(form)
    assert "region=&#x27;Portugal&#x27;)" in read_html(form)


def test_several_national_numbers_go_to_the_region(form: SmsForm, sandbox: Sandbox) -> None:
    form.to.value, form.region.value = "912 345 678\n912 345 679", "pt"
    form.preview.click()
    form.send.click()
    assert sorted(message["to"] for message in sandbox.messages) == ["351912345678", "351912345679"]


def test_every_type_takes_the_region(form: SmsForm, sandbox: Sandbox) -> None:
    form.type.value, form.to.value, form.region.value = "vcard", "912 345 678", "PT"
    form.fields["vcard"].value = "BEGIN:VCARD\nEND:VCARD"
    form.preview.click()
    form.send.click()
    assert [message["to"] for message in sandbox.messages] == ["351912345678"]


def test_every_region_that_is_offered_is_taken(form: SmsForm) -> None:
    assert len(form.region.options) > 240
    assert sorted(map(check_region, form.region.options)) == sorted(list_regions())


@pytest.mark.parametrize(("region", "says"), [("Congo", "Country: Got 'Congo'"), ("Atlantis", "Country: Got")])
def test_a_wrong_region_is_said_in_words(form: SmsForm, region: str, says: str) -> None:
    form.region.value = region
    form.preview.click()
    assert form.message.startswith(f"Correct this field first. {says}")


def test_a_doubtful_number_is_shown_before_it_is_sent(form: SmsForm, sandbox: Sandbox) -> None:
    form.to.value = "+351 213 456 789"
    form.preview.click()
    assert "Careful" in read_html(form)
    assert "landline number of Portugal" in read_html(form)
    form.send.click()
    assert [message["to"] for message in sandbox.messages] == ["351213456789"]


def test_a_number_of_which_it_is_not_certain_whose_it_is_is_refused(form: SmsForm, sandbox: Sandbox) -> None:
    form.to.value = "351999345678"
    form.preview.click()
    assert "name the region" in form.message
    assert form.send.disabled
    assert sandbox.messages == []


@pytest.mark.parametrize("field", ["sender", "to", "region", "text", "type", "ttl", "client_ref"])
def test_any_change_makes_the_preview_void(form: SmsForm, sandbox: Sandbox, field: str) -> None:
    form.preview.click()
    control = form.fields[field] if field in form.fields else getattr(form, field)
    control.value = {"type": "unicode", "to": "+44 7700 900124", "region": "GB", "ttl": "30000"}.get(field, "Other")
    assert form.send.disabled
    form.send.click()
    assert list_texts(sandbox) == []
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
    assert "nobody knows whether it arrived" in read_html(form)


def test_several_recipients_are_planned_and_sent_once(form: SmsForm, sandbox: Sandbox) -> None:
    form.to.value = "+44 7700 900123\n+351 912 345 678; 447700900123, 12"
    form.preview.click()
    assert "2 of 4 would be sent" in read_html(form)
    form.send.click()
    form.send.click()
    assert sorted(message["to"] for message in sandbox.messages) == ["351912345678", "447700900123"]
    assert form.result is not None
    assert form.result.state.tolist() == ["accepted", "accepted", "problem", "problem"]


def test_doubts_about_recipients_are_shown_as_errors_are_and_nobody_is_sent_to(form: SmsForm, sandbox: Sandbox) -> None:
    form.to.value = "+44 7700 900123, +351 912 345 678"
    form.preview.click()
    assert form.plan is not None
    form.plan = form.plan.assign(warning=pd.array(["odd", None], dtype="string"))
    form.send.click()
    assert form.message.startswith("plan: got 1 rows with a warning")
    assert (sandbox.messages, len(nx.sent())) == ([], 0)


def test_braces_that_are_typed_are_only_braces(form: SmsForm, sandbox: Sandbox) -> None:
    form.text.value = "{name} {"
    form.preview.click()
    form.send.click()
    assert list_texts(sandbox) == ["{name} {"]


def test_a_frame_fills_the_text(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.sms_form(pd.DataFrame({"to": ["447700900123", "447700900124"], "name": ["Ana", "Rui"]}))
    form.sender.value, form.text.value = "Demo", "Hi {name}"
    form.preview.click()
    form.send.click()
    assert sorted(list_texts(sandbox)) == ["Hi Ana", "Hi Rui"]


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
    assert set(fields) <= {name for name in form.fields if is_shown(form, name)}
    assert not is_shown(form, "text")
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
    assert form.counter.value == "1 part, room for 155 more"
    form.text.value = "Olá"
    assert form.counter.value == "1 part, room for 67 more; short parts because of á"


def test_own_numbers_are_offered_as_senders(form: SmsForm) -> None:
    owned = nx.owned_numbers()
    assert form.sender.options[0] == f"{owned.msisdn[0]} (United Kingdom)"
    assert len(form.sender.options) == len(owned)


def test_an_own_number_that_was_chosen_is_the_sender(form: SmsForm, sandbox: Sandbox) -> None:
    form.sender.value = form.sender.options[0]
    form.preview.click()
    form.send.click()
    assert [r["form"]["from"] for r in sandbox.requests if r["path"] == "/sms/json"] == [nx.owned_numbers().msisdn[0]]


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def test_hostile_text_is_shown_as_text(form: SmsForm, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    form.text.value = HOSTILE
    form.preview.click()
    assert "<script" not in read_html(form)
    assert "&lt;script&gt;" in read_html(form)
    monkeypatch.setitem(__import__("nexmo_nb.sandbox.sms", fromlist=["STATUS_TEXTS"]).STATUS_TEXTS, 5, HOSTILE)
    sandbox.fail_next("status", code=5, path="/sms")
    form.send.click()
    assert "alert(1)" in form.message
    assert "<script" not in read_html(form) + form.counter.value
    assert "<img" not in read_html(form)


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

    def acquire(*arguments: Any, **options: Any) -> None:
        form.session.throttle.notify("Waiting about 7 s")
        said.append(form.message)
        assert form.send.disabled
        real(*arguments, **options)

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
    monkeypatch.setattr(
        throttle, "try_acquire_from", lambda wanted, *_: Grant([] if waited() else list(wanted), waited())
    )
    monkeypatch.setattr(throttle, "_sleep", lambda _: said.append(form.message))
    form.preview.click()
    assert [text.split(":")[0] for text in said] == ["Waiting about 3 s", "Waiting about 2 s", "Waiting about 2 s"]
