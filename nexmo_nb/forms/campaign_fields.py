"""The controls of the campaign form, and the check of their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from nexmo_nb import validation
from nexmo_nb.contacts.countries import check_region
from nexmo_nb.contacts.numbers import check_sender
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.forms.campaign_list import NO_COLUMN, check_texts, read_amount
from nexmo_nb.forms.widgets import make_labelled, make_region, read_text
from nexmo_nb.forms.words import Words

COLUMNS = ("to", "language", "country")
ON_CAP = ("refuse", "stop")


def make_controls(words: Words, currency: str) -> dict[str, Any]:
    """Make the controls, by the names of the parameters that they are for."""
    region = make_region(words)
    region.description, region.placeholder = words.say("label_campaign_region"), words.say("hint_campaign_region")
    limit = words.say("label_campaign_max_cost", currency=currency)
    choices = words.list_choices("on_cap", ON_CAP)
    return {
        **{name: make_labelled(widgets.Dropdown, words.say(f"label_campaign_{name}"), options=[]) for name in COLUMNS},
        "region": region,
        "sender": make_labelled(widgets.Combobox, words.say("label_sender"), placeholder=words.say("hint_sender")),
        "batch": make_labelled(widgets.Text, words.say("label_campaign_batch")),
        "max_cost": make_labelled(widgets.Text, limit, placeholder=words.say("hint_campaign_max_cost")),
        "on_cap": make_labelled(widgets.Dropdown, words.say("label_campaign_on_cap"), options=choices),
    }


def offer_columns(controls: Mapping[str, Any], names: list[str], chosen: Mapping[str, str], words: Words) -> None:
    """Offer the columns of a list for what they may be."""
    for name in COLUMNS:
        empty = words.say("campaign_choose_column" if name == "to" else "campaign_no_column")
        controls[name].options = [(empty, NO_COLUMN), *((each, each) for each in names)]
        controls[name].value = chosen[name]


def find_problems(
    controls: Mapping[str, Any], sender: str, texts: Mapping[str, str], names: list[str], words: Words
) -> dict[str, InvalidRequestError]:
    """Find what is wrong with the fields, by the names of their controls; the plan tells of the rows."""

    def check_number_column() -> None:
        if not names:
            raise validation.invalid_argument("to", None, words.say("campaign_no_list"))
        if controls["to"].value == NO_COLUMN:
            raise validation.invalid_argument("to", None, words.say("campaign_choose_column"))

    checks: dict[str, Callable[[], Any]] = {
        "to": check_number_column,
        "region": lambda: read_text(controls["region"]) and check_region(read_text(controls["region"])),
        "text": lambda: check_texts(texts, names),
        "sender": lambda: check_sender(sender),
        "batch": lambda: validation.check_name("batch", validation.plain_name(controls["batch"].value)),
        "max_cost": lambda: read_amount(controls["max_cost"].value),
    }
    problems: dict[str, InvalidRequestError] = {}
    for name, check in checks.items():
        try:
            check()
        except InvalidRequestError as problem:
            problems[name] = problem
    return problems
