"""The SQL that reads the sends of the ledger, with what became of their parts: by rows, or by columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nexmo_nb.state.database import Connection, read_rows
from nexmo_nb.state.sends import summarize_delivery

_SENT = (
    "id, kind, batch, key, recipient, sender, body, client_ref, state, created, started, finished, parts, price,"
    " currency, code, error, even_if_suppressed"
)
_OLDEST_FIRST = "ORDER BY created, COALESCE(place, 0), id"


def read_sends(
    connection: Connection,
    wanted: Mapping[str, Any],
    *,
    batches: Sequence[str] = (),
    ids: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Read sends, oldest first, with their message ids, delivery and final price; all, or of `batches` or `ids`.

    `wanted` maps any of ``state = ?``, ``state <> ?``, ``created >= ?`` and ``created < ?`` to a value; None is any.
    """
    where, values = _write_where(wanted, batches, ids)
    sends = read_rows(
        connection,
        f"SELECT {_SENT}, (SELECT MIN(network) FROM parts WHERE send = sends.id) AS network"
        f" FROM sends {where} {_OLDEST_FIRST}",
        values,
    )
    parts = connection.execute(
        "SELECT send, parts.message_id, delivery, deliveries.price FROM parts"
        " LEFT JOIN deliveries ON deliveries.message_id = parts.message_id"
        f" WHERE send IN (SELECT id FROM sends {where}) ORDER BY send, part",
        values,
    )
    by_send: dict[str, list[tuple[str | None, str | None, float | None]]] = {}
    for send, message_id, delivery, price in parts.fetchall():
        by_send.setdefault(send, []).append((message_id, delivery, price))
    return [{**send, **summarize_delivery(by_send.get(send["id"], []))} for send in sends]


def read_recipients(connection: Connection, sender: str) -> list[tuple[str, float]]:
    """Read to whom messages left from a sender, or may have left, and when the last one did."""
    found = connection.execute(
        "SELECT recipient, MAX(started) FROM sends WHERE sender = :sender AND kind = 'sms' AND recipient IS NOT NULL"
        " AND started IS NOT NULL AND state IN ('sending', 'accepted', 'partial', 'unknown') GROUP BY recipient",
        {"sender": sender},
    )
    return [(str(recipient), float(at)) for recipient, at in found.fetchall()]


def select_sends(wanted: Mapping[str, Any], batches: Sequence[str], more: str = "") -> tuple[str, list[Any]]:
    """Select the columns of sends, oldest first, and `more`, beginning with a comma: the statement and its values."""
    where, values = _write_where(wanted, batches)
    return f"SELECT {_SENT}{more} FROM sends {where} {_OLDEST_FIRST}", values


def select_parts(wanted: Mapping[str, Any], batches: Sequence[str]) -> tuple[str, list[Any]]:
    """Select the parts of sends, with what became of them: the statement and its values.

    Those of sends in any state: nearly all sends have the states that are asked for, and to read all parts in the order
    in which they stand is quicker than to look each of them up.
    """
    times = {condition: value for condition, value in wanted.items() if not condition.startswith("state")}
    where, values = _write_where(times, batches)
    of_sends = f"WHERE send IN (SELECT id FROM sends {where})" if where else ""
    return (
        "SELECT send, part, parts.message_id AS message_id, network, delivery, deliveries.price AS final_price"
        f" FROM parts LEFT JOIN deliveries ON deliveries.message_id = parts.message_id {of_sends}",
        values,
    )


def _write_where(
    wanted: Mapping[str, Any], batches: Sequence[str], ids: Sequence[str] | None = None
) -> tuple[str, list[Any]]:
    conditions = {condition: [value] for condition, value in wanted.items() if value is not None}
    if batches:
        conditions[f"batch IN ({', '.join('?' * len(batches))})"] = list(batches)
    if ids is not None:
        conditions[f"id IN ({', '.join('?' * len(ids)) or 'NULL'})"] = list(ids)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return where, [value for given in conditions.values() for value in given]
