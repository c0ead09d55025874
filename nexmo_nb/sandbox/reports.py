"""Reports of messages: asynchronous ones as a CSV in a ZIP, and synchronous ones by id or time, in pages."""

from __future__ import annotations

import base64
import csv
import io
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from nexmo_nb.sandbox.applications import denied, problem
from nexmo_nb.sandbox.auth import authorised
from nexmo_nb.sandbox.data import COUNTRIES, Network
from nexmo_nb.sandbox.world import Answer, Request, World

__all__ = ["create", "media", "records", "single"]

FIELDS = (
    "account_id",
    "message_id",
    "account_ref",
    "client_ref",
    "direction",
    "from",
    "to",
    "forced_from",
    "changed_from",
    "concatenated",
    "message_body",
    "network",
    "network_name",
    "country",
    "country_name",
    "date_received",
    "date_finalized",
    "latency",
    "status",
    "error_code",
    "error_code_description",
    "currency",
    "total_price",
    "id",
    "dcs",
    "validity_period",
    "ip_address",
    "udh",
    "workflow_id",
    "tier_volume",
)
PRODUCTS = ("SMS",)
FILTERS = ("client_ref", "account_ref", "from", "to", "country", "network", "status")
PAGE = 1000
LONGEST = timedelta(days=400)


def create(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Take an order for a report."""
    if not authorised(world, request):
        return denied()
    body = request.json if isinstance(request.json, dict) else {}
    bad = _wrong(world, body)
    if bad is not None:
        return bad
    with world.lock:
        code = world.new_id()
        world.reports[code] = {"request": dict(body), "looks": 0, "file": world.new_id()}
        return Answer(200, _shown(code, world.reports[code], "PENDING"))


def single(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Show how far a report is; it is ready at the second look."""
    if not authorised(world, request):
        return denied()
    code = request.path.rsplit("/", 1)[1]
    with world.lock:
        report = world.reports.get(code)
        if report is None:
            return problem(404, "#not-found", "Invalid report ID", f"There is no report {code}.")
        if request.method == "DELETE":
            if report["looks"] > 1:
                return problem(409, "#invalid-abort-operation", "Conflict", "The report is finished.")
            del world.reports[code]
            return Answer(200, _shown(code, report, "ABORTED"))
        report["looks"] += 1
        return Answer(200, _shown(code, report, "PROCESSING" if report["looks"] < 2 else "SUCCESS"))


def media(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Hand a finished report out."""
    if not authorised(world, request):
        return denied()
    file = request.path.rsplit("/", 1)[1]
    with world.lock:
        report = next((r for r in world.reports.values() if r["file"] == file and r["looks"] > 1), None)
        if report is None:
            return problem(404, "#not-found", "Not Found", "The file is not there.")
        rows = _matching(world, report["request"])
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS)
    writer.writeheader()
    writer.writerows(rows)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        day = world.now().strftime("%Y%m%d")
        archive.writestr(f"report_SMS_{world.api_key}_{day}.csv", text.getvalue())
    return Answer(200, packed.getvalue(), {"Content-Type": "application/octet-stream"})


def records(world: World, request: Request, _: Mapping[str, Any] | None) -> Answer:
    """Answer at once, by id or by time, in pages."""
    if not authorised(world, request):
        return denied()
    query = request.query
    bad = _wrong(world, query)
    if bad is not None:
        return bad
    with world.lock:
        if "id" in query:
            ids = query["id"].split(",")
            if len(ids) > 20 or set(query) - {"product", "account_id", "direction", "id", "include_message"}:
                return problem(422, "#invalid-filter", "Invalid filter", "At most 20 ids, and no other filter.")
            found = [row for row in _all(world) if row["message_id"] in ids]
            missing = sorted(set(ids) - {row["message_id"] for row in found})
        else:
            found, missing = _matching(world, query), []
        code = world.new_id()
    start = int(base64.urlsafe_b64decode(query["cursor"])) if "cursor" in query else 0
    page = found[start : start + PAGE]
    body: dict[str, Any] = {
        "_links": {"self": {"href": request.path}},
        "request_id": code,
        "request_status": "SUCCESS",
        "received_at": _stamp(world.now()),
        "items_count": len(page),
        "product": "SMS",
        "records": page,
    }
    if missing:
        body["ids_not_found"] = ",".join(missing)
    if start + PAGE < len(found):
        cursor = base64.urlsafe_b64encode(str(start + PAGE).encode()).decode()
        body |= {"cursor": cursor, "iv": "00"}
        body["_links"]["next"] = {"href": f"{request.path}?cursor={cursor}&iv=00"}
    return Answer(200, body)


def _wrong(world: World, fields: Mapping[str, Any]) -> Answer | None:
    missing = [name for name in ("product", "account_id") if not fields.get(name)]
    missing += ["direction"] if fields.get("direction") not in ("inbound", "outbound") else []
    if missing:
        pairs = [{"name": name, "reason": "Missing required parameter"} for name in missing]
        return problem(422, "#invalid-params", "Invalid parameters", "See below.", invalid_parameters=pairs)
    if fields["product"] not in PRODUCTS:
        return problem(422, "#invalid-params", "Invalid parameters", "Could not resolve product name")
    if fields["account_id"] != world.api_key:
        return problem(403, "#forbidden", "Forbidden", "User not authorized to query the requested data")
    try:
        start, end = _span(world, fields)
    except ValueError:
        return problem(422, "#invalid-params", "Invalid parameters", "A date cannot be read.")
    too_long = not timedelta(0) < end - start <= LONGEST
    return problem(422, "#invalid-params", "Invalid parameters", "The dates do not fit.") if too_long else None


def _span(world: World, fields: Mapping[str, Any]) -> tuple[datetime, datetime]:
    times = []
    for name, default in (("date_start", world.now() - timedelta(days=7)), ("date_end", world.now())):
        at = datetime.fromisoformat(str(fields[name]).replace("Z", "+00:00")) if fields.get(name) else default
        times.append(at if at.tzinfo else at.replace(tzinfo=timezone.utc))
    return times[0], times[1]


def _matching(world: World, fields: Mapping[str, Any]) -> list[dict[str, str]]:
    if fields.get("direction") != "outbound":
        return []
    start, end = _span(world, fields)
    wanted = {name: str(fields[name]) for name in FILTERS if fields.get(name)}
    return [
        row
        for row in _all(world)
        if start <= datetime.fromisoformat(row["date_received"]) < end
        and all(row[name] == value for name, value in wanted.items())
    ]


def _all(world: World) -> list[dict[str, str]]:
    """Make the records of every message, a part each."""
    rows = []
    for message in world.messages:
        country = COUNTRIES[message["country"]]
        network = next((n for n in country.networks if n.code == message["network"]), Network("", "", "", ""))
        for part in message["parts"]:
            rows.append(
                dict.fromkeys(FIELDS, "")
                | {
                    "account_id": world.api_key,
                    "message_id": part["message_id"],
                    "account_ref": message.get("account_ref") or "",
                    "client_ref": message["client_ref"] or "",
                    "direction": "outbound",
                    "from": message["sender"],
                    "to": message["to"],
                    "concatenated": "TRUE" if len(message["parts"]) > 1 else "FALSE",
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
            )
    return rows


def _shown(code: str, report: Mapping[str, Any], status: str) -> dict[str, Any]:
    links = {"self": {"href": f"/v2/reports/{code}"}}
    if status == "SUCCESS":
        links["download_report"] = {"href": f"https://api.nexmo.com/v3/media/{report['file']}"}
    return {"request_id": code, "request_status": status, **report["request"], "_links": links}


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
