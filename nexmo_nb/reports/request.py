"""Requests of the Reports API: the arguments of `records`, checked, and the requests that they become. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from nexmo_nb import validation
from nexmo_nb.contacts.countries import check_country
from nexmo_nb.reports.response import find_missing_report
from nexmo_nb.session import Request

DAY = 86_400.0
LONGEST_AT_ONCE = 2 * DAY
"""Seconds up to which records are read at once, a day at a time; for a longer span a report is requested."""
LONGEST_SPAN = 5 * 366 * DAY
Fields = Mapping[str, str | bool]
"""Fields of a request by the API's names."""

_build_request = partial(Request, host="api", family="reports")


class RecordsQuery(NamedTuple):
    """Which records are asked for: those of an account from `start`, and before `end` (Unix seconds), that fit."""

    account_id: str
    product: str
    direction: str | None
    start: float
    end: float
    filters: Fields
    include_subaccounts: bool = False

    @property
    def description(self) -> str:
        """What is done, in words, for messages."""
        span = " to ".join(_format_time(seconds)[:10] for seconds in (self.start, self.end))
        return f"read {' '.join(filter(None, (self.direction, self.product)))} records, {span}"


def check_filters(direction: str | None, include_message: bool, fields: dict[str, Any]) -> dict[str, str | bool]:
    """Return the filters of a request; `fields` are by the API's names, and None is left out."""
    filters: dict[str, str | bool] = {} if direction is None else {"direction": direction}
    for name, value in validation.drop_none(fields).items():
        if name == "country":
            filters[name] = check_country(value)
        else:
            filters[name] = validation.check_text(name, value, longest=200)
    if validation.check_bool("include_message", include_message):
        filters["include_message"] = True
    return filters


def check_span(start: Any, end: Any, until: float) -> tuple[float, float]:
    """Return the start, by default a week before `until`, and `until`, the Unix seconds of `end`."""
    since = until - 7 * DAY if start is None else validation.check_time("start", start)
    since, until = round(since, 3), round(until, 3)  # as exact as a request can say it
    if not 0 <= since < until:
        raise validation.invalid_argument("end", end, f"a time after start, {_format_time(max(since, 0))}")
    if until - since > LONGEST_SPAN:
        advice = "Nexmo keeps records for 13 months."
        raise validation.invalid_argument("start", start, "at most five years before end", advice)
    return since, until


def check_ids(ids: Iterable[str], other: Mapping[str, Any], filters: Iterable[str]) -> list[str]:
    """Accept ids of messages or calls, each once, given with neither a filter nor any of the `other` arguments."""
    if any(value is not None for value in other.values()) or set(filters) - {"direction", "include_message"}:
        raise validation.invalid_argument("ids", "ids and a time, a filter, a folder or mode='async'", "ids alone")
    allowed = "ids of messages or calls"
    codes = [validation.check_text("ids", code, longest=64) for code in validation.as_list("ids", ids, allowed)]
    for code in codes:
        if not re.fullmatch(r"[^\s,]+", code):
            raise validation.invalid_argument("ids", code, f"{allowed}, without spaces and commas")
    return list(dict.fromkeys(codes))


def is_read_at_once(query: RecordsQuery, mode: str, *, to_folder: bool) -> bool:
    """Tell whether records are read at once, which suits a short span in memory, or by report."""
    reasons = {  # Nexmo takes the first two only for a report
        "client_ref": "client_ref" in query.filters,
        "include_subaccounts": query.include_subaccounts,
        "to": to_folder,
    }
    reason = next((name for name, holds in reasons.items() if holds), None)
    if mode == "sync" and reason:
        raise validation.invalid_argument("mode", mode, f"'async' or 'auto' with {reason}")
    if mode == "auto":
        return not reason and query.end - query.start <= LONGEST_AT_ONCE
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
        **({"include_subaccounts": True} if query.include_subaccounts else {}),
    }


def build_ids_fields(query: RecordsQuery, ids: Sequence[str]) -> dict[str, str | bool]:
    return {"product": query.product, "account_id": query.account_id, **query.filters, "id": ",".join(ids)}


def build_page_request(fields: Fields, what: str) -> Request:
    params = {name: str(value).lower() if isinstance(value, bool) else value for name, value in fields.items()}
    return _build_request(what, "GET", "/v2/reports/records", params=params)


def build_report_request(fields: Fields, what: str) -> Request:
    echo = {name: str(fields[name]) for name in ("product", "account_id")}
    return _build_request(what, "POST", "/v2/reports", json=fields, echo=echo, find_refusal=find_missing_report)


def build_status_request(report_id: str) -> Request:
    what = "look whether a report is ready"
    path, echo = f"/v2/reports/{report_id}", {"request_id": report_id}
    return _build_request(what, "GET", path, echo=echo, find_refusal=find_missing_report)


def build_download_request(file_id: str, path: Path) -> Request:
    return _build_request("read a report", "GET", f"/v3/media/{file_id}", download_to=path)


def _format_time(seconds: float) -> str:
    precision = "seconds" if float(seconds).is_integer() else "milliseconds"
    return datetime.fromtimestamp(seconds, tz=timezone.utc).isoformat(timespec=precision)
