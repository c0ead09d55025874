"""One run of a batch from its plan to its result: what `send_many` does, for whoever watches it and may stop it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb.campaigns.budget import check_cap, sum_spent
from nexmo_nb.campaigns.decisions import Estimate
from nexmo_nb.campaigns.outcome import plan_outcome_frame
from nexmo_nb.campaigns.progress import Progress, count_done
from nexmo_nb.campaigns.rows import Row, find_waiting, read_rows, skip_doubtful, skip_unpriced
from nexmo_nb.campaigns.runner import Message, Runner, Watch
from nexmo_nb.errors import NexmoError
from nexmo_nb.session import Session
from nexmo_nb.state.sends import BatchRow, open_states_of


class Settings(NamedTuple):
    """How a plan is sent; the names are those of `send_many`, and the values checked."""

    batch: str
    doubtful: str = "refuse"
    max_cost: float | None = None
    unpriced: str = "refuse"
    on_cap: str = "refuse"
    workers: int = 8
    resend_not_found: bool = False


class Run(NamedTuple):
    """What a run came to: the frame of `send_many`, how to go on, and the first row that the cap left, if it did."""

    result: pd.DataFrame
    status: str
    first_left: Row | None = None


class Standing(NamedTuple):
    """Where a batch stands before a plan is sent under its name."""

    states: Mapping[int, str] = {}  # of the plan's rows that it has dealt with, by their places
    changed: int = 0  # recipients who were sent something else
    spent: float = 0.0


def run_batch(
    plan: pd.DataFrame, options: Mapping[str, Any], settings: Settings, session: Session, watch: Watch
) -> Run:
    """Send what is left of a plan under the name of its batch; `watch` is told of the run while it goes on.

    It raises what `send_many` does, and an interrupt after it has said how to go on.
    """
    rows, name, cap = read_rows(plan, options), settings.batch, settings.max_cost
    with session.ledger.open_run(name):
        waiting = find_waiting(rows, session.ledger.read_batch(name), settings.resend_not_found)
        skipped = skip_doubtful(waiting, settings.doubtful)
        waiting = [row for row in waiting if row.place not in skipped]
        if cap is not None:
            skipped |= skip_unpriced(waiting, settings.unpriced, cap)
        kept = [row for row in rows if row.place not in skipped]
        by_id, states = _enter_rows(session, name, kept, settings.resend_not_found)
        # Only what was decided on above: a row that was being sent elsewhere then, and is planned again now, waits.
        decided = {row.place for row in waiting}
        due = {send_id: row for send_id, row in by_id.items() if states[send_id] == "planned" and row.place in decided}
        sends = session.ledger.read_sends(batch=name)
        left = None if cap is None else _find_left(cap, sends, by_id, due, settings.on_cap == "stop")
        messages = {
            send_id: Message(row.fields, row.digest, row.estimate or Estimate()) for send_id, row in due.items()
        }
        runner = Runner(session, name, messages, left=left, begun=_describe_begin(sends, states, session, cap))
        try:
            runner.run(settings.workers, watch)
        except KeyboardInterrupt:
            print(runner.status_message())  # noqa: T201 - said to the person who interrupted
            raise
        ids = {row.place: send_id for send_id, row in by_id.items()}
        result = plan_outcome_frame(plan, skipped, ids, session.ledger.read_sends(batch=name))
    if runner.state.error is not None:
        raise _build_error(runner.state.error, runner.status_message(), result)
    return Run(result, runner.status_message(), due[runner.state.queue[0]] if runner.state.is_capped else None)


def read_standing(plan: pd.DataFrame, batch: str, session: Session) -> Standing:
    """Read where a batch stands, seen from a plan that would be sent under its name; nothing is changed."""
    session.ledger.mark_abandoned_unknown()
    known = session.ledger.read_batch(batch)
    if not known:
        return Standing()
    rows, open_states = read_rows(plan, {}), open_states_of(resend_not_found=False)
    closed = {(row.recipient, row.digest): row for row in known if row.state not in open_states}
    found = {row.place: closed[key] for row in rows if (key := (row.fields["to"], row.digest)) in closed}
    estimates = {each.id: row.estimate or Estimate() for row in rows if (each := found.get(row.place))}
    return Standing(
        {place: each.state for place, each in found.items()},
        _count_changed(rows, closed.values(), {each.id for each in found.values()}),
        sum_spent(session.ledger.read_sends(batch=batch), estimates),
    )


def _count_changed(rows: Sequence[Row], closed: Any, found: set[str]) -> int:
    """Count the recipients of a plan who were sent what does not stand in it."""
    planned = {row.fields["to"] for row in rows}
    others: list[BatchRow] = [row for row in closed if row.id not in found]
    return len({row.recipient for row in others} & planned)


def _enter_rows(
    session: Session, batch: str, rows: Sequence[Row], resend: bool
) -> tuple[dict[str, Row], dict[str, str]]:
    """Enter rows into the ledger; give them, and their states, by the ids of their sends."""
    entries = [row.to_entry(session.ledger.new_id()) for row in rows]
    known = session.ledger.add_batch(batch, entries, resend_not_found=resend)
    by_id = {found.id: row for row, found in zip(rows, known, strict=True)}
    return by_id, {found.id: found.state for found in known}


def _describe_begin(
    sends: Sequence[Mapping[str, Any]], states: Mapping[str, str], session: Session, cap: float | None
) -> Progress:
    """Describe how far earlier runs have come; what rows cost that the plan no longer has counts for the cap."""
    cost = math.fsum(send["price"] for send in sends if send["price"] is not None)
    begun = count_done(states.values(), len(states))
    return begun._replace(cost=cost, currency=session.account.currency, cap=cap)


def _find_left(
    cap: float, sends: Sequence[Mapping[str, Any]], rows: Mapping[str, Row], due: Mapping[str, Row], may_stop: bool
) -> float:
    """Give what is left of a cap, or refuse one that the rows which are due could pass; rows stand by their sends."""
    return check_cap(
        cap,
        spent=sum_spent(sends, {send_id: row.estimate or Estimate() for send_id, row in rows.items()}),
        high=math.fsum(row.estimate.high for row in due.values() if row.estimate is not None),
        messages=len(due),
        currencies=len({row.currency for row in due.values()} - {None}),
        may_stop=may_stop,
    )


def _build_error(cause: NexmoError, status: str, result: pd.DataFrame) -> NexmoError:
    return type(cause)(
        f"{cause} {status}",
        status=cause.status,
        code=cause.code,
        retry_after=cause.retry_after,
        meaning=cause.meaning,
        parts=result,
    )
