"""What all forms share: preview first, then send once, with errors in words."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any, NewType

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.errors import NexmoError, UnknownOutcomeError
from nexmo_nb.options import masked
from nexmo_nb.session import Session, session_or_current

__all__ = ["Form", "Markup", "bubble", "card", "changes", "code", "labelled", "table", "words"]

# What is safe to show as HTML. Only this module makes it, so that text that was not escaped is a type error.
Markup = NewType("Markup", str)
_WIDE = {"width": "calc(100% - 6px)", "max_width": "44rem"}
_BOX = (
    "border:1px solid var(--jp-border-color2,#8886);border-radius:6px;padding:.5rem .8rem;"
    "margin:.3rem 0;max-width:52rem"
)


class Form(widgets.VBox):  # type: ignore[misc]
    """A form whose Send button works once for each preview.

    A preview makes a token; sending uses it up, and goes through the ledger under it. A second click, a click that was
    queued, or a change of any field after the preview sends nothing.

    Parameters
    ----------
    rows : sequence of widgets
        What stands above the buttons.
    controls : sequence of widgets
        Those whose change makes a preview void.
    session : Session, optional
        Default: the current one.

    Attributes
    ----------
    preview, send : ipywidgets.Button
        Their ``click()`` does from code what a click does.
    result : pandas.DataFrame or None
        What the last send returned.
    message : str
        What the form last said, without markup.
    """

    def __init__(
        self, rows: Sequence[Any], controls: Sequence[Any], *, session: Session | None = None, verb: str = "Send"
    ) -> None:
        self.session = session_or_current(session)
        self.preview = widgets.Button(
            description="Preview", icon="eye", tooltip="Shows what would be sent, and its cost"
        )
        self.send = widgets.Button(
            description=verb, icon="paper-plane", disabled=True, button_style="primary", tooltip="Needs a preview first"
        )
        self.result: pd.DataFrame | None = None
        self.message = ""
        self._spinner = widgets.HTML(layout={"width": "2rem"})
        self._said = widgets.HTML(layout=_WIDE)
        self._shown = widgets.HTML(layout={"width": "calc(100% - 6px)"})
        self._done = widgets.HTML(layout={"width": "calc(100% - 6px)"})
        self._token: str | None = None
        self._busy = False
        self.preview.on_click(self._on_preview)
        self.send.on_click(self._on_send)
        for control in controls:
            control.observe(self._void, "value")
        buttons = widgets.HBox([self.preview, self.send, self._spinner])
        super().__init__([*rows, buttons, self._said, self._shown, self._done])

    def look(self) -> list[Markup]:
        """Check the fields and give the preview; a form's own part."""
        raise NotImplementedError

    def act(self, token: str) -> tuple[pd.DataFrame, list[Markup]]:
        """Send what was previewed, under a token; the frame, and what to show of it. A form's own part."""
        raise NotImplementedError

    def say(self, text: str, *, bad: bool = False) -> None:
        """Show a text, escaped."""
        self.message = text
        colour = "var(--jp-error-color1,#b00020)" if bad else "inherit"
        self._said.value = f'<div role="status" style="color:{colour};white-space:pre-wrap">{_safe(text)}</div>'

    def _void(self, _: object) -> None:
        """Forget the preview: what it showed is no longer what would be sent."""
        if self._token is not None:
            self.say("Changed since the preview; preview again to send.")
        self._token, self.send.disabled, self._shown.value = None, True, ""

    def _on_preview(self, _: object) -> None:
        if self._busy:
            return
        with self._working():
            self._token, self._shown.value, self._done.value = None, "", ""
            try:
                self._shown.value = "".join(self.look())
            except NexmoError as problem:
                self.say(str(problem), bad=True)
                return
            self._token = secrets.token_hex(16)

    def _on_send(self, _: object) -> None:
        token, self._token = self._token, None
        if token is None or self._busy:
            return
        with self._working():
            try:
                self.result, done = self.act(token)
            except NexmoError as problem:
                self.result = problem.parts
                hint = " settle() looks it up." if isinstance(problem, UnknownOutcomeError) else ""
                self.say(f"{problem}{hint}", bad=True)
                return
            self._shown.value, self._done.value = "", "".join(done)
            self.say("Sent.")

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Switch the buttons off, show that something is going on, and a wait for the limit in words."""
        throttle = self.session.throttle
        told, counted = throttle.notify, throttle.countdown
        self._busy = self.preview.disabled = self.send.disabled = True
        self._spinner.value = '<i class="fa fa-spinner fa-spin" role="img" aria-label="working"></i>'
        self.say("")
        throttle.notify, throttle.countdown = self.say, True
        try:
            yield
        finally:
            throttle.notify, throttle.countdown = told, counted
            self._spinner.value = ""
            self._busy = self.preview.disabled = False
            self.send.disabled = self._token is None


def labelled(kind: type[Any], label: str, **options: Any) -> Any:
    """Make a control with its label above it, as wide as is good to read."""
    layout = {**_WIDE, **options.pop("layout", {})}
    return kind(description=label, style={"description_width": "8rem"}, layout=layout, **options)


def words(text: str) -> Markup:
    """Show a text as it is."""
    return Markup(_safe(text))


def card(title: str, inner: Markup) -> Markup:
    """Put something into a box with a title."""
    return Markup(f'<div style="{_BOX}"><b>{_safe(title)}</b><div>{inner}</div></div>')


def bubble(text: str, caption: str) -> Markup:
    """Show a text as a phone would, and below it who sent it."""
    style = (
        "background:var(--jp-layout-color2,#eee);color:var(--jp-ui-font-color1,inherit);margin:.4rem 0;"
        "border-radius:14px 14px 14px 3px;display:inline-block;max-width:22rem;padding:.5rem .8rem;"
        "white-space:pre-wrap;overflow-wrap:anywhere"
    )
    below = "font-size:.9em;opacity:.85;margin-bottom:.4rem"
    return Markup(f'<div style="{style}">{_safe(text)}</div><div style="{below}">{_safe(caption)}</div>')


def table(frame: pd.DataFrame) -> Markup:
    """Show a frame without its empty columns; what a server or a person wrote in it is escaped."""
    filled = frame.dropna(axis="columns", how="all")
    shown = filled.apply(_column)
    markup = shown.to_html(index=False, border=0, escape=True, classes="nexmo-nb")
    cells = "padding:.15rem .7rem .15rem 0!important;text-align:left!important;white-space:nowrap"
    return Markup(
        f'<style>.nexmo-nb td,.nexmo-nb th{{{cells}}}</style><div style="overflow:auto;max-height:22rem">{markup}</div>'
    )


def changes(rows: Sequence[tuple[str, str, Any]]) -> Markup:
    """Show names with what was and what will be."""
    lines = [
        f"<tr><td>{_safe(name)}</td><td><s>{_safe(before)}</s></td><td><b>{_safe(str(after))}</b></td></tr>"
        for name, before, after in rows
    ]
    return Markup(f'<table class="nexmo-nb">{"".join(lines)}</table>')


def code(call: str) -> Markup:
    """Show a Python call to copy."""
    style = "background:var(--jp-layout-color2,#eee);padding:.4rem .6rem;white-space:pre-wrap;overflow-wrap:anywhere"
    return Markup(f'<div>The same from Python:</div><pre style="{style}">{_safe(call)}</pre>')


def _safe(text: str) -> str:
    """Make a text fit for HTML, without phone numbers where they are to be hidden."""
    return escape(masked(text))


def _column(column: pd.Series[Any]) -> pd.Series[Any]:
    """Write a column as people read it: amounts with the same decimals, yes and no, nothing where nothing is."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.map({True: "yes", False: "no"}).astype(object)
    if pd.api.types.is_float_dtype(column.dtype):
        places = max((len(f"{v:.6f}".rstrip("0").partition(".")[2]) for v in column.dropna()), default=2)
        return column.map(lambda v: "" if pd.isna(v) else f"{v:.{max(2, places)}f}").astype(object)
    return column.astype(object).map(lambda v: masked(v) if isinstance(v, str) else "" if pd.isna(v) else v)
