"""Responses of the Reports API: records, pages of them, and finished reports. Pure."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from nexmo_nb.errors import NexmoError, UnreachableError
from nexmo_nb.frames import apply_dtypes, concat_frames, text_frame
from nexmo_nb.reports.columns import get_columns
from nexmo_nb.session import Request, unanswered_error

_ID = re.compile("[0-9A-Za-z-]{1,64}")


def build_records_frame(
    rows: Iterable[Mapping[str, Any]], product: str, direction: str | None, currency: str
) -> pd.DataFrame:
    """Build the frame of records as the API sent them; it has the product's columns even without rows."""
    return parse_records(text_frame(rows, list(get_columns(product, direction))), product, direction, currency)


def parse_records(text: pd.DataFrame, product: str, direction: str | None, currency: str) -> pd.DataFrame:
    """Give records, read as text, their columns and dtypes; a missing currency is the account's."""
    if len(text.columns) and not set(get_columns(product, direction)) & set(text.columns):
        raise ValueError("none of the columns is one of a record")
    columns = get_columns(product, direction, text.columns)
    records = apply_dtypes(text, columns)
    if "latency" in records:
        records["latency"] /= 1000.0  # it comes in milliseconds
    if "currency" in records:
        records["currency"] = records["currency"].fillna(currency)
    return records


def join_records(frames: Iterable[pd.DataFrame], empty: pd.DataFrame) -> pd.DataFrame:
    """Join frames of records, of which some may have columns that the others lack; return `empty` if all are empty."""
    filled = [each for each in frames if len(each)]
    names = list(dict.fromkeys(str(name) for each in filled for name in each))
    return concat_frames([_add_columns(each, names) for each in filled], empty)


def parse_page(body: Any, what: str) -> list[dict[str, Any]]:
    """Take the records out of a page; `what` is the request in words, for messages."""
    rows = body.get("records") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreachableError(f"Could not {what}: the answer holds no records. Try again.")
    return rows


def parse_missing_ids(body: Mapping[str, Any]) -> list[str]:
    """Return the ids that were asked for and have no record, which come as one text with commas, or as a list."""
    missing = body.get("ids_not_found") or []
    texts = missing.split(",") if isinstance(missing, str) else missing if isinstance(missing, list) else []
    return [each.strip() for each in texts if isinstance(each, str) and each.strip()]


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


def _add_columns(records: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Add text columns that are missing, with no values; the order becomes that of `names`."""
    lacking = [name for name in names if name not in records]
    if not lacking:
        return records
    nothing = pd.array([None], dtype=pd.StringDtype()).repeat(len(records))
    return records.assign(**dict.fromkeys(lacking, nothing))[names]
