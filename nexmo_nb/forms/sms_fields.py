"""The controls of the form for SMS, and what it says of a text while it is typed."""

from __future__ import annotations

from typing import Any, get_args

import ipywidgets as widgets

from nexmo_nb.campaigns.send import Doubtful
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.forms.fields import VALID_NUMBER, explain_problem
from nexmo_nb.forms.widgets import make_labelled, make_region
from nexmo_nb.forms.words import Words
from nexmo_nb.sms.request import TYPES
from nexmo_nb.text.gsm import segments
from nexmo_nb.text.spelling import explain_encoding

# The fields that one type alone has; each is visible only with its type. The other types carry a text.
TYPE_FIELDS = {
    "binary": ("udh", "body"),
    "wappush": ("title", "url", "validity"),
    "vcal": ("vcal",),
    "vcard": ("vcard",),
}
TEXT_OPTIONS = (
    "client_ref", "ttl", "callback", "message_class", "protocol_id", "account_ref", "entity_id", "content_id",
)  # fmt: skip
YES_NO_OPTIONS = ("status_report_req", "trusted_number")
VALID = {
    "to": VALID_NUMBER,
    "sender": "Demo",
    "text": "x",
    "udh": "00",
    "body": "00",
    "title": "x",
    "url": "https://example.com",
    "vcal": "x",
    "vcard": "x",
}
"""What stands in for a wrong value while the others are checked."""


def make_main_controls(words: Words) -> dict[str, Any]:
    """Make the controls that every message needs, by name."""
    hints = {"sender": words.say("hint_sender"), "to": words.say("hint_numbers")}
    choices = {"type": ("sms_type", TYPES), "doubtful": ("doubtful", get_args(Doubtful))}
    return {
        "sender": make_labelled(widgets.Combobox, words.say("label_sender"), placeholder=hints["sender"]),
        "to": make_labelled(widgets.Textarea, words.say("label_to"), rows=2, placeholder=hints["to"]),
        "region": make_region(words),
        "text": make_labelled(widgets.Textarea, words.say("label_text"), rows=4, continuous_update=True),
        **{
            name: make_labelled(widgets.Dropdown, words.say(f"label_{name}"), options=words.list_choices(*each))
            for name, each in choices.items()
        },
    }


def make_further_controls(words: Words) -> dict[str, Any]:
    """Make the controls that few messages need, by name."""
    fields = {name: make_labelled(widgets.Text, words.say(f"label_{name}")) for name in TEXT_OPTIONS}
    for names in TYPE_FIELDS.values():
        for name in names:
            kind = widgets.Textarea if name in ("vcal", "vcard") else widgets.Text
            fields[name] = make_labelled(kind, words.say(f"label_{name}"))
    answers = [(words.say("account_default"), ""), (words.say("yes"), True), (words.say("no"), False)]
    for name in YES_NO_OPTIONS:
        fields[name] = make_labelled(widgets.Dropdown, words.say(f"label_{name}"), options=answers)
    return fields


def describe_text(text: str, kind: str, words: Words) -> str:
    """Describe a text while it is typed: its parts, the room left, and which characters make its parts short."""
    try:
        found = segments(text, encoding="ucs2" if kind == "unicode" else None)
    except InvalidRequestError as problem:
        return explain_problem(problem, words)
    causes = explain_encoding(text)
    characters = " ".join(causes.character[causes.cost == "forces ucs2"].head(12))
    reason = words.say("counter_reason", characters=characters) if characters else ""
    return f"{words.say_count('counter', found.parts, left=found.remaining)}{reason}"
