"""Fields and sections of a form: a control, and its problem below it; a heading, and what it groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import ipywidgets as widgets

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.forms.markup import heading_html, problem_html
from nexmo_nb.forms.words import Words

CONTROL = "input, textarea, select"
VALID_NUMBER = "+447700900000"
"""A number to check the other fields with."""


class Field(widgets.VBox):  # type: ignore[misc]
    """A control that has a name, with room for the problem of its value."""

    children: Any

    def __init__(self, name: str, control: Any) -> None:
        self.control = control
        super().__init__([control])
        self.add_class("nexmo-nb-field")
        self.add_class(f"nexmo-nb-field-{name}")
        self.selector = f".nexmo-nb-field-{name} :is({CONTROL})"

    def mark(self, problem: str | None) -> str | None:
        """Show a problem below the control, or none any more; give the id of the element that tells it."""
        for each in self.children[1:]:
            each.close()
        if problem is None:
            self.children = [self.control]
            self.remove_class("nexmo-nb-wrong")
            return None
        area = widgets.HTML()
        area.value = problem_html(problem, name := f"nexmo-nb-{area.model_id}")
        self.children = [self.control, area]
        self.add_class("nexmo-nb-wrong")
        return name


class Section(NamedTuple):
    """A part of a form: the name of its title in words, what stands in it (names of fields, and widgets), and where."""

    name: str
    items: Sequence[Any]
    after_preview: bool = False


def make_section(name: str, title: str, items: Sequence[Any]) -> Any:
    """Make the box of a section, with its title."""
    box = widgets.VBox([widgets.HTML(heading_html(title)), *items])
    box.add_class("nexmo-nb-section")
    box.add_class(f"nexmo-nb-section-{name}")
    return box


def find_problems(
    check: Callable[[dict[str, Any]], Any], values: Mapping[str, Any], valid: Mapping[str, Any]
) -> dict[str, InvalidRequestError]:
    """Find all that is wrong with values, by their names.

    `check` raises for the first wrong one. The search goes on without it, or with the value of `valid` in its place.
    """
    problems: dict[str, InvalidRequestError] = {}
    left = dict(values)
    while True:
        try:
            check(left)
        except InvalidRequestError as problem:
            name = problem.parameter
            if name is None or name in problems:
                raise
            problems[name] = problem
            left.pop(name, None)
            if name in valid:
                left[name] = valid[name]
        else:
            return problems


def explain_problem(problem: InvalidRequestError, words: Words) -> str:
    """Say what is wrong without the name of the parameter, which the label of the field tells."""
    reason = str(problem).removeprefix(f"{problem.parameter}: ")
    if problem.allowed and reason.startswith(("got None; ", "got ''; ")):
        reason = words.say("field_is_needed", allowed=problem.allowed)
    reason = re.sub("[a-z]+_[a-z_]+", lambda name: words.say_label(name[0]), reason)
    return reason[:1].upper() + reason[1:]
