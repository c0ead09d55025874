"""Records that were paid for are kept, so that nothing is bought twice: a Parquet file for each span that was read.

The files stand in ``records`` of the account's state folder, which only its owner can read. A file's name says what it
holds, and it exists only when it is complete: the folder is the index.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from nexmo_nb.errors import UnreachableError
from nexmo_nb.reports.columns import get_columns
from nexmo_nb.reports.parquet import count_rows, read_parquet, write_parquet
from nexmo_nb.reports.request import DAY, RecordsQuery
from nexmo_nb.session import Session
from nexmo_nb.state.database import StateError
from nexmo_nb.state.files import lock_file, make_private_folder

SETTLED_AFTER = 4 * DAY
"""Seconds after which a record does not change any more: a receipt that has not come is made after 72 hours."""
LONGEST_WAIT, PAUSE = 3600.0, 0.25
_NAME = re.compile(r"(?P<kind>[A-Z0-9-]+_[a-z]+_[0-9a-f]{16})_(?P<texts>[tn])_(?P<start>\d+)_(?P<end>\d+)\.parquet")
_PEOPLE = (
    "sender", "to", "text", "client_ref", "account_ref", "number", "forced_from", "changed_from", "first_name",
    "last_name",
)  # fmt: skip


class Kept(NamedTuple):
    """A file: the span of its records in Unix seconds, and whether it has texts."""

    path: Path
    start: float
    end: float
    has_texts: bool
    rows: int = 0
    changed: int = 0

    @property
    def density(self) -> float:
        """Records a second."""
        return self.rows / (self.end - self.start)


class Piece(NamedTuple):
    """A part of a span; `kept` is the file that has it, or None where it is to be bought."""

    start: float
    end: float
    kept: Kept | None = None


def list_kept(session: Session, query: RecordsQuery) -> list[Kept]:
    """List the files of a kind of records, with texts or without, the newest first."""
    kind, found = _name_kind(query), []
    for path, name in _list_files(_get_folder(session)):
        if name["kind"] == kind:
            start, end = (int(name[each]) / 1000 for each in ("start", "end"))
            try:
                found.append(Kept(path, start, end, name["texts"] == "t", count_rows(path), path.stat().st_mtime_ns))
            except (OSError, ValueError):  # of pyarrow, too
                warnings.warn(f"The kept records {path} cannot be read, and are bought again.", stacklevel=5)
    return sorted(found, key=lambda each: -each.changed)


def split_by_kept(query: RecordsQuery, kept: Iterable[Kept]) -> list[Piece]:
    """Split a query's span into pieces that are kept and pieces that are to be bought, in order."""
    usable = [each for each in kept if each.has_texts or not query.filters.get("include_message")]
    can_be_cut = _find_time(query) is not None
    if not can_be_cut:
        usable = [each for each in usable if query.start <= each.start and each.end <= query.end]
    pieces: list[Piece] = []
    start = query.start
    while start < query.end:
        here = next((each for each in usable if each.start <= start < each.end), None)
        if here is not None and (here.start == start or can_be_cut):
            newer = [each.start for each in usable[: usable.index(here)] if start < each.start < here.end]
            piece = Piece(start, min([here.end, query.end, *(newer if can_be_cut else ())]), here)
        else:
            later = [each.start for each in usable if start < each.start < query.end]
            piece = Piece(start, min([*later, query.end]))
        pieces.append(piece)
        start = piece.end
    return pieces


def split_at(piece: Piece, time: float) -> list[Piece]:
    """Split a piece that is to be bought, if the time is within it."""
    cut = min(max(time, piece.start), piece.end)
    return [each for each in (Piece(piece.start, cut), Piece(cut, piece.end)) if each.start < each.end]


def read_piece(query: RecordsQuery, piece: Piece, empty: pd.DataFrame) -> pd.DataFrame:
    """Read the records of a kept piece; without texts where the query is without."""
    assert piece.kept is not None
    try:
        records = read_parquet(piece.kept.path)
    except (OSError, ValueError) as problem:
        raise UnreachableError(
            f"The kept records {piece.kept.path} cannot be read ({problem}). Delete the file, or buy them again with "
            "refresh=True."
        ) from None
    records = records.astype({name: dtype for name, dtype in empty.dtypes.items() if name in records})
    if (piece.start, piece.end) != (piece.kept.start, piece.kept.end):
        times = records[_find_time(query)]
        begin, stop = (pd.Timestamp(at, unit="s", tz="UTC") for at in (piece.start, piece.end))
        records = records[(times >= begin) & (times < stop)].reset_index(drop=True)
    if "text" in records and not query.filters.get("include_message"):
        records = records.assign(text=empty["text"].reindex(records.index))
    return records


def find_settled(now: float) -> float:
    """Find the midnight up to which records do not change any more."""
    return (now - SETTLED_AFTER) // DAY * DAY


def keep(session: Session, query: RecordsQuery, start: float, end: float, records: pd.DataFrame) -> bool:
    """Keep the records of a span, if they do not change any more; tell whether they are kept.

    What was kept of the span before is replaced. Trouble costs a warning, not the records that were paid for.
    """
    if end > find_settled(session.ledger.clock()):
        return False
    texts = "t" if query.filters.get("include_message") else "n"
    folder = _get_folder(session)
    path = folder / f"{_name_kind(query)}_{texts}_{round(start * 1000)}_{round(end * 1000)}.parquet"
    try:
        make_private_folder(folder)
        write_parquet(path, [records], records)
        for old in list_kept(session, query):
            if old.path != path and start <= old.start and old.end <= end and (texts == "t" or not old.has_texts):
                old.path.unlink(missing_ok=True)
    except Exception as problem:
        warnings.warn(
            f"The records that were read could not be kept in {folder} ({problem}): reading them again costs again.",
            stacklevel=4,
        )
        return False
    return True


@contextmanager
def only_buyer(session: Session, query: RecordsQuery) -> Iterator[None]:
    """Be the only one who buys this kind of records on this machine: another process waits, and finds them kept."""
    folder = make_private_folder(_get_folder(session))
    descriptor = _wait_for_lock(folder / f"{_name_kind(query)}.lock", session.pause)
    try:
        if descriptor is None:  # the disk is full, for instance
            yield
            return
        for part in folder.glob(f"{_name_kind(query)}*.part"):  # of a process that was killed
            part.unlink(missing_ok=True)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)  # the file stays: one that is deleted could be locked by two


def forget_kept(session: Session, before: float) -> int:
    """Erase numbers, texts and references from the kept records of before a time; give how many records had any."""
    folder = _get_folder(session)
    for left in folder.parent.glob("report-*/report.zip"):  # of a process that was killed
        if left.stat().st_mtime < session.ledger.clock() - LONGEST_WAIT:
            left.unlink(missing_ok=True)
    count = 0
    for path, name in _list_files(folder):
        descriptor = _wait_for_lock(folder / f"{name['kind']}.lock", session.pause)
        try:
            count += _erase_people(path, name, before)
        finally:
            if descriptor is not None:
                os.close(descriptor)
    return count


def _erase_people(path: Path, name: re.Match[str], before: float) -> int:
    start, end = (int(name[each]) / 1000 for each in ("start", "end"))
    if start >= before:
        return 0
    try:
        records = read_parquet(path)
    except (OSError, ValueError):  # what cannot be read cannot be erased in part
        path.unlink(missing_ok=True)
        return 0
    product, direction, _ = name["kind"].rsplit("_", 2)
    time = _find_time_column(product, direction)
    is_old = pd.Series(data=True, index=records.index)
    if time is not None and end > before:
        is_old = ~(records[time] >= pd.Timestamp(before, unit="s", tz="UTC"))
    columns = [column for column in _PEOPLE if column in records]
    count = int((records[columns].notna().any(axis=1) & is_old).sum())
    if count:
        records.loc[is_old, columns] = pd.NA
        try:
            write_parquet(path, [records], records)
        except OSError as problem:
            raise UnreachableError(
                f"The kept records {path} could not be erased ({problem}). Make room, or delete the file."
            ) from None
    return count


def _wait_for_lock(path: Path, pause: Callable[[float], None]) -> int | None:
    """Lock a file, or wait until another process frees it; None where it cannot be created."""
    waited = 0.0
    while True:
        try:
            return lock_file(path)
        except StateError as problem:
            if not path.exists():
                return None
            if waited > LONGEST_WAIT:
                raise UnreachableError(
                    f"Could not read records: another process has been reading the same ones for {waited:.0f} s "
                    f"({problem}). Nothing was paid. Try again when it has ended."
                ) from None
        pause(PAUSE)
        waited += PAUSE


def _get_folder(session: Session) -> Path:
    return session.throttle.path.with_name("records")


def _list_files(folder: Path) -> Sequence[tuple[Path, re.Match[str]]]:
    found = ((path, _NAME.fullmatch(path.name)) for path in sorted(folder.glob("*.parquet")))
    return [(path, match) for path, match in found if match]


def _name_kind(query: RecordsQuery) -> str:
    """Name a kind of records: all that is asked for but the span and the texts."""
    filters = {name: value for name, value in query.filters.items() if name != "include_message"}
    asked = [query.account_id, query.include_subaccounts, filters]
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
    return f"{query.product}_{query.direction or 'any'}_{digest}"


def _find_time(query: RecordsQuery) -> str | None:
    return _find_time_column(query.product, query.direction)


def _find_time_column(product: str, direction: str | None) -> str | None:
    """Find the column that a span bounds; None where that is not documented."""
    names = [column.name for column in get_columns(product, direction).values()]
    if "received" in names:
        return "received"
    return "started" if product in ("VOICE-CALL", "VOICE-FAILED") else None
