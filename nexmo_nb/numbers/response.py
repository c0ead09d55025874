"""Responses of the Numbers API as rows: columns, refusals, and the settings of an owned number. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nexmo_nb.errors import NexmoError, NotFoundError, RejectedError, UnreachableError
from nexmo_nb.frames import Column
from nexmo_nb.session import Listing, Request, get_field, one_line, parse_status, unanswered_error

COLUMNS = (
    Column("country"),
    Column("msisdn"),
    Column("type"),
    Column("sms", "bool"),
    Column("voice", "bool"),
    Column("mms", "bool"),
    Column("monthly_cost", "float64"),
    Column("setup_cost", "float64"),
    Column("currency"),
)
OWNED_COLUMNS = (
    *COLUMNS,
    Column("app_id"),
    Column("mo_http_url"),
    Column("voice_callback_type"),
    Column("voice_callback_value"),
)
RESULT_COLUMNS = (Column("country"), Column("msisdn"), Column("status"), Column("meaning"))
LISTING = Listing(page="index", size="size", rows=("numbers",), total="count")


def parse_row(row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Turn a number of either list into a row of `OWNED_COLUMNS`."""
    features = _parse_features(row.get("features"))
    return {
        "country": row.get("country"),
        "msisdn": row.get("msisdn"),
        "type": row.get("type"),
        "sms": "SMS" in features,
        "voice": "VOICE" in features,
        "mms": "MMS" in features,
        "monthly_cost": row.get("cost"),
        "setup_cost": row.get("initialPrice"),
        "currency": currency,
        "app_id": row.get("app_id"),
        "mo_http_url": row.get("moHttpUrl"),
        "voice_callback_type": row.get("voiceCallbackType"),
        "voice_callback_value": row.get("voiceCallbackValue"),
    }


def find_settings(rows: Iterable[Mapping[str, Any]], country: str, msisdn: str) -> dict[str, str]:
    """Find a number among owned ones, and return its settings by their names in an update.

    Raises
    ------
    NotFoundError
        If the number is not among them.
    UnreachableError
        If a setting is no text, so that it could not be sent back as it is.
    """
    number = next((row for row in rows if str(row.get("msisdn")) == msisdn), None)
    if number is None:
        raise NotFoundError(f"Could not update {msisdn}: the account has no such number in {country}.")
    names = ("app_id", "moHttpUrl", "voiceCallbackType", "voiceCallbackValue")
    settings = {name: number[name] for name in names if number.get(name)}
    if not all(isinstance(value, str) for value in settings.values()):
        raise UnreachableError(f"Could not update {msisdn}: its settings cannot be read. Nothing was changed.")
    return settings


def find_refusal(request: Request, body: Any) -> NexmoError | None:
    """Find the error in an answer to a change: a refusal may come with HTTP 200."""
    code = parse_status(get_field(body, "error-code"))
    if code is None or int(code) >= 500:
        return unanswered_error(request, "the answer does not say whether it was done", status=200)
    if code == "200":
        return None
    label = one_line(get_field(body, "error-code-label") or "no reason given")
    return RejectedError(f"Could not {request.what}: {label} ({code}).", code=code, meaning=label)


def parse_result(request: Request, body: Any) -> dict[str, Any]:
    """Turn the answer to a change into a row of `RESULT_COLUMNS`; it does not name the number, so the request does."""
    return {
        **(request.data or {}),
        "status": parse_status(get_field(body, "error-code")),
        "meaning": get_field(body, "error-code-label"),
    }


def _parse_features(features: Any) -> set[str]:
    """Read the features of a number, which come as a list or as text with commas, in any case."""
    names = features.split(",") if isinstance(features, str) else features if isinstance(features, list) else []
    return {name.strip().upper() for name in names if isinstance(name, str)}
