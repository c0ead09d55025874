"""What ipywidgets cannot do for a form in the browser: attributes for assistive technology, and moving the focus."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets


class Aids(anywidget.AnyWidget):
    """An invisible part of a form. Where its module cannot be loaded, the form works without it."""

    # As text: of a path, anywidget keeps a watcher for each widget.
    _esm = Path(__file__).with_name("aids.js").read_text(encoding="utf-8")
    attributes = traitlets.Dict().tag(sync=True)
    """Attributes of the form's elements, by selector and name; None takes one away."""

    def set_attributes(self, changes: Mapping[str, Mapping[str, str | None]]) -> None:
        """Set attributes of the elements that each selector finds; those named before and not now stay."""
        self.attributes = {
            **self.attributes,
            **{selector: {**self.attributes.get(selector, {}), **named} for selector, named in changes.items()},
        }

    def move_focus(self, selector: str, *, if_lost: bool = False) -> None:
        """Put the focus on the first element that a selector finds, if the person works in this form.

        With `if_lost`, only where nothing has it any more: what had it is gone.
        """
        self.send({"focus": selector, "ifLost": if_lost})

    def save_file(self, name: str, content: bytes) -> None:
        """Have the browser save a CSV file, as a download does."""
        self.send({"save": name}, buffers=[content])

    def __init__(self, **options: Any) -> None:
        super().__init__(layout={"display": "none"}, **options)
