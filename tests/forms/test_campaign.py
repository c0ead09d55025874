"""The campaign form: a list, its columns and texts, doubts that are decided, and a run that can be stopped."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import ipywidgets
import pandas as pd
import pytest
from campaign_helpers import count_received, people
from form_helpers import read_html
from helpers import hold_answers, join_workers

import nexmo_nb as nx
from nexmo_nb import examples
from nexmo_nb.campaigns import runner as runner_module
from nexmo_nb.forms import CampaignForm
from nexmo_nb.sandbox import Sandbox

ENDS = 120.0
"""Seconds after which a run that has not ended never will."""


def make_list(count: int = 6) -> pd.DataFrame:
    names = [f"Guest {n}" for n in range(count)]
    return pd.DataFrame({"mobile": [f"+{number}" for number in people(count)], "name": names})


@pytest.fixture
def make_form(session: nx.Session) -> Iterator[Callable[..., CampaignForm]]:
    """Make forms with a sender and a text, and close them in the end."""
    made: list[CampaignForm] = []

    def make(table: pd.DataFrame | None = None, text: str = "Hi {name}", **options: Any) -> CampaignForm:
        made.append(CampaignForm(table, session=session, today=lambda: date(2026, 11, 27), **options))
        made[-1].sender.value, made[-1].text.value = "Demo", text
        return made[-1]

    yield make
    for form in made:
        form.close()


@pytest.fixture
def form(make_form: Callable[..., CampaignForm]) -> CampaignForm:
    return make_form(make_list())


def upload(form: CampaignForm, name: str, content: bytes) -> None:
    modified = datetime(2026, 11, 27, tzinfo=UTC)
    file = {"name": name, "type": "", "size": len(content), "content": memoryview(content), "last_modified": modified}
    form.upload.value = (file,)


def send(form: CampaignForm) -> pd.DataFrame:
    """Preview and send, and wait for the end."""
    form.preview.click()
    form.send.click()
    assert form.wait(ENDS)
    assert form.result is not None, form.message
    return form.result


def is_visible(widget: Any) -> bool:
    return widget.layout.display != "none"


def catch_files(form: CampaignForm, monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    """Read the files that the form hands to the browser."""
    saved: dict[str, pd.DataFrame] = {}

    def save(name: str, content: bytes) -> None:
        saved[name] = pd.read_csv(io.BytesIO(content), dtype=str, encoding="utf-8-sig", keep_default_na=False)

    monkeypatch.setattr(form.aids, "save_file", save)
    return saved


# --- the list --------------------------------------------------------------------------------------------------------


def test_a_bad_list_is_uploaded_its_columns_are_guessed_and_it_is_sent_in_two_languages(
    make_form: Callable[..., CampaignForm], sandbox: Sandbox
) -> None:
    form = make_form(text="Hi {name}")
    upload(form, "people.csv", ("sep=;\n" + examples.contacts(120).to_csv(sep=";", index=False)).encode("utf-16"))
    assert (form.to.value, form.language.value, form.country.value) == ("phone", "language", "country")
    assert [code for _, code in form.text_language.options] == ["en", "pt"]
    assert "people.csv: 120 rows, the first 5" in form._list_area.value
    assert form.text.value == "Hi {name}"
    form.text_language.value = "pt"
    assert form.text.value == ""
    form.text.value = "Oi {name}"
    form.preview.click()
    assert form.send.disabled
    for control in form.doubts.by_code.values():
        control.value = "skip"
    form.send.click()
    assert form.wait(ENDS)
    assert form.result is not None
    assert {"accepted", "skipped", "problem"} <= set(form.result.state)
    assert form.plan is not None
    expected = dict(zip(form.plan.to, form.table.language, strict=True))  # type: ignore[union-attr]
    assert {message["text"][:2] for message in sandbox.messages} == {"Hi", "Oi"}
    for message in sandbox.messages:
        assert message["text"].startswith({"en": "Hi", "pt": "Oi"}[expected[message["to"]]])


def test_an_upload_is_not_kept_in_the_widgets(make_form: Callable[..., CampaignForm]) -> None:
    form = make_form()
    upload(form, "people.csv", b"phone,secret\n+447700900123,x\n+447700900124,y\n" + b"+447700900125,hidden\n" * 9)
    assert form.upload.value[0]["content"] == b""
    assert "hidden" not in json.dumps(form.upload.get_state(), default=str)


def test_an_excel_file_is_read(make_form: Callable[..., CampaignForm], tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    make_list().to_excel(tmp_path / "people.xlsx", index=False)
    form = make_form()
    upload(form, "people.xlsx", (tmp_path / "people.xlsx").read_bytes())
    assert form.to.value == "mobile"
    assert set(send(form).state) == {"accepted"}


def test_an_excel_file_without_openpyxl_says_what_to_install(
    make_form: Callable[..., CampaignForm], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openpyxl")
    make_list().to_excel(tmp_path / "people.xlsx", index=False)
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    form = make_form()
    upload(form, "people.xlsx", (tmp_path / "people.xlsx").read_bytes())
    assert "pip install &#x27;nexmo_nb[excel]&#x27;" in form._list_area.value
    assert form.table is None


def test_a_file_that_is_no_list_is_said_in_words(make_form: Callable[..., CampaignForm]) -> None:
    form = make_form()
    upload(form, "../old.xls", b"\xd0\xcf\x11\xe0 and so on")
    assert form.message.startswith("Got 'old.xls'; allowed: a CSV file or an Excel workbook")
    form.preview.click()
    assert "choose a CSV or Excel file" in form.message


@pytest.mark.parametrize(
    "recipients", [["+447700900123"], pd.DataFrame([["1", "2"]], columns=["a", "a"])], ids=["a list", "a name twice"]
)
def test_what_is_no_frame_of_columns_is_refused(session: nx.Session, recipients: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="allowed: a DataFrame whose columns have names of their own"):
        nx.campaign_form(recipients)


def test_a_frame_that_its_owner_changes_later_stays_as_it_was(
    make_form: Callable[..., CampaignForm], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make_list(2)
    form = make_form(table)
    saved = catch_files(form, monkeypatch)
    table.loc[2] = ["+447700900124", "Rui"]
    table["mobile"] = "+447700900123"
    assert send(form).to.tolist() == people(2)
    form.download.click()
    assert [len(file) for file in saved.values()] == [2]


@pytest.mark.parametrize("content", [b"phone\n+447700900124\n", b"\xd0\xcf\x11\xe0 an old file"])
def test_another_file_makes_the_preview_of_the_first_one_void(
    make_form: Callable[..., CampaignForm], sandbox: Sandbox, content: bytes
) -> None:
    form = make_form(text="Hi")
    upload(form, "first.csv", b"phone\n+447700900123\n")
    form.preview.click()
    assert not form.send.disabled
    upload(form, "second.csv", content)
    form.send.click()
    assert form.wait(ENDS)
    assert sandbox.messages == []
    form.preview.click()
    form.send.click()
    assert form.wait(ENDS)
    assert set(count_received(sandbox)) <= {"447700900124"}


def test_another_column_can_be_chosen_and_its_national_numbers_have_a_country(
    make_form: Callable[..., CampaignForm], sandbox: Sandbox
) -> None:
    table = pd.DataFrame({"phone": ["1", "2"], "other": ["912 345 678", "07700 900123"], "land": [None, "GB"]})
    form = make_form(table, text="Hi")
    form.to.value, form.region.value = "other", "Portugal"
    assert form.country.value == "land"
    assert set(send(form).state) == {"accepted"}
    assert set(count_received(sandbox)) == {"351912345678", "447700900123"}


def test_fields_are_put_into_the_text_by_buttons(form: CampaignForm) -> None:
    form.text.value = "Dear "
    names = {button.description: button for button in form.inserts.children}
    names["{name}"].click()
    assert form.text.value == "Dear {name}"
    assert "1 part" in form.counter.value


def test_what_is_wrong_is_marked_at_its_field_and_said_all_at_once(make_form: Callable[..., CampaignForm]) -> None:
    form = make_form(make_list(), text="Hi {nobody}")
    form.sender.value, form.batch.value, form.max_cost.value = "far too long a name", " ", "1,000"
    form.region.value, form.to.value = "Atlantis", ""
    form.preview.click()
    assert form.message.startswith("Correct these 6 fields first.")
    for label in ("Number column", "Country", "Text", "From", "Campaign name", "At most, EUR"):
        assert f"{label}: " in form.message
    assert form.send.disabled


def test_a_text_that_is_missing_in_a_language_leaves_its_rows_out(make_form: Callable[..., CampaignForm]) -> None:
    table = make_list(3).assign(language=["en", "pt_BR", "pt"])
    form = make_form(table)
    assert "Still without a text: pt-br, pt" in form.texts.missing.value
    form.preview.click()
    assert form.forecast is not None
    assert form.forecast.messages == 1
    form.text_language.value = "pt"
    assert not form.send.disabled  # looking at another text changes nothing
    form.text.value = "Oi {name}"
    assert form.send.disabled
    assert form.texts.missing.value == ""
    form.preview.click()
    assert form.forecast.messages == 3


def test_a_column_that_holds_no_languages_is_refused(make_form: Callable[..., CampaignForm]) -> None:
    form = make_form(make_list(40))
    form.language.value = "name"
    assert "40 different languages" in form.message
    form.preview.click()
    assert form.message.startswith("Correct this field first. Language column: 40 different languages")
    assert form.send.disabled
    form.language.value = ""
    form.preview.click()
    assert not form.send.disabled


# --- preview and doubts ----------------------------------------------------------------------------------------------


def test_a_preview_shows_cost_messages_and_countries_and_sends_nothing(form: CampaignForm, sandbox: Sandbox) -> None:
    form.preview.click()
    assert "6 of 6 would be sent" in read_html(form)
    assert "Portugal" in read_html(form)
    assert "Hi Guest 0" in form._bubble_area.value
    form.number.value = 6
    assert "Hi Guest 5" in form._bubble_area.value
    assert not form.send.disabled
    assert sandbox.messages == []


LANDLINES = ["+351213456789", "+351213456780", "+351213456781"]


@pytest.fixture
def doubtful(make_form: Callable[..., CampaignForm]) -> CampaignForm:
    table = pd.DataFrame({"phone": [*LANDLINES, "+351912345678", "351999345678", "12"]})
    form = make_form(table, text="Hi")
    form.preview.click()
    return form


def test_a_doubt_must_be_decided_before_anything_is_sent(doubtful: CampaignForm, sandbox: Sandbox) -> None:
    assert set(doubtful.doubts.by_code) == {"not_mobile", "looks_national"}
    assert "4 doubtful rows are not decided yet" in read_html(doubtful)
    doubtful.send.click()
    doubtful.doubts.by_code["not_mobile"].value = "send"
    assert doubtful.send.disabled
    doubtful.doubts.by_code["looks_national"].value = "skip"
    assert not doubtful.send.disabled
    doubtful.doubts.by_code["looks_national"].value = ""
    doubtful.send.click()
    assert sandbox.messages == []
    doubtful.doubts.by_code["looks_national"].value = "skip"
    doubtful.send.click()
    assert doubtful.wait(ENDS)
    assert set(count_received(sandbox)) == {*(number[1:] for number in LANDLINES), "351912345678"}
    assert doubtful.result is not None
    assert doubtful.result.state.tolist() == ["accepted"] * 4 + ["skipped", "problem"]


def test_doubts_are_decided_row_by_row(doubtful: CampaignForm, sandbox: Sandbox) -> None:
    doubtful.doubts.by_code["looks_national"].value = "skip"
    doubtful.doubts.by_code["not_mobile"].value = "rows"
    assert sorted(doubtful.doubts.by_row) == [0, 1, 2]
    doubtful.doubts.by_row[0].value = "send"
    doubtful.doubts.by_row[1].value = "skip"
    assert doubtful.send.disabled
    doubtful.doubts.by_row[2].value = "skip"
    doubtful.send.click()
    assert doubtful.wait(ENDS)
    assert set(count_received(sandbox)) == {LANDLINES[0][1:], "351912345678"}


def test_what_was_decided_is_kept_for_the_next_preview(doubtful: CampaignForm) -> None:
    doubtful.doubts.by_code["looks_national"].value = "skip"
    doubtful.doubts.by_code["not_mobile"].value = "rows"
    for control in doubtful.doubts.by_row.values():
        control.value = "send"
    doubtful.text.value = "Hello"
    assert doubtful.send.disabled
    doubtful.preview.click()
    assert [control.value for control in doubtful.doubts.by_row.values()] == ["send"] * 3
    assert not doubtful.send.disabled


def test_many_rows_of_a_code_are_shown_in_part_and_the_rest_has_one_choice(
    make_form: Callable[..., CampaignForm], sandbox: Sandbox
) -> None:
    form = make_form(pd.DataFrame({"phone": [f"+3512134{n:05}" for n in range(1, 61)]}), text="Hi")
    form.preview.click()
    form.doubts.by_code["not_mobile"].value = "rows"
    assert len(form.doubts.by_row) == 50
    for control in form.doubts.by_row.values():
        control.value = "skip"
    rest = form.doubts._rests["not_mobile"]
    assert rest.description == "The other 10 rows"
    assert form.send.disabled
    rest.value = "send"
    form.send.click()
    assert form.wait(ENDS)
    assert len(sandbox.messages) == 10


def test_a_second_doubt_about_the_text_is_not_decided_with_that_about_the_number(
    make_form: Callable[..., CampaignForm],
) -> None:
    form = make_form(pd.DataFrame({"phone": LANDLINES[:2], "name": ["Ana", "{x}"]}))
    form.preview.click()
    assert set(form.doubts.by_code) == {"not_mobile", "not_mobile+leftover_name"}
    form.doubts.by_code["not_mobile"].value = "send"
    assert form.send.disabled


def test_the_rows_that_cannot_be_sent_are_saved_with_their_reason(
    make_form: Callable[..., CampaignForm], monkeypatch: pytest.MonkeyPatch
) -> None:
    form = make_form(pd.DataFrame({"phone": ["+351912345678", "12", "+351912345678"], "name": "=1+1"}), text="Hi")
    saved = catch_files(form, monkeypatch)
    form.preview.click()
    assert "Cannot be sent: 2 of 3" in read_html(form)
    form.download_problems.click()
    (found,) = saved.values()
    assert found.problem_code.tolist() == ["too_short", "duplicate"]
    assert found.phone.tolist() == ["'12", "'+351912345678"]
    assert set(found.name) == {"'=1+1"}


def test_a_list_without_anybody_to_send_to_shows_why(make_form: Callable[..., CampaignForm]) -> None:
    form = make_form(pd.DataFrame({"phone": ["12", "13"]}), text="Hi")
    form.preview.click()
    assert "Nothing to send" in read_html(form)
    assert "Cannot be sent: 2 of 2" in read_html(form)
    assert form.send.disabled


# --- budget and name -------------------------------------------------------------------------------------------------


def test_a_limit_that_is_too_low_is_refused_before_anything_is_sent(form: CampaignForm, sandbox: Sandbox) -> None:
    form.max_cost.value = "0,10"
    form.preview.click()
    assert "the limit is EUR 0.10" in read_html(form)
    assert form.send.disabled
    form.send.click()
    assert sandbox.messages == []


def test_a_limit_may_stop_the_campaign_in_the_middle_and_a_higher_one_goes_on(
    form: CampaignForm, sandbox: Sandbox
) -> None:
    form.max_cost.value, form.on_cap.value = "0.15", "stop"
    first = Counter(send(form).state)
    assert first["accepted"] == len(sandbox.messages) > 0
    assert first["planned"] > 0
    assert form.message.endswith("Stopped before the limit on the cost was passed.")
    cost = sum(float(message["price"]) for message in sandbox.messages)
    assert cost <= 0.15
    form.max_cost.value = "1"
    form.preview.click()
    assert f"{first['accepted']} of the rows were dealt with under this name before" in read_html(form)
    assert set(send(form).state) == {"accepted"}
    assert count_received(sandbox) == Counter(people(6))


def test_the_budget_of_the_account_is_a_limit_as_well(form: CampaignForm, sandbox: Sandbox) -> None:
    nx.budget(day=0.10)
    form.max_cost.value = "40"
    form.preview.click()
    assert "budget is EUR 0.10 a day" in read_html(form)
    assert form.send.disabled
    form.on_cap.value = "stop"
    form.preview.click()
    assert "budget of EUR 0.10 a day is passed, from the top" in read_html(form)
    found = Counter(send(form).state)
    assert found["accepted"] == len(sandbox.messages) > 0
    assert found["planned"] > 0
    assert form.message.endswith("Stopped before the limit on the cost was passed.")
    assert sum(float(message["price"]) for message in sandbox.messages) <= 0.10
    form.preview.click()  # what the batch cost counts for both
    assert "budget of EUR 0.10 a day is passed, from the top" in read_html(form)
    nx.budget(day=100)
    form.max_cost.value, form.on_cap.value = "0.11", "refuse"
    form.preview.click()
    assert "the limit is EUR 0.11" in read_html(form)
    form.max_cost.value = "40"
    assert set(send(form).state) == {"accepted"}
    assert count_received(sandbox) == Counter(people(6))


def test_a_budget_that_is_set_after_the_preview_keeps_everything_back(
    form: CampaignForm, session: nx.Session, sandbox: Sandbox
) -> None:
    form.preview.click()
    nx.budget(month=0.10)
    form.send.click()
    assert form.wait(ENDS)
    assert form.message.startswith("budget: got 0.1; allowed: at least ")
    assert (sandbox.messages, len(nx.sent(planned=True))) == ([], 0)


def test_the_name_is_that_of_the_day_and_never_one_that_was_used(
    make_form: Callable[..., CampaignForm], session: nx.Session
) -> None:
    form = make_form(make_list())
    assert form.batch.value == "campaign 2026-11-27"
    send(form)
    assert make_form(make_list()).batch.value == "campaign 2026-11-27 (2)"
    form.text.value = "Another text"
    form.preview.click()
    assert "6 people were sent another text before" in form.message
    assert form.send.disabled


# --- sending ---------------------------------------------------------------------------------------------------------


def test_however_often_it_is_clicked_everybody_gets_one_message(form: CampaignForm, sandbox: Sandbox) -> None:
    form.preview.click()
    for _ in range(3):
        form.send.click()
    assert form.wait(ENDS)
    form.send.click()
    form.resume.click()
    assert form.wait(ENDS)
    assert count_received(sandbox) == Counter(people(6))
    assert form.message == "6 accepted."
    assert "6 of 6 done: 6 accepted, 0 refused, 0 unknown, 0 left · EUR" in form.progress.text.value
    assert (form.progress.bar.value, form.progress.bar.max) == (6, 6)
    assert not is_visible(form.stop)
    assert not is_visible(form.resume)


@pytest.fixture
def held(
    make_form: Callable[..., CampaignForm], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[CampaignForm, Any]]:
    """A form whose first messages were answered, and of whose others at least one waits for the event."""
    monkeypatch.setattr("nexmo_nb.campaigns.decisions.MOST_WORKERS", 8)  # some messages have not left yet
    form = make_form(make_list(40))
    form.max_cost.value = "40"
    form.preview.click()
    monkeypatch.setattr(sandbox, "latency", 0.001)
    released, is_holding = hold_answers(sandbox, monkeypatch, after=4), threading.Event()
    really_wait = released.wait

    def wait(seconds: float) -> bool:
        is_holding.set()
        return really_wait(seconds)

    monkeypatch.setattr(released, "wait", wait)
    form.send.click()
    assert is_holding.wait(ENDS)
    yield form, released
    released.set()
    join_workers()


def wait_for(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + ENDS
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_the_form_is_alive_while_it_sends_and_takes_no_second_campaign(held: tuple[CampaignForm, Any]) -> None:
    form, released = held
    assert form.is_running
    assert not form.wait(0)
    wait_for(lambda: form.progress.bar.value > 0)
    assert re.search(r"^[1-9]\d* of 40 done: .* · EUR 0\.\d\d of at most 40\.00$", form.progress.text.value)
    form.text.value = "Other"
    form.preview.click()
    assert form.message == "A campaign is being sent: wait for its end, or stop it."
    run = form._run
    form.resume.click()
    assert form._run is run
    released.set()
    assert form.wait(ENDS)
    assert form.message == "40 accepted."


def test_stopped_it_finishes_what_has_left_and_resumed_it_sends_nobody_twice(
    held: tuple[CampaignForm, Any], sandbox: Sandbox
) -> None:
    form, released = held
    form.stop.click()
    assert form.stop.description == "Stop at once"
    assert form.message == "Stopping: what has left gets its answer first."
    released.set()
    assert form.wait(ENDS)
    assert form.result is not None
    counts = Counter(form.result.state)
    assert set(counts) == {"accepted", "planned"}
    assert counts["accepted"] == len(sandbox.messages) < 40
    assert form.message == f"Stopped. {counts['accepted']} accepted, {counts['planned']} not sent yet."
    assert f"{counts['accepted']} of 40 done: " in form.progress.text.value
    assert is_visible(form.resume)
    seen: list[int] = []
    form.progress.bar.observe(lambda change: seen.append(change["new"]), "value")
    form.resume.click()
    assert form.wait(ENDS)
    assert form.message == "40 accepted."
    assert count_received(sandbox) == Counter(people(40))
    assert all(value >= counts["accepted"] for value in seen)
    cost = sum(float(message["price"]) for message in sandbox.messages)
    assert form.progress.text.value.endswith(
        f"40 accepted, 0 refused, 0 unknown, 0 left · EUR {cost:.2f} of at most 40.00"
    )


def test_a_second_stop_breaks_off_what_has_no_answer_and_it_can_be_looked_up(
    held: tuple[CampaignForm, Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, released = held
    monkeypatch.setattr(runner_module, "LAST_SECONDS", 0.05)
    form.stop.click()
    form.stop.click()
    assert form.wait(ENDS)
    assert form.result is not None
    unknown = set(form.result.to[form.result.state.eq("unknown")])
    assert unknown
    assert "of which nobody knows" in form.message
    assert is_visible(form.look_up)
    released.set()
    join_workers()
    wait_for(lambda: all(request["status"] is not None for request in sandbox.requests))
    monkeypatch.setattr(sandbox, "latency", 0.0)
    form.look_up.click()
    arrived = unknown & set(count_received(sandbox))
    assert form.message.startswith(f"{len(arrived)} of {len(unknown)} were found out.")
    assert set(form.result.to[form.result.state.eq("unknown")]) == unknown - arrived
    assert is_visible(form.look_up) == (arrived != unknown)
    form.resume.click()
    assert form.wait(ENDS)
    assert count_received(sandbox) == Counter(set(people(40)) - (unknown - arrived))


def test_closed_while_it_sends_it_leaves_nothing_running(
    held: tuple[CampaignForm, Any], session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, _ = held
    monkeypatch.setattr(runner_module, "LAST_SECONDS", 0.05)
    said = form.message
    form.close()
    assert form.wait(0)
    assert form.message == said  # what ends later changes no widget any more
    assert not form.is_running
    assert set(nx.sent("campaign 2026-11-27", planned=True).state) <= {"accepted", "planned", "unknown"}
    assert "planned" in set(nx.sent("campaign 2026-11-27", planned=True).state)


def test_stopped_before_it_has_begun_it_sends_nothing(
    form: CampaignForm, sandbox: Sandbox, session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    form.preview.click()
    real = session.ledger.add_batch

    def add(*arguments: Any, **options: Any) -> Any:
        form.stop.click()
        return real(*arguments, **options)

    monkeypatch.setattr(session.ledger, "add_batch", add)
    form.send.click()
    assert form.wait(ENDS)
    assert sandbox.messages == []
    assert form.message == "Stopped. 6 not sent yet."


# --- what became of it -----------------------------------------------------------------------------------------------


def test_refused_and_unknown_are_told_with_their_reasons(form: CampaignForm, sandbox: Sandbox) -> None:
    form.preview.click()
    sandbox.fail_next("status", code=15, times=2, path="/sms")
    sandbox.fail_next("drop-after", path="/sms")
    form.send.click()
    assert form.wait(ENDS)
    assert form.message == "3 accepted, 2 refused: illegal sender, 1 of which nobody knows whether it was sent."
    assert "Not accepted, and why" in read_html(form)
    assert "6 of 6 done: 3 accepted, 2 refused, 1 unknown, 0 left" in form.progress.text.value
    form.look_up.click()
    assert form.message.startswith("1 of 1 were found out. 4 accepted, 2 refused: illegal sender.")


def test_without_credit_it_stops_says_so_and_can_be_resumed(form: CampaignForm, sandbox: Sandbox) -> None:
    form.preview.click()
    sandbox.fail_next("no-credit", path="/sms")
    form.send.click()
    assert form.wait(ENDS)
    assert "not sent yet. " in form.message
    assert "Top up" in form.message
    assert "Run the same call again" not in form.message
    assert is_visible(form.resume)
    form.resume.click()
    assert form.wait(ENDS)
    assert form.message == "6 accepted."


def test_the_outcome_is_saved_beside_the_list(
    make_form: Callable[..., CampaignForm], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make_list(2).assign(note=["@home", 'Olá; "x"'], state=["a", "b"])
    form = make_form(table)
    saved = catch_files(form, monkeypatch)
    result = send(form)
    form.download.click()
    found = saved["campaign 2026-11-27.csv"]
    assert found.mobile.tolist() == [f"'{number}" for number in table.mobile]  # a spreadsheet would round it
    assert found.note.tolist() == ["'@home", 'Olá; "x"']
    assert found.given_state.tolist() == ["a", "b"]
    assert found.state.tolist() == ["accepted", "accepted"]
    assert found.price.astype(float).tolist() == result.price.tolist()
    assert found.message_ids.tolist() == result.message_ids.tolist()


def test_hostile_cells_are_shown_as_text(make_form: Callable[..., CampaignForm]) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    form = make_form(make_list(2).assign(name=hostile, **{hostile: hostile}), text=f"{hostile} {{name}}")
    form.preview.click()
    shown = form._list_area.value + form._bubble_area.value + read_html(form)
    assert "&lt;img" in shown
    assert "<img" not in shown


def test_no_secret_is_in_the_widgets_state(form: CampaignForm, sandbox: Sandbox) -> None:
    send(form)
    state = json.dumps(ipywidgets.Widget.get_manager_state(), default=str)
    assert people(1)[0] in state
    assert sandbox.api_secret not in state
    assert sandbox.signature_secret not in state


def test_a_fault_of_our_own_is_told_and_does_not_leave_the_form_waiting(
    form: CampaignForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    form.preview.click()

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a fault")

    monkeypatch.setattr("nexmo_nb.campaigns.batch.Runner.run", fail)
    form.send.click()
    assert form.wait(ENDS)
    assert (form.message, form.is_running, is_visible(form.resume)) == ("a fault", False, True)


SENDER = """
import sys
import time
import pandas as pd
import nexmo_nb as nx
nx.connect(sys.argv[1], calls=1000000, limits=dict.fromkeys(("sms", "pricing", "owned"), (1000000, 1.0)))
form = nx.campaign_form(pd.DataFrame({"phone": [f"3519{12_340_001 + n:08d}" for n in range(300)]}))
form.sender.value, form.text.value = "Demo", "Hi"
form.preview.click()
form.send.click()
while not form.progress.bar.value:
    time.sleep(0.001)
print("sending", flush=True)
"""


@pytest.mark.slow
def test_a_kernel_that_ends_while_it_sends_finishes_what_has_left(
    sandbox: Sandbox, session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "latency", 0.02)
    child = subprocess.Popen([sys.executable, "-c", SENDER, sandbox.url], stdout=subprocess.PIPE, text=True)
    out, _ = child.communicate(timeout=ENDS)
    assert (out, child.returncode) == ("sending\n", 0)
    counts = Counter(nx.sent(planned=True).state)
    assert set(counts) == {"accepted", "planned"}
    assert counts["accepted"] == len(sandbox.messages)
