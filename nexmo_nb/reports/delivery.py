"""`delivery`: what became of messages, by Nexmo's records; no webhook is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.frames import TIME, Column, frame
from nexmo_nb.reports.records import records
from nexmo_nb.session import Session, session_or_current

__all__ = ["MEANINGS", "delivery"]

# https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts
MEANINGS: Mapping[str, str] = {
    "0": "delivered",
    "1": "unknown",
    "2": "absent for the moment: the phone is off or without network",
    "3": "absent for good: the number is no longer in use",
    "4": "barred by the recipient",
    "5": "the number moved to another network, which could not be found",
    "6": "blocked by the operator as spam",
    "7": "the phone was busy",
    "8": "network error",
    "9": "illegal number, or the recipient opted out",
    "10": "illegal message: its sender or content is not allowed",
    "11": "no network could be found for the number",
    "12": "the network could not be reached",
    "13": "the recipient is too young for it",
    "14": "blocked by the operator",
    "15": "the recipient has no credit",
    "16": "the gateway's quota is used up",
    "50": "India: the entity is not registered",
    "51": "India: the header is not registered",
    "52": "India: the text fits no registered template",
    "53": "India: the recipient did not consent",
    "54": "blocked by a regulation",
    "99": "general error at the operator",
}
COLUMNS = (
    Column("message_id"),
    Column("delivery"),
    Column("delivery_code"),
    Column("delivery_meaning"),
    Column("final_price", "float64"),
    Column("finalized", TIME),
    Column("latency", "float64"),
)
BATCH_COLUMNS = (
    Column("batch"),
    Column("to"),
    Column("client_ref"),
    Column("message_id"),
    Column("price", "float64"),
    Column("currency"),
)
NONE_YET = "no record yet"


def delivery(
    messages: str | Iterable[str] | pd.DataFrame,
    *,
    max_records: int | None = 100_000,
    session: Session | None = None,
) -> pd.DataFrame:
    """Look up what became of SMS, by Nexmo's records; each record costs money.

    Parameters
    ----------
    messages : str, iterable of str or DataFrame
        A batch's name; or message ids; or a frame with a column ``message_id`` (as of `send_sms` or `records`) or
        ``message_ids`` (as of `sent`, joined by spaces).
    max_records : int, optional
        Refuses to ask for more than so many messages. None: no bound.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a part of a message: the columns that were given, and ``message_id, delivery`` (delivered, failed,
        expired, rejected, accepted, buffered, unknown; missing where there is no record yet), ``delivery_code,
        delivery_meaning`` (text), ``final_price`` (float, in ``currency``), ``finalized`` (time in UTC), ``latency``
        (float, seconds). For ids the order is theirs; for a batch there are also ``batch, to, client_ref, price``.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong, or it would be more than `max_records`.
    NexmoError
        If the records cannot be read.

    Notes
    -----
    ``GET /v2/reports/records`` by id, twenty a request, https://developer.vonage.com/en/api/reports. What is found is
    kept in the ledger: `sent` shows it from then on. Status ``delivered`` is what the operator says.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.delivery(parts)[["to", "delivery", "delivery_meaning"]].values.tolist()
    [['447700900000', 'delivered', 'delivered']]
    """
    session = session_or_current(session)
    parts = _read_parts(messages, session)
    ids = [str(code) for code in parts["message_id"].dropna().unique()]
    found = records(ids=ids, max_records=max_records, session=session)
    rows = [_parse_delivery(record) for record in found.to_dict("records")]
    session.ledger.record_deliveries(rows)
    by_id = {row["message_id"]: row for row in rows}
    deliveries = [by_id.get(code, {"message_id": code, "delivery_meaning": NONE_YET}) for code in ids]
    replaced = {column.name for column in COLUMNS[1:]}
    kept = [name for name in parts.columns if name not in replaced]
    columns = COLUMNS if "currency" in kept else (*COLUMNS, Column("currency"))
    return parts[kept].merge(frame(deliveries, columns), on="message_id", how="left")


def _read_parts(messages: Any, session: Session) -> pd.DataFrame:
    """Return a frame with one row a part and its message id."""
    if isinstance(messages, str):
        batch = validation.check_text("messages", messages, longest=200)
        session.ledger.mark_abandoned_unknown()
        return frame(session.ledger.read_batch_parts(batch), BATCH_COLUMNS)
    if isinstance(messages, pd.DataFrame):
        return _split_parts(messages)
    allowed = "a batch's name, message ids, or a frame that has them"
    ids = [
        validation.check_text("messages", code, longest=64)
        for code in validation.as_list("messages", messages, allowed)
    ]
    return frame([{"message_id": code} for code in ids], COLUMNS[:1])


def _split_parts(messages: pd.DataFrame) -> pd.DataFrame:
    """Split rows of several message ids into one row an id."""
    validation.check_frame(messages)
    if "message_id" in messages:
        _check_ids_are_text(messages["message_id"])
        return messages.astype({"message_id": "string"})
    if "message_ids" not in messages:
        allowed = "a frame with a column message_id or message_ids"
        raise validation.invalid_argument("messages", list(messages.columns), allowed)
    _check_ids_are_text(messages["message_ids"])
    split = messages.assign(message_id=messages["message_ids"].astype("string").str.split(" "))
    parts = split.drop(columns="message_ids").explode("message_id", ignore_index=True)
    return parts.astype({"message_id": "string"})


def _check_ids_are_text(column: pd.Series[Any]) -> None:
    """Refuse what is neither text nor missing: a number has lost the zeros of an id."""
    wrong = [value for value in column if not isinstance(value, str) and not validation.is_missing(value)]
    if wrong:
        raise validation.invalid_argument("messages", wrong[0], f"text in {column.name}")


def _parse_delivery(record: Mapping[Any, Any]) -> dict[str, Any]:
    """Turn a record into a row of `COLUMNS` with its currency."""
    known = {name: value for name, value in record.items() if not pd.isna(value)}
    code = known.get("error_code")
    finalized = known.get("finalized")
    return {
        "message_id": known.get("message_id"),
        "delivery": str(known.get("status", "unknown")).lower(),
        "delivery_code": code,
        "delivery_meaning": MEANINGS.get(str(code)) or known.get("meaning") or "not documented",
        "final_price": known.get("price"),
        "finalized": None if finalized is None else finalized.timestamp(),
        "latency": known.get("latency"),
        "currency": known.get("currency"),
    }
