"""Settling: what became of messages that got no answer, by Nexmo's own records. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.outcome import outcome_frame
from nexmo_nb.reports import read_report
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.text.gsm import segments

SINGLE_REPORTS = 10  # messages at most that are asked for one by one; for more, one report of their time costs less
CLOCK_MARGIN = 3900.0  # seconds around a report's time: this machine's clock may be an hour off, or have been then
PRODUCTS = {"sms": "SMS", "messages": "MESSAGES"}  # of the reports in which sends of a kind are
CHUNK = 500  # rows of the ledger that are read at once: a statement of SQLite takes a limited number of values

Send = Mapping[str, Any]
Record = Mapping[str, str]
Change = tuple[str, str, list[dict[str, Any]]]  # id of a send, its new state and parts, for `record_settled`


class Query(NamedTuple):
    """A report to ask for: the time that it covers, in Unix seconds, its filters, and its product."""

    start: float
    end: float
    filters: Mapping[str, str]
    product: str = "SMS"


def settle(batch: str | None = None, *, delay: float = 600.0, session: Session | None = None) -> pd.DataFrame:
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
    InvalidRequestError, NexmoError
        If an argument is wrong; if the report cannot be made or read, and then nothing is changed.

    Notes
    -----
    Asynchronous reports by ``client_ref``, and by the recipient where the Messages API was used,
    https://developer.vonage.com/en/api/reports; Nexmo charges for each record. Voice calls carry no
    reference: they stay unknown.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> len(nx.settle())
    0
    """
    session = session_or_current(session)
    name = None if batch is None else validation.check_name("batch", batch)
    if isinstance(delay, bool) or not isinstance(delay, (int, float)) or not 0 <= delay < float("inf"):
        raise validation.invalid_argument("delay", delay, "seconds, 0 or more")
    ledger = session.ledger
    ledger.mark_abandoned_unknown()
    sends = ledger.read_sends(batch=name, state="unknown")
    unknown = [send for send in sends if send["kind"] in ("sms", "messages") and send["client_ref"] is not None]
    now = ledger.clock()
    records = chain.from_iterable(
        read_report(
            session,
            product=query.product,
            start=query.start,
            end=query.end,
            filters={"direction": "outbound", **query.filters},
        )
        for kind in PRODUCTS
        for query in plan_queries([send for send in unknown if send["kind"] == kind], now, kind)
    )
    found = find_records(unknown, records)
    decided = (settle_send(send, found[send["id"]], now, delay, session.account.currency) for send in unknown)
    ledger.record_settled(change for change in decided if change is not None)
    ids = [send["id"] for send in unknown]
    return outcome_frame(send for n in range(0, len(ids), CHUNK) for send in ledger.read_sends(ids=ids[n : n + CHUNK]))


def plan_queries(unknown: Sequence[Send], now: float, kind: str = "sms") -> list[Query]:
    """Plan the reports in which messages of a kind must be, if Nexmo has them: one for each, or one for all of many."""
    if not unknown:
        return []
    left = [_time_of(send) for send in unknown]
    filters: dict[str, str] = {} if kind == "sms" else {"provider": "sms"}
    end = max(now, *left) + CLOCK_MARGIN  # if the clock was set back, `now` is before they were sent
    if len(unknown) > SINGLE_REPORTS:
        return [Query(min(left) - CLOCK_MARGIN, end, filters, PRODUCTS[kind])]
    # What several messages share is asked for once, or their records would be read twice. Records of the Messages API
    # cannot be asked for by reference.
    name, field = ("client_ref", "client_ref") if kind == "sms" else ("recipient", "to")
    starts: dict[str, float] = {}
    for at, send in zip(left, unknown, strict=True):
        starts[send[name]] = min(at, starts.get(send[name], at))
    return [Query(at - CLOCK_MARGIN, end, {**filters, field: value}, PRODUCTS[kind]) for value, at in starts.items()]


def find_records(unknown: Sequence[Send], records: Iterator[Record]) -> dict[str, list[Record]]:
    """Find the records of each message, by the id of its send."""
    # A reference of the user's own may stand for several messages; the recipient tells them apart.
    by_reference: dict[tuple[str | None, str | None], list[Record]] = {}
    for record in records:
        by_reference.setdefault((record.get("client_ref"), record.get("to")), []).append(record)
    return {send["id"]: by_reference.get((send["client_ref"], send["recipient"]), []) for send in unknown}


def settle_send(send: Send, records: Sequence[Record], now: float, delay: float, currency: str) -> Change | None:
    """Decide what became of a message; None: it stays unknown, because its records may still come."""
    if records:
        rows = [_part_from_record(record, currency) for record in records]
        if send.get("kind") == "messages":  # its records are of whole messages
            rows[0]["parts"] = segments(send["body"]).parts
        return send["id"], "accepted", rows
    return (send["id"], "not_found", []) if now - _time_of(send) >= delay else None


def _time_of(send: Send) -> float:
    """Give the time at which a message left, or at which it was entered."""
    return float(send["started"] or send["created"])


def _part_from_record(record: Record, currency: str) -> dict[str, Any]:
    """Turn a record into a part of the ledger: what Nexmo has a record of was accepted."""
    return {
        "message_id": record.get("message_id"),
        "status": "0",
        "price": None if record.get("status") == "submitted" else record.get("total_price") or None,
        "network": record.get("network"),
        "currency": record.get("currency") or currency,
    }
