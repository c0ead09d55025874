"""Reports that Nexmo makes on request: each is requested once, waited for, and forgotten when it was read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from nexmo_nb.errors import NotFoundError, RejectedError, UnreachableError
from nexmo_nb.reports.request import build_report_request, build_status_request
from nexmo_nb.reports.response import warn_if_truncated
from nexmo_nb.session import Session, one_line

LONGEST_WAIT = 3600.0
"""Seconds for which a report is waited for; Nexmo takes about 5 to 10 minutes for a million records."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 10.0


def request_report(session: Session, fields: Mapping[str, str | bool], what: str, *, refresh: bool = False) -> str:
    """Request a report and note its id, or find the id of the same report that was requested and not read yet.

    Parameters
    ----------
    session : Session
        Whose records.
    fields : mapping
        The body of the request.
    what : str
        What is done, in words, for messages.
    refresh : bool
        True: request it in any case.

    Raises
    ------
    UnknownOutcomeError
        If there was no answer: the report may be made, and cost its records' price.
    """
    digest = _hash_request(session, fields)
    report_id = None if refresh else session.report_requests.find(digest)
    if report_id is None:
        report_id = str(session.call(build_report_request(fields, what))["request_id"])
        session.report_requests.record(digest, report_id)
    return report_id


def wait_until_ready(
    session: Session, fields: Mapping[str, str | bool], what: str, report_id: str
) -> Mapping[str, Any]:
    """Wait until a report is made, and return its status; a report that Nexmo no longer has is requested again.

    Raises
    ------
    RejectedError
        If Nexmo gave the report up.
    UnreachableError
        If it was not ready in an hour; the next call goes on waiting for the same one.
    """
    try:
        status = _read_status(session, report_id)
    except NotFoundError:
        report_id = request_report(session, fields, what, refresh=True)
        status = _read_status(session, report_id)
    waited, pause = 0.0, FIRST_PAUSE
    while status.get("request_status") in ("PENDING", "PROCESSING"):
        if waited > LONGEST_WAIT:
            raise UnreachableError(
                f"Could not {what}: it was not ready after {LONGEST_WAIT:.0f} s. It is not lost: the same call, up to "
                "three days from now, fetches it without a second charge."
            )
        session.pause(pause)
        waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE)
        status = _read_status(session, report_id)
    state = status.get("request_status")
    if state in ("FAILED", "ABORTED"):
        forget_requested(session, [fields])
        raise RejectedError(f"Could not {what}: Nexmo gave it up ({state}). Try again.")
    if state not in ("SUCCESS", "TRUNCATED"):
        raise UnreachableError(f"Could not {what}: its status cannot be understood ({one_line(state, 60)}). Try again.")
    warn_if_truncated(status, what)
    return status


def forget_requested(session: Session, requests: Iterable[Mapping[str, str | bool]]) -> None:
    """Forget reports that were read or failed, given the bodies of their requests."""
    session.report_requests.delete([_hash_request(session, fields) for fields in requests])


def _read_status(session: Session, report_id: str) -> Mapping[str, Any]:
    status: Mapping[str, Any] = session.call(build_status_request(report_id))
    return status


def _hash_request(session: Session, fields: Mapping[str, str | bool]) -> str:
    return hashlib.sha256(json.dumps([session.account.rest_host, fields], sort_keys=True).encode()).hexdigest()
