"""The files of finished reports: downloaded, unpacked and removed again."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from nexmo_nb.errors import NexmoError, UnreachableError
from nexmo_nb.reports.request import build_download_request
from nexmo_nb.reports.response import parse_file_id
from nexmo_nb.session import Session


@contextmanager
def download_report(session: Session, status: Mapping[str, Any], what: str) -> Iterator[Iterator[IO[bytes]]]:
    """Download a finished report and yield its CSV files, one after the other; on exit the download is removed.

    Parameters
    ----------
    session : Session
        Whose report.
    status : mapping
        As returned by `wait_until_ready`.
    what : str
        What is done, in words, for messages.

    Raises
    ------
    UnreachableError
        If the report cannot be downloaded, or what it holds cannot be read.
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


def _open_members(archive: zipfile.ZipFile) -> Generator[IO[bytes], None, None]:
    members = archive.infolist()
    allowed = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if not members or any(each.compress_type not in allowed or each.flag_bits & 1 for each in members):
        raise zipfile.BadZipFile("empty, encrypted, or compressed in another way")
    for member in members:
        with archive.open(member) as file:
            yield file
