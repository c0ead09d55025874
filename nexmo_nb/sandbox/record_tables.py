"""The records that reports look into: of the made-up year, of what was sent here, and of what was read here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from nexmo_nb.sandbox.data import COUNTRIES
from nexmo_nb.sandbox.receipts import find_receipt
from nexmo_nb.sandbox.record_fields import FIELDS, Record, find_key
from nexmo_nb.sandbox.traffic import find_records, find_time_place, iterate_records
from nexmo_nb.sandbox.traffic_products import FREE, describe_usage
from nexmo_nb.sandbox.world import World


def list_between(
    world: World, product: str, direction: str | None, start: datetime, end: datetime, accounts: Sequence[str]
) -> list[Record]:
    """List the records of a product and of some accounts from `start` and before `end`, oldest first."""
    key = find_key(product, direction)
    records = list(iterate_records(world, product, direction, start.timestamp(), end.timestamp(), accounts))
    own = _list_own_records(world, key, accounts)
    if own:
        place = find_time_place(key)
        records += [record for record in own if start <= datetime.fromisoformat(record[place]) < end]
        records.sort(key=lambda record: record[place])
    return records


def find_by_id(world: World, key: str, ids: Sequence[str], accounts: Sequence[str]) -> list[Record]:
    own = _list_own_records(world, key, accounts) if key in ("SMS", "SMS inbound") else []
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
        messages, usage, received = list(world.messages), list(world.usage), list(world.received)
    if key == "REPORTS-USAGE":
        return [tuple(fields[name] for name in FIELDS[key]) for fields in usage if fields["account_id"] in accounts]
    if key == "SMS inbound":
        return [_build_inbound_record(world, each, part) for each in received for part in each["parts"]]
    parts = ((message, part) for message in messages for part in message["parts"])
    return [_build_record(world, message, part) for message, part in parts] if key == "SMS" else []


def _build_record(world: World, message: Mapping[str, Any], part: Mapping[str, str]) -> Record:
    country = COUNTRIES[message["country"]]
    network = next(network for network in country.networks if network.code == message["network"])
    receipt = find_receipt(message, world.now())
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
