"""Settling: what became of messages that got no answer, by Nexmo's own records. Nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.outcome import show
from nexmo_nb.reports import read_report
from nexmo_nb.session import Session, session_or_current

__all__ = ["settle"]

# Up to so many messages are asked for one by one; more of them cost less as one report of their whole time.
FEW = 10
# The clock of this machine may have been an hour off when a message was sent, or be so now.
MARGIN = 3900.0
CHUNK = 500


def settle(
    batch: str | None = None,
    *,
    delay: float = 600.0,
    session: Session | None = None,
) -> pd.DataFrame:
    """Look up the SMS whose outcome is unknown, and record what Nexmo says of them; nothing is sent again.

    Parameters
    ----------
    batch : str, optional
        Only this batch. Default: everything that is unknown.
    delay : float
        Seconds after which a message that the records do not have counts as not found; before, it stays unknown,
        because records come late. Default: ten minutes.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        The messages that were unknown, as they are now, with the columns of `sent`: ``accepted`` where Nexmo has them,
        ``not_found``, or still ``unknown``.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong.
    NexmoError
        If the report cannot be made or read; nothing is changed.

    Notes
    -----
    Asynchronous reports by ``client_ref``, https://developer.vonage.com/en/api/reports; Nexmo charges for each record.
    Voice calls carry no reference: they stay unknown.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> len(nx.settle())
    0
    """
    session = session_or_current(session)
    name = None if batch is None else validation.check_text("batch", batch, longest=200)
    if isinstance(delay, bool) or not isinstance(delay, (int, float)) or not 0 <= delay < float("inf"):
        raise validation.invalid_argument("delay", delay, "seconds, 0 or more")
    ledger = session.ledger
    ledger.mark_abandoned_unknown()
    rows = ledger.read_sends(batch=name, state="unknown")
    unknown = [row for row in rows if row["kind"] == "sms" and row["client_ref"] is not None]
    now = ledger.clock()
    found = _found(session, unknown, now)
    changes: list[tuple[str, str, list[dict[str, Any]]]] = []
    for row in unknown:
        records = found.get(row["client_ref"], [])
        if records:
            changes.append((row["id"], "accepted", [_part(record, session.account.currency) for record in records]))
        elif now - (row["started"] or row["created"]) >= delay:
            changes.append((row["id"], "not_found", []))
    ledger.record_settled(changes)
    ids = [row["id"] for row in unknown]
    return show(row for n in range(0, len(ids), CHUNK) for row in ledger.read_sends(ids=ids[n : n + CHUNK]))


def _found(session: Session, unknown: list[dict[str, Any]], now: float) -> dict[str, list[Mapping[str, str]]]:
    """Request for the records of the unknown messages, by reference."""
    if not unknown:
        return {}
    asked = [row["started"] or row["created"] for row in unknown]
    now = max(now, *asked)  # a clock that was set back must not turn the span around
    spans: list[tuple[float, float, dict[str, str]]] = [(min(asked), now, {})]
    if len(unknown) <= FEW:
        spans = [(at, now, {"client_ref": row["client_ref"]}) for at, row in zip(asked, unknown, strict=True)]
    wanted = {(row["client_ref"], row["recipient"]) for row in unknown}
    found: dict[str, list[Mapping[str, str]]] = {}
    for start, end, more in spans:
        filters = {"direction": "outbound", **more}
        for record in read_report(session, start=start - MARGIN, end=end + MARGIN, filters=filters):
            # A reference of the caller's own may stand for several messages; the recipient tells them apart.
            if (record.get("client_ref"), record.get("to")) in wanted:
                found.setdefault(str(record["client_ref"]), []).append(record)
    return found


def _part(record: Mapping[str, str], currency: str) -> dict[str, Any]:
    """Turn a record into a part of the ledger; the report tells no status of sending, but that it was sent."""
    price = record.get("total_price") or None
    return {
        "message_id": record.get("message_id"),
        "status": "0",
        "error_text": None,
        "price": price,
        "balance": None,
        "network": record.get("network"),
        "currency": record.get("currency") or currency,
    }
