"""A form for applications: pick, create, edit, delete."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.applications import (
    applications,
    check_application,
    create_application,
    delete_application,
    update_application,
)
from nexmo_nb.errors import NexmoError
from nexmo_nb.forms.widgets import Form, Markup, card, changes, code, labelled, table
from nexmo_nb.session import Session
from nexmo_nb.validation import drop_none, invalid_argument

__all__ = ["ApplicationForm", "application_form"]

NEW = ""
FIELDS = ("name", "type", "answer_url", "answer_method", "event_url", "event_method", "inbound_url", "status_url")
_TYPES = ("voice", "messages", "voice,messages")
_METHODS = ("GET", "POST")


class ApplicationForm(Form):
    """Pick, create, edit and delete applications; made by `application_form`.

    Attributes
    ----------
    pick : ipywidgets.Dropdown
        An application, or a new one.
    fields : dict of str to widget
        What an application has, by the names of `nexmo_nb.create_application`'s parameters.
    delete : ipywidgets.Text
        The picked application's name, typed, makes the preview one of its deletion.
    listed : pandas.DataFrame
        The applications as they were read last.
    """

    def __init__(self, *, session: Session | None = None) -> None:
        self.pick = labelled(widgets.Dropdown, "Application", options=[("a new one", NEW)])
        self.fields: dict[str, Any] = {}
        for name in FIELDS:
            label = name.replace("_", " ").replace("url", "URL")
            if name in ("type", "answer_method", "event_method"):
                options = _TYPES if name == "type" else _METHODS
                self.fields[name] = labelled(widgets.Dropdown, label, options=options)
            else:
                self.fields[name] = labelled(widgets.Text, label)
        self.fields["event_method"].value = "POST"
        self.delete = labelled(widgets.Text, "Delete", placeholder="type its name to delete it")
        rows = [self.pick, *self.fields.values(), self.delete]
        super().__init__(rows, rows, session=session, verb="Do it")
        self.listed = pd.Series(dtype=object).to_frame()
        self.pick.observe(self._fill, "value")
        self.fields["type"].observe(self._arrange, "value")
        self._arrange(None)
        self.refresh()

    def refresh(self) -> None:
        """Read the applications anew."""
        try:
            self.listed = applications(session=self.session)
        except NexmoError as problem:
            self.say(str(problem), bad=True)
            return
        options = [(f"{row['name']} ({row.id[:8]})", row.id) for _, row in self.listed.iterrows()]
        self.pick.options = [("a new one", NEW), *options]

    def look(self) -> list[Markup]:
        """Show what would be created, changed or deleted."""
        if self.delete.value.strip():
            row = self._picked()
            if self.delete.value.strip() != row["name"]:
                raise invalid_argument("delete", self.delete.value, f"the name of the application, {row['name']!r}")
            return [card("Delete for good", table(self.listed[self.listed.id == row.id].drop(columns="public_key")))]
        check_application(**self._values())
        if self.pick.value == NEW:
            return [card("Create", changes([(name, "", value) for name, value in self._values().items()]))]
        changed = self._changed()
        if not changed:
            raise invalid_argument("fields", "nothing new", "at least one change")
        before = self._picked()
        return [card("Change", changes([(name, str(before[name] or ""), value) for name, value in changed.items()]))]

    def act(self, token: str) -> tuple[pd.DataFrame, list[Markup]]:  # noqa: ARG002 - not a send: the token has done its work
        """Create, change or delete."""
        chosen = self.pick.value
        if self.delete.value.strip():
            gone = self.listed[self.listed.id == chosen]
            delete_application(chosen, session=self.session)
            result, call = gone, f"nx.delete_application({chosen!r})"
        elif chosen == NEW:
            values = self._values()
            result = create_application(**values, session=self.session)
            call = f"nx.create_application({_written(values)})"
        else:
            changed = self._changed()
            result = update_application(chosen, **changed, session=self.session)
            call = f"nx.update_application({chosen!r}, {_written(changed)})"
        self.delete.value = ""
        self.refresh()
        return result, [card("Done", table(result.drop(columns="public_key"))), code(call)]

    def _picked(self) -> Any:
        if self.pick.value == NEW:
            raise invalid_argument("pick", "a new one", "an application that exists")
        return self.listed[self.listed.id == self.pick.value].iloc[0]

    def _values(self) -> dict[str, Any]:
        """Give the fields that the type has and that are filled."""
        kinds = self.fields["type"].value.split(",")
        names = ["name", "type"]
        names += ["answer_url", "answer_method", "event_url", "event_method"] if "voice" in kinds else []
        names += ["inbound_url", "status_url"] if "messages" in kinds else []
        return {
            "name": self.fields["name"].value,
            **drop_none({n: self.fields[n].value.strip() or None for n in names[1:]}),
        }

    def _changed(self) -> dict[str, Any]:
        before = self._picked()
        return {n: v for n, v in self._values().items() if pd.isna(before[n]) or before[n] != v}

    def _fill(self, _: object) -> None:
        """Put the picked application's values into the fields."""
        row = None if self.pick.value == NEW else self._picked()
        for name, control in self.fields.items():
            value = None if row is None or pd.isna(row[name]) else row[name]
            if name == "type":
                control.value = value if value in _TYPES else "voice"
            elif name.endswith("_method"):
                control.value = value or ("GET" if name == "answer_method" else "POST")
            else:
                control.value = value or ""

    def _arrange(self, _: object) -> None:
        """Show the fields that the type has."""
        kinds = self.fields["type"].value.split(",")
        for name in FIELDS[2:]:
            wanted = "messages" if name in ("inbound_url", "status_url") else "voice"
            self.fields[name].layout.display = None if wanted in kinds else "none"


def _written(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def application_form(*, session: Session | None = None) -> ApplicationForm:
    """Show a form that creates, edits and deletes applications.

    Parameters
    ----------
    session : Session, optional
        Default: the current one.

    Returns
    -------
    ApplicationForm
        A widget. Its controls are attributes: ``pick, fields, delete, preview, send, result``.

    Raises
    ------
    InvalidRequestError
        If there is no session.

    Notes
    -----
    Preview shows what would change, before and after; the button then works once. To delete, type the application's
    name. A new application's private key goes into a file that only you can read, and never into a widget. Uses
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
    return ApplicationForm(session=session)
