"""A form for SMS: to one recipient or many."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.campaigns import plan_sms, send_many
from nexmo_nb.campaigns.rows import show_label
from nexmo_nb.campaigns.suppression import check_not_suppressed
from nexmo_nb.contacts.doubts import find_doubt
from nexmo_nb.contacts.numbers import to_e164
from nexmo_nb.errors import DoubtfulNumberWarning, InvalidRequestError, NexmoError, PartialSendWarning
from nexmo_nb.forms.fields import VALID_NUMBER, Section, find_problems
from nexmo_nb.forms.form import Done, Form
from nexmo_nb.forms.markup import (
    Markup,
    bubble_html,
    doubt_html,
    groups_html,
    preview_html,
    result_html,
    text_html,
    write_call,
)
from nexmo_nb.forms.outcome import describe_batch, describe_parts, group_outcomes
from nexmo_nb.forms.plans import MOST_ROWS_SHOWN, show_doubts, show_plan, show_problems
from nexmo_nb.forms.sms_fields import (
    TEXT_OPTIONS,
    TYPE_FIELDS,
    VALID,
    YES_NO_OPTIONS,
    describe_text,
    make_further_controls,
    make_main_controls,
)
from nexmo_nb.forms.widgets import offer_own_numbers, read_filled, read_text, set_visible
from nexmo_nb.forms.words import Words
from nexmo_nb.options import Language
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.sms import send_sms
from nexmo_nb.sms.request import build_fields
from nexmo_nb.validation import invalid_argument


class SmsForm(Form):
    """Write, preview and send SMS; `sms_form` makes it and says what its attributes are."""

    unknown_hint = "settle"

    def __init__(
        self,
        recipients: AnyFrame | None = None,
        *,
        language: Language | None = None,
        session: Session | None = None,
    ) -> None:
        words = Words(language)
        self.recipients = None if recipients is None else to_pandas(recipients)
        self.plan: pd.DataFrame | None = None
        main, self.fields = make_main_controls(words), make_further_controls(words)
        self.sender, self.to, self.region, self.text, self.type, self.doubtful = main.values()
        self.counter = widgets.HTML(layout={"margin": "0 0 0 8.3rem", "max_width": "36rem"})
        self.advanced = widgets.ToggleButton(description=words.say("advanced"), tooltip=words.say("hint_advanced"))
        sections = [
            Section("recipients", ["sender", "to", "region"]),
            Section("message", ["text", self.counter, self.advanced]),
            Section("advanced", ["type", *self.fields]),
            Section("doubts", [self.doubtful], after_preview=True),
        ]
        controls = {**{name: each for name, each in main.items() if each is not self.doubtful}, **self.fields}
        super().__init__(words, "sms", controls, sections, session=session, verb=words.say("verb_send"))
        if self.recipients is not None:
            self.to.disabled, self.to.placeholder = True, words.say("rows_passed", count=f"{len(self.recipients):,}")
        self.counter.add_class("nexmo-nb-indented")
        self.advanced.add_class("nexmo-nb-advanced")
        self.text.observe(self._update_counter, "value")
        self.type.observe(self._update_visibility, "value")
        self.advanced.observe(self._update_visibility, "value")
        self.doubtful.observe(self._preview_again, "value")
        self._own = offer_own_numbers(self.sender, self.session, words, feature="SMS")
        self.show_section("doubts", False)
        self._update_visibility()
        if self._own.problem:
            self.show_message(self._own.problem)

    def find_problems(self) -> Mapping[str, InvalidRequestError]:
        """Find what is wrong with the fields; of a list that was passed in, the plan tells of its numbers and texts."""
        has_text = self.type.value not in TYPE_FIELDS
        is_typed = self.recipients is None
        values = {"to": VALID_NUMBER, "sender": self._read_sender(), "region": read_text(self.region)}
        content = {"text": self.text.value if is_typed else "x"} if has_text else self._read_content()
        problems = find_problems(
            lambda left: build_fields(kind=self.type.value, **left),
            {**values, **content, **self._read_options()},
            VALID,
        )
        if is_typed and (problem := self._find_problem_of_numbers()):
            problems["to"] = problem
        return problems

    def mark_problems(self, problems: Mapping[str, InvalidRequestError]) -> None:
        if not self.fields.keys().isdisjoint(problems):
            self.advanced.value = True
        super().mark_problems(problems)

    def build_preview(self) -> list[Markup]:
        self.show_section("doubts", False)
        return self._preview_special() if self.type.value in TYPE_FIELDS else self._preview_texts()

    def submit(self, token: str) -> Done:
        if self.plan is not None and len(sendable := self.plan[self.plan.problem.isna()]) != 1:
            return self._send_plan(token, self.plan)
        if self.plan is None:
            result, call = self._send_one(token, self._read_single_recipient())
        else:
            result, call = self._send_one(token, self._read_planned_number(), str(sendable.text.iloc[0]))
        shown = result_html(self._describe_cost(result), result, call, self.words)
        return Done(result, describe_parts(result, self.words), shown)

    def describe_failure(self, problem: NexmoError) -> tuple[str, list[Markup]]:
        """Say why a send failed; of a plan that was stopped also what became of its rows."""
        said, shown = super().describe_failure(problem)
        if problem.parts is None or "state" not in problem.parts:
            return said, shown
        return f"{describe_batch(problem.parts, self.words).text} {said}", self._show_outcomes(problem.parts)

    def _send_plan(self, token: str, plan: pd.DataFrame) -> Done:
        options = {"doubtful": self.doubtful.value, **self._read_options()}
        result = send_many(plan, batch=f"form {token}", progress=False, session=self.session, **options)
        call = write_call("send_many", "plan", batch="a name of your own", **options)
        shown = result.head(MOST_ROWS_SHOWN).drop(columns="error")  # whose reasons stand above it in full
        shown = shown.assign(state=shown.state.map(self.words.say_state))
        sent = result_html(self._describe_cost(result), shown, call, self.words)
        return Done(result, describe_batch(result, self.words), [*self._show_outcomes(result), *sent])

    def _show_outcomes(self, result: pd.DataFrame) -> list[Markup]:
        groups = group_outcomes(result, self._name_row, self.words)
        return groups_html(self.words.say("not_accepted"), groups, describe_batch(result, self.words).level)

    def _describe_cost(self, result: pd.DataFrame) -> str:
        words, left, currency = self.words, self.read_balance(), self.session.account.currency
        balance = words.say("balance_unknown") if left is None else words.say_price(left, left, currency)
        cost = float(result.price.sum())
        return words.say("cost", cost=words.say_price(cost, cost, currency), balance=balance)

    def _plan_texts(self) -> pd.DataFrame:
        """Plan the text to the recipients, with a sender that is valid where the one that was typed is not."""
        recipients: Any = self.recipients
        template = self.text.value
        if recipients is None:
            # Without columns to fill the text from, a brace is only a brace.
            recipients, template = self._read_typed_numbers(), template.replace("{", "{{").replace("}", "}}")
        options: dict[str, Any] = {"type": self.type.value, "region": read_text(self.region)}
        return plan_sms(recipients, template, sender=self._read_sender(), session=self.session, **options)

    def _find_problem_of_numbers(self) -> InvalidRequestError | None:
        """Find why none of the typed numbers can be sent to; what is wrong with one of several, the preview tells."""
        numbers = self._read_typed_numbers()
        if not numbers:
            return invalid_argument("to", self.to.value, "one phone number a line")
        if len(numbers) > 1 and self.type.value in TYPE_FIELDS:
            return invalid_argument("to", self.to.value, "one number with this type of message")
        problems: list[InvalidRequestError] = []
        for number in numbers:
            try:
                check_not_suppressed(to_e164(number, read_text(self.region)), self.session)
            except InvalidRequestError as problem:
                problems.append(problem)
            else:
                return None
        return problems[0] if problems[0].parameter == "to" else None

    def _preview_texts(self) -> list[Markup]:
        self.plan = plan = self._plan_texts()
        sendable = plan[plan.problem.isna()]
        if sendable.empty:
            problem = plan.problem.iloc[0] if len(plan) else "to: there is no recipient"
            raise InvalidRequestError(str(problem))
        first = sendable.iloc[0]
        self._check_request(first.to, text=first.text)
        if len(sendable) > 1 and self.fields["client_ref"].value.strip():
            raise invalid_argument("client_ref", self.fields["client_ref"].value, "nothing with several recipients")
        return [
            *show_plan(plan, self.doubtful.value, self._read_sender(), self.words),
            *self._warn_of_unknown_sends(sendable),
            *show_problems(plan, self._name_row, self.words),
            *self._show_doubts(plan),
        ]

    def _show_doubts(self, plan: pd.DataFrame) -> list[Markup]:
        """Show what is doubtful about the rows that can be sent, and let the person say what becomes of them."""
        sendable = plan[plan.problem.isna()]
        if len(sendable) == 1:  # it is sent as a single message, without a choice
            return doubt_html(_find_single_doubt(sendable), self.words)
        is_doubtful = bool(sendable.warning.notna().any())
        self.show_section("doubts", is_doubtful)
        self.can_send = not is_doubtful or self.doubtful.value != "refuse"
        return show_doubts(plan, self.doubtful.value, self._name_row, self.words)

    def _name_row(self, place: int) -> str:
        """Name a row of the plan as a person knows it: the number as it was typed, or the label of the row."""
        assert self.plan is not None
        if self.recipients is None:
            return self._read_typed_numbers()[place].strip()
        return f"{show_label(self.plan.index[place])} ({self.plan.to.iloc[place]})"

    def _preview_special(self) -> list[Markup]:
        """Preview a message of a type that carries no text."""
        self.plan = None
        to, region = self._read_single_recipient(), read_text(self.region)
        request = self._check_request(to, region=region, **self._read_content())
        content = "\n".join(f"{name}: {value}" for name, value in request.items() if name not in ("from", "to", "type"))
        kind_of_message = self.words.say(f"sms_type_{self.type.value}")
        bubble = bubble_html(content, f"{self._read_sender()}, {kind_of_message}")
        said = self.words.say("special_message", kind=kind_of_message, to=request["to"])
        return [
            preview_html(self.words.say("special_price"), said, bubble),
            *doubt_html(find_doubt(to, region), self.words),
        ]

    def _send_one(self, token: str, *arguments: str) -> tuple[pd.DataFrame, str]:
        """Send one message to a number, with a text if its type has one; return its parts and the call that does it."""
        kind = {} if self.type.value == "auto" else {"type": self.type.value}
        options = {"sender": self._read_sender(), **kind, **self._read_content(), **self._read_options()}
        options |= read_filled({"region": self.region})
        with warnings.catch_warnings():
            # The preview showed the doubt, and the outcome tells of the parts.
            warnings.simplefilter("ignore", DoubtfulNumberWarning)
            warnings.simplefilter("ignore", PartialSendWarning)
            result = send_sms(*arguments, key=f"form {token}", session=self.session, **options)
        return result, write_call("send_sms", *map(repr, arguments), **options)

    def _check_request(self, to: str, **content: Any) -> dict[str, str]:
        """Check the request of one message, and return its fields as they are sent."""
        return build_fields(to, self._read_sender(), self.type.value, **content, **self._read_options())

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
        return read_filled({name: self.fields[name] for name in TYPE_FIELDS.get(self.type.value, ())})

    def _read_options(self) -> dict[str, Any]:
        return read_filled({name: self.fields[name] for name in (*TEXT_OPTIONS, *YES_NO_OPTIONS)})

    def _warn_of_unknown_sends(self, sendable: pd.DataFrame) -> list[Markup]:
        """Warn of messages that may have been sent before: their outcome is unknown."""
        numbers, texts = set(sendable.to), set(sendable.text)
        self.session.ledger.mark_abandoned_unknown()
        unknown = self.session.ledger.read_sends(state="unknown")
        repeated = [row["recipient"] for row in unknown if row["recipient"] in numbers and row["body"] in texts]
        return (
            doubt_html(self.words.say("sent_before", numbers=", ".join(repeated[:10])), self.words) if repeated else []
        )

    def _update_counter(self, _: object = None) -> None:
        self.counter.value = text_html(describe_text(self.text.value, self.type.value, self.words))

    def _update_visibility(self, _: object = None) -> None:
        kind = self.type.value
        has_text = kind not in TYPE_FIELDS
        self.advanced.icon = "caret-down" if self.advanced.value else "caret-right"
        is_open = self.advanced.value or not has_text
        self.aids.set_attributes({".nexmo-nb-advanced": {"aria-expanded": str(is_open).lower()}})
        self.show_section("advanced", is_open)
        self.show_field("text", has_text)
        set_visible(self.counter, has_text)
        for owner, names in TYPE_FIELDS.items():
            for name in names:
                self.show_field(name, kind == owner)
        self._update_counter()

    def _preview_again(self, _: object) -> None:
        """Show what the other choice makes of the doubtful rows, if a preview shows them."""
        if self.is_previewed:
            self.preview.click()

    def _read_sender(self) -> str:
        return self._own.read(self.sender)


def _find_single_doubt(sendable: pd.DataFrame) -> str | None:
    """Say what is doubtful about a single message; refuse a number that may be another one."""
    row = sendable.iloc[0]
    if pd.isna(row.warning):
        return None
    if row.warning_code == "looks_national":
        raise InvalidRequestError(str(row.warning), parameter="to")
    return str(row.warning).removeprefix("to: ")


def sms_form(
    recipients: AnyFrame | None = None, *, language: Language | None = None, session: Session | None = None
) -> SmsForm:
    """Show a form that writes, previews and sends SMS, each once.

    Parameters
    ----------
    recipients : DataFrame, optional
        With a column ``to``; its other columns may fill the text, as for `nexmo_nb.plan_sms`. Default: numbers are
        typed.
    language : {"en", "pt"}, optional
        The language of the form. Default: that of `set_options`.
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
        If there is no session, or no such language.

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
    return SmsForm(recipients, session=session_or_current(session), language=language)
