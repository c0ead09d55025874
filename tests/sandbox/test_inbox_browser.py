"""The inbox in a real browser: its states, panes, tabs and keys, and where the focus is."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from browsers import BROWSER_MARKS, find_violations, take_screenshot
from inbox_page import ANA, BEN, NARROW, WIDE, Open, fill, open_tab, read_totals, recipients_of, thread_of
from sandbox_client import Client

from nexmo_nb.sandbox import Sandbox

pytestmark = BROWSER_MARKS
FOCUSED = "() => document.activeElement.id || document.activeElement.textContent"
IS_WITHIN = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_in_any_state(
    open_inbox: Open, client: Client, sandbox: Sandbox, size: dict[str, int], scheme: str
) -> None:
    page = open_inbox(size, scheme)

    def check(state: str) -> None:
        assert find_violations(page, "html") == [], state
        assert page.evaluate(IS_WITHIN), state

    for tab in ("Requests", "Calls", "Messages"):
        open_tab(page, tab)
        check(f"{tab}, empty")
    fill(client, sandbox)
    recipients_of(page).nth(1).wait_for()
    check("filled")
    recipients_of(page).nth(1).click()
    check("conversation open")
    open_tab(page, "Requests").locator("summary").first.click()
    check("Requests, one opened")
    open_tab(page, "Calls").get_by_text("Number rented").wait_for()
    check("Calls, applications, numbers")
    open_tab(page, "Numbers to try").get_by_text("Throttled for ever").wait_for()
    check("Numbers to try")
    page.get_by_label("Search").fill("nowhere")
    for tab in ("Numbers to try", "Calls", "Requests", "Messages"):
        open_tab(page, tab).get_by_text("Nothing here has “nowhere” in it.").wait_for()
        check(f"{tab}, no hit")
    page.get_by_label("Search").fill("booking")
    page.get_by_text("Found: 1 message to 1 recipient.").wait_for()
    check("found")


def test_what_is_empty_says_so_and_what_fills_it(open_inbox: Open) -> None:
    page = open_inbox()
    open_tab(page, "Messages").get_by_text("No messages yet: send one with send_sms.").wait_for()
    open_tab(page, "Requests").get_by_text("No requests yet").wait_for()
    open_tab(page, "Calls").get_by_text("call with send_voice, or rent a number with buy_number").wait_for()
    assert page.get_by_role("button", name="Export CSV").is_disabled()


def test_one_pane_at_a_time_where_it_is_narrow_and_both_where_there_is_room(
    open_inbox: Open, client: Client, sandbox: Sandbox
) -> None:
    fill(client, sandbox)
    page = open_inbox(NARROW)
    listed, conversation = page.locator("#list"), page.get_by_role("region", name=f"+{BEN}")
    recipients_of(page).nth(1).wait_for()
    assert page.locator("#conversation").is_hidden()
    recipients_of(page).nth(1).click()
    conversation.wait_for()
    assert listed.is_hidden()
    page.get_by_role("button", name="Back to recipients").click()
    listed.wait_for()
    assert page.locator("#conversation").is_hidden()
    page.set_viewport_size(WIDE)
    conversation.wait_for()
    assert listed.is_visible()
    assert page.get_by_role("button", name="Back to recipients").is_hidden()


def test_nothing_is_wider_than_a_page_that_is_magnified_four_times(
    open_inbox: Open, client: Client, sandbox: Sandbox
) -> None:
    client.sms(text="x" * 400, client_ref="y" * 100)
    client.request("POST", f"/{'z' * 400}", {"a" * 400: "b" * 400})
    client.request(
        "POST", "/v2/applications", {"name": "c" * 400, "keys": {"public_key": "-----BEGIN PUBLIC KEY-----"}}
    )
    page = open_inbox({"width": 320, "height": 256})
    recipients_of(page).first.click()
    assert page.evaluate(IS_WITHIN)
    for tab in ("Requests", "Calls", "Numbers to try"):
        open_tab(page, tab).locator("td").first.wait_for()
        assert page.evaluate(IS_WITHIN)


def test_the_whole_way_by_keyboard(open_inbox: Open, client: Client, sandbox: Sandbox) -> None:
    fill(client, sandbox)
    page = open_inbox(NARROW)
    recipients_of(page).nth(1).wait_for()
    press = page.keyboard.press
    seen = []
    for _ in range(4):
        press("Tab")
        seen.append(page.evaluate(FOCUSED))
    assert seen == ["search", "export-json", "export-csv", "tab-messages"]
    press("Tab")
    press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.to") == BEN
    press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.to") == ANA
    press("End")
    press("Enter")
    assert page.evaluate(FOCUSED) == "conversation"
    assert thread_of(page).count() == 2
    press("Escape")
    assert page.evaluate("document.activeElement.dataset.to") == BEN
    press("Enter")
    press("Tab")
    assert page.evaluate(FOCUSED) == "back"
    press("Enter")
    assert page.evaluate("document.activeElement.dataset.to") == BEN
    for _ in range(2):
        press("Shift+Tab")
    assert page.evaluate(FOCUSED) == "tab-messages"
    press("ArrowRight")
    assert page.evaluate(FOCUSED) == "tab-requests"
    press("Tab")
    assert page.evaluate(FOCUSED) == "requests"
    press("Tab")
    press("Enter")
    assert page.locator("#requests details[open]").count() == 1
    for _ in range(2):
        press("Shift+Tab")
    press("End")
    press("ArrowLeft")
    page.get_by_text("Number rented").wait_for()
    press("Shift+Tab")
    with page.expect_download() as found:
        press("Enter")
    assert found.value.suggested_filename == "sandbox_activity.csv"
    press("Shift+Tab")
    press("Shift+Tab")
    page.keyboard.type("rented")
    page.get_by_text("Found: 1 entry.").wait_for()
    assert page.locator("#activity tbody tr").count() == 1


def test_tabs_tell_which_is_chosen_and_are_one_stop(open_inbox: Open) -> None:
    page = open_inbox()
    names, chosen = ["Messages", "Requests", "Calls, applications, numbers", "Numbers to try"], []
    tabs = page.get_by_role("tab")
    assert tabs.all_inner_texts() == names
    tabs.first.focus()
    for key in ("ArrowLeft", "ArrowRight", "ArrowRight", "End", "Home"):
        page.keyboard.press(key)
        selected = page.get_by_role("tab", selected=True)
        assert selected.count() == page.locator("[role=tab][tabindex='0']").count() == 1
        assert page.get_by_role("tabpanel", name=selected.inner_text()).is_visible()
        assert page.get_by_role("tabpanel").count() == 1
        chosen.append(names.index(selected.inner_text()))
    assert chosen == [3, 0, 1, 3, 0]


def test_what_was_opened_stays_open_and_focused_when_more_arrives(
    open_inbox: Open, client: Client, sandbox: Sandbox
) -> None:
    client.sms(text="first")
    page = open_inbox()
    summary = open_tab(page, "Requests").locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    client.sms(text="second")
    page.locator("#requests tbody tr").nth(1).wait_for()
    assert page.locator("#requests details").evaluate_all("all => all.map(each => each.open)") == [False, True]
    assert page.evaluate("document.activeElement.parentNode.open")


def test_the_focus_stays_with_a_recipient_who_rises_to_the_top(
    open_inbox: Open, client: Client, sandbox: Sandbox
) -> None:
    fill(client, sandbox)
    page = open_inbox()
    recipients_of(page).filter(has_text=BEN).focus()
    client.sms(to=BEN, text="one more")
    recipients_of(page).first.get_by_text("one more").wait_for()
    assert page.evaluate("document.activeElement.dataset.to") == BEN


def test_the_page_asks_nobody_else(browser: Any, client: Client, sandbox: Sandbox) -> None:
    fill(client, sandbox)
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(sandbox.url)
    recipients_of(page).nth(1).wait_for()
    page.close()
    assert len(asked) > 5
    assert [url for url in asked if not url.startswith(f"{sandbox.url}/")] == []


def test_a_reset_empties_the_page_and_an_end_is_told(open_inbox: Open) -> None:
    with Sandbox(limits=False) as ending:
        client = Client(ending)
        client.sms(text="gone soon")
        page = open_inbox(url=ending.url)
        thread_of(page).get_by_text("gone soon").wait_for()
        ending.reset()
        page.get_by_text("No messages yet").wait_for()
        assert read_totals(page)["Messages"] == "0"
        client.connection.close()
    page.get_by_text("The sandbox has ended.").wait_for()


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [("inbox", {"width": 1000, "height": 720}, "light"), ("inbox_narrow", {"width": 420, "height": 760}, "dark")],
)
def test_pictures_of_the_inbox(open_inbox: Open, name: str, size: dict[str, int], scheme: str) -> None:
    noon, looks = datetime(2026, 3, 2, 12, 0, 5, tzinfo=timezone.utc), itertools.count()
    with Sandbox(limits=False, now=lambda: noon + timedelta(seconds=17 * next(looks))) as sandbox:
        client = Client(sandbox)
        fill(client, sandbox)
        for n, to in enumerate(("447700900456", "4915012345678", "33612345678", ANA)):
            client.sms(to=to, text=f"Your appointment is on {n + 3} March at 9:30.", client_ref=f"appointment-{n}")
        page = open_inbox(size, scheme, sandbox.url)
        recipients_of(page).first.click()
        thread_of(page).last.get_by_text("Your appointment").wait_for()
        take_screenshot(page, name)
        client.connection.close()
