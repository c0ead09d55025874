"""The SQL of the throttle: its tables, and every statement that reads or changes them.

Table ``slots``: ``reserved`` is when a slot was taken. ``at`` is when its answer came or, until then, when the slot
expires; it is never before ``reserved``. ``sender`` is the number that a message is from; empty for a name and for all
other calls. Table ``limits``: those of each session, by family, or by the number of a sender.
"""

from __future__ import annotations

from typing import Literal

from nexmo_nb.state.database import Connection, Schema

SlotColumn = Literal["", "family", "lane", "sender"]
"""The column by which a window selects its slots; empty for a window of all slots."""

_SQLITE = (
    (
        """CREATE TABLE IF NOT EXISTS slots (
        id TEXT PRIMARY KEY, boot TEXT NOT NULL, family TEXT NOT NULL, lane TEXT NOT NULL,
        reserved REAL NOT NULL, at REAL NOT NULL)""",
        "CREATE INDEX IF NOT EXISTS slots_at ON slots (at)",
    ),
    # Every window reads its last seconds only, which `slots_at` finds; a second index costs more than it saves.
    ("DROP INDEX IF EXISTS slots_family",),
    (
        """CREATE TABLE limits (
        owner TEXT NOT NULL, family TEXT NOT NULL, calls INTEGER NOT NULL, seconds REAL NOT NULL,
        from_answer INTEGER NOT NULL, PRIMARY KEY (owner, family)) WITHOUT ROWID""",
    ),
    ("ALTER TABLE slots ADD COLUMN sender TEXT NOT NULL DEFAULT ''",),
)
# A table that is not logged is written at the speed of memory, and is empty after a crash of the server. The table
# ``slots_kept`` then is, too, which has one row else: the time since when slots are kept.
_POSTGRES = (
    (
        """CREATE UNLOGGED TABLE slots (
        id TEXT PRIMARY KEY, boot TEXT NOT NULL, family TEXT NOT NULL, lane TEXT NOT NULL,
        reserved DOUBLE PRECISION NOT NULL, at DOUBLE PRECISION NOT NULL)""",
        "CREATE INDEX slots_at ON slots (at)",
        "CREATE INDEX slots_reserved ON slots (reserved)",
        "CREATE UNLOGGED TABLE slots_kept (since DOUBLE PRECISION NOT NULL)",
        "INSERT INTO slots_kept (since) VALUES ('-Infinity')",
        """CREATE TABLE limits (
        owner TEXT NOT NULL, family TEXT NOT NULL, calls BIGINT NOT NULL, seconds DOUBLE PRECISION NOT NULL,
        from_answer BOOLEAN NOT NULL, PRIMARY KEY (owner, family))""",
    ),
    ("ALTER TABLE slots ADD COLUMN sender TEXT NOT NULL DEFAULT ''",),
)
SCHEMA = Schema("throttle", _SQLITE, _POSTGRES, is_durable=False)

INSERT_SLOT = """INSERT INTO slots (id, boot, family, lane, sender, reserved, at)
    VALUES (:id, :boot, :family, :lane, :sender, :now, :expires)"""
# Never later than it expires: the request was no longer under way then, and others may have left in its place.
CONFIRM_SLOT = "UPDATE slots SET at = CASE WHEN at < :now THEN at ELSE :now END WHERE id = :id"
DELETE_SLOT = "DELETE FROM slots WHERE id = :id"
DELETE_SLOTS_BEFORE = "DELETE FROM slots WHERE at < :time"

INSERT_LIMIT = """INSERT INTO limits (owner, family, calls, seconds, from_answer)
    VALUES (:owner, :family, :calls, :seconds, :from_answer)"""
SELECT_LIMIT_OWNERS = "SELECT DISTINCT owner FROM limits"
SELECT_LIMITS = """SELECT owner, family, calls, seconds, from_answer FROM limits
    WHERE family IN (:account, :family) OR substr(family, 1, 1) BETWEEN '0' AND '9'"""
DELETE_LIMITS = "DELETE FROM limits WHERE owner = :owner"

# Without the name of a boot, a slot that was reserved in the future is from an earlier one.
_IS_OF_EARLIER_BOOT = "CASE :boot WHEN '' THEN reserved > :now ELSE boot <> :boot END"
SELECT_LAST_RESERVATION_OF_EARLIER_BOOT = f"SELECT MAX(reserved) FROM slots WHERE {_IS_OF_EARLIER_BOOT}"
DELETE_OLD_SLOTS_OF_EARLIER_BOOT = f"DELETE FROM slots WHERE {_IS_OF_EARLIER_BOOT} AND at <= :end"
MOVE_SLOTS_TO_THIS_BOOT = f"UPDATE slots SET boot = :boot, reserved = :now, at = :now WHERE {_IS_OF_EARLIER_BOOT}"


INSERT_KEPT_SINCE = "INSERT INTO slots_kept (since) VALUES (:time)"


def read_server_time(connection: Connection) -> float:
    """Read the clock of a PostgreSQL, or the time of the newest slot if that is later: it may have been set back."""
    newest = connection.execute("SELECT MAX(reserved) FROM slots").fetchall()[0][0]
    return max(_read_clock(connection), newest or 0.0)


def _read_clock(connection: Connection) -> float:
    return float(connection.execute("SELECT EXTRACT(EPOCH FROM clock_timestamp())").fetchall()[0][0])


def read_kept_since(connection: Connection) -> float | None:
    """Read since when a PostgreSQL keeps the slots; None: it lost them in a crash, and nobody has noted that yet."""
    found = connection.execute("SELECT MAX(since) FROM slots_kept").fetchall()[0][0]
    return None if found is None else float(found)


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
