"""A form for SMS: to one recipient or many."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.campaigns import plan_sms, send_many, summary
from nexmo_nb.errors import InvalidRequestError, NexmoError
from nexmo_nb.forms.widgets import Form, Markup, bubble, card, code, labelled, table, words
from nexmo_nb.numbers import owned_numbers
from nexmo_nb.pricing import balance
from nexmo_nb.session import Session
from nexmo_nb.sms import send_sms
from nexmo_nb.sms.request import CONTENT, build_fields
from nexmo_nb.text.gsm import segments
from nexmo_nb.text.spelling import explain_encoding
from nexmo_nb.validation import drop_none, invalid_argument

__all__ = ["SmsForm", "sms_form"]

TYPES = ("auto", "text", "unicode", "binary", "wappush", "vcal", "vcard")
TEXTS = TYPES[:3]
# Fields of one type alone, shown only with it.
_OWN = {"binary": ("udh", "body"), "wappush": ("title", "url", "validity"), "vcal": ("vcal",), "vcard": ("vcard",)}
_OPTIONS = {
    "client_ref": "Your reference",
    "ttl": "Time to live, ms",
    "callback": "Receipt URL",
    "message_class": "Message class",
    "protocol_id": "Protocol id",
    "account_ref": "Billing tag",
    "entity_id": "Entity id",
    "content_id": "Content id",
}


class SmsForm(Form):
    """Write, preview and send an SMS; made by `sms_form`.

    Attributes
    ----------
    sender, to, text, type : widgets
        The main fields; `to` takes one number a line.
    advanced : ipywidgets.ToggleButton
        Shows the fields that few messages need.
    fields : dict of str to widget
        Those fields, by the names of `nexmo_nb.send_sms`'s parameters.
    counter : ipywidgets.HTML
        Encoding, parts and room left, while typing.
    plan : pandas.DataFrame or None
        What the last preview would send, for texts.
    """

    def __init__(self, recipients: pd.DataFrame | None = None, *, session: Session | None = None) -> None:
        self.recipients = recipients
        self.plan: pd.DataFrame | None = None
        self.sender = labelled(
            widgets.Combobox, "From", placeholder="a number of yours, or a name", ensure_option=False
        )
        self.to = labelled(widgets.Textarea, "To", rows=2, placeholder="+44 7700 900000, one a line")
        self.text = labelled(widgets.Textarea, "Text", rows=4, continuous_update=True)
        self.type = labelled(widgets.Dropdown, "Type", options=TYPES)
        self.counter = widgets.HTML(layout={"margin": "0 0 0 8.3rem", "max_width": "36rem"})
        self.fields = {name: labelled(widgets.Text, label) for name, label in _OPTIONS.items()}
        for names in _OWN.values():
            self.fields |= {
                name: labelled(widgets.Textarea if name.startswith("vc") else widgets.Text, name) for name in names
            }
        self.fields["status_report_req"] = labelled(widgets.Dropdown, "Receipt", options=_CHOICES)
        self.fields["trusted_number"] = labelled(widgets.Dropdown, "Trusted number", options=_CHOICES)
        self.advanced = widgets.ToggleButton(description="Advanced", tooltip="Everything else that an SMS can carry")
        self._hidden = widgets.VBox([self.type, *self.fields.values()])
        rows = [self.sender, self.to, self.text, self.counter, self.advanced, self._hidden]
        controls = [self.sender, self.to, self.text, self.type, *self.fields.values()]
        super().__init__(rows, controls, session=session)
        if recipients is not None:
            self.to.disabled, self.to.placeholder = True, f"{len(recipients):,} rows were passed in"
        self.text.observe(self._count, "value")
        self.type.observe(self._arrange, "value")
        self.advanced.observe(self._arrange, "value")
        self._arrange(None)
        self._offer_senders()

    def look(self) -> list[Markup]:
        """Check everything, and show what each recipient would get and what it costs."""
        kind = self.type.value
        if kind not in TEXTS:
            return self._look_special(kind)
        self.plan = plan = plan_sms(
            self._listed(), self._template(), sender=self.sender.value, type=kind, session=self.session
        )
        good = plan[plan.problem.isna()]
        if good.empty:
            problem = plan.problem.iloc[0] if len(plan) else "to: there is no recipient"
            raise InvalidRequestError(str(problem))
        build_fields(
            good.to.iloc[0],
            self.sender.value,
            kind,
            {**dict.fromkeys(CONTENT), "text": good.text.iloc[0]},
            self._options(),
        )
        if len(good) > 1 and self.fields["client_ref"].value.strip():
            raise invalid_argument("client_ref", self.fields["client_ref"].value, "nothing with several recipients")
        columns = ["to", "country", "parts", "price_low", "price_high", "currency", "problem"]
        return [
            bubble(good.text.iloc[0], self._caption(good)),
            *self._doubts(good),
            card(f"{len(good):,} of {len(plan):,} can be sent", table(plan[columns].head(200))),
            card("In all", table(summary(plan))),
        ]

    def act(self, token: str) -> tuple[pd.DataFrame, list[Markup]]:
        """Send under the token of the preview."""
        kind = self.type.value
        plan = self.plan
        if plan is not None and int(plan.problem.isna().sum()) > 1:
            options = self._options()
            result = send_many(plan, batch=f"form {token}", progress=False, session=self.session, **options)
            call = _written("nx.send_many", "plan", {"batch": "a name of your own", **options})
        else:
            only = None if plan is None else plan[plan.problem.isna()].iloc[0]
            call_with = {"sender": self.sender.value, "type": kind, **self._content(kind), **self._options()}
            to = self._only() if only is None else str(only.to)
            text = None if only is None else str(only.text)
            result = send_sms(to, text, key=f"form {token}", session=self.session, **call_with)
            call = _written("nx.send_sms", ", ".join(repr(v) for v in (to, text) if v is not None), call_with)
        cost = f"Cost: {result.price.sum():.4f} {self.session.account.currency}. Balance: {self._balance()}."
        return result, [card(cost, table(result.head(200))), code(call)]

    def _look_special(self, kind: str) -> list[Markup]:
        to = self._only()
        content = {**dict.fromkeys(CONTENT), **self._content(kind)}
        form = build_fields(to, self.sender.value, kind, content, self._options())
        self.plan = None
        shown = "\n".join(f"{name}: {value}" for name, value in form.items() if name not in ("from", "to", "type"))
        known = words("Its parts and price are known when it is sent.")
        return [bubble(shown, f"{self.sender.value}, {kind}"), card(f"One {kind} message to {form['to']}", known)]

    def _listed(self) -> Any:
        return self.recipients if self.recipients is not None else re.findall(r"[^\n,;]+", self.to.value)

    def _only(self) -> str:
        listed = re.findall(r"[^\n,;]+", self.to.value)
        if len(listed) != 1:
            raise invalid_argument("to", self.to.value, f"one number with type {self.type.value!r}")
        return str(listed[0]).strip()

    def _template(self) -> str:
        """Take the text as a template only where there are columns to fill it from."""
        text = str(self.text.value)
        return text if self.recipients is not None else text.replace("{", "{{").replace("}", "}}")

    def _content(self, kind: str) -> dict[str, Any]:
        return drop_none({name: self.fields[name].value.strip() or None for name in _OWN.get(kind, ())})

    def _options(self) -> dict[str, Any]:
        names = (*_OPTIONS, "status_report_req", "trusted_number")
        values = {name: self.fields[name].value for name in names}
        return drop_none(
            {name: value if not isinstance(value, str) else value.strip() or None for name, value in values.items()}
        )

    def _caption(self, good: pd.DataFrame) -> str:
        parts = int(good.parts.iloc[0])
        joined = f"{parts} parts, which the phone joins" if parts > 1 else "1 part"
        return f"{self.sender.value}, {joined}" + (f"; the first of {len(good):,}" if len(good) > 1 else "")

    def _doubts(self, good: pd.DataFrame) -> list[Markup]:
        """Warn of messages that may already have been sent."""
        numbers, texts = set(good.to), set(good.text)
        self.session.ledger.mark_abandoned_unknown()
        unknown = self.session.ledger.read_sends(state="unknown")
        same = [row["recipient"] for row in unknown if row["recipient"] in numbers and row["body"] in texts]
        if not same:
            return []
        told = "This text to these numbers was sent before, and nobody knows whether it arrived; settle() looks it up: "
        return [card("Careful", words(told + ", ".join(same[:10])))]

    def _balance(self) -> str:
        try:
            return f"{balance(session=self.session):.4f}"
        except NexmoError:
            return "not known"

    def _count(self, _: object) -> None:
        text = self.text.value
        try:
            found = segments(text, encoding="ucs2" if self.type.value == "unicode" else None)
        except InvalidRequestError as problem:
            self.counter.value = escape(str(problem))
            return
        costly = explain_encoding(text)
        forcing = " ".join(costly.character[costly.cost == "forces ucs2"].head(12))
        reason = f"; unicode because of {escape(forcing)}" if forcing else ""
        self.counter.value = f"{found.encoding}, {found.parts} part(s), {found.remaining} left{reason}"

    def _arrange(self, _: object) -> None:
        """Show the advanced fields if they are wanted, and of them those that the type has."""
        self._hidden.layout.display = None if self.advanced.value or self.type.value not in TEXTS else "none"
        self.advanced.icon = "caret-down" if self.advanced.value else "caret-right"
        kind = self.type.value
        self.text.layout.display = self.counter.layout.display = None if kind in TEXTS else "none"
        for owner, names in _OWN.items():
            for name in names:
                self.fields[name].layout.display = None if kind == owner else "none"
        self._count(None)

    def _offer_senders(self) -> None:
        try:
            self.sender.options = tuple(owned_numbers(session=self.session).msisdn.head(200))
        except NexmoError as problem:
            self.say(f"Your numbers could not be read, but you can type one: {problem}")


_CHOICES = (("as the account says", ""), ("yes", True), ("no", False))


def _written(name: str, first: str, options: Mapping[str, Any]) -> str:
    more = [f"{key}={value!r}" for key, value in options.items() if not (key == "type" and value == "auto")]
    return f"{name}({', '.join([first, *more])})"


def sms_form(recipients: pd.DataFrame | None = None, *, session: Session | None = None) -> SmsForm:
    """Show a form that writes, previews and sends SMS, each once.

    Parameters
    ----------
    recipients : DataFrame, optional
        With a column ``to``; its other columns may fill the text, as for `nexmo_nb.plan_sms`. Default: numbers are
        typed.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    SmsForm
        A widget. Its controls are attributes: ``to, text, sender, type, fields, preview, send, result``.

    Raises
    ------
    InvalidRequestError
        If there is no session.

    Notes
    -----
    Preview first; Send then works once, and goes through the ledger, so that no second click sends again. If the
    notebook saves its widgets' state, what is typed here is in it: numbers and texts, never a secret. Uses
    https://developer.vonage.com/en/api/sms.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> form = nx.sms_form()
    >>> form.sender.value, form.to.value, form.text.value = "Demo", "+44 7700 900000", "Hello"
    >>> form.preview.click()
    >>> form.send.click()
    >>> form.send.click()
    >>> len(form.result), len(session.sandbox.messages)
    (1, 1)
    """
    return SmsForm(recipients, session=session)
