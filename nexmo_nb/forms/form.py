"""The base of all forms: preview first, then submit once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal, NamedTuple

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.errors import InvalidRequestError, NexmoError, UnknownOutcomeError
from nexmo_nb.forms.aids import Aids
from nexmo_nb.forms.fields import Field, Section, explain_problem, make_section
from nexmo_nb.forms.markup import (
    Markup,
    badge_html,
    heading_html,
    message_html,
    outcome_html,
    problems_html,
    style_html,
)
from nexmo_nb.forms.outcome import Level, Outcome
from nexmo_nb.forms.widgets import list_widgets, make_html_area, set_visible
from nexmo_nb.forms.words import Words
from nexmo_nb.pricing import balance
from nexmo_nb.session import Session, session_or_current

MESSAGE = ".nexmo-nb-message"


class Done(NamedTuple):
    """What a submit did: its frame, if there is one yet, the outcome in words, and what to show below it."""

    result: pd.DataFrame | None
    outcome: Outcome
    shown: list[Markup]


class Form(widgets.VBox):  # type: ignore[misc]
    """A form whose Send button works once for each preview.

    A preview makes a token, and sending consumes it. A second click, a click that was queued while the kernel was busy,
    or a click after a field changed finds no token and sends nothing.

    The preview stands above the Send button, so that its problems and doubts are read before it.

    A form implements `build_preview` and `submit`. It passes its words, the name of its title in them, the controls by
    the names of the parameters that they are for, and the sections in which these stand.

    ipywidgets keeps every widget, shown or not, until it is closed or the kernel ends: a click may come at any time. So
    a form whose cell is run again, or that no variable holds, is kept as well. `close` takes all that a form made.

    The method ``click()`` of the buttons `preview` and `send` does from code what a click does. `result` is what the
    last send returned, `message` the message that the form shows, without markup. A preview that `submit` would refuse
    sets `can_send` to False.
    """

    children: Any
    unknown_hint = "look_first"
    """Of the words: what to do where nobody knows whether it was done."""

    def __init__(
        self,
        words: Words,
        title: str,
        controls: Mapping[str, Any],
        sections: Sequence[Section],
        *,
        session: Session | None,
        verb: str,
    ) -> None:
        self.session, self.words = session_or_current(session), words
        self.preview = widgets.Button(description=words.say("preview"), icon="eye", tooltip=words.say("hint_preview"))
        self.send = widgets.Button(disabled=True, icon="paper-plane", tooltip=words.say("hint_verb"))
        self.result: pd.DataFrame | None = None
        self.message = ""
        self.can_send = True
        self._boxes = {name: Field(name, control) for name, control in controls.items()}
        self._sections = {each.name: self._make_section(each) for each in sections}
        self._spinner = widgets.HTML(layout={"width": "2rem"})
        self._head_area, self._message_area = make_html_area(), make_html_area()
        self._preview_area, self._result_area = make_html_area(), make_html_area()
        self.aids = Aids()
        self._token: str | None = None
        self._busy = False
        self._title = words.say(f"title_{title}")
        # The preview takes a line of its own, between the buttons; without one they stand beside each other.
        before, after = (
            [self._sections[each.name] for each in sections if each.after_preview is wanted] for wanted in (False, True)
        )
        parts = [self.preview, self._preview_area, *after, self.send, self._spinner]
        acting = widgets.Box(parts, layout={"flex_flow": "row wrap"})
        shown = [self._head_area, *before, acting, self._message_area, self._result_area]
        super().__init__([*shown, widgets.HTML(style_html(), layout={"display": "none"}), self.aids])
        self._describe_parts()
        self.set_verb(verb)
        self.show_preview([])
        self.update_badge()
        self.preview.on_click(self._on_preview)
        self.send.on_click(self._on_send)
        for control in controls.values():
            control.observe(self.discard_preview, "value")

    def close(self) -> None:
        """Close the form with all that it made, and forget its preview."""
        self._token = None
        for each in list_widgets(self):
            if each is not self:
                each.close()
        super().close()

    def find_problems(self) -> Mapping[str, InvalidRequestError]:
        """Find the fields with a wrong value, by the names of their controls."""
        return {}

    def build_preview(self) -> list[Markup]:
        """Check the fields, and describe what `submit` would do."""
        raise NotImplementedError

    def submit(self, token: str) -> Done:
        """Do what was previewed, and tell what became of it. A form that sends has `token` as its key."""
        raise NotImplementedError

    def describe_failure(self, problem: NexmoError) -> tuple[str, list[Markup]]:
        """Say why a submit failed, and what to show below that: of some, a part was done before."""
        hint = self.words.say(self.unknown_hint) if isinstance(problem, UnknownOutcomeError) else ""
        return f"{problem}{hint}", []

    def set_verb(self, verb: str, *, destroys: bool = False) -> None:
        """Say what the button does; one that destroys looks it, and stands apart."""
        self.send.description = verb
        self.send.button_style = "danger" if destroys else "primary"

    def show_message(self, text: str, *, error: bool = False) -> None:
        self.message = text
        self._message_area.value = message_html(text, level=Level.BAD if error else None)

    def show_done(self, done: Done) -> None:
        """Show what was done in place of the preview."""
        self.result, self.message = done.result, done.outcome.text
        self.show_preview([])
        self._message_area.value, self._result_area.value = outcome_html(done.outcome), "".join(done.shown)

    def allow_send(self, allowed: bool) -> None:
        """Let what the preview shows be sent, or not, after a choice that belongs to it."""
        self.can_send = allowed
        self._token = secrets.token_hex(16) if allowed and self.is_previewed else None
        self.send.disabled = self._token is None

    def show_preview(self, shown: Sequence[Markup]) -> None:
        self._preview_area.value = "".join(shown)
        set_visible(self._preview_area, bool(shown))

    def add_section(self, section: Section, *, above: Literal["message", "result"]) -> None:
        """Add a section above what the form says of a send, or between that and its result."""
        self._sections[section.name] = box = self._make_section(section)
        place = self.children.index(self._message_area if above == "message" else self._result_area)
        self.children = (*self.children[:place], box, *self.children[place:])
        self._describe_parts()

    def show_field(self, name: str, visible: bool) -> None:
        set_visible(self._boxes[name], visible)

    def show_section(self, name: str, visible: bool) -> None:
        set_visible(self._sections[name], visible)

    def update_badge(self) -> None:
        self._head_area.value = heading_html(self._title, level=3) + badge_html(self.session, self.words)

    @property
    def is_previewed(self) -> bool:
        """Whether a preview is shown, of something that can be sent or not."""
        return bool(self._preview_area.value)

    def mark_problems(self, problems: Mapping[str, InvalidRequestError]) -> None:
        """Mark the fields whose values are wrong, all others as right, and list the problems by their labels."""
        reasons = {name: explain_problem(problems[name], self.words) for name in self._boxes if name in problems}
        marks = {box.selector: box.mark(reasons.get(name)) for name, box in self._boxes.items()}
        self.aids.set_attributes(
            {
                selector: {"aria-invalid": "true" if area else None, "aria-describedby": area}
                for selector, area in marks.items()
            }
        )
        if not reasons:
            return
        labelled = {self._boxes[name].control.description: reason for name, reason in reasons.items()}
        title = self.words.say_count("wrong_fields", len(reasons))
        self.message = " ".join([title, *(f"{label}: {reason}" for label, reason in labelled.items())])
        self._message_area.value = problems_html(title, labelled)
        self.aids.move_focus(self._boxes[next(iter(reasons))].selector)

    def read_again(self, read: Callable[[], None]) -> str:
        """Read a list anew after a change; give the words to add to the outcome if that fails."""
        try:
            read()
        except NexmoError as problem:
            return self.words.say("list_not_read", problem=problem)
        return ""

    def read_balance(self) -> float | None:
        """Read the balance, for the badge as well; None where it cannot be read, which is no reason to do less."""
        with suppress(NexmoError):
            return balance(session=self.session)
        return None

    @contextmanager
    def show_errors(self) -> Iterator[None]:
        """Show an error of the block at its field, or as a message; the block ends there."""
        try:
            yield
        except InvalidRequestError as problem:
            if problem.parameter in self._boxes:
                self.mark_problems({problem.parameter: problem})
            else:
                self.show_message(str(problem), error=True)
        except NexmoError as problem:
            self.show_message(str(problem), error=True)

    def _make_section(self, section: Section) -> Any:
        items = [self._boxes[each] if isinstance(each, str) else each for each in section.items]
        return make_section(section.name, self.words.say(f"section_{section.name}"), items)

    def _describe_parts(self) -> None:
        """Tell assistive technology what the parts of the form are."""
        self.add_class("nexmo-nb-form")
        self._message_area.add_class(MESSAGE.removeprefix("."))
        groups = {
            f".nexmo-nb-section-{name}": {"role": "group", "aria-label": self.words.say(f"section_{name}")}
            for name in self._sections
        }
        # Else a notebook takes arrows and Enter for its own, where the focus is on what is no field of text.
        keys = {"input, textarea, select, button, summary": {"data-lm-suppress-shortcuts": "true"}}
        self.aids.set_attributes({MESSAGE: {"role": "status", "tabindex": "-1"}, **groups, **keys})

    def _on_preview(self, _: object) -> None:
        if self._busy:
            return
        with self.lock_buttons(), self.show_errors():
            self._token, self._result_area.value, self.can_send = None, "", True
            self.show_preview([])
            problems = self.find_problems()
            self.mark_problems(problems)
            if problems:
                return
            self.show_preview(self.build_preview())
            if self.session.last_balance is None:
                self.read_balance()
            if self.can_send:
                self._token = secrets.token_hex(16)

    def _on_send(self, _: object) -> None:
        token, self._token = self._token, None
        if token is None or self._busy:
            return
        with self.lock_buttons():
            try:
                done = self.submit(token)
            except NexmoError as problem:
                self.result = problem.parts
                self.show_preview([])
                said, shown = self.describe_failure(problem)
                self.show_message(said, error=True)
                if isinstance(problem, InvalidRequestError) and problem.parameter in self._boxes:
                    self.mark_problems({problem.parameter: problem})
                self._result_area.value = "".join(shown)
            else:
                self.show_done(done)
        self.aids.move_focus(MESSAGE)

    def discard_preview(self, _: object) -> None:
        """Forget the preview: it no longer shows what would be sent."""
        if self._token is not None:
            self.show_message(self.words.say("changed_since"))
        self._token, self.send.disabled = None, True
        self.show_preview([])

    @contextmanager
    def lock_buttons(self) -> Iterator[None]:
        """Disable the Send button and show a spinner; show a wait for the rate limit as a message.

        Preview stays enabled, or a browser would take the focus from it; while the form works, a click does nothing.
        """
        throttle = self.session.throttle
        notify, countdown = throttle.notify, throttle.countdown
        self._busy = self.send.disabled = True
        working = self.words.say("working")
        self._spinner.value = f'<i class="fa fa-spinner fa-spin" role="img" aria-label="{working}"></i>'
        self.show_message("")
        throttle.notify, throttle.countdown = self.show_message, True
        try:
            yield
        finally:
            throttle.notify, throttle.countdown = notify, countdown
            self._spinner.value = ""
            self._busy = False
            self.update_badge()
            self.send.disabled = self._token is None
