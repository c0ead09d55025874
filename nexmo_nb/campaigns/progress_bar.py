"""What shows a run while it goes on: a bar of its batch, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from nexmo_nb.campaigns.openings import show_wait
from nexmo_nb.campaigns.runner import Runner
from nexmo_nb.errors import UnreachableError


def _describe_wait(runner: Runner) -> str:
    """Say what the run waits for: the hours of its messages, counted down, or the limit."""
    if runner.is_closed:
        return f"may leave in {show_wait(runner.timetable.seconds_until_begin())}"
    with suppress(UnreachableError):  # the messages themselves will tell that the limit cannot be kept
        return f"waiting {runner.session.throttle.status().wait:.0f} s"
    return "waiting ?"


@contextmanager
def hide_progress(_: Runner) -> Iterator[Callable[[], None]]:
    yield lambda: None


@contextmanager
def show_progress(runner: Runner) -> Iterator[Callable[[], None]]:
    """Show a bar of the whole batch, and give the function that updates it."""
    from tqdm.auto import tqdm  # takes 60 ms, which only a batch needs

    begun = runner.read_progress()
    with tqdm(total=begun.total, initial=begun.done, desc=runner.batch, unit="SMS") as bar:

        def refresh() -> None:
            progress = runner.read_progress()
            bar.set_postfix_str(f"{progress.list_facts()}, {_describe_wait(runner)}", refresh=False)
            bar.update(progress.done - bar.n)

        yield refresh
