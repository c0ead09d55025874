"""Reports of messages: asynchronous ones as a CSV in a ZIP, and synchronous ones by id or time, in pages."""

from __future__ import annotations

import base64
import csv
import io
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from nexmo_nb.sandbox import applications
from nexmo_nb.sandbox.auth import authorised
from nexmo_nb.sandbox.data import COUNTRIES, Network
from nexmo_nb.sandbox.traffic import FIELDS, find, rows
from nexmo_nb.sandbox.world import Answer, Request, World

__all__ = ["create", "media", "records", "single"]

PRODUCTS = (
    "SMS",
    "SMS-TRAFFIC-CONTROL",
    "VOICE-CALL",
    "VOICE-FAILED",
    "VOICE-TTS",
    "IN-APP-VOICE",
    "WEBSOCKET-CALL",
    "ASR",
    "AMD",
    "VERIFY-API",
    "VERIFY-V2",
    "NUMBER-INSIGHT",
    "CONVERSATION-EVENT",
    "CONVERSATION-MESSAGE",
    "MESSAGES",
    "VIDEO-API",
    "NETWORK-API-EVENT",
    "REPORTS-USAGE",
)
FILTERS = ("status", "from", "to", "country", "network", "account_ref", "client_ref", "call_id")
# The filters of a product, where they are known.
ALLOWED = {
    "SMS": {"status", "from", "to", "country", "network", "account_ref", "client_ref"},
    "VOICE-CALL": {"status", "from", "to", "country", "network", "call_id"},
    "VOICE-FAILED": {"from", "to", "country", "call_id"},
    "VOICE-TTS": {"call_id"},
    "AMD": {"call_id"},
    "WEBSOCKET-CALL": {"call_id"},
}
WITH_ID = {"product", "account_id", "direction", "id", "include_message", "show_concatenated"}
PAGE = 1000
IV = "00"
LONGEST = timedelta(days=400)


def create(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Take an order for a report."""
    if not authorised(world, request):
        return _denied()
    body = request.json
    if not isinstance(body, dict):
        return _problem(400, "#invalid-json", "Malformed JSON", "Malformed JSON payload.")
    bad = _wrong(world, body)
    if bad is not None:
        return bad
    with world.lock:
        code = world.new_id()
        times = {"receive_time": _stamp(world.now())}
        world.reports[code] = {"request": dict(body), "looks": 0, "file": world.new_id(), "times": times}
        return Answer(200, _shown(code, world.reports[code], "PENDING"))


def single(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Show how far a report is; it is ready at the second look."""
    if not authorised(world, request):
        return _denied()
    code = request.path.rsplit("/", 1)[1]
    with world.lock:
        report = world.reports.get(code)
        if report is None:
            return _problem(404, "#not-found", "Invalid report ID", f"There is no report {code}.")
        if request.method == "DELETE":
            if report["looks"] > 1:
                return _problem(409, "#invalid-abort-operation", "Conflict", "The report is finished.")
            del world.reports[code]
            return Answer(200, _shown(code, report, "ABORTED"))
        report["looks"] += 1
        report["times"].setdefault("start_time", _stamp(world.now()))
        if report["looks"] < 2:
            return Answer(200, _shown(code, report, "PROCESSING"))
    if "packed" not in report:
        report["count"], report["packed"] = _packed(world, report["request"])
    return Answer(200, _shown(code, report, "SUCCESS"))


def media(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Hand a finished report out."""
    if not authorised(world, request):
        return _denied()
    file = request.path.rsplit("/", 1)[1]
    with world.lock:
        report = next((r for r in world.reports.values() if r["file"] == file and "packed" in r), None)
    if report is None:
        return _problem(404, "#not-found", "Not Found", "The file is not there.")
    return Answer(200, report["packed"], {"Content-Type": "application/octet-stream"})


def _problem(*said: Any, **more: Any) -> Answer:
    """Make an RFC 7807 answer, with its content type."""
    return applications.problem(*said, **more)._replace(headers={"Content-Type": "application/problem+json"})


def _denied() -> Answer:
    return applications.denied()._replace(headers={"Content-Type": "application/problem+json"})


def _packed(world: World, fields: Mapping[str, Any]) -> tuple[int, bytes]:
    """Write a report: how many records, and the ZIP of its CSV."""
    names, found = _matching(world, fields)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows(found)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        day = world.now().strftime("%Y%m%d")
        archive.writestr(f"report_{fields['product']}_{world.api_key}_{day}.csv", text.getvalue())
    return len(found), packed.getvalue()


def records(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Answer at once, by id or by time, in pages."""
    if not authorised(world, request):
        return _denied()
    query = request.query
    bad = _wrong(world, query)
    if bad is not None:
        return bad
    missing: list[str] = []
    if "id" in query:
        ids = query["id"].split(",")
        if len(ids) > 20 or set(query) - WITH_ID:
            return _problem(422, "#invalid-filter", "Invalid filter", "At most 20 ids, and no other filter.")
        names, found = _by_id(world, query, ids)
        missing = sorted(set(ids) - {value for row in found for value in row})
    elif "client_ref" in query:
        return _problem(422, "#invalid-filter", "Invalid filter", "client_ref is not allowed here.")
    else:
        names, found = _matching(world, query)
    with world.lock:
        code = world.new_id()
    start = _start(query)
    if start is None:
        return _problem(422, "#invalid-params", "Invalid parameters", "The cursor cannot be read.")
    page = [dict(zip(names, row, strict=True)) for row in found[start : start + PAGE]]
    body: dict[str, Any] = {
        "_links": {"self": {"href": _link(request, {})}},
        "request_id": code,
        "request_status": "SUCCESS",
        "received_at": _stamp(world.now()),
        "items_count": len(page),
        "product": query["product"],
        "records": page,
    }
    if missing:
        body["ids_not_found"] = ",".join(missing)
    if start + PAGE < len(found):
        cursor = base64.urlsafe_b64encode(str(start + PAGE).encode()).decode()
        body |= {"cursor": cursor, "iv": IV}
        body["_links"]["next"] = {"href": _link(request, {"cursor": cursor, "iv": IV})}
    return Answer(200, body)


def _start(query: Mapping[str, str]) -> int | None:
    """Read where a page begins; None for a cursor that was not given out here."""
    if "cursor" not in query and "iv" not in query:
        return 0
    try:
        place = base64.urlsafe_b64decode(query.get("cursor", "")).decode()
    except ValueError:
        return None
    whole = place.isascii() and place.isdigit() and int(place) > 0 and int(place) % PAGE == 0
    return int(place) if whole and query.get("iv") == IV else None


def _link(request: Request, more: Mapping[str, str]) -> str:
    asked = {name: value for name, value in request.query.items() if not name.startswith("api_")}
    return f"https://api.nexmo.com{request.path}?{urlencode({**asked, **more})}"


def _wrong(world: World, fields: Mapping[str, Any]) -> Answer | None:
    missing = [name for name in ("product", "account_id") if not fields.get(name)]
    known = ("inbound", "outbound") if fields.get("product") in ("SMS", "MESSAGES") else ("inbound", "outbound", None)
    missing += ["direction"] if fields.get("direction") not in known else []
    if missing:
        pairs = [{"name": name, "reason": "Missing required parameter"} for name in missing]
        return _problem(422, "#invalid-params", "Invalid parameters", "See below.", invalid_parameters=pairs)
    if fields["product"] not in PRODUCTS:
        pairs = [{"name": "product", "reason": f"Could not resolve product name. Use one of {list(PRODUCTS)}"}]
        return _problem(422, "#invalid-params", "Invalid parameters", "See below.", invalid_parameters=pairs)
    allowed = ALLOWED.get(fields["product"], FILTERS)
    if any(name not in allowed for name in FILTERS if fields.get(name)):
        return _problem(422, "#invalid-filter", "Invalid filter", "A filter is not allowed for this product.")
    if fields["account_id"] != world.api_key:
        return _problem(403, "#forbidden", "Forbidden", "User not authorized to query the requested data")
    try:
        start, end = _span(world, fields)
    except ValueError:
        return _problem(422, "#invalid-params", "Invalid parameters", "A date cannot be read.")
    too_long = not timedelta(0) < end - start <= LONGEST
    return _problem(422, "#invalid-params", "Invalid parameters", "The dates do not fit.") if too_long else None


def _span(world: World, fields: Mapping[str, Any]) -> tuple[datetime, datetime]:
    times = []
    for name, default in (("date_start", world.now() - timedelta(days=7)), ("date_end", world.now())):
        at = datetime.fromisoformat(str(fields[name]).replace("Z", "+00:00")) if fields.get(name) else default
        times.append(at if at.tzinfo else at.replace(tzinfo=timezone.utc))
    return times[0], times[1]


def _matching(world: World, fields: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Give the records that were asked for, oldest first, and the names of their fields."""
    product, direction = str(fields["product"]), fields.get("direction")
    key = _key(product, direction)
    names = FIELDS.get(key, ())
    start, end = _span(world, fields)
    found = list(rows(world, product, direction, start.timestamp(), end.timestamp()))
    if key == "SMS":
        place = names.index("date_received")
        sent = [row for row in _sent(world) if start <= datetime.fromisoformat(row[place]) < end]
        found = sorted(found + sent, key=lambda row: row[place]) if sent else found
    wanted = [(names.index(name), str(fields[name])) for name in FILTERS if fields.get(name) and name in names]
    kept = [row for row in found if all(row[place] == value for place, value in wanted)]
    return names, _bare(names, kept, fields)


def _by_id(world: World, fields: Mapping[str, Any], ids: list[str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    key = _key(str(fields["product"]), fields.get("direction"))
    found = find(world, key, ids) + [row for row in _sent(world) if key == "SMS" and row[1] in ids]
    return FIELDS.get(key, ()), _bare(FIELDS.get(key, ()), found, fields)


def _key(product: str, direction: str | None) -> str:
    return f"{product} {direction}" if f"{product} {direction}" in FIELDS else product


def _bare(names: tuple[str, ...], found: list[tuple[str, ...]], fields: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Leave out what is given only to those who ask for it."""
    hidden = {"message_body": "include_message", "concatenated": "show_concatenated"}
    for name, wish in hidden.items():
        if name in names and str(fields.get(wish, "")).lower() not in ("true", "1"):
            place = names.index(name)
            found = [(*row[:place], "", *row[place + 1 :]) for row in found]
    return found


def _sent(world: World) -> list[tuple[str, ...]]:
    """Make the records of every message that was sent here, a part each."""
    made = []
    with world.lock:
        messages = list(world.messages)
    for message in messages:
        country = COUNTRIES[message["country"]]
        network = next((n for n in country.networks if n.code == message["network"]), Network("", "", "", ""))
        for part in message["parts"]:
            record = {
                "account_id": world.api_key,
                "message_id": part["message_id"],
                "account_ref": message.get("account_ref") or "",
                "client_ref": message["client_ref"] or "",
                "direction": "outbound",
                "from": message["sender"],
                "to": message["to"],
                "concatenated": "TRUE" if len(message["parts"]) > 1 else "FALSE",
                "message_body": message.get("text") or "",
                "network": network.code,
                "network_name": network.name,
                "country": country.code,
                "country_name": country.name,
                "date_received": message["time"],
                "date_finalized": message["time"],
                "latency": "900",
                "status": "delivered",
                "error_code": "0",
                "error_code_description": "Delivered",
                "total_price": part["price"],
                "id": part["message_id"],
                "dcs": {"gsm7": "0", "ucs2": "8"}.get(message["encoding"], "4"),
            }
            made.append(tuple(record.get(name, "") for name in FIELDS["SMS"]))
    return made


def _shown(code: str, report: Mapping[str, Any], status: str) -> dict[str, Any]:
    links, counted = {"self": {"href": f"/v2/reports/{code}"}}, {}
    if status == "SUCCESS":
        counted = {"items_count": report["count"]}
        links["download_report"] = {"href": f"https://api.nexmo.com/v3/media/{report['file']}"}
    known = {"request_id": code, "request_status": status, **report["request"], **report["times"]}
    return {**known, **counted, "_links": links}


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
