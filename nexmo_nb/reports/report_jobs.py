"""Reports that Nexmo makes on request: each is requested once, waited for, downloaded, and forgotten when read."""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from nexmo_nb.errors import NexmoError, NotFoundError, RejectedError, UnreachableError
from nexmo_nb.reports.request import Fields, build_download_request, build_report_request, build_status_request
from nexmo_nb.reports.response import parse_file_id, warn_if_truncated
from nexmo_nb.session import Session, one_line

LONGEST_WAIT = 3600.0
"""Seconds for which a report is waited for; Nexmo takes about 5 to 10 minutes for a million records."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 10.0


def request_report(session: Session, fields: Fields, what: str, *, refresh: bool = False) -> str:
    """Request a report and note its id, or find the id of the same report that was requested and not read yet.

    With `refresh` it is requested in any case. Without an answer (`UnknownOutcomeError`) it may be made, and cost its
    records' price. `fields` are the body of the request, `what` says in words what is done, for messages.
    """
    digest = _hash_request(session, fields)
    report_id = None if refresh else session.report_requests.find(digest)
    if report_id is None:
        report_id = str(session.call(build_report_request(fields, what))["request_id"])
        session.report_requests.record(digest, report_id)
    return report_id


def is_requested(session: Session, fields: Fields) -> bool:
    """Tell whether a report was requested, by this or an earlier kernel, and not read yet."""
    return session.report_requests.find(_hash_request(session, fields)) is not None


def wait_until_ready(session: Session, fields: Fields, what: str, report_id: str) -> Mapping[str, Any]:
    """Wait until a report is made, and return its status; a report that Nexmo no longer has is requested again.

    One that Nexmo gave up is a `RejectedError`. One that is not ready in an hour is an `UnreachableError`; the next
    call goes on waiting for the same one.
    """
    try:
        status: Mapping[str, Any] = session.call(build_status_request(report_id))
    except NotFoundError:
        report_id = request_report(session, fields, what, refresh=True)
        status = session.call(build_status_request(report_id))
    waited, pause = 0.0, FIRST_PAUSE
    while status.get("request_status") in ("PENDING", "PROCESSING"):
        if waited > LONGEST_WAIT:
            raise UnreachableError(
                f"Could not {what}: it was not ready after {LONGEST_WAIT:.0f} s. It is not lost: the same call, up to "
                "three days from now, fetches it without a second charge."
            )
        session.pause(pause)
        waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE)
        status = session.call(build_status_request(report_id))
    state = status.get("request_status")
    if state in ("FAILED", "ABORTED"):
        forget_requested(session, [fields])
        raise RejectedError(f"Could not {what}: Nexmo gave it up ({state}). Try again.")
    if state not in ("SUCCESS", "TRUNCATED"):
        raise UnreachableError(f"Could not {what}: its status cannot be understood ({one_line(state, 60)}). Try again.")
    warn_if_truncated(status, what)
    return status


@contextmanager
def download_report(session: Session, status: Mapping[str, Any], what: str) -> Iterator[Iterator[IO[bytes]]]:
    """Download a finished report and yield its CSV files, one after the other; on exit the download is removed.

    What the block cannot read in them, a ValueError or `csv.Error`, becomes an `UnreachableError`.
    """
    file_id = parse_file_id(status, what)
    # In the account's state folder, which only its owner can read.
    with TemporaryDirectory(prefix="report-", dir=session.throttle.path.parent) as folder:
        path = Path(folder) / "report.zip"
        session.call(build_download_request(file_id, path))
        try:
            with zipfile.ZipFile(path) as archive, closing(_open_members(archive)) as files:
                yield files
        except NexmoError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, csv.Error, ValueError):
            raise UnreachableError(f"Could not {what}: its file cannot be read. Try again.") from None


def forget_requested(session: Session, requests: Iterable[Fields]) -> None:
    """Forget reports that were read or failed, given the bodies of their requests."""
    session.report_requests.delete([_hash_request(session, fields) for fields in requests])


def _hash_request(session: Session, fields: Fields) -> str:
    return hashlib.sha256(json.dumps([session.account.rest_host, fields], sort_keys=True).encode()).hexdigest()


def _open_members(archive: zipfile.ZipFile) -> Generator[IO[bytes], None, None]:
    members = archive.infolist()
    allowed = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if not members or any(each.compress_type not in allowed or each.flag_bits & 1 for each in members):
        raise zipfile.BadZipFile("empty, encrypted, or compressed in another way")
    for member in members:
        with archive.open(member) as file:
            yield file
