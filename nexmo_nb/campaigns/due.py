"""Sending what is due of the batches that wait in the ledger, without their plans, by a job that runs now and then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.batch import Settings, choose_rows, make_runner, run_or_say
from nexmo_nb.campaigns.caps import describe_room
from nexmo_nb.campaigns.decisions import MOST_WORKERS, Estimate
from nexmo_nb.campaigns.hours import Hours
from nexmo_nb.campaigns.progress_bar import hide_progress
from nexmo_nb.campaigns.rows import Row, build_digest
from nexmo_nb.campaigns.runner import Runner
from nexmo_nb.campaigns.schedule import parse_schedule
from nexmo_nb.errors import InvalidRequestError, NexmoError
from nexmo_nb.frames import TIME, Column, frame
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.sms.request import build_fields

COLUMNS = (
    Column("batch"), Column("accepted", "int64"), Column("refused", "int64"), Column("unknown", "int64"),
    Column("left", "int64"), Column("next", TIME), Column("cost", "float64"), Column("currency"), Column("error"),
)  # fmt: skip
_ENCODINGS = {"text": None, "unicode": "ucs2"}  # of a type, as a plan names it


def run_due(*, workers: int | None = None, session: Session | None = None) -> pd.DataFrame:
    """Send what is due now of all batches that `send_many` kept with ``wait=False``, and return.

    For a job that runs every few minutes, on one machine or on several: they share what is due, and nobody gets a
    message twice.

    Parameters
    ----------
    workers : int, optional
        As for `send_many`.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a batch in which something waits, also where nothing is due yet: ``batch, accepted, refused, unknown``
        (int, of this run), ``left`` (int, what waits), ``next`` (time in UTC at which more may leave; missing where it
        is too late for all of it), ``cost`` (float, of this run, in ``currency``), ``error`` (why it stopped).

    Raises
    ------
    InvalidRequestError, UnreachableError
        If an argument is wrong; if the ledger cannot be read. What stops one batch stands in its row, and the others go
        on.
    KeyboardInterrupt
        As in `send_many`.

    Notes
    -----
    Each batch is sent as it was kept: with its hours, its `max_cost`, which stops it, and its options; and under the
    account's budget. Nothing waits for hours that are still to come. Uses ``POST /sms/json``,
    https://developer.vonage.com/en/api/sms.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+351 912 345 678"], "Hello", sender="Demo")
    >>> tomorrow = session.clock() + 86_400
    >>> from datetime import datetime, timezone
    >>> at = datetime.fromtimestamp(tomorrow, timezone.utc)
    >>> nx.send_many(plan, batch="hello", at=at, wait=False).state.tolist()
    ['planned']
    >>> nx.run_due()[["batch", "accepted", "left"]].values.tolist()
    [['hello', 0, 1]]
    >>> clock = session.sandbox.clock.move("25h")
    >>> nx.run_due()[["batch", "accepted", "left"]].values.tolist()
    [['hello', 1, 0]]
    """
    session = session_or_current(session)
    workers = None if workers is None else validation.check_int("workers", workers, 1, MOST_WORKERS)
    session.ledger.mark_abandoned_unknown()
    kept = session.ledger.schedules.list_scheduled()
    return frame([_run_batch(session, batch, json.loads(given), workers) for batch, given in kept], COLUMNS)


def _run_batch(session: Session, batch: str, given: Mapping[str, Any], workers: int | None) -> dict[str, Any]:
    """Send what is due of a batch, as it was given, and describe the run."""
    facts: dict[str, Any] = {"batch": batch, "accepted": 0, "refused": 0, "unknown": 0, "cost": 0.0, "error": None}
    settings = Settings(
        batch,
        "send",
        given["max_cost"],
        "skip",
        "stop",
        workers,
        api=given["api"],
        even_if_suppressed=given["even_if_suppressed"],
    )
    try:
        with session.ledger.open_run(batch):
            rows, hours = _read_waiting(session, batch, given["options"])
            runner, unpriced = _make_runner(session, settings, rows, hours)
            run_or_say(runner, settings, hide_progress)
        facts |= _count(runner, unpriced)
    except NexmoError as problem:
        facts["error"] = str(problem)
    return {**facts, **_describe_left(session, batch, given["options"]), "currency": session.account.currency}


def _make_runner(
    session: Session, settings: Settings, rows: Mapping[str, Row], hours: Hours
) -> tuple[Runner, Mapping[int, str]]:
    """Make what sends those of the rows that may leave now, and give the reasons of those that a cap leaves out."""
    is_open = [row for row in rows.values() if (found := hours.find_opening(row)) and found.has(hours.now)]
    chosen, skipped = choose_rows(session, is_open, settings, hours)
    places = {row.place for row in chosen}
    due = {send_id: row for send_id, row in rows.items() if row.place in places}
    states = dict.fromkeys(due, "planned")
    return make_runner(session, settings, due, by_id=rows, states=states, hours=hours), skipped


def _read_waiting(session: Session, batch: str, options: Mapping[str, Any]) -> tuple[dict[str, Row], Hours]:
    """Read what waits in a batch, as rows of a plan by the ids of their sends, and its hours.

    The hours are read last: rows whose hours are changed get other ids, so none leaves by those of before.
    """
    found = session.ledger.schedules.read_due(batch)
    schedule = session.ledger.schedules.read(batch)
    rows = {send["id"]: _build_row(place, send, options) for place, send in enumerate(found)}
    if schedule is None:  # it was discarded meanwhile
        return {}, Hours(None, session.clock())
    return rows, Hours(parse_schedule(schedule), session.clock(), schedule)


def _build_row(place: int, send: Mapping[str, Any], options: Mapping[str, Any]) -> Row:
    """Build the row of a plan that a send was entered from; its digest tells in which encoding the text goes."""
    to, sender, text = (send[name] for name in ("recipient", "sender", "body"))
    for kind, encoding in _ENCODINGS.items():
        if build_digest(to, sender, text, encoding) == send["digest"]:
            fields = build_fields(to, sender, kind, text=text, **options)
            estimate = None if send["estimate"] is None else Estimate(0.0, send["estimate"])
            return Row(place, to, fields, send["digest"], estimate, None, None, None, send["zone"] or None)
    raise InvalidRequestError(
        f"batch: got a row to {to} that was written in another way than this version of nexmo_nb sends it; allowed: "
        "rows that it knows. Nothing was sent. Run send_many() with the plan."
    )


def _count(runner: Runner, unpriced: Mapping[int, str]) -> dict[str, Any]:
    state, error = runner.state, None
    if state.error is not None:
        error = str(state.error)
    elif state.is_capped and state.kept_by is not None:
        error = f"stopped before {describe_room(state.kept_by).show()} was passed"
    elif unpriced:
        error = f"{len(unpriced)} rows are left out: {next(iter(unpriced.values()))}"
    counts = {"accepted": state.sent, "refused": state.refused, "unknown": state.unknown}
    return {**counts, "cost": state.cost, "error": error}


def _describe_left(session: Session, batch: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Tell how much of a batch waits, and when more of it may leave."""
    with suppress(NexmoError):  # which the row tells of already
        rows, hours = _read_waiting(session, batch, options)
        left = hours.find_left(list(rows.values()), hours.now)
        return {"left": len(rows), "next": None if left is None else left.next_begin}
    return {"left": 0, "next": None}
