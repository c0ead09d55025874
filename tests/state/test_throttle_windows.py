"""The arithmetic of the windows, without a database."""

from __future__ import annotations

import pytest

from nexmo_nb.state.throttle import (
    BULK,
    INTERACTIVE,
    Limit,
    Window,
    list_windows,
    make_slot_id,
    plan_bulk_lane,
    seconds_until_room,
)

LIMIT = Limit(100, 60.0)
SMS = Limit(30, 1.03, from_answer=False)


@pytest.mark.parametrize(
    ("calls", "reserved", "burst", "seconds"),
    [(1, 0, 1, 60.0), (2, 1, 1, 60.0), (10, 1, 1, 60 / 9), (100, 2, 5, 300 / 98), (1000, 20, 50, 3000 / 980)],
)
def test_the_bulk_lane_leaves_a_call_to_others_wherever_there_are_two(
    calls: int, reserved: int, burst: int, seconds: float
) -> None:
    lane = plan_bulk_lane(Limit(calls, 60.0))
    assert lane == (reserved, (burst, pytest.approx(seconds), False))


def test_an_interactive_call_needs_room_in_the_whole_window_only() -> None:
    assert list_windows(LIMIT, plan_bulk_lane(LIMIT), {"sms": SMS}, "owned", INTERACTIVE) == [Window(LIMIT)]


def test_a_bulk_call_needs_room_in_its_share_at_its_pace_and_in_its_family() -> None:
    lane = plan_bulk_lane(LIMIT)
    assert list_windows(LIMIT, lane, {"sms": SMS}, "sms", BULK) == [
        Window(Limit(98, 60.0)),
        Window(lane.pace, "lane", BULK),
        Window(SMS, "family", "sms"),
    ]


@pytest.mark.parametrize(("slot_time", "expected"), [(None, 0.0), (100.0, 8.0), (92.0, 0.0), (90.0, -2.0)])
def test_a_window_has_room_when_its_oldest_slot_leaves_it(slot_time: float | None, expected: float) -> None:
    assert seconds_until_room(slot_time, 10.0, 102.0) == expected


def test_later_slot_ids_sort_after_earlier_ones() -> None:
    ids = [make_slot_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert [each[:16] for each in ids] == sorted(each[:16] for each in ids)
