"""What a worker of Dask does of a batch: it connects by itself, once for each process, and sends a partition.

Nothing secret comes from the caller: a worker finds its credentials, and the password of the database, where `connect`
looks for them. It sends only if it has the caller's account and the very ledger in which the caller's run is under way.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb.campaigns.batch import Run, Settings, run_batch
from nexmo_nb.campaigns.hours import Left, read_hours
from nexmo_nb.campaigns.outcome import plan_outcome_frame
from nexmo_nb.campaigns.plan_sums import check_plan
from nexmo_nb.campaigns.rows import NO_PRICE, Row, find_sends, find_waiting, read_rows, show_label
from nexmo_nb.campaigns.runner import Runner
from nexmo_nb.campaigns.survey import Survey, survey_rows
from nexmo_nb.contacts.duplicates import write_cells
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.session import Session
from nexmo_nb.session.connect import connect
from nexmo_nb.state.limits import FAMILY_LIMITS

REFRESH = 1.0  # seconds between two reports of how far a partition is
CHUNK = 500  # sends that are read at once
_sessions: dict[tuple[Any, ...], Session] = {}
_running: dict[str, set[Runner]] = {}
_stopped: set[str] = set()
_lock = threading.Lock()


class Caller(NamedTuple):
    """The session that a plan is sent for, as its workers are told of it; nothing of it is secret."""

    where: str
    api_key: str
    rest_host: str
    api_host: str
    settings: Mapping[str, Any]  # further arguments of `connect`
    state: str  # the URL of its database without a password; empty for files
    state_dir: str
    machine: str


class PartResult(NamedTuple):
    """What sending a partition came to: how many rows are in each state, and where a cap ended it."""

    states: Mapping[str, int]
    first_left: str | None = None
    cap: str | None = None
    left: Left | None = None  # whose hours ended


def describe_caller(session: Session) -> Caller:
    """Describe a session for workers; this process itself uses it as it is."""
    account, throttle, folder = session.account, session.throttle, session.throttle.path.parent
    # What is given as an argument counts from the answer, so Nexmo's own limits are left out.
    own = {name: limit for name, limit in throttle.families.items() if limit != FAMILY_LIMITS.get(name)}
    settings = {
        "calls": throttle.limit.calls,
        "period": throttle.limit.seconds,
        "limits": {name: (limit.calls, limit.seconds) for name, limit in own.items()},
        "timeout": session.timeout,
        "currency": account.currency,
        "sms_api": account.sms_api,
        "signature_method": account.signature_method,
    }
    hosts = (account.rest_host, account.api_host)
    state = "" if session.store is None else session.store.url
    caller = Caller(session.where, account.api_key, *hosts, settings, state, str(folder.parent), socket.gethostname())
    with _lock:
        _sessions[_make_key(caller)] = session
    return caller


def open_session(caller: Caller) -> Session:
    """Connect to the caller's account, or give the session that this process has of it."""
    key = _make_key(caller)
    with _lock:
        if key not in _sessions:
            _sessions[key] = _connect(caller)
        session = _sessions[key]
    account = session.account
    for name in ("api_key", "rest_host", "api_host"):
        if getattr(account, name) != getattr(caller, name):
            raise InvalidRequestError(
                f"plan: a worker of Dask on {socket.gethostname()} is connected with {name}={getattr(account, name)}; "
                f"allowed: {getattr(caller, name)}, as of the session that sends. Nothing was sent by it. Set the same "
                "credentials in the environment of every worker."
            )
    return session


def check_ledger(caller: Caller, session: Session, run: str) -> None:
    """Refuse a ledger that is another one than the caller's: it would not know what the others send."""
    is_elsewhere = not caller.state and socket.gethostname() != caller.machine
    if not is_elsewhere and session.ledger.has_run(run):
        return
    raise InvalidRequestError(
        f"plan: a worker of Dask on {socket.gethostname()} keeps its state in "
        f"{'files' if session.store is None else session.store}, and the session that sends, on {caller.machine}, in "
        f"{caller.state or 'files'}; allowed: one state for all, or they would send the same message twice and pass "
        "the limit together. Nothing was sent by it. Name one PostgreSQL for all: "
        "connect(state='postgresql://user@host/database'), or NEXMO_NB_STATE in the environment of every worker; or "
        "start the workers on this machine, with one NEXMO_NB_STATE_DIR."
    )


def survey_part(part: pd.DataFrame, caller: Caller, run: str, settings: Settings, options: Mapping[str, Any]) -> Survey:
    """Survey what is left to send of a partition, and refuse what cannot be sent; nothing is changed."""
    session = open_session(caller)
    check_ledger(caller, session, run)
    check_plan(part)
    rows = read_rows(part, options, with_suppressed=settings.even_if_suppressed is not None)
    waiting = find_waiting(rows, session.ledger.read_batch(settings.batch), settings.resend_not_found)
    hours = read_hours(session, settings.batch, settings.when)
    hours.refuse_moment(waiting)
    hours.skip_closed(waiting, settings.doubtful)
    return survey_rows(len(rows), waiting, skip_doubtful=settings.doubtful == "skip")


def send_part(
    part: pd.DataFrame, caller: Caller, run: str, settings: Settings, options: Mapping[str, Any]
) -> PartResult:
    """Send what is left of a partition; after a worker died, another one does it again, and the ledger knows."""
    session = open_session(caller)
    check_ledger(caller, session, run)
    if run in _stopped:
        return PartResult({})
    found: Run = run_batch(part, options, settings, session, lambda runner: _watch(runner, run))
    first = None if found.first_left is None else show_label(found.first_left.label)
    states = {str(state): int(count) for state, count in found.result["state"].value_counts().items()}
    return PartResult(states, first, None if found.cap is None else found.cap.show(), found.left)


def read_part(part: pd.DataFrame, caller: Caller, settings: Settings, witness: str | None) -> pd.DataFrame:
    """Read what the ledger knows of a partition, as the frame of `send_many`; `witness` is a row of its batch."""
    session = open_session(caller)
    known = session.ledger.read_batch(settings.batch)
    if witness is not None and all(row.id != witness for row in known):
        check_ledger(caller, session, witness)
    rows = read_rows(part, {}, with_suppressed=settings.even_if_suppressed is not None)
    sends = find_sends(rows, known)
    ids = {row.place: send_id for send_id, row in sends.items()}
    others = [row for row in rows if row.place not in ids]
    listed = list(sends)
    chunks = (listed[n : n + CHUNK] for n in range(0, len(listed), CHUNK))
    read = [send for chunk in chunks for send in session.ledger.read_sends(ids=chunk)]
    skipped = {row.place: _find_reason(row, settings) for row in others}
    found = plan_outcome_frame(part, skipped, ids, read)
    left = [row.place for row in others if not skipped[row.place]]
    write_cells(found, "state", left, ["planned"] * len(left))
    write_cells(found, "error", left, [pd.NA] * len(left))
    return found


def empty_outcome(plan: pd.DataFrame) -> pd.DataFrame:
    """Give the columns of `read_part`, by a plan without rows."""
    return plan_outcome_frame(plan, {}, {}, [])


async def stop_run(run: str, *, hurry: bool = False) -> None:
    """End what this process sends for a run, and wait until that is recorded."""
    _stopped.add(run)
    while running := list(_running.get(run, ())):
        for runner in running:
            runner.stop(hurry=hurry)
        await asyncio.sleep(0.05)


def _find_reason(row: Row, settings: Settings) -> str:
    """Find why a row was left out; empty where it was not, and is still planned."""
    if row.warning is not None and settings.doubtful == "skip":
        return row.warning
    return NO_PRICE if row.estimate is None and settings.unpriced == "skip" else ""


@contextmanager
def _watch(runner: Runner, run: str) -> Iterator[Callable[[], None]]:
    """Let a run be stopped, and tell the caller now and then how far it is."""
    from distributed import get_worker

    worker, told = get_worker(), 0.0
    name = f"{worker.address} {id(runner)}"
    before = runner.read_progress()

    def refresh() -> None:
        nonlocal told
        if run in _stopped:
            runner.stop()
        if time.monotonic() - told >= REFRESH:
            told, now = time.monotonic(), runner.read_progress()
            counts = (now.accepted - before.accepted, now.refused - before.refused, now.unknown - before.unknown)
            worker.log_event(run, (name, counts, now.cost - before.cost))

    runners = _running.setdefault(run, set())
    runners.add(runner)
    try:
        yield refresh
    finally:
        told = 0.0
        refresh()
        runners.discard(runner)


def _make_key(caller: Caller) -> tuple[Any, ...]:
    # A fork has the sessions of its parent, and may not use them.
    return os.getpid(), caller.where, caller.api_key, caller.rest_host, caller.state, caller.state_dir


def _connect(caller: Caller) -> Session:
    """Connect as the caller did; what the worker's environment says of the state comes first."""
    if caller.where == "sandbox":
        raise InvalidRequestError(
            "plan: got a session of the embedded sandbox, which is of one process, and workers in others; allowed: a "
            "sandbox that all reach. Nothing was sent. Run `nexmo-nb sandbox`, and connect to its URL."
        )
    is_here = socket.gethostname() == caller.machine and Path(caller.state_dir).is_dir()
    folder = os.environ.get("NEXMO_NB_STATE_DIR") or (caller.state_dir if is_here else None)
    state = os.environ.get("NEXMO_NB_STATE") or caller.state or None
    try:
        return connect(caller.where, state=state, state_dir=folder, **caller.settings)
    except InvalidRequestError as problem:
        raise InvalidRequestError(
            f"plan: a worker of Dask on {socket.gethostname()} cannot connect, and sent nothing. It needs credentials "
            f"in its own environment, as this session has, and the password of the database, if there is one: {problem}"
        ) from None
