"""Forms and inbox in a real browser: JupyterLab, a person's keystrokes and clicks, and the sandbox's own count."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from browsers import BROWSER_MARKS, take_screenshot
from helpers import hold_answers
from notebook_page import (
    CONTRAST,
    FOCUSED_NAME,
    READY,
    UNNAMED_FIELDS,
    Server,
    run_all,
    type_text,
    wait_until_idle,
)

from nexmo_nb.sandbox import Sandbox

pytestmark = BROWSER_MARKS
LATE = 600
HOSTILE = "<img src=x onerror=alert(1)> & co"
# What the client must be able to read for a form to go on at all.
KEPT = {
    "id", "msisdn", "country", "countryCode", "dialingPrefix", "status", "to", "message-count", "price", "cost",
    "initialPrice", "message-price", "remaining-balance", "value", "features", "call_id", "uuid", "http_method",
}  # fmt: skip


def test_a_person_previews_double_clicks_and_sees_one_message(page: Any, browser: Any, strict: Sandbox) -> None:
    inbox = browser.new_page(viewport={"width": 1000, "height": 640})
    alerts: list[str] = []
    for each in (page, inbox):
        each.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    inbox.goto(strict.url)
    type_text(page, HOSTILE)
    preview, send = (page.get_by_role("button", name=name).first for name in ("Preview", "Send"))
    assert send.is_disabled()
    preview.click()
    wait_until_idle(page)
    take_screenshot(page, "lab")
    assert strict.messages == []
    send.dblclick()
    wait_until_idle(page, LATE)
    assert [message["text"] for message in strict.messages] == [HOSTILE]
    page.get_by_text("1 accepted.").wait_for()
    inbox.locator("#thread").get_by_text(HOSTILE, exact=True).wait_for(timeout=60_000)
    take_screenshot(inbox, "inbox_hostile")
    assert alerts == []
    inbox.close()


def test_clicks_that_queue_while_the_kernel_is_busy_send_one_message(
    page: Any, strict: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_text(page, "once")
    page.get_by_role("button", name="Preview").first.click()
    wait_until_idle(page)
    strict.latency = 1.0
    released, before = hold_answers(strict, monkeypatch), len(strict.requests)
    send = page.get_by_role("button", name="Send").first
    for _ in range(3):
        send.dispatch_event("click")
    while len(strict.requests) == before:
        time.sleep(0.01)
    released.set()
    wait_until_idle(page, LATE)
    assert [message["text"] for message in strict.messages] == ["once"]


def test_enter_blur_and_running_the_cells_again_send_nothing(page: Any, strict: Sandbox) -> None:
    type_text(page, "never")
    page.get_by_role("button", name="Preview").first.click()
    wait_until_idle(page)
    page.get_by_label("From").first.press("Enter")
    page.get_by_label("To", exact=True).first.press("Tab")
    wait_until_idle(page, LATE)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    wait_until_idle(page, LATE)
    assert page.get_by_role("button", name="Send").first.is_disabled()
    assert strict.messages == []


def test_each_form_keeps_its_fields_within_its_room(page: Any) -> None:
    type_text(page, "Olá Ana! Your table is ready at 8. See you soon.")
    page.get_by_role("button", name="Preview").first.click()
    wait_until_idle(page)
    forms = page.locator(".jp-OutputArea-output:has(button)")
    for n, name in enumerate(("sms_form", "voice_form", "application_form", "number_form")):
        forms.nth(n).scroll_into_view_if_needed()
        if name == "number_form":
            forms.nth(n).get_by_role("button", name="Search").click()
            wait_until_idle(page)
        wide = forms.nth(n).locator(".widget-text, .widget-textarea, .widget-dropdown, .widget-combobox")
        room = forms.nth(n).bounding_box()
        boxes = [box for box in (each.bounding_box() for each in wide.all()) if box]
        assert boxes
        assert all(box["x"] + box["width"] <= room["x"] + room["width"] + 1 for box in boxes), name


def test_problems_and_doubts_stand_before_the_button_and_refusals_are_told(page: Any, strict: Sandbox) -> None:
    type_text(page, "Your table is ready at 8.")
    form = page.locator(".jp-OutputArea-output:has(button)").first
    numbers = ["+44 7700 900123", "+44 7700 900124", "+44 7700 900125", "12", "+351 213 456 789"]
    form.get_by_label("To", exact=True).fill("\n".join(numbers))
    form.get_by_role("button", name="Preview").click()
    wait_until_idle(page)
    assert form.get_by_role("button", name="Send").is_disabled()
    form.get_by_label("Doubtful rows").select_option(label="leave them out")
    wait_until_idle(page)
    doubts, send = form.get_by_text("Careful: doubtful are 1 of 5"), form.get_by_role("button", name="Send")
    assert doubts.bounding_box()["y"] < send.bounding_box()["y"]
    strict.fail_next("status", code=15, times=2, path="/sms")
    send.click()
    wait_until_idle(page, LATE)
    form.get_by_text("1 accepted, 2 refused: illegal sender, 1 left out, 1 not sendable.").wait_for()
    reason, room = form.get_by_text("Nothing was sent.").bounding_box(), form.bounding_box()
    assert reason["x"] + reason["width"] <= room["x"] + room["width"]
    least, where = page.evaluate(CONTRAST)
    assert least >= 4.5, where


def hostile(value: Any, key: str = "") -> Any:
    """Put markup into every text of an answer that is not needed to go on."""
    if isinstance(value, dict):
        return {name: hostile(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, key) for inner in value]
    return HOSTILE if isinstance(value, str) and key not in KEPT else value


def test_markup_in_every_field_of_every_answer_shows_as_text(
    browser: Any, notebook: str, strict: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts: list[str] = []
    page, inbox = browser.new_page(viewport={"width": 1100, "height": 1400}), browser.new_page()
    for each in (page, inbox):
        each.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    module = importlib.import_module("nexmo_nb.sandbox.sandbox")
    dispatch = module.dispatch_request

    def answer_with_markup(*arguments: Any) -> Any:
        answer = dispatch(*arguments)
        return answer._replace(body=hostile(answer.body))

    monkeypatch.setattr(module, "dispatch_request", answer_with_markup)
    run_all(page, notebook)
    page.set_default_timeout(60_000)
    outputs = page.locator(".jp-OutputArea-output:has(button)")
    sms, voice, application, number = (outputs.nth(n) for n in range(4))
    number.get_by_role("button", name="Search").click()
    wait_until_idle(page)
    application.get_by_label("Application").select_option(index=1)
    application.get_by_label("Delete", exact=True).fill(HOSTILE)
    first = number.locator("tbody tr").first
    first.get_by_role("radio").check()
    number.get_by_label("Type it again").fill(first.locator("th").inner_text())
    for form in (sms, voice):
        form.get_by_label("To", exact=True).fill("+44 7700 900000")
        form.get_by_label("Text", exact=True).fill("Hello")
    for form in (sms, voice, application, number):
        form.get_by_role("button", name="Preview").click()
        wait_until_idle(page)
    assert page.get_by_text(HOSTILE).count() >= 4
    strict.fail_next("status", path="/sms/json", code=6)
    for form in (sms, voice, application, number):
        form.locator("button.mod-primary, button.mod-danger").click()
        wait_until_idle(page)
    page.get_by_text("cannot be routed").first.wait_for()
    inbox.goto(strict.url)
    inbox.get_by_role("tab", name="Requests").click()
    inbox.get_by_text("error-text").first.click()
    inbox.get_by_text(HOSTILE).first.wait_for()
    for each in (page, inbox):
        assert each.locator("img[src=x]").count() == 0
        each.close()
    assert alerts == []


def test_the_dark_theme_can_be_read(page: Any, strict: Sandbox) -> None:
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    type_text(page, "Olá Ana! Γειά σου")
    page.get_by_role("button", name="Advanced").click()
    page.get_by_role("button", name="Preview").first.click()
    page.get_by_role("button", name="Preview").nth(1).click()
    wait_until_idle(page)
    take_screenshot(page, "dark")
    least, where = page.evaluate(CONTRAST)
    assert least >= 4.5, where
    page.get_by_role("button", name="Send").first.click()
    wait_until_idle(page)
    take_screenshot(page, "dark_sent")
    least, where = page.evaluate(CONTRAST)
    assert least >= 4.5, where


def test_a_kernel_that_restarts_between_preview_and_send_sends_nothing(page: Any, strict: Sandbox) -> None:
    type_text(page, "never")
    page.get_by_role("button", name="Preview").first.click()
    wait_until_idle(page)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.wait_for_function(READY, timeout=60_000)
    send = page.get_by_role("button", name="Send").first
    send.dispatch_event("click")
    send.dispatch_event("click")
    wait_until_idle(page, LATE)
    assert strict.messages == []
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_timeout(500)
    page.wait_for_function(READY, timeout=60_000)
    type_text(page, "once")
    assert page.get_by_role("button", name="Send").first.is_disabled()
    page.get_by_role("button", name="Preview").first.click()
    wait_until_idle(page)
    page.get_by_role("button", name="Send").first.click()
    wait_until_idle(page, LATE)
    assert [message["text"] for message in strict.messages] == ["once"]


@pytest.mark.parametrize("kind", ["notebook", "voila"])
def test_the_forms_work_the_same_in_notebook_7_and_as_an_app(
    kind: str, browser: Any, start: Callable[[str], Server], strict: Sandbox
) -> None:
    with start(kind).open_forms() as url:
        page = browser.new_page(viewport={"width": 1100, "height": 1000})
        if kind == "notebook":
            run_all(page, url)
        else:
            page.goto(url, timeout=60_000)
        preview, send = (page.get_by_role("button", name=name).first for name in ("Preview", "Send"))
        preview.wait_for(timeout=60_000)
        page.get_by_label("Text", exact=True).first.fill("the same")
        page.get_by_text("1 part, room for 152 more").wait_for(timeout=60_000)
        preview.click()
        page.wait_for_function(
            "() => [...document.querySelectorAll('button')].some(b => b.textContent.trim() === 'Send' && !b.disabled)"
        )
        take_screenshot(page, kind)
        send.dblclick()
        page.get_by_text("1 accepted.").wait_for(timeout=60_000)
        assert [message["text"] for message in strict.messages] == ["the same"]
        page.close()


def test_keys_alone_reach_every_field_in_order_and_a_phone_can_read_the_forms(
    browser: Any, start: Callable[[str], Server], strict: Sandbox
) -> None:
    with start("voila").open_forms() as url:
        page = browser.new_page(viewport={"width": 400, "height": 900})
        page.goto(url, timeout=60_000)
        page.get_by_role("button", name="Preview").nth(3).wait_for(timeout=60_000)
        page.get_by_label("From").first.focus()
        seen = []
        for _ in range(8):
            seen.append(page.evaluate(FOCUSED_NAME))
            page.keyboard.press("Tab")
        assert seen == ["From", "To", "Country", "Text", "Advanced", "Preview", "To", "Country"]
        unnamed = page.evaluate(UNNAMED_FIELDS)
        assert unnamed == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        take_screenshot(page, "forms_narrow", full_page=True)
        page.close()
