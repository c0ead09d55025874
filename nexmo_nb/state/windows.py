"""The windows of the throttle: which ones a call counts in, what they have room for, and how long until they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from nexmo_nb.state import throttle_sql as sql
from nexmo_nb.state.database import Connection
from nexmo_nb.state.limits import Limit, choose_sender_limits

INTERACTIVE, BULK = "interactive", "bulk"
BULK_LONGER = 1.05
"""How much longer a batch waits between messages from one number, so that one by hand need not queue behind it."""


class Window(NamedTuple):
    """A limit and the slots that count against it: those with `value` in `column`, or all slots without a column."""

    limit: Limit
    column: sql.SlotColumn = ""
    value: str = ""


def make_bulk_windows(limit: Limit) -> list[Window]:
    """Make the windows of the bulk lane under the account's limit.

    They leave a fiftieth of the calls to the interactive lane, and spread the others in bursts of a twentieth.
    """
    calls = limit.calls - max(1, limit.calls // 50) if limit.calls > 1 else limit.calls
    burst = max(1, limit.calls // 20)
    pace = Limit(burst, burst * limit.seconds / calls, from_answer=False)
    return [Window(Limit(calls, limit.seconds)), Window(pace, "lane", BULK)]


def seconds_until_room(slot_time: float | None, period: float, now: float) -> float:
    """Take the time of the slot that must leave the window first, or None if the window has room now."""
    return 0.0 if slot_time is None else slot_time + period - now


def make_family_windows(family: str, limit: Limit, lane: str) -> list[Window]:
    """Make the windows of a family's limit; the bulk lane spreads its calls in bursts of a tenth.

    Else a batch would take all of a second's calls at its begin, and a number that is free a little later none.
    """
    windows = [Window(limit, "family", family)]
    if lane == BULK:
        burst = max(1, limit.calls // 10)
        pace = Limit(burst, burst * limit.seconds / limit.calls, from_answer=False)
        windows.append(Window(pace, "family", family))
    return windows


def list_sender_windows(
    sender: str, given: Mapping[str, Limit], others: Sequence[tuple[str, Limit]], lane: str
) -> list[Window]:
    """List the windows of messages from a number; `given` are the limits of this session, `others` those of others."""
    longer = BULK_LONGER if lane == BULK else 1.0
    limits = choose_sender_limits(sender, given, others)
    return [Window(limit._replace(seconds=limit.seconds * longer), "sender", sender) for limit in limits]


def list_paced(
    senders: Iterable[str], given: Mapping[str, Limit], others: Sequence[tuple[str, Limit]], lane: str
) -> dict[str, list[Window]]:
    """List the windows of each of the numbers that have a limit."""
    found = {sender: list_sender_windows(sender, given, others, lane) for sender in dict.fromkeys(senders)}
    return {sender: windows for sender, windows in found.items() if windows}


def choose_slots(wanted: Mapping[str, str], free: int, rooms: dict[str, int]) -> list[str]:
    """Choose the first of the wanted slots that there is room for, and take that from the `rooms` of their numbers."""
    chosen: list[str] = []
    for slot, sender in wanted.items():
        if len(chosen) < free and rooms.get(sender, 1) > 0:
            chosen.append(slot)
            if sender in rooms:
                rooms[sender] -= 1
    return chosen


def count_free(connection: Connection, windows: Sequence[Window], now: float) -> int:
    return min(window.limit.calls - count_slots(connection, window, now) for window in windows)


def count_slots(connection: Connection, window: Window, now: float) -> int:
    statement = sql.count_slots_in_window(window.column, window.limit.from_answer)
    values = {"start": now - window.limit.seconds, "value": window.value}
    return int(connection.execute(statement, values).fetchone()[0])


def read_wait(connection: Connection, windows: Sequence[Window], now: float) -> float:
    """Compute the seconds until every window has room: its newest `calls` slots are no longer all in it."""
    waits = []
    for limit, column, value in windows:
        values = {"start": now - limit.seconds, "value": value, "skip": limit.calls - 1}
        row = connection.execute(sql.select_nth_newest_slot_time(column, limit.from_answer), values).fetchone()
        # A slot under way counts from its answer, which may come at once, but not earlier.
        waits.append(seconds_until_room(None if row is None else min(float(row[0]), now), limit.seconds, now))
    return max(waits)
