"""What people wrote back, beside what was sent to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.opt_outs import read_digits
from nexmo_nb.campaigns.outcome import sent
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import TIME, Column, frame
from nexmo_nb.reports import records
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.text.opt_outs import find_kind

COLUMNS = (
    Column("sender"), Column("to"), Column("country"), Column("received", TIME), Column("kind"), Column("text"),
    Column("direction"), Column("message_id"), Column("batch"), Column("key"), Column("sent_text"),
    Column("sent", TIME), Column("delay", "float64"), Column("sent_state"), Column("sent_ref"), Column("sent_ids"),
)  # fmt: skip
_LEFT = ("accepted", "partial", "unknown", "sending")
"""The states of what may have reached somebody, and so be answered."""


def replies(
    batch: str | None = None,
    *,
    since: str | date | datetime | None = None,
    until: str | date | datetime | None = None,
    max_records: int | None = 100_000,
    session: Session | None = None,
) -> pd.DataFrame:
    """Read what people wrote back, each beside the message that it answers. Each record costs money once.

    Parameters
    ----------
    batch : str, optional
        Only answers to this batch, from when its first message left. Default: everything that came in.
    since, until : str or datetime, optional
        From, and before, as text in ISO 8601; UTC unless they say otherwise. `since` is needed without a batch.
        Default: from the batch's first message, until now.
    max_records : int, optional
        Refuses to buy more than so many records. None: no bound.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a record of a message that came in, oldest first: ``sender`` (the person), ``to`` (your number),
        ``country`` (of the person), ``received`` (time in UTC), ``kind`` (stop, start, help or text), ``text,
        direction`` (inbound), ``message_id``; and of the message that was answered, all missing where there is none:
        ``batch, key, sent_text, sent`` (time in UTC: when it left), ``delay`` (float, seconds from then), ``sent_state,
        sent_ref`` (its ``client_ref``), ``sent_ids`` (its message ids).

    Raises
    ------
    InvalidRequestError
        If neither a batch nor a time is given, or nothing of the batch has left.
    NexmoError
        If the records cannot be read.

    Notes
    -----
    An answer belongs to the last message that had left from that number of yours to that person before it came; where
    a later batch had written to them, it is an answer to that one. Nobody can answer a name, so messages from names
    have no replies. What was forgotten is not known any more. A long answer has a row for each part. The kinds are
    those of `suppress_from`, which takes this frame as well; reading replies changes nothing.

    Reads ``GET /v2/reports/records`` or ``POST /v2/reports``, https://developer.vonage.com/en/api/reports, inbound and
    with texts, at the price of `records`, which is said before; with ``set_options(report_budget=…)`` it is capped.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> mine = nx.owned_numbers(country="GB").msisdn[0]
    >>> plan = nx.plan_sms(["+44 7700 900123"], "Are you coming?", sender=mine)
    >>> outcome = nx.send_many(plan, batch="party", progress=False)
    >>> received = session.sandbox.receive("447700900123", mine, "Yes, with Ana")
    >>> nx.replies("party")[["kind", "text", "sent_text"]].values.tolist()
    [['text', 'Yes, with Ana', 'Are you coming?']]
    """
    session = session_or_current(session)
    name = None if batch is None else validation.check_name("batch", batch)
    start = None if since is None else validation.check_time("since", since)
    end = session.ledger.clock() if until is None else validation.check_time("until", until)
    if name is None and start is None:
        raise validation.invalid_argument("since", None, "a time, or a batch before it", "Else nobody knows from when.")
    messages = _read_messages(session, end)
    first = start if name is None else _find_begin(messages, name, start)
    # A record of this very second must be among them.
    inbound = records(
        direction="inbound", include_message=True, start=_to_time(first), end=_to_time(end + 1),
        max_records=max_records, session=session,
    )  # fmt: skip
    joined = join_replies(inbound, messages)
    return joined if name is None else joined[joined["batch"].eq(name).fillna(value=False)].reset_index(drop=True)


def join_replies(inbound: pd.DataFrame, messages: pd.DataFrame) -> pd.DataFrame:
    """Join inbound records to the messages that they answer; messages are those of `sent`."""
    by_pair: dict[tuple[str | None, str | None], list[Mapping[Any, Any]]] = {}
    people = {read_digits(person) for person in inbound["sender"]}
    for message in messages[messages["to"].isin(people)].sort_values("started").to_dict("records"):
        by_pair.setdefault((read_digits(message["to"]), read_digits(message["sender"])), []).append(message)
    rows = []
    for record in inbound.sort_values("received", kind="stable").to_dict("records"):
        pair = (read_digits(record["sender"]), read_digits(record["to"]))
        earlier = [each for each in by_pair.get(pair, []) if each["started"] <= record["received"]]
        rows.append(_build_row(record, earlier[-1] if earlier else None))
    return frame(rows, COLUMNS)


def _build_row(record: Mapping[Any, Any], message: Mapping[Any, Any] | None) -> dict[str, Any]:
    text = None if pd.isna(record["text"]) else record["text"]
    row = {
        **{name: _drop_missing(record.get(name)) for name in ("sender", "to", "country", "direction", "message_id")},
        "received": None if pd.isna(record["received"]) else record["received"].timestamp(),
        "kind": find_kind(text),
        "text": text,
    }
    if message is None:
        return row
    answered = {"batch": "batch", "key": "key", "sent_text": "text", "sent_state": "state", "sent_ref": "client_ref"}
    return {
        **row,
        **{name: _drop_missing(message[column]) for name, column in answered.items()},
        "sent_ids": _drop_missing(message["message_ids"]),
        "sent": message["started"].timestamp(),
        "delay": (record["received"] - message["started"]).total_seconds(),
    }


def _read_messages(session: Session, end: float) -> pd.DataFrame:
    """Read what was sent by SMS before a time, and may have arrived."""
    found = sent(until=_to_time(end), session=session)
    has_left = found["kind"].eq("sms") & found["state"].isin(_LEFT) & found["to"].notna() & found["started"].notna()
    return found[has_left.fillna(value=False)]


def _find_begin(messages: pd.DataFrame, batch: str, start: float | None) -> float:
    """Find when the first message of a batch left; it is read from then, or from `start` if that is later."""
    times = messages["started"][messages["batch"].eq(batch).fillna(value=False)]
    if times.empty:
        raise InvalidRequestError(
            f"batch: got {batch!r}; allowed: a batch of which something was sent, and not forgotten. sent() shows them."
        )
    begin = float(times.min().timestamp())
    return begin if start is None else max(begin, start)


def _to_time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)


def _drop_missing(value: Any) -> Any:
    return None if validation.is_missing(value) else value
