"""What forms say: labels, choices, headings, what was done and what is doubtful, in the language of the form. Pure.

Each language is a module with one mapping, `WORDS`: the same names, and in each text the same places in braces.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from nexmo_nb.forms.words import english, portuguese
from nexmo_nb.options import Language, get_language
from nexmo_nb.validation import check_choice

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": english.WORDS, "pt": portuguese.WORDS}


class Words:
    """The words of one language; None is that of `set_options`."""

    shows_calls = True
    """Whether a form shows the call that does the same from code."""

    def __init__(self, language: str | None = None) -> None:
        self.language = get_language() if language is None else check_choice("language", language, get_args(Language))
        self._texts = LANGUAGES[self.language]

    def list_texts(self, kind: str, names: Iterable[str]) -> dict[str, str]:
        """List the texts of a part that is given all its words, by the names that it knows them by."""
        return {name: self._texts[f"{kind}_{name}"] for name in names}

    def say(self, name: str, /, **values: Any) -> str:
        """Say something, with the values that stand in it."""
        return self._texts[name].format(**values)

    def list_choices(self, kind: str, values: Iterable[str]) -> list[tuple[str, str]]:
        """List choices of a control: the words of each value, and the value."""
        return [(self.say(f"{kind}_{value}"), value) for value in values]

    def say_state(self, state: str) -> str:
        """Say the state of a message, without a count."""
        name = f"state_{state}"
        return self.say(name, count="").strip() if name in self._texts else state

    def say_heading(self, column: str) -> str:
        """Say what a column of a frame holds; a column without words, of a list of the user's, stands for itself."""
        return self._texts.get(f"heading_{column}") or self._texts.get(f"label_{column}", column)

    def say_label(self, name: str) -> str:
        """Say how the control of a parameter is labelled; a name without a label stands for itself."""
        return self._texts.get(f"label_{name}", name)

    def say_code(self, code: str) -> str:
        """Say what a code of a problem or a doubt means; a code without words stands for itself."""
        return self._texts.get(f"code_{code}", code)

    def say_price(self, low: float, high: float, currency: str) -> str:
        """Say what something costs, from the lowest price to the highest: EUR 0.0333 to 0.0423."""
        if math.isnan(low) or math.isnan(high):
            return self.say("price_unknown")
        shown = [f"{amount:.4f}" for amount in (low, high)]
        if all(text.endswith("00") for text in shown):
            shown = [text[:-2] for text in shown]
        name = "price_single" if shown[0] == shown[1] else "price_range"
        return self.say(name, currency=currency, low=shown[0], high=shown[1])

    def say_count(self, name: str, count: int, **values: Any) -> str:
        """Say something that is counted: by the text `name_one` of one, and `name_many` of any other number."""
        return self.say(f"{name}_{'one' if count == 1 else 'many'}", count=f"{count:,}", **values)
