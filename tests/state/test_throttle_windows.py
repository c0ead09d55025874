"""The arithmetic of the windows, the clock and the names that they stand on, without a database."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from nexmo_nb.state import throttle
from nexmo_nb.state.limits import Limit
from nexmo_nb.state.throttle import make_slot_id, print_wait, read_boot_clock, read_boot_id
from nexmo_nb.state.windows import BULK, Window, make_bulk_windows, seconds_until_room


@pytest.mark.parametrize(
    ("limit", "calls", "burst", "seconds"),
    [
        (1, 1, 1, 60.0),
        (2, 1, 1, 60.0),
        (10, 9, 1, 60 / 9),
        (99, 98, 4, 240 / 98),
        (100, 98, 5, 300 / 98),
        (149, 147, 7, 420 / 147),
        (1000, 980, 50, 3000 / 980),
    ],
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
    assert {len(each) for each in ids} == {32}
    assert [each[:16] for each in ids] == sorted(each[:16] for each in ids)


def test_the_clock_counts_the_time_for_which_the_machine_sleeps_where_the_system_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monotonic = SimpleNamespace(monotonic=lambda: 5.0)
    monkeypatch.setattr(throttle, "time", monotonic)
    assert read_boot_clock() == 5.0
    boot = SimpleNamespace(**vars(monotonic), CLOCK_BOOTTIME=7, clock_gettime={7: 9.0}.__getitem__)
    monkeypatch.setattr(throttle, "time", boot)
    assert read_boot_clock() == 9.0


def test_the_name_of_a_boot_is_the_systems_or_empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = {"/proc/sys/kernel/random/boot_id": tmp_path / "boot_id"}
    monkeypatch.setattr(throttle, "Path", files.__getitem__)
    assert read_boot_id() == ""
    (tmp_path / "boot_id").write_text("one\n", encoding="ascii")
    assert read_boot_id() == "one"


def test_a_wait_is_told_at_once_and_apart_from_what_a_program_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream(io.StringIO):
        shown = ""

        def flush(self) -> None:
            self.shown = self.getvalue()

    out, err = Stream(), Stream()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    print_wait("Waiting")
    assert (out.getvalue(), err.shown) == ("", "Waiting\n")
