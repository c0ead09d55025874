"""The form for applications: what is created, changed or deleted is shown first, and done once."""

from __future__ import annotations

import json
from pathlib import Path

import ipywidgets
import pytest
from form_helpers import list_writes, read_html

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

URLS = {"answer_url": "https://example.org/a", "event_url": "https://example.org/e"}


def test_an_application_is_created_once_and_its_key_is_in_no_widget(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.application_form()
    for name, value in {"name": "Survey", **URLS}.items():
        form.fields[name].value = value
    form.preview.click()
    assert "Survey" in read_html(form)
    assert list_writes(sandbox) == []
    for _ in range(3):
        form.send.click()
    assert list_writes(sandbox) == [("POST", "applications")]
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
    assert "Nothing is changed yet" in form.message
    form.fields["answer_url"].value = "https://example.org/new"
    form.preview.click()
    assert f"<td>Answer URL</td><td>{before.answer_url}</td><td>https://example.org/new</td>" in read_html(form)
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
    assert f"<td></td><td>{URLS['answer_url']}</td>" in read_html(form)
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
    assert list_writes(sandbox) == [("DELETE", "applications")]
    assert first.id not in nx.applications().id.tolist()


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("answer_url", "nowhere"), ("event_url", "")])
def test_a_wrong_application_is_said_before_it_is_sent(
    session: nx.Session, sandbox: Sandbox, field: str, value: str
) -> None:
    form = nx.application_form()
    for name, good in {"name": "Survey", **URLS, field: value}.items():
        form.fields[name].value = good
    form.preview.click()
    label = form.fields[field].description
    assert form.message.startswith(f"Correct this field first. {label}: ")
    assert "nexmo-nb-wrong" in form._boxes[field]._dom_classes
    assert form.send.disabled
    assert list_writes(sandbox) == []
