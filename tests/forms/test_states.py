"""Every form in every state, as a person sees it: nothing that axe objects to, and keys alone do all of it.

With SCREENSHOTS, each state's picture is kept in that folder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from browsers import BROWSER_MARKS, find_violations, take_screenshot
from notebook_page import FOCUSED_NAME, Server, run_all, set_theme, wait_until_idle

from nexmo_nb.sandbox import Sandbox

pytestmark = BROWSER_MARKS
FORMS = ("sms", "voice", "applications", "numbers")
WIDTHS = (1400, 420)
PART = ".nexmo-nb-form"
LONGEST_WAY = 60


class Page:
    """The notebook of forms on a page, and what a person does with each of its four forms."""

    def __init__(self, page: Any, kind: str, sandbox: Sandbox) -> None:
        self.page, self.kind, self.sandbox = page, kind, sandbox
        self.sms, self.voice, self.applications, self.numbers = (page.locator(PART).nth(n) for n in range(4))
        self.forms = dict(zip(FORMS, (self.sms, self.voice, self.applications, self.numbers), strict=True))

    def look(self, state: str) -> list[str]:
        """Look for violations at each width, light and dark, and keep a picture of each form."""
        found = []
        for theme in ("Light", "Dark") if self.kind != "voila" else ("Light",):
            self.set_theme(theme)
            for width in WIDTHS:
                self.page.set_viewport_size({"width": width, "height": 2600})
                found += [f"{state}, {theme}, {width}: {each}" for each in find_violations(self.page, PART)]
                self.keep_pictures(state, theme, width)
        self.set_theme("Light")
        return found

    def keep_pictures(self, state: str, theme: str, width: int) -> None:
        is_shown = self.kind == "lab" and (theme, width) in (("Light", 1400), ("Dark", 420))
        for name, form in self.forms.items():
            if is_shown and (width == 1400 or state == "previewed"):
                end = "" if width == 1400 else "_dark_narrow"
                take_screenshot(form, f"{name}_{state}{end}")

    def set_theme(self, theme: str) -> None:
        if self.kind != "voila":
            set_theme(self.page, theme)

    def empty(self) -> None:
        for label in ("From", "To", "Text"):
            self.sms.get_by_label(label, exact=True).fill("")
        self.numbers.get_by_role("button", name="Search").click()
        self.numbers.get_by_role("table").wait_for()

    def fill(self) -> None:
        self.sms.get_by_label("From", exact=True).fill("Demo")
        numbers = "+44 7700 900123\n+44 7700 900124\n12\n+351 213 456 789"
        self.sms.get_by_label("To", exact=True).fill(numbers)
        self.sms.get_by_label("Text", exact=True).fill("Olá Ana! Your table is ready at 8.")
        self.voice.get_by_label("To", exact=True).fill("+44 7700 900123")
        self.voice.get_by_label("Text", exact=True).fill("Your table is ready at 8.")
        self.applications.get_by_label("Application", exact=True).select_option(index=1)
        self.applications.get_by_label("Name", exact=True).fill(f"Renamed {len(self.sandbox.requests)}")
        self.pick_number()

    def pick_number(self) -> None:
        first = self.numbers.locator("tbody tr").first
        first.get_by_role("radio").check()
        self.numbers.get_by_label("Type it again").fill(first.locator("th").inner_text())

    def preview(self) -> None:
        for form in self.forms.values():
            form.get_by_role("button", name="Preview").click()
        choice = self.sms.get_by_label("Doubtful rows")
        choice.wait_for()
        choice.select_option(label="leave them out")
        for form in self.forms.values():
            form.locator("button.mod-primary:enabled").wait_for()

    def submit(self) -> None:
        for form in self.forms.values():
            form.locator("button.mod-primary").click()
            form.locator(".nexmo-nb-outcome").wait_for()


@pytest.mark.parametrize("kind", ["lab", "notebook", "voila"])
def test_axe_objects_to_nothing_in_any_state(
    kind: str, browser: Any, start: Callable[[str], Server], strict: Sandbox
) -> None:
    with start(kind).open_forms() as url:
        tab = browser.new_page(viewport={"width": 1400, "height": 2600})
        if kind == "voila":
            tab.goto(url, timeout=60_000)
        else:
            run_all(tab, url)
        page = Page(tab, kind, strict)
        if kind == "lab":  # its list of files takes most of a narrow page
            tab.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        page.numbers.get_by_role("button", name="Preview").wait_for(timeout=60_000)
        found = page.look("empty")
        page.empty()
        for form in page.forms.values():
            form.get_by_role("button", name="Preview").click()
            form.locator(".nexmo-nb-outcome, .nexmo-nb-card").first.wait_for()
        found += page.look("wrong")
        page.fill()
        found += page.look("filled")
        page.preview()
        found += page.look("previewed")
        page.submit()
        found += page.look("sent")
        page.fill()
        page.preview()
        strict.fail_next("status", code=15, times=1, path="/sms")
        for path in ("/v1/calls", "/v2/applications", "/number/buy"):
            strict.fail_next("http", code=403, path=path)
        page.submit()
        found += page.look("refused")
        tab.close()
    assert found == []


class Keys:
    """A person with keys alone, who begins at the first field of a form."""

    def __init__(self, page: Any, form: Any, first: str) -> None:
        self.page, self.form = page, form
        form.get_by_label(first, exact=True).focus()

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def go_to(self, name: str) -> None:
        """Press the Tab key until the focus is on what has that name."""
        seen = []
        for _ in range(LONGEST_WAY):
            self.press("Tab")
            seen.append(self.page.evaluate(FOCUSED_NAME))
            if seen[-1] == name:
                return
        raise AssertionError(f"no Tab reached {name!r}; reached were {seen}")

    def preview_and_submit(self, verb: str) -> str:
        wait_until_idle(self.page)  # a click may overtake what was typed, and then the preview is void
        self.go_to("Preview")
        self.press("Enter")
        self.form.locator("button.mod-primary:enabled, button.mod-danger:enabled").wait_for()
        assert self.page.evaluate(FOCUSED_NAME) == "Preview"
        self.go_to(verb)
        self.press("Space")
        outcome = self.form.locator(".nexmo-nb-outcome")
        outcome.wait_for()
        self.page.wait_for_function("() => document.activeElement.classList.contains('nexmo-nb-message')")
        return str(outcome.inner_text())


def send_an_sms(page: Any, strict: Sandbox) -> None:
    keys = Keys(page, page.locator(PART).nth(0), "From")
    for label, text in (("From", "Shop"), ("To", "+44 7700 900124"), ("Text", "By keys alone")):
        if label != "From":
            keys.go_to(label)
        keys.press("Control+A")
        keys.type(text)
    assert keys.preview_and_submit("Send") == "1 accepted."
    assert [message["text"] for message in strict.messages] == ["By keys alone"]


def place_a_call(page: Any, strict: Sandbox) -> None:
    keys = Keys(page, page.locator(PART).nth(1), "To")
    keys.type("+44 7700 900124")
    keys.go_to("Text")
    keys.type("By keys alone")
    keys.go_to("Language")
    keys.press("ArrowDown")
    assert keys.preview_and_submit("Call") == "Calling 447700900124."
    assert strict.calls[0]["ncco"][0]["language"] == "en-GB"


def change_and_delete_an_application(page: Any, strict: Sandbox) -> None:
    keys = Keys(page, page.locator(PART).nth(2), "Application")
    keys.press("ArrowDown")
    filled = "() => document.querySelector('.nexmo-nb-field-name input').value !== ''"
    page.wait_for_function(filled)
    keys.go_to("Name")
    keys.press("Control+A")
    keys.type("By keys")
    assert keys.preview_and_submit("Save") == "Changed: By keys."
    keys = Keys(page, page.locator(PART).nth(2), "Application")
    keys.press("ArrowDown")
    page.wait_for_function(filled)
    keys.go_to("Delete")
    keys.type("By keys")
    assert keys.preview_and_submit("Delete") == "Deleted: By keys."


def rent_a_number(page: Any, strict: Sandbox) -> None:
    keys = Keys(page, page.locator(PART).nth(3), "Countries")
    keys.go_to("Search")
    keys.press("Enter")
    page.locator(PART).nth(3).get_by_role("radio").first.wait_for()
    first = page.locator(PART).nth(3).locator("tbody th").first.inner_text()
    keys.go_to(first)
    keys.press("ArrowDown")
    number = page.evaluate(FOCUSED_NAME)
    keys.go_to("Type it again")
    keys.type(number)
    assert keys.preview_and_submit("Rent") == f"Rented: {number} (United Kingdom, mobile)."


def test_each_form_does_its_work_by_keys_alone(page: Any, strict: Sandbox) -> None:
    for work in (send_an_sms, place_a_call, change_and_delete_an_application, rent_a_number):
        work(page, strict)


def test_a_wrong_field_takes_the_focus_and_tells_why(page: Any, strict: Sandbox) -> None:
    keys = Keys(page, page.locator(PART).nth(0), "From")
    keys.go_to("To")
    keys.press("Control+A")
    keys.type("12")
    keys.go_to("Preview")
    keys.press("Enter")
    page.wait_for_function("() => document.activeElement.getAttribute('aria-invalid') === 'true'")
    assert page.evaluate(FOCUSED_NAME) == "To"
    told = page.evaluate(
        "() => document.getElementById(document.activeElement.getAttribute('aria-describedby')).innerText"
    )
    assert told.endswith("It is too short.")
    keys.press("Control+A")
    keys.type("+44 7700 900124")
    assert keys.preview_and_submit("Send") == "1 accepted."
    assert page.locator("[aria-invalid]").count() == 0


def test_a_table_that_is_too_wide_scrolls_by_keys(page: Any, strict: Sandbox) -> None:
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.set_viewport_size({"width": 420, "height": 1200})
    keys = Keys(page, page.locator(PART).nth(0), "From")
    keys.go_to("Preview")
    keys.press("Enter")
    table = page.get_by_role("region", name="1 row")
    table.wait_for()
    for _ in range(LONGEST_WAY):
        keys.press("Tab")
        if table.evaluate("node => node === document.activeElement"):
            break
    before = table.evaluate("node => node.scrollLeft")
    keys.press("ArrowRight")
    page.wait_for_function("before => document.activeElement.scrollLeft > before", arg=before)
