"""Sending a plan in Dask: its partitions are sent on the workers, under one run of the batch that the caller has."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from nexmo_nb.campaigns.batch import Settings, check_caps
from nexmo_nb.campaigns.dask_frames import build_tasks, build_values, find_client, map_parts, read_empty
from nexmo_nb.campaigns.dask_plan import find_repeated_numbers
from nexmo_nb.campaigns.dask_worker import (
    Caller,
    PartResult,
    describe_caller,
    empty_outcome,
    read_part,
    send_part,
    stop_run,
    survey_part,
)
from nexmo_nb.campaigns.hours import Left
from nexmo_nb.campaigns.plan_sums import check_plan
from nexmo_nb.campaigns.progress import count_done, write_status
from nexmo_nb.campaigns.rows import check_options, doubtful_error, show_label
from nexmo_nb.campaigns.survey import Survey
from nexmo_nb.errors import InvalidRequestError, NexmoError, UnknownOutcomeError, UnreachableError
from nexmo_nb.session import Session
from nexmo_nb.sms.apis import find_api

STEP = 0.5  # seconds between two looks at what has ended
WITHOUT_WORKERS = 300.0  # seconds for which a cluster may have no worker, while it starts some


def send_partitions(
    plan: Any, options: Mapping[str, Any], settings: Settings, session: Session, *, progress: bool
) -> Any:
    """Send a plan in Dask as `send_many` does; what becomes of its rows is read from the ledger when it is needed.

    1. The whole plan is surveyed on the workers: whether each of them shares this account and this ledger, and what
       stands in the way. All that refuses a plan does so here, before anything leaves.
    2. Each partition is sent by a worker. The first that fails ends the others.
    """
    check_plan(read_empty(plan))
    check_options(options, find_api(settings.api, session))
    client = find_client()
    caller = describe_caller(session)
    session.ledger.budgets.find_tightest()  # which a run would refuse, if it cannot be kept
    with session.ledger.open_run(settings.batch) as run:
        arguments = (caller, run, settings, options)
        survey = _survey_plan(client, plan, arguments)
        if settings.doubtful == "refuse" and survey.doubtful.total:
            raise doubtful_error(survey.doubtful)
        check_caps(session, settings, survey)
        _refuse_scattered(plan)
        # What a cap refuses was refused; what prices or others do to it from now on ends a run.
        arguments = (caller, run, settings._replace(on_cap="stop"), options)
        with _show_progress(client, session, run, settings, survey.rows if progress else 0) as refresh:
            try:
                results = _run_tasks(client, build_tasks(plan, send_part, *arguments), run, refresh)
            except NexmoError as problem:
                raise _add_outcome(problem, _build_outcome(plan, caller, settings, session)) from None
            except KeyboardInterrupt:
                known = session.ledger.read_batch(settings.batch)
                done = count_done((row.state for row in known if not row.is_earlier), survey.rows)
                print(write_status(settings.batch, done))  # noqa: T201 - said to the person who interrupted
                raise
    _warn_of_cap(results, settings)
    _warn_of_left(results, settings)
    return _build_outcome(plan, caller, settings, session)


def _survey_plan(client: Any, plan: Any, arguments: Sequence[Any]) -> Survey:
    futures = client.compute(build_tasks(plan, survey_part, *arguments))
    try:
        return reduce(Survey.join, client.gather(futures), Survey())
    except Exception as problem:
        client.cancel(futures)
        raise _translate(problem) from None


def _run_tasks(client: Any, tasks: Sequence[Any], run: str, refresh: Callable[[], None]) -> list[PartResult]:
    """Run tasks until all have ended, or the first has failed; then the others are ended, and what they sent recorded.

    An interrupt ends them as well; a second one does not wait for what is under way.
    """
    futures = client.compute(list(tasks))
    try:
        return _collect(client, futures, refresh)
    except Exception as problem:
        _stop_tasks(client, futures, run)
        raise _translate(problem) from None
    except BaseException:
        _stop_tasks(client, futures, run)
        raise


def _collect(client: Any, futures: Sequence[Any], refresh: Callable[[], None]) -> list[PartResult]:
    """Collect results as they come; those that a worker had when it died come again."""
    from distributed import wait

    results: dict[int, PartResult] = {}
    seen = time.monotonic()
    while left := [n for n in range(len(futures)) if n not in results]:
        with suppress(TimeoutError):
            wait([futures[n] for n in left], timeout=STEP, return_when="FIRST_COMPLETED")
        for n in left:
            if futures[n].status in ("finished", "error", "cancelled"):
                with suppress(TimeoutError):
                    results[n] = futures[n].result(timeout=STEP)
        refresh()
        if client.nthreads():
            seen = time.monotonic()
        elif time.monotonic() - seen > WITHOUT_WORKERS:
            raise UnreachableError(
                f"The cluster of Dask has had no worker for {WITHOUT_WORKERS:.0f} s. What was under way when the last "
                "one ended is unknown, and never sent again by itself. Start workers, and run the same call again to "
                "continue; nobody gets the message twice."
            )
    return [results[n] for n in range(len(futures))]


def _stop_tasks(client: Any, futures: Sequence[Any], run: str) -> None:
    """End tasks: those that wait are dropped, and the workers finish and record what is in flight."""
    try:
        with suppress(Exception):  # a cluster that is gone runs nothing any more
            client.cancel(futures)
            client.run(stop_run, run, on_error="ignore")
    except KeyboardInterrupt:
        with suppress(Exception):
            client.run(stop_run, run, hurry=True, on_error="ignore")
        raise


def _translate(problem: Exception) -> Exception:
    """Make an error of Dask about a worker or a cluster that is gone a typed one."""
    from concurrent.futures import CancelledError as FuturesCancelled

    from distributed import CancelledError, KilledWorker

    if isinstance(problem, NexmoError):
        return problem.with_message(f"In a partition of the plan: {problem}")
    if isinstance(problem, (KilledWorker, CancelledError, FuturesCancelled)):
        return UnknownOutcomeError(
            f"Workers of Dask died while they had a partition, or the cluster ended ({type(problem).__name__}). What "
            "was under way is unknown, and never sent again by itself. See the memory and the logs of the workers, and "
            "run the same call again to continue; nobody gets the message twice."
        )
    return problem


def _add_outcome(problem: NexmoError, outcome: Any) -> NexmoError:
    problem.parts = outcome
    return problem


def _build_outcome(plan: Any, caller: Caller, settings: Settings, session: Session) -> Any:
    """Build the frame that reads, when it is computed, what the ledger knows of the rows then."""
    witness = next((row.id for row in session.ledger.read_batch(settings.batch)), None)
    return plan.map_partitions(read_part, caller, settings, witness, meta=empty_outcome(read_empty(plan)))


def _refuse_scattered(plan: Any) -> None:
    """Refuse a plan in which a number has different texts in several partitions.

    A partition is sent by itself: its text would take the place of one of another partition.
    """
    if plan.npartitions == 1:
        return
    numbers = build_values(range(plan.npartitions))
    keys = map_parts(plan, _list_texts, numbers, empty=_list_texts(read_empty(plan), numbers[0]))
    found = find_repeated_numbers(keys)
    by_number = found.groupby("to")[["part", "text"]].nunique()
    scattered = by_number[(by_number > 1).all(axis=1)].index
    if len(scattered):
        label = found.index[found["to"] == scattered[0]][0]
        raise InvalidRequestError(
            f"plan: got {len(scattered)} numbers with different texts in several partitions (one of them in row "
            f"{show_label(label)}); allowed: all rows of a number in one partition. Nothing was sent. Bring them "
            "together: plan.shuffle('to')."
        )


def _list_texts(part: pd.DataFrame, number: pd.DataFrame) -> pd.DataFrame:
    """List the numbers and texts of the rows that can be sent; a digest stands for a text."""
    good = part[part["problem"].isna()]
    texts = pd.util.hash_array(good["text"].to_numpy(dtype=object)).astype("int64")
    return good[["to"]].assign(text=texts, part=np.int64(number["value"].iloc[0]))


def _warn_of_cap(results: Sequence[PartResult], settings: Settings) -> None:
    capped = [result for result in results if result.first_left is not None]
    if capped:
        reached = capped[0].cap or "the account's budget"
        cause = "" if settings.on_cap == "stop" else ": messages cost more than was estimated"
        warnings.warn(
            f"Stopped before {reached} was passed{cause}, in {len(capped)} of {len(results)} partitions. Run the same "
            "call again with a higher cap to continue; nobody gets the message twice. The first that is left is row "
            f"{capped[0].first_left}.",
            stacklevel=4,
        )


def _warn_of_left(results: Sequence[PartResult], settings: Settings) -> None:
    left = [result.left for result in results if result.left is not None]
    if left:
        begins = [each.next_begin for each in left if each.next_begin is not None]
        all_left = Left(sum(each.rows for each in left), sum(each.over for each in left), min(begins, default=None))
        warnings.warn(
            f"{all_left.rows} messages of batch {settings.batch!r} are left, because their hours ended before they "
            f"could leave. {all_left.describe(settings.batch)} Run the same call again to continue; nobody gets the "
            "message twice.",
            stacklevel=4,
        )


@contextmanager
def _show_progress(
    client: Any, session: Session, run: str, settings: Settings, rows: int
) -> Iterator[Callable[[], None]]:
    """Show a bar of the whole batch by what the workers tell; without rows, none."""
    if not rows:
        yield lambda: None
        return
    from tqdm.auto import tqdm  # takes 60 ms, which only a batch needs

    told: dict[str, tuple[Sequence[int], float]] = {}

    def note(event: Any) -> None:
        name, counts, cost = event[1]
        told[name] = (counts, cost)

    sends = session.ledger.read_sends(batch=settings.batch)
    done = count_done((send["state"] for send in sends), rows)
    cost = math.fsum(send["price"] for send in sends if send["price"] is not None)
    done = done._replace(cost=cost, currency=session.account.currency, cap=settings.max_cost)
    client.subscribe_topic(run, note)
    with tqdm(total=rows, initial=min(done.done, rows), desc=settings.batch, unit="SMS") as bar:

        def refresh() -> None:
            accepted, refused, unknown = (sum(counts[n] for counts, _ in list(told.values())) for n in range(3))
            now = done._replace(
                accepted=done.accepted + accepted,
                refused=done.refused + refused,
                unknown=done.unknown + unknown,
                cost=done.cost + sum(cost for _, cost in list(told.values())),
            )
            bar.set_postfix_str(now.list_facts(), refresh=False)
            bar.update(min(now.done, rows) - bar.n)

        try:
            yield refresh
            refresh()
        finally:
            client.unsubscribe_topic(run)
