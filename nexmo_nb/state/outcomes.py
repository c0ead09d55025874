"""Writing into the ledger what became of sends that are under way."""

from __future__ import annotations

from collections.abc import Sequence

from nexmo_nb.state import ledger_sql as sql
from nexmo_nb.state.database import Connection
from nexmo_nb.state.sends import Outcome, state_after_error, state_of_parts


def write_outcomes(connection: Connection, outcomes: Sequence[Outcome], owner: str, at: float) -> None:
    """Write outcomes of sends that this process, `owner`, has, in a transaction."""
    for outcome in outcomes:
        try:
            with sql.undo_on_error(connection):
                _write_outcome(connection, outcome, owner, at)
        except (ValueError, TypeError, OverflowError) as odd:
            # An answer that cannot be written must not keep the others from being written.
            sql.write_outcome(connection, outcome.id, "unknown", [], at=at, problem=odd)


def _write_outcome(connection: Connection, outcome: Outcome, owner: str, at: float) -> None:
    rows, problem = outcome.rows or [], outcome.problem
    state = state_of_parts(rows) if problem is None else state_after_error(problem)
    if state is None or outcome.is_unsent:
        sql.return_to_planned(connection, outcome.id, owner)
        return
    if (parts := getattr(problem, "parts", None)) is not None:
        rows = parts.astype(object).where(parts.notna(), None).to_dict("records")
    sql.write_outcome(connection, outcome.id, state, rows, at=at, problem=problem)
