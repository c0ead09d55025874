"""A form for campaigns: a list, a text, a preview with its doubts decided, and a run that can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.arrow_frames import AnyFrame
from nexmo_nb.campaigns import plan_sms
from nexmo_nb.campaigns.batch import Settings, Standing, read_standing
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.forms import campaign_fields
from nexmo_nb.forms.campaign_doubts import Doubts
from nexmo_nb.forms.campaign_list import (
    MOST_LANGUAGES,
    NO_COLUMN,
    REGIONS,
    Columns,
    add_regions,
    check_list,
    count_languages,
    guess_columns,
    list_fields,
    list_names,
    name_batch,
    read_amount,
    read_column,
    read_upload,
)
from nexmo_nb.forms.campaign_plan import (
    Budget,
    Forecast,
    clear_doubts,
    find_open_doubts,
    foresee,
    name_row,
    select_problems,
    show_forecast,
    show_plan_tables,
)
from nexmo_nb.forms.campaign_run import Job
from nexmo_nb.forms.campaign_sending import SendingForm
from nexmo_nb.forms.campaign_texts import ONLY, Texts
from nexmo_nb.forms.downloads import name_file, write_csv
from nexmo_nb.forms.fields import Section, explain_problem
from nexmo_nb.forms.markup import Markup, bubble_html, message_html, rows_html, text_html
from nexmo_nb.forms.outcome import Level
from nexmo_nb.forms.widgets import (
    make_html_area,
    make_labelled,
    offer_own_numbers,
    read_text,
    set_visible,
    show_country,
)
from nexmo_nb.forms.words import Words
from nexmo_nb.options import Language
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.validation import invalid_argument, is_missing, plain_name

ROWS_SHOWN = 5


class CampaignForm(SendingForm):
    """Plan and send a text to a list; `campaign_form` makes it and says what its attributes are."""

    def __init__(
        self,
        recipients: AnyFrame | None = None,
        *,
        language: Language | None = None,
        session: Session | None = None,
        today: Callable[[], date] = date.today,
    ) -> None:
        words, session = Words(language), session_or_current(session)
        given = None if recipients is None else check_list(recipients)
        self.table: pd.DataFrame | None = None
        self.plan: pd.DataFrame | None = None
        self.forecast: Forecast | None = None
        self._standing, self._open_doubts = Standing(), list[int]()
        self._plan_tables: list[Markup] = []
        self._is_emptying = False
        self._make_controls(words, session.account.currency)
        controls = {**self._controls, "text": self.texts.text}
        super().__init__(
            words, "campaign", controls, self._make_sections(), session=session, verb=words.say("verb_send")
        )
        self.batch.value = name_batch(words.say("campaign_word"), today(), self._is_taken)
        self.upload.observe(self._on_upload, "value")
        self.language.observe(self._offer_languages, "value")
        self.number.observe(self._show_bubble, "value")
        self.download_problems.on_click(self._on_download_problems)
        self._own = offer_own_numbers(self.sender, self.session, words, feature="SMS")
        if self._own.problem:
            self.show_message(self._own.problem)
        if given is None:
            self._drop_list()
            self._list_area.value = text_html(words.say("campaign_no_list"))
        else:
            set_visible(self.upload, False)
            self._take_list(words.say("campaign_passed"), given)

    def find_problems(self) -> Mapping[str, InvalidRequestError]:
        names = [] if self.table is None else list_names(self.table)
        texts = self.texts.by_language
        problems = campaign_fields.find_problems(self._controls, self._read_sender(), texts, names, self.words)
        if odd := self._find_odd_languages():
            problems["language"] = odd
        return problems

    def build_preview(self) -> list[Markup]:
        self.plan = plan = self._plan_texts()
        self._standing = read_standing(plan, self._read_batch(), self.session)
        if self._standing.changed:
            allowed = self.words.say("campaign_name_taken", count=f"{self._standing.changed:,}")
            raise invalid_argument("batch", self.batch.value, allowed)
        self._open_doubts = find_open_doubts(plan, self._standing)
        self.doubts.show(plan, self._open_doubts)
        self._plan_tables = show_plan_tables(plan, self.words)
        self.number.max = max(1, int(plan.problem.isna().sum()))
        self.number.value = 1
        self._show_bubble()
        shown = self._describe_forecast()
        assert self.forecast is not None
        self.can_send = self.forecast.can_send
        return shown

    def show_preview(self, shown: Sequence[Markup]) -> None:
        """Show a preview with the messages, the doubts and the file that belong to it; without one, none of them."""
        super().show_preview(shown)
        plan = self.plan if shown else None
        self.show_section("messages", plan is not None and bool(plan.problem.isna().any()))
        self.show_section("campaign_doubts", bool(plan is not None and self._open_doubts))
        self.show_section("left_out", plan is not None and bool(plan.problem.notna().any()))

    def make_job(self) -> Job:
        assert self.plan is not None
        assert self.table is not None
        budget = self._read_budget()
        on_cap = "stop" if budget.may_stop else "refuse"
        settings = Settings(self._read_batch(), "skip", budget.max_cost, "skip", on_cap)
        return Job(clear_doubts(self.plan, self.doubts.read_choices()), settings, self.table)

    # --- how it is made ----------------------------------------------------------------------------------------------

    def _make_controls(self, words: Words, currency: str) -> None:
        self._controls = campaign_fields.make_controls(words, currency)
        self.to, self.language, self.country, self.region = (
            self._controls[name] for name in ("to", "language", "country", "region")
        )
        self.sender, self.batch, self.max_cost, self.on_cap = (
            self._controls[name] for name in ("sender", "batch", "max_cost", "on_cap")
        )
        self.upload = widgets.FileUpload(
            description=words.say("campaign_upload"),
            accept=".csv,.txt,.tsv,.xlsx,.xlsm",
            tooltip=words.say("hint_campaign_upload"),
            layout={"width": "auto", "align_self": "flex-start"},
        )
        self.texts = Texts(words)
        self.text, self.inserts, self.counter = self.texts.text, self.texts.inserts, self.texts.counter
        self.text_language = self.texts.language
        self.number = make_labelled(widgets.BoundedIntText, words.say("label_campaign_number"), value=1, min=1, max=1)
        self.doubts = Doubts(words, self._update_forecast)
        self.download_problems = widgets.Button(
            description=words.say("campaign_save_problems"),
            icon="download",
            layout={"width": "auto", "align_self": "flex-start"},
        )
        self._list_area, self._bubble_area = make_html_area(), make_html_area()

    def _make_sections(self) -> list[Section]:
        texts = self.texts
        return [
            Section("list", [self.upload, self._list_area]),
            Section("columns", ["to", "region", "country", "language"]),
            Section("texts", [texts.language, "text", *texts.items]),
            Section("sending", ["sender", "batch", "max_cost", "on_cap"]),
            Section("left_out", [self.download_problems], after_preview=True),
            Section("messages", [self.number, self._bubble_area], after_preview=True),
            Section("campaign_doubts", [self.doubts], after_preview=True),
        ]

    def _is_taken(self, batch: str) -> bool:
        return bool(self.session.ledger.read_batch(batch))

    # --- the list ----------------------------------------------------------------------------------------------------

    def _on_upload(self, _: object) -> None:
        if not self.upload.value or self._is_emptying:
            return
        file = self.upload.value[0]
        try:
            table = read_upload(file["name"], file["content"])
        except InvalidRequestError as problem:
            self._drop_list()
            self.message = explain_problem(problem, self.words)
            self._list_area.value = message_html(self.message, level=Level.BAD)
        else:
            self._take_list(file["name"], table)
        # What a widget holds is kept in the browser, and may be saved with the notebook.
        self._is_emptying = True
        self.upload.value = ({**file, "content": b""},)
        self._is_emptying = False

    def _drop_list(self) -> None:
        """Forget the list, and a preview that was made of it."""
        self.table = None
        self.discard_preview(None)
        self.texts.set_fields([])
        campaign_fields.offer_columns(self._controls, [], Columns()._asdict(), self.words)

    def _take_list(self, name: str, table: pd.DataFrame) -> None:
        """Show a list, guess its columns and offer its fields."""
        self._drop_list()
        self.table = table
        names = list_names(table)
        self.texts.set_fields(list_fields(names))
        campaign_fields.offer_columns(self._controls, names, guess_columns(table)._asdict(), self.words)
        self._offer_languages()
        title = self.words.say("campaign_list", name=name, count=f"{len(table):,}", shown=min(ROWS_SHOWN, len(table)))
        # Under their own names, by which a text finds them.
        rows = [
            ["" if is_missing(cell) else str(cell) for cell in row]
            for row in table.head(ROWS_SHOWN).itertuples(index=False, name=None)
        ]
        self._list_area.value = rows_html(title, names, rows)

    def _offer_languages(self, _: object = None) -> None:
        counts = self._count_languages()
        odd = self._find_odd_languages()
        if odd is not None:
            self.mark_problems({"language": odd})
        self.texts.set_languages({} if odd else counts)
        set_visible(self.texts.language, bool(counts) and odd is None)

    def _find_odd_languages(self) -> InvalidRequestError | None:
        """Find whether another column than that of the languages was chosen."""
        count = len(self._count_languages())
        if count <= MOST_LANGUAGES:
            return None
        said = self.words.say("campaign_too_many_languages", count=f"{count:,}")
        return InvalidRequestError(said, parameter="language")

    def _count_languages(self) -> dict[str, int]:
        if self.table is None or not self.language.value:
            return {}
        return count_languages(read_column(self.table, self.language.value))

    # --- the preview -------------------------------------------------------------------------------------------------

    def _plan_texts(self) -> pd.DataFrame:
        assert self.table is not None
        table, region = self.table, read_text(self.region)
        if self.country.value != NO_COLUMN:
            table, region = add_regions(table, self.country.value, region), REGIONS
        texts: Any = self.texts.read_texts()
        is_single = ONLY in self.texts.by_language
        language = None if is_single else self.language.value
        return plan_sms(
            table,
            texts[ONLY] if is_single else texts,
            sender=self._read_sender(),
            to=self.to.value,
            region=region,
            language=language,
            session=self.session,
        )

    def _describe_forecast(self) -> list[Markup]:
        """Describe what Send would do, as the choices stand."""
        assert self.plan is not None
        self.forecast = foresee(
            self.plan, self._standing, self._open_doubts, self.doubts.read_choices(), self._read_budget()
        )
        shown = show_forecast(self.forecast, self.plan, self._standing, self.session.account.currency, self.words)
        return [shown, *self._plan_tables]

    def _update_forecast(self) -> None:
        """Show what a choice about doubtful rows changes."""
        if self.plan is None or not self.is_previewed:
            return
        self.show_preview(self._describe_forecast())
        assert self.forecast is not None
        self.allow_send(self.forecast.can_send)

    def _show_bubble(self, _: object = None) -> None:
        """Show the message of the chosen number, of those that can be sent."""
        if self.plan is None:
            return
        places = self.plan.problem.isna().to_numpy().nonzero()[0]
        if not 1 <= self.number.value <= len(places):
            self._bubble_area.value = ""
            return
        row, words = self.plan.iloc[place := int(places[self.number.value - 1])], self.words
        caption = words.say(
            "campaign_message",
            sender=row.sender,
            to=f"+{row.to}, {show_country(row.country, words)}",
            parts=words.say_count("parts", row.parts),
            row=name_row(self.plan, place).partition(" (")[0],
            number=f"{self.number.value:,}",
            count=f"{len(places):,}",
        )
        self._bubble_area.value = bubble_html(str(row.text), caption)

    def _on_download_problems(self, _: object) -> None:
        if self.plan is not None and self.table is not None:
            name = self.words.say("campaign_problems_file", name=self._read_batch())
            self.aids.save_file(name_file(name), write_csv(select_problems(self.table, self.plan)))

    def discard_preview(self, change: object) -> None:
        if not self.texts.is_switching:
            super().discard_preview(change)

    def _read_batch(self) -> str:
        return plain_name(self.batch.value)

    def _read_sender(self) -> str:
        return self._own.read(self.sender)

    def _read_budget(self) -> Budget:
        return Budget(read_amount(self.max_cost.value), self.on_cap.value == "stop")


def campaign_form(
    recipients: AnyFrame | None = None, *, language: Language | None = None, session: Session | None = None
) -> CampaignForm:
    """Show a form that plans a text to a list of people, previews it, and sends it in the background, each once.

    Parameters
    ----------
    recipients : DataFrame, optional
        The list, one row a person; its columns are chosen in the form and may fill the text. Default: a CSV or Excel
        file is uploaded.
    language : {"en", "pt"}, optional
        The language of the form. Default: that of `set_options`.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    CampaignForm
        A widget. Its attributes: ``upload`` and ``table`` (the list), ``to, region, country, language`` (its columns,
        and the country of national numbers), ``text, texts, text_language, inserts, counter`` (one text, or one for
        each language), ``sender, batch, max_cost, on_cap``, ``preview``, ``plan``, ``forecast`` (what Send would do),
        ``number`` (which message is shown), ``doubts`` (with ``by_code`` and ``by_row``), ``download_problems``,
        ``send``, ``progress, stop, resume``, ``result`` (as of `send_many`), ``download, look_up``, and
        ``wait(timeout)``, which waits for what is sent in the background.

    Raises
    ------
    InvalidRequestError
        If there is no session, or no such language; if `recipients` is no frame whose columns have names of their own.

    Notes
    -----
    Preview first, and decide every doubt; Send then works once. It sends in a thread, as `send_many` does, so the
    form and the kernel stay free. Stop finishes what has left, a second press does not wait for it, and neither does
    ``close()``; Resume goes on with the same batch. Nobody gets a text of a batch twice. The account's `budget` limits
    the cost as ``max_cost`` does; the preview names the tighter one. What was uploaded is not kept in the widgets; what
    is typed is. Uses https://developer.vonage.com/en/api/sms.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> import pandas as pd
    >>> session = nx.connect("sandbox")
    >>> people = pd.DataFrame.from_records([{"phone": "+44 7700 900000", "name": "Ana"}])
    >>> form = nx.campaign_form(people)
    >>> form.sender.value, form.text.value = "Demo", "Hello {name}"
    >>> form.preview.click()
    >>> form.send.click()
    >>> form.wait(60), form.result.state.tolist()
    (True, ['accepted'])
    """
    return CampaignForm(recipients, session=session_or_current(session), language=language)
