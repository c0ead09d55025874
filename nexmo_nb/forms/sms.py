"""A form for SMS: to one recipient or many."""

from __future__ import annotations

import re
import warnings
from typing import Any, get_args

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.campaigns import plan_sms, send_many, summary
from nexmo_nb.campaigns.rows import show_label
from nexmo_nb.campaigns.send import Doubtful
from nexmo_nb.contacts.doubts import find_doubt
from nexmo_nb.errors import DoubtfulNumberWarning, InvalidRequestError, NexmoError, PartialSendWarning
from nexmo_nb.forms.form import Done, Form
from nexmo_nb.forms.markup import (
    Markup,
    bubble_html,
    card_html,
    doubt_html,
    groups_html,
    result_html,
    table_html,
    text_html,
    write_call,
)
from nexmo_nb.forms.outcome import (
    Level,
    describe_batch,
    describe_parts,
    group_doubts,
    group_outcomes,
    group_problems,
)
from nexmo_nb.forms.widgets import make_labelled, make_region, read_filled, read_text, set_visible, show_country
from nexmo_nb.forms.words import list_choices, say, say_code, say_price, say_state
from nexmo_nb.numbers import owned_numbers
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.sms import send_sms
from nexmo_nb.sms.request import TYPES, build_fields
from nexmo_nb.text.gsm import segments
from nexmo_nb.text.spelling import explain_encoding
from nexmo_nb.validation import invalid_argument

# The fields that one type alone has; each is visible only with its type. The other types carry a text.
_TYPE_FIELDS = {
    "binary": ("udh", "body"),
    "wappush": ("title", "url", "validity"),
    "vcal": ("vcal",),
    "vcard": ("vcard",),
}
_TEXT_OPTIONS = (
    "client_ref", "ttl", "callback", "message_class", "protocol_id", "account_ref", "entity_id", "content_id",
)  # fmt: skip
_YES_NO_OPTIONS = ("status_report_req", "trusted_number")
_PLAN_COLUMNS = ["to", "country", "parts", "price", "problem", "warning"]
MOST_ROWS_SHOWN = 200


class SmsForm(Form):
    """Write, preview and send SMS; `sms_form` makes it and says what its attributes are."""

    unknown_hint = "settle"

    def __init__(self, recipients: pd.DataFrame | None = None, *, session: Session | None = None) -> None:
        self.recipients = recipients
        self.plan: pd.DataFrame | None = None
        self.sender = make_labelled(widgets.Combobox, say("label_sender"), placeholder=say("hint_sender"))
        self.to = make_labelled(widgets.Textarea, say("label_to"), rows=2, placeholder=say("hint_numbers"))
        self.region = make_region()
        self.text = make_labelled(widgets.Textarea, say("label_text"), rows=4, continuous_update=True)
        self.counter = widgets.HTML(layout={"margin": "0 0 0 8.3rem", "max_width": "36rem"})
        self.advanced = widgets.ToggleButton(description=say("advanced"), tooltip=say("hint_advanced"))
        self.type = make_labelled(widgets.Dropdown, say("label_type"), options=list_choices("sms_type", TYPES))
        choices = list_choices("doubtful", get_args(Doubtful))
        self.doubtful = make_labelled(widgets.Dropdown, say("label_doubtful"), options=choices)
        self.fields = _make_fields()
        self._advanced_box = widgets.VBox([self.type, self.doubtful, *self.fields.values()])
        rows = [self.sender, self.to, self.region, self.text, self.counter, self.advanced, self._advanced_box]
        controls = [self.sender, self.to, self.region, self.text, self.type, self.doubtful, *self.fields.values()]
        super().__init__(rows, controls, session=session, verb=say("verb_send"))
        if recipients is not None:
            self.to.disabled, self.to.placeholder = True, say("rows_passed", count=f"{len(recipients):,}")
        self.text.observe(self._update_counter, "value")
        self.type.observe(self._update_visibility, "value")
        self.advanced.observe(self._update_visibility, "value")
        self._update_visibility()
        self._offer_senders()

    def build_preview(self) -> list[Markup]:
        return self._preview_special() if self.type.value in _TYPE_FIELDS else self._preview_texts()

    def submit(self, token: str) -> Done:
        if self.plan is not None and len(sendable := self.plan[self.plan.problem.isna()]) != 1:
            return self._send_plan(token, self.plan)
        if self.plan is None:
            result, call = self._send_one(token, self._read_single_recipient())
        else:
            result, call = self._send_one(token, self._read_planned_number(), str(sendable.text.iloc[0]))
        return Done(result, describe_parts(result), result_html(self._describe_cost(result), result, call))

    def describe_failure(self, problem: NexmoError) -> tuple[str, list[Markup]]:
        """Say why a send failed; of a plan that was stopped also what became of its rows."""
        said, shown = super().describe_failure(problem)
        if problem.parts is None or "state" not in problem.parts:
            return said, shown
        return f"{describe_batch(problem.parts).text} {said}", self._show_outcomes(problem.parts)

    def _send_plan(self, token: str, plan: pd.DataFrame) -> Done:
        options = {"doubtful": self.doubtful.value, **self._read_options()}
        result = send_many(plan, batch=f"form {token}", progress=False, session=self.session, **options)
        call = write_call("send_many", "plan", batch="a name of your own", **options)
        shown = result.head(MOST_ROWS_SHOWN).drop(columns="error")  # whose reasons stand above it in full
        shown = shown.assign(state=shown.state.map(say_state))
        sent = result_html(self._describe_cost(result), shown, call)
        return Done(result, describe_batch(result), [*self._show_outcomes(result), *sent])

    def _show_outcomes(self, result: pd.DataFrame) -> list[Markup]:
        groups = group_outcomes(result, self._name_row)
        return groups_html(say("not_accepted"), groups, describe_batch(result).level)

    def _describe_cost(self, result: pd.DataFrame) -> str:
        left = self.read_balance()
        shown = say("balance_unknown") if left is None else f"{left:.4f}"
        currency = self.session.account.currency
        return say("cost", cost=f"{result.price.sum():.4f}", currency=currency, balance=shown)

    def _preview_texts(self) -> list[Markup]:
        recipients: Any = self.recipients
        template = self.text.value
        if recipients is None:
            # Without columns to fill the text from, a brace is only a brace.
            recipients, template = self._read_typed_numbers(), template.replace("{", "{{").replace("}", "}}")
        options: dict[str, Any] = {"type": self.type.value, "region": read_text(self.region)}
        plan = plan_sms(recipients, template, sender=self.sender.value, session=self.session, **options)
        self.plan, sendable = plan, plan[plan.problem.isna()]
        if sendable.empty:
            problem = plan.problem.iloc[0] if len(plan) else "to: there is no recipient"
            raise InvalidRequestError(str(problem))
        first = sendable.iloc[0]
        self._check_request(first.to, text=first.text)
        if len(sendable) > 1 and self.fields["client_ref"].value.strip():
            raise invalid_argument("client_ref", self.fields["client_ref"].value, "nothing with several recipients")
        parts = say("parts_many" if first.parts > 1 else "parts_one", parts=first.parts)
        others = say("first_of", count=f"{len(sendable):,}") if len(sendable) > 1 else ""
        rows = table_html(_show_rows(plan.head(MOST_ROWS_SHOWN)))
        totals = summary(plan)
        empty = [name for name in ("problems", "doubtful", "unpriced") if not totals[name].any()]
        totals = _show_prices(totals)[["country", "recipients", "parts", "price", "problems", "doubtful", "unpriced"]]
        return [
            bubble_html(first.text, f"{self.sender.value}, {parts}{others}"),
            card_html(say("sendable", count=f"{len(sendable):,}", total=f"{len(plan):,}"), rows),
            card_html(say("total"), table_html(totals.drop(columns=empty))),
            *self._warn_of_unknown_sends(sendable),
            *self._show_problems(plan),
            *self._show_doubts(plan),
        ]

    def _show_problems(self, plan: pd.DataFrame) -> list[Markup]:
        groups = group_problems(plan, self._name_row)
        count = sum(group.rows for group in groups)
        return groups_html(say("problems", count=f"{count:,}", total=f"{len(plan):,}"), groups, Level.BAD)

    def _show_doubts(self, plan: pd.DataFrame) -> list[Markup]:
        """Show what is doubtful about the rows that can be sent; refuse a single number that may be another one."""
        if plan.problem.isna().sum() == 1:  # it is sent as a single message, without a choice
            return doubt_html(_find_single_doubt(plan[plan.problem.isna()]))
        groups = group_doubts(plan, self._name_row)
        count = sum(group.rows for group in groups)
        title, advice = say("doubts", count=f"{count:,}", total=f"{len(plan):,}"), say(f"doubts_{self.doubtful.value}")
        return groups_html(title, groups, Level.DOUBTFUL, advice)

    def _name_row(self, place: int) -> str:
        """Name a row of the plan as a person knows it: the number as it was typed, or the label of the row."""
        assert self.plan is not None
        if self.recipients is None:
            return self._read_typed_numbers()[place].strip()
        return f"{show_label(self.plan.index[place])} ({self.plan.to.iloc[place]})"

    def _preview_special(self) -> list[Markup]:
        """Preview a message of a type that carries no text."""
        self.plan = None
        kind = self.type.value
        to, region = self._read_single_recipient(), read_text(self.region)
        request = self._check_request(to, region=region, **self._read_content())
        content = "\n".join(f"{name}: {value}" for name, value in request.items() if name not in ("from", "to", "type"))
        price = text_html(say("special_price"))
        return [
            bubble_html(content, f"{self.sender.value}, {say(f'sms_type_{kind}')}"),
            card_html(say("special_message", kind=say(f"sms_type_{kind}"), to=request["to"]), price),
            *doubt_html(find_doubt(to, region)),
        ]

    def _send_one(self, token: str, *arguments: str) -> tuple[pd.DataFrame, str]:
        """Send one message to a number, with a text if its type has one; return its parts and the call that does it."""
        kind = {} if self.type.value == "auto" else {"type": self.type.value}
        options = {"sender": self.sender.value, **kind, **self._read_content(), **self._read_options()}
        options |= read_filled({"region": self.region})
        with warnings.catch_warnings():
            # The preview showed the doubt, and the outcome tells of the parts.
            warnings.simplefilter("ignore", DoubtfulNumberWarning)
            warnings.simplefilter("ignore", PartialSendWarning)
            result = send_sms(*arguments, key=f"form {token}", session=self.session, **options)
        return result, write_call("send_sms", *map(repr, arguments), **options)

    def _check_request(self, to: str, **content: Any) -> dict[str, str]:
        """Check the request of one message, and return its fields as they are sent."""
        return build_fields(to, self.sender.value, self.type.value, **content, **self._read_options())

    def _read_typed_numbers(self) -> list[str]:
        return re.findall(r"[^\n,;]+", self.to.value)

    def _read_planned_number(self) -> str:
        """Read the number of the one row that can be sent: as it was typed, or with a plus where a frame has it."""
        assert self.plan is not None
        place = int(self.plan.problem.isna().to_numpy().argmax())
        return (
            f"+{self.plan.to.iloc[place]}" if self.recipients is not None else self._read_typed_numbers()[place].strip()
        )

    def _read_single_recipient(self) -> str:
        numbers = self._read_typed_numbers()
        if len(numbers) != 1:
            raise invalid_argument("to", self.to.value, f"one number with type {self.type.value!r}")
        return numbers[0].strip()

    def _read_content(self) -> dict[str, Any]:
        return read_filled({name: self.fields[name] for name in _TYPE_FIELDS.get(self.type.value, ())})

    def _read_options(self) -> dict[str, Any]:
        return read_filled({name: self.fields[name] for name in (*_TEXT_OPTIONS, *_YES_NO_OPTIONS)})

    def _warn_of_unknown_sends(self, sendable: pd.DataFrame) -> list[Markup]:
        """Warn of messages that may have been sent before: their outcome is unknown."""
        numbers, texts = set(sendable.to), set(sendable.text)
        self.session.ledger.mark_abandoned_unknown()
        unknown = self.session.ledger.read_sends(state="unknown")
        repeated = [row["recipient"] for row in unknown if row["recipient"] in numbers and row["body"] in texts]
        return doubt_html(say("sent_before", numbers=", ".join(repeated[:10]))) if repeated else []

    def _update_counter(self, _: object = None) -> None:
        text = self.text.value
        try:
            found = segments(text, encoding="ucs2" if self.type.value == "unicode" else None)
        except InvalidRequestError as problem:
            self.counter.value = text_html(str(problem))
            return
        causes = explain_encoding(text)
        characters = " ".join(causes.character[causes.cost == "forces ucs2"].head(12))
        reason = say("counter_reason", characters=characters) if characters else ""
        count = say("counter_one" if found.parts == 1 else "counter_many", parts=found.parts, left=found.remaining)
        self.counter.value = text_html(f"{count}{reason}")

    def _update_visibility(self, _: object = None) -> None:
        kind = self.type.value
        has_text = kind not in _TYPE_FIELDS
        self.advanced.icon = "caret-down" if self.advanced.value else "caret-right"
        set_visible(self._advanced_box, self.advanced.value or not has_text)
        set_visible(self.text, has_text)
        set_visible(self.counter, has_text)
        for owner, names in _TYPE_FIELDS.items():
            for name in names:
                set_visible(self.fields[name], kind == owner)
        self._update_counter()

    def _offer_senders(self) -> None:
        try:
            self.sender.options = tuple(owned_numbers(session=self.session).msisdn.head(200))
        except NexmoError as problem:
            self.show_message(say("senders_not_read", problem=problem))


def _find_single_doubt(sendable: pd.DataFrame) -> str | None:
    """Say what is doubtful about a single message; refuse a number that may be another one."""
    row = sendable.iloc[0]
    if pd.isna(row.warning):
        return None
    if row.warning_code == "looks_national":
        raise InvalidRequestError(str(row.warning))
    return str(row.warning).removeprefix("to: ")


def _show_rows(plan: pd.DataFrame) -> pd.DataFrame:
    """Put the rows of a plan into words; the reasons of their problems and doubts stand in cards of their own."""
    codes: dict[str, Any] = {
        name: [None if pd.isna(code) else say_code(code) for code in plan[f"{name}_code"]]
        for name in ("problem", "warning")
    }
    return _show_prices(plan.assign(**codes))[_PLAN_COLUMNS]


def _show_prices(table: pd.DataFrame) -> pd.DataFrame:
    """Put the prices of a plan or its sums into one column, as money, and countries by name."""
    amounts = zip(table.price_low, table.price_high, table.currency, strict=True)
    prices = ["" if pd.isna(low) or pd.isna(money) else say_price(low, high, money) for low, high, money in amounts]
    countries = [say("total") if code == "total" else show_country(code) for code in table.country.fillna("unknown")]
    return table.assign(price=prices, country=countries)


def _list_yes_no() -> list[tuple[str, Any]]:
    return [(say("account_default"), ""), (say("yes"), True), (say("no"), False)]


def _make_fields() -> dict[str, Any]:
    fields = {name: make_labelled(widgets.Text, say(f"label_{name}")) for name in _TEXT_OPTIONS}
    for names in _TYPE_FIELDS.values():
        for name in names:
            kind = widgets.Textarea if name in ("vcal", "vcard") else widgets.Text
            fields[name] = make_labelled(kind, say(f"label_{name}"))
    for name in _YES_NO_OPTIONS:
        fields[name] = make_labelled(widgets.Dropdown, say(f"label_{name}"), options=_list_yes_no())
    return fields


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
        A widget. Its attributes: ``sender, to`` (one number a line), ``region`` (of national numbers),
        ``text, type``, the button ``advanced`` that shows
        the ``fields`` that few messages need (controls, by the names of `send_sms`'s parameters), ``counter``
        (encoding, parts and characters left, while typing), ``preview, send, result``, and ``plan``, what the last
        preview of a text would send.

    Raises
    ------
    InvalidRequestError
        If there is no session.

    Notes
    -----
    Preview first; Send then works once, and goes through the ledger, so that no second click sends again. If the
    notebook saves its widgets' state, what is typed here is in it: numbers and texts, never a secret. A
    form is kept until its ``close()`` or the kernel's end, also where its cell is run again. Uses
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
    return SmsForm(recipients, session=session_or_current(session))
