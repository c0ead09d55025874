"""The table in which a person picks a row, in a real browser: on a page of its own, and in the three front ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import table_page
from browsers import BROWSER_MARKS, find_violations, take_screenshot
from notebook_page import Server, open_and_run, wait_until_idle, write_notebook
from table_page import WORDS, make_table, show_table

from nexmo_nb.forms.table import Cell, ChoiceTable, Column, Row

pytestmark = BROWSER_MARKS
TABLE = ".nexmo-nb-choice"
WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 420, "height": 900}
HOSTILE = "<img src=x onerror=alert(1)> & co"
CELLS = f"""
import sys

sys.path.append({str(Path(table_page.__file__).parent)!r})
import ipywidgets as widgets
from table_page import make_table

table, told = make_table(1234), widgets.Label("Python has nothing")
table.observe(lambda change: setattr(told, "value", f"Python has {{change.new}}"), "picked")
widgets.VBox([table, told])
"""
FOCUSED = "() => document.activeElement.value || document.activeElement.textContent"


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page(viewport=WIDE)
    yield page
    page.close()


def read_column(page: Any, column: int) -> list[str]:
    return [text.strip() for text in page.locator(f"tbody tr > :nth-child({column})").all_inner_texts()]


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_click_on_a_heading_sorts_by_amount_and_a_second_the_other_way_with_unknown_ones_last(page: Any) -> None:
    show_table(page, make_table(45))
    heading = page.get_by_role("columnheader", name="A month")
    for direction in ("ascending", "descending"):
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == direction
        shown = read_column(page, 6)
        amounts = [float(text.removeprefix("EUR ")) for text in shown[:-4]]
        assert amounts == sorted(amounts, reverse=direction == "descending")
        assert amounts != sorted(amounts, key=str, reverse=direction == "descending")
        assert shown[-4:] == ["not known"] * 4
    page.get_by_role("button", name="Country").click()
    assert page.locator("[aria-sort]").all_inner_texts()[0].startswith("Country")
    assert read_column(page, 2)[0] == "Portugal"


def test_typing_filters_by_each_word_without_regard_to_accents_and_says_how_many_are_left(page: Any) -> None:
    show_table(page, make_table(1234))
    page.get_by_label("Filter").fill("SAO tome +0090")
    assert set(read_column(page, 2)) == {"São Tomé and Príncipe"}
    assert all("0090" in number for number in read_column(page, 1))
    page.get_by_role("status").get_by_text("found, of 1,234").wait_for()
    page.get_by_label("Filter").fill("nowhere")
    page.get_by_text("No row has this text").wait_for()
    assert page.get_by_role("radio").count() == 0
    page.get_by_label("Filter").fill("")
    page.get_by_text("1 to 50 of 1,234", exact=True).wait_for()


def test_pages_of_fifty_are_turned_and_the_focus_stays_where_there_is_no_next_one(page: Any) -> None:
    show_table(page, make_table(120))
    page.get_by_text("1 to 50 of 120").wait_for()
    page.get_by_role("button", name="Next page").focus()
    press(page, "Enter")
    page.get_by_text("51 to 100 of 120").wait_for()
    press(page, "Space", "Space")
    page.get_by_text("101 to 120 of 120").wait_for()
    assert page.evaluate(FOCUSED) == "Next page"
    assert page.get_by_role("button", name="Next page").get_attribute("aria-disabled") == "true"
    page.get_by_role("button", name="Previous page").click()
    page.get_by_text("51 to 100 of 120").wait_for()


def test_a_click_anywhere_in_a_row_picks_it_and_it_stays_picked_through_sorting_filtering_and_paging(page: Any) -> None:
    show_table(page, make_table(1234))
    page.get_by_text("Nothing is picked yet").wait_for()
    page.locator("tbody tr").nth(3).locator("td").nth(2).click()
    assert page.evaluate("model.sent") == ["447700900003"]
    assert page.get_by_role("radio", name="+447700900003").is_checked()
    for act in (
        lambda: page.get_by_role("button", name="A month").click(),
        lambda: page.get_by_label("Filter").fill("portugal"),
        lambda: page.get_by_role("button", name="Next page").click(),
    ):
        act()
        page.get_by_text("Picked: +447700900003").wait_for()
    page.get_by_label("Filter").fill("447700900003")
    assert page.locator("input:checked").count() == 1
    page.get_by_role("radio").focus()
    page.get_by_label("Filter").fill("44770090000")
    page.get_by_text("+447700900005").click()
    assert page.locator("input:checked").count() == 1
    assert page.evaluate("model.sent") == ["447700900003", "447700900005"]


def test_keys_alone_filter_sort_pick_and_turn_pages_and_the_focus_can_be_seen(page: Any) -> None:
    show_table(page, make_table(1234))
    press(page, "Tab")
    page.keyboard.type("447700900")
    press(page, "Tab")  # the table itself, which scrolls
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Numbers for rent"
    press(page, *["Tab"] * 6, "Space", "Enter")
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("A month")
    press(page, "Tab", "Tab", "Space")
    first, second = read_column(page, 1)[:2]
    page.get_by_text(f"Picked: {first}").wait_for()
    press(page, "ArrowDown")
    page.get_by_text(f"Picked: {second}").wait_for()
    take_screenshot(page, "table_keys")
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press(page, "Tab", "Tab", "Enter")
    page.get_by_text("51 to 100 of 1,000 found, of 1,234").wait_for()
    assert page.evaluate("model.sent") == [text.removeprefix("+") for text in (first, second)]


def test_a_narrow_screen_says_that_the_table_scrolls_and_keys_scroll_it(page: Any) -> None:
    show_table(page, make_table(30))
    sign, scroller = page.get_by_text("Scroll sideways for more"), page.get_by_role("region", name="Numbers for rent")
    assert not sign.is_visible()
    page.set_viewport_size(NARROW)
    sign.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    scroller.focus()
    press(page, "ArrowRight")
    page.wait_for_function("() => document.querySelector('.scroller').scrollLeft > 0")
    take_screenshot(page, "table_narrow")
    # The choice stays in sight.
    choice, room = page.get_by_role("radio").first.bounding_box(), scroller.bounding_box()
    assert choice["x"] >= room["x"]


def test_a_short_table_that_fits_is_no_stop_of_the_tab_key(page: Any) -> None:
    page.set_viewport_size(NARROW)
    show_table(page, make_table(3))
    page.wait_for_function("() => document.querySelector('.scroller').hasAttribute('tabindex')")
    page.set_viewport_size(WIDE)
    page.wait_for_function("() => !document.querySelector('.scroller').hasAttribute('tabindex')")


def test_markup_in_every_text_shows_as_text(page: Any) -> None:
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    table = ChoiceTable({name: text if name == "language" else f"{text} {HOSTILE}" for name, text in WORDS.items()})
    table.show([Row(HOSTILE, [HOSTILE, Cell(HOSTILE, 1.0)])], [Column(HOSTILE), Column(HOSTILE)], HOSTILE)
    show_table(page, table)
    page.get_by_role("radio").click()
    page.get_by_label("Filter").fill("img")
    page.get_by_role("button", name=HOSTILE).first.click()
    assert page.evaluate("model.sent") == [HOSTILE]
    assert page.get_by_text(HOSTILE).count() >= 8
    assert page.locator("img").count() == 0
    assert alerts == []


def test_what_python_shows_picks_and_clears_is_seen_and_a_closed_view_listens_no_more(page: Any) -> None:
    table = make_table(3)
    show_table(page, table)
    page.evaluate("model.set('picked', '447700900001')")
    assert page.get_by_role("radio", name="+447700900001").is_checked()
    page.get_by_label("Filter").fill("447700900001")
    table.show([Row("351", ["+351 21"])], [Column("Number")], "Portugal")
    page.evaluate("content => { model.set('picked', null); model.set('content', content); }", table.content)
    assert read_column(page, 1) == ["+351 21"]
    page.get_by_text("Nothing is picked yet").wait_for()
    table.clear()
    page.evaluate("content => model.set('content', content)", table.content)
    assert not page.locator(TABLE).is_visible()
    page.evaluate("cleanUp()")
    assert page.evaluate("Object.values(model.told).flat().length") == 0


def test_of_ten_thousand_rows_fifty_are_on_the_page_and_all_are_found(page: Any) -> None:
    show_table(page, make_table(10_000))
    page.get_by_text("1 to 50 of 10,000").wait_for()
    page.get_by_role("button", name="Number").dblclick()
    assert read_column(page, 1)[0] == "+447700909999"
    assert page.locator("tbody tr").count() == 50
    page.get_by_label("Filter").fill("9876")
    page.get_by_text("1 to 1 of 1 found, of 10,000").wait_for()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_on_a_page_without_jupyter(page: Any, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    show_table(page, make_table(120))
    assert find_violations(page, TABLE) == []
    page.get_by_role("radio").nth(2).click()
    page.get_by_role("button", name="A month").click()
    assert find_violations(page, TABLE) == []
    page.get_by_label("Filter").fill("nowhere")
    assert find_violations(page, TABLE) == []


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_notebook(tmp_path_factory.mktemp("table") / "table.ipynb", CELLS, "None")


def open_table(page: Any, kind: str, url: str) -> None:
    if kind == "voila":
        page.goto(url, timeout=60_000)
    else:
        open_and_run(page, url)
    page.get_by_text("1 to 50 of 1,234").wait_for(timeout=60_000)
    if kind != "voila":
        wait_until_idle(page)


@pytest.mark.parametrize("kind", ["lab", "notebook", "voila"])
def test_mouse_and_keys_pick_in_each_front_end_and_python_is_told(
    kind: str, page: Any, start: Callable[[str], Server], notebook: Path
) -> None:
    with start(kind).open_notebook(notebook) as url:
        open_table(page, kind, url)
        page.get_by_text("+447700900002").click()
        page.get_by_text("Python has 447700900002").wait_for()
        page.get_by_role("searchbox", name="Filter").focus()
        page.keyboard.type("447700900")
        press(page, *["Tab"] * 7, "Enter", "Space", "Tab", "Tab", "Space")
        first, second = (text.removeprefix("+") for text in read_column(page, 1)[:2])
        page.get_by_text(f"Python has {first}").wait_for()
        press(page, "ArrowDown")
        page.get_by_text(f"Python has {second}").wait_for()
        # The notebook did not take the key for its own.
        assert page.evaluate(FOCUSED) == second
        take_screenshot(page, f"table_{kind}")
        press(page, "Tab", "Tab", "Enter")
        page.get_by_text("51 to 100 of 1,000 found").wait_for()
        assert find_violations(page, TABLE) == []


def test_axe_finds_nothing_in_jupyterlab_at_both_widths_in_light_and_dark(
    page: Any, start: Callable[[str], Server], notebook: Path
) -> None:
    with start("lab").open_notebook(notebook) as url:
        open_table(page, "lab", url)
        page.get_by_text("+447700900002").click()
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        for theme in ("JupyterLab Light", "JupyterLab Dark"):
            page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
            page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
            for name, size in (("wide", WIDE), ("narrow", NARROW)):
                page.set_viewport_size(size)
                page.locator(TABLE).scroll_into_view_if_needed()
                take_screenshot(page, f"table_lab_{theme.split()[-1].lower()}_{name}")
                assert find_violations(page, TABLE) == []


def test_axe_finds_nothing_in_voila_on_a_narrow_screen(
    page: Any, start: Callable[[str], Server], notebook: Path
) -> None:
    page.set_viewport_size(NARROW)
    with start("voila").open_notebook(notebook) as url:
        open_table(page, "voila", url)
        page.get_by_text("+447700900002").click()
        page.get_by_text("Python has 447700900002").wait_for()
        take_screenshot(page, "table_voila_narrow")
        assert find_violations(page, TABLE) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
