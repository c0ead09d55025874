"""What became of messages, without any webhook: Nexmo's records joined to the frames that the messages are in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.frames import TIME, Column, frame
from nexmo_nb.reports.reading import records
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
BATCH = (
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
    base = _messages(messages, session)
    ids = [str(code) for code in base["message_id"].dropna().unique()]
    found = records(ids=ids, max_records=max_records, session=session)
    rows = [_row(row) for row in found.to_dict("records")]
    session.ledger.record_deliveries(rows)
    known = {row["message_id"]: row for row in rows}
    looked = [known.get(code, {"message_id": code, "delivery_meaning": NONE_YET}) for code in ids]
    told = {column.name for column in COLUMNS[1:]}
    asked = [column for column in base.columns if column not in told]
    columns = COLUMNS if "currency" in asked else (*COLUMNS, Column("currency"))
    return base[asked].merge(frame(looked, columns), on="message_id", how="left")


def _messages(messages: Any, session: Session) -> pd.DataFrame:
    """Give a frame with a row for each part."""
    if isinstance(messages, str):
        session.ledger.mark_abandoned_unknown()
        return frame(session.ledger.read_batch_parts(validation.check_text("messages", messages, longest=200)), BATCH)
    if isinstance(messages, pd.DataFrame):
        validation.check_frame(messages)
        if "message_id" in messages:
            _refuse_objects(messages["message_id"])
            return messages.astype({"message_id": "string"})
        if "message_ids" in messages:
            _refuse_objects(messages["message_ids"])
            split = messages.assign(message_id=messages["message_ids"].astype("string").str.split(" "))
            exploded = split.drop(columns="message_ids").explode("message_id", ignore_index=True)
            return exploded.astype({"message_id": "string"})
        raise validation.invalid_argument(
            "messages", list(messages.columns), "a frame with a column message_id or message_ids"
        )
    allowed = "a batch's name, message ids, or a frame that has them"
    codes = [
        validation.check_text("messages", code, longest=64)
        for code in validation.as_list("messages", messages, allowed)
    ]
    return frame([{"message_id": code} for code in codes], COLUMNS[:1])


def _refuse_objects(column: pd.Series[Any]) -> None:
    """Refuse what is neither text nor missing: a number is no id, for it has lost its zeros."""
    odd = [value for value in column if not isinstance(value, str) and not validation.is_missing(value)]
    if odd:
        raise validation.invalid_argument("messages", odd[0], f"text in {column.name}")


def _row(record: Mapping[Any, Any]) -> dict[str, Any]:
    """Turn a record into what is joined and kept."""
    filled = {name: value for name, value in record.items() if not pd.isna(value)}
    code = filled.get("error_code")
    at = filled.get("finalized")
    return {
        "message_id": filled.get("message_id"),
        "delivery": str(filled.get("status", "unknown")).lower(),
        "delivery_code": code,
        "delivery_meaning": MEANINGS.get(str(code)) or filled.get("meaning") or "not documented",
        "final_price": filled.get("price"),
        "finalized": None if at is None else at.timestamp(),
        "latency": filled.get("latency"),
        "currency": filled.get("currency"),
    }
