"""The campaign form in JupyterLab and Notebook 7: from a file to its outcome, by mouse and keys, and what axe says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from browsers import BROWSER_MARKS, find_violations, take_screenshot
from helpers import hold_answers
from notebook_page import (
    FOCUSED_NAME,
    UNNAMED_FIELDS,
    Server,
    open_and_run,
    set_theme,
    wait_until_idle,
    write_notebook,
)

from nexmo_nb.sandbox import Sandbox

pytestmark = BROWSER_MARKS
WIDTHS = {"": 1400, "_narrow": 420}
FORM = ".nexmo-nb-form"
CELLS = [
    "import nexmo_nb as nx\nsession = nx.connect('sandbox', calls=100_000)",
    "form = nx.campaign_form()\nform",
]
FIRST = ["Ana", "Bob", "Carla", "Daniel", "Eva", "Filipe", "Grace", "Hugo", "Inês", "João"]


def write_list(folder: Path) -> Path:
    """Write a list of 42 people: two with a landline, one with no number, half of each language."""
    phones = [f"+3519123400{n:02}" for n in range(39)] + ["+351213456780", "+351213456781", "ask his wife"]
    rows = [
        {"name": FIRST[n % 10], "phone": phone, "language": ("en", "pt")[n % 2], "table": str(n % 12 + 1)}
        for n, phone in enumerate(phones)
    ]
    path = folder / "guests.csv"
    pd.DataFrame(rows).to_csv(path, index=False, sep=";")
    return path


@pytest.fixture(params=["lab", "notebook"])
def page(
    request: pytest.FixtureRequest, browser: Any, start: Callable[[str], Server], strict: Sandbox, tmp_path: Path
) -> Iterator[Any]:
    """A notebook with the form, run to its end."""
    with start(request.param).open_notebook(write_notebook(tmp_path / "campaign.ipynb", *CELLS)) as url:
        page = browser.new_page(viewport={"width": 1400, "height": 2600})
        open_and_run(page, url)
        if request.param == "lab":  # its list of files takes most of a narrow page
            page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        page.get_by_role("button", name="Preview").wait_for(timeout=60_000)
        wait_until_idle(page)
        page.set_default_timeout(60_000)
        yield page
        page.close()


def look_at(page: Any, state: str) -> None:
    """Let axe look at the form in a state, wide and narrow, light and dark, and keep a picture of each width."""
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        for end, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 2600})
            assert find_violations(page, FORM) == [], f"{state}, {theme}, {width}"
            box = page.locator(FORM).evaluate("node => [node.scrollWidth, node.clientWidth]")
            assert box[0] <= box[1] + 1, f"{state}, {width}"
            if theme == "Light":
                take_screenshot(page.locator(FORM), f"campaign_{state}{end}")
    page.set_viewport_size({"width": 1400, "height": 2600})


def choose_file(page: Any, path: Path, press: Callable[[], None]) -> None:
    with page.expect_file_chooser() as chooser:
        press()
    chooser.value.set_files(path)
    page.get_by_text("guests.csv: 42 rows").wait_for()
    wait_until_idle(page)


def test_a_person_sends_a_file_and_saves_the_outcome(
    page: Any, strict: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at(page, "empty")
    choose_file(page, write_list(tmp_path), page.get_by_role("button", name="Choose a file").click)
    assert page.locator(FORM).get_by_label("Number column").input_value() == "phone"
    page.locator(FORM).get_by_label("From").fill("Hotel")
    page.locator(FORM).get_by_label("Text", exact=True).fill("Hello ")
    page.get_by_role("button", name="{name}").click()
    wait_until_idle(page)
    page.locator(FORM).get_by_label("Text in").select_option(label="pt, 21 rows")
    wait_until_idle(page)
    page.locator(FORM).get_by_label("Text", exact=True).fill("Olá {name}, a sua mesa é a {table}.")
    page.locator(FORM).get_by_label("At most, EUR").fill("40")
    wait_until_idle(page)
    send = page.locator(f"{FORM} button.mod-primary")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("2 doubtful rows are not decided yet").wait_for()
    wait_until_idle(page)
    assert send.is_disabled()
    look_at(page, "doubts")
    page.locator(FORM).get_by_label("What becomes of them").select_option(label="decide row by row")
    wait_until_idle(page)
    page.locator(FORM).get_by_label("40 (351213456780)").select_option(label="send to them")
    page.locator(FORM).get_by_label("41 (351213456781)").select_option(label="leave out")
    wait_until_idle(page)
    look_at(page, "previewed")
    assert page.evaluate(UNNAMED_FIELDS) == []
    monkeypatch.setattr(strict, "latency", 0.001)
    released = hold_answers(strict, monkeypatch, after=15)
    send.click()
    page.get_by_role("button", name="Stop").wait_for()
    page.wait_for_function("() => Number(document.querySelector('[role=progressbar]')?.ariaValueNow) > 0")
    wait_until_idle(page)
    look_at(page, "running")
    released.set()
    page.get_by_text("40 accepted, 1 left out, 1 not sendable.").wait_for()
    page.get_by_text("40 of 40 done: 40 accepted, 0 refused, 0 unknown, 0 left").wait_for()
    wait_until_idle(page)
    look_at(page, "done")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the outcome").click()
    saved = pd.read_csv(download.value.path(), dtype=str, encoding="utf-8-sig")
    assert download.value.suggested_filename.startswith("campaign 20")
    assert saved.state.value_counts().to_dict() == {"accepted": 40, "skipped": 1, "problem": 1}
    assert len(strict.messages) == 40
    assert {message["text"].split()[0] for message in strict.messages} == {"Hello", "Olá"}


def tab_to(page: Any, name: str) -> None:
    """Press the tabulator until what has this name has the focus."""
    seen = []
    for _ in range(60):
        if page.evaluate(FOCUSED_NAME) == name:
            return
        seen.append(page.evaluate(FOCUSED_NAME))
        page.keyboard.press("Tab")
    raise AssertionError(f"{name!r} is not among {seen}")


def test_keys_alone_send_a_file(page: Any, strict: Sandbox, tmp_path: Path) -> None:
    upload = page.get_by_role("button", name="Choose a file")
    choose_file(page, write_list(tmp_path), lambda: upload.press("Enter"))
    upload.focus()  # as the person's own way to it would be a long one through JupyterLab
    tab_to(page, "Language column")
    page.keyboard.press("Home")
    wait_until_idle(page)
    tab_to(page, "Text")
    page.keyboard.type("Hello ")
    wait_until_idle(page)
    tab_to(page, "{name}")
    page.keyboard.press("Enter")
    wait_until_idle(page)
    tab_to(page, "From")
    page.keyboard.type("Hotel")
    tab_to(page, "Preview")
    page.keyboard.press("Enter")
    page.get_by_text("2 doubtful rows are not decided yet").wait_for()
    wait_until_idle(page)
    tab_to(page, "What becomes of them")
    page.keyboard.type("leave")
    page.keyboard.press("Tab")
    wait_until_idle(page)
    tab_to(page, "Send")
    page.keyboard.press("Enter")
    page.get_by_text("39 accepted, 2 left out, 1 not sendable.").first.wait_for()
    wait_until_idle(page)
    tab_to(page, "Save the outcome")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    saved = pd.read_csv(download.value.path(), dtype=str, encoding="utf-8-sig")
    assert len(saved) == 42
    assert {message["text"] for message in strict.messages} == {f"Hello {name}" for name in FIRST}
