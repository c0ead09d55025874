"""A form for numbers: search and compare, rent, give back."""

from __future__ import annotations

import re
from typing import Any

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.errors import NexmoError
from nexmo_nb.forms.widgets import Form, Markup, card, code, labelled, table, words
from nexmo_nb.numbers import buy_number, cancel_number, owned_numbers, search_numbers
from nexmo_nb.session import Session
from nexmo_nb.validation import drop_none, invalid_argument

__all__ = ["NumberForm", "number_form"]

SORTS = ("monthly_cost", "setup_cost", "country", "msisdn")
MOST = 50


class NumberForm(Form):
    """Search, compare, rent and give back numbers; made by `number_form`.

    Attributes
    ----------
    action : ipywidgets.Dropdown
        ``"rent"`` a number for rent, or ``"give back"`` one that is owned.
    countries, pattern, match, sms, voice, mms, type, sort : widgets
        What to search for, and the order of what is found.
    search : ipywidgets.Button
        Searches; ``found`` is the frame.
    pick, confirm : ipywidgets.Dropdown, ipywidgets.Text
        The number, and its digits typed once more.
    """

    def __init__(self, *, session: Session | None = None) -> None:
        self.action = labelled(widgets.Dropdown, "I want to", options=("rent", "give back"))
        self.countries = labelled(widgets.Text, "Countries", value="GB", placeholder="GB, PT, US")
        self.pattern = labelled(widgets.Text, "Digits", placeholder="any")
        self.match = labelled(widgets.Dropdown, "which stand", options=("starts", "contains", "ends"))
        self.sms, self.voice, self.mms = (
            widgets.Checkbox(description=name, indent=False, layout={"width": "6rem"})
            for name in ("SMS", "Voice", "MMS")
        )
        kinds = (("any", ""), "landline", "mobile-lvn", "landline-toll-free")
        self.type = labelled(widgets.Dropdown, "Type", options=[k if isinstance(k, tuple) else (k, k) for k in kinds])
        self.sort = labelled(widgets.Dropdown, "Sort by", options=SORTS)
        self.search = widgets.Button(description="Search", icon="search")
        self.pick = labelled(widgets.Dropdown, "Number", options=[])
        self.confirm = labelled(widgets.Text, "Type it again", placeholder="the digits of the number")
        self.found: pd.DataFrame | None = None
        self._listing = widgets.HTML(layout={"width": "calc(100% - 6px)"})
        features = widgets.HBox([self.sms, self.voice, self.mms], layout={"margin": "0 0 0 8.2rem"})
        criteria = [self.action, self.countries, self.pattern, self.match, self.type, self.sort]
        rows = [*criteria, features, self.search, self._listing, self.pick, self.confirm]
        super().__init__(rows, [self.action, self.pick, self.confirm], session=session, verb="Do it")
        self.search.on_click(self._on_search)
        self.sort.observe(self._show, "value")
        self.action.observe(self._clear, "value")

    def look(self) -> list[Markup]:
        """Show the number and what renting it costs, once its digits are typed again."""
        row = self._picked()
        if re.sub(r"\D", "", self.confirm.value) != row.msisdn:
            raise invalid_argument("confirm", self.confirm.value, f"the digits of the number once more, {row.msisdn}")
        if self.action.value == "give back":
            return [card(f"Give back {row.msisdn} for good", words("Somebody else may rent it then."))]
        cost = f"{row.setup_cost:.2f} once and {row.monthly_cost:.2f} a month, {row.currency}"
        return [card(f"Rent {row.msisdn} ({row.country}, {row.type})", words(f"It costs {cost}, without tax."))]

    def act(self, token: str) -> tuple[pd.DataFrame, list[Markup]]:  # noqa: ARG002 - not a send: the token has done its work
        """Rent the number, or give it back."""
        row, renting = self._picked(), self.action.value == "rent"
        do = buy_number if renting else cancel_number
        result = do(row.country, row.msisdn, session=self.session)
        self.confirm.value = ""
        self._on_search(None)
        return result, [card("Done", table(result)), code(f"nx.{do.__name__}({row.country!r}, {row.msisdn!r})")]

    def _clear(self, _: object) -> None:
        """Forget what was found: numbers for rent cannot be given back, nor the reverse."""
        self.found, self.pick.options, self._listing.value = None, [], ""

    def _on_search(self, _: object) -> None:
        self._clear(None)
        try:
            self.found = self._searched()
        except NexmoError as problem:
            self.say(str(problem), bad=True)
            return
        self._show(None)

    def _show(self, _: object) -> None:
        """Show what was found, in the order that is wanted."""
        if self.found is None:
            return
        self.found = found = self.found.sort_values(self.sort.value, kind="stable", ignore_index=True)
        shown = found.head(MOST)
        self.pick.options = [(f"{row.msisdn} ({row.country}, {row.type})", row.msisdn) for row in shown.itertuples()]
        self.pick.value = shown.msisdn.iloc[0] if len(shown) else None
        self._listing.value = card(f"{len(found):,} numbers, the first {len(shown)}", table(shown))

    def _searched(self) -> pd.DataFrame:
        codes = re.findall(r"[^\s,;]+", self.countries.value)
        pattern = self.pattern.value.strip() or None
        if self.action.value == "give back":
            owned = owned_numbers(pattern=pattern, match=self.match.value, session=self.session)
            return owned[owned.country.isin([c.upper() for c in codes])] if codes else owned
        if not codes:
            raise invalid_argument("countries", self.countries.value, "country codes such as 'GB, PT'")
        wanted = {"SMS": self.sms.value, "VOICE": self.voice.value, "MMS": self.mms.value}
        features = [name for name, chosen in wanted.items() if chosen] or None
        more: dict[str, Any] = drop_none({"features": features, "type": self.type.value or None, "pattern": pattern})
        return search_numbers(codes, match=self.match.value, session=self.session, **more)

    def _picked(self) -> Any:
        if self.found is None or self.pick.value is None:
            raise invalid_argument("pick", None, "a number: search first, then choose one")
        return self.found[self.found.msisdn == self.pick.value].iloc[0]


def number_form(*, session: Session | None = None) -> NumberForm:
    """Show a form that searches and compares numbers, rents them and gives them back.

    Parameters
    ----------
    session : Session, optional
        Default: the current one.

    Returns
    -------
    NumberForm
        A widget. Its controls are attributes: ``action, countries, pattern, match, sms, voice, mms, type, sort, search,
        found, pick, confirm, preview, send, result``.

    Raises
    ------
    InvalidRequestError
        If there is no session.

    Notes
    -----
    Search, pick, type the number once more, preview; the button then works once. Uses
    https://developer.vonage.com/en/api/numbers.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> form = nx.number_form()
    >>> form.countries.value, form.sms.value = "PT, GB", True
    >>> form.search.click()
    >>> bool(form.found.sms.all())
    True
    >>> form.confirm.value = form.pick.value
    >>> form.preview.click()
    >>> form.send.click()
    >>> form.result.meaning.tolist()
    ['success']
    """
    return NumberForm(session=session)
