"""Delivery statuses: the message ids to look up, and what their records mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import to_pandas
from nexmo_nb.contacts.countries import name_country
from nexmo_nb.contacts.numbers import country_of
from nexmo_nb.frames import TIME, Column, frame
from nexmo_nb.messages.response import CODES
from nexmo_nb.session import Session

# https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts
MEANINGS: Mapping[str, str] = {
    **CODES,  # of the Messages API
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
    *map(Column, ("message_id", "delivery", "delivery_code", "delivery_meaning")),
    Column("final_price", "float64"),
    Column("finalized", TIME),
    Column("latency", "float64"),
)
# What a record tells as well, for frames that do not have it.
PLACE_COLUMNS = tuple(map(Column, ("country", "country_name", "network", "currency")))
BATCH_COLUMNS = (
    *map(Column, ("batch", "to", "country", "country_name", "network", "text", "client_ref", "message_id")),
    Column("price", "float64"),
    Column("currency"),
)


def read_parts(messages: Any, session: Session) -> pd.DataFrame:
    """Return a frame with one row a part and its message id."""
    if isinstance(messages, str):
        batch = validation.check_name("messages", messages)
        session.ledger.mark_abandoned_unknown()
        rows = [
            {**row, **_find_country(row["to"]), "text": row["body"]} for row in session.ledger.read_batch_parts(batch)
        ]
        return frame(rows, BATCH_COLUMNS)
    messages = to_pandas(messages)
    if isinstance(messages, pd.DataFrame):
        return _split_parts(messages)
    ids = validation.as_list("messages", messages, "a batch's name, message ids, or a frame that has them")
    rows = [{"message_id": validation.check_text("messages", code, longest=64)} for code in ids]
    return frame(rows, COLUMNS[:1])


def parse_delivery(record: Mapping[Any, Any]) -> dict[str, Any]:
    """Turn a record into a row of `COLUMNS` with its currency."""
    known = {name: value for name, value in record.items() if not pd.isna(value)}
    code = known.get("error_code")
    return {
        "message_id": known.get("message_id"),
        "delivery": str(known.get("status", "unknown")).lower(),
        "delivery_code": code,
        "delivery_meaning": MEANINGS.get(str(code)) or known.get("meaning") or _describe_status(known),
        "final_price": known.get("price"),
        "finalized": known["finalized"].timestamp() if "finalized" in known else None,
        "latency": known.get("latency"),
        **{column.name: known.get(column.name) for column in PLACE_COLUMNS},
    }


def _describe_status(known: Mapping[Any, Any]) -> str:
    """Describe the status of a record of the Messages API, which has an error code only after an error."""
    has_provider = known.get("provider") is not None and known.get("error_code") is None
    return str(known.get("status")).lower() if has_provider else "not documented"


def add_deliveries(parts: pd.DataFrame, deliveries: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return parts, by their index, with the columns of their deliveries, which replace those of an earlier one."""
    by_id = {row["message_id"]: row for row in deliveries}
    ids = parts["message_id"].dropna().unique()
    rows = [by_id.get(code, {"message_id": code, "delivery_meaning": "no record yet"}) for code in ids]
    kept = parts.drop(columns=[column.name for column in COLUMNS[1:]], errors="ignore")
    columns = (COLUMNS[0], *(column for column in PLACE_COLUMNS if column.name not in kept), *COLUMNS[1:])
    found = kept.merge(frame(rows, columns), on="message_id", how="left")
    found.index = kept.index  # a merge counts anew; each part has one row, in the same order
    return found


def _find_country(to: str | None) -> dict[str, str | None]:
    country = None if to is None else country_of(to)
    return {"country": country, "country_name": None if country is None else name_country(country)}


def _split_parts(messages: pd.DataFrame) -> pd.DataFrame:
    """Split rows of several message ids into one row an id; each keeps the label of its message."""
    validation.check_frame(messages)
    name = next((name for name in ("message_id", "message_ids") if name in messages), None)
    if name is None:
        allowed = "a frame with a column message_id or message_ids"
        raise validation.invalid_argument("messages", list(messages.columns), allowed)
    for value in messages[name]:
        if not isinstance(value, str) and not validation.is_missing(value):  # a number has lost the zeros of an id
            raise validation.invalid_argument("messages", value, f"text in {name}")
    if name == "message_ids":
        split = messages["message_ids"].astype("string").str.split(" ")
        messages = messages.assign(message_id=split).drop(columns="message_ids")
        messages = messages.explode("message_id")
    return messages.astype({"message_id": "string"})
