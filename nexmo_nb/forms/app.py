"""All forms on one page, one at a time: what ``nexmo-nb app`` shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ipywidgets as widgets

from nexmo_nb.forms.applications import application_form
from nexmo_nb.forms.campaign import campaign_form
from nexmo_nb.forms.form import Form
from nexmo_nb.forms.markup import badge_html, heading_html, message_html, style_html
from nexmo_nb.forms.numbers import number_form
from nexmo_nb.forms.sms import sms_form
from nexmo_nb.forms.voice import voice_form
from nexmo_nb.forms.widgets import make_html_area
from nexmo_nb.forms.words import Words
from nexmo_nb.session import Session

FORMS: Mapping[str, Callable[..., Form]] = {
    "sms": sms_form,
    "campaign": campaign_form,
    "voice": voice_form,
    "numbers": number_form,
    "applications": application_form,
}
"""The tabs of the app in their order, each by the name of its form's title in the words (``title_…``)."""


class App(widgets.VBox):  # type: ignore[misc]
    """The forms for a person who never codes, each in a tab; the language is that of `set_options`.

    A form is made when its tab is first chosen, and keeps what was typed while another is shown. None shows the call
    that does the same from code, or names one in its advice.
    """

    def __init__(self, session: Session) -> None:
        self.session, self.words = session, Words()
        self.forms: dict[str, Form] = {}
        self._badge_area = make_html_area()
        self._places = {name: widgets.VBox() for name in FORMS}
        titles = [self.words.say(f"title_{name}") for name in FORMS]
        self.tabs = widgets.Tab(list(self._places.values()), titles=titles, selected_index=0)
        said = self.words.say("app_live" if session.describe().is_live else "app_sandbox")
        head = heading_html(self.words.say("app_title"), level=2)
        hint = message_html(f"{said} {self.words.say('app_hint')}")
        style = widgets.HTML(style_html(), layout={"display": "none"})
        super().__init__([widgets.HTML(head), self._badge_area, widgets.HTML(hint), self.tabs, style])
        self.add_class("nexmo-nb-app")
        self.tabs.observe(self._show_form, "selected_index")
        self._show_form()

    def _show_form(self, _: object = None) -> None:
        """Make the form of the chosen tab, if that is not done yet."""
        name = list(FORMS)[self.tabs.selected_index]
        if name not in self.forms:
            form = self.forms[name] = FORMS[name](session=self.session)
            form.words.shows_calls, form.unknown_hint = False, Form.unknown_hint
            # A form renews its badge, the first of its parts, with all that it does.
            form.children[0].observe(self._update_badge, "value")
            # Into a box that is there, because new children of the tabs would take the focus from them.
            self._places[name].children = [form]
        self.forms[name].update_badge()
        self._update_badge()

    def _update_badge(self, _: object = None) -> None:
        self._badge_area.value = badge_html(self.session, self.words)
