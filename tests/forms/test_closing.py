"""A form that is closed leaves nothing behind; one that may be on a page stays alive."""

from __future__ import annotations

import gc
import importlib
import weakref
from collections.abc import Callable
from typing import Any

import ipywidgets
import pytest

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

FORMS = [nx.sms_form, nx.campaign_form, nx.voice_form, nx.number_form, nx.application_form]
EACH = pytest.mark.parametrize("make", FORMS, ids=lambda make: make.__name__)


def list_kept() -> set[str]:
    """List the widgets that ipywidgets keeps, by their ids."""
    return set(importlib.import_module("ipywidgets.widgets.widget")._instances)


@EACH
def test_a_closed_form_leaves_no_widget(session: nx.Session, make: Callable[[], Any]) -> None:
    before = list_kept()
    for _ in range(3):
        form = make()
        form.preview.click()
        assert len(list_kept() - before) > 40
        form.close()
        form.close()
        assert list_kept() == before
    closed = weakref.ref(form)
    del form
    gc.collect()
    assert closed() is None


@EACH
def test_a_form_without_a_session_leaves_no_widget(make: Callable[[], Any]) -> None:
    before = list_kept()
    with pytest.raises(nx.InvalidRequestError, match="not connected"):
        make()
    assert list_kept() == before


def test_widgets_beside_a_form_stay_when_it_is_closed(session: nx.Session) -> None:
    form, beside = nx.voice_form(), ipywidgets.Text()
    page = ipywidgets.VBox([form, beside])
    form.close()
    assert {page.model_id, beside.model_id} <= list_kept()
    page.close()  # ipywidgets cannot save a page with a closed form on it
    beside.close()


def test_a_closed_form_has_no_preview_to_send(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.sms_form()
    form.sender.value, form.to.value, form.text.value = "Demo", "+44 7700 900123", "Hello"
    form.preview.click()
    form.close()
    form.send.click()
    assert sandbox.messages == []


def test_a_form_that_no_variable_holds_still_answers_clicks(session: nx.Session) -> None:
    """It may be shown: a notebook shows what the last line of a cell gives, and needs no variable for it."""
    preview = nx.voice_form().preview
    gc.collect()
    preview.click()
    assert not preview.disabled
