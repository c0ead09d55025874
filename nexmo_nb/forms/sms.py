"""A form for SMS: to one recipient or many."""

from __future__ import annotations

import re
from typing import Any

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.campaigns import plan_sms, send_many, summary
from nexmo_nb.errors import InvalidRequestError, NexmoError
from nexmo_nb.forms.form import Form
from nexmo_nb.forms.markup import Markup, bubble_html, card_html, result_html, table_html, text_html, write_call
from nexmo_nb.forms.widgets import make_labelled, read_filled, set_visible
from nexmo_nb.numbers import owned_numbers
from nexmo_nb.pricing import balance
from nexmo_nb.session import Session
from nexmo_nb.sms import send_sms
from nexmo_nb.sms.request import build_fields
from nexmo_nb.text.gsm import segments
from nexmo_nb.text.spelling import explain_encoding
from nexmo_nb.validation import invalid_argument

TEXT_TYPES = ("auto", "text", "unicode")
TYPES = (*TEXT_TYPES, "binary", "wappush", "vcal", "vcard")
# The fields that one type alone has; each is visible only with its type.
_TYPE_FIELDS = {
    "binary": ("udh", "body"),
    "wappush": ("title", "url", "validity"),
    "vcal": ("vcal",),
    "vcard": ("vcard",),
}
_LONG_FIELDS = ("vcal", "vcard")
_TEXT_OPTIONS = {
    "client_ref": "Your reference",
    "ttl": "Time to live, ms",
    "callback": "Receipt URL",
    "message_class": "Message class",
    "protocol_id": "Protocol id",
    "account_ref": "Billing tag",
    "entity_id": "Entity id",
    "content_id": "Content id",
}
_YES_NO_OPTIONS = {"status_report_req": "Receipt", "trusted_number": "Trusted number"}
_YES_NO_CHOICES = (("as the account says", ""), ("yes", True), ("no", False))
_PLAN_COLUMNS = ["to", "country", "parts", "price_low", "price_high", "currency", "problem"]
MOST_ROWS_SHOWN = 200


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
        Encoding, parts and characters left, while typing.
    plan : pandas.DataFrame or None
        What the last preview would send, for texts.
    """

    def __init__(self, recipients: pd.DataFrame | None = None, *, session: Session | None = None) -> None:
        self.recipients = recipients
        self.plan: pd.DataFrame | None = None
        self.sender = make_labelled(
            widgets.Combobox, "From", placeholder="a number of yours, or a name", ensure_option=False
        )
        self.to = make_labelled(widgets.Textarea, "To", rows=2, placeholder="+44 7700 900000, one a line")
        self.text = make_labelled(widgets.Textarea, "Text", rows=4, continuous_update=True)
        self.counter = widgets.HTML(layout={"margin": "0 0 0 8.3rem", "max_width": "36rem"})
        self.advanced = widgets.ToggleButton(description="Advanced", tooltip="Everything else that an SMS can carry")
        self.type = make_labelled(widgets.Dropdown, "Type", options=TYPES)
        self.fields = _make_fields()
        self._advanced_box = widgets.VBox([self.type, *self.fields.values()])
        rows = [self.sender, self.to, self.text, self.counter, self.advanced, self._advanced_box]
        controls = [self.sender, self.to, self.text, self.type, *self.fields.values()]
        super().__init__(rows, controls, session=session)
        if recipients is not None:
            self.to.disabled, self.to.placeholder = True, f"{len(recipients):,} rows were passed in"
        self.text.observe(self._update_counter, "value")
        self.type.observe(self._update_visibility, "value")
        self.advanced.observe(self._update_visibility, "value")
        self._update_visibility()
        self._offer_senders()

    def build_preview(self) -> list[Markup]:
        """Check everything, and show what each recipient would get and what it costs."""
        return self._preview_texts() if self.type.value in TEXT_TYPES else self._preview_special()

    def submit(self, token: str) -> tuple[pd.DataFrame, list[Markup]]:
        """Send what was previewed, in one message or as a batch."""
        if self.plan is None:
            result, call = self._send_one(self._read_single_recipient(), None, token)
        elif len(sendable := _select_sendable(self.plan)) == 1:
            result, call = self._send_one(str(sendable.to.iloc[0]), str(sendable.text.iloc[0]), token)
        else:
            result, call = self._send_batch(self.plan, token)
        cost = f"Cost: {result.price.sum():.4f} {self.session.account.currency}. Balance: {self._read_balance()}."
        return result, result_html(cost, result.head(MOST_ROWS_SHOWN), call)

    def _preview_texts(self) -> list[Markup]:
        self.plan = plan = plan_sms(
            self._read_recipients(),
            self._read_template(),
            sender=self.sender.value,
            type=self.type.value,
            session=self.session,
        )
        sendable = _select_sendable(plan)
        if sendable.empty:
            problem = plan.problem.iloc[0] if len(plan) else "to: there is no recipient"
            raise InvalidRequestError(str(problem))
        first = sendable.iloc[0]
        self._check_request(first.to, text=first.text)
        if len(sendable) > 1 and self.fields["client_ref"].value.strip():
            raise invalid_argument("client_ref", self.fields["client_ref"].value, "nothing with several recipients")
        return [
            bubble_html(first.text, self._describe_parts(sendable)),
            *self._warn_of_unknown_sends(sendable),
            card_html(
                f"{len(sendable):,} of {len(plan):,} can be sent", table_html(plan[_PLAN_COLUMNS].head(MOST_ROWS_SHOWN))
            ),
            card_html("In all", table_html(summary(plan))),
        ]

    def _preview_special(self) -> list[Markup]:
        """Preview a message of a type that carries no text."""
        self.plan = None
        kind = self.type.value
        request = self._check_request(self._read_single_recipient(), **self._read_content())
        content = "\n".join(f"{name}: {value}" for name, value in request.items() if name not in ("from", "to", "type"))
        return [
            bubble_html(content, f"{self.sender.value}, {kind}"),
            card_html(
                f"One {kind} message to {request['to']}", text_html("Its parts and price are known when it is sent.")
            ),
        ]

    def _send_one(self, to: str, text: str | None, token: str) -> tuple[pd.DataFrame, str]:
        """Send one message; return its parts and the call that does the same."""
        arguments = (to,) if text is None else (to, text)
        kind = {} if self.type.value == "auto" else {"type": self.type.value}
        options = {"sender": self.sender.value, **kind, **self._read_content(), **self._read_options()}
        result = send_sms(*arguments, key=f"form {token}", session=self.session, **options)
        return result, write_call("send_sms", *map(repr, arguments), **options)

    def _send_batch(self, plan: pd.DataFrame, token: str) -> tuple[pd.DataFrame, str]:
        """Send a plan; return the outcome of each row and the call that does the same."""
        options = self._read_options()
        result = send_many(plan, batch=f"form {token}", progress=False, session=self.session, **options)
        return result, write_call("send_many", "plan", batch="a name of your own", **options)

    def _check_request(self, to: str, **content: Any) -> dict[str, str]:
        """Check the request of one message, and return its fields as they are sent."""
        return build_fields(to, self.sender.value, self.type.value, **content, **self._read_options())

    def _read_recipients(self) -> Any:
        return self._read_typed_numbers() if self.recipients is None else self.recipients

    def _read_typed_numbers(self) -> list[str]:
        return re.findall(r"[^\n,;]+", self.to.value)

    def _read_single_recipient(self) -> str:
        numbers = self._read_typed_numbers()
        if len(numbers) != 1:
            raise invalid_argument("to", self.to.value, f"one number with type {self.type.value!r}")
        return numbers[0].strip()

    def _read_template(self) -> str:
        """Read the text; without columns to fill it from, a brace is only a brace."""
        text = str(self.text.value)
        return text if self.recipients is not None else text.replace("{", "{{").replace("}", "}}")

    def _read_content(self) -> dict[str, Any]:
        """Read the fields that the type alone has."""
        return read_filled({name: self.fields[name] for name in _TYPE_FIELDS.get(self.type.value, ())})

    def _read_options(self) -> dict[str, Any]:
        """Read the fields that every type has."""
        return read_filled({name: self.fields[name] for name in (*_TEXT_OPTIONS, *_YES_NO_OPTIONS)})

    def _read_balance(self) -> str:
        try:
            return f"{balance(session=self.session):.4f}"
        except NexmoError:
            return "not known"

    def _describe_parts(self, sendable: pd.DataFrame) -> str:
        parts = int(sendable.parts.iloc[0])
        described = f"{parts} parts, which the phone joins" if parts > 1 else "1 part"
        others = f"; the first of {len(sendable):,}" if len(sendable) > 1 else ""
        return f"{self.sender.value}, {described}{others}"

    def _warn_of_unknown_sends(self, sendable: pd.DataFrame) -> list[Markup]:
        """Warn of messages that may have been sent before: their outcome is unknown."""
        numbers, texts = set(sendable.to), set(sendable.text)
        self.session.ledger.mark_abandoned_unknown()
        unknown = self.session.ledger.read_sends(state="unknown")
        repeated = [row["recipient"] for row in unknown if row["recipient"] in numbers and row["body"] in texts]
        if not repeated:
            return []
        warning = (
            "This text to these numbers was sent before, and nobody knows whether it arrived; settle() looks it up: "
        )
        return [card_html("Careful", text_html(warning + ", ".join(repeated[:10])))]

    def _update_counter(self, _: object = None) -> None:
        """Show encoding, parts and characters left of the text."""
        text = self.text.value
        try:
            found = segments(text, encoding="ucs2" if self.type.value == "unicode" else None)
        except InvalidRequestError as problem:
            self.counter.value = text_html(str(problem))
            return
        causes = explain_encoding(text)
        characters = " ".join(causes.character[causes.cost == "forces ucs2"].head(12))
        reason = f"; unicode because of {characters}" if characters else ""
        self.counter.value = text_html(f"{found.encoding}, {found.parts} part(s), {found.remaining} left{reason}")

    def _update_visibility(self, _: object = None) -> None:
        """Show the fields that the chosen type has."""
        kind = self.type.value
        is_text = kind in TEXT_TYPES
        self.advanced.icon = "caret-down" if self.advanced.value else "caret-right"
        set_visible(self._advanced_box, self.advanced.value or not is_text)
        set_visible(self.text, is_text)
        set_visible(self.counter, is_text)
        for owner, names in _TYPE_FIELDS.items():
            for name in names:
                set_visible(self.fields[name], kind == owner)
        self._update_counter()

    def _offer_senders(self) -> None:
        """Offer the account's numbers as senders."""
        try:
            self.sender.options = tuple(owned_numbers(session=self.session).msisdn.head(200))
        except NexmoError as problem:
            self.show_message(f"Your numbers could not be read, but you can type one: {problem}")


def _make_fields() -> dict[str, Any]:
    """Make the controls of the options and of the fields that one type alone has."""
    fields = {name: make_labelled(widgets.Text, label) for name, label in _TEXT_OPTIONS.items()}
    for names in _TYPE_FIELDS.values():
        for name in names:
            fields[name] = make_labelled(widgets.Textarea if name in _LONG_FIELDS else widgets.Text, name)
    for name, label in _YES_NO_OPTIONS.items():
        fields[name] = make_labelled(widgets.Dropdown, label, options=_YES_NO_CHOICES)
    return fields


def _select_sendable(plan: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of a plan that have no problem."""
    return plan[plan.problem.isna()]


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
