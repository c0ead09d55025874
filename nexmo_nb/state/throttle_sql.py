"""The SQL of the throttle: its tables, and every statement that reads or changes them.

Table ``slots``: ``reserved`` is when a slot was taken. ``at`` is when its answer came or, until then, when the slot
expires; it is never before ``reserved``. Table ``limits``: those of each session, by family.
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
MIGRATIONS = (
    ("DROP INDEX IF EXISTS slots_family",),
    (
        """CREATE TABLE limits (
        owner TEXT NOT NULL, family TEXT NOT NULL, calls INTEGER NOT NULL, seconds REAL NOT NULL,
        from_answer INTEGER NOT NULL, PRIMARY KEY (owner, family)) WITHOUT ROWID""",
    ),
)

INSERT_SLOT = """INSERT INTO slots (id, boot, family, lane, reserved, at)
    VALUES (:id, :boot, :family, :lane, :now, :expires)"""
# Never later than it expires: the request was no longer under way then, and others may have left in its place.
CONFIRM_SLOT = "UPDATE slots SET at = MIN(at, :now) WHERE id = :id"
DELETE_SLOT = "DELETE FROM slots WHERE id = :id"
DELETE_SLOTS_BEFORE = "DELETE FROM slots WHERE at < :time"

INSERT_LIMIT = """INSERT INTO limits (owner, family, calls, seconds, from_answer)
    VALUES (:owner, :family, :calls, :seconds, :from_answer)"""
SELECT_LIMIT_OWNERS = "SELECT DISTINCT owner FROM limits"
SELECT_LIMITS = """SELECT owner, family, calls, seconds, from_answer FROM limits
    WHERE family IN (:account, :family)"""
DELETE_LIMITS = "DELETE FROM limits WHERE owner = :owner"

# Without the name of a boot, a slot that was reserved in the future is from an earlier one.
_IS_OF_EARLIER_BOOT = "CASE :boot WHEN '' THEN reserved > :now ELSE boot <> :boot END"
SELECT_LAST_RESERVATION_OF_EARLIER_BOOT = f"SELECT MAX(reserved) FROM slots WHERE {_IS_OF_EARLIER_BOOT}"
DELETE_OLD_SLOTS_OF_EARLIER_BOOT = f"DELETE FROM slots WHERE {_IS_OF_EARLIER_BOOT} AND at <= :end"
MOVE_SLOTS_TO_THIS_BOOT = f"UPDATE slots SET boot = :boot, reserved = :now, at = :now WHERE {_IS_OF_EARLIER_BOOT}"


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
