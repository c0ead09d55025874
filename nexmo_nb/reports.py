"""Reports: what happened to messages and calls, and what it cost, as Nexmo's own records tell it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from nexmo_nb.errors import NexmoError, RejectedError, UnreachableError
from nexmo_nb.session import Ask, Session, no_answer

__all__ = ["report"]

PATIENCE = 900.0
"""Seconds for which a report is waited for; Nexmo takes about 5 to 10 minutes for a million records."""


def report(
    session: Session,
    *,
    start: float,
    end: float,
    filters: Mapping[str, str],
    product: str = "SMS",
    sleep: Callable[[float], None] | None = None,
) -> list[dict[str, str]]:
    """Have an asynchronous report made, wait for it, and read its records.

    Parameters
    ----------
    session : Session
        Whose records.
    start, end : float
        Unix seconds; from, and before.
    filters : mapping
        Further fields of the request, such as ``direction`` and ``client_ref``.
    product : str
        Which records, such as ``"SMS"``.
    sleep : callable, optional
        Waits between looks. Default: the session's own.

    Returns
    -------
    list of dict
        A record a row, all text, by the names of the report's columns.

    Raises
    ------
    RejectedError
        If Nexmo gave the report up.
    UnreachableError
        If it was not ready in fifteen minutes, or its file cannot be read.
    UnknownOutcomeError
        If the request for it got no answer: it may be made, and cost its records' price.

    Notes
    -----
    ``POST /v2/reports``, ``GET /v2/reports/{id}`` and ``GET /v3/media/{id}``,
    https://developer.vonage.com/en/api/reports. Records cost money.
    """
    body = {
        "product": product,
        "account_id": session.account.api_key,
        "date_start": _stamp(start),
        "date_end": _stamp(end),
        **filters,
    }
    what = f"make a report of {product}"
    ask = Ask(what, "POST", "/v2/reports", host="api", family="reports", body=body, refusal=_without_id)
    status = session.call(ask)
    status = _ready(session, status, what, sleep or session.pause)
    link = str(((status.get("_links") or {}).get("download_report") or {}).get("href") or "")
    file = link.rsplit("/", 1)[-1]
    if not file.replace("-", "").isalnum():
        raise UnreachableError(f"Could not {what}: the answer names no file. Try again.")
    read = Ask("read a report", "GET", f"/v3/media/{file}", host="api", family="reports", binary=True)
    return _records(session.call(read), what)


def _ready(session: Session, status: Mapping[str, Any], what: str, sleep: Callable[[float], None]) -> Mapping[str, Any]:
    """Look until the report is done."""
    path, waited, pause = f"/v2/reports/{status['request_id']}", 0.0, 0.25
    while status.get("request_status") in ("PENDING", "PROCESSING"):
        if waited > PATIENCE:
            raise UnreachableError(f"Could not {what}: it was not ready after {PATIENCE:.0f} s. Try again later.")
        sleep(pause)
        waited, pause = waited + pause, min(pause * 2, 5.0)
        look = Ask("look whether a report is ready", "GET", path, host="api", family="reports", refusal=_without_id)
        status = session.call(look)
    if status.get("request_status") not in ("SUCCESS", "TRUNCATED"):
        raise RejectedError(f"Could not {what}: Nexmo gave it up ({status.get('request_status')}). Try again.")
    return status


def _records(content: bytes, what: str) -> list[dict[str, str]]:
    """Read the CSV files of a ZIP."""
    rows: list[dict[str, str]] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                with archive.open(name) as file:
                    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
                    rows += [{k: v for k, v in row.items() if k} for row in csv.DictReader(text)]
    except (zipfile.BadZipFile, UnicodeDecodeError, csv.Error):
        raise UnreachableError(f"Could not {what}: its file cannot be read. Try again.") from None
    return rows


def _without_id(ask: Ask, body: Any) -> NexmoError | None:
    code = body.get("request_id") if isinstance(body, dict) else None
    if isinstance(code, str) and code.replace("-", "").isalnum():
        return None
    return no_answer(ask, "the answer names no report", status=200)


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+00:00")
