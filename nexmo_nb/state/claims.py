"""Claiming rows of a batch, in a transaction: who said stop is left out, and what cannot be paid waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nexmo_nb.state import ledger_sql as sql
from nexmo_nb.state import suppression_sql
from nexmo_nb.state.batches_sql import list_planned
from nexmo_nb.state.budgets import Bounds, Claim, choose_affordable
from nexmo_nb.state.database import Connection
from nexmo_nb.state.suppression import find_suppressed, find_suppressed_sends
from nexmo_nb.state.totals import keep_totals


def claim_rows(
    connection: Connection,
    digests: Mapping[str, str],
    names: Sequence[str],
    bounds: Bounds | None,
    *,
    kind: str,
    even_if_suppressed: str | None,
    owner: str,
    at: float,
) -> Claim:
    """Claim and charge planned rows; see `Ledger.record_and_claim`. `names` are those of the batch of `bounds`."""
    kept = find_suppressed_sends(connection, digests)
    refused: list[str] = []
    left = list(digests)
    if even_if_suppressed is None:
        refused = _refuse(connection, kept, digests, at)
        left = [row for row in digests if row not in kept]
    affordable, kept_by = choose_affordable(connection, left, at, names, bounds)
    with keep_totals(connection, affordable):
        ids = {row for row in affordable if sql.claim_send(connection, row, digests[row], owner, at, kind=kind)}
    for row in ids & kept.keys():
        suppression_sql.write_exception(connection, row, even_if_suppressed)
    return Claim(ids, left[len(affordable) :], kept_by, refused)


def refuse_suppressed(connection: Connection, names: Sequence[str], at: float) -> None:
    """Refuse the planned rows of a batch, by all its names, whose recipients are on the do-not-send list."""
    if suppression_sql.read_key(connection) is None:
        return  # nobody was ever on the list
    planned = list_planned(connection, names)
    kept = find_suppressed(connection, {send_id: to for send_id, _, to in planned})
    _refuse(connection, kept, {send_id: digest for send_id, digest, _ in planned}, at)


def _refuse(connection: Connection, kept: Mapping[str, str], digests: Mapping[str, str], at: float) -> list[str]:
    """Refuse planned rows, each with the sentence why; give those that were still so."""
    return [row for row, why in kept.items() if suppression_sql.refuse_planned(connection, row, digests[row], why, at)]
