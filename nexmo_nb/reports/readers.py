"""Records are read at once, page by page, or by report: one a month is requested, waited for and downloaded."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb.errors import InvalidRequestError, UnreachableError
from nexmo_nb.frames import TIME, Column, frame, parse_number, read_text_csv
from nexmo_nb.reports.parquet import build_file_name, count_rows, write_parquet
from nexmo_nb.reports.report_jobs import download_report, forget_requested, request_report, wait_until_ready
from nexmo_nb.reports.request import DAY, Fields, RecordsQuery, build_ids_fields, build_page_request, build_span_fields
from nexmo_nb.reports.response import (
    build_records_frame,
    join_records,
    parse_next_page,
    parse_page,
    parse_records,
    warn_if_truncated,
)
from nexmo_nb.session import Session, page_fingerprint

PRICE = 0.0004
"""EUR that Nexmo asks for a record by its list of 2020, https://www.vonage.com/communications-apis/reports/pricing."""
IDS_PER_REQUEST = 20
ROWS_AT_A_TIME = 200_000
FILE_COLUMNS = (Column("path"), Column("start", TIME), Column("end", TIME), Column("rows", "int64"))


class Month(NamedTuple):
    """A month of a query: its span, the request of its report, and the file for its records, if any."""

    start: float
    end: float
    fields: Fields
    path: Path | None


def read_by_ids(session: Session, query: RecordsQuery, ids: Sequence[str], max_records: int | None) -> pd.DataFrame:
    """Read the records of some messages or calls; those that Nexmo does not know have none."""
    check_record_count(len(ids), max_records)
    rows: list[dict[str, Any]] = []
    for n in range(0, len(ids), IDS_PER_REQUEST):
        fields = build_ids_fields(query, ids[n : n + IDS_PER_REQUEST])
        for page in _read_pages(session, fields, f"read {query.product} records by id"):
            rows += page
    return build_records_frame(rows, query.product, query.direction, session.account.currency)


def read_at_once(session: Session, query: RecordsQuery, max_records: int | None) -> pd.DataFrame:
    """Read the records of a span, a day at a time: older servers answer for no longer span."""
    kind = (query.product, query.direction, session.account.currency)
    frames = []
    count, start = 0, query.start
    while start < query.end:
        end = min(start + DAY, query.end)
        for page in _read_pages(session, build_span_fields(query, start, end), query.description):
            count += len(page)
            check_record_count(count, max_records)
            frames.append(build_records_frame(page, *kind))
        start = end
    return join_records(frames, build_records_frame([], *kind))


def read_by_report(
    session: Session,
    query: RecordsQuery,
    *,
    folder: Path | None,
    max_records: int | None,
    progress: bool,
    refresh: bool,
) -> pd.DataFrame:
    """Read a report for each month, into one frame, or into files of `folder`, of which the frame has a row each.

    Months whose files exist are not requested again, unless with `refresh`.
    """
    from tqdm.auto import tqdm  # takes 60 ms, which only a report needs

    kind = (query.product, query.direction, session.account.currency)
    empty = build_records_frame([], *kind)
    months = list(split_by_month(query, folder))
    missing = [month for month in months if refresh or month.path is None or not month.path.exists()]
    frames: list[pd.DataFrame] = []
    is_hidden = not progress or len(missing) < 2
    with tqdm(total=len(missing), desc=query.description, unit="month", disable=is_hidden) as bar:
        for month, status in _wait_for_months(session, query, missing, max_records, refresh):
            with download_report(session, status, query.description) as files:
                found = (parse_records(text, *kind) for file in files for text in read_text_csv(file, ROWS_AT_A_TIME))
                if month.path is None:
                    frames += found
                else:
                    write_parquet(month.path, found, empty)
            bar.update()
    forget_requested(session, [month.fields for month in missing])
    if folder is None:
        return join_records(frames, empty)
    rows = [
        {"path": str(month.path), "start": month.start, "end": month.end, "rows": count_rows(month.path)}
        for month in months
        if month.path is not None
    ]
    return frame(rows, FILE_COLUMNS)


def read_report(session: Session, *, start: float, end: float, filters: Fields) -> list[dict[str, str]]:
    """Read the records of SMS from `start`, and before `end` (Unix seconds), by one report; records cost money.

    `filters` are further fields of the request, such as ``direction`` and ``client_ref``. A record is all text, by the
    names of the report's columns. Errors are those of `request_report`, `wait_until_ready` and `download_report`.
    """
    what = "make a report of SMS"
    query = RecordsQuery(session.account.api_key, "SMS", None, start, end, filters)
    fields = build_span_fields(query, start, end)
    status = wait_until_ready(session, fields, what, request_report(session, fields, what))
    rows: list[dict[str, str]] = []
    with download_report(session, status, what) as files:
        for file in files:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            rows += [{name: value for name, value in row.items() if name} for row in csv.DictReader(text)]
    forget_requested(session, [fields])
    return rows


def split_by_month(query: RecordsQuery, folder: Path | None) -> Iterator[Month]:
    """Split a query at the beginnings of months, in UTC."""
    start = query.start
    while start < query.end:
        next_month = pd.Timestamp(start, unit="s", tz="UTC").normalize() + pd.offsets.MonthBegin()
        end = min(next_month.timestamp(), query.end)
        fields = build_span_fields(query, start, end)
        yield Month(start, end, fields, None if folder is None else folder / build_file_name(fields))
        start = end


def check_record_count(count: float, max_records: int | None) -> None:
    """Refuse more records than the caller wants to pay for; a count that is not known is not refused."""
    if max_records is not None and count > max_records:
        raise InvalidRequestError(
            f"max_records: got {max_records:,}, but this is about {count:,.0f} records, and Nexmo charges "
            f"about {PRICE} EUR for each: {count * PRICE:,.2f} EUR. Allowed: a shorter time, narrower filters, or "
            "a higher max_records (None: no bound). What was ordered so far is not charged again for three days."
        )


def _read_pages(session: Session, fields: Fields, what: str) -> Iterator[list[dict[str, Any]]]:
    """Read pages of up to a thousand records until there are no more; a page that the server repeats is an error."""
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
        yield rows
        next_page = parse_next_page(body, what)
        if not next_page:
            return


def _wait_for_months(
    session: Session, query: RecordsQuery, months: Sequence[Month], max_records: int | None, refresh: bool
) -> Iterator[tuple[Month, Mapping[str, Any]]]:
    """Request the reports of months, and yield each with its status when it is ready.

    The first report tells how many records all will have. The others are requested after it, and before it is read, so
    that Nexmo makes them in the meantime.
    """
    if not months:
        return
    what = query.description
    first, *others = months
    report_id = request_report(session, first.fields, what, refresh=refresh)
    status = wait_until_ready(session, first.fields, what, report_id)
    _check_total(months, status, max_records, what)
    report_ids = [request_report(session, month.fields, what, refresh=refresh) for month in others]
    yield first, status
    for month, report_id in zip(others, report_ids, strict=True):
        yield month, wait_until_ready(session, month.fields, what, report_id)


def _check_total(months: Sequence[Month], status: Mapping[str, Any], max_records: int | None, what: str) -> None:
    """Refuse if all months have more records than the caller wants to pay for, as far as the first one tells."""
    if max_records is None:
        return
    count = parse_number(status.get("items_count"))
    if len(months) > 1 and not count >= 0:
        raise UnreachableError(f"Could not {what}: the first report does not say how many it holds.")
    seconds = sum(month.end - month.start for month in months)
    check_record_count(count * seconds / (months[0].end - months[0].start), max_records)
