"""Reports of what was sent to the sandbox; test_traffic has those of the made-up year."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import pytest
from sandbox_client import UNKNOWN, Client

from nexmo_nb.sandbox import Sandbox


def build_order(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return {"product": "SMS", "account_id": sandbox.api_key, "direction": "outbound", **more}


def test_a_report_is_made_waited_for_and_read(client: Client, sandbox: Sandbox) -> None:
    entries = client.sms(text="a" * 200, client_ref="r1")["messages"]
    client.sms(client_ref="r2")
    made = client.request("POST", "/v2/reports", build_order(sandbox, client_ref="r1"))
    assert (made[0], made[1]["request_status"]) == (200, "PENDING")
    path = f"/v2/reports/{made[1]['request_id']}"
    looks = [client.request("GET", path)[1] for _ in range(2)]
    assert [look["request_status"] for look in looks] == ["PROCESSING", "SUCCESS"]
    link = looks[1]["_links"]["download_report"]["href"]
    assert link.startswith("https://api.nexmo.com/v3/media/")
    packed = client.request("GET", link.removeprefix("https://api.nexmo.com"))[1]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read(archive.namelist()[0]).decode())))
    assert [row["message_id"] for row in rows] == [entry["message-id"] for entry in entries]
    assert {row["client_ref"] for row in rows} == {"r1"}
    assert {row["total_price"] for row in rows} == {entries[0]["message-price"]}
    assert client.request("DELETE", path)[0] == 409


def test_records_come_at_once_by_id_or_time(client: Client, sandbox: Sandbox) -> None:
    code = client.sms()["messages"][0]["message-id"]
    query = urlencode(build_order(sandbox, id=f"{code},{UNKNOWN}"))
    status, body = client.request("GET", f"/v2/reports/records?{query}")
    assert (status, body["items_count"], body["ids_not_found"]) == (200, 1, UNKNOWN)
    later = urlencode(build_order(sandbox, date_end=(datetime.now(timezone.utc) + timedelta(minutes=1)).isoformat()))
    assert client.request("GET", f"/v2/reports/records?{later}")[1]["records"][0]["message_id"] == code


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"product": None}, 422),
        ({"product": "FAX"}, 422),
        ({"direction": None}, 422),
        ({"account_id": "other123"}, 403),
        ({"date_start": "yesterday"}, 422),
        ({"date_start": "2020-01-01T00:00:00Z"}, 422),
    ],
)
def test_wrong_reports_are_refused(client: Client, sandbox: Sandbox, change: dict[str, Any], status: int) -> None:
    body = {name: value for name, value in build_order(sandbox, **change).items() if value is not None}
    assert client.request("POST", "/v2/reports", body)[0] == status


def test_unknown_reports_and_files_are_not_found(client: Client) -> None:
    assert client.request("GET", f"/v2/reports/{UNKNOWN}")[0] == 404
    assert client.request("GET", f"/v3/media/{UNKNOWN}")[0] == 404
    assert client.request("POST", "/v2/reports", {}, Authorization="")[0] == 401
