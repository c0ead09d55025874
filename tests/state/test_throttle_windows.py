"""The arithmetic of the windows, without a database."""

from __future__ import annotations

import pytest

from nexmo_nb.state.throttle import BULK, Limit, Window, make_bulk_windows, make_slot_id, seconds_until_room


@pytest.mark.parametrize(
    ("limit", "calls", "burst", "seconds"),
    [(1, 1, 1, 60.0), (2, 1, 1, 60.0), (10, 9, 1, 60 / 9), (100, 98, 5, 300 / 98), (1000, 980, 50, 3000 / 980)],
)
def test_the_bulk_lane_leaves_calls_to_others_and_spreads_its_own(
    limit: int, calls: int, burst: int, seconds: float
) -> None:
    assert make_bulk_windows(Limit(limit, 60.0)) == [
        Window(Limit(calls, 60.0)),
        Window(Limit(burst, pytest.approx(seconds), from_answer=False), "lane", BULK),
    ]


@pytest.mark.parametrize(("slot_time", "expected"), [(None, 0.0), (100.0, 8.0), (92.0, 0.0), (90.0, -2.0)])
def test_a_window_has_room_when_its_oldest_slot_leaves_it(slot_time: float | None, expected: float) -> None:
    assert seconds_until_room(slot_time, 10.0, 102.0) == expected


def test_later_slot_ids_sort_after_earlier_ones() -> None:
    ids = [make_slot_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert [each[:16] for each in ids] == sorted(each[:16] for each in ids)
