"""Records that are read at once, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from nexmo_nb.errors import UnreachableError
from nexmo_nb.frames import concat_frames
from nexmo_nb.reports.request import (
    DAY,
    RecordsQuery,
    build_ids_fields,
    build_page_request,
    build_span_fields,
    check_record_count,
)
from nexmo_nb.reports.response import build_records_frame, parse_next_page, parse_page, warn_if_truncated
from nexmo_nb.session import Session, page_fingerprint

IDS_PER_REQUEST = 20


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
    return concat_frames(frames, build_records_frame([], *kind))


def _read_pages(session: Session, fields: Mapping[str, str | bool], what: str) -> Iterator[list[dict[str, Any]]]:
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
