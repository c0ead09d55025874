"""The SQL of the throttle: the table of slots, and every statement that reads or changes it.

A statement takes named parameters, listed in its docstring. ``reserved`` is when a slot was taken. ``at`` is when its
answer came or, until then, when the slot expires; it is never before ``reserved``.
"""

from __future__ import annotations

from typing import Literal

SlotColumn = Literal["", "family", "lane"]
"""The column by which a window selects its slots; empty for a window of all slots."""

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS slots (
        id TEXT PRIMARY KEY, boot TEXT NOT NULL, family TEXT NOT NULL, lane TEXT NOT NULL,
        reserved REAL NOT NULL, at REAL NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS slots_at ON slots (at)",
)
# Every window reads its last seconds only, which `slots_at` finds; a second index costs more than it saves.
MIGRATIONS = (("DROP INDEX IF EXISTS slots_family",),)

INSERT_SLOT = """INSERT INTO slots (id, boot, family, lane, reserved, at)
    VALUES (:id, :boot, :family, :lane, :reserved, :expires)"""
CONFIRM_SLOT = "UPDATE slots SET at = :now WHERE id = :id"
DELETE_SLOT = "DELETE FROM slots WHERE id = :id"
DELETE_SLOTS_BEFORE = "DELETE FROM slots WHERE at < :time"
COUNT_SLOTS_SINCE = "SELECT COUNT(*) FROM slots WHERE at > :start"


def count_slots_in_window(column: SlotColumn, from_answer: bool) -> str:
    """Count the slots in a window; takes `start` and, with a `column`, its `value`."""
    return f"SELECT COUNT(*) {_from_window(column, from_answer)}"


def select_nth_newest_slot_time(column: SlotColumn, from_answer: bool) -> str:
    """Read the time of the slot after the newest `skip` slots in a window; takes `start`, `value` and `skip`."""
    time = "at" if from_answer else "reserved"
    return f"SELECT {time} {_from_window(column, from_answer)} ORDER BY {time} DESC LIMIT 1 OFFSET :skip"


def _from_window(column: SlotColumn, from_answer: bool) -> str:
    # A window that counts from `reserved` also compares `at`, so that the index on `at` serves it.
    reserved = "" if from_answer else " AND reserved > :start"
    selected = f" AND {column} = :value" if column else ""
    return f"FROM slots WHERE at > :start{reserved}{selected}"


def select_last_reservation_of_earlier_boot(has_boot_id: bool) -> str:
    """Read the newest `reserved` of an earlier boot; takes `boot` and `now`."""
    return f"SELECT MAX(reserved) FROM slots WHERE {_is_of_earlier_boot(has_boot_id)}"


def delete_old_slots_of_earlier_boot(has_boot_id: bool) -> str:
    """Delete the slots of an earlier boot that ended until `end`; takes `boot`, `now` and `end`."""
    return f"DELETE FROM slots WHERE {_is_of_earlier_boot(has_boot_id)} AND at <= :end"


def move_slots_to_this_boot(has_boot_id: bool) -> str:
    """Count the slots of an earlier boot as used now; takes `boot` and `now`."""
    return f"UPDATE slots SET boot = :boot, reserved = :now, at = :now WHERE {_is_of_earlier_boot(has_boot_id)}"


def _is_of_earlier_boot(has_boot_id: bool) -> str:
    return "boot <> :boot" if has_boot_id else "reserved > :now"
