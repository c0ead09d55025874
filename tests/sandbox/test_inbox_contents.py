"""The inbox in a real browser: what it shows, finds and exports, also of ten thousand messages."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from browsers import BROWSER_MARKS
from inbox_page import (
    ANA,
    BEN,
    Open,
    download,
    fill,
    fill_with_many,
    open_tab,
    read_csv_rows,
    read_totals,
    recipients_of,
    thread_of,
)
from sandbox_client import Client

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.magic_numbers import PREFIX

pytestmark = BROWSER_MARKS
HOSTILE = "<img src=x onerror=alert(1)> & co"


def test_a_conversation_has_what_was_sent_in_order_each_with_its_receipts(
    open_inbox: Open, client: Client, sandbox: Sandbox
) -> None:
    fill(client, sandbox)
    page = open_inbox()
    assert recipients_of(page).count() == 2
    recipients_of(page).filter(has_text=ANA).click()
    texts = thread_of(page).locator("p").all_inner_texts()
    assert texts == [message["text"] for message in sandbox.messages if message["to"] == ANA]
    first, second, _ = thread_of(page).all()
    assert "From Demo, Unicode, 1 part, EUR 0.0" in first.inner_text()
    assert "Reference booking-17" in first.inner_text()
    receipts = second.get_by_role("list", name="Receipts").get_by_role("listitem").all_inner_texts()
    assert [receipt.partition(",")[0] for receipt in receipts] == [
        "Part 1: delivered", "Part 2: delivered", "Part 3: delivered",
    ]  # fmt: skip
    times = second.get_by_role("list", name="Receipts").locator("time").evaluate_all("all => all.map(t => t.dateTime)")
    assert len(times) == 3
    arrival = datetime.fromisoformat(sandbox.messages[2]["time"]) + timedelta(seconds=2)
    assert {datetime.fromisoformat(time) for time in times} == {arrival}
    recipients_of(page).filter(has_text=BEN).click()
    thread_of(page).get_by_text("2 parts refused").wait_for()


def test_a_receipt_that_is_bad_or_not_there_yet_has_no_tick(open_inbox: Open, client: Client) -> None:
    for number in (f"{PREFIX}108", f"{PREFIX}205"):
        client.sms(to=number)
    page = open_inbox()
    found = []
    for recipient in recipients_of(page).all():
        recipient.click()
        receipt = thread_of(page).get_by_role("list", name="Receipts").get_by_role("listitem")
        tick = receipt.evaluate("node => getComputedStyle(node, '::before').content")
        found.append((receipt.inner_text().partition(",")[0], tick))
    assert found == [("submitted", "none"), ("failed", "none")]


def test_an_answer_stands_in_the_conversation_with_whoever_wrote_it(
    open_inbox: Open, client: Client, sandbox: Sandbox
) -> None:
    number = next(iter(sandbox.world.owned))
    client.sms(to=ANA, text="See you at eight?")
    sandbox.receive(ANA, number, "Yes 🎉")
    page = open_inbox()
    assert recipients_of(page).count() == 1
    assert thread_of(page).locator("p").all_inner_texts() == ["See you at eight?", "Yes 🎉"]
    assert f"To +{number}, Unicode, 1 part" in thread_of(page).last.inner_text()
    sandbox.receive(BEN, number, "Who is this?")
    page.get_by_text(f"1 message, the last from +{BEN}.").wait_for()
    client.sms(to=ANA, text="Good.")
    thread_of(page).nth(2).wait_for()
    assert recipients_of(page).count() == 2
    _, path = download(page, "CSV")
    rows = read_csv_rows(path)
    assert [row["direction"] for row in rows] == ["outbound", "inbound", "inbound", "outbound"]


def test_counts_and_cost_are_those_of_the_books_and_news_come_by_themselves(
    open_inbox: Open, client: Client, sandbox: Sandbox
) -> None:
    page = open_inbox()
    assert read_totals(page)["Total cost"] == "EUR 0.00"
    fill(client, sandbox)
    news = page.get_by_role("status").filter(has_text="New at")
    news.filter(has_text=f"the last to +{ANA}").wait_for()
    page.locator("#totals dd").first.filter(has_text="5").wait_for()
    page.wait_for_function("document.querySelector('#totals').textContent.includes('Calls1')")
    open_tab(page, "Calls").get_by_text("Number rented").wait_for()
    parts = sum(len(message["parts"]) for message in sandbox.messages)
    spent, balance = (f"EUR {amount:.4f}".rstrip("0") for amount in (sandbox.world.spent, sandbox.world.balance))
    assert read_totals(page) == {
        "Messages": "5", "Parts": str(parts), "Calls": "1", "Total cost": spent, "Balance": balance,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("+44 7700 900123", 3),
        ("351912345678", 2),
        ("TABLE is", 1),
        ("order-4", 1),
        ("(0)", 0),
        ("  see you ", 1),
        ("bring the papers", 2),
    ],
)
def test_the_search_finds_numbers_texts_and_references(
    open_inbox: Open, client: Client, sandbox: Sandbox, sought: str, found: int
) -> None:
    fill(client, sandbox)
    page = open_inbox()
    page.get_by_label("Search").fill(sought)
    said = page.get_by_role("status").filter(has_text=f"Found: {found} message" if found else "Nothing found.")
    said.wait_for()
    shown = 0
    for recipient in recipients_of(page).all():
        recipient.click()
        shown += thread_of(page).count()
    assert shown == found
    page.get_by_label("Search").fill("")
    recipients_of(page).nth(1).wait_for()
    assert "ound" not in page.locator("#found").inner_text()


def test_the_search_looks_into_the_tab_that_is_open(open_inbox: Open, client: Client, sandbox: Sandbox) -> None:
    fill(client, sandbox)
    page = open_inbox()
    page.get_by_label("Search").fill("Bookings")
    open_tab(page, "Calls").get_by_text("Application deleted").wait_for()
    assert page.locator("#activity tbody tr").count() == 2
    open_tab(page, "Requests")
    assert page.locator("#requests tbody tr").count() == 1


def test_calls_applications_and_numbers_stand_in_a_tab_of_their_own(
    open_inbox: Open, client: Client, sandbox: Sandbox
) -> None:
    fill(client, sandbox)
    page = open_inbox()
    rows = open_tab(page, "Calls").locator("tbody tr")
    assert [row.locator("td").nth(1).inner_text() for row in rows.all()] == [
        "Number rented", "Application deleted", "Application created", "Call placed",
    ]  # fmt: skip
    call, rented = rows.last.inner_text(), rows.first.inner_text()
    assert f"+{ANA}" in call
    assert "Your table is ready" in call
    assert "en-us" in call
    assert "started" in call
    assert "a minute" in call
    assert "EUR " in rented


def test_numbers_with_an_effect_stand_in_a_tab_of_their_own_and_are_found(open_inbox: Open, sandbox: Sandbox) -> None:
    page = open_inbox()
    rows = open_tab(page, "Numbers to try").locator("tbody tr")
    shown = [row.locator("td").all_inner_texts() for row in rows.all()]
    assert [cells[:2] for cells in shown] == [[f"+{each['number']}", each["effect"]] for each in sandbox.numbers()]
    assert shown[0][2].startswith("02Missing parameter\n03Invalid parameter")
    page.get_by_label("Search").fill("opted out")
    page.get_by_text("Found: 1 number.").wait_for()


def test_ten_thousand_messages_are_shown_by_pages_and_nothing_is_built_twice(
    open_inbox: Open, client: Client, sandbox: Sandbox
) -> None:
    fill_with_many(client, sandbox, 10_000, recipients=2_500)
    page = open_inbox()
    recipients_of(page).nth(99).wait_for()
    assert read_totals(page)["Messages"] == "10,000"
    assert recipients_of(page).count() == 100
    assert page.evaluate("document.querySelectorAll('*').length") < 2_000
    page.get_by_role("button", name="Show more recipients (100 of 2,500 are shown)").click()
    assert recipients_of(page).count() == 200
    assert recipients_of(page).nth(100).evaluate("node => node === document.activeElement")
    page.evaluate("for (const node of document.querySelectorAll('#phones li, #thread li')) node.isOld = true")
    recipients_of(page).nth(50).focus()
    focused = page.evaluate("document.activeElement.dataset.to")
    with page.expect_response("**/_sandbox/inbox?*") as polled:
        pass
    assert len(polled.value.body()) < 1_000
    client.sms(to="447700000007", text="the newest")
    page.get_by_text("New at").wait_for()
    assert recipients_of(page).first.get_attribute("data-to") == "447700000007"
    built = "[...document.querySelectorAll('#phones li, #thread li')].filter(node => !node.isOld).length"
    assert page.evaluate(built) == 1
    assert page.evaluate("document.activeElement.dataset.to") == focused
    page.get_by_label("Search").fill("reference-0")
    page.get_by_text("Found: 1 message to 1 recipient.").wait_for()


def test_a_long_conversation_begins_at_its_end_and_shows_earlier_messages_when_asked(
    open_inbox: Open, client: Client, sandbox: Sandbox
) -> None:
    fill_with_many(client, sandbox, 250, recipients=1)
    page = open_inbox()
    thread_of(page).last.get_by_text("reference-249").wait_for()
    assert thread_of(page).count() == 100
    is_at_end = "(n => n.scrollHeight - n.scrollTop - n.clientHeight < 2)(document.querySelector('#conversation'))"
    assert page.evaluate(is_at_end)
    for count in (200, 250):
        page.get_by_role("button", name="Show more earlier messages").click()
        assert thread_of(page).count() == count
    assert page.get_by_role("button", name="Show more earlier messages").is_hidden()
    assert page.evaluate("document.activeElement.id") == "conversation"
    assert "reference-0" in thread_of(page).first.inner_text()


def test_exports_have_what_the_search_shows(open_inbox: Open, client: Client, sandbox: Sandbox) -> None:
    fill(client, sandbox)
    page = open_inbox()
    page.get_by_label("Search").fill(ANA)
    name, path = download(page, "JSON")
    assert name == "sandbox_messages.json"
    messages = json.loads(path.read_text(encoding="utf-8"))
    mine = [message for message in sandbox.messages if message["to"] == ANA]
    assert [message["text"] for message in messages] == [message["text"] for message in mine]
    name, path = download(page, "CSV")
    assert name == "sandbox_messages.csv"
    rows = read_csv_rows(path)
    assert [row["text"] for row in rows] == [message["text"] for message in mine]
    assert [(row["parts"], row["price"], row["currency"]) for row in rows] == [
        (str(len(message["parts"])), message["price"], "EUR") for message in mine
    ]
    assert [row["client_ref"] for row in rows] == ["booking-17", "", ""]
    assert nx.read_csv(path).price.tolist() == [float(message["price"]) for message in mine]
    page.get_by_label("Search").fill("")
    open_tab(page, "Calls")
    assert [row["what"] for row in read_csv_rows(download(page, "CSV")[1])][-1] == "Number rented"
    open_tab(page, "Requests")
    assert [row["path"] for row in read_csv_rows(download(page, "CSV")[1])] == [
        each["path"] for each in sandbox.requests
    ]


def test_in_the_csv_nothing_is_a_formula_and_no_number_is_changed_by_a_spreadsheet(
    open_inbox: Open, client: Client, sandbox: Sandbox
) -> None:
    texts = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "'quoted",
        "0012",
        "1E5",
        "3/4",
        "10:30",
        "＝1",
        "2 apples",
    ]
    texts += ['a,"b"\nc', " b ", "12%", "a\rb"]
    for n, text in enumerate(texts):
        client.sms(to=ANA, text=text, type="unicode", client_ref=f"00{n}")
    page = open_inbox()
    rows = read_csv_rows(download(page, "CSV")[1])
    changed = [text for row, text in zip(rows, texts, strict=True) if row["text"] not in (text, f"'{text}")]
    assert changed == []
    plain = [text for row, text in zip(rows, texts, strict=True) if row["text"] == text]
    assert plain == ["2 apples", 'a,"b"\nc', " b ", "a\rb"]
    assert {row["to"] for row in rows} == {f"'+{ANA}"}
    assert nx.to_e164(rows[0]["to"]) == ANA
    assert [row["client_ref"] for row in rows] == [f"'00{n}" for n in range(len(texts))]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+-@\t\r" and cell]


def test_markup_of_whoever_wrote_it_is_text(open_inbox: Open, client: Client, sandbox: Sandbox) -> None:
    client.sms(text=HOSTILE, client_ref=HOSTILE)
    client.sms(type="vcard", text=None, vcard=HOSTILE)
    keys = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}
    client.request("POST", "/tts/json", form={**keys, "to": ANA, "text": HOSTILE}, Authorization="")
    client.request("POST", "/v2/applications", {"name": HOSTILE, "keys": {"public_key": "-----BEGIN PUBLIC KEY-----"}})
    country, number = next((each["country"], each["msisdn"]) for each in sandbox.world.owned.values())
    update = {"country": country, "msisdn": number, "moHttpUrl": f"https://{HOSTILE}"}
    client.request("POST", "/number/update", form=update)
    client.request("POST", "/%3Cimg%20src=x%20onerror=alert(1)%3E", {HOSTILE: HOSTILE})
    page = open_inbox()
    # In the list, and of the conversation both messages and the reference.
    assert thread_of(page).get_by_text(HOSTILE).count() == 3
    assert recipients_of(page).get_by_text(HOSTILE).count() == 1
    activity = open_tab(page, "Calls").inner_text()
    assert activity.count(HOSTILE) == 4  # what was said, the application as subject and detail, the number's address
    assert HOSTILE in open_tab(page, "Requests").inner_text()
    page.get_by_label("Search").fill(f"{HOSTILE} nowhere")
    page.get_by_text(f"Nothing here has “{HOSTILE} nowhere” in it.").wait_for()
    assert page.locator("img, script:not([src])").count() == 0
