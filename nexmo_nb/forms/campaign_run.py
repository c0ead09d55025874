"""A campaign under way: the run of its batch in a thread of its own, and the bar and buttons that show it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple
from weakref import WeakSet

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.campaigns.batch import Run, Settings, run_batch
from nexmo_nb.campaigns.progress import WORDS, Progress
from nexmo_nb.campaigns.runner import Runner
from nexmo_nb.errors import NexmoError
from nexmo_nb.forms.markup import text_html
from nexmo_nb.forms.widgets import FULL_WIDTH, READABLE_WIDTH, make_html_area, set_visible
from nexmo_nb.forms.words import Words
from nexmo_nb.session import Session


class Job(NamedTuple):
    """What Send and Resume send: the plan that was previewed, as it was, and how."""

    plan: pd.DataFrame
    settings: Settings
    table: pd.DataFrame  # the list that the plan was made of


_RUNS: WeakSet[BackgroundRun] = WeakSet()


@cache
def _stop_at_exit() -> None:
    """Have the interpreter stop all runs before it waits for their threads, which it does before `atexit`."""
    # No public function is called that early; `concurrent.futures` ends its threads by this one, too.
    threading._register_atexit(_stop_all)  # type: ignore[attr-defined]


def _stop_all() -> None:
    for run in _RUNS:
        run.stop()


class BackgroundRun:
    """One run of a batch, in a thread, so that the form answers meanwhile.

    That thread calls `report` with the progress, `notify` with what is to be waited for, and, last of all, `end` with
    the run or with what was raised. When the interpreter ends, the run is stopped as an interrupt stops it.
    """

    def __init__(
        self,
        job: Job,
        session: Session,
        *,
        report: Callable[[Progress], None],
        notify: Callable[[str], None],
        end: Callable[[Run | BaseException], None],
    ) -> None:
        self.job, self._session = job, session
        self._report, self._notify, self._end = report, notify, end
        self._is_stopped = self._is_hurried = self._is_over = False
        self._runner: Runner | None = None
        self._thread = threading.Thread(target=self._drive, name="nexmo_nb campaign")

    def start(self) -> None:
        _stop_at_exit()
        _RUNS.add(self)
        self._thread.start()

    def stop(self, *, hurry: bool = False) -> None:
        """Stop as an interrupt does; with `hurry`, as the second one. The run may not have begun yet."""
        self._is_hurried = self._is_hurried or hurry
        self._is_stopped = True
        if self._runner is not None:
            self._runner.stop(hurry=self._is_hurried)

    @property
    def is_stopped(self) -> bool:
        return self._is_stopped

    @property
    def is_over(self) -> bool:
        """Whether nothing is sent any more; the thread may still tell so."""
        return self._is_over

    @property
    def cause(self) -> NexmoError | None:
        """Why the batch stopped, without the advice of `send_many` for those who call it."""
        return None if self._runner is None else self._runner.state.error

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, and tell whether it came; the thread itself does not wait for its own."""
        if self._thread is not threading.current_thread() and self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _drive(self) -> None:
        ended: Run | BaseException
        try:
            ended = run_batch(self.job.plan, {}, self.job.settings, self._session, self._watch)
        except BaseException as problem:  # a thread that dies would leave the form waiting for it
            ended = problem
        self._is_over = True
        self._end(ended)

    @contextmanager
    def _watch(self, runner: Runner) -> Iterator[Callable[[], None]]:
        runner.notify, self._runner = self._notify, runner
        if self._is_stopped:
            runner.stop(hurry=self._is_hurried)

        def refresh() -> None:
            self._report(runner.read_progress())

        refresh()
        yield refresh


class ProgressBox(widgets.VBox):  # type: ignore[misc]
    """The bar of a campaign, in counts and money, with its buttons."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.bar = widgets.IntProgress(value=0, max=1, layout={"width": FULL_WIDTH, "max_width": READABLE_WIDTH})
        self.text = make_html_area()
        self.stop = widgets.Button(description=words.say("campaign_stop"), icon="stop")
        self.resume = widgets.Button(description=words.say("campaign_resume"), icon="play")
        self.bar.add_class("nexmo-nb-bar")
        buttons = widgets.Box([self.stop, self.resume], layout={"flex_flow": "row wrap"})
        super().__init__([self.bar, self.text, buttons])

    def describe_bar(self) -> dict[str, str | None]:
        """Describe the bar for assistive technology, which ipywidgets shows as plain boxes."""
        shown = {"role": "progressbar", "aria-label": self.words.say("section_progress"), "aria-valuemin": "0"}
        return {**shown, "aria-valuemax": str(self.bar.max), "aria-valuenow": str(self.bar.value)}

    def show(self, progress: Progress) -> bool:
        """Show how far it is; tell whether that is news."""
        text = text_html(progress.to_text(self.words.list_texts("progress", WORDS)))
        if text == self.text.value:
            return False
        self.bar.max, self.bar.value = max(1, progress.total), progress.done
        self.text.value = text
        return True

    def show_running(self, *, is_stopped: bool = False) -> None:
        """Offer to stop, and once more to stop at once."""
        name = "campaign_stop_now" if is_stopped else "campaign_stop"
        self.stop.description, self.stop.disabled = self.words.say(name), False
        set_visible(self.stop, True)
        set_visible(self.resume, False)
        self.bar.bar_style = ""

    def show_ended(self, *, can_resume: bool) -> None:
        set_visible(self.stop, False)
        set_visible(self.resume, can_resume)
        self.bar.bar_style = "warning" if can_resume else "success"


def describe_end(ended: Any, cause: NexmoError | None) -> tuple[pd.DataFrame | None, str]:
    """Give the frame of a run that ended, and what was raised, in words; empty where nothing was."""
    if isinstance(ended, Run):
        return ended.result, ""
    parts = getattr(ended, "parts", None)
    frame = parts if isinstance(parts, pd.DataFrame) and "state" in parts else None
    return frame, str(cause or ended) or type(ended).__name__
