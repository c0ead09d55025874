"""How the sandbox's tests read reports."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from decimal import Decimal
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode

from sandbox_client import Client

from nexmo_nb.sandbox.record_fields import FIELDS
from nexmo_nb.sandbox.traffic import iterate_records
from nexmo_nb.sandbox.world import World

DAYS = ("2025-12-03T00:00:00Z", "2025-12-05T00:00:00Z")


def build_query(client: Client, span: tuple[str, str] | tuple[None, None] = DAYS, **more: Any) -> dict[str, Any]:
    whole = {"product": "SMS", "account_id": client.sandbox.api_key, "direction": "outbound"}
    whole |= {"date_start": span[0], "date_end": span[1]} | more
    return {name: value for name, value in whole.items() if value is not None}


def read_page(client: Client, **fields: Any) -> tuple[int, Any]:
    return client.request("GET", f"/v2/reports/records?{urlencode(fields)}")


def read_pages(client: Client, **fields: Any) -> list[dict[str, Any]]:
    """Read page after page; each answer as it came."""
    found: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        status, body = read_page(client, **fields, **more)
        assert status == 200
        found.append(body)
        more = {name: body[name] for name in ("cursor", "iv") if name in body}
        if not more:
            return found


def list_records(client: Client, **fields: Any) -> list[dict[str, str]]:
    return [record for body in read_pages(client, **fields) for record in body["records"]]


def order_file(client: Client, **fields: Any) -> tuple[int, str, str]:
    """Order a report and wait for it: the count it tells, the name in the ZIP and the CSV."""
    status, made = client.request("POST", "/v2/reports", fields)
    assert status == 200
    look = made
    while look["request_status"] in ("PENDING", "PROCESSING"):
        look = client.request("GET", f"/v2/reports/{made['request_id']}")[1]
    path = look["_links"]["download_report"]["href"].removeprefix(client.sandbox.url)
    with zipfile.ZipFile(io.BytesIO(client.request("GET", path)[1])) as archive:
        (name,) = archive.namelist()
        return look["items_count"], name, archive.read(name).decode()


def read_file(client: Client, **fields: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(order_file(client, **fields)[2])))


def sum_messages(world: World, start: float, end: float) -> dict[tuple[str, str, str], tuple[int, Decimal]]:
    """Add up outbound SMS by country, network and status: how many records, and what they cost."""
    pick = itemgetter(*(FIELDS["SMS"].index(name) for name in ("country", "network", "status", "total_price")))
    sums: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
    for (country, network, status, price), times in Counter(
        pick(record) for record in iterate_records(world, "SMS", "outbound", start, end)
    ).items():
        count, cost = sums.get((country, network, status), (0, Decimal(0)))
        sums[country, network, status] = (count + times, cost + times * Decimal(price))
    return sums
