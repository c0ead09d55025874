"""A form for numbers: search and compare, rent, give back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.contacts.countries import check_countries
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.forms.fields import Section
from nexmo_nb.forms.form import Done, Form
from nexmo_nb.forms.markup import Markup, card_html, preview_html, result_html, text_html, write_call
from nexmo_nb.forms.outcome import Outcome
from nexmo_nb.forms.table import WORDS, Cell, ChoiceTable, Column, Row
from nexmo_nb.forms.widgets import make_html_area, make_labelled, read_filled, show_country
from nexmo_nb.forms.words import Words
from nexmo_nb.masking import mask_numbers
from nexmo_nb.numbers import buy_number, cancel_number, owned_numbers, search_numbers
from nexmo_nb.numbers.request import MATCHES, TYPES
from nexmo_nb.options import Language
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.validation import invalid_argument

RENT, GIVE_BACK = "rent", "give back"
FEATURES = ("sms", "voice", "mms")
COSTS = ("monthly_cost", "setup_cost")
COLUMNS = ("msisdn", "country", "type", *FEATURES, *COSTS)


class NumberForm(Form):
    """Search, compare, rent and give back numbers; `number_form` makes it and says what its attributes are."""

    def __init__(self, *, language: Language | None = None, session: Session | None = None) -> None:
        words = Words(language)
        self.action = _make_choice(words, "action", (RENT, GIVE_BACK))
        self.countries = make_labelled(
            widgets.Text, words.say("label_countries"), value="GB", placeholder=words.say("hint_countries")
        )
        self.pattern = make_labelled(widgets.Text, words.say("label_pattern"), placeholder=words.say("hint_pattern"))
        self.match = _make_choice(words, "match", MATCHES)
        self.type = _make_choice(words, "type", ("", *TYPES), kind="number_type")
        self.sms, self.voice, self.mms = (
            widgets.Checkbox(description=words.say_heading(name), indent=False, layout={"width": "6rem"})
            for name in FEATURES
        )
        self.search = widgets.Button(description=words.say("search"), icon="search")
        self.pick = ChoiceTable(words.list_texts("table", WORDS))
        self.confirm = make_labelled(widgets.Text, words.say("label_confirm"), placeholder=words.say("hint_confirm"))
        self.found: pd.DataFrame | None = None
        self._empty_area = make_html_area()
        features = widgets.HBox([self.sms, self.voice, self.mms], layout={"margin": "0 0 0 8.2rem"})
        features.add_class("nexmo-nb-indented")
        criteria = ("action", "countries", "pattern", "match", "type")
        super().__init__(
            words,
            "numbers",
            {name: getattr(self, name) for name in (*criteria, "confirm")},
            [
                Section("search", [*criteria, features, self.search, self._empty_area]),
                Section("choice", [self.pick, "confirm"]),
            ],
            session=session,
            verb=words.say("verb_rent"),
        )
        self.search.on_click(self._on_search)
        self.pick.observe(self.discard_preview, "picked")
        self.action.observe(self._clear_results, "value")

    def build_preview(self) -> list[Markup]:
        words, row = self.words, self._get_picked_row()
        if re.sub(r"\D", "", self.confirm.value) != row.msisdn:
            raise invalid_argument("confirm", self.confirm.value, f"the digits of the number once more, {row.msisdn}")
        described = self._describe_number(row)
        if self.action.value == GIVE_BACK:
            return [card_html(words.say("give_back", number=described), text_html(words.say("give_back_advice")))]
        once, monthly = (words.say_price(cost, cost, row.currency) for cost in (row.setup_cost, row.monthly_cost))
        said = f"{words.say('rent_once', once=once)}: {described}"
        return [preview_html(words.say("rent_price", monthly=monthly), said)]

    def submit(self, token: str) -> Done:  # noqa: ARG002 - not a send, so no key
        row = self._get_picked_row()
        function = buy_number if self.action.value == RENT else cancel_number
        result = function(row.country, row.msisdn, session=self.session)
        self.confirm.value = ""
        self.read_balance()
        done = "rented" if self.action.value == RENT else "given_back"
        said = self.words.say(done, number=self._describe_number(row))
        call = write_call(function.__name__, repr(row.country), repr(row.msisdn))
        shown = result.assign(country=[show_country(code, self.words) for code in result.country])
        outcome = Outcome(f"{said}.{self.read_again(self._search_again)}")
        return Done(result, outcome, result_html(said, shown, call, self.words))

    def _on_search(self, _: object = None) -> None:
        with self.show_errors():
            self._search_again()

    def _search_again(self) -> None:
        self._clear_results()
        self.found = self._find_numbers().sort_values("monthly_cost", kind="stable", ignore_index=True)
        self._show_results()

    def _find_numbers(self) -> pd.DataFrame:
        countries = check_countries(_split_countries(self.countries.value), "countries")
        criteria = read_filled({"pattern": self.pattern, "match": self.match})
        if self.action.value == GIVE_BACK:
            owned = owned_numbers(session=self.session, **criteria)
            return owned[owned.country.isin(countries)] if countries else owned
        if not countries:
            raise invalid_argument("countries", self.countries.value, "countries such as 'GB, PT' or 'Portugal'")
        criteria |= read_filled({"type": self.type})
        features = [name for name in FEATURES if getattr(self, name).value] or None
        return search_numbers(countries, features=features, session=self.session, **criteria)

    def _show_results(self) -> None:
        assert self.found is not None
        if self.found.empty:
            empty = "no_owned_numbers" if self.action.value == GIVE_BACK else "no_numbers_found"
            self._empty_area.value = text_html(self.words.say(empty))
            return
        caption = self.words.say("found", count=f"{len(self.found):,}")
        rows = [self._make_row(row) for row in self.found.itertuples()]
        columns = [Column(self.words.say_heading(name), name in COSTS) for name in COLUMNS]
        self.pick.show(rows, columns, caption)
        self.show_section("choice", True)

    def _make_row(self, row: Any) -> Row:
        words = self.words
        features = [words.say("yes" if getattr(row, name) else "no") for name in FEATURES]
        costs = [(cost, words.say_price(cost, cost, row.currency)) for cost in (row.monthly_cost, row.setup_cost)]
        prices = [Cell(text, cost) for cost, text in costs]
        return Row(
            row.msisdn,
            [
                mask_numbers(row.msisdn),
                show_country(row.country, words),
                _say_type(row.type, words),
                *features,
                *prices,
            ],
        )

    def _clear_results(self, _: object = None) -> None:
        """Forget what was found: a number for rent cannot be given back, nor an owned one rented."""
        self.found, self._empty_area.value = None, ""
        self.pick.clear()
        self.show_section("choice", False)
        self.set_verb(self.words.say(f"verb_{self.action.value}"), destroys=self.action.value == GIVE_BACK)

    def _describe_number(self, row: Any) -> str:
        return f"{row.msisdn} ({show_country(row.country, self.words)}, {_say_type(row.type, self.words)})"

    def _get_picked_row(self) -> Any:
        if self.found is None or self.pick.picked is None:
            raise InvalidRequestError(self.words.say("pick_first"))
        return self.found[self.found.msisdn == self.pick.picked].iloc[0]


def _split_countries(typed: str) -> Iterator[str]:
    """Split what was typed at commas, semicolons and line ends; at spaces only between codes, for names have some."""
    for piece in re.findall(r"[^,;\n]+", typed):
        words = piece.split()
        yield from words if all(len(word) == 2 for word in words) else [piece]


def _say_type(kind: Any, words: Words) -> str:
    """Say what type a number is of; one that is not known stands for itself."""
    return words.say(f"number_type_{kind}") if kind in TYPES else str(kind)


def _make_choice(words: Words, name: str, values: Iterable[str], *, kind: str = "") -> Any:
    return make_labelled(widgets.Dropdown, words.say(f"label_{name}"), options=words.list_choices(kind or name, values))


def number_form(*, language: Language | None = None, session: Session | None = None) -> NumberForm:
    """Show a form that searches and compares numbers, rents them and gives them back.

    Parameters
    ----------
    language : {"en", "pt"}, optional
        The language of the form. Default: that of `set_options`.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    NumberForm
        A widget. Its attributes: ``action`` (``"rent"`` or ``"give back"``), what to search for, ``countries,
        pattern, match, sms, voice, mms, type``, the button ``search``, the frame ``found``, the table ``pick``, whose
        ``picked`` is the number of the row that was picked, ``confirm`` (its digits once more), and ``preview, send,
        result``.

    Raises
    ------
    InvalidRequestError
        If there is no session, or no such language.

    Notes
    -----
    Search, pick a row of the table, which sorts and filters, type the number once more, preview; the button then works
    once. A form is kept until its ``close()``
    or the kernel's end, also where its cell is run again. Uses https://developer.vonage.com/en/api/numbers.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> form = nx.number_form()
    >>> form.countries.value, form.sms.value = "PT, GB", True
    >>> form.search.click()
    >>> bool(form.found.sms.all())
    True
    >>> form.pick.picked = form.found.msisdn[0]
    >>> form.confirm.value = form.pick.picked
    >>> form.preview.click()
    >>> form.send.click()
    >>> form.result.meaning.tolist()
    ['success']
    """
    return NumberForm(session=session_or_current(session), language=language)
