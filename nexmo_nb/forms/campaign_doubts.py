"""What becomes of the doubtful rows of a campaign: a choice for each code, or for each row of a code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.contacts.sender_rules import find_sender_doubt
from nexmo_nb.forms.campaign_plan import name_row
from nexmo_nb.forms.markup import card_html, text_html
from nexmo_nb.forms.outcome import Level, group_doubts
from nexmo_nb.forms.widgets import close_all, make_labelled
from nexmo_nb.forms.words import Words
from nexmo_nb.masking import mask_numbers

UNDECIDED, SEND, SKIP, BY_ROW = "", "send", "skip", "rows"
MOST_ROWS = 50
_OF_TEXT, _OF_SENDER = " text: ", " sender: "
"""Where a warning about a number goes on with one about the text, which has no code of its own then."""


class Doubts(widgets.VBox):  # type: ignore[misc]
    """The doubtful rows of a plan by their code, with a choice for each; `on_change` is called after each choice.

    `by_code` has the controls of the codes, and `by_row` those of the rows of a code that are shown one by one, by
    their places. What was chosen is kept for the next plan: for a code, and for a number.
    """

    children: Any

    def __init__(self, words: Words, on_change: Callable[[], None]) -> None:
        super().__init__([])
        self.words, self.by_code, self.by_row = words, dict[str, Any](), dict[int, Any]()
        self._on_change = on_change
        self._places: dict[str, list[int]] = {}
        self._plan: pd.DataFrame | None = None
        self._chosen: dict[str, str] = {}
        self._chosen_rows: dict[tuple[str, str], str] = {}
        self._rests: dict[str, Any] = {}
        self._lists: dict[str, Any] = {}

    def show(self, plan: pd.DataFrame, places: Sequence[int]) -> None:
        """Show the doubtful rows of a plan, by their places; without any, nothing."""
        close_all(self.children)
        self._plan, self._places, self.children = plan, _group(plan, places), ()
        self.by_code, self.by_row, self._rests, self._lists = {}, {}, {}, {}
        self.children = [self._make_group(code, rows) for code, rows in self._places.items()]

    def read_choices(self) -> dict[int, str]:
        """Read what was chosen, send or skip, by the places of the rows; what is not decided is not there."""
        found = {place: self._read_choice(code, place) for code, rows in self._places.items() for place in rows}
        return {place: choice for place, choice in found.items() if choice in (SEND, SKIP)}

    def _read_choice(self, code: str, place: int) -> str:
        choice: str = self.by_code[code].value
        if choice != BY_ROW:
            return choice
        control = self.by_row.get(place, self._rests.get(code))
        return UNDECIDED if control is None else control.value

    def _make_group(self, code: str, places: list[int]) -> Any:
        assert self._plan is not None
        plan, words = self._plan, self.words
        first = group_doubts(plan.iloc[places], lambda n: name_row(plan, places[n]), words)[0]
        title = " + ".join(words.say_code(each) for each in code.split("+"))
        card = card_html(f"{title}: {len(places):,}", text_html(f"{first.which}. {first.why}"), Level.DOUBTFUL)
        control = self._make_choice(words.say("campaign_doubt_label"), (UNDECIDED, SEND, SKIP, BY_ROW))
        control.value = self._chosen.get(code, UNDECIDED)
        self.by_code[code], self._lists[code] = control, widgets.VBox([])
        self._lists[code].add_class("nexmo-nb-rows")
        self._fill_rows(code)
        control.observe(lambda change: self._choose(code, change["new"]), "value")
        return widgets.VBox([widgets.HTML(card), control, self._lists[code]])

    def _choose(self, code: str, choice: str) -> None:
        self._chosen[code] = choice
        self._fill_rows(code)
        self._on_change()

    def _fill_rows(self, code: str) -> None:
        """Show the rows of a code one by one where that was chosen; of many the first, and one choice for the rest."""
        rows = self._lists[code]
        close_all(rows.children)
        places = self._places[code]
        for place in places:
            self.by_row.pop(place, None)
        self._rests.pop(code, None)
        if self.by_code[code].value != BY_ROW:
            rows.children = ()
            return
        for place in places[:MOST_ROWS]:
            self.by_row[place] = self._make_row(code, place)
        shown = [self.by_row[place] for place in places[:MOST_ROWS]]
        if (left := len(places) - MOST_ROWS) > 0:
            label = self.words.say("campaign_other_rows", count=f"{left:,}")
            self._rests[code] = self._make_choice(label, (UNDECIDED, SEND, SKIP))
            self._rests[code].observe(lambda _: self._on_change(), "value")
            shown.append(self._rests[code])
        rows.children = shown

    def _make_row(self, code: str, place: int) -> Any:
        assert self._plan is not None
        key = code, str(self._plan["to"].iloc[place])
        label = mask_numbers(name_row(self._plan, place))
        control = self._make_choice(label, (UNDECIDED, SEND, SKIP))
        control.tooltip = mask_numbers(str(self._plan["warning"].iloc[place]))
        control.value = self._chosen_rows.get(key, UNDECIDED)

        def choose(change: Any) -> None:
            self._chosen_rows[key] = change["new"]
            self._on_change()

        control.observe(choose, "value")
        return control

    def _make_choice(self, label: str, choices: Sequence[str]) -> Any:
        options = self.words.list_choices("campaign_doubt", choices)
        control = make_labelled(widgets.Dropdown, label, options=options, value=UNDECIDED)
        control.style.description_width = "16rem"
        return control


def _group(plan: pd.DataFrame, places: Sequence[int]) -> dict[str, list[int]]:
    """Group places by the code of their doubt, the most frequent first; a second doubt, about the text, counts."""
    found: dict[str, list[int]] = {}
    for place in places:
        code = plan["warning_code"].iloc[place]
        code = "" if pd.isna(code) else str(code)
        warning = str(plan["warning"].iloc[place])
        if _OF_TEXT in warning:
            code = f"{code}+leftover_name"
        if _OF_SENDER in warning and (doubt := find_sender_doubt(*plan[["sender", "country"]].iloc[place])):
            code = f"{code}+{doubt[0]}"
        found.setdefault(code, []).append(place)
    return dict(sorted(found.items(), key=lambda group: -len(group[1])))
