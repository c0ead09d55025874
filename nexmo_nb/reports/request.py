"""Requests of the Reports API: the arguments of `records`, checked, and the requests that they become. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.reports.response import DIRECTED, PRODUCTS, find_missing_report
from nexmo_nb.session import Request

PRICE = 0.0004
"""EUR that Nexmo asks for a record by its list of 2020, https://www.vonage.com/communications-apis/reports/pricing."""
DAY = 86_400.0
LONGEST_AT_ONCE = 2 * DAY
"""Seconds up to which records are read at once, a day at a time; for a longer span a report is requested."""
LONGEST_SPAN = 5 * 366 * DAY
MODES = ("auto", "sync", "async")
# The API's names of filters, and whether records can be read at once with them.
FILTERS = {
    "status": True,
    "from": True,
    "to": True,
    "country": True,
    "network": True,
    "account_ref": True,
    "client_ref": False,
    "call_id": True,
}
FAMILY = "reports"


class RecordsQuery(NamedTuple):
    """Which records are asked for: those of an account from `start`, and before `end` (Unix seconds), that fit."""

    account_id: str
    product: str
    direction: str | None
    start: float
    end: float
    filters: Mapping[str, str | bool]

    @property
    def description(self) -> str:
        """What is done, in words, for messages."""
        span = " to ".join(_format_time(seconds)[:10] for seconds in (self.start, self.end))
        return f"read {' '.join(filter(None, (self.direction, self.product)))} records, {span}"


def check_product(product: str) -> str:
    """Accept a product of the Reports API."""
    return validation.check_choice("product", product, [name for name in PRODUCTS if " " not in name])


def check_direction(direction: str | None, product: str) -> str | None:
    """Accept a direction; products that must have one are outbound by default."""
    if direction is None and product not in DIRECTED:
        return None
    choice = "outbound" if direction is None else direction
    return validation.check_choice("direction", choice, ("outbound", "inbound"))


def check_filters(
    direction: str | None, include_message: bool, fields: Mapping[str, str | None]
) -> dict[str, str | bool]:
    """Return the filters of a request; `fields` are those of `FILTERS`, of which None is left out."""
    filters: dict[str, str | bool] = {} if direction is None else {"direction": direction}
    for name, value in fields.items():
        if value is not None:
            value_ = validation.check_country(value) if name == "country" else value
            filters[name] = validation.check_text(name, value_, longest=200)
    if validation.check_bool("include_message", include_message):
        filters["include_message"] = True
    return filters


def check_span(
    start: str | date | datetime | None, end: str | date | datetime | None, until: float
) -> tuple[float, float]:
    """Return the start, by default a week before `until`, and `until`, the Unix seconds of `end`."""
    since = until - 7 * DAY if start is None else validation.check_time("start", start)
    if not 0 <= since < until:
        raise validation.invalid_argument("end", end, f"a time after start, {_format_time(max(since, 0))}")
    if until - since > LONGEST_SPAN:
        advice = "Nexmo keeps records for 13 months."
        raise validation.invalid_argument("start", start, "at most five years before end", advice)
    return since, until


def check_ids(ids: Iterable[str], other: Mapping[str, Any], filters: Iterable[str]) -> list[str]:
    """Accept ids of messages or calls, each once; none of the `other` arguments and of `FILTERS` may be given."""
    if any(value is not None for value in other.values()) or set(filters) & set(FILTERS):
        raise validation.invalid_argument("ids", "ids and a time, a filter, a folder or mode='async'", "ids alone")
    allowed = "ids of messages or calls"
    codes = [validation.check_text("ids", code, longest=64) for code in validation.as_list("ids", ids, allowed)]
    for code in codes:
        if not re.fullmatch(r"[^\s,]+", code):
            raise validation.invalid_argument("ids", code, f"{allowed}, without spaces and commas")
    return list(dict.fromkeys(codes))


def check_record_count(count: float, max_records: int | None) -> None:
    """Refuse more records than the caller wants to pay for; a count that is not known is not refused."""
    if max_records is not None and count > max_records:
        raise InvalidRequestError(
            f"max_records: got {max_records:,}, but this is about {count:,.0f} records, and Nexmo charges "
            f"about {PRICE} EUR for each: {count * PRICE:,.2f} EUR. Allowed: a shorter time, narrower filters, or "
            "a higher max_records (None: no bound). What was ordered so far is not charged again for three days."
        )


def is_read_at_once(query: RecordsQuery, mode: str, *, to_folder: bool) -> bool:
    """Tell whether records are read at once, which suits a short span in memory, or by report."""
    by_report_only = [name for name, at_once in FILTERS.items() if not at_once and name in query.filters]
    by_report_only += ["to"] if to_folder else []
    if mode == "sync" and by_report_only:
        raise validation.invalid_argument("mode", mode, f"'async' or 'auto' with {by_report_only[0]}")
    if mode == "auto":
        return not by_report_only and query.end - query.start <= LONGEST_AT_ONCE
    return mode == "sync"


def build_span_fields(query: RecordsQuery, start: float, end: float) -> dict[str, str | bool]:
    """Build the fields that ask for the records of a query from `start`, and before `end`."""
    concatenated = {"show_concatenated": True} if (query.product, query.direction) == ("SMS", "outbound") else {}
    return {
        "product": query.product,
        "account_id": query.account_id,
        "date_start": _format_time(start),
        "date_end": _format_time(end),
        **query.filters,
        **concatenated,
    }


def build_ids_fields(query: RecordsQuery, ids: Sequence[str]) -> dict[str, str | bool]:
    """Build the fields that ask for the records with some ids."""
    return {"product": query.product, "account_id": query.account_id, **query.filters, "id": ",".join(ids)}


def build_page_request(fields: Mapping[str, str | bool], what: str) -> Request:
    """Build the read of a page of records."""
    params = {name: str(value).lower() if isinstance(value, bool) else value for name, value in fields.items()}
    return Request(what, "GET", "/v2/reports/records", host="api", family=FAMILY, params=params)


def build_report_request(fields: Mapping[str, str | bool], what: str) -> Request:
    """Build the order of a report."""
    return Request(
        what, "POST", "/v2/reports", host="api", family=FAMILY, json=fields, find_refusal=find_missing_report
    )


def build_status_request(report_id: str) -> Request:
    """Build the read of a report's status."""
    return Request(
        "look whether a report is ready",
        "GET",
        f"/v2/reports/{report_id}",
        host="api",
        family=FAMILY,
        find_refusal=find_missing_report,
    )


def build_download_request(file_id: str, path: Path) -> Request:
    """Build the download of a report's file."""
    return Request("read a report", "GET", f"/v3/media/{file_id}", host="api", family=FAMILY, download_to=path)


def _format_time(seconds: float) -> str:
    precision = "seconds" if float(seconds).is_integer() else "milliseconds"
    return datetime.fromtimestamp(seconds, tz=timezone.utc).isoformat(timespec=precision)
