"""The table in which a person picks a row, as Python sees it: what is sent, what may be picked, who is told."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from table_page import COLUMNS, WORDS, make_rows, make_table

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.forms import table as table_module
from nexmo_nb.forms.table import Cell, ChoiceTable, Column, Row


def watch_picked(table: ChoiceTable) -> list[str | None]:
    told: list[str | None] = []
    table.observe(lambda change: told.append(change["new"]), "picked")
    return told


def test_a_row_is_picked_by_its_key_and_those_who_watch_are_told() -> None:
    table = make_table(3)
    told = watch_picked(table)
    assert table.picked is None
    table.picked = "447700900001"
    table.picked = None
    assert told == ["447700900001", None]


def test_a_key_of_no_row_is_refused_and_the_pick_stays() -> None:
    table = make_table(3)
    table.picked = "447700900001"
    with pytest.raises(
        InvalidRequestError, match="picked: got '447700900003'; allowed: the key of a row that is shown"
    ):
        table.picked = "447700900003"
    assert table.picked == "447700900001"


def test_other_rows_take_the_place_of_those_of_before_and_of_what_was_picked() -> None:
    table = make_table(3)
    table.picked = "447700900001"
    told = watch_picked(table)
    table.show([Row("351", ["+351"])], [Column("Number")], "Portugal")
    assert told == [None]
    with pytest.raises(InvalidRequestError):
        table.picked = "447700900001"
    table.picked = "351"


def test_the_browser_hears_of_new_rows_and_that_none_is_picked_in_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    table = make_table(3)
    table.picked = "447700900001"
    sent: list[Any] = []
    monkeypatch.setattr(table, "send_state", lambda names: sent.append(sorted(names)))
    table.show(make_rows(2), COLUMNS, "Fewer")
    assert sent == [["content", "picked"]]


def test_a_cleared_table_has_no_rows_and_nothing_picked() -> None:
    table = make_table(3)
    table.picked = "447700900001"
    table.clear()
    assert table.picked is None
    assert table.content == {"caption": "", "columns": [], "rows": []}
    with pytest.raises(InvalidRequestError):
        table.picked = "447700900001"


def test_a_click_in_the_browser_picks_a_row() -> None:
    table = make_table(3)
    told = watch_picked(table)
    table.set_state({"picked": "447700900002"})
    table.set_state({"picked": None})
    assert told == ["447700900002", None]


def test_a_late_click_on_a_row_that_is_gone_picks_nothing_and_the_browser_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = make_table(3)
    table.show(make_rows(2), COLUMNS, "Fewer")
    sent: list[Any] = []
    monkeypatch.setattr(table, "send_state", sent.append)
    table.set_state({"picked": "447700900002"})
    assert table.picked is None
    assert sent == ["picked"]


def test_a_browser_can_change_nothing_but_what_is_picked() -> None:
    table = make_table(3)
    content, words = table.content, table.words
    table.set_state({"content": {"caption": "", "columns": [], "rows": []}, "words": {}, "_esm": "alert(1)"})
    assert (table.content, table.words, table._esm) == (content, words, ChoiceTable._esm)


def test_what_is_not_known_is_sent_as_nothing_for_json_has_no_nan() -> None:
    table = ChoiceTable(WORDS)
    cells = [Cell("1", 1), Cell("no", math.nan), Cell("no", None), Cell("all", math.inf), Cell("b", "a"), "c"]
    table.show([Row("k", cells)], [Column(str(n)) for n in range(6)], "")
    assert table.content["rows"] == [["k", ["1", 1.0], ["no", None], ["no", None], ["all", None], ["b", "a"], "c"]]
    json.dumps(table.content, allow_nan=False)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([Row("1", ["a"]), Row("1", ["b"])], "got '1'; allowed: a key of its own for each row. 2 rows"),
        ([Row("", ["a"])], "a key of its own for each row"),
        ([Row("1", ["a", "b"])], "rows with a cell for each column"),
    ],
)
def test_rows_that_could_not_be_told_apart_or_drawn_are_refused_and_nothing_changes(rows: list[Row], said: str) -> None:
    table = make_table(3)
    table.picked = "447700900001"
    with pytest.raises(InvalidRequestError, match=said):
        table.show(rows, [Column("Number")], "")
    assert table.picked == "447700900001"
    assert len(table.content["rows"]) == 3


def test_a_table_without_some_of_its_words_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="a text for each of language, filter"):
        ChoiceTable({name: text for name, text in WORDS.items() if name != "next"})


def test_the_browser_says_all_the_words_that_python_asks_for_and_no_others() -> None:
    assert set(re.findall(r"words\.(\w+)", ChoiceTable._esm)) == set(table_module.WORDS)


def test_ten_thousand_rows_are_sent_in_less_than_two_megabytes_and_the_code_in_less_than_sixteen_kilobytes() -> None:
    assert len(json.dumps(make_table(10_000).content)) < 2_000_000
    assert len(ChoiceTable._esm + ChoiceTable._css) < 16_384
