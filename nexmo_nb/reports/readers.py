"""Records are read at once, page by page, or by report: one a month is requested, waited for and downloaded."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import IO, Any, NamedTuple

import pandas as pd

from nexmo_nb.csv_reader import read_text_csv
from nexmo_nb.errors import UnreachableError
from nexmo_nb.frames import TIME, Column, frame
from nexmo_nb.options import get_report_budget
from nexmo_nb.reports.kept import (
    Kept,
    Piece,
    find_settled,
    keep,
    list_kept,
    only_buyer,
    read_piece,
    split_at,
    split_by_kept,
)
from nexmo_nb.reports.parquet import Place, build_file_name, count_rows, write_parquet
from nexmo_nb.reports.purchases import (
    Bounds,
    Month,
    buy_reports,
    check_record_count,
    split_by_month,
    split_purchases,
    warn_if_paid_again,
)
from nexmo_nb.reports.report_jobs import download_report, forget_requested, request_report, wait_until_ready
from nexmo_nb.reports.request import DAY, Fields, RecordsQuery, build_ids_fields, build_page_request, build_span_fields
from nexmo_nb.reports.response import (
    build_records_frame,
    join_records,
    parse_missing_ids,
    parse_next_page,
    parse_page,
    parse_records,
    warn_if_truncated,
)
from nexmo_nb.reports.spending import (
    Count,
    announce,
    check_budget,
    estimate_count,
    find_price,
    note_spending,
    tell_spending,
)
from nexmo_nb.session import Session, page_fingerprint

IDS_PER_REQUEST = 20
ROWS_AT_A_TIME = 200_000
FILE_COLUMNS = (Column("path"), Column("start", TIME), Column("end", TIME), Column("rows", "int64"))


class Manner(NamedTuple):
    """How records are read: at most how many, with a bar or not, and whether what is there already counts."""

    max_records: int | None
    progress: bool
    refresh: bool


def read_by_ids(session: Session, query: RecordsQuery, ids: Sequence[str], max_records: int | None) -> pd.DataFrame:
    """Read the records of some messages or calls; those that Nexmo does not know have none."""
    what = f"read {query.product} records by id"
    price = find_price(session, query.product, learn=False)
    check_record_count(len(ids), max_records, price)
    check_budget(Count(0, len(ids)), price, what)
    rows: list[dict[str, Any]] = []
    missing: list[str] = []
    for n in range(0, len(ids), IDS_PER_REQUEST):
        fields = build_ids_fields(query, ids[n : n + IDS_PER_REQUEST])
        for body in _read_bodies(session, fields, what):
            page = parse_page(body, what)
            note_spending(len(page), price)
            rows += page
            missing += parse_missing_ids(body)
    tell_spending(session, len(rows), price, what)
    found = build_records_frame(rows, query.product, query.direction, session.account.currency)
    found.attrs["ids_not_found"] = missing
    return found


def read_at_once(session: Session, query: RecordsQuery, manner: Manner) -> pd.DataFrame:
    """Read the records of a span: what is not kept, a day at a time, for older servers answer for no longer span."""
    empty = build_records_frame([], query.product, query.direction, session.account.currency)
    with only_buyer(session, query):
        pieces, missing, kept = _plan_pieces(session, query, refresh=manner.refresh)
        price = find_price(session, query.product, learn=False)
        bounds = Bounds(manner.max_records, price, [each.density for each in kept], manner.refresh)
        seconds = sum(piece.end - piece.start for piece in missing)
        estimate = estimate_count(bounds.densities, seconds) if missing else None
        if estimate is not None:
            check_budget(estimate, price, query.description)
            announce(session, estimate, price, query.description)
        warn_if_paid_again(query, [] if manner.refresh else kept, missing)
        frames, count = [], 0
        for piece in pieces:
            if piece.kept is not None:
                frames.append(read_piece(query, piece, empty))
                continue
            found = []
            for page in _read_days(session, query, piece, bounds, count):
                found.append(page)
                count += len(page)
            frames.append(join_records(found, empty))
            keep(session, query, piece.start, piece.end, frames[-1])
        tell_spending(session, count, price, query.description)
    return join_records(frames, empty)


def read_by_report(session: Session, query: RecordsQuery, manner: Manner) -> pd.DataFrame:
    """Read a report for each month, or part of one, that is not kept."""
    empty = build_records_frame([], query.product, query.direction, session.account.currency)
    with only_buyer(session, query):
        pieces, missing, kept = _plan_pieces(session, query, refresh=manner.refresh)
        price = find_price(session, query.product, learn=bool(missing))
        bounds = Bounds(manner.max_records, price, [each.density for each in kept], manner.refresh)
        warn_if_paid_again(query, [] if manner.refresh else kept, missing)
        months = split_purchases(query, missing, bounds)
        frames = [(piece.start, read_piece(query, piece, empty)) for piece in pieces if piece.kept is not None]
        left = []
        with _show_progress(query, months, manner) as bar:
            for month, status in buy_reports(session, query, months, bounds):
                with _download_records(session, query, status) as parts:
                    found = join_records(parts, empty)
                frames.append((month.start, found))
                # A report is forgotten when its records are kept, not before: the process may end at any time.
                if status.get("request_status") == "SUCCESS" and keep(session, query, month.start, month.end, found):
                    forget_requested(session, [month.fields])
                else:
                    left.append(month.fields)
                bar.update()
        forget_requested(session, left)
    return join_records([found for _, found in sorted(frames, key=lambda each: each[0])], empty)


def read_into_folder(session: Session, query: RecordsQuery, folder: Place, manner: Manner) -> pd.DataFrame:
    """Read a report for each month into a file of `folder`; the frame has a row for each file.

    Months whose files exist, or whose records are all kept, are not requested again, unless with `refresh`.
    """
    empty = build_records_frame([], query.product, query.direction, session.account.currency)
    months = []
    for start, end in split_by_month(query.start, query.end):
        fields = build_span_fields(query, start, end)
        months.append(Month(start, end, fields, folder / build_file_name(fields)))
    missing = [month for month in months if manner.refresh or not _get_path(month).exists()]
    if not manner.refresh:
        missing = _write_kept(session, query, missing, empty)
    price = find_price(session, query.product, learn=bool(missing))
    bounds = Bounds(manner.max_records, price, refresh=manner.refresh)
    with _show_progress(query, missing, manner) as bar:
        for month, status in buy_reports(session, query, missing, bounds):
            with _download_records(session, query, status) as parts:
                write_parquet(_get_path(month), parts, empty)
            bar.update()
    forget_requested(session, [month.fields for month in missing])
    rows = [
        {"path": str(month.path), "start": month.start, "end": month.end, "rows": count_rows(_get_path(month))}
        for month in months
    ]
    return frame(rows, FILE_COLUMNS)


def _write_kept(session: Session, query: RecordsQuery, months: Sequence[Month], empty: pd.DataFrame) -> list[Month]:
    """Write the files of months whose records are all kept; return the other months."""
    others = []
    with only_buyer(session, query):
        kept = list_kept(session, query)
        for month in months:
            pieces = split_by_kept(query._replace(start=month.start, end=month.end), kept)
            if any(piece.kept is None for piece in pieces):
                others.append(month)
            else:
                found = join_records([read_piece(query, piece, empty) for piece in pieces], empty)
                write_parquet(_get_path(month), [found], empty)
    return others


@contextmanager
def _download_records(
    session: Session, query: RecordsQuery, status: Mapping[str, Any]
) -> Iterator[Iterator[pd.DataFrame]]:
    """Download a finished report and yield its records, a part after the other."""

    def parse(text: pd.DataFrame) -> pd.DataFrame:
        return parse_records(text, query.product, query.direction, session.account.currency)

    # What reads the files is closed before they are, whatever happens.
    with download_report(session, status, query.description) as files, closing(_read_texts(files)) as texts:
        yield map(parse, texts)


def _read_texts(files: Iterable[IO[bytes]]) -> Generator[pd.DataFrame, None, None]:
    for file in files:
        with closing(read_text_csv(file, ROWS_AT_A_TIME)) as texts:
            yield from texts


def read_report(session: Session, *, product: str, start: float, end: float, filters: Fields) -> list[dict[str, str]]:
    """Read the records of a product from `start`, and before `end` (Unix seconds), by one report; records cost money.

    `filters` are further fields of the request, such as ``direction`` and ``client_ref``. A record is all text, by the
    names of the report's columns. Errors are those of `request_report`, `wait_until_ready` and `download_report`.
    """
    what = "make a report of SMS"
    query = RecordsQuery(session.account.api_key, product, None, start, end, filters)
    fields = build_span_fields(query, start, end)
    status = wait_until_ready(session, fields, what, request_report(session, fields, what))
    rows: list[dict[str, str]] = []
    with download_report(session, status, what) as files:
        for file in files:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            rows += [{name: value for name, value in row.items() if name} for row in csv.DictReader(text)]
    forget_requested(session, [fields])
    price = find_price(session, product, learn=False)
    note_spending(len(rows), price)
    tell_spending(session, len(rows), price, what)
    return rows


def _plan_pieces(
    session: Session, query: RecordsQuery, *, refresh: bool
) -> tuple[list[Piece], list[Piece], list[Kept]]:
    """Split a query into what is kept and what is missing; give all pieces, the missing ones, and what is kept."""
    kept = list_kept(session, query)
    pieces = [Piece(query.start, query.end)] if refresh else split_by_kept(query, kept)
    settled = find_settled(session.ledger.clock())
    cut = [part for piece in pieces for part in ([piece] if piece.kept else split_at(piece, settled))]
    return cut, [piece for piece in cut if piece.kept is None], kept


def _show_progress(query: RecordsQuery, months: Sequence[Month], manner: Manner) -> Any:
    from tqdm.auto import tqdm  # takes 60 ms, which only a report needs

    is_hidden = not manner.progress or len(months) < 2
    return tqdm(total=len(months), desc=query.description, unit="report", disable=is_hidden)


def _get_path(month: Month) -> Place:
    assert month.path is not None
    return month.path


def _read_days(
    session: Session, query: RecordsQuery, piece: Piece, bounds: Bounds, count: int
) -> Iterator[pd.DataFrame]:
    """Read a piece a day at a time, page by page; `count` records were read before."""
    kind, start = (query.product, query.direction, session.account.currency), piece.start
    has_budget = get_report_budget(bounds.price.currency) is not None
    while start < piece.end:
        end = min(start + DAY, piece.end)
        for body in _read_bodies(session, build_span_fields(query, start, end), query.description):
            page = parse_page(body, query.description)
            count += len(page)
            note_spending(len(page), bounds.price)
            check_record_count(count, bounds.max_records, bounds.price)
            if has_budget:
                check_budget(Count(1, 1), bounds.price, query.description)
            yield build_records_frame(page, *kind)
        start = end


def _read_bodies(session: Session, fields: Fields, what: str) -> Iterator[dict[str, Any]]:
    """Read pages of up to a thousand records until there are no more; one without records, or repeated, is an error."""
    seen: set[str] = set()
    next_page: dict[str, str] = {}
    while True:
        body = session.call(build_page_request({**fields, **next_page}, what))
        rows = parse_page(body, what)
        warn_if_truncated(body, what)
        fingerprint = page_fingerprint(rows)
        if fingerprint in seen:
            raise UnreachableError(f"Could not {what}: the server repeats a page. Try again.")
        seen.add(fingerprint)
        yield body
        next_page = parse_next_page(body, what)
        if not next_page:
            return
