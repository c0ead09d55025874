"""Entering into the ledger what is to be sent: which row an entry of a batch is, and what a key stands for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from nexmo_nb.errors import InvalidRequestError, UnknownOutcomeError
from nexmo_nb.state import ledger_sql as sql
from nexmo_nb.state.batches_sql import has_erased, has_text, replan_refused
from nexmo_nb.state.database import Connection, damaged_error
from nexmo_nb.state.enrol_sql import insert_planned
from nexmo_nb.state.sends import BatchRow, Entry, match_entries, open_states_of
from nexmo_nb.state.totals import keep_totals

_WHY_NOT_AGAIN = {
    "sending": "it is being sent right now, by this or another process; wait, then call again",
    "unknown": "nobody knows whether it was sent; settle() looks it up",
    "not_found": "it was looked up and not found; use another key to send it anew",
}


def add_entries(
    connection: Connection,
    batch: str,
    names: Sequence[str],
    entries: Sequence[Entry],
    *,
    open_states: Collection[str],
    at: float,
) -> list[BatchRow]:
    """Add entries to a batch, of which `names` are all names, and give the row of each; see `Ledger.add_batch`."""
    refuse_erased(connection, batch, names)
    # Of two rows that are alike, under two names, the last counts: one that may have been sent.
    rows = sorted(sql.read_batch(connection, names), key=lambda row: row.state not in open_states)
    found, changed = match_entries(entries, rows, open_states)
    if changed:
        raise InvalidRequestError(
            f"batch: got {batch!r}, in which {len({entry.recipient for entry in changed})} recipients were already "
            f"sent another text, or one from another sender (the first: {changed[0].what}); allowed: the same plan "
            "again, or another batch name for another message. Nothing was sent."
        )
    return write_entries(connection, entries, found, batch=batch, open_states=open_states, at=at)


def refuse_erased(connection: Connection, batch: str, names: Sequence[str]) -> None:
    """Refuse a batch, of which `names` are all names, if people of it were erased."""
    if has_erased(connection, names):
        raise InvalidRequestError(
            f"batch: got {batch!r}; allowed: a batch that was not forgotten. Its recipients are no longer known, so it "
            "cannot be told who has been sent to; use another name."
        )


def write_entries(
    connection: Connection,
    entries: Sequence[Entry],
    rows: Sequence[BatchRow | None],
    *,
    batch: str,
    open_states: Collection[str],
    at: float,
) -> list[BatchRow]:
    """Write the entries of a batch as the rows that they are, and give these rows as they are now."""
    new = [(place, entry) for place, (entry, row) in enumerate(zip(entries, rows, strict=True)) if row is None]
    # In the order of the index that keeps each content once: in another one, its pages would be written many times.
    new.sort(key=lambda each: (each[1].recipient, each[1].digest))
    insert_planned(connection, batch, new, at)
    return [
        BatchRow(entry.id, entry.recipient, "planned", entry.digest)
        if row is None
        else _plan_known(connection, entry, row, open_states)
        for entry, row in zip(entries, rows, strict=True)
    ]


def _plan_known(connection: Connection, entry: Entry, row: BatchRow, open_states: Collection[str]) -> BatchRow:
    """Plan a row that the batch has, unless it is closed, with the content of its entry.

    What was refused is planned with another content, and not with the same.
    """
    if row.state == "rejected" and row.digest != entry.digest:
        return _replan(connection, entry, row)
    if row.state not in open_states or row.is_earlier:
        return row
    if row.digest == entry.digest:
        sql.plan_again(connection, row.id, entry.estimate)
        return row._replace(state="planned")
    sql.replace_planned(connection, row.id, entry)
    return BatchRow(entry.id, entry.recipient, "planned", entry.digest)


def plan_refused(
    connection: Connection,
    names: Sequence[str],
    entries: Sequence[tuple[str, Entry]],
    rows: Sequence[BatchRow],
    *,
    not_found: bool,
) -> list[BatchRow]:
    """Plan rows of a batch that were refused, each an id with the entry that it becomes, and give them as they are now.

    `rows` are all of the batch, and `names` all its names. It raises `InvalidRequestError` if somebody would get what
    another row has.
    """
    by_id = {row.id: row for row in rows}
    taken = {(row.recipient, row.digest): row.id for row in rows}
    found = []
    for send_id, entry in entries:
        row = by_id.get(send_id)
        if row is None:  # another process gave it another content, under another id
            found.append(BatchRow(send_id, entry.recipient, "planned", "", is_earlier=True))
        elif taken.get((entry.recipient, entry.digest), send_id) != send_id or has_text(
            connection, names, send_id, entry.recipient, entry.body
        ):
            raise InvalidRequestError(
                f"text: got a text that {entry.recipient} has in this batch already; allowed: "
                "each text of a batch once for each recipient. Nothing was sent."
            )
        elif row.state == "rejected":
            found.append(_replan(connection, entry, row))
        else:
            found.append(_plan_known(connection, entry, row, open_states_of(not_found)))
    return found


def _replan(connection: Connection, entry: Entry, row: BatchRow) -> BatchRow:
    with keep_totals(connection, [row.id]):
        send_id = replan_refused(connection, row.id, entry)
    return BatchRow(send_id, entry.recipient, "planned", entry.digest)


def free_key(connection: Connection, keys: Sequence[str]) -> None:
    """Delete what was sent under a key and refused: the key may be used again."""
    for send_id, state, _ in sql.read_keys(connection, keys):
        if state == "rejected":
            with keep_totals(connection, [send_id]):
                sql.delete_send(connection, send_id)


def find_by_key(connection: Connection, entry: Entry, keys: Sequence[str]) -> list[dict[str, Any]] | None:
    """Give the parts that were recorded under a key; None where nothing was sent under it; or raise why not.

    `keys` are the key of the entry in all its spellings; none if it has no key.
    """
    found = sql.read_keys(connection, keys)
    used = [row for row in found if row[1] != "rejected"]
    if not used:
        return None
    # Versions before may have written two that are the same now.
    send_id, state, digest = min(used, key=lambda row: row[2] != entry.digest)
    if digest != entry.digest:
        raise InvalidRequestError(
            f"key: got {entry.key!r}, which was used for another message or call; allowed: the same content again, or "
            "another key. Nothing was sent."
        )
    if state in ("accepted", "partial"):
        return sql.read_parts(connection, send_id)
    if state not in _WHY_NOT_AGAIN:
        raise damaged_error(f"it has a send in the state {state!r}")
    raise UnknownOutcomeError(
        f"Did not {entry.what} again: the key {entry.key!r} was used before, and {_WHY_NOT_AGAIN[state]}."
    )
