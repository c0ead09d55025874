"""One run of a batch from its plan to its result: what `send_many` does, for whoever watches it and may stop it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb.campaigns.caps import Cap, check_cap, describe_room
from nexmo_nb.campaigns.decisions import Estimate
from nexmo_nb.campaigns.finished import read_finished
from nexmo_nb.campaigns.hours import Hours, Left, When, read_hours
from nexmo_nb.campaigns.outcome import plan_outcome_frame
from nexmo_nb.campaigns.progress import Progress, count_done, write_status
from nexmo_nb.campaigns.rows import (
    Row,
    check_options,
    find_sends,
    find_waiting,
    read_rows,
    skip_doubtful,
    skip_replaced,
    skip_unpriced,
    unpriced_error,
)
from nexmo_nb.campaigns.run_log import describe_stop, note_run
from nexmo_nb.campaigns.run_state import Message
from nexmo_nb.campaigns.runner import Runner, Watch
from nexmo_nb.campaigns.survey import Survey
from nexmo_nb.errors import UnreachableError
from nexmo_nb.session import Session
from nexmo_nb.sms.apis import ApiName, find_api
from nexmo_nb.state.budgets import Bounds
from nexmo_nb.state.schedules import BatchSchedule
from nexmo_nb.state.sends import BatchRow, open_states_of
from nexmo_nb.validation import drop_none


class Settings(NamedTuple):
    """How a plan is sent; the names are those of `send_many`, and the values checked."""

    batch: str
    doubtful: str = "refuse"
    max_cost: float | None = None
    unpriced: str = "refuse"
    on_cap: str = "refuse"
    workers: int | None = None  # as many as the limit keeps busy
    resend_not_found: bool = False
    api: ApiName | None = None  # that of the connection
    when: When = When()
    is_waiting: bool = True  # until the hours of the rows begin; else they are kept, and nothing is sent
    even_if_suppressed: str | None = None
    refused: Mapping[int, str] | None = None  # the sends that the rows of a retry are tried again as, by their places


class Run(NamedTuple):
    """What a run came to: the frame of `send_many`, how to go on, and the first row that a cap left, if one did."""

    result: pd.DataFrame
    status: str
    first_left: Row | None = None
    cap: Cap | None = None  # that left it
    left: Left | None = None  # rows whose hours ended


class Standing(NamedTuple):
    """Where a batch stands before a plan is sent under its name."""

    states: Mapping[int, str] = {}  # of the plan's rows that it has dealt with, by their places
    changed: int = 0  # recipients who were sent something else
    spent: float = 0.0
    budget: Cap | None = None  # the account's tightest


def run_batch(
    plan: pd.DataFrame, options: Mapping[str, Any], settings: Settings, session: Session, watch: Watch
) -> Run:
    """Send what is left of a plan under the name of its batch; `watch` is told of the run while it goes on.

    It raises what `send_many` does, and an interrupt after it has said how to go on.
    """
    name, api = settings.batch, find_api(settings.api, session)
    check_options(options, api)
    if (finished := _find_finished(plan, settings, session)) is not None:
        return finished
    rows = read_rows(plan, options, with_suppressed=settings.even_if_suppressed is not None)
    with session.ledger.open_run(name):
        if settings.even_if_suppressed is None:
            session.ledger.batches.refuse_suppressed(name)
        hours = read_hours(session, name, settings.when, is_retry=settings.refused is not None)
        waiting, skipped = choose_rows(session, rows, settings, hours)
        kept = [row for row in rows if row.place not in skipped]
        by_itself = {
            "max_cost": settings.max_cost,
            "api": api.name,
            "even_if_suppressed": settings.even_if_suppressed,
            "options": drop_none(dict(options)),
        }
        schedule = hours.to_kept(kept, None if settings.is_waiting else by_itself)
        entered = _enter_rows(session, settings, kept, schedule)
        due = _find_due(entered, waiting)
        by_id, states = {found.id: row for row, found in entered}, {found.id: found.state for _, found in entered}
        runner = make_runner(
            session, settings, due if settings.is_waiting else {}, by_id=by_id, states=states, hours=hours
        )
        run_or_say(runner, settings, watch)
        ids = {row.place: found.id for row, found in entered}

        def read_result() -> pd.DataFrame:
            return plan_outcome_frame(plan, skipped, ids, session.ledger.read_sends(batch=name))

        if (cause := runner.state.error) is not None:
            frame = None
            with suppress(UnreachableError):  # then it is missing: the ledger cannot be read any more
                frame = read_result()
            raise cause.with_message(f"{cause} {runner.status_message()}", parts=frame)
        result = read_result()
        left = find_left(runner, due, hours) if settings.is_waiting else None
    return _describe_run(runner, result, due, left)


def make_runner(
    session: Session,
    settings: Settings,
    due: Mapping[str, Row],
    *,
    by_id: Mapping[str, Row],
    states: Mapping[str, str],
    hours: Hours,
) -> Runner:
    """Make what sends the rows that are due; `by_id` are all of the plan by their sends, which are in some `states`."""
    caps = _read_caps(session, settings, by_id)
    # What others spend meanwhile counts as well; now it stops this run, as dearer messages do.
    _check_caps(caps, due.values(), may_stop=True)
    messages = {
        send_id: Message(row.fields, row.digest, row.estimate or Estimate(), opening)
        for send_id, row in due.items()
        if (opening := hours.find_opening(row)) is not None
    }
    sends = session.ledger.read_sends(batch=settings.batch)
    begun = _describe_begin(sends, states, session, settings.max_cost)
    api = find_api(settings.api, session)
    bounds, exception = _find_bounds(settings, caps), settings.even_if_suppressed
    return Runner(session, settings.batch, messages, bounds=bounds, begun=begun, api=api, even_if_suppressed=exception)


def run_or_say(runner: Runner, settings: Settings, watch: Watch) -> None:
    """Run, tell whoever interrupts it how to go on, and note why it stopped, if it did."""
    with note_run(runner.session.ledger, settings.batch, settings.max_cost) as note:
        try:
            runner.run(settings.workers, watch)
        except KeyboardInterrupt:
            print(runner.status_message())  # noqa: T201 - said to the person who interrupted
            raise
        state = runner.state
        if state.error is not None:
            note(describe_stop(state.error))
        elif state.is_capped and state.kept_by is not None:
            note(f"stopped before {describe_room(state.kept_by).show()} was passed")


def find_left(runner: Runner, due: Mapping[str, Row], hours: Hours) -> Left | None:
    """Find the rows whose hours ended before they could leave, or never begin."""
    missed = set(runner.timetable.missed)
    rows = [row for send_id, row in due.items() if send_id in missed or send_id not in runner.messages]
    return hours.find_left(rows, runner.session.clock())


def _describe_run(runner: Runner, result: pd.DataFrame, due: Mapping[str, Row], left: Left | None) -> Run:
    status, state = runner.status_message(), runner.state
    if not state.is_capped or state.kept_by is None:
        return Run(result, status, left=left)
    return Run(result, status, due[state.waiting.find_first()], describe_room(state.kept_by), left)


def _find_finished(plan: pd.DataFrame, settings: Settings, session: Session) -> Run | None:
    """Find what became of a plan that has nothing left to send; None if a run has to see to it."""
    if settings.even_if_suppressed is not None or settings.refused is not None:
        return None  # rows with a problem may leave, and what was refused
    finished = read_finished(plan, settings.batch, session.ledger)
    if finished is None:
        return None
    _read_budget(session)  # which a run would refuse, if it cannot be kept; so would it an older ledger
    session.ledger.check_newest()
    done = count_done(finished["state"], int(finished["state"].ne("problem").sum()))
    return Run(finished, write_status(settings.batch, done))


def read_standing(plan: pd.DataFrame, batch: str, session: Session) -> Standing:
    """Read where a batch stands, seen from a plan that would be sent under its name; nothing is changed."""
    session.ledger.mark_abandoned_unknown()
    known = session.ledger.read_batch(batch)
    budget = _read_budget(session)
    if not known:
        return Standing(budget=budget)
    rows, open_states = read_rows(plan, {}), open_states_of(resend_not_found=False)
    closed = {(row.recipient, row.digest): row for row in known if row.state not in open_states or row.is_earlier}
    found = {row.place: closed[key] for row in rows if (key := (row.fields["to"], row.digest)) in closed}
    spent, _ = _read_spent(session, batch, {each.id: row for row in rows if (each := found.get(row.place))})
    return Standing(
        {place: each.state for place, each in found.items()},
        _count_changed(rows, closed.values(), {each.id for each in found.values()}),
        spent,
        budget,
    )


def _count_changed(rows: Sequence[Row], closed: Any, found: set[str]) -> int:
    """Count the recipients of a plan who were sent what does not stand in it."""
    planned = {row.fields["to"] for row in rows}
    others: list[BatchRow] = [row for row in closed if row.id not in found and row.state not in ("rejected", "planned")]
    return len({row.recipient for row in others} & planned)


def choose_rows(
    session: Session, rows: Sequence[Row], settings: Settings, hours: Hours
) -> tuple[list[Row], dict[int, str]]:
    """Choose the rows that this run would send, and the reasons of those that it leaves out, by place.

    It refuses what cannot be sent as the settings say before anything is entered into the ledger.
    """
    known = session.ledger.read_batch(settings.batch)
    skipped = {} if settings.refused is not None else skip_replaced(rows, known)
    waiting = find_waiting(rows, known, settings.resend_not_found, settings.refused)
    skipped |= skip_doubtful(waiting, settings.doubtful)
    waiting = [row for row in waiting if row.place not in skipped]
    hours.refuse_moment(waiting)
    skipped |= hours.skip_closed(waiting, settings.doubtful)
    waiting = [row for row in waiting if row.place not in skipped]
    caps = _read_caps(session, settings, find_sends(rows, known))
    for cap in caps:
        skipped |= skip_unpriced(waiting, settings.unpriced, cap)
    waiting = [row for row in waiting if row.place not in skipped]
    _check_caps(caps, waiting, may_stop=settings.on_cap == "stop")
    return waiting, skipped


def _enter_rows(
    session: Session, settings: Settings, rows: Sequence[Row], schedule: BatchSchedule
) -> list[tuple[Row, BatchRow]]:
    """Enter rows into the ledger; give each with what it is there."""
    # Ids grow in the order in which the ledger writes the rows, so that its indexes are written from begin to end.
    order = sorted(range(len(rows)), key=lambda n: rows[n].fields["to"])
    ids = {n: session.ledger.new_id() for n in order}
    kind = find_api(settings.api, session).name
    entries = [row.to_entry(ids[n], kind) for n, row in enumerate(rows)]
    resend, refused = settings.resend_not_found, settings.refused
    if refused is None:
        found = session.ledger.add_batch(settings.batch, entries, resend_not_found=resend, schedule=schedule)
    else:
        again = [(refused[row.place], entry) for row, entry in zip(rows, entries, strict=True)]
        found = session.ledger.batches.replan(settings.batch, again, not_found=resend)
    return list(zip(rows, found, strict=True))


def _find_due(entered: Iterable[tuple[Row, BatchRow]], waiting: Iterable[Row]) -> dict[str, Row]:
    """Find the rows that leave in this run, by the ids of their sends.

    Only what was decided on before: a row that was being sent elsewhere then, and is planned again now, waits.
    """
    decided = {row.place for row in waiting}
    return {
        found.id: row
        for row, found in entered
        if found.state == "planned" and not found.is_earlier and row.place in decided
    }


def _describe_begin(
    sends: Sequence[Mapping[str, Any]], states: Mapping[str, str], session: Session, cap: float | None
) -> Progress:
    """Describe how far earlier runs have come; what rows cost that the plan no longer has counts for the cap."""
    cost = math.fsum(send["price"] for send in sends if send["price"] is not None)
    begun = count_done(states.values(), len(states))
    return begun._replace(cost=cost, currency=session.account.currency, cap=cap)


def _read_caps(session: Session, settings: Settings, rows: Mapping[str, Row]) -> list[Cap]:
    """Read what caps a batch: its own cap, where it has one, and the account's tightest budget.

    `rows` stand by their sends.
    """
    caps = []
    if settings.max_cost is not None:
        spent, assumed = _read_spent(session, settings.batch, rows)
        caps.append(Cap(settings.max_cost, spent, assumed=assumed))
    if (budget := _read_budget(session)) is not None:
        caps.append(budget)
    return caps


def _read_spent(session: Session, batch: str, rows: Mapping[str, Row]) -> tuple[float, float]:
    """Read what a batch cost in all its runs, and what of that is assumed by the rows of this plan.

    That is for what was sent without a price, and whose price nobody knows.
    """
    cost, unpriced = session.ledger.budgets.read_batch(batch)
    estimates = [row.estimate for send_id in unpriced if (row := rows.get(send_id)) is not None]
    assumed = math.fsum(estimate.high for estimate in estimates if estimate is not None)
    return cost + assumed, assumed


def _find_bounds(settings: Settings, caps: Sequence[Cap]) -> Bounds | None:
    """Find what the ledger keeps a run to; None where nothing limits what it costs."""
    if not caps:
        return None
    return Bounds(settings.batch, settings.max_cost, sum(cap.assumed for cap in caps))


def _read_budget(session: Session) -> Cap | None:
    room = session.ledger.budgets.find_tightest()
    return None if room is None else describe_room(room)


def _check_caps(caps: Iterable[Cap], due: Collection[Row], *, may_stop: bool) -> None:
    """Refuse a cap that the rows which are due could pass; with `may_stop`, only one that cannot be kept at all."""
    for cap in caps:
        check_cap(
            cap,
            high=math.fsum(row.estimate.high for row in due if row.estimate is not None),
            messages=len(due),
            currencies={row.currency for row in due if row.currency is not None},
            may_stop=may_stop,
        )


def check_caps(session: Session, settings: Settings, survey: Survey) -> None:
    """Refuse a cap or a budget that what is left of a whole plan could pass, or with which it cannot be kept."""
    for cap in _read_caps(session, settings, {}):
        if survey.unpriced.total and settings.unpriced != "skip":
            raise unpriced_error(survey.unpriced, cap)
        check_cap(
            cap,
            high=survey.high,
            messages=survey.messages,
            currencies=survey.currencies,
            may_stop=settings.on_cap == "stop",
        )
