"""The clock that can be moved and frozen, and what goes by it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sandbox_client import TO, Client

from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.clock import LONGEST_MOVE, Clock, read_duration

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        *((timedelta(hours=72), 259_200), (90, 90), (1.5, 1.5), ("90", 90), ("72h", 259_200), ("3d", 259_200)),
        *(("90s", 90), ("15 m", 900), ("PT72H", 259_200), ("P3D", 259_200), ("P1DT1H1M1.5S", 90_061.5), (0, 0)),
    ],
)
def test_a_duration_is_read_in_the_ways_people_write_it(given: Any, seconds: float) -> None:
    assert read_duration(given) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "wrong",
    [
        *(-1, True, None, float("nan"), float("inf"), 10**400, [1], timedelta(days=-1)),
        *("-1h", "", "P", "PT", "P3", "72 hours", "3dd", "\u0663d", "9" * 12 + "d"),
        LONGEST_MOVE + timedelta(seconds=1),
    ],
    ids=str,
)
def test_what_is_no_duration_is_refused_in_words(wrong: Any) -> None:
    with pytest.raises(ValueError, match="duration: got .* allowed: a timedelta, seconds, or text such as '72h'"):
        read_duration(wrong)


def test_the_real_time_goes_on_from_the_point_that_the_clock_was_moved_to() -> None:
    real = [NOON]
    clock = Clock(lambda: real[0], lambda: 0.0)
    assert clock.move("72h") == NOON + timedelta(hours=72)
    real[0] += timedelta(seconds=5)
    assert clock.now() == NOON + timedelta(hours=72, seconds=5)
    assert clock.moved == timedelta(hours=72)


def test_a_frozen_clock_passes_by_moves_alone_and_then_goes_on_from_there() -> None:
    real = [NOON]
    clock = Clock(lambda: real[0], lambda: 0.0)
    clock.freeze()
    real[0] += timedelta(hours=1)
    clock.freeze()
    clock.move("2s")
    assert (clock.now(), clock.is_frozen) == (NOON + timedelta(seconds=2), True)
    clock.run()
    real[0] += timedelta(seconds=3)
    assert (clock.now(), clock.is_frozen) == (NOON + timedelta(seconds=5), False)


def test_a_clock_cannot_be_moved_away_for_ever() -> None:
    clock = Clock()
    clock.move(LONGEST_MOVE / 2)
    with pytest.raises(ValueError, match="more than 3,660 days ahead"):
        clock.move(LONGEST_MOVE)
    clock.reset()
    assert clock.moved == timedelta(0)


def test_messages_and_reports_have_the_time_of_the_clock_until_all_is_reset(client: Client, sandbox: Sandbox) -> None:
    sandbox.clock.freeze()
    before = sandbox.clock.now()
    client.sms()
    sandbox.clock.move("3d")
    client.sms()
    first, second = (datetime.fromisoformat(message["time"]) for message in sandbox.messages)
    assert second - first == timedelta(days=3)
    query = f"product=SMS&direction=outbound&account_id={sandbox.api_key}"
    page = client.request("GET", f"/v2/reports/records?{query}&date_end={second:%Y-%m-%dT%H:%M:%SZ}")[1]
    assert [record["to"] for record in page["records"]] == [TO]  # the end is not part of the span
    sandbox.reset()
    assert not sandbox.clock.is_frozen
    assert sandbox.clock.now() - before < timedelta(hours=1)


def test_limits_count_real_seconds_unless_the_clock_is_frozen() -> None:
    real = [0.0]
    with Sandbox(clock=lambda: real[0]) as strict:
        client = Client(strict)

        def ask() -> int:
            return client.request("GET", "/account/numbers")[0]

        assert [ask(), ask()] == [200, 429]
        strict.clock.move("72h")
        assert ask() == 429
        real[0] += 1.1
        assert ask() == 200
        strict.clock.freeze()
        real[0] += 1.1
        assert ask() == 429
        strict.clock.move("1.1s")
        assert ask() == 200
        client.connection.close()


def test_other_processes_move_and_freeze_the_clock(client: Client, sandbox: Sandbox) -> None:
    assert client.request("GET", "/_sandbox/clock")[1]["moved"] == 0
    status, told = client.request("POST", "/_sandbox/clock", {"freeze": True, "move": "72h"})
    assert (status, told["moved"] >= 259_200, told["frozen"]) == (200, True, True)
    assert client.request("GET", "/_sandbox/clock")[1]["now"] == told["now"]
    assert client.request("POST", "/_sandbox/clock", form={"freeze": "false", "move": "60"})[1]["frozen"] is False
    for wrong in ({}, {"move": "soon"}, {"freeze": "maybe"}):
        status, told = client.request("POST", "/_sandbox/clock", wrong)
        assert (status, "allowed: " in told["error"]) == (400, True)
