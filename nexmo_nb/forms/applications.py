"""A form for applications: pick, create, edit, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.applications import applications, create_application, delete_application, update_application
from nexmo_nb.applications.request import check_application
from nexmo_nb.applications.response import COLUMNS, WEBHOOK_FIELDS
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.forms.fields import Section, find_problems
from nexmo_nb.forms.form import Done, Form
from nexmo_nb.forms.markup import Markup, diff_table_html, result_html, table_html, write_call
from nexmo_nb.forms.outcome import Outcome
from nexmo_nb.forms.widgets import make_labelled, read_filled, read_text
from nexmo_nb.forms.words import Words
from nexmo_nb.frames import frame
from nexmo_nb.options import Language
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.validation import invalid_argument

NEW = ""
# The fields that are chosen from a list: their values, and the one where an application has none.
_CHOICES = {
    "type": (("voice", "messages", "voice,messages"), "voice"),
    "answer_method": (("GET", "POST"), "GET"),
    "event_method": (("GET", "POST"), "POST"),
}


class ApplicationForm(Form):
    """Pick, create, edit and delete applications; `application_form` makes it and says what its attributes are."""

    def __init__(self, *, language: Language | None = None, session: Session | None = None) -> None:
        words = Words(language)
        self.pick = make_labelled(
            widgets.Dropdown, words.say("label_pick"), options=[(words.say("new_application"), NEW)]
        )
        self.fields = _make_fields(words)
        self.delete = make_labelled(widgets.Text, words.say("label_delete"), placeholder=words.say("hint_delete"))
        self.listed = frame([], COLUMNS)
        super().__init__(
            words,
            "applications",
            {"pick": self.pick, **self.fields, "delete": self.delete},
            [
                Section("application", ["pick", "name", "type"]),
                Section("webhooks", [*WEBHOOK_FIELDS]),
                Section("deletion", ["delete"]),
            ],
            session=session,
            verb=words.say("verb_create"),
        )
        self.pick.observe(self._fill_fields, "value")
        for control in (self.pick, self.delete):
            control.observe(self._update_verb, "value")
        self.fields["type"].observe(self._update_visibility, "value")
        self._update_visibility()
        self.refresh()

    def refresh(self) -> None:
        """Read the applications anew."""
        with self.show_errors():
            self._read_applications()

    def find_problems(self) -> Mapping[str, InvalidRequestError]:
        if read_text(self.delete):
            return {}
        return find_problems(lambda left: check_application(**left), self._read_values(), {"name": "x"})

    def build_preview(self) -> list[Markup]:
        words = self.words
        if read_text(self.delete):
            return self._preview_deletion()
        before, changes = self._read_picked(), self._find_changes()
        if not changes:
            raise InvalidRequestError(words.say("nothing_new"))
        rows = [(words.say(f"label_{name}"), str(before.get(name, "")), str(value)) for name, value in changes.items()]
        return [diff_table_html(rows, words.say("change_application" if before else "create_application"), words)]

    def submit(self, token: str) -> Done:  # noqa: ARG002 - not a send, so no key
        picked, changes = self.pick.value, self._find_changes()
        if read_text(self.delete):
            done, result = "deleted", self._get_picked_rows()
            delete_application(picked, session=self.session)
            call = write_call("delete_application", repr(picked))
        elif picked == NEW:
            done, result = "created", create_application(**changes, session=self.session)
            call = write_call("create_application", **changes)
        else:
            done, result = "changed", update_application(picked, **changes, session=self.session)
            call = write_call("update_application", repr(picked), **changes)
        self.delete.value = ""
        said = self.words.say(done, name=result["name"].iloc[0])
        outcome = Outcome(f"{said}.{self.read_again(self._read_applications)}")
        return Done(result, outcome, result_html(said, result.drop(columns="public_key"), call, self.words))

    def _read_applications(self) -> None:
        self.listed = applications(session=self.session)
        choices = [(f"{row['name']} ({row.id[:8]})", row.id) for _, row in self.listed.iterrows()]
        self.pick.options = [(self.words.say("new_application"), NEW), *choices]
        if not choices:
            self.show_message(self.words.say("no_applications"))

    def _preview_deletion(self) -> list[Markup]:
        picked = self._get_picked_rows()
        name = self._read_picked().get("name")
        if read_text(self.delete) != name:
            raise invalid_argument("delete", self.delete.value, f"the name of the application, {name!r}")
        return [table_html(picked.drop(columns="public_key"), self.words.say("delete_for_good"), self.words)]

    def _get_picked_rows(self) -> pd.DataFrame:
        """Return the picked application as a frame of one row."""
        if self.pick.value == NEW:
            raise invalid_argument("pick", "a new one", "an application that exists")
        return self.listed[self.listed["id"].eq(self.pick.value)]

    def _read_picked(self) -> dict[str, Any]:
        """Return what the picked application has; what it lacks is left out, and a new one has nothing."""
        if self.pick.value == NEW:
            return {}
        return {str(name): value for name, value in self._get_picked_rows().iloc[0].dropna().items()}

    def _read_values(self) -> dict[str, Any]:
        """Read the fields that the chosen type has; the name as it is typed, so that a blank one is refused."""
        controls = {name: self.fields[name] for name in ("type", *WEBHOOK_FIELDS) if self._has_field(name)}
        return {"name": self.fields["name"].value, **read_filled(controls)}

    def _find_changes(self) -> dict[str, Any]:
        before = self._read_picked()
        return {name: value for name, value in self._read_values().items() if before.get(name) != value}

    def _fill_fields(self, _: object) -> None:
        picked = self._read_picked()
        for name, control in self.fields.items():
            choices, default = _CHOICES.get(name, (None, ""))
            value = picked.get(name) or default
            control.value = value if choices is None or value in choices else default

    def _update_visibility(self, _: object = None) -> None:
        for name in WEBHOOK_FIELDS:
            self.show_field(name, self._has_field(name))

    def _update_verb(self, _: object) -> None:
        verb = "delete" if read_text(self.delete) else "create" if self.pick.value == NEW else "change"
        self.set_verb(self.words.say(f"verb_{verb}"), destroys=verb == "delete")

    def _has_field(self, name: str) -> bool:
        """Tell whether the chosen type has a field; those of a webhook belong to one capability."""
        return name not in WEBHOOK_FIELDS or WEBHOOK_FIELDS[name][0] in self.fields["type"].value.split(",")


def _make_fields(words: Words) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in ("name", "type", *WEBHOOK_FIELDS):
        label = words.say(f"label_{name}")
        if name in _CHOICES:
            choices, default = _CHOICES[name]
            options = words.list_choices("application_type", choices) if name == "type" else choices
            fields[name] = make_labelled(widgets.Dropdown, label, options=options, value=default)
        else:
            fields[name] = make_labelled(widgets.Text, label)
    return fields


def application_form(*, language: Language | None = None, session: Session | None = None) -> ApplicationForm:
    """Show a form that creates, edits and deletes applications.

    Parameters
    ----------
    language : {"en", "pt"}, optional
        The language of the form. Default: that of `set_options`.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    ApplicationForm
        A widget. Its attributes: ``pick`` (an application, or a new one), ``fields`` (controls, by the names of
        `create_application`'s parameters), ``delete``, ``preview, send, result``, and ``listed``, the applications as
        they were read last.

    Raises
    ------
    InvalidRequestError
        If there is no session, or no such language.

    Notes
    -----
    Preview shows what would change, before and after; the button then works once. To delete, type the application's
    name. A new application's private key goes into a file that only you can read, and never into a widget. A form
    is kept until its ``close()`` or the kernel's end, also where its cell is run again. Uses
    https://developer.vonage.com/en/api/application.v2.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> form = nx.application_form()
    >>> form.pick.value = nx.applications().id[0]
    >>> form.fields["name"].value = "Renamed"
    >>> form.preview.click()
    >>> form.send.click()
    >>> form.result.name.tolist()
    ['Renamed']
    """
    return ApplicationForm(session=session_or_current(session), language=language)
