"""The text of a campaign, or one for each language of its list, with its fields as buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from nexmo_nb.forms.campaign_list import list_untold
from nexmo_nb.forms.markup import text_html
from nexmo_nb.forms.sms_fields import describe_text
from nexmo_nb.forms.widgets import close_all, make_labelled, set_visible
from nexmo_nb.forms.words import Words

ONLY = ""
"""Instead of a language, where the list has none."""
MOST_BUTTONS = 30


class Texts:
    """The controls of the texts: of several, `language` chooses the one that `text` shows; `by_language` has them all.

    `inserts` are the buttons that put a field of the list at the end of the text; ipywidgets cannot tell where the
    caret is.
    """

    def __init__(self, words: Words) -> None:
        self.words = words
        self.by_language: dict[str, str] = {ONLY: ""}
        self.language = make_labelled(widgets.Dropdown, words.say("label_campaign_text_in"), options=[("", ONLY)])
        self.text = make_labelled(
            widgets.Textarea, words.say("label_text"), rows=5, placeholder=words.say("hint_campaign_text")
        )
        indent = {"margin": "0 0 0 8.3rem", "max_width": "36rem"}
        self.insert_label = widgets.HTML(text_html(words.say("campaign_insert")), layout=dict(indent))
        self.inserts = widgets.Box([], layout={**indent, "flex_flow": "row wrap"})
        self.counter, self.missing = widgets.HTML(layout=dict(indent)), widgets.HTML(layout=dict(indent))
        for each in (self.insert_label, self.inserts, self.counter, self.missing):
            each.add_class("nexmo-nb-indented")
        self.is_switching = False
        """Whether the shown text changes because another language was chosen, not because somebody writes."""
        self.language.observe(self._show_chosen, "value")
        self.text.observe(self._keep_text, "value")
        self.set_fields([])
        self.set_languages({})

    @property
    def items(self) -> list[Any]:
        return [self.insert_label, self.inserts, self.counter, self.missing]

    def set_fields(self, names: Sequence[str]) -> None:
        """Offer the fields of a list as buttons."""
        close_all(self.inserts.children)
        self.inserts.children = [self._make_button(name) for name in names[:MOST_BUTTONS]]
        for each in (self.insert_label, self.inserts):
            set_visible(each, bool(names))

    def set_languages(self, counts: Mapping[str, int]) -> None:
        """Offer a text for each language, by its code, with how many rows have it; without any, one for all."""
        before, wanted = self.by_language, list(counts) or [ONLY]
        typed = next((text for text in (self.text.value, *before.values()) if text.strip()), "")
        # What was typed stays: for the languages that are still there, else for the first.
        self.by_language = {code: before.get(code, "") for code in wanted}
        if not any(self.by_language.values()):
            self.by_language[wanted[0]] = typed
        options = [(self.words.say_count("campaign_language", n, code=code), code) for code, n in counts.items()]
        self.is_switching = True
        self.language.options = options or [("", ONLY)]
        self.is_switching = False
        self._show_chosen()

    def read_texts(self) -> dict[str, str]:
        """Read the texts that are filled, by their languages."""
        return {code: text for code, text in self.by_language.items() if text.strip()}

    def _make_button(self, name: str) -> Any:
        button = widgets.Button(
            description=f"{{{name}}}",
            tooltip=self.words.say("campaign_insert_hint", field=f"{{{name}}}"),
            layout={"width": "auto", "max_width": "100%"},
        )

        def insert(_: object) -> None:
            self.text.value += f"{{{name}}}"

        button.on_click(insert)
        return button

    def _show_chosen(self, _: object = None) -> None:
        if self.is_switching:
            return
        self.is_switching = True
        self.text.value = self.by_language.get(self.language.value, "")
        self.is_switching = False
        self._update_counter()

    def _keep_text(self, _: object) -> None:
        if not self.is_switching:
            self.by_language[self.language.value] = self.text.value
            self._update_counter()

    def _update_counter(self) -> None:
        self.counter.value = text_html(describe_text(self.text.value, "auto", self.words))
        missing = list_untold(self.by_language)
        said = self.words.say("campaign_missing_texts", languages=", ".join(missing)) if missing else ""
        self.missing.value = text_html(said)
        set_visible(self.missing, bool(missing))
