"""The Reports API: records at once in pages, or a report that is ordered, waited for and fetched as a file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from nexmo_nb.errors import NexmoError, NotFoundError, RejectedError, UnreachableError
from nexmo_nb.session import Request, Session, one_line, page_fingerprint, unanswered_error

__all__ = ["body_of", "done", "fetched", "order", "pages", "ready", "report", "stamp"]

PATIENCE = 3600.0
"""Seconds for which a report is waited for; Nexmo takes about 5 to 10 minutes for a million records."""
FAMILY = "reports"
_CODE = re.compile("[0-9A-Za-z-]{1,64}")


def body_of(
    session: Session, product: str, start: float, end: float, filters: Mapping[str, str | bool]
) -> dict[str, Any]:
    """Make the request of a span: from `start`, and before `end`, Unix seconds."""
    account = {"product": product, "account_id": session.account.api_key}
    return {**account, "date_start": stamp(start), "date_end": stamp(end), **filters}


def pages(session: Session, query: Mapping[str, Any], what: str) -> Iterator[list[dict[str, Any]]]:
    """Read records at once, up to a thousand a page.

    Raises
    ------
    UnreachableError
        If an answer holds no records, or the server repeats a page.
    """
    seen: set[str] = set()
    more: dict[str, str] = {}
    while True:
        asked = {name: _word(value) for name, value in {**query, **more}.items()}
        body = session.call(Request(what, "GET", "/v2/reports/records", host="api", family=FAMILY, params=asked))
        rows = body.get("records") if isinstance(body, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UnreachableError(f"Could not {what}: the answer holds no records. Try again.")
        _warn_truncated(body, what)
        mark = page_fingerprint(rows)
        if mark in seen:
            raise UnreachableError(f"Could not {what}: the server repeats a page. Try again.")
        seen.add(mark)
        yield rows
        more = {name: body[name] for name in ("cursor", "iv") if body.get(name)}
        if not more:
            return
        if len(more) < 2 or not all(isinstance(value, str) for value in more.values()):
            raise UnreachableError(f"Could not {what}: the answer does not say where its next page is. Try again.")


def order(session: Session, body: Mapping[str, Any], what: str, *, anew: bool = False) -> str:
    """Order a report, or find the one that was ordered and not read yet; its id is noted before anything else.

    Raises
    ------
    UnknownOutcomeError
        If there was no answer: it may be made, and cost its records' price.
    """
    code = None if anew else session.report_requests.find(_digest(session, body))
    if code is None:
        ask = Request(what, "POST", "/v2/reports", host="api", family=FAMILY, json=body, find_refusal=_without_id)
        code = str(session.call(ask)["request_id"])
        session.report_requests.record(_digest(session, body), code)
    return code


def ready(
    session: Session,
    body: Mapping[str, Any],
    what: str,
    *,
    anew: bool = False,
    sleep: Callable[[float], None] | None = None,
) -> Mapping[str, Any]:
    """Order a report if need be, and wait until it is made.

    Raises
    ------
    RejectedError
        If Nexmo gave the report up.
    UnreachableError
        If it was not ready in an hour; the next call goes on waiting for the same one.
    """
    code = order(session, body, what, anew=anew)
    try:
        status = _look(session, code)
    except NotFoundError:
        code = order(session, body, what, anew=True)
        status = _look(session, code)
    waited, pause = 0.0, 0.25
    while status.get("request_status") in ("PENDING", "PROCESSING"):
        if waited > PATIENCE:
            raise UnreachableError(
                f"Could not {what}: it was not ready after {PATIENCE:.0f} s. It is not lost: the same call, up to "
                "three days from now, fetches it without a second charge."
            )
        (sleep or session.pause)(pause)
        waited, pause = waited + pause, min(pause * 2, 10.0)
        status = _look(session, code)
    said = status.get("request_status")
    if said in ("FAILED", "ABORTED"):
        session.report_requests.delete([_digest(session, body)])
        raise RejectedError(f"Could not {what}: Nexmo gave it up ({said}). Try again.")
    if said not in ("SUCCESS", "TRUNCATED"):
        raise UnreachableError(f"Could not {what}: its status cannot be understood ({one_line(said, 60)}). Try again.")
    _warn_truncated(status, what)
    return status


@contextmanager
def fetched(session: Session, status: Mapping[str, Any], what: str) -> Iterator[Iterator[IO[bytes]]]:
    """Download a finished report, and give its CSV files one after the other; the download is removed afterwards."""
    link: Any = status
    for name in ("_links", "download_report", "href"):
        link = link.get(name) if isinstance(link, dict) else None
    file = str(link or "").rsplit("/", 1)[-1]
    if not _CODE.fullmatch(file):
        raise UnreachableError(f"Could not {what}: the answer names no file. Try again.")
    # Beside the account's other files, which only their owner may read.
    with TemporaryDirectory(prefix="report-", dir=session.throttle.path.parent) as folder:
        into = Path(folder) / "report.zip"
        session.call(Request("read a report", "GET", f"/v3/media/{file}", host="api", family=FAMILY, download_to=into))
        try:
            with zipfile.ZipFile(into) as archive, closing(_opened(archive)) as files:
                yield files
        except NexmoError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, csv.Error, ValueError):
            raise UnreachableError(f"Could not {what}: its file cannot be read. Try again.") from None


def _opened(archive: zipfile.ZipFile) -> Generator[IO[bytes], None, None]:
    for member in _members(archive):
        with archive.open(member) as file:
            yield file


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """List the files of an archive, all of them packed in the one usual way and with no password."""
    found = archive.infolist()
    usual = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if not found or any(each.compress_type not in usual or each.flag_bits & 1 for each in found):
        raise zipfile.BadZipFile("packed in an unusual way")
    return found


def done(session: Session, bodies: Sequence[Mapping[str, Any]]) -> None:
    """Forget reports that were read whole."""
    session.report_requests.delete([_digest(session, body) for body in bodies])


def report(
    session: Session,
    *,
    start: float,
    end: float,
    filters: Mapping[str, str | bool],
    product: str = "SMS",
    sleep: Callable[[float], None] | None = None,
) -> list[dict[str, str]]:
    """Have a report made, wait for it, and read its records.

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
        If it was not ready in an hour, or its file cannot be read.
    UnknownOutcomeError
        If the request for it got no answer: it may be made, and cost its records' price.

    Notes
    -----
    ``POST /v2/reports``, ``GET /v2/reports/{id}`` and ``GET /v3/media/{id}``,
    https://developer.vonage.com/en/api/reports. Records cost money.
    """
    what = f"make a report of {product}"
    body = body_of(session, product, start, end, filters)
    rows: list[dict[str, str]] = []
    with fetched(session, ready(session, body, what, sleep=sleep), what) as files:
        for file in files:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            rows += [{k: v for k, v in row.items() if k} for row in csv.DictReader(text)]
    done(session, [body])
    return rows


def stamp(seconds: float) -> str:
    """Write a time as the API wants it."""
    whole = float(seconds).is_integer()
    return datetime.fromtimestamp(seconds, tz=timezone.utc).isoformat(timespec="seconds" if whole else "milliseconds")


def _look(session: Session, code: str) -> Mapping[str, Any]:
    what, path = "look whether a report is ready", f"/v2/reports/{code}"
    found: Mapping[str, Any] = session.call(
        Request(what, "GET", path, host="api", family=FAMILY, find_refusal=_without_id)
    )
    return found


def _warn_truncated(body: Mapping[str, Any], what: str) -> None:
    if body.get("request_status") == "TRUNCATED":
        warnings.warn(f"Nexmo left records out ({what}): ask for a shorter time to have them all.", stacklevel=4)


def _without_id(ask: Request, body: Any) -> NexmoError | None:
    code = body.get("request_id") if isinstance(body, dict) else None
    if isinstance(code, str) and _CODE.fullmatch(code):
        return None
    return unanswered_error(ask, "the answer names no report", status=200)


def _digest(session: Session, body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([session.account.rest_host, body], sort_keys=True).encode()).hexdigest()


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
