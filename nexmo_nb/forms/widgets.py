"""Controls that the forms share, and how their values are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import ipywidgets as widgets

from nexmo_nb.contacts.countries import is_country, list_regions, name_country
from nexmo_nb.errors import NexmoError
from nexmo_nb.forms.words import Words
from nexmo_nb.numbers import owned_numbers
from nexmo_nb.session import Session

FULL_WIDTH = "calc(100% - 6px)"
READABLE_WIDTH = "44rem"
MOST_OFFERED = 200


def make_labelled(kind: type[Any], label: str, **options: Any) -> Any:
    """Make a control with a label beside it, no wider than is comfortable to read."""
    layout = {"width": FULL_WIDTH, "max_width": READABLE_WIDTH, **options.pop("layout", {})}
    return kind(description=label, style={"description_width": "8rem"}, layout=layout, **options)


def make_region(words: Words) -> Any:
    """Make the control that names the country of national numbers; blank: every number has its country code."""
    # Where two countries go by a name, its code is offered.
    names = {code: name_country(code, words.language) for code in list_regions()}
    offered = sorted(name if is_country(name) else code for code, name in names.items())
    hint = words.say("hint_region")
    return make_labelled(widgets.Combobox, words.say("label_region"), options=offered, placeholder=hint)


def show_country(code: Any, words: Words) -> str:
    """Name a country; what is no code of one, as a server may send it, stands for itself."""
    if not isinstance(code, str) or code == "unknown":
        return words.say("no_country")
    return name_country(code, words.language) if len(code) == 2 and is_country(code) else code


class OwnNumbers(NamedTuple):
    """The account's numbers as a control offers them, with their countries, or why they could not be read."""

    by_label: Mapping[str, str]
    problem: str | None = None

    def read(self, control: Any) -> str:
        """Read a control: the number of the one that was chosen, or what was typed."""
        typed: str = control.value.strip()
        return self.by_label.get(typed, typed)


def offer_own_numbers(control: Any, session: Session, words: Words, *, feature: str) -> OwnNumbers:
    """Offer the account's numbers that can do something, ``"SMS"`` or ``"VOICE"``."""
    try:
        owned = owned_numbers(session=session)
    except NexmoError as problem:
        return OwnNumbers({}, words.say("senders_not_read", problem=problem))
    owned = owned[owned[feature.lower()]].head(MOST_OFFERED)
    countries = [show_country(code, words) for code in owned.country]
    labels = {f"{number} ({country})": number for number, country in zip(owned.msisdn, countries, strict=True)}
    control.options = tuple(labels)
    return OwnNumbers(labels)


def make_html_area(**layout: str) -> Any:
    return widgets.HTML(layout={"width": FULL_WIDTH, **layout})


def set_visible(control: Any, visible: bool) -> None:
    control.layout.display = None if visible else "none"


def list_widgets(root: Any) -> list[Any]:
    """List a widget and all that belong to it: what it contains, and the layouts and styles."""
    found: list[Any] = []
    waiting = [root]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.append(each)
            waiting += _iterate_parts(each)
    return found


def close_all(roots: Iterable[Any]) -> None:
    """Close widgets with all that belong to them; else ipywidgets keeps them."""
    for each in [part for root in roots for part in list_widgets(root)]:
        each.close()


def _iterate_parts(widget: Any) -> Iterator[Any]:
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(part, widgets.Widget):
                yield part


def read_text(control: Any) -> str | None:
    """Read a text control without surrounding spaces; None if it is blank."""
    return control.value.strip() or None


def read_filled(controls: Mapping[str, Any]) -> dict[str, Any]:
    """Read the controls that hold a value, by name; a blank text is no value."""
    values = {name: control.value for name, control in controls.items()}
    values = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in values.items() if value not in ("", None)}
