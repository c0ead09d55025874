"""The records that reports look into: of the made-up year, of what was sent here, and of what was read here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from nexmo_nb.sandbox.call_course import advance_calls
from nexmo_nb.sandbox.data import COUNTRIES, Country
from nexmo_nb.sandbox.message_codes import find_error_code, translate_status
from nexmo_nb.sandbox.receipts import find_receipt
from nexmo_nb.sandbox.record_fields import FIELDS, Record, find_key
from nexmo_nb.sandbox.traffic import find_records, find_time_place, iterate_records
from nexmo_nb.sandbox.traffic_products import FREE, describe_usage
from nexmo_nb.sandbox.world import World

# What the Reports API tells of a call that nobody answered, as code and text of SIP.
UNANSWERED = {
    "busy": ("486", "Busy Here"),
    "cancelled": ("487", "Request Terminated"),
    "failed": ("404", "Not Found"),
    "rejected": ("603", "Decline"),
    "timeout": ("487", "Request Terminated"),
    "unanswered": ("480", "Temporarily Unavailable"),
}


def list_between(
    world: World, product: str, direction: str | None, start: datetime, end: datetime, accounts: Sequence[str]
) -> list[Record]:
    """List the records of a product and of some accounts from `start` and before `end`, oldest first."""
    key = find_key(product, direction)
    records = list(iterate_records(world, product, direction, start.timestamp(), end.timestamp(), accounts))
    own = _list_own_records(world, key, accounts)
    if own:
        place = find_time_place(key)
        if direction and "direction" in FIELDS[key]:
            own = [record for record in own if record[FIELDS[key].index("direction")] == direction]
        records += [record for record in own if start <= datetime.fromisoformat(record[place]) < end]
        records.sort(key=lambda record: record[place])
    return records


def find_by_id(world: World, key: str, ids: Sequence[str], accounts: Sequence[str]) -> list[Record]:
    has_own = key in ("SMS", "SMS inbound", "MESSAGES", "VOICE-CALL", "VOICE-FAILED")
    own = _list_own_records(world, key, accounts) if has_own else []
    return find_records(world, key, ids, accounts) + [record for record in own if record[1] in ids]


def note_usage(
    world: World, fields: Mapping[str, Any], span: tuple[datetime, datetime], written: int, job_type: str
) -> None:
    """Note that records were read, which REPORTS-USAGE tells; reading that costs nothing and is not told."""
    product = str(fields["product"])
    if product == "REPORTS-USAGE":
        return
    with world.lock:
        start, end = (at.timestamp() for at in span)
        usage = describe_usage(
            world.new_id(), str(fields["account_id"]), product, (start, end), written, at=world.now().timestamp(),
            job_type=job_type, price=world.report_price, asked_by=world.api_key,
        )  # fmt: skip
        world.usage.append(usage)


def _list_own_records(world: World, key: str, accounts: Sequence[str]) -> list[Record]:
    """List what was sent, or read, here; all of it is the main account's."""
    if world.api_key not in accounts:
        return []
    with world.lock:
        advance_calls(world)
        messages, usage, received = list(world.messages), list(world.usage), list(world.received)
        calls = [dict(call) for call in world.calls]
    if key == "REPORTS-USAGE":
        return [tuple(fields[name] for name in FIELDS[key]) for fields in usage if fields["account_id"] in accounts]
    if key == "SMS inbound":
        return [_build_inbound_record(world, each, part) for each in received for part in each["parts"]]
    if key in ("VOICE-CALL", "VOICE-FAILED"):
        # Calls to what has no number are of other products.
        ended = [call for call in calls if call.get("end_time") and call["country"]]
        is_spoken = key == "VOICE-CALL"
        return [_build_call_record(world, key, call) for call in ended if (call["status"] == "completed") == is_spoken]
    by_messages = [message for message in messages if message.get("api") == "messages"]
    if key == "MESSAGES":
        return [_build_message_record(world, message) for message in by_messages]
    parts = ((each, part) for each in messages if each.get("api") != "messages" for part in each["parts"])
    return [_build_record(world, message, part) for message, part in parts] if key == "SMS" else []


def _describe_place(country: Country, code: str) -> dict[str, str]:
    network = next(network for network in country.networks if network.code == code)
    return {
        "network": network.code,
        "network_name": network.name,
        "country": country.code,
        "country_name": country.name,
    }


def _build_call_record(world: World, key: str, call: Mapping[str, Any]) -> Record:
    code, text = UNANSWERED.get(call["status"], ("200", ""))
    start, end = (_to_seconds(call[name]) for name in ("start_time", "end_time"))
    record = {
        "account_id": world.api_key,
        "call_id": f"{call['id'][:-2]}-1",
        "direction": "outbound",
        "from": call["from"]["number"],
        "to": call["to"],
        **_describe_place(COUNTRIES[call["country"]], call["network"]),
        "date_start": start or _to_seconds(call["history"][0]["time"]),
        "date_end": end,
        "duration": call["duration"],
        "status": "ANSWERED" if key == "VOICE-CALL" else "FAILED",
        "status_description": text,
        "status_code": code,
        "currency": "EUR",
        "price": call["rate"],
        "total_price": call["price"],
        "id": call["id"],
    }
    return tuple(record.get(name, "") for name in FIELDS[key])


def _to_seconds(time: str) -> str:
    """Write a time as records of calls have it, without its fraction."""
    return datetime.fromisoformat(time).isoformat(timespec="seconds") if time else ""


def _build_record(world: World, message: Mapping[str, Any], part: Mapping[str, str]) -> Record:
    receipt = find_receipt(message, world.now())
    record = {
        "account_id": world.api_key,
        "message_id": part["message_id"],
        "account_ref": message.get("account_ref") or "",
        "client_ref": message["client_ref"] or "",
        "direction": "outbound",
        "from": message.get("shown_sender", message["sender"]),
        "to": message["to"],
        "concatenated": "TRUE" if len(message["parts"]) > 1 else "FALSE",
        "message_body": message.get("text") or "",
        **_describe_place(COUNTRIES[message["country"]], message["network"]),
        "date_received": message["time"],
        "date_finalized": receipt.at.isoformat(timespec="milliseconds") if receipt.at else "",
        "latency": str(round(1000 * message["course"]["seconds"])) if receipt.at else "",
        "status": receipt.status,
        "error_code": str(receipt.error) if receipt.at else "",
        "error_code_description": receipt.error_text,
        "total_price": part["price"],
        "id": part["message_id"],
        "dcs": {"gsm7": "0", "ucs2": "8"}.get(message["encoding"], "4"),
    }
    return tuple(record.get(name, "") for name in FIELDS["SMS"])


def _build_message_record(world: World, message: Mapping[str, Any]) -> Record:
    """Build the record of a whole message of the Messages API: what it costs is told when its receipt came."""
    receipt = find_receipt(message, world.now())
    record = {
        "account_id": world.api_key,
        "message_id": message["parts"][0]["message_id"],
        "client_ref": message["client_ref"] or "",
        "direction": "outbound",
        "from": message["sender"],
        "to": message["to"],
        "message_body": message["text"],
        **_describe_place(COUNTRIES[message["country"]], message["network"]),
        "provider": "sms",
        "date_received": message["time"],
        "date_finalized": receipt.at.isoformat(timespec="milliseconds") if receipt.at else "",
        "latency": str(round(1000 * message["course"]["seconds"])) if receipt.at else "",
        "status": translate_status(receipt.status),
        "error_code": find_error_code(message) if receipt.at else "",
        "currency": "EUR",
        "estimated_price": message["price"],
        "total_price": message["price"] if receipt.at else "",
        "id": message["parts"][0]["message_id"],
    }
    return tuple(record.get(name, "") for name in FIELDS["MESSAGES"])


def _build_inbound_record(world: World, received: Mapping[str, Any], part: Mapping[str, str]) -> Record:
    country = COUNTRIES.get(received["country"])
    names = {network.code: network.name for network in country.networks} if country else {}
    record = {
        "account_id": world.api_key,
        "message_id": part["message_id"],
        "direction": "inbound",
        "from": received["sender"],
        "to": received["to"],
        "network": received["network"],
        "network_name": names.get(received["network"], ""),
        "country": received["country"],
        "country_name": country.name if country else "",
        "date_received": received["time"],
        "total_price": FREE,
        "id": part["message_id"],
        "message_body": part["text"],
    }
    return tuple(record.get(name, "") for name in FIELDS["SMS inbound"])
