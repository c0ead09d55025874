"""What a send is in the ledger: its columns, its states, and the questions that a key or a batch asks."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nexmo_nb.errors import (
    InvalidRequestError,
    NexmoError,
    RateLimitedError,
    UnknownOutcomeError,
    UnreachableError,
)
from nexmo_nb.frames import parse_number
from nexmo_nb.state.sqlite import Connection, advice_for, damaged_error, is_damaged

__all__ = [
    "CHANGES",
    "FINAL",
    "PART",
    "SCHEMA",
    "SEND",
    "Enrolled",
    "Entry",
    "Outcome",
    "bury",
    "cost_of",
    "delivered",
    "digest",
    "enrolled",
    "read_parts",
    "recorded",
    "refuse_changed",
    "refuse_forgotten",
    "release",
    "state_of",
    "unwritable",
]

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS sends (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, batch TEXT, place INTEGER, key TEXT UNIQUE, digest TEXT NOT NULL,
        recipient TEXT, sender TEXT, body TEXT, client_ref TEXT,
        state TEXT NOT NULL, owner TEXT, created REAL NOT NULL, started REAL, finished REAL,
        parts INTEGER, price REAL, currency TEXT, code TEXT, error TEXT,
        UNIQUE (batch, recipient))""",
    """CREATE TABLE IF NOT EXISTS parts (
        send TEXT NOT NULL, part INTEGER NOT NULL, message_id TEXT, status TEXT, error_text TEXT,
        price REAL, balance REAL, network TEXT, PRIMARY KEY (send, part))""",
    """CREATE TABLE IF NOT EXISTS deliveries (
        message_id TEXT PRIMARY KEY, delivery TEXT NOT NULL, code TEXT, price REAL, currency TEXT, finalized REAL)""",
    "CREATE INDEX IF NOT EXISTS sends_state ON sends (state, owner)",
    "CREATE INDEX IF NOT EXISTS parts_message ON parts (message_id)",
    "CREATE INDEX IF NOT EXISTS sends_created ON sends (created)",
)
# An earlier layout had a state for rows that wait for their turn.
CHANGES = (("UPDATE sends SET state = 'planned', owner = NULL WHERE state = 'claimed'",),)
FINAL = ("accepted", "partial", "rejected", "not_found")
SEND = (
    "id",
    "kind",
    "batch",
    "key",
    "recipient",
    "sender",
    "body",
    "client_ref",
    "state",
    "created",
    "started",
    "finished",
    "parts",
    "price",
    "currency",
    "code",
    "error",
)
PART = ("message_id", "status", "error_text", "price", "balance", "network")


class Entry(NamedTuple):
    """One message or call, as it will be sent; `what` names it in errors."""

    id: str
    what: str
    kind: str
    digest: str
    recipient: str
    sender: str | None
    body: str | None
    client_ref: str | None = None
    key: str | None = None


class Outcome(NamedTuple):
    """What became of a send: the rows of its parts, or a problem; `back` says that it was not sent, or counts as so."""

    id: str
    rows: Sequence[Mapping[str, Any]] | None
    problem: BaseException | None = None
    back: bool = False


class Enrolled(NamedTuple):
    """A row of a batch as the ledger knows it."""

    id: str
    state: str
    digest: str


def delivered(parts: Sequence[tuple[str | None, str | None, float | None]]) -> dict[str, Any]:
    """Sum up the parts of a send: (message id, what became of it if that is known, its final price).

    Different fates are joined by commas; the price is given when every part's is known.
    """
    fates = sorted({fate for _, fate, _ in parts if fate})
    known = [price for _, _, price in parts if price is not None]
    whole = bool(parts) and len(known) == len(parts)
    return {
        "message_ids": " ".join(code for code, _, _ in parts if code) or None,
        "delivery": ", ".join(fates) or None,
        "final_price": round(sum(known), 8) if whole else None,
    }


def cost_of(rows: Iterable[Mapping[str, Any]]) -> float | None:
    """Add up the prices of parts; None where no part has one that can be read."""
    prices = [price for price in (parse_number(row.get("price")) for row in rows) if not math.isnan(price)]
    return round(sum(prices), 8) if prices else None


def digest(fields: Mapping[str, Any]) -> str:
    """Fingerprint a content, to tell whether two sends are the same."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True, default=str).encode()).hexdigest()


def state_of(problem: BaseException) -> str | None:
    """Tell what an error makes of a send; None where surely nothing was sent."""
    if getattr(problem, "left", True) is False:
        return None
    if isinstance(problem, UnknownOutcomeError):
        return "unknown"
    if isinstance(problem, (UnreachableError, RateLimitedError)):
        return None
    if isinstance(problem, NexmoError):
        return "rejected"
    return "unknown"


def unwritable(path: Path, problem: Exception) -> UnreachableError:
    """Make the error for a ledger that cannot be used."""
    keep = " Keep what you move: it tells what was sent, and a new ledger could send that again."
    return UnreachableError(
        f"The ledger {path} cannot be used ({problem}). Nothing was sent, because what is not recorded could be sent "
        f"twice. {advice_for(problem)}{keep if is_damaged(problem) else ''}".rstrip()
    )


def recorded(connection: Connection, entry: Entry) -> list[dict[str, Any]] | None:
    """Look a key up: the recorded parts, None where nothing was sent under it, or the error that says why not."""
    found = connection.execute("SELECT id, state, digest FROM sends WHERE key = ?", (entry.key,)).fetchone()
    if found is None:
        return None
    code, state, fingerprint = found
    if state == "rejected":
        connection.execute("DELETE FROM parts WHERE send = ?", (code,))
        connection.execute("DELETE FROM sends WHERE id = ?", (code,))
        return None
    if fingerprint != entry.digest:
        raise InvalidRequestError(
            f"key: got {entry.key!r}, which was used for another message or call; allowed: the same content again, or "
            "another key. Nothing was sent."
        )
    if state in ("accepted", "partial"):
        return read_parts(connection, code)
    words = {
        "sending": "it is being sent right now, by this or another process; wait, then call again",
        "unknown": "nobody knows whether it was sent; settle() looks it up",
        "not_found": "it was looked up and not found; use another key to send it anew",
    }
    if state not in words:
        raise damaged_error(f"it has a send in the state {state!r}")
    raise UnknownOutcomeError(f"Did not {entry.what} again: the key {entry.key!r} was used before, and {words[state]}.")


def read_parts(connection: Connection, code: str) -> list[dict[str, Any]]:
    """Read the parts of one send, as they were returned."""
    kept = connection.execute("SELECT recipient, client_ref, currency FROM sends WHERE id = ?", (code,)).fetchone()
    shared = dict(zip(("to", "client_ref", "currency"), kept, strict=True))
    found = connection.execute(f"SELECT part, {', '.join(PART)} FROM parts WHERE send = ? ORDER BY part", (code,))
    rows = [dict(zip(("part", *PART), row, strict=True)) for row in found.fetchall()]
    return [{**shared, **row, "parts": len(rows)} for row in rows]


def enrolled(connection: Connection, batch: str) -> dict[str, Enrolled]:
    """Read the rows of a batch, by recipient."""
    found = connection.execute("SELECT recipient, id, state, digest FROM sends WHERE batch = ?", (batch,))
    return {row[0]: Enrolled(*row[1:]) for row in found.fetchall()}


def release(connection: Connection, code: str, owner: str) -> None:
    """Undo a send that surely was not sent: a row of a batch is planned again, a single send was never there."""
    mine = "id = ? AND owner = ? AND state = 'sending'"
    connection.execute(f"DELETE FROM sends WHERE {mine} AND batch IS NULL", (code, owner))
    connection.execute(f"UPDATE sends SET state = 'planned', owner = NULL WHERE {mine}", (code, owner))


def bury(connection: Connection, left: Sequence[tuple[str, str]], at: float) -> None:
    """Settle (id, owner) of rows that were left behind: they are unknown."""
    connection.executemany(
        "UPDATE sends SET state = 'unknown', owner = NULL, finished = ?,"
        " error = 'whoever sent it ended before an answer was recorded'"
        " WHERE id = ? AND owner = ? AND state = 'sending'",
        [(at, *row) for row in left],
    )


def refuse_forgotten(connection: Connection, batch: str) -> None:
    """Refuse a batch of which anything was forgotten."""
    statement = "SELECT COUNT(*) FROM sends WHERE batch = ? AND recipient IS NULL"
    if connection.execute(statement, (batch,)).fetchone()[0]:
        raise InvalidRequestError(
            f"batch: got {batch!r}; allowed: a batch that was not forgotten. Its recipients are no longer known, so it "
            "cannot be told who has been sent to; use another name."
        )


def refuse_changed(batch: str, entries: Sequence[Entry]) -> None:
    """Refuse rows whose content is not the one that was sent."""
    if entries:
        raise InvalidRequestError(
            f"batch: got {batch!r}, in which {len(entries)} recipients were already sent another text, or one from "
            f"another sender (the first: {entries[0].recipient}); allowed: the same plan again, or another batch name "
            "for another message. Nothing was sent."
        )
