"""Responses of the Reports API: the columns of records by product, pages of records, and finished reports. Pure.

Columns have the names of the other frames: the cost of a message or call is ``price``, who sent it is ``sender``.
Source: https://developer.vonage.com/en/api/reports.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import pandas as pd

from nexmo_nb.errors import NexmoError, UnreachableError
from nexmo_nb.frames import TIME, Column, apply_dtypes, text_frame
from nexmo_nb.session import Request, unanswered_error

_ID = re.compile("[0-9A-Za-z-]{1,64}")
_SMS = (
    "message_id client_ref account_ref direction from to country country_name network network_name date_received"
    " date_finalized latency status error_code error_code_description total_price currency message_body concatenated"
    " forced_from changed_from dcs validity_period ip_address udh workflow_id tier_volume id account_id"
)
_SMS_IN = (
    "message_id direction from to country country_name network network_name date_received total_price currency"
    " message_body tier_volume id account_id"
)
_CALL = (
    "call_id direction from to country country_name network network_name date_start date_end duration status"
    " status_code status_description total_price currency price forced_from tier_volume id account_id"
)
_FAILED = (
    "call_id direction from to country country_name network network_name date_start date_end status status_code"
    " status_description id account_id"
)
_TTS = (
    "call_id from to status language style creation_date start_time end_time duration length size total_price currency"
    " price premium tts_type tts_level trace_id conversation_id id account_id"
)
_FIELDS = {"SMS": _SMS, "SMS inbound": _SMS_IN, "VOICE-CALL": _CALL, "VOICE-FAILED": _FAILED, "VOICE-TTS": _TTS}
Product = Literal[
    "SMS", "VOICE-CALL", "VOICE-FAILED", "VOICE-TTS", "SMS-TRAFFIC-CONTROL", "IN-APP-VOICE", "WEBSOCKET-CALL", "ASR",
    "AMD", "VERIFY-API", "VERIFY-V2", "NUMBER-INSIGHT", "CONVERSATION-EVENT", "CONVERSATION-MESSAGE", "MESSAGES",
    "VIDEO-API", "NETWORK-API-EVENT", "REPORTS-USAGE",
]  # fmt: skip
PRODUCTS: tuple[Product, ...] = get_args(Product)
DIRECTED = ("SMS", "MESSAGES")
"""Products of which either inbound or outbound records must be asked for."""
_NAMES = {
    "from": "sender",
    "date_received": "received",
    "date_finalized": "finalized",
    "date_start": "started",
    "date_end": "ended",
    "start_time": "started",
    "end_time": "ended",
    "creation_date": "created",
    "error_code_description": "meaning",
    "status_description": "meaning",
    "message_body": "text",
    "price": "rate",
    "total_price": "price",
}
_FLOATS = ("latency", "duration", "rate", "price")
_TIMES = ("received", "finalized", "started", "ended", "created")


def get_columns(product: str, direction: str | None, found: Iterable[str] = ()) -> dict[str, Column]:
    """Return the columns of a product's records by the API's names; a product without a list has the fields `found`."""
    fields = _FIELDS.get(f"{product} {direction}") or _FIELDS.get(product, "")
    return {field: _build_column(field) for field in (fields.split() or found)}


def build_records_frame(
    rows: Iterable[Mapping[str, Any]], product: str, direction: str | None, currency: str
) -> pd.DataFrame:
    """Build the frame of records as the API sent them; it has the product's columns even without rows."""
    return parse_records(text_frame(rows, list(get_columns(product, direction))), product, direction, currency)


def parse_records(text: pd.DataFrame, product: str, direction: str | None, currency: str) -> pd.DataFrame:
    """Give records, read as text, their columns and dtypes; a missing currency is the account's."""
    columns = get_columns(product, direction, text.columns)
    if columns and not set(columns) & set(text.columns):
        raise ValueError("none of the columns is one of a record")
    records = apply_dtypes(text, columns)
    if "latency" in records:
        records["latency"] /= 1000.0  # it comes in milliseconds
    if "currency" in records:
        records["currency"] = records["currency"].fillna(currency)
    return records


def parse_page(body: Any, what: str) -> list[dict[str, Any]]:
    """Take the records out of a page; `what` is the request in words, for messages."""
    rows = body.get("records") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreachableError(f"Could not {what}: the answer holds no records. Try again.")
    return rows


def parse_next_page(body: Mapping[str, Any], what: str) -> dict[str, str]:
    """Return the two fields that ask for the next page; none if this page is the last."""
    fields = {name: body[name] for name in ("cursor", "iv") if body.get(name)}
    if len(fields) == 1 or not all(isinstance(value, str) for value in fields.values()):
        raise UnreachableError(f"Could not {what}: the answer does not say where its next page is. Try again.")
    return fields


def parse_file_id(status: Mapping[str, Any], what: str) -> str:
    """Return the id of a finished report's file, which ends its link."""
    link: Any = status
    for name in ("_links", "download_report", "href"):
        link = link.get(name) if isinstance(link, dict) else None
    file_id = str(link or "").rsplit("/", 1)[-1]
    if not _ID.fullmatch(file_id):
        raise UnreachableError(f"Could not {what}: the answer names no file. Try again.")
    return file_id


def find_missing_report(request: Request, body: Any) -> NexmoError | None:
    """Find the error in an answer that should be a report's status: it must have an id."""
    report_id = body.get("request_id") if isinstance(body, dict) else None
    if isinstance(report_id, str) and _ID.fullmatch(report_id):
        return None
    return unanswered_error(request, "the answer names no report", status=200)


def warn_if_truncated(body: Mapping[str, Any], what: str) -> None:
    if body.get("request_status") == "TRUNCATED":
        warnings.warn(f"Nexmo left records out ({what}): ask for a shorter time to have them all.", stacklevel=5)


def _build_column(field: str) -> Column:
    name = _NAMES.get(field, field)
    return Column(name, "float64" if name in _FLOATS else TIME if name in _TIMES else "string")
