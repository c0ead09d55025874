"""Controls: a blank is no value, and a label stands beside each."""

from __future__ import annotations

import ipywidgets
import pytest

from nexmo_nb.forms.widgets import make_labelled, read_filled, read_text, set_visible, show_country
from nexmo_nb.forms.words import Words


@pytest.mark.parametrize(("typed", "read"), [("", None), ("  ", None), (" a b ", "a b")])
def test_a_text_is_read_without_the_spaces_around_it(typed: str, read: str | None) -> None:
    assert read_text(ipywidgets.Text(value=typed)) == read


def test_only_controls_with_a_value_are_read() -> None:
    controls = {
        "text": ipywidgets.Text(value=" a "),
        "blank": ipywidgets.Text(value=" "),
        "no": ipywidgets.Dropdown(options=[("as it is", ""), ("no", False)], value=False),
        "default": ipywidgets.Dropdown(options=[("as it is", ""), ("no", False)], value=""),
        "none": ipywidgets.Dropdown(options=[]),
        "zero": ipywidgets.IntText(value=0),
    }
    assert read_filled(controls) == {"text": "a", "no": False, "zero": 0}


def test_a_control_keeps_its_own_layout_beside_the_shared_one() -> None:
    control = make_labelled(ipywidgets.Text, "To", layout={"max_width": "9rem"})
    assert (control.description, control.layout.max_width) == ("To", "9rem")
    assert control.layout.width is not None


def test_a_control_is_hidden_and_shown() -> None:
    control = ipywidgets.Text()
    set_visible(control, False)
    assert control.layout.display == "none"
    set_visible(control, True)
    assert control.layout.display is None


@pytest.mark.parametrize(
    ("code", "name"),
    [("PT", "Portugal"), (None, "not known"), ("unknown", "not known"), ("<img>", "<img>"), ("Portugal", "Portugal")],
)
def test_a_country_is_named_and_what_is_none_stands_for_itself(code: str | None, name: str) -> None:
    assert show_country(code, Words("en")) == name
