"""Numbers with an effect of their own: where they are shown, that nobody meets them, and what each does."""

from __future__ import annotations

import http.client
import re
from pathlib import Path
from typing import Any

import jwt
import pytest
from sandbox_client import Client

import nexmo_nb as nx
from nexmo_nb.contacts.fictional import is_fictional
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.codes import RECEIPT_ERRORS, STATUS_TEXTS
from nexmo_nb.sandbox.magic_numbers import MAGIC_NUMBERS, PREFIX, find_course, find_magic

ROOT = Path(nx.__file__).parents[1]
LONG = "Please bring the papers that we asked you for. " * 4


def list_digits() -> list[str]:
    """List every number of the table, with every code."""
    found = []
    for each in MAGIC_NUMBERS:
        found += [each.number.replace("nn", f"{code:02d}") for code in each.codes] or [each.number]
    return found


def write_rows() -> list[str]:
    rows = []
    for each in MAGIC_NUMBERS:
        codes = ", ".join(f"{code:02d} {meaning}" for code, meaning in each.codes.items())
        rows.append(f"| `{each.number}` | {each.effect} | {codes} |".replace("|  |", "| |"))
    return rows


@pytest.mark.skipif(not (ROOT / "docs").exists(), reason="runs in a checkout only")
def test_the_guide_has_the_table() -> None:
    text = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")
    assert re.findall(rf"^\| `{PREFIX}.*", text, re.MULTILINE) == write_rows()


def test_python_and_other_processes_are_told_the_same(client: Client, sandbox: Sandbox) -> None:
    assert client.request("GET", "/_sandbox/numbers")[1] == sandbox.numbers()
    assert [(each["number"], each["effect"]) for each in sandbox.numbers()] == [each[:2] for each in MAGIC_NUMBERS]


def test_they_are_set_aside_for_films_but_not_for_people_and_the_client_doubts_none(session: nx.Session) -> None:
    digits = list_digits()
    assert len(set(digits)) == len(digits)
    assert all(map(is_fictional, digits))
    assert not any(each.startswith("447700900") for each in digits)
    plan = nx.plan_sms(digits, "Hello", sender="Demo")
    assert plan.problem.isna().all()
    assert plan.warning.isna().all()
    assert plan.to.tolist() == digits


@pytest.mark.parametrize(
    "number", ["447700900907", f"{PREFIX}001", f"{PREFIX}013", f"{PREFIX}100", f"{PREFIX}999", "nn", ""]
)
def test_any_other_number_is_like_all(number: str) -> None:
    assert find_magic(number).number == ""
    assert find_course(number) == ("delivered", 0, 2.0)


def test_an_sms_is_refused_with_the_status_that_the_number_ends_in(client: Client, sandbox: Sandbox) -> None:
    for code in set(STATUS_TEXTS) - {1}:
        (entry,) = client.sms(to=f"{PREFIX}0{code:02d}")["messages"]
        assert (entry["status"], entry["error-text"]) == (str(code), STATUS_TEXTS[code])
    assert sandbox.messages == []


def find_record(client: Client, **fields: Any) -> dict[str, str]:
    """Send a message, and find its record by the reports."""
    code = client.sms(**fields)["messages"][0]["message-id"]
    return read_record(client, code)


def read_record(client: Client, code: str) -> dict[str, str]:
    query = f"product=SMS&direction=outbound&account_id={client.sandbox.api_key}&id={code}"
    (record,) = client.request("GET", f"/v2/reports/records?{query}")[1]["records"]
    return dict(record)


def test_a_receipt_fails_with_the_code_that_the_number_ends_in(client: Client) -> None:
    for code in set(RECEIPT_ERRORS) - {0}:
        record = find_record(client, to=f"{PREFIX}1{code:02d}")
        found = [record[name] for name in ("status", "error_code", "error_code_description", "latency")]
        assert found == ["failed", str(code), RECEIPT_ERRORS[code], "2000"]


@pytest.mark.parametrize(
    ("number", "status", "error"),
    [("447700900123", "delivered", "0"), (f"{PREFIX}206", "rejected", "9"), (f"{PREFIX}208", "failed", "12")],
)
def test_a_receipt_follows_the_number(client: Client, number: str, status: str, error: str) -> None:
    record = find_record(client, to=number)
    assert (record["status"], record["error_code"]) == (status, error)
    assert client.request("GET", "/_sandbox/inbox")[1]["messages"][0]["receipts"][0]["status"] == status


@pytest.mark.parametrize(("options", "moved"), [({}, "72h"), ({"ttl": 60_000}, "60s")])
def test_a_message_to_a_phone_that_is_off_expires_by_the_clock(
    client: Client, sandbox: Sandbox, options: dict[str, Any], moved: str
) -> None:
    sandbox.clock.freeze()
    record = find_record(client, to=f"{PREFIX}205", **options)
    assert (record["status"], record["error_code"], record["date_finalized"]) == ("submitted", "", "")
    sandbox.clock.move(moved)
    record = read_record(client, record["message_id"])
    assert (record["status"], record["error_code"]) == ("expired", "2")
    assert record["date_finalized"] == sandbox.clock.now().isoformat(timespec="milliseconds")


def test_a_ported_number_has_another_network_in_the_end_for_the_same_price(client: Client, sandbox: Sandbox) -> None:
    (entry,) = client.sms(to=f"{PREFIX}207")["messages"]
    record = read_record(client, entry["message-id"])
    assert record["network"] != entry["network"]
    assert record["country"] == "GB"
    assert record["total_price"] == entry["message-price"]


def test_a_number_that_is_throttled_is_so_for_ever_whatever_is_sent(client: Client, sandbox: Sandbox) -> None:
    for _ in range(3):
        assert [entry["status"] for entry in client.sms(to=f"{PREFIX}200")["messages"]] == ["1"]
        assert place_call(client, f"{PREFIX}200") == 429
    assert client.sms()["messages"][0]["status"] == "0"
    assert len(sandbox.messages) == 1


def place_call(client: Client, number: str) -> int:
    sandbox = client.sandbox
    now = int(sandbox.clock.now().timestamp())
    claims = {"application_id": sandbox.application_id, "iat": now, "jti": sandbox.world.new_id()}
    call = {"to": [{"type": "phone", "number": number}], "random_from_number": True}
    bearer = jwt.encode(claims, sandbox.private_key, algorithm="RS256")
    body = {**call, "ncco": [{"action": "talk", "text": "Hello"}]}
    return client.request("POST", "/v1/calls", body, Authorization=f"Bearer {bearer}")[0]


def test_of_a_long_text_only_the_first_part_is_accepted(client: Client, sandbox: Sandbox) -> None:
    answer = client.sms(to=f"{PREFIX}201", text=LONG)
    assert [entry["status"] for entry in answer["messages"]] == ["0", "1"]
    assert [len(message["parts"]) for message in sandbox.messages] == [1]
    assert client.sms(to=f"{PREFIX}201")["messages"][0]["status"] == "1"


@pytest.mark.parametrize(("number", "count"), [(f"{PREFIX}203", 0), (f"{PREFIX}204", 1)])
def test_no_answer_comes_and_it_was_sent_or_not(client: Client, sandbox: Sandbox, number: str, count: int) -> None:
    with pytest.raises((http.client.HTTPException, OSError)):
        client.sms(to=number)
    client.connection.close()
    assert len(sandbox.messages) == count
    with pytest.raises((http.client.HTTPException, OSError)):
        place_call(client, number)
    assert len(sandbox.calls) == count


def test_a_slow_number_keeps_its_sender_waiting(
    client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(sandbox._server.closing, "wait", lambda seconds: waits.append(seconds))
    client.sms(to=f"{PREFIX}202")
    assert waits == [3.0]
    assert len(sandbox.messages) == 1


@pytest.mark.parametrize(("number", "end"), [(300, "busy"), (301, "unanswered"), (302, "machine"), (203, "completed")])
def test_the_table_says_what_comes_of_a_call(number: int, end: str) -> None:
    assert find_magic(f"{PREFIX}{number}").call == end


def test_an_accident_that_was_scheduled_comes_first(client: Client, sandbox: Sandbox) -> None:
    sandbox.fail_next("500", path="/sms")
    status, _ = client.request("POST", "/sms/json", form={"to": f"{PREFIX}203", "from": "Demo", "text": "Hello"})
    assert status == 500
