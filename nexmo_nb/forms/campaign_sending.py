"""A form that sends a batch in the background: its progress, its stop and resume, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.campaigns.progress import Progress, count_done
from nexmo_nb.campaigns.settle import settle
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.forms.campaign_plan import join_list, merge_settled, name_row
from nexmo_nb.forms.campaign_run import BackgroundRun, Job, ProgressBox, describe_end
from nexmo_nb.forms.downloads import name_file, write_csv
from nexmo_nb.forms.fields import Section
from nexmo_nb.forms.form import MESSAGE, Done, Form
from nexmo_nb.forms.markup import Markup, groups_html, message_html, table_html
from nexmo_nb.forms.outcome import Level, Outcome, describe_batch, group_outcomes
from nexmo_nb.forms.widgets import set_visible
from nexmo_nb.session import Session

MOST_ROWS_SHOWN = 50
CLOSE_SECONDS = 10.0
"""For which closing waits for a run that is broken off; it ends by itself within two."""
_BAR = ".nexmo-nb-bar .progress"


class SendingForm(Form):
    """A form whose submit begins a run in the background; `make_job` says what of.

    Only `_change` alters widgets from the thread of the run, and none of a form that is closed.
    """

    session: Session
    # Here, for a form that could not be made is closed as well.
    _run: BackgroundRun | None = None
    _next: Job | None = None
    _is_closed = False
    _lock = RLock()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        words = self.words
        self.progress = ProgressBox(words)
        self.stop, self.resume = self.progress.stop, self.progress.resume
        self.download = widgets.Button(description=words.say("campaign_save"), icon="download")
        self.look_up = widgets.Button(description=words.say("campaign_look_up"), icon="search")
        for each in (self.download, self.look_up):
            each.layout.width = "auto"
        buttons = widgets.Box([self.download, self.look_up], layout={"flex_flow": "row wrap"})
        self.add_section(Section("progress", [self.progress]), above="message")
        self.add_section(Section("outcome", [buttons]), above="result")
        for name in ("progress", "outcome"):
            self.show_section(name, False)
        self.stop.on_click(self._on_stop)
        self.resume.on_click(self._on_resume)
        self.download.on_click(self._on_download)
        self.look_up.on_click(self._on_look_up)

    def make_job(self) -> Job:
        """Say what Send sends."""
        raise NotImplementedError

    @property
    def is_running(self) -> bool:
        return self._run is not None and not self._run.is_over

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is sent any more, and tell whether it is so."""
        return self._run is None or self._run.wait(timeout)

    def close(self) -> None:
        """Close the form; a run that is under way is broken off, as a second interrupt does it."""
        with self._lock:
            self._is_closed = True
        if self._run is not None:
            self._run.stop(hurry=True)
            self._run.wait(CLOSE_SECONDS)
        super().close()

    def submit(self, token: str) -> Done:  # noqa: ARG002 - the batch has a name, so no key
        self._next = self.make_job()
        return Done(None, Outcome(self.words.say("campaign_started"), Level.DOUBTFUL), [])

    def _on_preview(self, button: object) -> None:
        if self.is_running:
            self.show_message(self.words.say("campaign_still_running"))
            return
        super()._on_preview(button)

    def _on_send(self, button: object) -> None:
        super()._on_send(button)
        job, self._next = self._next, None
        if job is not None:
            total = int((job.plan.problem.isna() & job.plan.warning.isna()).sum())
            currency = self.session.account.currency
            self._show_progress(Progress(total, currency=currency, cap=job.settings.max_cost))
            self._start(job)

    def _start(self, job: Job) -> None:
        self._run = BackgroundRun(job, self.session, report=self._report, notify=self._notify, end=self._show_end)
        self.progress.show_running()
        self.show_section("progress", True)
        self.show_section("outcome", False)
        self._run.start()

    def _on_stop(self, _: object) -> None:
        if self._run is None or self._run.is_over:
            return
        self._run.stop(hurry=self._run.is_stopped)
        self.progress.show_running(is_stopped=True)
        self.show_message(self.words.say("campaign_stopping"))

    def _on_resume(self, _: object) -> None:
        if self._run is None or self.is_running:
            return
        self._run.wait()
        self.show_done(Done(None, Outcome(self.words.say("campaign_started"), Level.DOUBTFUL), []))
        self._start(self._run.job)
        self.aids.move_focus(MESSAGE)

    def _on_download(self, _: object) -> None:
        if self._run is not None and self.result is not None:
            job = self._run.job
            table = join_list(job.table, self.result)
            self.aids.save_file(name_file(job.settings.batch), write_csv(table))

    def _on_look_up(self, _: object) -> None:
        if self._run is None or self.result is None or self.is_running:
            return
        with self.lock_buttons(), self.show_errors():
            before = int(self.result.state.eq("unknown").sum())
            settled = settle(self._run.job.settings.batch, session=self.session)
            result = merge_settled(self.result, settled)
            found = before - int(result.state.eq("unknown").sum())
            said = describe_batch(result, self.words)
            text = self.words.say("campaign_looked_up", found=found, count=before, outcome=said.text)
            self._show_result(result, said._replace(text=text))
        self.aids.move_focus(MESSAGE)

    def _change(self, work: Callable[[], None]) -> None:
        """Alter widgets from the thread of the run."""
        with self._lock:
            if not self._is_closed:
                work()

    def _report(self, progress: Progress) -> None:
        self._change(lambda: self._show_progress(progress))

    def _notify(self, text: str) -> None:
        self._change(lambda: self.show_message(text))

    def _show_end(self, ended: Any) -> None:
        self._change(lambda: self._tell_end(ended))

    def _show_progress(self, progress: Progress) -> None:
        if self.progress.show(progress):
            self.aids.set_attributes({_BAR: self.progress.describe_bar()})

    def _tell_end(self, ended: Any) -> None:
        """Tell what became of a run, and offer what can be done next."""
        assert self._run is not None
        result, problem = describe_end(ended, self._run.cause)
        if result is None:
            self.show_message(problem, error=True)
        else:
            self._show_result(result, self._describe_end(result, problem, ended))
        is_done = isinstance(ended, InvalidRequestError) if result is None else not result.state.eq("planned").any()
        self.progress.show_ended(can_resume=not is_done)
        self.update_badge()
        self.aids.move_focus(MESSAGE, if_lost=True)

    def _describe_end(self, result: pd.DataFrame, problem: str, ended: Any) -> Outcome:
        assert self._run is not None
        said, words = describe_batch(result, self.words), self.words
        if problem:
            return Outcome(words.say("campaign_failed", outcome=said.text, problem=problem), Level.BAD)
        if ended.first_left is not None:
            return said._replace(text=words.say("campaign_capped", outcome=said.text))
        if self._run.is_stopped and result.state.eq("planned").any():
            return said._replace(text=words.say("campaign_stopped", outcome=said.text))
        return said

    def _show_result(self, result: pd.DataFrame, outcome: Outcome) -> None:
        """Show a result in words, its reasons in full and its first rows, and offer it as a file."""
        assert self._run is not None
        job, words = self._run.job, self.words
        self._show_progress(measure(result, self.session.account.currency, job.settings.max_cost))
        groups = group_outcomes(result, lambda place: name_row(job.plan, place), words)
        rows = result.head(MOST_ROWS_SHOWN)[["to", "state", "parts", "price", "currency", "code"]]
        rows = rows.assign(state=rows.state.map(words.say_state))
        title = words.say("campaign_rows", shown=f"{len(rows):,}", count=f"{len(result):,}")
        shown: list[Markup] = [
            message_html(self._describe_cost(result)),
            *groups_html(words.say("not_accepted"), groups, outcome.level),
            table_html(rows, title, words),
        ]
        self.show_done(Done(result, outcome, shown))
        set_visible(self.look_up, bool(result.state.eq("unknown").any()))
        self.show_section("outcome", True)

    def _describe_cost(self, result: pd.DataFrame) -> str:
        words, left, currency = self.words, self.session.last_balance, self.session.account.currency
        balance = words.say("balance_unknown") if left is None else words.say_price(left, left, currency)
        cost = float(result.price.sum())
        return words.say("cost", cost=words.say_price(cost, cost, currency), balance=balance)


def measure(result: pd.DataFrame, currency: str, cap: float | None) -> Progress:
    """Measure how far a batch is by its result: what was left out and what cannot be sent is no part of it."""
    states = [state for state in result.state if state not in ("problem", "skipped")]
    return count_done(states, len(states))._replace(cost=float(result.price.sum()), currency=currency, cap=cap)
