"""The base of all forms: preview first, then submit once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.errors import NexmoError, UnknownOutcomeError
from nexmo_nb.forms.markup import Markup, badge_html, message_html, outcome_html
from nexmo_nb.forms.outcome import Outcome
from nexmo_nb.forms.widgets import READABLE_WIDTH, list_widgets, make_html_area, set_visible
from nexmo_nb.forms.words import say
from nexmo_nb.pricing import balance
from nexmo_nb.session import Session, session_or_current


class Done(NamedTuple):
    """What a submit did: its frame, the outcome in words, and what to show below it."""

    result: pd.DataFrame
    outcome: Outcome
    shown: list[Markup]


class Form(widgets.VBox):  # type: ignore[misc]
    """A form whose Send button works once for each preview.

    A preview makes a token, and sending consumes it. A second click, a click that was queued while the kernel was busy,
    or a click after a field changed finds no token and sends nothing.

    The preview stands above the Send button, so that its problems and doubts are read before it.

    A form implements `build_preview` and `submit`. It passes the widgets above the buttons (`rows`), those whose change
    discards the preview (`controls`) and the label of the button that submits (`verb`).

    ipywidgets keeps every widget, shown or not, until it is closed or the kernel ends: a click may come at any time. So
    a form whose cell is run again, or that no variable holds, is kept as well. `close` takes all that a form made.

    The method ``click()`` of the buttons `preview` and `send` does from code what a click does. `result` is what the
    last send returned, `message` the message that the form shows, without markup.
    """

    unknown_hint = "look_first"
    """Of the words: what to do where nobody knows whether it was done."""

    def __init__(self, rows: Sequence[Any], controls: Sequence[Any], *, session: Session | None, verb: str) -> None:
        self.session = session_or_current(session)
        tooltip = say("hint_preview")
        self.preview = widgets.Button(description=say("preview"), icon="eye", tooltip=tooltip)
        self.send = widgets.Button(
            description=verb, icon="paper-plane", disabled=True, button_style="primary", tooltip=say("hint_verb")
        )
        self.result: pd.DataFrame | None = None
        self.message = ""
        self._spinner = widgets.HTML(layout={"width": "2rem"})
        self._message_area = make_html_area(max_width=READABLE_WIDTH)
        self._preview_area, self._result_area = make_html_area(), make_html_area()
        self._token: str | None = None
        self._busy = False
        set_visible(self._preview_area, False)
        # The preview takes a line of its own, between the buttons; without one they stand beside each other.
        parts = [self.preview, self._preview_area, self.send, self._spinner]
        acting = widgets.Box(parts, layout={"flex_flow": "row wrap"})
        self._badge_area = make_html_area()
        super().__init__([self._badge_area, *rows, acting, self._message_area, self._result_area])
        self._update_badge()
        self.preview.on_click(self._on_preview)
        self.send.on_click(self._on_send)
        for control in controls:
            control.observe(self._discard_preview, "value")

    def close(self) -> None:
        """Close the form with all that it made, and forget its preview."""
        self._token = None
        for each in list_widgets(self):
            if each is not self:
                each.close()
        super().close()

    def build_preview(self) -> list[Markup]:
        """Check the fields, and describe what `submit` would do."""
        raise NotImplementedError

    def submit(self, token: str) -> Done:
        """Do what was previewed, and tell what became of it. A form that sends has `token` as its key."""
        raise NotImplementedError

    def describe_failure(self, problem: NexmoError) -> tuple[str, list[Markup]]:
        """Say why a submit failed, and what to show below that: of some, a part was done before."""
        hint = say(self.unknown_hint) if isinstance(problem, UnknownOutcomeError) else ""
        return f"{problem}{hint}", []

    def show_message(self, text: str, *, error: bool = False) -> None:
        self.message = text
        self._message_area.value = message_html(text, error=error)

    def show_preview(self, shown: Sequence[Markup]) -> None:
        self._preview_area.value = "".join(shown)
        set_visible(self._preview_area, bool(shown))

    def read_again(self, read: Callable[[], None]) -> str:
        """Read a list anew after a change; give the words to add to the outcome if that fails."""
        try:
            read()
        except NexmoError as problem:
            return say("list_not_read", problem=problem)
        return ""

    def read_balance(self) -> float | None:
        """Read the balance, for the badge as well; None where it cannot be read, which is no reason to do less."""
        with suppress(NexmoError):
            return balance(session=self.session)
        return None

    @contextmanager
    def show_errors(self) -> Iterator[None]:
        """Show an error of the block as a message; the block ends there."""
        try:
            yield
        except NexmoError as problem:
            self.show_message(str(problem), error=True)

    def _on_preview(self, _: object) -> None:
        if self._busy:
            return
        with self._lock_buttons(), self.show_errors():
            self._token, self._result_area.value = None, ""
            self.show_preview([])
            self.show_preview(self.build_preview())
            if self.session.last_balance is None:
                self.read_balance()
            self._token = secrets.token_hex(16)

    def _on_send(self, _: object) -> None:
        token, self._token = self._token, None
        if token is None or self._busy:
            return
        with self._lock_buttons():
            try:
                done = self.submit(token)
            except NexmoError as problem:
                self.result = problem.parts
                self.show_preview([])
                said, shown = self.describe_failure(problem)
                self.show_message(said, error=True)
                self._result_area.value = "".join(shown)
                return
            self.result, self.message = done.result, done.outcome.text
            self.show_preview([])
            self._message_area.value, self._result_area.value = outcome_html(done.outcome), "".join(done.shown)

    def _update_badge(self) -> None:
        self._badge_area.value = badge_html(self.session)

    def _discard_preview(self, _: object) -> None:
        """Forget the preview: it no longer shows what would be sent."""
        if self._token is not None:
            self.show_message(say("changed_since"))
        self._token, self.send.disabled = None, True
        self.show_preview([])

    @contextmanager
    def _lock_buttons(self) -> Iterator[None]:
        """Disable the buttons and show a spinner; show a wait for the rate limit as a message."""
        throttle = self.session.throttle
        notify, countdown = throttle.notify, throttle.countdown
        self._busy = self.preview.disabled = self.send.disabled = True
        self._spinner.value = '<i class="fa fa-spinner fa-spin" role="img" aria-label="working"></i>'
        self.show_message("")
        throttle.notify, throttle.countdown = self.show_message, True
        try:
            yield
        finally:
            throttle.notify, throttle.countdown = notify, countdown
            self._spinner.value = ""
            self._busy = self.preview.disabled = False
            self._update_badge()
            self.send.disabled = self._token is None
