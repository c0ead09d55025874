"""What shows a run while it goes on: a bar of its batch, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from nexmo_nb.campaigns.runner import Runner
from nexmo_nb.errors import UnreachableError


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
            waiting = "?"
            with suppress(UnreachableError):  # the messages themselves will tell that the limit cannot be kept
                waiting = f"{runner.session.throttle.status().wait:.0f} s"
            progress = runner.read_progress()
            bar.set_postfix_str(f"{progress.list_facts()}, waiting {waiting}", refresh=False)
            bar.update(progress.done - bar.n)

        yield refresh
