"""Reports: asynchronous ones as a CSV in a ZIP, and synchronous ones by id or time, in pages."""

from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple
from urllib.parse import urlencode

from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.parsing import drop_nulls
from nexmo_nb.sandbox.record_fields import FIELDS, NUMBERS, Record, find_key
from nexmo_nb.sandbox.record_tables import find_by_id, list_between, note_usage
from nexmo_nb.sandbox.refusals import PROBLEM, Check, Refusal, build_problem, list_invalid
from nexmo_nb.sandbox.subaccount_traffic import list_subaccounts
from nexmo_nb.sandbox.validation import is_flag, is_int_between, is_url, read_flag
from nexmo_nb.sandbox.world import World

PRODUCTS = [
    "SMS", "SMS-TRAFFIC-CONTROL", "VOICE-CALL", "VOICE-FAILED", "VOICE-TTS", "IN-APP-VOICE", "WEBSOCKET-CALL", "ASR",
    "AMD", "VERIFY-API", "VERIFY-V2", "NUMBER-INSIGHT", "CONVERSATION-EVENT", "CONVERSATION-MESSAGE", "MESSAGES",
    "VIDEO-API", "NETWORK-API-EVENT", "REPORTS-USAGE",
]  # fmt: skip
NEEDING_DIRECTION = ("SMS", "MESSAGES")
FILTERS = (
    "status", "from", "to", "country", "network", "account_ref", "client_ref", "call_id", "provider", "locale",
    "number_type", "channel", "parent_request_id", "number",
)  # fmt: skip
# The filters of each product, where they are documented.
ALLOWED = {
    "SMS": {"status", "from", "to", "country", "network", "account_ref", "client_ref"},
    "VOICE-CALL": {"status", "from", "to", "country", "network", "call_id"},
    "VOICE-FAILED": {"from", "to", "country", "call_id"},
    "VOICE-TTS": {"call_id"},
    "MESSAGES": {"status", "from", "to", "country", "provider"},
    "VERIFY-API": {"to", "country", "network", "locale", "number_type"},
    "VERIFY-V2": {"status", "to", "country", "network", "locale", "channel", "parent_request_id"},
    "NUMBER-INSIGHT": {"number", "country", "network"},
    "REPORTS-USAGE": set(),
    "AMD": {"call_id"},
    "WEBSOCKET-CALL": {"call_id"},
}
STATUSES = {
    "SMS": ["delivered", "expired", "accepted", "deleted", "unknown", "submitted", "failed", "rejected", "buffered"],
    "VOICE-CALL": ["ANSWERED", "MACHINE", "ERROR"],
    "MESSAGES": ["submitted", "delivered", "read", "rejected", "undeliverable"],
}
FLAGS = ("include_message", "show_concatenated", "include_subaccounts")
# The other fields, which with these are told again with a report that was ordered.
TEXTS = ("product", "account_id", "direction", "date_start", "date_end", "callback_url", *FILTERS)
# Fields that are empty unless the request asks for them.
ON_REQUEST = {"message_body": "include_message", "concatenated": "show_concatenated"}
ALLOWED_WITH_ID = {"product", "account_id", "direction", "id", "include_message", "show_concatenated"}
MOST_IDS = 20
PAGE = 1000
IV = "00"
LONGEST_SPAN = timedelta(days=400)
# The fields of records of which there are none; a file has its header all the same.
EVERY = ("account_id", "id")
# A report is ready when it is looked at for the second time.
LOOKS_UNTIL_READY = 2
# From when it was finished or called off, or else ordered.
KEPT, FILE_KEPT = timedelta(days=4), timedelta(hours=72)
FINISHED = ("SUCCESS", "ABORTED")


class _Table(NamedTuple):
    names: tuple[str, ...]
    records: list[Record]


def create_report(world: World, request: Request, _: Accident) -> Answer:
    body = drop_nulls(request.json)
    if not isinstance(body, dict):
        raise _refuse(400, "#invalid-json", "Malformed JSON", "Malformed JSON payload.")
    _check_fields(world, body)
    with world.lock:
        code = world.new_id()
        times = {"receive_time": world.format_now("seconds")}
        flags = {name: read_flag(body[name]) for name in FLAGS if name in body}
        told = {name: body[name] for name in TEXTS if name in body} | flags
        report = {"request": told, "status": "PENDING", "looks": 0, "file": world.new_id(), "times": times}
        world.reports[code] = {**report, "since": world.now()}
        return Answer(200, _format_report(request, code, world.reports[code]))


def show_report(world: World, request: Request, _: Accident) -> Answer:
    with world.lock:
        code, report = _find_report(world, request)
        report["looks"] += 1
        report["times"].setdefault("start_time", world.format_now("seconds"))
        if report["status"] in FINISHED:
            return Answer(200, _format_report(request, code, report))
        if report["looks"] < LOOKS_UNTIL_READY:
            report["status"] = "PROCESSING"
            return Answer(200, _format_report(request, code, report))
    # Without the lock, since a year takes seconds.
    count, packed = _pack_report(world, report["request"])
    with world.lock:
        if report["status"] not in FINISHED:
            report |= {"status": "SUCCESS", "count": count, "packed": packed, "since": world.now()}
            note_usage(world, report["request"], _read_span(world, report["request"]), count, "ASYNC_JOB")
        return Answer(200, _format_report(request, code, report))


def abort_report(world: World, request: Request, _: Accident) -> Answer:
    """Call a report off. It stays known, as every report does for some days."""
    with world.lock:
        code, report = _find_report(world, request)
        if report["status"] in FINISHED:
            raise _refuse(409, "#invalid-abort-operation", "Conflict", "The report is finished.")
        report |= {"status": "ABORTED", "since": world.now()}
        return Answer(200, _format_report(request, code, report))


def download_report(world: World, request: Request, _: Accident) -> Answer:
    file, oldest = request.path.rsplit("/", 1)[1], world.now() - FILE_KEPT
    with world.lock:
        reports = [each for each in world.reports.values() if each["status"] == "SUCCESS" and each["since"] > oldest]
        report = next((each for each in reports if each["file"] == file), None)
    if report is None:
        raise _refuse(404, "#not-found", "Not Found", "The file is not there.")
    return Answer(200, report["packed"], {"Content-Type": "application/octet-stream"})


def list_records(world: World, request: Request, _: Accident) -> Answer:
    query = request.query
    _check_fields(world, query)
    if "include_subaccounts" in query:
        raise _refuse(422, "#invalid-filter", "Invalid filter", "include_subaccounts is for asynchronous reports.")
    _check_filters(query)
    ids = query["id"].split(",") if "id" in query else []
    table = _find_by_id(world, query, ids) if ids else _find_by_time(world, query)
    body = _build_page(world, request, table, _read_cursor(query))
    job = "SYNC_JOB_FROM_ID" if ids else "SYNC_JOB_FROM_DATES"
    note_usage(world, query, _read_span(world, query), body["items_count"], job)
    missing = sorted(set(ids) - {value for record in table.records for value in record})
    if missing:
        body["ids_not_found"] = ",".join(missing)
    return Answer(200, body)


def _find_report(world: World, request: Request) -> tuple[str, dict[str, Any]]:
    code = request.path.rsplit("/", 1)[1]
    report = world.reports.get(code)
    if report is None or report["since"] <= world.now() - KEPT:
        raise _refuse(404, "#not-found", "Invalid report ID", f"There is no report {code}.")
    return code, report


def _refuse(status: int, kind: str, title: str, detail: str, **members: Any) -> Refusal:
    return Refusal(build_problem(status, kind, title, detail, **members)._replace(headers=PROBLEM))


def _refuse_invalid(checks: Iterable[Check]) -> None:
    invalid = list_invalid(checks)
    if invalid:
        raise _refuse(422, "#invalid-params", "Invalid parameters", "See below.", invalid_parameters=invalid)


def _check_fields(world: World, fields: Mapping[str, Any]) -> None:
    """Check what both kinds of report have in common."""
    product, direction = fields.get("product"), fields.get("direction")
    _refuse_invalid((isinstance(fields.get(name, ""), str), name, "must be a string") for name in TEXTS)
    is_optional = direction is None and product not in NEEDING_DIRECTION
    required = {
        "product": product,
        "account_id": fields.get("account_id"),
        "direction": is_optional or direction in ("inbound", "outbound"),
    }
    _refuse_invalid((bool(value), name, "Missing required parameter") for name, value in required.items())
    _refuse_invalid([(product in PRODUCTS, "product", f"Could not resolve product name. Use one of {PRODUCTS}")])
    statuses, status = STATUSES.get(str(product), []), fields.get("status")
    _refuse_invalid([(not status or not statuses or status in statuses, "status", f"must be one of: {statuses}")])
    _refuse_invalid((is_flag(fields.get(name, "true")), name, "must be true or false") for name in FLAGS)
    _refuse_invalid([(is_url(fields.get("callback_url", "http://")), "callback_url", "must be a valid URL")])
    allowed = ALLOWED.get(str(product), FILTERS)
    if any(name not in allowed for name in FILTERS if fields.get(name)):
        raise _refuse(422, "#invalid-filter", "Invalid filter", "A filter is not allowed for this product.")
    if fields["account_id"] not in (world.api_key, *(each.api_key for each in list_subaccounts(world.seed))):
        detail = "User not authorized to query the requested data"
        raise _refuse(403, "#forbidden", "Forbidden", detail)
    try:
        start, end = _read_span(world, fields)
    except ValueError:
        raise _refuse(422, "#invalid-params", "Invalid parameters", "A date cannot be read.") from None
    if not timedelta(0) < end - start <= LONGEST_SPAN:
        raise _refuse(422, "#invalid-params", "Invalid parameters", "The dates do not fit.")


def _check_filters(query: Mapping[str, str]) -> None:
    """Check what only synchronous reports have."""
    if "id" in query and (query["id"].count(",") >= MOST_IDS or set(query) - ALLOWED_WITH_ID):
        raise _refuse(422, "#invalid-filter", "Invalid filter", "At most 20 ids, and no other filter.")
    if "client_ref" in query:
        raise _refuse(422, "#invalid-filter", "Invalid filter", "client_ref is not allowed here.")


def _read_span(world: World, fields: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Read start and end, by default the last seven days; ValueError for what is no date."""
    now = world.now()
    times = []
    for name, default in (("date_start", now - timedelta(days=7)), ("date_end", now)):
        at = datetime.fromisoformat(str(fields[name]).replace("Z", "+00:00")) if fields.get(name) else default
        times.append(at if at.tzinfo else at.replace(tzinfo=timezone.utc))
    return times[0], times[1]


def _read_cursor(query: Mapping[str, str]) -> int:
    if "cursor" not in query and "iv" not in query:
        return 0
    try:
        place = base64.urlsafe_b64decode(query.get("cursor", "")).decode()
    except ValueError:
        place = ""
    # Cursors that the sandbox did not give out are refused.
    if query.get("iv") != IV or not is_int_between(place, 1) or int(place) % PAGE:
        raise _refuse(422, "#invalid-params", "Invalid parameters", "The cursor cannot be read.")
    return int(place)


def _build_page(world: World, request: Request, table: _Table, start: int) -> dict[str, Any]:
    page: list[dict[str, Any]]
    page = [dict(zip(table.names, record, strict=True)) for record in table.records[start : start + PAGE]]
    for name in NUMBERS.get(request.query["product"], ()):
        page = [{**record, name: json.loads(record[name])} for record in page]
    with world.lock:
        code = world.new_id()
    body: dict[str, Any] = {
        "_links": {"self": {"href": _build_link(request, {})}},
        "request_id": code,
        "request_status": "SUCCESS",
        "received_at": world.format_now("seconds"),
        "items_count": len(page),
        "product": request.query["product"],
        "records": page,
    }
    if start + PAGE < len(table.records):
        cursor = {"cursor": base64.urlsafe_b64encode(str(start + PAGE).encode()).decode(), "iv": IV}
        body |= cursor
        body["_links"]["next"] = {"href": _build_link(request, cursor)}
    return body


def _build_link(request: Request, cursor: Mapping[str, str]) -> str:
    query = {name: value for name, value in request.query.items() if not name.startswith("api_")}
    return f"{request.origin}{request.path}?{urlencode({**query, **cursor})}"


def _find_by_time(world: World, fields: Mapping[str, Any]) -> _Table:
    product, direction = str(fields["product"]), fields.get("direction")
    names = FIELDS.get(find_key(product, direction), EVERY)
    records = list_between(world, product, direction, *_read_span(world, fields), _list_accounts(world, fields))
    filters = [(names.index(name), str(fields[name])) for name in FILTERS if fields.get(name) and name in names]
    for place, value in filters:
        records = [record for record in records if record[place] == value]
    return _empty_unasked(_Table(names, records), fields)


def _find_by_id(world: World, fields: Mapping[str, Any], ids: Sequence[str]) -> _Table:
    key = find_key(str(fields["product"]), fields.get("direction"))
    records = find_by_id(world, key, ids, _list_accounts(world, fields))
    return _empty_unasked(_Table(FIELDS.get(key, ()), records), fields)


def _list_accounts(world: World, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """List the accounts whose records are asked for."""
    account = str(fields["account_id"])
    if read_flag(fields.get("include_subaccounts", "false")) and account == world.api_key:
        return (account, *(each.api_key for each in list_subaccounts(world.seed)))
    return (account,)


def _empty_unasked(table: _Table, fields: Mapping[str, Any]) -> _Table:
    """Empty the fields that are filled on request only."""
    records = table.records
    for name, option in ON_REQUEST.items():
        if name in table.names and not read_flag(fields.get(option, "false")):
            place = table.names.index(name)
            records = [(*record[:place], "", *record[place + 1 :]) for record in records]
    return _Table(table.names, records)


def _pack_report(world: World, fields: Mapping[str, Any]) -> tuple[int, bytes]:
    """Return the count of records, and a ZIP with one CSV."""
    table = _find_by_time(world, fields)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.names)
    writer.writerows(table.records)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        day = world.now().strftime("%Y%m%d")
        archive.writestr(f"report_{fields['product']}_{world.api_key}_{day}.csv", text.getvalue())
    return len(table.records), packed.getvalue()


def _format_report(request: Request, code: str, report: Mapping[str, Any]) -> dict[str, Any]:
    body = {"request_id": code, "request_status": report["status"], **report["request"], **report["times"]}
    links = {"self": {"href": f"{request.origin}/v2/reports/{code}"}}
    if report["status"] == "SUCCESS":
        body["items_count"] = report["count"]
        links["download_report"] = {"href": f"{request.origin}/v3/media/{report['file']}"}
    return {**body, "_links": links}
