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
    assert link.startswith(f"{client.sandbox.url}/v3/media/")
    packed = client.request("GET", link)[1]
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


def test_a_report_that_was_called_off_stays_known_for_four_days() -> None:
    clock = [datetime(2026, 3, 1, tzinfo=timezone.utc)]
    with Sandbox(limits=False, now=lambda: clock[0]) as sandbox:
        client = Client(sandbox)
        paths = []
        for looks in (0, 1):
            code = client.request("POST", "/v2/reports", build_order(sandbox))[1]["request_id"]
            path = f"/v2/reports/{code}"
            for _ in range(looks):
                client.request("GET", path)
            assert client.request("DELETE", path)[1]["request_status"] == "ABORTED"
            assert client.request("DELETE", path)[0] == 409
            paths.append(path)
        clock[0] += timedelta(days=4) - timedelta(seconds=1)
        for path in paths:
            status, body = client.request("GET", path)
            assert (status, body["request_status"], list(body["_links"])) == (200, "ABORTED", ["self"])
        clock[0] += timedelta(seconds=1)
        assert [client.request(method, path)[0] for path in paths for method in ("GET", "DELETE")] == [404] * 4
        client.connection.close()


def test_a_file_stays_for_three_days_and_its_report_for_four() -> None:
    clock = [datetime(2026, 3, 1, tzinfo=timezone.utc)]
    with Sandbox(limits=False, now=lambda: clock[0]) as sandbox:
        client = Client(sandbox)
        path = f"/v2/reports/{client.request('POST', '/v2/reports', build_order(sandbox))[1]['request_id']}"
        clock[0] += timedelta(days=1)
        file = [client.request("GET", path)[1] for _ in range(2)][1]["_links"]["download_report"]["href"]
        clock[0] += timedelta(hours=72, seconds=-1)
        assert client.request("GET", file)[0] == 200
        clock[0] += timedelta(seconds=1)
        assert (client.request("GET", file)[0], client.request("GET", path)[0]) == (404, 200)
        clock[0] += timedelta(days=1)
        assert client.request("GET", path)[0] == 404
        client.connection.close()


def test_a_report_says_what_it_is_whatever_its_order_said(client: Client, sandbox: Sandbox) -> None:
    order = build_order(sandbox, request_status="SUCCESS", request_id="x", _links={}, items_count=7, other=1)
    made = client.request("POST", "/v2/reports", order)[1]
    assert (made["request_status"], "items_count" in made, "other" in made) == ("PENDING", False, False)
    assert client.request("GET", f"/v2/reports/{made['request_id']}")[0] == 200
