"""The SQL of what became of messages by Nexmo's records, which also tell what those of the Messages API cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nexmo_nb.state.database import Connection
from nexmo_nb.state.totals import keep_totals

UNFINISHED = ("submitted", "accepted", "buffered", "unknown")
"""Statuses that another one follows: what a record costs is not known for good before."""
_AT_ONCE = 500  # values that a statement takes: SQLite allows a limited number


def write_deliveries(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what became of message ids of this ledger over what is there; other ids are left out."""
    known = [row for row in rows if row["message_id"]]
    connection.executemany(
        "INSERT INTO deliveries (message_id, delivery, code, price, currency, finalized)"
        " SELECT CAST(:message_id AS TEXT), CAST(:delivery AS TEXT), CAST(:delivery_code AS TEXT),"
        " CAST(:final_price AS DOUBLE PRECISION), CAST(:currency AS TEXT), CAST(:finalized AS DOUBLE PRECISION)"
        " WHERE EXISTS (SELECT 1 FROM parts WHERE message_id = :message_id)"
        " ON CONFLICT (message_id) DO UPDATE SET delivery = excluded.delivery, code = excluded.code,"
        " price = excluded.price, currency = excluded.currency, finalized = excluded.finalized",
        known,
    )
    _fill_prices(connection, [row for row in known if row["delivery"] not in UNFINISHED])


def read_kinds(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Read the kinds of the sends that message ids belong to, by the ids."""
    return {message_id: kind for message_id, _, kind in _select_sends(connection, ids)}


def _fill_prices(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let messages of the Messages API count as what their records say, for no answer told it."""
    found = {row["message_id"]: row for row in rows if row["final_price"] is not None}
    # Each has one part, which stands for all of them.
    sends = [(each, send) for each, send, kind in _select_sends(connection, list(found)) if kind == "messages"]
    values = [
        {
            "send": send,
            "price": found[each]["final_price"],
            "currency": found[each]["currency"],
            "network": found[each].get("network"),
        }
        for each, send in sends
    ]
    with keep_totals(connection, [send for _, send in sends]):
        connection.executemany(
            "UPDATE sends SET price = :price, cost = :price, currency = COALESCE(:currency, currency) WHERE id = :send",
            values,
        )
    connection.executemany(
        "UPDATE parts SET price = :price, network = COALESCE(:network, network) WHERE send = :send", values
    )


def _select_sends(connection: Connection, ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """Select message id, and id and kind of its send."""
    found: list[tuple[str, str, str]] = []
    for n in range(0, len(ids), _AT_ONCE):
        some = ids[n : n + _AT_ONCE]
        found += connection.execute(
            "SELECT parts.message_id, sends.id, kind FROM parts JOIN sends ON sends.id = parts.send"
            f" WHERE parts.message_id IN ({', '.join('?' * len(some))})",
            some,
        ).fetchall()
    return found
